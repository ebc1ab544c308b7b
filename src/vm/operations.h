// The slow paths of instructions: everything that the interpreter loop does not do in line.
#pragma once

#include "object/protocol.h"
#include "vm/call_stack.h"

namespace hiss {

// What the upper half of an attribute cache's first word says; the lower half is a shape's id or a type's version.
inline constexpr uint64_t kCacheSlot = uint64_t{1} << 63;
inline constexpr uint64_t kCacheAdds = uint64_t{1} << 63;
inline constexpr uint64_t kCacheConstant = uint64_t{1} << 62;  // LoadAttr, for machine code: see load_attr_cached
inline constexpr uint64_t kCacheClass = uint64_t{1} << 61;
inline constexpr uint64_t kCacheProperty = uint64_t{1} << 60;
inline constexpr uint64_t kCacheShape = uint64_t{1} << 32;
inline constexpr uint64_t kCacheType = uint64_t{2} << 32;

/// Behind an inline cache, which knows one shape, stand tables for the places that see several; machine code looks into
/// them, too.
struct AttributeCacheEntry {
  uint32_t shape_id;
  uint32_t index;
  Str* name;
  Value constant;  // borrowed from the class, when the attribute is the class's and no descriptor
};
struct MethodCacheEntry {
  uint64_t key;  // as word 0 of LoadMethod's inline cache
  Str* name;
  Value function;  // borrowed: the class that the key names holds it
};
inline constexpr size_t kCacheEntries = 1024;
inline constexpr uint32_t kCacheFactor = 0x9E3779B1;
inline constexpr int kCacheNameShift = 5;
extern AttributeCacheEntry attribute_cache[kCacheEntries];
extern MethodCacheEntry method_cache[kCacheEntries];
inline size_t cache_slot(uint64_t key, const Str* name) {
  return (key * kCacheFactor ^ reinterpret_cast<uintptr_t>(name) >> kCacheNameShift) & (kCacheEntries - 1);
}

/// A global or builtin name; NameError when there is none.
Ref load_global(CallRecord* record, Str* name, Instruction* cache);
Ref load_name(CallRecord* record, Str* name, Instruction* cache);
Status store_name(CallRecord* record, Str* name, Value value);
Status delete_name(CallRecord* record, Str* name);
Status delete_global(CallRecord* record, Str* name);
Failure fail_unbound(Code* code, uint32_t reg);
Failure fail_unbound_cell(Code* code, uint32_t index, bool free);
Ref load_class_cell(CallRecord* record, Str* name, Value cell);
Status setup_annotations(CallRecord* record);

/// Attribute access that fills the inline cache behind the instruction.
Ref load_attr_cached(Value object, Str* name, Instruction* cache);
Status store_attr_cached(Value object, Str* name, Value value, Instruction* cache);
/// r[0] and r[1] of LoadMethod: (function, self) or (callable, empty).
Status load_method(Value object, Str* name, Instruction* cache, Value* out);

BinaryOp operation_of(Op op);
Ref binary_slow(Op op, Value a, Value b, bool inplace, bool a_dying, bool b_dying);
/// A slice of a list whose bounds fit it.
Ref get_list_slice(const List* list, const SliceBounds& bounds);
/// container[start:stop:step]; `bounds` are these three.
Ref get_slice(Value container, const Value* bounds);
/// `dying`: the value is a temporary without a later use.
Status set_slice(Value container, const Value* bounds, Value value, bool dying);
Status unpack(Value source, uint32_t count, Value* out);
Status unpack_star(Value source, uint32_t before, uint32_t after, Value* out);
/// Displays of sets and dicts; the items, or keys and values, are taken once all are in.
Ref build_set(Value* items, uint32_t count);
Ref build_dict(Value* pairs, uint32_t count);
Ref format_value(Value v, uint8_t flags, Value spec);
Ref join_strings(Value* parts, uint32_t count);
Status list_extend_checked(List* list, Value iterable, Value callee);
Status dict_update_checked(Dict* dict, Value mapping);
Status dict_merge(Dict* dict, Value mapping, Value callee);
Ref contains_value(Value item, Value container, bool invert);

Failure raise(Value exception, Value cause, int count);
Ref match_exception(Value exception, Value type);
Status before_with(Value manager, bool async, Value* out);
Ref with_exit(Value exit, Value exception);

Ref import_name(CallRecord* record, Value level, Value fromlist, Str* name);
Ref import_from(Value module, Str* name);
Status import_star(CallRecord* record, Value module);

/// Sends to what a generator or coroutine delegates to: the value yielded, or empty and what was returned.
Ref send_to(Value receiver, Value value, Ref& returned);
/// PEP 479: what leaves a generator in place of StopIteration, which must not; any other exception is as it was. The
/// generator's frame is in the traceback of the cause only.
Ref leave_generator_with(const Code* code, Ref pending);
Ref yield_from_iterator(Value iterable, Code* code);
Ref get_awaitable(Value object, int where);
Ref get_aiter(Value object);
Ref get_anext(Value iterator);

Ref match_keys(Value subject, Value keys);
Ref match_class(Value subject, Value cls, uint32_t positional, Value names);
Status print_expression(Value v);
/// Signals, lock requests, collections that wait; fails when a handler raised.
Status handle_breaker(ThreadState& ts);

/// A hook that the engine's binding sets: binary operations on dying temporaries whose buffers may be reused.
extern thread_local uint8_t dying_operands;  // 1: left, 2: right; valid while a binary slot runs

}  // namespace hiss
