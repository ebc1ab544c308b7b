// UTF-7 (RFC 2152).
#include <cstring>
#include <vector>

#include "modules/_codecs/codecs.h"

namespace hiss {

namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
int base64_value(uint8_t c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}
// Characters that are written as they are: letters, digits, the direct set, the optional set and white space.
bool is_direct(uint32_t c) {
  if (c >= 128 || c == 0) return false;
  const char ch = static_cast<char>(c);
  if ((ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')) return true;
  return std::strchr("'(),-./:?!\"#$%&*;<=>@[]^_`{|} \t\n\r", ch) != nullptr;
}

}  // namespace

Ref encode_utf7(Value text, std::string_view) {
  auto* s = as<Str>(text);
  std::string out;
  bool shifted = false;
  uint32_t bits = 0;
  int bit_count = 0;
  auto put_unit = [&](uint32_t unit) {
    bits = bits << 16 | unit;
    bit_count += 16;
    while (bit_count >= 6) {
      out += kBase64[bits >> (bit_count - 6) & 0x3F];
      bit_count -= 6;
    }
    bits &= (1u << bit_count) - 1;
  };
  auto end_shift = [&](uint32_t next, bool at_end) {
    if (bit_count) out += kBase64[bits << (6 - bit_count) & 0x3F];
    bits = 0;
    bit_count = 0;
    shifted = false;
    // The minus sign is needed where the next character could be read as base64.
    if (at_end || base64_value(static_cast<uint8_t>(next)) >= 0 || next == '-') out += '-';
  };
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (shifted) {
      if (is_direct(c)) {
        end_shift(c, false);
        out += static_cast<char>(c);
        continue;
      }
    } else if (c == '+') {
      out += "+-";
      continue;
    } else if (is_direct(c)) {
      out += static_cast<char>(c);
      continue;
    } else {
      out += '+';
      shifted = true;
    }
    if (c >= 0x10000) {
      put_unit(0xD800 + ((c - 0x10000) >> 10));
      put_unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
      put_unit(c);
    }
  }
  if (shifted) end_shift(0, true);
  return make_bytes(out);
}

Ref decode_utf7(const DecodeInput& in, int64_t* consumed) {
  StrBuilder out;
  bool shifted = false;
  uint64_t bits = 0;
  int bit_count = 0;
  uint32_t surrogate = 0;
  int64_t shift_start = 0;
  // What a shift sequence has produced so far counts only when it ends, or the input does.
  std::vector<uint32_t> sequence;
  auto commit = [&] {
    for (uint32_t c : sequence) out.append_char(c);
    sequence.clear();
  };
  int64_t i = 0;
  auto handle = [&](int64_t start, int64_t end, const char* reason) -> Result<int64_t> {
    if (in.errors == "ignore") return end;
    if (in.errors == "replace") {
      out.append_char(0xFFFD);
      return end;
    }
    Ref object = in.object ? Ref::share(in.object) : make_bytes(in.data, in.length);
    fail_decode("utf7", object, start, end, reason);
    if (in.errors.empty() || in.errors == "strict") return Failure{};
    Ref error = take_pending();
    Replacement r = TRY(call_error_handler(in.errors, error, in.length, false));
    out.append(as<Str>(r.text));
    return r.position;
  };
  while (i < in.length) {
    const uint8_t c = in.data[i];
    if (shifted) {
      const int value = base64_value(c);
      if (value >= 0) {
        bits = bits << 6 | static_cast<uint64_t>(value);
        bit_count += 6;
        ++i;
        if (bit_count >= 16) {
          const uint32_t unit = static_cast<uint32_t>(bits >> (bit_count - 16)) & 0xFFFF;
          bit_count -= 16;
          bits &= (1u << bit_count) - 1;
          if (surrogate) {
            if (unit >= 0xDC00 && unit <= 0xDFFF) {
              sequence.push_back(0x10000 + ((surrogate - 0xD800) << 10) + (unit - 0xDC00));
              surrogate = 0;
              continue;
            }
            sequence.push_back(surrogate);
            surrogate = 0;
          }
          if (unit >= 0xD800 && unit <= 0xDBFF) {
            surrogate = unit;
          } else {
            sequence.push_back(unit);
          }
        }
        continue;
      }
      shifted = false;
      const int left = bit_count;
      const uint64_t padding = bits;
      bits = 0;
      bit_count = 0;
      if (left >= 6) {
        commit();
        if (surrogate) surrogate = 0;
        i = TRY(handle(shift_start, i + 1, "partial character in base64 sequence"));
        continue;
      }
      if (left > 0 && padding != 0) {
        commit();
        i = TRY(handle(shift_start, i + 1, "non-zero padding bits in base64 sequence"));
        continue;
      }
      if (surrogate) sequence.push_back(surrogate);
      surrogate = 0;
      commit();
      if (c == '-') {
        ++i;
      } else if (c >= 128) {
        i = TRY(handle(i, i + 1, "unexpected special character"));
      } else {
        out.append_char(c);
        ++i;
      }
    } else if (c == '+') {
      shift_start = i;
      ++i;
      if (i < in.length && in.data[i] == '-') {
        ++i;
        out.append_char('+');
      } else if (i < in.length && base64_value(in.data[i]) < 0) {
        i = TRY(handle(shift_start, i + 1, "ill-formed sequence"));
      } else {
        shifted = true;
        surrogate = 0;
        bits = 0;
        bit_count = 0;
        sequence.clear();
      }
    } else if (c < 128) {
      out.append_char(c);
      ++i;
    } else {
      i = TRY(handle(i, i + 1, "unexpected special character"));
    }
  }
  if (shifted) {
    if (consumed) {
      *consumed = shift_start;
      return out.finish();
    }
    commit();
    if (surrogate || bit_count >= 6 || (bit_count > 0 && bits != 0)) {
      TRY(handle(shift_start, in.length, "unterminated shift sequence"));
    }
  }
  if (consumed) *consumed = in.length;
  return out.finish();
}

}  // namespace hiss
