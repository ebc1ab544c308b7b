// Functions of Python code, bound methods, and the descriptors of native types.
#pragma once

#include "compile/code.h"
#include "object/containers.h"
#include "object/native.h"

namespace hiss {

struct Function : Object {
  static constexpr Layout kLayout = Layout::Function;
  Attributes attributes;  // first, so that layout is shared with the offset computation
  Code* code;             // owned
  Dict* globals;          // owned
  Value builtins;         // owned: dict
  Value name, qualname;   // Str
  Value defaults;         // Tuple or empty
  Value kwdefaults;       // Dict or empty
  Value closure;          // Tuple of cells or empty
  Value doc, annotations, module;
};
Ref make_function(Code* code, Dict* globals, Value qualname = Value());

struct Method : Object {
  static constexpr Layout kLayout = Layout::Method;
  Value function;
  Value self;
};
Ref make_method(Value function, Value self);

Ref make_method_descriptor(Type* owner, const NativeDef* def);
Ref make_getset_descriptor(Type* owner, const GetSetDef* def);
Ref make_member_descriptor(Type* owner, Str* name, uint32_t offset);
Ref make_wrapper_descriptor(Type* owner, const struct SlotWrapper* wrapper);
/// `T.__new__` of a native type.
Ref make_new_function(Type* type);

struct Property : Object {
  static constexpr Layout kLayout = Layout::Property;
  Attributes attributes;
  Value getter, setter, deleter, doc, name;
  bool doc_from_getter;
};
struct WrappedCallable : Object {  // staticmethod, classmethod
  Attributes attributes;
  Value callable;
};
Ref make_static_method(Value callable);
Ref make_class_method(Value callable);

struct Module : Object {
  static constexpr Layout kLayout = Layout::Module;
  Attributes attributes;  // always in dictionary mode
  const ModuleDef* def;
};
Ref make_module(std::string_view name);
Dict* module_dict(Value module);

/// For a call of super().name: the Python function behind the start class (borrowed) and the instance it is called
/// with; empty when the general way is needed.
Value super_method(Value super, Str* name, Value& object);

}  // namespace hiss
