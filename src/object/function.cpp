// Function objects, modules and super.
#include "object/function.h"

#include <algorithm>

#include "memory/native_objects.h"
#include "object/class_builder.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/call_stack.h"
#include "vm/calls.h"

namespace hiss {

Type function_type;

namespace {

// The builtins that code with these globals sees.
Value builtins_for(Dict* globals) {
  // Modules have the name in one and the same place mostly.
  static int64_t place = 0;
  const bool there = place < globals->entry_count && globals->entries[place].key == to_value(names.__builtins__);
  if (!there) place = std::max<int64_t>(dict_find(globals, names.__builtins__), 0);
  Value builtins = there ? globals->entries[place].value : dict_get(globals, names.__builtins__);
  if (is<Dict>(builtins)) return builtins;
  if (is<Module>(builtins)) return to_value(module_dict(builtins));
  // Globals that name no builtins get those of the code that runs now.
  CallRecord* record = thread_state().record;
  return to_value(record && record->code ? record->builtins() : builtins_dict());
}

// What nobody asks the function of a comprehension for.
void describe(Function* f) {
  auto* constants = as<Tuple>(f->code->consts);
  const Value first = constants->size ? constants->items[0] : Value();
  if (is<Str>(first) && (f->code->code_flags & kCodeOptimized)) f->doc = Ref::share(first).release();
  if (Value module = dict_get(f->globals, names.__name__)) f->module = Ref::share(module).release();
}

Function* self_function(Value v) { return as<Function>(v); }

void put(Value& slot, Value value) {
  Value old = slot;
  retain(value);
  slot = value;
  release(old);
}

void function_dealloc(Object* o) {
  unlink(o);
  auto* f = static_cast<Function*>(o);
  if (f->attributes.values) clear_attributes(o, &f->attributes);
  for (Value v : {f->builtins, f->name, f->qualname, f->module}) release(v);
  // Of a comprehension's function these are empty.
  for (Value v : {f->closure, f->defaults, f->kwdefaults, f->doc, f->annotations}) {
    if (v) release(v);
  }
  release(f->globals);
  release(f->code);
  free_unlinked(o);
}
void function_traverse(Object* o, Visitor& visit) {
  auto* f = static_cast<Function*>(o);
  traverse_attributes(&f->attributes, visit);
  for (Value v :
       {f->builtins, f->name, f->qualname, f->defaults, f->kwdefaults, f->closure, f->doc, f->annotations, f->module})
    visit(v);
  visit(f->globals);
  visit(f->code);
}
void function_clear(Object* o) {
  auto* f = static_cast<Function*>(o);
  clear_attributes(o, &f->attributes);
  for (Value* v : {&f->defaults, &f->kwdefaults, &f->doc, &f->annotations, &f->module}) clear_field(*v);
  // The function may still be seen: its names stay strings.
  for (Value* v : {&f->name, &f->qualname}) put(*v, empty_str());
}

Ref function_call(Value self, const Args& args) { return call_function(self_function(self), args); }
Ref function_repr(Value self) {
  return make_str(fmt::format("<function {} at {:#x}>", to_string(self_function(self)->qualname), self.bits()));
}
Ref function_get(Value self, Value instance, Value) {
  if (!instance || instance.is_none()) {
    // Through the class a function is itself; None as instance happens only for NoneType's own attributes.
    if (!instance) return Ref::share(self);
  }
  return make_method(self, instance);
}

Ref function_new(Type*, const Args& args) {
  Arguments a("function", "(code, globals, name=None, argdefs=None, closure=None)");
  TRY(a.bind(args));
  if (!is<Code>(a[0])) return fail(exc::TypeError, "function() argument 'code' must be code, not {}", type_name(a[0]));
  if (!is<Dict>(a[1]))
    return fail(exc::TypeError, "function() argument 'globals' must be dict, not {}", type_name(a[1]));
  auto* code = as<Code>(a[0]);
  if (a[2] && !a[2].is_none() && !is<Str>(a[2])) return fail(exc::TypeError, "arg 3 (name) must be None or string");
  if (a[3] && !a[3].is_none() && !is<Tuple>(a[3]))
    return fail(exc::TypeError, "arg 4 (defaults) must be None or tuple");
  const int64_t free_count = as<Tuple>(code->freevars)->size;
  if (a[4] && !a[4].is_none() && !is<Tuple>(a[4]))
    return fail(exc::TypeError, "arg 5 (closure) must be {}", free_count ? "tuple" : "None or tuple");
  const int64_t given = a[4] && !a[4].is_none() ? as<Tuple>(a[4])->size : 0;
  if (free_count && !given) return fail(exc::TypeError, "arg 5 (closure) must be tuple");
  if (free_count != given)
    return fail(exc::ValueError, "{} requires closure of length {}, not {}", to_string(code->name), free_count, given);
  if (given) {
    for (Value c : *as<Tuple>(a[4])) {
      if (!is<Cell>(c)) return fail(exc::TypeError, "arg 5 (closure) expected cell, found {}", type_name(c));
    }
  }
  Ref function = TRY(make_function(code, as<Dict>(a[1])));
  auto* f = as<Function>(function);
  if (code->comprehension) describe(f);
  if (a[2] && !a[2].is_none()) put(f->name, a[2]);
  if (a[3] && !a[3].is_none()) put(f->defaults, a[3]);
  if (given) put(f->closure, a[4]);
  return function;
}

Ref or_none(Value v) { return v ? Ref::share(v) : Ref::none(); }
Value or_empty(Value v) { return v.is_none() ? Value() : v; }

Ref get_code(Value self) { return Ref::share(self_function(self)->code); }
Status set_code(Value self, Value value) {
  auto* f = self_function(self);
  if (!value || !is<Code>(value)) return fail(exc::TypeError, "__code__ must be set to a code object");
  const int64_t wanted = as<Tuple>(as<Code>(value)->freevars)->size,
                have = f->closure ? as<Tuple>(f->closure)->size : 0;
  if (wanted != have)
    return fail(exc::ValueError, "{}() requires a code object with {} free vars, not {}", to_string(f->name), have,
                wanted);
  Code* old = f->code;
  f->code = as<Code>(value);
  retain(value);
  release(old);
  return kOk;
}
Ref get_globals(Value self) { return Ref::share(self_function(self)->globals); }
Ref get_builtins(Value self) { return Ref::share(self_function(self)->builtins); }
Ref get_name(Value self) { return Ref::share(self_function(self)->name); }
Status set_name(Value self, Value value) {
  if (!value || !is<Str>(value)) return fail(exc::TypeError, "__name__ must be set to a string object");
  put(self_function(self)->name, value);
  return kOk;
}
Ref get_qualname(Value self) { return Ref::share(self_function(self)->qualname); }
Status set_qualname(Value self, Value value) {
  if (!value || !is<Str>(value)) return fail(exc::TypeError, "__qualname__ must be set to a string object");
  put(self_function(self)->qualname, value);
  return kOk;
}
Ref get_defaults(Value self) { return or_none(self_function(self)->defaults); }
Status set_defaults(Value self, Value value) {
  if (value && !value.is_none() && !is<Tuple>(value))
    return fail(exc::TypeError, "__defaults__ must be set to a tuple object");
  put(self_function(self)->defaults, or_empty(value));
  return kOk;
}
Ref get_kwdefaults(Value self) { return or_none(self_function(self)->kwdefaults); }
Status set_kwdefaults(Value self, Value value) {
  if (value && !value.is_none() && !is<Dict>(value))
    return fail(exc::TypeError, "__kwdefaults__ must be set to a dict object");
  put(self_function(self)->kwdefaults, or_empty(value));
  return kOk;
}
Ref get_closure(Value self) { return or_none(self_function(self)->closure); }
Ref get_doc(Value self) { return or_none(self_function(self)->doc); }
Status set_doc(Value self, Value value) {
  put(self_function(self)->doc, value ? value : Value::none());
  return kOk;
}
Ref get_module(Value self) { return or_none(self_function(self)->module); }
Status set_module(Value self, Value value) {
  put(self_function(self)->module, value ? value : Value::none());
  return kOk;
}
Ref get_annotations(Value self) {
  auto* f = self_function(self);
  if (!f->annotations) f->annotations = make_dict().release();
  return Ref::share(f->annotations);
}
Status set_annotations(Value self, Value value) {
  if (value && !value.is_none() && !is<Dict>(value))
    return fail(exc::TypeError, "__annotations__ must be set to a dict object");
  put(self_function(self)->annotations, or_empty(value));
  return kOk;
}
Ref get_dict(Value self) { return Ref::share(attribute_dict(self.object(), &self_function(self)->attributes)); }
Status set_dict(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "cannot delete __dict__");
  return set_attribute_dict(self.object(), &self_function(self)->attributes, value);
}

const GetSetDef kGetSets[] = {{"__code__", get_code, set_code},
                              {"__globals__", get_globals, nullptr, nullptr, true},
                              {"__builtins__", get_builtins, nullptr, nullptr, true},
                              {"__name__", get_name, set_name},
                              {"__qualname__", get_qualname, set_qualname},
                              {"__defaults__", get_defaults, set_defaults},
                              {"__kwdefaults__", get_kwdefaults, set_kwdefaults},
                              {"__closure__", get_closure, nullptr, nullptr, true},
                              {"__doc__", get_doc, set_doc},
                              {"__module__", get_module, set_module},
                              {"__annotations__", get_annotations, set_annotations},
                              {"__dict__", get_dict, set_dict},
                              {}};

}  // namespace

