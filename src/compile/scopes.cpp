#include "compile/scopes.h"

#include <fmt/core.h>

namespace hiss {

namespace {

using namespace syntax;

class Analyzer {
 public:
  Analyzer(ScopeTree& tree, bool future_annotations) : tree_(tree), future_annotations_(future_annotations) {}

  bool run(Mod* module) {
    tree_.root = std::make_unique<Scope>();
    scope_ = tree_.root.get();
    scope_->name = "top";
    scope_->node = module;
    tree_.by_node[module] = scope_;
    switch (module->kind) {
      case NodeKind::Module:
        visit(module->as<syntax::Module>()->body);
        break;
      case NodeKind::Interactive:
        visit(module->as<Interactive>()->body);
        break;
      case NodeKind::Expression:
        visit(module->as<Expression>()->body);
        break;
      default:
        break;
    }
    if (failed_) return false;
    resolve(tree_.root.get());
    return !failed_;
  }

 private:
  ScopeTree& tree_;
  Scope* scope_ = nullptr;
  bool future_annotations_;
  bool failed_ = false;
  int comprehension_iterable_ = 0;

  void fail(const Node* where, std::string message) {
    if (failed_) return;
    failed_ = true;
    auto& e = tree_.error;
    e.kind = SyntaxErrorInfo::SyntaxError;
    e.message = std::move(message);
    if (where) {
      e.lineno = where->lineno;
      e.offset = where->col_offset + 1;
      e.end_lineno = where->end_lineno;
      e.end_offset = where->end_col_offset + 1;
    }
  }

  Scope* enter(ScopeKind kind, std::string name, const Node* node) {
    auto child = std::make_unique<Scope>();
    child->kind = kind;
    child->name = std::move(name);
    child->node = node;
    child->parent = scope_;
    child->class_name = scope_->class_name;
    child->nested = scope_->nested || scope_->kind == ScopeKind::Function;
    Scope* result = child.get();
    scope_->children.push_back(std::move(child));
    tree_.by_node[node] = result;
    scope_ = result;
    return result;
  }
  void leave() { scope_ = scope_->parent; }

  Symbol& add(std::string_view raw, uint16_t flags, const Node* where) {
    std::string_view name = mangle_name(tree_, scope_->class_name, raw);
    auto [it, inserted] = scope_->symbols.try_emplace(name);
    if (inserted) scope_->order.push_back(name);
    Symbol& s = it->second;
    if ((flags & Symbol::kParameter) && (s.flags & Symbol::kParameter)) {
      fail(where, fmt::format("duplicate argument '{}' in function definition", raw));
    }
    s.flags |= flags;
    if (!s.where) s.where = where;
    return s;
  }

  void use(std::string_view name, const Node* where) { add(name, Symbol::kUse, where); }

  void bind(std::string_view name, const Node* where, uint16_t flags = Symbol::kAssigned) { add(name, flags, where); }

  template <typename T>
  void visit(const Seq<T>& nodes) {
    for (auto node : nodes) visit(node);
  }
  void visit(Arguments* a) {
    for (auto list : {&a->posonlyargs, &a->args, &a->kwonlyargs}) {
      for (Arg* arg : *list) parameter(arg);
    }
    if (a->vararg) {
      parameter(a->vararg);
      scope_->varargs = true;
    }
    if (a->kwarg) {
      parameter(a->kwarg);
      scope_->varkeywords = true;
    }
  }
  void parameter(Arg* arg) {
    add(arg->arg, Symbol::kParameter, arg);
    scope_->parameters.push_back(mangle_name(tree_, scope_->class_name, arg->arg));
  }

  void defaults(Arguments* a) {
    visit(a->defaults);
    for (Expr* e : a->kw_defaults) {
      if (e) visit(e);
    }
  }
  void annotations(Arguments* a, Expr* returns) {
    for (auto list : {&a->posonlyargs, &a->args, &a->kwonlyargs}) {
      for (Arg* arg : *list) annotation(arg->annotation);
    }
    if (a->vararg) annotation(a->vararg->annotation);
    if (a->kwarg) annotation(a->kwarg->annotation);
    annotation(returns);
  }
  void annotation(Expr* e) {
    if (!e) return;
    if (!future_annotations_) return visit(e);
    // The expression becomes a string: what it names is looked up elsewhere, and some expressions make no sense there.
    Scope text;
    text.kind = ScopeKind::Annotation;
    text.parent = scope_;
    text.class_name = scope_->class_name;
    scope_ = &text;
    const int saved = comprehension_iterable_;
    visit(e);
    comprehension_iterable_ = saved;
    scope_ = text.parent;
  }
  bool forbidden_in_annotation(const Expr* node, const char* what) {
    if (scope_->kind != ScopeKind::Annotation) return false;
    fail(node, fmt::format("'{}' can not be used within an annotation", what));
    return true;
  }

