// Half-precision numbers (IEEE 754 binary16) as struct and memoryview store them. The compilers' own type for them does
// not exist everywhere (clang 14).
#pragma once

#include <cstdint>

namespace hiss {

double half_to_double(uint16_t half);
/// Rounds to nearest, ties to even. False when the number is too large.
bool double_to_half(double x, uint16_t& out);

}  // namespace hiss
