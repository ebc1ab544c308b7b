// Dense matrix products, row-major: C = alpha * op(A) op(B) + beta * C.
#pragma once

#include <cstdint>

namespace hiss::engine {

struct GemmShape {
  bool transpose_a = false, transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  int64_t lda = 0, ldb = 0, ldc = 0;
};

/// Large float products go to oneDNN, the rest to our own kernel.
void gemm(const GemmShape& shape, float alpha, const float* a, const float* b, float beta, float* c);
void gemm(const GemmShape& shape, double alpha, const double* a, const double* b, double beta, double* c);
/// On the calling thread only.
void gemm_serial(const GemmShape& shape, float alpha, const float* a, const float* b, float beta, float* c);
void gemm_serial(const GemmShape& shape, double alpha, const double* a, const double* b, double beta, double* c);

}  // namespace hiss::engine
