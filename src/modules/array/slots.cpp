// Arrays as sequences: indexing, slices, comparison, arithmetic of sequences.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "modules/array/array.h"
#include "object/index.h"

namespace hiss {

namespace {

Result<int64_t> array_length(Value self) { return array_of(self)->length; }

Status replace_range(Array* a, int64_t start, int64_t end, const uint8_t* data, int64_t count) {
  const int64_t delta = count - (end - start), tail = a->length - end;
  const int size = a->item->size;
  // The new items may lie in this very array.
  std::string copy(reinterpret_cast<const char*>(data), static_cast<size_t>(count * size));
  if (delta < 0) {
    if (a->exports > 0) return fail(exc::BufferError, "cannot resize an array that is exporting buffers");
    std::memmove(a->at(end + delta), a->at(end), static_cast<size_t>(tail * size));
    TRY(array_resize(a, a->length + delta));
  } else if (delta > 0) {
    TRY(array_resize(a, a->length + delta));
    std::memmove(a->at(end + delta), a->at(end), static_cast<size_t>(tail * size));
  }
  if (count) std::memcpy(a->at(start), copy.data(), copy.size());
  return kOk;
}

Ref array_getitem(Value self, Value key) {
  Array* a = array_of(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    if (i < 0) i += a->length;
    if (i < 0 || i >= a->length) return fail(exc::IndexError, "array index out of range");
    return a->item->get(a->at(i));
  }
  if (!is<Slice>(key)) return fail(exc::TypeError, "array indices must be integers");
  const SliceBounds b = TRY(slice_bounds(as<Slice>(key), a->length));
  Ref out = TRY(make_array(&array_type, a->item, b.length));
  Array* r = array_of(out);
  if (b.step == 1) {
    if (b.length) std::memcpy(r->data, a->at(b.start), static_cast<size_t>(b.length * a->item->size));
  } else {
    for (int64_t n = 0, i = b.start; n < b.length; ++n, i += b.step)
      std::memcpy(r->at(n), a->at(i), static_cast<size_t>(a->item->size));
  }
  return out;
}

Status array_setitem(Value self, Value key, Value value) {
  Array* a = array_of(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    if (i < 0) i += a->length;
    if (i < 0 || i >= a->length) return fail(exc::IndexError, "array assignment index out of range");
    if (!value) return replace_range(a, i, i + 1, nullptr, 0);
    uint8_t raw[8];
    TRY(a->item->set(raw, value));
    if (i >= a->length) return fail(exc::IndexError, "array assignment index out of range");
    std::memcpy(a->at(i), raw, static_cast<size_t>(a->item->size));
    return kOk;
  }
  if (!is<Slice>(key)) return fail(exc::TypeError, "array indices must be integers");
  const SliceBounds b = TRY(slice_bounds(as<Slice>(key), a->length));
  Array* other = nullptr;
  if (value) {
    if (!is_array(value))
      return fail(exc::TypeError, "can only assign array (not \"{}\") to array slice", type_name(value));
    other = array_of(value);
    if (other->item->code != a->item->code) return fail(exc::TypeError, "bad argument type for built-in operation");
  }
  const int64_t count = other ? other->length : 0;
  if (b.step == 1) return replace_range(a, b.start, std::max(b.start, b.stop), other ? other->data : nullptr, count);
  if (other) {
    if (count != b.length)
      return fail(exc::ValueError, "attempt to assign array of size {} to extended slice of size {}", count, b.length);
    const std::string copy(reinterpret_cast<const char*>(other->data), static_cast<size_t>(count * a->item->size));
    for (int64_t n = 0, i = b.start; n < b.length; ++n, i += b.step)
      std::memcpy(a->at(i), copy.data() + n * a->item->size, static_cast<size_t>(a->item->size));
    return kOk;
  }
  if (b.length == 0) return kOk;
  if (a->exports > 0) return fail(exc::BufferError, "cannot resize an array that is exporting buffers");
  std::vector<bool> dead(static_cast<size_t>(a->length));
  for (int64_t n = 0, i = b.start; n < b.length; ++n, i += b.step) dead[static_cast<size_t>(i)] = true;
  int64_t kept = 0;
  for (int64_t i = 0; i < a->length; ++i) {
    if (!dead[static_cast<size_t>(i)]) std::memmove(a->at(kept++), a->at(i), static_cast<size_t>(a->item->size));
  }
  return array_resize(a, kept);
}

Result<bool> array_contains(Value self, Value item) {
  Array* a = array_of(self);
  for (int64_t i = 0; i < a->length; ++i) {
    Ref v = TRY(a->item->get(a->at(i)));
    if (TRY(equal(v, item))) return true;
  }
  return false;
}

Ref array_compare(Value x, Value y, CompareOp op) {
  if (!is_array(x) || !is_array(y)) return Ref::not_implemented();
  Array *a = array_of(x), *b = array_of(y);
  if (a->length != b->length && (op == CompareOp::Eq || op == CompareOp::Ne)) return Ref::boolean(op == CompareOp::Ne);
  for (int64_t i = 0; i < a->length && i < b->length; ++i) {
    Ref v = TRY(a->item->get(a->at(i))), w = TRY(b->item->get(b->at(i)));
    if (TRY(compare_bool(v, w, CompareOp::Eq))) continue;
    if (op == CompareOp::Eq) return Ref::boolean(false);
    if (op == CompareOp::Ne) return Ref::boolean(true);
    return compare(v, w, op);
  }
  switch (op) {
    case CompareOp::Lt:
      return Ref::boolean(a->length < b->length);
    case CompareOp::Le:
      return Ref::boolean(a->length <= b->length);
    case CompareOp::Eq:
      return Ref::boolean(a->length == b->length);
    case CompareOp::Ne:
      return Ref::boolean(a->length != b->length);
    case CompareOp::Gt:
      return Ref::boolean(a->length > b->length);
    default:
      return Ref::boolean(a->length >= b->length);
  }
}

Ref array_concat(Value x, Value y) {
  if (!is_array(y)) return fail(exc::TypeError, "can only append array (not \"{}\") to array", type_name(y));
  Array *a = array_of(x), *b = array_of(y);
  if (a->item->code != b->item->code) return fail(exc::TypeError, "bad argument type for built-in operation");
  Ref out = TRY(make_array(&array_type, a->item, a->length + b->length));
  if (a->length) std::memcpy(array_of(out)->data, a->data, static_cast<size_t>(a->length * a->item->size));
  if (b->length) std::memcpy(array_of(out)->at(a->length), b->data, static_cast<size_t>(b->length * a->item->size));
  return out;
}
Ref array_repeat(Value self, int64_t count) {
  Array* a = array_of(self);
  const int64_t length = TRY(repeated_size(a->length, count, a->item->size));
  Ref out = TRY(make_array(&array_type, a->item, length));
  for (int64_t i = 0; a->length && i < length; i += a->length)
    std::memcpy(array_of(out)->at(i), a->data, static_cast<size_t>(a->length * a->item->size));
  return out;
}
Ref array_inplace_concat(Value self, Value other) {
  if (!is_array(other)) return fail(exc::TypeError, "can only extend with array (not \"{}\")", type_name(other));
  TRY(array_extend(array_of(self), other));
  return Ref::share(self);
}
Ref array_inplace_repeat(Value self, int64_t count) {
  Array* a = array_of(self);
  const int64_t old = a->length;
  if (old == 0 || count == 1) return Ref::share(self);
  const int64_t length = TRY(repeated_size(old, count, a->item->size));
  TRY(array_resize(a, length));
  for (int64_t i = old; i < length; i += old) std::memcpy(a->at(i), a->data, static_cast<size_t>(old * a->item->size));
  return Ref::share(self);
}

Ref array_repr(Value self) {
  Array* a = array_of(self);
  const std::string type(type_name(self));
  if (a->length == 0) return make_str(fmt::format("{}('{}')", type, a->item->code));
  Ref list = TRY(call_method(self, a->item->code == 'u' ? "tounicode" : "tolist"));
  Ref text = TRY(repr(list));
  return make_str(fmt::format("{}('{}', {})", type, a->item->code, to_string(text)));
}

struct ArrayIterator : Object {
  Value array;  // empty: exhausted
  int64_t index;
};
Ref array_iter(Value self) {
  auto* it = allocate_as<ArrayIterator>(array_iterator_type);
  it->array = Ref::share(self).release();
  track(it);
  return Ref::steal(it);
}
Ref iterator_next(Value self) {
  auto* it = static_cast<ArrayIterator*>(self.object());
  if (!it->array) return Ref::empty();
  Array* a = array_of(it->array);
  if (it->index < a->length) return a->item->get(a->at(it->index++));
  clear_field(it->array);
  return Ref::empty();
}
void iterator_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<ArrayIterator*>(o)->array);
  free_object(o);
}
void iterator_traverse(Object* o, Visitor& visit) { visit(static_cast<ArrayIterator*>(o)->array); }
Ref iterator_reduce(Value self, const Value*) {
  auto* it = static_cast<ArrayIterator*>(self.object());
  Ref function = TRY(get_builtin("iter"));
  if (!it->array) {
    Ref none = make_list();
    Ref arguments = make_tuple({none});
    return make_tuple({function, arguments});
  }
  Ref arguments = make_tuple({it->array}), position = make_int(it->index);
  return make_tuple({function, arguments, position});
}
Ref iterator_setstate(Value self, const Value* args) {
  auto* it = static_cast<ArrayIterator*>(self.object());
  const int64_t i = TRY(to_index(args[0]));
  if (it->array) it->index = std::clamp<int64_t>(i, 0, array_of(it->array)->length);
  return Ref::none();
}
const NativeDef kIteratorMethods[] = {
    {"__reduce__", "($self, /)", iterator_reduce, "What pickle needs to rebuild the iterator."},
    {"__setstate__", "($self, state, /)", iterator_setstate, "Go to the position that state gives."},
    {}};

