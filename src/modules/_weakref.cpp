// _weakref: weak references and proxies.
#include "memory/weak_references.h"

#include "object/function.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Ref getweakrefcount(Value, const Value* a) {
  if (!a[0].is_object()) return make_int(0);
  return make_int(static_cast<int64_t>(weak_references_to(a[0].object()).size()));
}
Ref getweakrefs(Value, const Value* a) {
  Ref list = make_list();
  if (a[0].is_object()) {
    for (WeakReference* w : weak_references_to(a[0].object())) list_append(as<List>(list), to_value(w));
  }
  return list;
}
Ref proxy(Value, const Value* a) {
  Type& type = is_callable(a[0]) ? weak_callable_proxy_type : weak_proxy_type;
  return make_weak_reference(&type, a[0], a[1] && !a[1].is_none() ? a[1] : Value());
}
// Removes a key whose weak value has died, unless it was replaced meanwhile.
Ref remove_dead(Value, const Value* a) {
  if (!is<Dict>(a[0]))
    return fail(exc::TypeError, "_remove_dead_weakref() argument 1 must be dict, not {}", type_name(a[0]));
  Ref value = TRY(dict_get(as<Dict>(a[0]), a[1]));
  if (is<WeakReference>(value) && !as<WeakReference>(value)->referent) TRY(dict_delete(as<Dict>(a[0]), a[1]));
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"getweakrefcount", "($module, object, /)", getweakrefcount,
     "How many weak references and proxies of object exist."},
    {"getweakrefs", "($module, object, /)", getweakrefs, "The weak references and proxies of object, as a list."},
    {"proxy", "($module, object, callback=None, /)", proxy,
     "A stand-in that forwards to object without keeping it alive; callback, if given, runs when object goes away."},
    {"_remove_dead_weakref", "($module, dct, key, /)", remove_dead, nullptr},
    {}};

Status initialize(Value module) {
  Dict* dict = module_dict(module);
  dict_set(dict, intern("ref"), to_value(&weak_reference_type));
  dict_set(dict, intern("ReferenceType"), to_value(&weak_reference_type));
  dict_set(dict, intern("ProxyType"), to_value(&weak_proxy_type));
  dict_set(dict, intern("CallableProxyType"), to_value(&weak_callable_proxy_type));
  return kOk;
}

}  // namespace

extern const ModuleDef weakref_module;
const ModuleDef weakref_module = {"_weakref", "The native half of the weakref module.", kFunctions, initialize};

}  // namespace hiss
