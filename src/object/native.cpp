// Native functions: parsing their signatures and binding a call's arguments to them, with CPython's error messages.
#include "object/native.h"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/missing_memory.h"
#include "object/containers.h"
#include "object/function.h"
#include "object/native_calls.h"
#include "object/protocol.h"

namespace hiss {

struct ParameterSpec {
  struct Parameter {
    Str* name;
    bool required;
    bool positional_only;
    bool keyword_only;
  };
  std::vector<Parameter> parameters;  // without self, *args, **kwargs
  uint32_t positional = 0;            // how many can be given by position
  uint32_t required_positional = 0;
  int varargs = -1;  // index among the values, or -1
  int kwargs = -1;
  uint32_t value_count = 0;
  bool any_keyword = false;           // some parameter can be given by name
  bool old_style = false;             // NativeDef::OldStyle
  std::vector<uint32_t> value_index;  // of each parameter
};

// The last defence against a size that no check has refused: memory that is not there is an exception of the language.
Ref run_native(const NativeDef* def, Value self, const Value* values) {
  return run_or_without_memory([&] { return def->code(self, values); }, []() -> Ref { return fail_memory(); });
}

namespace {

ParameterSpec* parse_signature(const char* text) {
  auto* spec = new ParameterSpec();
  std::string_view s = text;
  s.remove_prefix(1);
  s.remove_suffix(1);
  std::vector<std::string> parts;
  int depth = 0;
  char quote = 0;
  std::string part;
  for (char c : s) {
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.push_back(part);
      part.clear();
      continue;
    }
    if (c != ' ' || quote) part += c;
  }
  if (!part.empty()) parts.push_back(part);
  bool keyword_only = false;
  for (std::string& p : parts) {
    if (p.empty() || p[0] == '$') continue;
    if (p == "/") {
      for (auto& q : spec->parameters) q.positional_only = true;
      continue;
    }
    if (p == "*") {
      keyword_only = true;
      continue;
    }
    if (p.compare(0, 2, "**") == 0) {
      spec->kwargs = static_cast<int>(spec->value_count++);
      continue;
    }
    if (p[0] == '*') {
      spec->varargs = static_cast<int>(spec->value_count++);
      keyword_only = true;
      continue;
    }
    const size_t equals = p.find('=');
    spec->parameters.push_back({intern(p.substr(0, equals)), equals == p.npos, false, keyword_only});
    spec->value_index.push_back(spec->value_count++);
  }
  for (auto& p : spec->parameters) {
    if (!p.keyword_only) {
      ++spec->positional;
      if (p.required) ++spec->required_positional;
    }
    if (!p.positional_only) spec->any_keyword = true;
  }
  return spec;
}

// A parameter in brackets ("[, x]") is not used: the optional ones carry defaults.

std::string full_name(const char* name, Type* owner) {
  return owner ? fmt::format("{}.{}", type_name(owner), name) : std::string(name);
}

Failure wrong_count(const ParameterSpec& spec, const char* name, Type* owner, uint32_t given) {
  const uint32_t low = spec.required_positional, high = spec.positional;
  if (spec.old_style) {
    const uint32_t bound = given < low ? low : high;
    return fail(exc::TypeError, "{}() takes {} {} argument{} ({} given)", name,
                low == high   ? "exactly"
                : given < low ? "at least"
                              : "at most",
                bound, bound == 1 ? "" : "s", given);
  }
  const bool only_positional = !spec.any_keyword;
  if (only_positional && spec.varargs < 0) {
    if (high == 0) return fail(exc::TypeError, "{}() takes no arguments ({} given)", full_name(name, owner), given);
    if (high == 1 && low == 1)
      return fail(exc::TypeError, "{}() takes exactly one argument ({} given)", full_name(name, owner), given);
    if (low == high)
      return fail(exc::TypeError, "{} expected {} argument{}, got {}", name, low, low == 1 ? "" : "s", given);
    if (given < low)
      return fail(exc::TypeError, "{} expected at least {} argument{}, got {}", name, low, low == 1 ? "" : "s", given);
    return fail(exc::TypeError, "{} expected at most {} argument{}, got {}", name, high, high == 1 ? "" : "s", given);
  }
  if (given < low && spec.varargs >= 0) {
    return fail(exc::TypeError, "{} expected at least {} argument{}, got {}", name, low, low == 1 ? "" : "s", given);
  }
  const char* bound = low == high ? "exactly" : "at most";
  if (high == 0) return fail(exc::TypeError, "{}() takes no positional arguments", name);
  return fail(exc::TypeError, "{}() takes {} {} positional argument{} ({} given)", name, bound, high,
              high == 1 ? "" : "s", given);
}

struct Bound {
  Value inline_values[Arguments::kMax] = {};
  Ref varargs, kwargs;
};

Status bind_arguments(const ParameterSpec& spec, const char* name, Type* owner, const Args& args, Value* values,
                      Ref& varargs, Ref& kwargs) {
  const uint32_t keywords = args.keyword_count();
  const uint32_t taken = std::min(args.count, spec.positional);
  if (args.count > spec.positional) {
    if (spec.varargs < 0) return wrong_count(spec, name, owner, args.count + (spec.any_keyword ? keywords : 0));
  }
  for (uint32_t i = 0; i < taken; ++i) values[spec.value_index[i]] = args.values[i];
  if (spec.varargs >= 0) {
    varargs = make_tuple(args.values + taken, args.count - taken);
    values[spec.varargs] = varargs;
  }
  if (keywords) {
    if (!spec.any_keyword && spec.kwargs < 0)
      return fail(exc::TypeError, "{}() takes no keyword arguments", full_name(name, owner));
    if (spec.kwargs >= 0) {
      kwargs = make_dict();
      values[spec.kwargs] = kwargs;
    }
    for (uint32_t k = 0; k < keywords; ++k) {
      Str* keyword = args.keyword_name(k);
      bool found = false;
      for (size_t i = 0; i < spec.parameters.size(); ++i) {
        const auto& p = spec.parameters[i];
        if (p.positional_only || (p.name != keyword && !equal(p.name, keyword))) continue;
        if (values[spec.value_index[i]]) {
          return fail(exc::TypeError, "argument for {}() given by name ('{}') and position ({})", name,
                      to_string(keyword), i + 1);
        }
        values[spec.value_index[i]] = args.keyword_value(k);
        found = true;
        break;
      }
      if (found) continue;
      if (spec.kwargs < 0)
        return fail(exc::TypeError, "'{}' is an invalid keyword argument for {}()", to_string(keyword), name);
      dict_set(as<Dict>(kwargs), keyword, args.keyword_value(k));
    }
  } else if (spec.kwargs >= 0) {
    kwargs = make_dict();
    values[spec.kwargs] = kwargs;
  }
  for (size_t i = 0; i < spec.parameters.size(); ++i) {
    const auto& p = spec.parameters[i];
    if (!p.required || values[spec.value_index[i]]) continue;
    if (!spec.any_keyword || p.positional_only) return wrong_count(spec, name, owner, args.count);
    return fail(exc::TypeError, "{}() missing required argument '{}' (pos {})", name, to_string(p.name), i + 1);
  }
  return kOk;
}

}  // namespace

