// Calling Python functions: parameters, defaults, call records.
#include "vm/calls.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include "object/frame.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/call_stack.h"
#include "vm/frame_access.h"
#include "vm/jit/machine_code.h"

namespace hiss {

constinit thread_local ThreadState* current_thread = nullptr;
volatile uint32_t eval_breaker = 0;
int32_t recursion_limit = 1000;

namespace {

std::string quoted_list(const std::vector<std::string>& names_list) {
  std::string out;
  for (size_t i = 0; i < names_list.size(); ++i) {
    if (i) out += i + 1 == names_list.size() ? (names_list.size() > 2 ? ", and " : " and ") : ", ";
    out += "'" + names_list[i] + "'";
  }
  return out;
}

Failure missing_arguments(Function* f, Value* base, int from, int to, const char* kind) {
  std::vector<std::string> missing;
  for (int i = from; i < to; ++i) {
    if (!base[i]) missing.push_back(to_string(as<Tuple>(f->code->varnames)->items[i]));
  }
  return fail(exc::TypeError, "{}() missing {} required {} argument{}: {}", to_string(f->qualname), missing.size(),
              kind, missing.size() == 1 ? "" : "s", quoted_list(missing));
}

Failure too_many_positional(Function* f, uint32_t given, const Value* kwonly) {
  Code* code = f->code;
  const int64_t defaults = f->defaults ? as<Tuple>(f->defaults)->size : 0;
  const int argcount = code->argcount;
  std::string expected =
      defaults ? fmt::format("from {} to {}", argcount - defaults, argcount) : fmt::format("{}", argcount);
  const bool plural = defaults ? true : argcount != 1;
  int keyword_given = 0;
  for (int i = 0; i < code->kwonlyargcount; ++i) keyword_given += static_cast<bool>(kwonly[argcount + i]);
  std::string extra;
  if (keyword_given) {
    extra = fmt::format(" positional argument{} (and {} keyword-only argument{})", given == 1 ? "" : "s", keyword_given,
                        keyword_given == 1 ? "" : "s");
  }
  return fail(exc::TypeError, "{}() takes {} positional argument{} but {}{} {} given", to_string(f->qualname), expected,
              plural ? "s" : "", given, extra, given == 1 && !keyword_given ? "was" : "were");
}

// The arguments of a call, taken off the registers. Few calls have more than fit in place.
class GivenArguments {
 public:
  GivenArguments(Value* base, uint32_t count) : count_(count), values_(reinterpret_cast<Value*>(few_)) {
    if (count > kFew) {
      many_.resize(count);
      values_ = many_.data();
    }
    for (uint32_t i = 0; i < count; ++i) {
      new (&values_[i]) Value(base[i]);
      base[i] = Value();
    }
  }
  ~GivenArguments() {
    for (uint32_t i = 0; i < count_; ++i) release(values_[i]);
  }
  GivenArguments(const GivenArguments&) = delete;
  GivenArguments& operator=(const GivenArguments&) = delete;
  Value operator[](uint32_t i) const { return values_[i]; }
  Value take(uint32_t i) { return std::exchange(values_[i], Value()); }

