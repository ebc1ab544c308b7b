// Annotations as text (from __future__ import annotations, PEP 563), spaced and parenthesized as CPython does it.
#include "compile/compiler.h"
#include "object/protocol.h"
#include "syntax/ast.h"

namespace hiss {

using namespace ast;

namespace {

// How tightly an expression binds; one that binds less tightly than its place asks for stands in parentheses.
enum Level : int {
  kTuple,
  kTest,  // if-else and lambda
  kOr,
  kAnd,
  kNot,
  kCompare,
  kBitOr,
  kBitXor,
  kBitAnd,
  kShift,
  kSum,
  kProduct,
  kSign,
  kPower,
  kAwait,
  kAtom
};

struct OperatorText {
  const char* symbol;
  int level;
};
// In the order of the enum Operator.
constexpr OperatorText kOperators[] = {{" + ", kSum},     {" - ", kSum},     {" * ", kProduct}, {" @ ", kProduct},
                                       {" / ", kProduct}, {" % ", kProduct}, {" ** ", kPower},  {" << ", kShift},
                                       {" >> ", kShift},  {" | ", kBitOr},   {" ^ ", kBitXor},  {" & ", kBitAnd},
                                       {" // ", kProduct}};

std::string with_doubled_braces(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += c;
    if (c == '{' || c == '}') out += c;
  }
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

class Unparser {
 public:
  std::string take() { return std::move(out_); }

