// bytes: storage, construction, slots, iterator; what bytearray shares with it.
#include "object/bytes.h"
#include "memory/collector.h"

#include <cstring>

#include "object/bytes_internal.h"
#include "object/codecs_text.h"
#include "object/index.h"
#include "object/str_hash.h"
#include "object/str_search.h"

namespace hiss {

Type bytes_type, bytes_iterator_type;

namespace {
size_t bytes_extra(int64_t length) { return (static_cast<size_t>(length) + 1 + 7) & ~size_t{7}; }
Value latin1_bytes[256];
Value the_empty_bytes;

Bytes* allocate_bytes_of(Type* type, int64_t length) {
  Bytes* b = static_cast<Bytes*>(allocate(type, bytes_extra(length)));
  b->length = length;
  b->hash = -1;
  b->data[length] = 0;
  return b;
}
}  // namespace

size_t bytes_variable_size(const Object* bytes) { return bytes_extra(static_cast<const Bytes*>(bytes)->length); }

Bytes* allocate_bytes(int64_t length) { return allocate_bytes_of(&bytes_type, length); }

Ref make_bytes(const void* data, int64_t length) {
  if (length == 0) {
    if (!the_empty_bytes) the_empty_bytes = to_value(allocate_bytes(0));
    return Ref::share(the_empty_bytes);
  }
  if (length == 1) {
    const uint8_t c = *static_cast<const uint8_t*>(data);
    if (!latin1_bytes[c]) {
      Bytes* b = allocate_bytes(1);
      b->data[0] = c;
      latin1_bytes[c] = to_value(b);
    }
    return Ref::share(latin1_bytes[c]);
  }
  Bytes* b = allocate_bytes(length);
  memcpy(b->data, data, static_cast<size_t>(length));
  return Ref::steal(b);
}

Ref make_like(Value self, const void* data, int64_t length) {
  return is<Bytes>(self) ? make_bytes(data, length) : make_bytearray(data, length);
}

Ref same_or_copy(Value self) {
  if (is_exact(self, bytes_type)) return Ref::share(self);
  const ByteSpan s = span_of(self);
  return make_like(self, s.data, s.length);
}

Result<uint8_t> byte_value(Value v, const char* message) {
  const int64_t i = v.is_integer() ? v.integer() : TRY(clamped_index(v));
  if (i < 0 || i > 255) return fail(exc::ValueError, "{}", message);
  return static_cast<uint8_t>(i);
}

Result<std::string> collect_bytes(Value v, const char* type_name_text) {
  if (has_buffer(v)) {
    BufferView b(TRY(get_buffer(v)));
    return std::string(b.text());
  }
  const char* range_message =
      type_name_text[4] == 's' ? "bytes must be in range(0, 256)" : "byte must be in range(0, 256)";
  std::string out;
  if (is_exact(v, list_type) || is_exact(v, tuple_type)) {
    auto size = [&] { return is<List>(v) ? as<List>(v)->size : as<Tuple>(v)->size; };
    for (int64_t i = 0; i < size(); ++i) {
      Ref item = Ref::share(is<List>(v) ? as<List>(v)->items[i] : as<Tuple>(v)->items[i]);
      out += static_cast<char>(TRY(byte_value(item, range_message)));
    }
    return out;
  }
  if (is<Str>(v) || (!type_of(v)->slots.iter && !type_of(v)->slots.getitem)) {
    return fail(exc::TypeError, "cannot convert '{}' object to {}", type_name(v), type_name_text);
  }
  TRY(for_each(v, [&](Value item) -> Status {
    out += static_cast<char>(TRY(byte_value(item, range_message)));
    return kOk;
  }));
  return out;
}

Ref to_bytes_object(Value v) {
  if (is_exact(v, bytes_type)) return Ref::share(v);
  Ref special = TRY(call_special(v, names.__bytes__));
  if (special) {
    if (!is<Bytes>(special)) return fail(exc::TypeError, "__bytes__ returned non-bytes (type {})", type_name(special));
    return special;
  }
  return make_bytes(TRY(collect_bytes(v, "bytes")));
}

namespace {

Ref bytes_from_arguments(const Args& args) {
  Value source, encoding, errors;
  if (args.keyword_count() == 0 && args.count <= 1) {
    if (args.count) source = args[0];
  } else {
    Arguments bound("bytes", "(source=b'', encoding='utf-8', errors='strict')");
    TRY(bound.bind(args));
    source = bound[0];
    encoding = bound[1];
    errors = bound[2];
    TRY(check_codec_arguments("bytes", encoding, errors));
  }
  if (!source) {
    if (encoding || errors) {
      return fail(exc::TypeError, "{}",
                  encoding ? "encoding without a string argument" : "errors without a string argument");
    }
    return make_bytes("", 0);
  }
  if (encoding) {
    if (!is<Str>(source)) return fail(exc::TypeError, "encoding without a string argument");
    return encode_object(source, encoding, errors);
  }
  if (errors) {
    return fail(exc::TypeError, "{}",
                is<Str>(source) ? "string argument without an encoding" : "errors without a string argument");
  }
  Ref special = TRY(call_special(source, names.__bytes__));
  if (special) {
    if (!is<Bytes>(special)) return fail(exc::TypeError, "__bytes__ returned non-bytes (type {})", type_name(special));
    return special;
  }
  if (is<Str>(source)) return fail(exc::TypeError, "string argument without an encoding");
  if (has_index(source)) {
    Ref count = index(source);
    if (count.is_error()) {
      if (!pending_is(exc::TypeError)) return count;
      clear_pending();
    } else {
      const auto n = int_value(count);
      if (!n) return fail(exc::OverflowError, "cannot fit '{}' into an index-sized integer", type_name(source));
      if (*n < 0) return fail(exc::ValueError, "negative count");
      TRY(repeated_size(1, *n, 1));
      Bytes* b = allocate_bytes(*n);
      memset(b->data, 0, static_cast<size_t>(*n));
      return Ref::steal(b);
    }
  }
  return make_bytes(TRY(collect_bytes(source, "bytes")));
}

Ref bytes_new(Type* cls, const Args& args) {
  Ref plain = TRY(bytes_from_arguments(args));
  if (cls == &bytes_type) return plain;
  const Bytes* source = as<Bytes>(plain);
  Bytes* b = allocate_bytes_of(cls, source->length);
  memcpy(b->data, source->data, static_cast<size_t>(source->length));
  if (has_gc(b)) track(b);
  return Ref::steal(b);
}

void bytes_dealloc(Object* self) { free_object(self, bytes_variable_size(self)); }

Ref bytes_repr(Value self) { return bytes_repr_of(span_of(self), "b"); }
Result<int64_t> bytes_hash(Value self) {
  const Bytes* b = as<Bytes>(self);
  if (b->hash == -1) b->hash = hash_bytes(b->data, static_cast<size_t>(b->length));
  return b->hash;
}
Result<int64_t> bytes_length(Value self) { return as<Bytes>(self)->length; }
Ref bytes_remainder(Value left, Value right) {
  if (!is<Bytes>(left)) return Ref::not_implemented();
  return bytes_percent(left, right);
}

Result<Buffer> bytes_buffer(Value self, bool writable) {
  if (writable) return fail(exc::BufferError, "Object is not writable.");
  Buffer b;
  b.data = as<Bytes>(self)->data;
  b.length = as<Bytes>(self)->length;
  b.owner = Ref::share(self);
  return b;
}

struct BytesIterator : Object {
  Value bytes;  // empty: exhausted
  int64_t index;
};
Ref bytes_iter(Value self) {
  auto* it = allocate_as<BytesIterator>(bytes_iterator_type);
  it->bytes = Ref::share(self).release();
  it->index = 0;
  return Ref::steal(it);
}
Ref bytes_iterator_next(Value self) {
  auto* it = as<BytesIterator>(self);
  if (!it->bytes) return Ref::empty();
  const Bytes* b = as<Bytes>(it->bytes);
  if (it->index < b->length) return make_int(int64_t{b->data[it->index++]});
  clear_field(it->bytes);
  return Ref::empty();
}
void bytes_iterator_dealloc(Object* self) {
  release(static_cast<BytesIterator*>(self)->bytes);
  free_object(self);
}
Ref bytes_iterator_length_hint(Value self, const Value*) {
  auto* it = as<BytesIterator>(self);
  return make_int(it->bytes ? as<Bytes>(it->bytes)->length - it->index : 0);
}
Ref bytes_iterator_reduce(Value self, const Value*) {
  auto* it = as<BytesIterator>(self);
  Ref nothing = empty_tuple();
  return reduce_iterator(it->bytes, it->index, "iter", nothing);
}
Ref bytes_iterator_setstate(Value self, const Value* args) {
  auto* it = as<BytesIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->bytes) it->index = std::max<int64_t>(0, std::min(i, as<Bytes>(it->bytes)->length));
  return Ref::none();
}
const NativeDef kBytesIteratorMethods[] = {
    {"__length_hint__", "($self, /)", bytes_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", bytes_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", bytes_iterator_setstate, kSetStateDoc},
    {}};

}  // namespace

