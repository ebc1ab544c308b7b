// bytearray: growable bytes. Removing from the front moves the start, so a bytearray is a good queue.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "memory/blocks.h"
#include "object/bytes_internal.h"
#include "object/class_builder.h"
#include "object/codecs_text.h"
#include "object/index.h"
#include "object/str_search.h"

namespace hiss {

Type bytearray_type, bytearray_iterator_type;

Status bytearray_resize(ByteArray* a, int64_t length) {
  if (length == a->length) return kOk;
  if (a->exports > 0) return fail(exc::BufferError, "Existing exports of data: object cannot be re-sized");
  const int64_t offset = a->data - a->block;
  if (length + offset + 1 > a->capacity) {
    if (length > (1 << 30)) TRY(repeated_size(1, length, 1));
    const int64_t capacity = length <= a->length + (a->length >> 3) + 8 ? length + (length >> 3) + 16 : length + 1;
    auto* block = static_cast<uint8_t*>(allocate_block(static_cast<size_t>(capacity)));
    if (!block) return fail_memory();
    if (a->length) memcpy(block, a->data, static_cast<size_t>(std::min(a->length, length)));
    free_block(a->block);
    a->block = a->data = block;
    a->capacity = capacity;
  } else if (length < a->capacity / 4 && a->capacity > 64) {
    auto* block = static_cast<uint8_t*>(allocate_block(static_cast<size_t>(length) + 1));
    if (!block) return fail_memory();
    memcpy(block, a->data, static_cast<size_t>(length));
    free_block(a->block);
    a->block = a->data = block;
    a->capacity = length + 1;
  }
  a->length = length;
  a->data[length] = 0;
  return kOk;
}

namespace {

Ref make_bytearray_of(Type* type, const void* data, int64_t length) {
  ByteArray* a = static_cast<ByteArray*>(allocate(type));
  a->length = length;
  a->capacity = length + 1;
  a->exports = 0;
  a->block = a->data = static_cast<uint8_t*>(allocate_block(static_cast<size_t>(a->capacity)));
  if (!a->block) {
    a->length = a->capacity = 0;
    release(a);
    return fail_memory();
  }
  if (length && data) memcpy(a->data, data, static_cast<size_t>(length));
  a->data[length] = 0;
  return Ref::steal(a);
}

/// Replaces [start, end) by other bytes.
Status replace_range(ByteArray* a, int64_t start, int64_t end, const uint8_t* data, int64_t count) {
  const int64_t delta = count - (end - start), tail = a->length - end;
  if (delta != 0) {
    if (a->exports > 0) return fail(exc::BufferError, "Existing exports of data: object cannot be re-sized");
    if (delta < 0 && start == 0) {
      a->data -= delta;
      a->length += delta;
    } else if (delta < 0) {
      memmove(a->data + end + delta, a->data + end, static_cast<size_t>(tail));
      TRY(bytearray_resize(a, a->length + delta));
    } else {
      TRY(bytearray_resize(a, a->length + delta));
      memmove(a->data + end + delta, a->data + end, static_cast<size_t>(tail));
    }
  }
  if (count) memcpy(a->data + start, data, static_cast<size_t>(count));
  return kOk;
}

Ref bytearray_new(Type* cls, const Args&) { return make_bytearray_of(cls, nullptr, 0); }

Status bytearray_init(Value self, const Args& args) {
  Arguments bound("bytearray", "(source=b'', encoding='utf-8', errors='strict')");
  TRY(bound.bind(args));
  Value source = bound[0], encoding = bound[1], errors = bound[2];
  TRY(check_codec_arguments("bytearray", encoding, errors));
  ByteArray* a = as<ByteArray>(self);
  if (a->length) TRY(bytearray_resize(a, 0));
  if (!source) {
    if (encoding || errors) {
      return fail(exc::TypeError, "{}",
                  encoding ? "encoding without a string argument" : "errors without a string argument");
    }
    return kOk;
  }
  if (is<Str>(source)) {
    if (!encoding) return fail(exc::TypeError, "string argument without an encoding");
    Ref encoded = TRY(encode_object(source, encoding, errors));
    return replace_range(a, 0, 0, span_of(encoded).data, span_of(encoded).length);
  }
  if (encoding || errors) {
    return fail(exc::TypeError, "{}",
                encoding ? "encoding without a string argument" : "errors without a string argument");
  }
  if (has_index(source)) {
    Ref count = index(source);
    if (count.is_error()) {
      if (!pending_is(exc::TypeError)) return Failure{};
      clear_pending();
    } else {
      const auto n = int_value(count);
      if (!n) return fail(exc::OverflowError, "cannot fit '{}' into an index-sized integer", type_name(source));
      if (*n < 0) return fail(exc::ValueError, "negative count");
      TRY(repeated_size(1, *n, 1));
      TRY(bytearray_resize(a, *n));
      memset(a->data, 0, static_cast<size_t>(*n));
      return kOk;
    }
  }
  const std::string data = TRY(collect_bytes(source, "bytearray"));
  return replace_range(a, 0, a->length, reinterpret_cast<const uint8_t*>(data.data()),
                       static_cast<int64_t>(data.size()));
}

void bytearray_dealloc(Object* self) {
  free_block(static_cast<ByteArray*>(self)->block);
  free_object(self);
}

Ref bytearray_repr(Value self) {
  Ref inner = bytes_repr_of(span_of(self), "b");
  StrBuilder out;
  out.append(type_name(self));
  out.append_ascii("(");
  out.append(as<Str>(inner));
  out.append_ascii(")");
  return out.finish();
}
Result<int64_t> bytearray_length(Value self) { return as<ByteArray>(self)->length; }
Ref bytearray_remainder(Value left, Value right) {
  if (!is<ByteArray>(left)) return Ref::not_implemented();
  return bytes_percent(left, right);
}

Status bytearray_setitem(Value self, Value key, Value value) {
  ByteArray* a = as<ByteArray>(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    const uint8_t c = value ? TRY(byte_value(value)) : 0;
    if (i < 0) i += a->length;
    if (i < 0 || i >= a->length) return fail(exc::IndexError, "bytearray index out of range");
    if (!value) return replace_range(a, i, i + 1, nullptr, 0);
    a->data[i] = c;
    return kOk;
  }
  if (!is<Slice>(key))
    return fail(exc::TypeError, "bytearray indices must be integers or slices, not {}", type_name(key));
  const SliceFields fields = TRY(slice_fields(as<Slice>(key)));
  std::string data;
  if (value) {
    if (has_index(value)) {
      return fail(exc::TypeError, "can assign only bytes, buffers, or iterables of ints in range(0, 256)");
    }
    if (is<Str>(value))
      return fail(exc::TypeError, "can assign only bytes, buffers, or iterables of ints in range(0, 256)");
    data = TRY(collect_bytes(value, "bytearray"));
  }
  SliceBounds b = fields.bounds(a->length);
  const auto* p = reinterpret_cast<const uint8_t*>(data.data());
  const auto count = static_cast<int64_t>(data.size());
  if (b.step == 1) return replace_range(a, b.start, std::max(b.start, b.stop), p, count);
  if (!value || count == 0) {
    if (b.length == 0) return kOk;
    if (a->exports > 0) return fail(exc::BufferError, "Existing exports of data: object cannot be re-sized");
    if (b.step < 0) {
      b.start += b.step * (b.length - 1);
      b.step = -b.step;
    }
    int64_t to = b.start, due = b.start, left = b.length;
    for (int64_t i = b.start; i < a->length; ++i) {
      if (left > 0 && i == due) {
        due = stepped(due, b.step);
        --left;
      } else {
        a->data[to++] = a->data[i];
      }
    }
    return bytearray_resize(a, to);
  }
  if (count != b.length) {
    return fail(exc::ValueError, "attempt to assign bytes of size {} to extended slice of size {}", count, b.length);
  }
  for (int64_t n = 0, i = b.start; n < b.length; ++n, i = stepped(i, b.step)) a->data[i] = p[n];
  return kOk;
}

Ref bytearray_inplace_concat(Value self, Value other) {
  if (!has_buffer(other)) return fail(exc::TypeError, "can't concat {} to {}", type_name(other), type_name(self));
  ByteArray* a = as<ByteArray>(self);
  if (self == other) {
    const std::string copy(span_of(self).view());
    TRY(replace_range(a, a->length, a->length, reinterpret_cast<const uint8_t*>(copy.data()),
                      static_cast<int64_t>(copy.size())));
    return Ref::share(self);
  }
  BufferView b(TRY(get_buffer(other)));
  TRY(replace_range(a, a->length, a->length, b.data(), b.length()));
  return Ref::share(self);
}

Ref bytearray_inplace_repeat(Value self, int64_t count) {
  ByteArray* a = as<ByteArray>(self);
  const int64_t old = a->length, length = TRY(repeated_size(old, count, 1));
  TRY(bytearray_resize(a, length));
  for (int64_t at = old; at < length; at += old) memcpy(a->data + at, a->data, static_cast<size_t>(old));
  return Ref::share(self);
}

void release_export(Buffer& b) { --as<ByteArray>(b.owner)->exports; }

Result<Buffer> bytearray_buffer(Value self, bool) {
  ByteArray* a = as<ByteArray>(self);
  Buffer b;
  b.data = a->data;
  b.length = a->length;
  b.readonly = false;
  b.owner = Ref::share(self);
  b.release = release_export;
  ++a->exports;
  return b;
}

struct ByteArrayIterator : Object {
  Value array;
  int64_t index;
};
Ref bytearray_iter(Value self) {
  auto* it = allocate_as<ByteArrayIterator>(bytearray_iterator_type);
  it->array = Ref::share(self).release();
  it->index = 0;
  return Ref::steal(it);
}
Ref bytearray_iterator_next(Value self) {
  auto* it = as<ByteArrayIterator>(self);
  if (!it->array) return Ref::empty();
  const ByteArray* a = as<ByteArray>(it->array);
  if (it->index < a->length) return make_int(int64_t{a->data[it->index++]});
  clear_field(it->array);
  return Ref::empty();
}
void bytearray_iterator_dealloc(Object* self) {
  release(static_cast<ByteArrayIterator*>(self)->array);
  free_object(self);
}
Ref bytearray_iterator_length_hint(Value self, const Value*) {
  auto* it = as<ByteArrayIterator>(self);
  return make_int(it->array ? std::max<int64_t>(as<ByteArray>(it->array)->length - it->index, 0) : 0);
}
Ref bytearray_iterator_reduce(Value self, const Value*) {
  auto* it = as<ByteArrayIterator>(self);
  Ref nothing = empty_tuple();
  return reduce_iterator(it->array, it->index, "iter", nothing);
}
Ref bytearray_iterator_setstate(Value self, const Value* args) {
  auto* it = as<ByteArrayIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->array) it->index = std::max<int64_t>(0, std::min(i, as<ByteArray>(it->array)->length));
  return Ref::none();
}
const NativeDef kByteArrayIteratorMethods[] = {
    {"__length_hint__", "($self, /)", bytearray_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", bytearray_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", bytearray_iterator_setstate, kSetStateDoc},
    {}};

}  // namespace

