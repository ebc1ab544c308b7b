#include "object/frame.h"

#include <cstdlib>

#include "memory/collector.h"
#include "object/generator.h"
#include "object/protocol.h"
#include "vm/thread_state.h"

namespace hiss {

Type frame_type;

namespace {

Frame* self_frame(Value v) { return as<Frame>(v); }

Frame* new_frame(Code* code, Function* f) {
  auto* frame = allocate_as<Frame>(frame_type);
  frame->code = code;
  retain(code);
  frame->function = Ref::share(f).release();
  frame->globals = Ref::share(f->globals).release();
  frame->builtins = Ref::share(f->builtins).release();
  frame->trace_lines = true;
  track(frame);
  return frame;
}

// Where the frame's registers lie now, or null when it has been cleared.
Value* frame_values(const Frame* frame) {
  if (frame->record) return frame->record->base;
  if (frame->generator) return frame->generator->registers;
  return frame->values;
}

const Instruction* frame_pc(const Frame* frame) {
  if (frame->record) return frame->record->pc;
  if (frame->generator) return frame->generator->pc;
  return frame->pc;
}

void drop_values(Frame* frame) {
  Value* values = frame->values;
  frame->values = nullptr;
  if (!values) return;
  for (uint32_t i = 0; i < frame->code->register_count; ++i) release(values[i]);
  std::free(values);
}

void frame_dealloc(Object* o) {
  untrack(o);
  auto* frame = static_cast<Frame*>(o);
  drop_values(frame);
  for (Value* v : {&frame->back, &frame->globals, &frame->builtins, &frame->locals, &frame->function, &frame->trace})
    clear_field(*v);
  release(frame->code);
  free_object(o);
}
void frame_traverse(Object* o, Visitor& visit) {
  auto* frame = static_cast<Frame*>(o);
  for (Value v : {frame->back, frame->globals, frame->builtins, frame->locals, frame->function, frame->trace}) visit(v);
  if (frame->values) {
    for (uint32_t i = 0; i < frame->code->register_count; ++i) visit(frame->values[i]);
  }
}
void frame_clear_slot(Object* o) {
  auto* frame = static_cast<Frame*>(o);
  drop_values(frame);
  for (Value* v : {&frame->back, &frame->locals, &frame->trace}) clear_field(*v);
}

Ref frame_repr(Value self) {
  auto* frame = self_frame(self);
  return make_str(fmt::format("<frame at {:#x}, file {}, line {}, code {}>", self.bits(),
                              repr_text(frame->code->filename), frame_line(frame), to_string(frame->code->name)));
}

Ref get_back(Value self) { return frame_back(self_frame(self)); }
Ref get_code(Value self) { return Ref::share(self_frame(self)->code); }
Ref get_globals(Value self) { return Ref::share(self_frame(self)->globals); }
Ref get_builtins(Value self) { return Ref::share(self_frame(self)->builtins); }
Ref get_locals(Value self) { return frame_locals(self_frame(self)); }
Ref get_lineno(Value self) {
  const int line = frame_line(self_frame(self));
  return line < 0 ? Ref::none() : make_int(line);
}
Ref get_lasti(Value self) { return make_int((frame_pc(self_frame(self)) - self_frame(self)->code->begin() - 1) * 2); }
Ref get_trace(Value self) {
  Value v = self_frame(self)->trace;
  return v ? Ref::share(v) : Ref::none();
}
Status set_trace(Value self, Value value) {
  Value old = self_frame(self)->trace;
  self_frame(self)->trace = value.is_none() ? Value() : Ref::share(value).release();
  release(old);
  return kOk;
}
Ref get_trace_lines(Value self) { return Ref::boolean(self_frame(self)->trace_lines); }
Status set_trace_lines(Value self, Value value) {
  if (!value || !value.is_bool()) return fail(exc::TypeError, "attribute value type must be bool");
  self_frame(self)->trace_lines = value.is_true();
  return kOk;
}
Ref get_trace_opcodes(Value self) { return Ref::boolean(self_frame(self)->trace_opcodes); }
Status set_trace_opcodes(Value self, Value value) {
  if (!value || !value.is_bool()) return fail(exc::TypeError, "attribute value type must be bool");
  self_frame(self)->trace_opcodes = value.is_true();
  return kOk;
}

Ref method_clear(Value self, const Value*) {
  auto* frame = self_frame(self);
  if (frame->record) return fail(exc::RuntimeError, "cannot clear an executing frame");
  if (frame->generator) {
    // As when it is dropped: a coroutine that was never awaited is warned about.
    Ref hold = Ref::share(frame->generator);
    frame->generator->type->slots.finalize(hold);
    Ref closed = generator_close(frame->generator);
    if (closed.is_error()) report_unraisable(hold);
    return Ref::none();
  }
  drop_values(frame);
  return Ref::none();
}

const NativeDef kMethods[] = {
    {"clear", "($self, /)", method_clear,
     "F.clear()\n\nDrop the local variables of a frame that no longer runs; RuntimeError if it does."},
    {}};
const GetSetDef kGetSets[] = {{"f_back", get_back, nullptr},
                              {"f_code", get_code, nullptr},
                              {"f_globals", get_globals, nullptr},
                              {"f_builtins", get_builtins, nullptr},
                              {"f_locals", get_locals, nullptr},
                              {"f_lineno", get_lineno, nullptr},
                              {"f_lasti", get_lasti, nullptr},
                              {"f_trace", get_trace, set_trace},
                              {"f_trace_lines", get_trace_lines, set_trace_lines},
                              {"f_trace_opcodes", get_trace_opcodes, set_trace_opcodes},
                              {}};

void put_local(Dict* dict, Value name, Value v) {
  if (is<Cell>(v)) v = as<Cell>(v)->content;
  if (v) {
    dict_set(dict, as<Str>(name), v);
  } else {
    Result<bool> ignored = dict_delete(dict, name);
    (void)ignored;
  }
}

Ref collect_locals(Code* code, Function* f, Value* values, Dict* dict) {
  auto* varnames = as<Tuple>(code->varnames);
  if (values) {
    std::vector<bool> is_cell(code->local_register_count, false);
    for (uint16_t r : *code->cell_arguments) is_cell[r] = true;
    for (int64_t i = 0; i < varnames->size; ++i) {
      Value v = values[i];
      // A cell that the user's own variable holds is a plain value.
      if (is<Cell>(v) && !is_cell[static_cast<size_t>(i)]) {
        dict_set(dict, as<Str>(varnames->items[i]), v);
      } else {
        put_local(dict, varnames->items[i], v);
      }
    }
    auto* cellvars = as<Tuple>(code->cellvars);
    for (int64_t i = 0; i < cellvars->size; ++i) {
      const uint16_t r = (*code->cell_arguments)[static_cast<size_t>(i)];
      put_local(dict, cellvars->items[i], values[r]);
    }
  }
  auto* freevars = as<Tuple>(code->freevars);
  if (code->closure_register) {
    for (int64_t i = 0; values && i < freevars->size; ++i)
      put_local(dict, freevars->items[i], values[code->closure_register + static_cast<size_t>(i)]);
  } else if (f->closure && freevars->size && (code->code_flags & kCodeOptimized)) {
    for (int64_t i = 0; i < freevars->size; ++i) put_local(dict, freevars->items[i], as<Tuple>(f->closure)->items[i]);
  }
  return Ref::share(dict);
}

}  // namespace

Frame* frame_of(CallRecord* record) {
  if (!record->frame) {
    Frame* frame = new_frame(record->code, record->function);
    frame->record = record;
    frame->generator = record->generator;
    if (record->locals) frame->locals = Ref::share(record->locals).release();
    record->frame = frame;
    if (record->generator) {
      // A chain has no frame objects.
      (void)record->generator->state();
      record->generator->frame = frame;
    }
  }
  return record->frame;
}

Frame* generator_frame(Generator* g) {
  if (g->state() == Generator::Running && !g->frame) {
    // Its record owns the frame object, and would not know of one that is made here.
    ThreadState& ts = thread_state();
    for (CallRecord* r = ts.record; r != ts.records; r = r->previous()) {
      if (r->generator == g) return frame_of(r);
    }
  }
  if (!g->frame) {
    Frame* frame = new_frame(g->code, as<Function>(g->function));
    frame->generator = g;
    g->frame = frame;
  }
  return g->frame;
}

void leave_frame(CallRecord* record) {
  Frame* frame = record->frame;
  record->frame = nullptr;
  if (frame->refs > 1) {
    CallRecord* caller = record->previous();
    if (caller->code && !frame->back) frame->back = Ref::share(frame_of(caller)).release();
    const size_t size = record->code->register_count * sizeof(Value);
    frame->values = static_cast<Value*>(std::malloc(size ? size : 1));
    for (uint32_t i = 0; i < record->code->register_count; ++i) {
      frame->values[i] = record->base[i];
      record->base[i] = Value();
    }
  }
  frame->pc = record->pc;
  frame->record = nullptr;
  frame->generator = nullptr;
  release(static_cast<Object*>(frame));
}

void frame_outlives_generator(Frame* frame) {
  Generator* g = frame->generator;
  frame->generator = nullptr;
  if (!g) return;
  frame->pc = g->pc;
  if (frame->refs > 1) {
    const size_t size = g->register_count * sizeof(Value);
    frame->values = static_cast<Value*>(std::malloc(size ? size : 1));
    for (uint32_t i = 0; i < g->register_count; ++i) {
      frame->values[i] = g->registers[i];
      g->registers[i] = Value();
    }
  }
}

int frame_line(const Frame* frame) {
  const auto index = frame_pc(frame) - frame->code->begin() - 1;
  if (index < 0) return frame->code->firstlineno;
  return position_at(frame->code, static_cast<uint32_t>(index)).line;
}

Ref frame_back(Frame* frame) {
  if (frame->record) {
    CallRecord* caller = frame->record->previous();
    return caller->code ? Ref::share(frame_of(caller)) : Ref::none();
  }
  return frame->back ? Ref::share(frame->back) : Ref::none();
}

Ref frame_locals(Frame* frame) {
  if (!(frame->code->code_flags & kCodeOptimized)) {
    if (frame->record && frame->record->locals) return Ref::share(frame->record->locals);
    return frame->locals ? Ref::share(frame->locals) : Ref::none();
  }
  if (!frame->locals) frame->locals = make_dict().release();
  return collect_locals(frame->code, as<Function>(frame->function), frame_values(frame), as<Dict>(frame->locals));
}

Ref record_locals(CallRecord* record) {
  if (record->locals) return Ref::share(record->locals);
  if (record->frame) return frame_locals(record->frame);
  // The snapshot belongs to the frame, as CPython 3.11's: later calls update the same dict.
  return frame_locals(frame_of(record));
}

void init_frame_type() {
  define_type(
      frame_type,
      {.name = "frame", .size = sizeof(Frame), .layout = Layout::Frame, .flags = Type::kHasGc | Type::kNoInstances});
  frame_type.slots.repr = frame_repr;
  frame_type.methods = kMethods;
  frame_type.getsets = kGetSets;
  frame_type.dealloc = frame_dealloc;
  frame_type.traverse = frame_traverse;
  frame_type.clear = frame_clear_slot;
  ready_type(frame_type);
}

}  // namespace hiss