Ref make_function(Code* code, Dict* globals, Value qualname) {
  auto* f = static_cast<Function*>(allocate_with_head(function_type, sizeof(Function)));
  f->attributes = {nullptr, nullptr};
  f->defaults = f->kwdefaults = f->closure = f->doc = f->annotations = f->module = Value();
  f->code = code;
  retain(code);
  f->globals = globals;
  retain(globals);
  f->builtins = Ref::share(builtins_for(globals)).release();
  f->name = Ref::share(code->name).release();
  f->qualname = Ref::share(qualname ? qualname : code->qualname).release();
  if (!code->comprehension) describe(f);
  link_young(f);
  return Ref::steal(f);
}

void init_function_type() {
  define_type(function_type, {.name = "function",
                              .size = sizeof(Function),
                              .layout = Layout::Function,
                              .flags = Type::kHasGc | Type::kMethodDescriptor | Type::kWeakReferable,
                              .doc = "A Python function: code, the globals it sees, defaults and closure."});
  function_type.attributes_offset = offsetof(Function, attributes);
  function_type.slots.call = function_call;
  function_type.slots.repr = function_repr;
  function_type.slots.descr_get = function_get;
  function_type.slots.new_ = function_new;
  function_type.getsets = kGetSets;
  function_type.dealloc = function_dealloc;
  function_type.traverse = function_traverse;
  function_type.clear = function_clear;
  ready_type(function_type);
}

