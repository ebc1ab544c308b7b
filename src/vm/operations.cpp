#include "vm/operations.h"

#include <algorithm>
#include <csignal>
#include <vector>

#include "memory/collector.h"
#include "object/class_builder.h"
#include "object/dict_internal.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/index.h"
#include "object/list_internal.h"
#include "object/shape.h"
#include "vm/import.h"
#include "vm/thread_lock.h"

namespace hiss {

thread_local uint8_t dying_operands = 0;

namespace {

Failure fail_name(Str* name) {
  Ref error = call(to_value(&exc::NameError), {make_str(fmt::format("name '{}' is not defined", to_string(name)))});
  if (error.is_error()) return Failure{};
  set_exception_field(error, "name", to_value(name));
  return fail_with(error);
}

}  // namespace

// ---- Names

namespace {

// mapping[name], empty when the mapping answers KeyError.
Ref item_or_empty(Value mapping, Str* name) {
  Ref found = get_item(mapping, to_value(name));
  if (!found.is_error() || !pending_is(exc::KeyError)) return found;
  clear_pending();
  return Ref();
}

// Instances of subclasses of dict may have a __getitem__ or __missing__ of their own.
Ref load_global_from_mappings(CallRecord* record, Str* name) {
  Ref found = TRY(item_or_empty(to_value(record->globals()), name));
  if (found.is_empty()) found = TRY(item_or_empty(to_value(record->builtins()), name));
  return found.is_empty() ? Ref(fail_name(name)) : std::move(found);
}

}  // namespace

Ref load_global(CallRecord* record, Str* name, Instruction* cache) {
  if (!is_exact(to_value(record->globals()), dict_type) || !is_exact(to_value(record->builtins()), dict_type)) {
    return load_global_from_mappings(record, name);
  }
  int64_t index = dict_find(record->globals(), name);
  if (index >= 0) {
    if (cache) cache->word = static_cast<uint32_t>(index + 1);
    return Ref::share(record->globals()->entries[index].value);
  }
  index = dict_find(record->builtins(), name);
  if (index >= 0) {
    const auto version = static_cast<uint32_t>(record->globals()->keys_version);
    if (cache && version) cache->word = static_cast<uint64_t>(version) << 32 | static_cast<uint32_t>(index + 1);
    return Ref::share(record->builtins()->entries[index].value);
  }
  return fail_name(name);
}

Ref load_name(CallRecord* record, Str* name, Instruction* cache) {
  if (record->locals && record->locals != to_value(record->globals())) {
    if (is_exact(record->locals, dict_type)) {
      Value found = dict_get(as<Dict>(record->locals), name);
      if (found) return Ref::share(found);
    } else {
      Ref found = TRY(item_or_empty(record->locals, name));
      if (!found.is_empty()) return found;
    }
    return load_global(record, name, nullptr);
  }
  return load_global(record, name, cache);
}

Status store_name(CallRecord* record, Str* name, Value value) {
  if (!record->locals) return fail(exc::SystemError, "no locals found when storing '{}'", to_string(name));
  if (is_exact(record->locals, dict_type)) {
    dict_set(as<Dict>(record->locals), name, value);
    return kOk;
  }
  return set_item(record->locals, to_value(name), value);
}

Status delete_name(CallRecord* record, Str* name) {
  if (!record->locals) return fail(exc::SystemError, "no locals when deleting '{}'", to_string(name));
  if (is_exact(record->locals, dict_type)) {
    if (!TRY(dict_delete(as<Dict>(record->locals), to_value(name)))) return fail_name(name);
    return kOk;
  }
  Status s = set_item(record->locals, to_value(name), Value());
  if (s.is_error() && pending_is(exc::KeyError)) {
    clear_pending();
    return fail_name(name);
  }
  return s;
}

Status delete_global(CallRecord* record, Str* name) {
  if (!TRY(dict_delete(record->globals(), to_value(name)))) return fail_name(name);
  return kOk;
}

Failure fail_unbound(Code* code, uint32_t reg) {
  if (code->closure_register && reg >= code->closure_register)
    return fail_unbound_cell(code, reg - code->closure_register, true);
  const std::string name = to_string(code->local_name(reg));
  return fail(exc::UnboundLocalError, "cannot access local variable '{}' where it is not associated with a value",
              name);
}

Failure fail_unbound_cell(Code* code, uint32_t index, bool) {
  const std::string name = to_string(as<Tuple>(code->freevars)->items[index]);
  Ref error =
      call(to_value(&exc::NameError),
           {make_str(fmt::format(
               "cannot access free variable '{}' where it is not associated with a value in enclosing scope", name))});
  if (error.is_error()) return Failure{};
  set_exception_field(error, "name", to_value(intern(name)));
  return fail_with(error);
}

Ref load_class_cell(CallRecord* record, Str* name, Value cell) {
  if (is_exact(record->locals, dict_type)) {
    Value found = dict_get(as<Dict>(record->locals), name);
    if (found) return Ref::share(found);
  } else if (record->locals) {
    Ref found = get_item(record->locals, to_value(name));
    if (!found.is_error()) return found;
    if (!pending_is(exc::KeyError)) return found;
    clear_pending();
  }
  Value v = as<Cell>(cell)->content;
  if (v) return Ref::share(v);
  return fail(exc::NameError,
              "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
              to_string(name));
}

Status setup_annotations(CallRecord* record) {
  if (is_exact(record->locals, dict_type)) {
    auto* dict = as<Dict>(record->locals);
    if (!dict_get(dict, names.__annotations__)) dict_set(dict, names.__annotations__, make_dict());
    return kOk;
  }
  Ref found = get_item(record->locals, to_value(names.__annotations__));
  if (!found.is_error()) return kOk;
  if (!pending_is(exc::KeyError)) return Failure{};
  clear_pending();
  return set_item(record->locals, to_value(names.__annotations__), make_dict());
}

// ---- Attributes with inline caches

// Inline caches of attributes. Shapes are numbered per type and anew when the type changes, so a shape's id alone tells
// that the attribute is the instance's and where it lies. Word 0:
//   LoadAttr    {shape id, index}, or {0, kCacheSlot | offset} and word 1 the type's version: a member of __slots__
//   StoreAttr   {shape id, index}, or {shape id before, kCacheAdds | index} and word 1 the shape afterwards, or as
//               LoadAttr's for a member of __slots__
//   LoadMethod  {shape id, kCacheShape}, or {type version, kCacheType} when instances have no attributes; word 1 the
//               function

AttributeCacheEntry attribute_cache[kCacheEntries];
MethodCacheEntry method_cache[kCacheEntries];

namespace {

// What an object must not be for its class's attribute to be plain: a descriptor of any kind.
bool is_plain_value(Value v) { return !type_of(v)->slots.descr_get && !type_of(v)->slots.descr_set; }
// The upper half of an inline cache that holds an id or version (the lower half stays 0, which fits no shape), or 0.
uint64_t cache_tag(uint64_t kind, uint32_t number) {
  return number < (1u << 28) ? kind | static_cast<uint64_t>(number) << 32 : 0;
}
// Metaclasses that do not define __getattribute__ (__getattr__ is asked only for what is missing).
bool reads_attributes_as_type(Type* metatype) {
  return metatype == &type_type ||
         lookup(metatype, names.__getattribute__) == lookup(&type_type, names.__getattribute__);
}
bool is_slot_of(const Type* type, Value attribute) {
  return is_exact(attribute, member_descriptor_type) && !as<Descriptor>(attribute)->getset &&
         is_subtype(type, as<Descriptor>(attribute)->owner);
}

}  // namespace

Ref load_attr_cached(Value object, Str* name, Instruction* cache) {
  if (object.is_object() && object.object()->layout == Layout::Instance) [[likely]] {
    const Attributes& attributes = static_cast<Instance*>(object.object())->attributes;
    if (attributes.shape) {
      const AttributeCacheEntry& entry = attribute_cache[cache_slot(attributes.shape->id, name)];
      if (entry.shape_id == attributes.shape->id && entry.name == name) {
        if (entry.constant) {
          cache[0].word = cache_tag(kCacheConstant, entry.shape_id);
          cache[1].word = entry.constant.bits();
          return Ref::share(entry.constant);
        }
        cache[0].word = entry.shape_id | static_cast<uint64_t>(entry.index) << 32;
        return Ref::share(attributes.values[entry.index]);
      }
    }
  }
  Type* type = type_of(object);
  if (is<Type>(object) && reads_attributes_as_type(type)) {
    // An attribute of a class: what lies in its mro, unless a descriptor or the metaclass has a say.
    auto* cls = as<Type>(object);
    if (type_version(cls)) {
      Value found = lookup(cls, name);
      if (found && (is_plain_value(found) || is_exact(found, function_type)) && !lookup(type, name)) {
        // The version of the class says nothing of its metaclass, unless that never changes.
        if (type == &type_type) {
          cache[0].word = cache_tag(kCacheClass, cls->version);
          cache[1].word = found.bits();
        }
        return Ref::share(found);
      }
    }
  } else if (type == &module_type) {
    // Modules have no descriptors but those of their type, whose names begin with two underscores.
    if (name->length < 2 || name->at(0) != '_' || name->at(1) != '_') {
      if (Value found = dict_get(module_dict(object), name)) return Ref::share(found);
    }
  }
  if (object.is_object() && type->has(Type::kPureGetAttr) && type_version(type)) {
    Value on_type = lookup(type, name);
    const bool data_descriptor = on_type && type_of(on_type)->slots.descr_set;
    if (object.object()->layout == Layout::Instance && !data_descriptor) {
      auto* instance = static_cast<Instance*>(object.object());
      Shape* shape = instance->attributes.shape;
      if (shape && !shape->dictionary) {
        const int32_t index = shape_find(shape, name);
        if (index >= 0) {
          if (shape->id != kNoShapeId) {
            cache[0].word = shape->id | static_cast<uint64_t>(index) << 32;
            attribute_cache[cache_slot(shape->id, name)] = {shape->id, static_cast<uint32_t>(index), name, Value()};
          }
          return Ref::share(instance->attributes.values[index]);
        }
        if (on_type && shape->id != kNoShapeId && is_plain_value(on_type)) {
          attribute_cache[cache_slot(shape->id, name)] = {shape->id, 0, name, on_type};
          return Ref::share(on_type);
        }
      }
    } else if (is_slot_of(type, on_type)) {
      cache[0].word = kCacheSlot | static_cast<uint64_t>(as<Descriptor>(on_type)->offset) << 32;
      cache[1].word = type->version;
    } else if (on_type && is_exact(on_type, property_type)) {
      cache[0].word = cache_tag(kCacheProperty, type->version);
      cache[1].word = on_type.bits();
    }
  }
  return get_attr(object, name);
}

Status store_attr_cached(Value object, Str* name, Value value, Instruction* cache) {
  Type* type = type_of(object);
  if (cache[1].word == type->version && cache[0].word >> 63 && !static_cast<uint32_t>(cache[0].word) && type->version) {
    Value& slot =
        *reinterpret_cast<Value*>(reinterpret_cast<char*>(object.object()) + ((cache[0].word & ~kCacheSlot) >> 32));
    Value old = slot;
    retain(value);
    slot = value;
    release(old);
    return kOk;
  }
  if (object.is_object() && object.object()->layout == Layout::Instance && type->has(Type::kPureSetAttr) &&
      type_version(type)) {
    Value on_type = lookup(type, name);
    if (!on_type || !type_of(on_type)->slots.descr_set) {
      auto* instance = static_cast<Instance*>(object.object());
      Shape* shape = instance->attributes.shape;
      if (!shape) shape = instance->attributes.shape = root_shape(type);
      if (!shape->dictionary && shape->id != kNoShapeId) {
        const int32_t index = shape_find(shape, name);
        if (index >= 0) {
          cache[0].word = shape->id | static_cast<uint64_t>(index) << 32;
        } else if (Shape* next = shape_with(shape, name)) {
          cache[0].word = shape->id | kCacheAdds | static_cast<uint64_t>(shape->count) << 32;
          cache[1].word = reinterpret_cast<uint64_t>(next);
        }
      }
      attribute_set(instance, &instance->attributes, name, value);
      return kOk;
    }
  }
  if (object.is_object() && type->has(Type::kPureSetAttr) && type_version(type)) {
    Value on_type = lookup(type, name);
    if (is_slot_of(type, on_type)) {
      cache[0].word = kCacheSlot | static_cast<uint64_t>(as<Descriptor>(on_type)->offset) << 32;
      cache[1].word = type->version;
    }
  }
  return set_attr(object, name, value);
}

Status load_method(Value object, Str* name, Instruction* cache, Value* out) {
  Type* type = type_of(object);
  uint64_t key = kCacheType | type->version;
  if (object.is_object() && object.object()->layout == Layout::Instance) {
    const Shape* shape = static_cast<Instance*>(object.object())->attributes.shape;
    if (shape) key = kCacheShape | shape->id;
  }
  const MethodCacheEntry& known = method_cache[cache_slot(key, name)];
  if (known.key == key && known.name == name) {
    cache[0].word = key;
    cache[1].word = known.function.bits();
    retain(known.function);
    retain(object);
    out[0] = known.function;
    out[1] = object;
    return kOk;
  }
  out[1] = Value();
  if (type == &super_type) {
    Value self;
    if (Value found = super_method(object, name, self)) {
      retain(found);
      retain(self);
      out[0] = found;
      out[1] = self;
      return kOk;
    }
  }
  if (type->has(Type::kPureGetAttr)) {
    Value found = lookup(type, name);
    if (found && type_of(found)->has(Type::kMethodDescriptor)) {
      Attributes* attributes = object.is_object() ? attributes_of(object.object()) : nullptr;
      Value own = attributes ? attribute_get(attributes, name) : Value();
      if (!own) {
        if (type_version(type)) {
          if (!attributes) {
            cache[0].word = kCacheType | type->version;
            cache[1].word = found.bits();
            method_cache[cache_slot(cache[0].word, name)] = {cache[0].word, name, found};
          } else if (object.object()->layout == Layout::Instance) {
            if (!attributes->shape) attributes->shape = root_shape(type);
            if (!attributes->shape->dictionary && attributes->shape->id != kNoShapeId) {
              cache[0].word = kCacheShape | attributes->shape->id;
              cache[1].word = found.bits();
              method_cache[cache_slot(cache[0].word, name)] = {cache[0].word, name, found};
            }
          }
        }
        retain(found);
        retain(object);
        out[0] = found;
        out[1] = object;
        return kOk;
      }
      retain(own);
      out[0] = own;
      return kOk;
    }
  }
  if (type == &type_type || type == &module_type) {
    Instruction unused[2] = {};
    out[0] = TRY(load_attr_cached(object, name, unused)).release();
    return kOk;
  }
  out[0] = TRY(get_attr(object, name)).release();
  return kOk;
}

// ---- Operators

BinaryOp operation_of(Op op) {
  switch (op) {
    case Op::Add:
    case Op::AddK:
      return BinaryOp::add;
    case Op::Subtract:
    case Op::SubtractK:
      return BinaryOp::subtract;
    case Op::Multiply:
    case Op::MultiplyK:
      return BinaryOp::multiply;
    case Op::MatrixMultiply:
      return BinaryOp::matrix_multiply;
    case Op::TrueDivide:
    case Op::TrueDivideK:
      return BinaryOp::true_divide;
    case Op::Remainder:
    case Op::RemainderK:
      return BinaryOp::remainder;
    case Op::Lshift:
    case Op::LshiftK:
      return BinaryOp::lshift;
    case Op::Rshift:
    case Op::RshiftK:
      return BinaryOp::rshift;
    case Op::Or:
      return BinaryOp::or_;
    case Op::Xor:
      return BinaryOp::xor_;
    case Op::And:
    case Op::AndK:
      return BinaryOp::and_;
    default:
      return BinaryOp::floor_divide;
  }
}

Ref binary_slow(Op op, Value a, Value b, bool inplace_form, bool a_dying, bool b_dying) {
  if (op == Op::Power) return inplace_form ? inplace_power(a, b) : power(a, b);
  const BinaryOp operation = operation_of(op);
  auto plain_int = [](Value v) { return v.is_integer() || is_exact(v, int_type); };
  if (plain_int(a) && plain_int(b)) {
    Ref result = int_binary(operation, a, b);
    if (!result.is_not_implemented()) return result;
  }
  // A method written in Python would pass the marks on to the first operation in its body.
  if ((a_dying | b_dying) && !type_of(a)->is_heap() && !type_of(b)->is_heap())
    dying_operands = static_cast<uint8_t>(a_dying | b_dying << 1);
  Ref result = inplace_form ? inplace(operation, a, b) : binary(operation, a, b);
  dying_operands = 0;
  return result;
}

Ref contains_value(Value item, Value container, bool invert) {
  const bool found = TRY(contains(container, item));
  return Ref::boolean(found != invert);
}

Ref get_list_slice(const List* list, const SliceBounds& bounds) {
  const Value* first = list->items + bounds.start;
  return bounds.step == 1 ? make_list(first, bounds.length) : make_list_stepped(first, bounds.step, bounds.length);
}

Ref get_slice(Value container, const Value* bounds) {
  SliceBounds b;
  if (is_exact(container, list_type)) {
    auto* list = as<List>(container);
    if (plain_bounds(bounds, list->size, b)) return get_list_slice(list, b);
  } else if (is_exact(container, tuple_type)) {
    auto* tuple = as<Tuple>(container);
    if (plain_bounds(bounds, tuple->size, b) && b.step == 1 && b.length != tuple->size)
      return make_tuple(tuple->items + b.start, b.length);
  } else if (is_exact(container, str_type)) {
    auto* text = as<Str>(container);
    if (plain_bounds(bounds, text->length, b) && b.step == 1 && b.length > 0)
      return substring(text, b.start, b.start + b.length);
  }
  Ref slice = make_slice(bounds[0], bounds[1], bounds[2]);
  return get_item(container, slice);
}

Status set_slice(Value container, const Value* bounds, Value value, bool dying) {
  if (is_exact(container, list_type) && is_exact(value, list_type)) {
    auto* list = as<List>(container);
    auto* source = as<List>(value);
    SliceBounds b;
    // Slices of equal length: the items change places, and what was there is let go when the list is whole again.
    if (list != source && plain_bounds(bounds, list->size, b) && b.step == 1 && b.length == source->size) {
      if (dying && source->refs == 1) {
        std::swap_ranges(source->items, source->items + b.length, list->items + b.start);
        return kOk;
      }
      Ref old = make_list(source->size);
      auto* kept = as<List>(old);
      for (int64_t i = 0; i < b.length; ++i) {
        kept->items[i] = list->items[b.start + i];
        retain(source->items[i]);
        list->items[b.start + i] = source->items[i];
      }
      kept->size = b.length;
      return kOk;
    }
  }
  Ref slice = make_slice(bounds[0], bounds[1], bounds[2]);
  return set_item(container, slice, value);
}

// ---- Unpacking and displays

namespace {
constexpr uint32_t kUnpackedAtOnce = 16;
}

Status unpack(Value source, uint32_t count, Value* out) {
  if (!type_of(source)->slots.iter && !type_of(source)->slots.getitem) {
    return fail(exc::TypeError, "cannot unpack non-iterable {} object", type_name(source));
  }
  if (is_exact(source, list_type) && as<List>(source)->size == count) {
    // What the targets held may own the list's items, so these are counted before anything is let go.
    const Value* items = as<List>(source)->items;
    for (uint32_t i = 0; i < count; ++i) retain(items[i]);
    Value old[kUnpackedAtOnce];
    if (count <= kUnpackedAtOnce) {
      for (uint32_t i = 0; i < count; ++i) {
        old[i] = out[i];
        out[i] = items[i];
      }
      for (uint32_t i = 0; i < count; ++i) release(old[i]);
      return kOk;
    }
    for (uint32_t i = 0; i < count; ++i) release(items[i]);
  }
  Ref hold = Ref::share(source);
  Ref iterator = TRY(get_iter(source));
  for (uint32_t i = 0; i < count; ++i) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return fail(exc::ValueError, "not enough values to unpack (expected {}, got {})", count, i);
    Value old = out[i];
    out[i] = item.release();
    release(old);
  }
  Ref extra = TRY(next(iterator));
  if (!extra.is_empty()) return fail(exc::ValueError, "too many values to unpack (expected {})", count);
  return kOk;
}

