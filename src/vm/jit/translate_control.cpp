// Templates of tests, jumps and loops.
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
    rejoin();
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
  Label other = a.newLabel();
  load(rax, A());
  a.mov(rcx, rax);
  a.or_(rcx, 1);
  a.cmp(rcx, 9);
  a.jne(other);
  a.test(al, 1);
  if (when) {
    a.jnz(target);
  } else {
    a.jz(target);
  }
  cold([this, other, when, target, dying] { test_object(other, when, target, dying); });
  if (dying) learn(A(), Known::Immediate);
}

// Code at `other`: rax holds no bool. None, lists, and objects of classes that do not say how true they are need no
// call.
void Translator::test_object(Label other, bool when, Label target, bool dying) {
  Label slow = a.newLabel(), no_list = a.newLabel(), is_true = a.newLabel(), is_false = a.newLabel();
  a.bind(other);
  a.cmp(rax, static_cast<int32_t>(Value::none().bits()));
  a.je(is_false);
  a.lea(rcx, ptr(rax, -static_cast<int32_t>(kFirstObject)));
  a.cmp(rcx, rbp);
  a.jae(slow);
  a.mov(rcx, qword_ptr(rax, offsetof(Object, type)));
  if (!dying) {
    a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&list_type)));
    a.jne(no_list);
    a.cmp(qword_ptr(rax, offsetof(List, size)), 0);
    a.je(is_false);
    a.jmp(is_true);
    a.bind(no_list);
  }
  for (const size_t slot : {offsetof(Slots, truth), offsetof(Slots, length)}) {
    a.cmp(qword_ptr(rcx, static_cast<int32_t>(offsetof(Type, slots) + slot)), 0);
    a.jne(slow);
  }
  if (dying) {
    a.mov(rdi, rax);
    a.mov(reg(A()), 0);
    release(rdi, Known::Object);
  }
  auto go_to = [&](bool answer) {
    if (answer == when) {
      a.jmp(target);
    } else {
      rejoin();
    }
  };
  a.bind(is_true);
  go_to(true);
  a.bind(is_false);
  go_to(false);
  test_and_jump(slow, test_truth, when, target);
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

// Where two targets take what the loop gives: the tuple is not made for iterators whose pairs nobody else sees.
void Translator::next_pair(size_t index, Label end) {
  if (index + 5 >= instructions_.size()) return;
  const Instruction& unpack = instructions_[index + 2];
  if (unpack.op() != Op::Unpack || unpack.b() != A() || unpack.c() != 2 || !(unpack.flags() & kDyingB)) return;
  const bool moved = moves_behind_unpack(index + 2) == 2;
  Label other = a.newLabel();
  control(moved ? next_two_items_moved : next_two_items);
  a.test(rax, rax);
  a.jz(other);
  a.cmp(rax, kItem);
  a.je(bodies_[index + (moved ? 5 : 3)]);
  a.cmp(rax, kExhausted);
  a.je(end);
  continue_in_frame();
  a.bind(other);
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
  cold([this, index, not_range, slow, stored, past, end] {
    a.bind(not_range);
    Label not_list = a.newLabel(), not_tuple = a.newLabel();
    // rdx = the list or tuple, rsi = the index, which is within its size.
    auto step = [&](const Type& type, int32_t source, int32_t position, int32_t size, Label other) {
      a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&type)));
      a.jne(other);
      a.mov(rdx, qword_ptr(rdi, source));
      a.test(rdx, rdx);
      a.jz(slow);
      a.mov(rsi, qword_ptr(rdi, position));
      a.cmp(rsi, qword_ptr(rdx, size));
      a.jge(slow);
      a.inc(qword_ptr(rdi, position));
    };
    step(list_iterator_type, offsetof(ListIterator, list), offsetof(ListIterator, index), offsetof(List, size),
         not_list);
    a.mov(rcx, qword_ptr(rdx, offsetof(List, items)));
    a.mov(rax, qword_ptr(rcx, rsi, 3));
    retain(rax, Known::Nothing);
    a.jmp(stored);
    a.bind(not_list);
    step(tuple_iterator_type, offsetof(TupleIterator, tuple), offsetof(TupleIterator, index), offsetof(Tuple, size),
         not_tuple);
    a.mov(rax, qword_ptr(rdx, rsi, 3, offsetof(Tuple, items)));
    retain(rax, Known::Nothing);
    a.jmp(stored);
    a.bind(not_tuple);
    a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&generator_type)));
    a.jne(slow);
    resume_generator(RecordKind::ForIter, past, slow);
    a.bind(slow);
    next_pair(index, end);
    control(next_item);
    a.cmp(rax, kItem);
    a.je(past);
    a.cmp(rax, kExhausted);
    a.je(end);
    continue_in_frame();
  });
  forget_all();
}

}  // namespace hiss::jit