  void put(Expr* e, int level) {
    switch (e->kind) {
      case NodeKind::BoolOp: {
        auto* b = e->as<BoolOp>();
        const bool all = b->op == BoolOpKind::And;
        const int own = all ? kAnd : kOr;
        enclosed(level > own, [&] { list(b->values, own + 1, all ? " and " : " or "); });
        break;
      }
      case NodeKind::NamedExpr:
        enclosed(level > kTuple, [&] {
          put(e->as<NamedExpr>()->target, kAtom);
          out_ += " := ";
          put(e->as<NamedExpr>()->value, kAtom);
        });
        break;
      case NodeKind::BinOp:
        binary(e->as<BinOp>(), level);
        break;
      case NodeKind::UnaryOp: {
        static constexpr const char* kSymbols[] = {"~", "not ", "+", "-"};
        auto* u = e->as<UnaryOp>();
        const int own = u->op == UnaryOpKind::Not ? kNot : kSign;
        enclosed(level > own, [&] {
          out_ += kSymbols[static_cast<int>(u->op)];
          put(u->operand, own);
        });
        break;
      }
      case NodeKind::Lambda:
        enclosed(level > kTest, [&] { lambda(e->as<Lambda>()); });
        break;
      case NodeKind::IfExp: {
        auto* i = e->as<IfExp>();
        enclosed(level > kTest, [&] {
          put(i->body, kTest + 1);
          out_ += " if ";
          put(i->test, kTest + 1);
          out_ += " else ";
          put(i->orelse, kTest);
        });
        break;
      }
      case NodeKind::Dict:
        dict(e->as<syntax::Dict>());
        break;
      case NodeKind::Set:
        out_ += '{';
        list(e->as<syntax::Set>()->elts, kTest);
        out_ += '}';
        break;
      case NodeKind::GeneratorExp:
        comprehension("(", nullptr, e->as<GeneratorExp>()->elt, e->as<GeneratorExp>()->generators, ")");
        break;
      case NodeKind::ListComp:
        comprehension("[", nullptr, e->as<ListComp>()->elt, e->as<ListComp>()->generators, "]");
        break;
      case NodeKind::SetComp:
        comprehension("{", nullptr, e->as<SetComp>()->elt, e->as<SetComp>()->generators, "}");
        break;
      case NodeKind::DictComp:
        comprehension("{", e->as<DictComp>()->key, e->as<DictComp>()->value, e->as<DictComp>()->generators, "}");
        break;
      case NodeKind::Yield:
        out_ += "(yield";
        if (e->as<Yield>()->value) {
          out_ += ' ';
          put(e->as<Yield>()->value, kTest);
        }
        out_ += ')';
        break;
      case NodeKind::YieldFrom:
        out_ += "(yield from ";
        put(e->as<YieldFrom>()->value, kTest);
        out_ += ')';
        break;
      case NodeKind::Await:
        enclosed(level > kAwait, [&] {
          out_ += "await ";
          put(e->as<Await>()->value, kAtom);
        });
        break;
      case NodeKind::Compare: {
        static constexpr const char* kSymbols[] = {" == ", " != ", " < ",      " <= ", " > ",
                                                   " >= ", " is ", " is not ", " in ", " not in "};
        auto* c = e->as<Compare>();
        enclosed(level > kCompare, [&] {
          put(c->left, kCompare + 1);
          for (int32_t i = 0; i < c->ops.size; ++i) {
            out_ += kSymbols[static_cast<int>(c->ops[i])];
            put(c->comparators[i], kCompare + 1);
          }
        });
        break;
      }
      case NodeKind::Call:
        call(e->as<Call>());
        break;
      case NodeKind::Constant:
        constant(e->as<Constant>());
        break;
      case NodeKind::JoinedStr:
      case NodeKind::FormattedValue: {
        Unparser body;
        body.format_part(e);
        Ref text = make_str(body.take());
        out_ += "f" + repr_text(text);
        break;
      }
      case NodeKind::Attribute: {
        auto* a = e->as<Attribute>();
        put(a->value, kAtom);
        // A dot right behind an int would be its decimal point.
        const bool number = a->value->is<Constant>() && a->value->as<Constant>()->constant_kind == ConstantKind::Int;
        out_ += number ? " ." : ".";
        out_ += a->attr;
        break;
      }
      case NodeKind::Starred:
        out_ += '*';
        put(e->as<Starred>()->value, kBitOr);
        break;
      case NodeKind::Name:
        out_ += e->as<Name>()->id;
        break;
      case NodeKind::List:
        out_ += '[';
        list(e->as<syntax::List>()->elts, kTest);
        out_ += ']';
        break;
      case NodeKind::Tuple: {
        auto elements = e->as<syntax::Tuple>()->elts;
        enclosed(elements.size == 0 || level > kTuple, [&] {
          list(elements, kTest);
          if (elements.size == 1) out_ += ',';
        });
        break;
      }
      case NodeKind::Subscript:
        put(e->as<Subscript>()->value, kAtom);
        out_ += '[';
        put(e->as<Subscript>()->slice, kTuple);
        out_ += ']';
        break;
      case NodeKind::Slice: {
        auto* s = e->as<syntax::Slice>();
        if (s->lower) put(s->lower, kTest);
        out_ += ':';
        if (s->upper) put(s->upper, kTest);
        if (s->step) {
          out_ += ':';
          put(s->step, kTest);
        }
        break;
      }
      default:
        break;  // no expression
    }
  }

 private:
  std::string out_;

  template <typename Body>
  void enclosed(bool parentheses, Body&& body) {
    if (parentheses) out_ += '(';
    body();
    if (parentheses) out_ += ')';
  }

  void list(Seq<Expr*> items, int level, const char* separator = ", ") {
    for (int32_t i = 0; i < items.size; ++i) {
      if (i) out_ += separator;
      put(items[i], level);
    }
  }

  void binary(BinOp* b, int level) {
    const auto [symbol, own] = kOperators[static_cast<int>(b->op)];
    const bool from_the_right = b->op == Operator::Pow;
    const char* text = symbol;
    const int inner = own;
    enclosed(level > inner, [&] {
      put(b->left, inner + from_the_right);
      out_ += text;
      put(b->right, inner + !from_the_right);
    });
  }

  void dict(syntax::Dict* d) {
    out_ += '{';
    for (int32_t i = 0; i < d->values.size; ++i) {
      if (i) out_ += ", ";
      if (d->keys[i]) {
        put(d->keys[i], kTest);
        out_ += ": ";
        put(d->values[i], kTest);
      } else {
        out_ += "**";
        put(d->values[i], kBitOr);
      }
    }
    out_ += '}';
  }

