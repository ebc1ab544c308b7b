// Making classes: C3 linearization, the layout of instances, type.__new__.
#include "object/class_builder.h"

#include <algorithm>
#include <vector>

#include "memory/collector.h"
#include "object/function.h"
#include "object/generic_slots.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/slot_table.h"
#include "vm/frame_access.h"

namespace hiss {

namespace {

// ---- C3

Ref mro_conflict(const std::vector<std::vector<Value>>& sequences, const std::vector<size_t>& heads) {
  std::string bases;
  std::vector<Value> seen;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (heads[i] >= sequences[i].size()) continue;
    Value head = sequences[i][heads[i]];
    if (std::find(seen.begin(), seen.end(), head) != seen.end()) continue;
    seen.push_back(head);
    if (!bases.empty()) bases += ", ";
    bases += type_name(as<Type>(head));
  }
  return fail(exc::TypeError, "Cannot create a consistent method resolution\norder (MRO) for bases {}", bases);
}

// ---- Layout

// The nearest ancestor whose instances have a C++ struct (or slots) of their own.
Type* solid_base(Type* type) {
  for (Type* t = type; t->base; t = t->base) {
    if (t->slot_count > 0) return t;
    if (!t->is_heap() && (t->basic_size > t->base->basic_size || t->instance_layout != t->base->instance_layout ||
                          t->has(Type::kVariableSize) != t->base->has(Type::kVariableSize))) {
      return t;
    }
  }
  return &object_type;
}

}  // namespace

Result<Type*> best_base(Tuple* bases) {
  Type* winner = nullptr;
  Type* winner_solid = nullptr;
  for (Value b : *bases) {
    if (!is<Type>(b)) return fail(exc::TypeError, "bases must be types");
    Type* base = as<Type>(b);
    if (!base->has(Type::kBaseType))
      return fail(exc::TypeError, "type '{}' is not an acceptable base type", qualified_type_name(base));
    Type* solid = solid_base(base);
    if (!winner || (winner_solid != solid && is_subtype(solid, winner_solid))) {
      winner = base;
      winner_solid = solid;
    } else if (!is_subtype(winner_solid, solid)) {
      return fail(exc::TypeError, "multiple bases have instance lay-out conflict");
    }
  }
  return winner;
}

