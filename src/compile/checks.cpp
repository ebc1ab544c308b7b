// What the compiler rejects or warns about although the grammar allows it: __debug__ as a target, repeated keywords,
// comparisons by identity with a literal, calls and subscripts that a missing comma made.
#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

namespace {

// The type that the expression's value is sure to have; null when that is open.
Type* certain_type(const Expr* e, const Ref& constant) {
  if (!constant.is_empty()) return type_of(constant);
  switch (e->kind) {
    case NodeKind::Tuple:
      return &tuple_type;
    case NodeKind::List:
    case NodeKind::ListComp:
      return &list_type;
    case NodeKind::Dict:
    case NodeKind::DictComp:
      return &dict_type;
    case NodeKind::Set:
    case NodeKind::SetComp:
      return &set_type;
    case NodeKind::GeneratorExp:
      return &generator_type;
    case NodeKind::Lambda:
      return &function_type;
    case NodeKind::JoinedStr:
    case NodeKind::FormattedValue:
      return &str_type;
    default:
      return nullptr;
  }
}

}  // namespace

bool Compiler::check_target_name(const Node* node, std::string_view name, bool deletes) {
  if (name != "__debug__") return true;
  return fail(node, deletes ? "cannot delete __debug__" : "cannot assign to __debug__");
}

void Compiler::check_keywords(Seq<Keyword*> keywords, const Node* node) {
  for (int32_t i = 0; i < keywords.size && !failed_; ++i) {
    const std::string_view name = keywords[i]->arg;
    if (!name.data() || !check_target_name(node, name, false)) continue;
    for (int32_t j = i + 1; j < keywords.size; ++j) {
      if (keywords[j]->arg.data() && keywords[j]->arg == name) {
        fail(keywords[j], "keyword argument repeated: " + std::string(name));
        return;
      }
    }
  }
}

void Compiler::check_parameters(const syntax::Arguments* args, const Node* node) {
  auto check = [&](Arg* a) {
    if (a && !failed_) check_target_name(node, a->arg, false);
  };
  for (Arg* a : args->posonlyargs) check(a);
  for (Arg* a : args->args) check(a);
  check(args->vararg);
  for (Arg* a : args->kwonlyargs) check(a);
  check(args->kwarg);
}

void Compiler::warn_syntax(const Node* node, const std::string& message) {
  if (failed_) return;
  if (!warn_explicit(exc::SyntaxWarning, message, options_.filename, node->lineno).is_error()) return;
  if (pending_is(exc::SyntaxWarning)) {
    // The filter makes an exception of it: then it is a syntax error, which says where.
    clear_pending();
    fail(node, message);
  }
  failed_ = true;
}

void Compiler::check_identity(Compare* e) {
  auto is_literal = [&](Expr* x) {
    Ref value;
    return !x->is<JoinedStr>() && constant_of(x, value) && !value.is_none() && !value.value().is_bool() &&
           !value.value().is_ellipsis();
  };
  Expr* left = e->left;
  for (int32_t i = 0; i < e->ops.size; ++i) {
    Expr* right = e->comparators[i];
    const CmpOp op = e->ops[i];
    if ((op == CmpOp::Is || op == CmpOp::IsNot) && (is_literal(left) || is_literal(right))) {
      return warn_syntax(e, op == CmpOp::Is ? R"("is" with a literal. Did you mean "=="?)"
                                            : R"("is not" with a literal. Did you mean "!="?)");
    }
    left = right;
  }
}

void Compiler::check_callee(Call* e) {
  Expr* f = e->func;
  Ref constant;
  if (f->is<Lambda>()) return;
  if (f->is<Constant>() || f->is<syntax::Tuple>()) constant_of(f, constant);
  Type* type = certain_type(f, constant);
  if (!type) return;
  warn_syntax(e, fmt::format("'{}' object is not callable; perhaps you missed a comma?", to_string(type->name)));
}

void Compiler::check_subscript(Subscript* e) {
  Ref constant, index;
  if (e->value->is<Constant>()) constant_of(e->value, constant);
  Type* type = certain_type(e->value, constant);
  if (!type) return;
  const bool sequence =
      type == &tuple_type || type == &list_type || type == &str_type || type == &bytes_type || type == &dict_type;
  if (!sequence) {
    return warn_syntax(
        e, fmt::format("'{}' object is not subscriptable; perhaps you missed a comma?", to_string(type->name)));
  }
  if (type == &dict_type) return;
  if (e->slice->is<Constant>() || e->slice->is<syntax::Tuple>()) constant_of(e->slice, index);
  Type* index_type = certain_type(e->slice, index);
  if (!index_type || is_subtype(index_type, &int_type)) return;
  warn_syntax(e, fmt::format("{} indices must be integers or slices, not {}; perhaps you missed a comma?",
                             to_string(type->name), to_string(index_type->name)));
}

}  // namespace hiss
