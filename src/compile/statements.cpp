// Statements, assignment targets, and the control flow that has to leave blocks properly.
#include <fmt/core.h>

#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

Op binary_instruction(Operator op);

namespace {

std::vector<bool> both(const std::vector<bool>& a, const std::vector<bool>& b) {
  std::vector<bool> out(a.size());
  for (size_t i = 0; i < a.size(); ++i) out[i] = a[i] && b[i];
  return out;
}

}  // namespace

// ---- Targets

void Compiler::store(Expr* target, Operand value) {
  at(target);
  switch (target->kind) {
    case NodeKind::Name:
      store_name(target->as<Name>()->id, value);
      return;
    case NodeKind::Attribute: {
      auto* a = target->as<Attribute>();
      if (!check_target_name(target, a->attr, false)) return;
      const Register m = mark();
      const Operand object = expression(a->value);
      at_attribute(a);
      const auto flags = static_cast<uint8_t>(value.temporary ? kDyingB : 0);
      emit(Op::StoreAttr, flags, static_cast<uint32_t>(object.reg), static_cast<uint32_t>(value.reg),
           static_cast<uint32_t>(name(mangle(a->attr))));
      drop(object);
      free_to(m);
      return;
    }
    case NodeKind::Subscript: {
      auto* s = target->as<Subscript>();
      const Register m = mark();
      const Operand container = left_operand(s->value, s->slice, -1);
      if (s->slice->is<syntax::Slice>()) {
        const Register first = slice_bounds(s->slice->as<syntax::Slice>());
        at(target);
        emit(Op::SetSlice, value.temporary ? kDyingC : 0, static_cast<uint32_t>(container.reg),
             static_cast<uint32_t>(first), static_cast<uint32_t>(value.reg));
        drop(container);
        free_to(m);
        return;
      }
      Operand key;
      subscript_key(s->slice, key);
      at(target);
      emit(Op::SetItem, dying(key, value), static_cast<uint32_t>(container.reg), static_cast<uint32_t>(key.reg),
           static_cast<uint32_t>(value.reg));
      drop(container);
      free_to(m);
      return;
    }
    case NodeKind::Tuple:
      unpack(target->as<syntax::Tuple>()->elts, value, target);
      return;
    case NodeKind::List:
      unpack(target->as<syntax::List>()->elts, value, target);
      return;
    case NodeKind::Starred:
      fail(target, "starred assignment target must be in a list or tuple");
      return;
    default:
      fail(target, "cannot assign to this expression");
      return;
  }
}

void Compiler::unpack(Seq<Expr*> targets, Operand value, const Node* node) {
  int star = -1;
  for (int32_t i = 0; i < targets.size; ++i) {
    if (!targets[i]->is<Starred>()) continue;
    if (star >= 0) return static_cast<void>(fail(node, "multiple starred expressions in assignment"));
    star = i;
  }
  const Register m = mark();
  const Register first = temporaries(targets.size);
  at(node);
  if (star >= 0) {
    const int after = targets.size - star - 1;
    if (star > 255 || after > 255)
      return static_cast<void>(fail(node, "too many expressions in star-unpacking assignment"));
    emit(Op::UnpackStar, value.temporary ? kDyingB : 0, static_cast<uint32_t>(first), static_cast<uint32_t>(value.reg),
         static_cast<uint32_t>(star | after << 8));
  } else {
    emit(Op::Unpack, value.temporary ? kDyingB : 0, static_cast<uint32_t>(first), static_cast<uint32_t>(value.reg),
         static_cast<uint32_t>(targets.size));
  }
  for (int32_t i = 0; i < targets.size; ++i) {
    Expr* t = targets[i]->is<Starred>() ? targets[i]->as<Starred>()->value : targets[i];
    store(t, {first + i, true});
  }
  free_to(m);
}

