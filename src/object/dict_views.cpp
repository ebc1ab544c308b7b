// Views of dicts (keys, values, items) and the iterators over them.
#include "memory/native_objects.h"
#include "object/class_builder.h"
#include "object/dict_internal.h"
#include "object/index.h"

namespace hiss {

Type dict_keys_type, dict_values_type, dict_items_type;
Type dict_key_iterator_type, dict_value_iterator_type, dict_item_iterator_type;
Type dict_reverse_key_iterator_type, dict_reverse_value_iterator_type, dict_reverse_item_iterator_type;

namespace {

struct DictView : Object {
  static constexpr Layout kLayout = Layout::DictView;
  Value dict;
};

struct DictIterator : Object {
  Value dict;    // empty: exhausted
  int64_t used;  // entries when iteration began; -1: it changed
  int64_t position;
  int64_t left;
  Value pair;  // the last tuple given out by an items iterator, used again when nobody holds it
};

Dict* dict_of(Value view) { return as<Dict>(as<DictView>(view)->dict); }

Ref pair_of(DictIterator* it, const DictEntry* e) {
  if (it->pair && it->pair.object()->refs == 1) {
    Tuple* t = as<Tuple>(it->pair);
    Value old_key = t->items[0], old_value = t->items[1];
    t->hash = 0;
    t->items[0] = Ref::share(e->key).release();
    t->items[1] = Ref::share(e->value).release();
    Ref r = Ref::share(it->pair);
    release(old_key);
    release(old_value);
    track(t);  // the collector may have let it go while its items were atoms
    return r;
  }
  Ref r = make_tuple({e->key, e->value});
  Value old = it->pair;
  it->pair = Ref::share(r).release();
  release(old);
  return r;
}

enum class Part { Key, Value, Item };

template <Part part>
Ref part_of(DictIterator* it, const DictEntry* e) {
  if constexpr (part == Part::Key) return Ref::share(e->key);
  if constexpr (part == Part::Value) return Ref::share(e->value);
  return pair_of(it, e);
}

// The next entry in use; null behind the last.
const DictEntry* next_entry(DictIterator* it, const Dict* d) {
  while (it->position < d->entry_count) {
    const DictEntry* e = &d->entries[it->position++];
    if (e->key) return e;
  }
  return nullptr;
}

template <Part part, bool reversed>
Ref dict_iterator_next(Value self) {
  auto* it = as<DictIterator>(self);
  if (!it->dict) return Ref::empty();
  Dict* d = as<Dict>(it->dict);
  if (it->used != d->used) {
    it->used = -1;
    return fail(exc::RuntimeError, "dictionary changed size during iteration");
  }
  if constexpr (reversed) {
    if (it->position >= d->entry_count) it->position = d->entry_count - 1;
    while (it->position >= 0) {
      const DictEntry* e = &d->entries[it->position--];
      if (!e->key) continue;
      --it->left;
      return part_of<part>(it, e);
    }
  } else {
    if (const DictEntry* e = next_entry(it, d)) {
      if (it->left-- == 0) return fail(exc::RuntimeError, "dictionary keys changed during iteration");
      return part_of<part>(it, e);
    }
  }
  clear_field(it->dict);
  return Ref::empty();
}

}  // namespace

PairStep next_dict_pair(Value iterator, Value* pair) {
  auto* it = as<DictIterator>(iterator);
  const Dict* d = it->dict ? as<Dict>(it->dict) : nullptr;
  // The end, and what has to be reported, are left to next().
  if (!d || it->used != d->used || it->left == 0) return PairStep::NoPairs;
  const DictEntry* e = next_entry(it, d);
  if (!e) return PairStep::NoPairs;
  --it->left;
  pair[0] = Ref::share(e->key).release();
  pair[1] = Ref::share(e->value).release();
  return PairStep::Given;
}

namespace {

void dict_iterator_dealloc(Object* self) {
  unlink(self);
  auto* it = static_cast<DictIterator*>(self);
  release(it->dict);
  release(it->pair);
  free_unlinked(self);
}
void dict_iterator_traverse(Object* self, Visitor& visit) {
  visit(static_cast<DictIterator*>(self)->dict);
  visit(static_cast<DictIterator*>(self)->pair);
}

Ref dict_iterator_length_hint(Value self, const Value*) {
  auto* it = as<DictIterator>(self);
  return make_int(it->dict && it->used == as<Dict>(it->dict)->used ? it->left : 0);
}

Ref dict_iterator_reduce(Value self, const Value*) {
  // What is left to come, from a copy of the iterator.
  auto* it = as<DictIterator>(self);
  Ref copy = Ref::steal(allocate(it->type));
  auto* c = as<DictIterator>(copy);
  c->dict = Ref::share(it->dict).release();
  c->used = it->used;
  c->position = it->position;
  c->left = it->left;
  c->pair = Value();
  track(c);
  Ref list = TRY(to_list(copy));
  Ref iter = TRY(builtin("iter"));
  Ref arguments = make_tuple({list});
  return make_tuple({iter, arguments});
}

const NativeDef kDictIteratorMethods[] = {{"__length_hint__", "($self, /)", dict_iterator_length_hint, kLengthHintDoc},
                                          {"__reduce__", "($self, /)", dict_iterator_reduce, kReduceDoc},
                                          {}};

template <Part part, bool reversed>
void define_iterator(Type& type, const char* name) {
  define_type(type, {.name = name, .size = sizeof(DictIterator), .flags = Type::kHasGc | Type::kNoInstances});
  type.slots.iter = self_iter;
  type.slots.next = dict_iterator_next<part, reversed>;
  type.methods = kDictIteratorMethods;
  type.dealloc = dict_iterator_dealloc;
  type.traverse = dict_iterator_traverse;
  ready_type(type);
}

}  // namespace

Ref make_dict_iterator(Type& type, Value dict, bool reversed) {
  auto* it = allocate_tracked<DictIterator>(type);
  Dict* d = as<Dict>(dict);
  it->dict = Ref::share(dict).release();
  it->used = it->left = d->used;
  it->position = reversed ? d->entry_count - 1 : 0;
  it->pair = Value();
  return Ref::steal(it);
}

Ref dict_iter(Value self) { return make_dict_iterator(dict_key_iterator_type, self, false); }

Ref make_dict_view(Type& type, Value dict) {
  auto* v = allocate_tracked<DictView>(type);
  v->dict = Ref::share(dict).release();
  return Ref::steal(v);
}

namespace {

void dict_view_dealloc(Object* self) {
  unlink(self);
  release(static_cast<DictView*>(self)->dict);
  free_unlinked(self);
}
void dict_view_traverse(Object* self, Visitor& visit) { visit(static_cast<DictView*>(self)->dict); }

Result<int64_t> view_length(Value self) { return dict_of(self)->used; }

Ref view_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return make_str_ascii("...");
  Ref list = TRY(to_list(self));
  Ref text = TRY(repr(list));
  StrBuilder out;
  out.append_ascii(type_name(self));
  out.append_ascii("(");
  out.append(as<Str>(text));
  out.append_ascii(")");
  return out.finish();
}

Result<bool> keys_contains(Value self, Value key) { return dict_contains(dict_of(self), key); }

Result<bool> items_contains(Value self, Value item) {
  if (!is<Tuple>(item) || as<Tuple>(item)->size != 2) return false;
  Tuple* t = as<Tuple>(item);
  Ref found = TRY(dict_get(dict_of(self), t->items[0]));
  if (found.is_empty()) return false;
  return equal(found, t->items[1]);
}

bool is_set_view(Value v) { return is_instance_of(v, dict_keys_type) || is_instance_of(v, dict_items_type); }

Result<bool> all_in(Value items, Value container) {
  Ref iterator = TRY(get_iter(items));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return true;
    if (!TRY(contains(container, item))) return false;
  }
}

