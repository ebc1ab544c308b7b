// object: what every class inherits.
#include <vector>

#include "memory/collector.h"
#include "memory/weak_references.h"
#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/slot_table.h"

namespace hiss {

namespace {

void object_dealloc(Object* o) { free_object(o); }

bool excess_arguments(const Args& args) { return args.count || args.keyword_count(); }

Ref abstract_error(Type* cls) {
  Ref missing = TRY(get_attr(to_value(cls), "__abstractmethods__"));
  Ref list = TRY(to_list(missing));
  TRY(list_sort(as<List>(list), Value(), false));
  std::string text;
  for (Value v : *as<List>(list)) {
    if (!text.empty()) text += ", ";
    text += to_string(TRY(str(v)));
  }
  return fail(exc::TypeError, "Can't instantiate abstract class {} with abstract method{} {}", type_name(cls),
              as<List>(list)->size == 1 ? "" : "s", text);
}

Ref object_new(Type* cls, const Args& args) {
  if (excess_arguments(args)) {
    if (cls->slots.new_ != object_new)
      return fail(exc::TypeError, "object.__new__() takes exactly one argument (the type to instantiate)");
    if (cls->slots.init == object_type.slots.init)
      return fail(exc::TypeError, "{}() takes no arguments", type_name(cls));
  }
  if (cls->has(Type::kAbstract)) return abstract_error(cls);
  Object* o = allocate(cls);
  if (has_gc(o)) track(o);
  return Ref::steal(o);
}

Status object_init(Value self, const Args& args) {
  Type* type = type_of(self);
  if (excess_arguments(args)) {
    if (type->slots.init != object_init)
      return fail(exc::TypeError, "object.__init__() takes exactly one argument (the instance to initialize)");
    if (type->slots.new_ == object_new)
      return fail(exc::TypeError, "{}.__init__() takes exactly one argument (the instance to initialize)",
                  type_name(type));
  }
  return kOk;
}

Ref object_repr(Value self) {
  Type* type = type_of(self);
  Ref module = type_module(type);
  if (is<Str>(module) && !equal(as<Str>(module.value()), "builtins")) {
    return make_str(fmt::format("<{}.{} object at {:#x}>", to_string(module), to_string(type->qualname), self.bits()));
  }
  return make_str(fmt::format("<{} object at {:#x}>", to_string(type->qualname), self.bits()));
}

Ref object_str(Value self) { return type_of(self)->slots.repr(self); }

Result<int64_t> object_hash(Value self) {
  const uint64_t bits = self.bits();
  return static_cast<int64_t>((bits >> 4) | (bits << 60));
}

Ref object_compare(Value self, Value other, CompareOp op) {
  if (op == CompareOp::Eq) return self == other ? Ref::boolean(true) : Ref::not_implemented();
  if (op == CompareOp::Ne) {
    // The opposite of __eq__, when that has an answer.
    CompareSlot slot = type_of(self)->slots.compare;
    if (!slot) return Ref::not_implemented();
    Ref result = TRY(slot(self, other, CompareOp::Eq));
    if (result.is_not_implemented()) return result;
    return Ref::boolean(!TRY(truth(result)));
  }
  return Ref::not_implemented();
}

Ref get_class(Value self) { return Ref::share(type_of(self)); }

// The class that gave instances of `type` their last __slots__, or the native base.
Type* slots_base(Type* type) {
  while (type->is_heap() && type->slot_count == 0) type = type->base;
  return type;
}

std::vector<Value> own_slots(Type* type) {
  std::vector<Value> found(type->slot_count);
  for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(type->dict), i);) {
    if (!is_exact(e->value, member_descriptor_type)) continue;
    const auto* d = as<Descriptor>(e->value);
    const size_t index = (d->offset - type->slots_offset) / sizeof(Value);
    if (d->owner == type && !d->getset && index < found.size()) found[index] = d->name;
  }
  return found;
}

bool same_slots(Type* a, Type* b) {
  a = slots_base(a);
  b = slots_base(b);
  return a == b ||
         (a->is_heap() && b->is_heap() && slots_base(a->base) == slots_base(b->base) && own_slots(a) == own_slots(b));
}