namespace {

// The elements of a tuple or list display, or of such a target; null when it is neither or has a starred element.
const Seq<Expr*>* plain_elements(const Expr* e) {
  const Seq<Expr*>* elements = e->is<syntax::Tuple>()  ? &e->as<syntax::Tuple>()->elts
                               : e->is<syntax::List>() ? &e->as<syntax::List>()->elts
                                                       : nullptr;
  if (!elements) return nullptr;
  for (const Expr* element : *elements) {
    if (element->is<Starred>()) return nullptr;
  }
  return elements;
}

}  // namespace

// a, b = b, a: all values are computed, then stored. Nobody could see the tuple, so none is made.
bool Compiler::assign_in_parallel(Assign* s) {
  if (s->targets.size != 1) return false;
  const Seq<Expr*>* targets = plain_elements(s->targets[0]);
  const Seq<Expr*>* values = plain_elements(s->value);
  if (!targets || !values || targets->size != values->size || targets->size < 2 || targets->size > kMostInParallel)
    return false;
  const Register m = mark();
  const Register first = temporaries(targets->size);
  for (int32_t i = 0; i < values->size; ++i) expression_to((*values)[i], first + i);
  for (int32_t i = 0; i < targets->size; ++i) store((*targets)[i], {first + i, true});
  free_to(m);
  return true;
}

void Compiler::delete_target(Expr* target) {
  at(target);
  switch (target->kind) {
    case NodeKind::Name:
      delete_name(target->as<Name>()->id);
      return;
    case NodeKind::Attribute: {
      const Register m = mark();
      const Operand object = expression(target->as<Attribute>()->value);
      at_attribute(target->as<Attribute>());
      emit(Op::DeleteAttr, 0, static_cast<uint32_t>(object.reg), 0,
           static_cast<uint32_t>(name(mangle(target->as<Attribute>()->attr))));
      drop(object);
      free_to(m);
      return;
    }
    case NodeKind::Subscript: {
      auto* s = target->as<Subscript>();
      const Register m = mark();
      const Operand container = left_operand(s->value, s->slice, -1);
      Operand key;
      subscript_key(s->slice, key);
      at(target);
      emit(Op::DeleteItem, 0, static_cast<uint32_t>(container.reg), static_cast<uint32_t>(key.reg), 0);
      drop(key);
      drop(container);
      free_to(m);
      return;
    }
    case NodeKind::Tuple:
      for (Expr* e : target->as<syntax::Tuple>()->elts) delete_target(e);
      return;
    case NodeKind::List:
      for (Expr* e : target->as<syntax::List>()->elts) delete_target(e);
      return;
    default:
      fail(target, "cannot delete this expression");
      return;
  }
}