Status unpack_star(Value source, uint32_t before, uint32_t after, Value* out) {
  if (!type_of(source)->slots.iter && !type_of(source)->slots.getitem) {
    return fail(exc::TypeError, "cannot unpack non-iterable {} object", type_name(source));
  }
  Ref list = TRY(to_list(source));
  auto* l = as<List>(list);
  if (l->size < before + after) {
    return fail(exc::ValueError, "not enough values to unpack (expected at least {}, got {})", before + after, l->size);
  }
  auto put = [&](uint32_t i, Ref v) {
    Value old = out[i];
    out[i] = v.release();
    release(old);
  };
  for (uint32_t i = 0; i < before; ++i) put(i, Ref::share(l->items[i]));
  put(before, list_slice(l, before, l->size - after));
  for (uint32_t i = 0; i < after; ++i) put(before + 1 + i, Ref::share(l->items[l->size - after + i]));
  return kOk;
}

Ref build_set(Value* items, uint32_t count) {
  Ref set = make_set();
  for (uint32_t i = 0; i < count; ++i) TRY(set_add(as<Set>(set), items[i]));
  release_registers(items, items + count);
  return set;
}

Ref build_dict(Value* pairs, uint32_t count) {
  Ref dict = make_dict();
  for (uint32_t i = 0; i < count; ++i) TRY(dict_set(as<Dict>(dict), pairs[2 * i], pairs[2 * i + 1]));
  release_registers(pairs, pairs + 2 * count);
  return dict;
}