  void function(Stmt* node, std::string_view name, Arguments* args, Seq<Stmt*> body, Seq<Expr*> decorators,
                Expr* returns, bool is_async) {
    bind(name, node);
    defaults(args);
    annotations(args, returns);
    visit(decorators);
    Scope* s = enter(ScopeKind::Function, std::string(name), node);
    s->is_coroutine = is_async;
    visit(args);
    visit(body);
    leave();
  }

  void visit(Stmt* node) {
    if (!node || failed_) return;
    switch (node->kind) {
      case NodeKind::FunctionDef: {
        auto* f = node->as<FunctionDef>();
        function(node, f->name, f->args, f->body, f->decorator_list, f->returns, false);
        break;
      }
      case NodeKind::AsyncFunctionDef: {
        auto* f = node->as<AsyncFunctionDef>();
        function(node, f->name, f->args, f->body, f->decorator_list, f->returns, true);
        break;
      }
      case NodeKind::ClassDef: {
        auto* c = node->as<ClassDef>();
        bind(c->name, node);
        visit(c->bases);
        for (Keyword* k : c->keywords) visit(k->value);
        visit(c->decorator_list);
        Scope* s = enter(ScopeKind::Class, std::string(c->name), node);
        s->class_name = c->name;
        visit(c->body);
        leave();
        break;
      }
      case NodeKind::Return:
        if (node->as<Return>()->value) scope_->returns_value = true;
        visit(node->as<Return>()->value);
        break;
      case NodeKind::Delete:
        visit(node->as<Delete>()->targets);
        break;
      case NodeKind::Assign:
        visit(node->as<Assign>()->targets);
        visit(node->as<Assign>()->value);
        break;
      case NodeKind::AugAssign:
        visit(node->as<AugAssign>()->target);
        visit(node->as<AugAssign>()->value);
        break;
      case NodeKind::AnnAssign:
        annotated(node->as<AnnAssign>());
        break;
      case NodeKind::For:
        loop(node->as<For>());
        break;
      case NodeKind::AsyncFor:
        loop(node->as<AsyncFor>());
        break;
      case NodeKind::While:
        visit(node->as<While>()->test);
        visit(node->as<While>()->body);
        visit(node->as<While>()->orelse);
        break;
      case NodeKind::If:
        visit(node->as<If>()->test);
        visit(node->as<If>()->body);
        visit(node->as<If>()->orelse);
        break;
      case NodeKind::With:
        with(node->as<With>());
        break;
      case NodeKind::AsyncWith:
        with(node->as<AsyncWith>());
        break;
      case NodeKind::Match:
        visit(node->as<Match>()->subject);
        for (MatchCase* c : node->as<Match>()->cases) {
          visit(c->pattern);
          if (c->guard) visit(c->guard);
          visit(c->body);
        }
        break;
      case NodeKind::Raise:
        visit(node->as<Raise>()->exc);
        visit(node->as<Raise>()->cause);
        break;
      case NodeKind::Try:
        try_(node->as<Try>());
        break;
      case NodeKind::TryStar:
        try_(node->as<TryStar>());
        break;
      case NodeKind::Assert:
        visit(node->as<Assert>()->test);
        visit(node->as<Assert>()->msg);
        break;
      case NodeKind::Import:
        for (Alias* a : node->as<Import>()->names) {
          std::string_view name = a->asname.data() ? a->asname : a->name.substr(0, a->name.find('.'));
          bind(name, a, Symbol::kImported);
        }
        break;
      case NodeKind::ImportFrom:
        for (Alias* a : node->as<ImportFrom>()->names) {
          if (a->name == "*") {
            if (scope_->kind != ScopeKind::Module) fail(a, "import * only allowed at module level");
            continue;
          }
          bind(a->asname.data() ? a->asname : a->name, a, Symbol::kImported);
        }
        break;
      case NodeKind::Global:
        declare(node, node->as<Global>()->names, "global", Symbol::kGlobal);
        break;
      case NodeKind::Nonlocal:
        if (scope_->kind == ScopeKind::Module) {
          fail(node, "nonlocal declaration not allowed at module level");
          break;
        }
        declare(node, node->as<Nonlocal>()->names, "nonlocal", Symbol::kNonlocal);
        break;
      case NodeKind::ExprStmt:
        visit(node->as<ExprStmt>()->value);
        break;
      default:
        break;
    }
  }

