// The interpreter loop. Each instruction's semantics stand here once; what is rare or long is in operations.cpp.
//
// Registers own their values. A register above the live temporaries owns nothing: it is empty or holds an immediate
// value that a dead temporary left. So a new window needs no releasing, but its locals are emptied.
#include "object/exception.h"
#include "object/exception_group.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/list_internal.h"
#include "object/range.h"
#include "object/shape.h"
#include "vm/arithmetic.h"
#include "vm/call_stack.h"
#include "vm/collecting.h"
#include "vm/generator_records.h"
#include "vm/jit/machine_code.h"
#include "vm/operations.h"
#include "vm/operators.h"
#include "vm/plain_steps.h"

namespace hiss {

namespace {

// Restores what was handled before the except block whose exception lies at `slot`.
inline void pop_handled(ThreadState& ts, Value* slot) {
  Value old = ts.handled->exception;
  ts.handled->exception = slot[1];
  slot[1] = Value();
  release(old);
}

}  // namespace

Result<CallRecord*> resume_record(ThreadState& ts, Generator* g, RecordKind kind) {
  return enter_generator(ts, g, kind);
}

namespace {

Ref interpret_records(ThreadState& ts, bool throwing, uint64_t exit) {
  static const void* const kLabels[] = {
#define OP(name, operands, cache) &&op_##name,
#include "compile/bytecode.def"
#undef OP
  };
  // While machine code waits for one instruction to be interpreted, the next one leads back to it.
  static const void* const kMachineLabels[] = {
#define OP(name, operands, cache) &&to_machine_code,
#include "compile/bytecode.def"
#undef OP
  };
  const void* const* labels = kLabels;
  CallRecord* record = ts.record;
  const Instruction* pc = record->pc;
  Value* r = record->base;
  const Value* k = as<Tuple>(record->code->consts)->items;
  // Of the call or return that is being made.
  Value* callee;
  Value* window;
  uint32_t count, dst;
  Tuple* keyword_names;
  Value called, returned;

// Operands are read from the instruction itself, the word before pc: a load and nothing else, where taking them out of
// a register would need shifts and masks. So pc may move on over cache words only after the last operand was read.
#define OPCODE (pc[-1].op())
#define A (pc[-1].a())
#define B (pc[-1].b())
#define C (pc[-1].c())
#define BC (pc[-1].bc())
#define FLAGS (pc[-1].flags())
#define DISPATCH_HERE()                         \
  do {                                          \
    ++pc;                                       \
    goto* labels[static_cast<uint8_t>(OPCODE)]; \
  } while (0)
#ifdef __clang__
// clang (the fuzzers are built with it) refuses an indirect jump out of the scope of an object with a destructor.
#define DISPATCH() goto next_instruction
#else
#define DISPATCH() DISPATCH_HERE()
#endif
#define SAVE() (record->pc = pc)
#define NAME(index) as<Str>(as<Tuple>(record->code->names)->items[index])
#define CACHE() const_cast<Instruction*>(pc)
// Lets go of a value. A finalizer that it runs may look at this frame, so then the frame's position must be right.
#define LET_GO(value)                                       \
  do {                                                      \
    Value gone_ = (value);                                  \
    if (gone_.is_object() && --gone_.object()->refs == 0) { \
      SAVE();                                               \
      destroy_object(gone_.object());                       \
    }                                                       \
  } while (0)
// Puts an owned value into a register.
#define SET(reg, owned)         \
  do {                          \
    Value new_value_ = (owned); \
    Value old_value_ = r[reg];  \
    r[reg] = new_value_;        \
    LET_GO(old_value_);         \
  } while (0)
#define TAKE(reg, out) \
  Value out = r[reg];  \
  r[reg] = Value()
#define DROP(reg)            \
  do {                       \
    Value dropped_ = r[reg]; \
    r[reg] = Value();        \
    LET_GO(dropped_);        \
  } while (0)
#define DROP_DYING()              \
  do {                            \
    if (FLAGS & kDyingB) DROP(B); \
    if (FLAGS & kDyingC) DROP(C); \
  } while (0)
// Assigns a Ref-returning expression to a register; on error the operands that die stay for the unwinder.
#define SET_OR_FAIL(reg, expr)           \
  do {                                   \
    SAVE();                              \
    Ref result_ = (expr);                \
    if (result_.is_error()) [[unlikely]] \
      goto error;                        \
    SET(reg, result_.release());         \
  } while (0)
#define CHECK(expr)                    \
  do {                                 \
    SAVE();                            \
    if (is_failure(expr)) [[unlikely]] \
      goto error;                      \
  } while (0)
#define ENTER_RECORD()                                         \
  do {                                                         \
    record = ts.record;                                        \
    pc = record->pc;                                           \
    r = record->base;                                          \
    k = as<Tuple>(record->code->consts)->items;                \
    labels = record->code->machine ? kMachineLabels : kLabels; \
  } while (0)

  if (throwing) goto error;
  if (exit) goto left_machine_code;
  if (eval_breaker) CHECK(handle_breaker(ts));
  if (++record->code->heat >= 0) goto enter_machine_code;
  DISPATCH();

// ---- Between the interpreter and machine code
to_machine_code:
  --pc;
enter_machine_code : {
  labels = kLabels;
  Code* code = record->code;
  if (!code->machine && code->heat >= 0) make_machine_code(code);
  if (code->heat > 0) code->heat = 0;
  const void* entry = machine_entry(record, pc);
  if (!entry) DISPATCH();
  const MachineResult result = run_machine_code(ts, entry);
  if (result.exit == kMachineReturned) return Ref::steal(Value::from_bits(result.value));
  exit = result.exit;
}
left_machine_code:
  record = ts.record;
  r = record->base;
  k = as<Tuple>(record->code->consts)->items;
  pc = reinterpret_cast<const Instruction*>(exit & ~uint64_t{7});
  switch (static_cast<MachineExit>(exit & 7)) {
    case MachineExit::Step:
      labels = kMachineLabels;
      ++pc;
      goto* kLabels[static_cast<uint8_t>(OPCODE)];
    case MachineExit::Resume:
      labels = kMachineLabels;
      break;
    case MachineExit::Stay:
      if (eval_breaker) {
        CHECK(handle_breaker(ts));
      } else if (pc == record->code->first && !record->code->machine && ++record->code->heat >= 0) {
        goto enter_machine_code;
      }
      break;
    case MachineExit::Error:
      goto error;
  }
#ifdef __clang__
next_instruction:
#endif
  DISPATCH_HERE();

op_LoadConst : {
  Value v = k[BC];
  retain(v);
  SET(A, v);
}
  DISPATCH();
op_Move : {
  Value v = r[B];
  retain(v);
  SET(A, v);
}
  DISPATCH();
op_MoveTake : {
  TAKE(B, v);
  SET(A, v);
}
  DISPATCH();
op_Release:
  DROP(A);
  DISPATCH();
op_CheckLocal:
  if (r[A].is_empty()) [[unlikely]] {
    SAVE();
    (void)fail_unbound(record->code, A);
    goto error;
  }
  DISPATCH();
op_DeleteLocal:
  if (r[A].is_empty()) [[unlikely]] {
    SAVE();
    (void)fail_unbound(record->code, A);
    goto error;
  }
  SAVE();
  DROP(A);
  DISPATCH();
op_LoadCell : {
  Value v = as<Cell>(r[B])->content;
  if (v.is_empty()) [[unlikely]] {
    SAVE();
    (void)fail_unbound(record->code, B);
    goto error;
  }
  retain(v);
  SET(A, v);
}
  DISPATCH();
op_StoreCell : {
  auto* cell = as<Cell>(r[A]);
  Value v = r[B];
  if (FLAGS & kDyingB) {
    r[B] = Value();
  } else {
    retain(v);
  }
  SAVE();
  Value old = cell->content;
  cell->content = v;
  release(old);
}
  DISPATCH();
op_DeleteCell : {
  auto* cell = as<Cell>(r[A]);
  Value old = cell->content;
  SAVE();
  if (old.is_empty()) {
    (void)fail_unbound(record->code, A);
    goto error;
  }
  cell->content = Value();
  release(old);
}
  DISPATCH();
op_LoadFree : {
  Value v = as<Cell>(as<Tuple>(record->function->closure)->items[B])->content;
  if (v.is_empty()) [[unlikely]] {
    SAVE();
    (void)fail_unbound_cell(record->code, B, true);
    goto error;
  }
  retain(v);
  SET(A, v);
}
  DISPATCH();
op_StoreFree : {
  auto* cell = as<Cell>(as<Tuple>(record->function->closure)->items[A]);
  Value v = r[B];
  if (FLAGS & kDyingB) {
    r[B] = Value();
  } else {
    retain(v);
  }
  SAVE();
  Value old = cell->content;
  cell->content = v;
  release(old);
}
  DISPATCH();
op_DeleteFree : {
  auto* cell = as<Cell>(as<Tuple>(record->function->closure)->items[A]);
  SAVE();
  Value old = cell->content;
  if (old.is_empty()) {
    (void)fail_unbound_cell(record->code, A, true);
    goto error;
  }
  cell->content = Value();
  release(old);
}
  DISPATCH();
op_LoadClassFree:
  SET_OR_FAIL(A, load_class_cell(record, NAME(C), as<Tuple>(record->function->closure)->items[B]));
  DISPATCH();
op_LoadClassCell:
  SET_OR_FAIL(A, load_class_cell(record, NAME(C), r[B]));
  DISPATCH();

op_LoadGlobal : {
  Str* name = NAME(BC);
  const uint64_t cache = pc->word;
  const auto index = static_cast<int64_t>(static_cast<uint32_t>(cache));
  // Low half: 1 + the entry's index. High half: 0 in globals; otherwise in builtins, while globals had this keys
  // version.
  if (index) {
    const auto version = static_cast<uint32_t>(cache >> 32);
    Dict* dict = version ? record->builtins() : record->globals();
    if (version == 0 || version == static_cast<uint32_t>(record->globals()->keys_version)) {
      if (index <= dict->entry_count) {
        const DictEntry& e = dict->entries[index - 1];
        if (e.key == to_value(name)) {
          retain(e.value);
          SET(A, e.value);
          ++pc;
          DISPATCH();
        }
      }
    }
  }
  SET_OR_FAIL(A, load_global(record, name, CACHE()));
  ++pc;
}
  DISPATCH();
op_DeleteGlobal:
  CHECK(delete_global(record, NAME(BC)));
  DISPATCH();
op_LoadName : {
  Str* name = NAME(BC);
  if (record->locals == to_value(record->globals())) {
    const uint64_t cache = pc->word;
    const auto index = static_cast<int64_t>(static_cast<uint32_t>(cache));
    if (index && (cache >> 32) == 0 && index <= record->globals()->entry_count) {
      const DictEntry& e = record->globals()->entries[index - 1];
      if (e.key == to_value(name)) {
        retain(e.value);
        SET(A, e.value);
        ++pc;
        DISPATCH();
      }
    }
  }
  SET_OR_FAIL(A, load_name(record, name, CACHE()));
  ++pc;
}
  DISPATCH();
op_StoreName:
  CHECK(store_name(record, NAME(BC), r[A]));
  DISPATCH();
op_DeleteName:
  CHECK(delete_name(record, NAME(BC)));
  DISPATCH();
op_LoadLocals:
  SET_OR_FAIL(A, record_locals(record));
  DISPATCH();
op_SetupAnnotations:
  CHECK(setup_annotations(record));
  DISPATCH();
op_LoadBuildClass:
  SET_OR_FAIL(A, get_builtin("__build_class__"));
  DISPATCH();
op_LoadAssertionError:
  SET(A, to_value(&exc::AssertionError));
  retain(to_value(&exc::AssertionError));
  DISPATCH();

op_LoadAttr : {
  Value object = r[B];
  const uint64_t cache = pc[0].word;
  if (object.is_object()) [[likely]] {
    Object* o = object.object();
    Value found;
    if (o->layout == Layout::Instance) [[likely]] {
      const Attributes& attributes = static_cast<Instance*>(o)->attributes;
      if (attributes.shape && attributes.shape->id == static_cast<uint32_t>(cache)) [[likely]] {
        found = attributes.values[cache >> 32];
        goto attribute_found;
      }
    }
    if ((cache & kCacheSlot) && o->type->version == pc[1].word) {
      found = *reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + ((cache & ~kCacheSlot) >> 32));
      if (found) goto attribute_found;
    }
    goto attribute_lookup;
  attribute_found:
    retain(found);
    if (FLAGS & kDyingB) {
      SAVE();
      SET(A, found);
      DROP(B);
    } else {
      SET(A, found);
    }
    pc += 2;
    DISPATCH();
  }
attribute_lookup:
  SET_OR_FAIL(A, load_attr_cached(object, NAME(C), CACHE()));
  if (FLAGS & kDyingB) DROP(B);
  pc += 2;
}
  DISPATCH();
op_StoreAttr : {
  Value object = r[A];
  if (object.is_object() && object.object()->layout == Layout::Instance) [[likely]] {
    auto* o = static_cast<Instance*>(object.object());
    const uint64_t cache = pc[0].word;
    Shape* shape = o->attributes.shape;
    if (shape && shape->id == static_cast<uint32_t>(cache)) [[likely]] {
      Value v = r[B];
      if (!(cache & kCacheAdds)) [[likely]] {
        if (FLAGS & kDyingB) {
          r[B] = Value();
        } else {
          retain(v);
        }
        SAVE();
        Value old = o->attributes.values[cache >> 32];
        o->attributes.values[cache >> 32] = v;
        release(old);
        pc += 2;
        DISPATCH();
      }
      const uint64_t index = (cache & ~kCacheAdds) >> 32;
      if (index < o->value_capacity) {
        if (FLAGS & kDyingB) {
          r[B] = Value();
        } else {
          retain(v);
        }
        o->attributes.values[index] = v;
        o->attributes.shape = reinterpret_cast<Shape*>(pc[1].word);
        pc += 2;
        DISPATCH();
      }
    }
  }
  CHECK(store_attr_cached(object, NAME(C), r[B], CACHE()));
  if (FLAGS & kDyingB) DROP(B);
  pc += 2;
}
  DISPATCH();
op_DeleteAttr:
  CHECK(set_attr(r[A], NAME(C), Value()));
  DISPATCH();
op_LoadMethod : {
  Value object = r[B];
  const uint64_t cache = pc[0].word;
  bool hit;
  if (object.is_object() && object.object()->layout == Layout::Instance) [[likely]] {
    const Shape* shape = static_cast<Instance*>(object.object())->attributes.shape;
    hit = (shape ? kCacheShape | shape->id : kCacheType | object.object()->type->version) == cache;
  } else {
    hit = (kCacheType | type_of(object)->version) == cache;
  }
  if (hit) [[likely]] {
    // The pair's registers are new temporaries, so they are empty; or the object's own becomes the first.
    Value function = Value::from_bits(pc[1].word);
    retain(function);
    if (B == A || (FLAGS & kDyingB)) {
      r[B] = Value();
    } else {
      retain(object);
    }
    r[A] = function;
    r[A + 1] = object;
    pc += 2;
    DISPATCH();
  }
  Value pair[2];
  CHECK(load_method(object, NAME(C), CACHE(), pair));
  if (B == A || (FLAGS & kDyingB)) DROP(B);
  r[A] = pair[0];
  r[A + 1] = pair[1];
  pc += 2;
}
  DISPATCH();
op_GetItem : {
  Value container = r[B];
  Value key = r[C];
  if (container.is_object()) {
    Object* o = container.object();
    if (key.is_integer()) {
      int64_t i = key.integer();
      if (o->type == &list_type) {
        auto* list = static_cast<List*>(o);
        if (i < 0) i += list->size;
        if (static_cast<uint64_t>(i) < static_cast<uint64_t>(list->size)) {
          Value v = list->items[i];
          retain(v);
          SAVE();
          SET(A, v);
          DROP_DYING();
          DISPATCH();
        }
      } else if (o->type == &tuple_type) {
        auto* tuple = static_cast<Tuple*>(o);
        if (i < 0) i += tuple->size;
        if (static_cast<uint64_t>(i) < static_cast<uint64_t>(tuple->size)) {
          Value v = tuple->items[i];
          retain(v);
          SAVE();
          SET(A, v);
          DROP_DYING();
          DISPATCH();
        }
      }
    } else if (o->type == &dict_type && is_exact(key, str_type)) {
      auto* dict = static_cast<Dict*>(o);
      if (dict->str_keys) {
        Value v = dict_get(dict, as<Str>(key));
        if (v) {
          retain(v);
          SAVE();
          SET(A, v);
          DROP_DYING();
          DISPATCH();
        }
      }
    }
  }
  SET_OR_FAIL(A, get_item(container, key));
  DROP_DYING();
}
  DISPATCH();
op_SetItem : {
  Value container = r[A];
  Value key = r[B];
  if (is_exact(container, list_type) && key.is_integer()) {
    auto* list = as<List>(container);
    int64_t i = key.integer();
    if (i < 0) i += list->size;
    if (static_cast<uint64_t>(i) < static_cast<uint64_t>(list->size)) {
      Value v = r[C];
      retain(v);
      SAVE();
      Value old = list->items[i];
      list->items[i] = v;
      release(old);
      DROP_DYING();
      DISPATCH();
    }
  }
  if (is_exact(container, dict_type) && is_exact(key, str_type) && as<Dict>(container)->str_keys) {
    SAVE();
    dict_set(as<Dict>(container), as<Str>(key), r[C]);
    DROP_DYING();
    DISPATCH();
  }
  CHECK(set_item(container, key, r[C]));
  DROP_DYING();
}
  DISPATCH();
op_GetSlice:
  SET_OR_FAIL(A, get_slice(r[B], &r[C]));
  for (int i = 0; i < 3; ++i) DROP(C + i);
  if (FLAGS & kDyingB) DROP(B);
  DISPATCH();
op_SetSlice:
  CHECK(set_slice(r[A], &r[B], r[C], FLAGS & kDyingC));
  for (int i = 0; i < 3; ++i) DROP(B + i);
  if (FLAGS & kDyingC) DROP(C);
  DISPATCH();
op_BuildSlice : {
  Ref slice = make_slice(r[B], r[B + 1], r[B + 2]);
  SAVE();
  for (int i = 0; i < 3; ++i) DROP(B + i);
  SET(A, slice.release());
}
  DISPATCH();

// ---- Arithmetic. Immediate operands need no reference counts; everything else goes through the slots.
#define ARITHMETIC(name, right, slow_path, integer_function, operator)       \
  op_##name : {                                                              \
    Value a = r[B], b = right;                                               \
    Value out;                                                               \
    if (Value::both_integers(a, b) && integer_function(a, b, out)) {         \
      SET(A, out);                                                           \
      DISPATCH();                                                            \
    }                                                                        \
    if (a.is_number() && b.is_number()) [[likely]] {                         \
      const double z = a.number() operator b.number();                       \
      if (z == z) [[likely]] {                                               \
        SET(A, Value::number(z));                                            \
        DISPATCH();                                                          \
      }                                                                      \
      goto slow_path;                                                        \
    }                                                                        \
    double x, y;                                                             \
    if (to_number(a, x) && to_number(b, y) && !Value::both_integers(a, b)) { \
      const double z = x operator y;                                         \
      if (z == z) [[likely]] {                                               \
        SET(A, Value::number(z));                                            \
        DISPATCH();                                                          \
      }                                                                      \
    }                                                                        \
    goto slow_path;                                                          \
  }
  ARITHMETIC(Add, r[C], binary_slow_path, add_integers, +)
  ARITHMETIC(Subtract, r[C], binary_slow_path, subtract_integers, -)
  ARITHMETIC(Multiply, r[C], binary_slow_path, multiply_integers, *)
  ARITHMETIC(AddK, k[C], binary_constant_slow_path, add_integers, +)
  ARITHMETIC(SubtractK, k[C], binary_constant_slow_path, subtract_integers, -)
  ARITHMETIC(MultiplyK, k[C], binary_constant_slow_path, multiply_integers, *)

op_TrueDivide : {
  double x, y;
  if (to_number(r[B], x) && to_number(r[C], y) && y != 0) {
    const double z = x / y;
    if (z == z) [[likely]] {
      SET(A, Value::number(z));
      DISPATCH();
    }
  }
  goto binary_slow_path;
}
op_TrueDivideK : {
  double x, y;
  if (to_number(r[B], x) && to_number(k[C], y) && y != 0) {
    const double z = x / y;
    if (z == z) [[likely]] {
      SET(A, Value::number(z));
      DISPATCH();
    }
  }
  goto binary_constant_slow_path;
}
#define INTEGER_OPERATION(name, condition, expression) \
  op_##name : {                                        \
    Value a = r[B], b = r[C];                          \
    if (Value::both_integers(a, b)) {                  \
      const int64_t x = a.integer(), y = b.integer();  \
      if (condition) {                                 \
        const int64_t z = expression;                  \
        if (Value::fits_integer(z)) {                  \
          SET(A, Value::integer(z));                   \
          DISPATCH();                                  \
        }                                              \
      }                                                \
    }                                                  \
    goto binary_slow_path;                             \
  }                                                    \
  op_##name##K : {                                     \
    Value a = r[B], b = k[C];                          \
    if (Value::both_integers(a, b)) {                  \
      const int64_t x = a.integer(), y = b.integer();  \
      if (condition) {                                 \
        const int64_t z = expression;                  \
        if (Value::fits_integer(z)) {                  \
          SET(A, Value::integer(z));                   \
          DISPATCH();                                  \
        }                                              \
      }                                                \
    }                                                  \
    goto binary_constant_slow_path;                    \
  }
  INTEGER_OPERATION(Remainder, y != 0, floor_remainder(x, y))
  INTEGER_OPERATION(FloorDivide, y != 0, floor_divide(x, y))
  INTEGER_OPERATION(And, true, x & y)
  INTEGER_OPERATION(Rshift, y >= 0, y < 63 ? x >> y : (x < 0 ? -1 : 0))
  INTEGER_OPERATION(Lshift, y >= 0 && y < 48 && (x << y >> y) == x, x << y)
