// Functions, lambdas, classes and comprehensions: code objects inside code objects.
#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

void Compiler::begin_function(syntax::Arguments* args) {
  Unit& u = *unit_;
  u.posonlyargcount = args->posonlyargs.size;
  u.argcount = args->posonlyargs.size + args->args.size;
  u.kwonlyargcount = args->kwonlyargs.size;
}

Ref Compiler::docstring(Seq<Stmt*> statements) {
  if (statements.size == 0 || !statements[0]->is<ExprStmt>()) return Ref();
  Expr* e = statements[0]->as<ExprStmt>()->value;
  if (!e->is<Constant>() || e->as<Constant>()->constant_kind != ConstantKind::Str) return Ref();
  if (options_.optimize >= 2) return Ref();
  return make_str(e->as<Constant>()->text);
}

void Compiler::annotation_value(Expr* e, Register dst) {
  if (options_.future_annotations) {
    at(e);
    load_constant(dst, make_str(unparse(e)));
  } else if (e->is<Starred>()) {
    // *args: *Ts is unpacked to its single item.
    const Register m = mark();
    const Operand v = expression(e->as<Starred>()->value);
    emit(Op::Unpack, v.temporary ? kDyingB : 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(v.reg), 1);
    free_to(m);
  } else {
    expression_to(e, dst);
  }
}

bool Compiler::annotations(syntax::Arguments* args, Expr* returns, Register dst) {
  std::vector<std::pair<std::string_view, Expr*>> list;
  for (auto group : {&args->posonlyargs, &args->args}) {
    for (Arg* a : *group) {
      if (a->annotation) list.emplace_back(mangle(a->arg), a->annotation);
    }
  }
  if (args->vararg && args->vararg->annotation) list.emplace_back(mangle(args->vararg->arg), args->vararg->annotation);
  for (Arg* a : args->kwonlyargs) {
    if (a->annotation) list.emplace_back(mangle(a->arg), a->annotation);
  }
  if (args->kwarg && args->kwarg->annotation) list.emplace_back(mangle(args->kwarg->arg), args->kwarg->annotation);
  if (returns) list.emplace_back("return", returns);
  if (list.empty()) return false;
  const Register m = mark();
  const Register first = mark();
  for (auto [key, value] : list) {
    const Register k = temporary();
    load_constant(k, Ref::share(intern(key)));
    annotation_value(value, temporary());
  }
  emit(Op::BuildDict, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(first), static_cast<uint32_t>(list.size()));
  free_to(m);
  return true;
}

// The cell of a variable that an inner scope uses.
void Compiler::load_cell(Register dst, std::string_view n) {
  if (auto it = unit_->free_index.find(n); it != unit_->free_index.end()) {
    emit(Op::LoadClosureCell, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(it->second), 0);
  } else {
    emit(Op::Move, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(unit_->registers.at(n)), 0);
  }
}

// The function object from its code: defaults, annotations, and the cells that it closes over.
void Compiler::make_function(Register dst, Ref code, Unit& inner, syntax::Arguments* args, Expr* returns) {
  const Register m = mark();
  const Register target = is_temporary(dst) ? dst : temporary();
  Register fields[4] = {-1, -1, -1, -1};
  if (args) {
    if (args->defaults.size) {
      fields[0] = temporary();
      Ref folded;
      bool all_constant = true;
      std::vector<Ref> values;
      for (Expr* e : args->defaults) {
        all_constant = all_constant && constant_of(e, folded);
        if (all_constant) values.push_back(folded);
      }
      if (all_constant) {
        std::vector<Value> items(values.begin(), values.end());
        load_constant(fields[0], make_tuple(items.data(), static_cast<int64_t>(items.size())));
      } else {
        sequence(args->defaults, Op::BuildTuple, fields[0]);
      }
    }
    int count = 0;
    const Register pairs_mark = mark();
    Register dict_register = -1;
    for (int32_t i = 0; i < args->kw_defaults.size; ++i) {
      if (!args->kw_defaults[i]) continue;
      if (dict_register < 0) dict_register = temporary();
      load_constant(temporary(), Ref::share(intern(mangle(args->kwonlyargs[i]->arg))));
      expression_to(args->kw_defaults[i], temporary());
      ++count;
    }
    if (count) {
      emit(Op::BuildDict, 0, static_cast<uint32_t>(dict_register), static_cast<uint32_t>(dict_register + 1),
           static_cast<uint32_t>(count));
      free_to(pairs_mark + 1);
      fields[1] = dict_register;
    }
    const Register annotation_register = temporary();
    if (annotations(args, returns, annotation_register)) {
      fields[2] = annotation_register;
    } else {
      free_to(annotation_register);
    }
  }
  if (!inner.frees.empty()) {
    fields[3] = temporary();
    const Register first = mark();
    for (std::string_view n : inner.frees) load_cell(temporary(), n);
    emit(Op::BuildTuple, 0, static_cast<uint32_t>(fields[3]), static_cast<uint32_t>(first),
         static_cast<uint32_t>(inner.frees.size()));
    free_to(first);
  }
  emit_wide(Op::MakeFunction, static_cast<uint32_t>(target), constant(std::move(code)));
  for (int i = 0; i < 4; ++i) {
    if (fields[i] >= 0)
      emit(Op::SetFunctionField, 0, static_cast<uint32_t>(target), static_cast<uint32_t>(fields[i]),
           static_cast<uint32_t>(i));
  }
  if (target != dst) emit(Op::MoveTake, 0, static_cast<uint32_t>(dst), static_cast<uint32_t>(target), 0);
  free_to(m);
}

