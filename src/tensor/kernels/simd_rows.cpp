#include <cmath>
#include <limits>

#include "tensor/kernels/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/simd_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hiss::engine::HWY_NAMESPACE {

// Blocks short enough that a float sum inside loses little; blocks add up in double.
constexpr size_t kBlock = 4096;

/// Applies vector(i) to full vectors and scalar(i) to the rest.
template <typename T, class VectorBody, class ScalarBody>
HWY_INLINE void Each(size_t n, VectorBody vector, ScalarBody scalar) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) vector(i);
  for (; i < n; ++i) scalar(i);
}

/// Sum over i of the values that two bodies give, with four independent accumulators.
template <typename T, class VectorBody, class ScalarBody>
HWY_INLINE T SumOver(size_t n, VectorBody vector, ScalarBody scalar) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  double total = 0;
  size_t i = 0;
  while (i < n) {
    const size_t end = n - i > kBlock ? i + kBlock : n;
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      s0 = hn::Add(s0, vector(i));
      s1 = hn::Add(s1, vector(i + lanes));
      s2 = hn::Add(s2, vector(i + 2 * lanes));
      s3 = hn::Add(s3, vector(i + 3 * lanes));
    }
    for (; i + lanes <= end; i += lanes) s0 = hn::Add(s0, vector(i));
    s0 = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, s0)));
    for (; i < end; ++i) total += static_cast<double>(scalar(i));
  }
  return static_cast<T>(total);
}

template <typename T>
T Sum(const T* x, size_t n) {
  const hn::ScalableTag<T> d;
  return SumOver<T>(
      n, [=](size_t i) HWY_ATTR { return hn::LoadU(d, x + i); }, [=](size_t i) { return x[i]; });
}
template <typename T>
T Dot(const T* x, const T* y, size_t n) {
  const hn::ScalableTag<T> d;
  return SumOver<T>(
      n, [=](size_t i) HWY_ATTR { return hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, y + i)); },
      [=](size_t i) { return x[i] * y[i]; });
}
template <typename T>
T SumSquares(const T* x, size_t n) {
  return Dot(x, x, n);
}
template <typename T>
T SquaredDistance(const T* x, const T* y, size_t n) {
  const hn::ScalableTag<T> d;
  return SumOver<T>(
      n,
      [=](size_t i) HWY_ATTR {
        const auto v = hn::Sub(hn::LoadU(d, x + i), hn::LoadU(d, y + i));
        return hn::Mul(v, v);
      },
      [=](size_t i) { return (x[i] - y[i]) * (x[i] - y[i]); });
}

template <class V>
HWY_INLINE V MaxNan(V a, V b) {
  return hn::IfThenElse(hn::Or(hn::Gt(b, a), NotANumber(b)), b, a);
}
template <class V>
HWY_INLINE V MinNan(V a, V b) {
  return hn::IfThenElse(hn::Or(hn::Lt(b, a), NotANumber(b)), b, a);
}
template <typename T, bool Max>
T Extreme(const T* x, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  T result = x[0];
  size_t i = 0;
  if (n >= lanes) {
    auto total = hn::LoadU(d, x);
    for (i = lanes; i + lanes <= n; i += lanes) {
      total = Max ? MaxNan(total, hn::LoadU(d, x + i)) : MinNan(total, hn::LoadU(d, x + i));
    }
    HWY_ALIGN T parts[HWY_MAX_BYTES / sizeof(T)];
    hn::Store(total, d, parts);
    result = parts[0];
    for (size_t j = 1; j < lanes; ++j) {
      if ((Max ? parts[j] > result : parts[j] < result) || parts[j] != parts[j]) result = parts[j];
    }
  }
  for (; i < n; ++i) {
    if ((Max ? x[i] > result : x[i] < result) || x[i] != x[i]) result = x[i];
  }
  return result;
}
template <typename T>
void AddInto(T* total, const T* x, size_t n) {
  const hn::ScalableTag<T> d;
  Each<T>(
      n, [=](size_t i) HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, total + i), hn::LoadU(d, x + i)), d, total + i); },
      [=](size_t i) { total[i] += x[i]; });
}
template <typename T>
void Axpy(T* total, const T* x, size_t n, T alpha) {
  const hn::ScalableTag<T> d;
  const auto a = hn::Set(d, alpha);
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR { hn::StoreU(hn::MulAdd(a, hn::LoadU(d, x + i), hn::LoadU(d, total + i)), d, total + i); },
      [=](size_t i) { total[i] += alpha * x[i]; });
}
template <typename T, bool Max>
void ExtremeInto(T* total, const T* x, size_t n) {
  const hn::ScalableTag<T> d;
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR {
        const auto a = hn::LoadU(d, total + i), b = hn::LoadU(d, x + i);
        hn::StoreU(Max ? MaxNan(a, b) : MinNan(a, b), d, total + i);
      },
      [=](size_t i) {
        if ((Max ? x[i] > total[i] : x[i] < total[i]) || x[i] != x[i]) total[i] = x[i];
      });
}

