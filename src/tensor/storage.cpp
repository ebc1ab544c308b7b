#include "tensor/storage.h"

#include <algorithm>
#include <cstring>

#include "base/buffer_pool.h"
#include "base/error.h"

namespace hiss::engine {

Ref<Storage> Storage::allocate(int64_t bytes) {
  void* data = allocate_buffer(static_cast<size_t>(bytes));
  return Ref<Storage>(new Storage(data, bytes, nullptr, nullptr));
}

Ref<Storage> Storage::wrap(void* data, int64_t bytes, Deleter deleter, void* context) {
  return Ref<Storage>(new Storage(
      data, bytes, deleter ? deleter : [](void*) {}, context));
}

void Storage::resize(int64_t bytes) {
  if (deleter_) throw Error(ErrorKind::Runtime, "Trying to resize storage that is not resizable");
  void* data = allocate_buffer(static_cast<size_t>(bytes));
  std::memcpy(data, data_, static_cast<size_t>(std::min(bytes, bytes_)));
  free_buffer(data_, static_cast<size_t>(bytes_));
  data_ = data;
  bytes_ = bytes;
}

Storage::~Storage() {
  if (deleter_) {
    deleter_(context_);
  } else {
    free_buffer(data_, static_cast<size_t>(bytes_));
  }
}

}  // namespace hiss::engine
