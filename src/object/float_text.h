// Floats as text and text as floats: shortest round trip, correctly rounded formats, no locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hiss {

/// repr(float): the shortest text that reads back as the same number; always with a point, an exponent, inf or nan.
std::string float_repr(double d);

/// Format codes e f g r (r: repr) and E F G; r ignores the precision.
/// `alternate`: the point and trailing zeros stay; `point_zero`: ".0" is added to integral values (str of floats).
std::string format_double(double d, char code, int precision, bool alternate, bool point_zero);

/// A decimal floating point literal in ASCII with optional sign, "inf", "nan"; no spaces or underscores. Empty:
/// malformed.
std::optional<double> parse_double(std::string_view text);
/// The same with surrounding spaces and single underscores between digits, as float() takes it.
std::optional<double> parse_float_text(std::string_view text);

}  // namespace hiss
