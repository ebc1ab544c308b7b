// set and frozenset: slots, methods, iterator.
#include <algorithm>

#include "memory/native_objects.h"
#include "object/class_builder.h"
#include "object/set_internal.h"

namespace hiss {

Type set_type, frozenset_type, set_iterator_type;

namespace {

bool is_set(Value v) { return is<Set>(v); }
Type* plain_type_of(Value v) { return is_instance_of(v, frozenset_type) ? &frozenset_type : &set_type; }

/// The set itself, or a temporary set of the iterable's items.
Ref as_set(Value v) {
  if (is_set(v)) return Ref::share(v);
  Ref r = make_set();
  TRY(set_update(as<Set>(r), v));
  return r;
}

void set_dealloc(Object* self) { set_free(static_cast<Set*>(self)); }

void set_traverse(Object* self, Visitor& visit) {
  Set* s = static_cast<Set*>(self);
  for (int64_t i = 0; SetEntry* e = set_next(s, i);) visit(e->key);
}

void set_clear_slot(Object* self) { set_clear(static_cast<Set*>(self)); }

Ref set_new(Type* cls, const Args&) { return make_set_of(cls); }

Status set_init(Value self, const Args& args) {
  if (args.keyword_count() != 0 && type_of(self)->slots.init == set_type.slots.init) {
    return fail(exc::TypeError, "set() takes no keyword arguments");
  }
  if (args.count > 1) return fail(exc::TypeError, "set expected at most 1 argument, got {}", args.count);
  Set* s = as<Set>(self);
  if (s->used) set_clear(s);
  s->hash = -1;
  if (args.count == 1) TRY(set_update(s, args[0]));
  return kOk;
}

Ref frozenset_new(Type* cls, const Args& args) {
  if (args.keyword_count() != 0 && cls->slots.init == frozenset_type.slots.init) {
    return fail(exc::TypeError, "frozenset() takes no keyword arguments");
  }
  if (args.count > 1) return fail(exc::TypeError, "frozenset expected at most 1 argument, got {}", args.count);
  if (cls == &frozenset_type) {
    if (args.count == 1) return make_frozenset(args[0]);
    static Value empty;
    if (!empty) empty = make_frozenset(Value()).release();
    return Ref::share(empty);
  }
  Ref r = make_set_of(cls);
  if (args.count == 1) TRY(set_update(as<Set>(r), args[0]));
  return r;
}

Ref set_repr(Value self) {
  Set* s = as<Set>(self);
  StrBuilder out;
  const bool plain = s->type == &set_type;
  ReprGuard guard(self);
  if (!guard.entered() || s->used == 0) {
    out.append(type_name(self));
    out.append_ascii(guard.entered() ? "()" : "(...)");
    return out.finish();
  }
  if (!plain) {
    out.append(type_name(self));
    out.append_ascii("(");
  }
  Ref items = TRY(to_tuple(self));
  out.append_ascii("{");
  for (int64_t i = 0; i < as<Tuple>(items)->size; ++i) {
    if (i) out.append_ascii(", ");
    Ref text = TRY(repr(as<Tuple>(items)->items[i]));
    out.append(as<Str>(text));
  }
  out.append_ascii(plain ? "}" : "})");
  return out.finish();
}

/// Independent of the order of items: their hashes are scattered and xored.
Result<int64_t> frozenset_hash(Value self) {
  Set* s = as<Set>(self);
  if (s->hash != -1) return s->hash;
  uint64_t h = 0;
  auto scatter = [](uint64_t x) { return ((x ^ 89869747u) ^ (x << 16)) * 3644798167u; };
  for (int64_t i = 0; SetEntry* e = set_next(s, i);) h ^= scatter(static_cast<uint64_t>(e->hash));
  h ^= (static_cast<uint64_t>(s->used) + 1) * 1927868237u;
  h ^= (h >> 11) ^ (h >> 25);
  h = h * 69069u + 907133923u;
  if (h == ~uint64_t{0}) h = 590923713u;
  s->hash = static_cast<int64_t>(h);
  return s->hash;
}

Result<int64_t> set_length(Value self) { return as<Set>(self)->used; }

/// A set is looked up as the frozenset of the same items.
template <typename Operation>
Result<bool> with_set_key(Value key, Operation&& operation) {
  Result<bool> r = operation(key);
  if (!r.is_error() || !is_set(key) || is_instance_of(key, frozenset_type) || !pending_is(exc::TypeError)) return r;
  clear_pending();
  Ref frozen = TRY(set_copy(as<Set>(key), &frozenset_type));
  return operation(frozen);
}

Result<bool> set_contains_slot(Value self, Value key) {
  return with_set_key(key, [&](Value k) { return set_contains(as<Set>(self), k); });
}

Result<bool> is_subset(Set* a, Set* b) {
  if (a->used > b->used) return false;
  for (int64_t i = 0; SetEntry* e = set_next(a, i);) {
    Ref key = Ref::share(e->key);
    if (!TRY(set_contains(b, key, e->hash))) return false;
  }
  return true;
}

Ref set_compare(Value self, Value other, CompareOp op) {
  if (!is_set(self) || !is_set(other)) return Ref::not_implemented();
  Set *a = as<Set>(self), *b = as<Set>(other);
  auto same = [&]() -> Result<bool> {
    if (a->used != b->used) return false;
    if (a->hash != -1 && b->hash != -1 && a->hash != b->hash) return false;
    return is_subset(a, b);
  };
  switch (op) {
    case CompareOp::Eq:
      return Ref::boolean(TRY(same()));
    case CompareOp::Ne:
      return Ref::boolean(!TRY(same()));
    case CompareOp::Le:
      return Ref::boolean(TRY(is_subset(a, b)));
    case CompareOp::Ge:
      return Ref::boolean(TRY(is_subset(b, a)));
    case CompareOp::Lt:
      return Ref::boolean(a->used < b->used && TRY(is_subset(a, b)));
    default:
      return Ref::boolean(b->used < a->used && TRY(is_subset(b, a)));
  }
}

Status intersect_into(Set* result, Value self, Value other) {
  if (is_set(other)) {
    Set *a = as<Set>(self), *b = as<Set>(other);
    if (b->used > a->used) std::swap(a, b);
    for (int64_t i = 0; SetEntry* e = set_next(b, i);) {
      Ref key = Ref::share(e->key);
      const int64_t h = e->hash;
      if (TRY(set_contains(a, key, h))) TRY(set_add(result, key, h));
    }
    return kOk;
  }
  return for_each(other, [&](Value key) -> Status {
    const int64_t h = TRY(hash(key));
    if (TRY(set_contains(as<Set>(self), key, h))) TRY(set_add(result, key, h));
    return kOk;
  });
}

Ref intersection(Value self, Value other) {
  Ref r = make_set_of(plain_type_of(self));
  TRY(intersect_into(as<Set>(r), self, other));
  return r;
}

Status remove_all(Set* set, Value other) {
  if (to_value(set) == other) {
    set_clear(set);
    return kOk;
  }
  if (is_set(other)) {
    for (int64_t i = 0; SetEntry* e = set_next(as<Set>(other), i);) {
      Ref key = Ref::share(e->key);
      TRY(set_discard(set, key, e->hash));
    }
    return kOk;
  }
  if (is_exact(other, dict_type)) {
    // The dict knows the hashes of its keys.
    for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(other), i);) {
      Ref key = Ref::share(e->key);
      TRY(set_discard(set, key, e->hash));
    }
    return kOk;
  }
  return for_each(other, [&](Value key) -> Status {
    TRY(set_discard(set, key));
    return kOk;
  });
}

