#include "compile/code_tables.h"

#include <string>

#include "object/buffer.h"
#include "object/bytes.h"
#include "object/protocol.h"

namespace hiss {

namespace {

// The words behind these instructions are operands, not caches.
bool has_data_words(Op op) { return op == Op::CallKeywords || op == Op::CallMethodKeywords; }

Result<std::string> bytes_argument(Value v, const char* name) {
  if (!is_instance_of(v, bytes_type))
    return fail(exc::TypeError, "replace() argument '{}' must be bytes, not {}", name, type_name(v));
  return std::string(as<Bytes>(v)->view());
}

// ---- Line tables. An entry begins with a byte 1cccclll: c a kind, l + 1 the number of words it covers.

constexpr int kWordsPerEntry = 8;
enum EntryKind : int { kFirstOneLine = 10, kNoColumns = 13, kLong = 14, kNoLocation = 15 };

void put_varint(std::string& out, uint32_t v) {
  for (; v >= 64; v >>= 6) out += static_cast<char>(0x40 | (v & 0x3F));
  out += static_cast<char>(v);
}
void put_signed(std::string& out, int32_t v) {
  put_varint(out, v < 0 ? static_cast<uint32_t>(-v) << 1 | 1 : static_cast<uint32_t>(v) << 1);
}

void put_entry(std::string& out, const Position& p, int words, int32_t& line) {
  auto begin = [&](int kind) { out += static_cast<char>(0x80 | kind << 3 | (words - 1)); };
  if (p.line < 0) return begin(kNoLocation);
  const int32_t delta = p.line - line;
  line = p.line;
  if (p.column < 0 || p.end_column < 0 || p.end_line < p.line) {
    begin(kNoColumns);
    return put_signed(out, delta);
  }
  const int32_t width = p.end_column - p.column;
  if (p.end_line == p.line && delta == 0 && p.column < 80 && width >= 0 && width < 16) {
    begin(p.column >> 3);
    out += static_cast<char>((p.column & 7) << 4 | width);
  } else if (p.end_line == p.line && delta >= 0 && delta < 3 && p.column < 128 && p.end_column < 128) {
    begin(kFirstOneLine + delta);
    out += static_cast<char>(p.column);
    out += static_cast<char>(p.end_column);
  } else {
    begin(kLong);
    put_signed(out, delta);
    put_varint(out, static_cast<uint32_t>(p.end_line - p.line));
    put_varint(out, static_cast<uint32_t>(p.column + 1));
    put_varint(out, static_cast<uint32_t>(p.end_column + 1));
  }
}

// Reads an entry's operands; past the end there are zeros.
class TableReader {
 public:
  explicit TableReader(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }
  int byte() { return done() ? 0 : static_cast<unsigned char>(bytes_[at_++]); }
  uint32_t varint() {
    uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 6) {
      const auto part = static_cast<uint32_t>(byte());
      value |= (part & 0x3F) << shift;
      if (!(part & 0x40)) break;
    }
    return value;
  }
  int32_t signed_varint() {
    const uint32_t v = varint();
    return v & 1 ? -static_cast<int32_t>(v >> 1) : static_cast<int32_t>(v >> 1);
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

Position read_entry(TableReader& in, int kind, int32_t& line) {
  if (kind == kNoLocation) return {-1, -1, -1, -1};
  if (kind == kNoColumns) {
    line += in.signed_varint();
    return {line, line, -1, -1};
  }
  if (kind == kLong) {
    line += in.signed_varint();
    const int32_t end_line = line + static_cast<int32_t>(in.varint());
    const auto column = static_cast<int32_t>(in.varint()) - 1;
    return {line, end_line, column, static_cast<int32_t>(in.varint()) - 1};
  }
  if (kind >= kFirstOneLine) {
    line += kind - kFirstOneLine;
    const int column = in.byte();
    return {line, line, column, in.byte()};
  }
  const int second = in.byte();
  const int32_t column = kind << 3 | second >> 4;
  return {line, line, column, column + (second & 15)};
}

}  // namespace

Ref code_bytes(const Code* code) {
  std::string out;
  const auto& words = *code->instructions;
  out.reserve(words.size() * sizeof(uint64_t));
  for (size_t i = 0; i < words.size();) {
    const Op op = words[i].op();
    const size_t extra = kOpCacheWords[static_cast<size_t>(op)];
    for (size_t j = 0; j <= extra && i + j < words.size(); ++j) {
      const uint64_t word = j == 0 || has_data_words(op) ? words[i + j].word : 0;
      out.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    i += 1 + extra;
  }
  return make_bytes(out);
}

Status set_code_bytes(Code* code, Value bytes) {
  const std::string text = TRY(bytes_argument(bytes, "co_code"));
  if (text.empty() || text.size() % sizeof(uint64_t))
    return fail(exc::ValueError, "code: co_code must be a whole number of 8-byte instructions");
  std::vector<Instruction> words(text.size() / sizeof(uint64_t));
  std::memcpy(static_cast<void*>(words.data()), text.data(), text.size());
  constexpr size_t kCount = 0
#define OP(name, operands, cache) +1
#include "compile/bytecode.def"
#undef OP
      ;
  for (size_t i = 0; i < words.size();) {
    const auto op = static_cast<size_t>(words[i].op());
    if (op >= kCount || i + kOpCacheWords[op] >= words.size())
      return fail(exc::ValueError, "code: co_code has no valid instruction at offset {}", i * 2);
    i += 1 + kOpCacheWords[op];
  }
  code->positions->resize(words.size(), Position{-1, -1, -1, -1});
  *code->instructions = std::move(words);
  return kOk;
}

Ref line_table(const Code* code) {
  std::string out;
  const auto& positions = *code->positions;
  int32_t line = code->firstlineno;
  for (size_t i = 0; i < positions.size();) {
    size_t j = i + 1;
    while (j < positions.size() && j - i < kWordsPerEntry && positions[j] == positions[i]) ++j;
    put_entry(out, positions[i], static_cast<int>(j - i), line);
    i = j;
  }
  return make_bytes(out);
}

Status set_line_table(Code* code, Value bytes) {
  const std::string text = TRY(bytes_argument(bytes, "co_linetable"));
  TableReader in(text);
  int32_t line = code->firstlineno;
  std::vector<Position> positions;
  while (!in.done()) {
    const int first = in.byte();
    const Position p = read_entry(in, first >> 3 & 15, line);
    positions.insert(positions.end(), static_cast<size_t>((first & 7) + 1), p);
  }
  positions.resize(code->instructions->size(), Position{-1, -1, -1, -1});
  *code->positions = std::move(positions);
  return kOk;
}

Ref exception_table_bytes(const Code* code) {
  std::string out;
  for (const ExceptionEntry& e : *code->exception_table) {
    for (uint32_t number : {e.start, e.end, e.target, e.depth})
      out.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return make_bytes(out);
}

Status set_exception_table(Code* code, Value bytes) {
  const std::string text = TRY(bytes_argument(bytes, "co_exceptiontable"));
  if (text.size() % sizeof(ExceptionEntry))
    return fail(exc::ValueError, "code: co_exceptiontable must be a whole number of entries");
  std::vector<ExceptionEntry> entries(text.size() / sizeof(ExceptionEntry));
  if (!entries.empty()) std::memcpy(entries.data(), text.data(), text.size());
  const size_t size = code->instructions->size();
  for (const ExceptionEntry& e : entries) {
    if (e.start > e.end || e.end > size || (e.target != UINT32_MAX && e.target >= size) ||
        e.depth >= code->register_count)
      return fail(exc::ValueError, "code: co_exceptiontable has an entry outside the code");
  }
  *code->exception_table = std::move(entries);
  return kOk;
}

}  // namespace hiss
