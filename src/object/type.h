// Types: what a class is, its slots, and how native types are made.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "object/error.h"
#include "object/value.h"

namespace hiss {

struct Str;
struct Tuple;
struct Dict;
struct Shape;
struct Type;

/// Arguments of a call: `count` positional values, then one value for each of `names` (keyword names, may be null).
/// Borrowed.
struct Args {
  const Value* values = nullptr;
  uint32_t count = 0;
  Tuple* names = nullptr;

  uint32_t keyword_count() const;
  Value operator[](uint32_t i) const { return values[i]; }
  Str* keyword_name(uint32_t i) const;
  Value keyword_value(uint32_t i) const { return values[count + i]; }
};

enum class CompareOp : uint8_t { Lt, Le, Eq, Ne, Gt, Ge };

/// Calls back for each object that an object refers to; the collector and gc.get_referents use it.
struct Visitor {
  void (*visit)(Visitor&, Object*);
  void operator()(Value v) {
    if (v.is_object()) visit(*this, v.object());
  }
  void operator()(Object* o) {
    if (o) visit(*this, o);
  }
};

using UnarySlot = Ref (*)(Value self);  // next: empty (without exception) when exhausted
using BinarySlot = Ref (*)(Value left, Value right);
using TernarySlot = Ref (*)(Value base, Value exponent, Value modulus);
using RepeatSlot = Ref (*)(Value self, int64_t count);
using HashSlot = Result<int64_t> (*)(Value self);
using LengthSlot = Result<int64_t> (*)(Value self);
using TruthSlot = Result<bool> (*)(Value self);
using ContainsSlot = Result<bool> (*)(Value self, Value item);
using CompareSlot = Ref (*)(Value self, Value other, CompareOp op);
using CallSlot = Ref (*)(Value self, const Args& args);
using NewSlot = Ref (*)(Type* cls, const Args& args);
using InitSlot = Status (*)(Value self, const Args& args);
using GetAttrSlot = Ref (*)(Value self, Str* name);
using SetAttrSlot = Status (*)(Value self, Str* name, Value value);              // empty value: delete
using SetItemSlot = Status (*)(Value self, Value key, Value value);              // empty value: delete
using DescrGetSlot = Ref (*)(Value descriptor, Value instance, Value owner);     // empty instance: through the class
using DescrSetSlot = Status (*)(Value descriptor, Value instance, Value value);  // empty value: delete
using SendSlot = Ref (*)(Value self, Value value, Ref* result);  // empty: it has ended, `*result` is its value
using FinalizeSlot = void (*)(Value self);
using DeallocSlot = void (*)(Object* self);  // releases what the object owns; memory is freed by free_object
using TraverseSlot = void (*)(Object* self, Visitor& visit);
using ClearSlot = void (*)(Object* self);
struct Buffer;
using BufferSlot = Result<Buffer> (*)(Value self, bool writable);  // the bytes an object exports (object/buffer.h)

struct Slots {
#define SLOT(field, signature, dunder) signature field = nullptr;
#include "object/slots.def"
#undef SLOT
};

/// The C++ value of an attribute computed by native code.
struct GetSetDef {
  const char* name;
  Ref (*get)(Value self);
  Status (*set)(Value self, Value value);  // null: read-only; empty value: delete
  const char* doc = nullptr;
  bool member = false;  // shows as a member_descriptor: CPython has a field of the C struct there
};

struct NativeDef;  // native.h

struct Type : Object {
  static constexpr Layout kLayout = Layout::Type;
  enum Flags : uint32_t {
    kHeap = 1,          // made by a class statement or type(): attributes can be set, instances count a reference to it
    kBaseType = 2,      // may be subclassed
    kHasGc = 4,         // instances are seen by the cycle collector
    kVariableSize = 8,  // instances carry items behind the struct
    kAbstract = 16,     // has abstract methods
    kReady = 32,
    kMethodDescriptor = 64,  // a[n instance].f is called without making a bound method (functions and native methods)
    kNoInstances = 128,      // cannot be called to make instances
    kWeakReferable = 256,
    kSequence = 512,  // matches sequence patterns
    kMapping = 1024,  // matches mapping patterns
    kDisallowInstantiation = kNoInstances,
    kHasFinalizer = 2048,    // some class in the mro defines __del__
    kMatchSelf = 4096,       // a class pattern's single positional argument is the subject itself (int, str, ...)
    kImmutable = 8192,       // heap-like native types whose attributes cannot be set
    kPureGetAttr = 1 << 14,  // slots.getattr is object's own (inline caches may bypass it)
    kPureSetAttr = 1 << 15,
    kPureNew = 1 << 16,      // slots.new_ is object's own
    kOwnsNothing = 1 << 17,  // of a native type: an instance is nothing but its memory
    kEndsPlainly = 1 << 18,  // of a native type: no finalizer is to run before dealloc
  };

