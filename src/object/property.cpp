// property, staticmethod and classmethod.
#include "memory/collector.h"
#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"

namespace hiss {

Type property_type, staticmethod_type, classmethod_type;

namespace {

// ---- property

Property* self_property(Value v) { return as<Property>(v); }

void property_dealloc(Object* o) {
  untrack(o);
  auto* p = static_cast<Property*>(o);
  clear_attributes(o, &p->attributes);
  for (Value v : {p->getter, p->setter, p->deleter, p->doc, p->name}) release(v);
  free_object(o);
}
void property_traverse(Object* o, Visitor& visit) {
  auto* p = static_cast<Property*>(o);
  traverse_attributes(&p->attributes, visit);
  for (Value v : {p->getter, p->setter, p->deleter, p->doc, p->name}) visit(v);
}
void property_clear(Object* o) {
  auto* p = static_cast<Property*>(o);
  for (Value* v : {&p->getter, &p->setter, &p->deleter, &p->doc, &p->name}) clear_field(*v);
}

void assign(Value& field, Value value) {
  Value old = field;
  retain(value);
  field = value;
  release(old);
}

Value none_to_empty(Value v) { return v.is_none() ? Value() : v; }
Ref empty_to_none(Value v) { return v ? Ref::share(v) : Ref::none(); }

Status property_init(Value self, const Args& args) {
  Arguments a("property", "(fget=None, fset=None, fdel=None, doc=None)");
  TRY(a.bind(args));
  auto* p = self_property(self);
  assign(p->getter, none_to_empty(a[0]));
  assign(p->setter, none_to_empty(a[1]));
  assign(p->deleter, none_to_empty(a[2]));
  Ref doc = Ref::share(none_to_empty(a[3]));
  p->doc_from_getter = false;
  if (doc.is_empty() && p->getter) {
    doc = get_attr_or_empty(p->getter, names.__doc__);
    if (doc.is_error()) return Failure{};
    if (doc.is_none()) doc = Ref();
    p->doc_from_getter = !doc.is_empty();
  }
  // A subclass's own class docstring would hide the property's, so it goes into the instance.
  if (type_of(self) != &property_type && !doc.is_empty()) {
    TRY(generic_set_attr(self, names.__doc__, doc));
  } else {
    assign(p->doc, doc);
  }
  return kOk;
}

std::string property_label(Property* p, Value instance) {
  if (p->name)
    return fmt::format("property {} of {} object", repr_text(p->name), repr_text(type_of(instance)->qualname));
  return fmt::format("property of {} object", repr_text(type_of(instance)->qualname));
}

Ref property_get(Value self, Value instance, Value) {
  auto* p = self_property(self);
  if (!instance) return Ref::share(self);
  if (!p->getter) return fail(exc::AttributeError, "{} has no getter", property_label(p, instance));
  Ref hold = Ref::share(p->getter);
  return call(hold, {instance});
}
Status property_set(Value self, Value instance, Value value) {
  auto* p = self_property(self);
  Ref function = Ref::share(value ? p->setter : p->deleter);
  if (function.is_empty())
    return fail(exc::AttributeError, "{} has no {}", property_label(p, instance), value ? "setter" : "deleter");
  if (value) {
    TRY(call(function, {instance, value}));
  } else {
    TRY(call(function, {instance}));
  }
  return kOk;
}

Ref copy_with(Value self, Value getter, Value setter, Value deleter) {
  auto* p = self_property(self);
  Value g = getter ? getter : p->getter;
  Value s = setter ? setter : p->setter;
  Value d = deleter ? deleter : p->deleter;
  Value doc = p->doc_from_getter && getter ? Value() : p->doc;
  auto or_none = [](Value v) { return v ? v : Value::none(); };
  Ref copy = TRY(call(to_value(type_of(self)),
                      {or_none(g), or_none(s), or_none(d), or_none(p->doc_from_getter && g ? Value() : doc)}));
  if (is<Property>(copy)) assign(as<Property>(copy)->name, p->name);
  return copy;
}
Ref property_getter(Value self, const Value* args) { return copy_with(self, args[0], Value(), Value()); }
Ref property_setter(Value self, const Value* args) { return copy_with(self, Value(), args[0], Value()); }
Ref property_deleter(Value self, const Value* args) { return copy_with(self, Value(), Value(), args[0]); }
Ref property_set_name(Value self, const Value* args) {
  auto* arguments = as<Tuple>(args[0]);
  if (arguments->size != 2) {
    return fail(exc::TypeError, "__set_name__() takes 2 positional arguments but {} were given", arguments->size);
  }
  assign(self_property(self)->name, arguments->items[1]);
  return Ref::none();
}

Ref get_fget(Value self) { return empty_to_none(self_property(self)->getter); }
Ref get_fset(Value self) { return empty_to_none(self_property(self)->setter); }
Ref get_fdel(Value self) { return empty_to_none(self_property(self)->deleter); }
Ref get_doc(Value self) { return empty_to_none(self_property(self)->doc); }
Status set_doc(Value self, Value value) {
  assign(self_property(self)->doc, value);
  return kOk;
}
Ref get_abstract(Value self) {
  auto* p = self_property(self);
  for (Value f : {p->getter, p->setter, p->deleter}) {
    if (!f) continue;
    Ref flag = TRY(get_attr_or_empty(f, names.__isabstractmethod__));
    if (!flag.is_empty() && TRY(truth(flag))) return Ref::boolean(true);
  }
  return Ref::boolean(false);
}

const NativeDef kPropertyMethods[] = {
    {"getter", "($self, fget, /)", property_getter, "The same property, but read by fget."},
    {"setter", "($self, fset, /)", property_setter, "The same property, but assigned by fset."},
    {"deleter", "($self, fdel, /)", property_deleter, "The same property, but deleted by fdel."},
    {"__set_name__", "($self, /, *args)", property_set_name, "Learn the name under which the class has the property."},
    {}};
const GetSetDef kPropertyGetSets[] = {
    {"fget", get_fget, nullptr, nullptr, true},      {"fset", get_fset, nullptr, nullptr, true},
    {"fdel", get_fdel, nullptr, nullptr, true},      {"__doc__", get_doc, set_doc},
    {"__isabstractmethod__", get_abstract, nullptr}, {}};

// ---- staticmethod and classmethod

WrappedCallable* self_wrapped(Value v) { return static_cast<WrappedCallable*>(v.object()); }
void wrapped_dealloc(Object* o) {
  untrack(o);
  clear_attributes(o, &static_cast<WrappedCallable*>(o)->attributes);
  release(static_cast<WrappedCallable*>(o)->callable);
  free_object(o);
}
void wrapped_traverse(Object* o, Visitor& visit) {
  traverse_attributes(&static_cast<WrappedCallable*>(o)->attributes, visit);
  visit(static_cast<WrappedCallable*>(o)->callable);
}
void wrapped_clear(Object* o) { clear_field(static_cast<WrappedCallable*>(o)->callable); }

// The wrapper looks like what it wraps: its name, docstring and module.
Status copy_identity(Value wrapper, Value callable) {
  for (Str* name : {names.__module__, names.__name__, names.__qualname__, names.__doc__}) {
    Ref v = TRY(get_attr_or_empty(callable, name));
    if (!v.is_empty()) attribute_set(wrapper.object(), &self_wrapped(wrapper)->attributes, name, v);
  }
  Ref annotations = TRY(get_attr_or_empty(callable, names.__annotations__));
  if (!annotations.is_empty())
    attribute_set(wrapper.object(), &self_wrapped(wrapper)->attributes, names.__annotations__, annotations);
  return kOk;
}

Status wrapped_init(Value self, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "{}() takes no keyword arguments", type_name(self));
  if (args.count != 1) return fail(exc::TypeError, "{} expected 1 argument, got {}", type_name(self), args.count);
  assign(self_wrapped(self)->callable, args[0]);
  return copy_identity(self, args[0]);
}
Ref wrapped_function(Value self) { return empty_to_none(self_wrapped(self)->callable); }
Ref wrapped_abstract(Value self) {
  Ref flag = TRY(get_attr_or_empty(self_wrapped(self)->callable, names.__isabstractmethod__));
  return Ref::boolean(!flag.is_empty() && TRY(truth(flag)));
}
Ref wrapped_dict(Value self) { return Ref::share(attribute_dict(self.object(), &self_wrapped(self)->attributes)); }
const GetSetDef kWrappedGetSets[] = {{"__func__", wrapped_function, nullptr},
                                     {"__wrapped__", wrapped_function, nullptr},
                                     {"__isabstractmethod__", wrapped_abstract, nullptr},
                                     {"__dict__", wrapped_dict, nullptr},
                                     {}};

Ref staticmethod_get(Value self, Value, Value) {
  if (!self_wrapped(self)->callable) return fail(exc::RuntimeError, "uninitialized staticmethod object");
  return Ref::share(self_wrapped(self)->callable);
}
Ref staticmethod_call(Value self, const Args& args) { return call(self_wrapped(self)->callable, args); }
Ref staticmethod_repr(Value self) {
  return make_str(fmt::format("<staticmethod({})>", to_string(TRY(repr(self_wrapped(self)->callable)))));
}
Ref classmethod_get(Value self, Value instance, Value owner) {
  Value callable = self_wrapped(self)->callable;
  if (!callable) return fail(exc::RuntimeError, "uninitialized classmethod object");
  Value cls = owner ? owner : to_value(type_of(instance));
  if (DescrGetSlot get = type_of(callable)->slots.descr_get) return get(callable, cls, cls);
  return make_method(callable, cls);
}
Ref classmethod_repr(Value self) {
  return make_str(fmt::format("<classmethod({})>", to_string(TRY(repr(self_wrapped(self)->callable)))));
}

Ref make_wrapped(Type& type, Value callable) {
  auto* w = allocate_as<WrappedCallable>(type);
  w->callable = Ref::share(callable).release();
  track(w);
  Ref hold = Ref::steal(w);
  TRY(copy_identity(hold, callable));
  return hold;
}

Ref tracked_new(Type* cls, const Args&) {
  Object* o = allocate(cls);
  track(o);
  return Ref::steal(o);
}

void define_wrapped(Type& type, const char* name, Layout layout, DescrGetSlot get, UnarySlot repr_slot,
                    const char* doc) {
  define_type(type, {.name = name,
                     .size = sizeof(WrappedCallable),
                     .layout = layout,
                     .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                     .doc = doc});
  type.attributes_offset = offsetof(WrappedCallable, attributes);
  type.slots.init = wrapped_init;
  type.slots.new_ = tracked_new;
  type.slots.descr_get = get;
  type.slots.repr = repr_slot;
  type.getsets = kWrappedGetSets;
  type.dealloc = wrapped_dealloc;
  type.traverse = wrapped_traverse;
  type.clear = wrapped_clear;
}

}  // namespace

