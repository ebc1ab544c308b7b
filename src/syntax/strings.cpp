// String and bytes literals: prefixes, escapes, concatenation.
#include <fmt/format.h>

#include "base/text.h"
#include "syntax/lexer_characters.h"
#include "syntax/parser_impl.h"
#include "syntax/parser_strings.h"

namespace hiss::syntax {

namespace {

int hex_value(char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }

/// The character of a one-letter escape, 0 when there is none, -1 for a line continuation.
int simple_escape(char c) {
  switch (c) {
    case '\n':
      return -1;
    case '\\':
    case '\'':
    case '"':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'v':
      return '\v';
    case 'a':
      return '\a';
    default:
      return 0;
  }
}

struct EscapeError {
  const char* reason;
  size_t start;
  size_t end;
};

}  // namespace

Parser::StringLiteral Parser::open_string(const Token& token) {
  StringLiteral literal;
  std::string_view whole = text(token);
  size_t i = 0;
  for (; whole[i] != '"' && whole[i] != '\''; ++i) {
    switch (whole[i] | 0x20) {
      case 'b':
        literal.bytes = true;
        break;
      case 'r':
        literal.raw = true;
        break;
      case 'f':
        literal.formatted = true;
        break;
      default:
        literal.u_prefix = whole[i] == 'u';
        break;
    }
  }
  size_t quotes = whole.size() - i >= 6 && whole[i + 1] == whole[i] && whole[i + 2] == whole[i] ? 3 : 1;
  literal.body = whole.substr(i + quotes, whole.size() - i - 2 * quotes);
  if (literal.bytes) {
    if (!is_ascii(literal.body)) raise_token(token, "bytes can only contain ASCII literal characters");
  }
  if (!literal.raw) literal.raw = literal.body.find('\\') == std::string_view::npos;
  return literal;
}

/// `at` is the character after the backslash.
void Parser::warn_invalid_escape(const Token& token, const char* at) {
  if (phase_ == Phase::Diagnosing) return;
  Warning warning;
  if (*at >= '4' && *at <= '7') {
    warning.message = fmt::format("invalid octal escape sequence '\\{}'", std::string_view(at, 3));
  } else {
    warning.message = fmt::format("invalid escape sequence '\\{}'", *at);
  }
  warning.lineno = token.lineno;
  warning.col_offset = token.col_offset;
  warning.end_lineno = token.end_lineno;
  warning.end_col_offset = token.end_col_offset;
  context_.warnings.push_back(std::move(warning));
}

void Parser::check_utf8(std::string_view body) {
  const std::string message = malformed_utf8_message(body);
  if (!message.empty()) raise_last(message);
}

std::string_view Parser::decode_string(const Token& token, std::string_view body, bool raw) {
  if (context_.malformed) check_utf8(body);
  if (raw || body.find('\\') == std::string_view::npos) return body.data() ? body : std::string_view("", 0);
  std::string out;
  out.reserve(body.size());
  const char* invalid = nullptr;
  const char* s = body.data();
  const char* end = s + body.size();
  // CPython counts positions in a copy in which every non-ASCII character has become ten ASCII ones.
  auto position = [&](const char* p) {
    size_t count = 0;
    for (const char* q = body.data(); q < p; ++q) {
      auto byte = static_cast<unsigned char>(*q);
      if (byte < 0x80) {
        ++count;
        if (byte == '\\' && q + 1 < end) {
          if (q[1] & 0x80) {
            count += 5;
          } else if (q + 1 < p) {
            ++q;
            ++count;
          }
        }
      } else if ((byte & 0xC0) != 0x80) {
        count += 10;
      }
    }
    return count;
  };
  auto fail = [&](const char* reason, const char* from, const char* to) {
    size_t first = position(from), last = position(to);
    std::string where = last - first == 1 ? fmt::format("byte 0x5c in position {}", first)
                                          : fmt::format("bytes in position {}-{}", first, last - 1);
    raise_last(fmt::format("(unicode error) 'unicodeescape' codec can't decode {}: {}", where, reason));
  };
  while (s < end) {
    const char* backslash = static_cast<const char*>(std::memchr(s, '\\', end - s));
    if (!backslash) {
      out.append(s, end - s);
      break;
    }
    out.append(s, backslash - s);
    s = backslash + 1;
    if (s == end) {
      // Only the text before a brace of an f-string can end so.
      out += '\\';
      break;
    }
    char c = *s++;
    if (int simple = simple_escape(c)) {
      if (simple > 0) out += static_cast<char>(simple);
      continue;
    }
    if (is_octal(c)) {
      int value = c - '0';
      for (int i = 0; i < 2 && s < end && is_octal(*s); ++i) value = value * 8 + (*s++ - '0');
      if (value > 0377 && !invalid) invalid = backslash + 1;
      append_utf8(out, static_cast<char32_t>(value));
      continue;
    }
    if (c == 'x' || c == 'u' || c == 'U') {
      int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      const char* reason = c == 'x'   ? "truncated \\xXX escape"
                           : c == 'u' ? "truncated \\uXXXX escape"
                                      : "truncated \\UXXXXXXXX escape";
      uint32_t value = 0;
      for (int i = 0; i < digits; ++i) {
        if (s == end || !is_hex_digit(*s)) fail(reason, backslash, s);
        value = value << 4 | static_cast<uint32_t>(hex_value(*s++));
      }
      if (value > 0x10FFFF) fail("illegal Unicode character", backslash, s);
      append_utf8(out, value);
      continue;
    }
    if (c == 'N') {
      if (s == end || *s != '{') fail("malformed \\N character escape", backslash, s);
      const char* name = ++s;
      while (s < end && *s != '}') ++s;
      if (s == end || s == name) fail("malformed \\N character escape", backslash, s);
      std::string_view spelled{name, static_cast<size_t>(s - name)};
      ++s;
      UnicodeNameFunction lookup = unicode_hooks().lookup_name;
      int32_t found = lookup ? lookup(spelled) : -1;
      if (found < 0) fail("unknown Unicode character name", backslash, s);
      append_utf8(out, static_cast<char32_t>(found));
      continue;
    }
    // Not an escape: the backslash stays. Only the first one in a literal is reported.
    out += '\\';
    --s;
    if (!invalid && static_cast<unsigned char>(c) < 0x80) invalid = s;
    if (static_cast<unsigned char>(c) < 0x80) out += *s++;
  }
  if (invalid) warn_invalid_escape(token, invalid);
  return arena_.copy_text(out);
}

std::string_view Parser::decode_bytes(const Token& token, std::string_view body, bool raw) {
  if (raw) return body.data() ? body : std::string_view("", 0);
  std::string out;
  const char* invalid = nullptr;
  const char* s = body.data();
  const char* end = s + body.size();
  while (s < end) {
    if (*s != '\\') {
      out += *s++;
      continue;
    }
    const char* backslash = s++;
    char c = *s++;
    if (int simple = simple_escape(c)) {
      if (simple > 0) out += static_cast<char>(simple);
    } else if (is_octal(c)) {
      int value = c - '0';
      for (int i = 0; i < 2 && s < end && is_octal(*s); ++i) value = value * 8 + (*s++ - '0');
      if (value > 0377 && !invalid) invalid = backslash + 1;
      out += static_cast<char>(value);
    } else if (c == 'x') {
      if (end - s < 2 || !is_hex_digit(s[0]) || !is_hex_digit(s[1])) {
        raise_last(fmt::format("(value error) invalid \\x escape at position {}", backslash - body.data()));
      }
      out += static_cast<char>(hex_value(s[0]) << 4 | hex_value(s[1]));
      s += 2;
    } else {
      if (!invalid) invalid = backslash + 1;
      out += '\\';
      out += c;
    }
  }
  if (invalid) warn_invalid_escape(token, invalid);
  return arena_.copy_text(out);
}

Expr* Parser::strings() {
  if (!careful()) [[likely]]
    return plain_strings();
  return memoized(Rule::Strings, [&] { return plain_strings(); });
}

/// One or more adjacent literals.
Expr* Parser::plain_strings() {
  Start first = here();
  ++pos_;
  while (at(TokenKind::String)) ++pos_;
  Start last = &tokens_[pos_ - 1];
  if (first == last) {
    StringLiteral literal = open_string(*first);
    if (!literal.formatted) {
      Constant* result = node<Constant>(first);
      result->constant_kind = literal.bytes ? ConstantKind::Bytes : ConstantKind::Str;
      result->text = literal.bytes ? decode_bytes(*first, literal.body, literal.raw)
                                   : decode_string(*first, literal.body, literal.raw);
      if (literal.u_prefix) result->u_prefix = "u";
      return result;
    }
  }
  FstringBuilder builder;
  builder.first = first;
  builder.last = last;
  bool bytes = false;
  for (Start token = first; token <= last; ++token) {
    StringLiteral literal = open_string(*token);
    if (token == first) {
      bytes = literal.bytes;
      builder.u_prefix = literal.u_prefix;
    } else if (literal.bytes != bytes) {
      raise_last("cannot mix bytes and nonbytes literals");
    }
    if (literal.formatted) {
      builder.formatted = true;
      const char* at = literal.body.data();
      check_version(6, "Format strings are");
      fstring_parts(builder, at, at + literal.body.size(), literal.raw, 0, *token);
    } else if (bytes) {
      builder.literal += decode_bytes(*token, literal.body, literal.raw);
    } else {
      builder.literal += decode_string(*token, literal.body, literal.raw);
    }
  }
  if (builder.formatted) return joined_string(builder, first, last);
  Constant* result = node<Constant>(first);
  result->constant_kind = bytes ? ConstantKind::Bytes : ConstantKind::Str;
  result->text = arena_.copy_text(builder.literal);
  if (builder.u_prefix) result->u_prefix = "u";
  return result;
}

}  // namespace hiss::syntax
