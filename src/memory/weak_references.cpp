#include "memory/weak_references.h"

#include <bit>
#include <vector>

#include "memory/collector.h"
#include "object/generic_slots.h"
#include "object/protocol.h"

namespace hiss {

Type weak_reference_type, weak_proxy_type, weak_callable_proxy_type;

namespace {

// From a referent to the first of its references: open addressing, at most half full. The entry of a referent that has
// no references any more is taken out, so there are no marks of deleted ones to step over.
class Table {
 public:
  WeakReference* find(const Object* referent) const {
    if (slots_.empty()) return nullptr;
    return slots_[position(referent)];
  }
  void set(const Object* referent, WeakReference* first) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    WeakReference*& slot = slots_[position(referent)];
    if (!slot) ++used_;
    slot = first;
  }
  void erase(const Object* referent) {
    size_t hole = position(referent);
    slots_[hole] = nullptr;
    --used_;
    // Those behind that only lie there because the place was taken move up.
    for (size_t i = next(hole); slots_[i]; i = next(i)) {
      const size_t wanted = home(slots_[i]->referent);
      const bool reaches_hole = hole <= i ? wanted <= hole || wanted > i : wanted <= hole && wanted > i;
      if (!reaches_hole) continue;
      slots_[hole] = slots_[i];
      slots_[i] = nullptr;
      hole = i;
    }
  }

 private:
  size_t home(const Object* referent) const {
    return (reinterpret_cast<uintptr_t>(referent) >> 4) * 0x9E3779B97F4A7C15ull >> shift_;
  }
  size_t next(size_t i) const { return (i + 1) & (slots_.size() - 1); }
  size_t position(const Object* referent) const {
    size_t i = home(referent);
    while (slots_[i] && slots_[i]->referent != referent) i = next(i);
    return i;
  }
  void grow() {
    std::vector<WeakReference*> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, nullptr);
    shift_ = 64 - std::countr_zero(slots_.size());
    for (WeakReference* first : old) {
      if (first) slots_[position(first->referent)] = first;
    }
  }

  std::vector<WeakReference*> slots_;
  size_t used_ = 0;
  int shift_ = 0;
};

Table& table() {
  static Table references;
  return references;
}

WeakReference* self_reference(Value v) { return as<WeakReference>(v); }

// Puts a reference into the list of its referent, behind `previous` or in front.
void attach(WeakReference* w, WeakReference* previous) {
  WeakReference* first = table().find(w->referent);
  w->previous = previous;
  w->next = previous ? previous->next : first;
  if (w->next) w->next->previous = w;
  if (previous) {
    previous->next = w;
  } else {
    table().set(w->referent, w);
  }
  w->referent->flags |= Object::kWeakrefs;
}

void detach(WeakReference* w) {
  if (!w->referent) return;
  if (w->next) w->next->previous = w->previous;
  if (w->previous) {
    w->previous->next = w->next;
  } else if (w->next) {
    table().set(w->referent, w->next);
  } else {
    table().erase(w->referent);
    w->referent->flags &= static_cast<uint8_t>(~Object::kWeakrefs);
  }
  w->referent = nullptr;
  w->next = w->previous = nullptr;
}

void reference_dealloc(Object* o) {
  untrack(o);
  auto* w = static_cast<WeakReference*>(o);
  detach(w);
  clear_field(w->callback);
  free_object(o);
}
void reference_traverse(Object* o, Visitor& visit) { visit(static_cast<WeakReference*>(o)->callback); }
void reference_clear(Object* o) {
  detach(static_cast<WeakReference*>(o));
  clear_field(static_cast<WeakReference*>(o)->callback);
}

Status check_reference_arguments(const char* method, const Args& args) {
  if (args.count < 1) return fail(exc::TypeError, "{} expected at least 1 argument, got 0", method);
  if (args.count > 2) return fail(exc::TypeError, "{} expected at most 2 arguments, got {}", method, args.count);
  return kOk;
}

