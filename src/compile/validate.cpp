// Checks of syntax trees that no parser made: what the grammar would have refused, ValueError refuses here, so that the
// compiler may rely on the shape of every tree.
#include "compile/compiler.h"
#include "object/complex.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

namespace {

Status expression(const Expr* e, ExprContext context);
Status statement(const Stmt* s);

Failure invalid(std::string message) { return fail_text(exc::ValueError, std::move(message)); }

Status positions(const Node* n) {
  if (n->lineno > n->end_lineno)
    return fail(exc::ValueError, "AST node line range ({}, {}) is not valid", n->lineno, n->end_lineno);
  if ((n->lineno < 0 && n->end_lineno != n->lineno) || (n->col_offset < 0 && n->col_offset != n->end_col_offset)) {
    return fail(exc::ValueError, "AST node column range ({}, {}) for line range ({}, {}) is not valid", n->col_offset,
                n->end_col_offset, n->lineno, n->end_lineno);
  }
  if (n->lineno == n->end_lineno && n->col_offset > n->end_col_offset) {
    return fail(exc::ValueError, "line {}, column {}-{} is not a valid range", n->lineno, n->col_offset,
                n->end_col_offset);
  }
  return kOk;
}

Status not_empty(int32_t size, const char* what, const char* owner) {
  if (size) return kOk;
  return fail(exc::ValueError, "empty {} on {}", what, owner);
}
Status identifier(std::string_view name) {
  for (std::string_view constant : {"None", "True", "False"}) {
    if (name == constant) return fail(exc::ValueError, "identifier field can't represent '{}' constant", constant);
  }
  return kOk;
}

// ---- Expressions

Status expressions(Seq<Expr*> list, ExprContext context = ExprContext::Load, bool null_allowed = false) {
  for (const Expr* e : list) {
    if (e) {
      TRY(expression(e, context));
    } else if (!null_allowed) {
      return invalid("None disallowed in expression list");
    }
  }
  return kOk;
}
Status optional(const Expr* e) { return e ? expression(e, ExprContext::Load) : kOk; }
Status load(const Expr* e) { return expression(e, ExprContext::Load); }

Status comprehensions(Seq<Comprehension*> generators) {
  if (generators.empty()) return invalid("comprehension with no generators");
  for (const Comprehension* c : generators) {
    TRY(expression(c->target, ExprContext::Store));
    TRY(load(c->iter));
    TRY(expressions(c->ifs));
  }
  return kOk;
}
Status keywords(Seq<Keyword*> list) {
  for (const Keyword* k : list) TRY(load(k->value));
  return kOk;
}
Status parameters(Seq<Arg*> list) {
  for (const Arg* a : list) TRY(optional(a->annotation));
  return kOk;
}
Status arguments(const syntax::Arguments* a) {
  TRY(parameters(a->posonlyargs));
  TRY(parameters(a->args));
  if (a->vararg) TRY(optional(a->vararg->annotation));
  TRY(parameters(a->kwonlyargs));
  if (a->kwarg) TRY(optional(a->kwarg->annotation));
  if (a->defaults.size > a->posonlyargs.size + a->args.size)
    return invalid("more positional defaults than args on arguments");
  if (a->kw_defaults.size != a->kwonlyargs.size)
    return invalid("length of kwonlyargs is not the same as kw_defaults on arguments");
  TRY(expressions(a->defaults));
  return expressions(a->kw_defaults, ExprContext::Load, true);
}

/// Whether an object may be a constant of a code object.
Status constant_object(Value v) {
  RecursionCheck check(" during compilation");
  TRY(check.status());
  if (v.is_none() || v.is_ellipsis() || v.is_bool() || v.is_integer()) return kOk;
  for (const Type* t : {&int_type, &float_type, &complex_type, &str_type, &bytes_type}) {
    if (type_of(v) == t) return kOk;
  }
  if (type_of(v) == &tuple_type || type_of(v) == &frozenset_type) return for_each(v, constant_object);
  return fail(exc::TypeError, "got an invalid type in Constant: {}", type_name(v));
}
Status constant(const Constant* c) {
  return c->constant_kind == ConstantKind::Object ? constant_object(Value::from_bits(c->object)) : kOk;
}

/// The context that an expression is written with, for those that can be assigned to.
const ExprContext* context_of(const Expr* e) {
  switch (e->kind) {
    case NodeKind::Attribute:
      return &e->as<Attribute>()->ctx;
    case NodeKind::Subscript:
      return &e->as<Subscript>()->ctx;
    case NodeKind::Starred:
      return &e->as<Starred>()->ctx;
    case NodeKind::Name:
      return &e->as<Name>()->ctx;
    case NodeKind::List:
      return &e->as<syntax::List>()->ctx;
    case NodeKind::Tuple:
      return &e->as<syntax::Tuple>()->ctx;
    default:
      return nullptr;
  }
}
Status check_context(const Expr* e, ExprContext wanted) {
  if (e->is<Name>()) TRY(identifier(e->as<Name>()->id));
  const ExprContext* actual = context_of(e);
  if (!actual && wanted != ExprContext::Load)
    return fail(exc::ValueError, "expression which can't be assigned to in {} context", name_of(wanted));
  if (actual && *actual != wanted) {
    return fail(exc::ValueError, "expression must have {} context but has {} instead", name_of(wanted),
                name_of(*actual));
  }
  return kOk;
}
Status comparison(const Compare* c) {
  if (c->comparators.empty()) return invalid("Compare with no comparators");
  if (c->comparators.size != c->ops.size) return invalid("Compare has a different number of comparators and operands");
  TRY(expressions(c->comparators));
  return load(c->left);
}
Status dictionary(const syntax::Dict* d) {
  if (d->keys.size != d->values.size) return invalid("Dict doesn't have the same number of keys as values");
  // A key of None stands for **mapping.
  TRY(expressions(d->keys, ExprContext::Load, true));
  return expressions(d->values);
}
template <typename T>
Status simple_comprehension(const T* c) {
  TRY(comprehensions(c->generators));
  return load(c->elt);
}

Status expression(const Expr* e, ExprContext context) {
  TRY(positions(e));
  RecursionCheck check(" during compilation");
  TRY(check.status());
  TRY(check_context(e, context));
  switch (e->kind) {
    case NodeKind::BoolOp:
      if (e->as<BoolOp>()->values.size < 2) return invalid("BoolOp with less than 2 values");
      return expressions(e->as<BoolOp>()->values);
    case NodeKind::BinOp:
      TRY(load(e->as<BinOp>()->left));
      return load(e->as<BinOp>()->right);
    case NodeKind::UnaryOp:
      return load(e->as<UnaryOp>()->operand);
    case NodeKind::Lambda:
      TRY(arguments(e->as<Lambda>()->args));
      return load(e->as<Lambda>()->body);
    case NodeKind::IfExp:
      TRY(load(e->as<IfExp>()->test));
      TRY(load(e->as<IfExp>()->body));
      return load(e->as<IfExp>()->orelse);
    case NodeKind::Dict:
      return dictionary(e->as<syntax::Dict>());
    case NodeKind::Set:
      return expressions(e->as<syntax::Set>()->elts);
    case NodeKind::ListComp:
      return simple_comprehension(e->as<ListComp>());
    case NodeKind::SetComp:
      return simple_comprehension(e->as<SetComp>());
    case NodeKind::GeneratorExp:
      return simple_comprehension(e->as<GeneratorExp>());
    case NodeKind::DictComp:
      TRY(comprehensions(e->as<DictComp>()->generators));
      TRY(load(e->as<DictComp>()->key));
      return load(e->as<DictComp>()->value);
    case NodeKind::Yield:
      return optional(e->as<Yield>()->value);
    case NodeKind::YieldFrom:
      return load(e->as<YieldFrom>()->value);
    case NodeKind::Await:
      return load(e->as<Await>()->value);
    case NodeKind::Compare:
      return comparison(e->as<Compare>());
    case NodeKind::Call:
      TRY(load(e->as<Call>()->func));
      TRY(expressions(e->as<Call>()->args));
      return keywords(e->as<Call>()->keywords);
    case NodeKind::Constant:
      return constant(e->as<Constant>());
    case NodeKind::JoinedStr:
      return expressions(e->as<JoinedStr>()->values);
    case NodeKind::FormattedValue:
      TRY(load(e->as<FormattedValue>()->value));
      return optional(e->as<FormattedValue>()->format_spec);
    case NodeKind::Attribute:
      return load(e->as<Attribute>()->value);
    case NodeKind::Subscript:
      TRY(load(e->as<Subscript>()->slice));
      return load(e->as<Subscript>()->value);
    case NodeKind::Starred:
      return expression(e->as<Starred>()->value, context);
    case NodeKind::Slice:
      TRY(optional(e->as<syntax::Slice>()->lower));
      TRY(optional(e->as<syntax::Slice>()->upper));
      return optional(e->as<syntax::Slice>()->step);
    case NodeKind::List:
      return expressions(e->as<syntax::List>()->elts, context);
    case NodeKind::Tuple:
      return expressions(e->as<syntax::Tuple>()->elts, context);
    case NodeKind::NamedExpr:
      return load(e->as<NamedExpr>()->value);
    default:
      return kOk;
  }
}

// ---- Patterns

Status pattern(const Pattern* p, bool star_allowed);

Status patterns(Seq<Pattern*> list, bool star_allowed) {
  for (const Pattern* p : list) TRY(pattern(p, star_allowed));
  return kOk;
}
Status captured_name(std::string_view name) {
  if (name == "_") return invalid("can't capture name '_' in patterns");
  return identifier(name);
}
Value number_of(const Expr* e, Ref& holder) {
  if (!e->is<Constant>()) return Value();
  holder = constant_value(e->as<Constant>());
  return holder;
}
/// 1, 1.5 (real) or 2j (imaginary).
bool is_literal_number(const Expr* e, bool real, bool imaginary) {
  Ref holder;
  Value v = number_of(e, holder);
  if (!v) return false;
  const Type* t = type_of(v);
  return (real && (t == &int_type || t == &float_type)) || (imaginary && t == &complex_type);
}
bool is_negative_number(const Expr* e, bool real, bool imaginary) {
  return e->is<UnaryOp>() && e->as<UnaryOp>()->op == UnaryOpKind::USub &&
         is_literal_number(e->as<UnaryOp>()->operand, real, imaginary);
}
bool is_complex_sum(const Expr* e) {
  const auto* b = e->as<BinOp>();
  if (b->op != Operator::Add && b->op != Operator::Sub) return false;
  return (is_negative_number(b->left, true, false) || is_literal_number(b->left, true, false)) &&
         is_literal_number(b->right, false, true);
}
Status literal_pattern(const Expr* e) {
  TRY(load(e));
  switch (e->kind) {
    case NodeKind::Constant: {
      Ref holder;
      const Type* t = type_of(number_of(e, holder));
      for (const Type* allowed : {&int_type, &float_type, &bytes_type, &complex_type, &str_type}) {
        if (t == allowed) return kOk;
      }
      return invalid("unexpected constant inside of a literal pattern");
    }
    case NodeKind::Attribute:
    case NodeKind::JoinedStr:  // the compiler's own message says more
      return kOk;
    case NodeKind::UnaryOp:
      if (is_negative_number(e, true, true)) return kOk;
      break;
    case NodeKind::BinOp:
      if (is_complex_sum(e)) return kOk;
      break;
    default:
      break;
  }
  return invalid("patterns may only match literals and attribute lookups");
}
Status mapping_pattern(const MatchMapping* m) {
  if (m->keys.size != m->patterns.size) return invalid("MatchMapping doesn't have the same number of keys as patterns");
  if (m->rest.data()) TRY(captured_name(m->rest));
  for (const Expr* key : m->keys) {
    if (!key) return invalid("None disallowed in expression list");
    if (key->is<Constant>()) {
      const ConstantKind kind = key->as<Constant>()->constant_kind;
      if (kind == ConstantKind::None || kind == ConstantKind::True || kind == ConstantKind::False) continue;
    }
    TRY(literal_pattern(key));
  }
  return patterns(m->patterns, false);
}
Status class_pattern(const MatchClass* m) {
  if (m->kwd_attrs.size != m->kwd_patterns.size)
    return invalid("MatchClass doesn't have the same number of keyword attributes as patterns");
  TRY(load(m->cls));
  const Expr* cls = m->cls;
  while (cls->is<Attribute>()) cls = cls->as<Attribute>()->value;
  if (!cls->is<Name>()) return invalid("MatchClass cls field can only contain Name or Attribute nodes.");
  for (std::string_view name : m->kwd_attrs) TRY(identifier(name));
  TRY(patterns(m->patterns, false));
  return patterns(m->kwd_patterns, false);
}
Status as_pattern(const MatchAs* m) {
  if (m->name.data()) TRY(captured_name(m->name));
  if (!m->pattern) return kOk;
  if (!m->name.data()) return invalid("MatchAs must specify a target name if a pattern is given");
  return pattern(m->pattern, false);
}
Status pattern(const Pattern* p, bool star_allowed) {
  if (!p) return invalid("None disallowed in pattern list");
  TRY(positions(p));
  RecursionCheck check(" during compilation");
  TRY(check.status());
  switch (p->kind) {
    case NodeKind::MatchValue:
      return literal_pattern(p->as<MatchValue>()->value);
    case NodeKind::MatchSingleton:
      if (p->as<MatchSingleton>()->value == ConstantKind::Object)
        return invalid("MatchSingleton can only contain True, False and None");
      return kOk;
    case NodeKind::MatchSequence:
      return patterns(p->as<MatchSequence>()->patterns, true);
    case NodeKind::MatchMapping:
      return mapping_pattern(p->as<MatchMapping>());
    case NodeKind::MatchClass:
      return class_pattern(p->as<MatchClass>());
    case NodeKind::MatchStar:
      if (!star_allowed) return invalid("can't use MatchStar here");
      return p->as<MatchStar>()->name.data() ? captured_name(p->as<MatchStar>()->name) : kOk;
    case NodeKind::MatchAs:
      return as_pattern(p->as<MatchAs>());
    case NodeKind::MatchOr:
      if (p->as<MatchOr>()->patterns.size < 2) return invalid("MatchOr requires at least 2 patterns");
      return patterns(p->as<MatchOr>()->patterns, false);
    default:
      return kOk;
  }
}

// ---- Statements

Status statements(Seq<Stmt*> list) {
  for (const Stmt* s : list) {
    if (!s) return invalid("None disallowed in statement list");
    TRY(statement(s));
  }
  return kOk;
}
Status body(Seq<Stmt*> list, const char* owner) {
  TRY(not_empty(list.size, "body", owner));
  return statements(list);
}
template <typename T>
Status function(const T* f, const char* owner) {
  TRY(body(f->body, owner));
  TRY(arguments(f->args));
  TRY(expressions(f->decorator_list));
  return optional(f->returns);
}
Status class_definition(const ClassDef* c) {
  TRY(body(c->body, "ClassDef"));
  TRY(expressions(c->bases));
  TRY(keywords(c->keywords));
  return expressions(c->decorator_list);
}
Status targets(Seq<Expr*> list, ExprContext context, const char* owner) {
  TRY(not_empty(list.size, "targets", owner));
  return expressions(list, context);
}
Status annotated(const AnnAssign* a) {
  if (!a->target->is<Name>() && a->simple) return fail(exc::TypeError, "AnnAssign with simple non-Name target");
  TRY(expression(a->target, ExprContext::Store));
  TRY(optional(a->value));
  return load(a->annotation);
}
template <typename T>
Status for_loop(const T* f, const char* owner) {
  TRY(expression(f->target, ExprContext::Store));
  TRY(load(f->iter));
  TRY(body(f->body, owner));
  return statements(f->orelse);
}
template <typename T>
Status tested(const T* s, const char* owner) {
  TRY(load(s->test));
  TRY(body(s->body, owner));
  return statements(s->orelse);
}
template <typename T>
Status with(const T* w, const char* owner) {
  TRY(not_empty(w->items.size, "items", owner));
  for (const WithItem* item : w->items) {
    TRY(load(item->context_expr));
    if (item->optional_vars) TRY(expression(item->optional_vars, ExprContext::Store));
  }
  return body(w->body, owner);
}
Status match(const Match* m) {
  TRY(load(m->subject));
  TRY(not_empty(m->cases.size, "cases", "Match"));
  for (const MatchCase* c : m->cases) {
    TRY(pattern(c->pattern, false));
    TRY(optional(c->guard));
    TRY(body(c->body, "match_case"));
  }
  return kOk;
}
template <typename T>
Status try_statement(const T* t, const char* owner) {
  TRY(body(t->body, owner));
  if (t->handlers.empty() && t->finalbody.empty())
    return fail(exc::ValueError, "{} has neither except handlers nor finalbody", owner);
  if (t->handlers.empty() && !t->orelse.empty())
    return fail(exc::ValueError, "{} has orelse but no except handlers", owner);
  for (const ExceptHandler* h : t->handlers) {
    if (!h) return invalid("None disallowed in handler list");
    TRY(positions(h));
    TRY(optional(h->type));
    TRY(body(h->body, "ExceptHandler"));
  }
  TRY(statements(t->finalbody));
  return statements(t->orelse);
}

Status statement(const Stmt* s) {
  TRY(positions(s));
  RecursionCheck check(" during compilation");
  TRY(check.status());
  switch (s->kind) {
    case NodeKind::FunctionDef:
      return function(s->as<FunctionDef>(), "FunctionDef");
    case NodeKind::AsyncFunctionDef:
      return function(s->as<AsyncFunctionDef>(), "AsyncFunctionDef");
    case NodeKind::ClassDef:
      return class_definition(s->as<ClassDef>());
    case NodeKind::Return:
      return optional(s->as<Return>()->value);
    case NodeKind::Delete:
      return targets(s->as<Delete>()->targets, ExprContext::Del, "Delete");
    case NodeKind::Assign:
      TRY(targets(s->as<Assign>()->targets, ExprContext::Store, "Assign"));
      return load(s->as<Assign>()->value);
    case NodeKind::AugAssign:
      TRY(expression(s->as<AugAssign>()->target, ExprContext::Store));
      return load(s->as<AugAssign>()->value);
    case NodeKind::AnnAssign:
      return annotated(s->as<AnnAssign>());
    case NodeKind::For:
      return for_loop(s->as<For>(), "For");
    case NodeKind::AsyncFor:
      return for_loop(s->as<AsyncFor>(), "AsyncFor");
    case NodeKind::While:
      return tested(s->as<While>(), "While");
    case NodeKind::If:
      return tested(s->as<If>(), "If");
    case NodeKind::With:
      return with(s->as<With>(), "With");
    case NodeKind::AsyncWith:
      return with(s->as<AsyncWith>(), "AsyncWith");
    case NodeKind::Match:
      return match(s->as<Match>());
    case NodeKind::Raise:
      if (!s->as<Raise>()->exc && s->as<Raise>()->cause) return invalid("Raise with cause but no exception");
      TRY(optional(s->as<Raise>()->exc));
      return optional(s->as<Raise>()->cause);
    case NodeKind::Try:
      return try_statement(s->as<Try>(), "Try");
    case NodeKind::TryStar:
      return try_statement(s->as<TryStar>(), "TryStar");
    case NodeKind::Assert:
      TRY(load(s->as<Assert>()->test));
      return optional(s->as<Assert>()->msg);
    case NodeKind::Import:
      return not_empty(s->as<Import>()->names.size, "names", "Import");
    case NodeKind::ImportFrom:
      if (s->as<ImportFrom>()->level < 0) return invalid("Negative ImportFrom level");
      return not_empty(s->as<ImportFrom>()->names.size, "names", "ImportFrom");
    case NodeKind::Global:
      return not_empty(s->as<Global>()->names.size, "names", "Global");
    case NodeKind::Nonlocal:
      return not_empty(s->as<Nonlocal>()->names.size, "names", "Nonlocal");
    case NodeKind::ExprStmt:
      return load(s->as<ExprStmt>()->value);
    default:
      return kOk;
  }
}

}  // namespace

Status validate_tree(const Mod* module) {
  switch (module->kind) {
    case NodeKind::Module:
      return statements(module->as<syntax::Module>()->body);
    case NodeKind::Interactive:
      return statements(module->as<Interactive>()->body);
    case NodeKind::Expression:
      return load(module->as<Expression>()->body);
    default:
      return invalid("impossible module node");
  }
}

}  // namespace hiss
