// _contextvars: context variables (PEP 567). The values of a context are a dict that copies share until one of them
// changes it, so that copy_context() costs nothing.
#include "modules/_contextvars.h"

#include "memory/collector.h"
#include "modules/module_content.h"
#include "vm/thread_state.h"

namespace hiss {

namespace {

Type context_type, variable_type, token_type, missing_type;
Ref missing;  // Token.MISSING

struct Context : Object {
  Value values;    // Dict from variables to their values
  Value previous;  // while it is entered: the context to go back to, or empty
  bool entered;
};
struct Variable : Object {
  Value name;
  Value fallback;  // empty: none
};
struct Token : Object {
  Value context;
  Value variable;
  Value old_value;  // empty: the variable had no value
  bool used;
};

Context* context_of(Value v) { return static_cast<Context*>(v.object()); }
Variable* variable_of(Value v) { return static_cast<Variable*>(v.object()); }
Token* token_of(Value v) { return static_cast<Token*>(v.object()); }
Dict* values_of(Value context) { return as<Dict>(context_of(context)->values); }

// ---- Context

Ref make_context(Value values) {
  auto* c = allocate_as<Context>(context_type);
  c->values = Ref::share(values).release();
  track(c);
  return Ref::steal(c);
}
/// The current context of the thread, made when it has none yet.
Value current_context() {
  ThreadState& ts = thread_state();
  if (!ts.context) {
    Ref values = make_dict();
    ts.context = make_context(values).release();
  }
  return ts.context;
}
/// The context's dict, its own from now on. Iterators and copies keep the one they have seen.
Dict* writable_values(Value context) {
  auto* c = context_of(context);
  if (c->values.object()->refs > 1) {
    Ref copy = dict_copy(as<Dict>(c->values));
    Value old = c->values;
    c->values = copy.release();
    release(old);
  }
  return as<Dict>(c->values);
}

void context_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Context*>(o)->values);
  clear_field(static_cast<Context*>(o)->previous);
  free_object(o);
}
void context_traverse(Object* o, Visitor& visit) {
  visit(static_cast<Context*>(o)->values);
  visit(static_cast<Context*>(o)->previous);
}
void context_clear(Object* o) {
  auto* c = static_cast<Context*>(o);
  Ref empty = make_dict();
  Value old = c->values;
  c->values = empty.release();
  release(old);
}

Ref context_new(Type* cls, const Args& args) {
  if (args.count || args.keyword_count()) return fail(exc::TypeError, "Context() does not accept any arguments");
  (void)cls;
  Ref values = make_dict();
  return make_context(values);
}
Ref context_run(Value self, const Value* a) {
  auto* arguments = as<Tuple>(a[0]);
  if (arguments->size == 0) return fail(exc::TypeError, "run() missing 1 required positional argument");
  auto* c = context_of(self);
  if (c->entered) return fail(exc::RuntimeError, "cannot enter context: {} is already entered", repr_text(self));
  ThreadState& ts = thread_state();
  c->previous = ts.context;
  c->entered = true;
  ts.context = Ref::share(self).release();
  Ref rest = make_tuple(arguments->items + 1, arguments->size - 1);
  Ref result = call_with(arguments->items[0], as<Tuple>(rest), as<Dict>(a[1]));
  Value left = ts.context;
  ts.context = c->previous;
  c->previous = Value();
  c->entered = false;
  release(left);
  return result;
}
Ref context_copy(Value self, const Value*) { return make_context(context_of(self)->values); }

Status check_key(Value key) {
  if (is_exact(key, variable_type)) return kOk;
  return fail(exc::TypeError, "a ContextVar key was expected, got {}", repr_text(key));
}
Ref context_getitem(Value self, Value key) {
  TRY(check_key(key));
  Ref value = TRY(dict_get(values_of(self), key));
  if (value.is_empty()) return fail_value(exc::KeyError, key);
  return value;
}
Result<bool> context_contains(Value self, Value key) {
  TRY(check_key(key));
  return !TRY(dict_get(values_of(self), key)).is_empty();
}
Ref context_get(Value self, const Value* a) {
  TRY(check_key(a[0]));
  Ref value = TRY(dict_get(values_of(self), a[0]));
  if (value.is_empty()) return a[1] ? Ref::share(a[1]) : Ref::none();
  return value;
}
Result<int64_t> context_length(Value self) { return values_of(self)->used; }
Ref context_iter(Value self) { return get_iter(context_of(self)->values); }
Ref context_keys(Value self, const Value*) { return context_iter(self); }
Ref context_values(Value self, const Value*) {
  Ref view = TRY(call_method(context_of(self)->values, names.values));
  return get_iter(view);
}
Ref context_items(Value self, const Value*) {
  Ref view = TRY(call_method(context_of(self)->values, names.items));
  return get_iter(view);
}
Ref context_compare(Value self, Value other, CompareOp op) {
  if (!is_exact(other, context_type) || (op != CompareOp::Eq && op != CompareOp::Ne)) return Ref::not_implemented();
  const bool same = TRY(equal(context_of(self)->values, context_of(other)->values));
  return Ref::boolean(same == (op == CompareOp::Eq));
}