 private:
  static constexpr uint32_t kFew = 16;
  uint32_t count_;
  alignas(Value) std::byte few_[kFew * sizeof(Value)];  // only as many are set up as are given
  std::vector<Value> many_;
  Value* values_;
};

// The rest of the positional arguments becomes the tuple of *args.
void bind_rest(const Code* code, Value* base, uint32_t count) {
  const auto argcount = static_cast<uint32_t>(code->argcount);
  Ref rest = count == argcount ? empty_tuple() : make_tuple(base + argcount, count - argcount);
  release_registers(base + argcount, base + count);
  base[argcount] = rest.release();
}

// Keyword arguments and defaults for functions without *args and **kwargs, by names that are the same objects as the
// parameters'. False when there is more to it; then nothing has changed.
bool bind_plain_keywords(const Function* f, Value* base, uint32_t count, const Tuple* keyword_names) {
  constexpr uint32_t kMost = 8, kMostPlaces = 32;
  const Code* code = f->code;
  const auto argcount = static_cast<uint32_t>(code->argcount);
  const uint32_t total = argcount + static_cast<uint32_t>(code->kwonlyargcount);
  const uint32_t keywords = keyword_names ? static_cast<uint32_t>(keyword_names->size) : 0;
  if (keywords > kMost || count > argcount || count + keywords > total || total - count > kMostPlaces) return false;
  const Value* names_of = as<Tuple>(code->varnames)->items;
  uint32_t places[kMost], taken = 0;  // a bit for each parameter behind the positional arguments
  for (uint32_t k = 0; k < keywords; ++k) {
    uint32_t place = std::max(count, static_cast<uint32_t>(code->posonlyargcount));
    while (place < total && names_of[place] != keyword_names->items[k]) ++place;
    if (place == total || (taken >> (place - count) & 1)) return false;
    taken |= 1u << (place - count);
    places[k] = place;
  }
  const auto* defaults = f->defaults ? as<Tuple>(f->defaults) : nullptr;
  const uint32_t first_default = argcount - static_cast<uint32_t>(defaults ? defaults->size : 0);
  Value missing[kMostPlaces];
  for (uint32_t i = count; i < total; ++i) {
    if (taken >> (i - count) & 1) continue;
    Value value;
    if (i >= argcount) {
      if (f->kwdefaults) value = dict_get(as<Dict>(f->kwdefaults), as<Str>(names_of[i]));
    } else if (i >= first_default) {
      value = defaults->items[i - first_default];
    }
    if (!value) return false;
    missing[i - count] = value;
  }
  Value given[kMost];
  for (uint32_t k = 0; k < keywords; ++k) given[k] = base[count + k];
  for (uint32_t i = count; i < total; ++i) {
    if (taken >> (i - count) & 1) continue;
    retain(missing[i - count]);
    base[i] = missing[i - count];
  }
  for (uint32_t k = 0; k < keywords; ++k) base[places[k]] = given[k];
  return true;
}

Status bind_slow(Function* f, Value* base, uint32_t count, Tuple* keyword_names) {
  Code* code = f->code;
  const uint32_t keywords = keyword_names ? static_cast<uint32_t>(keyword_names->size) : 0;
  GivenArguments given(base, count + keywords);
  // Behind the arguments immediate values of dead temporaries may lie.
  for (int32_t i = 0; i < code->total_args(); ++i) base[i] = Value();
  const auto argcount = static_cast<uint32_t>(code->argcount);
  const uint32_t total = argcount + static_cast<uint32_t>(code->kwonlyargcount);
  auto* varnames = as<Tuple>(code->varnames);
  auto cleanup = [&] {
    for (int32_t i = 0; i < code->total_args(); ++i) {
      release(base[i]);
      base[i] = Value();
    }
    return Failure{};
  };
  const uint32_t taken = count < argcount ? count : argcount;
  for (uint32_t i = 0; i < taken; ++i) base[i] = given.take(i);
  uint32_t next = total;
  if (code->code_flags & kCodeVarargs) {
    Tuple* rest = allocate_tuple(count - taken);
    for (uint32_t i = taken; i < count; ++i) rest->items[i - taken] = given.take(i);
    track(rest);
    base[next++] = to_value(rest);
  }
  Dict* rest_keywords = nullptr;
  if (code->code_flags & kCodeVarkeywords) {
    Ref dict = make_dict();
    rest_keywords = as<Dict>(dict);
    base[next] = dict.release();
  }
  for (uint32_t k = 0; k < keywords; ++k) {
    Value name = keyword_names->items[k];
    if (!is<Str>(name)) {
      (void)fail(exc::TypeError, "{}() keywords must be strings", to_string(f->qualname));
      return cleanup();
    }
    int found = -1;
    for (uint32_t i = static_cast<uint32_t>(code->posonlyargcount); i < total && found < 0; ++i) {
      if (varnames->items[i] == name) found = static_cast<int>(i);
    }
    for (uint32_t i = static_cast<uint32_t>(code->posonlyargcount); i < total && found < 0; ++i) {
      if (equal(as<Str>(varnames->items[i]), as<Str>(name))) found = static_cast<int>(i);
    }
    if (found >= 0) {
      if (base[found]) {
        (void)fail(exc::TypeError, "{}() got multiple values for argument '{}'", to_string(f->qualname),
                   to_string(name));
        return cleanup();
      }
      base[found] = given.take(count + k);
    } else if (rest_keywords) {
      if (dict_set(rest_keywords, name, given[count + k]).is_error()) return cleanup();
    } else {
      std::vector<std::string> positional_only;
      for (int32_t i = 0; i < code->posonlyargcount; ++i) {
        for (uint32_t j = 0; j < keywords; ++j) {
          if (equal(as<Str>(varnames->items[i]), as<Str>(keyword_names->items[j])))
            positional_only.push_back(to_string(varnames->items[i]));
        }
      }
      if (!positional_only.empty()) {
        std::string list;
        for (auto& n : positional_only) list += (list.empty() ? "" : ", ") + n;
        (void)fail(exc::TypeError, "{}() got some positional-only arguments passed as keyword arguments: '{}'",
                   to_string(f->qualname), list);
      } else {
        (void)fail(exc::TypeError, "{}() got an unexpected keyword argument '{}'", to_string(f->qualname),
                   to_string(name));
      }
      return cleanup();
    }
  }
  if (count > argcount && !(code->code_flags & kCodeVarargs)) {
    (void)too_many_positional(f, count, base);
    return cleanup();
  }
  const int64_t defaults = f->defaults ? as<Tuple>(f->defaults)->size : 0;
  const int first_default = static_cast<int>(argcount) - static_cast<int>(defaults);
  bool missing = false;
  for (int i = 0; i < static_cast<int>(argcount); ++i) {
    if (base[i]) continue;
    if (i >= first_default) {
      base[i] = Ref::share(as<Tuple>(f->defaults)->items[i - first_default]).release();
    } else {
      missing = true;
    }
  }
  if (missing) {
    (void)missing_arguments(f, base, 0, first_default, "positional");
    return cleanup();
  }
  missing = false;
  for (uint32_t i = argcount; i < total; ++i) {
    if (base[i]) continue;
    Value value = f->kwdefaults ? dict_get(as<Dict>(f->kwdefaults), as<Str>(varnames->items[i])) : Value();
    if (value) {
      base[i] = Ref::share(value).release();
    } else {
      missing = true;
    }
  }
  if (missing) {
    (void)missing_arguments(f, base, static_cast<int>(argcount), static_cast<int>(total), "keyword-only");
    return cleanup();
  }
  return kOk;
}

}  // namespace

Status bind_parameters(Function* f, Value* base, uint32_t count, Tuple* keyword_names) {
  Code* code = f->code;
  if (code->simple_arguments && !keyword_names) {
    const auto argcount = static_cast<uint32_t>(code->argcount);
    if (count == argcount) return kOk;
    const int64_t defaults = f->defaults ? as<Tuple>(f->defaults)->size : 0;
    if (count < argcount && static_cast<int64_t>(argcount - count) <= defaults) {
      Value* values = as<Tuple>(f->defaults)->items + (defaults - (argcount - count));
      for (uint32_t i = count; i < argcount; ++i) {
        retain(values[i - count]);
        base[i] = values[i - count];
      }
      return kOk;
    }
  } else if (!(code->code_flags & (kCodeVarargs | kCodeVarkeywords))) {
    if (bind_plain_keywords(f, base, count, keyword_names)) return kOk;
  } else if (!keyword_names && code->kwonlyargcount == 0 && !(code->code_flags & kCodeVarkeywords) &&
             count >= static_cast<uint32_t>(code->argcount)) {
    bind_rest(code, base, count);
    return kOk;
  }
  return bind_slow(f, base, count, keyword_names);
}

CallRecord* fail_depth() {
  (void)fail(exc::RecursionError, "maximum recursion depth exceeded");
  return nullptr;
}

void leave_frame_object(CallRecord* record) { leave_frame(record); }

Result<CallRecord*> push_record(ThreadState& ts, Function* f, Value* base) {
  if (!has_room(ts, base, f->code)) {
    (void)fail_depth();
    return Failure{};
  }
  CallRecord* record = enter_record(ts, f, base);
  record->held = Value();
  return record;
}

void load_closure(Function* f, Value* base) {
  auto* cells = as<Tuple>(f->closure);
  for (int64_t i = 0; i < cells->size; ++i) {
    retain(cells->items[i]);
    base[f->code->closure_register + static_cast<size_t>(i)] = cells->items[i];
  }
}

bool enter_comprehension(ThreadState& ts, Code* code, uint32_t window, uint32_t dst) {
  CallRecord* caller = ts.record;
  const uint32_t unset_end = code->closure_register ? code->closure_register : code->local_register_count;
  Value* base = caller->base + window;
  if (caller->generator) {
    // Registers of a generator are not followed by room for a window.
    Value* from = base;
    base = caller->top;
    if (!has_room(ts, base, code)) return fail_depth() != nullptr;
    auto take = [&](uint32_t i) {
      base[i] = from[i];
      from[i] = Value();
    };
    take(0);
    for (uint32_t i = unset_end; i < code->local_register_count; ++i) take(i);
  } else if (!has_room(ts, base, code)) {
    return fail_depth() != nullptr;
  }
  CallRecord* record = caller + 1;
  record->pc = code->begin();
  record->base = base;
  record->top = base + code->register_count;
  record->code = code;
  record->function = caller->function;
  record->held = Ref::share(caller->function).release();
  record->generator = nullptr;
  record->return_to = return_to_interpreter;
  record->kind = RecordKind::Call;
  record->dst = dst;
  for (uint32_t i = 1; i < unset_end; ++i) base[i] = Value();
  ts.record = record;
  return true;
}

bool makes_plain_instances(Value function) {
  if (!is<Type>(function)) return false;
  auto* cls = as<Type>(function);
  return cls->has(Type::kPureNew) && cls->is_heap() && !cls->has(Type::kAbstract) &&
         type_of(function)->slots.call == type_type.slots.call;
}

Object* make_plain_instance(Type* cls) {
  Object* instance = allocate(cls);
  // The caches of the first assignment need a shape to know.
  if (instance->layout == Layout::Instance) static_cast<Instance*>(instance)->attributes.shape = root_shape(cls);
  if (instance->flags & Object::kGc) track(instance);
  return instance;
}

namespace {

void release_arguments(Function* f, Value* base) { release_registers(base, base + f->code->total_args()); }

// Where the registers of a called function begin: at its arguments. The window of a generator's frame lies in the
// generator, so there the arguments move to the stack. Null: RecursionError.
Value* window_for(ThreadState& ts, const Function* f, Value* base, uint32_t given) {
  CallRecord* record = ts.record;
  Value* window = record->generator ? record->top : base;
  if (window + given + f->code->register_count + 512 > ts.stack_end || ts.record >= ts.record_limit) {
    (void)fail_depth();
    return nullptr;
  }
  if (window != base) {
    for (uint32_t i = 0; i < given; ++i) {
      window[i] = base[i];
      base[i] = Value();
    }
  }
  return window;
}

// Calls a Python function whose arguments lie at `base`. Unless it fails, it takes over the caller's count of `f`.
CallOutcome begin_function(ThreadState& ts, Function* f, Value* base, uint32_t count, Tuple* keyword_names,
                           uint32_t dst, Ref& result) {
  const uint32_t keyword_count = keyword_names ? static_cast<uint32_t>(keyword_names->size) : 0;
  base = window_for(ts, f, base, count + keyword_count);
  if (!base) return CallOutcome::Failed;
  if (bind_parameters(f, base, count, keyword_names).is_error()) return CallOutcome::Failed;
  if (f->code->code_flags & kMakesGenerator) {
    result = make_generator(f, base);
    if (result.is_error()) return CallOutcome::Failed;
    release(static_cast<Object*>(f));
    return CallOutcome::Returned;
  }
  CallRecord* record = enter_record(ts, f, base);
  record->kind = RecordKind::Call;
  record->held = to_value(f);
  record->dst = dst;
  return CallOutcome::Entered;
}

// Enters the frame of a Python __init__; the class at `callee` gives its place to the new instance.
CallOutcome begin_init(ThreadState& ts, Function* init, Value* callee, uint32_t count, Tuple* keyword_names,
                       uint32_t dst) {
  Object* instance = make_plain_instance(as<Type>(*callee));
  Ref held = Ref::steal(instance), function = Ref::share(init), cls = Ref::steal(*callee);
  retain(instance);
  *callee = to_value(instance);
  const uint32_t keyword_count = keyword_names ? static_cast<uint32_t>(keyword_names->size) : 0;
  Value* base = window_for(ts, init, callee, count + 1 + keyword_count);
  if (!base) return CallOutcome::Failed;
  if (bind_parameters(init, base, count + 1, keyword_names).is_error()) return CallOutcome::Failed;
  CallRecord* record = enter_record(ts, init, base);
  (void)function.release();
  record->kind = RecordKind::Init;
  record->held = held.release();
  record->dst = dst;
  return CallOutcome::Entered;
}

// Native methods and functions are called without going through their type's slot.
Ref call_any(Value function, const Args& args) {
  if (is_exact(function, method_descriptor_type) && args.count) {
    auto* d = as<Descriptor>(function);
    Type* type = type_of(args.values[0]);
    if (type == d->owner || is_subtype(type, d->owner)) {
      return call_native(d->def, d->spec, d->owner, args.values[0], Args{args.values + 1, args.count - 1, args.names});
    }
  } else if (is_exact(function, native_function_type)) {
    auto* f = as<NativeFunction>(function);
    return call_native(f->def, f->spec, f->owner, f->self, args);
  }
  return call(function, args);
}

}  // namespace

CallOutcome begin_call(ThreadState& ts, Value* callee, uint32_t count, Tuple* keyword_names, uint32_t dst,
                       Ref& result) {
  Value function = *callee;
  if (is<Function>(function)) {
    *callee = Value();
    const CallOutcome outcome =
        begin_function(ts, as<Function>(function), callee + 1, count, keyword_names, dst, result);
    if (outcome == CallOutcome::Failed) release(function);
    return outcome;
  }
  if (is<Method>(function) && is<Function>(as<Method>(function)->function)) {
    // The bound instance takes the callee's place in front of the arguments.
    auto* m = as<Method>(function);
    Value method_function = m->function;
    retain(method_function);
    retain(m->self);
    *callee = m->self;
    release(function);
    const CallOutcome outcome =
        begin_function(ts, as<Function>(method_function), callee, count + 1, keyword_names, dst, result);
    if (outcome == CallOutcome::Failed) release(method_function);
    return outcome;
  }
  if (makes_plain_instances(function)) {
    Value init = lookup(as<Type>(function), names.__init__);
    if (is<Function>(init) && !(as<Function>(init)->code->code_flags & kMakesGenerator))
      return begin_init(ts, as<Function>(init), callee, count, keyword_names, dst);
  }
  Value* base = callee + 1;
  const uint32_t keyword_count = keyword_names ? static_cast<uint32_t>(keyword_names->size) : 0;
  result = call_any(function, Args{base, count, keyword_names});
  if (result.is_error()) return CallOutcome::Failed;
  release_registers(base, base + count + keyword_count);
  *callee = Value();
  release(function);
  return CallOutcome::Returned;
}

namespace {

// The arguments are not what the parameters are: defaults, keywords, *args; or a generator is made.
[[gnu::noinline]] Ref call_function_bound(ThreadState& ts, Function* f, const Args& args) {
  Value* base = ts.record->top;
  if ((f->code->code_flags & kMakesGenerator) && f->code->simple_arguments && !args.names &&
      f->code->argcount == static_cast<int32_t>(args.count) && args.count <= 512) {
    std::copy(args.values, args.values + args.count, base);
    for (uint32_t i = 0; i < args.count; ++i) retain(base[i]);
    return make_generator(f, base);
  }
  const uint32_t total = args.count + args.keyword_count();
  if (base + total + f->code->register_count + 512 > ts.stack_end) {
    (void)fail_depth();
    return Failure{};
  }
  for (uint32_t i = 0; i < total; ++i) {
    retain(args.values[i]);
    base[i] = args.values[i];
  }
  TRY(bind_parameters(f, base, args.count, args.names));
  if (f->code->code_flags & kMakesGenerator) return make_generator(f, base);
  Result<CallRecord*> record = push_record(ts, f, base);
  if (record.is_error()) {
    release_arguments(f, base);
    return Failure{};
  }
  record.value()->held = Ref::share(f).release();
  record.value()->kind = RecordKind::Entry;
  return run_frame(ts);
}

}  // namespace

Ref call_function(Function* f, const Args& args) {
  ThreadState& ts = thread_state();
  char here;
  if (&here < ts.c_stack_limit) [[unlikely]]
    return fail(exc::RecursionError, "maximum recursion depth exceeded");
  Value* base = ts.record->top;
  if (f->code->direct_argcount != args.count || args.names || !has_room(ts, base, f->code)) [[unlikely]]
    return call_function_bound(ts, f, args);
  for (uint32_t i = 0; i < args.count; ++i) {
    retain(args.values[i]);
    base[i] = args.values[i];
  }
  CallRecord* record = enter_record(ts, f, base);
  retain(f);
  record->held = to_value(f);
  record->kind = RecordKind::Entry;
  return run_frame(ts);
}

Dict* current_globals() {
  CallRecord* record = thread_state().record;
  return record && record->code ? record->globals() : nullptr;
}

}  // namespace hiss
