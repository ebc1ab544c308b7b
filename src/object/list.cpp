// list: storage and slots. Methods are in list_methods.cpp, sorting in list_sort.cpp.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "memory/blocks.h"
#include "memory/native_objects.h"
#include "object/class_builder.h"
#include "object/index.h"
#include "object/list_internal.h"

namespace hiss {

Type list_type;

namespace {

void resize_items(List* list, int64_t capacity) {
  list->items = static_cast<Value*>(resize_sized(static_cast<void*>(list->items),
                                                 static_cast<size_t>(list->capacity) * sizeof(Value),
                                                 static_cast<size_t>(capacity) * sizeof(Value)));
  list->capacity = capacity;
}
void free_items(Value* items, int64_t capacity) {
  free_sized(static_cast<void*>(items), static_cast<size_t>(capacity) * sizeof(Value));
}
int64_t roomy_capacity(int64_t size) { return (size + (size >> 3) + 6) & ~int64_t{3}; }

// A list with room for exactly `capacity` items, whose size the caller sets once they are there.
List* allocate_list(int64_t capacity) {
  // The block comes first: it may be refused.
  Value* items =
      capacity ? static_cast<Value*>(allocate_sized(static_cast<size_t>(capacity) * sizeof(Value))) : nullptr;
  List* list = allocate_tracked<List>(list_type);
  list->size = 0;
  list->capacity = capacity;
  list->items = items;
  return list;
}

void retain_into(Value* to, const Value* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const Value item = from[i];
    retain(item);
    to[i] = item;
  }
}

}  // namespace

void list_reserve(List* list, int64_t capacity) {
  if (capacity > list->capacity) resize_items(list, capacity);
}

void list_resize(List* list, int64_t size) {
  if (size > list->capacity) {
    resize_items(list, roomy_capacity(size));
  } else if (size < list->capacity / 2) {
    if (size == 0) {
      free_items(list->items, list->capacity);
      list->items = nullptr;
      list->capacity = 0;
    } else {
      resize_items(list, roomy_capacity(size));
    }
  }
  list->size = size;
}

Ref make_list(int64_t capacity) { return Ref::steal(allocate_list(capacity)); }

Ref make_list(const Value* items, int64_t size) {
  List* list = allocate_list(size);
  retain_into(list->items, items, size);
  list->size = size;
  return Ref::steal(list);
}

Ref make_list_stepped(const Value* first, int64_t step, int64_t size) {
  List* list = allocate_list(size);
  Value* to = list->items;
  for (int64_t i = 0, at = 0; i < size; ++i, at = stepped(at, step)) {
    const Value item = first[at];
    retain(item);
    to[i] = item;
  }
  list->size = size;
  return Ref::steal(list);
}

void list_grow(List* list) { resize_items(list, roomy_capacity(list->size + 1)); }

Ref list_slice(List* list, int64_t start, int64_t end) {
  start = std::clamp<int64_t>(start, 0, list->size);
  end = std::clamp<int64_t>(end, start, list->size);
  return make_list(list->items + start, end - start);
}

Status list_extend(List* list, Value iterable) {
  if (is<Tuple>(iterable) || is<List>(iterable)) {
    // An iterator of a subclass may be overridden, but CPython reads lists and tuples directly only when exact.
    if (is_exact(iterable, list_type) || is_exact(iterable, tuple_type)) {
      const int64_t count = is<List>(iterable) ? as<List>(iterable)->size : as<Tuple>(iterable)->size;
      if (count == 0) return kOk;
      const int64_t at = list->size;
      list_resize(list, at + count);
      // Read the source after growing: it may be this very list.
      const Value* source = is<List>(iterable) ? as<List>(iterable)->items : as<Tuple>(iterable)->items;
      retain_into(list->items + at, source, count);
      return kOk;
    }
  }
  Ref iterator = TRY(get_iter(iterable));
  const int64_t hint = TRY(length_hint(iterable, 8));
  // A hint so large that the sum overflows is no hint; one that no memory can satisfy is an error.
  if (hint > 0 && hint <= INT64_MAX - list->size) {
    TRY(repeated_size(1, list->size + hint, sizeof(Value)));
    list_reserve(list, list->size + hint);
  }
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) break;
    list_append_owned(list, item.release());
  }
  if (list->size < list->capacity / 2) list_resize(list, list->size);
  return kOk;
}

Ref to_list(Value iterable) {
  if (is_exact(iterable, tuple_type)) return make_list(as<Tuple>(iterable)->items, as<Tuple>(iterable)->size);
  Ref list = make_list();
  TRY(list_extend(as<List>(list), iterable));
  return list;
}