void Compiler::aug_assign(AugAssign* s) {
  const Op op = binary_instruction(s->op);
  const Register m = mark();
  switch (s->target->kind) {
    case NodeKind::Name: {
      const std::string_view id = s->target->as<Name>()->id;
      const Register local = local_register(mangle(id));
      if (local >= 0) {
        at(s->target);
        check_local(local);
        Ref folded;
        const Op k = op == Op::Add        ? Op::AddK
                     : op == Op::Subtract ? Op::SubtractK
                     : op == Op::Multiply ? Op::MultiplyK
                                          : op;
        if (k != op && constant_of(s->value, folded) && (folded.value().is_integer() || folded.value().is_number())) {
          at(s);
          emit(k, kInplace, static_cast<uint32_t>(local), static_cast<uint32_t>(local),
               static_cast<uint32_t>(constant(folded)));
        } else {
          const Operand value = expression(s->value);
          at(s);
          binary(op, local, {local, false}, value, kInplace);
        }
        unit_->assigned[static_cast<size_t>(local)] = true;
        break;
      }
      const Register t = temporary();
      at(s->target);
      load_name(t, id);
      const Operand value = expression(s->value);
      at(s);
      binary(op, t, {t, true}, value, kInplace);
      store_name(id, {t, true});
      break;
    }
    case NodeKind::Attribute: {
      auto* a = s->target->as<Attribute>();
      const Operand object = left_operand(a->value, s->value, -1);
      const auto attribute = static_cast<uint32_t>(name(mangle(a->attr)));
      const Register t = temporary();
      at_attribute(a);
      emit(Op::LoadAttr, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(object.reg), attribute);
      const Operand value = expression(s->value);
      at(s);
      binary(op, t, {t, true}, value, kInplace);
      at_attribute(a);
      emit(Op::StoreAttr, kDyingB, static_cast<uint32_t>(object.reg), static_cast<uint32_t>(t), attribute);
      drop(object);
      break;
    }
    case NodeKind::Subscript: {
      auto* sub = s->target->as<Subscript>();
      // A local may be used where it lies: without a walrus nothing in between can bind it anew.
      Operand container = left_operand(sub->value, sub->slice, -1);
      if (!container.temporary && unit_->scope->has_walrus) {
        const Register copy = temporary();
        emit(Op::Move, 0, static_cast<uint32_t>(copy), static_cast<uint32_t>(container.reg), 0);
        container = {copy, true};
      }
      Operand key;
      subscript_key(sub->slice, key);
      if (!key.temporary && unit_->scope->has_walrus) {
        const Register copy = temporary();
        emit(Op::Move, 0, static_cast<uint32_t>(copy), static_cast<uint32_t>(key.reg), 0);
        key = {copy, true};
      }
      const Register t = temporary();
      at(sub);
      emit(Op::GetItem, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(container.reg),
           static_cast<uint32_t>(key.reg));
      const Operand value = expression(s->value);
      at(s);
      binary(op, t, {t, true}, value, kInplace);
      at(sub);
      emit(Op::SetItem, dying(key, {t, true}), static_cast<uint32_t>(container.reg), static_cast<uint32_t>(key.reg),
           static_cast<uint32_t>(t));
      drop(container);
      break;
    }
    default:
      fail(s->target, "illegal target for augmented assignment");
      break;
  }
  free_to(m);
}

void Compiler::ann_assign(AnnAssign* s) {
  const Register m = mark();
  if (s->value) {
    const Operand value = expression(s->value);
    store(s->target, value);
    free_to(m);
  }
  const bool in_function = unit_->scope->kind == ScopeKind::Function;
  if (s->target->is<Name>()) {
    if (!check_target_name(s->target, s->target->as<Name>()->id, false)) return;
    if (s->simple && !in_function) {
      const Register annotation = temporary();
      annotation_value(s->annotation, annotation);
      const Register dict = temporary();
      at(s);
      emit_wide(Op::LoadName, static_cast<uint32_t>(dict), name("__annotations__"));
      const Register key = temporary();
      load_constant(key, Ref::share(intern(mangle(s->target->as<Name>()->id))));
      emit(Op::SetItem, 0, static_cast<uint32_t>(dict), static_cast<uint32_t>(key), static_cast<uint32_t>(annotation));
      release(key);
      release(dict);
      release(annotation);
    }
  } else if (s->target->is<Attribute>() && !check_target_name(s->target, s->target->as<Attribute>()->attr, false)) {
    return;
  } else if (!s->value) {
    // The parts of the target are evaluated, nothing is stored.
    if (s->target->is<Attribute>()) {
      discard(s->target->as<Attribute>()->value);
    } else if (s->target->is<Subscript>()) {
      discard(s->target->as<Subscript>()->value);
      Operand key;
      subscript_key(s->target->as<Subscript>()->slice, key);
      drop(key);
    }
  }
  if (!s->simple && !in_function && !options_.future_annotations) discard(s->annotation);
  free_to(m);
}

// ---- Leaving blocks

void Compiler::close_range(Block& b) {
  if (b.range_start < here()) b.ranges.emplace_back(b.range_start, here());
}

void Compiler::add_entries(const Block& b, Label& target, Register depth) {
  for (auto [start, end] : b.ranges) {
    unit_->exceptions.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(end),
                                 static_cast<uint32_t>(target.position), static_cast<uint32_t>(depth)});
  }
}

// Code in which r[depth] is the exception being handled: leaving it by an exception brings back what was handled
// before.
void Compiler::handled_range(int start, Register depth) {
  if (start < here())
    unit_->exceptions.push_back(
        {static_cast<uint32_t>(start), static_cast<uint32_t>(here()), UINT32_MAX, static_cast<uint32_t>(depth)});
}

