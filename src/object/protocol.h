// Operations on any value, as the language defines them: attributes, calls, iteration, comparison, arithmetic, text.
#pragma once

#include <string>

#include "object/containers.h"
#include "object/int.h"
#include "object/native.h"
#include "object/type.h"

namespace hiss {

// Attributes
Ref get_attr(Value object, Str* name);  // AttributeError with CPython's text
Ref get_attr(Value object, const char* name);
Ref get_attr_or_empty(Value object, Str* name);         // empty instead of AttributeError
Status set_attr(Value object, Str* name, Value value);  // empty value: delete
Result<bool> has_attr(Value object, Str* name);
Ref generic_get_attr(Value object, Str* name);  // object.__getattribute__
Ref generic_get_attr_or_empty(Value object, Str* name);
Status generic_set_attr(Value object, Str* name, Value value);
/// Looks up a special method on the type and binds it; empty when absent.
Ref lookup_special(Value object, Str* name);
/// type(object).name(object, args...); empty Ref when the type has no such method.
Ref call_special(Value object, Str* name, std::initializer_list<Value> args = {});

// Calls
Ref call(Value callable, const Args& args);
Ref call(Value callable, std::initializer_list<Value> args = {});
Ref call_method(Value object, Str* name, std::initializer_list<Value> args = {});
Ref call_method(Value object, const char* name, std::initializer_list<Value> args = {});
/// callable(*args, **kwargs); either may be empty.
Ref call_with(Value callable, Tuple* args, Dict* kwargs);
bool is_callable(Value v);
/// A module by its full name, imported when needed.
Ref import_module(const char* name);
/// The builtins module itself, borrowed.
Value get_builtin_module();
/// The dict of the builtins module.
Dict* builtins_dict();
/// A name of the builtins module.
Ref get_builtin(const char* name);

// Iteration
Ref get_iter(Value iterable);  // TypeError "'int' object is not iterable"
Ref next(Value iterator);      // empty at the end (no exception pending)
Result<int64_t> length_hint(Value v, int64_t default_value);
/// Runs `body` (a Status from Value) for each item.
template <typename Body>
Status for_each(Value iterable, Body&& body) {
  Ref iterator = TRY(get_iter(iterable));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return kOk;
    TRY(body(item.value()));
  }
}

// Containers
Result<int64_t> length(Value v);
Ref get_item(Value container, Value key);
Status set_item(Value container, Value key, Value value);  // empty value: delete
Result<bool> contains(Value container, Value item);

/// `item in container` by walking an iterator; compares by identity first.
Result<bool> contains_by_iteration(Value container, Value item);
/// The iterator of objects that have __getitem__ only.
Ref make_sequence_iterator(Value sequence);

// Comparison, truth, hash
Ref compare(Value a, Value b, CompareOp op);
Result<bool> compare_bool(Value a, Value b, CompareOp op);  // identity first for Eq and Ne
Result<bool> equal(Value a, Value b);                       // identity first
Result<bool> truth(Value v);
Result<int64_t> hash(Value v);  // never -1

// Arithmetic
Ref binary(BinaryOp op, Value a, Value b);
Ref inplace(BinaryOp op, Value a, Value b);
/// TypeError: no operand knows what to do with the other.
Failure unsupported_operands(BinaryOp op, bool inplace_form, Value a, Value b);
Ref power(Value base, Value exponent, Value modulus = Value::none());
Ref inplace_power(Value base, Value exponent);
Ref negative(Value v);
Ref positive(Value v);
Ref invert(Value v);
Ref absolute(Value v);
Ref index(Value v);        // int from __index__, TypeError "'str' object cannot be interpreted as an integer"
Ref make_float(double d);  // NaN becomes a heap object
inline bool is_float(Value v) { return v.is_number() || is_instance_of(v, float_type); }
double float_value(Value v);  // `v` is a float: immediate, NaN object or subclass instance
struct Float : Object {       // NaN, and instances of subclasses of float
  static constexpr Layout kLayout = Layout::Float;
  double number;
};

// Text
Ref repr(Value v);   // str
Ref str(Value v);    // str
Ref ascii(Value v);  // str
Ref format(Value v, Value spec);
std::string repr_text(Value v);  // for messages: never fails ("<unprintable ...>")

// Classes
Result<bool> is_instance(Value object, Value class_or_tuple);
Result<bool> is_subclass(Value cls, Value class_or_tuple);
/// isinstance and issubclass without __instancecheck__ / __subclasscheck__ (type's own).
Result<bool> is_instance_default(Value object, Value cls);
Result<bool> is_subclass_default(Value derived, Value cls);
/// A read-only view of a mapping (types.MappingProxyType).
Ref make_mapping_proxy(Value mapping);
/// types.GenericAlias(origin, args).
Ref make_generic_alias(Value origin, Value args);
/// X | Y of types; NotImplemented when an operand is no type.
Ref make_union(Value left, Value right);
/// Bytes of the variable part of a bytes object (bytes.h).
size_t bytes_variable_size(const Object* bytes);
Ref super_lookup(Value start_type, Value object, Str* name);

/// Detects repr of a container inside itself: enter() is false when `object` is being printed already.
class ReprGuard {
 public:
  explicit ReprGuard(Value object);
  ~ReprGuard();
  bool entered() const { return entered_; }

 private:
  Value object_;
  bool entered_;
};

/// RecursionError when the C++ stack or Python's recursion limit is used up: `TRY(RecursionCheck(" in
/// comparison").status());`
class RecursionCheck {
 public:
  explicit RecursionCheck(const char* where = "");
  ~RecursionCheck();
  Status status() const { return failed_ ? Status(Failure{}) : kOk; }

 private:
  bool failed_;
};

/// warnings.warn(message, category, stacklevel) from native code; fails when the filter turns it into an exception.
Status warn(Type& category, std::string_view message, int stack_level = 1);
/// At a place in a source file (SyntaxWarning of the compiler).
Status warn_explicit(Type& category, std::string_view message, std::string_view file_name, int64_t line);

/// Allocates a native-layout iterator-like object; registers with the collector.
void track(Object* object);
void untrack(Object* object);
/// Releases a field of an object being cleared: reads it, empties it, then releases.
inline void clear_field(Value& field) {
  Value old = field;
  field = Value();
  release(old);
}

}  // namespace hiss