Ref reference_new(Type* type, const Args& args) {
  TRY(check_reference_arguments("__new__", args));
  return make_weak_reference(type, args[0], args.count == 2 && !args[1].is_none() ? args[1] : Value());
}
Status reference_init(Value, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "ref() takes no keyword arguments");
  return check_reference_arguments("__init__", args);
}
Ref reference_call(Value self, const Args& args) {
  if (args.count || args.keyword_count())
    return fail(exc::TypeError, "weakref expected 0 arguments, got {}", args.count);
  return referent_of(self_reference(self));
}
Result<int64_t> reference_hash(Value self) {
  auto* w = self_reference(self);
  if (w->hash != -1) return w->hash;
  if (!w->referent) return fail(exc::TypeError, "weak object has gone away");
  w->hash = TRY(hash(to_value(w->referent)));
  return w->hash;
}
Ref reference_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is<WeakReference>(b)) return Ref::not_implemented();
  auto* x = self_reference(a);
  auto* y = self_reference(b);
  if (!x->referent || !y->referent) return Ref::boolean((a == b) == (op == CompareOp::Eq));
  Ref left = Ref::share(x->referent);
  Ref right = Ref::share(y->referent);
  return compare(left, right, op);
}
Ref reference_repr(Value self) {
  auto* w = self_reference(self);
  if (!w->referent) return make_str(fmt::format("<weakref at {:#x}; dead>", self.bits()));
  return make_str(fmt::format("<weakref at {:#x}; to '{}' at {:#x}>", self.bits(), type_name(w->referent->type),
                              to_value(w->referent).bits()));
}
Ref reference_callback(Value self) {
  Value v = self_reference(self)->callback;
  return v && self_reference(self)->referent ? Ref::share(v) : Ref::none();
}
const GetSetDef kGetSets[] = {{"__callback__", reference_callback, nullptr}, {}};
Ref reference_class_getitem(Value self, const Value* args) { return make_generic_alias(self, args[0]); }
const NativeDef kMethods[] = {
    {"__class_getitem__", "($type, item, /)", reference_class_getitem, "See PEP 585", NativeDef::ClassMethod}, {}};

// ---- Proxies forward everything to the referent.

Result<Ref> target(Value proxy) {
  if (!is<WeakReference>(proxy) || (type_of(proxy) != &weak_proxy_type && type_of(proxy) != &weak_callable_proxy_type))
    return Ref::share(proxy);
  auto* w = self_reference(proxy);
  if (!w->referent) return fail(exc::ReferenceError, "weakly-referenced object no longer exists");
  return Ref::share(w->referent);
}

Ref proxy_getattr(Value self, Str* name) { return get_attr(TRY(target(self)), name); }
Status proxy_setattr(Value self, Str* name, Value value) { return set_attr(TRY(target(self)), name, value); }
Ref proxy_str(Value self) { return str(TRY(target(self))); }
Ref proxy_repr(Value self) {
  auto* w = self_reference(self);
  return make_str(fmt::format("<weakproxy at {:#x} to {} at {:#x}>", self.bits(),
                              w->referent ? type_name(w->referent->type) : "NoneType", to_value(w->referent).bits()));
}
Ref proxy_compare(Value a, Value b, CompareOp op) {
  Ref x = TRY(target(a));
  Ref y = TRY(target(b));
  return compare(x, y, op);
}
Ref proxy_iter(Value self) { return get_iter(TRY(target(self))); }
Ref proxy_next(Value self) {
  Ref t = TRY(target(self));
  if (!type_of(t)->slots.next)
    return fail(exc::TypeError, "Weakref proxy referenced a non-iterator '{}' object", type_name(t));
  return next(t);
}
Result<int64_t> proxy_length(Value self) { return length(TRY(target(self))); }
Result<bool> proxy_truth(Value self) { return truth(TRY(target(self))); }
Ref proxy_getitem(Value self, Value key) { return get_item(TRY(target(self)), key); }
Status proxy_setitem(Value self, Value key, Value value) { return set_item(TRY(target(self)), key, value); }
Result<bool> proxy_contains(Value self, Value item) { return contains(TRY(target(self)), item); }
Ref proxy_call(Value self, const Args& args) { return call(TRY(target(self)), args); }
Ref proxy_bytes(Value self, const Value*) { return call_method(TRY(target(self)), names.__bytes__); }
Ref proxy_reversed(Value self, const Value*) { return call_method(TRY(target(self)), names.__reversed__); }
const NativeDef kProxyMethods[] = {
    {"__bytes__", "($self, /)", proxy_bytes, nullptr}, {"__reversed__", "($self, /)", proxy_reversed, nullptr}, {}};
Ref proxy_index(Value self) { return index(TRY(target(self))); }
template <BinaryOp op>
Ref proxy_binary(Value a, Value b) {
  Ref x = TRY(target(a));
  Ref y = TRY(target(b));
  return binary(op, x, y);
}
template <BinaryOp op>
Ref proxy_inplace(Value a, Value b) {
  Ref x = TRY(target(a));
  Ref y = TRY(target(b));
  return inplace(op, x, y);
}

void define_proxy(Type& type, const char* name) {
  define_type(type, {.name = name,
                     .size = sizeof(WeakReference),
                     .layout = Layout::WeakReference,
                     .flags = Type::kHasGc | Type::kNoInstances});
  Slots& s = type.slots;
  s.getattr = proxy_getattr;
  s.setattr = proxy_setattr;
  s.str = proxy_str;
  s.repr = proxy_repr;
  s.compare = proxy_compare;
  s.iter = proxy_iter;
  s.next = proxy_next;
  s.length = proxy_length;
  s.truth = proxy_truth;
  s.getitem = proxy_getitem;
  s.setitem = proxy_setitem;
  s.contains = proxy_contains;
  s.index = proxy_index;
#define BINARY_OPERATION(field, dunder, symbol) \
  s.field = proxy_binary<BinaryOp::field>;      \
  s.inplace_##field = proxy_inplace<BinaryOp::field>;
#include "object/binary_operations.def"
#undef BINARY_OPERATION
  type.methods = kProxyMethods;
  type.dealloc = reference_dealloc;
  type.traverse = reference_traverse;
  type.clear = reference_clear;
}

}  // namespace