void Compiler::exit_call(Register exit, bool async, const Node* node) {
  at(node);
  const Register m = mark();
  const Register callee = temporaries(4);
  emit(Op::MoveTake, 0, static_cast<uint32_t>(callee), static_cast<uint32_t>(exit), 0);
  for (int i = 1; i < 4; ++i) load_constant(callee + i, Ref::none());
  emit(Op::Call, 0, static_cast<uint32_t>(callee), 3, static_cast<uint32_t>(callee));
  if (async) await_value(callee, callee, 2);
  release(callee);
  free_to(m);
}

void Compiler::unwind_block(Block block) {
  switch (block.kind) {
    case Block::Loop:
      if (block.reg >= 0) release(block.reg);
      break;
    case Block::TryFinally:
      body(block.final_body);
      break;
    case Block::With:
    case Block::AsyncWith:
      exit_call(block.reg, block.kind == Block::AsyncWith, block.node);
      break;
    case Block::Handler:
    case Block::StarHandler:
    case Block::FinallyHandler:
      emit(Op::PopHandled, 0, static_cast<uint32_t>(block.reg), 0, 0);
      break;
    case Block::HandlerName: {
      const Register t = temporary();
      load_constant(t, Ref::none());
      store_name(block.name, {t, true});
      delete_name(block.name);
      free_to(t);
      break;
    }
  }
}

// While the inner blocks' exits are emitted they do not cover that code: their ranges are closed and opened again
// behind it.
void Compiler::unwind_blocks(size_t until) {
  std::vector<Block> saved = std::move(unit_->blocks);
  const Register m = mark();
  unit_->blocks.assign(saved.begin(), saved.end());
  std::vector<Block> removed;
  while (unit_->blocks.size() > until) {
    Block b = std::move(unit_->blocks.back());
    unit_->blocks.pop_back();
    close_range(b);
    unwind_block(b);
    removed.push_back(std::move(b));
  }
  // Outer blocks may have been split by nested finally bodies: keep their state.
  while (!removed.empty()) {
    Block b = std::move(removed.back());
    removed.pop_back();
    b.range_start = here();
    unit_->blocks.push_back(std::move(b));
  }
  free_to(m);
}

void Compiler::return_(Return* s) {
  if (unit_->scope->kind != ScopeKind::Function) return static_cast<void>(fail(s, "'return' outside function"));
  if (s->value && unit_->scope->is_coroutine && unit_->scope->is_generator) {
    return static_cast<void>(fail(s, "'return' with value in async generator"));
  }
  const Node* reported = s->value && s->value->is<Constant>() ? static_cast<Node*>(s->value) : s;
  if (leaves_star_handler(reported, 0)) return;
  const Register m = mark();
  bool must_unwind = false;
  for (const Block& b : unit_->blocks) must_unwind |= b.kind != Block::Loop;
  if (!s->value) {
    if (must_unwind) unwind_blocks(0);
    at(s);
    emit_return();
  } else if (!must_unwind) {
    const Operand value = expression(s->value);
    at(s);
    emit_return(value.reg);
  } else {
    const Register t = temporary();
    expression_to(s->value, t);
    unwind_blocks(0);
    at(s);
    emit_return(t);
  }
  free_to(m);
  unit_->unreachable = true;
}

void Compiler::break_or_continue(Stmt* s, bool is_break) {
  size_t loop = unit_->blocks.size();
  while (loop > 0 && unit_->blocks[loop - 1].kind != Block::Loop) --loop;
  if (leaves_star_handler(s, loop)) return;
  if (loop == 0)
    return static_cast<void>(fail(s, is_break ? "'break' outside loop" : "'continue' not properly in loop"));
  unwind_blocks(loop);
  at(s);
  Block& b = unit_->blocks[loop - 1];
  if (is_break) {
    jump(Op::Jump, 0, *b.break_label);
  } else {
    jump(Op::JumpBack, 0, *b.continue_label);
  }
}

// ---- Statements

