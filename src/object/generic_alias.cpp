#include "object/generic_alias.h"

#include <vector>

#include "object/class_builder.h"
#include "object/iterator.h"

namespace hiss {

Type generic_alias_type;

namespace {

GenericAlias* alias(Value v) { return as<GenericAlias>(v); }

Ref make_alias_of(Type* cls, Value origin, Value args, bool starred) {
  auto* a = static_cast<GenericAlias*>(allocate(cls));
  a->origin = Ref::share(origin).release();
  a->args = is<Tuple>(args) ? Ref::share(args).release() : make_tuple({args}).release();
  a->parameters = Value();
  a->starred = starred;
  track(a);
  return Ref::steal(a);
}

bool tuple_has(const std::vector<Value>& seen, Value v) {
  for (Value s : seen) {
    if (s == v) return true;
  }
  return false;
}

Ref get_name(Value v, const char* name) { return get_attr_or_empty(v, intern(name)); }

}  // namespace

Ref make_generic_alias(Value origin, Value args) { return make_alias_of(&generic_alias_type, origin, args, false); }

Ref collect_parameters(Tuple* args) {
  std::vector<Value> seen;
  std::vector<Ref> holders;
  for (Value t : *args) {
    if (is<Type>(t)) continue;
    Ref subst = TRY(get_attr_or_empty(t, names.__typing_subst__));
    if (subst) {
      if (!tuple_has(seen, t)) seen.push_back(t);
      continue;
    }
    Ref inner = TRY(get_attr_or_empty(t, names.__parameters__));
    if (!inner || !is<Tuple>(inner)) continue;
    for (Value p : *as<Tuple>(inner)) {
      if (!tuple_has(seen, p)) seen.push_back(p);
    }
    holders.push_back(std::move(inner));
  }
  return make_tuple(seen.data(), static_cast<int64_t>(seen.size()));
}

namespace {

/// An argument with parameters of its own: its variables are replaced by subscripting it.
Ref substitute_inside(Value argument, Tuple* parameters, Tuple* items) {
  Ref inner = TRY(get_attr_or_empty(argument, names.__parameters__));
  if (!inner || !is<Tuple>(inner) || as<Tuple>(inner)->size == 0) return Ref::share(argument);
  Ref list = make_list();
  for (Value p : *as<Tuple>(inner)) {
    int64_t at = -1;
    for (int64_t i = 0; i < parameters->size; ++i) {
      if (parameters->items[i] == p) at = i;
    }
    if (at < 0) {
      list_append(as<List>(list), p);
      continue;
    }
    Value value = items->items[at];
    if (type_of(p)->slots.iter && is<Tuple>(value)) {
      TRY(list_extend(as<List>(list), value));  // a TypeVarTuple stands for several
    } else {
      list_append(as<List>(list), value);
    }
  }
  Ref key = list_to_tuple(as<List>(list));
  return get_item(argument, key);
}

/// *tuple[int, str] among the arguments counts as its items.
Ref unpack_arguments(Value item) {
  Ref list = make_list();
  std::vector<Value> given;
  if (is<Tuple>(item)) {
    given.assign(as<Tuple>(item)->begin(), as<Tuple>(item)->end());
  } else {
    given.push_back(item);
  }
  for (Value v : given) {
    if (!is<Type>(v)) {
      Ref inner = TRY(get_attr_or_empty(v, names.__typing_unpacked_tuple_args__));
      if (inner && is<Tuple>(inner)) {
        Tuple* t = as<Tuple>(inner);
        if (!(t->size > 0 && t->items[t->size - 1].is_ellipsis())) {
          TRY(list_extend(as<List>(list), inner));
          continue;
        }
      }
    }
    list_append(as<List>(list), v);
  }
  return list_to_tuple(as<List>(list));
}

}  // namespace

Ref substitute_parameters(Value self, Tuple* args, Tuple* parameters, Value item) {
  if (parameters->size == 0) return fail(exc::TypeError, "{} is not a generic class", repr_text(self));
  Ref items = TRY(unpack_arguments(item));
  for (Value p : *parameters) {
    Ref prepare = TRY(get_name(p, "__typing_prepare_subst__"));
    if (!prepare || prepare.is_none()) continue;
    Ref given = is<Tuple>(items) ? items : make_tuple({items});
    items = TRY(call(prepare, {self, given}));
  }
  if (!is<Tuple>(items)) items = make_tuple({items});
  Tuple* values = as<Tuple>(items);
  if (values->size != parameters->size) {
    return fail(exc::TypeError, "Too {} arguments for {}; actual {}, expected {}",
                values->size > parameters->size ? "many" : "few", repr_text(self), values->size, parameters->size);
  }
  Ref result = make_list();
  for (Value a : *args) {
    if (is<Type>(a)) {
      list_append(as<List>(result), a);
      continue;
    }
    Ref starred = TRY(get_name(a, "__typing_is_unpacked_typevartuple__"));
    const bool unpack = starred && TRY(truth(starred));
    Ref subst = TRY(get_attr_or_empty(a, names.__typing_subst__));
    Ref fresh;
    if (subst) {
      int64_t at = 0;
      while (at < parameters->size && parameters->items[at] != a) ++at;
      fresh = TRY(call(subst, {values->items[at]}));
    } else {
      fresh = TRY(substitute_inside(a, parameters, values));
    }
    if (unpack && is<Tuple>(fresh)) {
      TRY(list_extend(as<List>(result), fresh));
    } else {
      list_append_owned(as<List>(result), fresh.release());
    }
  }
  return list_to_tuple(as<List>(result));
}

Ref type_argument_text(Value v) {
  if (v.is_ellipsis()) return make_str_ascii("...");
  if (is_exact(v, list_type)) {
    StrBuilder out;
    out.append_ascii("[");
    for (int64_t i = 0; i < as<List>(v)->size; ++i) {
      if (i) out.append_ascii(", ");
      Ref item = Ref::share(as<List>(v)->items[i]);
      Ref text = TRY(type_argument_text(item));
      out.append(as<Str>(text));
    }
    out.append_ascii("]");
    return out.finish();
  }
  Ref origin = TRY(get_attr_or_empty(v, names.__origin__));
  if (origin) {
    Ref args = TRY(get_attr_or_empty(v, names.__args__));
    if (args) return repr(v);
  }
  Ref qualname = TRY(get_attr_or_empty(v, names.__qualname__));
  if (!qualname) return repr(v);
  Ref module = TRY(get_attr_or_empty(v, names.__module__));
  if (!module || module.is_none()) return repr(v);
  Ref name = TRY(str(qualname));
  if (is<Str>(module) && equal(as<Str>(module), "builtins")) return name;
  Ref where = TRY(str(module));
  StrBuilder out;
  out.append(as<Str>(where));
  out.append_ascii(".");
  out.append(as<Str>(name));
  return out.finish();
}

namespace {

Ref alias_new(Type* cls, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "GenericAlias() takes no keyword arguments");
  if (args.count != 2) return fail(exc::TypeError, "GenericAlias expected 2 arguments, got {}", args.count);
  return make_alias_of(cls, args[0], args[1], false);
}
void alias_dealloc(Object* self) {
  untrack(self);
  auto* a = static_cast<GenericAlias*>(self);
  release(a->origin);
  release(a->args);
  release(a->parameters);
  free_object(self);
}
void alias_traverse(Object* self, Visitor& visit) {
  auto* a = static_cast<GenericAlias*>(self);
  visit(a->origin);
  visit(a->args);
  visit(a->parameters);
}

Ref alias_repr(Value self) {
  auto* a = alias(self);
  StrBuilder out;
  if (a->starred) out.append_ascii("*");
  Ref origin = TRY(type_argument_text(a->origin));
  out.append(as<Str>(origin));
  out.append_ascii("[");
  Tuple* args = as<Tuple>(a->args);
  for (int64_t i = 0; i < args->size; ++i) {
    if (i) out.append_ascii(", ");
    Ref text = TRY(type_argument_text(args->items[i]));
    out.append(as<Str>(text));
  }
  if (args->size == 0) out.append_ascii("()");
  out.append_ascii("]");
  return out.finish();
}

Result<int64_t> alias_hash(Value self) {
  const int64_t a = TRY(hash(alias(self)->origin)), b = TRY(hash(alias(self)->args));
  const int64_t h = a ^ b;
  return h == -1 ? -2 : h;
}

Ref alias_compare(Value x, Value y, CompareOp op) {
  if (!is_generic_alias(x) || !is_generic_alias(y) || (op != CompareOp::Eq && op != CompareOp::Ne))
    return Ref::not_implemented();
  const bool negate = op == CompareOp::Ne;
  if (alias(x)->starred != alias(y)->starred) return Ref::boolean(negate);
  if (!TRY(equal(alias(x)->origin, alias(y)->origin))) return Ref::boolean(negate);
  return Ref::boolean(TRY(equal(alias(x)->args, alias(y)->args)) != negate);
}

Ref alias_parameters(Value self) {
  auto* a = alias(self);
  if (!a->parameters) a->parameters = TRY(collect_parameters(as<Tuple>(a->args))).release();
  return Ref::share(a->parameters);
}

Ref alias_getitem(Value self, Value item) {
  Ref parameters = TRY(alias_parameters(self));
  Ref args = TRY(substitute_parameters(self, as<Tuple>(alias(self)->args), as<Tuple>(parameters), item));
  return make_alias_of(&generic_alias_type, alias(self)->origin, args, alias(self)->starred);
}

Ref alias_call(Value self, const Args& args) {
  Ref object = TRY(call(alias(self)->origin, args));
  const Status set = set_attr(object, names.__orig_class__, self);
  if (set.is_error()) {
    if (!pending_is(exc::AttributeError) && !pending_is(exc::TypeError)) return Failure{};
    clear_pending();
  }
  return object;
}

/// Attributes come from the origin, except those that make the alias what it is.
Ref alias_getattr(Value self, Str* name) {
  static constexpr std::string_view kOwn[] = {"__class__",       "__origin__",     "__args__",
                                              "__unpacked__",    "__parameters__", "__typing_unpacked_tuple_args__",
                                              "__mro_entries__", "__reduce_ex__",  "__reduce__",
                                              "__copy__",        "__deepcopy__"};
  for (std::string_view own : kOwn) {
    if (equal(name, own)) return generic_get_attr(self, name);
  }
  return get_attr(alias(self)->origin, name);
}

struct AliasIterator : Object {
  Value alias;  // empty: exhausted
};
Type alias_iterator_type;

Ref alias_iter(Value self) {
  auto* it = allocate_as<AliasIterator>(alias_iterator_type);
  it->alias = make_alias_of(&generic_alias_type, alias(self)->origin, alias(self)->args, true).release();
  track(it);
  return Ref::steal(it);
}
Ref alias_iterator_next(Value self) {
  auto* it = as<AliasIterator>(self);
  Ref r = Ref::steal(it->alias);
  it->alias = Value();
  return r;
}
void alias_iterator_dealloc(Object* self) {
  untrack(self);
  release(static_cast<AliasIterator*>(self)->alias);
  free_object(self);
}
void alias_iterator_traverse(Object* self, Visitor& visit) { visit(static_cast<AliasIterator*>(self)->alias); }
Ref alias_iterator_reduce(Value self, const Value*) {
  Ref iter = TRY(builtin("iter"));
  Value held = as<AliasIterator>(self)->alias;
  Ref nothing = empty_tuple();
  Ref source;
  if (held) source = make_alias_of(&generic_alias_type, alias(held)->origin, alias(held)->args, false);
  Ref arguments = make_tuple({held ? source.value() : nothing.value()});
  return make_tuple({iter, arguments});
}
const NativeDef kAliasIteratorMethods[] = {{"__reduce__", "($self, /)", alias_iterator_reduce, kReduceDoc}, {}};

Ref alias_mro_entries(Value self, const Value*) { return make_tuple({alias(self)->origin}); }
Ref alias_instancecheck(Value, const Value*) {
  return fail(exc::TypeError, "isinstance() argument 2 cannot be a parameterized generic");
}
Ref alias_subclasscheck(Value, const Value*) {
  return fail(exc::TypeError, "issubclass() argument 2 cannot be a parameterized generic");
}
Ref alias_reduce(Value self, const Value*) {
  auto* a = alias(self);
  if (a->starred) {
    Ref plain = make_alias_of(&generic_alias_type, a->origin, a->args, false);
    Ref next_function = TRY(builtin("next"));
    Ref iterator = TRY(get_iter(plain));
    Ref arguments = make_tuple({iterator});
    return make_tuple({next_function, arguments});
  }
  Ref arguments = make_tuple({a->origin, a->args});
  return make_tuple({to_value(type_of(self)), arguments});
}
Ref alias_dir(Value self, const Value*) {
  Ref names_list = TRY(call_method(to_value(&type_type), "__dir__", {alias(self)->origin}));
  Ref list = TRY(to_list(names_list));
  for (const char* own : {"__origin__", "__args__", "__parameters__", "__mro_entries__", "__reduce_ex__", "__reduce__",
                          "__copy__", "__deepcopy__", "__unpacked__", "__typing_unpacked_tuple_args__", "__class__"}) {
    Value name = to_value(intern(own));
    if (!TRY(contains(list, name))) list_append(as<List>(list), name);
  }
  return list;
}
Ref alias_or(Value left, Value right) { return make_union(left, right); }

Ref alias_unpacked_args(Value self) {
  auto* a = alias(self);
  if (a->starred && a->origin == to_value(&tuple_type)) return Ref::share(a->args);
  return Ref::none();
}

const NativeDef kAliasMethods[] = {{"__mro_entries__", "($self, bases, /)", alias_mro_entries, nullptr},
                                   {"__instancecheck__", "($self, instance, /)", alias_instancecheck, nullptr},
                                   {"__subclasscheck__", "($self, cls, /)", alias_subclasscheck, nullptr},
                                   {"__reduce__", "($self, /)", alias_reduce, nullptr},
                                   {"__dir__", "($self, /)", alias_dir, nullptr},
                                   {}};
const GetSetDef kAliasGetSets[] = {
    {"__origin__", [](Value self) { return Ref::share(alias(self)->origin); }, nullptr},
    {"__args__", [](Value self) { return Ref::share(alias(self)->args); }, nullptr},
    {"__unpacked__", [](Value self) { return Ref::boolean(alias(self)->starred); }, nullptr},
    {"__parameters__", alias_parameters, nullptr, "The type variables among the arguments."},
    {"__typing_unpacked_tuple_args__", alias_unpacked_args, nullptr},
    {}};

}  // namespace

