// _abc: what abc.ABCMeta does on every isinstance() and issubclass(). Each abstract class keeps the classes registered
// with it and the answers given before, all by weak reference.
#include <string>

#include "memory/collector.h"
#include "memory/weak_references.h"
#include "modules/module_content.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Type data_type;
uint64_t invalidation_counter = 0;  // grows with each registration: answers of "no" from before are void

constexpr uint32_t kCollectionFlags = Type::kSequence | Type::kMapping;

struct AbcData : Object {
  Value registry, cache, negative_cache;  // Set of weak references, owned
  uint64_t negative_version;
};

void data_dealloc(Object* o) {
  untrack(o);
  auto* d = static_cast<AbcData*>(o);
  for (Value v : {d->registry, d->cache, d->negative_cache}) release(v);
  free_object(o);
}
void data_traverse(Object* o, Visitor& visit) {
  auto* d = static_cast<AbcData*>(o);
  for (Value v : {d->registry, d->cache, d->negative_cache}) visit(v);
}

Ref make_data() {
  auto* d = allocate_as<AbcData>(data_type);
  d->registry = make_set().release();
  d->cache = make_set().release();
  d->negative_cache = make_set().release();
  d->negative_version = invalidation_counter;
  track(d);
  return Ref::steal(d);
}

// The data of an abstract class; the reference keeps it alive whatever happens to the attribute.
Ref data_of(Value cls) {
  Ref data = TRY(get_attr(cls, intern("_abc_impl")));
  if (!is_exact(data, data_type)) return fail(exc::TypeError, "_abc_impl is set to a wrong type");
  return data;
}
AbcData* as_data(const Ref& data) { return static_cast<AbcData*>(data.value().object()); }

// ---- Sets of weak references to classes

Result<bool> holds(Value set, Value cls) {
  if (as<Set>(set)->used == 0) return false;
  Ref reference = make_weak_reference(&weak_reference_type, cls, Value());
  if (reference.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();  // what cannot be referred to weakly was never added
    return false;
  }
  return set_contains(as<Set>(set), reference);
}

// References whose class has gone stay until the set has doubled: then they are dropped together.
Status drop_dead(Set* set) {
  std::vector<Ref> dead;
  for (int64_t i = 0; SetEntry* e = set_next(set, i);) {
    if (!as<WeakReference>(e->key)->referent) dead.push_back(Ref::share(e->key));
  }
  for (const Ref& reference : dead) TRY(set_discard(set, reference));
  return kOk;
}

Status remember(Value set, Value cls) {
  auto* s = as<Set>(set);
  if (s->used >= 8 && (s->used & (s->used - 1)) == 0) TRY(drop_dead(s));
  Ref reference = TRY(make_weak_reference(&weak_reference_type, cls, Value()));
  TRY(set_add(s, reference));
  return kOk;
}

// ---- Making a class abstract

Result<bool> is_abstract(Value object) {
  Ref flag = TRY(get_attr_or_empty(object, names.__isabstractmethod__));
  if (flag.is_empty()) return false;
  return truth(flag);
}

// Names that the class defines as abstract, or inherits so and does not override.
Ref abstract_names(Value cls) {
  Ref found = make_set();
  Ref dict = TRY(get_attr(cls, names.__dict__));
  Ref items = TRY(call_method(dict, "items"));
  TRY(for_each(items, [&](Value item) -> Status {
    auto* pair = as<Tuple>(item);
    if (TRY(is_abstract(pair->items[1]))) TRY(set_add(as<Set>(found), pair->items[0]));
    return kOk;
  }));
  Ref bases = TRY(get_attr(cls, names.__bases__));
  TRY(for_each(bases, [&](Value base) -> Status {
    Ref inherited = TRY(get_attr_or_empty(base, intern("__abstractmethods__")));
    if (inherited.is_empty()) return kOk;
    return for_each(inherited, [&](Value name) -> Status {
      if (!is<Str>(name)) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(name));
      Ref value = TRY(get_attr_or_empty(cls, as<Str>(name)));
      if (!value.is_empty() && TRY(is_abstract(value))) TRY(set_add(as<Set>(found), name));
      return kOk;
    });
  }));
  return make_frozenset(found);
}

