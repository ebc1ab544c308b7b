// Expressions: each is computed into a register that the caller names, or wherever it already lies.
#include <fmt/core.h>

#include <algorithm>

#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

namespace {

Op binary_op(Operator op) {
  switch (op) {
    case Operator::Add:
      return Op::Add;
    case Operator::Sub:
      return Op::Subtract;
    case Operator::Mult:
      return Op::Multiply;
    case Operator::MatMult:
      return Op::MatrixMultiply;
    case Operator::Div:
      return Op::TrueDivide;
    case Operator::Mod:
      return Op::Remainder;
    case Operator::Pow:
      return Op::Power;
    case Operator::LShift:
      return Op::Lshift;
    case Operator::RShift:
      return Op::Rshift;
    case Operator::BitOr:
      return Op::Or;
    case Operator::BitXor:
      return Op::Xor;
    case Operator::BitAnd:
      return Op::And;
    case Operator::FloorDiv:
      return Op::FloorDivide;
  }
  return Op::Add;
}

// The form with a constant on the right, or the same operation when there is none.
Op constant_form(Op op) {
  switch (op) {
    case Op::Add:
      return Op::AddK;
    case Op::Subtract:
      return Op::SubtractK;
    case Op::Multiply:
      return Op::MultiplyK;
    case Op::Remainder:
      return Op::RemainderK;
    case Op::FloorDivide:
      return Op::FloorDivideK;
    case Op::TrueDivide:
      return Op::TrueDivideK;
    case Op::And:
      return Op::AndK;
    case Op::Rshift:
      return Op::RshiftK;
    case Op::Lshift:
      return Op::LshiftK;
    default:
      return op;
  }
}

// Displays and calls with more items than this do not hold them all in registers.
constexpr int32_t kFewItems = 30;

bool simple(Expr* e) { return e->is<Name>() || e->is<Constant>(); }

int compare_index(CmpOp op) {
  switch (op) {
    case CmpOp::Lt:
      return 0;
    case CmpOp::LtE:
      return 1;
    case CmpOp::Eq:
      return 2;
    case CmpOp::NotEq:
      return 3;
    case CmpOp::Gt:
      return 4;
    case CmpOp::GtE:
      return 5;
    default:
      return -1;
  }
}

Op op_plus(Op base, int offset) { return static_cast<Op>(static_cast<int>(base) + offset); }

}  // namespace

Op binary_instruction(Operator op) { return binary_op(op); }

Operand Compiler::expression(Expr* e) {
  if (e->is<Name>()) {
    const Register r = local_register(mangle(e->as<Name>()->id));
    if (r >= 0) {
      at(e);
      check_local(r);
      return {r, false};
    }
  }
  const Register t = temporary();
  expression_to(e, t);
  return {t, true};
}

// The left operand of something whose right side is evaluated afterwards. It may stay in its local's register unless
// the right side could rebind that local; a temporary destination is used as its own left operand.
Operand Compiler::left_operand(Expr* e, Expr* right, Register dst) {
  if (e->is<Name>()) {
    const Register r = local_register(mangle(e->as<Name>()->id));
    if (r >= 0 && (!unit_->scope->has_walrus || !right || simple(right))) {
      at(e);
      check_local(r);
      return {r, false};
    }
  }
  const Register t = dst >= 0 && is_temporary(dst) ? dst : temporary();
  expression_to(e, t);
  return {t, true};
}

void Compiler::binary(Op op, Register dst, Operand left, Operand right, uint8_t flags) {
  if (left.temporary && left.reg != dst) flags |= kDyingB;
  if (right.temporary && right.reg != dst) flags |= kDyingC;
  emit(op, flags, static_cast<uint32_t>(dst), static_cast<uint32_t>(left.reg), static_cast<uint32_t>(right.reg));
}

