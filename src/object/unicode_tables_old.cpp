// Where Unicode 3.2.0 differs from the version of the other tables.
#include <algorithm>
#include <iterator>

#include "object/unicode_tables.h"

namespace hiss::unicode {

namespace {

struct OldRecord {
  uint32_t code;
  uint8_t category, bidirectional;
  int8_t decimal;
  uint8_t mirrored, width;
};

#include "object/unicode_old.inc"

}  // namespace

bool known_in_3_2(uint32_t c) {
  auto after = std::upper_bound(std::begin(kUnknown), std::end(kUnknown), c,
                                [](uint32_t code, const uint32_t(&run)[2]) { return code < run[0]; });
  return after == std::begin(kUnknown) || c - (*(after - 1))[0] >= (*(after - 1))[1];
}

Record record_in_3_2(uint32_t c) {
  Record r = record(c);
  if (!known_in_3_2(c)) {
    // As the database of python3.11 has it: the value of a digit is not taken back.
    r.category = r.bidirectional = r.combining = r.width = 0;
    r.decimal = -1;
    r.numeric = 0;
    r.flags = 0;
    return r;
  }
  const auto* found = std::lower_bound(std::begin(kChanged), std::end(kChanged), c,
                                       [](const OldRecord& o, uint32_t code) { return o.code < code; });
  if (found == std::end(kChanged) || found->code != c) return r;
  r.category = found->category;
  r.bidirectional = found->bidirectional;
  r.decimal = found->decimal;
  r.width = found->width;
  r.flags = static_cast<uint16_t>(found->mirrored ? r.flags | kMirrored : r.flags & ~kMirrored);
  return r;
}

uint32_t corrected_since_3_2(uint32_t c) {
  for (auto [code, then] : kCorrected) {
    if (code == c) return then;
  }
  return 0;
}

}  // namespace hiss::unicode