void list_replace(List* list, int64_t start, int64_t end, const Value* items, int64_t count) {
  // The old items are released last, when the list is whole again: their __del__ may look at it.
  constexpr int64_t kFew = 16;
  const int64_t gone = end - start;
  Value few[kFew];
  std::vector<Value> many;
  if (gone > kFew) many.resize(static_cast<size_t>(gone));
  Value* old = gone > kFew ? many.data() : few;
  std::copy(list->items + start, list->items + end, old);
  const int64_t size = list->size, delta = count - (end - start);
  for (int64_t i = 0; i < count; ++i) retain(items[i]);
  if (delta > 0) {
    list_resize(list, size + delta);
    memmove(static_cast<void*>(list->items + end + delta), list->items + end,
            static_cast<size_t>(size - end) * sizeof(Value));
  } else if (delta < 0) {
    memmove(static_cast<void*>(list->items + end + delta), list->items + end,
            static_cast<size_t>(size - end) * sizeof(Value));
    list_resize(list, size + delta);
  }
  if (count > 0) memcpy(static_cast<void*>(list->items + start), items, static_cast<size_t>(count) * sizeof(Value));
  for (int64_t i = gone; i-- > 0;) release(old[i]);
}

namespace {

void list_clear_items(Object* self) {
  List* list = static_cast<List*>(self);
  Value* items = list->items;
  const int64_t capacity = list->capacity;
  int64_t n = list->size;
  list->items = nullptr;
  list->size = list->capacity = 0;
  while (n-- > 0) release(items[n]);
  free_items(items, capacity);
}

void list_dealloc(Object* self) {
  unlink(self);
  // Nobody can see the list any more, so its fields stay as they are.
  List* list = static_cast<List*>(self);
  if (Value* items = list->items) {
    for (int64_t n = list->size; n-- > 0;) release(items[n]);
    free_items(items, list->capacity);
  }
  free_unlinked(self);
}

void list_traverse(Object* self, Visitor& visit) {
  for (Value v : *static_cast<List*>(self)) visit(v);
}

Ref list_new(Type* cls, const Args&) {
  if (cls == &list_type) return Ref::steal(allocate_list(0));
  List* list = static_cast<List*>(allocate(cls));
  list->size = list->capacity = 0;
  list->items = nullptr;
  track(list);
  return Ref::steal(list);
}

Status list_init(Value self, const Args& args) {
  if (args.keyword_count() != 0 && type_of(self)->slots.new_ == list_type.slots.new_) {
    return fail(exc::TypeError, "list() takes no keyword arguments");
  }
  if (args.count > 1) return fail(exc::TypeError, "list expected at most 1 argument, got {}", args.count);
  List* list = as<List>(self);
  if (list->items) list_clear_items(list);
  if (args.count == 1) TRY(list_extend(list, args[0]));
  return kOk;
}

Ref list_repr(Value self) {
  if (as<List>(self)->size == 0) return make_str_ascii("[]");
  ReprGuard guard(self);
  if (!guard.entered()) return make_str_ascii("[...]");
  return repr_items(self, "[", "]", false);
}

Result<int64_t> list_length(Value self) { return as<List>(self)->size; }

Ref list_getitem(Value self, Value key) {
  List* list = as<List>(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    if (i < 0) i += list->size;
    if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size)) {
      return fail(exc::IndexError, "list index out of range");
    }
    return Ref::share(list->items[i]);
  }
  if (is<Slice>(key)) {
    const SliceFields fields = TRY(slice_fields(as<Slice>(key)));
    const SliceBounds b = fields.bounds(list->size);
    if (b.step == 1) return make_list(list->items + b.start, b.length);
    return make_list_stepped(list->items + b.start, b.step, b.length);
  }
  return fail(exc::TypeError, "list indices must be integers or slices, not {}", type_name(key));
}

Status delete_slice(List* list, SliceBounds b) {
  if (list->size == 0) list_clear_items(list);  // a sort in progress notices this
  if (b.length == 0) return kOk;
  if (b.step == 1) {
    list_replace(list, b.start, b.start + b.length, nullptr, 0);
    return kOk;
  }
  if (b.step < 0) {
    b.start += b.step * (b.length - 1);
    b.step = -b.step;
  }
  std::vector<Value> gone;
  int64_t to = b.start;
  for (int64_t i = b.start, left = b.length, due = b.start; i < list->size; ++i) {
    if (left > 0 && i == due) {
      gone.push_back(list->items[i]);
      due = stepped(due, b.step);
      --left;
    } else {
      list->items[to++] = list->items[i];
    }
  }
  list_resize(list, to);
  for (Value v : gone) release(v);
  return kOk;
}