#define INTEGER_BITS(name, operator)                          \
  op_##name : {                                               \
    Value a = r[B], b = r[C];                                 \
    if (!Value::both_integers(a, b)) goto binary_slow_path;   \
    SET(A, Value::integer(a.integer() operator b.integer())); \
  }                                                           \
  DISPATCH();
  INTEGER_BITS(Or, |)
  INTEGER_BITS(Xor, ^)
op_MatrixMultiply:
op_Power:
binary_slow_path : {
  const uint8_t flags = FLAGS;
  const bool temporary_target = A >= record->code->local_register_count;
  const bool left_dies = (flags & kDyingB) || (B == A && temporary_target);
  const bool right_dies = (flags & kDyingC) || (C == A && temporary_target);
  SET_OR_FAIL(A, binary_slow(OPCODE, r[B], r[C], flags & kInplace, left_dies, right_dies));
  DROP_DYING();
}
  DISPATCH();
binary_constant_slow_path : {
  const uint8_t flags = FLAGS;
  const bool left_dies = (flags & kDyingB) || (B == A && A >= record->code->local_register_count);
  SET_OR_FAIL(A, binary_slow(OPCODE, r[B], k[C], flags & kInplace, left_dies, false));
  if (flags & kDyingB) DROP(B);
}
  DISPATCH();
