// Text given to int(), float() and complex(): any Unicode spaces and decimal digits, made ASCII.
#pragma once

#include <string>

#include "object/str.h"

namespace hiss {

/// The text with decimal digits of any script as 0-9, Unicode spaces as blanks, other characters as they are (UTF-8).
Result<std::string> number_text(const Str* s);
/// The bytes of a bytes-like object; TypeError when it is none.
Result<std::string> bytes_like_text(Value v);
Ref parse_int_bytes(const std::string& text, int base, Value original);

}  // namespace hiss