void init_generic_alias_type() {
  Type& t = generic_alias_type;
  define_type(t, {.name = "types.GenericAlias",
                  .size = sizeof(GenericAlias),
                  .flags = Type::kHasGc | Type::kBaseType | Type::kWeakReferable,
                  .doc = "A class with type arguments (PEP 585)\n\nFor t = list[int], t.__origin__ is list and "
                         "t.__args__ is (int,)."});
  t.slots.new_ = alias_new;
  t.slots.repr = alias_repr;
  t.slots.hash = alias_hash;
  t.slots.compare = alias_compare;
  t.slots.getitem = alias_getitem;
  t.slots.call = alias_call;
  t.slots.getattr = alias_getattr;
  t.slots.iter = alias_iter;
  t.slots.or_ = alias_or;
  t.methods = kAliasMethods;
  t.getsets = kAliasGetSets;
  t.dealloc = alias_dealloc;
  t.traverse = alias_traverse;
  ready_type(t);

  Type& i = alias_iterator_type;
  define_type(
      i, {.name = "generic_alias_iterator", .size = sizeof(AliasIterator), .flags = Type::kHasGc | Type::kNoInstances});
  i.slots.iter = self_iter;
  i.slots.next = alias_iterator_next;
  i.methods = kAliasIteratorMethods;
  i.dealloc = alias_iterator_dealloc;
  i.traverse = alias_iterator_traverse;
  ready_type(i);
}

}  // namespace hiss
