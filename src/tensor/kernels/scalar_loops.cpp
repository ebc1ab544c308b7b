// Loops without a vector form: integers, comparisons, and functions that come from libm one element at a time.
#include <cmath>
#include <limits>
#include <type_traits>

#include "tensor/kernels/simd_loops.h"

namespace hiss::engine {
namespace {

double digamma_of(double x) {
  if (x == 0) return std::copysign(std::numeric_limits<double>::infinity(), -x);
  double result = 0;
  if (x < 0) {
    if (x == std::floor(x)) return std::numeric_limits<double>::quiet_NaN();
    // Reflection: psi(1 - x) - pi / tan(pi x).
    return digamma_of(1 - x) - M_PI / std::tan(M_PI * (x - std::floor(x)));
  }
  while (x < 10) {
    result -= 1 / x;
    x += 1;
  }
  const double y = 1 / (x * x);
  return result + std::log(x) - 0.5 / x -
         y * (1.0 / 12 -
              y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * (691.0 / 32760 - y / 12))))));
}

double erfinv_of(double y) {
  if (!(std::abs(y) <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (std::abs(y) == 1) return std::copysign(std::numeric_limits<double>::infinity(), y);
  // Giles' starting point, then Newton to full precision.
  const double w = -std::log((1 - y) * (1 + y));
  double x = y * (w < 5 ? 0.886226925 + 0.05 * w : std::sqrt(w) - 0.3);
  if (w >= 5) x = std::copysign(std::sqrt(w) - 0.3 + 0.02 * w / (w + 10), y);
  for (int i = 0; i < 8; ++i) {
    const double error =
        (std::abs(y) > 0.5 ? std::copysign(std::erfc(std::abs(x)) - (1 - std::abs(y)), -1.0) *
                                 (std::erfc(std::abs(x)) > (1 - std::abs(y)) ? 1 : -1) * (y < 0 ? -1 : 1)
                           : std::erf(x) - y);
    const double step = error / (1.1283791670955126 * std::exp(-x * x));
    x -= step / (1 + x * step);
    if (std::abs(step) < 1e-16 * std::abs(x)) break;
  }
  return x;
}

template <typename T, typename R, class Op>
void map1(void* out, const void* const* in, size_t count, Op op) {
  const T* a = static_cast<const T*>(in[0]);
  R* result = static_cast<R*>(out);
  for (size_t i = 0; i < count; ++i) result[i] = op(a[i]);
}
template <typename T, typename R, class Op>
void map2(void* out, const void* const* in, size_t count, Op op) {
  const T* a = static_cast<const T*>(in[0]);
  const T* b = static_cast<const T*>(in[1]);
  R* result = static_cast<R*>(out);
  for (size_t i = 0; i < count; ++i) result[i] = op(a[i], b[i]);
}

#define HISS_MAP1(R, EXPRESSION)                                                 \
  return [](void* out, const void* const* in, size_t n, const double*) {         \
    map1<T, R>(out, in, n, [](T x) -> R { return static_cast<R>(EXPRESSION); }); \
  }
#define HISS_MAP2(R, EXPRESSION)                                                       \
  return [](void* out, const void* const* in, size_t n, const double* p) {             \
    static_cast<void>(p);                                                              \
    map2<T, R>(out, in, n, [=](T a, T b) -> R { return static_cast<R>(EXPRESSION); }); \
  }

template <typename T>
Loop float_unary(Unary op) {
  switch (op) {
    case Unary::Sin:
      HISS_MAP1(T, std::sin(x));
    case Unary::Cos:
      HISS_MAP1(T, std::cos(x));
    case Unary::Exp2:
      HISS_MAP1(T, std::exp2(x));
    case Unary::Expm1:
      HISS_MAP1(T, std::expm1(x));
    case Unary::Log2:
      HISS_MAP1(T, std::log2(x));
    case Unary::Log10:
      HISS_MAP1(T, std::log10(x));
    case Unary::Log1p:
      HISS_MAP1(T, std::log1p(x));
    case Unary::Sinh:
      HISS_MAP1(T, std::sinh(x));
    case Unary::Atan:
      HISS_MAP1(T, std::atan(x));
    case Unary::Asinh:
      HISS_MAP1(T, std::asinh(x));
    case Unary::Acosh:
      HISS_MAP1(T, std::acosh(x));
    case Unary::Atanh:
      HISS_MAP1(T, std::atanh(x));
    case Unary::Asin:
      HISS_MAP1(T, std::asin(x));
    case Unary::Acos:
      HISS_MAP1(T, std::acos(x));
    case Unary::Erf:
      HISS_MAP1(T, std::erf(x));
    case Unary::Tan:
      HISS_MAP1(T, std::tan(x));
    case Unary::Cosh:
      HISS_MAP1(T, std::cosh(x));
    case Unary::Erfc:
      HISS_MAP1(T, std::erfc(x));
    case Unary::Erfinv:
      HISS_MAP1(T, erfinv_of(x));
    case Unary::Lgamma:
      HISS_MAP1(T, std::lgamma(x));
    case Unary::Digamma:
      HISS_MAP1(T, digamma_of(x));
    case Unary::LogicalNot:
      HISS_MAP1(uint8_t, x == 0);
    case Unary::IsNan:
      HISS_MAP1(uint8_t, x != x);
    case Unary::IsInf:
      HISS_MAP1(uint8_t, std::abs(x) == std::numeric_limits<T>::infinity());
    case Unary::IsFinite:
      HISS_MAP1(uint8_t, std::abs(x) < std::numeric_limits<T>::infinity());
    default:
      return nullptr;
  }
}

template <typename T>
Loop integer_unary(Unary op) {
  switch (op) {
    case Unary::Neg:
      HISS_MAP1(T, T(0) - x);
    case Unary::Abs:
      HISS_MAP1(T, x < 0 ? T(0) - x : x);
    case Unary::Square:
      HISS_MAP1(T, x * x);
    case Unary::Relu:
      HISS_MAP1(T, x < 0 ? T(0) : x);
    case Unary::Sign:
      HISS_MAP1(T, (x > 0) - (x < 0));
    case Unary::Floor:
    case Unary::Ceil:
    case Unary::Trunc:
    case Unary::Round:
      HISS_MAP1(T, x);
    case Unary::BitwiseNot:
      if constexpr (std::is_same_v<T, uint8_t>) HISS_MAP1(T, x == 0);
      HISS_MAP1(T, ~x);
    case Unary::LogicalNot:
      HISS_MAP1(uint8_t, x == 0);
    case Unary::IsNan:
    case Unary::IsInf:
      HISS_MAP1(uint8_t, x != x);
    case Unary::IsFinite:
      HISS_MAP1(uint8_t, x == x);
    default:
      return nullptr;
  }
}

template <typename T>
T floor_divide(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) throw Error(ErrorKind::Runtime, "ZeroDivisionError");
    if (b == -1) return T(0) - a;
    const T quotient = a / b;
    return (a % b != 0 && ((a < 0) != (b < 0))) ? quotient - 1 : quotient;
  } else {
    if (b == 0) return a / b;
    T mod = std::fmod(a, b);
    T quotient = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0)) quotient -= 1;
    if (quotient == 0) return std::copysign(T(0), a / b);
    T floored = std::floor(quotient);
    if (quotient - floored > T(0.5)) floored += 1;
    return floored;
  }
}

