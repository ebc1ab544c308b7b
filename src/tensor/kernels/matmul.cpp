// Products of matrices, single and batched, on whatever layout they have.
#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rows.h"
#include "tensor/parallel.h"

namespace hiss::engine::kernels {
namespace {

/// A matrix as gemm sees it: rows or columns contiguous, else copied.
struct MatrixView {
  Tensor keep;
  bool transposed = false;
  int64_t leading = 1;
};

MatrixView matrix_view(const Tensor& matrix) {
  const int64_t rows = matrix.size(-2), columns = matrix.size(-1);
  const int64_t row_stride = matrix.stride(-2), column_stride = matrix.stride(-1);
  if ((column_stride == 1 || columns == 1) && (row_stride >= std::max<int64_t>(columns, 1) || rows == 1)) {
    return {matrix, false, rows == 1 ? std::max<int64_t>(columns, 1) : row_stride};
  }
  if ((row_stride == 1 || rows == 1) && (column_stride >= std::max<int64_t>(rows, 1) || columns == 1)) {
    return {matrix, true, columns == 1 ? std::max<int64_t>(rows, 1) : column_stride};
  }
  return {dense(matrix), false, std::max<int64_t>(columns, 1)};
}

template <typename T>
void integer_product(const Tensor& a, const Tensor& b, Tensor& out) {
  const Tensor x = dense(a), y = dense(b);
  const int64_t m = a.size(0), k = a.size(1), n = b.size(1);
  T* c = out.data<T>();
  std::fill(c, c + m * n, T(0));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t l = 0; l < k; ++l) {
      const T factor = x.data<T>()[i * k + l];
      for (int64_t j = 0; j < n; ++j) c[i * n + j] = static_cast<T>(c[i * n + j] + factor * y.data<T>()[l * n + j]);
    }
  }
}

void check_same_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype()) {
    throw_error(ErrorKind::Runtime, "expected m1 and m2 to have the same dtype, but got: {} != {}",
                dtype_label(a.dtype()) == "Float"    ? "float"
                : dtype_label(a.dtype()) == "Double" ? "double"
                                                     : dtype_name(a.dtype()),
                dtype_label(b.dtype()) == "Float"    ? "float"
                : dtype_label(b.dtype()) == "Double" ? "double"
                                                     : dtype_name(b.dtype()));
  }
}

/// out (dense rows) = alpha * a b + beta * out.
void product(const Tensor& a, const Tensor& b, double alpha, double beta, const Tensor& out) {
  const MatrixView va = matrix_view(a), vb = matrix_view(b);
  GemmShape shape{va.transposed, vb.transposed, a.size(0),  b.size(1),
                  a.size(1),     va.leading,    vb.leading, std::max<int64_t>(out.stride(0), 1)};
  if (out.dtype() == DType::Float64) {
    gemm(shape, alpha, va.keep.data<double>(), vb.keep.data<double>(), beta, out.data<double>());
  } else {
    gemm(shape, static_cast<float>(alpha), va.keep.data<float>(), vb.keep.data<float>(), static_cast<float>(beta),
         out.data<float>());
  }
}

}  // namespace

Tensor mm(const Tensor& self, const Tensor& mat2) {
  if (self.dim() != 2) throw Error(ErrorKind::Runtime, "self must be a matrix");
  if (mat2.dim() != 2) throw Error(ErrorKind::Runtime, "mat2 must be a matrix");
  if (self.size(1) != mat2.size(0)) {
    throw_error(ErrorKind::Runtime, "mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})", self.size(0),
                self.size(1), mat2.size(0), mat2.size(1));
  }
  check_same_type(self, mat2);
  if (is_reduced_float(self.dtype()))
    return cast(mm(cast(self, DType::Float32), cast(mat2, DType::Float32)), self.dtype());
  Tensor result = new_tensor({self.size(0), mat2.size(1)}, self.dtype());
  if (is_floating(self.dtype())) {
    product(self, mat2, 1, 0, result);
  } else if (self.dtype() == DType::Bool) {
    throw Error(ErrorKind::NotImplemented, "\"addmm_impl_cpu_\" not implemented for 'Bool'");
  } else {
    dispatch_all(self.dtype(), [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) integer_product<T>(self, mat2, result);
    });
  }
  return result;
}

Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta, const Scalar& alpha) {
  if (mat1.dim() != 2 || mat2.dim() != 2 || mat1.size(1) != mat2.size(0)) return mm(mat1, mat2);  // Reports the shapes.
  check_same_type(mat1, mat2);
  if (!is_floating(self.dtype()) || is_reduced_float(self.dtype())) {
    Tensor scaled, result, base;
    binary(scaled, Binary::Mul, mm(mat1, mat2), alpha);
    binary(base, Binary::Mul, self, beta);
    add(result, base, scaled, 1);
    return result;
  }
  Tensor result = new_tensor({mat1.size(0), mat2.size(1)}, mat1.dtype());
  const double b = beta.to_double();
  if (b != 0) copy_values(result, self);
  product(mat1, mat2, alpha.to_double(), b, result);
  return result;
}

