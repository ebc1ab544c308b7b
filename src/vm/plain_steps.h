// Instructions that are a function each, because they are rare or long: the interpreter and machine code call the same.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// Carries out the instruction at `pc` in the frame of `record`. True when done, false when an exception is pending.
using PlainStep = bool (*)(CallRecord* record, const Instruction* pc);
#define PLAIN_STEP(name, function) bool function(CallRecord* record, const Instruction* pc);
#include "vm/plain_steps.def"
#undef PLAIN_STEP
/// The function of an instruction, or null: the instruction is not of this kind.
PlainStep plain_step(Op op);

}  // namespace hiss