template <typename T>
T python_remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) throw Error(ErrorKind::Runtime, "ZeroDivisionError");
    if (b == -1) return 0;
    const T mod = a % b;
    return mod != 0 && ((mod < 0) != (b < 0)) ? mod + b : mod;
  } else {
    const T mod = std::fmod(a, b);
    return mod != 0 && ((mod < 0) != (b < 0)) ? mod + b : mod;
  }
}

template <typename T>
T integer_pow(T base, T exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1, factor = static_cast<uint64_t>(base);
  for (auto e = static_cast<uint64_t>(exponent); e; e >>= 1) {
    if (e & 1) result *= factor;
    factor *= factor;
  }
  return static_cast<T>(result);
}

template <typename T>
T checked_truncated_divide(T a, T b) {
  if (b == 0) throw Error(ErrorKind::Runtime, "ZeroDivisionError");
  return b == -1 ? T(0) - a : a / b;
}

template <typename T>
T float_pow(T a, T b) {
  if (b == 2) return a * a;
  if (b == 1) return a;
  if (b == T(0.5)) return std::sqrt(a);
  if (b == 3) return a * a * a;
  if (b == -1) return 1 / a;
  if (b == -2) return 1 / (a * a);
  if (b == T(-0.5)) return 1 / std::sqrt(a);
  return std::pow(a, b);
}

