// binascii: bytes as hexadecimal and base64 text, and CRC-32.
#include <zlib.h>

#include <string>

#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Ref error_type, incomplete_type;

Failure binascii_error(std::string message) {
  Ref e = call(error_type, {make_str(message)});
  return e.is_error() ? Failure{} : fail_with(e);
}

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// ASCII text may be given as str.
Result<std::string> ascii_input(Value v) {
  if (is<Str>(v)) {
    if (!as<Str>(v)->ascii) return fail(exc::ValueError, "string argument should contain only ASCII characters");
    return to_string(v);
  }
  Result<Buffer> buffer = get_buffer(v);
  if (buffer.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
    return fail(exc::TypeError, "argument should be bytes, buffer or ASCII string, not '{}'", type_name(v));
  }
  BufferView view(std::move(buffer.value()));
  return std::string(view.text());
}

Ref b2a_base64(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  const bool newline = a[1] ? TRY(truth(a[1])) : true;
  const uint8_t* p = view.data();
  const int64_t n = view.length();
  std::string out;
  out.reserve(static_cast<size_t>(n * 4 / 3 + 4));
  for (int64_t i = 0; i < n; i += 3) {
    const uint32_t word =
        static_cast<uint32_t>(p[i]) << 16 | (i + 1 < n ? p[i + 1] : 0) << 8 | (i + 2 < n ? p[i + 2] : 0);
    out += kAlphabet[word >> 18];
    out += kAlphabet[word >> 12 & 63];
    out += i + 1 < n ? kAlphabet[word >> 6 & 63] : '=';
    out += i + 2 < n ? kAlphabet[word & 63] : '=';
  }
  if (newline) out += '\n';
  return make_bytes(out);
}

Ref a2b_base64(Value, const Value* a) {
  std::string text = TRY(ascii_input(a[0]));
  const bool strict = a[1] ? TRY(truth(a[1])) : false;
  int8_t table[256];
  for (int8_t& v : table) v = -1;
  for (int i = 0; i < 64; ++i) table[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  std::string out;
  uint32_t bits = 0;
  int filled = 0, pads = 0;
  if (strict && !text.empty() && text[0] == '=') return binascii_error("Leading padding not allowed");
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c == '=') {
      ++pads;
      if (filled >= 2 && filled + pads >= 4) {
        if (strict && i + 1 < text.size()) return binascii_error("Excess data after padding");
        return make_bytes(out);
      }
      continue;
    }
    const int8_t v = table[c];
    if (v < 0) {
      if (strict) return binascii_error("Only base64 data is allowed");
      continue;
    }
    if (strict && pads) return binascii_error("Discontinuous padding not allowed");
    pads = 0;
    bits = bits << 6 | static_cast<uint32_t>(v);
    if (filled == 1) out += static_cast<char>(bits >> 4);
    if (filled == 2) out += static_cast<char>(bits >> 2);
    if (filled == 3) out += static_cast<char>(bits);
    filled = (filled + 1) & 3;
  }
  if (filled == 1) {
    return binascii_error(fmt::format(
        "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
        out.size() / 3 * 4 + 1));
  }
  if (filled) return binascii_error("Incorrect padding");
  return make_bytes(out);
}

Ref hexlify(Value, const Value* a) {
  Ref bytes;
  BufferView view(TRY(get_buffer(a[0])));
  Ref plain = make_bytes(view.data(), view.length());
  Ref text = a[1] ? (a[2] ? call_method(plain, "hex", {a[1], a[2]}) : call_method(plain, "hex", {a[1]}))
                  : call_method(plain, "hex");
  if (text.is_error()) return text;
  return make_bytes(utf8_view(as<Str>(text)));
}
Ref unhexlify(Value, const Value* a) {
  std::string text = TRY(ascii_input(a[0]));
  if (text.size() % 2) return binascii_error("Odd-length string");
  auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return binascii_error("Non-hexadecimal digit found");
    out += static_cast<char>(high << 4 | low);
  }
  return make_bytes(out);
}
Ref crc32_function(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  const auto start = a[1] ? static_cast<uLong>(TRY(to_int64(a[1])) & 0xFFFFFFFF) : 0ul;
  return make_int(static_cast<int64_t>(crc32_z(start, view.data(), static_cast<z_size_t>(view.length()))));
}

const NativeDef kFunctions[] = {
    {"b2a_base64", "($module, data, /, *, newline=True)", b2a_base64,
     "Encode data as base64, ended by a line feed unless newline is false."},
    {"a2b_base64", "($module, data, /, *, strict_mode=False)", a2b_base64,
     "Decode base64 text, passing over other characters unless strict_mode is set."},
    {"hexlify", "($module, /, data, sep=None, bytes_per_sep=1)", hexlify,
     "Write each byte of data as two hexadecimal digits; sep, if given, stands between groups of bytes_per_sep bytes."},
    {"b2a_hex", "($module, /, data, sep=None, bytes_per_sep=1)", hexlify,
     "Write each byte of data as two hexadecimal digits; sep, if given, stands between groups of bytes_per_sep bytes."},
    {"unhexlify", "($module, hexstr, /)", unhexlify,
     "The bytes whose hexadecimal digits are hexstr; binascii.Error if they are odd in number or not digits."},
    {"a2b_hex", "($module, hexstr, /)", unhexlify,
     "The bytes whose hexadecimal digits are hexstr; binascii.Error if they are odd in number or not digits."},
    {"crc32", "($module, data, crc=0, /)", crc32_function, "The CRC-32 of data, continued from crc."},
    {}};

Status initialize(Value module) {
  auto make = [&](const char* name, Value base) -> Ref {
    Ref space = make_dict();
    dict_set(as<Dict>(space), names.__module__, make_str("binascii"));
    Ref cls = TRY(call(to_value(&type_type), {make_str(name), make_tuple({base}), space}));
    dict_set(module_dict(module), intern(name), cls);
    return cls;
  };
  error_type = TRY(make("Error", to_value(&exc::ValueError)));
  incomplete_type = TRY(make("Incomplete", to_value(&exc::Exception)));
  return kOk;
}

}  // namespace

extern const ModuleDef binascii_module;
const ModuleDef binascii_module = {"binascii", "Base64, hexadecimal digits and checksums of bytes.", kFunctions,
                                   initialize};

}  // namespace hiss
