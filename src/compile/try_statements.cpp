// try, except, finally, with: exception ranges and the code that handles them.
#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

void Compiler::try_(Try* s) {
  auto handled = [&] {
    if (s->handlers.size) {
      try_except(s->body, s->handlers, s->orelse);
    } else {
      body(s->body);
    }
  };
  if (!s->finalbody.size) return handled();
  try_finally(s->finalbody, handled);
}

void Compiler::try_finally(Seq<Stmt*> finalbody, const std::function<void()>& protected_part) {
  Label handler, end;
  const Register depth = mark();
  const auto before = unit_->assigned;
  Block block{Block::TryFinally};
  block.final_body = finalbody;
  block.range_start = here();
  unit_->blocks.push_back(block);
  protected_part();
  block = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  close_range(block);
  const bool body_ends = unit_->unreachable;
  const auto after_body = unit_->assigned;
  bool final_ends = true;
  auto after_final = unit_->assigned;
  if (!body_ends) {
    body(finalbody);
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
  body(finalbody);
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

// The body of `except ... as name`: the name goes when the body ends, however it ends.
void Compiler::named_handler_body(ExceptHandler* h, Register exception) {
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
  emit(Op::Reraise, kInvert, static_cast<uint32_t>(raised), 0, 0);
  add_entries(named, cleanup, raised);
  free_to(raised);
  bind(past);
  unit_->unreachable = ends;
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
      named_handler_body(h, exception);
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
  if (!bare) {
    at(handlers[handlers.size - 1]);
    emit(Op::Reraise, 0, static_cast<uint32_t>(exception), 0, 0);
  }
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

void Compiler::try_star(TryStar* s) {
  if (!s->finalbody.size) return try_except_star(s);
  try_finally(s->finalbody, [&] { try_except_star(s); });
}

// The clauses of try/except* all have their turn, each on what the ones before left over. What they raise is collected,
// and raised together with what nobody caught once the last is through.
void Compiler::try_except_star(TryStar* s) {
  Label handler, end, done;
  const Register depth = mark();
  const auto before = unit_->assigned;
  Block block{Block::TryFinally};  // closed and reopened like one, but with nothing to run
  block.range_start = here();
  unit_->blocks.push_back(block);
  body(s->body);
  block = std::move(unit_->blocks.back());
  unit_->blocks.pop_back();
  close_range(block);
  if (!unit_->unreachable || s->orelse.size) body(s->orelse);
  jump(Op::Jump, 0, end);
  bind(handler);
  const Register exception = temporaries(2);
  emit(Op::PushHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  const int start = here();
  const Register results = temporary(), rest = temporary();
  emit(Op::BuildList, 0, static_cast<uint32_t>(results), 0, 0);
  emit(Op::Move, 0, static_cast<uint32_t>(rest), static_cast<uint32_t>(exception), 0);
  for (ExceptHandler* h : s->handlers) {
    unit_->assigned = before;
    star_handler(h, rest, results);
    if (failed_) return;
  }
  emit(Op::ListAppend, kDyingB, static_cast<uint32_t>(results), static_cast<uint32_t>(rest), 0);
  emit(Op::RaiseGroup, 0, static_cast<uint32_t>(rest), static_cast<uint32_t>(exception),
       static_cast<uint32_t>(results));
  jump(Op::JumpIfNone, static_cast<uint32_t>(rest), done);
  emit(Op::Reraise, 0, static_cast<uint32_t>(rest), 0, 0);
  handled_range(start, exception);
  bind(done);
  release(rest);
  release(results);
  emit(Op::PopHandled, 0, static_cast<uint32_t>(exception), 0, 0);
  add_entries(block, handler, depth);
  bind(end);
  free_to(depth);
  unit_->assigned = before;
  unit_->unreachable = false;
}

void Compiler::star_handler(ExceptHandler* h, Register rest, Register results) {
  Label next, raised;
  const Register m = mark();
  at(h);
  const Register match = temporaries(2);  // then the rest, then (in its place) what was handled before
  const Operand type = expression(h->type);
  at(h->type);
  emit(Op::MatchGroup, 0, static_cast<uint32_t>(match), static_cast<uint32_t>(rest), static_cast<uint32_t>(type.reg));
  drop(type);
  emit(Op::MoveTake, 0, static_cast<uint32_t>(rest), static_cast<uint32_t>(match + 1), 0);
  jump(Op::JumpIfNone, static_cast<uint32_t>(match), next);
  free_to(match + 2);
  emit(Op::PushHandled, 0, static_cast<uint32_t>(match), 0, 0);
  const int start = here();
  star_handler_body(h, match);
  if (!unit_->unreachable) {
    emit(Op::PopHandled, 0, static_cast<uint32_t>(match), 0, 0);
    jump(Op::Jump, 0, next);
  }
  const int stop = here();
  handled_range(start, match);
  bind(raised);
  unit_->exceptions.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(stop),
                               static_cast<uint32_t>(raised.position), static_cast<uint32_t>(match)});
  emit(Op::ListAppend, kDyingB, static_cast<uint32_t>(results), static_cast<uint32_t>(match), 0);
  bind(next);
  release(match);
  unit_->unreachable = false;
  free_to(m);
}

void Compiler::star_handler_body(ExceptHandler* h, Register match) {
  Block in_handler{Block::StarHandler};
  in_handler.reg = match;
  unit_->blocks.push_back(in_handler);
  if (h->name.data()) {
    named_handler_body(h, match);
  } else {
    body(h->body);
  }
  unit_->blocks.pop_back();
}

// A jump out of an except* clause would skip the clauses behind it.
bool Compiler::leaves_star_handler(const Node* node, size_t until) {
  for (size_t i = until; i < unit_->blocks.size(); ++i) {
    if (unit_->blocks[i].kind == Block::StarHandler)
      return fail(node, "'break', 'continue' and 'return' cannot appear in an except* block"), true;
  }
  return false;
}

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
  emit(Op::Reraise, kInvert, static_cast<uint32_t>(exception), 0, 0);
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
  if (!in_async_function() && !awaits_at_top_level())
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
  emit(Op::Reraise, kInvert, static_cast<uint32_t>(exception), 0, 0);
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
