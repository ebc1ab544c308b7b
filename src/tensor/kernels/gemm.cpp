#include "tensor/kernels/gemm.h"

#include <algorithm>
#include <vector>

#include <dnnl.h>

#include "base/buffer_pool.h"
#include "base/error.h"
#include "tensor/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/gemm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hiss::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kDepth = 256;  // Rows of B packed at a time: the panel stays in the second-level cache.

/// Rows x 2 vectors of C, over `depth` steps. `b` is packed: depth rows of 2 * lanes.
template <typename T, int Rows>
HWY_INLINE void Tile(const T* a, int64_t row_step, int64_t depth_step, const T* b, int64_t depth, T* c, int64_t ldc,
                     int64_t columns, T alpha, T beta) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> low[Rows], high[Rows];
  for (int r = 0; r < Rows; ++r) low[r] = high[r] = hn::Zero(d);
  for (int64_t k = 0; k < depth; ++k) {
    const auto b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + lanes);
    b += 2 * lanes;
    const T* column = a + k * depth_step;
    for (int r = 0; r < Rows; ++r) {
      const auto x = hn::Set(d, column[r * row_step]);
      low[r] = hn::MulAdd(x, b0, low[r]);
      high[r] = hn::MulAdd(x, b1, high[r]);
    }
  }
  const auto scale = hn::Set(d, alpha);
  if (columns == 2 * lanes) {
    for (int r = 0; r < Rows; ++r) {
      T* out = c + r * ldc;
      auto v0 = hn::Mul(scale, low[r]), v1 = hn::Mul(scale, high[r]);
      if (beta != 0) {
        const auto s = hn::Set(d, beta);
        v0 = hn::MulAdd(s, hn::LoadU(d, out), v0);
        v1 = hn::MulAdd(s, hn::LoadU(d, out + lanes), v1);
      }
      hn::StoreU(v0, d, out);
      hn::StoreU(v1, d, out + lanes);
    }
    return;
  }
  HWY_ALIGN T edge[2 * HWY_MAX_BYTES / sizeof(T)];
  for (int r = 0; r < Rows; ++r) {
    hn::Store(hn::Mul(scale, low[r]), d, edge);
    hn::Store(hn::Mul(scale, high[r]), d, edge + lanes);
    T* out = c + r * ldc;
    for (int64_t j = 0; j < columns; ++j) out[j] = beta == 0 ? edge[j] : edge[j] + beta * out[j];
  }
}

template <typename T>
void Multiply(const GemmShape& s, T alpha, const T* a, const T* b, T beta, T* c, T* panel) {
  const hn::ScalableTag<T> d;
  const int64_t width = 2 * static_cast<int64_t>(hn::Lanes(d));
  const int64_t row_step = s.transpose_a ? 1 : s.lda, depth_step = s.transpose_a ? s.lda : 1;
  for (int64_t k0 = 0; k0 < s.k; k0 += kDepth) {
    const int64_t depth = std::min(kDepth, s.k - k0);
    const T rest = k0 == 0 ? beta : T(1);
    for (int64_t j0 = 0; j0 < s.n; j0 += width) {
      const int64_t columns = std::min(width, s.n - j0);
      T* to = panel;
      if (s.transpose_b) {
        for (int64_t j = 0; j < width; ++j) {
          const T* from = b + (j0 + j) * s.ldb + k0;
          for (int64_t k = 0; k < depth; ++k) to[k * width + j] = j < columns ? from[k] : T(0);
        }
      } else {
        for (int64_t k = 0; k < depth; ++k) {
          const T* from = b + (k0 + k) * s.ldb + j0;
          for (int64_t j = 0; j < columns; ++j) to[k * width + j] = from[j];
          for (int64_t j = columns; j < width; ++j) to[k * width + j] = T(0);
        }
      }
      const T* a0 = a + k0 * depth_step;
      T* c0 = c + j0;
      int64_t i = 0;
      constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;
      for (; i + kRows <= s.m; i += kRows) {
        Tile<T, kRows>(a0 + i * row_step, row_step, depth_step, panel, depth, c0 + i * s.ldc, s.ldc, columns, alpha,
                       rest);
      }
      for (; i + 4 <= s.m; i += 4) {
        Tile<T, 4>(a0 + i * row_step, row_step, depth_step, panel, depth, c0 + i * s.ldc, s.ldc, columns, alpha, rest);
      }
      for (; i < s.m; ++i) {
        Tile<T, 1>(a0 + i * row_step, row_step, depth_step, panel, depth, c0 + i * s.ldc, s.ldc, columns, alpha, rest);
      }
    }
  }
}