bool same_layout(Type* a, Type* b) {
  return a->basic_size == b->basic_size && a->instance_layout == b->instance_layout &&
         a->attributes_offset == b->attributes_offset &&
         (a->type_flags & Type::kWeakReferable) == (b->type_flags & Type::kWeakReferable) && same_slots(a, b);
}

Status set_class(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "can't delete __class__ attribute");
  if (!is<Type>(value))
    return fail(exc::TypeError, "__class__ must be set to a class, not '{}' object", type_name(value));
  Type* old_type = type_of(self);
  Type* new_type = as<Type>(value);
  if (old_type == new_type) return kOk;
  const bool modules = is_subtype(new_type, &module_type) && is_subtype(old_type, &module_type);
  if (!modules && (!new_type->is_heap() || !old_type->is_heap())) {
    return fail(exc::TypeError, "__class__ assignment only supported for mutable types or ModuleType subclasses");
  }
  if (!same_layout(old_type, new_type)) {
    return fail(exc::TypeError, "__class__ assignment: '{}' object layout differs from '{}'", type_name(new_type),
                type_name(old_type));
  }
  Object* o = self.object();
  if (Attributes* attributes = attributes_of(o)) {
    if (attributes->shape && attributes->shape->dictionary) {
      attributes->shape = dictionary_shape(new_type);
    } else if (attributes->shape) {
      Shape* shape = root_shape(new_type);
      for (Str* key : std::vector<Str*>(shape_keys(attributes->shape))) shape = shape_with(shape, key);
      attributes->shape = shape;
    }
  }
  if (new_type->is_heap()) retain(static_cast<Object*>(new_type));
  if (is<Tuple>(self) && new_type->slots.hash != old_type->slots.hash) tuple_hashes_last = false;
  o->type = new_type;
  if (old_type->is_heap()) release(static_cast<Object*>(old_type));
  return kOk;
}

Ref object_format(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "__format__() argument must be str, not {}", type_name(args[0]));
  if (as<Str>(args[0])->length)
    return fail(exc::TypeError, "unsupported format string passed to {}.__format__", type_name(self));
  return str(self);
}

Ref object_sizeof(Value self, const Value*) {
  if (!self.is_object()) return make_int(24);
  Type* type = type_of(self);
  // What is remembered of a tuple's hash is no part of what a program measures.
  if (is<Tuple>(self))
    return make_int(type->basic_size - sizeof(Tuple::hash) +
                    static_cast<size_t>(as<Tuple>(self)->size) * sizeof(Value));
  return make_int(static_cast<int64_t>(type->basic_size) + type->inline_capacity * 8);
}

Ref object_dir(Value self, const Value*) {
  Ref merged = make_dict();
  Ref dict = TRY(get_attr_or_empty(self, names.__dict__));
  if (is<Dict>(dict)) TRY(dict_update(as<Dict>(merged), dict));
  Ref cls = TRY(get_attr_or_empty(self, names.__class__));
  if (is<Type>(cls)) {
    for (Value t : *as<Tuple>(as<Type>(cls)->mro)) TRY(dict_update(as<Dict>(merged), as<Type>(t)->dict, false));
  }
  return to_list(merged);
}

Ref object_init_subclass(Value, const Value*) { return Ref::none(); }
Ref object_subclasshook(Value, const Value*) { return Ref::not_implemented(); }

// ---- Pickling and copying (protocol 2 and up)

Ref slot_names(Type* type) {
  Ref copyreg = TRY(import_module("copyreg"));
  return call_method(copyreg, "_slotnames", {to_value(type)});
}

Ref default_getstate(Value self) {
  Ref state = Ref::none();
  if (self.is_object()) {
    if (attributes_of(self.object())) {
      Ref dict = TRY(get_attr_or_empty(self, names.__dict__));
      if (!dict.is_empty()) state = TRY(is<Dict>(dict) ? dict_copy(as<Dict>(dict)) : Ref(dict));
      if (is<Dict>(state) && as<Dict>(state)->used == 0) state = Ref::none();
      if (state.is_none() && attributes_of(self.object())->shape && attributes_of(self.object())->shape->count)
        state = dict;
    }
  }
  Ref slots = TRY(slot_names(type_of(self)));
  if (is<List>(slots) && as<List>(slots)->size) {
    Ref values = make_dict();
    for (int64_t i = 0; i < as<List>(slots)->size; ++i) {
      // Reading an attribute runs code, which may change the list or drop the name.
      Ref name = Ref::share(as<List>(slots)->items[i]);
      if (!is<Str>(name)) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(name));
      Ref v = TRY(get_attr_or_empty(self, intern(as<Str>(name))));
      if (!v.is_empty()) TRY(dict_set(as<Dict>(values), name, v));
    }
    if (as<Dict>(values)->used) state = make_tuple({state, values});
  }
  return state;
}
Ref object_getstate(Value self, const Value*) { return default_getstate(self); }