Ref format_value(Value v, uint8_t flags, Value spec) {
  Ref converted;
  switch (flags & 3) {
    case 1:
      converted = TRY(str(v));
      break;
    case 2:
      converted = TRY(repr(v));
      break;
    case 3:
      converted = TRY(ascii(v));
      break;
    default:
      converted = Ref::share(v);
      break;
  }
  if (!spec && is_exact(converted, str_type)) return converted;
  Ref empty = spec ? Ref() : empty_str();
  return format(converted, spec ? spec : empty.value());
}

Ref join_strings(Value* parts, uint32_t count) {
  StrBuilder out;
  for (uint32_t i = 0; i < count; ++i) {
    if (!is<Str>(parts[i])) {
      Ref text = TRY(format_value(parts[i], 0, Value()));
      out.append(as<Str>(text));
    } else {
      out.append(as<Str>(parts[i]));
    }
  }
  return out.finish();
}

// A function as error messages name it: module.qualname().
static std::string function_name(Value callee) {
  Ref name = get_attr_or_empty(callee, names.__qualname__);
  if (name.is_error()) clear_pending();
  if (!is<Str>(name)) return to_string(str(callee));
  Ref module = get_attr_or_empty(callee, names.__module__);
  if (module.is_error()) clear_pending();
  std::string text = to_string(name) + "()";
  if (is<Str>(module) && !equal(as<Str>(module.value()), "builtins")) text = to_string(module) + "." + text;
  return text;
}

