#include "object/unicode_names.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <unordered_map>

namespace hiss::unicode {

namespace {

#include "object/unicode_names.inc"

/// The names that are not computed: unpacked when first asked for.
struct NameTable {
  std::string text;
  std::vector<std::pair<uint32_t, std::string_view>> by_code;  // in order of code points
  std::unordered_map<std::string_view, uint32_t> by_name;      // aliases too
  std::unordered_map<std::string_view, std::string_view> sequences;

  NameTable() {
    unpack();
    int section = 0;
    uint32_t next = 0;
    auto code_of = [](std::string_view hex) {
      uint32_t c = 0;
      std::from_chars(hex.data(), hex.data() + hex.size(), c, 16);
      return c;
    };
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (line == "#") {
        ++section;
      } else if (section == 0 && line[0] == '@') {
        next = code_of(line.substr(1));
      } else if (section == 0) {
        by_code.emplace_back(next, line);
        by_name.emplace(line, next++);
      } else if (section == 1) {
        const size_t space = line.find(' ');
        by_name.emplace(line.substr(space + 1), code_of(line.substr(0, space)));
      } else {
        const size_t semicolon = line.find(';');
        sequences.emplace(line.substr(0, semicolon), line.substr(semicolon + 1));
      }
    }
  }

 private:
  void unpack() {
    std::string packed;
    uint32_t bits = 0;
    int count = 0;
    for (const char* p = kNames; *p && *p != '='; ++p) {
      const char c = *p;
      const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                        : c >= 'a' && c <= 'z' ? c - 'a' + 26
                        : c >= '0' && c <= '9' ? c - '0' + 52
                        : c == '+'             ? 62
                                               : 63;
      bits = bits << 6 | static_cast<uint32_t>(value);
      count += 6;
      if (count >= 8) {
        count -= 8;
        packed += static_cast<char>(bits >> count);
      }
    }
    text.resize(kNamesSize);
    uLongf size = kNamesSize;
    uncompress(reinterpret_cast<Bytef*>(text.data()), &size, reinterpret_cast<const Bytef*>(packed.data()),
               packed.size());
    text.resize(size);
  }
};

const NameTable& table() {
  static const NameTable* t = new NameTable;
  return *t;
}

constexpr uint32_t kIdeographs[][2] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B738},
                                       {0x2B740, 0x2B81D}, {0x2B820, 0x2CEA1}, {0x2CEB0, 0x2EBE0}, {0x30000, 0x3134A}};
constexpr std::string_view kIdeograph = "CJK UNIFIED IDEOGRAPH-", kSyllable = "HANGUL SYLLABLE ";
constexpr const char* kLeads[] = {"G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
                                  "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
constexpr const char* kVowels[] = {"A",  "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
                                   "OE", "YO", "U",  "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
constexpr const char* kTails[] = {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D",  "L", "LG", "LM", "LB", "LS", "LT",
                                  "LP", "LH", "M",  "B",  "BS", "S",  "SS", "NG", "J", "C",  "K",  "T",  "P",  "H"};

bool is_ideograph(uint32_t c) {
  for (auto [first, last] : kIdeographs) {
    if (c >= first && c <= last) return true;
  }
  return false;
}

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

/// The longest of `parts` that begins `text` is taken off; -1 when none does.
template <size_t n>
int take_longest(std::string_view& text, const char* const (&parts)[n]) {
  int best = -1;
  size_t length = 0;
  for (size_t i = 0; i < n; ++i) {
    const size_t size = strlen(parts[i]);
    if (text.starts_with(parts[i]) && (best < 0 || size > length)) {
      best = static_cast<int>(i);
      length = size;
    }
  }
  text.remove_prefix(length);
  return best;
}

}  // namespace

std::string character_name(uint32_t c) {
  if (c >= 0xAC00 && c <= 0xD7A3) {
    const uint32_t s = c - 0xAC00;
    return std::string(kSyllable) + kLeads[s / 588] + kVowels[s % 588 / 28] + kTails[s % 28];
  }
  if (is_ideograph(c)) {
    char buffer[16];
    snprintf(buffer, sizeof buffer, "%04X", c);
    return std::string(kIdeograph) + buffer;
  }
  const auto& names = table().by_code;
  const auto found = std::lower_bound(names.begin(), names.end(), c,
                                      [](const auto& entry, uint32_t code) { return entry.first < code; });
  return found != names.end() && found->first == c ? std::string(found->second) : std::string();
}

int64_t character_by_name(std::string_view given) {
  const std::string name = upper(given);
  if (name.starts_with(kSyllable)) {
    std::string_view rest = std::string_view(name).substr(kSyllable.size());
    const int lead = take_longest(rest, kLeads), vowel = take_longest(rest, kVowels), tail = take_longest(rest, kTails);
    if (lead >= 0 && vowel >= 0 && tail >= 0 && rest.empty()) return 0xAC00 + (lead * 21 + vowel) * 28 + tail;
  }
  if (name.starts_with(kIdeograph)) {
    const std::string_view hex = std::string_view(name).substr(kIdeograph.size());
    uint32_t c = 0;
    const auto r = std::from_chars(hex.data(), hex.data() + hex.size(), c, 16);
    if ((hex.size() == 4 || hex.size() == 5) && r.ptr == hex.data() + hex.size() && is_ideograph(c)) return c;
    return -1;
  }
  const auto& names = table().by_name;
  const auto found = names.find(name);
  return found == names.end() ? -1 : static_cast<int64_t>(found->second);
}

std::vector<uint32_t> named_sequence(std::string_view given) {
  const std::string name = upper(given);
  std::vector<uint32_t> out;
  const auto found = table().sequences.find(name);
  if (found == table().sequences.end()) return out;
  const std::string_view hex = found->second;
  for (size_t at = 0; at < hex.size();) {
    if (hex[at] == ' ') {
      ++at;
      continue;
    }
    uint32_t c = 0;
    const auto r = std::from_chars(hex.data() + at, hex.data() + hex.size(), c, 16);
    out.push_back(c);
    at = static_cast<size_t>(r.ptr - hex.data()) + 1;
  }
  return out;
}

}  // namespace hiss::unicode