op_Negative : {
  Value v = r[B];
  if (v.is_integer() && v.integer() != kMinImmediateInt) {
    SET(A, Value::integer(-v.integer()));
    DISPATCH();
  }
  if (v.is_number()) {
    SET(A, Value::number(-v.number()));
    DISPATCH();
  }
  SET_OR_FAIL(A, negative(v));
  DROP_DYING();
}
  DISPATCH();
op_Positive:
  SET_OR_FAIL(A, positive(r[B]));
  DROP_DYING();
  DISPATCH();
op_Invert:
  SET_OR_FAIL(A, invert(r[B]));
  DROP_DYING();
  DISPATCH();
op_Not : {
  Value v = r[B];
  if (v.is_bool()) {
    SET(A, Value::boolean(v.is_false()));
    DISPATCH();
  }
  SAVE();
  Result<bool> t = truth(v);
  if (t.is_error()) goto error;
  SET(A, Value::boolean(!t.value()));
  DROP_DYING();
}
  DISPATCH();

#define COMPARE(name, op)                                                            \
  op_Compare##name : {                                                               \
    Value a = r[B], b = r[C];                                                        \
    if (Value::both_integers(a, b)) {                                                \
      SET(A, Value::boolean(a.integer() op b.integer()));                            \
      DISPATCH();                                                                    \
    }                                                                                \
    if (a.is_number() && b.is_number()) {                                            \
      SET(A, Value::boolean(a.number() op b.number()));                              \
      DISPATCH();                                                                    \
    }                                                                                \
    SET_OR_FAIL(A, compare(a, b, CompareOp::name));                                  \
    DROP_DYING();                                                                    \
  }                                                                                  \
  DISPATCH();                                                                        \
  op_Jump##name : {                                                                  \
    Value a = r[B], b = r[C];                                                        \
    bool answer;                                                                     \
    if (Value::both_integers(a, b)) {                                                \
      answer = a.integer() op b.integer();                                           \
    } else if (a.is_number() && b.is_number()) {                                     \
      answer = a.number() op b.number();                                             \
    } else {                                                                         \
      SAVE();                                                                        \
      Ref result = compare(a, b, CompareOp::name);                                   \
      if (result.is_error()) goto error;                                             \
      if (result.value().is_bool()) {                                                \
        answer = result.value().is_true();                                           \
      } else {                                                                       \
        Result<bool> t = truth(result);                                              \
        if (t.is_error()) goto error;                                                \
        answer = t.value();                                                          \
      }                                                                              \
      DROP_DYING();                                                                  \
    }                                                                                \
    if (answer != static_cast<bool>(FLAGS & kInvert)) pc += static_cast<int16_t>(A); \
  }                                                                                  \
  DISPATCH();                                                                        \
  op_Jump##name##K : {                                                               \
    Value a = r[B], b = k[C];                                                        \
    bool answer;                                                                     \
    if (Value::both_integers(a, b)) {                                                \
      answer = a.integer() op b.integer();                                           \
    } else if (a.is_number() && b.is_number()) {                                     \
      answer = a.number() op b.number();                                             \
    } else {                                                                         \
      SAVE();                                                                        \
      Ref result = compare(a, b, CompareOp::name);                                   \
      if (result.is_error()) goto error;                                             \
      Result<bool> t = truth(result);                                                \
      if (t.is_error()) goto error;                                                  \
      answer = t.value();                                                            \
      if (FLAGS & kDyingB) DROP(B);                                                  \
    }                                                                                \
    if (answer != static_cast<bool>(FLAGS & kInvert)) pc += static_cast<int16_t>(A); \
  }                                                                                  \
  DISPATCH();
  COMPARE(Lt, <)
  COMPARE(Le, <=)
  COMPARE(Eq, ==)
  COMPARE(Ne, !=)
  COMPARE(Gt, >)
  COMPARE(Ge, >=)
