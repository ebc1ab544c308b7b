// _warnings: warnings.warn and the filters, as the warnings module uses them, and warn() for native code.
#include "modules/_warnings.h"

#include "modules/module_content.h"
#include "object/exception.h"
#include "object/frame.h"
#include "vm/import.h"

namespace hiss {

namespace {

Value filters, once_registry, default_action;  // owned for the life of the process
int64_t filters_version = 0;

/// An attribute of the Python module warnings: empty when the module is not loaded (and `import` does not ask for it)
/// or has no such name.
Ref warnings_attribute(const char* name, bool import) {
  Ref module;
  if (import) {
    module = import_module("warnings");
    if (module.is_error()) {
      if (!pending_is(exc::ImportError)) return module;
      clear_pending();
      return Ref::empty();
    }
  } else {
    Dict* modules = sys_modules();
    if (modules) module = Ref::share(dict_get(modules, intern("warnings")));
    if (module.is_empty()) return module;
  }
  return get_attr_or_empty(module, intern(name));
}

Result<bool> matches(Value pattern, Value text) {
  if (pattern.is_none()) return true;
  if (is_exact(pattern, str_type)) return TRY(equal(pattern, text));
  Ref found = TRY(call_method(pattern, "match", {text}));
  return truth(found);
}

struct Filter {
  Ref action;
  Ref item;
};
Result<Filter> find_filter(Value category, Value text, int64_t line, Value module) {
  Ref list = TRY(warnings_attribute("filters", false));
  if (list.is_empty()) list = Ref::share(filters);
  if (!is<List>(list)) return fail(exc::ValueError, "_warnings.filters must be a list");
  for (int64_t i = 0; i < as<List>(list)->size; ++i) {
    Ref item = Ref::share(as<List>(list)->items[i]);
    if (!is<Tuple>(item) || as<Tuple>(item)->size != 5)
      return fail(exc::ValueError, "_warnings.filters item {} isn't a 5-tuple", i);
    Value* f = as<Tuple>(item)->items;
    if (!is<Str>(f[0])) return fail(exc::TypeError, "action must be a string, not '{}'", type_name(f[0]));
    const bool good_text = TRY(matches(f[1], text)), good_module = TRY(matches(f[3], module));
    const bool good_category = TRY(is_subclass(category, f[2]));
    const int64_t wanted = TRY(to_index(f[4]));
    if (good_text && good_category && good_module && (wanted == 0 || wanted == line))
      return Filter{Ref::share(f[0]), item};
  }
  Ref action = TRY(warnings_attribute("defaultaction", false));
  if (action.is_empty()) action = Ref::share(default_action);
  if (!is<Str>(action))
    return fail(exc::TypeError, "_warnings.defaultaction must be a string, not '{}'", type_name(action));
  return Filter{action, Ref::none()};
}

Result<bool> already_warned(Value registry, Value key, bool set) {
  if (!is<Dict>(registry)) return fail(exc::TypeError, "'registry' must be a dict or None");
  auto* dict = as<Dict>(registry);
  Value version = dict_get(dict, intern("version"));
  if (!version || !is_int(version) || int_value(version) != filters_version) {
    dict_clear(dict);
    dict_set(dict, intern("version"), make_int(filters_version));
  } else {
    Ref found = TRY(dict_get(dict, key));
    if (!found.is_empty() && TRY(truth(found))) return true;
  }
  if (set) TRY(dict_set(dict, key, Value::boolean(true)));
  return false;
}

Ref standard_error() {
  Ref sys = TRY(import_module("sys"));
  return get_attr_or_empty(sys, names.stderr);
}

// What is printed while the warnings module is not there.
void print_warning(Value file_name, int64_t line, Value category, Value text, Value source_line) {
  Ref stream = standard_error();
  if (stream.is_error()) clear_pending();
  if (!stream.is_object()) return;
  Ref name = get_attr_or_empty(category, names.__name__);
  const std::string head = fmt::format(
      "{}:{}: {}: {}\n", is<Str>(file_name) ? to_string(file_name) : repr_text(file_name), line,
      is<Str>(name) ? to_string(name) : repr_text(category), is<Str>(text) ? to_string(text) : repr_text(text));
  Ref written = call_method(stream, names.write, {make_str(head)});
  if (!written.is_error() && is<Str>(source_line)) {
    const std::string line_text = to_string(source_line);
    const size_t start = line_text.find_first_not_of(" \t\014");
    if (start != line_text.npos) {
      std::string shown = "  " + line_text.substr(start);
      while (!shown.empty() && shown.back() == '\n') shown.pop_back();
      written = call_method(stream, names.write, {make_str(shown + "\n")});
    }
  }
  if (written.is_error()) clear_pending();
}

Status show_warning(Value category, Value text, Value message, Value file_name, int64_t line, Value source_line,
                    Value source) {
  Ref show = TRY(warnings_attribute("_showwarnmsg", source && !source.is_none()));
  if (show.is_empty()) {
    print_warning(file_name, line, category, text, source_line);
    return kOk;
  }
  if (!is_callable(show)) return fail(exc::TypeError, "warnings._showwarnmsg() must be set to a callable");
  Ref message_class = TRY(warnings_attribute("WarningMessage", false));
  if (message_class.is_empty()) return fail(exc::RuntimeError, "unable to get warnings.WarningMessage");
  Ref number = make_int(line);
  Ref shown = TRY(call(message_class, {message, category, file_name, number, Value::none(), Value::none(),
                                       source ? source : Value::none()}));
  TRY(call(show, {shown}));
  return kOk;
}

Status warn_at(Value category, Value message, Value file_name, int64_t line, Value module, Value registry,
               Value source_line, Value source) {
  Ref module_name = module && !module.is_none() ? Ref::share(module) : Ref();
  if (module && module.is_none()) return kOk;  // the interpreter is going away
  if (registry && !registry.is_none() && !is<Dict>(registry))
    return fail(exc::TypeError, "'registry' must be a dict or None");
  if (module_name.is_empty()) {
    if (!is<Str>(file_name)) return fail(exc::TypeError, "expected string for filename");
    auto* s = as<Str>(file_name);
    const std::string text = to_string(s);
    if (text.empty()) {
      module_name = make_str_ascii("<unknown>");
    } else {
      module_name =
          text.size() >= 3 && text.ends_with(".py") ? make_str(text.substr(0, text.size() - 3)) : Ref::share(file_name);
    }
  }
  Ref text, instance;
  Ref cls = Ref::share(category);
  if (is_instance_of(message, exc::Warning)) {
    text = TRY(str(message));
    cls = Ref::share(type_of(message));
    instance = Ref::share(message);
  } else {
    text = Ref::share(message);
    instance = TRY(call(category, {message}));
  }
  Ref number = make_int(line);
  Ref key = make_tuple({text, cls, number});
  const bool has_registry = registry && !registry.is_none();
  if (has_registry && TRY(already_warned(registry, key, false))) return kOk;
  Filter filter = TRY(find_filter(cls, text, line, module_name));
  auto* action = as<Str>(filter.action);
  if (equal(action, "error")) return fail_with(instance);
  if (equal(action, "ignore")) return kOk;
  bool seen = false;
  if (!equal(action, "always")) {
    if (has_registry) TRY(set_item(registry, key, Value::boolean(true)));
    if (equal(action, "once")) {
      Ref once = has_registry ? Ref::share(registry) : Ref();
      if (once.is_empty()) {
        once = TRY(warnings_attribute("onceregistry", false));
        if (once.is_empty()) once = Ref::share(once_registry);
        if (!is<Dict>(once))
          return fail(exc::TypeError, "_warnings.onceregistry must be a dict, not '{}'", type_name(once));
      }
      Ref short_key = make_tuple({text, cls});
      seen = TRY(already_warned(once, short_key, true));
    } else if (equal(action, "module")) {
      if (has_registry) {
        Ref module_key = make_tuple({text, cls, Value::integer(0)});
        seen = TRY(already_warned(registry, module_key, true));
      }
    } else if (!equal(action, "default")) {
      return fail(exc::RuntimeError, "Unrecognized action ({}) in warnings.filters:\n {}", repr_text(filter.action),
                  repr_text(filter.item));
    }
  }
  if (seen) return kOk;
  return show_warning(cls, text, instance, file_name, line, source_line, source);
}

bool is_internal(CallRecord* r) {
  if (!is<Str>(r->code->filename)) return false;
  const std::string_view name = utf8_view(as<Str>(r->code->filename));
  return name.find("importlib") != name.npos && name.find("_bootstrap") != name.npos;
}
CallRecord* python_record(CallRecord* r) {
  while (r > thread_state().records && !r->code) --r;
  return r > thread_state().records ? r : nullptr;
}
CallRecord* caller_of(CallRecord* r) { return python_record(r - 1); }

struct Place {
  Ref file_name, module, registry;
  int64_t line = 1;
};
Result<Place> find_place(int64_t stack_level) {
  CallRecord* r = python_record(thread_state().record);
  if (r && (stack_level <= 0 || is_internal(r))) {
    while (--stack_level > 0 && r) r = caller_of(r);
  } else {
    while (--stack_level > 0 && r) {
      do {
        r = caller_of(r);
      } while (r && is_internal(r));
    }
  }
  Place place;
  Dict* globals;
  Ref hold;
  if (!r) {
    hold = TRY(import_module("sys"));
    globals = module_dict(hold);
    place.file_name = make_str_ascii("sys");
  } else {
    globals = r->globals();
    place.file_name = Ref::share(r->code->filename);
    place.line = frame_line(frame_of(r));
  }
  place.registry = Ref::share(dict_get(globals, names.__warningregistry__));
  if (place.registry.is_empty()) {
    place.registry = make_dict();
    dict_set(globals, names.__warningregistry__, place.registry);
  }
  place.module = Ref::share(dict_get(globals, names.__name__));
  if (!is<Str>(place.module) && !place.module.is_none()) place.module = make_str_ascii("<string>");
  return Result<Place>(std::move(place));
}

Status do_warn(Value message, Value category, int64_t stack_level, Value source) {
  Place place = TRY(find_place(stack_level));
  return warn_at(category, message, place.file_name, place.line, place.module, place.registry, Value(), source);
}

Ref warnings_warn(Value, const Value* a) {
  Ref category;
  if (is_instance_of(a[0], exc::Warning)) {
    category = Ref::share(type_of(a[0]));
  } else if (!a[1] || a[1].is_none()) {
    category = Ref::share(&exc::UserWarning);
  } else {
    category = Ref::share(a[1]);
  }
  bool good = is<Type>(category);
  if (good) good = TRY(is_subclass(category, to_value(&exc::Warning)));
  if (!good) return fail(exc::TypeError, "category must be a Warning subclass, not '{}'", type_name(category));
  TRY(do_warn(a[0], category, a[2] ? TRY(to_index(a[2])) : 1, a[3]));
  return Ref::none();
}

// The source line that the module's loader knows, for messages about code that lies in no file.
Ref loader_line(Value globals, int64_t line) {
  if (!is<Dict>(globals)) return fail(exc::TypeError, "module_globals must be a dict, not '{}'", type_name(globals));
  Value loader = dict_get(as<Dict>(globals), names.__loader__), name = dict_get(as<Dict>(globals), names.__name__);
  if (!loader || !name || loader.is_none()) return Ref::none();
  Ref hold_loader = Ref::share(loader), hold_name = Ref::share(name);
  Ref method = TRY(get_attr_or_empty(hold_loader, intern("get_source")));
  if (method.is_empty()) return Ref::none();
  Ref source = TRY(call(method, {hold_name}));
  if (!is<Str>(source)) return Ref::none();
  Ref lines = TRY(call_method(source, "splitlines"));
  if (line < 1 || line > as<List>(lines)->size) return Ref::none();
  return Ref::share(as<List>(lines)->items[line - 1]);
}

Ref warnings_warn_explicit(Value, const Value* a) {
  // (message, category, filename, lineno, module=None, registry=None, module_globals=None, source=None)
  if (!is<Str>(a[2])) return fail(exc::TypeError, "warn_explicit() argument 3 must be str, not {}", type_name(a[2]));
  const int64_t line = TRY(to_c_int(a[3]));
  Ref source_line;
  if (a[6] && !a[6].is_none()) {
    source_line = TRY(loader_line(a[6], line));
    if (source_line.is_none()) source_line.reset();
  }
  TRY(warn_at(a[1], a[0], a[2], line, a[4] && !a[4].is_none() ? a[4] : Value(), a[5], source_line, a[7]));
  return Ref::none();
}

Ref warnings_filters_mutated(Value, const Value*) {
  ++filters_version;
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"warn", "($module, /, message, category=None, stacklevel=1, source=None)", warnings_warn,
     "Pass a warning through the filters, which show it, drop it or turn it into an exception."},
    {"warn_explicit",
     "($module, /, message, category, filename, lineno, module=None, registry=None, module_globals=None, source=None)",
     warnings_warn_explicit, "As warn(), with the place of the warning given by the caller."},
    {"_filters_mutated", "($module, /)", warnings_filters_mutated, nullptr},
    {}};

void add_filter(const char* action, Type& category, const char* module) {
  Ref module_value = module ? make_str_ascii(module) : Ref::none();
  Ref item =
      make_tuple({to_value(intern(action)), Value::none(), to_value(&category), module_value, Value::integer(0)});
  list_append(as<List>(filters), item);
}

void make_state() {
  if (filters) return;
  filters = make_list().release();
  add_filter("default", exc::DeprecationWarning, "__main__");
  add_filter("ignore", exc::DeprecationWarning, nullptr);
  add_filter("ignore", exc::PendingDeprecationWarning, nullptr);
  add_filter("ignore", exc::ImportWarning, nullptr);
  add_filter("ignore", exc::ResourceWarning, nullptr);
  once_registry = make_dict().release();
  default_action = Ref::share(intern("default")).release();
}

Status initialize(Value module) {
  make_state();
  add_object(module, "filters", filters);
  add_object(module, "_onceregistry", once_registry);
  add_object(module, "_defaultaction", default_action);
  return kOk;
}

}  // namespace

Status warn(Type& category, std::string_view message, int stack_level) {
  make_state();
  Ref text = make_str(message);
  return do_warn(text, to_value(&category), stack_level, Value());
}

Status warn_about(Type& category, std::string_view message, int stack_level, Value source) {
  make_state();
  Ref text = make_str(message);
  return do_warn(text, to_value(&category), stack_level, source);
}

Status warn_explicit(Type& category, std::string_view message, std::string_view file_name, int64_t line) {
  make_state();
  Ref text = make_str(message), name = make_str(file_name);
  return warn_at(to_value(&category), text, name, line, Value(), Value(), Value(), Value());
}

extern const ModuleDef warnings_module;
const ModuleDef warnings_module = {"_warnings", "The part of the warnings module that the interpreter itself needs.",
                                   kFunctions, initialize};

}  // namespace hiss