void Compiler::bin_op(BinOp* e, Register dst) {
  const Register m = mark();
  const Operand left = left_operand(e->left, e->right, dst);
  Ref folded;
  const Op op = binary_op(e->op);
  if (constant_form(op) != op && constant_of(e->right, folded) &&
      (folded.value().is_integer() || folded.value().is_number())) {
    at(e);
    const uint8_t flags = left.temporary && left.reg != dst ? kDyingB : 0;
    emit(constant_form(op), flags, static_cast<uint32_t>(dst), static_cast<uint32_t>(left.reg),
         static_cast<uint32_t>(constant(folded)));
  } else {
    const Operand right = expression(e->right);
    at(e);
    binary(op, dst, left, right);
  }
  free_to(m);
}

void Compiler::bool_op(BoolOp* e, Register dst) {
  Label end;
  const auto saved = unit_->assigned;
  const Register target = is_temporary(dst) ? dst : temporary();
  for (int32_t i = 0; i < e->values.size; ++i) {
    expression_to(e->values[i], target);
    if (i == 0) const_cast<std::vector<bool>&>(saved) = unit_->assigned;
    if (i + 1 < e->values.size) {
      at(e);
      jump(e->op == BoolOpKind::And ? Op::JumpIfFalse : Op::JumpIfTrue, static_cast<uint32_t>(target), end);
      emit(Op::Release, 0, static_cast<uint32_t>(target), 0, 0);
    }
  }
  bind(end);
  unit_->assigned = saved;
  if (target != dst) {
    emit(Op::MoveTake, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(target), 0);
    free_to(target);
  }
}

void Compiler::compare_one(CmpOp op, Register dst, Operand left, Operand right) {
  const int index = compare_index(op);
  uint8_t flags = 0;
  if (index >= 0) return binary(op_plus(Op::CompareLt, index), dst, left, right);
  if (op == CmpOp::IsNot || op == CmpOp::NotIn) flags |= kInvert;
  binary(op == CmpOp::Is || op == CmpOp::IsNot ? Op::Is : Op::Contains, dst, left, right, flags);
}

void Compiler::compare(Compare* e, Register dst) {
  check_identity(e);
  const Register m = mark();
  Operand left = left_operand(e->left, e->comparators[0], e->ops.size == 1 ? dst : -1);
  if (e->ops.size == 1) {
    Operand right{-1, true};
    Ref container;
    const bool membership = e->ops[0] == CmpOp::In || e->ops[0] == CmpOp::NotIn;
    if (membership && constant_container(e->comparators[0], container)) {
      right.reg = temporary();
      load_constant(right.reg, container);
    } else {
      right = expression(e->comparators[0]);
    }
    at(e);
    compare_one(e->ops[0], dst, left, right);
    free_to(m);
    return;
  }
  // a < b < c: each middle operand is evaluated once and kept for the next comparison.
  Label end;
  const Register middle = temporaries(2);
  const Register result = is_temporary(dst) && dst != left.reg ? dst : temporary();
  for (int32_t i = 0; i < e->ops.size; ++i) {
    const bool last = i + 1 == e->ops.size;
    Operand right{middle + i % 2, true};
    if (e->comparators[i]->is<Name>()) {
      const Register local = local_register(mangle(e->comparators[i]->as<Name>()->id));
      if (local >= 0) right = expression(e->comparators[i]);
    }
    if (right.temporary) expression_to(e->comparators[i], right.reg);
    at(e);
    compare_one(e->ops[i], result, left, {right.reg, right.temporary && last});
    left = right;
    if (!last) {
      Label go_on;
      jump(Op::JumpIfTrue, static_cast<uint32_t>(result), go_on);
      if (right.temporary) release(right.reg);
      jump(Op::Jump, 0, end);
      bind(go_on);
    }
  }
  bind(end);
  if (result != dst) emit(Op::MoveTake, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(result), 0);
  free_to(m);
}