void Compiler::function_def(Stmt* node, std::string_view fname, syntax::Arguments* args, Seq<Stmt*> statements,
                            Seq<Expr*> decorators, Expr* returns, bool) {
  check_parameters(args, node);
  if (failed_) return;
  const Register m = mark();
  std::vector<Register> callees;
  for (Expr* d : decorators) {
    const Register t = temporary();
    expression_to(d, t);
    callees.push_back(t);
  }
  at(node);
  const Position def_position = unit_->position;
  push_unit(UnitKind::Function, node, std::string(fname));
  if (decorators.size) unit_->first_line = decorators[0]->lineno;
  begin_function(args);
  Ref doc = docstring(statements);
  unit_->constants.push_back(doc.is_empty() ? Ref::none() : doc);
  unit_->constant_index[constant_key(unit_->constants.back())] = 0;
  body(statements);
  Unit& inner = *unit_;
  Ref code = finish_unit();
  if (failed_) return;
  unit_->position = def_position;
  const Register function = temporary();
  make_function(function, std::move(code), inner, args, returns);
  Register result = function;
  for (size_t i = callees.size(); i-- > 0;) {
    at(decorators[static_cast<int32_t>(i)]);
    // callee and argument must lie side by side: callees[i] + 1 is free by now or holds the argument.
    if (result != callees[i] + 1)
      emit(Op::MoveTake, 0, static_cast<uint32_t>(callees[i] + 1), static_cast<uint32_t>(result), 0);
    emit(Op::Call, 0, static_cast<uint32_t>(callees[i]), 1, static_cast<uint32_t>(callees[i]));
    result = callees[i];
  }
  unit_->position = def_position;
  store_name(fname, {result, true});
  free_to(m);
}

void Compiler::lambda(Lambda* e, Register dst) {
  check_parameters(e->args, e);
  if (failed_) return;
  push_unit(UnitKind::Lambda, e, "<lambda>");
  begin_function(e->args);
  unit_->constants.push_back(Ref::none());
  unit_->constant_index[constant_key(Value::none())] = 0;
  const Register m = mark();
  const Operand value = expression(e->body);
  at(e->body);
  emit_return(value.reg);
  free_to(m);
  unit_->unreachable = true;
  Unit& inner = *unit_;
  Ref code = finish_unit();
  if (failed_) return;
  at(e);
  make_function(dst, std::move(code), inner, e->args, nullptr);
}

