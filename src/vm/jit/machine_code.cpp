#include "vm/jit/machine_code.h"

#include <asmjit/x86.h>

#include <cstddef>
#include <cstdlib>

#include "vm/jit/slow_paths.h"
#include "vm/jit/translator.h"

namespace hiss {

const void* return_to_interpreter = nullptr;

namespace {

using namespace asmjit::x86;
using jit::kFirstObject;
using jit::kFloatOffset;
using jit::kIntTag;
using jit::stubs;

using RunFunction = MachineResult (*)(ThreadState*, CallRecord*, const void* entry);

// Code of more words than this is not translated: it would run once, and jumps in it could be long.
constexpr size_t kMostWords = 20'000;
constexpr int32_t kMostTranslations = 4;
constexpr int32_t kStaleLimit = 1000;
constexpr int32_t kNeverHot = INT32_MIN;

struct Machine {
  asmjit::JitRuntime runtime;
  RunFunction run = nullptr;
  uint64_t exit = 0;
};

Machine* machine() {
  static Machine* one = nullptr;
  return one ? one : (one = new Machine());
}

// The way in and the ways out, once for all machine code.
bool make_stubs(Machine& m) {
  asmjit::CodeHolder holder;
  holder.init(m.runtime.environment());
  Assembler a(&holder);
  using asmjit::Label;
  const Gp saved[] = {rbx, rbp, r12, r13, r14, r15};
  for (const Gp& r : saved) a.push(r);
  a.sub(rsp, jit::kScratchSize);
  a.mov(r12, rdi);
  a.mov(r13, rsi);
  a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
  a.mov(r14, kFloatOffset);
  a.mov(r15, kIntTag - kFloatOffset);
  a.mov(rbp, kFloatOffset - kFirstObject);
  a.jmp(rdx);
  Label exit = a.newLabel();
  a.bind(exit);
  a.add(rsp, jit::kScratchSize);
  for (size_t i = std::size(saved); i-- > 0;) a.pop(saved[i]);
  a.ret();
  auto way_out = [&](MachineExit kind) {
    Label label = a.newLabel();
    a.bind(label);
    a.mov(rax, qword_ptr(r13, offsetof(CallRecord, pc)));
    if (static_cast<int>(kind)) a.or_(rax, static_cast<int>(kind));
    a.jmp(exit);
    return label;
  };
  Label step = way_out(MachineExit::Step), stay = way_out(MachineExit::Stay), error = way_out(MachineExit::Error),
        resume = way_out(MachineExit::Resume);
  Label returned = a.newLabel();
  a.bind(returned);
  a.mov(rdx, qword_ptr(r12, offsetof(ThreadState, returned)));
  a.mov(eax, static_cast<uint32_t>(kMachineReturned));
  a.jmp(exit);
  void* code = nullptr;
  if (m.runtime.add(&code, &holder)) return false;
  const auto base = reinterpret_cast<uint64_t>(code);
  m.run = reinterpret_cast<RunFunction>(code);
  m.exit = base + holder.labelOffset(exit);
  stubs.step = base + holder.labelOffset(step);
  stubs.stay = base + holder.labelOffset(stay);
  stubs.error = base + holder.labelOffset(error);
  stubs.returned = base + holder.labelOffset(returned);
  return_to_interpreter = reinterpret_cast<const void*>(base + holder.labelOffset(resume));
  return true;
}

}  // namespace

int32_t initial_heat() {
  static const int32_t heat = [] {
#ifndef __x86_64__
    return kNeverHot;
#endif
    const char* setting = std::getenv("HISS_JIT");
    if (setting && setting[0] == '0') return kNeverHot;
    if (setting && setting[0] == '1') return -1;
    return -kHotThreshold;
  }();
  return heat;
}

void make_machine_code(Code* code) {
  Machine& m = *machine();
  code->heat = kNeverHot;
  if (code->instructions->size() > kMostWords) return;
  if (!m.run && !make_stubs(m)) return;
  asmjit::CodeHolder holder;
  holder.init(m.runtime.environment());
  jit::Translator translator(code, holder, m.exit);
  if (!translator.translate()) return;
  void* memory = nullptr;
  // No memory for code, or none that may be executed: the interpreter goes on alone.
  if (m.runtime.add(&memory, &holder)) return;
  auto made = std::make_unique<MachineCode>();
  made->memory = memory;
  made->entries = translator.entries(holder, reinterpret_cast<uint64_t>(memory));
  made->previous = code->machine;
  made->translations = code->machine ? code->machine->translations + 1 : 1;
  code->machine = made.release();
  code->heat = 0;
}

void free_machine_code(Code* code) {
  MachineCode* next = code->machine;
  code->machine = nullptr;
  while (next) {
    MachineCode* gone = next;
    next = gone->previous;
    machine()->runtime.release(gone->memory);
    delete gone;
  }
}

void count_stale_cache(Code* code) {
  MachineCode* current = code->machine;
  if (!current || ++current->stale != kStaleLimit || current->translations >= kMostTranslations) return;
  make_machine_code(code);
  // A loop that runs in the old code comes by the interpreter at its next turn.
  eval_breaker = eval_breaker | kBreakMachineCode;
}

MachineResult run_machine_code(ThreadState& ts, const void* entry) { return machine()->run(&ts, ts.record, entry); }

Ref run_frame(ThreadState& ts) {
  const CallRecord* record = ts.record;
  const void* entry = machine_entry(record, record->pc);
  if (!entry || eval_breaker) return interpret(ts);
  const MachineResult result = run_machine_code(ts, entry);
  if (result.exit == kMachineReturned) [[likely]]
    return Ref::steal(Value::from_bits(result.value));
  return interpret(ts, false, result.exit);
}

}  // namespace hiss
