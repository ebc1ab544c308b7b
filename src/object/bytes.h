// bytes and bytearray.
#pragma once

#include <string_view>

#include "object/buffer.h"
#include "object/type.h"

namespace hiss {

/// Immutable; a zero byte follows the data.
struct Bytes : Object {
  static constexpr Layout kLayout = Layout::Bytes;
  int64_t length;
  mutable int64_t hash;  // -1: not computed yet
  uint8_t data[];

  std::string_view view() const { return {reinterpret_cast<const char*>(data), static_cast<size_t>(length)}; }
};

struct ByteArray : Object {
  static constexpr Layout kLayout = Layout::ByteArray;
  int64_t length;
  int64_t capacity;
  int64_t exports;  // buffers that look at the data: it may not be resized
  uint8_t* block;   // malloc
  uint8_t* data;    // within block: removing from the front only moves it
};

Bytes* allocate_bytes(int64_t length);
Ref make_bytes(const void* data, int64_t length);
inline Ref make_bytes(std::string_view text) { return make_bytes(text.data(), static_cast<int64_t>(text.size())); }
Ref make_bytearray(const void* data, int64_t length);
/// BufferError while a buffer is exported.
Status bytearray_resize(ByteArray* array, int64_t length);
/// bytes(v) for arguments that want bytes: __bytes__, buffers, iterables of ints.
Ref to_bytes_object(Value v);

}  // namespace hiss