// ---- Modules

Type module_type;

namespace {

void module_dealloc(Object* o) {
  untrack(o);
  clear_attributes(o, &static_cast<Module*>(o)->attributes);
  free_object(o);
}
void module_traverse(Object* o, Visitor& visit) { traverse_attributes(&static_cast<Module*>(o)->attributes, visit); }
void module_clear(Object* o) { clear_attributes(o, &static_cast<Module*>(o)->attributes); }

Ref module_repr(Value self) {
  Ref bootstrap = get_attr_or_empty(import_module("importlib._bootstrap"), intern("_module_repr"));
  if (bootstrap.is_error()) clear_pending();
  if (!bootstrap.is_empty() && !bootstrap.is_error()) return call(bootstrap, {self});
  Value name = dict_get(module_dict(self), names.__name__);
  return make_str(fmt::format("<module {}>", name ? repr_text(name) : "'?'"));
}

Ref module_getattr(Value self, Str* name) {
  Ref found = TRY(generic_get_attr_or_empty(self, name));
  if (!found.is_empty()) return found;
  Dict* dict = module_dict(self);
  // PEP 562: the module's own __getattr__.
  Value hook = dict_get(dict, names.__getattr__);
  if (hook) {
    Ref hold = Ref::share(hook);
    return call(hold, {to_value(name)});
  }
  Value module_name = dict_get(dict, names.__name__);
  if (!is<Str>(module_name))
    return fail_attribute(self, name, fmt::format("module has no attribute '{}'", to_string(name)));
  Value spec = dict_get(dict, names.__spec__);
  if (spec && !spec.is_none()) {
    Ref initializing = TRY(get_attr_or_empty(spec, names._initializing));
    if (!initializing.is_empty() && TRY(truth(initializing))) {
      return fail_attribute(
          self, name,
          fmt::format("partially initialized module '{}' has no attribute '{}' (most likely due to a circular import)",
                      to_string(module_name), to_string(name)));
    }
  }
  return fail_attribute(self, name,
                        fmt::format("module '{}' has no attribute '{}'", to_string(module_name), to_string(name)));
}

Ref module_new(Type* cls, const Args&) {
  Object* o = allocate(cls);
  Ref hold = Ref::steal(o);
  attribute_dict(o, &static_cast<Module*>(o)->attributes);
  track(o);
  return hold;
}

void fill_module(Dict* dict, Value name, Value doc) {
  dict_set(dict, names.__name__, name);
  dict_set(dict, names.__doc__, doc ? doc : Value::none());
  dict_set(dict, names.__package__, Value::none());
  dict_set(dict, names.__loader__, Value::none());
  dict_set(dict, names.__spec__, Value::none());
}

Status module_init(Value self, const Args& args) {
  Arguments a("module", "(name, doc=None)");
  TRY(a.bind(args));
  if (!is<Str>(a[0])) return fail(exc::TypeError, "module() argument 'name' must be str, not {}", type_name(a[0]));
  fill_module(module_dict(self), a[0], a[1]);
  return kOk;
}

Ref module_get_dict(Value self) { return Ref::share(module_dict(self)); }
Ref module_get_annotations(Value self) {
  Dict* dict = module_dict(self);
  Value found = dict_get(dict, names.__annotations__);
  if (found) return Ref::share(found);
  Ref fresh = make_dict();
  dict_set(dict, names.__annotations__, fresh);
  return fresh;
}
Status module_set_annotations(Value self, Value value) {
  if (value) {
    dict_set(module_dict(self), names.__annotations__, value);
  } else if (!TRY(dict_delete(module_dict(self), to_value(names.__annotations__)))) {
    return fail(exc::AttributeError, "__annotations__");
  }
  return kOk;
}
Ref module_dir(Value self, const Value*) {
  Ref dict = TRY(get_attr(self, names.__dict__));  // a subclass may have put something else there
  if (!is<Dict>(dict)) return fail(exc::TypeError, "<module>.__dict__ is not a dictionary");
  Value hook = dict_get(as<Dict>(dict), names.__dir__);
  if (hook) {
    Ref hold = Ref::share(hook);
    return call(hold);
  }
  return to_list(dict);
}
const NativeDef kModuleMethods[] = {{"__dir__", "($self, /)", module_dir,
                                     "__dir__() -> list\nThe module's names, or what its own __dir__ function says."},
                                    {}};
const GetSetDef kModuleGetSets[] = {
    {"__dict__", module_get_dict, nullptr}, {"__annotations__", module_get_annotations, module_set_annotations}, {}};

}  // namespace

