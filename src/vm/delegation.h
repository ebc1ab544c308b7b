// Generators that wait in `yield from` or `await` for another one. A value goes through the whole chain at once, both
// ways, and no instruction is run in those between; what it costs does not depend on the length of the chain.
//
// When the innermost generator of a chain yields to the frame that iterates over the first, the records of the chain
// stay where they are, above the innermost record in use, and all generators but the innermost are Parked: their
// records need not be dropped and made again, nor their states set. The chain is resumed by making its records the ones
// in use. They are intact if the lowest is, since a record is only ever made on top of those below it; and the lowest
// is if it still has its generator, since whoever makes a record sets that. Whoever asks for the state of a Parked
// generator gives all of its chain their own states; then the chain is entered record by record, and parked at the next
// yield. Parked generators have no frame object.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// Enters a new or suspended generator for the frame's ForIter or Send instruction, and all those to which it
/// delegates: their records are pushed, each at its Send, and the innermost goes on with `sent`. `return_to`: machine
/// code behind the instruction, or null. Gives false with an exception pending in the innermost frame entered.
bool enter_delegating(ThreadState& ts, Generator* g, RecordKind kind, uint32_t dst, const void* return_to, Value sent);

/// The same for the first of a parked chain. False: nothing was done, since it is none or its records were used.
bool resume_chain(ThreadState& ts, Generator* g, RecordKind kind, uint32_t dst, const void* return_to, Value sent);

/// The innermost frame yields an owned value at `pc`. Frames that only hand it on are suspended with it. True: it lies
/// in the register of the frame that is now the innermost. False: the frame was an Entry, and the value is still the
/// caller's.
bool yield_through(ThreadState& ts, const Instruction* pc, Value value);

}  // namespace hiss