namespace {

Ref mangle(Type* type, Str* name) {
  const std::string text = to_string(name);
  if (text.size() < 2 || text.compare(0, 2, "__") != 0 ||
      (text.size() >= 2 && text.compare(text.size() - 2, 2, "__") == 0) || text.find('.') != text.npos) {
    return Ref::share(name);
  }
  std::string cls(type_name(type));
  const size_t start = cls.find_first_not_of('_');
  if (start == cls.npos) return Ref::share(name);
  return make_str("_" + cls.substr(start) + text);
}

struct SlotNames {
  bool declared = false, dict = false, weakref = false;
  std::vector<Ref> names;
  Ref doc_dict;
};

Result<SlotNames> read_slots(Type* type, Dict* dict, Type* base) {
  SlotNames out;
  Value declared = dict_get(dict, names.__slots__);
  if (!declared) return out;
  out.declared = true;
  Ref list = is<Str>(declared) ? make_tuple({declared}) : TRY(to_tuple(declared));
  for (Value v : *as<Tuple>(list)) {
    if (!is<Str>(v)) return fail(exc::TypeError, "__slots__ items must be strings, not '{}'", type_name(v));
    Ref valid = TRY(call_method(v, "isidentifier"));
    if (!valid.value().is_true()) return fail(exc::TypeError, "__slots__ must be identifiers");
    Str* name = as<Str>(v);
    if (equal(name, "__dict__")) {
      if (base->attributes_offset || out.dict)
        return fail(exc::TypeError, "__dict__ slot disallowed: we already got one");
      out.dict = true;
    } else if (equal(name, "__weakref__")) {
      if (base->has(Type::kWeakReferable) || out.weakref) {
        return fail(exc::TypeError, "__weakref__ slot disallowed: either we already got one, or __itemsize__ != 0");
      }
      out.weakref = true;
    } else {
      Ref mangled = mangle(type, name);
      Value existing = dict_get(dict, intern(as<Str>(mangled)));
      if (existing && !equal(name, "__qualname__") && !equal(name, "__classcell__")) {
        return fail(exc::ValueError, "{} in __slots__ conflicts with class variable", repr_text(mangled));
      }
      out.names.push_back(std::move(mangled));
    }
  }
  if (!out.names.empty() && base->has(Type::kVariableSize)) {
    return fail(exc::TypeError, "nonempty __slots__ not supported for subtype of '{}'", type_name(base));
  }
  std::sort(out.names.begin(), out.names.end(),
            [](const Ref& a, const Ref& b) { return compare(as<Str>(a), as<Str>(b)) < 0; });
  return out;
}

// A base beside the one whose layout is extended may bring a __dict__ or weak references that __slots__ did not name.
void take_from_other_bases(SlotNames& slots, Tuple* bases, Type* base) {
  for (Value b : *bases) {
    if (as<Type>(b) == base) continue;
    slots.dict |= as<Type>(b)->attributes_offset && !base->attributes_offset;
    slots.weakref |= as<Type>(b)->has(Type::kWeakReferable);
  }
}

// Whether instances match sequence or mapping patterns: the first base that knows decides.
void inherit_collection_flags(Type* type, Tuple* bases) {
  constexpr auto kFlags = Type::kSequence | Type::kMapping;
  type->type_flags &= ~kFlags;
  for (Value b : *bases) {
    if (!(type->type_flags & kFlags)) type->type_flags |= as<Type>(b)->type_flags & kFlags;
  }
}

void lay_out_instances(Type* type, Type* base, const SlotNames& slots) {
  type->basic_size = base->basic_size;
  type->attributes_offset = base->attributes_offset;
  type->instance_layout = base->instance_layout;
  type->type_flags |=
      base->type_flags & (Type::kHasGc | Type::kVariableSize | Type::kSequence | Type::kMapping | Type::kMatchSelf);
  // A class has its own dict already, whatever its metaclass.
  const bool has_dict = base->attributes_offset || base->instance_layout == Layout::Type;
  const bool add_dict = !has_dict && (!slots.declared || slots.dict);
  const bool plain = base->instance_layout == Layout::Plain && base->basic_size == sizeof(Object);
  if (add_dict && plain) {
    type->instance_layout = Layout::Instance;
    type->attributes_offset = offsetof(Instance, attributes);
    type->basic_size = sizeof(Instance);
    type->inline_capacity = 4;
  } else if (add_dict && base->has(Type::kVariableSize)) {
    type->attributes_offset = -1;
  } else if (add_dict) {
    type->attributes_offset = static_cast<int32_t>(type->basic_size);
    type->basic_size += sizeof(Attributes);
  }
  if (base->instance_layout == Layout::Instance) type->inline_capacity = base->inline_capacity;
  type->slots_offset = type->basic_size;
  type->slot_count = static_cast<uint32_t>(slots.names.size());
  type->basic_size += static_cast<uint32_t>(slots.names.size() * sizeof(Value));
  type->type_flags |= Type::kHasGc;  // an instance refers to its class, if to nothing else
  if (base->has(Type::kWeakReferable) || !slots.declared || slots.weakref) type->type_flags |= Type::kWeakReferable;
}

void inherit_finalizer_flag(Type* type) {
  if (lookup(type, names.__del__)) type->type_flags |= Type::kHasFinalizer;
}

Status set_names(Type* type) {
  Ref copy = dict_copy(as<Dict>(type->dict));
  for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(copy), i);) {
    Ref hook = lookup_special(e->value, names.__set_name__);
    if (hook.is_error()) return Failure{};
    if (hook.is_empty()) continue;
    Ref key = Ref::share(e->key);
    const std::string value_type(type_name(e->value));
    Ref result = call(hook, {to_value(type), key});
    if (result.is_error()) {
      Ref cause = take_pending();
      Ref error = TRY(call(to_value(&exc::RuntimeError),
                           {make_str(fmt::format("Error calling __set_name__ on '{}' instance {} in '{}'", value_type,
                                                 repr_text(key), type_name(type)))}));
      TRY(set_attr(error, names.__cause__, cause));
      return fail_with(error);
    }
  }
  return kOk;
}

Status init_subclass(Type* type, const Args& keywords) {
  auto* mro = as<Tuple>(type->mro);
  if (std::find(mro->begin(), mro->end(), to_value(type)) == mro->end()) {
    return fail(exc::TypeError, "super(type, obj): obj must be an instance or subtype of type");
  }
  Ref hook = TRY(super_lookup(to_value(type), to_value(type), names.__init_subclass__));
  if (hook.is_empty()) return kOk;
  std::vector<Value> values;
  for (uint32_t i = 0; i < keywords.keyword_count(); ++i) values.push_back(keywords.keyword_value(i));
  TRY(call(hook, Args{values.data(), 0, keywords.names}));
  return kOk;
}

}  // namespace

