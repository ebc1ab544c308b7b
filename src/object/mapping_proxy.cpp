// types.MappingProxyType (a read-only view of a mapping) and types.SimpleNamespace.
#include "object/class_builder.h"
#include "object/dict_internal.h"
#include "object/iterator.h"
#include "object/protocol.h"
#include "object/shape.h"

namespace hiss {

Type mapping_proxy_type, simple_namespace_type;

namespace {

struct MappingProxy : Object {
  static constexpr Layout kLayout = Layout::MappingProxy;
  Value mapping;
};

Value mapping_of(Value proxy) { return as<MappingProxy>(proxy)->mapping; }
Value unwrapped(Value v) { return is<MappingProxy>(v) ? mapping_of(v) : v; }

Ref proxy_new(Type*, const Args& args) {
  Arguments bound("mappingproxy", "(mapping)");
  TRY(bound.bind(args));
  if (!type_of(bound[0])->slots.getitem || is<List>(bound[0]) || is<Tuple>(bound[0])) {
    return fail(exc::TypeError, "mappingproxy() argument must be a mapping, not {}", type_name(bound[0]));
  }
  return make_mapping_proxy(bound[0]);
}
void proxy_dealloc(Object* self) {
  untrack(self);
  release(static_cast<MappingProxy*>(self)->mapping);
  free_object(self);
}
void proxy_traverse(Object* self, Visitor& visit) { visit(static_cast<MappingProxy*>(self)->mapping); }

Ref proxy_repr(Value self) {
  Ref inner = TRY(repr(mapping_of(self)));
  StrBuilder out;
  out.append_ascii("mappingproxy(");
  out.append(as<Str>(inner));
  out.append_ascii(")");
  return out.finish();
}
Ref proxy_str(Value self) { return str(mapping_of(self)); }
Ref proxy_compare(Value a, Value b, CompareOp op) { return compare(mapping_of(a), unwrapped(b), op); }
Result<int64_t> proxy_hash(Value self) { return hash(mapping_of(self)); }
Ref proxy_iter(Value self) { return get_iter(mapping_of(self)); }
Result<int64_t> proxy_length(Value self) { return length(mapping_of(self)); }
Ref proxy_getitem(Value self, Value key) { return get_item(mapping_of(self), key); }
Result<bool> proxy_contains(Value self, Value key) { return contains(mapping_of(self), key); }
Ref proxy_or(Value a, Value b) { return binary(BinaryOp::or_, unwrapped(a), unwrapped(b)); }
Ref proxy_inplace_or(Value self, Value) {
  return fail(exc::TypeError, "'|=' is not supported by {}; use '|' instead", type_name(self));
}
Ref proxy_get(Value self, const Value* args) {
  return call_method(mapping_of(self), names.get, {args[0], args[1] ? args[1] : Value::none()});
}
Ref proxy_keys(Value self, const Value*) { return call_method(mapping_of(self), names.keys); }
Ref proxy_values(Value self, const Value*) { return call_method(mapping_of(self), names.values); }
Ref proxy_items(Value self, const Value*) { return call_method(mapping_of(self), names.items); }
Ref proxy_copy(Value self, const Value*) { return call_method(mapping_of(self), names.copy); }
Ref proxy_reversed(Value self, const Value*) { return call_method(mapping_of(self), names.__reversed__); }

const NativeDef kProxyMethods[] = {
    {"get", "($self, key, default=None, /)", proxy_get,
     "Look up key; if it is missing, the answer is default and nothing is raised."},
    {"keys", "($self, /)", proxy_keys, "D.keys() -> keys of the mapping, by its own method"},
    {"values", "($self, /)", proxy_values, "D.values() -> values of the mapping, by its own method"},
    {"items", "($self, /)", proxy_items, "D.items() -> (key, value) pairs of the mapping, by its own method"},
    {"copy", "($self, /)", proxy_copy, "D.copy() -> copy of the mapping, by its own method"},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {"__reversed__", "($self, /)", proxy_reversed, "D.__reversed__() -> reverse iterator"},
    {}};

// ---- SimpleNamespace: an object with a __dict__ filled from keywords.

struct Namespace : Object {
  Attributes attributes;
};

void namespace_dealloc(Object* self) {
  untrack(self);
  clear_attributes(self, &static_cast<Namespace*>(self)->attributes);
  free_object(self);
}
void namespace_traverse(Object* self, Visitor& visit) {
  traverse_attributes(&static_cast<Namespace*>(self)->attributes, visit);
}
void namespace_clear(Object* self) { clear_attributes(self, &static_cast<Namespace*>(self)->attributes); }

Ref namespace_new(Type* cls, const Args&) {
  Object* o = allocate(cls);
  track(o);
  return Ref::steal(o);
}
Status namespace_init(Value self, const Args& args) {
  if (args.count) return fail(exc::TypeError, "no positional arguments expected");
  for (uint32_t i = 0; i < args.keyword_count(); ++i) TRY(set_attr(self, args.keyword_name(i), args.keyword_value(i)));
  return kOk;
}
Ref namespace_repr(Value self) {
  const std::string_view name = is_exact(self, simple_namespace_type) ? "namespace" : type_name(self);
  StrBuilder out;
  out.append(name);
  ReprGuard guard(self);
  if (!guard.entered()) {
    out.append_ascii("(...)");
    return out.finish();
  }
  out.append_ascii("(");
  Ref dict = TRY(get_attr(self, names.__dict__));
  bool first = true;
  for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(dict), i);) {
    if (!is<Str>(e->key) || as<Str>(e->key)->length == 0) continue;
    Ref key = Ref::share(e->key), value = Ref::share(e->value);
    if (!first) out.append_ascii(", ");
    first = false;
    out.append(as<Str>(key));
    out.append_ascii("=");
    Ref text = TRY(repr(value));
    out.append(as<Str>(text));
  }
  out.append_ascii(")");
  return out.finish();
}
Ref namespace_compare(Value a, Value b, CompareOp op) {
  if (!is_instance_of(a, simple_namespace_type) || !is_instance_of(b, simple_namespace_type))
    return Ref::not_implemented();
  Ref x = TRY(get_attr(a, names.__dict__)), y = TRY(get_attr(b, names.__dict__));
  return compare(x, y, op);
}
Ref namespace_reduce(Value self, const Value*) {
  Ref dict = TRY(get_attr(self, names.__dict__));
  Ref nothing = empty_tuple();
  return make_tuple({to_value(type_of(self)), nothing, dict});
}
const NativeDef kNamespaceMethods[] = {{"__reduce__", "($self, /)", namespace_reduce, kReduceDoc}, {}};

}  // namespace