namespace {

bool is_proxy(const Type* type) { return type == &weak_proxy_type || type == &weak_callable_proxy_type; }
// The reference, or proxy, that all who ask without a callback get.
bool is_shared(const WeakReference* w, bool proxy) {
  return !w->callback && (proxy ? is_proxy(w->type) : w->type == &weak_reference_type);
}

}  // namespace

Ref make_weak_reference(Type* type, Value object, Value callback) {
  if (!object.is_object() || !type_of(object)->has(Type::kWeakReferable)) {
    return fail(exc::TypeError, "cannot create weak reference to '{}' object", type_name(object));
  }
  Object* o = object.object();
  if (!callback && (type == &weak_reference_type || is_proxy(type))) {
    if (o->flags & Object::kWeakrefs) {
      for (WeakReference* w = table().find(o); w; w = w->next) {
        if (w->type == type && !w->callback && w->refs > 0) return Ref::share(w);
      }
    }
  }
  auto* w = static_cast<WeakReference*>(allocate(type));
  w->referent = o;
  w->callback = Ref::share(callback).release();
  w->hash = -1;
  // In front lie the shared reference without a callback and then the shared proxy; behind them the newest is first.
  WeakReference* previous = nullptr;
  if (callback || type != &weak_reference_type) {
    WeakReference* first = o->flags & Object::kWeakrefs ? table().find(o) : nullptr;
    if (first && is_shared(first, false)) {
      previous = first;
      first = first->next;
    }
    if ((callback || !is_proxy(type)) && first && is_shared(first, true)) previous = first;
  }
  attach(w, previous);
  track(w);
  return Ref::steal(w);
}

Ref referent_of(const WeakReference* w) {
  if (!w->referent || w->referent->refs == 0) return Ref::none();
  return Ref::share(w->referent);
}

std::vector<WeakReference*> weak_references_to(Object* o) {
  std::vector<WeakReference*> references;
  if (!(o->flags & Object::kWeakrefs)) return references;
  for (WeakReference* w = table().find(o); w; w = w->next) references.push_back(w);
  return references;
}

std::vector<Ref> kill_weak_references(Object* o) {
  std::vector<Ref> with_callbacks;
  if (!(o->flags & Object::kWeakrefs)) return with_callbacks;
  WeakReference* w = table().find(o);
  table().erase(o);
  o->flags &= static_cast<uint8_t>(~Object::kWeakrefs);
  while (w) {
    WeakReference* following = w->next;
    w->referent = nullptr;
    w->next = w->previous = nullptr;
    if (w->callback && w->refs > 0) with_callbacks.push_back(Ref::share(w));
    w = following;
  }
  return with_callbacks;
}

void clear_weak_references(Object* o) {
  std::vector<Ref> references = kill_weak_references(o);
  if (references.empty()) return;
  Ref saved = take_pending();
  for (Ref& reference : references) {
    Ref callback = Ref::share(static_cast<WeakReference*>(reference.object())->callback);
    Ref result = call(callback, {reference});
    if (result.is_error()) report_unraisable(callback);
  }
  if (!saved.is_empty()) restore_pending(std::move(saved));
}

void init_weak_reference_type() {
  define_type(weak_reference_type, {.name = "weakref.ReferenceType",
                                    .size = sizeof(WeakReference),
                                    .layout = Layout::WeakReference,
                                    .flags = Type::kHasGc | Type::kBaseType});
  weak_reference_type.slots.new_ = reference_new;
  weak_reference_type.slots.init = reference_init;
  weak_reference_type.slots.call = reference_call;
  weak_reference_type.slots.hash = reference_hash;
  weak_reference_type.slots.compare = reference_compare;
  weak_reference_type.slots.repr = reference_repr;
  weak_reference_type.methods = kMethods;
  weak_reference_type.getsets = kGetSets;
  weak_reference_type.dealloc = reference_dealloc;
  weak_reference_type.traverse = reference_traverse;
  weak_reference_type.clear = reference_clear;
  ready_type(weak_reference_type);
}
void init_weak_proxy_type() {
  define_proxy(weak_proxy_type, "weakref.ProxyType");
  ready_type(weak_proxy_type);
}
void init_weak_callable_proxy_type() {
  define_proxy(weak_callable_proxy_type, "weakref.CallableProxyType");
  weak_callable_proxy_type.slots.call = proxy_call;
  ready_type(weak_callable_proxy_type);
}

}  // namespace hiss
