// Templates of jumps, loops, calls and returns.
#include <cstddef>

#include "object/function.h"
#include "object/generator.h"
#include "object/list_internal.h"
#include "object/range.h"
#include "vm/jit/translator.h"

namespace hiss::jit {

using namespace asmjit::x86;

// The code at `slow`: asks `test` and jumps when the answer is `when`.
void Translator::test_and_jump(Label slow, TestHelper test, bool when, Label target) {
  cold([this, slow, test, when, target] {
    a.bind(slow);
    a.mov(rdi, r13);
    load_constant(rsi, reinterpret_cast<uint64_t>(pc_));
    load_constant(rax, reinterpret_cast<uint64_t>(test));
    a.call(rax);
    Label fine = a.newLabel();
    a.cmp(eax, 2);
    a.jne(fine);
    error_exit();
    a.bind(fine);
    a.test(eax, eax);
    if (when) {
      a.jnz(target);
    } else {
      a.jz(target);
    }
    a.jmp(done_);
  });
}

void Translator::jump_if(bool when, size_t index) {
  Label target = jump_target(index);
  const bool dying = flags() & kDyingB;
  if (known_[A()] == Known::Bool) {
    a.cmp(reg(A()), 9);
    if (when) {
      a.je(target);
    } else {
      a.jne(target);
    }
    return;
  }
  Label slow = a.newLabel();
  load(rax, A());
  a.mov(rcx, rax);
  a.or_(rcx, 1);
  a.cmp(rcx, 9);
  a.jne(slow);
  a.test(al, 1);
  if (when) {
    a.jnz(target);
  } else {
    a.jz(target);
  }
  test_and_jump(slow, test_truth, when, target);
  if (dying) learn(A(), Known::Immediate);
}

void Translator::jump_if_none(bool when, size_t index) {
  Label target = jump_target(index);
  load(rax, A());
  a.cmp(rax, static_cast<int32_t>(Value::none().bits()));
  if ((flags() & kDyingB) && !is_immediate(A())) {
    // None needs no release, and what is not None goes one way only.
    Label other = a.newLabel();
    a.jne(other);
    a.mov(reg(A()), 0);
    a.jmp(when ? target : done_);
    a.bind(other);
    a.mov(rdi, rax);
    a.mov(reg(A()), 0);
    release(rdi, Known::Nothing);
    if (!when) a.jmp(target);
    learn(A(), Known::Immediate);
    return;
  }
  if (when) {
    a.je(target);
  } else {
    a.jne(target);
  }
}

void Translator::is() {
  const bool invert = flags() & kInvert;
  load(rax, B());
  a.cmp(rax, reg(C()));
  a.set(invert ? CondCode::kNE : CondCode::kE, al);
  a.movzx(eax, al);
  a.or_(eax, 8);
  store(rax, A(), owns(A()));
  if ((flags() & kDyingB) && B() != A()) drop(B());
  if ((flags() & kDyingC) && C() != A()) drop(C());
  learn(A(), Known::Bool);
}

void Translator::not_() {
  Label slow = slow_path(negate_truth);
  load(rax, B());
  if (known_[B()] != Known::Bool) {
    a.mov(rcx, rax);
    a.or_(rcx, 1);
    a.cmp(rcx, 9);
    a.jne(slow);
  }
  a.xor_(rax, 1);
  store(rax, A(), owns(A()) && A() != B());
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  learn(A(), Known::Bool);
}

// An item skips the Jump behind this instruction; the end runs it.
void Translator::for_iter(size_t index) {
  Label past = bodies_[index + 2], end = bodies_[index + 1];
  Label not_range = a.newLabel(), slow = a.newLabel(), stored = a.newLabel();
  load(rdi, B());
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&range_iterator_type)));
  a.jne(not_range);
  a.mov(rdx, qword_ptr(rdi, offsetof(RangeIterator, left)));
  a.test(rdx, rdx);
  a.jle(end);
  a.mov(rax, qword_ptr(rdi, offsetof(RangeIterator, next)));
  a.mov(rsi, rax);
  a.shl(rsi, 15);
  a.sar(rsi, 15);
  a.cmp(rsi, rax);
  a.jne(slow);  // an int object must be made
  a.dec(rdx);
  a.mov(qword_ptr(rdi, offsetof(RangeIterator, left)), rdx);
  a.mov(rdx, qword_ptr(rdi, offsetof(RangeIterator, step)));
  a.add(rdx, rax);
  a.mov(qword_ptr(rdi, offsetof(RangeIterator, next)), rdx);
  a.mov(rcx, kIntTag);
  a.or_(rax, rcx);
  a.bind(stored);
  store(rax, A(), owns(A()));
  a.jmp(past);
  cold([this, not_range, slow, stored, past, end] {
    a.bind(not_range);
    a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&list_iterator_type)));
    a.jne(slow);
    a.mov(rdx, qword_ptr(rdi, offsetof(ListIterator, list)));
    a.test(rdx, rdx);
    a.jz(slow);
    a.mov(rsi, qword_ptr(rdi, offsetof(ListIterator, index)));
    a.cmp(rsi, qword_ptr(rdx, offsetof(List, size)));
    a.jge(slow);
    a.mov(rcx, qword_ptr(rdx, offsetof(List, items)));
    a.mov(rax, qword_ptr(rcx, rsi, 3));
    a.inc(rsi);
    a.mov(qword_ptr(rdi, offsetof(ListIterator, index)), rsi);
    retain(rax, Known::Nothing);
    a.jmp(stored);
    a.bind(slow);
    control(next_item);
    a.cmp(rax, kItem);
    a.je(past);
    a.cmp(rax, kExhausted);
    a.je(end);
    a.mov(r13, qword_ptr(r12, offsetof(ThreadState, record)));
    a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
    a.jmp(rax);
  });
  forget_all();
}