Ref make_static_method(Value callable) { return make_wrapped(staticmethod_type, callable); }
Ref make_class_method(Value callable) { return make_wrapped(classmethod_type, callable); }

void init_staticmethod_type() {
  define_wrapped(staticmethod_type, "staticmethod", Layout::StaticMethod, staticmethod_get, staticmethod_repr,
                 "staticmethod(function) -> method\n\nThe function as it is, even when looked up on an instance: no "
                 "self is passed.");
  staticmethod_type.slots.call = staticmethod_call;
  ready_type(staticmethod_type);
}
void init_classmethod_type() {
  define_wrapped(
      classmethod_type, "classmethod", Layout::ClassMethod, classmethod_get, classmethod_repr,
      "classmethod(function) -> method\n\nBinds the function to the class, which becomes its first argument.");
  ready_type(classmethod_type);
}
void init_property_type() {
  define_type(property_type,
              {.name = "property",
               .size = sizeof(Property),
               .layout = Layout::Property,
               .flags = Type::kBaseType | Type::kHasGc,
               .doc = "An attribute that functions compute.\n\nfget reads it, fset assigns it and fdel deletes it; "
                      "where one is missing, AttributeError is raised.\nThe docstring is doc, or that of fget."});
  // Instances of the exact type have no attributes of their own; subclasses do, in the same place.
  property_type.slots.init = property_init;
  property_type.slots.new_ = tracked_new;
  property_type.slots.descr_get = property_get;
  property_type.slots.descr_set = property_set;
  property_type.methods = kPropertyMethods;
  property_type.getsets = kPropertyGetSets;
  property_type.dealloc = property_dealloc;
  property_type.traverse = property_traverse;
  property_type.clear = property_clear;
  ready_type(property_type);
}

}  // namespace hiss
