// Attribute access as the language defines it: descriptors, instance attributes, AttributeError.
#include <cstring>

#include "object/class_attribute.h"
#include "object/class_builder.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"

namespace hiss {

Attributes* attributes_of(Object* o) {
  if (o->layout == Layout::Instance) return &static_cast<Instance*>(o)->attributes;
  const int32_t offset = o->type->attributes_offset;
  if (offset == 0) return nullptr;
  char* base = reinterpret_cast<char*>(o);
  if (offset > 0) return reinterpret_cast<Attributes*>(base + offset);
  size_t extra = 0;
  switch (o->layout) {
    case Layout::Str:
      extra = static_cast<size_t>(as<Str>(to_value(o))->length + 1) * as<Str>(to_value(o))->width;
      break;
    case Layout::Tuple:
      extra = static_cast<size_t>(as<Tuple>(to_value(o))->size) * sizeof(Value);
      break;
    case Layout::Int: {
      const int64_t size = as<Int>(to_value(o))->size;
      extra = static_cast<size_t>(size < 0 ? -size : size) * sizeof(mp_limb_t);
      break;
    }
    case Layout::Bytes:
      extra = bytes_variable_size(o);
      break;
    default:
      return nullptr;
  }
  return reinterpret_cast<Attributes*>(base + ((o->type->basic_size + extra + 7) & ~size_t{7}));
}

Failure fail_attribute(Value object, Str* name, std::string message) {
  Ref error = call(to_value(&exc::AttributeError), {make_str(message)});
  if (error.is_error()) return Failure{};
  set_exception_field(error, "name", to_value(name));
  set_exception_field(error, "obj", object);
  return fail_with(error);
}

Ref generic_get_attr_or_empty(Value object, Str* name) {
  if (!name->interned) name = intern(name);
  Type* type = type_of(object);
  Ref attribute = Ref::share(lookup(type, name));
  DescrGetSlot get = nullptr;
  if (attribute) {
    Type* t = type_of(attribute);
    get = t->slots.descr_get;
    if (get && t->slots.descr_set) return get(attribute, object, to_value(type));
  }
  if (object.is_object()) {
    if (Attributes* attributes = attributes_of(object.object())) {
      Value found = attribute_get(attributes, name);
      if (found) return Ref::share(found);
    }
  }
  if (get) return get(attribute, object, to_value(type));
  return attribute;
}

Ref generic_get_attr(Value object, Str* name) {
  Ref result = generic_get_attr_or_empty(object, name);
  if (!result.is_empty()) return result;
  return fail_attribute(object, name,
                        fmt::format("'{}' object has no attribute '{}'", type_name(object), to_string(name)));
}

Status generic_set_attr(Value object, Str* name, Value value) {
  if (!name->interned) name = intern(name);
  Type* type = type_of(object);
  Ref attribute = Ref::share(lookup(type, name));
  if (attribute) {
    if (DescrSetSlot set = type_of(attribute)->slots.descr_set) return set(attribute, object, value);
  }
  Attributes* attributes = object.is_object() ? attributes_of(object.object()) : nullptr;
  if (attributes) {
    if (value) {
      attribute_set(object.object(), attributes, name, value);
      return kOk;
    }
    if (attribute_delete(object.object(), attributes, name)) return kOk;
    return fail_attribute(object, name,
                          fmt::format("'{}' object has no attribute '{}'", type_name(object), to_string(name)));
  }
  if (attribute) {
    return fail_attribute(object, name,
                          fmt::format("'{}' object attribute '{}' is read-only", type_name(object), to_string(name)));
  }
  return fail_attribute(object, name,
                        fmt::format("'{}' object has no attribute '{}'", type_name(object), to_string(name)));
}

Ref get_attr(Value object, Str* name) {
  if (!object) return fail(exc::SystemError, "attribute of an empty value");
  return type_of(object)->slots.getattr(object, name);
}
Ref get_attr(Value object, const char* name) { return get_attr(object, intern(name)); }

Ref get_attr_or_empty(Value object, Str* name) {
  if (type_of(object)->slots.getattr == generic_get_attr) {
    Ref result = generic_get_attr_or_empty(object, name);
    if (!result.is_error()) return result;
    if (!pending_is(exc::AttributeError)) return result;
    clear_pending();
    return Ref::empty();
  }
  // A class says that it has no such attribute without making an exception that would be dropped here.
  const bool of_class = type_of(object)->slots.getattr == type_type.slots.getattr;
  Ref result = of_class ? type_get_attr_or_empty(object, name) : get_attr(object, name);
  if (result.is_error() && pending_is(exc::AttributeError)) {
    clear_pending();
    return Ref::empty();
  }
  return result;
}

Status set_attr(Value object, Str* name, Value value) { return type_of(object)->slots.setattr(object, name, value); }

Result<bool> has_attr(Value object, Str* name) {
  Ref result = TRY(get_attr_or_empty(object, name));
  return !result.is_empty();
}

Ref lookup_special(Value object, Str* name) {
  Type* type = type_of(object);
  Ref found = Ref::share(lookup(type, name));
  if (found.is_empty()) return found;
  if (DescrGetSlot get = type_of(found)->slots.descr_get) return get(found, object, to_value(type));
  return found;
}

Ref super_lookup(Value start_type, Value object, Str* name) {
  Type* type =
      is<Type>(object) && is_subtype(as<Type>(object), as<Type>(start_type)) ? as<Type>(object) : type_of(object);
  const bool through_class = is<Type>(object) && type == as<Type>(object);
  bool after = false;
  Ref mro = Ref::share(type->mro);
  for (Value t : *as<Tuple>(mro)) {
    if (after) {
      Value found = dict_get(as<Dict>(as<Type>(t)->dict), name);
      if (found) {
        Ref hold = Ref::share(found);
        if (DescrGetSlot get = type_of(hold)->slots.descr_get)
          return get(hold, through_class ? Value() : object, to_value(type));
        return hold;
      }
    } else if (t == start_type) {
      after = true;
    }
  }
  return Ref::empty();
}

}  // namespace hiss
