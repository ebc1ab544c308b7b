// Solving, inverting and factoring square matrices, batched; computed in double whatever the type.
#include <cmath>

#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "tensor/formulas.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/operators.h"
#include "tensor/promotion.h"

namespace hiss::engine {
namespace {

void check_square(const Tensor& matrix, std::string_view name) {
  if (matrix.dim() < 2) {
    throw_error(ErrorKind::Runtime, "{}: The input tensor A must have at least 2 dimensions.", name);
  }
  if (matrix.size(-1) != matrix.size(-2)) {
    throw_error(ErrorKind::Runtime, "{}: A must be batches of square matrices, but they are {} by {} matrices", name,
                matrix.size(-2), matrix.size(-1));
  }
  if (!is_floating(matrix.dtype())) {
    throw_error(ErrorKind::Runtime, "{}: Expected a floating point or complex tensor as input. Got {}", name,
                dtype_label(matrix.dtype()));
  }
}

/// Gaussian elimination with row pivoting on `a` (n x n), carrying `b` (n x m) along. Returns the determinant.
double eliminate(double* a, double* b, int64_t n, int64_t m) {
  double determinant = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    }
    const double value = a[pivot * n + k];
    if (value == 0) return 0;
    if (pivot != k) {
      std::swap_ranges(a + k * n, a + (k + 1) * n, a + pivot * n);
      if (m > 0) std::swap_ranges(b + k * m, b + (k + 1) * m, b + pivot * m);
      determinant = -determinant;
    }
    determinant *= value;
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / value;
      if (factor == 0) continue;
      for (int64_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      for (int64_t j = 0; j < m; ++j) b[i * m + j] -= factor * b[k * m + j];
    }
  }
  for (int64_t k = n; k-- > 0;) {
    for (int64_t j = 0; j < m; ++j) {
      double value = b[k * m + j];
      for (int64_t i = k + 1; i < n; ++i) value -= a[k * n + i] * b[i * m + j];
      b[k * m + j] = value / a[k * n + k];
    }
  }
  return determinant;
}

Tensor double_copy(const Tensor& tensor) {
  const Tensor wide = as_dense(tensor, DType::Float64);
  return wide->storage == tensor->storage ? kernels::clone(wide) : wide;
}
Tensor narrowed(const Tensor& tensor, DType dtype) {
  return tensor.dtype() == dtype ? tensor : kernels::cast(tensor, dtype);
}

}  // namespace