Status assign_slice(List* list, Slice* slice, Value value) {
  const SliceFields fields = TRY(slice_fields(slice));
  if (!value) return delete_slice(list, fields.bounds(list->size));
  if (fields.step == 1) {
    if (!is<List>(value) && !is<Tuple>(value) && !type_of(value)->slots.iter && !type_of(value)->slots.getitem) {
      return fail(exc::TypeError, "can only assign an iterable");
    }
    Ref items = TRY(to_tuple(value));
    SliceBounds b = fields.bounds(list->size);
    list_replace(list, b.start, std::max(b.stop, b.start), as<Tuple>(items)->items, as<Tuple>(items)->size);
    return kOk;
  }
  if (!is<List>(value) && !is<Tuple>(value) && !type_of(value)->slots.iter && !type_of(value)->slots.getitem) {
    return fail(exc::TypeError, "must assign iterable to extended slice");
  }
  Ref items = TRY(to_tuple(value));
  const SliceBounds b = fields.bounds(list->size);
  Tuple* source = as<Tuple>(items);
  if (source->size != b.length) {
    return fail(exc::ValueError, "attempt to assign sequence of size {} to extended slice of size {}", source->size,
                b.length);
  }
  std::vector<Value> gone;
  for (int64_t n = 0, i = b.start; n < b.length; ++n, i = stepped(i, b.step)) {
    gone.push_back(list->items[i]);
    list->items[i] = Ref::share(source->items[n]).release();
  }
  for (Value v : gone) release(v);
  return kOk;
}

Status list_setitem(Value self, Value key, Value value) {
  List* list = as<List>(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    if (i < 0) i += list->size;
    if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(list->size)) {
      return fail(exc::IndexError, "list assignment index out of range");
    }
    Value old = list->items[i];
    if (value) {
      retain(value);
      list->items[i] = value;
    } else {
      memmove(static_cast<void*>(list->items + i), list->items + i + 1,
              static_cast<size_t>(list->size - i - 1) * sizeof(Value));
      list_resize(list, list->size - 1);
    }
    release(old);
    return kOk;
  }
  if (is<Slice>(key)) return assign_slice(list, as<Slice>(key), value);
  return fail(exc::TypeError, "list indices must be integers or slices, not {}", type_name(key));
}

Ref list_concat(Value self, Value other) {
  if (!is<List>(other)) {
    return fail(exc::TypeError, "can only concatenate list (not \"{}\") to list", type_name(other));
  }
  List *a = as<List>(self), *b = as<List>(other);
  List* joined = allocate_list(a->size + b->size);
  retain_into(joined->items, a->items, a->size);
  retain_into(joined->items + a->size, b->items, b->size);
  joined->size = a->size + b->size;
  return Ref::steal(joined);
}

Ref list_repeat(Value self, int64_t count) {
  List* list = as<List>(self);
  const int64_t size = TRY(repeated_size(list->size, count, sizeof(Value)));
  Ref r = make_list(size);
  List* result = as<List>(r);
  for (int64_t i = 0, k = 0; i < size; ++i, k = k + 1 == list->size ? 0 : k + 1) {
    retain(list->items[k]);
    result->items[i] = list->items[k];
  }
  result->size = size;
  return r;
}

Ref list_inplace_concat(Value self, Value other) {
  TRY(list_extend(as<List>(self), other));
  return Ref::share(self);
}

Ref list_inplace_repeat(Value self, int64_t count) {
  List* list = as<List>(self);
  const int64_t old = list->size;
  const int64_t size = TRY(repeated_size(old, count, sizeof(Value)));
  if (size == 0) {
    list_clear_items(list);
    return Ref::share(self);
  }
  list_resize(list, size);
  for (int64_t i = old; i < size; ++i) {
    retain(list->items[i - old]);
    list->items[i] = list->items[i - old];
  }
  return Ref::share(self);
}

}  // namespace

void init_list_type() {
  define_type(list_type, {.name = "list",
                          .size = sizeof(List),
                          .layout = Layout::List,
                          .flags = Type::kBaseType | Type::kHasGc | Type::kSequence | Type::kMatchSelf,
                          .doc = "A sequence that can grow, shrink and change.\n\nIt starts with the items of the "
                                 "iterable; without one it is empty."});
  Slots& s = list_type.slots;
  s.new_ = list_new;
  s.hash = hash_not_implemented;
  s.init = list_init;
  s.repr = list_repr;
  s.compare = list_compare;
  s.iter = list_iter;
  s.length = list_length;
  s.getitem = list_getitem;
  s.setitem = list_setitem;
  s.contains = list_contains;
  s.concat = list_concat;
  s.repeat = list_repeat;
  s.inplace_concat = list_inplace_concat;
  s.inplace_repeat = list_inplace_repeat;
  list_type.methods = kListMethods;
  list_type.dealloc = list_dealloc;
  list_type.traverse = list_traverse;
  list_type.clear = list_clear_items;
  ready_type(list_type);
}

}  // namespace hiss