Dict* module_dict(Value module) { return attribute_dict(module.object(), &as<Module>(module)->attributes); }

Ref make_module(std::string_view name) {
  Ref module = module_new(&module_type, {});
  fill_module(module_dict(module), make_str(name), Value());
  return module;
}

Ref make_native_module(const ModuleDef& def) {
  Ref module = make_module(def.name);
  as<Module>(module)->def = &def;
  Dict* dict = module_dict(module);
  if (def.doc) dict_set(dict, names.__doc__, make_str(def.doc));
  Ref name = make_str(def.name);
  if (def.functions) {
    for (const NativeDef* f = def.functions; f->name; ++f)
      dict_set(dict, intern(f->name), make_native_function(f, module, name));
  }
  if (def.initialize) TRY(def.initialize(module));
  return module;
}

void init_module_type() {
  define_type(module_type, {.name = "module",
                            .size = sizeof(Module),
                            .layout = Layout::Module,
                            .flags = Type::kHasGc | Type::kBaseType | Type::kWeakReferable,
                            .doc = "A module with the given name, a str, and any object as its docstring."});
  module_type.attributes_offset = offsetof(Module, attributes);
  module_type.slots.new_ = module_new;
  module_type.slots.init = module_init;
  module_type.slots.repr = module_repr;
  module_type.slots.getattr = module_getattr;
  module_type.methods = kModuleMethods;
  module_type.getsets = kModuleGetSets;
  module_type.dealloc = module_dealloc;
  module_type.traverse = module_traverse;
  module_type.clear = module_clear;
  ready_type(module_type);
}