Ref reduce_2(Value self) {
  Type* type = type_of(self);
  Ref copyreg = TRY(import_module("copyreg"));
  Ref args, kwargs;
  Ref getnewargs_ex = TRY(lookup_special(self, names.__getnewargs_ex__));
  if (!getnewargs_ex.is_empty()) {
    Ref pair = TRY(call(getnewargs_ex));
    if (!is<Tuple>(pair))
      return fail(exc::TypeError, "__getnewargs_ex__ should return a tuple, not '{}'", type_name(pair));
    if (as<Tuple>(pair)->size != 2) {
      return fail(exc::ValueError, "__getnewargs_ex__ should return a tuple of length 2, not {}",
                  as<Tuple>(pair)->size);
    }
    args = Ref::share(as<Tuple>(pair)->items[0]);
    kwargs = Ref::share(as<Tuple>(pair)->items[1]);
    if (!is<Tuple>(args)) {
      return fail(exc::TypeError, "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                  type_name(args));
    }
    if (!is<Dict>(kwargs)) {
      return fail(exc::TypeError, "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'",
                  type_name(kwargs));
    }
  } else {
    Ref getnewargs = TRY(lookup_special(self, names.__getnewargs__));
    if (!getnewargs.is_empty()) {
      args = TRY(call(getnewargs));
      if (!is<Tuple>(args))
        return fail(exc::TypeError, "__getnewargs__ should return a tuple, not '{}'", type_name(args));
    } else {
      const bool native_state =
          !type->is_heap() || (type->instance_layout != Layout::Instance && type->instance_layout != Layout::Plain);
      const bool container = is<List>(self) || is<Dict>(self);
      if (native_state && !container && type->base && type->slots.new_ != object_new && !is<Module>(self) &&
          !lookup(type, names.__getstate__)) {
        return fail(exc::TypeError, "cannot pickle '{}' object", type_name(self));
      }
      if (native_state && !container && type->slots.new_ != object_type.slots.new_ && !type->is_heap()) {
        return fail(exc::TypeError, "cannot pickle '{}' object", type_name(self));
      }
    }
  }
  Ref state = TRY(call_method(self, names.__getstate__));
  Ref list_items = Ref::none(), dict_items = Ref::none();
  if (is<List>(self)) list_items = TRY(get_iter(self));
  if (is<Dict>(self)) {
    Ref items = TRY(call_method(self, names.items));
    dict_items = TRY(get_iter(items));
  }
  Ref constructor, arguments;
  if (!kwargs.is_empty() && as<Dict>(kwargs)->used) {
    constructor = TRY(get_attr(copyreg, "__newobj_ex__"));
    arguments = make_tuple({to_value(type), args, kwargs});
  } else {
    constructor = TRY(get_attr(copyreg, "__newobj__"));
    std::vector<Value> items = {to_value(type)};
    if (!args.is_empty()) items.insert(items.end(), as<Tuple>(args)->begin(), as<Tuple>(args)->end());
    arguments = make_tuple(items.data(), static_cast<int64_t>(items.size()));
  }
  return make_tuple({constructor, arguments, state, list_items, dict_items});
}

Ref reduce_with(Value self, int64_t protocol) {
  if (protocol >= 2) return reduce_2(self);
  Ref copyreg = TRY(import_module("copyreg"));
  Ref p = make_int(protocol);
  return call_method(copyreg, "_reduce_ex", {self, p});
}
Ref object_reduce(Value self, const Value*) { return reduce_with(self, 0); }
Ref object_reduce_ex(Value self, const Value* args) {
  const int64_t protocol = TRY(to_int64(args[0]));
  Ref own = TRY(get_attr_or_empty(self, names.__reduce__));
  if (!own.is_empty()) {
    Ref cls_reduce = TRY(get_attr(to_value(type_of(self)), names.__reduce__));
    Value base_reduce = lookup(&object_type, names.__reduce__);
    if (cls_reduce.value() != base_reduce) return call(own);
  }
  return reduce_with(self, protocol);
}

const NativeDef kMethods[] = {
    {"__reduce_ex__", "($self, protocol, /)", object_reduce_ex, "Helper for pickle."},
    {"__reduce__", "($self, /)", object_reduce, "Helper for pickle."},
    {"__getstate__", "($self, /)", object_getstate, "Helper for pickle."},
    {"__format__", "($self, format_spec, /)", object_format, "Default object formatter."},
    {"__sizeof__", "($self, /)", object_sizeof, "Memory of the object itself, in bytes."},
    {"__dir__", "($self, /)", object_dir, "Default dir() implementation."},
    {"__init_subclass__", "($type, /)", object_init_subclass,
     "Runs for each new subclass, which it gets as cls. The default does nothing.", NativeDef::ClassMethod},
    {"__subclasshook__", "($type, subclass, /)", object_subclasshook,
     "Lets an abstract class decide issubclass(); NotImplemented leaves it to the usual rules.",
     NativeDef::ClassMethod},
    {}};
const GetSetDef kGetSets[] = {{"__class__", get_class, set_class, "the object's class"}, {}};

// ---- __dict__ and __weakref__ of instances of classes

extern const GetSetDef kInstanceDict;

// What a native base knows better: the __dict__ of classes and modules is theirs, whatever a class of Python code says.
Value native_dict_descriptor(Value self) {
  for (Type* t = type_of(self); t; t = t->base) {
    if (t->is_heap()) continue;
    Value found = dict_get(as<Dict>(t->dict), names.__dict__);
    if (found && is<Descriptor>(found) && as<Descriptor>(found)->getset->get != kInstanceDict.get) return found;
  }
  return Value();
}

Ref instance_dict(Value self) {
  if (Value native = native_dict_descriptor(self)) {
    return type_of(native)->slots.descr_get(native, self, to_value(type_of(self)));
  }
  Attributes* attributes = attributes_of(self.object());
  if (!attributes)
    return fail_attribute(self, names.__dict__,
                          fmt::format("'{}' object has no attribute '__dict__'", type_name(self)));
  return Ref::share(attribute_dict(self.object(), attributes));
}
Status set_instance_dict(Value self, Value value) {
  if (Value native = native_dict_descriptor(self)) return type_of(native)->slots.descr_set(native, self, value);
  Attributes* attributes = attributes_of(self.object());
  if (!attributes) return fail(exc::AttributeError, "This object has no __dict__");
  if (!value) return set_attribute_dict(self.object(), attributes, make_dict());
  return set_attribute_dict(self.object(), attributes, value);
}
Ref instance_weakref(Value self) {
  const auto list = weak_references_to(self.object());
  return list.empty() ? Ref::none() : Ref::share(list.front());
}

const GetSetDef kInstanceDict = {"__dict__", instance_dict, set_instance_dict, "the attributes of this instance"};
const GetSetDef kInstanceWeakref = {"__weakref__", instance_weakref, nullptr, "the weak references to the object"};

}  // namespace

const GetSetDef* instance_dict_getset() { return &kInstanceDict; }
const GetSetDef* instance_weakref_getset() { return &kInstanceWeakref; }

void init_object_type() {
  define_type(
      object_type,
      {.name = "object",
       .flags = Type::kBaseType,
       .doc = "object()\n--\n\nThe class from which all others descend.\n\nIts own instances have no attributes "
              "and take none; the constructor wants no arguments."});
  object_type.slots.new_ = object_new;
  object_type.slots.init = object_init;
  object_type.slots.repr = object_repr;
  object_type.slots.str = object_str;
  object_type.slots.hash = object_hash;
  object_type.slots.compare = object_compare;
  object_type.slots.getattr = generic_get_attr;
  object_type.slots.setattr = generic_set_attr;
  object_type.methods = kMethods;
  object_type.getsets = kGetSets;
  object_type.dealloc = object_dealloc;
  ready_type(object_type);
}

}  // namespace hiss
