// Type objects: definition of native types, lookup along the mro, the method cache, attributes of classes.
#include "object/type.h"

#include <algorithm>
#include <cstring>

#include "memory/collector.h"
#include "object/class_attribute.h"
#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/slot_table.h"

namespace hiss {

Type object_type, type_type;

namespace {

struct CacheEntry {
  uint32_t version;
  Str* name;
  Value value;
};
constexpr size_t kCacheSize = 4096;
CacheEntry method_cache[kCacheSize];
uint32_t next_version = 1;

// At start-up types are described first and made ready together.
bool deferring = false;
std::vector<Type*> deferred;

size_t cache_index(uint32_t version, const Str* name) {
  return (version ^ (reinterpret_cast<uintptr_t>(name) >> 4)) & (kCacheSize - 1);
}

void type_dealloc(Object* o) {
  auto* type = static_cast<Type*>(o);
  untrack(o);
  type_modified(type);
  for (Value base : *as<Tuple>(type->bases ? type->bases : empty_tuple().value())) {
    auto* list = as<Type>(base)->subclasses;
    if (list) list->erase(std::remove(list->begin(), list->end(), type), list->end());
  }
  delete type->subclasses;
  free_shapes(type);
  release(type->name);
  release(type->qualname);
  release(type->mro);
  release(type->dict);
  release(type->bases);
  if (type->base) release(static_cast<Object*>(type->base));
  free_object(o);
}

void type_traverse(Object* o, Visitor& visit) {
  auto* type = static_cast<Type*>(o);
  if (!type->is_heap()) return;
  visit(type->dict);
  visit(type->mro);
  visit(type->bases);
  visit(static_cast<Object*>(type->base));
}

void type_clear(Object* o) {
  auto* type = static_cast<Type*>(o);
  if (!type->is_heap()) return;
  type_modified(type);
  if (is<Dict>(type->dict)) dict_clear(as<Dict>(type->dict));
  Ref none = empty_tuple();
  clear_field(type->mro);
  type->mro = none.release();
}

Ref type_repr(Value self) {
  auto* type = as<Type>(self);
  Ref module = type_module(type);
  if (is<Str>(module) && !equal(as<Str>(module.value()), "builtins")) {
    return make_str(fmt::format("<class '{}.{}'>", to_string(module), to_string(type->qualname)));
  }
  return make_str(fmt::format("<class '{}'>", to_string(type->qualname)));
}

// type.__call__: makes an instance with __new__ and, when that gave an instance of the class, runs __init__.
Ref type_call(Value self, const Args& args) {
  auto* type = as<Type>(self);
  if (type == &type_type && args.count == 1 && args.keyword_count() == 0) return Ref::share(type_of(args[0]));
  if (!type->slots.new_) return fail(exc::TypeError, "cannot create '{}' instances", qualified_type_name(type));
  Ref object = TRY(track_instance(type, type->slots.new_(type, args)));
  Type* actual = type_of(object);
  if (actual != type && !is_subtype(actual, type)) return object;
  if (actual->slots.init) TRY(actual->slots.init(object, args));
  return object;
}

}  // namespace

// Attributes of a class: data descriptors of the metaclass, then the class's own mro, then the rest of the metaclass.
// Empty when there is none.
Ref type_get_attr_or_empty(Value self, Str* name) {
  auto* type = as<Type>(self);
  Type* meta = type->type;
  Ref meta_attribute = Ref::share(lookup(meta, name));
  DescrGetSlot meta_get = nullptr;
  if (meta_attribute) {
    Type* t = type_of(meta_attribute);
    meta_get = t->slots.descr_get;
    if (meta_get && t->slots.descr_set) return meta_get(meta_attribute, self, to_value(meta));
  }
  Ref attribute = Ref::share(lookup(type, name));
  if (attribute) {
    if (DescrGetSlot get = type_of(attribute)->slots.descr_get) return get(attribute, Value(), self);
    return attribute;
  }
  if (meta_get) return meta_get(meta_attribute, self, to_value(meta));
  return meta_attribute;
}

namespace {

Ref type_getattr(Value self, Str* name) {
  Ref found = type_get_attr_or_empty(self, name);
  if (!found.is_empty()) return found;
  return fail_attribute(
      self, name, fmt::format("type object '{}' has no attribute '{}'", type_name(as<Type>(self)), to_string(name)));
}

Status type_setattr(Value self, Str* name, Value value) {
  auto* type = as<Type>(self);
  if (!type->is_heap() || type->has(Type::kImmutable)) {
    return fail(exc::TypeError, "cannot set '{}' attribute of immutable type '{}'", to_string(name), type_name(type));
  }
  Str* key = name->interned ? name : intern(name);
  Value meta_attribute = lookup(type->type, key);
  if (meta_attribute) {
    if (DescrSetSlot set = type_of(meta_attribute)->slots.descr_set) {
      Ref hold = Ref::share(meta_attribute);
      return set(hold, self, value);
    }
  }
  auto* dict = as<Dict>(type->dict);
  if (value) {
    dict_set(dict, key, value);
  } else {
    Value old = dict_get(dict, key);
    if (!old)
      return fail_attribute(self, name,
                            fmt::format("type object '{}' has no attribute '{}'", type_name(type), to_string(name)));
    Ref hold = Ref::share(old);
    type_modified(type);
    TRY(dict_delete(dict, to_value(key)));
  }
  type_modified(type);
  update_slot(type, key);
  return kOk;
}

}  // namespace

Type* type_of_immediate(Value v) {
  if (v.is_integer()) return &int_type;
  if (v.is_number()) return &float_type;
  if (v.is_none()) return &none_type;
  if (v.is_bool()) return &bool_type;
  if (v.is_not_implemented()) return &not_implemented_type;
  return &ellipsis_type;
}

std::string_view type_name(const Type* type) {
  if (type->name) return utf8_view(as<Str>(type->name));
  return type->native_name;
}
std::string_view type_name(Value v) { return type_name(type_of(v)); }

std::string qualified_type_name(const Type* type) {
  if (type->is_heap() || !type->native_name) return std::string(type_name(type));
  return type->native_name;
}

bool is_subtype(const Type* type, const Type* base) {
  if (type == base) return true;
  if (!type->mro) {
    for (; type; type = type->base) {
      if (type == base) return true;
    }
    return base == &object_type;
  }
  auto* mro = as<Tuple>(type->mro);
  for (Value t : *mro) {
    if (t.object() == base) return true;
  }
  return mro->size == 0 && type->base && is_subtype(type->base, base);  // its mro() is running
}

Value lookup(Type* type, Str* name) {
  if (!name->interned) name = intern(name);
  const uint32_t version = type_version(type);
  CacheEntry& entry = method_cache[cache_index(version, name)];
  if (version && entry.version == version && entry.name == name) return entry.value;
  Value found;
  if (type->mro) {
    // Comparing keys of an odd class may run code that assigns __bases__: this lookup keeps to the order it began with.
    Ref order = Ref::share(type->mro);
    for (Value t : *as<Tuple>(order)) {
      found = dict_get(as<Dict>(as<Type>(t)->dict), name);
      if (found) break;
    }
  }
  if (version && type->version == version) entry = {version, name, found};
  return found;
}

uint32_t type_version(Type* type) {
  if (type->version) return type->version;
  if (next_version == UINT32_MAX) return 0;
  return type->version = next_version++;
}

void type_modified(Type* type) {
  if (type->version == 0 && !type->subclasses) return;
  if (type->version) renumber_shapes(type);
  type->version = 0;
  if (type->subclasses) {
    for (Type* sub : *type->subclasses) type_modified(sub);
  }
}

void define_type(Type& type, const TypeSpec& spec) {
  type.refs = 1u << 30;
  type.layout = Layout::Type;
  type.flags = Object::kImmortal;
  type.Object::type = &type_type;
  type.native_name = spec.name;
  type.type_flags = spec.flags;
  type.basic_size = spec.size;
  type.instance_layout = spec.layout;
  type.base = spec.base ? spec.base : (&type == &object_type ? nullptr : &object_type);
  type.doc = spec.doc;
}

void begin_type_definitions() { deferring = true; }

void finish_type_definitions() {
  deferring = false;
  // Making a static method reads attributes of a native function: the types that takes come first.
  for (Type* type : {&object_type, &type_type, &getset_descriptor_type, &wrapper_descriptor_type,
                     &method_descriptor_type, &native_function_type}) {
    ready_type(*type);
  }
  for (size_t i = 0; i < deferred.size(); ++i) ready_type(*deferred[i]);
  deferred.clear();
}

void ready_type(Type& type) {
  if (type.has(Type::kReady)) return;
  if (deferring) {
    deferred.push_back(&type);
    return;
  }
  type.type_flags |= Type::kReady;
  const std::string_view full = type.native_name;
  const size_t dot = full.rfind('.');
  type.name = Ref::share(intern(dot == full.npos ? full : full.substr(dot + 1))).release();
  type.qualname = Ref::share(type.name).release();
  if (!type.dict) type.dict = make_dict().release();
  if (!type.bases) {
    type.bases = (type.base ? make_tuple({to_value(type.base)}) : empty_tuple()).release();
  }
  if (!type.mro) type.mro = compute_mro(&type).release();
  for (Value b : *as<Tuple>(type.bases)) add_subclass(as<Type>(b), &type);
  auto* dict = as<Dict>(type.dict);
  if (type.base) {
    // What a native base can do its subclass can, unless it says otherwise.
    const uint32_t inherited =
        Type::kHasGc | Type::kVariableSize | Type::kWeakReferable | Type::kSequence | Type::kMapping | Type::kMatchSelf;
    type.type_flags |= type.base->type_flags & inherited;
    if (type.instance_layout == Layout::Plain) type.instance_layout = type.base->instance_layout;
    if (type.basic_size < type.base->basic_size) type.basic_size = type.base->basic_size;
    if (!type.attributes_offset) type.attributes_offset = type.base->attributes_offset;
    if (!type.dealloc) type.dealloc = type.base->dealloc;
    if (!type.traverse) type.traverse = type.base->traverse;
    if (!type.clear) type.clear = type.base->clear;
  }
  add_slot_wrappers(&type);
  inherit_slots(&type);
  if (!type.slots.finalize) type.type_flags |= Type::kEndsPlainly;
  type.instance_bytes = 0;
  if (type.methods) {
    for (const NativeDef* m = type.methods; m->name; ++m) {
      if (dict_get(dict, intern(m->name))) continue;
      dict_set(dict, intern(m->name), make_method_descriptor(&type, m));
    }
  }
  if (type.getsets) {
    for (const GetSetDef* g = type.getsets; g->name; ++g)
      dict_set(dict, intern(g->name), make_getset_descriptor(&type, g));
  }
  if (type.slots.new_ && !type.has(Type::kNoInstances) &&
      (!type.base || type.slots.new_ != type.base->slots.new_ || &type == &object_type)) {
    dict_set(dict, names.__new__, make_new_function(&type));
  }
  if (!dict_get(dict, names.__doc__)) {
    if (type.doc) {
      dict_set(dict, names.__doc__, make_str(type.doc));
    } else {
      dict_set(dict, names.__doc__, Value::none());
    }
  }
  if (type.slots.hash == nullptr && type.slots.compare && !dict_get(dict, names.__hash__)) {
    type.slots.hash = hash_not_implemented;
    dict_set(dict, names.__hash__, Value::none());
  }
}

Ref type_module(Type* type) {
  if (type->is_heap()) {
    Value module = dict_get(as<Dict>(type->dict), names.__module__);
    return module ? Ref::share(module) : Ref::share(names.builtins);
  }
  const std::string_view full = type->native_name;
  const size_t dot = full.rfind('.');
  return dot == full.npos ? Ref::share(names.builtins) : make_str(full.substr(0, dot));
}

void add_subclass(Type* base, Type* subclass) {
  if (!base->subclasses) base->subclasses = new std::vector<Type*>();
  base->subclasses->push_back(subclass);
}

void init_type_type() {
  define_type(type_type, {.name = "type",
                          .size = sizeof(Type),
                          .layout = Layout::Type,
                          .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                          .doc = "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type"});
  type_type.slots.repr = type_repr;
  type_type.slots.call = type_call;
  type_type.slots.getattr = type_getattr;
  type_type.slots.setattr = type_setattr;
  type_type.slots.new_ = type_new;
  type_type.slots.init = type_init;
  type_type.slots.or_ = type_or;
  type_type.methods = kTypeMethods;
  type_type.getsets = kTypeGetSets;
  type_type.dealloc = type_dealloc;
  type_type.traverse = type_traverse;
  type_type.clear = type_clear;
  ready_type(type_type);
}

}  // namespace hiss