op_Is : {
  const bool same = r[B] == r[C];
  SAVE();
  SET(A, Value::boolean(same != static_cast<bool>(FLAGS & kInvert)));
  DROP_DYING();
}
  DISPATCH();
op_Contains:
  SET_OR_FAIL(A, contains_value(r[B], r[C], FLAGS & kInvert));
  DROP_DYING();
  DISPATCH();

op_Jump:
  pc += BC;
  DISPATCH();
op_JumpBack:
  pc += BC;
  if (eval_breaker) [[unlikely]] {
    CHECK(handle_breaker(ts));
  }
  if (++record->code->heat >= 0) [[unlikely]]
    goto enter_machine_code;
  DISPATCH();
op_JumpIfTrue : {
  Value v = r[A];
  bool answer;
  if (v.is_bool()) {
    answer = v.is_true();
    if (FLAGS & kDyingB) r[A] = Value();
  } else {
    SAVE();
    Result<bool> t = truth(v);
    if (t.is_error()) goto error;
    answer = t.value();
    if (FLAGS & kDyingB) DROP(A);
  }
  if (answer) pc += BC;
}
  DISPATCH();
op_JumpIfFalse : {
  Value v = r[A];
  bool answer;
  if (v.is_bool()) {
    answer = v.is_true();
    if (FLAGS & kDyingB) r[A] = Value();
  } else {
    SAVE();
    Result<bool> t = truth(v);
    if (t.is_error()) goto error;
    answer = t.value();
    if (FLAGS & kDyingB) DROP(A);
  }
  if (!answer) pc += BC;
}
  DISPATCH();
