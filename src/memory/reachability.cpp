// Which objects only cycles keep alive. From the count of each object in a set, the references inside the set are
// subtracted; what still has some is referred to from outside, and so is all that it leads to.
//
// In a large set most of the time goes into waiting for memory: its objects lie far apart. So both walks fetch the next
// objects while they look at one, and put references aside until what they refer to has arrived. What is small is in
// the cache already, and there this would only cost time: each walk is compiled for both.
#include "memory/gc_set.h"
#include "object/containers.h"
#include "object/frame.h"
#include "object/function.h"
#include "object/generator.h"
#include "object/shape.h"

namespace hiss::gc {

namespace {

// What GcHead::left holds during the walks: twice the count that is left, above a bit that says that it holds one.
// Zero: not begun, or known to be reachable and done with.
constexpr uintptr_t kCounting = 1;
constexpr uintptr_t kOneReference = 2;

// Where a native base brought the attributes, its own traverse visits them; twice would look like two references.
Attributes* attributes_to_visit(Object* o, const Type* type) {
  const Type* native = type;
  while (native->is_heap()) native = native->base;
  return native->attributes_offset ? nullptr : attributes_of(o);
}

// The index of the last of the equal values that begin at `i`.
inline int64_t last_of_run(const Value* values, int64_t i, int64_t count) {
  const uint64_t same = values[i].bits();
  if (i + 1 >= count || values[i + 1].bits() != same) return i;
  constexpr int64_t kStep = 8;
  for (; i + kStep < count; i += kStep) {
    uint64_t differences = 0;
    for (int64_t k = 1; k <= kStep; ++k) differences |= values[i + k].bits() ^ same;
    if (differences) break;
  }
  while (i + 1 < count && values[i + 1].bits() == same) ++i;
  return i;
}

template <typename Visit>
[[gnu::always_inline]] inline void visit_values(const Value* values, int64_t count, Visit& visit) {
  for (int64_t i = 0; i < count; ++i) {
    const Value v = values[i];
    if (!v.is_object()) continue;
    // A list made by repetition holds one object many times; each visit would wait for the one before.
    const int64_t first = i;
    i = last_of_run(values, i, count);
    visit(v.object(), static_cast<uintptr_t>(i - first + 1));
  }
}
template <typename Visit>
[[gnu::always_inline]] inline void visit_attributes(const Attributes* attributes, Visit& visit) {
  if (const Shape* shape = attributes->shape)
    visit_values(attributes->values, shape->dictionary ? 1 : shape->count, visit);
}
template <typename Visit>
[[gnu::always_inline]] inline void visit_slots(Object* o, Type* type, Visit& visit) {
  for (Type* t = type; t && t->is_heap(); t = t->base) {
    if (t->slot_count)
      visit_values(reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + t->slots_offset), t->slot_count, visit);
  }
}

// The layouts that most objects have are walked in place, so that a reference costs no call.
template <typename Visit>
[[gnu::always_inline]] inline void traverse_with(Object* o, Visit& visit) {
  Type* type = o->type;
  switch (o->layout) {
    case Layout::Tuple:
      if (type != &tuple_type) break;
      return visit_values(static_cast<Tuple*>(o)->items, static_cast<Tuple*>(o)->size, visit);
    case Layout::List:
      if (type != &list_type) break;
      return visit_values(static_cast<List*>(o)->items, static_cast<List*>(o)->size, visit);
    case Layout::Dict: {
      if (type != &dict_type) break;
      auto* dict = static_cast<Dict*>(o);
      // Strings refer to nothing; deleted entries hold an empty value.
      if (dict->str_keys) {
        for (int64_t i = 0; i < dict->entry_count; ++i) visit_values(&dict->entries[i].value, 1, visit);
      } else {
        for (int64_t i = 0; i < dict->entry_count; ++i) visit_values(&dict->entries[i].key, 2, visit);
      }
      return;
    }
    case Layout::Instance:
      visit(static_cast<Object*>(type));
      visit_attributes(&static_cast<Instance*>(o)->attributes, visit);
      visit_slots(o, type, visit);
      return;
    case Layout::Plain:
      if (!type->is_heap() || type->traverse || type->attributes_offset) break;
      visit(static_cast<Object*>(type));
      return visit_slots(o, type, visit);
    case Layout::Set: {
      if (type != &set_type && type != &frozenset_type) break;
      auto* set = static_cast<Set*>(o);
      for (int64_t i = 0; i <= set->mask && set->table; ++i) visit_values(&set->table[i].key, 1, visit);
      return;
    }
    case Layout::Generator: {
      auto* g = static_cast<Generator*>(o);
      // The registers of one that runs lie open to its callers; they count as references from outside.
      if (g->state() != Generator::Running) visit_values(g->registers, g->register_count, visit);
      visit(static_cast<Object*>(g->frame));
      visit_values(&g->function, 1, visit);
      visit_values(&g->handled.exception, 1, visit);
      visit_values(&g->finalizer, 1, visit);
      visit_values(&g->origin, 1, visit);
      visit_values(&g->locals, 1, visit);
      return;
    }
    case Layout::NativeFunction:
      visit_values(&static_cast<NativeFunction*>(o)->self, 1, visit);
      return visit_values(&static_cast<NativeFunction*>(o)->module, 1, visit);
    case Layout::Method:
      visit_values(&static_cast<Method*>(o)->function, 1, visit);
      return visit_values(&static_cast<Method*>(o)->self, 1, visit);
    case Layout::Cell:
      return visit_values(&static_cast<Cell*>(o)->content, 1, visit);
    default:
      break;
  }
  traverse_object(o, visit);
}

void begin_counting(GcHead* head) {
  if (!head->left) head->left = gc_object(head)->refs * kOneReference | kCounting;
}

void fetch(const GcHead* head) { __builtin_prefetch(head); }

// References on their way: each comes out again when as many others as there are places have been put in, and by then
// what it refers to is in the cache.
class Queue {
 public:
  /// Puts one in (null: nothing) and takes the oldest out (null: there was none).
  [[gnu::always_inline]] Object* exchange(Object* o) {
    if (o) fetch(gc_head(o));
    Object* oldest = waiting_[at_];
    waiting_[at_] = o;
    at_ = (at_ + 1) % kPlaces;
    return oldest;
  }
  static constexpr size_t kPlaces = 32;