Ref view_compare(Value self, Value other, CompareOp op) {
  if (!is<Set>(other) && !is_set_view(other)) return Ref::not_implemented();
  const int64_t mine = TRY(length(self)), theirs = TRY(length(other));
  switch (op) {
    case CompareOp::Eq:
      return Ref::boolean(mine == theirs && TRY(all_in(self, other)));
    case CompareOp::Ne:
      return Ref::boolean(!(mine == theirs && TRY(all_in(self, other))));
    case CompareOp::Lt:
      return Ref::boolean(mine < theirs && TRY(all_in(self, other)));
    case CompareOp::Le:
      return Ref::boolean(mine <= theirs && TRY(all_in(self, other)));
    case CompareOp::Gt:
      return Ref::boolean(mine > theirs && TRY(all_in(other, self)));
    default:
      return Ref::boolean(mine >= theirs && TRY(all_in(other, self)));
  }
}

Ref set_of(Value v) {
  Ref set = make_set();
  TRY(set_update(as<Set>(set), v));
  return set;
}

Ref view_subtract(Value left, Value right) {
  Ref result = TRY(set_of(left));
  Ref gone = TRY(call_method(result, "difference_update", {right}));
  return result;
}

Ref view_and(Value left, Value right) {
  if (!is_set_view(left)) std::swap(left, right);
  Ref result = make_set();
  TRY(for_each(right, [&](Value item) -> Status {
    if (TRY(contains(left, item))) TRY(set_add(as<Set>(result), item));
    return kOk;
  }));
  return result;
}