op_JumpIfNone : {
  const bool none = r[A].is_none();
  if (FLAGS & kDyingB) {
    SAVE();
    DROP(A);
  }
  if (none) pc += BC;
}
  DISPATCH();
op_JumpIfNotNone : {
  const bool none = r[A].is_none();
  if (FLAGS & kDyingB) {
    SAVE();
    DROP(A);
  }
  if (!none) pc += BC;
}
  DISPATCH();

op_GetIter:
  SET_OR_FAIL(A, get_iter(r[B]));
  DROP_DYING();
  DISPATCH();
op_ForIter : {
  Object* o = r[B].object();
  Type* type = o->type;
  if (type == &range_iterator_type) {
    auto* it = static_cast<RangeIterator*>(o);
    if (it->left <= 0) DISPATCH();
    const int64_t value = it->next;
    it->next = value + it->step;
    --it->left;
    Value item = Value::fits_integer(value) ? Value::integer(value) : make_int(value).release();
    SAVE();
    SET(A, item);
    ++pc;
    DISPATCH();
  }
  if (type == &list_iterator_type) {
    auto* it = static_cast<ListIterator*>(o);
    if (it->list) {
      auto* list = as<List>(it->list);
      if (it->index < list->size) {
        Value item = list->items[it->index++];
        retain(item);
        SAVE();
        SET(A, item);
        ++pc;
        DISPATCH();
      }
    }
  } else if (type == &generator_type) {
    auto* g = static_cast<Generator*>(o);
    if (g->state() == Generator::Suspended || g->state() == Generator::Created) {
      record->pc = pc;
      if (g->state() == Generator::Suspended) set_yield_result(g, Value::none());
      Result<CallRecord*> pushed = enter_generator(ts, g, RecordKind::ForIter);
      if (pushed.is_error()) goto error;
      pushed.value()->dst = A;
      ENTER_RECORD();
      DISPATCH();
    }
  }
  SAVE();
  Ref item = next(r[B]);
  if (item.is_error()) goto error;
  if (item.is_empty()) {
    // Falls into the Jump behind this instruction.
  } else {
    SET(A, item.release());
    ++pc;
  }
}
  DISPATCH();

