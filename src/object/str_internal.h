// What the files of str need of each other.
#pragma once

#include <vector>

#include "object/iterator.h"
#include "object/protocol.h"
#include "object/text_units.h"

namespace hiss {

extern const NativeDef kStrMethods[];
// Groups of methods, one for each file.
#define HISS_STR_METHOD(name) Ref str_##name(Value self, const Value* args)
HISS_STR_METHOD(split);
HISS_STR_METHOD(rsplit);
HISS_STR_METHOD(splitlines);
HISS_STR_METHOD(partition);
HISS_STR_METHOD(rpartition);
HISS_STR_METHOD(strip);
HISS_STR_METHOD(lstrip);
HISS_STR_METHOD(rstrip);
HISS_STR_METHOD(replace);
HISS_STR_METHOD(join);
HISS_STR_METHOD(translate);
HISS_STR_METHOD(maketrans);
HISS_STR_METHOD(expandtabs);
HISS_STR_METHOD(center);
HISS_STR_METHOD(ljust);
HISS_STR_METHOD(rjust);
HISS_STR_METHOD(zfill);
HISS_STR_METHOD(removeprefix);
HISS_STR_METHOD(removesuffix);
HISS_STR_METHOD(find);
HISS_STR_METHOD(rfind);
HISS_STR_METHOD(index);
HISS_STR_METHOD(rindex);
HISS_STR_METHOD(count);
HISS_STR_METHOD(startswith);
HISS_STR_METHOD(endswith);
HISS_STR_METHOD(upper);
HISS_STR_METHOD(lower);
HISS_STR_METHOD(title);
HISS_STR_METHOD(capitalize);
HISS_STR_METHOD(swapcase);
HISS_STR_METHOD(casefold);
HISS_STR_METHOD(isalpha);
HISS_STR_METHOD(isalnum);
HISS_STR_METHOD(isdecimal);
HISS_STR_METHOD(isdigit);
HISS_STR_METHOD(isnumeric);
HISS_STR_METHOD(isspace);
HISS_STR_METHOD(isupper);
HISS_STR_METHOD(islower);
HISS_STR_METHOD(istitle);
HISS_STR_METHOD(isidentifier);
HISS_STR_METHOD(isprintable);
HISS_STR_METHOD(isascii);
HISS_STR_METHOD(encode);
HISS_STR_METHOD(format);
HISS_STR_METHOD(format_map);
HISS_STR_METHOD(format_spec);
#undef HISS_STR_METHOD

/// self % arguments.
Ref str_percent(Value self, Value arguments);
Ref str_repr(Value self);
/// repr with every character outside ASCII escaped.
Ref str_ascii_repr(const Str* s);
Ref str_repeat(Value self, int64_t count);
/// An exact str of the same text.
Ref plain_str(Value self);
/// str(bytes, encoding, errors) (codecs).
Ref str_from_bytes(Value object, Value encoding, Value errors);

}  // namespace hiss
