// Operators whose method is a Python function: its frame is entered as a call's is, without native frames between.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// For the arithmetic instruction at `pc`: enters the frame of the method that decides it, and is true, when the
/// operands are such that no other method comes before it. The kind of its record is Operator.
bool enter_operator(ThreadState& ts, CallRecord* record, const Instruction* pc);

/// What the method returned goes to the instruction's target; NotImplemented raises TypeError.
Status finish_operator(CallRecord* caller, Value returned);

}  // namespace hiss