// A call of a Python function whose arguments need no binding enters it in line; all others go through the helper.
void Translator::call(bool method, size_t index) {
  const Op op = pc_->op();
  Label slow = a.newLabel(), back = a.newLabel();
  const uint32_t callee = A(), dst = C();
  const uint32_t given = B() + (method ? 1 : 0);
  const bool in_line = (op == Op::Call || op == Op::CallMethod) && !(code_->code_flags & kGeneratorFlags);
  if (in_line) {
    const auto window = static_cast<int32_t>((callee + 1) * sizeof(Value));
    load(rdi, callee);
    require_object(rdi, callee, slow);
    a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Function));
    a.jne(slow);
    a.mov(rsi, qword_ptr(rdi, offsetof(Function, code)));
    a.cmp(dword_ptr(rsi, offsetof(Code, direct_argcount)), given);
    a.jne(slow);
    if (method) {
      a.cmp(reg(callee + 1), 0);
      a.je(slow);
    }
    // Room for the record and the registers.
    a.cmp(r13, qword_ptr(r12, offsetof(ThreadState, record_limit)));
    a.jae(slow);
    a.mov(edx, dword_ptr(rsi, offsetof(Code, register_count)));
    a.lea(rdx, ptr(rbx, rdx, 3, window));  // the callee's top
    a.lea(rcx, ptr(rdx, 512 * static_cast<int32_t>(sizeof(Value))));
    a.cmp(rcx, qword_ptr(r12, offsetof(ThreadState, stack_end)));
    a.ja(slow);
    a.mov(reg(callee), 0);
    save_pc();
    constexpr auto kNext = static_cast<int32_t>(sizeof(CallRecord));
    auto field = [&](size_t offset) { return kNext + static_cast<int32_t>(offset); };
    a.lea(rbx, ptr(rbx, window));
    a.mov(rax, qword_ptr(rsi, offsetof(Code, first)));
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, pc))), rax);
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, base))), rbx);
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, top))), rdx);
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, code))), rsi);
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, function))), rdi);
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, held))), rdi);
    a.lea(rax, ptr(back));
    a.mov(qword_ptr(r13, field(offsetof(CallRecord, return_to))), rax);
    a.mov(dword_ptr(r13, field(offsetof(CallRecord, dst))), dst);
    a.mov(byte_ptr(r13, field(offsetof(CallRecord, kind))), static_cast<int>(RecordKind::Call));
    a.add(r13, kNext);
    a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
    // Locals that are no arguments begin empty.
    Label clear = a.newLabel(), cleared = a.newLabel(), interpreted = a.newLabel();
    a.mov(ecx, dword_ptr(rsi, offsetof(Code, first_unset)));
    a.mov(edx, dword_ptr(rsi, offsetof(Code, local_register_count)));
    a.bind(clear);
    a.cmp(ecx, edx);
    a.jae(cleared);
    a.mov(qword_ptr(rbx, rcx, 3), 0);
    a.inc(ecx);
    a.jmp(clear);
    a.bind(cleared);
    a.mov(rax, qword_ptr(rsi, offsetof(Code, machine)));
    a.test(rax, rax);
    a.jz(interpreted);
    a.mov(rax, qword_ptr(rax, offsetof(MachineCode, entries)));
    a.jmp(qword_ptr(rax));
    cold([this, interpreted] {
      a.bind(interpreted);
      load_constant(rax, stubs.stay);
      a.jmp(rax);
    });
  }
  auto emit_slow = [this, slow, index] {
    a.bind(slow);
    control(call_value);
    a.test(rax, rax);
    a.jz(done_);
    a.mov(r13, qword_ptr(r12, offsetof(ThreadState, record)));
    a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
    a.jmp(rax);
  };
  if (in_line) {
    cold(emit_slow);
  } else {
    emit_slow();
  }
  a.bind(back);
  for (uint32_t i = callee; i < code_->register_count; ++i) learn(i, Known::Nothing);
  learn(dst, Known::Nothing);
  may_leave_ = true;
}