uint32_t Args::keyword_count() const { return names ? static_cast<uint32_t>(names->size) : 0; }
Str* Args::keyword_name(uint32_t i) const { return as<Str>(names->items[i]); }

namespace {

// Kept apart, so that a call which needs no binding has no room for values to set up.
[[gnu::noinline]] Ref call_bound(const NativeDef* def, const ParameterSpec& s, Type* owner, Value self,
                                 const Args& args) {
  // Only as many values as there are parameters are set up.
  alignas(Value) std::byte room[Arguments::kMax * sizeof(Value)];
  auto* values = reinterpret_cast<Value*>(room);
  for (uint32_t i = 0; i < s.value_count; ++i) new (&values[i]) Value();
  Ref varargs, kwargs;
  if (!args.names && s.varargs < 0 && s.kwargs < 0 && args.count <= s.positional &&
      args.count >= s.required_positional && s.positional == s.parameters.size()) {
    for (uint32_t i = 0; i < args.count; ++i) values[i] = args.values[i];
    return run_native(def, self, values);
  }
  TRY(bind_arguments(s, def->name, owner, args, values, varargs, kwargs));
  return run_native(def, self, values);
}

}  // namespace

// A bound method is a new object at every access, but its definition is always the same.
ParameterSpec* parse_native_signature(const NativeDef* def) {
  static std::unordered_map<const NativeDef*, ParameterSpec*> all;
  ParameterSpec*& known = all[def];
  if (!known) {
    known = parse_signature(def->signature);
    known->old_style = def->kind == NativeDef::OldStyle;
  }
  return known;
}

NativeArity native_arity(const NativeDef* def) {
  const ParameterSpec* spec = parse_native_signature(def);
  return {spec->required_positional, spec->value_count,
          spec->varargs < 0 && spec->kwargs < 0 && spec->positional == spec->value_count};
}

Ref call_native(const NativeDef* def, ParameterSpec*& spec, Type* owner, Value self, const Args& args) {
  if (!spec) [[unlikely]]
    spec = parse_native_signature(def);
  if (!args.names && args.count == spec->value_count && args.count == spec->positional) [[likely]]
    return run_native(def, self, args.values);
  return call_bound(def, *spec, owner, self, args);
}

Status Arguments::bind(const Args& args) {
  // A signature's address names it; the table answers nearly every call, the map those whose places collide.
  struct Entry {
    const char* signature;
    ParameterSpec* spec;
  };
  static Entry table[512];
  static std::unordered_map<const char*, ParameterSpec*> all;
  Entry& entry = table[(reinterpret_cast<uintptr_t>(signature_) >> 3) % std::size(table)];
  if (entry.signature != signature_) {
    ParameterSpec*& spec = all[signature_];
    if (!spec) spec = parse_signature(signature_);
    entry = {signature_, spec};
  }
  const ParameterSpec* spec = entry.spec;
  return bind_arguments(*spec, name_, nullptr, args, values_, varargs_, kwargs_);
}

