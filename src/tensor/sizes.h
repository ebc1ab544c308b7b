// Short lists of integers: shapes, strides, dimension lists. No heap up to six entries.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hiss::engine {

class IntList;

class Sizes {
 public:
  Sizes() = default;
  explicit Sizes(size_t count, int64_t value = 0) { assign(count, value); }
  Sizes(std::initializer_list<int64_t> values) { assign(values.begin(), values.size()); }
  Sizes(const int64_t* values, size_t count) { assign(values, count); }
  inline Sizes(IntList list);
  Sizes(const Sizes& other) { assign(other.data(), other.size()); }
  Sizes(Sizes&& other) noexcept { steal(other); }
  Sizes& operator=(const Sizes& other) {
    if (this != &other) assign(other.data(), other.size());
    return *this;
  }
  Sizes& operator=(Sizes&& other) noexcept {
    if (this != &other) {
      release();
      steal(other);
    }
    return *this;
  }
  ~Sizes() { release(); }

  size_t size() const { return size_; }
  int dim() const { return static_cast<int>(size_); }
  bool empty() const { return size_ == 0; }
  int64_t* data() { return heap_ ? heap_ : inline_; }
  const int64_t* data() const { return heap_ ? heap_ : inline_; }
  int64_t& operator[](size_t i) { return data()[i]; }
  int64_t operator[](size_t i) const { return data()[i]; }
  int64_t* begin() { return data(); }
  int64_t* end() { return data() + size_; }
  const int64_t* begin() const { return data(); }
  const int64_t* end() const { return data() + size_; }
  int64_t& back() { return data()[size_ - 1]; }
  int64_t back() const { return data()[size_ - 1]; }
  int64_t front() const { return data()[0]; }
  void clear() { size_ = 0; }

  void push_back(int64_t value) {
    reserve(size_ + 1);
    data()[size_++] = value;
  }
  void insert(size_t position, int64_t value) {
    push_back(value);
    std::rotate(begin() + position, end() - 1, end());
  }
  void erase(size_t position) {
    std::copy(begin() + position + 1, end(), begin() + position);
    --size_;
  }
  void resize(size_t count, int64_t value = 0) {
    reserve(count);
    for (size_t i = size_; i < count; ++i) data()[i] = value;
    size_ = static_cast<uint32_t>(count);
  }
  void assign(size_t count, int64_t value) {
    size_ = 0;
    resize(count, value);
  }
  void assign(const int64_t* values, size_t count) {
    reserve(count);
    int64_t* out = data();
    for (size_t i = 0; i < count; ++i) out[i] = values[i];
    size_ = static_cast<uint32_t>(count);
  }
  bool operator==(const Sizes& other) const {
    if (size_ != other.size_) return false;
    const int64_t *a = data(), *b = other.data();
    for (uint32_t i = 0; i < size_; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }

 private:
  void reserve(size_t count) {
    if (count <= capacity_) return;
    const size_t capacity = std::max<size_t>(count, capacity_ * 2);
    auto* bigger = new int64_t[capacity];
    std::copy(begin(), end(), bigger);
    delete[] heap_;
    heap_ = bigger;
    capacity_ = static_cast<uint32_t>(capacity);
  }
  void release() {
    delete[] heap_;
    heap_ = nullptr;
    capacity_ = 6;
    size_ = 0;
  }
  void steal(Sizes& other) {
    heap_ = other.heap_;
    size_ = other.size_;
    capacity_ = other.capacity_;
    if (!heap_) std::copy(other.inline_, other.inline_ + size_, inline_);
    other.heap_ = nullptr;
    other.capacity_ = 6;
    other.size_ = 0;
  }
  uint32_t size_ = 0;
  uint32_t capacity_ = 6;
  int64_t* heap_ = nullptr;
  int64_t inline_[6];
};

/// A borrowed list of integers, for parameters.
class IntList {
 public:
  IntList() = default;
  IntList(const Sizes& sizes) : data_(sizes.data()), size_(sizes.size()) {}
  IntList(const std::vector<int64_t>& values) : data_(values.data()), size_(values.size()) {}
  IntList(std::span<const int64_t> values) : data_(values.data()), size_(values.size()) {}
  // The list lives until the end of the full expression that makes the call, which is all a parameter needs.
  IntList(const std::initializer_list<int64_t>& values) : size_(values.size()) { data_ = values.begin(); }
  IntList(const int64_t* data, size_t size) : data_(data), size_(size) {}
  template <size_t N>
  IntList(const std::array<int64_t, N>& values) : data_(values.data()), size_(N) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t operator[](size_t i) const { return data_[i]; }
  const int64_t* data() const { return data_; }
  const int64_t* begin() const { return data_; }
  const int64_t* end() const { return data_ + size_; }
  int64_t back() const { return data_[size_ - 1]; }
  bool operator==(const IntList& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

 private:
  const int64_t* data_ = nullptr;
  size_t size_ = 0;
};

inline Sizes::Sizes(IntList list) { assign(list.data(), list.size()); }

using OptionalIntList = std::optional<IntList>;
using FloatList = std::span<const double>;

inline int64_t product(IntList sizes) {
  int64_t result = 1;
  for (int64_t size : sizes) result *= size;
  return result;
}
/// "[2, 3]": how messages show a shape.
std::string to_string(IntList sizes);
/// Strides of a dense row-major tensor.
Sizes contiguous_strides(IntList sizes);
/// Maps a dimension that may count from the end; IndexError in PyTorch's words when outside.
int64_t wrap_dim(int64_t dim, int64_t rank);

}  // namespace hiss::engine