Ref compute_mro(Type* type) {
  auto* bases = as<Tuple>(type->bases);
  std::vector<std::vector<Value>> sequences;
  for (int64_t i = 0; i < bases->size; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      if (bases->items[i] == bases->items[j]) {
        return fail(exc::TypeError, "duplicate base class {}", type_name(as<Type>(bases->items[i])));
      }
    }
    auto* mro = as<Tuple>(as<Type>(bases->items[i])->mro);
    if (mro->size == 0) {
      return fail(exc::TypeError, "Cannot extend an incomplete type '{}'", type_name(as<Type>(bases->items[i])));
    }
    sequences.emplace_back(mro->begin(), mro->end());
  }
  sequences.emplace_back(bases->begin(), bases->end());
  std::vector<size_t> heads(sequences.size(), 0);
  std::vector<Value> result = {to_value(type)};
  for (;;) {
    bool done = true;
    Value next;
    for (size_t i = 0; i < sequences.size() && !next; ++i) {
      if (heads[i] >= sequences[i].size()) continue;
      done = false;
      Value candidate = sequences[i][heads[i]];
      bool in_tail = false;
      for (size_t j = 0; j < sequences.size() && !in_tail; ++j) {
        for (size_t k = heads[j] + 1; k < sequences[j].size(); ++k) in_tail |= sequences[j][k] == candidate;
      }
      if (!in_tail) next = candidate;
    }
    if (done) break;
    if (!next) return mro_conflict(sequences, heads);
    result.push_back(next);
    for (size_t i = 0; i < sequences.size(); ++i) {
      if (heads[i] < sequences[i].size() && sequences[i][heads[i]] == next) ++heads[i];
    }
  }
  return make_tuple(result.data(), static_cast<int64_t>(result.size()));
}

bool has_custom_mro(Type* metatype) {
  return metatype != &type_type && lookup(metatype, names.mro) != lookup(&type_type, names.mro);
}

Ref resolve_mro(Type* type) {
  if (!has_custom_mro(type_of(to_value(type)))) return compute_mro(type);
  Ref order = TRY(call_special_method(to_value(type), names.mro, {}));
  Ref tuple = TRY(to_tuple(order));
  Type* solid = solid_base(type);
  for (Value t : *as<Tuple>(tuple)) {
    if (!is<Type>(t)) return fail(exc::TypeError, "mro() returned a non-class ('{}')", type_name(t));
    if (!is_subtype(solid, solid_base(as<Type>(t))))
      return fail(exc::TypeError, "mro() returned base with unsuitable layout ('{}')", type_name(as<Type>(t)));
  }
  return tuple;
}

Result<Type*> calculate_metaclass(Type* metatype, Tuple* bases) {
  Type* winner = metatype;
  for (Value b : *bases) {
    Type* type = type_of(b);
    if (is_subtype(winner, type)) continue;
    if (is_subtype(type, winner)) {
      winner = type;
      continue;
    }
    return fail(exc::TypeError,
                "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the "
                "metaclasses of all its bases");
  }
  return winner;
}