// ---- super

Type super_type;

namespace {

struct Super : Object {
  static constexpr Layout kLayout = Layout::Super;
  Value start;   // the class behind which lookups begin
  Value object;  // instance or class, or empty (unbound)
  Value type;    // the class whose mro is searched
};

Super* self_super(Value v) { return as<Super>(v); }

void super_dealloc(Object* o) {
  untrack(o);
  for (Value* v : {&static_cast<Super*>(o)->start, &static_cast<Super*>(o)->object, &static_cast<Super*>(o)->type})
    clear_field(*v);
  free_object(o);
}
void super_traverse(Object* o, Visitor& visit) {
  for (Value v : {static_cast<Super*>(o)->start, static_cast<Super*>(o)->object, static_cast<Super*>(o)->type})
    visit(v);
}

Result<Type*> check_super(Type* start, Value object) {
  if (is<Type>(object) && is_subtype(as<Type>(object), start)) return as<Type>(object);
  if (is_subtype(type_of(object), start)) return type_of(object);
  Ref claimed = TRY(get_attr_or_empty(object, names.__class__));
  if (is<Type>(claimed) && is_subtype(as<Type>(claimed), start)) return as<Type>(claimed);
  return fail(exc::TypeError, "super(type, obj): obj must be an instance or subtype of type");
}

// super() without arguments: the class cell and the first argument of the running function.
Status implicit_arguments(Value& start, Value& object) {
  CallRecord* record = thread_state().record;
  if (!record->code) return fail(exc::RuntimeError, "super(): no current frame");
  Code* code = record->code;
  if (code->argcount == 0 && !(code->code_flags & kCodeVarargs))
    return fail(exc::RuntimeError, "super(): no arguments");
  if (code->argcount == 0) return fail(exc::RuntimeError, "super(): no arguments");
  object = record->base[0];
  for (uint16_t r : *code->cell_arguments) {
    if (r == 0 && is<Cell>(object)) object = as<Cell>(object)->content;
  }
  if (!object) return fail(exc::RuntimeError, "super(): arg[0] deleted");
  auto* freevars = as<Tuple>(code->freevars);
  for (int64_t i = 0; i < freevars->size; ++i) {
    if (!equal(as<Str>(freevars->items[i]), "__class__")) continue;
    const Value cell = code->closure_register ? record->base[code->closure_register + static_cast<size_t>(i)]
                                              : as<Tuple>(record->function->closure)->items[i];
    start = as<Cell>(cell)->content;
    if (!start) return fail(exc::RuntimeError, "super(): empty __class__ cell");
    if (!is<Type>(start)) return fail(exc::RuntimeError, "super(): __class__ is not a type ({})", type_name(start));
    return kOk;
  }
  return fail(exc::RuntimeError, "super(): __class__ cell not found");
}

Ref super_new(Type* cls, const Args&) {
  Object* o = allocate(cls);
  track(o);
  return Ref::steal(o);
}

Status super_init(Value self, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "super() takes no keyword arguments");
  if (args.count > 2) return fail(exc::TypeError, "super expected at most 2 arguments, got {}", args.count);
  Value start, object;
  if (args.count == 0) {
    TRY(implicit_arguments(start, object));
  } else {
    start = args[0];
    if (!is<Type>(start)) return fail(exc::TypeError, "super() argument 1 must be a type, not {}", type_name(start));
    if (args.count == 2 && !args[1].is_none()) object = args[1];
  }
  auto* s = self_super(self);
  if (object) {
    put(s->type, to_value(TRY(check_super(as<Type>(start), object))));
    put(s->object, object);
  }
  put(s->start, start);
  return kOk;
}