Ref view_or(Value left, Value right) {
  Ref result = TRY(set_of(left));
  TRY(set_update(as<Set>(result), right));
  return result;
}

Ref view_xor(Value left, Value right) {
  Ref a = TRY(set_of(left)), b = TRY(set_of(right));
  return binary(BinaryOp::xor_, a, b);
}

Ref view_isdisjoint(Value self, const Value* args) {
  if (args[0] == self) return Ref::boolean(dict_of(self)->used == 0);
  Ref iterator = TRY(get_iter(args[0]));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return Ref::boolean(true);
    if (TRY(contains(self, item))) return Ref::boolean(false);
  }
}

template <Part part>
Ref view_iter(Value self) {
  Type& type = part == Part::Key     ? dict_key_iterator_type
               : part == Part::Value ? dict_value_iterator_type
                                     : dict_item_iterator_type;
  return make_dict_iterator(type, as<DictView>(self)->dict, false);
}
template <Part part>
Ref view_reversed(Value self, const Value*) {
  Type& type = part == Part::Key     ? dict_reverse_key_iterator_type
               : part == Part::Value ? dict_reverse_value_iterator_type
                                     : dict_reverse_item_iterator_type;
  return make_dict_iterator(type, as<DictView>(self)->dict, true);
}

Ref view_mapping(Value self) { return call(to_value(&mapping_proxy_type), {as<DictView>(self)->dict}); }

const GetSetDef kViewGetSets[] = {
    {"mapping", view_mapping, nullptr, "read-only proxy of the dictionary behind the view"}, {}};

constexpr const char* kDisjointDoc = "Whether no item of the iterable occurs in the view.";
const NativeDef kKeysMethods[] = {
    {"isdisjoint", "($self, other, /)", view_isdisjoint, kDisjointDoc},
    {"__reversed__", "($self, /)", view_reversed<Part::Key>, "Iterate over the keys, the newest first."},
    {}};
const NativeDef kValuesMethods[] = {
    {"__reversed__", "($self, /)", view_reversed<Part::Value>, "Iterate over the values, the newest first."}, {}};
const NativeDef kItemsMethods[] = {
    {"isdisjoint", "($self, other, /)", view_isdisjoint, kDisjointDoc},
    {"__reversed__", "($self, /)", view_reversed<Part::Item>, "Iterate over the items, the newest first."},
    {}};

template <Part part>
void define_view(Type& type, const char* name, const NativeDef* methods) {
  define_type(
      type,
      {.name = name, .size = sizeof(DictView), .layout = Layout::DictView, .flags = Type::kHasGc | Type::kNoInstances});
  type.slots.repr = view_repr;
  type.slots.iter = view_iter<part>;
  type.slots.length = view_length;
  if constexpr (part != Part::Value) {
    type.slots.compare = view_compare;
    type.slots.hash = hash_not_implemented;
    type.slots.contains = part == Part::Key ? keys_contains : items_contains;
    type.slots.subtract = view_subtract;
    type.slots.and_ = view_and;
    type.slots.or_ = view_or;
    type.slots.xor_ = view_xor;
  }
  type.methods = methods;
  type.getsets = kViewGetSets;
  type.dealloc = dict_view_dealloc;
  type.traverse = dict_view_traverse;
  ready_type(type);
}

}  // namespace

void init_dict_keys_type() { define_view<Part::Key>(dict_keys_type, "dict_keys", kKeysMethods); }
void init_dict_values_type() { define_view<Part::Value>(dict_values_type, "dict_values", kValuesMethods); }
void init_dict_items_type() { define_view<Part::Item>(dict_items_type, "dict_items", kItemsMethods); }
void init_dict_key_iterator_type() { define_iterator<Part::Key, false>(dict_key_iterator_type, "dict_keyiterator"); }
void init_dict_value_iterator_type() {
  define_iterator<Part::Value, false>(dict_value_iterator_type, "dict_valueiterator");
}
void init_dict_item_iterator_type() {
  define_iterator<Part::Item, false>(dict_item_iterator_type, "dict_itemiterator");
}
void init_dict_reverse_key_iterator_type() {
  define_iterator<Part::Key, true>(dict_reverse_key_iterator_type, "dict_reversekeyiterator");
}
void init_dict_reverse_value_iterator_type() {
  define_iterator<Part::Value, true>(dict_reverse_value_iterator_type, "dict_reversevalueiterator");
}
void init_dict_reverse_item_iterator_type() {
  define_iterator<Part::Item, true>(dict_reverse_item_iterator_type, "dict_reverseitemiterator");
}

}  // namespace hiss
