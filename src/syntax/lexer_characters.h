// Tables by byte value that drive the lexer.
#pragma once

#include <array>
#include <cstdint>

namespace hiss::syntax {

enum class CharacterClass : uint8_t { Control, End, Letter, Digit, Quote, Newline, Hash, Backslash, Operator };

inline constexpr std::array<CharacterClass, 256> kCharacterClass = [] {
  std::array<CharacterClass, 256> table{};
  for (int c = 0; c < 256; ++c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    if (letter) {
      table[c] = CharacterClass::Letter;
    } else if (c >= '0' && c <= '9') {
      table[c] = CharacterClass::Digit;
    } else if (c > ' ' && c < 0x7F) {
      table[c] = CharacterClass::Operator;
    }
  }
  table[0] = CharacterClass::End;
  table['"'] = table['\''] = CharacterClass::Quote;
  table['\n'] = CharacterClass::Newline;
  table['#'] = CharacterClass::Hash;
  table['\\'] = CharacterClass::Backslash;
  return table;
}();

inline constexpr std::array<bool, 256> kIdentifierCharacter = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[c] = kCharacterClass[c] == CharacterClass::Letter || kCharacterClass[c] == CharacterClass::Digit;
  }
  return table;
}();

/// Bytes at which the scan of a string literal must look closer.
inline constexpr std::array<bool, 256> kEndsStringRun = [] {
  std::array<bool, 256> table{};
  table[0] = table['\n'] = table['"'] = table['\''] = table['\\'] = true;
  return table;
}();

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace hiss::syntax
