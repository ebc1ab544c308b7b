#include "vm/jit/machine_code.h"

#include <asmjit/x86.h>

#include <cstddef>
#include <cstdlib>

#include "object/shape.h"
#include "vm/jit/slow_paths.h"
#include "vm/jit/translator.h"
#include "vm/jit/unwind_tables.h"
#include "vm/operations.h"

namespace hiss {

const void* return_to_interpreter = nullptr;
RunMachineCode machine_code_runner = nullptr;

namespace {

using namespace asmjit::x86;
using jit::kFirstObject;
using jit::kFloatOffset;
using jit::kIntTag;
using jit::stubs;

// Code of more words than this is not translated: it would run once, and jumps in it could be long.
constexpr size_t kMostWords = 20'000;
constexpr int32_t kMostTranslations = 4;
constexpr int32_t kMostSpeculative = 2;  // translations that take the kinds of values which a frame held for usual
constexpr int32_t kStaleLimit = 1000;
constexpr int32_t kNeverHot = INT32_MIN;

struct Machine {
  asmjit::JitRuntime runtime;
  uint64_t exit = 0;
};

Machine* machine() {
  static Machine* one = nullptr;
  return one ? one : (one = new Machine());
}

// rax = the place in a table for the key in rax and the name in rdx; clobbers r9 and r10.
template <typename Entry>
void emit_table_place(Assembler& a, const Entry* table) {
  static_assert(sizeof(Entry) == 24);
  a.mov(r9d, kCacheFactor);
  a.imul(rax, r9);
  a.mov(r10, rdx);
  a.shr(r10, kCacheNameShift);
  a.xor_(rax, r10);
  a.and_(eax, static_cast<uint32_t>(kCacheEntries - 1));
  a.lea(rax, ptr(rax, rax, 1));
  a.mov(r9, reinterpret_cast<uint64_t>(table));
  a.lea(rax, ptr(r9, rax, 3));
}

void emit_find_attribute(Assembler& a) {
  asmjit::Label miss = a.newLabel(), constant = a.newLabel();
  a.mov(r8d, dword_ptr(rcx, offsetof(Shape, id)));
  a.mov(eax, r8d);
  emit_table_place(a, attribute_cache);
  a.cmp(dword_ptr(rax, offsetof(AttributeCacheEntry, shape_id)), r8d);
  a.jne(miss);
  a.cmp(qword_ptr(rax, offsetof(AttributeCacheEntry, name)), rdx);
  a.jne(miss);
  a.mov(r9, qword_ptr(rax, offsetof(AttributeCacheEntry, constant)));
  a.test(r9, r9);
  a.jnz(constant);
  a.mov(eax, dword_ptr(rax, offsetof(AttributeCacheEntry, index)));
  a.mov(rcx, qword_ptr(rdi, offsetof(Instance, attributes) + offsetof(Attributes, values)));
  a.mov(rax, qword_ptr(rcx, rax, 3));
  a.ret();
  a.bind(constant);
  a.mov(rax, r9);
  a.ret();
  a.bind(miss);
  a.xor_(eax, eax);
  a.ret();
}

void emit_find_method(Assembler& a) {
  asmjit::Label miss = a.newLabel(), by_type = a.newLabel(), have_key = a.newLabel();
  a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Instance));
  a.jne(by_type);
  a.mov(rcx, qword_ptr(rdi, offsetof(Instance, attributes) + offsetof(Attributes, shape)));
  a.test(rcx, rcx);
  a.jz(by_type);
  a.mov(eax, dword_ptr(rcx, offsetof(Shape, id)));
  a.mov(r8, kCacheShape);
  a.jmp(have_key);
  a.bind(by_type);
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.mov(eax, dword_ptr(rcx, offsetof(Type, version)));
  a.mov(r8, kCacheType);
  a.bind(have_key);
  a.or_(r8, rax);
  a.mov(rax, r8);
  emit_table_place(a, method_cache);
  a.cmp(qword_ptr(rax, offsetof(MethodCacheEntry, key)), r8);
  a.jne(miss);
  a.cmp(qword_ptr(rax, offsetof(MethodCacheEntry, name)), rdx);
  a.jne(miss);
  a.mov(rax, qword_ptr(rax, offsetof(MethodCacheEntry, function)));
  a.ret();
  a.bind(miss);
  a.xor_(eax, eax);
  a.ret();
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
  Label find_attribute = a.newLabel(), find_method = a.newLabel();
  a.bind(find_attribute);
  emit_find_attribute(a);
  a.bind(find_method);
  emit_find_method(a);
  void* code = nullptr;
  if (m.runtime.add(&code, &holder)) return false;
  const auto base = reinterpret_cast<uint64_t>(code);
  machine_code_runner = reinterpret_cast<RunMachineCode>(code);
  m.exit = base + holder.labelOffset(exit);
  stubs.step = base + holder.labelOffset(step);
  stubs.stay = base + holder.labelOffset(stay);
  stubs.error = base + holder.labelOffset(error);
  stubs.find_attribute = base + holder.labelOffset(find_attribute);
  stubs.find_method = base + holder.labelOffset(find_method);
  stubs.returned = base + holder.labelOffset(returned);
  return_to_interpreter = reinterpret_cast<const void*>(base + holder.labelOffset(resume));
  return true;
}

}  // namespace

MachineCode::MachineCode() = default;
MachineCode::~MachineCode() = default;

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
  if (!machine_code_runner && !make_stubs(m)) return;
  asmjit::CodeHolder holder;
  holder.init(m.runtime.environment());
  const CallRecord* frame = thread_state().record;
  const int32_t earlier = code->machine ? code->machine->translations : 0;
  jit::Translator translator(code, holder, m.exit, frame->code == code ? frame : nullptr, earlier < kMostSpeculative);
  if (!translator.translate()) return;
  void* memory = nullptr;
  // No memory for code, or none that may be executed: the interpreter goes on alone.
  if (m.runtime.add(&memory, &holder)) return;
  auto made = std::make_unique<MachineCode>();
  made->memory = memory;
  made->unwind_table = std::make_unique<jit::UnwindTable>(memory, holder.codeSize());
  made->entries = translator.entries(holder, reinterpret_cast<uint64_t>(memory));
  made->previous = code->machine;
  made->translations = earlier + 1;
  code->machine = made.release();
  code->heat = 0;
}

void free_machine_code(Code* code) {
  MachineCode* next = code->machine;
  code->machine = nullptr;
  while (next) {
    MachineCode* gone = next;
    next = gone->previous;
    gone->unwind_table.reset();
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

}  // namespace hiss
