#include "object/struct_sequence.h"

#include <utility>
#include <vector>

#include "object/class_builder.h"
#include "object/protocol.h"

namespace hiss {

namespace {

StructSequenceType* type_of_sequence(const Object* o) { return static_cast<StructSequenceType*>(o->type); }

void struct_dealloc(Object* o) {
  untrack(o);
  auto* t = static_cast<Tuple*>(o);
  const int n = type_of_sequence(o)->n_fields;
  for (int i = 0; i < n; ++i) clear_field(t->items[i]);
  free_object(o, static_cast<size_t>(n) * sizeof(Value));
}

void struct_traverse(Object* o, Visitor& visit) {
  auto* t = static_cast<Tuple*>(o);
  for (int i = 0; i < type_of_sequence(o)->n_fields; ++i) visit(t->items[i]);
}

Tuple* allocate_struct(StructSequenceType& type) {
  const size_t bytes = static_cast<size_t>(type.n_fields) * sizeof(Value);
  auto* t = static_cast<Tuple*>(allocate(&type, bytes));
  t->size = type.n_sequence_fields;
  return t;
}

Ref struct_new(Type* cls, const Args& args) {
  auto& type = *static_cast<StructSequenceType*>(cls);
  Arguments bound(type.native_name, "(sequence, dict=None)");
  TRY(bound.bind(args));
  Ref items = to_tuple(bound[0]);
  if (items.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
    return fail(exc::TypeError, "constructor requires a sequence");
  }
  Dict* extra = nullptr;
  if (bound[1]) {
    if (!is<Dict>(bound[1])) return fail(exc::TypeError, "{}() takes a dict as second arg, if any", type.native_name);
    extra = as<Dict>(bound[1]);
  }
  auto* given = as<Tuple>(items);
  const int64_t low = type.n_sequence_fields, high = type.n_fields;
  if (low != high && given->size < low) {
    return fail(exc::TypeError, "{}() takes an at least {}-sequence ({}-sequence given)", type.native_name, low,
                given->size);
  }
  if (low != high && given->size > high) {
    return fail(exc::TypeError, "{}() takes an at most {}-sequence ({}-sequence given)", type.native_name, high,
                given->size);
  }
  if (low == high && given->size != low) {
    return fail(exc::TypeError, "{}() takes a {}-sequence ({}-sequence given)", type.native_name, low, given->size);
  }
  std::vector<Ref> values(static_cast<size_t>(high));
  for (int64_t i = 0; i < high; ++i) {
    if (i < given->size) {
      values[static_cast<size_t>(i)] = Ref::share(given->items[i]);
    } else if (extra && type.fields[i].name) {
      values[static_cast<size_t>(i)] = Ref::share(dict_get(extra, intern(type.fields[i].name)));
    }
  }
  return make_struct_sequence(type, values.data());
}

Ref struct_repr(Value self) {
  auto* t = as<Tuple>(self);
  auto* type = type_of_sequence(self.object());
  StrBuilder out;
  out.append(type->native_name);
  out.append_ascii("(");
  // Unnamed fields take no name of their own: the names that follow move up.
  int name = 0;
  for (int64_t i = 0; i < t->size; ++i) {
    while (name < type->n_fields && !type->fields[name].name) ++name;
    if (i > 0) out.append_ascii(", ");
    if (name < type->n_fields) out.append(type->fields[name].name);
    ++name;
    out.append_ascii("=");
    Ref text = TRY(repr(t->items[i]));
    out.append(as<Str>(text));
  }
  out.append_ascii(")");
  return out.finish();
}

Ref struct_reduce(Value self, const Value*) {
  auto* t = as<Tuple>(self);
  auto* type = type_of_sequence(self.object());
  Ref visible = make_tuple(t->items, t->size);
  Ref hidden = make_dict();
  for (int i = type->n_sequence_fields; i < type->n_fields; ++i) {
    if (type->fields[i].name) dict_set(as<Dict>(hidden), intern(type->fields[i].name), t->items[i]);
  }
  Ref arguments = make_tuple({visible, hidden});
  return make_tuple({to_value(type), arguments});
}

template <int index>
Ref get_field(Value self) {
  return Ref::share(as<Tuple>(self)->items[index]);
}
constexpr int kMaxFields = 40;
using Getter = Ref (*)(Value);
template <size_t... indices>
constexpr Getter getter_at(size_t i, std::index_sequence<indices...>) {
  constexpr Getter all[] = {get_field<static_cast<int>(indices)>...};
  return all[i];
}

const NativeDef kStructMethods[] = {{"__reduce__", "($self, /)", struct_reduce, nullptr}, {}};

}  // namespace

void define_struct_sequence(StructSequenceType& type, const StructSequenceSpec& spec) {
  if (type.has(Type::kReady)) return;
  define_type(type, {.name = spec.name,
                     .size = sizeof(Tuple),
                     .layout = Layout::Tuple,
                     .flags = Type::kHasGc | Type::kVariableSize | Type::kSequence |
                              (spec.instantiable ? 0u : uint32_t{Type::kNoInstances}),
                     .base = &tuple_type,
                     .doc = spec.doc});
  type.fields = spec.fields;
  type.n_fields = spec.n_fields;
  type.n_sequence_fields = spec.n_sequence_fields;
  if (spec.instantiable) type.slots.new_ = struct_new;
  type.slots.repr = struct_repr;
  type.methods = kStructMethods;
  type.dealloc = struct_dealloc;
  type.traverse = struct_traverse;
  auto* getsets = new std::vector<GetSetDef>();
  int unnamed = 0;
  Ref match_args = make_list();
  for (int i = 0; i < spec.n_fields; ++i) {
    if (!spec.fields[i].name) {
      ++unnamed;
      continue;
    }
    getsets->push_back({spec.fields[i].name, getter_at(static_cast<size_t>(i), std::make_index_sequence<kMaxFields>()),
                        nullptr, spec.fields[i].doc});
    if (i < spec.n_sequence_fields) list_append(as<List>(match_args), to_value(intern(spec.fields[i].name)));
  }
  getsets->push_back({});
  type.getsets = getsets->data();
  ready_type(type);
  if (!spec.instantiable) type.slots.new_ = nullptr;
  auto* dict = as<Dict>(type.dict);
  dict_set(dict, names.n_fields, Value::integer(spec.n_fields));
  dict_set(dict, names.n_sequence_fields, Value::integer(spec.n_sequence_fields));
  dict_set(dict, names.n_unnamed_fields, Value::integer(unnamed));
  Ref tuple = list_to_tuple(as<List>(match_args));
  dict_set(dict, names.__match_args__, tuple);
}

Ref make_struct_sequence(StructSequenceType& type, const Ref* values) {
  Tuple* t = allocate_struct(type);
  for (int i = 0; i < type.n_fields; ++i) {
    Value v = values[i].is_empty() ? Value::none() : values[i].value();
    retain(v);
    t->items[i] = v;
  }
  track(t);
  return Ref::steal(t);
}

Ref make_struct_sequence(StructSequenceType& type, std::initializer_list<Ref> values) {
  return make_struct_sequence(type, values.begin());
}

}  // namespace hiss