void Compiler::class_def(ClassDef* s) {
  const Register m = mark();
  std::vector<Register> callees;
  for (Expr* d : s->decorator_list) {
    const Register t = temporary();
    expression_to(d, t);
    callees.push_back(t);
  }
  at(s);
  const Position def_position = unit_->position;
  push_unit(UnitKind::Class, s, std::string(s->name));
  if (s->decorator_list.size) unit_->first_line = s->decorator_list[0]->lineno;
  {
    const Register t = temporary();
    emit_wide(Op::LoadName, static_cast<uint32_t>(t), name("__name__"));
    emit_wide(Op::StoreName, static_cast<uint32_t>(t), name("__module__"));
    release(t);
    load_constant(t, make_str(unit_->qualname));
    emit_wide(Op::StoreName, static_cast<uint32_t>(t), name("__qualname__"));
    release(t);
    bool annotated = false;
    auto has_annotation = [&](auto&& self, Seq<Stmt*> list) -> void {
      for (Stmt* x : list) {
        if (x->is<AnnAssign>()) annotated = true;
        if (x->is<If>()) self(self, x->as<If>()->body), self(self, x->as<If>()->orelse);
        if (x->is<For>()) self(self, x->as<For>()->body), self(self, x->as<For>()->orelse);
        if (x->is<While>()) self(self, x->as<While>()->body), self(self, x->as<While>()->orelse);
        if (x->is<With>()) self(self, x->as<With>()->body);
        if (x->is<Try>()) {
          self(self, x->as<Try>()->body), self(self, x->as<Try>()->orelse), self(self, x->as<Try>()->finalbody);
          for (ExceptHandler* h : x->as<Try>()->handlers) self(self, h->body);
        }
      }
    };
    has_annotation(has_annotation, s->body);
    if (annotated) emit(Op::SetupAnnotations, 0, 0, 0, 0);
    Ref doc = docstring(s->body);
    if (!doc.is_empty()) {
      load_constant(t, doc);
      emit_wide(Op::StoreName, static_cast<uint32_t>(t), name("__doc__"));
      release(t);
    }
    free_to(t);
  }
  body(s->body);
  {
    const Register t = temporary();
    if (unit_->scope->needs_class_cell) {
      const auto cell = static_cast<uint32_t>(unit_->registers.at("__class__"));
      emit(Op::Move, 0, static_cast<uint32_t>(t), cell, 0);
      const Register again = temporary();
      emit(Op::Move, 0, static_cast<uint32_t>(again), cell, 0);
      emit_wide(Op::StoreName, static_cast<uint32_t>(again), name("__classcell__"));
      release(again);
      emit_return(t);
    } else {
      emit_return();
    }
    unit_->unreachable = true;
  }
  Unit& inner = *unit_;
  Ref code = finish_unit();
  if (failed_) return;
  unit_->position = def_position;
  const Register callee = temporary();
  emit(Op::LoadBuildClass, 0, static_cast<uint32_t>(callee), 0, 0);
  bool unpacked = false;
  for (Expr* b : s->bases) unpacked |= b->is<Starred>();
  for (Keyword* k : s->keywords) unpacked |= k->arg.data() == nullptr;
  check_keywords(s->keywords, s);
  if (failed_) return;
  if (!unpacked) {
    make_function(temporary(), std::move(code), inner, nullptr, nullptr);
    load_constant(temporary(), make_str(s->name));
    for (Expr* b : s->bases) {
      const Register t = temporary();
      expression_to(b, t);
    }
    std::vector<Value> keyword_names;
    for (Keyword* k : s->keywords) {
      const Register t = temporary();
      expression_to(k->value, t);
      keyword_names.push_back(to_value(intern(k->arg)));
    }
    unit_->position = def_position;
    const auto count = static_cast<uint32_t>(2 + s->bases.size);
    if (keyword_names.empty()) {
      emit(Op::Call, 0, static_cast<uint32_t>(callee), count, static_cast<uint32_t>(callee));
    } else {
      const int index = constant(make_tuple(keyword_names.data(), static_cast<int64_t>(keyword_names.size())));
      const int at_instruction =
          emit(Op::CallKeywords, 0, static_cast<uint32_t>(callee), count, static_cast<uint32_t>(callee));
      unit_->instructions[static_cast<size_t>(at_instruction) + 1].word = static_cast<uint64_t>(index);
    }
  } else {
    const Register args = temporaries(2);
    const Register list = temporary();
    const Register first = temporaries(2);
    make_function(first, std::move(code), inner, nullptr, nullptr);
    load_constant(first + 1, make_str(s->name));
    emit(Op::BuildList, 0, static_cast<uint32_t>(list), static_cast<uint32_t>(first), 2);
    free_to(first);
    for (Expr* b : s->bases) {
      const Register inner_mark = mark();
      const bool star = b->is<Starred>();
      const Operand value = expression(star ? b->as<Starred>()->value : b);
      emit(star ? Op::ListExtend : Op::ListAppend, value.temporary ? kDyingB : 0, static_cast<uint32_t>(list),
           static_cast<uint32_t>(value.reg), 0);
      free_to(inner_mark);
    }
    emit(Op::ListToTuple, 0, static_cast<uint32_t>(args), static_cast<uint32_t>(list), 0);
    release(list);
    if (s->keywords.size) {
      emit(Op::BuildDict, 0, static_cast<uint32_t>(args + 1), static_cast<uint32_t>(mark()), 0);
      for (Keyword* k : s->keywords) {
        const Register inner_mark = mark();
        if (k->arg.data()) {
          const Register pair = temporaries(2);
          load_constant(pair, Ref::share(intern(k->arg)));
          expression_to(k->value, pair + 1);
          emit(Op::DictAdd, kDyingB | kDyingC, static_cast<uint32_t>(args + 1), static_cast<uint32_t>(pair),
               static_cast<uint32_t>(pair + 1));
        } else {
          const Operand mapping = expression(k->value);
          emit(Op::DictMerge, mapping.temporary ? kDyingB : 0, static_cast<uint32_t>(args + 1),
               static_cast<uint32_t>(mapping.reg), static_cast<uint32_t>(callee));
        }
        free_to(inner_mark);
      }
    }
    unit_->position = def_position;
    emit(Op::CallUnpacked, 0, static_cast<uint32_t>(callee), s->keywords.size ? 1 : 0, static_cast<uint32_t>(callee));
  }
  Register result = callee;
  for (size_t i = callees.size(); i-- > 0;) {
    at(s->decorator_list[static_cast<int32_t>(i)]);
    if (result != callees[i] + 1)
      emit(Op::MoveTake, 0, static_cast<uint32_t>(callees[i] + 1), static_cast<uint32_t>(result), 0);
    emit(Op::Call, 0, static_cast<uint32_t>(callees[i]), 1, static_cast<uint32_t>(callees[i]));
    result = callees[i];
  }
  unit_->position = def_position;
  store_name(s->name, {result, true});
  free_to(m);
}

