// escape_encode and escape_decode: the backslash notation of bytes literals.
#include "modules/_codecs/codecs.h"

#include "object/text_units.h"

namespace hiss {

Ref escape_encode(Value, const Value* a) {
  if (!is<Bytes>(a[0]))
    return fail(exc::TypeError, "escape_encode() argument 1 must be bytes, not {}", type_name(a[0]));
  std::string out;
  for (unsigned char c : as<Bytes>(a[0])->view()) {
    switch (c) {
      case '\'':
        out += "\\'";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (c < ' ' || c >= 0x7F) {
          out += fmt::format("\\x{:02x}", c);
        } else {
          out += static_cast<char>(c);
        }
    }
  }
  return with_length(make_bytes(out), as<Bytes>(a[0])->length);
}

namespace {
int hex_digit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

Ref escape_decode(Value, const Value* a) {
  const std::string errors = TRY(errors_argument(a[1], "escape_decode"));
  std::string text;
  if (is<Str>(a[0])) {
    text = utf8_view(as<Str>(a[0]));
  } else {
    BufferView view(TRY(get_buffer(a[0])));
    text = view.text();
  }
  std::string out, bad;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    if (++i == text.size()) return fail(exc::ValueError, "Trailing \\ in string");
    const size_t at = i;
    const char c = text[i++];
    switch (c) {
      case '\n':
        break;
      case '\\':
      case '\'':
      case '"':
        out += c;
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 'v':
        out += '\v';
        break;
      case 'a':
        out += '\a';
        break;
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7': {
        int value = c - '0';
        for (int k = 0; k < 2 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++k)
          value = value * 8 + (text[i++] - '0');
        if (value > 0377 && bad.empty()) bad = text.substr(at, 3);
        out += static_cast<char>(value);
        break;
      }
      case 'x': {
        const int high = i < text.size() ? hex_digit(static_cast<unsigned char>(text[i])) : -1;
        const int low = i + 1 < text.size() ? hex_digit(static_cast<unsigned char>(text[i + 1])) : -1;
        if (high >= 0 && low >= 0) {
          out += static_cast<char>(high * 16 + low);
          i += 2;
          break;
        }
        if (high >= 0) ++i;
        if (errors == "strict") return fail(exc::ValueError, "invalid \\x escape at position {}", at - 1);
        if (errors == "replace") {
          out += '?';
        } else if (errors != "ignore") {
          return fail(exc::ValueError, "decoding error; unknown error handling code: {}", errors);
        }
        break;
      }
      default:
        if (bad.empty()) append_utf8(bad, static_cast<uint8_t>(c));  // any byte may stand there
        out += '\\';
        --i;
        out += text[i++];
    }
  }
  if (!bad.empty()) {
    const bool octal = bad.size() == 3 && bad[0] >= '4' && bad[0] <= '7';
    TRY(warn(exc::DeprecationWarning, fmt::format("invalid {}escape sequence '\\{}'", octal ? "octal " : "", bad)));
  }
  return with_length(make_bytes(out), static_cast<int64_t>(text.size()));
}

}  // namespace hiss