// Conditional jumps on expressions: `not`, `and`, `or` and single comparisons need no boolean value.
void Compiler::jump_if(Expr* e, bool when, Label& target) {
  if (e->is<UnaryOp>() && e->as<UnaryOp>()->op == UnaryOpKind::Not)
    return jump_if(e->as<UnaryOp>()->operand, !when, target);
  if (e->is<BoolOp>()) {
    auto* b = e->as<BoolOp>();
    const bool stops_when = b->op == BoolOpKind::Or;
    std::vector<bool> after_first;
    Label fall;
    for (int32_t i = 0; i < b->values.size; ++i) {
      const bool last = i + 1 == b->values.size;
      if (last || stops_when == when) {
        jump_if(b->values[i], when, target);
      } else {
        jump_if(b->values[i], stops_when, fall);
      }
      if (i == 0) after_first = unit_->assigned;
    }
    bind(fall);
    unit_->assigned = after_first;
    return;
  }
  Ref folded;
  if (constant_of(e, folded)) {
    Result<bool> truth_value = truth(folded);
    if (!truth_value.is_error()) {
      if (truth_value.value() == when) jump(Op::Jump, 0, target);
      return;
    }
  }
  const Register m = mark();
  if (e->is<Compare>() && e->as<Compare>()->ops.size == 1) {
    auto* c = e->as<Compare>();
    const CmpOp op = c->ops[0];
    const int index = compare_index(op);
    if (op == CmpOp::Is || op == CmpOp::IsNot) {
      if (c->comparators[0]->is<Constant>() && c->comparators[0]->as<Constant>()->constant_kind == ConstantKind::None) {
        const Operand left = expression(c->left);
        at(e);
        const bool none = (op == CmpOp::Is) == when;
        jump(none ? Op::JumpIfNone : Op::JumpIfNotNone, static_cast<uint32_t>(left.reg), target,
             left.temporary ? kDyingB : 0);
        free_to(m);
        return;
      }
    } else if (index >= 0 && c->end_lineno - unit_->first_line < 2000) {
      const Operand left = left_operand(c->left, c->comparators[0], -1);
      uint8_t flags = when ? 0 : kInvert;
      if (left.temporary) flags |= kDyingB;
      int at_instruction;
      if (constant_of(c->comparators[0], folded) && (folded.value().is_integer() || folded.value().is_number())) {
        at(e);
        at_instruction = emit(op_plus(Op::JumpLtK, index), flags, 0, static_cast<uint32_t>(left.reg),
                              static_cast<uint32_t>(constant(folded)));
      } else {
        const Operand right = expression(c->comparators[0]);
        if (right.temporary) flags |= kDyingC;
        at(e);
        at_instruction = emit(op_plus(Op::JumpLt, index), flags, 0, static_cast<uint32_t>(left.reg),
                              static_cast<uint32_t>(right.reg));
      }
      if (target.position >= 0) {
        unit_->instructions[static_cast<size_t>(at_instruction)] =
            Instruction::make(unit_->instructions[static_cast<size_t>(at_instruction)].op(), flags,
                              static_cast<uint32_t>(target.position - (at_instruction + 1)),
                              unit_->instructions[static_cast<size_t>(at_instruction)].b(),
                              unit_->instructions[static_cast<size_t>(at_instruction)].c());
      } else {
        target.uses.push_back({at_instruction, true});
      }
      free_to(m);
      return;
    }
  }
  const Operand value = expression(e);
  at(e);
  jump(when ? Op::JumpIfTrue : Op::JumpIfFalse, static_cast<uint32_t>(value.reg), target,
       value.temporary ? kDyingB : 0);
  free_to(m);
}

void Compiler::discard(Expr* e) {
  Ref folded;
  if (e->is<Constant>()) return;
  const Register m = mark();
  const Operand value = expression(e);
  drop(value);
  free_to(m);
}