namespace kernels {

Tensor solve_matrix(const Tensor& A, const Tensor& B) {
  check_square(A, "linalg.solve");
  const int64_t n = A.size(-1), m = B.size(-1);
  if (B.size(-2) != n) {
    throw_error(ErrorKind::Runtime,
                "linalg.solve: Incompatible shapes of A and B for the equation AX = B ({}x{} and {}x{})", n, n,
                B.size(-2), m);
  }
  const Sizes a_batch(IntList(A.sizes().data(), A.sizes().size() - 2)),
      b_batch(IntList(B.sizes().data(), B.sizes().size() - 2));
  Sizes a_shape = broadcast_shapes(a_batch, b_batch), b_shape = a_shape;
  const int64_t count = product(a_shape);
  for (const int64_t size : {n, n}) a_shape.push_back(size);
  for (const int64_t size : {n, m}) b_shape.push_back(size);
  const Tensor a = double_copy(expand(A, a_shape, false)), x = double_copy(expand(B, b_shape, false));
  for (int64_t i = 0; i < count; ++i) {
    if (eliminate(a.data<double>() + i * n * n, x.data<double>() + i * n * m, n, m) == 0 && n > 0) {
      throw Error(ErrorKind::Runtime, "torch.linalg.solve: The solver failed because the input matrix is singular.");
    }
  }
  return narrowed(x, B.dtype());
}

Tensor inverse(const Tensor& self) {
  check_square(self, "linalg.inv");
  const int64_t n = self.size(-1), count = n == 0 ? 0 : self.numel() / (n * n);
  const Tensor a = double_copy(self);
  Tensor result = zeros(self.sizes(), DType::Float64);
  for (int64_t i = 0; i < count; ++i) {
    double* x = result.data<double>() + i * n * n;
    for (int64_t k = 0; k < n; ++k) x[k * n + k] = 1;
    if (eliminate(a.data<double>() + i * n * n, x, n, n) == 0) {
      throw Error(ErrorKind::Runtime,
                  "linalg.inv: The inversion could not be completed because the input matrix is singular.");
    }
  }
  return narrowed(result, self.dtype());
}

Tensor det(const Tensor& self) {
  check_square(self, "linalg.det");
  const int64_t n = self.size(-1);
  const Tensor a = double_copy(self);
  Tensor result = new_tensor(IntList(self.sizes().data(), self.sizes().size() - 2), DType::Float64);
  for (int64_t i = 0; i < result.numel(); ++i)
    result.data<double>()[i] = eliminate(a.data<double>() + i * n * n, nullptr, n, 0);
  return narrowed(result, self.dtype());
}

Tensor cholesky_lower(const Tensor& self) {
  check_square(self, "linalg.cholesky");
  const int64_t n = self.size(-1), count = n == 0 ? 0 : self.numel() / (n * n);
  Tensor result = tril(double_copy(self), 0);
  for (int64_t b = 0; b < count; ++b) {
    double* a = result.data<double>() + b * n * n;
    for (int64_t j = 0; j < n; ++j) {
      double diagonal = a[j * n + j];
      for (int64_t k = 0; k < j; ++k) diagonal -= a[j * n + k] * a[j * n + k];
      if (!(diagonal > 0)) {
        throw_error(ErrorKind::Runtime,
                    "linalg.cholesky: The factorization could not be completed because the input is not "
                    "positive-definite (the leading minor of "
                    "order {} is not positive-definite).",
                    j + 1);
      }
      a[j * n + j] = std::sqrt(diagonal);
      for (int64_t i = j + 1; i < n; ++i) {
        double value = a[i * n + j];
        for (int64_t k = 0; k < j; ++k) value -= a[i * n + k] * a[j * n + k];
        a[i * n + j] = value / a[j * n + j];
      }
    }
  }
  return narrowed(result, self.dtype());
}

}  // namespace kernels

namespace formulas {

Tensor cholesky_backward(const Tensor& grad, const Tensor& lower) {
  using namespace ops;
  // With P = lower triangle of L^T G, the diagonal halved: the symmetric part of L^-T P L^-1.
  const Tensor inner = tril(matmul(transpose(lower, -2, -1), grad));
  const Tensor half = inner - diag_embed(diagonal(inner, 0, -2, -1)) * 0.5;
  const Tensor inverted = inverse(lower);
  const Tensor middle = matmul(transpose(inverted, -2, -1), matmul(half, inverted));
  return (middle + transpose(middle, -2, -1)) * 0.5;
}

}  // namespace formulas

namespace composite {
using namespace ops;

Tensor linalg_solve(const Tensor& A, const Tensor& B) {
  const bool vector =
      B.dim() == 1 || (B.dim() == A.dim() - 1 && B.sizes() == Sizes(IntList(A.sizes().data(), A.sizes().size() - 1)));
  return vector ? squeeze(solve_matrix(A, unsqueeze(B, -1)), IntList({-1})) : solve_matrix(A, B);
}
Tensor logdet(const Tensor& self) { return log(det(self)); }
Tensor cholesky(const Tensor& self, bool upper) {
  const Tensor lower = cholesky_lower(self);
  return upper ? transpose(lower, -2, -1) : lower;
}
Tensor matrix_power(const Tensor& self, int64_t n) {
  if (n < 0) return composite::matrix_power(inverse(self), -n);
  Tensor result = expand(eye(self.size(-1), std::nullopt, self.dtype()), self.sizes()), factor = self;
  for (int64_t rest = n; rest > 0; rest >>= 1) {
    if (rest & 1) result = matmul(result, factor);
    if (rest > 1) factor = matmul(factor, factor);
  }
  return n == 0 ? clone(result) : result;
}
Tensor argwhere(const Tensor& self) { return nonzero(self); }
Tensor vecdot(const Tensor& x, const Tensor& y, int64_t dim) { return sum(x * y, IntList(&dim, 1)); }

}  // namespace composite
}  // namespace hiss::engine
