// dict: slots and methods.
#include "object/class_builder.h"
#include "object/dict_internal.h"
#include "object/index.h"

namespace hiss {

Type dict_type;

namespace {

void dict_dealloc(Object* self) { dict_free(static_cast<Dict*>(self)); }

void dict_traverse(Object* self, Visitor& visit) {
  Dict* d = static_cast<Dict*>(self);
  for (int64_t i = 0; DictEntry* e = dict_next(d, i);) {
    visit(e->key);
    visit(e->value);
  }
}

void dict_clear_slot(Object* self) { dict_clear(static_cast<Dict*>(self)); }

Ref dict_new(Type* cls, const Args&) { return make_dict_of(cls); }

Status update_from(Value self, const Args& args, const char* name) {
  if (args.count > 1) return fail(exc::TypeError, "{} expected at most 1 argument, got {}", name, args.count);
  Dict* d = as<Dict>(self);
  if (args.count == 1) TRY(dict_update(d, args[0]));
  for (uint32_t i = 0; i < args.keyword_count(); ++i) dict_set(d, args.keyword_name(i), args.keyword_value(i));
  return kOk;
}

Status dict_init(Value self, const Args& args) { return update_from(self, args, "dict"); }

Ref dict_repr(Value self) {
  Dict* d = as<Dict>(self);
  ReprGuard guard(self);
  if (!guard.entered()) return make_str_ascii("{...}");
  if (d->used == 0) return make_str_ascii("{}");
  StrBuilder out;
  bool first = true;
  for (int64_t i = 0; DictEntry* e = dict_next(d, i);) {
    Ref key = Ref::share(e->key), value = Ref::share(e->value);
    out.append_ascii(first ? "{" : ", ");
    first = false;
    Ref key_text = TRY(repr(key));
    out.append(as<Str>(key_text));
    out.append_ascii(": ");
    Ref value_text = TRY(repr(value));
    out.append(as<Str>(value_text));
  }
  out.append_ascii("}");
  return out.finish();
}

Result<int64_t> dict_length(Value self) { return as<Dict>(self)->used; }

Ref dict_getitem(Value self, Value key) {
  Ref value = TRY(dict_get(as<Dict>(self), key));
  if (value) return value;
  if (self.object()->type != &dict_type) {
    Ref result = TRY(call_special(self, names.__missing__, {key}));
    if (result) return result;
  }
  return fail_value(exc::KeyError, key);
}

Status dict_setitem(Value self, Value key, Value value) {
  if (value) return dict_set(as<Dict>(self), key, value);
  if (!TRY(dict_delete(as<Dict>(self), key))) return fail_value(exc::KeyError, key);
  return kOk;
}

Result<bool> dict_contains_slot(Value self, Value key) { return dict_contains(as<Dict>(self), key); }

Ref dict_or(Value left, Value right) {
  if (!is<Dict>(left) || !is<Dict>(right)) return Ref::not_implemented();
  Ref r = dict_copy(as<Dict>(left));
  TRY(dict_update(as<Dict>(r), right));
  return r;
}

Ref dict_inplace_or(Value self, Value other) {
  TRY(dict_update(as<Dict>(self), other));
  return Ref::share(self);
}

Ref dict_get_method(Value self, const Value* args) {
  Ref value = TRY(dict_get(as<Dict>(self), args[0]));
  if (value) return value;
  return args[1] ? Ref::share(args[1]) : Ref::none();
}

Ref dict_setdefault(Value self, const Value* args) {
  return dict_set_default(as<Dict>(self), args[0], args[1] ? args[1] : Value::none());
}

Ref dict_pop_method(Value self, const Value* args) {
  Dict* d = as<Dict>(self);
  if (d->used == 0) {
    if (args[1]) return Ref::share(args[1]);
    return fail_value(exc::KeyError, args[0]);
  }
  Ref value = TRY(dict_pop(d, args[0]));
  if (value) return value;
  if (args[1]) return Ref::share(args[1]);
  return fail_value(exc::KeyError, args[0]);
}

Ref dict_popitem(Value self, const Value*) {
  Ref key, value;
  if (!dict_pop_last(as<Dict>(self), key, value)) return fail(exc::KeyError, "popitem(): dictionary is empty");
  return make_tuple({key, value});
}

Ref dict_update_method(Value self, const Value* args) {
  Tuple* positional = as<Tuple>(args[0]);
  if (positional->size > 1) return fail(exc::TypeError, "update expected at most 1 argument, got {}", positional->size);
  Dict* d = as<Dict>(self);
  if (positional->size == 1) TRY(dict_update(d, positional->items[0]));
  TRY(dict_merge(d, args[1], MergeMode::Override));
  return Ref::none();
}

Ref dict_fromkeys(Value cls, const Value* args) {
  Value value = args[1] ? args[1] : Value::none();
  Ref result = TRY(call(cls));
  if (is_exact(result, dict_type)) {
    Dict* d = as<Dict>(result);
    if (is_exact(args[0], dict_type)) {
      Dict* source = as<Dict>(args[0]);
      for (int64_t i = 0; DictEntry* e = dict_next(source, i);) {
        Ref key = Ref::share(e->key);
        TRY(dict_set(d, key, e->hash, value));
      }
      return result;
    }
    if (is_exact(args[0], set_type) || is_exact(args[0], frozenset_type)) {
      Set* source = as<Set>(args[0]);
      for (int64_t i = 0; SetEntry* e = set_next(source, i);) {
        Ref key = Ref::share(e->key);
        TRY(dict_set(d, key, e->hash, value));
      }
      return result;
    }
    TRY(for_each(args[0], [&](Value key) { return dict_set(d, key, value); }));
    return result;
  }
  TRY(for_each(args[0], [&](Value key) { return set_item(result, key, value); }));
  return result;
}

Ref dict_clear_method(Value self, const Value*) {
  dict_clear(as<Dict>(self));
  return Ref::none();
}
Ref dict_copy_method(Value self, const Value*) { return dict_copy(as<Dict>(self)); }
Ref dict_keys(Value self, const Value*) { return make_dict_view(dict_keys_type, self); }
Ref dict_values(Value self, const Value*) { return make_dict_view(dict_values_type, self); }
Ref dict_items(Value self, const Value*) { return make_dict_view(dict_items_type, self); }
Ref dict_reversed(Value self, const Value*) { return make_dict_iterator(dict_reverse_key_iterator_type, self, true); }
Ref dict_sizeof(Value self, const Value*) {
  Dict* d = as<Dict>(self);
  int64_t size = sizeof(Dict);
  if (d->index_bits) {
    const int64_t slots = int64_t{1} << d->index_bits;
    size += slots * d->index_width + slots * 2 / 3 * static_cast<int64_t>(sizeof(DictEntry));
  }
  return make_int(size);
}

const NativeDef kDictMethods[] = {
    {"get", "($self, key, default=None, /)", dict_get_method,
     "Look up key; if it is missing, the answer is default and nothing is raised."},
    {"setdefault", "($self, key, default=None, /)", dict_setdefault,
     "Look up key, first storing default under it if it is missing."},
    {"pop", "($self, key, default=<unrepresentable>, /)", dict_pop_method,
     "D.pop(k[,d]) -> v\n\nTake out k and return its value. A missing k gives d, or KeyError if d is left out."},
    {"popitem", "($self, /)", dict_popitem,
     "Take out the newest item and return it as (key, value); KeyError if there is none."},
    {"keys", "($self, /)", dict_keys, "D.keys() -> live view of the keys; it supports the operators of a set"},
    {"items", "($self, /)", dict_items,
     "D.items() -> live view of the (key, value) pairs; it supports the operators of a set"},
    {"values", "($self, /)", dict_values, "D.values() -> live view of the values"},
    {"update", "($self, /, *args, **kwargs)", dict_update_method,
     "D.update([E, ]**F) -> None\n\nStore the items of E, a mapping or pairs from an iterable, then the keyword "
     "arguments.\nValues already there under the same keys are replaced."},
    {"fromkeys", "($type, iterable, value=None, /)", dict_fromkeys,
     "Make a dict in which every key of iterable has the one value given.", NativeDef::ClassMethod},
    {"clear", "($self, /)", dict_clear_method, "D.clear() -> None\n\nMake the dictionary empty."},
    {"copy", "($self, /)", dict_copy_method, "D.copy() -> new dict with the same keys and values"},
    {"__reversed__", "($self, /)", dict_reversed, "Iterate over the keys, the newest first."},
    {"__sizeof__", "($self, /)", dict_sizeof,
     "D.__sizeof__() -> memory of the dictionary in bytes, keys and values not included"},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

}  // namespace

Ref dict_compare(Value self, Value other, CompareOp op) {
  if (!is<Dict>(self) || !is<Dict>(other) || (op != CompareOp::Eq && op != CompareOp::Ne))
    return Ref::not_implemented();
  Dict *a = as<Dict>(self), *b = as<Dict>(other);
  const bool negate = op == CompareOp::Ne;
  if (a->used != b->used) return Ref::boolean(negate);
  for (int64_t i = 0; DictEntry* e = dict_next(a, i);) {
    Ref key = Ref::share(e->key), value = Ref::share(e->value);
    Ref found = TRY(dict_get(b, key, e->hash));
    if (found.is_empty()) return Ref::boolean(negate);
    if (!TRY(equal(value, found))) return Ref::boolean(negate);
  }
  return Ref::boolean(!negate);
}

void init_dict_type() {
  define_type(
      dict_type,
      {.name = "dict",
       .size = sizeof(Dict),
       .layout = Layout::Dict,
       .flags = Type::kBaseType | Type::kHasGc | Type::kMapping | Type::kMatchSelf,
       .doc = "dict(**kwargs) -> dictionary\ndict(mapping, **kwargs) -> dictionary\ndict(iterable, **kwargs) -> "
              "dictionary\n\nMaps hashable keys to values and remembers the order of insertion. It starts with the "
              "items\nof a mapping, or with key and value pairs from an iterable, then the keyword arguments."});
  Slots& s = dict_type.slots;
  s.new_ = dict_new;
  s.hash = hash_not_implemented;
  s.init = dict_init;
  s.repr = dict_repr;
  s.compare = dict_compare;
  s.iter = dict_iter;
  s.length = dict_length;
  s.getitem = dict_getitem;
  s.setitem = dict_setitem;
  s.contains = dict_contains_slot;
  s.or_ = dict_or;
  s.inplace_or_ = dict_inplace_or;
  dict_type.methods = kDictMethods;
  dict_type.dealloc = dict_dealloc;
  dict_type.traverse = dict_traverse;
  dict_type.clear = dict_clear_slot;
  ready_type(dict_type);
}

}  // namespace hiss
