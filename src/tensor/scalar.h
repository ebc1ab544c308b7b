// A Python number on its way into a kernel: bool, int or float, remembered as what it was because promotion depends on
// it.
#pragma once

#include <cmath>
#include <cstdint>

#include "tensor/dtype.h"

namespace hiss::engine {

class Scalar {
 public:
  enum class Kind : uint8_t { Bool, Int, Float };

  Scalar() : Scalar(int64_t{0}) {}
  Scalar(bool value) : kind_(Kind::Bool) { integer_ = value; }
  Scalar(int value) : kind_(Kind::Int) { integer_ = value; }
  Scalar(int64_t value) : kind_(Kind::Int) { integer_ = value; }
  Scalar(uint64_t value) : kind_(Kind::Int) { integer_ = static_cast<int64_t>(value); }
  Scalar(float value) : kind_(Kind::Float) { real_ = value; }
  Scalar(double value) : kind_(Kind::Float) { real_ = value; }

  Kind kind() const { return kind_; }
  bool is_bool() const { return kind_ == Kind::Bool; }
  bool is_integral() const { return kind_ == Kind::Int; }
  bool is_floating() const { return kind_ == Kind::Float; }

  double to_double() const { return is_floating() ? real_ : static_cast<double>(integer_); }
  int64_t to_int() const { return is_floating() ? double_to_int(real_) : integer_; }
  bool to_bool() const { return is_floating() ? real_ != 0 : integer_ != 0; }
  template <typename T>
  T to() const {
    if constexpr (std::is_same_v<T, bool>) {
      return to_bool();
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(to_int());
    } else if constexpr (std::is_same_v<T, double>) {
      return to_double();
    } else if constexpr (std::is_same_v<T, float>) {
      return static_cast<float>(to_double());
    } else {
      return T(static_cast<float>(to_double()));
    }
  }
  bool equals(double value) const { return to_double() == value; }
  /// The type a tensor made from this number alone would have.
  DType dtype() const { return is_floating() ? default_dtype() : is_bool() ? DType::Bool : DType::Int64; }
  Scalar operator-() const { return is_floating() ? Scalar(-real_) : Scalar(-integer_); }

 private:
  // Out-of-range conversion is undefined in C++; x86 gives the smallest integer, and so do we.
  static int64_t double_to_int(double value) {
    if (!(value > -9.3e18 && value < 9.2233720368547748e18)) return INT64_MIN;
    return static_cast<int64_t>(value);
  }
  union {
    double real_;
    int64_t integer_;
  };
  Kind kind_;
};

}  // namespace hiss::engine