template <typename T>
Loop comparison(Binary op) {
  switch (op) {
    case Binary::Eq:
      HISS_MAP2(uint8_t, a == b);
    case Binary::Ne:
      HISS_MAP2(uint8_t, a != b);
    case Binary::Lt:
      HISS_MAP2(uint8_t, a < b);
    case Binary::Le:
      HISS_MAP2(uint8_t, a <= b);
    case Binary::Gt:
      HISS_MAP2(uint8_t, a > b);
    case Binary::Ge:
      HISS_MAP2(uint8_t, a >= b);
    case Binary::LogicalAnd:
      HISS_MAP2(uint8_t, a != 0 && b != 0);
    case Binary::LogicalOr:
      HISS_MAP2(uint8_t, a != 0 || b != 0);
    case Binary::LogicalXor:
      HISS_MAP2(uint8_t, (a != 0) != (b != 0));
    default:
      return nullptr;
  }
}

template <typename T>
Loop float_binary(Binary op) {
  switch (op) {
    case Binary::FloorDiv:
      HISS_MAP2(T, floor_divide(a, b));
    case Binary::TruncDiv:
      HISS_MAP2(T, std::trunc(a / b));
    case Binary::Remainder:
      HISS_MAP2(T, python_remainder(a, b));
    case Binary::Fmod:
      HISS_MAP2(T, std::fmod(a, b));
    case Binary::Pow:
      HISS_MAP2(T, float_pow(a, b));
    case Binary::Atan2:
      HISS_MAP2(T, std::atan2(a, b));
    case Binary::Fmax:
      HISS_MAP2(T, std::fmax(a, b));
    case Binary::Fmin:
      HISS_MAP2(T, std::fmin(a, b));
    case Binary::Hypot:
      HISS_MAP2(T, std::hypot(a, b));
    case Binary::Copysign:
      HISS_MAP2(T, std::copysign(a, b));
    case Binary::Logaddexp:
      HISS_MAP2(T, a == b && std::isinf(a) ? a : std::max(a, b) + std::log1p(std::exp(-std::abs(a - b))));
    case Binary::Xlogy:
      HISS_MAP2(T, b != b ? b : a == 0 ? T(0) : a * std::log(b));
    default:
      return comparison<T>(op);
  }
}

// Python's rule for shifts by negative or too many bits would raise; PyTorch gives 0 or the sign, and so do we.
int64_t shift_left(int64_t a, int64_t b) {
  return b < 0 || b > 63 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << b);
}
int64_t shift_right(int64_t a, int64_t b) { return a >> (b < 0 || b > 63 ? 63 : b); }