void Compiler::sequence(Seq<Expr*> elements, Op build, Register dst) {
  bool starred = false;
  for (Expr* e : elements) starred |= e->is<Starred>();
  const Register m = mark();
  if (!starred && elements.size <= kFewItems) {
    const Register first = temporaries(0);
    for (Expr* e : elements) {
      const Register t = temporary();
      expression_to(e, t);
    }
    emit(build, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(first), static_cast<uint32_t>(elements.size));
    free_to(m);
    return;
  }
  const bool tuple = build == Op::BuildTuple;
  const bool set = build == Op::BuildSet;
  const Register target = is_temporary(dst) ? dst : temporary();
  emit(set ? Op::BuildSet : Op::BuildList, 0, static_cast<uint32_t>(target), static_cast<uint32_t>(mark()), 0);
  for (Expr* e : elements) {
    const Register inner = mark();
    const bool star = e->is<Starred>();
    const Operand value = expression(star ? e->as<Starred>()->value : e);
    at(e);
    const uint8_t dying = value.temporary ? kDyingB : 0;
    const Op op = star ? (set ? Op::SetUpdate : Op::ListExtend) : (set ? Op::SetAdd : Op::ListAppend);
    emit(op, dying, static_cast<uint32_t>(target), static_cast<uint32_t>(value.reg), 0);
    free_to(inner);
  }
  if (tuple) {
    emit(Op::ListToTuple, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(target), 0);
    if (target != dst) release(target);
  } else if (target != dst) {
    emit(Op::MoveTake, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(target), 0);
  }
  free_to(m);
}

void Compiler::dict(syntax::Dict* e, Register dst) {
  const Register m = mark();
  const Register target = is_temporary(dst) ? dst : temporary();
  bool unpacked = false;
  for (Expr* k : e->keys) unpacked |= k == nullptr;
  if (!unpacked && e->keys.size <= 16) {
    const Register first = mark();
    for (int32_t i = 0; i < e->keys.size; ++i) {
      const Register key = temporary();
      expression_to(e->keys[i], key);
      const Register value = temporary();
      expression_to(e->values[i], value);
    }
    at(e);
    emit(Op::BuildDict, 0, static_cast<uint32_t>(target), static_cast<uint32_t>(first),
         static_cast<uint32_t>(e->keys.size));
  } else {
    emit(Op::BuildDict, 0, static_cast<uint32_t>(target), static_cast<uint32_t>(mark()), 0);
    for (int32_t i = 0; i < e->keys.size; ++i) {
      const Register inner = mark();
      if (!e->keys[i]) {
        const Operand mapping = expression(e->values[i]);
        at(e->values[i]);
        emit(Op::DictUpdate, mapping.temporary ? kDyingB : 0, static_cast<uint32_t>(target),
             static_cast<uint32_t>(mapping.reg), 0);
      } else {
        const Operand key = left_operand(e->keys[i], e->values[i], -1);
        const Operand value = expression(e->values[i]);
        at(e);
        const uint8_t flags = dying(key, value);
        emit(Op::DictAdd, flags, static_cast<uint32_t>(target), static_cast<uint32_t>(key.reg),
             static_cast<uint32_t>(value.reg));
      }
      free_to(inner);
    }
  }
  if (target != dst) emit(Op::MoveTake, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(target), 0);
  free_to(m);
}

void Compiler::formatted(FormattedValue* e, Register dst) {
  const Register m = mark();
  const Operand value = left_operand(e->value, e->format_spec, -1);
  uint8_t flags = e->conversion == 's' ? 1 : e->conversion == 'r' ? 2 : e->conversion == 'a' ? 3 : 0;
  Register spec = 0;
  if (e->format_spec) {
    spec = temporary();
    expression_to(e->format_spec, spec);
    flags |= 4;
  }
  at(e);
  emit(Op::FormatValue, flags, static_cast<uint32_t>(dst), static_cast<uint32_t>(value.reg),
       static_cast<uint32_t>(spec));
  if (e->format_spec && spec != dst) release(spec);
  if (value.temporary && value.reg != dst) release(value.reg);
  free_to(m);
}