void Compiler::body(Seq<Stmt*> statements) {
  for (Stmt* s : statements) {
    if (failed_) return;
    statement(s);
  }
}

void Compiler::if_(If* s) {
  Label otherwise, end;
  jump_if(s->test, false, otherwise);
  const auto before = unit_->assigned;
  body(s->body);
  if (s->orelse.size == 0) {
    bind(otherwise);
    unit_->assigned = both(before, unit_->assigned);
    return;
  }
  const auto after_body = unit_->assigned;
  jump(Op::Jump, 0, end);
  bind(otherwise);
  unit_->assigned = before;
  body(s->orelse);
  bind(end);
  unit_->assigned = both(after_body, unit_->assigned);
}

void Compiler::while_(While* s) {
  Label top, end, after, repeat;
  const auto before = unit_->assigned;
  jump_if(s->test, false, end);
  const auto after_test = unit_->assigned;
  bind(top);
  Block loop{Block::Loop};
  loop.break_label = &after;
  loop.continue_label = &repeat;
  unit_->blocks.push_back(loop);
  body(s->body);
  unit_->blocks.pop_back();
  bind(repeat);
  // The test stands again at the end of the body: one jump per turn. A trip through JumpBack lets signals in.
  Label out;
  unit_->assigned = before;
  jump_if(s->test, false, out);
  jump(Op::JumpBack, 0, top);
  bind(out);
  bind(end);
  unit_->assigned = after_test;
  unit_->assigned = both(before, after_test);
  body(s->orelse);
  unit_->assigned = both(before, unit_->assigned);
  bind(after);
}

void Compiler::for_(For* s) {
  Label top, end, after;
  const Register m = mark();
  const Register iterator = temporary();
  const Operand iterable = expression(s->iter);
  at(s->iter);
  emit(Op::GetIter, iterable.temporary ? kDyingB : 0, static_cast<uint32_t>(iterator),
       static_cast<uint32_t>(iterable.reg), 0);
  free_to(iterator + 1);
  const auto before = unit_->assigned;
  bind(top);
  const Register local = s->target->is<Name>() ? local_register(mangle(s->target->as<Name>()->id)) : -1;
  const Register item = local >= 0 ? local : temporary();
  at(s->target);
  emit(Op::ForIter, 0, static_cast<uint32_t>(item), static_cast<uint32_t>(iterator), 0);
  jump(Op::Jump, 0, end);
  if (local >= 0) {
    unit_->assigned[static_cast<size_t>(local)] = true;
  } else {
    store(s->target, {item, true});
  }
  free_to(iterator + 1);
  Block loop{Block::Loop};
  loop.break_label = &after;
  loop.continue_label = &top;
  loop.reg = iterator;
  unit_->blocks.push_back(loop);
  body(s->body);
  unit_->blocks.pop_back();
  at(s);
  jump(Op::JumpBack, 0, top);
  bind(end);
  unit_->assigned = before;
  if (s->orelse.size) {
    release(iterator);
    body(s->orelse);
    unit_->assigned = before;
    Label past;
    jump(Op::Jump, 0, past);
    bind(after);
    at(s);
    release(iterator);
    bind(past);
  } else {
    bind(after);
    at(s);
    release(iterator);
  }
  free_to(m);
}

