// Collecting text of unknown width.
#include "object/text_units.h"

namespace hiss {

void StrBuilder::reserve(int64_t more, uint32_t max_char) {
  max_char_ |= max_char;  // only its magnitude class matters
  const int width = width_for(max_char);
  if (width > width_) {
    std::string wide(static_cast<size_t>(size_) * static_cast<size_t>(width), '\0');
    if (width == 2) {
      copy_units(reinterpret_cast<uint16_t*>(wide.data()), reinterpret_cast<const uint8_t*>(bytes_.data()), size_);
    } else if (width_ == 1) {
      copy_units(reinterpret_cast<uint32_t*>(wide.data()), reinterpret_cast<const uint8_t*>(bytes_.data()), size_);
    } else {
      copy_units(reinterpret_cast<uint32_t*>(wide.data()), reinterpret_cast<const uint16_t*>(bytes_.data()), size_);
    }
    bytes_ = std::move(wide);
    width_ = static_cast<uint8_t>(width);
  }
  const size_t needed = static_cast<size_t>(size_ + more) * width_;
  if (needed > bytes_.capacity()) bytes_.reserve(std::max(needed, bytes_.capacity() * 2));
  bytes_.resize(needed);
}

void StrBuilder::append(const Str* s, int64_t start, int64_t end) {
  const int64_t count = end - start;
  if (count <= 0) return;
  uint32_t top = max_char(s);
  if (!s->ascii && count < s->length) {
    // A part of a wide string may be narrow: look, so that the result has the smallest width.
    top = 0;
    with_units(s, [&](const auto* p) {
      for (int64_t i = start; i < end; ++i) top |= p[i];
    });
  }
  const int64_t at = size_;
  reserve(count, top);
  with_units(s, [&](const auto* p) {
    if (width_ == 1) {
      copy_units(reinterpret_cast<uint8_t*>(bytes_.data()) + at, p + start, count);
    } else if (width_ == 2) {
      copy_units(reinterpret_cast<uint16_t*>(bytes_.data()) + at, p + start, count);
    } else {
      copy_units(reinterpret_cast<uint32_t*>(bytes_.data()) + at, p + start, count);
    }
  });
  size_ += count;
}

void StrBuilder::append_ascii(std::string_view text) {
  if (text.empty()) return;
  const int64_t at = size_, count = static_cast<int64_t>(text.size());
  reserve(count, 0x7f);
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  if (width_ == 1) {
    memcpy(bytes_.data() + at, p, text.size());
  } else if (width_ == 2) {
    copy_units(reinterpret_cast<uint16_t*>(bytes_.data()) + at, p, count);
  } else {
    copy_units(reinterpret_cast<uint32_t*>(bytes_.data()) + at, p, count);
  }
  size_ += count;
}

void StrBuilder::append(std::string_view utf8) {
  const auto* p = reinterpret_cast<const uint8_t*>(utf8.data());
  if (is_ascii(p, utf8.size())) return append_ascii(utf8);
  for (const uint8_t *q = p, *end = p + utf8.size(); q < end;) append_char(next_utf8(q));
}

void StrBuilder::append_char(uint32_t c) { append_fill(c, 1); }

void StrBuilder::append_fill(uint32_t c, int64_t count) {
  if (count <= 0) return;
  const int64_t at = size_;
  reserve(count, c);
  if (width_ == 1) {
    memset(bytes_.data() + at, static_cast<int>(c), static_cast<size_t>(count));
  } else if (width_ == 2) {
    auto* p = reinterpret_cast<uint16_t*>(bytes_.data()) + at;
    std::fill(p, p + count, static_cast<uint16_t>(c));
  } else {
    auto* p = reinterpret_cast<uint32_t*>(bytes_.data()) + at;
    std::fill(p, p + count, c);
  }
  size_ += count;
}

Ref StrBuilder::finish() {
  if (size_ == 0) return empty_str();
  if (size_ == 1) {
    if (width_ == 1) return make_char(static_cast<uint8_t>(bytes_[0]));
  }
  // max_char_ may overstate ASCII as Latin-1 never the other way; width_ is exact.
  Str* s = allocate_str(size_, width_ == 1 ? (max_char_ < 0x80 ? 0x7f : 0xff) : width_ == 2 ? 0xffff : 0x10ffff);
  memcpy(s->data1(), bytes_.data(), static_cast<size_t>(size_) * width_);
  return Ref::steal(s);
}

}  // namespace hiss