Ref difference(Value self, Value other) {
  Ref r = TRY(set_copy(as<Set>(self), plain_type_of(self)));
  TRY(remove_all(as<Set>(r), other));
  return r;
}

Status toggle_all(Set* set, Value other) {
  if (to_value(set) == other) {
    set_clear(set);
    return kOk;
  }
  Ref items = TRY(as_set(other));
  for (int64_t i = 0; SetEntry* e = set_next(as<Set>(items), i);) {
    Ref key = Ref::share(e->key);
    const int64_t h = e->hash;
    if (!TRY(set_discard(set, key, h))) TRY(set_add(set, key, h));
  }
  return kOk;
}

/// Puts the contents of `from` (a temporary) into `set`, and the old ones into the temporary.
void swap_contents(Set* set, Set* from) {
  std::swap(set->used, from->used);
  std::swap(set->fill, from->fill);
  std::swap(set->mask, from->mask);
  std::swap(set->table, from->table);
}

Ref set_and(Value a, Value b) {
  if (!is_set(a) || !is_set(b)) return Ref::not_implemented();
  return intersection(a, b);
}
Ref set_or(Value a, Value b) {
  if (!is_set(a) || !is_set(b)) return Ref::not_implemented();
  Ref r = TRY(set_copy(as<Set>(a), plain_type_of(a)));
  TRY(set_update(as<Set>(r), b));
  return r;
}
Ref set_subtract(Value a, Value b) {
  if (!is_set(a) || !is_set(b)) return Ref::not_implemented();
  return difference(a, b);
}
Ref set_xor(Value a, Value b) {
  if (!is_set(a) || !is_set(b)) return Ref::not_implemented();
  Ref r = TRY(set_copy(as<Set>(a), plain_type_of(a)));
  TRY(toggle_all(as<Set>(r), b));
  return r;
}
Ref set_inplace_or(Value a, Value b) {
  if (!is_set(b)) return Ref::not_implemented();
  TRY(set_update(as<Set>(a), b));
  return Ref::share(a);
}
Ref set_inplace_and(Value a, Value b) {
  if (!is_set(b)) return Ref::not_implemented();
  Ref r = TRY(intersection(a, b));
  swap_contents(as<Set>(a), as<Set>(r));
  return Ref::share(a);
}
Ref set_inplace_subtract(Value a, Value b) {
  if (!is_set(b)) return Ref::not_implemented();
  TRY(remove_all(as<Set>(a), b));
  return Ref::share(a);
}
Ref set_inplace_xor(Value a, Value b) {
  if (!is_set(b)) return Ref::not_implemented();
  TRY(toggle_all(as<Set>(a), b));
  return Ref::share(a);
}