/// out = exp(x - shift), and its sum.
template <typename T>
HWY_INLINE T ExpShifted(T* out, const T* x, size_t n, T shift, bool store) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const auto s = hn::Set(d, shift);
  auto sum = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto e = SafeExp(d, hn::Sub(hn::LoadU(d, x + i), s));
    sum = hn::Add(sum, e);
    if (store) hn::StoreU(e, d, out + i);
  }
  T total = hn::GetLane(hn::SumOfLanes(d, sum));
  if (i < n) {
    HWY_ALIGN T tail[HWY_MAX_BYTES / sizeof(T)] = {};
    for (size_t j = i; j < n; ++j) tail[j - i] = x[j] - shift;
    hn::Store(SafeExp(d, hn::Load(d, tail)), d, tail);
    for (size_t j = i; j < n; ++j) {
      if (store) out[j] = tail[j - i];
      total += tail[j - i];
    }
  }
  return total;
}

template <typename T>
void ScaleShift(T* out, const T* x, size_t n, T scale, T shift) {
  const hn::ScalableTag<T> d;
  const auto a = hn::Set(d, scale), b = hn::Set(d, shift);
  Each<T>(
      n, [=](size_t i) HWY_ATTR { hn::StoreU(hn::MulAdd(hn::LoadU(d, x + i), a, b), d, out + i); },
      [=](size_t i) { out[i] = x[i] * scale + shift; });
}