void Compiler::joined(JoinedStr* e, Register dst) {
  if (e->values.size == 0) return load_constant(dst, empty_str());
  joined_parts(e, 0, e->values.size, dst);
}

// Many parts are joined in groups, and the groups after that.
void Compiler::joined_parts(JoinedStr* e, int32_t begin, int32_t end, Register dst) {
  const Register m = mark();
  int32_t step = 1;
  while ((end - begin + step - 1) / step > kFewItems) step *= kFewItems;
  uint32_t count = 0;
  for (int32_t i = begin; i < end; i += step, ++count) {
    const Register t = temporary();
    if (step == 1) {
      expression_to(e->values[i], t);
    } else {
      joined_parts(e, i, std::min(i + step, end), t);
    }
  }
  at(e);
  emit(Op::BuildString, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(m), count);
  free_to(m);
}

// Start, stop and step of a slice in three new temporaries.
Register Compiler::slice_bounds(syntax::Slice* s) {
  const Register first = temporaries(3);
  Expr* const parts[] = {s->lower, s->upper, s->step};
  for (int i = 0; i < 3; ++i) {
    if (parts[i]) {
      expression_to(parts[i], first + i);
    } else {
      load_constant(first + i, Ref::none());
    }
  }
  return first;
}

void Compiler::subscript_key(Expr* slice, Operand& key) {
  if (!slice->is<syntax::Slice>()) {
    key = expression(slice);
    return;
  }
  const Register t = temporary();
  const Register first = slice_bounds(slice->as<syntax::Slice>());
  at(slice);
  emit(Op::BuildSlice, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(first), 0);
  free_to(first);
  key = {t, true};
}

// ---- Calls

void Compiler::call(Call* e, Register dst) {
  bool unpacked = false;
  for (Expr* a : e->args) unpacked |= a->is<Starred>();
  for (Keyword* k : e->keywords) unpacked |= k->arg.data() == nullptr;
  unpacked |= e->args.size + e->keywords.size > kFewItems;
  check_keywords(e->keywords, e);
  check_callee(e);
  if (failed_) return;
  const Register m = mark();
  const bool method = e->func->is<Attribute>() && !unpacked;
  Register callee;
  if (method) {
    auto* a = e->func->as<Attribute>();
    callee = temporaries(2);
    const Register inner = mark();
    Operand object{callee, true};
    const Register local = a->value->is<Name>() ? local_register(mangle(a->value->as<Name>()->id)) : -1;
    if (local >= 0) {
      object = expression(a->value);
    } else {
      expression_to(a->value, callee);
    }
    at_attribute(a);
    emit(Op::LoadMethod, object.temporary ? kDyingB : 0, static_cast<uint32_t>(callee),
         static_cast<uint32_t>(object.reg), static_cast<uint32_t>(name(mangle(a->attr))));
    free_to(inner);
  } else {
    callee = temporary();
    expression_to(e->func, callee);
  }
  if (unpacked) {
    call_unpacked(e, callee, dst);
    free_to(m);
    return;
  }
  for (Expr* a : e->args) {
    const Register t = temporary();
    expression_to(a, t);
  }
  std::vector<Value> keyword_names;
  for (Keyword* k : e->keywords) {
    const Register t = temporary();
    expression_to(k->value, t);
    keyword_names.push_back(to_value(intern(k->arg)));
  }
  at(e);
  if (method && e->func->lineno != e->func->end_lineno) {
    const Position end = unit_->position;
    at_attribute(e->func->as<Attribute>());
    unit_->position.end_line = end.end_line;
    unit_->position.end_column = end.end_column;
  }
  const auto count = static_cast<uint32_t>(e->args.size);
  if (keyword_names.empty()) {
    emit(method ? Op::CallMethod : Op::Call, 0, static_cast<uint32_t>(callee), count, static_cast<uint32_t>(dst));
  } else {
    const int names_index = constant(make_tuple(keyword_names.data(), static_cast<int64_t>(keyword_names.size())));
    const int at_instruction = emit(method ? Op::CallMethodKeywords : Op::CallKeywords, 0,
                                    static_cast<uint32_t>(callee), count, static_cast<uint32_t>(dst));
    unit_->instructions[static_cast<size_t>(at_instruction) + 1].word = static_cast<uint64_t>(names_index);
  }
  free_to(m);
}

