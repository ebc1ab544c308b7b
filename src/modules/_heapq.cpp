// _heapq: lists kept as binary heaps. The smallest item (of the _max functions: the largest) lies in front.
#include "modules/module_content.h"

namespace hiss {

namespace {

enum class Front { Smallest, Largest };

// Whether `a` belongs nearer to the front than `b`.
template <Front front>
Result<bool> goes_before(Value a, Value b) {
  if constexpr (front == Front::Largest) std::swap(a, b);
  if (Value::both_integers(a, b)) return a.integer() < b.integer();
  if (a.is_number() && b.is_number()) return a.number() < b.number();
  // The comparison may run code that drops the items.
  Ref left = Ref::share(a), right = Ref::share(b);
  return compare_bool(left, right, CompareOp::Lt);
}

Result<bool> in_order(Result<bool> answer, const List* heap, int64_t size) {
  const bool before = TRY(std::move(answer));
  if (heap->size != size) return fail(exc::RuntimeError, "list changed size during iteration");
  return before;
}

void swap_items(List* heap, int64_t i, int64_t j) { std::swap(heap->items[i], heap->items[j]); }

// The item at `position` moves towards `start` until its parent goes before it.
template <Front front>
Status move_forward(List* heap, int64_t start, int64_t position) {
  const int64_t size = heap->size;
  while (position > start) {
    const int64_t parent = (position - 1) / 2;
    if (!TRY(in_order(goes_before<front>(heap->items[position], heap->items[parent]), heap, size))) break;
    swap_items(heap, position, parent);
    position = parent;
  }
  return kOk;
}

// The item at `start` sinks to a leaf, the better child of each pair moving up, and from there to its place: most items
// that are put in front come from the end and belong there, so this compares less than stopping on the way down.
template <Front front>
Status settle(List* heap, int64_t start) {
  const int64_t size = heap->size;
  int64_t position = start;
  for (int64_t child = 2 * position + 1; child < size; child = 2 * position + 1) {
    if (child + 1 < size && !TRY(in_order(goes_before<front>(heap->items[child], heap->items[child + 1]), heap, size)))
      ++child;
    swap_items(heap, position, child);
    position = child;
  }
  return move_forward<front>(heap, start, position);
}

Result<List*> heap_argument(Value v, const char* function) {
  if (is<List>(v)) return as<List>(v);
  return fail(exc::TypeError, "{}() argument{} must be list, not {}", function,
              std::string_view(function).find("heapify") == std::string_view::npos ? " 1" : "", type_name(v));
}

Ref heappush(Value, const Value* a) {
  List* heap = TRY(heap_argument(a[0], "heappush"));
  list_append(heap, a[1]);
  TRY(move_forward<Front::Smallest>(heap, 0, heap->size - 1));
  return Ref::none();
}

template <Front front>
Ref pop_front(Value v, const char* function) {
  List* heap = TRY(heap_argument(v, function));
  if (heap->size == 0) return fail(exc::IndexError, "index out of range");
  Ref last = Ref::steal(heap->items[--heap->size]);
  heap->items[heap->size] = Value();
  if (heap->size == 0) return last;
  Ref first = Ref::steal(heap->items[0]);
  heap->items[0] = last.release();
  TRY(settle<front>(heap, 0));
  return first;
}
Ref heappop(Value, const Value* a) { return pop_front<Front::Smallest>(a[0], "heappop"); }
Ref heappop_max(Value, const Value* a) { return pop_front<Front::Largest>(a[0], "_heappop_max"); }

template <Front front>
Ref replace_front(Value v, Value item, const char* function) {
  List* heap = TRY(heap_argument(v, function));
  if (heap->size == 0) return fail(exc::IndexError, "index out of range");
  Ref first = Ref::steal(heap->items[0]);
  heap->items[0] = Ref::share(item).release();
  TRY(settle<front>(heap, 0));
  return first;
}
Ref heapreplace(Value, const Value* a) { return replace_front<Front::Smallest>(a[0], a[1], "heapreplace"); }
Ref heapreplace_max(Value, const Value* a) { return replace_front<Front::Largest>(a[0], a[1], "_heapreplace_max"); }

Ref heappushpop(Value, const Value* a) {
  List* heap = TRY(heap_argument(a[0], "heappushpop"));
  if (heap->size == 0 || !TRY(goes_before<Front::Smallest>(heap->items[0], a[1]))) return Ref::share(a[1]);
  if (heap->size == 0) return fail(exc::IndexError, "index out of range");
  return replace_front<Front::Smallest>(a[0], a[1], "heappushpop");
}

template <Front front>
Ref make_heap(Value v, const char* function) {
  List* heap = TRY(heap_argument(v, function));
  for (int64_t i = heap->size / 2; i-- > 0;) TRY(settle<front>(heap, i));
  return Ref::none();
}
Ref heapify(Value, const Value* a) { return make_heap<Front::Smallest>(a[0], "heapify"); }
Ref heapify_max(Value, const Value* a) { return make_heap<Front::Largest>(a[0], "_heapify_max"); }

const NativeDef kFunctions[] = {
    {"heappush", "($module, heap, item, /)", heappush, "Add an item to a heap."},
    {"heappop", "($module, heap, /)", heappop, "Take the smallest item off a heap."},
    {"heapreplace", "($module, heap, item, /)", heapreplace,
     "Take the smallest item off a heap, then add another; the size stays."},
    {"heappushpop", "($module, heap, item, /)", heappushpop, "Add an item to a heap, then take the smallest off."},
    {"heapify", "($module, heap, /)", heapify, "Put the items of a list in the order of a heap, in place."},
    {"_heappop_max", "($module, heap, /)", heappop_max, "Take the largest item off a heap of the other order."},
    {"_heapreplace_max", "($module, heap, item, /)", heapreplace_max, "heapreplace() of the other order."},
    {"_heapify_max", "($module, heap, /)", heapify_max, "heapify() of the other order."},
    {}};

Status initialize(Value module) {
  add_text(module, "__about__",
           "A heap is a list in which items[k] is never greater than items[2*k+1] and items[2*k+2].");
  return kOk;
}

}  // namespace

extern const ModuleDef heapq_module;
const ModuleDef heapq_module = {"_heapq", "Priority queues in plain lists.", kFunctions, initialize};

}  // namespace hiss