Status list_extend_checked(List* list, Value iterable, Value callee) {
  if (!type_of(iterable)->slots.iter && !type_of(iterable)->slots.getitem) {
    if (callee) {
      return fail(exc::TypeError, "{} argument after * must be an iterable, not {}", function_name(callee),
                  type_name(iterable));
    }
    return fail(exc::TypeError, "Value after * must be an iterable, not {}", type_name(iterable));
  }
  return list_extend(list, iterable);
}

Status dict_update_checked(Dict* dict, Value mapping) {
  if (!is<Dict>(mapping)) {
    Ref keys = TRY(get_attr_or_empty(mapping, names.keys));
    if (keys.is_empty()) return fail(exc::TypeError, "'{}' object is not a mapping", type_name(mapping));
  }
  return dict_update(dict, mapping);
}

Status dict_merge(Dict* dict, Value mapping, Value callee) {
  if (!is<Dict>(mapping)) {
    Ref keys = TRY(get_attr_or_empty(mapping, names.keys));
    if (keys.is_empty())
      return fail(exc::TypeError, "{} argument after ** must be a mapping, not {}", function_name(callee),
                  type_name(mapping));
  }
  if (!dict_merge(dict, mapping, MergeMode::Unique).is_error()) return kOk;
  if (!pending_is(exc::KeyError)) return Failure{};
  // A key that was there already, or one that the mapping refused: CPython takes both for the former.
  Ref error = take_pending();
  Ref args = TRY(get_attr(error, "args"));
  if (as<Tuple>(args)->size != 1) return restore_pending(std::move(error));
  return fail(exc::TypeError, "{} got multiple values for keyword argument '{}'", function_name(callee),
              to_string(TRY(str(as<Tuple>(args)->items[0]))));
}