Ref make_bytearray(const void* data, int64_t length) { return make_bytearray_of(&bytearray_type, data, length); }

// The methods that only bytearray has; kByteArrayMethods lists them.
Ref bytearray_append(Value self, const Value* args) {
  const uint8_t c = TRY(byte_value(args[0]));
  ByteArray* a = as<ByteArray>(self);
  TRY(bytearray_resize(a, a->length + 1));
  a->data[a->length - 1] = c;
  return Ref::none();
}
Ref bytearray_extend(Value self, const Value* args) {
  if (has_buffer(args[0])) {
    TRY(bytearray_inplace_concat(self, args[0]));
    return Ref::none();
  }
  if (!is<Str>(args[0]) && !type_of(args[0])->slots.iter && !type_of(args[0])->slots.getitem) {
    return fail(exc::TypeError, "can't extend bytearray with {}", type_name(args[0]));
  }
  TRY(length_hint(args[0], 32));  // its errors are the caller's
  std::string data;
  TRY(for_each(args[0], [&](Value item) -> Status {
    data += static_cast<char>(TRY(byte_value(item)));
    return kOk;
  }));
  ByteArray* a = as<ByteArray>(self);
  TRY(replace_range(a, a->length, a->length, reinterpret_cast<const uint8_t*>(data.data()),
                    static_cast<int64_t>(data.size())));
  return Ref::none();
}
Ref bytearray_insert(Value self, const Value* args) {
  int64_t i = TRY(to_index(args[0]));
  const uint8_t c = TRY(byte_value(args[1]));
  ByteArray* a = as<ByteArray>(self);
  if (i < 0) i = std::max<int64_t>(0, i + a->length);
  i = std::min(i, a->length);
  TRY(replace_range(a, i, i, &c, 1));
  return Ref::none();
}
Ref bytearray_pop(Value self, const Value* args) {
  int64_t i = args[0] ? TRY(to_index(args[0])) : -1;
  ByteArray* a = as<ByteArray>(self);
  if (a->length == 0) return fail(exc::IndexError, "pop from empty bytearray");
  if (i < 0) i += a->length;
  if (i < 0 || i >= a->length) return fail(exc::IndexError, "pop index out of range");
  const uint8_t c = a->data[i];
  TRY(replace_range(a, i, i + 1, nullptr, 0));
  return make_int(int64_t{c});
}
Ref bytearray_remove(Value self, const Value* args) {
  const uint8_t c = TRY(byte_value(args[0]));
  ByteArray* a = as<ByteArray>(self);
  const void* at = a->length ? memchr(a->data, c, static_cast<size_t>(a->length)) : nullptr;
  if (!at) return fail(exc::ValueError, "value not found in bytearray");
  const int64_t i = static_cast<const uint8_t*>(at) - a->data;
  TRY(replace_range(a, i, i + 1, nullptr, 0));
  return Ref::none();
}
Ref bytearray_reverse(Value self, const Value*) {
  ByteArray* a = as<ByteArray>(self);
  std::reverse(a->data, a->data + a->length);
  return Ref::none();
}
Ref bytearray_clear(Value self, const Value*) {
  TRY(bytearray_resize(as<ByteArray>(self), 0));
  return Ref::none();
}
Ref bytearray_copy(Value self, const Value*) { return make_bytearray(span_of(self).data, span_of(self).length); }
Ref bytearray_alloc(Value self, const Value*) { return make_int(as<ByteArray>(self)->capacity); }
Ref bytearray_reduce(Value self, const Value*) {
  std::string text;
  Ref latin = make_str_latin1(span_of(self).data, span_of(self).length);
  Ref arguments = make_tuple({latin, to_value(intern("latin-1"))});
  Ref state = TRY(call_method(self, names.__getstate__));
  return make_tuple({to_value(type_of(self)), arguments, state});
}
Ref bytearray_reduce_ex(Value self, const Value* args) {
  const int64_t protocol = args[0] ? TRY(to_int64(args[0])) : 0;
  if (protocol < 3) return bytearray_reduce(self, args);
  Ref data = make_bytes(span_of(self).data, span_of(self).length);
  Ref arguments = as<ByteArray>(self)->length ? make_tuple({data}) : empty_tuple();
  Ref state = TRY(call_method(self, names.__getstate__));
  return make_tuple({to_value(type_of(self)), arguments, state});
}
Ref bytearray_sizeof(Value self, const Value*) {
  return make_int(static_cast<int64_t>(sizeof(ByteArray)) + as<ByteArray>(self)->capacity);
}