  void declare(Stmt* node, Seq<std::string_view> names, const char* what, uint16_t flag) {
    for (std::string_view raw : names) {
      std::string_view name = mangle_name(tree_, scope_->class_name, raw);
      if (Symbol* s = scope_->find(name)) {
        if (s->flags & Symbol::kParameter) return fail(node, fmt::format("name '{}' is parameter and {}", raw, what));
        if (s->flags & Symbol::kAnnotated) return fail(node, fmt::format("annotated name '{}' can't be {}", raw, what));
        if (s->flags & (Symbol::kAssigned | Symbol::kImported)) {
          return fail(node, fmt::format("name '{}' is assigned to before {} declaration", raw, what));
        }
        if (s->flags & Symbol::kUse)
          return fail(node, fmt::format("name '{}' is used prior to {} declaration", raw, what));
        const uint16_t other = flag == Symbol::kGlobal ? Symbol::kNonlocal : Symbol::kGlobal;
        if (s->flags & other) return fail(s->where, fmt::format("name '{}' is nonlocal and global", raw));
      }
      add(raw, flag, node);
      if (flag == Symbol::kGlobal) {
        // In CPython the statement concerns the module's own code too: its stores go to the globals even when exec()
        // runs it with other locals.
        const auto [it, inserted] = tree_.root->symbols.try_emplace(name);
        if (inserted) tree_.root->order.push_back(name);
        it->second.flags |= Symbol::kGlobal;
      }
    }
  }

  void annotated(AnnAssign* node) {
    if (node->target->is<Name>()) {
      auto* n = node->target->as<Name>();
      std::string_view name = mangle_name(tree_, scope_->class_name, n->id);
      Symbol* s = scope_->find(name);
      if (node->simple && s && (s->flags & (Symbol::kGlobal | Symbol::kNonlocal)) &&
          scope_->kind != ScopeKind::Module) {
        return fail(node, fmt::format("annotated name '{}' can't be {}", n->id,
                                      s->flags & Symbol::kGlobal ? "global" : "nonlocal"));
      }
      if (node->simple) {
        add(n->id, Symbol::kAnnotated | Symbol::kAssigned, n);
      } else if (node->value) {
        add(n->id, Symbol::kAssigned, n);
      }
    } else {
      visit(node->target);
    }
    annotation(node->annotation);
    visit(node->value);
  }

  template <typename T>
  void loop(T* node) {
    visit(node->target);
    visit(node->iter);
    visit(node->body);
    visit(node->orelse);
  }
  template <typename T>
  void with(T* node) {
    for (WithItem* item : node->items) {
      visit(item->context_expr);
      visit(item->optional_vars);
    }
    visit(node->body);
  }
  template <typename T>
  void try_(T* node) {
    visit(node->body);
    for (ExceptHandler* h : node->handlers) {
      visit(h->type);
      if (h->name.data()) bind(h->name, h, Symbol::kAssigned | Symbol::kDeleted);
      visit(h->body);
    }
    visit(node->orelse);
    visit(node->finalbody);
  }

  void visit(Pattern* p) {
    if (!p || failed_) return;
    switch (p->kind) {
      case NodeKind::MatchValue:
        visit(p->as<MatchValue>()->value);
        break;
      case NodeKind::MatchSequence:
        visit(p->as<MatchSequence>()->patterns);
        break;
      case NodeKind::MatchMapping:
        visit(p->as<MatchMapping>()->keys);
        visit(p->as<MatchMapping>()->patterns);
        if (p->as<MatchMapping>()->rest.data()) bind(p->as<MatchMapping>()->rest, p);
        break;
      case NodeKind::MatchClass:
        visit(p->as<MatchClass>()->cls);
        visit(p->as<MatchClass>()->patterns);
        visit(p->as<MatchClass>()->kwd_patterns);
        break;
      case NodeKind::MatchStar:
        if (p->as<MatchStar>()->name.data()) bind(p->as<MatchStar>()->name, p);
        break;
      case NodeKind::MatchAs:
        visit(p->as<MatchAs>()->pattern);
        if (p->as<MatchAs>()->name.data()) bind(p->as<MatchAs>()->name, p);
        break;
      case NodeKind::MatchOr:
        visit(p->as<MatchOr>()->patterns);
        break;
      default:
        break;
    }
  }