Ref set_add_method(Value self, const Value* args) {
  TRY(set_add(as<Set>(self), args[0]));
  return Ref::none();
}
Ref set_remove(Value self, const Value* args) {
  if (!TRY(with_set_key(args[0], [&](Value k) { return set_discard(as<Set>(self), k); }))) {
    return fail_value(exc::KeyError, args[0]);
  }
  return Ref::none();
}
Ref set_discard_method(Value self, const Value* args) {
  TRY(with_set_key(args[0], [&](Value k) { return set_discard(as<Set>(self), k); }));
  return Ref::none();
}
Ref set_pop_method(Value self, const Value*) {
  static int64_t finger = 0;  // pops in a loop go on where the last one ended
  return set_pop(as<Set>(self), finger);
}
Ref set_clear_method(Value self, const Value*) {
  set_clear(as<Set>(self));
  return Ref::none();
}
Ref set_copy_method(Value self, const Value*) { return set_copy(as<Set>(self), &set_type); }
Ref frozenset_copy(Value self, const Value*) {
  if (is_exact(self, frozenset_type)) return Ref::share(self);
  return set_copy(as<Set>(self), &frozenset_type);
}
Ref set_update_method(Value self, const Value* args) {
  for (Value v : *as<Tuple>(args[0])) TRY(set_update(as<Set>(self), v));
  return Ref::none();
}
Ref set_union(Value self, const Value* args) {
  Ref r = TRY(set_copy(as<Set>(self), plain_type_of(self)));
  for (Value v : *as<Tuple>(args[0])) TRY(set_update(as<Set>(r), v));
  return r;
}
Ref set_intersection(Value self, const Value* args) {
  Tuple* others = as<Tuple>(args[0]);
  if (others->size == 0) return set_copy(as<Set>(self), plain_type_of(self));
  Ref r = Ref::share(self);
  for (Value v : *others) r = TRY(intersection(r, v));
  return r;
}
Ref set_intersection_update(Value self, const Value* args) {
  Ref r = TRY(set_intersection(self, args));
  swap_contents(as<Set>(self), as<Set>(r));
  return Ref::none();
}
Ref set_difference(Value self, const Value* args) {
  Ref r = TRY(set_copy(as<Set>(self), plain_type_of(self)));
  for (Value v : *as<Tuple>(args[0])) TRY(remove_all(as<Set>(r), v));
  return r;
}
Ref set_difference_update(Value self, const Value* args) {
  for (Value v : *as<Tuple>(args[0])) TRY(remove_all(as<Set>(self), v));
  return Ref::none();
}
Ref set_symmetric_difference(Value self, const Value* args) {
  Ref r = TRY(set_copy(as<Set>(self), plain_type_of(self)));
  TRY(toggle_all(as<Set>(r), args[0]));
  return r;
}
Ref set_symmetric_difference_update(Value self, const Value* args) {
  TRY(toggle_all(as<Set>(self), args[0]));
  return Ref::none();
}
Ref set_isdisjoint(Value self, const Value* args) {
  Set* s = as<Set>(self);
  if (args[0] == self) return Ref::boolean(s->used == 0);
  Ref iterator = TRY(get_iter(args[0]));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return Ref::boolean(true);
    if (TRY(set_contains(s, item))) return Ref::boolean(false);
  }
}
Ref set_issubset(Value self, const Value* args) {
  Ref other = TRY(as_set(args[0]));
  return Ref::boolean(TRY(is_subset(as<Set>(self), as<Set>(other))));
}
Ref set_issuperset(Value self, const Value* args) {
  if (is_set(args[0])) return Ref::boolean(TRY(is_subset(as<Set>(args[0]), as<Set>(self))));
  Ref iterator = TRY(get_iter(args[0]));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return Ref::boolean(true);
    if (!TRY(set_contains(as<Set>(self), item))) return Ref::boolean(false);
  }
}
Ref set_reduce(Value self, const Value*) {
  Ref items = TRY(to_list(self));
  Ref arguments = make_tuple({items});
  Ref state = TRY(call_method(self, names.__getstate__));
  return make_tuple({to_value(type_of(self)), arguments, state});
}
Ref set_sizeof(Value self, const Value*) {
  Set* s = as<Set>(self);
  return make_int(static_cast<int64_t>(sizeof(Set)) +
                  (s->mask >= 8 ? (s->mask + 1) * static_cast<int64_t>(sizeof(SetEntry)) : 128));
}