Ref make_class(Type* metatype, Str* name, Tuple* bases_in, Dict* namespace_, const Args& keywords) {
  Ref bases = bases_in->size ? Ref::share(bases_in) : make_tuple({to_value(&object_type)});
  for (Value b : *as<Tuple>(bases)) {
    if (!is<Type>(b)) {
      Ref entries = TRY(lookup_special(b, names.__mro_entries__));
      if (!entries.is_empty()) {
        return fail(exc::TypeError, "type() doesn't support MRO entry resolution; use types.new_class()");
      }
    }
  }
  Type* winner = TRY(calculate_metaclass(metatype, as<Tuple>(bases)));
  if (winner != metatype && winner->slots.new_ != type_new) {
    Ref dict_value = Ref::share(namespace_);
    std::vector<Value> values = {to_value(name), bases, dict_value};
    for (uint32_t i = 0; i < keywords.keyword_count(); ++i) values.push_back(keywords.keyword_value(i));
    return winner->slots.new_(winner, Args{values.data(), 3, keywords.names});
  }
  Type* base = TRY(best_base(as<Tuple>(bases)));

  auto* type = static_cast<Type*>(allocate(winner));
  Ref hold = Ref::steal(type);
  type->type_flags = Type::kHeap | Type::kBaseType | Type::kReady;
  type->name = Ref::share(name).release();
  type->bases = Ref::share(bases).release();
  type->base = base;
  retain(static_cast<Object*>(base));
  Ref dict_ref = dict_copy(namespace_);
  type->dict = Ref::share(dict_ref).release();
  auto* dict = as<Dict>(type->dict);
  type->dealloc = base->dealloc;
  type->traverse = base->traverse;
  type->clear = base->clear;
  type->buffer = base->buffer;

  Ref qualname = Ref::share(dict_get(dict, names.__qualname__));
  if (!qualname.is_empty()) {
    if (!is<Str>(qualname)) return fail(exc::TypeError, "type __qualname__ must be a str, not {}", type_name(qualname));
    TRY(dict_delete(dict, to_value(names.__qualname__)));
    type->qualname = qualname.release();
  } else {
    type->qualname = Ref::share(name).release();
  }
  if (!dict_get(dict, names.__module__)) {
    if (Dict* globals = current_globals()) {
      Value module = dict_get(globals, names.__name__);
      if (module) dict_set(dict, names.__module__, module);
    }
  }
  Ref cell = Ref::share(dict_get(dict, names.__classcell__));
  if (!cell.is_empty()) {
    if (!is<Cell>(cell)) {
      return fail(exc::TypeError, "__classcell__ must be a nonlocal cell, not {}", repr_text(to_value(type_of(cell))));
    }
    TRY(dict_delete(dict, to_value(names.__classcell__)));
  }
  SlotNames slots = TRY(read_slots(type, dict, base));
  take_from_other_bases(slots, as<Tuple>(bases), base);
  lay_out_instances(type, base, slots);
  inherit_collection_flags(type, as<Tuple>(bases));
  for (size_t i = 0; i < slots.names.size(); ++i) {
    Str* slot_name = intern(as<Str>(slots.names[i]));
    dict_set(dict, slot_name,
             make_member_descriptor(type, slot_name, type->slots_offset + static_cast<uint32_t>(i * sizeof(Value))));
  }
  if (type->attributes_offset && !base->attributes_offset && !dict_get(dict, names.__dict__)) {
    dict_set(dict, names.__dict__, make_getset_descriptor(type, instance_dict_getset()));
  }
  if (type->has(Type::kWeakReferable) && !base->has(Type::kWeakReferable) && !dict_get(dict, names.__weakref__)) {
    dict_set(dict, names.__weakref__, make_getset_descriptor(type, instance_weakref_getset()));
  }
  Value new_method = dict_get(dict, names.__new__);
  if (is_exact(new_method, function_type)) dict_set(dict, names.__new__, make_static_method(new_method));
  for (Str* implicit : {names.__init_subclass__, names.__class_getitem__}) {
    Value method = dict_get(dict, implicit);
    if (is_exact(method, function_type)) dict_set(dict, implicit, make_class_method(method));
  }
  if (!dict_get(dict, names.__doc__)) dict_set(dict, names.__doc__, Value::none());
  if (dict_get(dict, names.__eq__) && !dict_get(dict, names.__hash__)) dict_set(dict, names.__hash__, Value::none());

  if (!cell.is_empty()) {
    Value old = as<Cell>(cell)->content;
    as<Cell>(cell)->content = Ref::share(type).release();
    release(old);
  }
  type->mro = empty_tuple().release();  // while a custom mro() runs
  track(type);  // its descriptors refer to it: refused from here on, it is a cycle for the collector
  Ref order = TRY(resolve_mro(type));
  Value old = type->mro;
  type->mro = order.release();
  release(old);
  for (Value b : *as<Tuple>(type->bases)) add_subclass(as<Type>(b), type);
  compute_slots(type);
  inherit_finalizer_flag(type);
  TRY(set_names(type));
  TRY(init_subclass(type, keywords));
  return hold;
}

Ref type_new(Type* metatype, const Args& args) {
  if (metatype == &type_type && args.count == 1 && args.keyword_count() == 0) return Ref::share(type_of(args[0]));
  if (args.count != 3) {
    if (metatype == &type_type) return fail(exc::TypeError, "type() takes 1 or 3 arguments");
    return fail(exc::TypeError, "type.__new__() takes exactly 3 arguments ({} given)", args.count);
  }
  if (!is<Str>(args[0]))
    return fail(exc::TypeError, "type.__new__() argument 1 must be str, not {}", type_name(args[0]));
  if (!is<Tuple>(args[1]))
    return fail(exc::TypeError, "type.__new__() argument 2 must be tuple, not {}", type_name(args[1]));
  if (!is<Dict>(args[2]))
    return fail(exc::TypeError, "type.__new__() argument 3 must be dict, not {}", type_name(args[2]));
  Args keywords{args.values + args.count, 0, args.names};
  return make_class(metatype, as<Str>(args[0]), as<Tuple>(args[1]), as<Dict>(args[2]), keywords);
}

Status type_init(Value, const Args& args) {
  if (args.keyword_count() && args.count == 1)
    return fail(exc::TypeError, "type.__init__() takes no keyword arguments");
  if (args.count != 1 && args.count != 3) return fail(exc::TypeError, "type.__init__() takes 1 or 3 arguments");
  return kOk;
}

Ref type_or(Value left, Value right) { return make_union(left, right); }

}  // namespace hiss