  void comprehension(Expr* node, const char* name, Seq<Comprehension*> generators, Expr* element, Expr* value) {
    // The outermost iterable is evaluated in the enclosing scope.
    ++comprehension_iterable_;
    visit(generators[0]->iter);
    --comprehension_iterable_;
    const int saved = comprehension_iterable_;
    Scope* s = enter(ScopeKind::Function, name, node);
    s->comprehension = true;
    s->generator_expression = node->is<GeneratorExp>();
    add(".0", Symbol::kParameter, node);
    s->parameters.push_back(".0");
    bool is_async = false;
    for (int32_t i = 0; i < generators.size; ++i) {
      Comprehension* g = generators[i];
      is_async |= g->is_async != 0;
      mark_targets(g->target);
      visit(g->target);
      if (i > 0) {
        ++comprehension_iterable_;
        visit(g->iter);
        --comprehension_iterable_;
      }
      visit(g->ifs);
    }
    visit(value);
    visit(element);
    if (is_async) s->is_coroutine = s->is_async_comprehension = true;
    const bool inner_async = s->is_coroutine && !s->generator_expression;
    leave();
    comprehension_iterable_ = saved;
    if (inner_async) scope_->is_coroutine = true;
  }

  void mark_targets(Expr* target) {
    switch (target->kind) {
      case NodeKind::Name: {
        std::string_view name = target->as<Name>()->id;
        const Symbol* known = scope_->find(mangle_name(tree_, scope_->class_name, name));
        if (known && (known->flags & (Symbol::kGlobal | Symbol::kNonlocal))) {
          return fail(target,
                      fmt::format("comprehension inner loop cannot rebind assignment expression target '{}'", name));
        }
        add(name, Symbol::kComprehensionIterator | Symbol::kAssigned, target);
        break;
      }
      case NodeKind::Tuple:
        for (Expr* e : target->as<Tuple>()->elts) mark_targets(e);
        break;
      case NodeKind::List:
        for (Expr* e : target->as<List>()->elts) mark_targets(e);
        break;
      case NodeKind::Starred:
        mark_targets(target->as<Starred>()->value);
        break;
      default:
        break;
    }
  }

  void walrus(NamedExpr* node) {
    if (forbidden_in_annotation(node, "named expression")) return;
    visit(node->value);
    auto* target = node->target->as<Name>();
    if (comprehension_iterable_ > 0) {
      return fail(node, "assignment expression cannot be used in a comprehension iterable expression");
    }
    if (!scope_->comprehension) {
      scope_->has_walrus = true;
      return visit(node->target);
    }
    // The target belongs to the innermost scope that is no comprehension.
    Scope* home = scope_;
    std::vector<Scope*> through;
    while (home->comprehension || home->kind == ScopeKind::Annotation) {
      std::string_view name = mangle_name(tree_, home->class_name, target->id);
      Symbol* s = home->find(name);
      if (s && (s->flags & Symbol::kComprehensionIterator)) {
        return fail(target, fmt::format("assignment expression cannot rebind comprehension iteration variable '{}'",
                                        target->id));
      }
      through.push_back(home);
      home = home->parent;
    }
    if (home->kind == ScopeKind::Class) {
      return fail(node, "assignment expression within a comprehension cannot be used in a class body");
    }
    home->has_walrus = true;
    Scope* saved = scope_;
    scope_ = home;
    Symbol* declared = home->find(mangle_name(tree_, home->class_name, target->id));
    const bool global = home->kind == ScopeKind::Module || (declared && (declared->flags & Symbol::kGlobal));
    if (!(declared && (declared->flags & (Symbol::kGlobal | Symbol::kNonlocal)))) bind(target->id, target);
    for (Scope* s : through) {
      scope_ = s;
      s->has_walrus = true;
      const uint16_t assigned = s == saved ? Symbol::kAssigned : 0;
      add(target->id, static_cast<uint16_t>((global ? Symbol::kGlobal : Symbol::kNonlocal) | assigned), target);
    }
    scope_ = saved;
  }