// __abc_tpflags__ in a class body says that its instances match sequence or mapping patterns.
Status take_collection_flags(Value cls) {
  constexpr int64_t kPythonSequence = 1 << 5, kPythonMapping = 1 << 6;
  if (!is<Type>(cls)) return kOk;
  auto* type = as<Type>(cls);
  Str* name = intern("__abc_tpflags__");
  Ref flags = Ref::share(dict_get(as<Dict>(type->dict), name));
  if (flags.is_empty() || !is_instance_of(flags, int_type)) return kOk;
  const int64_t value = TRY(to_int64(flags));
  if ((value & kPythonSequence) && (value & kPythonMapping)) {
    return fail(exc::TypeError, "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING");
  }
  if (value & (kPythonSequence | kPythonMapping)) {
    type->type_flags &= ~kCollectionFlags;
    type->type_flags |= value & kPythonSequence ? Type::kSequence : Type::kMapping;
  }
  TRY(dict_delete(as<Dict>(type->dict), to_value(name)));
  return kOk;
}

Ref abc_init(Value, const Value* a) {
  Ref abstract = TRY(abstract_names(a[0]));
  TRY(set_attr(a[0], intern("__abstractmethods__"), abstract));
  Ref data = make_data();
  TRY(set_attr(a[0], intern("_abc_impl"), data));
  TRY(take_collection_flags(a[0]));
  return Ref::none();
}

// ---- Registration

void set_collection_flag(Type* type, uint32_t flag) {
  if ((type->type_flags & kCollectionFlags) == flag || !type->is_heap()) return;
  type->type_flags &= ~kCollectionFlags;
  type->type_flags |= flag;
  if (!type->subclasses) return;
  for (Type* subclass : *type->subclasses) set_collection_flag(subclass, flag);
}

Ref abc_register(Value, const Value* a) {
  Value self = a[0], subclass = a[1];
  if (!is<Type>(subclass)) return fail(exc::TypeError, "Can only register classes");
  if (TRY(is_subclass(subclass, self))) return Ref::share(subclass);
  // After the test above X.register(X) does nothing, where it would be a cycle.
  if (TRY(is_subclass(self, subclass))) return fail(exc::RuntimeError, "Refusing to create an inheritance cycle");
  Ref data = TRY(data_of(self));
  TRY(remember(as_data(data)->registry, subclass));
  ++invalidation_counter;
  if (is<Type>(self)) {
    if (const uint32_t flag = as<Type>(self)->type_flags & kCollectionFlags)
      set_collection_flag(as<Type>(subclass), flag);
  }
  return Ref::share(subclass);
}

// ---- Asking

Ref abc_instancecheck(Value, const Value* a) {
  Ref data = TRY(data_of(a[0]));
  Ref subclass = TRY(get_attr(a[1], names.__class__));
  if (TRY(holds(as_data(data)->cache, subclass))) return Ref::boolean(true);
  Ref subtype = Ref::share(type_of(a[1]));
  if (subtype.value() == subclass.value()) {
    if (as_data(data)->negative_version == invalidation_counter &&
        TRY(holds(as_data(data)->negative_cache, subclass))) {
      return Ref::boolean(false);
    }
    return call_method(a[0], names.__subclasscheck__, {subclass});
  }
  Ref answer = TRY(call_method(a[0], names.__subclasscheck__, {subclass}));
  if (TRY(truth(answer))) return answer;
  return call_method(a[0], names.__subclasscheck__, {subtype});
}

// True when the class is a subclass of one that was registered.
Result<bool> below_registered(AbcData* data, Value subclass) {
  std::vector<Ref> registered;
  for (int64_t i = 0; SetEntry* e = set_next(as<Set>(data->registry), i);) {
    Ref cls = referent_of(as<WeakReference>(e->key));
    if (!cls.is_none()) registered.push_back(std::move(cls));
  }
  for (const Ref& cls : registered) {
    if (TRY(is_subclass(subclass, cls))) return true;
  }
  return false;
}

Result<bool> below_subclass(Value self, Value subclass) {
  Ref subclasses = TRY(call_method(self, "__subclasses__"));
  if (!is<List>(subclasses)) return fail(exc::TypeError, "__subclasses__() must return a list");
  auto* list = as<List>(subclasses);
  for (int64_t i = 0; i < list->size; ++i) {
    Ref cls = Ref::share(list->items[i]);
    if (TRY(is_subclass(subclass, cls))) return true;
  }
  return false;
}