// f(*args, **kwargs): the arguments become one tuple and one dict.
void Compiler::call_unpacked(Call* e, Register callee, Register dst) {
  const Register args = temporaries(2);
  const Register kwargs = args + 1;
  if (e->args.size == 1 && e->args[0]->is<Starred>()) {
    const Register inner = mark();
    const Register list = temporary();
    emit(Op::BuildList, 0, static_cast<uint32_t>(list), static_cast<uint32_t>(mark()), 0);
    const Operand v = expression(e->args[0]->as<Starred>()->value);
    at(e->args[0]);
    emit(Op::ListExtend, static_cast<uint8_t>((v.temporary ? kDyingB : 0) | kInvert), static_cast<uint32_t>(list),
         static_cast<uint32_t>(v.reg), static_cast<uint32_t>(callee));
    emit(Op::ListToTuple, 0, static_cast<uint32_t>(args), static_cast<uint32_t>(list), 0);
    release(list);
    free_to(inner);
  } else {
    const Register inner = mark();
    sequence(e->args, Op::BuildTuple, args);
    free_to(inner);
  }
  if (e->keywords.size) {
    emit(Op::BuildDict, 0, static_cast<uint32_t>(kwargs), static_cast<uint32_t>(mark()), 0);
    for (Keyword* k : e->keywords) {
      const Register inner = mark();
      if (k->arg.data()) {
        const Register pair = temporaries(2);
        load_constant(pair, Ref::share(intern(k->arg)));
        expression_to(k->value, pair + 1);
        const Register single = temporary();
        emit(Op::BuildDict, 0, static_cast<uint32_t>(single), static_cast<uint32_t>(pair), 1);
        emit(Op::DictMerge, kDyingB, static_cast<uint32_t>(kwargs), static_cast<uint32_t>(single),
             static_cast<uint32_t>(callee));
      } else {
        const Operand mapping = expression(k->value);
        at(e);
        emit(Op::DictMerge, mapping.temporary ? kDyingB : 0, static_cast<uint32_t>(kwargs),
             static_cast<uint32_t>(mapping.reg), static_cast<uint32_t>(callee));
      }
      free_to(inner);
    }
  }
  at(e);
  emit(Op::CallUnpacked, 0, static_cast<uint32_t>(callee), e->keywords.size ? 1 : 0, static_cast<uint32_t>(dst));
}

// ---- Generators and coroutines

// Runs `receiver` (an iterator, a temporary that dies) to its end, passing values through; its return value goes to
// dst.
void Compiler::yield_from(Register dst, Register receiver, bool) {
  const Register sent = temporary();
  load_constant(sent, Ref::none());
  Label again, done;
  bind(again);
  const Register out = temporary();
  emit(Op::Send, 0, static_cast<uint32_t>(out), static_cast<uint32_t>(receiver), static_cast<uint32_t>(sent));
  jump(Op::Jump, 0, done);
  emit(Op::Yield, kDyingB, static_cast<uint32_t>(sent), static_cast<uint32_t>(out),
       static_cast<uint32_t>(receiver + 1));
  jump(Op::JumpBack, 0, again);
  bind(done);
  release(sent);
  release(receiver);
  emit(Op::MoveTake, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(out), 0);
}

bool Compiler::in_async_function() const {
  return unit_->kind == UnitKind::Function && unit_->scope->node->is<AsyncFunctionDef>();
}

bool Compiler::awaits_at_top_level() {
  if (unit_->kind != UnitKind::Module || !options_.top_level_await) return false;
  unit_->scope->is_coroutine = true;
  return true;
}

