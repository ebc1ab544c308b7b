#include "object/number_text.h"

#include "object/buffer.h"
#include "object/text_units.h"
#include "object/unicode_tables.h"

namespace hiss {

Result<std::string> number_text(const Str* s) {
  if (s->ascii) {
    std::string text(s->ascii_view());
    // The separators 1C-1F are spaces to str but not to C.
    for (char& c : text) {
      if (c >= 0x1c && c <= 0x1f) c = ' ';
    }
    return text;
  }
  std::string text;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (unicode::is_space(c)) {
      text += ' ';
    } else if (const int d = unicode::decimal(c); d >= 0) {
      text += static_cast<char>('0' + d);
    } else {
      append_utf8(text, c);
    }
  }
  return text;
}

Result<std::string> bytes_like_text(Value v) {
  Buffer buffer = TRY(get_buffer(v, false));
  Result<std::string> text =
      std::string(reinterpret_cast<const char*>(buffer.data), static_cast<size_t>(buffer.length));
  release_buffer(buffer);
  return text;
}

}  // namespace hiss