Ref bytes_repr_of(ByteSpan s, const char* prefix) {
  bool single = false, double_quote = false;
  for (int64_t i = 0; i < s.length; ++i) {
    single |= s.data[i] == '\'';
    double_quote |= s.data[i] == '"';
  }
  const char quote = single && !double_quote ? '"' : '\'';
  std::string out = prefix;
  out += quote;
  for (int64_t i = 0; i < s.length; ++i) {
    const uint8_t c = s.data[i];
    if (c == quote || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < ' ' || c >= 0x7f) {
      const char* hex = "0123456789abcdef";
      out += "\\x";
      out += hex[c >> 4];
      out += hex[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  out += quote;
  return make_str_ascii(out);
}

Ref bytes_getitem(Value self, Value key) {
  const char* name = is<Bytes>(self) ? "byte" : "bytearray";
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    const ByteSpan s = span_of(self);
    if (i < 0) i += s.length;
    if (i < 0 || i >= s.length)
      return fail(exc::IndexError, "{} out of range", is<Bytes>(self) ? "index" : "bytearray index");
    return make_int(int64_t{s.data[i]});
  }
  if (is<Slice>(key)) {
    const SliceFields fields = TRY(slice_fields(as<Slice>(key)));
    const ByteSpan s = span_of(self);
    const SliceBounds b = fields.bounds(s.length);
    if (b.step == 1) {
      if (b.length == s.length && is_exact(self, bytes_type)) return Ref::share(self);
      return make_like(self, s.data + b.start, b.length);
    }
    std::string out;
    for (int64_t n = 0, i = b.start; n < b.length; ++n, i = stepped(i, b.step)) out += static_cast<char>(s.data[i]);
    return make_like(self, out);
  }
  return fail(exc::TypeError, "{} indices must be integers or slices, not {}", name, type_name(key));
}

Ref bytes_compare(Value self, Value other, CompareOp op) {
  if (!is_bytes_or_bytearray(self) || !has_buffer(other)) return Ref::not_implemented();
  if (is<Bytes>(self) && !is_bytes_or_bytearray(other)) return Ref::not_implemented();
  BufferView a(TRY(get_buffer(self))), b(TRY(get_buffer(other)));
  const std::string_view x = a.text(), y = b.text();
  switch (op) {
    case CompareOp::Lt:
      return Ref::boolean(x < y);
    case CompareOp::Le:
      return Ref::boolean(x <= y);
    case CompareOp::Eq:
      return Ref::boolean(x == y);
    case CompareOp::Ne:
      return Ref::boolean(x != y);
    case CompareOp::Gt:
      return Ref::boolean(x > y);
    default:
      return Ref::boolean(x >= y);
  }
}

Result<bool> bytes_contains(Value self, Value item) {
  const ByteSpan s = span_of(self);
  if (has_index(item)) {
    const uint8_t c = TRY(byte_value(item));
    return s.length > 0 && memchr(s.data, c, static_cast<size_t>(s.length)) != nullptr;
  }
  BufferView needle(TRY(get_buffer(item)));
  return find_units(s.data, needle.data(), needle.length(), 0, s.length) >= 0;
}

Ref bytes_concat(Value self, Value other) {
  if (!has_buffer(other)) {
    return fail(exc::TypeError, "can't concat {} to {}", type_name(other), type_name(self));
  }
  BufferView b(TRY(get_buffer(other)));
  const ByteSpan a = span_of(self);
  if (a.length == 0 && is_exact(self, bytes_type) && is_exact(other, bytes_type)) return Ref::share(other);
  if (b.length() == 0 && is_exact(self, bytes_type)) return Ref::share(self);
  Ref r = make_like(self, std::string_view());
  uint8_t* target;
  if (is<Bytes>(self)) {
    Bytes* joined = allocate_bytes(a.length + b.length());
    r = Ref::steal(joined);
    target = joined->data;
  } else {
    TRY(bytearray_resize(as<ByteArray>(r), a.length + b.length()));
    target = as<ByteArray>(r)->data;
  }
  if (a.length) memcpy(target, a.data, static_cast<size_t>(a.length));
  if (b.length()) memcpy(target + a.length, b.data(), static_cast<size_t>(b.length()));
  return r;
}

Ref bytes_repeat(Value self, int64_t count) {
  const ByteSpan s = span_of(self);
  if (count == 1 && is_exact(self, bytes_type)) return Ref::share(self);
  const int64_t length = TRY(repeated_size(s.length, count, 1));
  if (length == 0) return make_like(self, std::string_view());
  Ref r;
  uint8_t* p;
  if (is<Bytes>(self)) {
    r = Ref::steal(allocate_bytes(length));
    p = as<Bytes>(r)->data;
  } else {
    r = make_bytearray(nullptr, 0);
    TRY(bytearray_resize(as<ByteArray>(r), length));
    p = as<ByteArray>(r)->data;
  }
  if (s.length == 1) {
    memset(p, s.data[0], static_cast<size_t>(length));
  } else {
    for (int64_t at = 0; at < length; at += s.length) memcpy(p + at, s.data, static_cast<size_t>(s.length));
  }
  return r;
}

void init_bytes_type() {
  define_type(bytes_type,
              {.name = "bytes",
               .size = sizeof(Bytes),
               .layout = Layout::Bytes,
               .flags = Type::kOwnsNothing | Type::kBaseType | Type::kVariableSize | Type::kMatchSelf,
               .doc = "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> "
                      "bytes\nbytes(bytes_or_buffer) -> bytes\nbytes(size) -> bytes\nbytes() -> bytes\n\nAn immutable "
                      "array of integers from 0 to 255. The argument is the values, text to encode,\nan object whose "
                      "buffer is copied, or how many zeros to hold; without one it is empty."});
  Slots& s = bytes_type.slots;
  s.new_ = bytes_new;
  s.repr = bytes_repr;
  s.hash = bytes_hash;
  s.compare = bytes_compare;
  s.iter = bytes_iter;
  s.length = bytes_length;
  s.getitem = bytes_getitem;
  s.contains = bytes_contains;
  s.concat = bytes_concat;
  s.repeat = bytes_repeat;
  s.remainder = bytes_remainder;
  bytes_type.methods = kBytesMethods;
  bytes_type.dealloc = bytes_dealloc;
  bytes_type.buffer = bytes_buffer;
  ready_type(bytes_type);
}

void init_bytes_iterator_type() {
  Type& t = bytes_iterator_type;
  define_type(t, {.name = "bytes_iterator", .size = sizeof(BytesIterator), .flags = Type::kNoInstances});
  t.slots.iter = self_iter;
  t.slots.next = bytes_iterator_next;
  t.methods = kBytesIteratorMethods;
  t.dealloc = bytes_iterator_dealloc;
  ready_type(t);
}

}  // namespace hiss
