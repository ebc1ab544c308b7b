#include "object/unicode_tables.h"

namespace hiss::unicode {

namespace {

#include "object/unicode_runs.inc"

constexpr int kBlockBits = 7;
constexpr uint32_t kBlock = 1u << kBlockBits;

/// Two stages: the block of a character, then its record. Unrolled from the runs when first asked for.
struct Table {
  std::vector<uint16_t> block_of = std::vector<uint16_t>(0x110000 >> kBlockBits);
  std::vector<uint16_t> records;
  std::vector<int32_t> uniform = std::vector<int32_t>(std::size(kRecords), -1);  // the block made of one record only

  Table() {
    uint16_t block[kBlock];
    uint32_t filled = 0, next_block = 0, at = 0;
    auto put = [&](uint16_t record, uint32_t count) {
      while (count > 0) {
        if (filled == 0 && count >= kBlock) {
          if (uniform[record] < 0) {
            uniform[record] = static_cast<int32_t>(records.size() >> kBlockBits);
            records.insert(records.end(), kBlock, record);
          }
          block_of[next_block++] = static_cast<uint16_t>(uniform[record]);
          count -= kBlock;
          continue;
        }
        const uint32_t take = std::min(count, kBlock - filled);
        std::fill(block + filled, block + filled + take, record);
        filled += take;
        count -= take;
        if (filled == kBlock) {
          block_of[next_block++] = static_cast<uint16_t>(records.size() >> kBlockBits);
          records.insert(records.end(), block, block + kBlock);
          filled = 0;
        }
      }
    };
    for (size_t i = 0; i < std::size(kRuns); ++i) {
      at += kRuns[i][0];
      const uint32_t length = i + 1 < std::size(kRuns) ? kRuns[i + 1][0] : 0x110000 - at;
      put(kRuns[i][1], length);
    }
  }
};

const Table& table() {
  static const Table* t = new Table;
  return *t;
}

int mapped(uint32_t c, int32_t value, bool is_long, uint32_t out[3]) {
  if (!is_long) {
    out[0] = c + static_cast<uint32_t>(value);
    return 1;
  }
  int n = 0;
  while (n < 3 && kSpecials[value][n]) {
    out[n] = kSpecials[value][n];
    ++n;
  }
  return n;
}

}  // namespace

const Record& record(uint32_t c) {
  static const Table& t = table();
  if (c >= 0x110000) c = 0x10ffff;
  return kRecords[t.records[(static_cast<uint32_t>(t.block_of[c >> kBlockBits]) << kBlockBits) | (c & (kBlock - 1))]];
}

double numeric_value(uint32_t c) { return kNumerics[record(c).numeric]; }

int to_upper(uint32_t c, uint32_t out[3]) {
  const Record& r = record(c);
  return mapped(c, r.upper, r.flags & kLongUpper, out);
}
int to_lower(uint32_t c, uint32_t out[3]) {
  const Record& r = record(c);
  return mapped(c, r.lower, r.flags & kLongLower, out);
}
int to_title(uint32_t c, uint32_t out[3]) {
  const Record& r = record(c);
  return mapped(c, r.title, r.flags & kLongTitle, out);
}
int to_fold(uint32_t c, uint32_t out[3]) {
  const Record& r = record(c);
  return mapped(c, r.fold, r.flags & kLongFold, out);
}

const char* category_name(const Record& r) { return kCategoryNames[r.category]; }
const char* bidirectional_name(const Record& r) { return kBidirectionalNames[r.bidirectional]; }
const char* width_name(const Record& r) { return kWidthNames[r.width]; }

}  // namespace hiss::unicode
