// Element types and their properties.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/error.h"

namespace hiss::engine {

enum class DType : uint8_t { UInt8, Int8, Int16, Int32, Int64, Float16, Float32, Float64, Bool, BFloat16 };
inline constexpr int kDTypeCount = 10;

/// IEEE half precision as stored; arithmetic happens in float.
struct Half {
  uint16_t bits;
  Half() = default;
  explicit Half(float value);
  operator float() const;
};

/// The upper half of a float; rounding is to nearest even.
struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  explicit BFloat16(float value) {
    const auto word = std::bit_cast<uint32_t>(value);
    if ((word & 0x7fffffffu) > 0x7f800000u) {
      bits = 0x7fc0;
    } else {
      bits = static_cast<uint16_t>((word + 0x7fffu + ((word >> 16) & 1)) >> 16);
    }
  }
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

inline Half::Half(float value) {
  const auto word = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (word >> 16) & 0x8000u;
  const uint32_t magnitude = word & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    bits = static_cast<uint16_t>(sign | 0x7e00u);
  } else if (magnitude >= 0x47800000u) {  // 65536 and above overflow; 65520..65536 round up below.
    bits = static_cast<uint16_t>(sign | 0x7c00u);
  } else if (magnitude < 0x38800000u) {  // Subnormal: adding 0.5 aligns the mantissa and rounds it in hardware.
    const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
    bits = static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - 0x3f000000u));
  } else {
    const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1) - 0x38000000u;
    bits = static_cast<uint16_t>(sign | (rounded >> 13));
  }
}

inline Half::operator float() const {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  if (magnitude < 0x400u) {
    const float value = static_cast<float>(magnitude) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
}

constexpr size_t item_size(DType dtype) {
  constexpr uint8_t sizes[] = {1, 1, 2, 4, 8, 2, 4, 8, 1, 2};
  return sizes[static_cast<int>(dtype)];
}
constexpr bool is_floating(DType dtype) {
  return dtype == DType::Float32 || dtype == DType::Float64 || dtype == DType::Float16 || dtype == DType::BFloat16;
}
constexpr bool is_integral(DType dtype, bool include_bool = false) {
  return dtype <= DType::Int64 || (include_bool && dtype == DType::Bool);
}
constexpr bool is_reduced_float(DType dtype) { return dtype == DType::Float16 || dtype == DType::BFloat16; }

/// "float32": the name after "torch.".
std::string_view dtype_name(DType dtype);
/// "Float": the name PyTorch's messages use.
std::string_view dtype_label(DType dtype);

DType promote_types(DType a, DType b);
/// True when a result of type `from` may be written into a tensor of type `to`.
bool can_cast(DType from, DType to);

DType default_dtype();
void set_default_dtype(DType dtype);

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::UInt8;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::Int8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::Int16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::Int32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::Int64;
};
template <>
struct DTypeOf<Half> {
  static constexpr DType value = DType::Float16;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::Float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::Float64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::BFloat16;
};

/// Calls body with a null pointer of the element type: dispatch(dtype, [&](auto* tag) { using T = ...; }).
template <typename Body>
decltype(auto) dispatch_all(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::UInt8:
      return body(static_cast<uint8_t*>(nullptr));
    case DType::Int8:
      return body(static_cast<int8_t*>(nullptr));
    case DType::Int16:
      return body(static_cast<int16_t*>(nullptr));
    case DType::Int32:
      return body(static_cast<int32_t*>(nullptr));
    case DType::Int64:
      return body(static_cast<int64_t*>(nullptr));
    case DType::Float16:
      return body(static_cast<Half*>(nullptr));
    case DType::Float32:
      return body(static_cast<float*>(nullptr));
    case DType::Float64:
      return body(static_cast<double*>(nullptr));
    case DType::Bool:
      return body(static_cast<bool*>(nullptr));
    case DType::BFloat16:
      return body(static_cast<BFloat16*>(nullptr));
  }
  __builtin_unreachable();
}

/// Dispatch by size only, for kernels that move elements without looking at them.
template <typename Body>
decltype(auto) dispatch_size(size_t size, Body&& body) {
  switch (size) {
    case 1:
      return body(static_cast<uint8_t*>(nullptr));
    case 2:
      return body(static_cast<uint16_t*>(nullptr));
    case 4:
      return body(static_cast<uint32_t*>(nullptr));
    default:
      return body(static_cast<uint64_t*>(nullptr));
  }
}

}  // namespace hiss::engine