// ---- Exceptions and with

Failure raise(Value exception, Value cause, int count) {
  if (count == 0) {
    Value handled = handled_exception();
    if (!handled) return fail(exc::RuntimeError, "No active exception to reraise");
    return restore_pending(Ref::share(handled));
  }
  Ref instance = make_exception_instance(exception);
  if (instance.is_error()) return Failure{};
  if (count == 2) {
    Ref fixed;
    if (cause.is_none()) {
      fixed = Ref::none();
    } else if (is<Exception>(cause) || (is<Type>(cause) && is_subtype(as<Type>(cause), &exc::BaseException))) {
      fixed = make_exception_instance(cause);
      if (fixed.is_error()) return Failure{};
    } else {
      return fail(exc::TypeError, "exception causes must derive from BaseException");
    }
    auto* e = as<Exception>(instance);
    Value old = e->cause;
    e->cause = fixed.is_none() ? Value() : fixed.release();
    e->suppress_context = true;
    release(old);
  }
  return fail_with(instance);
}

Ref match_exception(Value exception, Value type) {
  auto valid = [](Value t) { return is<Type>(t) && is_subtype(as<Type>(t), &exc::BaseException); };
  bool ok = valid(type);
  if (is<Tuple>(type)) {
    ok = true;
    for (Value t : *as<Tuple>(type)) ok = ok && valid(t);
  }
  if (!ok) return fail(exc::TypeError, "catching classes that do not inherit from BaseException is not allowed");
  return Ref::boolean(TRY(exception_matches(exception, type)));
}