// ---- ContextVar

Ref make_token(Value context, Value variable, Value old_value) {
  auto* t = allocate_as<Token>(token_type);
  t->context = Ref::share(context).release();
  t->variable = Ref::share(variable).release();
  t->old_value = Ref::share(old_value).release();
  track(t);
  return Ref::steal(t);
}

Ref variable_new(Type* cls, const Args& args) {
  Arguments a("ContextVar", "(name, /, *, default=None)");
  TRY(a.bind(args));
  if (!is<Str>(a[0])) return fail(exc::TypeError, "context variable name must be a str");
  auto* v = static_cast<Variable*>(allocate(cls));
  v->name = Ref::share(a[0]).release();
  if (a[1]) v->fallback = Ref::share(a[1]).release();
  track(v);
  return Ref::steal(v);
}
void variable_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Variable*>(o)->name);
  clear_field(static_cast<Variable*>(o)->fallback);
  free_object(o);
}
void variable_traverse(Object* o, Visitor& visit) { visit(static_cast<Variable*>(o)->fallback); }
void variable_clear(Object* o) { clear_field(static_cast<Variable*>(o)->fallback); }

Ref variable_get(Value self, const Value* a) {
  if (Value context = thread_state().context) {
    Ref value = TRY(dict_get(values_of(context), self));
    if (!value.is_empty()) return value;
  }
  if (a[0]) return Ref::share(a[0]);
  if (variable_of(self)->fallback) return Ref::share(variable_of(self)->fallback);
  return fail_value(exc::LookupError, self);
}
Ref variable_set(Value self, const Value* a) {
  Ref context = Ref::share(current_context());
  Ref old = TRY(dict_get(values_of(context), self));
  TRY(dict_set(writable_values(context), self, a[0]));
  return make_token(context, self, old);
}
Ref variable_reset(Value self, const Value* a) {
  if (!is_exact(a[0], token_type))
    return fail(exc::TypeError, "expected an instance of Token, got {}", repr_text(a[0]));
  Token* t = token_of(a[0]);
  if (t->used) return fail(exc::RuntimeError, "{} has already been used once", repr_text(a[0]));
  if (t->variable != self) return fail(exc::ValueError, "{} was created by a different ContextVar", repr_text(a[0]));
  Value context = current_context();
  if (t->context != context) return fail(exc::ValueError, "{} was created in a different Context", repr_text(a[0]));
  t->used = true;
  if (t->old_value) {
    TRY(dict_set(writable_values(context), self, t->old_value));
  } else if (!TRY(dict_delete(writable_values(context), self))) {
    return fail_value(exc::LookupError, self);
  }
  return Ref::none();
}
Ref variable_repr(Value self) {
  Variable* v = variable_of(self);
  std::string text = fmt::format("<ContextVar name={}", repr_text(v->name));
  if (v->fallback) {
    // The default may refer to the variable itself.
    ReprGuard guard(self);
    text += guard.entered() ? fmt::format(" default={}", to_string(TRY(repr(v->fallback)))) : " default=...";
  }
  return make_str(fmt::format("{} at {:#x}>", text, self.bits()));
}
Ref variable_name(Value self) { return Ref::share(variable_of(self)->name); }
Ref class_getitem(Value self, const Value* a) { return make_generic_alias(self, a[0]); }

// ---- Token

Ref token_new(Type*, const Args&) { return fail(exc::RuntimeError, "Tokens can only be created by ContextVars"); }
void token_dealloc(Object* o) {
  untrack(o);
  auto* t = static_cast<Token*>(o);
  for (Value* v : {&t->context, &t->variable, &t->old_value}) clear_field(*v);
  free_object(o);
}
void token_traverse(Object* o, Visitor& visit) {
  auto* t = static_cast<Token*>(o);
  for (Value v : {t->context, t->variable, t->old_value}) visit(v);
}
void token_clear(Object* o) { clear_field(static_cast<Token*>(o)->old_value); }
Ref token_repr(Value self) {
  Token* t = token_of(self);
  return make_str(
      fmt::format("<Token{} var={} at {:#x}>", t->used ? " used" : "", repr_text(t->variable), self.bits()));
}
Ref token_variable(Value self) { return Ref::share(token_of(self)->variable); }
Ref token_old_value(Value self) {
  Value old = token_of(self)->old_value;
  return old ? Ref::share(old) : missing;
}
Ref missing_repr(Value) { return make_str("<Token.MISSING>"); }