void init_bytearray_type() {
  define_type(
      bytearray_type,
      {.name = "bytearray",
       .size = sizeof(ByteArray),
       .layout = Layout::ByteArray,
       .flags = Type::kBaseType | Type::kMatchSelf,
       .doc = "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> "
              "bytearray\nbytearray(bytes_or_buffer) -> bytearray\nbytearray(size) -> bytearray\nbytearray() -> "
              "bytearray\n\nA mutable array of integers from 0 to 255. The argument is the values, text to encode,\nan "
              "object whose buffer is copied, or how many zeros to start with; without one it is empty."});
  Slots& s = bytearray_type.slots;
  s.new_ = bytearray_new;
  s.init = bytearray_init;
  s.repr = bytearray_repr;
  s.str = bytearray_repr;
  s.hash = hash_not_implemented;
  s.compare = bytes_compare;
  s.iter = bytearray_iter;
  s.length = bytearray_length;
  s.getitem = bytes_getitem;
  s.setitem = bytearray_setitem;
  s.contains = bytes_contains;
  s.concat = bytes_concat;
  s.repeat = bytes_repeat;
  s.inplace_concat = bytearray_inplace_concat;
  s.inplace_repeat = bytearray_inplace_repeat;
  s.remainder = bytearray_remainder;
  bytearray_type.methods = kByteArrayMethods;
  bytearray_type.dealloc = bytearray_dealloc;
  bytearray_type.buffer = bytearray_buffer;
  ready_type(bytearray_type);
}

void init_bytearray_iterator_type() {
  Type& t = bytearray_iterator_type;
  define_type(t, {.name = "bytearray_iterator", .size = sizeof(ByteArrayIterator), .flags = Type::kNoInstances});
  t.slots.iter = self_iter;
  t.slots.next = bytearray_iterator_next;
  t.methods = kByteArrayIteratorMethods;
  t.dealloc = bytearray_iterator_dealloc;
  ready_type(t);
}

}  // namespace hiss
