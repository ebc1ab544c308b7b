#include "vm/jit/translator.h"

#include <algorithm>
#include <cstddef>

#include "object/function.h"
#include "object/shape.h"
#include "vm/operations.h"

namespace hiss::jit {

using namespace asmjit::x86;

Translator::Translator(Code* code, asmjit::CodeHolder& holder, uint64_t exit_address, const CallRecord* frame,
                       bool speculate)
    : code_(code),
      instructions_(*code->instructions),
      a(&holder),
      exit_address_(exit_address),
      targets_(code->instructions->size() + 2, false),
      bodies_(code->instructions->size() + 1),
      entries_(code->instructions->size()),
      known_(code->register_count + 1, Known::Nothing),
      constants_(code->register_count + 1),
      guesses_(code->register_count + 1),
      frame_(frame),
      speculate_(speculate),
      held_behind_(code->instructions->size() + 1) {
  forget_floats();
  held_behind_.assign(held_behind_.size(), held_);
}

namespace {

size_t words_of(const Instruction& i) { return 1u + kOpCacheWords[static_cast<size_t>(i.op())]; }

bool is_long_jump(Op op) {
  return op == Op::Jump || op == Op::JumpBack || (op >= Op::JumpIfTrue && op <= Op::JumpIfNotNone);
}
bool is_compare_jump(Op op) { return op >= Op::JumpLt && op <= Op::JumpGeK; }

// Instructions whose usual way makes no call, so that floats stay in the processor's registers.
bool keeps_floats(Op op) {
  switch (op) {
    case Op::LoadConst:
    case Op::Move:
    case Op::MoveTake:
    case Op::Release:
    case Op::CheckLocal:
    case Op::LoadGlobal:
    case Op::LoadAttr:
    case Op::StoreAttr:
    case Op::GetItem:
    case Op::SetItem:
    case Op::LoadCell:
    case Op::LoadFree:
    case Op::StoreCell:
    case Op::StoreFree:
    case Op::Add:
    case Op::Subtract:
    case Op::Multiply:
    case Op::AddK:
    case Op::SubtractK:
    case Op::MultiplyK:
    case Op::TrueDivide:
    case Op::TrueDivideK:
    case Op::Negative:
    case Op::JumpIfTrue:
    case Op::JumpIfFalse:
      return true;
    default:
      return (op >= Op::CompareLt && op <= Op::CompareGe) || is_compare_jump(op);
  }
}

}  // namespace

// Places that are reached from elsewhere: there nothing is known.
// False when a jump leads out of the code, which only code that was not made by the compiler can have.
bool Translator::find_targets() {
  const auto end = static_cast<int64_t>(instructions_.size());
  auto mark = [&](int64_t target) {
    if (target < 0 || target > end) return false;
    targets_[static_cast<size_t>(target)] = true;
    return true;
  };
  targets_[0] = true;
  for (size_t i = 0; i < instructions_.size(); i += words_of(instructions_[i])) {
    const Instruction& at = instructions_[i];
    const auto next = static_cast<int64_t>(i) + 1;
    if (is_long_jump(at.op()) && !mark(next + at.bc())) return false;
    if (is_compare_jump(at.op()) && !mark(next + static_cast<int16_t>(at.a()))) return false;
    if (at.op() == Op::ForIter || at.op() == Op::Send) targets_[i + 1] = targets_[i + 2] = true;
    if (at.op() == Op::Yield) targets_[i + 1] = true;
  }
  for (const ExceptionEntry& e : *code_->exception_table) {
    if (e.target != UINT32_MAX && !mark(e.target)) return false;
  }
  return true;
}

bool Translator::translate() {
  if (!find_targets()) return false;
  for (size_t i = 0; i < instructions_.size(); i += words_of(instructions_[i])) {
    bodies_[i] = a.newLabel();
  }
  for (size_t i = 0; i < instructions_.size(); i += words_of(instructions_[i])) {
    if (skip_ > 0) {
      --skip_;
      continue;
    }
    instruction(i);
  }
  // A jump that can never be taken may lead behind the last instruction.
  bodies_.back() = a.newLabel();
  a.bind(bodies_.back());
  a.ud2();
  in_cold_ = true;
  for (size_t i = 0; i < cold_.size(); ++i) {
    Cold cold = std::move(cold_[i]);
    pc_ = cold.pc;
    instruction_index_ = cold.index;
    done_ = cold.done;
    cold.emit();
  }
  return true;
}

std::unique_ptr<const void* []> Translator::entries(const asmjit::CodeHolder& holder, uint64_t base) const {
  auto table = std::make_unique<const void*[]>(instructions_.size() + 1);
  for (size_t i = 0; i < instructions_.size(); ++i) {
    if (entries_[i].isValid()) table[i] = reinterpret_cast<const void*>(base + holder.labelOffset(entries_[i]));
  }
  return table;
}

void Translator::learn(uint32_t index, Known known, Value constant) {
  known_[index] = known;
  constants_[index] = constant;
  guesses_[index] = held_by_frame(index);
  for (int32_t& held : held_) {
    if (held == static_cast<int32_t>(index)) held = kNothingHeld;
  }
}

void Translator::forget_all() {
  for (uint32_t i = 0; i < known_.size(); ++i) learn(i, Known::Nothing);
}

void Translator::instruction(size_t index) {
  instruction_index_ = index;
  pc_ = &instructions_[index];
  done_ = a.newLabel();
  if (targets_[index]) forget_all();
  a.bind(bodies_[index]);
  if (targets_[index]) {
    entries_[index] = bodies_[index];
  } else if (may_leave_) {
    emit_entry_check(index);
  }
  may_leave_ = false;
  if (index == 0) {
    // As at a turn of a loop, signals and requests are seen when a function is entered.
    Label breaks = a.newLabel();
    a.cmp(dword_ptr_abs(reinterpret_cast<uint64_t>(&eval_breaker)), 0);
    a.jne(breaks);
    cold([this, breaks] {
      a.bind(breaks);
      exit_at(0, MachineExit::Stay);
    });
  }
  if (!keeps_floats(pc_->op())) forget_floats();
  basic(index);
  held_behind_[index] = held_;
  a.bind(done_);
}

// The interpreter may come back here only when what the code relies on is true.
void Translator::emit_entry_check(size_t index) {
  struct Fact {
    uint32_t reg;
    Known known;
    Value constant;
  };
  std::vector<Fact> facts;
  for (uint32_t i = 0; i < code_->register_count; ++i) {
    if (known_[i] != Known::Nothing) facts.push_back({i, known_[i], constants_[i]});
  }
  if (facts.empty()) {
    entries_[index] = bodies_[index];
    return;
  }
  entries_[index] = a.newLabel();
  cold([this, index, facts] {
    a.bind(entries_[index]);
    Label fails = a.newLabel();
    for (const Fact& fact : facts) {
      load(rax, fact.reg);
      if (fact.constant) {
        load_constant(rcx, fact.constant.bits());
        a.cmp(rax, rcx);
        a.jne(fails);
        continue;
      }
      switch (fact.known) {
        case Known::Int:
          a.shr(rax, 49);
          a.cmp(eax, 0x7FFF);
          a.jne(fails);
          break;
        case Known::Float:
          a.sub(rax, r14);
          a.cmp(rax, r15);
          a.jae(fails);
          break;
        case Known::Bool:
          a.or_(rax, 1);
          a.cmp(rax, 9);
          a.jne(fails);
          break;
        case Known::Immediate:
          a.sub(rax, static_cast<int32_t>(kFirstObject));
          a.cmp(rax, rbp);
          a.jb(fails);
          break;
        default:
          a.sub(rax, static_cast<int32_t>(kFirstObject));
          a.cmp(rax, rbp);
          a.jae(fails);
          break;
      }
    }
    a.jmp(bodies_[index]);
    a.bind(fails);
    exit_at(index, MachineExit::Stay);
  });
}

// ---- Leaving

void Translator::exit_at(size_t index, MachineExit exit) {
  load_constant(rax, reinterpret_cast<uint64_t>(&instructions_[index]) | static_cast<uint64_t>(exit));
  a.jmp(exit_address_);
}

// The interpreter carries out this instruction.
void Translator::step(size_t index) {
  exit_at(index, MachineExit::Step);
  forget_all();
  may_leave_ = true;
}

void Translator::error_exit() {
  load_constant(rax, reinterpret_cast<uint64_t>(pc_ + 1) | static_cast<uint64_t>(MachineExit::Error));
  a.jmp(exit_address_);
}

void Translator::step_helper(StepHelper helper) {
  if (!in_cold_) forget_floats();
  a.mov(rdi, r13);
  load_constant(rsi, reinterpret_cast<uint64_t>(pc_));
  load_constant(rax, reinterpret_cast<uint64_t>(helper));
  a.call(rax);
  a.test(al, al);
  Label failed = a.newLabel();
  a.jz(failed);
  cold([this, failed] {
    a.bind(failed);
    error_exit();
  });
}

// Afterwards rax holds the answer of the ControlHelper at this address, which finds a fourth argument in rcx.
void Translator::call_control(uint64_t helper) {
  if (!in_cold_) forget_floats();
  a.mov(rdi, r13);
  load_constant(rsi, reinterpret_cast<uint64_t>(pc_));
  a.mov(rdx, r12);
  load_constant(rax, helper);
  a.call(rax);
}

// The helper's work; where it is an operator whose method is in Python, the method's frame is entered.
void Translator::slow_step(StepHelper helper, const OperatorGuess& guess) {
  if (helper != binary_operation && helper != binary_constant_operation) return step_helper(helper);
  Label native = a.newLabel(), back = a.newLabel(), done = a.newLabel();
  if (guess.method) {
    Label other = a.newLabel();
    enter_guessed_operator(guess, helper == binary_constant_operation, other, back);
    a.bind(other);
  }
  a.lea(rcx, ptr(back));
  call_control(reinterpret_cast<uint64_t>(&enter_operator_method));
  a.test(rax, rax);
  a.jz(native);
  continue_in_frame();
  a.bind(back);
  auto drop_operand = [&](uint32_t index) {
    load(rdi, index);
    a.mov(reg(index), 0);
    release(rdi, Known::Nothing);
  };
  if (flags() & kDyingB) drop_operand(B());
  if ((flags() & kDyingC) && helper == binary_operation) drop_operand(C());
  a.jmp(done);
  a.bind(native);
  step_helper(helper);
  a.bind(done);
}

asmjit::Label Translator::slow_path(StepHelper helper) {
  Label slow = a.newLabel();
  cold([this, slow, helper, guess = guess_operator(helper)] {
    a.bind(slow);
    slow_step(helper, guess);
    rejoin();
  });
  return slow;
}

asmjit::Label Translator::slow_path(StepHelper helper, std::vector<Expectation> expected) {
  Label slow = a.newLabel();
  cold([this, slow, helper, expected = std::move(expected), guess = guess_operator(helper)] {
    a.bind(slow);
    slow_step(helper, guess);
    Label fails = a.newLabel();
    for (const Expectation& e : expected) {
      load(rax, e.reg);
      if (e.known == Known::Float) {
        a.sub(rax, r14);
        a.cmp(rax, r15);
        a.jae(fails);
      } else {
        a.shr(rax, 49);
        a.cmp(eax, 0x7FFF);
        a.jne(fails);
      }
    }
    rejoin();
    a.bind(fails);
    load_constant(rdi, reinterpret_cast<uint64_t>(code_));
    load_constant(rax, reinterpret_cast<uint64_t>(&count_stale_cache));
    a.call(rax);
    exit_at(instruction_index_ + words_of(*pc_), MachineExit::Stay);
  });
  return slow;
}

void Translator::rejoin() {
  reload_floats(held_behind_[instruction_index_]);
  a.jmp(done_);
}

// ---- Floats in the processor's registers

size_t Translator::find_held(uint32_t index) const {
  return static_cast<size_t>(std::find(held_.begin(), held_.end(), static_cast<int32_t>(index)) - held_.begin());
}

void Translator::hold_float(uint32_t index, Xmm value) {
  size_t slot = find_held(index);
  if (slot == kHeldFloats)
    slot = static_cast<size_t>(std::find(held_.begin(), held_.end(), kNothingHeld) - held_.begin());
  if (slot == kHeldFloats) {
    // In turn: what was held last is the likeliest to be used next.
    slot = oldest_held_;
    oldest_held_ = (oldest_held_ + 1) % kHeldFloats;
  }
  held_[slot] = static_cast<int32_t>(index);
  if (value != held_place(slot)) a.movaps(held_place(slot), value);
}

void Translator::reload_floats(const HeldFloats& held) {
  for (size_t slot = 0; slot < kHeldFloats; ++slot) {
    if (held[slot] == kNothingHeld) continue;
    load(rax, static_cast<uint32_t>(held[slot]));
    a.sub(rax, r14);
    a.movq(held_place(slot), rax);
  }
}

// ---- Values

Mem Translator::reg(uint32_t index) const { return qword_ptr(rbx, static_cast<int32_t>(index * sizeof(Value))); }

void Translator::load(Gp to, uint32_t index) { a.mov(to, reg(index)); }

void Translator::load_constant(Gp to, uint64_t word) {
  if (word <= UINT32_MAX) {
    a.mov(to.r32(), word);
  } else {
    a.mov(to, word);
  }
}

bool Translator::owns(uint32_t dst) const { return !is_immediate(dst); }

// Releases the object word in `value` (clobbers rcx, rdi).
void Translator::release(Gp value, Known known) {
  Label done = a.newLabel(), dead = a.newLabel();
  if (value != rdi) a.mov(rdi, value);
  if (known != Known::Object) {
    a.lea(rcx, ptr(rdi, -static_cast<int32_t>(kFirstObject)));
    a.cmp(rcx, rbp);
    a.jae(done);
  }
  a.dec(dword_ptr(rdi, offsetof(Object, refs)));
  a.jz(dead);
  a.bind(done);
  cold([this, dead, done, held = held_] {
    a.bind(dead);
    save_pc();
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    reload_floats(held);
    a.jmp(done);
  });
}

void Translator::retain(Gp value, Known known) {
  if (known == Known::Object) {
    a.inc(dword_ptr(value, offsetof(Object, refs)));
    return;
  }
  Label done = a.newLabel();
  a.lea(rcx, ptr(value, -static_cast<int32_t>(kFirstObject)));
  a.cmp(rcx, rbp);
  a.jae(done);
  a.inc(dword_ptr(value, offsetof(Object, refs)));
  a.bind(done);
}

// Writes an owned value; what lay there is released (then everything but callee-saved registers is clobbered).
void Translator::store(Gp value, uint32_t dst, bool release_old) {
  if (!release_old) {
    a.mov(reg(dst), value);
    return;
  }
  a.mov(rdi, reg(dst));
  a.mov(reg(dst), value);
  release(rdi, known_[dst]);
}

void Translator::drop(uint32_t index) {
  if (is_immediate(index)) return;
  a.mov(rdi, reg(index));
  a.mov(reg(index), 0);
  release(rdi, known_[index]);
  learn(index, Known::Immediate);
}

void Translator::save_pc(uint32_t words) {
  load_constant(rax, reinterpret_cast<uint64_t>(pc_ + words));
  a.mov(qword_ptr(r13, offsetof(CallRecord, pc)), rax);
}

void Translator::require_object(Gp value, uint32_t index, Label slow) {
  if (known_[index] == Known::Object) return;
  a.lea(rcx, ptr(value, -static_cast<int32_t>(kFirstObject)));
  a.cmp(rcx, rbp);
  a.jae(slow);
}

void Translator::require_int(Gp value, uint32_t index, Label slow) {
  if (known_[index] == Known::Int) return;
  a.mov(rcx, value);
  a.shr(rcx, 49);
  a.cmp(ecx, 0x7FFF);
  a.jne(slow);
}

// ---- Guesses

Value Translator::held_by_frame(uint32_t index) const {
  return frame_ && index < code_->local_register_count ? frame_->base[index] : Value();
}

Known Translator::likely(uint32_t index) const {
  if (known_[index] != Known::Nothing || !speculate_) return known_[index];
  if (guesses_[index].is_integer()) return Known::Int;
  return guesses_[index].is_number() ? Known::Float : Known::Nothing;
}

Value Translator::guess_item(uint32_t container, uint32_t key) const {
  const Value source = guesses_[container], index = constants_[key] ? constants_[key] : guesses_[key];
  const Value* items = nullptr;
  int64_t size = 0;
  if (source && is_exact(source, list_type)) items = as<List>(source)->items, size = as<List>(source)->size;
  if (source && is_exact(source, tuple_type)) items = as<Tuple>(source)->items, size = as<Tuple>(source)->size;
  if (size == 0) return Value();
  // Of a key that is not known the first item speaks for all.
  int64_t place = index && index.is_integer() ? index.integer() : 0;
  if (place < 0) place += size;
  return items[place >= 0 && place < size ? place : 0];
}

// `cache` and `constant`: what LoadAttr's inline cache has found.
Value Translator::guess_attribute(uint32_t object, uint64_t cache, Value constant) const {
  const Value holder = guesses_[object];
  if (cache & kCacheProperty) return Value();
  if (cache & (kCacheConstant | kCacheClass)) return constant;
  if (!holder || !holder.is_object() || cache == 0) return Value();
  const auto* o = static_cast<const Instance*>(holder.object());
  if (cache & kCacheSlot) {
    if (o->type->version != static_cast<uint32_t>(constant.bits())) return Value();
    return *reinterpret_cast<const Value*>(reinterpret_cast<const char*>(o) + ((cache & ~kCacheSlot) >> 32));
  }
  if (o->layout != Layout::Instance || !o->attributes.shape || o->attributes.shape->id != static_cast<uint32_t>(cache))
    return Value();
  return o->attributes.values[cache >> 32];
}

// ---- The instructions

namespace {

Known known_of(Value v) {
  if (v.is_integer()) return Known::Int;
  if (v.is_number()) return Known::Float;
  if (v.is_bool()) return Known::Bool;
  return v.is_object() ? Known::Object : Known::Immediate;
}

}  // namespace

void Translator::basic(size_t index) {
  const Op op = pc_->op();
  auto helper = [&](StepHelper h) {
    step_helper(h);
    if (flags() & kDyingB) learn(B(), Known::Immediate);
    if (flags() & kDyingC) learn(C(), Known::Immediate);
  };
  switch (op) {
    case Op::LoadConst: {
      Value v = k()[BC()];
      load_constant(rax, v.bits());
      if (v.is_object()) a.inc(dword_ptr(rax, offsetof(Object, refs)));
      store(rax, A(), owns(A()));
      learn(A(), known_of(v), v);
      return;
    }
    case Op::Move: {
      load(rax, B());
      if (!is_immediate(B())) retain(rax, known_[B()]);
      const Known known = known_[B()];
      const Value guess = guesses_[B()];
      store(rax, A(), owns(A()));
      learn(A(), known, constants_[B()]);
      guesses_[A()] = guess;
      return;
    }
    case Op::MoveTake: {
      load(rax, B());
      if (!is_immediate(B())) a.mov(reg(B()), 0);
      const Known known = known_[B()];
      const Value constant = constants_[B()], guess = guesses_[B()];
      const size_t held = find_held(B());
      store(rax, A(), owns(A()));
      if (!is_immediate(B())) learn(B(), Known::Immediate);
      learn(A(), known, constant);
      guesses_[A()] = guess;
      if (held < kHeldFloats) held_[held] = static_cast<int32_t>(A());
      return;
    }
    case Op::Release:
      drop(A());
      return;
    case Op::CheckLocal: {
      if (known_[A()] == Known::Int || known_[A()] == Known::Float || known_[A()] == Known::Object) return;
      Label slow = a.newLabel();
      a.cmp(reg(A()), 0);
      a.je(slow);
      cold([this, slow, index] {
        a.bind(slow);
        exit_at(index, MachineExit::Step);
      });
      return;
    }
    case Op::LoadGlobal:
      return load_global();
    case Op::LoadAttr:
      return load_attr();
    case Op::StoreAttr:
      return store_attr();
    case Op::LoadMethod:
      return load_method();
    case Op::GetItem:
      return get_item();
    case Op::SetItem:
      return set_item();
    case Op::GetSlice:
    case Op::SetSlice: {
      step_helper(op == Op::GetSlice ? get_slice_of : set_slice_of);
      const uint32_t first = op == Op::GetSlice ? C() : B();
      for (uint32_t i = 0; i < 3; ++i) learn(first + i, Known::Immediate);
      if (op == Op::SetSlice && (flags() & kDyingC)) learn(C(), Known::Immediate);
      if (op == Op::GetSlice) {
        if (flags() & kDyingB) learn(B(), Known::Immediate);
        learn(A(), Known::Nothing);
      }
      return;
    }
    case Op::LoadCell:
    case Op::LoadFree:
      return load_free(op == Op::LoadCell);
    case Op::StoreCell:
    case Op::StoreFree:
      return store_free(op == Op::StoreCell);
    case Op::Add:
    case Op::Subtract:
    case Op::Multiply:
      return arithmetic(op, false);
    case Op::AddK:
    case Op::SubtractK:
    case Op::MultiplyK:
      return arithmetic(static_cast<Op>(static_cast<int>(op) - static_cast<int>(Op::AddK) + static_cast<int>(Op::Add)),
                        true);
    case Op::TrueDivide:
    case Op::TrueDivideK:
      return true_divide(op == Op::TrueDivideK);
    case Op::Remainder:
    case Op::FloorDivide:
    case Op::Lshift:
    case Op::Rshift:
    case Op::Or:
    case Op::Xor:
    case Op::And:
      return integer_operation(op, false);
    case Op::RemainderK:
      return integer_operation(Op::Remainder, true);
    case Op::FloorDivideK:
      return integer_operation(Op::FloorDivide, true);
    case Op::AndK:
      return integer_operation(Op::And, true);
    case Op::RshiftK:
      return integer_operation(Op::Rshift, true);
    case Op::LshiftK:
      return integer_operation(Op::Lshift, true);
    case Op::Power:
    case Op::MatrixMultiply: {
      const Known left = likely(B()), right = likely(C());
      helper(binary_operation);
      learn(A(), Known::Nothing);
      guess_number(left, right);
      return;
    }
    case Op::Negative:
      return negative();
    case Op::Positive:
    case Op::Invert:
      helper(unary_operation);
      learn(A(), Known::Nothing);
      return;
    case Op::Not:
      return not_();
    case Op::Is:
      return is();
    case Op::Contains:
      helper(contains_item);
      learn(A(), Known::Bool);
      return;
    case Op::Jump:
      a.jmp(jump_target(index));
      forget_all();
      return;
    case Op::JumpBack: {
      Label breaks = a.newLabel();
      a.cmp(dword_ptr_abs(reinterpret_cast<uint64_t>(&eval_breaker)), 0);
      a.jne(breaks);
      a.jmp(jump_target(index));
      cold([this, breaks, index] {
        a.bind(breaks);
        exit_at(index, MachineExit::Step);
      });
      forget_all();
      return;
    }
    case Op::JumpIfTrue:
    case Op::JumpIfFalse:
      return jump_if(op == Op::JumpIfTrue, index);
    case Op::JumpIfNone:
    case Op::JumpIfNotNone:
      return jump_if_none(op == Op::JumpIfNone, index);
    case Op::GetIter:
      helper(get_iterator);
      learn(A(), Known::Object);
      return;
    case Op::ForIter:
      return for_iter(index);
    case Op::Call:
    case Op::CallMethod:
    case Op::CallKeywords:
    case Op::CallMethodKeywords:
      return call(index);
    case Op::CallComprehension:
      return call_comprehension();
    case Op::Return:
    case Op::ReturnNone:
      return return_value(op == Op::ReturnNone);
    case Op::MakeFunction:
      step_helper(make_function_object);
      learn(A(), Known::Object);
      return;
    case Op::BuildTuple:
    case Op::BuildList:
    case Op::BuildSet:
    case Op::BuildDict: {
      step_helper(op == Op::BuildTuple ? build_tuple : build_display);
      const uint32_t count = op == Op::BuildDict ? 2 * C() : C();
      for (uint32_t i = 0; i < count; ++i) learn(B() + i, Known::Immediate);
      learn(A(), Known::Object);
      return;
    }
    case Op::BuildString:
      step_helper(format_text);
      for (uint32_t i = 0; i < C(); ++i) learn(B() + i, Known::Immediate);
      learn(A(), Known::Object);
      return;
    case Op::FormatValue:
      step_helper(format_text);
      learn(A(), Known::Object);
      return;
    case Op::ListAppend:
      return list_append();
    case Op::SetAdd:
    case Op::DictAdd:
      helper(append_to_display);
      return;
    case Op::Unpack:
      return unpack();
    case Op::Yield:
      return yield();
    case Op::Send:
      return send(index);
    default:
      break;
  }
  if (op >= Op::CompareLt && op <= Op::CompareGe) return compare(op);
  if (op >= Op::JumpLt && op <= Op::JumpGe) return compare_jump(op, index, false);
  if (op >= Op::JumpLtK && op <= Op::JumpGeK) return compare_jump(op, index, true);
  if (StepHelper function = plain_step(op)) {
    step_helper(function);
    // Guesses are checked where they are used; what is known must be true.
    std::vector<Value> guesses = guesses_;
    forget_all();
    guesses_ = std::move(guesses);
    guesses_[A()] = Value();
    return;
  }
  step(index);
}

}  // namespace hiss::jit
