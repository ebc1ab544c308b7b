// Comparison, truth, hashing, text and iteration of any values.
#include "object/class_builder.h"
#include "object/function.h"
#include "object/generic_slots.h"
#include "object/plain_compare.h"
#include "object/protocol.h"
#include "vm/call_stack.h"
#include "vm/thread_state.h"

#include <vector>

namespace hiss {

namespace {

constexpr CompareOp kSwapped[] = {CompareOp::Gt, CompareOp::Ge, CompareOp::Eq,
                                  CompareOp::Ne, CompareOp::Lt, CompareOp::Le};
constexpr const char* kSymbols[] = {"<", "<=", "==", "!=", ">", ">="};

}  // namespace

Ref compare(Value a, Value b, CompareOp op) {
  if (op == CompareOp::Eq || op == CompareOp::Ne) {
    if (is_exact(a, str_type) && is_exact(b, str_type))
      return Ref::boolean((a == b || equal(as<Str>(a), as<Str>(b))) == (op == CompareOp::Eq));
  }
  RecursionCheck recursion(" in comparison");
  TRY(recursion.status());
  Type* ta = type_of(a);
  Type* tb = type_of(b);
  bool tried_right = false;
  if (ta != tb && is_subtype(tb, ta) && tb->slots.compare) {
    tried_right = true;
    Ref result = tb->slots.compare(b, a, kSwapped[static_cast<int>(op)]);
    if (!result.is_not_implemented()) return result;
  }
  if (ta->slots.compare) {
    Ref result = ta->slots.compare(a, b, op);
    if (!result.is_not_implemented()) return result;
  }
  if (!tried_right && tb->slots.compare) {
    Ref result = tb->slots.compare(b, a, kSwapped[static_cast<int>(op)]);
    if (!result.is_not_implemented()) return result;
  }
  if (op == CompareOp::Eq) return Ref::boolean(a == b);
  if (op == CompareOp::Ne) return Ref::boolean(a != b);
  return fail(exc::TypeError, "'{}' not supported between instances of '{}' and '{}'", kSymbols[static_cast<int>(op)],
              type_name(a), type_name(b));
}

Result<bool> compare_bool(Value a, Value b, CompareOp op) {
  if (Value::both_integers(a, b)) {
    const int64_t x = a.integer(), y = b.integer();
    switch (op) {
      case CompareOp::Lt:
        return x < y;
      case CompareOp::Le:
        return x <= y;
      case CompareOp::Eq:
        return x == y;
      case CompareOp::Ne:
        return x != y;
      case CompareOp::Gt:
        return x > y;
      case CompareOp::Ge:
        return x >= y;
    }
  }
  if (a == b) {
    if (op == CompareOp::Eq) return true;
    if (op == CompareOp::Ne) return false;
  }
  Ref result = TRY(compare(a, b, op));
  if (result.value().is_bool()) return result.value().is_true();
  return truth(result);
}

Result<bool> equal(Value a, Value b) {
  const int known = plain_equal(a, b);
  if (known >= 0) return known == 1;
  return compare_bool(a, b, CompareOp::Eq);
}

Result<bool> truth(Value v) {
  if (v.is_bool()) return v.is_true();
  if (v.is_none()) return false;
  if (v.is_integer()) return v.integer() != 0;
  Type* type = type_of(v);
  if (type->slots.truth) return type->slots.truth(v);
  if (type->slots.length) return TRY(type->slots.length(v)) != 0;
  return true;
}

Result<int64_t> hash(Value v) {
  if (v.is_object()) {
    if (v.object()->type == &str_type) return hash_of(as<Str>(v));
  } else if (v.is_integer()) {
    const int64_t i = v.integer();
    return i == -1 ? -2 : i;
  }
  if (HashSlot slot = type_of(v)->slots.hash) {
    char here;
    if (&here < thread_state().c_stack_limit) [[unlikely]]  // a tuple in a tuple in a tuple
      return fail(exc::RecursionError, "maximum recursion depth exceeded");
    return slot(v);
  }
  return hash_not_implemented(v);
}

Result<int64_t> hash_not_implemented(Value self) {
  return fail(exc::TypeError, "unhashable type: '{}'", type_name(self));
}

Ref repr(Value v) {
  if (!v) return make_str("<empty>");
  RecursionCheck recursion(" while getting the repr of an object");
  TRY(recursion.status());
  Ref text = TRY(type_of(v)->slots.repr(v));
  if (!is<Str>(text)) return fail(exc::TypeError, "__repr__ returned non-string (type {})", type_name(text));
  return text;
}

Ref str(Value v) {
  if (is_exact(v, str_type)) return Ref::share(v);
  RecursionCheck recursion(" while getting the str of an object");
  TRY(recursion.status());
  Ref text = TRY(type_of(v)->slots.str(v));
  if (!is<Str>(text)) return fail(exc::TypeError, "__str__ returned non-string (type {})", type_name(text));
  return text;
}

std::string repr_text(Value v) {
  Ref saved = take_pending();
  Ref text = repr(v);
  std::string out;
  if (text.is_error()) {
    clear_pending();
    out = fmt::format("<unprintable {} object>", type_name(v));
  } else {
    out = to_string(text);
  }
  if (!saved.is_empty()) restore_pending(std::move(saved));
  return out;
}

Ref format(Value v, Value spec) {
  if (is<Str>(spec) && as<Str>(spec)->length == 0) {
    if (is_exact(v, str_type)) return Ref::share(v);
    if (v.is_integer()) return str(v);
  }
  Ref method = TRY(lookup_special(v, names.__format__));
  if (method.is_empty()) return fail(exc::TypeError, "Type {} doesn't define __format__", type_name(v));
  Ref text = TRY(call(method, {spec}));
  if (!is<Str>(text)) return fail(exc::TypeError, "__format__ must return a str, not {}", type_name(text));
  return text;
}

Ref get_iter(Value iterable) {
  Type* type = type_of(iterable);
  if (type->slots.iter) {
    Ref iterator = TRY(type->slots.iter(iterable));
    if (!type_of(iterator)->slots.next) {
      return fail(exc::TypeError, "iter() returned non-iterator of type '{}'", type_name(iterator));
    }
    return iterator;
  }
  if (type->slots.getitem && type != &dict_type && type != &mapping_proxy_type && !is<Type>(iterable))
    return make_sequence_iterator(iterable);
  return fail(exc::TypeError, "'{}' object is not iterable", type_name(iterable));
}

Ref next(Value iterator) {
  UnarySlot slot = type_of(iterator)->slots.next;
  if (!slot) return fail(exc::TypeError, "'{}' object is not an iterator", type_name(iterator));
  // Iterators over iterators (zip, chain, islice) come here for each level.
  char here;
  if (&here < thread_state().c_stack_limit) [[unlikely]]
    return fail(exc::RecursionError, "maximum recursion depth exceeded");
  Ref item = slot(iterator);
  if (item.is_error() && pending_is(exc::StopIteration)) [[unlikely]] {
    clear_pending();
    return Ref::empty();
  }
  return item;
}

Result<int64_t> length_hint(Value v, int64_t default_value) {
  Type* type = type_of(v);
  if (type->slots.length) {
    Result<int64_t> n = type->slots.length(v);
    if (!n.is_error()) return n;
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
  }
  Ref hint = call_method_or_empty(v, names.__length_hint__, {});
  if (hint.is_empty()) return default_value;
  if (hint.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
    return default_value;
  }
  if (hint.is_not_implemented()) return default_value;
  if (!is_int(hint)) return fail(exc::TypeError, "__length_hint__ must be an integer, not {}", type_name(hint));
  const auto n = int_value(hint);
  if (!n) return fail(exc::OverflowError, "Python int too large to convert to C ssize_t");
  if (*n < 0) return fail(exc::ValueError, "__length_hint__() should return >= 0");
  return *n;
}

Result<int64_t> length(Value v) {
  if (LengthSlot slot = type_of(v)->slots.length) return slot(v);
  return fail(exc::TypeError, "object of type '{}' has no len()", type_name(v));
}

Ref get_item(Value container, Value key) {
  if (BinarySlot slot = type_of(container)->slots.getitem) return slot(container, key);
  if (is<Type>(container)) {
    Ref method = TRY(get_attr_or_empty(container, names.__class_getitem__));
    if (!method.is_empty() && !method.is_none()) return call(method, {key});
    if (container == to_value(&type_type)) return make_generic_alias(container, key);
    return fail(exc::TypeError, "type '{}' is not subscriptable", type_name(as<Type>(container)));
  }
  return fail(exc::TypeError, "'{}' object is not subscriptable", type_name(container));
}

Status set_item(Value container, Value key, Value value) {
  if (SetItemSlot slot = type_of(container)->slots.setitem) return slot(container, key, value);
  if (value) return fail(exc::TypeError, "'{}' object does not support item assignment", type_name(container));
  return fail(exc::TypeError, "'{}' object does{} support item deletion", type_name(container),
              type_of(container)->slots.getitem ? "n't" : " not");
}

Result<bool> contains_by_iteration(Value container, Value item) {
  Ref iterator = get_iter(container);
  if (iterator.is_error()) {
    if (pending_is(exc::TypeError) && !type_of(container)->slots.iter && !type_of(container)->slots.getitem) {
      clear_pending();
      return fail(exc::TypeError, "argument of type '{}' is not iterable", type_name(container));
    }
    return Failure{};
  }
  for (;;) {
    Ref element = TRY(next(iterator));
    if (element.is_empty()) return false;
    if (TRY(equal(element, item))) return true;
  }
}

Result<bool> contains(Value container, Value item) {
  if (ContainsSlot slot = type_of(container)->slots.contains) return slot(container, item);
  return contains_by_iteration(container, item);
}

Ref call_special(Value object, Str* name, std::initializer_list<Value> args) {
  return call_method_or_empty(object, name, args);
}

namespace {

// Whether walking along __bases__ leads to `base`; what has none is no class and leads nowhere.
Result<bool> derives_from(Value cls, Value base) {
  if (cls == base) return true;
  Ref bases = TRY(get_attr_or_empty(cls, names.__bases__));
  if (bases.is_empty() || !is<Tuple>(bases)) return false;
  RecursionCheck recursion(" in __issubclass__");
  TRY(recursion.status());
  for (Value b : *as<Tuple>(bases)) {
    if (TRY(derives_from(b, base))) return true;
  }
  return false;
}

}  // namespace

Result<bool> is_subclass_default(Value cls, Value base) {
  if (is<Type>(cls) && is<Type>(base)) return is_subtype(as<Type>(cls), as<Type>(base));
  Ref bases = TRY(get_attr_or_empty(cls, names.__bases__));
  if (bases.is_empty() || !is<Tuple>(bases)) return fail(exc::TypeError, "issubclass() arg 1 must be a class");
  Ref other = TRY(get_attr_or_empty(base, names.__bases__));
  if (other.is_empty() || !is<Tuple>(other)) {
    return fail(exc::TypeError, "issubclass() arg 2 must be a class, a tuple of classes, or a union");
  }
  return derives_from(cls, base);
}

Result<bool> is_instance_default(Value object, Value cls) {
  if (is<Type>(cls)) {
    if (is_subtype(type_of(object), as<Type>(cls))) return true;
    Ref claimed = TRY(get_attr_or_empty(object, names.__class__));
    if (is<Type>(claimed) && claimed.value() != to_value(type_of(object)))
      return is_subtype(as<Type>(claimed), as<Type>(cls));
    return false;
  }
  Ref bases = TRY(get_attr_or_empty(cls, names.__bases__));
  if (bases.is_empty() || !is<Tuple>(bases)) {
    return fail(exc::TypeError, "isinstance() arg 2 must be a type, a tuple of types, or a union");
  }
  Ref claimed = TRY(get_attr_or_empty(object, names.__class__));
  if (claimed.is_empty()) return false;
  return derives_from(claimed, cls);
}

Result<bool> is_instance(Value object, Value cls) {
  if (to_value(type_of(object)) == cls) return true;
  if (is_exact(cls, type_type)) return is_instance_default(object, cls);
  if (is<Tuple>(cls)) {
    RecursionCheck recursion(" in __instancecheck__");
    TRY(recursion.status());
    for (Value c : *as<Tuple>(cls)) {
      if (TRY(is_instance(object, c))) return true;
    }
    return false;
  }
  RecursionCheck recursion(" in __instancecheck__");
  TRY(recursion.status());
  Ref checker = TRY(lookup_special(cls, names.__instancecheck__));
  if (!checker.is_empty()) {
    Ref result = TRY(call(checker, {object}));
    return truth(result);
  }
  return is_instance_default(object, cls);
}

Result<bool> is_subclass(Value derived, Value cls) {
  if (is_exact(cls, type_type)) {
    if (derived == cls) return true;
    return is_subclass_default(derived, cls);
  }
  if (is<Tuple>(cls)) {
    RecursionCheck recursion(" in __subclasscheck__");
    TRY(recursion.status());
    for (Value c : *as<Tuple>(cls)) {
      if (TRY(is_subclass(derived, c))) return true;
    }
    return false;
  }
  RecursionCheck recursion(" in __subclasscheck__");
  TRY(recursion.status());
  Ref checker = TRY(lookup_special(cls, names.__subclasscheck__));
  if (!checker.is_empty()) {
    Ref result = TRY(call(checker, {derived}));
    return truth(result);
  }
  return is_subclass_default(derived, cls);
}

// ---- Limits

// A few native calls inside each other are too ordinary to be worth counting the Python frames below them.
constexpr int32_t kUncounted = 32;

RecursionCheck::RecursionCheck(const char* where) {
  ThreadState& ts = thread_state();
  char here;
  failed_ = false;
  if (&here < ts.c_stack_limit) [[unlikely]] {
    ts.c_stack_limit -= 128 * 1024;  // room to make and handle the exception
    (void)fail(exc::RecursionError, "maximum recursion depth exceeded{}", where);
    ts.c_stack_limit += 128 * 1024;
    failed_ = true;
  } else if (++ts.native_depth > kUncounted && ts.native_depth + stack_depth(ts) > recursion_limit) {
    --ts.native_depth;
    failed_ = true;
    const int saved = ts.native_depth;
    ts.native_depth = 0;
    (void)fail(exc::RecursionError, "maximum recursion depth exceeded{}", where);
    ts.native_depth = saved + 1;
  }
}

RecursionCheck::~RecursionCheck() {
  ThreadState& ts = thread_state();
  if (ts.native_depth > 0) --ts.native_depth;
}

namespace {
thread_local std::vector<Value> repr_stack;
}

ReprGuard::ReprGuard(Value object) : object_(object), entered_(true) {
  for (Value v : repr_stack) {
    if (v == object) entered_ = false;
  }
  if (entered_) repr_stack.push_back(object);
}
ReprGuard::~ReprGuard() {
  if (!entered_) return;
  for (size_t i = repr_stack.size(); i-- > 0;) {
    if (repr_stack[i] == object_) {
      repr_stack.erase(repr_stack.begin() + static_cast<ptrdiff_t>(i));
      return;
    }
  }
}

}  // namespace hiss