void Compiler::async_for(AsyncFor* s) {
  if (!in_async_function() && !awaits_at_top_level())
    return static_cast<void>(fail(s, "'async for' outside async function"));
  Label top, after, except, end;
  const Register m = mark();
  const Register iterator = temporary();
  expression_to(s->iter, iterator);
  at(s->iter);
  emit(Op::GetAiter, 0, static_cast<uint32_t>(iterator), static_cast<uint32_t>(iterator), 0);
  const auto before = unit_->assigned;
  bind(top);
  const int start = here();
  const Register item = temporary();
  emit(Op::GetAnext, 0, static_cast<uint32_t>(item), static_cast<uint32_t>(iterator), 0);
  const Register receiver = temporary();
  emit(Op::MoveTake, 0, static_cast<uint32_t>(receiver), static_cast<uint32_t>(item), 0);
  yield_from(item, receiver, true);
  free_to(item + 1);
  const int stop = here();
  store(s->target, {item, true});
  free_to(iterator + 1);
  Block loop{Block::Loop};
  loop.break_label = &after;
  loop.continue_label = &top;
  loop.reg = iterator;
  unit_->blocks.push_back(loop);
  body(s->body);
  unit_->blocks.pop_back();
  jump(Op::JumpBack, 0, top);
  bind(except);
  at(s->iter);
  const Register exception = temporary();
  unit_->exceptions.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(stop),
                               static_cast<uint32_t>(except.position), static_cast<uint32_t>(exception)});
  emit(Op::EndAsyncFor, 0, static_cast<uint32_t>(exception), 0, 0);
  free_to(iterator + 1);
  release(iterator);
  unit_->assigned = before;
  body(s->orelse);
  unit_->assigned = before;
  jump(Op::Jump, 0, end);
  bind(after);
  release(iterator);
  bind(end);
  free_to(m);
}

void Compiler::raise(Raise* s) {
  const Register m = mark();
  Operand exception{0, false}, cause{0, false};
  uint8_t count = 0;
  if (s->exc) {
    exception = expression(s->exc);
    count = 1;
    if (s->cause) {
      cause = expression(s->cause);
      count = 2;
    }
  }
  at(s);
  emit(Op::Raise, count, static_cast<uint32_t>(exception.reg), static_cast<uint32_t>(cause.reg), 0);
  free_to(m);
  unit_->unreachable = true;
}

void Compiler::assert_(Assert* s) {
  if (options_.optimize >= 1) return;
  if (s->test->is<syntax::Tuple>() && s->test->as<syntax::Tuple>()->elts.size) {
    warn_syntax(s, "assertion is always true, perhaps remove parentheses?");
  }
  Label passed;
  jump_if(s->test, true, passed);
  const auto saved = unit_->assigned;
  const Register m = mark();
  const Register callee = temporary();
  at(s);
  emit(Op::LoadAssertionError, 0, static_cast<uint32_t>(callee), 0, 0);
  if (s->msg) {
    const Register argument = temporary();
    expression_to(s->msg, argument);
    at(s);
    emit(Op::Call, 0, static_cast<uint32_t>(callee), 1, static_cast<uint32_t>(callee));
  }
  at(s->test);
  emit(Op::Raise, 1, static_cast<uint32_t>(callee), 0, 0);
  free_to(m);
  bind(passed);
  unit_->assigned = saved;
}

void Compiler::import(Import* s) {
  for (Alias* a : s->names) {
    const Register m = mark();
    const Register t = temporary();
    const Register args = temporaries(2);
    load_constant(args, Ref::steal(Value::integer(0)));
    load_constant(args + 1, Ref::none());
    emit(Op::ImportName, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(args),
         static_cast<uint32_t>(name(a->name)));
    if (a->asname.data()) {
      // import a.b.c as m binds the last module.
      size_t dot = a->name.find('.');
      while (dot != std::string_view::npos) {
        const size_t next = a->name.find('.', dot + 1);
        const std::string_view part = a->name.substr(dot + 1, next == std::string_view::npos ? next : next - dot - 1);
        emit(Op::ImportFrom, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(t), static_cast<uint32_t>(name(part)));
        dot = next;
      }
      store_name(a->asname, {t, true});
    } else {
      store_name(a->name.substr(0, a->name.find('.')), {t, true});
    }
    free_to(m);
  }
}

