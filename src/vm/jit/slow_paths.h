// Functions that machine code calls for what its templates do not do in line. Each carries out the instruction at `pc`
// on the registers of `record`, as the interpreter would.
#pragma once

#include "vm/plain_steps.h"

namespace hiss::jit {

/// True when done, false when an exception is pending.
using StepHelper = PlainStep;
bool load_global_name(CallRecord* record, const Instruction* pc);
bool load_attribute(CallRecord* record, const Instruction* pc);
bool store_attribute(CallRecord* record, const Instruction* pc);
bool load_method_pair(CallRecord* record, const Instruction* pc);
bool get_item_slow(CallRecord* record, const Instruction* pc);
bool set_item_slow(CallRecord* record, const Instruction* pc);
bool get_slice_of(CallRecord* record, const Instruction* pc);
bool set_slice_of(CallRecord* record, const Instruction* pc);
bool binary_operation(CallRecord* record, const Instruction* pc);
bool binary_constant_operation(CallRecord* record, const Instruction* pc);
bool unary_operation(CallRecord* record, const Instruction* pc);
bool compare_values(CallRecord* record, const Instruction* pc);
bool contains_item(CallRecord* record, const Instruction* pc);
bool negate_truth(CallRecord* record, const Instruction* pc);
bool unpack_values(CallRecord* record, const Instruction* pc);
/// Unpack of up to kMostUnpacked values and the MoveTakes behind it.
inline constexpr uint32_t kMostUnpacked = 32;
bool unpack_into_registers(CallRecord* record, const Instruction* pc);
/// Releases what the targets of an Unpack held, which lies in its temporaries.
bool release_unpacked(CallRecord* record, const Instruction* pc);
bool build_tuple(CallRecord* record, const Instruction* pc);
/// BuildList, BuildSet, BuildDict.
bool build_display(CallRecord* record, const Instruction* pc);
bool append_to_display(CallRecord* record, const Instruction* pc);
bool get_iterator(CallRecord* record, const Instruction* pc);
bool make_function_object(CallRecord* record, const Instruction* pc);
bool format_text(CallRecord* record, const Instruction* pc);

/// 0: false, 1: true, 2: an exception is pending.
using TestHelper = uint32_t (*)(CallRecord* record, const Instruction* pc);
uint32_t test_comparison(CallRecord* record, const Instruction* pc);
uint32_t test_constant_comparison(CallRecord* record, const Instruction* pc);
uint32_t test_truth(CallRecord* record, const Instruction* pc);

/// Where machine code goes on in the frame that is then the innermost; or one of the Outcomes.
using ControlHelper = uint64_t (*)(CallRecord* record, const Instruction* pc, ThreadState* ts);
enum Outcome : uint64_t { kDone = 0, kItem = 1, kExhausted = 2 };
uint64_t call_value(CallRecord* record, const Instruction* pc, ThreadState* ts);
bool make_generator_object(CallRecord* record, const Instruction* pc);
/// The frame of a comprehension is entered. `back`: the code behind the call.
uint64_t call_comprehension(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back);
/// Of a class that makes plain instances; kDone: nothing was done, since its __init__ is not in Python or needs
/// binding. `back`: the code behind the call.
uint64_t enter_class(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back, Function* init);
/// See enter_operator(); kDone: nothing was done. `back`: the code behind the instruction, which finds the result in A,
/// and the operands as they were or dropped.
uint64_t enter_operator_method(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back);
/// LoadAttr of an object whose class has this property: the getter's frame; kDone: nothing was done. `back`: the code
/// behind the instruction, as above.
uint64_t enter_getter(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back,
                      const Property* property);
/// A call that collects (vm/collecting.h) the generator in its only argument. `what`: a Collecting.
uint64_t enter_collecting_call(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t what);
/// Yield in such a call; kDone: the frame goes on behind it.
uint64_t collect_value(CallRecord* record, const Instruction* pc, ThreadState* ts);
uint64_t return_value(CallRecord* record, const Instruction* pc, ThreadState* ts);
uint64_t yield_value(CallRecord* record, const Instruction* pc, ThreadState* ts);
/// ForIter and the Unpack of two behind it, for iterators that give pairs; kDone: it is none, nothing was done. The
/// second when MoveTakes follow: they are carried out, too.
uint64_t next_two_items(CallRecord* record, const Instruction* pc, ThreadState* ts);
uint64_t next_two_items_moved(CallRecord* record, const Instruction* pc, ThreadState* ts);
uint64_t next_item(CallRecord* record, const Instruction* pc, ThreadState* ts);
uint64_t send_value(CallRecord* record, const Instruction* pc, ThreadState* ts);
/// ForIter or Send whose generator is suspended in a delegation. `past`: the code behind the instruction.
uint64_t resume_delegating(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t past);

/// Ways back to the interpreter, as addresses that machine code can jump to; they read the record's pc. `returned`
/// leads back to native code with ThreadState::returned.
struct Stubs {
  uint64_t step, stay, error, returned;
  /// Subroutines that look into the tables behind the inline caches: rdi holds the object, rdx the name's word; rax =
  /// what was found, borrowed, or 0. For an attribute the object must be an instance, and rcx holds its shape. They
  /// leave rdi and rsi alone.
  uint64_t find_attribute, find_method;
};
extern Stubs stubs;

}  // namespace hiss::jit
