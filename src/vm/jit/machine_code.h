// Machine code for hot Python code: a template translator. Each bytecode becomes a few machine instructions for its
// common case; registers stay in memory where the interpreter keeps them, so at every bytecode either can take over
// from the other. What a template does not cover goes back to the interpreter for one instruction, or to a function in
// slow_paths.cpp that calls what the interpreter calls: there is no second semantics.
#pragma once

#include <memory>

#include "base/missing_memory.h"
#include "vm/call_stack.h"

namespace hiss {

namespace jit {
class UnwindTable;
}

struct MachineCode {
  MachineCode();
  ~MachineCode();
  /// One for each word of the bytecode: where machine code takes over, or null.
  std::unique_ptr<const void*[]> entries;
  void* memory = nullptr;
  std::unique_ptr<jit::UnwindTable> unwind_table;
  MachineCode* previous = nullptr;  // an earlier translation, which frames may still return to
  int32_t stale = 0;                // how often an inline cache that is part of the code did not fit
  int32_t translations = 1;         // of this code object so far
};

/// What the interpreter does next; in the low bits of the word that run_machine_code gives back, above them lies the
/// program counter.
enum class MachineExit : uint8_t {
  Step,    // interpret the instruction at pc, then machine code may go on
  Stay,    // interpret from pc on
  Resume,  // go on at pc, in machine code if it can be entered there
  Error,   // an exception is pending; pc lies behind the instruction that raised it
};

/// Entries and turns of loops after which code is translated.
inline constexpr int32_t kHotThreshold = 400;

/// Where Code::heat begins; at 0 code is hot. HISS_JIT=0 in the environment translates nothing, HISS_JIT=1 (for tests)
/// everything at once.
int32_t initial_heat();
/// Translates; afterwards code->machine is set, or the code will not be asked for again.
void make_machine_code(Code* code);
void free_machine_code(Code* code);
/// Where machine code can go on in the innermost frame, or null.
inline const void* machine_entry(const CallRecord* record, const Instruction* pc) {
  const MachineCode* machine = record->code->machine;
  return machine ? machine->entries[static_cast<size_t>(pc - record->code->first)] : nullptr;
}
struct MachineResult {
  uint64_t exit;   // a MachineExit and the program counter
  uint64_t value;  // kMachineReturned: the result, owned
};
/// The exit when the frame that native code had entered has ended, or yielded: its record is gone.
inline constexpr uint64_t kMachineReturned = 4;
using RunMachineCode = MachineResult (*)(ThreadState*, CallRecord* innermost, const void* entry);
extern RunMachineCode machine_code_runner;
/// Runs machine code of the innermost frame from an entry on, and of the frames that it calls and returns to.
inline MachineResult run_machine_code(ThreadState& ts, const void* entry) {
  return machine_code_runner(&ts, ts.record, entry);
}

/// Runs the frame that native code has entered, which is about to begin or to go on, as interpret() does: in machine
/// code where there is some.
inline Ref run_frame(ThreadState& ts) {
  const CallRecord* record = ts.record;
  const void* entry = machine_entry(record, record->pc);
  if (!entry || eval_breaker) return interpret(ts);
  return run_or_without_memory(
      [&] {
        const MachineResult result = run_machine_code(ts, entry);
        if (result.exit == kMachineReturned) [[likely]]
          return Ref::steal(Value::from_bits(result.value));
        return interpret(ts, false, result.exit);
      },
      [&] { return interpret_without_memory(ts); });
}
/// An inline cache written into machine code did not fit: where that happens often, the code is translated once more.
void count_stale_cache(Code* code);

}  // namespace hiss