Ref make_mapping_proxy(Value mapping) {
  auto* p = allocate_as<MappingProxy>(mapping_proxy_type);
  p->mapping = Ref::share(mapping).release();
  track(p);
  return Ref::steal(p);
}

void init_mapping_proxy_type() {
  Type& t = mapping_proxy_type;
  define_type(t, {.name = "mappingproxy",
                  .size = sizeof(MappingProxy),
                  .layout = Layout::MappingProxy,
                  .flags = Type::kHasGc | Type::kMapping,
                  .doc = "Lets a mapping be read, but not changed."});
  t.slots.new_ = proxy_new;
  t.slots.repr = proxy_repr;
  t.slots.str = proxy_str;
  t.slots.compare = proxy_compare;
  t.slots.hash = proxy_hash;
  t.slots.iter = proxy_iter;
  t.slots.length = proxy_length;
  t.slots.getitem = proxy_getitem;
  t.slots.contains = proxy_contains;
  t.slots.or_ = proxy_or;
  t.slots.inplace_or_ = proxy_inplace_or;
  t.methods = kProxyMethods;
  t.dealloc = proxy_dealloc;
  t.traverse = proxy_traverse;
  ready_type(t);
}

void init_simple_namespace_type() {
  Type& t = simple_namespace_type;
  static const GetSetDef getsets[] = {*instance_dict_getset(), {}};
  define_type(t, {.name = "types.SimpleNamespace",
                  .size = sizeof(Namespace),
                  .flags = Type::kHasGc | Type::kBaseType,
                  .doc = "SimpleNamespace(**kwargs)\n\nAn object with the keyword arguments as its attributes."});
  t.attributes_offset = sizeof(Object);
  t.slots.new_ = namespace_new;
  t.slots.init = namespace_init;
  t.slots.repr = namespace_repr;
  t.slots.compare = namespace_compare;
  t.slots.hash = hash_not_implemented;
  t.methods = kNamespaceMethods;
  t.getsets = getsets;
  t.dealloc = namespace_dealloc;
  t.traverse = namespace_traverse;
  t.clear = namespace_clear;
  ready_type(t);
}

}  // namespace hiss
