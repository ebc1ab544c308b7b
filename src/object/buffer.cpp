#include "object/buffer.h"

#include "object/protocol.h"

namespace hiss {

namespace {
BufferSlot slot_of(Value v) {
  for (Type* t = type_of(v); t; t = t->base) {
    if (t->buffer) return t->buffer;
  }
  return nullptr;
}
}  // namespace

bool has_buffer(Value v) { return slot_of(v) != nullptr; }

bool Buffer::contiguous() const {
  if (strides.empty()) return true;
  int64_t expected = item_size;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return true;
    if (shape[i] > 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

Result<Buffer> get_strided_buffer(Value object, bool writable) {
  BufferSlot slot = slot_of(object);
  if (!slot) {
    if (writable) return fail(exc::TypeError, "read-write bytes-like object expected, not {}", type_name(object));
    return fail(exc::TypeError, "a bytes-like object is required, not '{}'", type_name(object));
  }
  return slot(object, writable);
}

Result<Buffer> get_buffer(Value object, bool writable) {
  Buffer b = TRY(get_strided_buffer(object, writable));
  if (!b.contiguous()) {
    release_buffer(b);
    return fail(exc::BufferError, "memoryview: underlying buffer is not C-contiguous");
  }
  return b;
}

void release_buffer(Buffer& buffer) {
  if (auto release = buffer.release) {
    buffer.release = nullptr;
    release(buffer);
  }
  buffer.owner.reset();
}

}  // namespace hiss
