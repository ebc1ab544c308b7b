#include "tensor/registry.h"

#include <algorithm>

#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/registry_internal.h"

namespace hiss::engine {

void Arg::mismatch(std::string_view wanted) const {
  constexpr std::string_view names[] = {"nothing", "None",         "Tensor",         "list of Tensors",
                                        "number",  "list of ints", "list of floats", "dtype",
                                        "str",     "Generator"};
  throw_error(ErrorKind::Type, "expected {} but got {}", wanted, names[static_cast<int>(tag_)]);
}
const Tensor& Arg::tensor() const {
  if (tag_ == Tag::None || tag_ == Tag::Unset) return kNoTensor;
  if (tag_ != Tag::Tensor) mismatch("Tensor");
  return *static_cast<const Tensor*>(pointer_);
}
TensorList Arg::tensors() const {
  if (tag_ != Tag::TensorList) mismatch("list of Tensors");
  return TensorList(static_cast<const Tensor*>(pointer_), size_);
}
Operand Arg::operand() const {
  if (tag_ == Tag::Tensor) return Operand(*static_cast<const Tensor*>(pointer_));
  if (tag_ != Tag::Scalar) mismatch("Tensor or number");
  return Operand(scalar_);
}
Scalar Arg::scalar() const {
  if (tag_ == Tag::Tensor) return static_cast<const Tensor*>(pointer_)->item();
  if (tag_ != Tag::Scalar) mismatch("number");
  return scalar_;
}
int64_t Arg::integer() const {
  if (tag_ != Tag::Scalar) mismatch("int");
  return scalar_.to_int();
}
double Arg::real() const {
  if (tag_ != Tag::Scalar) mismatch("float");
  return scalar_.to_double();
}
bool Arg::boolean() const {
  if (tag_ != Tag::Scalar) mismatch("bool");
  return scalar_.to_bool();
}
IntList Arg::ints() const {
  if (tag_ != Tag::IntList) mismatch("list of ints");
  return IntList(static_cast<const int64_t*>(pointer_), size_);
}
FloatList Arg::floats() const {
  if (tag_ != Tag::FloatList) mismatch("list of floats");
  return FloatList(static_cast<const double*>(pointer_), size_);
}
DType Arg::dtype() const {
  if (tag_ != Tag::DType) mismatch("dtype");
  return dtype_;
}
std::string_view Arg::text() const {
  if (tag_ != Tag::String) mismatch("str");
  return std::string_view(static_cast<const char*>(pointer_), size_);
}
RandomGenerator* Arg::generator() const {
  if (tag_ == Tag::None || tag_ == Tag::Unset) return nullptr;
  if (tag_ != Tag::Generator) mismatch("Generator");
  return static_cast<RandomGenerator*>(const_cast<void*>(pointer_));
}

std::span<const OpDescriptor> find_ops(std::string_view name) {
  const auto ops = all_ops();
  const auto [begin, end] = std::equal_range(ops.begin(), ops.end(), name, [](const auto& a, const auto& b) {
    const auto key = [](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, OpDescriptor>) {
        return value.name;
      } else {
        return value;
      }
    };
    return key(a) < key(b);
  });
  if (begin != end) return {begin, end};
  for (const OpAlias& alias : all_op_aliases()) {
    if (alias.name == name) return find_ops(alias.target);
  }
  return {};
}

Tensor write_out(const Tensor& out, const Tensor& result) {
  if (out.requires_grad() || result.requires_grad()) {
    throw Error(ErrorKind::Runtime,
                "functions with out=... arguments don't support automatic differentiation, but one of the arguments "
                "requires grad.");
  }
  if (!can_cast(result.dtype(), out.dtype())) {
    throw_error(ErrorKind::Runtime, "result type {} can't be cast to the desired output type {}",
                dtype_label(result.dtype()), dtype_label(out.dtype()));
  }
  if (out.sizes() != result.sizes()) {
    const auto bytes = checked_numel(result.sizes(), out.item_size()) * static_cast<int64_t>(out.item_size());
    if (out->storage->bytes() < bytes + out.storage_offset() * static_cast<int64_t>(out.item_size())) {
      out->storage->resize(bytes + out.storage_offset() * static_cast<int64_t>(out.item_size()));
    }
    out->sizes = result.sizes();
    out->strides = contiguous_strides(result.sizes());
    out->refresh();
  }
  copy_values(out, result);
  out->bump_version();
  return out;
}

Outputs call_op(std::string_view name, std::span<const Arg> arguments) {
  const auto ops = find_ops(name);
  if (ops.empty()) throw_error(ErrorKind::Runtime, "there is no operation named '{}'", name);
  Outputs outputs;
  ops.front().call(arguments, outputs);
  return outputs;
}

}  // namespace hiss::engine