template <typename T>
Loop integer_binary(Binary op) {
  switch (op) {
    case Binary::Add:
      if constexpr (std::is_same_v<T, uint8_t>) HISS_MAP2(T, a | b);
      HISS_MAP2(T, static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    case Binary::Sub:
      HISS_MAP2(T, static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
    case Binary::Mul:
      HISS_MAP2(T, static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    case Binary::AddScaled:
      HISS_MAP2(T, a + static_cast<T>(p[0]) * b);
    case Binary::Rsub:
      HISS_MAP2(T, b - static_cast<T>(p[0]) * a);
    case Binary::Maximum:
    case Binary::Fmax:
      HISS_MAP2(T, a > b ? a : b);
    case Binary::Minimum:
    case Binary::Fmin:
      HISS_MAP2(T, a < b ? a : b);
    case Binary::ThresholdBackward:
      HISS_MAP2(T, b > static_cast<T>(p[0]) ? a : T(0));
    case Binary::FloorDiv:
      HISS_MAP2(T, floor_divide<int64_t>(a, b));
    case Binary::TruncDiv:
      HISS_MAP2(T, checked_truncated_divide<int64_t>(a, b));
    case Binary::Remainder:
      HISS_MAP2(T, python_remainder<int64_t>(a, b));
    case Binary::Fmod:
      HISS_MAP2(T, (b == 0 ? throw Error(ErrorKind::Runtime, "ZeroDivisionError") : 0, b == -1 ? 0 : a % b));
    case Binary::Pow:
      HISS_MAP2(T, integer_pow<int64_t>(a, b));
    case Binary::And:
      HISS_MAP2(T, a & b);
    case Binary::Or:
      HISS_MAP2(T, a | b);
    case Binary::Xor:
      HISS_MAP2(T, a ^ b);
    case Binary::ShiftLeft:
      HISS_MAP2(T, shift_left(a, b));
    case Binary::ShiftRight:
      HISS_MAP2(T, shift_right(a, b));
    default:
      return comparison<T>(op);
  }
}

template <typename T>
Loop float_ternary(Ternary op) {
  switch (op) {
    case Ternary::Softplus:  // parameters: beta, threshold
      return [](void* out, const void* const* in, size_t n, const double* p) {
        map1<T, T>(out, in, n, [=](T x) {
          const T scaled = x * static_cast<T>(p[0]);
          return scaled > static_cast<T>(p[1]) ? x : std::log1p(std::exp(scaled)) / static_cast<T>(p[0]);
        });
      };
    case Ternary::SoftplusBackward:
      return [](void* out, const void* const* in, size_t n, const double* p) {
        map2<T, T>(out, in, n, [=](T gradient, T x) {
          const T scaled = x * static_cast<T>(p[0]);
          if (scaled > static_cast<T>(p[1])) return gradient;
          const T z = std::exp(scaled);
          return gradient * z / (z + 1);
        });
      };
    default:
      return nullptr;
  }
}

template <typename T>
Loop integer_ternary(Ternary op) {
  if (op == Ternary::Clamp) {
    return [](void* out, const void* const* in, size_t n, const double*) {
      const T *a = static_cast<const T*>(in[0]), *low = static_cast<const T*>(in[1]),
              *high = static_cast<const T*>(in[2]);
      for (size_t i = 0; i < n; ++i) static_cast<T*>(out)[i] = std::min(std::max(a[i], low[i]), high[i]);
    };
  }
  if (op == Ternary::Addcmul) {
    return [](void* out, const void* const* in, size_t n, const double* p) {
      const T *a = static_cast<const T*>(in[0]), *b = static_cast<const T*>(in[1]), *c = static_cast<const T*>(in[2]);
      for (size_t i = 0; i < n; ++i) static_cast<T*>(out)[i] = a[i] + static_cast<T>(p[0]) * b[i] * c[i];
    };
  }
  return nullptr;
}

template <typename T>
void select(void* out, const void* const* in, size_t n, const double*) {
  const auto* condition = static_cast<const uint8_t*>(in[0]);
  const T *a = static_cast<const T*>(in[1]), *b = static_cast<const T*>(in[2]);
  T* result = static_cast<T*>(out);
  for (size_t i = 0; i < n; ++i) result[i] = condition[i] ? a[i] : b[i];
}

}  // namespace

Loop unary_loop(Unary op, DType compute) {
  const auto index = static_cast<size_t>(op);
  switch (compute) {
    case DType::Float32: {
      const Loop vector = simd::unary_float32()[index];
      return vector ? vector : float_unary<float>(op);
    }
    case DType::Float64: {
      const Loop vector = simd::unary_float64()[index];
      return vector ? vector : float_unary<double>(op);
    }
    case DType::Int64:
      return integer_unary<int64_t>(op);
    default:
      return integer_unary<uint8_t>(op);
  }
}

Loop binary_loop(Binary op, DType compute) {
  const auto index = static_cast<size_t>(op);
  switch (compute) {
    case DType::Float32: {
      const Loop vector = simd::binary_float32()[index];
      return vector ? vector : float_binary<float>(op);
    }
    case DType::Float64: {
      const Loop vector = simd::binary_float64()[index];
      return vector ? vector : float_binary<double>(op);
    }
    case DType::Int64:
      return integer_binary<int64_t>(op);
    default:
      return integer_binary<uint8_t>(op);
  }
}

Loop ternary_loop(Ternary op, DType compute) {
  const auto index = static_cast<size_t>(op);
  switch (compute) {
    case DType::Float32: {
      const Loop vector = simd::ternary_float32()[index];
      return vector ? vector : float_ternary<float>(op);
    }
    case DType::Float64: {
      const Loop vector = simd::ternary_float64()[index];
      return vector ? vector : float_ternary<double>(op);
    }
    case DType::Int64:
      return integer_ternary<int64_t>(op);
    default:
      return nullptr;
  }
}

Loop select_loop(size_t size) {
  return dispatch_size(size, [](auto* tag) -> Loop { return select<std::remove_pointer_t<decltype(tag)>>; });
}

}  // namespace hiss::engine
