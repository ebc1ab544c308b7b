// Literals and constant folding.
#include "compile/compiler.h"
#include "object/bytes.h"
#include "object/complex.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

namespace {

bool is_name_like(std::string_view text) {
  if (text.size() >= 64) return false;
  for (const char c : text) {
    if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
  }
  return true;
}

}  // namespace

Ref constant_value(const Constant* c) {
  switch (c->constant_kind) {
    case ConstantKind::None:
      return Ref::none();
    case ConstantKind::True:
      return Ref::boolean(true);
    case ConstantKind::False:
      return Ref::boolean(false);
    case ConstantKind::Ellipsis:
      return Ref::steal(Value::ellipsis());
    case ConstantKind::Int:
      return c->fits ? make_int(c->small_int) : int_from_literal(c->text);
    case ConstantKind::Float:
      return make_float(c->number);
    case ConstantKind::Complex:
      return make_complex(0, c->number);
    case ConstantKind::Str:
      // Interned text stays for good: only what may be a name, not the data of evaluated literals.
      return is_name_like(c->text) ? Ref::share(intern(c->text)) : make_str(c->text);
    case ConstantKind::Bytes:
      return make_bytes(c->text);
    case ConstantKind::Object:
      return Ref::share(Value::from_bits(c->object));
  }
  return Ref::none();
}

namespace {

constexpr int64_t kMaxFoldedBits = 128;
constexpr int64_t kMaxFoldedLength = 256;

bool foldable_number(Value v) { return is_int(v) || v.is_number() || is<hiss::Complex>(v); }

// Folding must not make a small program into a huge constant.
bool safe_to_fold(Operator op, Value left, Value right) {
  if (op == Operator::Pow || op == Operator::LShift) {
    if (!left.is_integer() || !right.is_integer())
      return foldable_number(left) && foldable_number(right) && op == Operator::Pow && left.is_number();
    const int64_t bits = 64 - __builtin_clzll(static_cast<uint64_t>(std::abs(left.integer())) | 1);
    if (right.integer() < 0) return op == Operator::Pow && left.integer() != 0;
    return op == Operator::Pow ? bits * right.integer() <= kMaxFoldedBits : bits + right.integer() <= kMaxFoldedBits;
  }
  if (op == Operator::Mult) {
    if (left.is_integer() && !foldable_number(right)) std::swap(left, right);
    if (right.is_integer() && (is<Str>(left) || is<hiss::Tuple>(left))) {
      const int64_t size = is<Str>(left) ? as<Str>(left)->length : as<hiss::Tuple>(left)->size;
      return right.integer() <= 0 || size * right.integer() <= kMaxFoldedLength;
    }
    return foldable_number(left) && foldable_number(right);
  }
  if (op == Operator::Add && is<Str>(left) && is<Str>(right)) return true;
  if (op == Operator::Add && is<hiss::Tuple>(left) && is<hiss::Tuple>(right)) return true;
  return foldable_number(left) && foldable_number(right);
}

}  // namespace

bool Compiler::constant_container(Expr* e, Ref& out) {
  if (!e->is<syntax::List>() && !e->is<syntax::Set>()) return false;
  auto elements = e->is<syntax::List>() ? e->as<syntax::List>()->elts : e->as<syntax::Set>()->elts;
  std::vector<Ref> items(static_cast<size_t>(elements.size));
  for (int32_t i = 0; i < elements.size; ++i) {
    if (!constant_of(elements[i], items[static_cast<size_t>(i)])) return false;
  }
  std::vector<Value> values(items.begin(), items.end());
  out = make_tuple(values.data(), elements.size);
  if (e->is<syntax::Set>()) out = make_frozenset(out);
  return !out.is_error();
}

bool Compiler::constant_of(Expr* e, Ref& out) {
  switch (e->kind) {
    case NodeKind::Constant:
      out = constant_value(e->as<Constant>());
      return !out.is_error();
    case NodeKind::Tuple: {
      auto elements = e->as<syntax::Tuple>()->elts;
      std::vector<Ref> items(static_cast<size_t>(elements.size));
      for (int32_t i = 0; i < elements.size; ++i) {
        if (!constant_of(elements[i], items[static_cast<size_t>(i)])) return false;
      }
      std::vector<Value> values(items.begin(), items.end());
      out = make_tuple(values.data(), elements.size);
      return true;
    }
    case NodeKind::UnaryOp: {
      auto* u = e->as<UnaryOp>();
      Ref operand;
      if (!constant_of(u->operand, operand)) return false;
      if (u->op == UnaryOpKind::Not) {
        Result<bool> t = truth(operand);
        if (t.is_error()) return clear_pending(), false;
        out = Ref::boolean(!t.value());
        return true;
      }
      if (!foldable_number(operand)) return false;
      if (u->op == UnaryOpKind::Invert && operand.value().is_bool()) return false;
      out = u->op == UnaryOpKind::USub   ? negative(operand)
            : u->op == UnaryOpKind::UAdd ? positive(operand)
                                         : invert(operand);
      if (out.is_error()) return clear_pending(), false;
      return true;
    }
    case NodeKind::BinOp: {
      auto* b = e->as<BinOp>();
      Ref left, right;
      if (!constant_of(b->left, left) || !constant_of(b->right, right)) return false;
      if (!safe_to_fold(b->op, left, right)) return false;
      static constexpr BinaryOp kOps[] = {BinaryOp::add,
                                          BinaryOp::subtract,
                                          BinaryOp::multiply,
                                          BinaryOp::matrix_multiply,
                                          BinaryOp::true_divide,
                                          BinaryOp::remainder,
                                          BinaryOp::add /* power */,
                                          BinaryOp::lshift,
                                          BinaryOp::rshift,
                                          BinaryOp::or_,
                                          BinaryOp::xor_,
                                          BinaryOp::and_,
                                          BinaryOp::floor_divide};
      out = b->op == Operator::Pow ? power(left, right) : hiss::binary(kOps[static_cast<int>(b->op)], left, right);
      if (out.is_error()) return clear_pending(), false;
      return true;
    }
    case NodeKind::Name:
      if (e->as<Name>()->id == "__debug__" && e->as<Name>()->ctx == ExprContext::Load) {
        out = Ref::boolean(options_.optimize == 0);
        return true;
      }
      return false;
    default:
      return false;
  }
}

}  // namespace hiss
