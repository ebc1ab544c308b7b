#include "syntax/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hiss::syntax {

namespace {

DecodeFunction g_decode_hook = nullptr;

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

std::string lowered(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

bool is_latin_1(const std::string& name) {
  std::string low = lowered(name);
  return low == "iso-8859-1" || low == "latin-1" || low == "latin1" || low == "l1" || low == "iso8859-1" ||
         low == "8859" || low == "cp819";
}

bool is_latin_9(const std::string& name) {
  std::string low = lowered(name);
  return low == "iso-8859-15" || low == "latin-9" || low == "latin9" || low == "l9" || low == "iso8859-15";
}

bool is_ascii_name(const std::string& name) {
  std::string low = lowered(name);
  return low == "ascii" || low == "us-ascii" || low == "646" || low == "ansi-x3.4-1968";
}

bool is_utf8_name(const std::string& name) {
  std::string low = lowered(name);
  return low == "utf-8" || low == "utf8" || low == "u8" || low == "utf" || low == "utf-8-sig" || low == "cp65001";
}

std::string decode_latin(std::string_view bytes, bool latin_9) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (char raw : bytes) {
    char32_t c = static_cast<unsigned char>(raw);
    if (latin_9) {
      // The eight characters in which ISO 8859-15 differs.
      switch (c) {
        case 0xA4:
          c = 0x20AC;
          break;
        case 0xA6:
          c = 0x0160;
          break;
        case 0xA8:
          c = 0x0161;
          break;
        case 0xB4:
          c = 0x017D;
          break;
        case 0xB8:
          c = 0x017E;
          break;
        case 0xBC:
          c = 0x0152;
          break;
        case 0xBD:
          c = 0x0153;
          break;
        case 0xBE:
          c = 0x0178;
          break;
        default:
          break;
      }
    }
    append_utf8(out, c);
  }
  return out;
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

DecodedSource failure(std::string message) {
  DecodedSource result;
  result.error.message = std::move(message);
  result.error.has_text = false;
  result.error.offset = -1;
  return result;
}

}  // namespace

void set_decode_hook(DecodeFunction hook) { g_decode_hook = hook; }

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

DecodedSource decode_source(std::string_view bytes) {
  DecodedSource result;
  bool marked = bytes.starts_with("\xEF\xBB\xBF");
  if (marked) bytes.remove_prefix(3);
  result.encoding = "utf-8";
  if (auto cookie = find_encoding_cookie(bytes)) {
    result.encoding = normal_name(*cookie);
    if (marked && result.encoding != "utf-8") return failure(fmt::format("encoding problem: {} with BOM", *cookie));
  }
  if (is_utf8_name(result.encoding)) {
    // Malformed bytes are the parser's to report, where they matter: in a comment they do not.
    result.text = bytes;
  } else if (is_latin_1(result.encoding) || is_latin_9(result.encoding)) {
    result.text = decode_latin(bytes, is_latin_9(result.encoding));
  } else if (is_ascii_name(result.encoding)) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      auto byte = static_cast<unsigned char>(bytes[i]);
      if (byte >= 0x80) {
        return failure(fmt::format(
            "(unicode error) 'ascii' codec can't decode byte 0x{:02x} in position {}: ordinal not in range(128)", byte,
            i));
      }
    }
    result.text = bytes;
  } else {
    std::string error;
    if (!g_decode_hook || !g_decode_hook(result.encoding, bytes, result.text, error)) {
      return failure(fmt::format("unknown encoding: {}", result.encoding));
    }
    if (!error.empty()) return failure("(unicode error) " + error);
  }
  result.ok = true;
  return result;
}

DecodedSource decode_script(std::string_view bytes, std::string_view filename) {
  DecodedSource result = decode_source(bytes);
  if (!result.ok || result.encoding != "utf-8") return result;
  Utf8Error bad = validate_utf8(result.text);
  if (!bad.reason) return result;
  auto first = static_cast<unsigned char>(result.text[bad.start]);
  auto line = 1 + std::count(result.text.begin(), result.text.begin() + static_cast<std::ptrdiff_t>(bad.start), '\n');
  // With a cookie Python trusts the declaration until a literal turns out malformed.
  if (find_encoding_cookie(bytes)) return result;
  return failure(
      fmt::format("Non-UTF-8 code starting with '\\x{:02x}' in file {} on line {}, but no encoding declared; see "
                  "https://peps.python.org/pep-0263/ for details",
                  first, filename, line));
}

}  // namespace hiss::syntax