// ---- Calls
op_Call : {
  Value function = r[A];
  if (is<Function>(function) && as<Function>(function)->code->direct_argcount == B && !record->generator) {
    r[A] = Value();
    window = &r[A + 1];
    called = function;
    goto enter_function;
  }
  keyword_names = nullptr;
  callee = &r[A];
  count = B;
  dst = C;
}
  goto call_any;
op_CallMethod : {
  Value function = r[A];
  if (is<Function>(function) && as<Function>(function)->code->direct_argcount == B + 1u && r[A + 1] &&
      !record->generator) {
    r[A] = Value();
    window = &r[A + 1];
    called = function;
    goto enter_function;
  }
  if (is_exact(function, method_descriptor_type) && r[A + 1] && as<Descriptor>(function)->owner == type_of(r[A + 1])) {
    auto* d = as<Descriptor>(function);
    SAVE();
    Ref result = call_native(d->def, d->spec, d->owner, r[A + 1], Args{&r[A + 2], B, nullptr});
    if (result.is_error()) [[unlikely]]
      goto error;
    release_registers(&r[A], &r[A + 2 + B]);
    SET(C, result.release());
    DISPATCH();
  }
  keyword_names = nullptr;
}
  goto call_method;
enter_function : {
  SAVE();
  auto* f = as<Function>(called);
  if (!has_room(ts, window, f->code)) [[unlikely]] {
    release_registers(window, window + f->code->argcount);
    release(called);
    (void)fail_depth();
    goto error;
  }
  record = enter_record(ts, f, window);
  record->kind = RecordKind::Call;
  record->held = called;
  record->dst = C;
  pc = record->pc;
  r = window;
  k = as<Tuple>(f->code->consts)->items;
  if (eval_breaker) [[unlikely]]
    CHECK(handle_breaker(ts));
  labels = kLabels;
  if (++f->code->heat >= 0) [[unlikely]]
    goto enter_machine_code;
}
  DISPATCH();
op_CallComprehension:
  SAVE();
  if (as<Code>(k[B])->code_flags & kMakesGenerator) {
    SET_OR_FAIL(C, make_generator_expression(ts, as<Code>(k[B]), A));
    DISPATCH();
  }
  if (!enter_comprehension(ts, as<Code>(k[B]), A, C)) goto error;
  ENTER_RECORD();
  if (eval_breaker) [[unlikely]]
    CHECK(handle_breaker(ts));
  if (++record->code->heat >= 0) [[unlikely]]
    goto enter_machine_code;
  DISPATCH();
op_CallKeywords:
  keyword_names = as<Tuple>(k[pc->word]);
  callee = &r[A];
  count = B;
  dst = C;
  ++pc;
  goto call_any;
op_CallMethodKeywords:
  keyword_names = as<Tuple>(k[pc->word]);
  callee = &r[A];
  count = B;
  dst = C;
  ++pc;
  goto call_any_method;
call_method:
  callee = &r[A];
  count = B;
  dst = C;
call_any_method:
  if (callee[1].is_empty()) {
    // An ordinary callable: closes the gap by moving it up to its arguments.
    callee[1] = callee[0];
    callee[0] = Value();
    ++callee;
  } else {
    ++count;
  }
call_any : {
  SAVE();
  Ref result;
  switch (begin_call(ts, callee, count, keyword_names, dst, result)) {
    case CallOutcome::Entered:
      ENTER_RECORD();
      if (eval_breaker) [[unlikely]]
        CHECK(handle_breaker(ts));
      if (++record->code->heat >= 0) [[unlikely]]
        goto enter_machine_code;
      break;
    case CallOutcome::Returned:
      SET(dst, result.release());
      break;
    case CallOutcome::Failed:
      goto error;
  }
}
  DISPATCH();
op_ReturnNone:
  returned = Value::none();
  goto return_value;
op_Return:
  returned = r[A];
  r[A] = Value();
return_value : {
  SAVE();
  CallRecord* returning = record;
  if (returning->kind == RecordKind::Call && !returning->frame) [[likely]] {
    release_registers(r, r + B);
    if (returning->frame) [[unlikely]]
      leave_frame_object(returning);
    ts.record = returning - 1;
    ENTER_RECORD();
    const uint32_t dst = returning->dst;
    release(returning->held);
    SET(dst, returned);
    DISPATCH();
  }
  const RecordKind kind = returning->kind;
  const uint32_t dst = returning->dst;
  const CollectingCall collecting = CollectingCall::of(returning);
  const uint16_t cache_words = returning->cache_words;
  Value held = returning->held;
  if (returning->generator) {
    finish_generator(ts, returning, returning->code->register_count);
  } else {
    pop_record(ts, returning);
  }
  if (kind == RecordKind::Entry) {
    release(held);
    return Ref::steal(returned);
  }
  ENTER_RECORD();
  if (kind == RecordKind::Init) {
    release(static_cast<Object*>(returning->function));
    if (!returned.is_none()) {
      (void)fail(exc::TypeError, "__init__() should return None, not '{}'", type_name(returned));
      release(returned);
      release(held);
      goto error;
    }
    SET(dst, held);
    DISPATCH();
  }
  release(held);
  if (kind == RecordKind::ForIter) {
    release(returned);
  } else if (kind == RecordKind::Collect) {
    release(returned);
    CHECK(finish_collecting(ts, collecting));
  } else if (kind == RecordKind::Operator) {
    CHECK(finish_operator(record, returned, cache_words));
    pc = record->pc;
  } else {
    SET(dst, returned);
  }
  // ForIter and Send fall into the Jump behind them.
}
  DISPATCH();