void Compiler::await_value(Register dst, Register object, int where) {
  const Register m = mark();
  const Register receiver = temporary();
  emit(Op::GetAwaitable, 0, static_cast<uint32_t>(receiver), static_cast<uint32_t>(object),
       static_cast<uint32_t>(where));
  if (is_temporary(object)) release(object);
  yield_from(dst, receiver, true);
  free_to(m);
}

// ---- Everything

void Compiler::expression_to(Expr* e, Register dst) {
  if (failed_) return;
  at(e);
  const auto d = static_cast<uint32_t>(dst);
  Ref folded;
  switch (e->kind) {
    case NodeKind::Constant:
      load_constant(dst, constant_value(e->as<Constant>()));
      break;
    case NodeKind::Name: {
      auto* n = e->as<Name>();
      if (n->id == "__debug__") {
        load_constant(dst, Ref::boolean(options_.optimize == 0));
        break;
      }
      load_name(dst, n->id);
      break;
    }
    case NodeKind::BinOp:
      if (constant_of(e, folded)) {
        load_constant(dst, folded);
      } else {
        bin_op(e->as<BinOp>(), dst);
      }
      break;
    case NodeKind::UnaryOp: {
      auto* u = e->as<UnaryOp>();
      if (constant_of(e, folded)) {
        load_constant(dst, folded);
        break;
      }
      const Register m = mark();
      const Operand operand = left_operand(u->operand, nullptr, dst);
      at(e);
      const Op op = u->op == UnaryOpKind::Not    ? Op::Not
                    : u->op == UnaryOpKind::USub ? Op::Negative
                    : u->op == UnaryOpKind::UAdd ? Op::Positive
                                                 : Op::Invert;
      emit(op, operand.temporary && operand.reg != dst ? kDyingB : 0, d, static_cast<uint32_t>(operand.reg), 0);
      free_to(m);
      break;
    }
    case NodeKind::BoolOp:
      bool_op(e->as<BoolOp>(), dst);
      break;
    case NodeKind::Compare:
      compare(e->as<Compare>(), dst);
      break;
    case NodeKind::IfExp: {
      auto* i = e->as<IfExp>();
      Label otherwise, end;
      jump_if(i->test, false, otherwise);
      const auto saved = unit_->assigned;
      expression_to(i->body, dst);
      jump(Op::Jump, 0, end);
      bind(otherwise);
      unit_->assigned = saved;
      expression_to(i->orelse, dst);
      bind(end);
      unit_->assigned = saved;
      break;
    }
    case NodeKind::NamedExpr: {
      auto* n = e->as<NamedExpr>();
      const Register t = is_temporary(dst) ? dst : temporary();
      expression_to(n->value, t);
      at(e);
      store_name(n->target->as<Name>()->id, {t, false});
      if (t != dst) {
        emit(Op::MoveTake, 0, d, static_cast<uint32_t>(t), 0);
        free_to(t);
      }
      break;
    }
    case NodeKind::Call:
      call(e->as<Call>(), dst);
      break;
    case NodeKind::Attribute: {
      auto* a = e->as<Attribute>();
      const Register m = mark();
      const Operand object = left_operand(a->value, nullptr, dst);
      at_attribute(a);
      emit(Op::LoadAttr, object.temporary && object.reg != dst ? kDyingB : 0, d, static_cast<uint32_t>(object.reg),
           static_cast<uint32_t>(name(mangle(a->attr))));
      free_to(m);
      break;
    }
    case NodeKind::Subscript: {
      auto* s = e->as<Subscript>();
      check_subscript(s);
      const Register m = mark();
      const Operand container = left_operand(s->value, s->slice, dst);
      if (s->slice->is<syntax::Slice>()) {
        const Register first = slice_bounds(s->slice->as<syntax::Slice>());
        at(e);
        emit(Op::GetSlice, container.temporary && container.reg != dst ? kDyingB : 0, d,
             static_cast<uint32_t>(container.reg), static_cast<uint32_t>(first));
        free_to(m);
        break;
      }
      Operand key;
      subscript_key(s->slice, key);
      at(e);
      binary(Op::GetItem, dst, container, key);
      free_to(m);
      break;
    }
    case NodeKind::List:
      sequence(e->as<syntax::List>()->elts, Op::BuildList, dst);
      break;
    case NodeKind::Tuple:
      if (constant_of(e, folded)) {
        load_constant(dst, folded);
      } else {
        sequence(e->as<syntax::Tuple>()->elts, Op::BuildTuple, dst);
      }
      break;
    case NodeKind::Set:
      sequence(e->as<syntax::Set>()->elts, Op::BuildSet, dst);
      break;
    case NodeKind::Dict:
      dict(e->as<syntax::Dict>(), dst);
      break;
    case NodeKind::ListComp:
      comprehension(e, e->as<ListComp>()->generators, dst);
      break;
    case NodeKind::SetComp:
      comprehension(e, e->as<SetComp>()->generators, dst);
      break;
    case NodeKind::DictComp:
      comprehension(e, e->as<DictComp>()->generators, dst);
      break;
    case NodeKind::GeneratorExp:
      comprehension(e, e->as<GeneratorExp>()->generators, dst);
      break;
    case NodeKind::Lambda:
      lambda(e->as<Lambda>(), dst);
      break;
    case NodeKind::FormattedValue: {
      // On its own (not in a JoinedStr) only through an AST made by hand.
      formatted(e->as<FormattedValue>(), dst);
      break;
    }
    case NodeKind::JoinedStr:
      joined(e->as<JoinedStr>(), dst);
      break;
    case NodeKind::Slice: {
      Operand key;
      const Register m = mark();
      subscript_key(e, key);
      emit(Op::MoveTake, 0, d, static_cast<uint32_t>(key.reg), 0);
      free_to(m);
      break;
    }
    case NodeKind::Yield: {
      auto* y = e->as<Yield>();
      if (unit_->scope->kind != ScopeKind::Function) {
        fail(e, "'yield' outside function");
        break;
      }
      const Register m = mark();
      const Register value = temporary();
      if (y->value) {
        expression_to(y->value, value);
      } else {
        load_constant(value, Ref::none());
      }
      at(e);
      const bool async = unit_->scope->is_coroutine;
      emit(Op::Yield, static_cast<uint8_t>(kDyingB | (async ? kInvert : 0)), d, static_cast<uint32_t>(value), 0);
      free_to(m);
      break;
    }
    case NodeKind::YieldFrom: {
      if (unit_->scope->kind != ScopeKind::Function) {
        fail(e, "'yield' outside function");
        break;
      }
      if (unit_->scope->is_coroutine) {
        fail(e, "'yield from' inside async function");
        break;
      }
      const Register m = mark();
      const Register receiver = temporary();
      expression_to(e->as<YieldFrom>()->value, receiver);
      at(e);
      emit(Op::GetYieldFromIter, 0, static_cast<uint32_t>(receiver), static_cast<uint32_t>(receiver), 0);
      yield_from(dst, receiver, false);
      free_to(m);
      break;
    }
    case NodeKind::Await: {
      const bool top = awaits_at_top_level();
      if (unit_->scope->kind != ScopeKind::Function && !top) {
        fail(e, "'await' outside function");
        break;
      }
      if (!in_async_function() && !unit_->scope->comprehension && !top) {
        fail(e, "'await' outside async function");
        break;
      }
      const Register m = mark();
      const Register object = temporary();
      expression_to(e->as<Await>()->value, object);
      at(e);
      await_value(dst, object, 0);
      free_to(m);
      break;
    }
    case NodeKind::Starred:
      fail(e, "can't use starred expression here");
      break;
    default:
      fail(e, "this expression cannot be compiled by Hiss");
      break;
  }
}

}  // namespace hiss
