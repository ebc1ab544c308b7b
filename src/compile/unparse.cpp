// Annotations as text (from __future__ import annotations, PEP 563).
#include "compile/compiler.h"
#include "object/protocol.h"
#include "syntax/ast.h"

namespace hiss {

using namespace ast;

namespace {

std::string join(Seq<Expr*> list, const char* separator) {
  std::string out;
  for (int32_t i = 0; i < list.size; ++i) out += (i ? separator : "") + unparse(list[i]);
  return out;
}

const char* symbol(Operator op) {
  static const char* const symbols[] = {"+", "-", "*", "@", "/", "%", "**", "<<", ">>", "|", "^", "&", "//"};
  return symbols[static_cast<int>(op)];
}

bool atom(Expr* e) {
  return e->is<Name>() || e->is<Constant>() || e->is<Attribute>() || e->is<Subscript>() || e->is<Call>() ||
         e->is<syntax::List>() || e->is<syntax::Tuple>();
}
std::string wrapped(Expr* e) { return atom(e) ? unparse(e) : "(" + unparse(e) + ")"; }

}  // namespace

std::string unparse(Expr* e) {
  switch (e->kind) {
    case NodeKind::Name:
      return std::string(e->as<Name>()->id);
    case NodeKind::Constant: {
      auto* c = e->as<Constant>();
      if (c->constant_kind == ConstantKind::Ellipsis) return "...";
      return repr_text(constant_value(c));
    }
    case NodeKind::Attribute:
      return wrapped(e->as<Attribute>()->value) + "." + std::string(e->as<Attribute>()->attr);
    case NodeKind::Subscript: {
      auto* s = e->as<Subscript>();
      std::string key = unparse(s->slice);
      if (s->slice->is<syntax::Tuple>() && s->slice->as<syntax::Tuple>()->elts.size)
        key = key.substr(1, key.size() - 2);
      return wrapped(s->value) + "[" + key + "]";
    }
    case NodeKind::Tuple: {
      auto elements = e->as<syntax::Tuple>()->elts;
      return "(" + join(elements, ", ") + (elements.size == 1 ? ",)" : ")");
    }
    case NodeKind::List:
      return "[" + join(e->as<syntax::List>()->elts, ", ") + "]";
    case NodeKind::Set:
      return "{" + join(e->as<syntax::Set>()->elts, ", ") + "}";
    case NodeKind::Dict: {
      auto* d = e->as<syntax::Dict>();
      std::string out = "{";
      for (int32_t i = 0; i < d->keys.size; ++i) {
        out += i ? ", " : "";
        out += d->keys[i] ? unparse(d->keys[i]) + ": " + unparse(d->values[i]) : "**" + unparse(d->values[i]);
      }
      return out + "}";
    }
    case NodeKind::BinOp: {
      auto* b = e->as<BinOp>();
      const bool left_plain = atom(b->left) || (b->left->is<BinOp>() && b->left->as<BinOp>()->op == b->op);
      return (left_plain ? unparse(b->left) : wrapped(b->left)) + " " + symbol(b->op) + " " + wrapped(b->right);
    }
    case NodeKind::UnaryOp: {
      static const char* const symbols[] = {"~", "not ", "+", "-"};
      return symbols[static_cast<int>(e->as<UnaryOp>()->op)] + wrapped(e->as<UnaryOp>()->operand);
    }
    case NodeKind::BoolOp:
      return join(e->as<BoolOp>()->values, e->as<BoolOp>()->op == BoolOpKind::And ? " and " : " or ");
    case NodeKind::Starred:
      return "*" + wrapped(e->as<Starred>()->value);
    case NodeKind::Call: {
      auto* c = e->as<Call>();
      std::string out = wrapped(c->func) + "(" + join(c->args, ", ");
      bool first = c->args.size == 0;
      for (Keyword* k : c->keywords) {
        out += first ? "" : ", ";
        out += k->arg.data() ? std::string(k->arg) + "=" + unparse(k->value) : "**" + unparse(k->value);
        first = false;
      }
      return out + ")";
    }
    case NodeKind::Compare: {
      static const char* const symbols[] = {"==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in"};
      auto* c = e->as<Compare>();
      std::string out = wrapped(c->left);
      for (int32_t i = 0; i < c->ops.size; ++i)
        out += fmt::format(" {} {}", symbols[static_cast<int>(c->ops[i])], wrapped(c->comparators[i]));
      return out;
    }
    case NodeKind::IfExp: {
      auto* i = e->as<IfExp>();
      return wrapped(i->body) + " if " + wrapped(i->test) + " else " + wrapped(i->orelse);
    }
    case NodeKind::Slice: {
      auto* s = e->as<syntax::Slice>();
      std::string out = (s->lower ? unparse(s->lower) : "") + ":" + (s->upper ? unparse(s->upper) : "");
      if (s->step) out += ":" + unparse(s->step);
      return out;
    }
    default:
      return "...";
  }
}

}  // namespace hiss
