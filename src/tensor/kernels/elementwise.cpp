#include "tensor/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "generated/engine/kernels.h"
#include "tensor/kernels/iteration.h"
#include "tensor/parallel.h"
#include "tensor/promotion.h"

namespace hiss::engine {
namespace {

constexpr int64_t kChunk = 1024;
constexpr int kMaxInputs = 3;

struct alignas(64) Scratch {
  char bytes[kChunk * 8];
};

/// Where the values of one operand come from during a loop.
struct Source {
  const char* data = nullptr;
  DType dtype{};
  DType compute{};
  bool direct = false;  // Contiguous in iteration order and of the compute type: used where it lies.
  bool constant = false;
};

void fill_constant(void* target, DType compute, const void* value, int64_t count) {
  dispatch_size(item_size(compute), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    std::fill_n(static_cast<T*>(target), count, *static_cast<const T*>(value));
  });
}

/// Copies elements [position, position + count) of an operand, in iteration order, into a contiguous array.
void gather(const Iteration& iteration, int operand, const Source& source, int64_t position, int64_t count,
            char* target) {
  const int64_t inner = iteration.inner_size(), stride = iteration.inner_stride(operand);
  const auto from_size = static_cast<int64_t>(item_size(source.dtype));
  const auto to_size = static_cast<int64_t>(item_size(source.compute));
  int64_t row = position / inner, column = position % inner;
  while (count > 0) {
    const int64_t take = std::min(count, inner - column);
    convert(source.data + iteration.row_offset(operand, row) + column * stride * from_size, source.dtype, stride,
            target, source.compute, 1, take);
    target += take * to_size;
    count -= take;
    column = 0;
    ++row;
  }
}

void scatter(const Iteration& iteration, const Tensor& out, DType from, int64_t position, int64_t count,
             const char* values) {
  const int64_t inner = iteration.inner_size(), stride = iteration.inner_stride(0);
  const auto to_size = static_cast<int64_t>(out.item_size());
  char* base = static_cast<char*>(out.raw_data());
  int64_t row = position / inner, column = position % inner;
  while (count > 0) {
    const int64_t take = std::min(count, inner - column);
    convert(values, from, 1, base + iteration.row_offset(0, row) + column * stride * to_size, out.dtype(), stride,
            take);
    values += take * static_cast<int64_t>(item_size(from));
    count -= take;
    column = 0;
    ++row;
  }
}

bool overlaps_differently(const Tensor& out, const Tensor& input) {
  if (!(out->storage == input->storage)) return false;
  return out.storage_offset() != input.storage_offset() || out.sizes() != input.sizes() ||
         out.strides() != input.strides();
}

/// A plain output for contiguous inputs: perhaps the buffer of a dying temporary.
Tensor make_output(IntList shape, DType dtype, const Tensor* like) {
  if (ReuseScope::active()) {
    const Tensor& candidate = *ReuseScope::take();
    if (candidate.defined() && candidate.use_count() == 1 && candidate.storage_use_count() == 1 &&
        candidate.dtype() == dtype && IntList(candidate.sizes()) == shape && candidate.is_contiguous() &&
        !candidate->autograd && (!like || like->is_contiguous())) {
      candidate->bump_version();
      return candidate;
    }
  }
  return like ? new_like(*like, dtype) : new_tensor(shape, dtype);
}

void run_general(Tensor& out, const ElementwisePlan& plan, IntList shape) {
  const Tensor* operands[kMaxInputs + 1] = {&out};
  Tensor copies[kMaxInputs];
  for (int k = 0; k < plan.count; ++k) {
    operands[k + 1] = plan.inputs[k].is_tensor() ? &plan.inputs[k].tensor() : nullptr;
    if (operands[k + 1] && overlaps_differently(out, *operands[k + 1])) {
      copies[k] = new_like(*operands[k + 1], operands[k + 1]->dtype());
      copy_values(copies[k], *operands[k + 1]);
      operands[k + 1] = &copies[k];
    }
  }
  const Iteration iteration(operands, plan.count + 1, shape);
  Source sources[kMaxInputs];
  alignas(8) char constants[kMaxInputs][8];
  bool all_direct = true;
  for (int k = 0; k < plan.count; ++k) {
    Source& source = sources[k];
    source.compute = k == 0 && plan.first_differs ? plan.first : plan.compute;
    const bool all_zero_strides = [&] {
      if (!operands[k + 1]) return true;
      for (int d = 0; d < iteration.dim(); ++d) {
        if (iteration.stride(k + 1, d) != 0) return false;
      }
      return true;
    }();
    if (!operands[k + 1]) {
      source.constant = true;
      dispatch_all(source.compute, [&](auto* tag) {
        using T = std::remove_pointer_t<decltype(tag)>;
        *reinterpret_cast<T*>(constants[k]) = plan.inputs[k].scalar().template to<T>();
      });
    } else {
      source.data = static_cast<const char*>(operands[k + 1]->raw_data());
      source.dtype = operands[k + 1]->dtype();
      if (all_zero_strides || operands[k + 1]->numel() == 1) {
        source.constant = true;
        convert(source.data, source.dtype, 0, constants[k], source.compute, 1, 1);
      } else {
        source.direct = source.dtype == source.compute && iteration.is_dense(k + 1);
      }
    }
    all_direct &= source.direct;
  }
  const bool out_direct = out.dtype() == plan.loop_result && iteration.is_dense(0);
  all_direct &= out_direct;
  const auto out_size = static_cast<int64_t>(out.item_size());
  char* out_data = static_cast<char*>(out.raw_data());

  // Rows long enough are worked on where they lie, one at a time, when only the distance between rows is irregular.
  const int64_t inner = iteration.inner_size();
  const bool by_rows = inner >= 64;
  const auto body = [&](int64_t begin, int64_t end) {
    Scratch scratch[kMaxInputs];
    Scratch out_scratch;
    int64_t filled[kMaxInputs] = {};
    const void* in[kMaxInputs];
    for (int64_t position = begin; position < end;) {
      int64_t count = end - position;
      if (!all_direct) {
        count = std::min(count, kChunk);
        if (by_rows) count = std::min(count, inner - position % inner);
      }
      for (int k = 0; k < plan.count; ++k) {
        const Source& source = sources[k];
        if (source.direct) {
          in[k] = source.data + position * static_cast<int64_t>(item_size(source.compute));
          continue;
        }
        in[k] = scratch[k].bytes;
        if (source.constant) {
          if (filled[k] < count) {
            filled[k] = std::min(kChunk, end - begin);
            fill_constant(scratch[k].bytes, source.compute, constants[k], filled[k]);
          }
        } else if (by_rows && source.dtype == source.compute && iteration.inner_stride(k + 1) == 1) {
          const int64_t row = position / inner;
          in[k] = source.data + iteration.row_offset(k + 1, row) +
                  (position - row * inner) * static_cast<int64_t>(item_size(source.dtype));
        } else {
          gather(iteration, k + 1, source, position, count, scratch[k].bytes);
        }
      }
      if (out_direct) {
        plan.loop(out_data + position * out_size, in, static_cast<size_t>(count), plan.parameters);
      } else {
        plan.loop(out_scratch.bytes, in, static_cast<size_t>(count), plan.parameters);
        scatter(iteration, out, plan.loop_result, position, count, out_scratch.bytes);
      }
      position += count;
    }
  };
  parallel_for(0, iteration.numel(), kGrain, body);
}

}  // namespace