Status before_with(Value manager, bool async, Value* out) {
  Str* enter_name = async ? names.__aenter__ : names.__enter__;
  Str* exit_name = async ? names.__aexit__ : names.__exit__;
  const char* protocol = async ? "asynchronous context manager" : "context manager";
  Ref enter = TRY(lookup_special(manager, enter_name));
  if (enter.is_empty())
    return fail(exc::TypeError, "'{}' object does not support the {} protocol", type_name(manager), protocol);
  Ref exit = TRY(lookup_special(manager, exit_name));
  if (exit.is_empty()) {
    return fail(exc::TypeError, "'{}' object does not support the {} protocol (missed {} method)", type_name(manager),
                protocol, to_string(exit_name));
  }
  Ref entered = TRY(call(enter));
  out[0] = exit.release();
  out[1] = entered.release();
  return kOk;
}

Ref with_exit(Value exit, Value exception) {
  Value traceback = as<Exception>(exception)->traceback;
  return call(exit, {to_value(type_of(exception)), exception, traceback ? traceback : Value::none()});
}

// ---- Imports

Ref import_name(CallRecord* record, Value level, Value fromlist, Str* name) {
  Value function = dict_get(record->builtins(), names.__import__);
  if (!function) return fail(exc::ImportError, "__import__ not found");
  if (is_default_import(function)) {
    return import_module_level(name, to_value(record->globals()), fromlist, static_cast<int>(level.integer()));
  }
  Ref hold = Ref::share(function);
  Value locals = record->locals ? record->locals : Value::none();
  return call(hold, {to_value(name), to_value(record->globals()), locals, fromlist, level});
}

Ref import_from(Value module, Str* name) {
  Ref found = TRY(get_attr_or_empty(module, name));
  if (!found.is_empty()) return found;
  Ref package = TRY(get_attr_or_empty(module, names.__name__));
  if (is<Str>(package)) {
    Ref full = make_str(to_string(package) + "." + to_string(name));
    Ref loaded = TRY(dict_get(sys_modules(), full));
    if (!loaded.is_empty()) return loaded;
  }
  const std::string package_name = is<Str>(package) ? to_string(package) : "<unknown module name>";
  Ref file = TRY(get_attr_or_empty(module, names.__file__));
  Ref spec = TRY(get_attr_or_empty(module, names.__spec__));
  bool initializing = false;
  if (!spec.is_empty() && !spec.is_none()) {
    Ref flag = TRY(get_attr_or_empty(spec, names._initializing));
    if (!flag.is_empty()) initializing = TRY(truth(flag));
  }
  const std::string location = is<Str>(file) ? to_string(file) : "unknown location";
  std::string message =
      initializing ? fmt::format(
                         "cannot import name '{}' from partially initialized module '{}' (most likely due to a "
                         "circular import) ({})",
                         to_string(name), package_name, location)
                   : fmt::format("cannot import name '{}' from '{}' ({})", to_string(name), package_name, location);
  Ref error = TRY(call(to_value(&exc::ImportError), {make_str(message)}));
  if (is<Str>(package)) set_exception_field(error, "name", package);
  if (is<Str>(file)) set_exception_field(error, "path", file);
  return fail_with(error);
}