op_MakeFunction : {
  Ref f = make_function(as<Code>(k[BC]), record->globals());
  if (f.is_error()) goto error;
  SET(A, f.release());
}
  DISPATCH();

// ---- Displays
op_BuildTuple : {
  SAVE();
  SET(A, take_into_tuple(&r[B], C).release());
}
  DISPATCH();
op_BuildList : {
  Ref list = make_list(C);
  auto* l = as<List>(list);
  for (uint32_t i = 0; i < C; ++i) {
    list_append_owned(l, r[B + i]);
    r[B + i] = Value();
  }
  SAVE();
  SET(A, list.release());
}
  DISPATCH();
op_BuildSet:
  SET_OR_FAIL(A, build_set(&r[B], C));
  DISPATCH();
op_BuildDict:
  SET_OR_FAIL(A, build_dict(&r[B], C));
  DISPATCH();
op_BuildString : {
  SAVE();
  Ref text = join_strings(&r[B], C);
  if (text.is_error()) goto error;
  for (uint32_t i = 0; i < C; ++i) DROP(B + i);
  SET(A, text.release());
}
  DISPATCH();
op_ListAppend : {
  Value v = r[B];
  if (FLAGS & kDyingB) {
    r[B] = Value();
  } else {
    retain(v);
  }
  list_append_owned(as<List>(r[A]), v);
}
  DISPATCH();
op_SetAdd:
  CHECK(set_add(as<Set>(r[A]), r[B]));
  if (FLAGS & kDyingB) DROP(B);
  DISPATCH();
op_DictAdd:
  CHECK(dict_set(as<Dict>(r[A]), r[B], r[C]));
  DROP_DYING();
  DISPATCH();
op_Unpack : {
  SAVE();
  Value source = r[B];
  const uint32_t count = C;
  Value* out = &r[A];
  if (is_exact(source, tuple_type) && as<Tuple>(source)->size == count) {
    Value* items = as<Tuple>(source)->items;
    for (uint32_t i = 0; i < count; ++i) {
      retain(items[i]);
      Value old = out[i];
      out[i] = items[i];
      release(old);
    }
  } else {
    CHECK(unpack(source, count, out));
  }
  if (FLAGS & kDyingB) DROP(B);
}
  DISPATCH();
op_FormatValue:
  SET_OR_FAIL(A, format_value(r[B], FLAGS, FLAGS & 4 ? r[C] : Value()));
  DISPATCH();

// ---- Instructions that are a function each, which machine code calls, too
#define PLAIN_STEP(name, function)                                    \
  op_##name : if (!function(record, pc - 1)) [[unlikely]] goto error; \
  DISPATCH();
#include "vm/plain_steps.def"
#undef PLAIN_STEP

// ---- Exceptions
op_Raise:
  SAVE();
  // A bare `raise` goes on with the handled exception: its traceback already has this frame.
  if (FLAGS == 0 && handled_exception()) {
    restore_pending(Ref::share(handled_exception()));
    goto unwind;
  }
  (void)raise(r[A], r[B], FLAGS);
  goto error;
op_Reraise : {
  SAVE();
  TAKE(A, exception);
  if (FLAGS & kInvert) {
    // For the frame's f_lineno this is still the instruction that raised.
    Value traceback = as<Exception>(exception)->traceback;
    if (traceback && as<Traceback>(traceback)->frame == to_value(record->frame))
      record->pc = record->code->begin() + as<Traceback>(traceback)->offset / 2 + 1;
  }
  restore_pending(Ref::steal(exception));
  goto unwind;
}
op_PushHandled : {
  r[A + 1] = ts.handled->exception;
  retain(r[A]);
  ts.handled->exception = r[A];
}
  DISPATCH();
op_PopHandled:
  SAVE();
  pop_handled(ts, &r[A]);
  DROP(A);
  DISPATCH();
op_MatchException:
  SET_OR_FAIL(A, match_exception(r[B], r[C]));
  DROP_DYING();
  DISPATCH();
op_MatchGroup : {
  SAVE();
  Ref pair = match_exception_group(r[B], r[C]);
  if (pair.is_error()) goto error;
  SET(A, Ref::share(as<Tuple>(pair)->items[0]).release());
  SET(A + 1, Ref::share(as<Tuple>(pair)->items[1]).release());
}
  DISPATCH();
op_RaiseGroup:
  SET_OR_FAIL(A, prepare_reraise_group(r[B], as<List>(r[C])));
  DISPATCH();

// ---- Generators
op_Yield : {
  CallRecord* yielding = record;
  if (yielding->kind == RecordKind::Collect) {
    const Collected outcome = collect_yielded(ts, yielding, pc - 1);
    if (outcome == Collected::Here) DISPATCH();
    ENTER_RECORD();
    if (outcome == Collected::Failed) goto error;
    DISPATCH();
  }
  Value value = r[B];
  if (FLAGS & kDyingB) {
    r[B] = Value();
  } else {
    retain(value);
  }
  if (FLAGS & kInvert) {
    Ref wrapped = wrap_async_value(value);
    release(value);
    value = wrapped.release();
  }
  suspend_generator(ts, yielding, pc);
  const RecordKind kind = yielding->kind;
  const uint32_t dst = yielding->dst;
  Value held = yielding->held;
  if (kind == RecordKind::Entry) {
    release(held);
    return Ref::steal(value);
  }
  ENTER_RECORD();
  SET(dst, value);
  ++pc;  // ForIter and Send: past the Jump
  release(held);
}
  DISPATCH();
