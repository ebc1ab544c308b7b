// The buffer protocol: direct access to the bytes of bytes, bytearray, memoryview, array, tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "object/error.h"
#include "object/type.h"

namespace hiss {

/// Memory exported by an object. Type::buffer makes one; release_buffer ends it (the exporter counts its exports).
struct Buffer {
  uint8_t* data = nullptr;
  int64_t length = 0;  // in bytes
  int64_t item_size = 1;
  const char* format = "B";  // struct notation; lives as long as the exporter
  bool readonly = true;
  int ndim = 1;
  std::vector<int64_t> shape;    // in items; empty: one dimension of length / item_size items
  std::vector<int64_t> strides;  // in bytes; empty: C-contiguous
  Ref owner;                     // the exporter, kept alive
  void (*release)(Buffer&) = nullptr;

  bool contiguous() const;  // in C order
};

/// The bytes of an object; `writable`: BufferError / TypeError when they cannot be changed.
/// TypeError "a bytes-like object is required, not 'X'" when it exports none. Always C-contiguous (BufferError
/// otherwise).
Result<Buffer> get_buffer(Value object, bool writable = false);
/// The same, with any strides (memoryview).
Result<Buffer> get_strided_buffer(Value object, bool writable = false);
bool has_buffer(Value v);
void release_buffer(Buffer& buffer);

/// Releases on scope exit.
class BufferView {
 public:
  explicit BufferView(Buffer buffer) : buffer_(std::move(buffer)) {}
  BufferView(BufferView&& other) noexcept : buffer_(std::move(other.buffer_)) { other.buffer_.release = nullptr; }
  ~BufferView() { release_buffer(buffer_); }
  const uint8_t* data() const { return buffer_.data; }
  uint8_t* data() { return buffer_.data; }
  int64_t length() const { return buffer_.length; }
  const Buffer& get() const { return buffer_; }
  const Buffer* operator->() const { return &buffer_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(buffer_.data), static_cast<size_t>(buffer_.length)};
  }

 private:
  Buffer buffer_;
};

}  // namespace hiss