Status import_star(CallRecord* record, Value module) {
  Ref all = TRY(get_attr_or_empty(module, names.__all__));
  bool skip_private = false;
  if (all.is_empty()) {
    Ref dict = TRY(get_attr_or_empty(module, names.__dict__));
    if (dict.is_empty()) return fail(exc::ImportError, "from-import-* object has no __dict__ and no __all__");
    all = TRY(to_list(dict));
    skip_private = true;
  }
  return for_each(all, [&](Value name) -> Status {
    if (!is<Str>(name)) {
      Ref module_name = TRY(get_attr(module, names.__name__));
      return fail(exc::TypeError, "{} in {}.__{}__ must be str, not {}", skip_private ? "Key" : "Item",
                  to_string(module_name), skip_private ? "dict" : "all", type_name(name));
    }
    if (skip_private && as<Str>(name)->length && as<Str>(name)->at(0) == '_') return kOk;
    Ref value = TRY(get_attr(module, as<Str>(name)));
    return store_name(record, as<Str>(name), value);
  });
}

// ---- Generators

Ref send_to(Value receiver, Value value, Ref& returned) {
  if (is<Generator>(receiver) && !is_exact(receiver, async_generator_type))
    return generator_send(as<Generator>(receiver), value, &returned);
  if (SendSlot send = type_of(receiver)->send) return send(receiver, value, &returned);
  UnarySlot step = type_of(receiver)->slots.next;
  Ref result = value.is_none() && step ? step(receiver) : call_method(receiver, names.send, {value});
  if (result.is_error()) {
    std::optional<Ref> stopped = take_stop_iteration_value();
    if (!stopped) return result;
    returned = std::move(*stopped);
    return Ref::empty();
  }
  if (result.is_empty()) returned = Ref::none();
  return result;
}

Ref leave_generator_with(const Code* code, Ref pending) {
  const uint32_t code_flags = code->code_flags;
  const bool stop = is_instance_of(pending, exc::StopIteration);
  const bool async_stop = (code_flags & kCodeAsyncGenerator) && is_instance_of(pending, exc::StopAsyncIteration);
  if (!stop && !async_stop) return pending;
  const char* what = code_flags & kCodeAsyncGenerator ? "async generator"
                     : code_flags & kCodeCoroutine    ? "coroutine"
                                                      : "generator";
  Ref replacement = call(to_value(&exc::RuntimeError),
                         {make_str(fmt::format("{} raised {}", what, stop ? "StopIteration" : "StopAsyncIteration"))});
  if (!is<Exception>(replacement)) return pending;
  auto* e = as<Exception>(replacement);
  e->cause = Ref::share(pending).release();
  e->context = Ref::share(pending).release();
  e->suppress_context = true;
  return replacement;
}

