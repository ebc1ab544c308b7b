// What the generated entry points need.
#pragma once

#include "tensor/registry.h"

namespace hiss::engine {
inline const Tensor kNoTensor;
inline bool unset(std::span<const Arg> arguments, size_t i) { return i >= arguments.size() || arguments[i].is_unset(); }
}  // namespace hiss::engine