// Comprehensions and generator expressions are called once, where they are written, and need no function object. The
// coroutine of an asynchronous comprehension is made by a function.
bool Compiler::is_called_in_place(const Unit& u) {
  return u.kind == UnitKind::Comprehension && (u.scope->generator_expression || !u.scope->is_coroutine);
}

void Compiler::comprehension(Expr* e, Seq<Comprehension*> generators, Register dst) {
  const bool generator = e->is<GeneratorExp>();
  const char* title = generator           ? "<genexpr>"
                      : e->is<ListComp>() ? "<listcomp>"
                      : e->is<SetComp>()  ? "<setcomp>"
                                          : "<dictcomp>";
  const bool outer_async_ok = in_async_function() || unit_->scope->comprehension ||
                              (unit_->kind == UnitKind::Module && options_.top_level_await);
  push_unit(UnitKind::Comprehension, e, title);
  const bool is_async = unit_->scope->is_coroutine;
  unit_->argcount = 1;
  if (is_async && !generator && !outer_async_ok) {
    fail(e, "asynchronous comprehension outside of an asynchronous function");
    return;
  }
  Register collection = -1;
  if (!generator) {
    collection = temporary();
    const Op build = e->is<ListComp>() ? Op::BuildList : e->is<SetComp>() ? Op::BuildSet : Op::BuildDict;
    emit(build, 0, static_cast<uint32_t>(collection), static_cast<uint32_t>(mark()), 0);
  }
  comprehension_level(e, generators, 0, collection);
  at(e);
  if (generator) {
    emit_return();
  } else {
    emit_return(collection);
  }
  unit_->unreachable = true;
  Unit& inner = *unit_;
  Ref code = finish_unit();
  if (failed_) return;
  at(e);
  const Register m = mark();
  auto iterator = [&](Register argument) {
    expression_to(generators[0]->iter, argument);
    at(generators[0]->iter);
    emit(generators[0]->is_async ? Op::GetAiter : Op::GetIter, 0, static_cast<uint32_t>(argument),
         static_cast<uint32_t>(argument), 0);
    at(e);
  };
  // The instruction has 16 bits for the constant; in a function with more of them, a function object is called.
  if (const int index = constant(code); is_called_in_place(inner) && index <= UINT16_MAX) {
    const Register window = temporary();
    iterator(window);
    if (!inner.frees.empty()) {
      temporaries(inner.closure_register - 1 + static_cast<int>(inner.frees.size()));
      Register cell = window + inner.closure_register;
      for (std::string_view n : inner.frees) load_cell(cell++, n);
    }
    emit(Op::CallComprehension, 0, static_cast<uint32_t>(window), static_cast<uint32_t>(index),
         static_cast<uint32_t>(dst));
    free_to(m);
    return;
  }
  const Register callee = temporaries(2);
  make_function(callee, std::move(code), inner, nullptr, nullptr);
  iterator(callee + 1);
  emit(Op::Call, 0, static_cast<uint32_t>(callee), 1, static_cast<uint32_t>(is_async && !generator ? callee : dst));
  if (is_async && !generator) await_value(dst, callee, 0);
  free_to(m);
}

