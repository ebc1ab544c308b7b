// Names of characters, Unicode 14.0.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hiss::unicode {

/// "LATIN SMALL LETTER A"; empty when the character has no name.
std::string character_name(uint32_t c);
/// The character of a name or alias, in any case of letters; -1 when there is none.
int64_t character_by_name(std::string_view name);
/// The characters of a named sequence ("KEYCAP DIGIT ONE"); empty when there is none.
std::vector<uint32_t> named_sequence(std::string_view name);

}  // namespace hiss::unicode
