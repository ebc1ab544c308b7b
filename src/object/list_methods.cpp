// The methods of list, and its iterators.
#include <algorithm>
#include <cstring>

#include "memory/native_objects.h"
#include "object/index.h"
#include "object/list_internal.h"

namespace hiss {

Type list_iterator_type;
Type list_reverse_iterator_type;

namespace {

Ref list_append_method(Value self, const Value* args) {
  list_append(as<List>(self), args[0]);
  return Ref::none();
}

Ref list_insert(Value self, const Value* args) {
  int64_t i = TRY(quick_index(args[0]));
  List* list = as<List>(self);
  if (i < 0) i = std::max<int64_t>(i + list->size, 0);
  i = std::min(i, list->size);
  list_resize(list, list->size + 1);
  memmove(static_cast<void*>(list->items + i + 1), list->items + i,
          static_cast<size_t>(list->size - 1 - i) * sizeof(Value));
  list->items[i] = Ref::share(args[1]).release();
  return Ref::none();
}

Ref list_clear_method(Value self, const Value*) {
  list_type.clear(self.object());
  return Ref::none();
}

Ref list_copy(Value self, const Value*) { return make_list(as<List>(self)->items, as<List>(self)->size); }

Ref list_extend_method(Value self, const Value* args) {
  TRY(list_extend(as<List>(self), args[0]));
  return Ref::none();
}

Ref list_pop(Value self, const Value* args) {
  int64_t i = args[0] ? TRY(quick_index(args[0])) : -1;
  List* list = as<List>(self);
  if (list->size == 0) return fail(exc::IndexError, "pop from empty list");
  if (i < 0) i += list->size;
  if (i < 0 || i >= list->size) return fail(exc::IndexError, "pop index out of range");
  Ref item = Ref::steal(list->items[i]);
  if (i < list->size - 1) {
    memmove(static_cast<void*>(list->items + i), list->items + i + 1,
            static_cast<size_t>(list->size - i - 1) * sizeof(Value));
  }
  list_resize(list, list->size - 1);
  return item;
}

Ref list_remove(Value self, const Value* args) {
  const int64_t i = TRY(list_find(self, args[0], 0, INT64_MAX));
  List* list = as<List>(self);
  if (i < 0) return fail(exc::ValueError, "list.remove(x): x not in list");
  if (i < list->size) list_replace(list, i, i + 1, nullptr, 0);
  return Ref::none();
}

Ref list_index(Value self, const Value* args) {
  int64_t start = TRY(bound_argument(args[1], 0)), stop = TRY(bound_argument(args[2], INT64_MAX));
  adjust_bounds(start, stop, as<List>(self)->size);
  const int64_t i = TRY(list_find(self, args[0], start, stop));
  if (i < 0) return fail(exc::ValueError, "{} is not in list", repr_text(args[0]));
  return make_int(i);
}

Ref list_count(Value self, const Value* args) { return make_int(TRY(list_count_item(self, args[0]))); }

Ref list_reverse(Value self, const Value*) {
  List* list = as<List>(self);
  std::reverse(list->begin(), list->end());
  return Ref::none();
}

Ref list_sort_method(Value self, const Value* args) {
  const bool reverse = args[1] ? TRY(to_int64(args[1])) != 0 : false;
  TRY(list_sort(as<List>(self), args[0] ? args[0] : Value::none(), reverse));
  return Ref::none();
}

Ref list_sizeof(Value self, const Value*) {
  return make_int(static_cast<int64_t>(sizeof(List) + static_cast<size_t>(as<List>(self)->capacity) * sizeof(Value)));
}

Ref list_reversed(Value self, const Value*) {
  auto* it = allocate_tracked<ListIterator>(list_reverse_iterator_type);
  it->list = Ref::share(self).release();
  it->index = as<List>(self)->size - 1;
  return Ref::steal(it);
}

}  // namespace

const NativeDef kListMethods[] = {
    {"clear", "($self, /)", list_clear_method, "Make the list empty."},
    {"copy", "($self, /)", list_copy, "A new list of the same items."},
    {"append", "($self, object, /)", list_append_method, "Add one item at the end."},
    {"insert", "($self, index, object, /)", list_insert,
     "Put object at index and move the rest up; an index out of range means the nearer end."},
    {"extend", "($self, iterable, /)", list_extend_method, "Add every item of the iterable at the end."},
    {"pop", "($self, index=-1, /)", list_pop,
     "Take out the item at index, by default the last, and return it.\n\nIndexError if there is none."},
    {"remove", "($self, value, /)", list_remove,
     "Take out the first item equal to value; ValueError if there is none."},
    {"index", "($self, value, start=0, stop=sys.maxsize, /)", list_index,
     "Position of the first item in [start:stop] equal to value; ValueError if there is none."},
    {"count", "($self, value, /)", list_count, "How many items are equal to value."},
    {"reverse", "($self, /)", list_reverse, "Reverse *IN PLACE*."},
    {"sort", "($self, /, *, key=None, reverse=False)", list_sort_method,
     "Put the items in order, smallest first, in the list itself; equal items keep their order.\n\nkey computes what "
     "to compare, once for each item. reverse puts the greatest first."},
    {"__reversed__", "($self, /)", list_reversed, "Iterate from the last item to the first."},
    {"__sizeof__", "($self, /)", list_sizeof, "Memory of the list in bytes, its items not included."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

Ref list_iter(Value self) {
  auto* it = allocate_tracked<ListIterator>(list_iterator_type);
  it->list = Ref::share(self).release();
  it->index = 0;
  return Ref::steal(it);
}

namespace {

Ref list_iterator_next(Value self) {
  auto* it = as<ListIterator>(self);
  if (!it->list) return Ref::empty();
  List* list = as<List>(it->list);
  if (it->index < list->size) return Ref::share(list->items[it->index++]);
  clear_field(it->list);
  return Ref::empty();
}

Ref list_reverse_iterator_next(Value self) {
  auto* it = as<ListIterator>(self);
  if (!it->list) return Ref::empty();
  List* list = as<List>(it->list);
  if (it->index >= 0 && it->index < list->size) return Ref::share(list->items[it->index--]);
  it->index = -1;
  clear_field(it->list);
  return Ref::empty();
}

void list_iterator_dealloc(Object* self) {
  unlink(self);
  release(static_cast<ListIterator*>(self)->list);
  free_unlinked(self);
}
void list_iterator_traverse(Object* self, Visitor& visit) { visit(static_cast<ListIterator*>(self)->list); }

Ref list_iterator_length_hint(Value self, const Value*) {
  auto* it = as<ListIterator>(self);
  return make_int(it->list ? std::max<int64_t>(as<List>(it->list)->size - it->index, 0) : 0);
}
Ref list_reverse_iterator_length_hint(Value self, const Value*) {
  auto* it = as<ListIterator>(self);
  return make_int(!it->list || it->index >= as<List>(it->list)->size ? 0 : it->index + 1);
}
Ref list_iterator_reduce(Value self, const Value*) {
  auto* it = as<ListIterator>(self);
  return reduce_iterator(it->list, it->index, "iter", make_list());
}
Ref list_reverse_iterator_reduce(Value self, const Value*) {
  auto* it = as<ListIterator>(self);
  return reduce_iterator(it->list, it->index, it->list ? "reversed" : "iter", make_list());
}
Ref list_iterator_setstate(Value self, const Value* args) {
  auto* it = as<ListIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->list) it->index = std::clamp<int64_t>(i, 0, as<List>(it->list)->size);
  return Ref::none();
}
Ref list_reverse_iterator_setstate(Value self, const Value* args) {
  auto* it = as<ListIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->list) it->index = std::clamp<int64_t>(i, -1, as<List>(it->list)->size - 1);
  return Ref::none();
}

const NativeDef kListIteratorMethods[] = {{"__length_hint__", "($self, /)", list_iterator_length_hint, kLengthHintDoc},
                                          {"__reduce__", "($self, /)", list_iterator_reduce, kReduceDoc},
                                          {"__setstate__", "($self, state, /)", list_iterator_setstate, kSetStateDoc},
                                          {}};
const NativeDef kListReverseIteratorMethods[] = {
    {"__length_hint__", "($self, /)", list_reverse_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", list_reverse_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", list_reverse_iterator_setstate, kSetStateDoc},
    {}};

void define_list_iterator(Type& type, const char* name, UnarySlot next, const NativeDef* methods) {
  define_type(type, {.name = name, .size = sizeof(ListIterator), .flags = Type::kHasGc | Type::kNoInstances});
  type.slots.iter = self_iter;
  type.slots.next = next;
  type.methods = methods;
  type.dealloc = list_iterator_dealloc;
  type.traverse = list_iterator_traverse;
  ready_type(type);
}

}  // namespace

void init_list_iterator_type() {
  define_list_iterator(list_iterator_type, "list_iterator", list_iterator_next, kListIteratorMethods);
}
void init_list_reverse_iterator_type() {
  define_list_iterator(list_reverse_iterator_type, "list_reverseiterator", list_reverse_iterator_next,
                       kListReverseIteratorMethods);
}

}  // namespace hiss
