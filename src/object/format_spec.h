// The format-specification mini-language: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
#pragma once

#include "object/protocol.h"

namespace hiss {

struct FormatSpec {
  uint32_t fill = ' ';
  char align = 0;  // < > = ^, 0: the type's default
  char sign = 0;   // + - space
  bool no_negative_zero = false;
  bool alternate = false;
  bool zero_padded = false;
  int64_t width = -1;
  char grouping = 0;  // , _
  int64_t precision = -1;
  uint32_t type = 0;
};

/// Parses a specification; ValueError in CPython's words. `type_name` is that of the value, for messages.
Result<FormatSpec> parse_format_spec(const Str* spec, char default_align, std::string_view type_name);

Ref format_int(Value v, const Str* spec);
Ref format_float(Value v, const Str* spec);
Ref format_complex(Value v, const Str* spec);
Ref format_str(Value v, const Str* spec);
/// A number already as text (sign, digits, rest), laid out: used by % formatting too.
Ref pad_text(const Str* text, uint32_t fill, char align, int64_t width);

}  // namespace hiss