op_Send : {
  Value receiver = r[B];
  Value value = r[C];
  SAVE();
  if (is<Generator>(receiver) && (is_exact(receiver, generator_type) || is_exact(receiver, coroutine_type))) {
    auto* g = as<Generator>(receiver);
    if (g->state() == Generator::Suspended || (g->state() == Generator::Created && value.is_none())) {
      if (g->state() == Generator::Suspended) set_yield_result(g, value);
      Result<CallRecord*> pushed = enter_generator(ts, g, RecordKind::Send);
      if (pushed.is_error()) goto error;
      pushed.value()->dst = A;
      ENTER_RECORD();
      DISPATCH();
    }
  }
  Ref returned;
  Ref result = send_to(receiver, value, returned);
  if (result.is_error()) goto error;
  if (result.is_empty()) {
    SET(A, returned.release());
    DISPATCH();
  }
  SET(A, result.release());
  ++pc;
}
  DISPATCH();
op_GetAiter:
  SET_OR_FAIL(A, get_aiter(r[B]));
  DISPATCH();
op_GetAnext:
  SET_OR_FAIL(A, get_anext(r[B]));
  DISPATCH();
op_EndAsyncFor : {
  SAVE();
  if (is_instance_of(r[A], exc::StopAsyncIteration)) {
    DROP(A);
    DISPATCH();
  }
  TAKE(A, exception);
  restore_pending(Ref::steal(exception));
  goto unwind;
}
op_CleanupThrow:
  SAVE();
  (void)fail(exc::SystemError, "unexpected instruction");
  goto error;

// ---- Imports
op_ImportName : {
  SAVE();
  Ref module = import_name(record, r[B], r[B + 1], NAME(C));
  if (module.is_error()) goto error;
  DROP(B);
  DROP(B + 1);
  SET(A, module.release());
}
  DISPATCH();
op_ImportFrom:
  SET_OR_FAIL(A, import_from(r[B], NAME(C)));
  DISPATCH();
op_ImportStar:
  CHECK(import_star(record, r[A]));
  DISPATCH();

// ---- Patterns
op_MatchSequence:
  SET(A, Value::boolean(type_of(r[B])->has(Type::kSequence)));
  DISPATCH();
op_MatchMapping:
  SET(A, Value::boolean(type_of(r[B])->has(Type::kMapping)));
  DISPATCH();
op_MatchKeys:
  SET_OR_FAIL(A, match_keys(r[B], r[C]));
  DISPATCH();
op_MatchClass:
  SET_OR_FAIL(A, match_class(r[B], r[B + 1], C, r[B + 2]));
  DISPATCH();
op_GetLength : {
  SAVE();
  Result<int64_t> n = length(r[B]);
  if (n.is_error()) goto error;
  SET(A, make_int(n.value()).release());
}
  DISPATCH();
op_PrintExpression:
  CHECK(print_expression(r[A]));
  DISPATCH();

error : {
  // The frame where the exception is raised, or through which it passes, goes into the traceback.
  record->pc = pc;
  const auto index = static_cast<int32_t>(pc - record->code->begin()) - 1;
  Value exception = ts.pending;
  if (exception) {
    Ref hold = take_pending();
    Frame* frame = frame_of(record);
    add_traceback(hold, to_value(frame), index,
                  position_at(record->code, static_cast<uint32_t>(index < 0 ? 0 : index)).line);
    restore_pending(std::move(hold));
  } else {
    (void)fail(exc::SystemError, "error return without exception set");
  }
}
unwind : {
  const auto index = static_cast<uint32_t>(pc - record->code->begin()) - 1;
  const ExceptionEntry* handler = nullptr;
  for (const ExceptionEntry& e : *record->code->exception_table) {
    if (index < e.start || index >= e.end) continue;
    if (e.target == UINT32_MAX) {
      pop_handled(ts, &r[e.depth]);
      continue;
    }
    handler = &e;
    break;
  }
  if (handler) {
    Value exception = ts.pending;
    ts.pending = Value();
    Value* end = r + record->code->register_count;
    for (Value* v = r + handler->depth; v != end; ++v) {
      Value old = *v;
      if (old.is_empty()) continue;
      *v = Value();
      release(old);
    }
    r[handler->depth] = exception;
    pc = record->code->begin() + handler->target;
    labels = record->code->machine ? kMachineLabels : kLabels;
    DISPATCH();
  }
  // Nobody here handles it: the frame ends.
  CallRecord* leaving = record;
  Value held = leaving->held;
  const RecordKind kind = leaving->kind;
  const bool generator = leaving->generator != nullptr;
  Ref pending = take_pending();
  // A frame that ends for lack of depth leaves room for one that a finalizer of its values runs.
  CallRecord* const limit = ts.record_limit++;
  // The traceback's frame keeps the variables, not the temporaries.
  release_registers(leaving->base + leaving->code->local_register_count, leaving->base + leaving->code->register_count);
  if (generator) {
    pending = leave_generator_with(leaving->code, std::move(pending));
    finish_generator(ts, leaving, leaving->code->register_count);
  } else {
    pop_record(ts, leaving);
  }
  if (ts.record_limit == limit + 1) ts.record_limit = limit;
  if (kind == RecordKind::Init) release(static_cast<Object*>(leaving->function));
  release(held);
  if (kind == RecordKind::Entry) {
    restore_pending(std::move(pending));
    return Failure{};
  }
  ENTER_RECORD();
  restore_pending(std::move(pending));
  goto error;
}
}

}  // namespace

// No Python exception is a C++ exception but this: functions that instructions call may find no memory, and their
// frames and those of machine code are gone then. The records of Python's frames are not, and the innermost raises
// MemoryError.
Ref interpret(ThreadState& ts, bool throwing, uint64_t exit) {
  return run_or_without_memory([&] { return interpret_records(ts, throwing, exit); },
                               [&] { return interpret_without_memory(ts); });
}

Ref interpret_without_memory(ThreadState& ts) {
  // A loop, for the program may go on and be without memory again, any number of times.
  for (;;) {
    (void)fail_memory();
    bool again = false;
    Ref result = run_or_without_memory([&] { return interpret_records(ts, true, 0); },
                                       [&] {
                                         again = true;
                                         return Ref();
                                       });
    if (!again) return result;
  }
}

}  // namespace hiss