bool in_mro(Value self, Value subclass) {
  if (!is<Tuple>(as<Type>(subclass)->mro)) return false;
  for (Value cls : *as<Tuple>(as<Type>(subclass)->mro)) {
    if (cls == self) return true;
  }
  return false;
}

Ref abc_subclasscheck(Value, const Value* a) {
  Value self = a[0], subclass = a[1];
  if (!is<Type>(subclass)) return fail(exc::TypeError, "issubclass() arg 1 must be a class");
  Ref hold = TRY(data_of(self));
  AbcData* data = as_data(hold);
  if (TRY(holds(data->cache, subclass))) return Ref::boolean(true);
  if (data->negative_version < invalidation_counter) {
    Value old = data->negative_cache;
    data->negative_cache = make_set().release();
    data->negative_version = invalidation_counter;
    release(old);
  } else if (TRY(holds(data->negative_cache, subclass))) {
    return Ref::boolean(false);
  }
  auto answer = [&](bool yes) -> Ref {
    TRY(remember(yes ? data->cache : data->negative_cache, subclass));
    return Ref::boolean(yes);
  };
  Ref hook = TRY(call_method(self, names.__subclasshook__, {subclass}));
  if (hook.value().is_bool()) return answer(hook.value().is_true());
  if (!hook.is_not_implemented()) {
    return fail(exc::AssertionError, "__subclasshook__ must return either False, True, or NotImplemented");
  }
  if (in_mro(self, subclass)) return answer(true);
  if (TRY(below_registered(data, subclass))) return answer(true);
  return answer(TRY(below_subclass(self, subclass)));
}

// ---- Looking in, for tests

Ref abc_get_dump(Value, const Value* a) {
  Ref data = TRY(data_of(a[0]));
  auto copy = [](Value set) {
    Ref result = make_set();
    if (set_update(as<Set>(result), set).is_error()) return Ref(Failure{});
    return result;
  };
  Ref registry = TRY(copy(as_data(data)->registry));
  Ref cache = TRY(copy(as_data(data)->cache));
  Ref negative = TRY(copy(as_data(data)->negative_cache));
  Ref version = make_int(static_cast<int64_t>(as_data(data)->negative_version));
  return make_tuple({registry, cache, negative, version});
}
void empty(Value& set) {
  Value old = set;
  set = make_set().release();
  release(old);
}
Ref abc_reset_registry(Value, const Value* a) {
  Ref data = TRY(data_of(a[0]));
  empty(as_data(data)->registry);
  return Ref::none();
}
Ref abc_reset_caches(Value, const Value* a) {
  Ref data = TRY(data_of(a[0]));
  empty(as_data(data)->cache);
  empty(as_data(data)->negative_cache);
  return Ref::none();
}
Ref abc_cache_token(Value, const Value*) { return make_int(static_cast<int64_t>(invalidation_counter)); }

const NativeDef kFunctions[] = {
    {"get_cache_token", "($module, /)", abc_cache_token,
     "A number that changes whenever a class is registered with any abstract class."},
    {"_abc_init", "($module, self, /)", abc_init,
     "Prepare a new abstract class: collect its abstract methods, make its registry."},
    {"_abc_register", "($module, self, subclass, /)", abc_register, "Make subclass count as a subclass of self."},
    {"_abc_instancecheck", "($module, self, instance, /)", abc_instancecheck, "What isinstance(instance, self) says."},
    {"_abc_subclasscheck", "($module, self, subclass, /)", abc_subclasscheck, "What issubclass(subclass, self) says."},
    {"_get_dump", "($module, self, /)", abc_get_dump,
     "The registry, the two caches and their version, as copies: for debugging."},
    {"_reset_registry", "($module, self, /)", abc_reset_registry, "Forget every registered class: for debugging."},
    {"_reset_caches", "($module, self, /)", abc_reset_caches, "Forget the answers given before: for debugging."},
    {}};

Status initialize(Value) {
  define_type(data_type,
              {.name = "_abc._abc_data", .size = sizeof(AbcData), .flags = Type::kHasGc | Type::kNoInstances});
  data_type.dealloc = data_dealloc;
  data_type.traverse = data_traverse;
  ready_type(data_type);
  return kOk;
}

}  // namespace

extern const ModuleDef abc_module;
const ModuleDef abc_module = {"_abc", "The registries of abstract classes, for the module abc.", kFunctions,
                              initialize};

}  // namespace hiss