void MultiplyFloat32(const GemmShape& s, float alpha, const float* a, const float* b, float beta, float* c) {
  HWY_ALIGN float panel[kDepth * 2 * HWY_MAX_BYTES / sizeof(float)];
  Multiply<float>(s, alpha, a, b, beta, c, panel);
}
void MultiplyFloat64(const GemmShape& s, double alpha, const double* a, const double* b, double beta, double* c) {
  HWY_ALIGN double panel[kDepth * 2 * HWY_MAX_BYTES / sizeof(double)];
  Multiply<double>(s, alpha, a, b, beta, c, panel);
}

}  // namespace hiss::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hiss::engine {
HWY_EXPORT(MultiplyFloat32);
HWY_EXPORT(MultiplyFloat64);

namespace {

template <typename T>
void scale_only(const GemmShape& s, T beta, T* c) {
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t j = 0; j < s.n; ++j) c[i * s.ldc + j] = beta == 0 ? T(0) : c[i * s.ldc + j] * beta;
  }
}

template <typename T>
void gemm_split(const GemmShape& s, T alpha, const T* a, const T* b, T beta, T* c) {
  const int64_t work = s.m * s.n * s.k;
  // Parts of 48 along the longer side of C: whole tiles for every core.
  const bool by_rows = s.m >= s.n;
  const int64_t length = by_rows ? s.m : s.n;
  const int64_t units = (length + 47) / 48;
  const int64_t per_unit = std::max<int64_t>(1, work / std::max<int64_t>(units, 1));
  parallel_for(0, units, std::max<int64_t>(1, 200000 / per_unit), [&](int64_t begin, int64_t end) {
    GemmShape part = s;
    const int64_t from = begin * 48, to = std::min(length, end * 48);
    if (by_rows) {
      part.m = to - from;
      gemm_serial(part, alpha, a + from * (s.transpose_a ? 1 : s.lda), b, beta, c + from * s.ldc);
    } else {
      part.n = to - from;
      gemm_serial(part, alpha, a, b + from * (s.transpose_b ? s.ldb : 1), beta, c + from);
    }
  });
}

}  // namespace

void gemm_serial(const GemmShape& s, float alpha, const float* a, const float* b, float beta, float* c) {
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) return scale_only(s, beta, c);
  HWY_DYNAMIC_DISPATCH(MultiplyFloat32)(s, alpha, a, b, beta, c);
}
void gemm_serial(const GemmShape& s, double alpha, const double* a, const double* b, double beta, double* c) {
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) return scale_only(s, beta, c);
  HWY_DYNAMIC_DISPATCH(MultiplyFloat64)(s, alpha, a, b, beta, c);
}

void gemm(const GemmShape& s, float alpha, const float* a, const float* b, float beta, float* c) {
  constexpr int64_t kLarge = 128 * 128 * 128;
  if (s.m * s.n * s.k >= kLarge && s.m > 8 && s.n > 8 && s.k > 8 && !in_parallel_region()) {
    const auto status = dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, alpha, a, s.lda,
                                   b, s.ldb, beta, c, s.ldc);
    if (status == dnnl_success) return;
  }
  gemm_split(s, alpha, a, b, beta, c);
}
void gemm(const GemmShape& s, double alpha, const double* a, const double* b, double beta, double* c) {
  gemm_split(s, alpha, a, b, beta, c);
}

}  // namespace hiss::engine
#endif
