// try, except, finally, with: exception ranges and the code that handles them.
#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

void Compiler::try_(Try* s) {
  if (s->finalbody.size) return try_finally(s);
  try_except(s->body, s->handlers, s->orelse);
}

void Compiler::try_finally(Try* s) {
  Label handler, end;
  const Register depth = mark();
  const auto before = unit_->assigned;
  Block block{Block::TryFinally};
  block.final_body = s->finalbody;
  block.range_start = here();
  unit_->blocks.push_back(block);
  if (s->handlers.size) {
    try_except(s->body, s->handlers, s->orelse);
  } else {
    body(s->body);
  }
  block = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  close_range(block);
  const bool body_ends = unit_->unreachable;
  const auto after_body = unit_->assigned;
  bool final_ends = true;
  auto after_final = unit_->assigned;
  if (!body_ends) {
    body(s->finalbody);
    final_ends = unit_->unreachable;
    after_final = unit_->assigned;
    jump(Op::Jump, 0, end);
  }
  bind(handler);
  unit_->assigned = before;
  const Register exception = temporaries(2);
  emit(Op::PushHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  const int start = here();
  Block in_final{Block::FinallyHandler};
  in_final.reg = exception;
  in_final.range_start = start;
  unit_->blocks.push_back(in_final);
  body(s->finalbody);
  Block done = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  emit(Op::Reraise, 0, static_cast<uint32_t>(exception), 0, 0);
  // Code that leaves the finally body by return or break has popped the exception: only the rest is covered.
  close_range(done);
  for (auto [from, to] : done.ranges) {
    unit_->exceptions.push_back(
        {static_cast<uint32_t>(from), static_cast<uint32_t>(to), UINT32_MAX, static_cast<uint32_t>(exception)});
  }
  add_entries(block, handler, depth);
  bind(end);
  free_to(depth);
  unit_->assigned = after_final;
  unit_->unreachable = body_ends || final_ends;
  if (unit_->unreachable && !end.uses.empty()) unit_->unreachable = false;
}

void Compiler::try_except(Seq<Stmt*> try_body, Seq<ExceptHandler*> handlers, Seq<Stmt*> orelse) {
  Label handler, end;
  const Register depth = mark();
  const auto before = unit_->assigned;
  Block block{Block::TryFinally};  // closed and reopened like one, but with nothing to run
  block.range_start = here();
  unit_->blocks.push_back(block);
  body(try_body);
  block = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  close_range(block);
  if (!unit_->unreachable || orelse.size) body(orelse);
  const auto after_body = unit_->assigned;
  jump(Op::Jump, 0, end);
  bind(handler);
  unit_->assigned = before;
  const Register exception = temporaries(2);
  emit(Op::PushHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  std::vector<std::pair<int, int>> handled;
  int start = here();
  for (int32_t i = 0; i < handlers.size; ++i) {
    ExceptHandler* h = handlers[i];
    Label next;
    unit_->assigned = before;
    at(h);
    if (h->type) {
      const Register m = mark();
      const Register matches = temporary();
      const Operand type = expression(h->type);
      at(h->type);
      emit(Op::MatchException, type.temporary ? kDyingC : 0, static_cast<uint32_t>(matches),
           static_cast<uint32_t>(exception), static_cast<uint32_t>(type.reg));
      jump(Op::JumpIfFalse, static_cast<uint32_t>(matches), next, kDyingB);
      free_to(m);
    } else if (i + 1 < handlers.size) {
      fail(h, "default 'except:' must be last");
      return;
    }
    Block in_handler{Block::Handler};
    in_handler.reg = exception;
    in_handler.range_start = here();
    unit_->blocks.push_back(in_handler);
    if (h->name.data()) {
      store_name(h->name, {exception, false});
      Block named{Block::HandlerName};
      named.name = h->name;
      named.range_start = here();
      unit_->blocks.push_back(named);
      body(h->body);
      named = std::move(unit_->blocks.back());
      unit_->blocks.pop_back();
      close_range(named);
      const bool ends = unit_->unreachable;
      if (!ends) unwind_block(named);
      Label past, cleanup;
      if (!ends) jump(Op::Jump, 0, past);
      bind(cleanup);
      const Register raised = temporary();
      unwind_block(named);
      emit(Op::Reraise, 0, static_cast<uint32_t>(raised), 0, 0);
      add_entries(named, cleanup, raised);
      free_to(raised);
      bind(past);
      unit_->unreachable = ends;
    } else {
      body(h->body);
    }
    in_handler = std::move(unit_->blocks.back());
    unit_->blocks.pop_back();
    if (start < in_handler.range_start) handled.emplace_back(start, in_handler.range_start);
    close_range(in_handler);
    handled.insert(handled.end(), in_handler.ranges.begin(), in_handler.ranges.end());
    if (!unit_->unreachable) {
      emit(Op::PopHandled, 0, static_cast<uint32_t>(exception), 0, 0);
      jump(Op::Jump, 0, end);
    }
    start = here();
    bind(next);
  }
  const bool bare = handlers.size && !handlers[handlers.size - 1]->type;
  if (!bare) emit(Op::Reraise, 0, static_cast<uint32_t>(exception), 0, 0);
  if (start < here()) handled.emplace_back(start, here());
  for (auto [from, to] : handled) {
    unit_->exceptions.push_back(
        {static_cast<uint32_t>(from), static_cast<uint32_t>(to), UINT32_MAX, static_cast<uint32_t>(exception)});
  }
  add_entries(block, handler, depth);
  bind(end);
  free_to(depth);
  // A name is certain after the statement only if it was before, or the body assigned it and no handler falls through:
  // keep it simple.
  unit_->assigned = before;
  unit_->unreachable = false;
}

void Compiler::try_star(TryStar* s) { fail(s, "except* is not compiled by Hiss yet"); }

// with A as a, B as b: item by item, each inside the one before.
void Compiler::with(With* s, int32_t item) {
  if (item == s->items.size) return body(s->body);
  WithItem* w = s->items[item];
  Label handler, end, suppressed;
  const Register m = mark();
  const Register exit = temporary();
  const Register entered = temporary();
  const Operand manager = expression(w->context_expr);
  at(w->context_expr);
  emit(Op::BeforeWith, manager.temporary ? kDyingB : 0, static_cast<uint32_t>(exit), static_cast<uint32_t>(manager.reg),
       0);
  free_to(entered + 1);
  const auto before = unit_->assigned;
  Block block{Block::With};
  block.reg = exit;
  block.node = w->context_expr;
  block.range_start = here();
  unit_->blocks.push_back(block);
  if (w->optional_vars) {
    store(w->optional_vars, {entered, true});
  } else {
    release(entered);
  }
  free_to(exit + 1);
  with(s, item + 1);
  block = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  close_range(block);
  const bool ends = unit_->unreachable;
  const auto after_body = unit_->assigned;
  if (!ends) {
    exit_call(exit, false, w->context_expr);
    jump(Op::Jump, 0, end);
  }
  bind(handler);
  const Register exception = temporaries(2);
  at(w->context_expr);
  emit(Op::PushHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  const int start = here();
  const Register result = temporary();
  emit(Op::WithExit, 0, static_cast<uint32_t>(result), static_cast<uint32_t>(exit), static_cast<uint32_t>(exception));
  jump(Op::JumpIfTrue, static_cast<uint32_t>(result), suppressed, kDyingB);
  emit(Op::Reraise, 0, static_cast<uint32_t>(exception), 0, 0);
  handled_range(start, exception);
  bind(suppressed);
  emit(Op::PopHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  release(exit);
  add_entries(block, handler, exception);
  bind(end);
  unit_->assigned = before;
  free_to(m);
}

void Compiler::async_with(AsyncWith* s, int32_t item) {
  if (unit_->scope->kind != ScopeKind::Function || !unit_->scope->is_coroutine)
    return static_cast<void>(fail(s, "'async with' outside async function"));
  if (item == s->items.size) return body(s->body);
  WithItem* w = s->items[item];
  Label handler, end, suppressed;
  const Register m = mark();
  const Register exit = temporary();
  const Register entered = temporary();
  const Operand manager = expression(w->context_expr);
  at(w->context_expr);
  emit(Op::BeforeAsyncWith, manager.temporary ? kDyingB : 0, static_cast<uint32_t>(exit),
       static_cast<uint32_t>(manager.reg), 0);
  free_to(entered + 1);
  await_value(entered, entered, 1);
  const auto before = unit_->assigned;
  Block block{Block::AsyncWith};
  block.reg = exit;
  block.node = w->context_expr;
  block.range_start = here();
  unit_->blocks.push_back(block);
  if (w->optional_vars) {
    store(w->optional_vars, {entered, true});
  } else {
    release(entered);
  }
  free_to(exit + 1);
  async_with(s, item + 1);
  block = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  close_range(block);
  if (!unit_->unreachable) {
    exit_call(exit, true, w->context_expr);
    jump(Op::Jump, 0, end);
  }
  bind(handler);
  const Register exception = temporaries(2);
  at(w->context_expr);
  emit(Op::PushHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  const int start = here();
  const Register result = temporary();
  emit(Op::WithExit, 0, static_cast<uint32_t>(result), static_cast<uint32_t>(exit), static_cast<uint32_t>(exception));
  await_value(result, result, 2);
  jump(Op::JumpIfTrue, static_cast<uint32_t>(result), suppressed, kDyingB);
  emit(Op::Reraise, 0, static_cast<uint32_t>(exception), 0, 0);
  handled_range(start, exception);
  bind(suppressed);
  emit(Op::PopHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  release(exit);
  add_entries(block, handler, exception);
  bind(end);
  unit_->assigned = before;
  free_to(m);
}

}  // namespace hiss
