// asyncio.Future: a result that will be there later, and who wants to be told.
#include "modules/_asyncio/asyncio.h"

#include "memory/collector.h"
#include "modules/_contextvars.h"
#include "object/exception.h"
#include "object/iterator.h"
#include "object/shape.h"

namespace hiss::asyncio {

Type future_type;

// ---- Calls into the loop

Ref call_method_in(Value object, Str* name, Value* window, uint32_t count, Tuple* keywords) {
  if (type_of(object)->slots.getattr == generic_get_attr) {
    Value found = lookup(type_of(object), name);
    Attributes* attributes = object.is_object() ? attributes_of(object.object()) : nullptr;
    if (found && type_of(found)->has(Type::kMethodDescriptor) && (!attributes || !attribute_get(attributes, name))) {
      Ref hold = Ref::share(found);
      window[0] = object;
      return call(found, Args{window, count + 1, keywords});
    }
  }
  Ref method = TRY(get_attr(object, name));
  return call(method, Args{window + 1, count, keywords});
}

Status call_soon(Value loop, Value callback, Value argument, Value context) {
  if (call_soon_at_once(loop, callback, argument, context)) return kOk;
  Value window[4] = {Value(), callback};
  uint32_t count = 1;
  if (argument) window[++count] = argument;
  if (context) window[count + 1] = context;
  TRY(call_method_in(loop, future_names.call_soon, window, count,
                     context ? as<Tuple>(future_names.context_keyword) : nullptr));
  return kOk;
}

Failure fail_invalid_state(const char* text) { return fail_value(*as<Type>(imports.invalid_state), make_str(text)); }
Failure fail_uninitialized() { return fail(exc::RuntimeError, "Future object is not initialized."); }

namespace {

Status check_alive(const Future* f) { return f->loop ? kOk : Status(fail_uninitialized()); }

// Tells everyone who waits. The list goes first: a callback of a loop that runs at once may add another.
Status schedule_callbacks(Future* f) {
  if (f->callback) {
    Ref callback = Ref::steal(f->callback), context = Ref::steal(f->callback_context);
    f->callback = f->callback_context = Value();
    TRY(call_soon(f->loop, callback, to_value(f), context));
  }
  if (!f->more_callbacks) return kOk;
  Ref list = Ref::steal(f->more_callbacks);
  f->more_callbacks = Value();
  for (int64_t i = 0; i < as<List>(list)->size; ++i) {
    Ref entry = Ref::share(as<List>(list)->items[i]);
    TRY(call_soon(f->loop, as<Tuple>(entry)->items[0], to_value(f), as<Tuple>(entry)->items[1]));
  }
  return kOk;
}

void clear_fields(Future* f) {
  for (Value* field : {&f->loop, &f->callback, &f->callback_context, &f->more_callbacks, &f->result, &f->exception,
                       &f->exception_traceback, &f->source_traceback, &f->cancel_message, &f->cancelled_error})
    clear_field(*field);
}

}  // namespace

// ---- Life

Ref new_future(Type* cls, const Args&) {
  auto* f = static_cast<Future*>(allocate(cls));
  track(f);
  return Ref::steal(f);
}

Status initialize_future(Future* f, Value loop) {
  clear_fields(f);
  f->state = FutureState::Pending;
  f->log_traceback = f->blocking = false;
  Ref own_loop = !loop || loop.is_none() ? TRY(event_loop()) : Ref::share(loop);
  put(f->loop, own_loop);
  if (debugging_is_off(own_loop)) return kOk;
  Value window[1];
  Ref debug = TRY(call_method_in(own_loop, future_names.get_debug, window, 0, nullptr));
  if (TRY(truth(debug))) {
    Ref stack = TRY(call(imports.extract_stack));
    put(f->source_traceback, stack);
  }
  return kOk;
}

void call_exception_handler(Future* f, const char* role, const std::string& message, Value exception) {
  if (!f->loop) return;
  Ref context = make_dict();
  auto* d = as<Dict>(context);
  if (exception) dict_set(d, intern("exception"), exception);
  dict_set(d, intern(role), to_value(f));
  dict_set(d, intern("message"), make_str(message));
  if (f->source_traceback) dict_set(d, intern("source_traceback"), f->source_traceback);
  Ref handler = get_attr(f->loop, future_names.call_exception_handler);
  if (handler.is_error()) return report_unraisable(f->loop);
  Ref done = call(handler, {context});
  if (done.is_error()) report_unraisable(handler);
}

void finalize_future(Value self) {
  Future* f = as_future(self);
  if (!f->log_traceback) return;
  f->log_traceback = false;
  Ref pending = take_pending();
  call_exception_handler(f, "future", fmt::format("{} exception was never retrieved", type_name(self)), f->exception);
  if (!pending.is_empty()) restore_pending(std::move(pending));
}

void dealloc_future(Object* o) {
  untrack(o);
  auto* f = static_cast<Future*>(o);
  clear_attributes(o, &f->attributes);
  clear_fields(f);
  free_object(o);
}
void traverse_future(Object* o, Visitor& visit) {
  auto* f = static_cast<Future*>(o);
  traverse_attributes(&f->attributes, visit);
  for (Value v : {f->loop, f->callback, f->callback_context, f->more_callbacks, f->result, f->exception,
                  f->exception_traceback, f->source_traceback, f->cancel_message, f->cancelled_error})
    visit(v);
}
void clear_future(Object* o) {
  auto* f = static_cast<Future*>(o);
  clear_attributes(o, &f->attributes);
  clear_fields(f);
}

// ---- What both kinds can do

Ref make_cancelled_error(Future* f) {
  if (f->cancelled_error) {
    Ref error = Ref::steal(f->cancelled_error);
    f->cancelled_error = Value();
    return error;
  }
  if (!f->cancel_message || f->cancel_message.is_none()) return call(imports.cancelled);
  return call(imports.cancelled, {f->cancel_message});
}

Ref future_outcome(Future* f, Ref* exception) {
  if (f->state == FutureState::Cancelled) {
    Ref error = TRY(make_cancelled_error(f));
    return fail_with(error);
  }
  if (f->state == FutureState::Pending || !f->loop) return fail_invalid_state("Result is not set.");
  f->log_traceback = false;
  if (!f->exception) return share_or_none(f->result);
  *exception = Ref::share(f->exception);
  // Each time the exception is raised anew, from where it was when it was set.
  put(as<Exception>(*exception)->traceback, f->exception_traceback);
  clear_field(f->exception_traceback);
  return Ref::empty();
}

Ref future_result(Future* f) {
  if (!f->loop && f->state != FutureState::Cancelled) return fail_invalid_state("Future object is not initialized.");
  Ref exception;
  Ref result = future_outcome(f, &exception);
  if (!result.is_empty()) return result;
  return fail_with(exception);
}

Status finish_with_result(Future* f, Value result) {
  TRY(check_alive(f));
  if (f->state != FutureState::Pending) return fail_invalid_state("invalid state");
  put(f->result, result);
  f->state = FutureState::Finished;
  return schedule_callbacks(f);
}

Status finish_with_exception(Future* f, Value exception) {
  TRY(check_alive(f));
  if (f->state != FutureState::Pending) return fail_invalid_state("invalid state");
  Ref instance = Ref::share(exception);
  if (is<Type>(exception) && is_subtype(as<Type>(exception), &exc::BaseException)) {
    instance = TRY(call(exception));
    if (f->state != FutureState::Pending) return fail_invalid_state("invalid state");
  }
  if (!is<Exception>(instance)) return fail(exc::TypeError, "invalid exception object");
  if (is_exact(instance, exc::StopIteration)) {
    return fail(exc::TypeError, "StopIteration interacts badly with generators and cannot be raised into a Future");
  }
  put(f->exception, instance);
  put(f->exception_traceback, as<Exception>(instance)->traceback);
  f->state = FutureState::Finished;
  TRY(schedule_callbacks(f));
  f->log_traceback = true;
  return kOk;
}

Result<bool> cancel_future(Future* f, Value message) {
  f->log_traceback = false;
  if (f->state != FutureState::Pending) return false;
  f->state = FutureState::Cancelled;
  put(f->cancel_message, message);
  if (f->loop) TRY(schedule_callbacks(f));
  return true;
}

Status add_callback(Future* f, Value callback, Value context) {
  TRY(check_alive(f));
  if (f->state != FutureState::Pending) return call_soon(f->loop, callback, to_value(f), context);
  if (!f->callback && !f->more_callbacks) {
    put(f->callback, callback);
    put(f->callback_context, context);
    return kOk;
  }
  if (!f->more_callbacks) f->more_callbacks = make_list(1).release();
  Ref entry = make_tuple({callback, context});
  list_append(as<List>(f->more_callbacks), entry);
  return kOk;
}

Ref loop_of(Value future) {
  if (is_plain_future(future)) {
    if (!as_future(future)->loop) return fail_uninitialized();
    return Ref::share(as_future(future)->loop);
  }
  Ref method = get_attr_or_empty(future, future_names.get_loop);
  if (method.is_error()) return method;
  if (!method.is_empty()) return call(method);
  return get_attr(future, future_names.loop);
}

// ---- Methods

namespace {

Status future_init(Value self, const Args& args) {
  Arguments a("Future", "(*, loop=None)");
  TRY(a.bind(args));
  return initialize_future(as_future(self), a[0]);
}

Ref result_method(Value self, const Value*) { return future_result(as_future(self)); }
Ref exception_method(Value self, const Value*) {
  Future* f = as_future(self);
  if (!f->loop && f->state != FutureState::Cancelled) return fail_invalid_state("Future object is not initialized.");
  if (f->state == FutureState::Cancelled) {
    Ref error = TRY(make_cancelled_error(f));
    return fail_with(error);
  }
  if (f->state != FutureState::Finished) return fail_invalid_state("Exception is not set.");
  f->log_traceback = false;
  return share_or_none(f->exception);
}
Ref set_result_method(Value self, const Value* a) {
  TRY(finish_with_result(as_future(self), a[0]));
  return Ref::none();
}
Ref set_exception_method(Value self, const Value* a) {
  TRY(finish_with_exception(as_future(self), a[0]));
  return Ref::none();
}
Ref add_done_callback_method(Value self, const Value* a) {
  Ref context = a[1] ? Ref::share(a[1]) : copy_current_context();
  TRY(add_callback(as_future(self), a[0], context));
  return Ref::none();
}

Ref remove_done_callback_method(Value self, const Value* a) {
  Future* f = as_future(self);
  TRY(check_alive(f));
  int64_t removed = 0;
  if (f->callback) {
    Ref first = Ref::share(f->callback);
    if (TRY(equal(first, a[0])) && f->callback == first.value()) {
      clear_field(f->callback);
      clear_field(f->callback_context);
      ++removed;
    }
  }
  if (!f->more_callbacks) return make_int(removed);
  // A comparison may run Python code that changes the list, so what stays is collected apart.
  Ref list = Ref::share(f->more_callbacks);
  Ref kept = make_list();
  int64_t same = 0;
  for (int64_t i = 0; i < as<List>(list)->size; ++i) {
    Ref entry = Ref::share(as<List>(list)->items[i]);
    if (TRY(equal(as<Tuple>(entry)->items[0], a[0]))) {
      ++same;
    } else {
      list_append(as<List>(kept), entry);
    }
  }
  if (same && f->more_callbacks == list.value()) {
    Value old = f->more_callbacks;
    f->more_callbacks = as<List>(kept)->size ? kept.release() : Value();
    release(old);
  }
  return make_int(removed + same);
}

Ref cancel_method(Value self, const Value* a) {
  TRY(check_alive(as_future(self)));
  return Ref::boolean(TRY(cancel_future(as_future(self), a[0] ? a[0] : Value::none())));
}
Ref cancelled_method(Value self, const Value*) {
  return Ref::boolean(as_future(self)->loop && as_future(self)->state == FutureState::Cancelled);
}
Ref done_method(Value self, const Value*) {
  return Ref::boolean(as_future(self)->loop && as_future(self)->state != FutureState::Pending);
}
Ref get_loop_method(Value self, const Value*) {
  TRY(check_alive(as_future(self)));
  return Ref::share(as_future(self)->loop);
}
Ref cancelled_error_method(Value self, const Value*) { return make_cancelled_error(as_future(self)); }

Ref future_await(Value self) {
  TRY(check_alive(as_future(self)));
  return make_future_iterator(self);
}
Ref repr_of(Value self) { return call(imports.future_repr, {self}); }

// ---- Attributes

Ref get_state(Value self) {
  Future* f = as_future(self);
  TRY(check_alive(f));
  const char* text = f->state == FutureState::Pending     ? "PENDING"
                     : f->state == FutureState::Cancelled ? "CANCELLED"
                                                          : "FINISHED";
  return Ref::share(intern(text));
}
Ref get_blocking(Value self) { return Ref::boolean(as_future(self)->loop && as_future(self)->blocking); }
Status set_blocking(Value self, Value value) {
  Future* f = as_future(self);
  if (!value) return fail(exc::AttributeError, "cannot delete attribute");
  TRY(check_alive(f));
  f->blocking = TRY(truth(value));
  return kOk;
}
Ref get_loop(Value self) { return share_or_none(as_future(self)->loop); }
Ref get_callbacks(Value self) {
  Future* f = as_future(self);
  TRY(check_alive(f));
  if (!f->callback && !f->more_callbacks) return Ref::none();
  Ref list = make_list();
  if (f->callback) list_append(as<List>(list), make_tuple({f->callback, f->callback_context}));
  if (f->more_callbacks) TRY(list_extend(as<List>(list), f->more_callbacks));
  return list;
}
Ref get_result(Value self) {
  TRY(check_alive(as_future(self)));
  return share_or_none(as_future(self)->result);
}
Ref get_exception(Value self) {
  TRY(check_alive(as_future(self)));
  return share_or_none(as_future(self)->exception);
}
Ref get_log_traceback(Value self) {
  TRY(check_alive(as_future(self)));
  return Ref::boolean(as_future(self)->log_traceback);
}
Status set_log_traceback(Value self, Value value) {
  if (!value) return fail(exc::AttributeError, "cannot delete attribute");
  if (TRY(truth(value))) return fail(exc::ValueError, "_log_traceback can only be set to False");
  as_future(self)->log_traceback = false;
  return kOk;
}
Ref get_source_traceback(Value self) { return share_or_none(as_future(self)->source_traceback); }
Ref get_cancel_message(Value self) { return share_or_none(as_future(self)->cancel_message); }
Status set_cancel_message(Value self, Value value) {
  if (!value) return fail(exc::AttributeError, "cannot delete attribute");
  put(as_future(self)->cancel_message, value);
  return kOk;
}

const GetSetDef kGetSets[] = {{"_state", get_state, nullptr},
                              {"_asyncio_future_blocking", get_blocking, set_blocking},
                              {"_loop", get_loop, nullptr},
                              {"_callbacks", get_callbacks, nullptr},
                              {"_result", get_result, nullptr},
                              {"_exception", get_exception, nullptr},
                              {"_log_traceback", get_log_traceback, set_log_traceback},
                              {"_source_traceback", get_source_traceback, nullptr},
                              {"_cancel_message", get_cancel_message, set_cancel_message},
                              {}};
const NativeDef kMethods[] = {
    {"result", "($self, /)", result_method, "The result. Raises what the future ended with if that is an exception."},
    {"exception", "($self, /)", exception_method, "The exception that the future ended with, or None."},
    {"set_result", "($self, result, /)", set_result_method, "End with a result and tell those who wait."},
    {"set_exception", "($self, exception, /)", set_exception_method, "End with an exception and tell those who wait."},
    {"add_done_callback", "($self, fn, /, *, context=<unrepresentable>)", add_done_callback_method,
     "Have the loop call fn(future) once there is a result; soon if there is one already."},
    {"remove_done_callback", "($self, fn, /)", remove_done_callback_method,
     "Take every entry of fn off the list of callbacks; says how many there were."},
    {"cancel", "($self, /, msg=None)", cancel_method,
     "End without a result: those who wait get CancelledError. False if the future has ended before."},
    {"cancelled", "($self, /)", cancelled_method, "Whether the future was cancelled."},
    {"done", "($self, /)", done_method, "Whether there is a result, an exception or a cancellation."},
    {"get_loop", "($self, /)", get_loop_method, "The event loop that the future belongs to."},
    {"_make_cancelled_error", "($self, /)", cancelled_error_method,
     "The CancelledError to raise; one kept from before is given away."},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

}  // namespace

void define_future() {
  define_type(future_type, {.name = "_asyncio.Future",
                            .size = sizeof(Future),
                            .layout = Layout::Native,
                            .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                            .doc = "A result that is not there yet; await it to get it."});
  future_type.attributes_offset = offsetof(Future, attributes);
  future_type.slots.new_ = new_future;
  future_type.slots.init = future_init;
  future_type.slots.repr = repr_of;
  future_type.slots.finalize = finalize_future;
  future_type.slots.iter = future_await;
  future_type.slots.await = future_await;
  future_type.methods = kMethods;
  future_type.getsets = kGetSets;
  future_type.dealloc = dealloc_future;
  future_type.traverse = traverse_future;
  future_type.clear = clear_future;
  ready_type(future_type);
}

}  // namespace hiss::asyncio