DType compute_type(DType dtype) {
  if (is_reduced_float(dtype)) return DType::Float32;
  if (is_floating(dtype) || dtype == DType::Bool) return dtype;
  return DType::Int64;
}

void run_elementwise(Tensor& out, const ElementwisePlan& plan) {
  if (!plan.loop)
    throw_error(ErrorKind::NotImplemented, "this operation is not implemented for '{}'", dtype_label(plan.compute));
  // The common case first: dense operands of one shape and the compute type.
  const Tensor* first = nullptr;
  bool simple = !out.defined() && plan.result == plan.loop_result && !plan.first_differs, numbers = false;
  for (int k = 0; k < plan.count && simple; ++k) {
    if (!plan.inputs[k].is_tensor()) {
      numbers = true;
      continue;
    }
    const Tensor& tensor = plan.inputs[k].tensor();
    if (!first) first = &tensor;
    simple = tensor->contiguous && tensor->dtype == plan.compute && tensor->sizes == (*first)->sizes;
  }
  if (simple && numbers && first && first->numel() <= kChunk) {
    out = make_output(first->sizes(), plan.result, nullptr);
    const int64_t numel = out.numel();
    Scratch scratch[kMaxInputs];
    const void* in[kMaxInputs];
    for (int k = 0; k < plan.count; ++k) {
      if (plan.inputs[k].is_tensor()) {
        in[k] = plan.inputs[k].tensor().raw_data();
        continue;
      }
      alignas(8) char constant[8];
      dispatch_all(plan.compute, [&](auto* tag) {
        using T = std::remove_pointer_t<decltype(tag)>;
        *reinterpret_cast<T*>(constant) = plan.inputs[k].scalar().template to<T>();
      });
      fill_constant(scratch[k].bytes, plan.compute, constant, numel);
      in[k] = scratch[k].bytes;
    }
    plan.loop(out.raw_data(), in, static_cast<size_t>(numel), plan.parameters);
    return;
  }
  if (simple && !numbers) {
    out = make_output(first->sizes(), plan.result, nullptr);
    const void* in[kMaxInputs];
    for (int k = 0; k < plan.count; ++k) in[k] = plan.inputs[k].tensor().raw_data();
    const int64_t numel = out.numel();
    if (numel <= kGrain) {
      plan.loop(out.raw_data(), in, static_cast<size_t>(numel), plan.parameters);
      return;
    }
    const auto in_size = static_cast<int64_t>(item_size(plan.compute));
    const auto out_size = static_cast<int64_t>(item_size(plan.result));
    char* out_data = static_cast<char*>(out.raw_data());
    parallel_for(0, numel, kGrain, [&](int64_t begin, int64_t end) {
      const void* part[kMaxInputs];
      for (int k = 0; k < plan.count; ++k) part[k] = static_cast<const char*>(in[k]) + begin * in_size;
      plan.loop(out_data + begin * out_size, part, static_cast<size_t>(end - begin), plan.parameters);
    });
    return;
  }

  Sizes shape;
  bool any = false;
  for (int k = 0; k < plan.count; ++k) {
    if (!plan.inputs[k].is_tensor()) continue;
    const Tensor& tensor = plan.inputs[k].tensor();
    shape = any ? broadcast_shapes(shape, tensor.sizes()) : tensor.sizes();
    any = true;
  }
  if (out.defined()) {
    if (out.sizes() != shape) {
      if (broadcast_shapes(shape, out.sizes()) != out.sizes()) {
        throw_error(ErrorKind::Runtime, "output with shape {} doesn't match the broadcast shape {}",
                    to_string(out.sizes()), to_string(shape));
      }
      shape = out.sizes();
    }
    if (!can_cast(plan.result, out.dtype())) {
      throw_error(ErrorKind::Runtime, "result type {} can't be cast to the desired output type {}",
                  dtype_label(plan.result), dtype_label(out.dtype()));
    }
  } else {
    const Tensor* like = nullptr;
    for (int k = 0; k < plan.count && !like; ++k) {
      if (plan.inputs[k].is_tensor() && plan.inputs[k].tensor().sizes() == shape) like = &plan.inputs[k].tensor();
    }
    out = make_output(shape, plan.result, like);
  }
  if (out.numel() != 0) run_general(out, plan, shape);
}

