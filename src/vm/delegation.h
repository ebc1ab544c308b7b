// Generators that wait in `yield from` or `await` for another one: a value goes through a whole chain of them at once,
// both ways, without an instruction run in those between.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// Resumes a suspended generator for the frame's ForIter or Send instruction, and all those to which it delegates: their
/// records are pushed, each at its Send, and the innermost goes on with `sent`. `return_to`: machine code behind the
/// instruction. Gives false with an exception pending in the innermost frame entered.
bool enter_delegating(ThreadState& ts, Generator* g, RecordKind kind, uint32_t dst, const void* return_to, Value sent);

/// The innermost frame yields an owned value at `pc`. Frames that only hand it on are suspended with it. True: it lies
/// in the register of the frame that is now the innermost. False: the frame was an Entry, and the value is still the
/// caller's.
bool yield_through(ThreadState& ts, const Instruction* pc, Value value);

}  // namespace hiss
