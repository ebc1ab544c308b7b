// Frame objects: made only when somebody asks (traceback, sys._getframe, tracing).
#pragma once

#include "object/function.h"
#include "vm/call_stack.h"

namespace hiss {

struct Frame : Object {
  static constexpr Layout kLayout = Layout::Frame;
  CallRecord* record;               // while the frame runs; null when it has ended or its generator is suspended
  Generator* generator;             // not owned: cleared when the generator dies
  Value back;                       // Frame or empty, once the frame has ended
  Code* code;                       // owned
  Value globals, builtins, locals;  // owned; locals: of module and class code, or a snapshot of a function's
  Value function;
  Value* values;  // registers taken over from the ended frame (malloc), or null
  const Instruction* pc;
  Value trace;
  bool trace_lines, trace_opcodes;
};

/// The frame object of a running record, made when there is none yet. Borrowed.
Frame* frame_of(CallRecord* record);
/// Before a record goes: the frame object takes what it needs.
void leave_frame(CallRecord* record);
/// The generator that the frame belonged to dies: its values go to the frame object.
void frame_outlives_generator(Frame* frame);
/// The frame object of a suspended generator. Borrowed.
Frame* generator_frame(Generator* g);
int frame_line(const Frame* frame);
/// Locals as a dict: the namespace, or a snapshot of the function's variables.
Ref frame_locals(Frame* frame);
Ref record_locals(CallRecord* record);
Ref frame_back(Frame* frame);

}  // namespace hiss
