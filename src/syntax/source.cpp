#include "syntax/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hiss::syntax {

namespace {

/// The name under which Python compares encodings: lower case, '_' as '-', and the aliases of the common two.
std::string normal_name(std::string_view name) {
  std::string text;
  for (char c : name.substr(0, 12)) text += c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (text == "utf-8" || text.starts_with("utf-8-")) return "utf-8";
  if (text == "latin-1" || text == "iso-8859-1" || text == "iso-latin-1" || text.starts_with("latin-1-") ||
      text.starts_with("iso-8859-1-") || text.starts_with("iso-latin-1-")) {
    return "iso-8859-1";
  }
  return std::string(name);
}

/// The cookie of one line: a comment holding "coding" followed by ':' or '=' and a name.
std::optional<std::string> cookie_of_line(std::string_view line) {
  size_t i = 0;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t' || line[i] == '\f')) ++i;
  if (i == line.size() || line[i] != '#') return std::nullopt;
  for (size_t at = line.find("coding", i); at != std::string_view::npos; at = line.find("coding", at + 6)) {
    size_t p = at + 6;
    if (p >= line.size() || (line[p] != ':' && line[p] != '=')) continue;
    do {
      ++p;
    } while (p < line.size() && (line[p] == ' ' || line[p] == '\t'));
    size_t begin = p;
    auto is_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
             c == '.';
    };
    while (p < line.size() && is_name(line[p])) ++p;
    if (p > begin) return std::string(line.substr(begin, p - begin));
  }
  return std::nullopt;
}

bool is_blank_or_comment(std::string_view line) {
  size_t i = line.find_first_not_of(" \t\f");
  return i == std::string_view::npos || line[i] == '#' || line[i] == '\n' || line[i] == '\r';
}

}  // namespace

std::optional<std::string> find_encoding_cookie(std::string_view bytes) {
  for (int i = 0; i < 2 && !bytes.empty(); ++i) {
    size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    std::string_view line = bytes.substr(0, end);
    if (auto cookie = cookie_of_line(line)) return cookie;
    // Only a comment or an empty line may come before the cookie.
    if (!is_blank_or_comment(line)) return std::nullopt;
    if (end < bytes.size() && bytes[end] == '\r' && end + 1 < bytes.size() && bytes[end + 1] == '\n') ++end;
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return std::nullopt;
}

SourceEncoding find_source_encoding(std::string_view bytes) {
  SourceEncoding result;
  const bool marked = bytes.starts_with("\xEF\xBB\xBF");
  if (marked) bytes.remove_prefix(3);
  result.text = bytes;
  result.declared = marked;
  if (auto cookie = find_encoding_cookie(bytes)) {
    result.declared = true;
    result.name = normal_name(*cookie);
    if (marked && result.name != "utf-8") result.problem = fmt::format("encoding problem: {} with BOM", result.name);
  }
  return result;
}

std::string non_utf8_message(std::string_view text, std::string_view filename) {
  const Utf8Error bad = validate_utf8(text);
  if (!bad.reason) return "";
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad.start), '\n');
  return fmt::format(
      "Non-UTF-8 code starting with '\\x{:02x}' in file {} on line {}, but no encoding declared; see "
      "https://peps.python.org/pep-0263/ for details",
      static_cast<unsigned char>(text[bad.start]), filename, line);
}

}  // namespace hiss::syntax