  void visit(Keyword* k) { visit(k->value); }

  void yield_(Expr* node) {
    if (scope_->comprehension) {
      const char* kind = scope_->generator_expression   ? "generator expression"
                         : scope_->node->is<ListComp>() ? "list comprehension"
                         : scope_->node->is<SetComp>()  ? "set comprehension"
                                                        : "dict comprehension";
      return fail(node, fmt::format("'yield' inside {}", kind));
    }
    scope_->is_generator = true;
  }

  void visit(Expr* node) {
    if (!node || failed_) return;
    switch (node->kind) {
      case NodeKind::BoolOp:
        visit(node->as<BoolOp>()->values);
        break;
      case NodeKind::NamedExpr:
        walrus(node->as<NamedExpr>());
        break;
      case NodeKind::BinOp:
        visit(node->as<BinOp>()->left);
        visit(node->as<BinOp>()->right);
        break;
      case NodeKind::UnaryOp:
        visit(node->as<UnaryOp>()->operand);
        break;
      case NodeKind::Lambda: {
        auto* l = node->as<Lambda>();
        defaults(l->args);
        enter(ScopeKind::Function, "lambda", node);
        const int saved = comprehension_iterable_;
        visit(l->args);
        visit(l->body);
        comprehension_iterable_ = saved;
        leave();
        break;
      }
      case NodeKind::IfExp:
        visit(node->as<IfExp>()->test);
        visit(node->as<IfExp>()->body);
        visit(node->as<IfExp>()->orelse);
        break;
      case NodeKind::Dict:
        for (Expr* k : node->as<Dict>()->keys) visit(k);
        visit(node->as<Dict>()->values);
        break;
      case NodeKind::Set:
        visit(node->as<Set>()->elts);
        break;
      case NodeKind::ListComp:
        comprehension(node, "listcomp", node->as<ListComp>()->generators, node->as<ListComp>()->elt, nullptr);
        break;
      case NodeKind::SetComp:
        comprehension(node, "setcomp", node->as<SetComp>()->generators, node->as<SetComp>()->elt, nullptr);
        break;
      case NodeKind::DictComp:
        comprehension(node, "dictcomp", node->as<DictComp>()->generators, node->as<DictComp>()->key,
                      node->as<DictComp>()->value);
        break;
      case NodeKind::GeneratorExp:
        comprehension(node, "genexpr", node->as<GeneratorExp>()->generators, node->as<GeneratorExp>()->elt, nullptr);
        break;
      case NodeKind::Await:
        if (forbidden_in_annotation(node, "await expression")) break;
        visit(node->as<Await>()->value);
        if (scope_->kind == ScopeKind::Function) scope_->is_coroutine = scope_->is_coroutine || scope_->comprehension;
        break;
      case NodeKind::Yield:
        if (forbidden_in_annotation(node, "yield expression")) break;
        visit(node->as<Yield>()->value);
        yield_(node);
        break;
      case NodeKind::YieldFrom:
        if (forbidden_in_annotation(node, "yield expression")) break;
        visit(node->as<YieldFrom>()->value);
        yield_(node);
        break;
      case NodeKind::Compare:
        visit(node->as<Compare>()->left);
        visit(node->as<Compare>()->comparators);
        break;
      case NodeKind::Call:
        visit(node->as<Call>()->func);
        visit(node->as<Call>()->args);
        visit(node->as<Call>()->keywords);
        break;
      case NodeKind::FormattedValue:
        visit(node->as<FormattedValue>()->value);
        visit(node->as<FormattedValue>()->format_spec);
        break;
      case NodeKind::JoinedStr:
        visit(node->as<JoinedStr>()->values);
        break;
      case NodeKind::Attribute:
        visit(node->as<Attribute>()->value);
        break;
      case NodeKind::Subscript:
        visit(node->as<Subscript>()->value);
        visit(node->as<Subscript>()->slice);
        break;
      case NodeKind::Starred:
        visit(node->as<Starred>()->value);
        break;
      case NodeKind::Name: {
        auto* n = node->as<Name>();
        if (n->ctx == ExprContext::Load) {
          use(n->id, n);
          // super() needs the class that the method was defined in.
          if (n->id == "super" && scope_->kind == ScopeKind::Function) use("__class__", n);
        } else {
          bind(n->id, n, n->ctx == ExprContext::Del ? Symbol::kAssigned | Symbol::kDeleted : Symbol::kAssigned);
        }
        break;
      }
      case NodeKind::List:
        visit(node->as<List>()->elts);
        break;
      case NodeKind::Tuple:
        visit(node->as<Tuple>()->elts);
        break;
      case NodeKind::Slice:
        visit(node->as<Slice>()->lower);
        visit(node->as<Slice>()->upper);
        visit(node->as<Slice>()->step);
        break;
      default:
        break;
    }
  }