void Compiler::comprehension_level(Expr* e, Seq<Comprehension*> generators, int32_t level, Register collection) {
  if (failed_) return;
  if (level == generators.size) {
    const Register m = mark();
    switch (e->kind) {
      case NodeKind::ListComp:
      case NodeKind::SetComp: {
        Expr* element = e->is<ListComp>() ? e->as<ListComp>()->elt : e->as<SetComp>()->elt;
        const Operand v = expression(element);
        at(element);
        emit(e->is<ListComp>() ? Op::ListAppend : Op::SetAdd, v.temporary ? kDyingB : 0,
             static_cast<uint32_t>(collection), static_cast<uint32_t>(v.reg), 0);
        break;
      }
      case NodeKind::DictComp: {
        auto* d = e->as<DictComp>();
        const Operand key = left_operand(d->key, d->value, -1);
        const Operand value = expression(d->value);
        at(d->key);
        const uint8_t flags = dying(key, value);
        emit(Op::DictAdd, flags, static_cast<uint32_t>(collection), static_cast<uint32_t>(key.reg),
             static_cast<uint32_t>(value.reg));
        break;
      }
      default: {
        const Register t = temporary();
        expression_to(e->as<GeneratorExp>()->elt, t);
        at(e->as<GeneratorExp>()->elt);
        const bool async = unit_->scope->is_coroutine;
        emit(Op::Yield, static_cast<uint8_t>(kDyingB | (async ? kInvert : 0)), static_cast<uint32_t>(t),
             static_cast<uint32_t>(t), 0);
        release(t);
        break;
      }
    }
    free_to(m);
    return;
  }
  Comprehension* g = generators[level];
  Label top, next, end, except;
  const Register m = mark();
  // The first iterator is the argument, `.0`.
  const Register iterator = level == 0 ? 0 : temporary();
  const Register inside = mark();
  const bool async = g->is_async != 0;
  if (level != 0) {
    expression_to(g->iter, iterator);
    at(g->iter);
    emit(async ? Op::GetAiter : Op::GetIter, 0, static_cast<uint32_t>(iterator), static_cast<uint32_t>(iterator), 0);
  }
  const auto before = unit_->assigned;
  bind(top);
  at(g->target);
  int start = 0, stop = 0;
  if (async) {
    start = here();
    const Register item = temporary();
    emit(Op::GetAnext, 0, static_cast<uint32_t>(item), static_cast<uint32_t>(iterator), 0);
    const Register receiver = temporary();
    emit(Op::MoveTake, 0, static_cast<uint32_t>(receiver), static_cast<uint32_t>(item), 0);
    yield_from(item, receiver, true);
    stop = here();
    store(g->target, {item, true});
  } else {
    const Register local = g->target->is<Name>() ? local_register(mangle(g->target->as<Name>()->id)) : -1;
    const Register item = local >= 0 ? local : temporary();
    emit(Op::ForIter, 0, static_cast<uint32_t>(item), static_cast<uint32_t>(iterator), 0);
    jump(Op::Jump, 0, end);
    if (local >= 0) {
      unit_->assigned[static_cast<size_t>(local)] = true;
    } else {
      store(g->target, {item, true});
    }
  }
  free_to(inside);
  for (Expr* condition : g->ifs) jump_if(condition, false, next);
  comprehension_level(e, generators, level + 1, collection);
  bind(next);
  at(e);
  jump(Op::JumpBack, 0, top);
  if (async) {
    bind(except);
    const Register exception = temporary();
    unit_->exceptions.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(stop),
                                 static_cast<uint32_t>(except.position), static_cast<uint32_t>(exception)});
    emit(Op::EndAsyncFor, 0, static_cast<uint32_t>(exception), 0, 0);
  }
  bind(end);
  unit_->assigned = before;
  if (level != 0) release(iterator);
  free_to(m);
}

}  // namespace hiss