 private:
  Object* waiting_[kPlaces] = {};
  size_t at_ = 0;
};

enum class Memory { Near, Far };

template <Memory kMemory>
struct Subtract final : Visitor {
  const uintptr_t set;
  Queue queue;
  static void run(Visitor& self, Object* o) { static_cast<Subtract&>(self)(o); }
  explicit Subtract(const GcSet& members) : set(tag(members)) { visit = run; }
  [[gnu::always_inline]] void operator()(Object* o, uintptr_t times = 1) {
    if (!o) return;
    if (kMemory == Memory::Near || times > 1) return arrived(o, times);
    if (Object* oldest = queue.exchange(o)) arrived(oldest, 1);
  }
  [[gnu::always_inline]] void arrived(Object* o, uintptr_t times) {
    if (!has_gc(o)) return;
    GcHead* head = gc_head(o);
    if ((head->place & kSetMask) != set) return;
    begin_counting(head);
    head->left -= kOneReference * times;
  }
  void finish() {
    for (size_t i = 0; i < Queue::kPlaces; ++i) {
      if (Object* oldest = queue.exchange(nullptr)) arrived(oldest, 1);
    }
  }
};

template <Memory kMemory>
struct Reach final : Visitor {
  GcSet& set;
  size_t position = 0;  // how far the walk is
  Queue queue;
  static void run(Visitor& self, Object* o) { static_cast<Reach&>(self)(o); }
  explicit Reach(GcSet& members) : set(members) { visit = run; }
  [[gnu::always_inline]] void operator()(Object* o, uintptr_t = 1) {
    if (!o) return;
    if (kMemory == Memory::Near) return arrived(o);
    if (Object* oldest = queue.exchange(o)) arrived(oldest);
  }
  [[gnu::always_inline]] void arrived(Object* o) {
    if (!has_gc(o)) return;
    GcHead* head = gc_head(o);
    if (head->left != kCounting) return;
    head->left += kOneReference;
    if (index_of(head) < position) bring_back(head);
  }
  // The walk has passed it, when nothing was known to lead to it: to the end of those still to be walked.
  void bring_back(GcHead* head) {
    leave_hole(head);
    if (set.size == set.capacity) grow(set);
    append(set, head);
  }
  void finish() {
    for (size_t i = 0; i < Queue::kPlaces; ++i) {
      if (Object* oldest = queue.exchange(nullptr)) arrived(oldest);
    }
  }
};

}  // namespace

