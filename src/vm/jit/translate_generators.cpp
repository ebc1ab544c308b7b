// Templates that resume and suspend generators and coroutines: the usual case of enter_generator and suspend_generator
// (vm/generator_records.h), without a frame object and without a namespace of its own.
#include <cstddef>

#include "object/function.h"
#include "object/generator.h"
#include "vm/jit/translator.h"

namespace hiss::jit {

using namespace asmjit::x86;

namespace {

constexpr auto kNext = static_cast<int32_t>(sizeof(CallRecord));
constexpr int32_t field_of_next(size_t offset) { return kNext + static_cast<int32_t>(offset); }

}  // namespace

// rdi holds a generator. Goes on where it was suspended: with what C holds (Send), or with None; once it yields, the
// code at `past` goes on. Jumps to `slow` before anything was changed. One that delegates is resumed with all those
// below it.
void Translator::resume_generator(RecordKind kind, Label past, Label slow) {
  a.cmp(byte_ptr(rdi, offsetof(Generator, raw_state)), static_cast<int>(Generator::Suspended));
  a.jne(slow);
  a.cmp(r13, qword_ptr(r12, offsetof(ThreadState, record_limit)));
  a.jae(slow);
  a.mov(rax, qword_ptr(rdi, offsetof(Generator, frame)));
  a.or_(rax, qword_ptr(rdi, offsetof(Generator, locals)));
  a.jnz(slow);
  // Where the yield puts what it gives: the A of the instruction before the program counter.
  a.mov(rdx, qword_ptr(rdi, offsetof(Generator, pc)));
  Label delegating = a.newLabel();
  a.cmp(word_ptr(rdx, -2), 0);
  a.jne(delegating);
  cold([this, delegating, past] {
    a.bind(delegating);
    a.lea(rcx, ptr(past));
    call_control(reinterpret_cast<uint64_t>(&resume_delegating));
    continue_in_frame();
  });
  a.movzx(eax, word_ptr(rdx, -6));
  const Mem slot = qword_ptr(rdi, rax, 3, offsetof(Generator, registers));
  a.mov(rsi, slot);
  a.sub(rsi, static_cast<int32_t>(kFirstObject));
  a.cmp(rsi, rbp);
  a.jb(slow);
  if (kind == RecordKind::Send) {
    load(rsi, C());
    retain(rsi, Known::Nothing);
    a.mov(slot, rsi);
  } else {
    a.mov(slot, static_cast<int32_t>(Value::none().bits()));
  }
  save_pc();
  auto next = [](size_t offset) { return qword_ptr(r13, field_of_next(offset)); };
  a.mov(rsi, qword_ptr(rdi, offsetof(Generator, code)));
  a.mov(next(offsetof(CallRecord, code)), rsi);
  a.mov(rax, qword_ptr(rdi, offsetof(Generator, function)));
  a.mov(next(offsetof(CallRecord, function)), rax);
  a.lea(rbx, ptr(rdi, offsetof(Generator, registers)));
  a.mov(next(offsetof(CallRecord, base)), rbx);
  a.mov(rax, qword_ptr(r13, offsetof(CallRecord, top)));
  a.mov(next(offsetof(CallRecord, top)), rax);
  a.mov(next(offsetof(CallRecord, pc)), rdx);
  a.mov(next(offsetof(CallRecord, held)), rdi);
  a.inc(dword_ptr(rdi, offsetof(Object, refs)));
  a.mov(next(offsetof(CallRecord, generator)), rdi);
  a.lea(rax, ptr(past));
  a.mov(next(offsetof(CallRecord, return_to)), rax);
  a.mov(dword_ptr(r13, field_of_next(offsetof(CallRecord, dst))), A());
  a.mov(byte_ptr(r13, field_of_next(offsetof(CallRecord, kind))), static_cast<int>(kind));
  a.mov(byte_ptr(rdi, offsetof(Generator, raw_state)), static_cast<int>(Generator::Running));
  constexpr auto kHandled = static_cast<int32_t>(offsetof(Generator, handled));
  a.mov(rax, qword_ptr(r12, offsetof(ThreadState, handled)));
  a.mov(qword_ptr(rdi, kHandled + static_cast<int32_t>(offsetof(HandledException, previous))), rax);
  a.lea(rax, ptr(rdi, kHandled));
  a.mov(qword_ptr(r12, offsetof(ThreadState, handled)), rax);
  a.add(r13, kNext);
  a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
  // The entry for its program counter: the table has one word for each of the code.
  Label interpreted = a.newLabel();
  a.mov(rax, qword_ptr(rsi, offsetof(Code, machine)));
  a.test(rax, rax);
  a.jz(interpreted);
  a.sub(rdx, qword_ptr(rsi, offsetof(Code, first)));
  a.mov(rax, qword_ptr(rax, offsetof(MachineCode, entries)));
  a.mov(rax, qword_ptr(rax, rdx));
  a.test(rax, rax);
  a.jz(interpreted);
  a.jmp(rax);
  a.bind(interpreted);
  load_constant(rax, stubs.stay);
  a.jmp(rax);
}

void Translator::yield() {
  Label slow = a.newLabel();
  cold([this, slow] {
    a.bind(slow);
    control(jit::yield_value);
    continue_in_frame();
  });
  if (flags() & kInvert) {
    a.jmp(slow);
    forget_all();
    return;
  }
  if (!(code_->code_flags & (kCodeCoroutine | kCodeAsyncGenerator))) {
    Label collecting = a.newLabel();
    a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Collect));
    a.je(collecting);
    const size_t index = instruction_index_;
    cold([this, collecting, index] {
      a.bind(collecting);
      control(collect_value);
      a.test(rax, rax);
      a.jz(bodies_[index + 1]);
      continue_in_frame();
    });
  }
  // Whoever delegates to this generator hands the value on.
  a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Send));
  a.je(slow);
  Label to_native = a.newLabel();
  a.mov(rdx, qword_ptr(r13, offsetof(CallRecord, frame)));
  a.or_(rdx, qword_ptr(r13, offsetof(CallRecord, locals)));
  a.jnz(slow);
  // There was no machine code yet when the interpreter resumed this.
  a.mov(rdx, qword_ptr(r13, offsetof(CallRecord, return_to)));
  a.test(rdx, rdx);
  a.jz(slow);
  a.mov(rdi, qword_ptr(r13, offsetof(CallRecord, generator)));
  load(rax, B());
  if (flags() & kDyingB) {
    if (!is_immediate(B())) a.mov(reg(B()), 0);
  } else if (!is_immediate(B())) {
    retain(rax, known_[B()]);
  }
  load_constant(rcx, reinterpret_cast<uint64_t>(pc_ + 1));
  a.mov(qword_ptr(rdi, offsetof(Generator, pc)), rcx);
  a.mov(byte_ptr(rdi, offsetof(Generator, raw_state)), static_cast<int>(Generator::Suspended));
  a.mov(byte_ptr(rdi, offsetof(Generator, yielded)), 1);
  constexpr auto kPrevious = static_cast<int32_t>(offsetof(Generator, handled) + offsetof(HandledException, previous));
  a.mov(rcx, qword_ptr(rdi, kPrevious));
  a.mov(qword_ptr(r12, offsetof(ThreadState, handled)), rcx);
  a.mov(qword_ptr(r13, offsetof(CallRecord, generator)), 0);
  static_assert(static_cast<int>(RecordKind::Entry) == 1 && static_cast<int>(RecordKind::ForIter) > 1 &&
                static_cast<int>(RecordKind::Send) > 1);
  a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Entry));
  a.je(to_native);
  a.mov(ecx, dword_ptr(r13, offsetof(CallRecord, dst)));
  a.sub(r13, kNext);
  a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
  a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
  // Past the Jump behind ForIter or Send.
  a.add(qword_ptr(r13, offsetof(CallRecord, pc)), static_cast<int32_t>(sizeof(Instruction)));
  a.mov(rsi, qword_ptr(rbx, rcx, 3));
  a.mov(qword_ptr(rbx, rcx, 3), rax);
  // The count of the record, then what the register held.
  Label dead = a.newLabel(), counted = a.newLabel(), old_dead = a.newLabel(), done = a.newLabel();
  a.dec(dword_ptr(rdi, offsetof(Object, refs)));
  a.jz(dead);
  a.bind(counted);
  a.lea(rax, ptr(rsi, -static_cast<int32_t>(kFirstObject)));
  a.cmp(rax, rbp);
  a.jae(done);
  a.dec(dword_ptr(rsi, offsetof(Object, refs)));
  a.jz(old_dead);
  a.bind(done);
  a.jmp(rdx);
  cold([this, to_native] {
    // Who resumed the generator keeps it: its count is not the last.
    a.bind(to_native);
    a.dec(dword_ptr(rdi, offsetof(Object, refs)));
    a.sub(r13, kNext);
    a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
    a.mov(rdx, rax);
    a.mov(eax, static_cast<uint32_t>(kMachineReturned));
    a.jmp(exit_address_);
  });
  cold([this, dead, counted, old_dead, done] {
    a.bind(dead);
    a.mov(qword_ptr(rsp, kSavedReturn), rdx);
    a.mov(qword_ptr(rsp, kSavedValue), rsi);
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    a.mov(rdx, qword_ptr(rsp, kSavedReturn));
    a.mov(rsi, qword_ptr(rsp, kSavedValue));
    a.jmp(counted);
    a.bind(old_dead);
    a.mov(qword_ptr(rsp, kSavedReturn), rdx);
    a.mov(rdi, rsi);
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    a.mov(rdx, qword_ptr(rsp, kSavedReturn));
    a.jmp(done);
  });
  forget_all();
}

void Translator::send(size_t index) {
  Label slow = a.newLabel(), generator = a.newLabel();
  load(rdi, B());
  require_object(rdi, B(), slow);
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&coroutine_type)));
  a.je(generator);
  a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&generator_type)));
  a.jne(slow);
  a.bind(generator);
  resume_generator(RecordKind::Send, bodies_[index + 2], slow);
  cold([this, slow, index] {
    a.bind(slow);
    control(send_value);
    a.cmp(rax, kItem);
    a.je(bodies_[index + 2]);
    a.cmp(rax, kExhausted);
    a.je(bodies_[index + 1]);
    continue_in_frame();
  });
  forget_all();
}

}  // namespace hiss::jit