#define HISS_SET_SHARED                                                                                             \
  {"union", "($self, /, *others)", set_union, "A new set of what is in this set or in any of the others."},         \
      {"intersection", "($self, /, *others)", set_intersection,                                                     \
       "A new set of what is in this set and in all of the others."},                                               \
      {"difference", "($self, /, *others)", set_difference,                                                         \
       "A new set of what is in this set, but in none of the others."},                                             \
      {"symmetric_difference", "($self, other, /)", set_symmetric_difference,                                       \
       "A new set of what is in this set or in the other, but not in both."},                                       \
      {"isdisjoint", "($self, other, /)", set_isdisjoint, "Whether nothing is in both this set and the other."},    \
      {"issubset", "($self, other, /)", set_issubset, "Whether the other has everything that is in this set."},     \
      {"issuperset", "($self, other, /)", set_issuperset, "Whether this set has everything that is in the other."}, \
      {"__reduce__", "($self, /)", set_reduce, kReduceDoc},                                                         \
      {"__sizeof__", "($self, /)", set_sizeof,                                                                      \
       "S.__sizeof__() -> memory of the set in bytes, its elements not included"},                                  \
  {                                                                                                                 \
    "__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod                 \
  }

const NativeDef kSetMethods[] = {
    {"add", "($self, element, /)", set_add_method, "Put element in; if an equal one is there, nothing changes."},
    {"clear", "($self, /)", set_clear_method, "Make the set empty."},
    {"copy", "($self, /)", set_copy_method, "A new set of the same elements."},
    {"discard", "($self, element, /)", set_discard_method, "Take element out; if it is not there, nothing happens."},
    {"remove", "($self, element, /)", set_remove, "Take element out; KeyError if it is not there."},
    {"pop", "($self, /)", set_pop_method, "Take out any one element and return it; KeyError if there is none."},
    {"update", "($self, /, *others)", set_update_method, "Put in what is in any of the others."},
    {"intersection_update", "($self, /, *others)", set_intersection_update,
     "Keep only what is in all of the others too."},
    {"difference_update", "($self, /, *others)", set_difference_update, "Take out what is in any of the others."},
    {"symmetric_difference_update", "($self, other, /)", set_symmetric_difference_update,
     "Take out what is in the other too, and put in the rest of the other."},
    HISS_SET_SHARED,
    {}};

const NativeDef kFrozensetMethods[] = {
    {"copy", "($self, /)", frozenset_copy, "A frozenset of the same elements; for a plain frozenset, itself."},
    HISS_SET_SHARED,
    {}};
#undef HISS_SET_SHARED

struct SetIterator : Object {
  Value set;  // empty: exhausted
  int64_t used;
  int64_t position;
  int64_t left;
};

Ref set_iter(Value self) {
  auto* it = allocate_tracked<SetIterator>(set_iterator_type);
  it->set = Ref::share(self).release();
  it->used = it->left = as<Set>(self)->used;
  it->position = 0;
  return Ref::steal(it);
}

Ref set_iterator_next(Value self) {
  auto* it = as<SetIterator>(self);
  if (!it->set) return Ref::empty();
  Set* s = as<Set>(it->set);
  if (it->used != s->used) {
    it->used = -1;
    return fail(exc::RuntimeError, "Set changed size during iteration");
  }
  if (SetEntry* e = set_next(s, it->position)) {
    --it->left;
    return Ref::share(e->key);
  }
  clear_field(it->set);
  return Ref::empty();
}

void set_iterator_dealloc(Object* self) {
  unlink(self);
  release(static_cast<SetIterator*>(self)->set);
  free_unlinked(self);
}
void set_iterator_traverse(Object* self, Visitor& visit) { visit(static_cast<SetIterator*>(self)->set); }

Ref set_iterator_length_hint(Value self, const Value*) {
  auto* it = as<SetIterator>(self);
  return make_int(it->set && it->used == as<Set>(it->set)->used ? it->left : 0);
}
Ref set_iterator_reduce(Value self, const Value*) {
  auto* it = as<SetIterator>(self);
  Ref list = make_list();
  if (it->set) {
    if (it->used != as<Set>(it->set)->used) return fail(exc::RuntimeError, "Set changed size during iteration");
    for (int64_t i = it->position; SetEntry* e = set_next(as<Set>(it->set), i);) list_append(as<List>(list), e->key);
  }
  Ref iter = TRY(builtin("iter"));
  Ref arguments = make_tuple({list});
  return make_tuple({iter, arguments});
}
const NativeDef kSetIteratorMethods[] = {{"__length_hint__", "($self, /)", set_iterator_length_hint, kLengthHintDoc},
                                         {"__reduce__", "($self, /)", set_iterator_reduce, kReduceDoc},
                                         {}};

void fill_set_type(Type& type, const NativeDef* methods) {
  Slots& s = type.slots;
  s.repr = set_repr;
  s.compare = set_compare;
  s.iter = set_iter;
  s.length = set_length;
  s.contains = set_contains_slot;
  s.and_ = set_and;
  s.or_ = set_or;
  s.xor_ = set_xor;
  s.subtract = set_subtract;
  type.methods = methods;
  type.dealloc = set_dealloc;
  type.traverse = set_traverse;
  type.clear = set_clear_slot;
}

}  // namespace

