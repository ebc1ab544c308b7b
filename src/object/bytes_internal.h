// What the files of bytes and bytearray need of each other.
#pragma once

#include <string>

#include "object/bytes.h"
#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

/// The data of a bytes or bytearray receiver.
struct ByteSpan {
  uint8_t* data;
  int64_t length;
  std::string_view view() const { return {reinterpret_cast<const char*>(data), static_cast<size_t>(length)}; }
};
inline ByteSpan span_of(Value v) {
  if (is<Bytes>(v)) return {as<Bytes>(v)->data, as<Bytes>(v)->length};
  return {as<ByteArray>(v)->data, as<ByteArray>(v)->length};
}
inline bool is_bytes_or_bytearray(Value v) { return is<Bytes>(v) || is<ByteArray>(v); }
/// New bytes or bytearray, as the receiver is.
Ref make_like(Value self, const void* data, int64_t length);
inline Ref make_like(Value self, std::string_view data) {
  return make_like(self, data.data(), static_cast<int64_t>(data.size()));
}
/// The receiver itself when it is exactly bytes, else a copy.
Ref same_or_copy(Value self);
/// An int argument that must be a byte. `what`: "byte" or "bytes".
Result<uint8_t> byte_value(Value v, const char* message = "byte must be in range(0, 256)");
/// The items that bytes(x) and bytearray(x) collect from a buffer or an iterable.
Result<std::string> collect_bytes(Value v, const char* type_name);

Ref bytes_repr_of(ByteSpan s, const char* prefix);
Ref bytes_getitem(Value self, Value key);
Ref bytes_compare(Value self, Value other, CompareOp op);
Result<bool> bytes_contains(Value self, Value item);
Ref bytes_concat(Value self, Value other);
Ref bytes_repeat(Value self, int64_t count);
Ref bytes_percent(Value self, Value values);
Ref make_bytes_exact(Value self);
/// Hexadecimal digits with an optional separator every `group_size` bytes.
Ref hex_text(const uint8_t* data, int64_t length, Value separator, Value group_size);
#define HISS_BYTEARRAY_METHOD(name) Ref bytearray_##name(Value self, const Value* args);
HISS_BYTEARRAY_METHOD(alloc)
HISS_BYTEARRAY_METHOD(reduce)
HISS_BYTEARRAY_METHOD(reduce_ex)
HISS_BYTEARRAY_METHOD(sizeof)
HISS_BYTEARRAY_METHOD(append)
HISS_BYTEARRAY_METHOD(clear)
HISS_BYTEARRAY_METHOD(copy)
HISS_BYTEARRAY_METHOD(extend)
HISS_BYTEARRAY_METHOD(insert)
HISS_BYTEARRAY_METHOD(pop)
HISS_BYTEARRAY_METHOD(remove)
HISS_BYTEARRAY_METHOD(reverse)
#undef HISS_BYTEARRAY_METHOD
extern const NativeDef kBytesMethods[];
extern const NativeDef kByteArrayMethods[];

}  // namespace hiss
