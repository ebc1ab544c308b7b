// Templates of arithmetic and comparison: immediate ints and floats in line, the rest through slow paths.
#include "vm/jit/translator.h"

namespace hiss::jit {

using namespace asmjit::x86;

namespace {

bool could_be(Known known, Known wanted) { return known == Known::Nothing || known == wanted; }

}  // namespace

// The double of a float word: where it is held, or in `scratch` (clobbers rax).
Xmm Translator::float_operand(Xmm scratch, uint32_t index, Label slow) {
  if (const size_t held = find_held(index); held < kHeldFloats) return held_place(held);
  load(rax, index);
  a.sub(rax, r14);
  if (known_[index] != Known::Float) {
    a.cmp(rax, r15);
    a.jae(slow);
  }
  a.movq(scratch, rax);
  return scratch;
}

// The same for an operand that is probably an int: as a double.
Xmm Translator::converted_operand(Xmm scratch, uint32_t index, Label slow) {
  if (const Value constant = constants_[index]; constant && constant.is_integer()) {
    load_constant(rax, std::bit_cast<uint64_t>(static_cast<double>(constant.integer())));
    a.movq(scratch, rax);
    return scratch;
  }
  load(rax, index);
  require_int(rax, index, slow);
  a.shl(rax, 15);
  a.sar(rax, 15);
  a.xorps(scratch, scratch);
  a.cvtsi2sd(scratch, rax);
  return scratch;
}

// Puts a float into A, which then holds it.
void Translator::store_float(Xmm value, bool release_old) {
  a.movq(rax, value);
  a.add(rax, r14);
  hold_float(A(), value);
  store(rax, A(), release_old);
}

void Translator::arithmetic(Op operation, bool constant) {
  const Value right = constant ? k()[C()] : constants_[C()];
  const Known left_known = known_[B()];
  const Known right_known = constant ? (right.is_integer() ? Known::Int : Known::Float) : known_[C()];
  bool ints = could_be(left_known, Known::Int) && could_be(right_known, Known::Int);
  const bool int_constant = right && right.is_integer();
  // With an int constant on the right a float on the left is common, too.
  bool floats = could_be(left_known, Known::Float) && (could_be(right_known, Known::Float) || int_constant);
  const bool only_ints = left_known == Known::Int && right_known == Known::Int;
  const Known left_likely = likely(B()), right_likely = constant ? right_known : likely(C());
  if (ints && floats && left_likely == Known::Float && (right_likely == Known::Float || int_constant)) ints = false;
  if (ints && floats && left_likely == Known::Int && right_likely == Known::Int) floats = false;
  // An int and a float.
  const bool left_converts = left_likely == Known::Int && right_likely == Known::Float;
  const bool right_converts = left_likely == Known::Float && right_likely == Known::Int && !int_constant;
  if (left_converts || right_converts) ints = false, floats = true;
  const StepHelper helper = constant ? binary_constant_operation : binary_operation;
  const Known result = ints == floats ? Known::Nothing : ints ? Known::Int : Known::Float;
  // What the operands turn out to be need not be asked again.
  auto turns_out = [&](uint32_t index, uint8_t dying) {
    return result != Known::Nothing && known_[index] == Known::Nothing && index != A() && !(flags() & dying);
  };
  const bool learn_left = !left_converts && turns_out(B(), kDyingB);
  const bool learn_right = !constant && !int_constant && !right_converts && turns_out(C(), kDyingC);
  std::vector<Expectation> expected;
  if (result != Known::Nothing) expected.push_back({A(), result});
  if (learn_left) expected.push_back({B(), result});
  if (learn_right) expected.push_back({C(), result});
  Label slow = expected.empty() ? slow_path(helper) : slow_path(helper, expected);
  Label not_ints = a.newLabel(), finish = a.newLabel();
  if (!ints && !floats) {
    a.jmp(slow);
    forget_dying(constant);
    learn(A(), Known::Nothing);
    return;
  }
  if (ints) {
    Label other = floats ? not_ints : slow;
    load(rax, B());
    if (int_constant) {
      require_int(rax, B(), other);
    } else {
      load(rdx, C());
      if (!only_ints) {
        a.mov(rcx, rax);
        a.and_(rcx, rdx);
        a.shr(rcx, 49);
        a.cmp(ecx, 0x7FFF);
        a.jne(other);
      }
    }
    a.shl(rax, 15);
    const int64_t number = int_constant ? right.integer() : 0;
    if (int_constant) {
      a.mov(rdx, operation == Op::Multiply ? number : static_cast<int64_t>(static_cast<uint64_t>(number) << 15));
    } else {
      a.shl(rdx, 15);
      if (operation == Op::Multiply) a.sar(rdx, 15);
    }
    if (operation == Op::Add) a.add(rax, rdx);
    if (operation == Op::Subtract) a.sub(rax, rdx);
    if (operation == Op::Multiply) a.imul(rax, rdx);
    a.jo(slow);
    a.sar(rax, 15);
    a.mov(rcx, kIntTag);
    a.or_(rax, rcx);
    if (floats) a.jmp(finish);
  }
  if (floats) {
    a.bind(not_ints);
    const Xmm left = left_converts ? converted_operand(xmm0, B(), slow) : float_operand(xmm0, B(), slow);
    if (learn_left && !temporary(B())) hold_float(B(), left);
    if (left != xmm0) a.movaps(xmm0, left);
    Xmm other = xmm1;
    if (int_constant || (constant && right)) {
      const double number = right.is_integer() ? static_cast<double>(right.integer()) : right.number();
      load_constant(rax, std::bit_cast<uint64_t>(number));
      a.movq(xmm1, rax);
    } else if (right_converts) {
      other = converted_operand(xmm1, C(), slow);
    } else {
      other = float_operand(xmm1, C(), slow);
      if (learn_right && !temporary(C())) hold_float(C(), other);
    }
    if (operation == Op::Add) a.addsd(xmm0, other);
    if (operation == Op::Subtract) a.subsd(xmm0, other);
    if (operation == Op::Multiply) a.mulsd(xmm0, other);
    a.ucomisd(xmm0, xmm0);
    a.jp(slow);
    if (ints) {
      a.movq(rax, xmm0);
      a.add(rax, r14);
    }
  }
  a.bind(finish);
  // An operand that is also the target was no object, or the slow path would have been taken.
  const bool overwrites_operand = A() == B() || (!constant && A() == C());
  const bool release_old = owns(A()) && !overwrites_operand;
  if (result == Known::Float) {
    store_float(xmm0, release_old);
  } else {
    store(rax, A(), release_old);
  }
  if (learn_left) learn_kept(B(), result);
  if (learn_right) learn_kept(C(), result);
  forget_dying(constant);
  learn_kept(A(), result);
  if (result == Known::Nothing) guess_number(left_likely, right_likely);
}

// learn() of a register whose float is still held.
void Translator::learn_kept(uint32_t index, Known known) {
  const size_t held = find_held(index);
  learn(index, known);
  if (held < kHeldFloats && known == Known::Float) held_[held] = static_cast<int32_t>(index);
}

// What an operation on numbers of these kinds probably gives.
void Translator::guess_number(Known left, Known right) {
  if (left == Known::Float || right == Known::Float) guesses_[A()] = Value::number(1);
  if (left == Known::Int && right == Known::Int) guesses_[A()] = Value::integer(1);
}

// After an instruction its dying operands hold nothing that counts.
void Translator::forget_dying(bool constant) {
  if ((flags() & kDyingB) && !is_immediate(B())) learn(B(), Known::Immediate);
  if (!constant && (flags() & kDyingC) && !is_immediate(C())) learn(C(), Known::Immediate);
}

void Translator::true_divide(bool constant) {
  const StepHelper helper = constant ? binary_constant_operation : binary_operation;
  Label slow = slow_path(helper, {{A(), Known::Float}});
  auto operand = [&](Xmm to, uint32_t index) {
    if (likely(index) == Known::Float) {
      const Xmm value = float_operand(to, index, slow);
      if (value != to) a.movaps(to, value);
      return;
    }
    Label is_float = a.newLabel(), done = a.newLabel();
    load(rax, index);
    if (known_[index] != Known::Float) {
      a.mov(rcx, rax);
      a.shr(rcx, 49);
      a.cmp(ecx, 0x7FFF);
      a.jne(is_float);
      a.shl(rax, 15);
      a.sar(rax, 15);
      a.cvtsi2sd(to, rax);
      a.jmp(done);
      a.bind(is_float);
      a.sub(rax, r14);
      a.cmp(rax, r15);
      a.jae(slow);
    } else {
      a.sub(rax, r14);
    }
    a.movq(to, rax);
    a.bind(done);
  };
  a.xorps(xmm0, xmm0);
  operand(xmm0, B());
  if (constant) {
    Value right = k()[C()];
    const double number = right.is_integer() ? static_cast<double>(right.integer()) : right.number();
    if (number == 0) {
      a.jmp(slow);
      forget_dying(constant);
      learn(A(), Known::Float);
      return;
    }
    load_constant(rax, std::bit_cast<uint64_t>(number));
    a.movq(xmm1, rax);
  } else {
    a.xorps(xmm1, xmm1);
    operand(xmm1, C());
    a.xorps(xmm2, xmm2);
    a.ucomisd(xmm1, xmm2);
    a.je(slow);
  }
  a.divsd(xmm0, xmm1);
  a.ucomisd(xmm0, xmm0);
  a.jp(slow);
  store_float(xmm0, owns(A()) && A() != B() && (constant || A() != C()));
  forget_dying(constant);
  learn_kept(A(), Known::Float);
}

void Translator::integer_operation(Op operation, bool constant) {
  const Value right = constant ? k()[C()] : Value();
  const StepHelper helper = constant ? binary_constant_operation : binary_operation;
  const bool covered = !constant || right.is_integer();
  const int64_t number = covered && constant ? right.integer() : 0;
  const bool shift = operation == Op::Lshift || operation == Op::Rshift;
  const bool division = operation == Op::Remainder || operation == Op::FloorDivide;
  if (!covered || (constant && shift && (number < 0 || number > 46)) || (constant && division && number <= 0) ||
      (known_[B()] == Known::Float) || (!constant && known_[C()] == Known::Float)) {
    step_helper(helper);
    if (flags() & kDyingB) learn(B(), Known::Immediate);
    if (!constant && (flags() & kDyingC)) learn(C(), Known::Immediate);
    learn(A(), Known::Nothing);
    return;
  }
  // Sets, and ints that need an object, give results that are no small ints.
  const bool objects = guesses_[B()].is_object() || (!constant && guesses_[C()].is_object());
  const bool expects_int = speculate_ && !objects;
  Label slow = expects_int ? slow_path(helper, {{A(), Known::Int}}) : slow_path(helper);
  load(rax, B());
  require_int(rax, B(), slow);
  if (!constant) {
    load(rdx, C());
    require_int(rdx, C(), slow);
  } else if (!shift) {
    load_constant(rdx, right.bits());
  }
  switch (operation) {
    case Op::And:
      a.and_(rax, rdx);
      break;
    case Op::Or:
      a.or_(rax, rdx);
      break;
    case Op::Xor:
      a.xor_(rax, rdx);
      a.mov(rcx, kIntTag);
      a.or_(rax, rcx);
      break;
    case Op::Rshift:
      a.shl(rax, 15);
      if (constant) {
        a.sar(rax, 15 + static_cast<int>(number));
      } else {
        a.sar(rax, 15);
        a.mov(rcx, rdx);
        a.shl(rcx, 15);
        a.sar(rcx, 15);
        a.cmp(rcx, 63);
        a.ja(slow);  // negative or long shifts
        a.sar(rax, cl);
      }
      a.mov(rcx, kIntTag);
      a.or_(rax, rcx);
      break;
    case Op::Lshift:
      a.shl(rax, 15);
      a.mov(rsi, rax);
      if (constant) {
        a.shl(rax, static_cast<int>(number));
        a.mov(rdi, rax);
        a.sar(rdi, static_cast<int>(number));
      } else {
        a.mov(rcx, rdx);
        a.shl(rcx, 15);
        a.sar(rcx, 15);
        a.cmp(rcx, 46);
        a.ja(slow);
        a.shl(rax, cl);
        a.mov(rdi, rax);
        a.sar(rdi, cl);
      }
      a.cmp(rdi, rsi);
      a.jne(slow);
      a.sar(rax, 15);
      a.mov(rcx, kIntTag);
      a.or_(rax, rcx);
      break;
    default: {  // // and %: only by what is positive; the quotient is rounded down
      a.shl(rax, 15);
      a.sar(rax, 15);
      a.shl(rdx, 15);
      a.sar(rdx, 15);
      if (!constant) {
        a.test(rdx, rdx);
        a.jle(slow);
      }
      a.mov(rsi, rdx);
      a.cqo();
      a.idiv(rsi);
      Label exact = a.newLabel();
      a.test(rdx, rdx);
      a.jns(exact);
      a.add(rdx, rsi);
      a.dec(rax);
      a.bind(exact);
      if (operation == Op::Remainder) a.mov(rax, rdx);
      a.mov(rcx, kIntTag);
      a.or_(rax, rcx);
      break;
    }
  }
  store(rax, A(), owns(A()) && A() != B() && (constant || A() != C()));
  forget_dying(constant);
  learn(A(), expects_int ? Known::Int : Known::Nothing);
}

void Translator::negative() {
  if (likely(B()) == Known::Float) {
    load(rax, B());
    a.sub(rax, r14);
    if (known_[B()] != Known::Float) {
      a.cmp(rax, r15);
      a.jae(slow_path(unary_operation, {{A(), Known::Float}}));
    }
    a.btc(rax, 63);
    a.add(rax, r14);
    store(rax, A(), owns(A()) && A() != B());
    forget_dying(true);
    learn(A(), Known::Float);
    return;
  }
  step_helper(unary_operation);
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  learn(A(), Known::Nothing);
}

// ---- Comparisons

namespace {

CondCode signed_condition(int op, bool invert) {
  static constexpr CondCode kConditions[] = {CondCode::kL,  CondCode::kLE, CondCode::kE,
                                             CondCode::kNE, CondCode::kG,  CondCode::kGE};
  static constexpr CondCode kInverted[] = {CondCode::kGE, CondCode::kG,  CondCode::kNE,
                                           CondCode::kE,  CondCode::kLE, CondCode::kL};
  return invert ? kInverted[op] : kConditions[op];
}

// ucomisd sets the flags as an unsigned comparison does; float words are never NaN.
CondCode float_condition(int op, bool invert) {
  static constexpr CondCode kConditions[] = {CondCode::kB,  CondCode::kBE, CondCode::kE,
                                             CondCode::kNE, CondCode::kA,  CondCode::kAE};
  static constexpr CondCode kInverted[] = {CondCode::kAE, CondCode::kA,  CondCode::kNE,
                                           CondCode::kE,  CondCode::kBE, CondCode::kB};
  return invert ? kInverted[op] : kConditions[op];
}

}  // namespace

void Translator::compare(Op op) {
  const int index = static_cast<int>(op) - static_cast<int>(Op::CompareLt);
  Label slow = slow_path(compare_values), floats = a.newLabel(), finish = a.newLabel();
  bool ints = could_be(known_[B()], Known::Int) && could_be(known_[C()], Known::Int);
  bool doubles = could_be(known_[B()], Known::Float) && could_be(known_[C()], Known::Float);
  if (ints && doubles && likely(B()) == likely(C())) {
    if (likely(B()) == Known::Float) ints = false;
    if (likely(B()) == Known::Int) doubles = false;
  }
  if (!ints && !doubles) {
    a.jmp(slow);
    forget_dying(false);
    learn(A(), Known::Nothing);
    return;
  }
  if (ints) {
    Label other = doubles ? floats : slow;
    load(rax, B());
    load(rdx, C());
    require_int(rax, B(), other);
    require_int(rdx, C(), other);
    a.shl(rax, 15);
    a.shl(rdx, 15);
    a.cmp(rax, rdx);
    a.set(signed_condition(index, false), al);
    if (doubles) a.jmp(finish);
  }
  if (doubles) {
    a.bind(floats);
    const Xmm left = float_operand(xmm0, B(), slow), other = float_operand(xmm1, C(), slow);
    a.ucomisd(left, other);
    a.set(float_condition(index, false), al);
  }
  a.bind(finish);
  a.movzx(eax, al);
  a.or_(eax, 8);
  store(rax, A(), owns(A()));
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  if (flags() & kDyingC) learn(C(), Known::Immediate);
  learn(A(), Known::Nothing);
}

asmjit::Label Translator::jump_target(size_t index) {
  const Op op = pc_->op();
  const bool fused = op >= Op::JumpLt && op <= Op::JumpGeK;
  const int64_t offset = fused ? static_cast<int16_t>(A()) : BC();
  return bodies_[static_cast<size_t>(static_cast<int64_t>(index) + 1 + offset)];
}

void Translator::compare_jump(Op op, size_t index, bool constant) {
  const int which = static_cast<int>(op) - static_cast<int>(constant ? Op::JumpLtK : Op::JumpLt);
  const bool invert = flags() & kInvert;
  Label target = jump_target(index), floats = a.newLabel(), slow = a.newLabel();
  const Value right = constant ? k()[C()] : constants_[C()];
  const bool int_constant = right && right.is_integer();
  const Known right_known = constant ? (int_constant ? Known::Int : Known::Float) : known_[C()];
  bool ints = could_be(known_[B()], Known::Int) && could_be(right_known, Known::Int);
  bool doubles = could_be(known_[B()], Known::Float) && (could_be(right_known, Known::Float) || int_constant);
  const Known left_likely = likely(B()), right_likely = constant ? right_known : likely(C());
  if (ints && doubles && left_likely == Known::Float && (right_likely == Known::Float || int_constant)) ints = false;
  if (ints && doubles && left_likely == Known::Int && right_likely == Known::Int) doubles = false;
  const bool left_converts = left_likely == Known::Int && right_likely == Known::Float;
  const bool right_converts = left_likely == Known::Float && right_likely == Known::Int && !int_constant;
  if (left_converts || right_converts) ints = false, doubles = true;
  test_and_jump(slow, constant ? test_constant_comparison : test_comparison, !invert, target);
  if (ints) {
    Label other = doubles ? floats : slow;
    load(rax, B());
    require_int(rax, B(), other);
    if (int_constant) {
      if (which == 2 || which == 3) {
        load_constant(rdx, right.bits());
      } else {
        a.shl(rax, 15);
        a.mov(rdx, static_cast<int64_t>(static_cast<uint64_t>(right.integer()) << 15));
      }
    } else {
      load(rdx, C());
      require_int(rdx, C(), other);
      a.shl(rax, 15);
      a.shl(rdx, 15);
    }
    a.cmp(rax, rdx);
    a.j(signed_condition(which, invert), target);
    if (doubles) a.jmp(done_);
  }
  if (doubles) {
    a.bind(floats);
    const Xmm left = left_converts ? converted_operand(xmm0, B(), slow) : float_operand(xmm0, B(), slow);
    Xmm other = xmm1;
    if (right && !right.is_object()) {
      const double number = right.is_integer() ? static_cast<double>(right.integer()) : right.number();
      load_constant(rax, std::bit_cast<uint64_t>(number));
      a.movq(xmm1, rax);
    } else {
      other = right_converts ? converted_operand(xmm1, C(), slow) : float_operand(xmm1, C(), slow);
    }
    a.ucomisd(left, other);
    a.j(float_condition(which, invert), target);
  }
  if (!ints && !doubles) a.jmp(slow);
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  if (!constant && (flags() & kDyingC)) learn(C(), Known::Immediate);
}

}  // namespace hiss::jit