  // ---- Second pass: where does each name live?

  // The function scope that binds `name` for an inner scope of `scope`; marks cells and the frees between.
  bool find_in_enclosing(Scope* scope, std::string_view name) {
    for (Scope* s = scope->parent; s; s = s->parent) {
      if (s->kind == ScopeKind::Class) {
        if (name == "__class__") {
          s->needs_class_cell = true;
          return true;
        }
        continue;
      }
      if (s->kind == ScopeKind::Module) return false;
      Symbol* found = s->find(name);
      if (!found) continue;
      if (found->flags & Symbol::kGlobal) return false;
      if (found->kind == NameKind::Free) return true;
      if (found->bound() && !(found->flags & Symbol::kNonlocal)) {
        found->kind = NameKind::Cell;
        return true;
      }
    }
    return false;
  }

  void mark_free_between(Scope* scope, std::string_view name) {
    for (Scope* s = scope->parent; s; s = s->parent) {
      if (s->kind == ScopeKind::Class && name == "__class__") return;
      Symbol* found = s->find(name);
      if (s->kind == ScopeKind::Function && found && (found->kind == NameKind::Cell)) return;
      if (s->kind == ScopeKind::Function && found && found->kind == NameKind::Free) continue;
      auto [it, inserted] = s->symbols.try_emplace(name);
      if (inserted) s->order.push_back(name);
      if (s->kind == ScopeKind::Class && !inserted && it->second.kind != NameKind::Free) {
        // The class binds the name itself and passes the outer cell through to its methods.
        it->second.flags |= Symbol::kFreeInClass;
        continue;
      }
      it->second.kind = NameKind::Free;
    }
  }

  void resolve(Scope* scope) {
    for (std::string_view name : std::vector<std::string_view>(scope->order)) {
      Symbol& s = scope->symbols[name];
      if (s.kind == NameKind::Cell || (s.kind == NameKind::Free && s.flags == 0)) continue;
      if (s.flags & Symbol::kGlobal) {
        s.kind = NameKind::GlobalExplicit;
        continue;
      }
      if (s.flags & Symbol::kNonlocal) {
        if (!find_in_enclosing(scope, name)) {
          fail(s.where, fmt::format("no binding for nonlocal '{}' found", name));
          return;
        }
        scope->symbols[name].kind = NameKind::Free;
        mark_free_between(scope, name);
        continue;
      }
      if (s.bound()) {
        s.kind = NameKind::Local;
        continue;
      }
      if (scope->parent && find_in_enclosing(scope, name)) {
        scope->symbols[name].kind = NameKind::Free;
        mark_free_between(scope, name);
      } else {
        scope->symbols[name].kind = NameKind::GlobalImplicit;
      }
    }
    for (auto& child : scope->children) resolve(child.get());
  }
};

}  // namespace

std::string_view mangle_name(ScopeTree& tree, std::string_view class_name, std::string_view name) {
  if (class_name.empty() || name.size() < 3 || name.substr(0, 2) != "__" || name.substr(name.size() - 2) == "__" ||
      name.find('.') != name.npos) {
    return name;
  }
  const size_t start = class_name.find_first_not_of('_');
  if (start == class_name.npos) return name;
  tree.mangled.push_back(
      std::make_unique<std::string>("_" + std::string(class_name.substr(start)) + std::string(name)));
  return *tree.mangled.back();
}

std::unique_ptr<ScopeTree> analyze_scopes(ast::Mod* module, bool future_annotations) {
  auto tree = std::make_unique<ScopeTree>();
  tree->ok = Analyzer(*tree, future_annotations).run(module);
  return tree;
}

}  // namespace hiss
