// atexit: functions to run when the interpreter ends.
#include <vector>

#include "modules/module_content.h"
#include "vm/import.h"

namespace hiss {

namespace {

struct Callback {
  Ref function, args, kwargs;
};
std::vector<Callback>& callbacks() {
  static auto* list = new std::vector<Callback>();
  return *list;
}

// Newest first. A callback may register others: they run as well.
void run_callbacks() {
  auto& list = callbacks();
  while (!list.empty()) {
    Callback c = std::move(list.back());
    list.pop_back();
    Ref result = call_with(c.function, as<Tuple>(c.args), as<Dict>(c.kwargs));
    if (result.is_error()) report_unraisable(c.function, "Exception ignored in atexit callback");
  }
}

Ref atexit_register(Value, const Value* a) {
  auto* args = as<Tuple>(a[0]);
  if (args->size == 0) return fail(exc::TypeError, "register() takes at least 1 argument (0 given)");
  Value function = args->items[0];
  if (!is_callable(function)) return fail(exc::TypeError, "the first argument must be callable");
  callbacks().push_back({Ref::share(function), make_tuple(args->items + 1, args->size - 1), Ref::share(a[1])});
  return Ref::share(function);
}
Ref atexit_unregister(Value, const Value* a) {
  auto& list = callbacks();
  for (size_t i = 0; i < list.size();) {
    Ref function = list[i].function;
    const bool same = TRY(compare_bool(function, a[0], CompareOp::Eq));
    if (same && i < list.size() && list[i].function.value() == function.value()) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return Ref::none();
}
Ref atexit_run(Value, const Value*) {
  run_callbacks();
  return Ref::none();
}
Ref atexit_clear(Value, const Value*) {
  std::vector<Callback> dying;
  dying.swap(callbacks());
  return Ref::none();
}
Ref atexit_count(Value, const Value*) { return make_int(static_cast<int64_t>(callbacks().size())); }

const NativeDef kFunctions[] = {
    {"register", "($module, /, *args, **kwargs)", atexit_register,
     "register(func, *args, **kwargs) -> func\n\nHave func(*args, **kwargs) called when the interpreter ends. The last "
     "one registered runs first."},
    {"unregister", "($module, func, /)", atexit_unregister,
     "unregister(func) -> None\n\nTake back every registration of func; one that is not registered is no error."},
    {"_run_exitfuncs", "($module, /)", atexit_run,
     "_run_exitfuncs() -> None\n\nCall what is registered now, and forget it."},
    {"_clear", "($module, /)", atexit_clear, "_clear() -> None\n\nForget what is registered, without calling it."},
    {"_ncallbacks", "($module, /)", atexit_count, "_ncallbacks() -> int\n\nHow many calls are registered."},
    {}};

Status initialize(Value) { return kOk; }

bool flush_stream(const char* name, bool report) {
  Ref sys = import_module("sys");
  if (sys.is_error()) {
    clear_pending();
    return true;
  }
  Ref stream = get_attr_or_empty(sys, intern(name));
  if (stream.is_error()) clear_pending();
  if (!stream.is_object()) return true;
  Ref closed = get_attr_or_empty(stream, names.closed);
  if (closed.is_error()) clear_pending();
  if (closed.value().is_true()) return true;
  Ref result = call_method(stream, names.flush);
  if (!result.is_error()) return true;
  if (report) {
    report_unraisable(stream);
  } else {
    clear_pending();
  }
  return false;
}

}  // namespace

/// Waits for threads, runs exit functions, flushes the standard streams: 120 when that failed.
int run_exit_handlers() {
  Dict* modules = sys_modules();
  if (modules) {
    Ref threading = Ref::share(dict_get(modules, intern("threading")));
    if (!threading.is_empty() && !threading.is_none()) {
      Ref result = call_method(threading, "_shutdown");
      if (result.is_error()) report_unraisable(threading);
    }
  }
  run_callbacks();
  bool good = flush_stream("stdout", true);
  good &= flush_stream("stderr", false);
  return good ? 0 : 120;
}

extern const ModuleDef atexit_module;
const ModuleDef atexit_module = {
    "atexit", "Functions to be called when the interpreter ends: register() adds one, unregister() takes it back.\n",
    kFunctions, initialize};

}  // namespace hiss
