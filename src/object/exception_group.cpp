// ExceptionGroup and BaseExceptionGroup (PEP 654).
#include "object/exception_group.h"

#include <unordered_set>
#include <vector>

#include "object/exception.h"
#include "object/function.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Exception* self_exception(Value v) { return as<Exception>(v); }
Tuple* members(Value group) { return as<Tuple>(self_exception(group)->fields[1]); }
bool is_group(Value v) { return is_instance_of(v, exc::BaseExceptionGroup); }

Ref group_new(Type* cls, const Args& args) {
  if (args.keyword_count() || args.count != 2)
    return fail(exc::TypeError, "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)", args.count);
  if (!is<Str>(args[0]))
    return fail(exc::TypeError, "BaseExceptionGroup.__new__() argument 1 must be str, not {}", type_name(args[0]));
  if (!type_of(args[1])->slots.getitem || is<Dict>(args[1]))
    return fail(exc::TypeError, "second argument (exceptions) must be a sequence");
  Ref list = TRY(to_tuple(args[1]));
  auto* exceptions = as<Tuple>(list);
  if (exceptions->size == 0) return fail(exc::ValueError, "second argument (exceptions) must be a non-empty sequence");
  bool base_only = false;
  for (int64_t i = 0; i < exceptions->size; ++i) {
    if (!is<Exception>(exceptions->items[i]))
      return fail(exc::ValueError, "Item {} of second argument (exceptions) is not an exception", i);
    base_only |= !is_instance_of(exceptions->items[i], exc::Exception);
  }
  if (cls == &exc::ExceptionGroup && base_only)
    return fail(exc::TypeError, "Cannot nest BaseExceptions in an ExceptionGroup");
  if (cls == &exc::BaseExceptionGroup && !base_only) cls = &exc::ExceptionGroup;
  if (base_only && cls != &exc::BaseExceptionGroup && is_subtype(cls, &exc::Exception)) {
    return fail(exc::TypeError, "Cannot nest BaseExceptions in '{}'", type_name(cls));
  }
  Ref group = TRY(exc::BaseException.slots.new_(cls, args));
  self_exception(group)->fields[0] = Ref::share(args[0]).release();
  self_exception(group)->fields[1] = list.release();
  return group;
}

Ref group_str(Value self) {
  const int64_t count = members(self)->size;
  return make_str(
      fmt::format("{} ({} sub-exception{})", to_string(self_exception(self)->fields[0]), count, count == 1 ? "" : "s"));
}

// The same kind of group with other members: derive(), then the metadata of the original.
Ref derive_with(Value self, const std::vector<Ref>& kept) {
  if (kept.empty()) return Ref::none();
  std::vector<Value> items(kept.begin(), kept.end());
  Ref list = make_list(static_cast<int64_t>(items.size()));
  for (Value v : items) list_append(as<List>(list), v);
  Ref derived = TRY(call_method(self, "derive", {list}));
  if (!is<Exception>(derived) || !is_group(derived))
    return fail(exc::TypeError, "derive must return an instance of BaseExceptionGroup");
  auto* from = self_exception(self);
  auto* to = self_exception(derived);
  auto copy = [](Value& slot, Value v) {
    Value old = slot;
    retain(v);
    slot = v;
    release(old);
  };
  copy(to->traceback, from->traceback);
  copy(to->context, from->context);
  copy(to->cause, from->cause);
  to->suppress_context = from->suppress_context;
  Str* notes_name = intern("__notes__");
  Ref notes = TRY(get_attr_or_empty(self, notes_name));
  if (is<List>(notes)) TRY(set_attr(derived, notes_name, list_slice(as<List>(notes), 0, as<List>(notes)->size)));
  return derived;
}

// A class, a tuple of classes, or a predicate.
Result<bool> fits(Value exception, Value condition) {
  if (is<Type>(condition) || is<Tuple>(condition)) return exception_matches(exception, condition);
  Ref answer = TRY(call(condition, {exception}));
  return truth(answer);
}

struct Split {
  Ref match = Ref::none(), rest = Ref::none();
};

// Parts a tree of groups by a test of each node (Result<bool>(Value)): a group that passes goes as a whole. Groups of
// the rest are only made when they are wanted, for derive() is the user's.
template <typename Test>
Result<Split> split(Value exception, bool want_rest, const Test& test) {
  RecursionCheck recursion(" in exceptiongroup_split_recursive");
  TRY(recursion.status());
  Split out;
  if (TRY(test(exception))) {
    out.match = Ref::share(exception);
    return out;
  }
  if (!is_group(exception)) {
    if (want_rest) out.rest = Ref::share(exception);
    return out;
  }
  std::vector<Ref> matching, others;
  for (Value member : *members(exception)) {
    Split part = TRY(split(member, want_rest, test));
    if (!part.match.is_none()) matching.push_back(std::move(part.match));
    if (!part.rest.is_none()) others.push_back(std::move(part.rest));
  }
  out.match = TRY(derive_with(exception, matching));
  if (want_rest) out.rest = TRY(derive_with(exception, others));
  return out;
}

