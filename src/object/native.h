// Native functions and methods, declared once with the signature that inspect shows.
//
//   static Ref list_pop(Value self, const Value* args) { ... args[0] is empty when index was not given ... }
//   static const NativeDef kListMethods[] = {{"pop", "($self, index=-1, /)", list_pop, "Remove and return item at
//   index."}, {}};
//
// The signature text is parsed once, at the first call. Parameters arrive in `args` in the order of the signature, one
// Value each (empty when an optional one is absent); `*args` arrives as a tuple, `**kwargs` as a dict. All are
// borrowed.
#pragma once

#include "object/type.h"

namespace hiss {

using NativeCode = Ref (*)(Value self, const Value* args);

struct NativeDef {
  const char* name = nullptr;
  const char* signature =
      nullptr;  // "($self, x, /, *, key=None)"; "($module, ...)" for module functions; "($type, ...)" class methods
  NativeCode code = nullptr;
  const char* doc = nullptr;
  /// OldStyle: a plain method whose count of arguments is complained about in the words of PyArg_ParseTuple.
  enum Kind : uint8_t { Plain, ClassMethod, StaticMethod, OldStyle } kind = Plain;
};

struct ParameterSpec;  // the parsed signature (native.cpp)

/// A built-in function or a bound built-in method.
struct NativeFunction : Object {
  static constexpr Layout kLayout = Layout::NativeFunction;
  const NativeDef* def;
  ParameterSpec* spec;
  Value self;    // the bound instance, the module, or empty
  Value module;  // name of the module (Str) or empty
  Type* owner;   // the class a method belongs to, for error messages; null for functions
};

/// An unbound native method, slot wrapper, member or getset: lives in a type's dict.
struct Descriptor : Object {
  static constexpr Layout kLayout = Layout::Descriptor;
  Type* owner;
  Value name;            // Str
  const NativeDef* def;  // method_descriptor, classmethod_descriptor
  ParameterSpec* spec;
  const GetSetDef* getset;            // getset_descriptor
  const struct SlotWrapper* wrapper;  // wrapper_descriptor
  uint32_t offset;                    // member_descriptor: a __slots__ member
};

Ref make_native_function(const NativeDef* def, Value self = Value(), Value module_name = Value());
/// For functions that are made again and again: makes the `spec` that they share.
ParameterSpec* parse_native_signature(const NativeDef* def);
/// Calls native code with Python arguments: binds them to the signature (TypeError in CPython's words) and runs it.
Ref call_native(const NativeDef* def, ParameterSpec*& spec, Type* owner, Value self, const Args& args);

/// Reads a call's arguments by a signature, for slots (init, new_, call) that get raw Args: `out` has one Value per
/// parameter. Tuples and dicts made for *args and **kwargs are kept alive by `holder`.
class Arguments {
 public:
  explicit Arguments(const char* function_name, const char* signature) : name_(function_name), signature_(signature) {}
  Status bind(const Args& args);
  Value operator[](int i) const { return values_[i]; }

  static constexpr int kMax = 24;

 private:
  const char* name_;
  const char* signature_;
  Value values_[kMax] = {};
  Ref varargs_;
  Ref kwargs_;
};

/// A native module: its functions and a function that adds the rest (types, constants). Registered in
/// modules/modules.def.
struct ModuleDef {
  const char* name;
  const char* doc;
  const NativeDef* functions;
  Status (*initialize)(Value module);
};
Ref make_native_module(const ModuleDef& def);

// Conversions of arguments, with CPython's messages.
Result<int64_t> to_index(
    Value v);  // __index__, OverflowError→IndexError "cannot fit 'int' into an index-sized integer"
Result<int64_t> to_int64(Value v);  // int argument: OverflowError "Python int too large to convert to C long"
Result<double> to_double(Value v);  // "must be real number, not str"
Result<bool> to_bool(Value v);      // truth
Result<std::string_view> to_utf8(
    Value v);  // str: TypeError otherwise; ASCII views the object, others a cached encoding

}  // namespace hiss
