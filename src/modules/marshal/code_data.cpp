// The instructions and tables of code objects as bytes. Integers are written in groups of seven bits; positions as
// differences.
#include "compile/code.h"
#include "modules/marshal/marshal.h"

namespace hiss {

namespace {

struct Packer {
  std::string out;
  void number(uint64_t v) {
    while (v >= 128) {
      out += static_cast<char>(v | 128);
      v >>= 7;
    }
    out += static_cast<char>(v);
  }
  void difference(int64_t v) { number(static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63)); }
};

struct Unpacker {
  std::string_view in;
  bool good = true;
  uint64_t number() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (in.empty()) {
        good = false;
        return 0;
      }
      const auto byte = static_cast<uint8_t>(in[0]);
      in.remove_prefix(1);
      v |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return v;
    }
    good = false;
    return 0;
  }
  int64_t difference() {
    const uint64_t v = number();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  uint32_t small(uint64_t limit = 0x7FFFFFFF) {
    const uint64_t v = number();
    if (v > limit) good = false;
    return static_cast<uint32_t>(v);
  }
};

#define OP(name, operands, cache) +1
constexpr int kOpCount = 0
#include "compile/bytecode.def"
    ;
#undef OP

}  // namespace

uint16_t bytecode_fingerprint() {
#define OP(name, operands, cache) #name " " operands " " #cache "\n"
  static constexpr char kText[] =
#include "compile/bytecode.def"
      ;
#undef OP
  constexpr uint32_t kFormat = 3;  // of pack_code: raised when its layout changes
  uint32_t h = 2166136261u + kFormat;
  for (const char c : std::string_view(kText)) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return static_cast<uint16_t>(h ^ h >> 16);
}

std::string pack_code(const Code* c) {
  Packer p;
  for (int32_t v : {c->argcount, c->posonlyargcount, c->kwonlyargcount, c->nlocals}) p.number(static_cast<uint64_t>(v));
  p.number(c->code_flags);
  p.difference(c->firstlineno);
  for (uint32_t v : {c->register_count, c->local_count, c->local_register_count, c->closure_register}) p.number(v);
  p.number(c->instructions->size());
  for (size_t i = 0; i < c->instructions->size();) {
    const uint64_t word = (*c->instructions)[i].word;
    p.out.append(reinterpret_cast<const char*>(&word), sizeof word);
    const size_t caches = kOpCacheWords[word & 0xFF];
    // The word behind a call with keywords is an operand; all others are caches, which start empty.
    const Op op = Instruction{word}.op();
    if (op == Op::CallKeywords || op == Op::CallMethodKeywords) {
      const uint64_t operand = (*c->instructions)[i + 1].word;
      p.out.append(reinterpret_cast<const char*>(&operand), sizeof operand);
    } else {
      p.out.append(caches * sizeof word, '\0');
    }
    i += 1 + caches;
  }
  p.number(c->exception_table->size());
  for (const ExceptionEntry& e : *c->exception_table) {
    // A target of all ones means that no handler covers the range: written as 0.
    for (uint32_t v : {e.start, e.end, e.target + 1, e.depth}) p.number(v);
  }
  // Runs of equal positions.
  const auto& positions = *c->positions;
  p.number(positions.size());
  Position last{c->firstlineno, 0, 0, 0};
  for (size_t i = 0; i < positions.size();) {
    size_t run = 1;
    while (i + run < positions.size() && positions[i + run] == positions[i]) ++run;
    const Position& now = positions[i];
    p.number(run);
    p.difference(now.line - last.line);
    p.difference(now.end_line - now.line);
    p.difference(now.column);
    p.difference(now.end_column);
    last = now;
    i += run;
  }
  p.number(c->cell_arguments->size());
  for (uint16_t r : *c->cell_arguments) p.number(r);
  return std::move(p.out);
}

bool unpack_code(Code* c, std::string_view data) {
  Unpacker u{data};
  c->argcount = static_cast<int32_t>(u.small());
  c->posonlyargcount = static_cast<int32_t>(u.small());
  c->kwonlyargcount = static_cast<int32_t>(u.small());
  c->nlocals = static_cast<int32_t>(u.small());
  c->code_flags = u.small(UINT32_MAX);
  c->firstlineno = static_cast<int32_t>(u.difference());
  c->register_count = u.small(65536);
  c->local_count = u.small(65536);
  c->local_register_count = u.small(65536);
  c->closure_register = u.small(65536);
  const uint64_t words = u.number();
  if (!u.good || words * 8 > u.in.size()) return false;
  c->instructions = new std::vector<Instruction>(words);
  for (uint64_t i = 0; i < words; ++i)
    std::char_traits<char>::copy(reinterpret_cast<char*>(&(*c->instructions)[i].word), u.in.data() + i * 8, 8);
  u.in.remove_prefix(words * 8);
  for (uint64_t i = 0; i < words;) {
    const uint64_t op = (*c->instructions)[i].word & 0xFF;
    if (op >= kOpCount) return false;
    i += 1 + kOpCacheWords[op];
    if (i > words) return false;
  }
  const uint64_t entries = u.number();
  if (!u.good || entries > u.in.size()) return false;
  c->exception_table = new std::vector<ExceptionEntry>();
  for (uint64_t i = 0; i < entries && u.good; ++i) {
    ExceptionEntry e;
    e.start = u.small(words);
    e.end = u.small(words);
    e.target = u.small(words + 1) - 1;
    e.depth = u.small(c->register_count);
    c->exception_table->push_back(e);
  }
  const uint64_t places = u.number();
  if (!u.good || places != words) return false;
  c->positions = new std::vector<Position>();
  c->positions->reserve(places);
  int64_t line = c->firstlineno;
  while (u.good && c->positions->size() < places) {
    const uint64_t run = u.number();
    if (run == 0 || run > places - c->positions->size()) return false;
    line += u.difference();
    Position at;
    at.line = static_cast<int32_t>(line);
    at.end_line = static_cast<int32_t>(line + u.difference());
    at.column = static_cast<int32_t>(u.difference());
    at.end_column = static_cast<int32_t>(u.difference());
    c->positions->insert(c->positions->end(), run, at);
  }
  const uint64_t cells = u.number();
  if (!u.good || cells > u.in.size()) return false;
  c->cell_arguments = new std::vector<uint16_t>();
  for (uint64_t i = 0; i < cells && u.good; ++i)
    c->cell_arguments->push_back(static_cast<uint16_t>(u.small(c->register_count)));
  if (!u.good || !u.in.empty()) return false;
  return true;
}

}  // namespace hiss