Result<Split> split_by(Value exception, Value condition, bool want_rest) {
  return split(exception, want_rest, [&](Value e) { return fits(e, condition); });
}

Status check_condition(Value condition) {
  auto valid = [](Value t) { return is<Type>(t) && is_subtype(as<Type>(t), &exc::BaseException); };
  bool ok = valid(condition) || is<Function>(condition);
  if (is<Tuple>(condition)) {
    ok = true;
    for (Value t : *as<Tuple>(condition)) ok = ok && valid(t);
  }
  if (!ok) return fail(exc::TypeError, "expected a function, exception type or tuple of exception types");
  return kOk;
}

Ref group_split(Value self, const Value* args) {
  TRY(check_condition(args[0]));
  Split out = TRY(split_by(self, args[0], true));
  return make_tuple({out.match, out.rest});
}
Ref group_subgroup(Value self, const Value* args) {
  TRY(check_condition(args[0]));
  Split out = TRY(split_by(self, args[0], false));
  return out.match;
}
Ref group_derive(Value self, const Value* args) {
  return call(to_value(&exc::BaseExceptionGroup), {self_exception(self)->fields[0], args[0]});
}

const NativeDef kMethods[] = {{"derive", "($self, excs, /)", group_derive, nullptr},
                              {"split", "($self, condition, /)", group_split, nullptr},
                              {"subgroup", "($self, condition, /)", group_subgroup, nullptr},
                              {"__class_getitem__", "($type, item, /)",
                               [](Value self, const Value* args) { return make_generic_alias(self, args[0]); },
                               "See PEP 585", NativeDef::ClassMethod},
                              {}};

}  // namespace

void define_exception_groups() {
  exc::BaseExceptionGroup.slots.new_ = group_new;
  exc::BaseExceptionGroup.slots.str = group_str;
  exc::BaseExceptionGroup.methods = kMethods;
}

Ref match_exception_group(Value exception, Value type) {
  auto each = [&](auto test) {
    if (!is<Tuple>(type)) return test(type);
    for (Value t : *as<Tuple>(type)) {
      if (test(t)) return true;
    }
    return false;
  };
  if (each([](Value t) { return !is<Type>(t) || !is_subtype(as<Type>(t), &exc::BaseException); }))
    return fail(exc::TypeError, "catching classes that do not inherit from BaseException is not allowed");
  if (each([](Value t) { return is_subtype(as<Type>(t), &exc::BaseExceptionGroup); }))
    return fail(exc::TypeError, "catching ExceptionGroup with except* is not allowed. Use except instead.");
  if (exception.is_none()) return make_tuple({Value::none(), Value::none()});
  if (TRY(exception_matches(exception, type))) {
    if (is_group(exception)) return make_tuple({exception, Value::none()});
    Ref alone = make_tuple({exception});
    Ref wrapped = TRY(call(to_value(&exc::BaseExceptionGroup), {empty_str(), alone}));
    return make_tuple({wrapped, Value::none()});
  }
  if (!is_group(exception)) return make_tuple({Value::none(), exception});
  Ref pair = TRY(call_method(exception, "split", {type}));
  if (!is<Tuple>(pair) || as<Tuple>(pair)->size < 2)
    return fail(exc::TypeError, "{}.split must return a 2-tuple", type_name(exception));
  return pair;
}

namespace {

// An exception whose metadata is that of the caught group was not raised anew: it is a part of that group.
bool is_part_of(Value exception, Value original) {
  if (!is_group(exception)) return false;
  auto* a = self_exception(exception);
  auto* b = self_exception(original);
  return a->traceback == b->traceback && a->cause == b->cause && a->context == b->context;
}

void collect_leaves(Value exception, std::unordered_set<uint64_t>& leaves) {
  if (!is_group(exception)) {
    leaves.insert(exception.bits());
    return;
  }
  for (Value member : *members(exception)) collect_leaves(member, leaves);
}

}  // namespace

Ref prepare_reraise_group(Value original, List* results) {
  std::vector<Value> raised;
  std::unordered_set<uint64_t> kept;
  for (Value v : *results) {
    if (v.is_none()) continue;
    if (!is_group(original)) return Ref::share(v);  // a bare exception fits one clause at most
    if (is_part_of(v, original)) {
      collect_leaves(v, kept);
    } else {
      raised.push_back(v);
    }
  }
  Ref remaining = Ref::none();
  if (!kept.empty()) {
    Split parts = TRY(split(original, false, [&](Value e) -> Result<bool> { return kept.count(e.bits()) != 0; }));
    remaining = parts.match;
  }
  if (raised.empty()) return remaining;
  if (!remaining.is_none()) raised.push_back(remaining);
  Ref list = make_list(static_cast<int64_t>(raised.size()));
  for (Value v : raised) list_append(as<List>(list), v);
  return call(to_value(&exc::BaseExceptionGroup), {empty_str(), list});
}

}  // namespace hiss
