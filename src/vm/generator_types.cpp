// The types of generators and coroutines: methods, attributes, what happens when one is dropped.
#include "vm/generator_types.h"
#include "memory/native_objects.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/protocol.h"
#include "vm/import.h"

namespace hiss {

Type generator_type, coroutine_type, coroutine_wrapper_type;

namespace {

Generator* self_generator(Value v) { return as<Generator>(v); }

void put(Value& slot, Value value) {
  Value old = slot;
  retain(value);
  slot = value;
  release(old);
}

// The warnings module words it, with the place of creation where that is known; without the module it is one line.
Status warn_never_awaited(Generator* g) {
  Value module = dict_get(sys_modules(), intern("warnings"));
  if (module) {
    Ref function = get_attr_or_empty(module, intern("_warn_unawaited_coroutine"));
    if (!function.is_error() && !function.is_empty()) {
      if (!call(function, {to_value(g)}).is_error()) return kOk;
      if (pending_is(exc::RuntimeWarning)) return Failure{};
    }
    if (has_pending()) report_unraisable(to_value(g));
  }
  return warn(exc::RuntimeWarning, fmt::format("coroutine '{}' was never awaited", to_string(g->qualname)));
}

// Dropped while suspended: finally blocks run now, or the event loop is told.
void generator_finalize(Value self) {
  auto* g = self_generator(self);
  if (g->state() == Generator::Finished || g->state() == Generator::Running) return;
  Ref pending = take_pending();
  if (!call_async_finalizer(g)) {
    if (g->state() == Generator::Created && (g->code->code_flags & kCodeCoroutine)) {
      if (warn_never_awaited(g).is_error()) report_unraisable(self);
    } else if (generator_close(g).is_error()) {
      report_unraisable(self);
    }
  }
  if (!pending.is_empty()) restore_pending(std::move(pending));
}

void generator_dealloc(Object* o) {
  unlink(o);
  auto* g = static_cast<Generator*>(o);
  if (g->frame) {
    frame_outlives_generator(g->frame);
    release(static_cast<Object*>(g->frame));
  }
  // The registers of a generator that has ended are empty.
  if (g->state() != Generator::Finished) {
    for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
  }
  for (Value v : {g->function, g->name, g->qualname}) release(v);
  for (Value* v : {&g->finalizer, &g->origin, &g->locals, &g->handled.exception}) {
    if (*v) clear_field(*v);
  }
  release(g->code);
  free_unlinked(o);
}
void generator_traverse(Object* o, Visitor& visit) {
  auto* g = static_cast<Generator*>(o);
  visit(static_cast<Object*>(g->frame));
  for (Value v : {g->function, g->name, g->qualname, g->finalizer, g->origin, g->locals, g->handled.exception})
    visit(v);
  if (g->state() != Generator::Running) {
    for (uint32_t i = 0; i < g->register_count; ++i) visit(g->registers[i]);
  }
}
void generator_clear(Object* o) {
  auto* g = static_cast<Generator*>(o);
  if (g->state() == Generator::Running) return;
  g->raw_state = Generator::Finished;
  for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
}

Ref generator_next_stop(Value self) {
  // next(g): a return value other than None has to be seen as StopIteration.value.
  Ref result;
  Ref item = generator_next(self_generator(self), &result);
  if (item.is_empty() && !result.is_none() && !result.is_empty()) return raise_stop_iteration(result);
  return item;
}
Ref generator_iter(Value self) { return Ref::share(self); }
Ref generator_repr(Value self) {
  auto* g = self_generator(self);
  return make_str(fmt::format("<{} object {} at {:#x}>", type_name(self), to_string(g->qualname), self.bits()));
}

Ref method_send(Value self, const Value* args) {
  Ref result;
  Ref item = TRY(generator_send(self_generator(self), args[0], &result));
  if (item.is_empty()) return raise_stop_iteration(result);
  return item;
}

Ref method_throw(Value self, const Value* args) {
  Ref result;
  Ref item = TRY(generator_throw_into(self_generator(self), {args[0], args[1], args[2]}, true, &result));
  if (item.is_empty()) return raise_stop_iteration(result);
  return item;
}
Ref method_close(Value self, const Value*) { return generator_close(self_generator(self)); }

Ref get_name(Value self) { return Ref::share(self_generator(self)->name); }
Ref get_qualname(Value self) { return Ref::share(self_generator(self)->qualname); }
Status set_text(Value& field, Value value, const char* name) {
  if (!value || !is<Str>(value)) return fail(exc::TypeError, "{} must be set to a string object", name);
  put(field, value);
  return kOk;
}
Status set_name(Value self, Value value) { return set_text(self_generator(self)->name, value, "__name__"); }
Status set_qualname(Value self, Value value) { return set_text(self_generator(self)->qualname, value, "__qualname__"); }
Ref get_running(Value self) { return Ref::boolean(self_generator(self)->state() == Generator::Running); }
Ref get_running_async(Value self) { return Ref::boolean(self_generator(self)->running_async); }
Ref get_suspended(Value self) { return Ref::boolean(self_generator(self)->state() == Generator::Suspended); }
Ref get_code(Value self) { return Ref::share(self_generator(self)->code); }
Ref get_delegate(Value self) {
  Value v = generator_delegate(self_generator(self));
  return v ? Ref::share(v) : Ref::none();
}
Ref get_frame(Value self) {
  auto* g = self_generator(self);
  if (g->state() == Generator::Finished) return Ref::none();
  return Ref::share(generator_frame(g));
}
Ref get_origin(Value self) {
  Value v = self_generator(self)->origin;
  return v ? Ref::share(v) : Ref::none();
}

const NativeDef kMethods[] = {
    {"send", "($self, value, /)", method_send,
     "send(arg) -> send 'arg' into generator,\nreturn next yielded value or raise StopIteration."},
    {"throw", "($self, typ, val=None, tb=None, /)", method_throw,
     "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or "
     "raise\nStopIteration."},
    {"close", "($self, /)", method_close, "close() -> raise GeneratorExit inside generator."},
    {}};
const NativeDef kCoroutineMethods[] = {
    {"send", "($self, value, /)", method_send,
     "Send a value into coroutine, to what it awaits; StopIteration tells that it is done."},
    {"throw", "($self, typ, val=None, tb=None, /)", method_throw,
     "Raise an exception in coroutine, where it awaits something; StopIteration tells that it is done."},
    {"close", "($self, /)", method_close, "Raise GeneratorExit inside coroutine, which ends it."},
    {}};
const GetSetDef kGeneratorGetSets[] = {
    {"__name__", get_name, set_name},     {"__qualname__", get_qualname, set_qualname},
    {"gi_running", get_running, nullptr}, {"gi_suspended", get_suspended, nullptr},
    {"gi_code", get_code, nullptr},       {"gi_yieldfrom", get_delegate, nullptr},
    {"gi_frame", get_frame, nullptr},     {}};
const GetSetDef kCoroutineGetSets[] = {{"__name__", get_name, set_name, "The name of the coroutine."},
                                       {"__qualname__", get_qualname, set_qualname, "The path of the coroutine."},
                                       {"cr_running", get_running, nullptr},
                                       {"cr_suspended", get_suspended, nullptr},
                                       {"cr_code", get_code, nullptr},
                                       {"cr_await", get_delegate, nullptr},
                                       {"cr_frame", get_frame, nullptr},
                                       {"cr_origin", get_origin, nullptr},
                                       {}};

}  // namespace

const GetSetDef kAsyncGeneratorGetSets[] = {{"__name__", get_name, set_name},
                                            {"__qualname__", get_qualname, set_qualname},
                                            {"ag_running", get_running_async, nullptr},
                                            {"ag_code", get_code, nullptr},
                                            {"ag_await", get_delegate, nullptr},
                                            {"ag_frame", get_frame, nullptr},
                                            {}};

namespace {

struct CoroutineWrapper : Object {
  Value coroutine;
};
void wrapper_dealloc(Object* o) {
  untrack(o);
  release(static_cast<CoroutineWrapper*>(o)->coroutine);
  free_object(o);
}
void wrapper_traverse(Object* o, Visitor& visit) { visit(static_cast<CoroutineWrapper*>(o)->coroutine); }
Value wrapped(Value self) { return static_cast<CoroutineWrapper*>(self.object())->coroutine; }
Ref wrapper_next(Value self) { return generator_next_stop(wrapped(self)); }
Ref wrapper_iter(Value self) { return Ref::share(self); }
Ref wrapper_send(Value self, const Value* args) { return method_send(wrapped(self), args); }
Ref wrapper_throw(Value self, const Value* args) { return method_throw(wrapped(self), args); }
Ref wrapper_close(Value self, const Value* args) { return method_close(wrapped(self), args); }
const NativeDef kWrapperMethods[] = {
    {"send", "($self, value, /)", wrapper_send, "Send a value into coroutine."},
    {"throw", "($self, typ, val=None, tb=None, /)", wrapper_throw, "Raise an exception in coroutine."},
    {"close", "($self, /)", wrapper_close, "Raise GeneratorExit inside coroutine."},
    {}};

Ref coroutine_await(Value self) {
  auto* w = allocate_as<CoroutineWrapper>(coroutine_wrapper_type);
  w->coroutine = Ref::share(self).release();
  track(w);
  return Ref::steal(w);
}

}  // namespace

void define_generator_like(Type& type, const char* name) {
  define_type(type, {.name = name,
                     .size = sizeof(Generator),
                     .layout = Layout::Generator,
                     .flags = Type::kHasGc | Type::kNoInstances | Type::kWeakReferable});
  type.slots.repr = generator_repr;
  type.slots.finalize = generator_finalize;
  type.dealloc = generator_dealloc;
  type.traverse = generator_traverse;
  type.clear = generator_clear;
}

void init_generator_type() {
  define_generator_like(generator_type, "generator");
  generator_type.slots.next = generator_next_stop;
  generator_type.slots.iter = generator_iter;
  generator_type.methods = kMethods;
  generator_type.getsets = kGeneratorGetSets;
  ready_type(generator_type);
}
void init_coroutine_type() {
  define_generator_like(coroutine_type, "coroutine");
  coroutine_type.slots.await = coroutine_await;
  coroutine_type.methods = kCoroutineMethods;
  coroutine_type.getsets = kCoroutineGetSets;
  ready_type(coroutine_type);
}
void init_coroutine_wrapper_type() {
  define_type(
      coroutine_wrapper_type,
      {.name = "coroutine_wrapper", .size = sizeof(CoroutineWrapper), .flags = Type::kHasGc | Type::kNoInstances});
  coroutine_wrapper_type.slots.next = wrapper_next;
  coroutine_wrapper_type.slots.iter = wrapper_iter;
  coroutine_wrapper_type.methods = kWrapperMethods;
  coroutine_wrapper_type.dealloc = wrapper_dealloc;
  coroutine_wrapper_type.traverse = wrapper_traverse;
  ready_type(coroutine_wrapper_type);
}

}  // namespace hiss