Ref make_native_function(const NativeDef* def, Value self, Value module_name) {
  auto* f = allocate_as<NativeFunction>(native_function_type);
  f->def = def;
  f->self = Ref::share(self).release();
  f->module = Ref::share(module_name).release();
  track(f);
  return Ref::steal(f);
}

namespace {

void native_function_dealloc(Object* o) {
  untrack(o);
  auto* f = static_cast<NativeFunction*>(o);
  release(f->self);
  release(f->module);
  free_object(o);
}
void native_function_traverse(Object* o, Visitor& visit) {
  auto* f = static_cast<NativeFunction*>(o);
  visit(f->self);
  visit(f->module);
}
void native_function_clear(Object* o) { clear_field(static_cast<NativeFunction*>(o)->self); }

Ref native_function_call(Value self, const Args& args) {
  auto* f = as<NativeFunction>(self);
  return call_native(f->def, f->spec, f->owner, f->self, args);
}

bool is_bound_method(const NativeFunction* f) { return f->self && !is<Module>(f->self); }

Ref native_function_repr(Value self) {
  auto* f = as<NativeFunction>(self);
  if (is_bound_method(f)) {
    return make_str(
        fmt::format("<built-in method {} of {} object at {:#x}>", f->def->name, type_name(f->self), f->self.bits()));
  }
  return make_str(fmt::format("<built-in function {}>", f->def->name));
}

Ref native_function_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is<NativeFunction>(b)) return Ref::not_implemented();
  const bool same = as<NativeFunction>(a)->def == as<NativeFunction>(b)->def &&
                    as<NativeFunction>(a)->self == as<NativeFunction>(b)->self;
  return Ref::boolean(same == (op == CompareOp::Eq));
}

Result<int64_t> native_function_hash(Value self) {
  auto* f = as<NativeFunction>(self);
  return static_cast<int64_t>((f->self.bits() >> 4) ^ (reinterpret_cast<uintptr_t>(f->def) >> 3)) & INT64_MAX;
}

Ref function_name(Value self) { return Ref::share(intern(as<NativeFunction>(self)->def->name)); }
Ref function_qualname(Value self) {
  auto* f = as<NativeFunction>(self);
  if (!is_bound_method(f) && !f->owner) return function_name(self);
  Value owner = !f->self ? to_value(f->owner) : is<Type>(f->self) ? f->self : to_value(type_of(f->self));
  return make_str(fmt::format("{}.{}", to_string(as<Type>(owner)->qualname), f->def->name));
}
Ref function_doc(Value self) {
  auto* f = as<NativeFunction>(self);
  return f->def->doc ? make_str(f->def->doc) : Ref::none();
}
Ref function_module(Value self) {
  auto* f = as<NativeFunction>(self);
  return f->module ? Ref::share(f->module) : Ref::none();
}
Ref function_self(Value self) {
  auto* f = as<NativeFunction>(self);
  return f->self ? Ref::share(f->self) : Ref::none();
}
Ref function_signature(Value self) {
  auto* f = as<NativeFunction>(self);
  return f->def->signature ? make_str(f->def->signature) : Ref::none();
}
Ref function_reduce(Value self, const Value*) {
  auto* f = as<NativeFunction>(self);
  if (!f->self || is<Module>(f->self)) return Ref::share(intern(f->def->name));
  Ref getattr = TRY(get_builtin("getattr"));
  Ref name = make_str(f->def->name);
  Ref args = make_tuple({f->self, name});
  return make_tuple({getattr, args});
}

const GetSetDef kFunctionGetSets[] = {{"__name__", function_name, nullptr},
                                      {"__qualname__", function_qualname, nullptr},
                                      {"__doc__", function_doc, nullptr},
                                      {"__module__", function_module, nullptr},
                                      {"__self__", function_self, nullptr},
                                      {"__text_signature__", function_signature, nullptr},
                                      {}};
const NativeDef kFunctionMethods[] = {{"__reduce__", "($self, /)", function_reduce, "Helper for pickle."}, {}};

}  // namespace

Type native_function_type;
void init_native_function_type() {
  define_type(native_function_type, {.name = "builtin_function_or_method",
                                     .size = sizeof(NativeFunction),
                                     .layout = Layout::NativeFunction,
                                     .flags = Type::kHasGc | Type::kNoInstances | Type::kWeakReferable});
  native_function_type.slots.call = native_function_call;
  native_function_type.slots.repr = native_function_repr;
  native_function_type.slots.compare = native_function_compare;
  native_function_type.slots.hash = native_function_hash;
  native_function_type.getsets = kFunctionGetSets;
  native_function_type.methods = kFunctionMethods;
  native_function_type.dealloc = native_function_dealloc;
  native_function_type.traverse = native_function_traverse;
  native_function_type.clear = native_function_clear;
  ready_type(native_function_type);
}

}  // namespace hiss
