// The attributes and methods of classes themselves: __name__, __mro__, __subclasses__(), ...
#include <algorithm>

#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/slot_table.h"

namespace hiss {

namespace {

Type* self_type(Value v) { return as<Type>(v); }

Ref get_name(Value self) { return Ref::share(self_type(self)->name); }
Ref get_qualname(Value self) { return Ref::share(self_type(self)->qualname); }

Status check_settable(Value self, Value value, const char* name) {
  Type* type = self_type(self);
  if (!type->is_heap())
    return fail(exc::TypeError, "cannot set '{}' attribute of immutable type '{}'", name, type_name(type));
  if (!value) return fail(exc::TypeError, "cannot delete '{}' attribute of immutable type '{}'", name, type_name(type));
  return kOk;
}

Status replace_name(Value self, Value value, const char* name, Value Type::*field) {
  TRY(check_settable(self, value, name));
  if (!is<Str>(value))
    return fail(exc::TypeError, "can only assign string to {}.{}, not '{}'", type_name(self_type(self)), name,
                type_name(value));
  Value old = self_type(self)->*field;
  retain(value);
  self_type(self)->*field = value;
  release(old);
  return kOk;
}
Status set_name(Value self, Value value) { return replace_name(self, value, "__name__", &Type::name); }
Status set_qualname(Value self, Value value) { return replace_name(self, value, "__qualname__", &Type::qualname); }

Ref get_bases(Value self) { return Ref::share(self_type(self)->bases); }
Status set_bases(Value self, Value value) {
  TRY(check_settable(self, value, "__bases__"));
  return set_type_bases(self_type(self), value);
}

Ref get_mro(Value self) {
  Value mro = self_type(self)->mro;
  return as<Tuple>(mro)->size ? Ref::share(mro) : Ref::none();
}
Ref get_base(Value self) { return self_type(self)->base ? Ref::share(self_type(self)->base) : Ref::none(); }
Ref get_dict(Value self) { return make_mapping_proxy(self_type(self)->dict); }
Ref get_basicsize(Value self) {
  const Type* type = self_type(self);
  return make_int(type->basic_size - (type->instance_layout == Layout::Tuple ? sizeof(Tuple::hash) : 0));
}
Ref get_itemsize(Value self) { return make_int(self_type(self)->has(Type::kVariableSize) ? 8 : 0); }
Ref get_dictoffset(Value self) { return make_int(self_type(self)->attributes_offset); }
Ref get_weakrefoffset(Value self) { return make_int(self_type(self)->has(Type::kWeakReferable) ? 8 : 0); }

// CPython's public bits of tp_flags that Python code looks at.
Ref get_flags(Value self) {
  Type* type = self_type(self);
  int64_t flags = 1 << 12;  // READY
  if (type->is_heap()) flags |= 1 << 9;
  if (!type->is_heap()) flags |= 1 << 8;  // IMMUTABLETYPE
  if (type->has(Type::kBaseType)) flags |= 1 << 10;
  if (type->has(Type::kHasGc)) flags |= 1 << 14;
  if (type->has(Type::kAbstract)) flags |= 1 << 20;
  if (type->has(Type::kSequence)) flags |= 1 << 5;
  if (type->has(Type::kMapping)) flags |= 1 << 6;
  const std::pair<Type*, int> kinds[] = {{&int_type, 24},           {&list_type, 25}, {&tuple_type, 26},
                                         {&bytes_type, 27},         {&str_type, 28},  {&dict_type, 29},
                                         {&exc::BaseException, 30}, {&type_type, 31}};
  for (auto [kind, bit] : kinds) {
    if (is_subtype(type, kind)) flags |= int64_t{1} << bit;
  }
  return make_int(flags);
}

Ref get_module(Value self) { return type_module(self_type(self)); }
Status set_module(Value self, Value value) {
  TRY(check_settable(self, value, "__module__"));
  dict_set(as<Dict>(self_type(self)->dict), names.__module__, value);
  type_modified(self_type(self));
  return kOk;
}

Ref get_doc(Value self) {
  Type* type = self_type(self);
  if (!type->is_heap()) {
    if (!type->doc) return Ref::none();
    std::string_view doc = type->doc;
    const size_t end = doc.find(")\n--\n\n");
    return make_str(end == doc.npos ? doc : doc.substr(end + 6));
  }
  Value doc = dict_get(as<Dict>(type->dict), names.__doc__);
  if (!doc) return Ref::none();
  Ref hold = Ref::share(doc);
  if (DescrGetSlot get = type_of(doc)->slots.descr_get) return get(doc, Value(), self);
  return hold;
}
Status set_doc(Value self, Value value) {
  TRY(check_settable(self, value, "__doc__"));
  dict_set(as<Dict>(self_type(self)->dict), names.__doc__, value);
  type_modified(self_type(self));
  return kOk;
}

Str* abstract_name() {
  static Str* name = intern("__abstractmethods__");
  return name;
}
Ref get_abstract(Value self) {
  Value found = self == to_value(&type_type) ? Value() : dict_get(as<Dict>(self_type(self)->dict), abstract_name());
  if (!found)
    return fail_attribute(
        self, abstract_name(),
        fmt::format("type object '{}' has no attribute '__abstractmethods__'", type_name(self_type(self))));
  return Ref::share(found);
}
Status set_abstract(Value self, Value value) {
  Type* type = self_type(self);
  bool abstract = false;
  if (value) {
    abstract = TRY(truth(value));
    dict_set(as<Dict>(type->dict), abstract_name(), value);
  } else {
    if (!TRY(dict_delete(as<Dict>(type->dict), to_value(abstract_name()))))
      return fail(exc::AttributeError, "__abstractmethods__");
  }
  type_modified(type);
  if (abstract) {
    type->type_flags |= Type::kAbstract;
  } else {
    type->type_flags &= ~Type::kAbstract;
  }
  return kOk;
}

Ref get_annotations(Value self) {
  Type* type = self_type(self);
  if (!type->is_heap()) {
    return fail_attribute(self, names.__annotations__,
                          fmt::format("type object '{}' has no attribute '__annotations__'", type_name(type)));
  }
  auto* dict = as<Dict>(type->dict);
  Value found = dict_get(dict, names.__annotations__);
  if (found) {
    Ref hold = Ref::share(found);
    if (DescrGetSlot get = type_of(found)->slots.descr_get) return get(found, Value(), self);
    return hold;
  }
  Ref fresh = make_dict();
  dict_set(dict, names.__annotations__, fresh);
  type_modified(type);
  return fresh;
}
Status set_annotations(Value self, Value value) {
  Type* type = self_type(self);
  if (!type->is_heap())
    return fail(exc::TypeError, "cannot set '__annotations__' attribute of immutable type '{}'", type_name(type));
  auto* dict = as<Dict>(type->dict);
  if (value) {
    dict_set(dict, names.__annotations__, value);
  } else if (!TRY(dict_delete(dict, to_value(names.__annotations__)))) {
    return fail(exc::AttributeError, "__annotations__");
  }
  type_modified(type);
  return kOk;
}

Ref get_text_signature(Value self) {
  Type* type = self_type(self);
  if (type->is_heap() || !type->doc) return Ref::none();
  const std::string_view doc = type->doc;
  const size_t end = doc.find(")\n--\n\n");
  const size_t open = doc.find('(');
  if (end == doc.npos || open == doc.npos || open > end) return Ref::none();
  return make_str(doc.substr(open, end + 1 - open));
}

Ref method_mro(Value self, const Value*) {
  Ref order = TRY(compute_mro(self_type(self)));
  return to_list(order);
}

Ref method_subclasses(Value self, const Value*) {
  Ref list = make_list();
  if (auto* subclasses = self_type(self)->subclasses) {
    for (Type* t : *subclasses) list_append(as<List>(list), to_value(t));
  }
  return list;
}

Ref method_prepare(Value, const Value*) { return make_dict(); }
Ref method_instancecheck(Value self, const Value* args) {
  return Ref::boolean(TRY(is_instance_default(args[0], self)));
}
Ref method_subclasscheck(Value self, const Value* args) {
  return Ref::boolean(TRY(is_subclass_default(args[0], self)));
}
Ref method_sizeof(Value, const Value*) { return make_int(sizeof(Type)); }

Ref method_dir(Value self, const Value*) {
  Ref merged = make_dict();
  for (Value t : *as<Tuple>(self_type(self)->mro)) TRY(dict_update(as<Dict>(merged), as<Type>(t)->dict, false));
  return to_list(merged);
}

}  // namespace

const NativeDef kTypeMethods[] = {
    {"mro", "($self, /)", method_mro, "Work out the order in which the class and its bases are searched."},
    {"__subclasses__", "($self, /)", method_subclasses, "The classes that name this one among their bases, as a list."},
    {"__prepare__", "($type, /, *args, **kwargs)", method_prepare,
     "Make the mapping that the body of a class statement fills.", NativeDef::ClassMethod},
    {"__instancecheck__", "($self, instance, /)", method_instancecheck, "The answer of isinstance(instance, self)."},
    {"__subclasscheck__", "($self, subclass, /)", method_subclasscheck, "The answer of issubclass(subclass, self)."},
    {"__dir__", "($self, /)", method_dir,
     "The attributes of the class and all its bases, those of the metaclass left out."},
    {"__sizeof__", "($self, /)", method_sizeof, "Memory of the class, in bytes."},
    {}};

const GetSetDef kTypeGetSets[] = {{"__name__", get_name, set_name},
                                  {"__qualname__", get_qualname, set_qualname},
                                  {"__bases__", get_bases, set_bases},
                                  {"__mro__", get_mro, nullptr},
                                  {"__base__", get_base, nullptr},
                                  {"__dict__", get_dict, nullptr},
                                  {"__basicsize__", get_basicsize, nullptr},
                                  {"__itemsize__", get_itemsize, nullptr},
                                  {"__dictoffset__", get_dictoffset, nullptr},
                                  {"__weakrefoffset__", get_weakrefoffset, nullptr},
                                  {"__flags__", get_flags, nullptr},
                                  {"__module__", get_module, set_module},
                                  {"__doc__", get_doc, set_doc},
                                  {"__abstractmethods__", get_abstract, set_abstract},
                                  {"__annotations__", get_annotations, set_annotations},
                                  {"__text_signature__", get_text_signature, nullptr},
                                  {}};

}  // namespace hiss
