// The code object: instructions and everything known about a block of Python code.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "object/containers.h"
#include "object/type.h"

namespace hiss {

enum class Op : uint8_t {
#define OP(name, operands, cache) name,
#include "compile/bytecode.def"
#undef OP
};
/// A hash of the instruction set: compiled files of another one must not be loaded (sys.implementation.cache_tag holds
/// it).
constexpr uint32_t instruction_set_hash() {
  uint32_t h = 2166136261u;
  constexpr const char* kText =
#define OP(name, operands, cache) #name operands #cache
#include "compile/bytecode.def"
#undef OP
      "8";  // raised when the marshalled form changes, or what the compiler makes of the same source
  for (const char* p = kText; *p; ++p) h = (h ^ static_cast<uint8_t>(*p)) * 16777619u;
  return h;
}
extern const char* const kOpNames[];
extern const uint8_t kOpCacheWords[];
extern const char* const kOpOperands[];

enum InstructionFlags : uint8_t { kDyingB = 1, kDyingC = 2, kInplace = 4, kInvert = 8 };

/// One 64-bit word.
struct Instruction {
  uint64_t word;

  static Instruction make(Op op, uint8_t flags, uint32_t a, uint32_t b, uint32_t c) {
    return {uint64_t(op) | uint64_t{flags} << 8 | uint64_t{a & 0xFFFF} << 16 | uint64_t{b & 0xFFFF} << 32 |
            uint64_t{c & 0xFFFF} << 48};
  }
  static Instruction make_wide(Op op, uint8_t flags, uint32_t a, int32_t bc) {
    return {uint64_t(op) | uint64_t{flags} << 8 | uint64_t{a & 0xFFFF} << 16 |
            uint64_t{static_cast<uint32_t>(bc)} << 32};
  }
  // The interpreter reads operands from memory, each with one load of its size.
  Op op() const { return static_cast<Op>(part<uint8_t>(0)); }
  uint8_t flags() const { return part<uint8_t>(1); }
  uint32_t a() const { return part<uint16_t>(2); }
  uint32_t b() const { return part<uint16_t>(4); }
  uint32_t c() const { return part<uint16_t>(6); }
  int32_t bc() const { return part<int32_t>(4); }

 private:
  template <typename T>
  T part(size_t offset) const {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, reinterpret_cast<const char*>(&word) + offset, sizeof value);
    return value;
  }
};

struct Position {
  int32_t line, end_line;      // -1: none
  int32_t column, end_column;  // UTF-8 bytes; -1: none
  bool operator==(const Position&) const = default;
};

/// Instructions [start, end) are covered: an exception clears the registers from `depth` on, is put into r[depth], and
/// `target` runs.
struct ExceptionEntry {
  uint32_t start, end, target, depth;
};

enum CodeFlags : uint32_t {
  kCodeOptimized = 0x1,
  kCodeNewLocals = 0x2,
  kCodeVarargs = 0x4,
  kCodeVarkeywords = 0x8,
  kCodeNested = 0x10,
  kCodeGenerator = 0x20,
  kCodeCoroutine = 0x80,
  kCodeIterableCoroutine = 0x100,
  kCodeAsyncGenerator = 0x200,
  kCodeFutureAnnotations = 0x1000000,
};
/// A call makes a generator, coroutine or async generator, and runs nothing.
inline constexpr uint32_t kMakesGenerator = kCodeGenerator | kCodeCoroutine | kCodeAsyncGenerator;

struct MachineCode;

struct Code : Object {
  static constexpr Layout kLayout = Layout::Code;
  Value name, qualname, filename;      // Str
  Value consts, names;                 // Tuple; names are interned
  Value varnames, cellvars, freevars;  // Tuple of Str
  int32_t argcount, posonlyargcount, kwonlyargcount, nlocals;
  uint32_t code_flags;
  int32_t firstlineno;
  uint32_t register_count;        // locals, then temporaries
  uint32_t local_count;           // registers of locals and cells
  uint32_t local_register_count;  // arguments, other locals, cell-only variables, closure registers
  uint32_t closure_register;      // of code called without a function: the first register of the free variables'
                                  // cells; 0: they lie in the function's closure
  std::vector<Instruction>* instructions;  // with inline caches
  std::vector<ExceptionEntry>* exception_table;
  std::vector<Position>* positions;       // one for each word
  std::vector<uint16_t>* cell_arguments;  // registers that MakeCell wraps at entry
  // Derived by seal():
  uint32_t version;          // of no other code object that ever was; 0: there are too many
  const Instruction* first;  // the first instruction
  bool comprehension;        // of a comprehension or generator expression: nobody gets hold of its function
  bool simple_arguments;     // positional parameters only: calls need no binding beyond counting
  uint32_t first_unset;  // the register behind the arguments: from here to local_register_count a call binds nothing
  MachineCode* machine;  // machine code made of the instructions once they are hot (vm/jit.h)
  int32_t heat;          // how often the code was entered or looped, until it is compiled; negative: never compile it
  uint32_t direct_argcount;  // a call with so many positional arguments needs no binding at all; UINT32_MAX: none is

  const Instruction* begin() const { return first; }
  /// Fills in what follows from the other fields, which do not change afterwards.
  void seal();
  Str* local_name(uint32_t reg) const;
  int32_t total_args() const {
    return argcount + kwonlyargcount + !!(code_flags & kCodeVarargs) + !!(code_flags & kCodeVarkeywords);
  }
};
// Of vm/jit, which the code object knows only by name.
int32_t initial_heat();
void free_machine_code(Code* code);

Code* allocate_code();
/// Source position of the instruction at `index`.
Position position_at(const Code* code, uint32_t index);
std::string disassemble(const Code* code);

}  // namespace hiss
