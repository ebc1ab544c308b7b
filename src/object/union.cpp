// types.UnionType: int | str.
#include <vector>

#include "object/class_builder.h"
#include "object/generic_alias.h"
#include "object/iterator.h"

namespace hiss {

Type union_type;

namespace {

struct Union : Object {
  Value args;        // tuple
  Value parameters;  // tuple; empty: not computed yet
};

Tuple* args_of(Value v) { return as<Tuple>(as<Union>(v)->args); }
bool is_union(Value v) { return is_exact(v, union_type); }
bool can_join(Value v) { return v.is_none() || is<Type>(v) || is_generic_alias(v) || is_union(v); }

Ref make_union_of(const std::vector<Value>& members) {
  std::vector<Value> unique;
  for (Value m : members) {
    bool known = false;
    for (Value u : unique) {
      // Aliases are equal by value, classes by identity: list[int] | list[int] is one member.
      known = known || u == m || (is_generic_alias(u) && is_generic_alias(m) && TRY(equal(u, m)));
    }
    if (!known) unique.push_back(m);
  }
  if (unique.size() == 1) return Ref::share(unique[0]);
  auto* u = allocate_as<Union>(union_type);
  u->args = make_tuple(unique.data(), static_cast<int64_t>(unique.size())).release();
  u->parameters = Value();
  track(u);
  return Ref::steal(u);
}

void union_dealloc(Object* self) {
  untrack(self);
  release(static_cast<Union*>(self)->args);
  release(static_cast<Union*>(self)->parameters);
  free_object(self);
}
void union_traverse(Object* self, Visitor& visit) {
  visit(static_cast<Union*>(self)->args);
  visit(static_cast<Union*>(self)->parameters);
}

Ref union_repr(Value self) {
  StrBuilder out;
  bool first = true;
  for (Value m : *args_of(self)) {
    if (!first) out.append_ascii(" | ");
    first = false;
    Ref text = m == to_value(&none_type) ? make_str_ascii("None") : TRY(type_argument_text(m));
    out.append(as<Str>(text));
  }
  return out.finish();
}

Result<int64_t> union_hash(Value self) {
  Ref set = TRY(make_frozenset(as<Union>(self)->args));
  return hash(set);
}

Ref union_compare(Value a, Value b, CompareOp op) {
  if (!is_union(a) || !is_union(b) || (op != CompareOp::Eq && op != CompareOp::Ne)) return Ref::not_implemented();
  Ref x = TRY(make_frozenset(as<Union>(a)->args)), y = TRY(make_frozenset(as<Union>(b)->args));
  return compare(x, y, op);
}

Ref union_parameters(Value self) {
  auto* u = as<Union>(self);
  if (!u->parameters) u->parameters = TRY(collect_parameters(args_of(self))).release();
  return Ref::share(u->parameters);
}

Ref union_getitem(Value self, Value item) {
  Ref parameters = TRY(union_parameters(self));
  Ref args = TRY(substitute_parameters(self, args_of(self), as<Tuple>(parameters), item));
  Tuple* t = as<Tuple>(args);
  Ref result = Ref::share(t->items[0]);
  for (int64_t i = 1; i < t->size; ++i) result = TRY(binary(BinaryOp::or_, result, t->items[i]));
  return result;
}

Ref union_instancecheck(Value self, const Value* args) {
  for (Value m : *args_of(self)) {
    if (TRY(is_instance(args[0], m))) return Ref::boolean(true);
  }
  return Ref::boolean(false);
}
Ref union_subclasscheck(Value self, const Value* args) {
  if (!is<Type>(args[0])) return fail(exc::TypeError, "issubclass() arg 1 must be a class");
  for (Value m : *args_of(self)) {
    if (TRY(is_subclass(args[0], m))) return Ref::boolean(true);
  }
  return Ref::boolean(false);
}
// The module is that of the type, so that typing can treat a union as it treats a class.
Ref union_getattr(Value self, Str* name) {
  if (equal(name, "__module__")) return get_attr(to_value(&union_type), name);
  return generic_get_attr(self, name);
}
Ref union_or(Value left, Value right) { return make_union(left, right); }

const NativeDef kUnionMethods[] = {{"__instancecheck__", "($self, instance, /)", union_instancecheck, nullptr},
                                   {"__subclasscheck__", "($self, cls, /)", union_subclasscheck, nullptr},
                                   {}};
const GetSetDef kUnionGetSets[] = {
    {"__args__", [](Value self) { return Ref::share(as<Union>(self)->args); }, nullptr},
    {"__parameters__", union_parameters, nullptr, "The type variables among the members."},
    {}};

}  // namespace

Ref make_union(Value left, Value right) {
  if (!can_join(left) || !can_join(right)) return Ref::not_implemented();
  std::vector<Value> members;
  for (Value v : {left, right}) {
    if (is_union(v)) {
      members.insert(members.end(), args_of(v)->begin(), args_of(v)->end());
    } else {
      members.push_back(v.is_none() ? to_value(&none_type) : v);
    }
  }
  return make_union_of(members);
}

void init_union_type() {
  Type& t = union_type;
  define_type(t, {.name = "types.UnionType",
                  .size = sizeof(Union),
                  .flags = Type::kHasGc | Type::kNoInstances | Type::kWeakReferable,
                  .doc = "A choice between types (PEP 604)\n\nE.g. int | str"});
  t.slots.repr = union_repr;
  t.slots.hash = union_hash;
  t.slots.compare = union_compare;
  t.slots.getitem = union_getitem;
  t.slots.getattr = union_getattr;
  t.slots.or_ = union_or;
  t.methods = kUnionMethods;
  t.getsets = kUnionGetSets;
  t.dealloc = union_dealloc;
  t.traverse = union_traverse;
  ready_type(t);
}

}  // namespace hiss