Ref super_getattr(Value self, Str* name) {
  auto* s = self_super(self);
  if (s->type && !equal(name, "__class__")) {
    bool after = false;
    Ref mro = Ref::share(as<Type>(s->type)->mro);
    for (Value t : *as<Tuple>(mro)) {
      if (after) {
        Value found = dict_get(as<Dict>(as<Type>(t)->dict), name);
        if (found) {
          Ref hold = Ref::share(found);
          if (DescrGetSlot get = type_of(hold)->slots.descr_get)
            return get(hold, s->object == s->type ? Value() : s->object, s->type);
          return hold;
        }
      } else if (t == s->start) {
        after = true;
      }
    }
  }
  return generic_get_attr(self, name);
}

}  // namespace

Value super_method(Value super, Str* name, Value& object) {
  auto* s = self_super(super);
  if (!s->type || s->object == s->type || equal(name, "__class__")) return Value();
  bool after = false;
  for (Value t : *as<Tuple>(as<Type>(s->type)->mro)) {
    if (after) {
      auto* dict = as<Dict>(as<Type>(t)->dict);
      if (!dict->str_keys) return Value();
      if (Value found = dict_get(dict, name)) {
        if (!is_exact(found, function_type)) return Value();
        object = s->object;
        return found;
      }
    } else if (t == s->start) {
      after = true;
    }
  }
  return Value();
}

namespace {

Ref super_get(Value self, Value instance, Value) {
  auto* s = self_super(self);
  if (!instance || instance.is_none() || s->object) return Ref::share(self);
  if (type_of(self) != &super_type) return call(to_value(type_of(self)), {s->start, instance});
  Type* type = TRY(check_super(as<Type>(s->start), instance));
  Ref bound = super_new(&super_type, {});
  put(self_super(bound)->start, s->start);
  put(self_super(bound)->object, instance);
  put(self_super(bound)->type, to_value(type));
  return bound;
}

Ref super_repr(Value self) {
  auto* s = self_super(self);
  const std::string start = s->start ? std::string(type_name(as<Type>(s->start))) : "NULL";
  if (s->type) return make_str(fmt::format("<super: <class '{}'>, <{} object>>", start, type_name(as<Type>(s->type))));
  return make_str(fmt::format("<super: <class '{}'>, NULL>", start));
}
Ref super_this(Value self) { return or_none(self_super(self)->start); }
Ref super_self(Value self) { return or_none(self_super(self)->object); }
Ref super_self_class(Value self) { return or_none(self_super(self)->type); }
const GetSetDef kSuperGetSets[] = {{"__thisclass__", super_this, nullptr},
                                   {"__self__", super_self, nullptr},
                                   {"__self_class__", super_self_class, nullptr},
                                   {}};

}  // namespace

void init_super_type() {
  define_type(super_type, {.name = "super",
                           .size = sizeof(Super),
                           .layout = Layout::Super,
                           .flags = Type::kHasGc | Type::kBaseType,
                           .doc = "super()\nsuper(type[, object_or_type])\n\nFinds attributes in the classes that "
                                  "follow type in the method resolution order.\nWithout arguments, it is about the "
                                  "class being defined and the method's first argument."});
  super_type.slots.new_ = super_new;
  super_type.slots.init = super_init;
  super_type.slots.getattr = super_getattr;
  super_type.slots.descr_get = super_get;
  super_type.slots.repr = super_repr;
  super_type.getsets = kSuperGetSets;
  super_type.dealloc = super_dealloc;
  super_type.traverse = super_traverse;
  ready_type(super_type);
}

}  // namespace hiss