  const char* native_name = nullptr;  // "int", "collections.deque": of a native type; null for classes of Python code
  uint32_t type_flags = 0;
  uint32_t version = 0;  // 0: none assigned; changes whenever an attribute lookup on the type could change
  uint32_t basic_size = sizeof(Object);
  int32_t attributes_offset = 0;  // where Attributes lie in an instance; 0: none; -1: behind the variable part
  Layout instance_layout = Layout::Plain;
  uint16_t inline_capacity = 0;              // attribute values kept inside new instances (Layout::Instance)
  uint32_t instance_bytes = 0;               // of an instance without a variable part, in all; 0: not computed yet
  uint32_t slot_count = 0;                   // __slots__ members
  uint32_t slots_offset = 0;                 // where this class's own __slots__ values begin
  Type* base = nullptr;                      // the base whose layout it extends
  Value name;                                // Str
  Value qualname;                            // Str
  Value bases;                               // Tuple
  Value mro;                                 // Tuple
  Value dict;                                // Dict
  Shape* root_shape = nullptr;               // of instances without attributes
  Shape* dict_shape = nullptr;               // of instances whose attributes live in a dict
  std::vector<Type*>* subclasses = nullptr;  // direct ones, not owned
  DeallocSlot dealloc = nullptr;
  TraverseSlot traverse = nullptr;
  ClearSlot clear = nullptr;
  BufferSlot buffer = nullptr;
  SendSlot send = nullptr;  // native iterators: spares `await` an exception that carries the value
  Slots slots;
  const NativeDef* methods = nullptr;  // native types only; added to dict by ready_type
  const GetSetDef* getsets = nullptr;
  const char* doc = nullptr;
  Value module_key;  // heap types: cached __module__ is in dict; unused for native ones

  bool has(uint32_t flag) const { return (type_flags & flag) != 0; }
  bool is_heap() const { return has(kHeap); }
};

/// Attribute storage of an instance: a shape that maps names to indices, and the values.
struct Attributes {
  Shape* shape;
  Value* values;
};

struct Instance : Object {
  static constexpr Layout kLayout = Layout::Instance;
  Attributes attributes;
};

inline Type* type_of_object(const Object* o) { return o->type; }
Type* type_of_immediate(Value v);
/// The type of any value, immediates included.
inline Type* type_of(Value v) { return v.is_object() ? v.object()->type : type_of_immediate(v); }
/// "int", "module.Class"-less name, for error messages.
std::string_view type_name(Value v);
std::string_view type_name(const Type* type);

bool is_subtype(const Type* type, const Type* base);
inline bool is_instance_of(Value v, const Type& type) {
  const Type* t = type_of(v);
  return t == &type || is_subtype(t, &type);
}
inline bool is_exact(Value v, const Type& type) { return v.is_object() && v.object()->type == &type; }

template <typename T>
bool is(Value v) {
  return v.is_object() && v.object()->layout == T::kLayout;
}
template <typename T>
T* as(Value v) {
  return static_cast<T*>(v.object());
}
/// The object when `v` is of layout T, else null.
template <typename T>
T* try_as(Value v) {
  return is<T>(v) ? static_cast<T*>(v.object()) : nullptr;
}
inline Value to_value(const Object* o) { return Value::object(o); }

#define TYPE(variable, init) extern Type variable;
#include "object/types.def"
#undef TYPE

/// Finishes a native type: fills mro, inherits slots, puts methods, getsets and slot wrappers into its dict.
void ready_type(Type& type);
/// Prepares the fields of a static native type. `base` defaults to object.
struct TypeSpec {
  const char* name;  // "collections.deque": module and name; without a dot: builtins
  uint32_t size = sizeof(Object);
  Layout layout = Layout::Plain;
  uint32_t flags = 0;
  Type* base = nullptr;
  const char* doc = nullptr;
};
void define_type(Type& type, const TypeSpec& spec);

/// type(name, bases, dict): a class of Python code. TypeError for layout conflicts, MRO errors with CPython's text.
Ref make_class(Type* metatype, Str* name, Tuple* bases, Dict* dict, const Args& keywords);
/// Looks `name` up along the mro, without descriptors; borrowed, empty when absent. Cached by version.
Value lookup(Type* type, Str* name);
/// Attributes of the type changed: caches of it and its subclasses are void.
void type_modified(Type* type);
uint32_t type_version(Type* type);  // assigns one when it has none; 0 when it cannot be cached
/// After `name` changed in a class: points the slots at the right functions, in subclasses too.
void update_slot(Type* type, Str* name);

/// Allocates an instance of `type` with zeroed fields behind the header and one reference. `extra` bytes of variable
/// part.
Object* allocate(Type* type, size_t extra = 0);
template <typename T>
T* allocate_as(Type& type, size_t extra = 0) {
  return static_cast<T*>(allocate(&type, extra));
}
/// Frees the memory of an object whose contents are gone (dealloc slots end with it).
void free_object(Object* object, size_t extra = 0);
/// Attribute storage of the instance, or null.
Attributes* attributes_of(Object* object);

}  // namespace hiss