Ref copy_context(Value, const Value*) { return copy_current_context(); }

const NativeDef kContextMethods[] = {
    {"run", "($self, /, *args, **kwargs)", context_run,
     "run(callable, *args, **kwargs): call it with this context as the current one; what it sets stays in here."},
    {"copy", "($self, /)", context_copy, "A new context that holds the same values."},
    {"get", "($self, key, default=None, /)", context_get, "The value of the variable key, or default if it has none."},
    {"keys", "($self, /)", context_keys, "An iterator over the variables that have a value in this context."},
    {"values", "($self, /)", context_values, "An iterator over the values in this context."},
    {"items", "($self, /)", context_items, "An iterator over the pairs of a variable and its value in this context."},
    {}};
const NativeDef kVariableMethods[] = {
    {"get", "($self, default=<unrepresentable>, /)", variable_get,
     "The variable's value in the current context. Where it has none: default, else the variable's own default, else "
     "LookupError."},
    {"set", "($self, value, /)", variable_set,
     "Give the variable a value in the current context. The token returned takes this back through reset()."},
    {"reset", "($self, token, /)", variable_reset,
     "Bring back the value that the variable had before the set() that made token."},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const NativeDef kTokenMethods[] = {
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod}, {}};
const GetSetDef kVariableGetSets[] = {{"name", variable_name, nullptr}, {}};
const GetSetDef kTokenGetSets[] = {{"var", token_variable, nullptr}, {"old_value", token_old_value, nullptr}, {}};
const NativeDef kFunctions[] = {{"copy_context", "($module, /)", copy_context, "A copy of the current context."}, {}};

void define_context() {
  define_type(context_type,
              {.name = "_contextvars.Context",
               .size = sizeof(Context),
               .flags = Type::kHasGc | Type::kWeakReferable,
               .doc = "The values of context variables: a mapping from variables to values, and a place to run in."});
  Slots& s = context_type.slots;
  s.new_ = context_new;
  s.getitem = context_getitem;
  s.contains = context_contains;
  s.length = context_length;
  s.iter = context_iter;
  s.compare = context_compare;
  context_type.methods = kContextMethods;
  context_type.dealloc = context_dealloc;
  context_type.traverse = context_traverse;
  context_type.clear = context_clear;
  ready_type(context_type);
}
void define_variable() {
  define_type(variable_type, {.name = "_contextvars.ContextVar",
                              .size = sizeof(Variable),
                              .flags = Type::kHasGc,
                              .doc = "A variable whose value depends on the context in which it is read."});
  variable_type.slots.new_ = variable_new;
  variable_type.slots.repr = variable_repr;
  variable_type.methods = kVariableMethods;
  variable_type.getsets = kVariableGetSets;
  variable_type.dealloc = variable_dealloc;
  variable_type.traverse = variable_traverse;
  variable_type.clear = variable_clear;
  ready_type(variable_type);
}
Status define_token() {
  define_type(missing_type, {.name = "Token.MISSING", .flags = Type::kNoInstances});
  missing_type.slots.repr = missing_repr;
  ready_type(missing_type);
  missing = Ref::steal(allocate(&missing_type));
  define_type(token_type, {.name = "_contextvars.Token",
                           .size = sizeof(Token),
                           .flags = Type::kHasGc,
                           .doc = "Remembers what value a ContextVar.set() has replaced."});
  token_type.slots.new_ = token_new;
  token_type.slots.repr = token_repr;
  token_type.methods = kTokenMethods;
  token_type.getsets = kTokenGetSets;
  token_type.dealloc = token_dealloc;
  token_type.traverse = token_traverse;
  token_type.clear = token_clear;
  ready_type(token_type);
  dict_set(as<Dict>(token_type.dict), intern("MISSING"), missing);
  return kOk;
}

Status initialize(Value module) {
  define_context();
  define_variable();
  TRY(define_token());
  for (Type* t : {&context_type, &variable_type, &token_type}) add_type(module, *t);
  return kOk;
}

}  // namespace

Ref copy_current_context() { return make_context(context_of(current_context())->values); }

extern const ModuleDef contextvars_module;
const ModuleDef contextvars_module = {"_contextvars", "Variables whose values depend on the context.", kFunctions,
                                      initialize};

}  // namespace hiss