void traverse_object(Object* o, Visitor& visit) {
  Type* type = o->type;
  if (type->is_heap()) {
    visit(static_cast<Object*>(type));
    if (Attributes* attributes = attributes_to_visit(o, type)) traverse_attributes(attributes, visit);
    for (Type* t = type; t && t->is_heap(); t = t->base) {
      auto* values = reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + t->slots_offset);
      for (uint32_t i = 0; i < t->slot_count; ++i) visit(values[i]);
    }
  }
  if (type->traverse) type->traverse(o, visit);
}

namespace {

// How many objects ahead of a walk the memory is asked for.
constexpr size_t kAhead = 16;

void fetch_ahead(const GcSet& set, size_t i) {
  if (i + kAhead >= set.size) return;
  const GcHead* head = set.nodes[i + kAhead];
  if (!head) return;
  fetch(head);
  // Most objects begin in one line of the cache and end in the next.
  __builtin_prefetch(reinterpret_cast<const char*>(head) + 64);
}

// A tuple never changes: one that leads to nothing the collector knows need not be looked at again.
bool leads_nowhere(Object* o) {
  if (o->type != &tuple_type) return false;
  for (Value v : *static_cast<Tuple*>(o)) {
    if (v.is_object() && is_tracked(v.object())) return false;
  }
  return true;
}

// Leaves in each member how many references come from outside the set. Closes the holes on the way; where the member is
// that stood at `first_new`.
template <Memory kMemory>
size_t count_references_from_outside(GcSet& set, size_t first_new) {
  Subtract<kMemory> subtract(set);
  size_t end = 0, new_begin = 0;
  for (size_t i = 0; i < set.size; ++i) {
    fetch_ahead(set, i);
    if (i == first_new) new_begin = end;
    GcHead* node = set.nodes[i];
    if (!node) continue;
    if (end != i) {
      set.nodes[end] = node;
      node->place = place(set, end);
    }
    ++end;
    begin_counting(node);
    traverse_with(gc_object(node), subtract);
  }
  subtract.finish();
  if (first_new >= set.size) new_begin = end;
  set.size = end;
  set.holes = 0;
  return new_begin;
}

// Follows all references from members that something outside refers to. What it does not come to keeps kCounting and is
// returned, beside some that it came to in the end.
template <Memory kMemory>
std::vector<GcHead*> follow_references(GcSet& set, size_t first_new, int64_t* reachable) {
  Reach<kMemory> reach(set);
  std::vector<GcHead*> doubtful;
  for (size_t i = 0; i < set.size; ++i) {
    fetch_ahead(set, i);
    reach.position = i + 1;
    if (GcHead* node = set.nodes[i]) {
      if (node->left == kCounting) {
        doubtful.push_back(node);
      } else {
        node->left = 0;
        if (i >= first_new && leads_nowhere(gc_object(node))) {
          leave_hole(node);
        } else {
          ++*reachable;
          traverse_with(gc_object(node), reach);
        }
      }
    }
    if (reach.position == set.size) reach.finish();
  }
  return doubtful;
}

template <Memory kMemory>
int64_t deduce_unreachable_in(GcSet& young, GcSet& unreachable, size_t first_new) {
  first_new = count_references_from_outside<kMemory>(young, first_new);
  int64_t reachable = 0;
  for (GcHead* node : follow_references<kMemory>(young, first_new, &reachable)) {
    if (node->left != kCounting) continue;
    node->left = 0;
    leave_hole(node);
    append(unreachable, node);
  }
  trim(young);
  return reachable;
}

// Members of a set that fits into the cache.
constexpr size_t kNearSize = 16384;

}  // namespace

int64_t deduce_unreachable(GcSet& young, GcSet& unreachable, size_t first_new) {
  return young.size < kNearSize ? deduce_unreachable_in<Memory::Near>(young, unreachable, first_new)
                                : deduce_unreachable_in<Memory::Far>(young, unreachable, first_new);
}

}  // namespace hiss::gc