Result<Buffer> array_buffer(Value self, bool) {
  Array* a = array_of(self);
  Buffer b;
  static uint8_t nothing;
  b.data = a->data ? a->data : &nothing;
  b.length = a->length * a->item->size;
  b.item_size = a->item->size;
  b.format = a->item->format;
  b.readonly = false;
  b.owner = Ref::share(self);
  ++a->exports;
  b.release = [](Buffer& buffer) { --array_of(buffer.owner)->exports; };
  return Result<Buffer>(std::move(b));
}

}  // namespace

Type array_iterator_type;

void fill_array_slots(Type& type) {
  Slots& s = type.slots;
  s.length = array_length;
  s.getitem = array_getitem;
  s.setitem = array_setitem;
  s.contains = array_contains;
  s.compare = array_compare;
  s.concat = array_concat;
  s.repeat = array_repeat;
  s.inplace_concat = array_inplace_concat;
  s.inplace_repeat = array_inplace_repeat;
  s.repr = array_repr;
  s.iter = array_iter;
  type.buffer = array_buffer;
  Type& t = array_iterator_type;
  if (t.has(Type::kReady)) return;
  define_type(t, {.name = "array.arrayiterator",
                  .size = sizeof(ArrayIterator),
                  .layout = Layout::Native,
                  .flags = Type::kHasGc | Type::kNoInstances});
  t.slots.iter = [](Value self) { return Ref::share(self); };
  t.slots.next = iterator_next;
  t.methods = kIteratorMethods;
  t.dealloc = iterator_dealloc;
  t.traverse = iterator_traverse;
  ready_type(t);
}

}  // namespace hiss