void Compiler::import_from(ImportFrom* s) {
  const Register m = mark();
  const Register module = temporary();
  const Register args = temporaries(2);
  load_constant(args, Ref::steal(Value::integer(s->level)));
  std::vector<Value> names_list;
  for (Alias* a : s->names) names_list.push_back(to_value(intern(a->name)));
  load_constant(args + 1, make_tuple(names_list.data(), static_cast<int64_t>(names_list.size())));
  emit(Op::ImportName, 0, static_cast<uint32_t>(module), static_cast<uint32_t>(args),
       static_cast<uint32_t>(name(s->module.data() ? s->module : std::string_view(""))));
  for (Alias* a : s->names) {
    if (a->name == "*") {
      emit(Op::ImportStar, 0, static_cast<uint32_t>(module), 0, 0);
      continue;
    }
    const Register t = temporary();
    emit(Op::ImportFrom, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(module),
         static_cast<uint32_t>(name(a->name)));
    store_name(a->asname.data() ? a->asname : a->name, {t, true});
    free_to(t);
  }
  release(module);
  free_to(m);
}

void Compiler::statement(Stmt* s) {
  at(s);
  unit_->unreachable = false;
  switch (s->kind) {
    case NodeKind::FunctionDef: {
      auto* f = s->as<FunctionDef>();
      function_def(s, f->name, f->args, f->body, f->decorator_list, f->returns, false);
      break;
    }
    case NodeKind::AsyncFunctionDef: {
      auto* f = s->as<AsyncFunctionDef>();
      function_def(s, f->name, f->args, f->body, f->decorator_list, f->returns, true);
      break;
    }
    case NodeKind::ClassDef:
      class_def(s->as<ClassDef>());
      break;
    case NodeKind::Return:
      return_(s->as<Return>());
      break;
    case NodeKind::Delete:
      for (Expr* e : s->as<Delete>()->targets) delete_target(e);
      break;
    case NodeKind::Assign: {
      auto* a = s->as<Assign>();
      const Register m = mark();
      if (a->targets.size == 1 && a->targets[0]->is<Name>()) {
        const Register local = local_register(mangle(a->targets[0]->as<Name>()->id));
        if (local >= 0) {
          // The value is computed straight into the local's register when nothing on the way can see it half done.
          expression_to(a->value, local);
          unit_->assigned[static_cast<size_t>(local)] = true;
          break;
        }
      }
      if (assign_in_parallel(a)) break;
      const Operand value = expression(a->value);
      for (int32_t i = 0; i < a->targets.size; ++i)
        store(a->targets[i], {value.reg, value.temporary && i + 1 == a->targets.size});
      free_to(m);
      break;
    }
    case NodeKind::AugAssign:
      aug_assign(s->as<AugAssign>());
      break;
    case NodeKind::AnnAssign:
      ann_assign(s->as<AnnAssign>());
      break;
    case NodeKind::For:
      for_(s->as<For>());
      break;
    case NodeKind::AsyncFor:
      async_for(s->as<AsyncFor>());
      break;
    case NodeKind::While:
      while_(s->as<While>());
      break;
    case NodeKind::If:
      if_(s->as<If>());
      break;
    case NodeKind::With:
      with(s->as<With>(), 0);
      break;
    case NodeKind::AsyncWith:
      async_with(s->as<AsyncWith>(), 0);
      break;
    case NodeKind::Match:
      match(s->as<Match>());
      break;
    case NodeKind::Raise:
      raise(s->as<Raise>());
      break;
    case NodeKind::Try:
      try_(s->as<Try>());
      break;
    case NodeKind::TryStar:
      try_star(s->as<TryStar>());
      break;
    case NodeKind::Assert:
      assert_(s->as<Assert>());
      break;
    case NodeKind::Import:
      import(s->as<Import>());
      break;
    case NodeKind::ImportFrom:
      import_from(s->as<ImportFrom>());
      break;
    case NodeKind::ExprStmt:
      if (interactive_ && unit_->kind == UnitKind::Module) {
        const Register m = mark();
        const Operand value = expression(s->as<ExprStmt>()->value);
        emit(Op::PrintExpression, value.temporary ? kDyingB : 0, static_cast<uint32_t>(value.reg), 0, 0);
        drop(value);
        free_to(m);
      } else {
        discard(s->as<ExprStmt>()->value);
      }
      break;
    case NodeKind::Break:
      break_or_continue(s, true);
      break;
    case NodeKind::Continue:
      break_or_continue(s, false);
      break;
    default:
      break;  // pass, global, nonlocal
  }
}

}  // namespace hiss