  void comprehension(const char* open, Expr* key, Expr* element, Seq<Comprehension*> generators, const char* close) {
    out_ += open;
    if (key) {
      put(key, kTest);
      out_ += ": ";
    }
    put(element, kTest);
    for (Comprehension* g : generators) {
      out_ += g->is_async ? " async for " : " for ";
      put(g->target, kTuple);
      out_ += " in ";
      put(g->iter, kTest + 1);
      for (Expr* condition : g->ifs) {
        out_ += " if ";
        put(condition, kTest + 1);
      }
    }
    out_ += close;
  }

  void call(Call* c) {
    put(c->func, kAtom);
    if (c->args.size == 1 && c->keywords.size == 0 && c->args[0]->is<GeneratorExp>()) {
      return put(c->args[0], kAtom);  // its own parentheses serve
    }
    out_ += '(';
    list(c->args, kTest);
    bool first = c->args.size == 0;
    for (Keyword* k : c->keywords) {
      if (!first) out_ += ", ";
      first = false;
      if (k->arg.data()) {
        out_ += std::string(k->arg) + "=";
        put(k->value, kTest);
      } else {
        out_ += "**";
        put(k->value, kBitOr);
      }
    }
    out_ += ')';
  }

  void parameter(Arg* arg, Expr* default_value, bool& first) {
    if (!first) out_ += ", ";
    first = false;
    out_ += arg->arg;
    if (default_value) {
      out_ += '=';
      put(default_value, kTest);
    }
  }

  void lambda(Lambda* l) {
    syntax::Arguments* a = l->args;
    out_ += a->posonlyargs.size + a->args.size ? "lambda " : "lambda";
    bool first = true;
    const int32_t without_default = a->posonlyargs.size + a->args.size - a->defaults.size;
    int32_t number = 0;
    auto next_default = [&]() -> Expr* {
      const int32_t i = number++ - without_default;
      return i >= 0 ? a->defaults[i] : nullptr;
    };
    for (Arg* arg : a->posonlyargs) parameter(arg, next_default(), first);
    if (a->posonlyargs.size) out_ += ", /";
    for (Arg* arg : a->args) parameter(arg, next_default(), first);
    if (a->vararg || a->kwonlyargs.size) {
      out_ += first ? "*" : ", *";
      first = false;
      if (a->vararg) out_ += a->vararg->arg;
    }
    for (int32_t i = 0; i < a->kwonlyargs.size; ++i) parameter(a->kwonlyargs[i], a->kw_defaults[i], first);
    if (a->kwarg) {
      out_ += first ? "**" : ", **";
      out_ += a->kwarg->arg;
    }
    out_ += ": ";
    put(l->body, kTest);
  }

  void constant(Constant* c) {
    if (c->constant_kind == ConstantKind::Ellipsis) {
      out_ += "...";
      return;
    }
    if (c->u_prefix.data()) out_ += c->u_prefix;
    std::string text = repr_text(constant_value(c));
    const bool number = c->constant_kind == ConstantKind::Float || c->constant_kind == ConstantKind::Complex;
    // "inf" is a name; a number that overflows to it is none.
    out_ += number ? replaced(std::move(text), "inf", "1e309") : text;
  }

  // A piece of an f-string, without quotes.
  void format_part(Expr* e) {
    if (e->is<Constant>()) {
      out_ += with_doubled_braces(e->as<Constant>()->text);
    } else if (e->is<JoinedStr>()) {
      for (Expr* part : e->as<JoinedStr>()->values) format_part(part);
    } else if (e->is<FormattedValue>()) {
      auto* f = e->as<FormattedValue>();
      Unparser value;
      value.put(f->value, kTest + 1);
      const std::string text = value.take();
      // Two braces in a row would be one in the text.
      out_ += (text.starts_with('{') ? "{ " : "{") + text;
      if (f->conversion > 0) out_ += std::string("!") + static_cast<char>(f->conversion);
      if (f->format_spec) {
        out_ += ':';
        format_part(f->format_spec);
      }
      out_ += '}';
    } else {
      put(e, kTest);
    }
  }
};

}  // namespace

std::string unparse(Expr* e) {
  Unparser unparser;
  unparser.put(e, kTest);
  return unparser.take();
}

}  // namespace hiss