namespace kernels {
namespace {

void run_unary(Tensor& out, Unary op, const Tensor& self, DType compute, DType loop_result, DType result) {
  const Operand inputs[] = {self};
  ElementwisePlan plan;
  plan.inputs = inputs;
  plan.count = 1;
  plan.loop = unary_loop(op, compute);
  plan.compute = compute;
  plan.loop_result = loop_result;
  plan.result = result;
  run_elementwise(out, plan);
}

DType promoted(const Operand& a, const Operand& b) {
  if (a.is_tensor() && b.is_tensor() && a.tensor().dtype() == b.tensor().dtype()) return a.tensor().dtype();
  Promotion promotion;
  promotion.add(a);
  promotion.add(b);
  return promotion.result();
}

void run_binary(Tensor& out, Binary op, const Operand& a, const Operand& b, DType common, double parameter = 0) {
  const Operand inputs[] = {a, b};
  ElementwisePlan plan;
  plan.inputs = inputs;
  plan.count = 2;
  plan.compute = compute_type(common);
  plan.loop = binary_loop(op, plan.compute);
  plan.loop_result = plan.compute;
  plan.result = common;
  plan.parameters[0] = parameter;
  run_elementwise(out, plan);
}

}  // namespace

void unary(Tensor& out, Unary op, const Tensor& self) {
  if (self.dtype() == DType::Bool && op == Unary::Neg) {
    throw Error(ErrorKind::Runtime,
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, "
                "use the `~` or "
                "`logical_not()` operator instead.");
  }
  const DType compute = self.dtype() == DType::Bool ? DType::Int64 : compute_type(self.dtype());
  run_unary(out, op, self, compute, compute, self.dtype());
}

void unary_float(Tensor& out, Unary op, const Tensor& self) {
  const DType result = is_floating(self.dtype()) ? self.dtype() : default_dtype();
  const DType compute = compute_type(result);
  run_unary(out, op, self, compute, compute, result);
}

void unary_bool(Tensor& out, Unary op, const Tensor& self) {
  run_unary(out, op, self, compute_type(self.dtype()), DType::Bool, DType::Bool);
}

void bitwise_not(Tensor& out, const Tensor& self) {
  if (is_floating(self.dtype())) {
    throw Error(ErrorKind::Type,
                "ones_like/bitwise_not (operator.invert) is only implemented on integer and Boolean-type tensors");
  }
  const DType compute = compute_type(self.dtype());
  run_unary(out, Unary::BitwiseNot, self, compute, compute, self.dtype());
}

void binary(Tensor& out, Binary op, const Operand& a, const Operand& b) {
  DType common = promoted(a, b);
  if (common == DType::Bool) {
    // Multiplying, comparing and adding booleans stays boolean; the rest computes in integers.
    if (op == Binary::Mul) op = Binary::And;
    if (op == Binary::FloorDiv || op == Binary::Remainder || op == Binary::Fmod) {
      throw_error(ErrorKind::NotImplemented, "\"{}_cpu\" not implemented for 'Bool'",
                  op == Binary::Remainder ? "remainder" : "div_floor");
    }
  }
  run_binary(out, op, a, b, common);
}

void binary_float(Tensor& out, Binary op, const Operand& a, const Operand& b) {
  DType common = promoted(a, b);
  if (!is_floating(common)) common = default_dtype();
  run_binary(out, op, a, b, common);
}

void binary_integer(Tensor& out, Binary op, const Operand& a, const Operand& b) {
  const DType common = promoted(a, b);
  if (is_floating(common)) {
    const char* names[] = {"bitwise_and", "bitwise_or", "bitwise_xor", "lshift", "rshift"};
    throw_error(ErrorKind::NotImplemented, "\"{}_cpu\" not implemented for '{}'",
                names[static_cast<int>(op) - static_cast<int>(Binary::And)], dtype_label(common));
  }
  run_binary(out, op, a, b, common);
}

void binary_pow(Tensor& out, Binary op, const Operand& a, const Operand& b) {
  const DType common = promoted(a, b);
  if (!is_floating(common) && !b.is_tensor() && b.scalar().to_double() < 0) {
    throw Error(ErrorKind::Runtime, "Integers to negative integer powers are not allowed.");
  }
  if (b.is_tensor() || !is_floating(common)) {
    run_binary(out, op, a, b, common == DType::Bool ? DType::Int64 : common);
    return;
  }
  const double exponent = b.scalar().to_double();
  const auto unary_power = [&](Unary form) {
    const DType compute = compute_type(common);
    const Operand inputs[] = {a};
    ElementwisePlan plan;
    plan.inputs = inputs;
    plan.count = 1;
    plan.loop = unary_loop(form, compute);
    plan.compute = plan.loop_result = compute;
    plan.result = common;
    run_elementwise(out, plan);
  };
  if (a.is_tensor()) {
    if (exponent == 2) return unary_power(Unary::Square);
    if (exponent == 0.5) return unary_power(Unary::Sqrt);
    if (exponent == -0.5) return unary_power(Unary::Rsqrt);
    if (exponent == -1) return unary_power(Unary::Reciprocal);
  }
  run_binary(out, op, a, b, common);
}

void pow(Tensor& out, const Tensor& self, const Operand& exponent) { binary_pow(out, Binary::Pow, self, exponent); }

namespace {
void check_alpha(const Scalar& alpha, DType common) {
  if (alpha.is_bool() && common != DType::Bool)
    throw Error(ErrorKind::Runtime, "Boolean alpha only supported for Boolean results.");
  if (alpha.is_floating() && !is_floating(common)) {
    throw Error(ErrorKind::Runtime, "For integral input tensors, argument alpha must not be a floating point number.");
  }
}
}  // namespace

void add(Tensor& out, const Tensor& self, const Operand& other, const Scalar& alpha) {
  const DType common = promoted(self, other);
  check_alpha(alpha, common);
  if (alpha.equals(1)) {
    run_binary(out, Binary::Add, self, other, common);
  } else {
    run_binary(out, Binary::AddScaled, self, other, common, alpha.to_double());
  }
}

void sub(Tensor& out, const Tensor& self, const Operand& other, const Scalar& alpha) {
  const DType common = promoted(self, other);
  if (common == DType::Bool) {
    throw Error(ErrorKind::Runtime,
                "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
                "operator "
                "instead.");
  }
  check_alpha(alpha, common);
  if (alpha.equals(1)) {
    run_binary(out, Binary::Sub, self, other, common);
  } else {
    run_binary(out, Binary::AddScaled, self, other, common, -alpha.to_double());
  }
}

void rsub(Tensor& out, const Tensor& self, const Operand& other, const Scalar& alpha) {
  run_binary(out, Binary::Rsub, self, other, promoted(self, other), alpha.to_double());
}

void div_mode(Tensor& out, const Tensor& self, const Operand& other, std::optional<std::string_view> rounding_mode) {
  if (!rounding_mode) return binary_float(out, Binary::Div, self, other);
  if (*rounding_mode == "floor") return binary(out, Binary::FloorDiv, self, other);
  if (*rounding_mode == "trunc") return binary(out, Binary::TruncDiv, self, other);
  throw_error(ErrorKind::Runtime, "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{}'",
              *rounding_mode);
}

void compare(Tensor& out, Binary op, const Operand& a, const Operand& b) {
  DType common = promoted(a, b);
  const bool logical = op >= Binary::LogicalAnd;
  const Operand inputs[] = {a, b};
  ElementwisePlan plan;
  plan.inputs = inputs;
  plan.count = 2;
  plan.compute = compute_type(common);
  // An integer tensor against a fraction compares in floating point even though 2.5 would promote; a logical operation
  // only asks for zero or not.
  if (!logical && plan.compute == DType::Float32 && !(a.is_tensor() && is_floating(a.tensor().dtype()))) {
    plan.compute =
        is_floating(common) && a.is_tensor() && a.tensor().dtype() == DType::Int64 ? DType::Float32 : plan.compute;
  }
  plan.loop = binary_loop(op, plan.compute);
  plan.loop_result = DType::Bool;
  plan.result = DType::Bool;
  run_elementwise(out, plan);
}

void round(Tensor& out, const Tensor& self, int64_t decimals) {
  if (decimals == 0) return unary(out, Unary::Round, self);
  const double scale = std::pow(10.0, static_cast<double>(std::abs(decimals)));
  Tensor scaled, rounded;
  binary(scaled, decimals > 0 ? Binary::Mul : Binary::Div, self, scale);
  unary(rounded, Unary::Round, scaled);
  binary(out, decimals > 0 ? Binary::Div : Binary::Mul, rounded, scale);
}

namespace {
void run_ternary(Tensor& out, Ternary op, const Operand& a, const Operand& b, const Operand& c, DType common,
                 double p0 = 0) {
  const Operand inputs[] = {a, b, c};
  ElementwisePlan plan;
  plan.inputs = inputs;
  plan.count = 3;
  plan.compute = compute_type(common);
  plan.loop = ternary_loop(op, plan.compute);
  plan.loop_result = plan.compute;
  plan.result = common;
  plan.parameters[0] = p0;
  run_elementwise(out, plan);
}
}  // namespace

void clamp(Tensor& out, const Tensor& self, const OptionalScalar& min, const OptionalScalar& max) {
  if (!min && !max) throw Error(ErrorKind::Runtime, "torch.clamp: At least one of 'min' or 'max' must not be None");
  Promotion promotion;
  promotion.add(self);
  if (min) promotion.add(*min);
  if (max) promotion.add(*max);
  const DType common = promotion.result();
  const double infinity = std::numeric_limits<double>::infinity();
  if (is_floating(common)) {
    run_ternary(out, Ternary::Clamp, self, min ? min->to_double() : -infinity, max ? max->to_double() : infinity,
                common);
  } else {
    run_ternary(out, Ternary::Clamp, self, min ? min->to_int() : INT64_MIN, max ? max->to_int() : INT64_MAX, common);
  }
}

void clamp_Tensor(Tensor& out, const Tensor& self, const Tensor& min, const Tensor& max) {
  if (!min.defined() && !max.defined())
    throw Error(ErrorKind::Runtime, "torch.clamp: At least one of 'min' or 'max' must not be None");
  Tensor low;
  if (min.defined()) {
    binary(max.defined() ? low : out, Binary::Maximum, self, min);
    if (!max.defined()) return;
  }
  binary(out, Binary::Minimum, min.defined() ? low : self, max);
}

void where(Tensor& out, const Tensor& condition, const Operand& self, const Operand& other) {
  if (condition.dtype() != DType::Bool && condition.dtype() != DType::UInt8) {
    throw_error(ErrorKind::Runtime, "where expected condition to be a boolean tensor, but got a tensor with dtype {}",
                dtype_label(condition.dtype()));
  }
  const DType common = promoted(self, other);
  const Operand inputs[] = {condition, self, other};
  ElementwisePlan plan;
  plan.inputs = inputs;
  plan.count = 3;
  plan.compute = plan.loop_result = plan.result = common;
  plan.first_differs = true;
  plan.first = condition.dtype();
  plan.loop = select_loop(item_size(common));
  run_elementwise(out, plan);
}

void lerp(Tensor& out, const Tensor& self, const Tensor& end, const Operand& weight) {
  if (self.dtype() != end.dtype()) {
    throw_error(ErrorKind::Runtime, "expected dtype {} for `end` but got dtype {}", dtype_name(self.dtype()),
                dtype_name(end.dtype()));
  }
  run_ternary(out, Ternary::Lerp, self, end, weight, self.dtype());
}

namespace {
DType promoted3(const Tensor& a, const Tensor& b, const Tensor& c) {
  Promotion promotion;
  promotion.add(a);
  promotion.add(b);
  promotion.add(c);
  return promotion.result();
}
}  // namespace

void addcmul(Tensor& out, const Tensor& self, const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) {
  run_ternary(out, Ternary::Addcmul, self, tensor1, tensor2, promoted3(self, tensor1, tensor2), value.to_double());
}

void addcdiv(Tensor& out, const Tensor& self, const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) {
  const DType common = promoted3(self, tensor1, tensor2);
  if (!is_floating(common)) {
    throw Error(ErrorKind::Runtime,
                "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
                "true division of "
                "tensor1 and tensor2.");
  }
  run_ternary(out, Ternary::Addcdiv, self, tensor1, tensor2, common, value.to_double());
}

void threshold_backward(Tensor& out, const Tensor& grad_output, const Tensor& self, const Scalar& threshold) {
  run_binary(out, Binary::ThresholdBackward, grad_output, self, grad_output.dtype(), threshold.to_double());
}

namespace {
bool tanh_form(std::string_view approximate) {
  if (approximate == "tanh") return true;
  if (approximate == "none") return false;
  throw Error(ErrorKind::Runtime, "approximate argument must be either none or tanh.");
}
}  // namespace
void gelu(Tensor& out, const Tensor& self, std::string_view approximate) {
  unary_float(out, tanh_form(approximate) ? Unary::GeluTanh : Unary::GeluErf, self);
}
void gelu_backward(Tensor& out, const Tensor& grad_output, const Tensor& self, std::string_view approximate) {
  binary(out, tanh_form(approximate) ? Binary::GeluTanhBackward : Binary::GeluErfBackward, grad_output, self);
}
void leaky_relu(Tensor& out, const Tensor& self, const Scalar& negative_slope) {
  run_binary(out, Binary::LeakyRelu, self, negative_slope.to_double(), self.dtype());
}
void softplus(Tensor& out, const Tensor& self, const Scalar& beta, const Scalar& threshold) {
  const Operand inputs[] = {self};
  ElementwisePlan plan;
  plan.inputs = inputs;
  plan.count = 1;
  plan.compute = plan.loop_result = compute_type(self.dtype());
  plan.result = self.dtype();
  plan.loop = ternary_loop(Ternary::Softplus, plan.compute);
  plan.parameters[0] = beta.to_double();
  plan.parameters[1] = threshold.to_double();
  run_elementwise(out, plan);
}

void write_back(const Tensor& self, const Tensor& result) {
  if (result.sizes() != self.sizes()) {
    throw_error(ErrorKind::Runtime, "output with shape {} doesn't match the broadcast shape {}",
                to_string(self.sizes()), to_string(result.sizes()));
  }
  copy_values(self, result);
}

}  // namespace kernels
}  // namespace hiss::engine