void init_set_type() {
  define_type(set_type, {.name = "set",
                         .size = sizeof(Set),
                         .layout = Layout::Set,
                         .flags = Type::kBaseType | Type::kHasGc | Type::kMatchSelf | Type::kWeakReferable,
                         .doc = "set() -> new empty set object\nset(iterable) -> new set object\n\nHolds hashable "
                                "elements, each once and in no order."});
  fill_set_type(set_type, kSetMethods);
  Slots& s = set_type.slots;
  s.new_ = set_new;
  s.hash = hash_not_implemented;
  s.init = set_init;
  s.inplace_and_ = set_inplace_and;
  s.inplace_or_ = set_inplace_or;
  s.inplace_xor_ = set_inplace_xor;
  s.inplace_subtract = set_inplace_subtract;
  ready_type(set_type);
}

void init_frozenset_type() {
  define_type(frozenset_type, {.name = "frozenset",
                               .size = sizeof(Set),
                               .layout = Layout::Set,
                               .flags = Type::kBaseType | Type::kHasGc | Type::kMatchSelf | Type::kWeakReferable,
                               .doc = "frozenset() -> empty frozenset object\nfrozenset(iterable) -> frozenset "
                                      "object\n\nA set that never changes, and so has a hash."});
  fill_set_type(frozenset_type, kFrozensetMethods);
  frozenset_type.slots.new_ = frozenset_new;
  frozenset_type.slots.hash = frozenset_hash;
  ready_type(frozenset_type);
}

void init_set_iterator_type() {
  define_type(set_iterator_type,
              {.name = "set_iterator", .size = sizeof(SetIterator), .flags = Type::kHasGc | Type::kNoInstances});
  set_iterator_type.slots.iter = self_iter;
  set_iterator_type.slots.next = set_iterator_next;
  set_iterator_type.methods = kSetIteratorMethods;
  set_iterator_type.dealloc = set_iterator_dealloc;
  set_iterator_type.traverse = set_iterator_traverse;
  ready_type(set_iterator_type);
}

}  // namespace hiss