Ref yield_from_iterator(Value iterable, Code* code) {
  if (is_exact(iterable, generator_type)) return Ref::share(iterable);
  if (is_exact(iterable, coroutine_type)) {
    if (!(code->code_flags & (kCodeCoroutine | kCodeIterableCoroutine))) {
      return fail(exc::TypeError, "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    return Ref::share(iterable);
  }
  return get_iter(iterable);
}

Ref get_awaitable(Value object, int where) {
  Ref iterator = awaitable_iterator(object);
  if (iterator.is_error()) {
    if (where && pending_is(exc::TypeError) && !type_of(object)->slots.await) {
      clear_pending();
      return fail(exc::TypeError, "'async with' received an object from {} that does not implement __await__: {}",
                  where == 1 ? "__aenter__" : "__aexit__", type_name(object));
    }
    return iterator;
  }
  if (is_exact(iterator, coroutine_type) && generator_delegate(as<Generator>(iterator))) {
    return fail(exc::RuntimeError, "coroutine is being awaited already");
  }
  return iterator;
}

Ref get_aiter(Value object) {
  UnarySlot slot = type_of(object)->slots.aiter;
  if (!slot)
    return fail(exc::TypeError, "'async for' requires an object with __aiter__ method, got {}", type_name(object));
  Ref iterator = TRY(slot(object));
  if (!type_of(iterator)->slots.anext) {
    return fail(exc::TypeError, "'async for' received an object from __aiter__ that does not implement __anext__: {}",
                type_name(iterator));
  }
  return iterator;
}

Ref get_anext(Value iterator) {
  UnarySlot slot = type_of(iterator)->slots.anext;
  if (!slot)
    return fail(exc::TypeError, "'async for' requires an iterator with __anext__ method, got {}", type_name(iterator));
  Ref awaitable = TRY(slot(iterator));
  Ref result = awaitable_iterator(awaitable);
  if (result.is_error()) {
    Ref cause = take_pending();
    Ref error = TRY(call(
        to_value(&exc::TypeError),
        {make_str(fmt::format("'async for' received an invalid object from __anext__: {}", type_name(awaitable)))}));
    TRY(set_attr(error, names.__cause__, cause));
    TRY(set_attr(error, names.__context__, cause));
    return fail_with(error);
  }
  return result;
}

// ---- Patterns

Ref match_keys(Value subject, Value keys) {
  auto* wanted = as<Tuple>(keys);
  Ref seen = make_set();
  std::vector<Ref> values;
  for (Value key : *wanted) {
    if (!TRY(set_add(as<Set>(seen), key)))
      return fail(exc::ValueError, "mapping pattern checks duplicate key ({})", repr_text(key));
    Ref found;
    if (is_exact(subject, dict_type)) {
      found = TRY(dict_get(as<Dict>(subject), key));
    } else {
      Ref marker = TRY(call(to_value(&object_type)));
      found = TRY(call_method(subject, names.get, {key, marker}));
      if (found.value() == marker.value()) found = Ref();
    }
    if (found.is_empty()) return Ref::none();
    values.push_back(std::move(found));
  }
  std::vector<Value> items(values.begin(), values.end());
  return make_tuple(items.data(), static_cast<int64_t>(items.size()));
}

Ref match_class(Value subject, Value cls, uint32_t positional, Value keyword_names) {
  if (!is<Type>(cls)) return fail(exc::TypeError, "called match pattern must be a class");
  if (!TRY(is_instance(subject, cls))) return Ref::none();
  std::vector<Ref> values;
  std::vector<Value> seen;
  auto attribute = [&](Value name) -> Result<bool> {
    for (Value s : seen) {
      if (TRY(equal(s, name))) {
        return fail(exc::TypeError, "{}() got multiple sub-patterns for attribute {}", type_name(as<Type>(cls)),
                    repr_text(name));
      }
    }
    seen.push_back(name);
    Ref v = TRY(get_attr_or_empty(subject, as<Str>(name)));
    if (v.is_empty()) return false;
    values.push_back(std::move(v));
    return true;
  };
  if (positional) {
    Ref match_args = TRY(get_attr_or_empty(cls, names.__match_args__));
    bool match_self = false;
    if (match_args.is_empty()) {
      match_args = empty_tuple();
      match_self = as<Type>(cls)->has(Type::kMatchSelf);
    } else if (!is<Tuple>(match_args)) {
      return fail(exc::TypeError, "{}.__match_args__ must be a tuple (got {})", type_name(as<Type>(cls)),
                  type_name(match_args));
    }
    const int64_t allowed = match_self ? 1 : as<Tuple>(match_args)->size;
    if (allowed < positional) {
      return fail(exc::TypeError, "{}() accepts {} positional sub-pattern{} ({} given)", type_name(as<Type>(cls)),
                  allowed, allowed == 1 ? "" : "s", positional);
    }
    if (match_self) {
      values.push_back(Ref::share(subject));
    } else {
      for (uint32_t i = 0; i < positional; ++i) {
        Value name = as<Tuple>(match_args)->items[i];
        if (!is<Str>(name))
          return fail(exc::TypeError, "__match_args__ elements must be strings (got {})", type_name(name));
        if (!TRY(attribute(name))) return Ref::none();
      }
    }
  }
  for (Value name : *as<Tuple>(keyword_names)) {
    if (!TRY(attribute(name))) return Ref::none();
  }
  std::vector<Value> items(values.begin(), values.end());
  return make_tuple(items.data(), static_cast<int64_t>(items.size()));
}

Status print_expression(Value v) {
  Ref sys = TRY(import_module("sys"));
  Ref hook = TRY(get_attr_or_empty(sys, names.displayhook));
  if (hook.is_empty()) return fail(exc::RuntimeError, "lost sys.displayhook");
  TRY(call(hook, {v}));
  return kOk;
}

Status handle_breaker(ThreadState& ts) {
  if (eval_breaker & kBreakCollect) {
    eval_breaker = eval_breaker & ~kBreakCollect;
    collector.collect_if_due();
  }
  if (eval_breaker & kBreakMachineCode) eval_breaker = eval_breaker & ~kBreakMachineCode;
  if (eval_breaker & kBreakLock) yield_interpreter_lock(ts);
  if (eval_breaker & kBreakSignal) TRY(run_signal_handlers());
  return kOk;
}

}  // namespace hiss