template <typename T>
void Softmax(T* out, const T* x, size_t n) {
  const T largest = Extreme<T, true>(x, n);
  // A row of -inf only has no distribution; NaN is what PyTorch gives too.
  const T total = ExpShifted(out, x, n, largest, true);
  ScaleShift(out, out, n, T(1) / total, T(0));
}
template <typename T>
void LogSoftmax(T* out, const T* x, size_t n) {
  const T largest = Extreme<T, true>(x, n);
  const T total = ExpShifted(out, x, n, largest, false);
  ScaleShift(out, x, n, T(1), -(largest + std::log(total)));
}
template <typename T>
void SoftmaxBackward(T* out, const T* g, const T* y, size_t n) {
  const hn::ScalableTag<T> d;
  const T total = Dot(g, y, n);
  const auto t = hn::Set(d, total);
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, y + i), hn::Sub(hn::LoadU(d, g + i), t)), d, out + i); },
      [=](size_t i) { out[i] = y[i] * (g[i] - total); });
}
template <typename T>
void LogSoftmaxBackward(T* out, const T* g, const T* y, size_t n) {
  const hn::ScalableTag<T> d;
  const T total = Sum(g, n);
  const auto t = hn::Set(d, total);
  Each<T>(
      n,
      [=](size_t i)
          HWY_ATTR { hn::StoreU(hn::NegMulAdd(SafeExp(d, hn::LoadU(d, y + i)), t, hn::LoadU(d, g + i)), d, out + i); },
      [=](size_t i) { out[i] = g[i] - std::exp(y[i]) * total; });
}
template <typename T>
void Moments(const T* x, size_t n, double* mean, double* m2) {
  const hn::ScalableTag<T> d;
  const T center = n ? static_cast<T>(static_cast<double>(Sum(x, n)) / static_cast<double>(n)) : T(0);
  const auto c = hn::Set(d, center);
  *m2 = static_cast<double>(SumOver<T>(
      n,
      [=](size_t i) HWY_ATTR {
        const auto v = hn::Sub(hn::LoadU(d, x + i), c);
        return hn::Mul(v, v);
      },
      [=](size_t i) { return (x[i] - center) * (x[i] - center); }));
  *mean = static_cast<double>(center);
}
template <typename T>
void Combine(T* out, const T* x, const T* y, size_t n, T a, T b, T c) {
  const hn::ScalableTag<T> d;
  const auto va = hn::Set(d, a), vb = hn::Set(d, b), vc = hn::Set(d, c);
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR {
        hn::StoreU(hn::MulAdd(va, hn::LoadU(d, x + i), hn::MulAdd(vb, hn::LoadU(d, y + i), vc)), d, out + i);
      },
      [=](size_t i) { out[i] = a * x[i] + b * y[i] + c; });
}
template <typename T>
void Normalize(T* out, const T* x, size_t n, T mean, T rstd, const T* w, const T* b) {
  const hn::ScalableTag<T> d;
  const auto m = hn::Set(d, mean), r = hn::Set(d, rstd);
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR {
        auto v = hn::Mul(hn::Sub(hn::LoadU(d, x + i), m), r);
        if (w) v = hn::Mul(v, hn::LoadU(d, w + i));
        if (b) v = hn::Add(v, hn::LoadU(d, b + i));
        hn::StoreU(v, d, out + i);
      },
      [=](size_t i) { out[i] = (x[i] - mean) * rstd * (w ? w[i] : T(1)) + (b ? b[i] : T(0)); });
}
template <typename T>
void NormalizeSums(const T* g, const T* x, size_t n, T mean, T rstd, const T* w, T* sums) {
  const hn::ScalableTag<T> d;
  const auto m = hn::Set(d, mean), r = hn::Set(d, rstd);
  const auto weighted = [=](size_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, g + i);
    return w ? hn::Mul(v, hn::LoadU(d, w + i)) : v;
  };
  const auto weighted_scalar = [=](size_t i) { return w ? g[i] * w[i] : g[i]; };
  sums[0] = SumOver<T>(n, weighted, weighted_scalar);
  sums[1] = SumOver<T>(
      n, [=](size_t i) HWY_ATTR { return hn::Mul(weighted(i), hn::Mul(hn::Sub(hn::LoadU(d, x + i), m), r)); },
      [=](size_t i) { return weighted_scalar(i) * (x[i] - mean) * rstd; });
}
template <typename T>
void NormalizeBackward(T* out, const T* g, const T* x, size_t n, T mean, T rstd, const T* w, T first, T second) {
  const hn::ScalableTag<T> d;
  const auto m = hn::Set(d, mean), r = hn::Set(d, rstd), f = hn::Set(d, first), s = hn::Set(d, second);
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR {
        auto v = hn::LoadU(d, g + i);
        if (w) v = hn::Mul(v, hn::LoadU(d, w + i));
        const auto hat = hn::Mul(hn::Sub(hn::LoadU(d, x + i), m), r);
        hn::StoreU(hn::Mul(r, hn::NegMulAdd(hat, s, hn::Sub(v, f))), d, out + i);
      },
      [=](size_t i) { out[i] = rstd * ((w ? g[i] * w[i] : g[i]) - first - (x[i] - mean) * rstd * second); });
}
template <typename T>
void NormalizeParameters(T* wt, T* bt, const T* g, const T* x, size_t n, T mean, T rstd) {
  const hn::ScalableTag<T> d;
  const auto m = hn::Set(d, mean), r = hn::Set(d, rstd);
  Each<T>(
      n,
      [=](size_t i) HWY_ATTR {
        const auto v = hn::LoadU(d, g + i);
        const auto hat = hn::Mul(hn::Sub(hn::LoadU(d, x + i), m), r);
        hn::StoreU(hn::MulAdd(v, hat, hn::LoadU(d, wt + i)), d, wt + i);
        hn::StoreU(hn::Add(v, hn::LoadU(d, bt + i)), d, bt + i);
      },
      [=](size_t i) {
        wt[i] += g[i] * (x[i] - mean) * rstd;
        bt[i] += g[i];
      });
}

template <typename T>
RowKernels<T> Table() {
  return {Sum<T>,
          SumSquares<T>,
          Dot<T>,
          Extreme<T, true>,
          Extreme<T, false>,
          AddInto<T>,
          ExtremeInto<T, true>,
          ExtremeInto<T, false>,
          Softmax<T>,
          LogSoftmax<T>,
          SoftmaxBackward<T>,
          LogSoftmaxBackward<T>,
          Moments<T>,
          ScaleShift<T>,
          Combine<T>,
          Normalize<T>,
          NormalizeSums<T>,
          NormalizeBackward<T>,
          NormalizeParameters<T>,
          Axpy<T>,
          SquaredDistance<T>};
}
RowKernels<float> RowsFloat32() { return Table<float>(); }
RowKernels<double> RowsFloat64() { return Table<double>(); }

}  // namespace hiss::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hiss::engine {
HWY_EXPORT(RowsFloat32);
HWY_EXPORT(RowsFloat64);
template <>
const RowKernels<float>& row_kernels<float>() {
  static const RowKernels<float> table = HWY_DYNAMIC_DISPATCH(RowsFloat32)();
  return table;
}
template <>
const RowKernels<double>& row_kernels<double>() {
  static const RowKernels<double> table = HWY_DYNAMIC_DISPATCH(RowsFloat64)();
  return table;
}
}  // namespace hiss::engine
#endif
