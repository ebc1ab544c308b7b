// Operators whose method, and properties whose getter, is a Python function: its frame is entered as a call's is,
// without native frames between.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// The method that decides an arithmetic instruction before any other, as far as the operands' classes tell; it may be
/// no Python function. Empty: more has to be asked.
struct OperatorMethod {
  Value method;    // borrowed from the class
  bool reflected;  // of the right operand
};
OperatorMethod find_operator_method(const Instruction* pc, Value left, Value right);

/// For the arithmetic instruction at `pc`: enters the frame of the method that decides it, and is true, when the
/// operands are such that no other method comes before it. The kind of its record is Operator.
bool enter_operator(ThreadState& ts, CallRecord* record, const Instruction* pc);

/// The same for the LoadAttr at `pc` and the getter of a property.
bool enter_getter_frame(ThreadState& ts, CallRecord* record, const Instruction* pc, Value getter);

/// What the method returned goes to the instruction's target, and the caller goes on behind it. What an operator's
/// method must not return is NotImplemented: TypeError. `cache_words`: as in the record of the method.
Status finish_operator(CallRecord* caller, Value returned, uint16_t cache_words);

}  // namespace hiss
