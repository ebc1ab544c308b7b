#include "tensor/promotion.h"

namespace hiss::engine {

DType promote_types(DType a, DType b) {
  if (a == b) return a;
  const bool fa = is_floating(a), fb = is_floating(b);
  if (fa != fb) return fa ? a : b;
  if (fa) {
    if (is_reduced_float(a) && is_reduced_float(b)) return DType::Float32;
    if (is_reduced_float(a)) return b;
    if (is_reduced_float(b)) return a;
    return DType::Float64;
  }
  if (a == DType::Bool) return b;
  if (b == DType::Bool) return a;
  // An unsigned byte with a signed type needs a signed type that holds both.
  if (a == DType::UInt8) return b == DType::Int8 ? DType::Int16 : b;
  if (b == DType::UInt8) return a == DType::Int8 ? DType::Int16 : a;
  return std::max(a, b);
}

bool can_cast(DType from, DType to) {
  if (is_floating(from) && !is_floating(to)) return false;
  if (to == DType::Bool && from != DType::Bool) return false;
  return true;
}

void Promotion::add(const Tensor& tensor) {
  auto& slot = tensor.dim() == 0 ? zero_dim_ : dimensioned_;
  slot = slot ? promote_types(*slot, tensor.dtype()) : tensor.dtype();
}

void Promotion::add(const Scalar& scalar) {
  const DType dtype = scalar.dtype();
  number_ = number_ ? promote_types(*number_, dtype) : dtype;
}

DType Promotion::result() const {
  // A lower rank (number < zero-dimensional < dimensioned) decides only when its kind is higher.
  const auto category = [](DType dtype) { return is_floating(dtype) ? 2 : dtype == DType::Bool ? 0 : 1; };
  const auto combine = [&](std::optional<DType> high, std::optional<DType> low) -> std::optional<DType> {
    if (!high) return low;
    if (!low) return high;
    if (category(*low) > category(*high)) return promote_types(*high, *low);
    return high;
  };
  return *combine(combine(dimensioned_, zero_dim_), number_);
}

Sizes broadcast_shapes(IntList a, IntList b) {
  if (a == b) return Sizes(a);
  const size_t rank = std::max(a.size(), b.size());
  Sizes result(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t ia = static_cast<int64_t>(a.size()) - 1 - static_cast<int64_t>(i);
    const int64_t ib = static_cast<int64_t>(b.size()) - 1 - static_cast<int64_t>(i);
    const int64_t sa = ia >= 0 ? a[static_cast<size_t>(ia)] : 1, sb = ib >= 0 ? b[static_cast<size_t>(ib)] : 1;
    if (sa != sb && sa != 1 && sb != 1) {
      throw_error(ErrorKind::Runtime,
                  "The size of tensor a ({}) must match the size of tensor b ({}) at non-singleton dimension {}", sa,
                  sb, rank - 1 - i);
    }
    result[rank - 1 - i] = sa == 1 ? sb : sa;
  }
  return result;
}

bool is_expandable_to(IntList from, IntList to) {
  if (from.size() > to.size()) return false;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t f = from[from.size() - 1 - i], t = to[to.size() - 1 - i];
    if (f != t && f != 1) return false;
  }
  return true;
}

}  // namespace hiss::engine
