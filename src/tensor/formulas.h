// Derivative formulas too long for a line of ops.yaml. All are composed of differentiable operations.
#pragma once

#include "generated/engine/ops.h"

namespace hiss::engine::formulas {

Tensor scaled(const Tensor& tensor, const Scalar& factor);
/// 1 - weight, for a tensor or a number.
class OneMinus {
 public:
  explicit OneMinus(const Operand& weight);
  operator Operand() const { return tensor_.defined() ? Operand(tensor_) : Operand(scalar_); }

 private:
  Tensor tensor_;
  Scalar scalar_;
};
inline OneMinus one_minus(const Operand& weight) { return OneMinus(weight); }

Tensor div_mode_self(const Tensor& grad, const Operand& other, const std::optional<std::string>& mode);
Tensor div_mode_other(const Tensor& grad, const Tensor& self, const Operand& other,
                      const std::optional<std::string>& mode);
Tensor pow_backward_self(const Tensor& grad, const Tensor& self, const Operand& exponent);
Tensor pow_backward_exponent(const Tensor& grad, const Tensor& self, const Operand& exponent, const Tensor& result);
Tensor pow_backward_base(const Tensor& grad, const Scalar& base, const Tensor& exponent, const Tensor& result);
/// Ties share the gradient equally.
Tensor maximum_backward(const Tensor& grad, const Tensor& self, const Tensor& other);
Tensor minimum_backward(const Tensor& grad, const Tensor& self, const Tensor& other);
Tensor copysign_sign(const Tensor& self, const Tensor& result);
Tensor xlogy_log(const Tensor& self, const Operand& other);
Tensor clamp_backward(const Tensor& grad, const Tensor& self, const OptionalScalar& min, const OptionalScalar& max);
Tensor clamp_tensor_backward_self(const Tensor& grad, const Tensor& self, const Tensor& min, const Tensor& max);
Tensor clamp_tensor_backward_min(const Tensor& grad, const Tensor& self, const Tensor& min, const Tensor& max);
Tensor clamp_tensor_backward_max(const Tensor& grad, const Tensor& self, const Tensor& min, const Tensor& max);
Tensor masked_fill_value_backward(const Tensor& grad, const Tensor& mask);
Tensor silu_double_backward(const Tensor& grad, const Tensor& self);
Tensor gelu_double_backward(const Tensor& grad, const Tensor& self, std::string_view approximate);
Tensor softplus_backward(const Tensor& grad, const Tensor& self, const Scalar& beta, const Scalar& threshold);
Sizes inverse_permutation(IntList dims);
Tensor split_backward(const std::vector<Tensor>& grads, IntList sizes, DType dtype, int64_t dim);
Tensor split_sizes_backward(const std::vector<Tensor>& grads, IntList lengths, IntList sizes, DType dtype, int64_t dim);
Tensor unbind_backward(const std::vector<Tensor>& grads, IntList sizes, DType dtype, int64_t dim);
std::vector<Tensor> cat_backward(const Tensor& grad, const std::vector<Tensor>& tensors, int64_t dim);
Tensor index_backward(const Tensor& grad, const std::vector<Tensor>& indices, IntList sizes, DType dtype);
Tensor index_put_backward_self(const Tensor& grad, const std::vector<Tensor>& indices, bool accumulate);
Tensor index_select_backward(const Tensor& grad, IntList sizes, int64_t dim, const Tensor& index);
Tensor sum_backward(const Tensor& grad, IntList sizes, OptionalIntList dim, bool keepdim);
Tensor mean_backward(const Tensor& grad, IntList sizes, OptionalIntList dim, bool keepdim);
Tensor prod_backward(const Tensor& grad, const Tensor& self, const Tensor& result);
Tensor prod_dim_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim, bool keepdim);
Tensor var_backward(const Tensor& grad, const Tensor& self, OptionalIntList dim, double correction, bool keepdim);
Tensor std_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptionalIntList dim,
                    double correction, bool keepdim);
Tensor extremum_all_backward(const Tensor& grad, const Tensor& self, const Tensor& result);
Tensor extremum_backward(const Tensor& grad, const Tensor& self, const Tensor& result, IntList dim, bool keepdim);
Tensor value_selecting_backward(const Tensor& grad, int64_t dim, const Tensor& indices, IntList sizes, bool keepdim);
Tensor logsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result, IntList dim, bool keepdim);
Tensor l2_norm_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptionalIntList dim,
                        bool keepdim);
Tensor cholesky_backward(const Tensor& grad, const Tensor& lower);
Tensor cumsum_backward(const Tensor& grad, int64_t dim);
Tensor cumprod_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim);
Tensor softmax_double_backward(const Tensor& grad, const Tensor& grad_output, const Tensor& output, int64_t dim);
Tensor mse_loss_double_backward_grad(const Tensor& grad, const Tensor& input, const Tensor& target,
                                     std::string_view reduction);
Tensor mse_loss_double_backward_input(const Tensor& grad, const Tensor& grad_output, std::string_view reduction,
                                      int64_t numel);

}  // namespace hiss::engine::formulas
