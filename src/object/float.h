// What other files need of float.
#pragma once

#include <optional>

#include "object/protocol.h"

namespace hiss {

Ref make_float_of(Type* cls, double d);
/// hash(float); NaN hashes by identity.
int64_t hash_double(double d, Value self = Value());
/// The float of a float or int operand: nullopt when `v` is neither, Failure when an int is too large.
Result<std::optional<double>> operand_as_double(Value v);
/// Rounded to `digits` decimals, correctly. OverflowError when that is out of range.
Ref round_double(double d, int64_t digits);
/// The exact ratio of a finite float.
Ref double_as_integer_ratio(double d);
std::string double_to_hex(double d);
extern const NativeDef kFloatMethods[];

}  // namespace hiss