Tensor bmm(const Tensor& self, const Tensor& mat2) {
  if (self.dim() != 3) throw Error(ErrorKind::Runtime, "batch1 must be a 3D tensor");
  if (mat2.dim() != 3) throw Error(ErrorKind::Runtime, "batch2 must be a 3D tensor");
  const int64_t batch = self.size(0), m = self.size(1), k = self.size(2), n = mat2.size(2);
  if (mat2.size(0) != batch || mat2.size(1) != k) {
    throw_error(ErrorKind::Runtime,
                "Expected size for first two dimensions of batch2 tensor to be: [{}, {}] but got: [{}, {}].", batch, k,
                mat2.size(0), mat2.size(1));
  }
  check_same_type(self, mat2);
  if (is_reduced_float(self.dtype()))
    return cast(bmm(cast(self, DType::Float32), cast(mat2, DType::Float32)), self.dtype());
  Tensor result = new_tensor({batch, m, n}, self.dtype());
  if (batch == 0) return result;
  if (!is_floating(self.dtype())) {
    for (int64_t i = 0; i < batch; ++i) copy_values(select(result, 0, i), mm(select(self, 0, i), select(mat2, 0, i)));
    return result;
  }
  const MatrixView va = matrix_view(self), vb = matrix_view(mat2);
  const int64_t a_step = va.keep.stride(0), b_step = vb.keep.stride(0);
  const GemmShape shape{va.transposed, vb.transposed, m, n, k, va.leading, vb.leading, std::max<int64_t>(n, 1)};
  const auto run = [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* a = va.keep.data<T>();
    const T* b = vb.keep.data<T>();
    T* c = result.data<T>();
    if (batch == 1 || m * n * k > 256 * 256 * 256) {
      for (int64_t i = 0; i < batch; ++i) gemm(shape, T(1), a + i * a_step, b + i * b_step, T(0), c + i * m * n);
    } else {
      parallel_for(0, batch, std::max<int64_t>(1, 200000 / std::max<int64_t>(m * n * k, 1)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i)
                       gemm_serial(shape, T(1), a + i * a_step, b + i * b_step, T(0), c + i * m * n);
                   });
    }
  };
  self.dtype() == DType::Float64 ? run(static_cast<double*>(nullptr)) : run(static_cast<float*>(nullptr));
  return result;
}

Tensor dot(const Tensor& self, const Tensor& tensor) {
  if (self.dim() != 1 || tensor.dim() != 1) {
    throw_error(ErrorKind::Runtime, "1D tensors expected, but got {}D and {}D tensors", self.dim(), tensor.dim());
  }
  if (self.numel() != tensor.numel()) {
    throw_error(ErrorKind::Runtime,
                "inconsistent tensor size, expected tensor [{}] and src [{}] to have the same number of elements, but "
                "got {} and {} elements respectively",
                self.numel(), tensor.numel(), self.numel(), tensor.numel());
  }
  check_same_type(self, tensor);
  if (self.dtype() == DType::Float32 || self.dtype() == DType::Float64) {
    const Tensor a = dense(self), b = dense(tensor);
    Tensor result = new_tensor({}, self.dtype());
    const auto n = static_cast<size_t>(a.numel());
    if (self.dtype() == DType::Float32) {
      *result.data<float>() = row_kernels<float>().dot(a.data<float>(), b.data<float>(), n);
    } else {
      *result.data<double>() = row_kernels<double>().dot(a.data<double>(), b.data<double>(), n);
    }
    return result;
  }
  return cast(sum(binary_new(Binary::Mul, self, tensor), std::nullopt, false, std::nullopt), self.dtype());
}

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  if (weight.dim() != 2 || input.dim() == 0)
    throw Error(ErrorKind::Runtime, "linear(): weight must be a matrix and input at least 1-D");
  const int64_t in = weight.size(1), out = weight.size(0);
  const int64_t rows = in == 0 ? 0 : input.numel() / std::max<int64_t>(input.size(-1), 1);
  if (input.size(-1) != in) {
    throw_error(ErrorKind::Runtime, "mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})",
                input.size(-1) == 0 ? 0 : input.numel() / input.size(-1), input.size(-1), in, out);
  }
  if (input.dtype() != weight.dtype()) {
    throw_error(ErrorKind::Runtime, "mat1 and mat2 must have the same dtype, but got {} and {}",
                dtype_label(input.dtype()), dtype_label(weight.dtype()));
  }
  if (is_reduced_float(input.dtype())) {
    const Tensor wide = linear(cast(input, DType::Float32), cast(weight, DType::Float32),
                               bias.defined() ? cast(bias, DType::Float32) : bias);
    return cast(wide, input.dtype());
  }
  const Tensor x = view(dense(input), {rows, in});
  Sizes shape = input.sizes();
  shape.back() = out;
  Tensor result = new_tensor(shape, input.dtype());
  Tensor flat = view(result, {rows, out});
  if (bias.defined()) copy_values(flat, bias);
  if (is_floating(input.dtype())) {
    product(x, transpose(weight, 0, 1), 1, bias.defined() ? 1 : 0, flat);
  } else {
    Tensor total = mm(x, transpose(weight, 0, 1));
    if (bias.defined()) {
      add(flat, total, bias, 1);
    } else {
      copy_values(flat, total);
    }
  }
  return result;
}

}  // namespace hiss::engine::kernels