void Translator::return_value(bool none) {
  Label slow = a.newLabel();
  const uint32_t in_use = B();
  cold([this, slow] {
    a.bind(slow);
    control(jit::return_value);
    a.mov(r13, qword_ptr(r12, offsetof(ThreadState, record)));
    a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
    a.jmp(rax);
  });
  if (code_->code_flags & kGeneratorFlags) {
    a.jmp(slow);
    forget_all();
    return;
  }
  a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Call));
  a.jne(slow);
  a.cmp(qword_ptr(r13, offsetof(CallRecord, frame)), 0);
  a.jne(slow);
  a.mov(rdx, qword_ptr(r13, offsetof(CallRecord, return_to)));
  a.test(rdx, rdx);
  a.jz(slow);
  // The value and the way back wait on the machine stack: releasing may run finalizers, and their frames lie where this
  // record does.
  if (none) {
    a.mov(eax, static_cast<int32_t>(Value::none().bits()));
  } else {
    load(rax, A());
    if (!is_immediate(A())) a.mov(reg(A()), 0);
  }
  a.mov(qword_ptr(rsp, kSavedValue), rax);
  for (uint32_t i = 0; i < in_use; ++i) {
    if (is_immediate(i) || (!none && i == A())) continue;
    a.mov(rdi, reg(i));
    a.mov(reg(i), 0);
    release(rdi, known_[i]);
  }
  Label frame = a.newLabel(), no_frame = a.newLabel();
  a.cmp(qword_ptr(r13, offsetof(CallRecord, frame)), 0);
  a.jne(frame);
  a.bind(no_frame);
  a.mov(rsi, qword_ptr(r13, offsetof(CallRecord, held)));
  a.mov(ecx, dword_ptr(r13, offsetof(CallRecord, dst)));
  a.mov(rdx, qword_ptr(r13, offsetof(CallRecord, return_to)));
  a.mov(qword_ptr(rsp, kSavedTarget), rcx);
  a.mov(qword_ptr(rsp, kSavedReturn), rdx);
  a.sub(r13, static_cast<int32_t>(sizeof(CallRecord)));
  a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
  a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
  Label dead = a.newLabel(), held_done = a.newLabel(), old_done = a.newLabel(), old_dead = a.newLabel();
  a.dec(dword_ptr(rsi, offsetof(Object, refs)));
  a.jz(dead);
  a.bind(held_done);
  a.mov(rax, qword_ptr(rsp, kSavedValue));
  a.mov(rdi, qword_ptr(rbx, rcx, 3));
  a.mov(qword_ptr(rbx, rcx, 3), rax);
  a.lea(rax, ptr(rdi, -static_cast<int32_t>(kFirstObject)));
  a.cmp(rax, rbp);
  a.jae(old_done);
  a.dec(dword_ptr(rdi, offsetof(Object, refs)));
  a.jz(old_dead);
  a.bind(old_done);
  a.jmp(qword_ptr(rsp, kSavedReturn));
  cold([this, frame, no_frame, dead, held_done, old_dead, old_done] {
    a.bind(frame);
    a.mov(rdi, r13);
    load_constant(rax, reinterpret_cast<uint64_t>(&leave_frame_object));
    a.call(rax);
    a.jmp(no_frame);
    a.bind(dead);
    a.mov(rdi, rsi);
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    a.mov(rcx, qword_ptr(rsp, kSavedTarget));
    a.jmp(held_done);
    a.bind(old_dead);
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    a.jmp(old_done);
  });
  forget_all();
}

}  // namespace hiss::jit
