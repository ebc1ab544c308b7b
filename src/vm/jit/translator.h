// The template translator: walks a code object's instructions once and emits machine code for each.
//
// Registers of the processor: rbx the frame's registers, r12 the thread, r13 the call record, r14 and r15 the offset
// and span of float words, rbp the span of object words. rax, rcx, rdx, rsi, rdi, r8-r11, xmm0 and xmm1 are free within
// an instruction; xmm2 to xmm7 keep floats that registers of the frame hold, too.
#pragma once

#include <asmjit/x86.h>

#include <array>
#include <functional>
#include <vector>

#include "vm/jit/machine_code.h"
#include "vm/jit/slow_paths.h"

namespace hiss::jit {

// The encoding of value words (object/value.h) as templates use it: the top 15 bits of an int are set, a float is
// offset, and objects lie below both.
inline constexpr uint64_t kIntTag = Value::integer(0).bits();
inline constexpr uint64_t kFloatOffset = Value::number(0.0).bits();
inline constexpr uint64_t kFirstObject = 4096;
static_assert(kIntTag == uint64_t{0x7FFF} << 49 && Value::integer(-1).bits() == UINT64_MAX);
static_assert(Value::boolean(false).bits() == 8 && Value::boolean(true).bits() == 9 && Value().bits() == 0);
static_assert(!Value::from_bits(kFirstObject - 1).is_object() && Value::from_bits(kFirstObject).is_object());
static_assert(Value::from_bits(kFloatOffset - 1).is_object() && !Value::from_bits(kFloatOffset).is_object());

/// Places on the machine stack, from rsp on, where machine code keeps words across calls.
enum Scratch : int32_t {
  kSavedValue = 0,    // of a return: the value,
  kSavedTarget = 8,   // the register it goes to,
  kSavedReturn = 16,  // and where the caller goes on
  kHeldTargets = 24,  // of an unpacking: does a target's old value wait to be released?
  kScratchSize = 40,  // a multiple of 16, plus 8: keeps calls aligned
};

/// What is known of a register's value where an instruction begins, so that its template can leave out checks.
enum class Known : uint8_t { Nothing, Int, Float, Bool, Immediate, Object };

class Translator {
 public:
  /// `frame`: one that runs the code at this moment, or null. The kinds of what it holds are taken for usual; with
  /// `speculate`, code for other kinds leaves to the interpreter.
  Translator(Code* code, asmjit::CodeHolder& holder, uint64_t exit_address, const CallRecord* frame, bool speculate);
  /// Emits everything; false when asmjit reported an error.
  bool translate();
  /// After the code has been placed at `base`: the entries, one for each word of bytecode.
  std::unique_ptr<const void*[]> entries(const asmjit::CodeHolder& holder, uint64_t base) const;

 private:
  using Gp = asmjit::x86::Gp;
  using Xmm = asmjit::x86::Xmm;
  using Label = asmjit::Label;

  // translator.cpp
  bool find_targets();
  void instruction(size_t index);
  void basic(size_t index);
  void emit_entry_check(size_t index);
  void exit_at(size_t index, MachineExit exit);
  void step(size_t index);
  void step_helper(StepHelper helper);
  void error_exit();
  void control(ControlHelper helper) { call_control(reinterpret_cast<uint64_t>(helper)); }
  void call_control(uint64_t helper);
  void forget_all();

  // Values in the frame's registers.
  asmjit::x86::Mem reg(uint32_t index) const;
  void load(Gp to, uint32_t index);
  void store(Gp value, uint32_t dst, bool release_old);
  /// May register `dst` hold an object, which must be released when it is overwritten?
  bool owns(uint32_t dst) const;
  void retain(Gp value, Known known);
  void release(Gp object_word, Known known);
  void drop(uint32_t index);
  void forget_dying(bool constant);
  /// `words`: of the instruction.
  void save_pc(uint32_t words = 1);
  void load_constant(Gp to, uint64_t word);
  void require_object(Gp value, uint32_t index, Label slow);
  void require_int(Gp value, uint32_t index, Label slow);
  void cold(std::function<void()> emit) { cold_.push_back({std::move(emit), pc_, instruction_index_, done_}); }
  /// A label of code that runs `helper`, then goes on behind this instruction.
  Label slow_path(StepHelper helper);
  /// The same, when what follows relies on what registers hold: the interpreter goes on where it is something else.
  struct Expectation {
    uint32_t reg;
    Known known;  // Int or Float
  };
  Label slow_path(StepHelper helper, std::vector<Expectation> expected);
  /// The Python method that an arithmetic instruction called when it was translated; empty: none.
  struct OperatorGuess {
    Value method;          // borrowed from the class, as long as that has this version
    uint32_t version = 0;  // of the class of the operand that has the method
    bool reflected = false;
    bool other_is_number = false;  // or else an instance of the same class
  };
  OperatorGuess guess_operator(StepHelper helper) const;
  void slow_step(StepHelper helper, const OperatorGuess& guess);
  /// The end of code that stands apart: goes on behind its instruction.
  void rejoin();

  // Floats in the processor's registers: each is also in the frame's register, as ever.
  static constexpr size_t kHeldFloats = 6;
  static constexpr int32_t kNothingHeld = -1;
  using HeldFloats = std::array<int32_t, kHeldFloats>;  // the frame's register whose float is held
  static Xmm held_place(size_t slot) { return Xmm(static_cast<uint32_t>(2 + slot)); }
  /// The place that holds the float of a register, or kHeldFloats.
  size_t find_held(uint32_t index) const;
  /// Keeps a copy of a float that register `index` holds, or is about to.
  void hold_float(uint32_t index, Xmm value);
  void forget_floats() { held_.fill(kNothingHeld); }
  /// Behind a call, which has changed the processor's registers.
  void reload_floats(const HeldFloats& held);

  // translate_arithmetic.cpp
  void arithmetic(Op operation, bool constant);
  void true_divide(bool constant);
  void integer_operation(Op operation, bool constant);
  void negative();
  void compare(Op op);
  void compare_jump(Op op, size_t index, bool constant);
  Xmm float_operand(Xmm scratch, uint32_t index, Label slow);
  Xmm converted_operand(Xmm scratch, uint32_t index, Label slow);
  void store_float(Xmm value, bool release_old);
  void learn_kept(uint32_t index, Known known);
  void guess_number(Known left, Known right);
  Label jump_target(size_t index);

  // translate_objects.cpp
  void load_global();
  void load_attr();
  void load_property(uint32_t version, Label slow);
  void store_attr();
  void load_method();
  void get_item();
  void set_item();
  void require_shape(uint32_t id, Label slow, Label other);
  void look_into_table(Label other, uint64_t routine, Label found, Label slow);
  void load_cell_object(bool in_register, uint32_t index);
  Value guess_cell(bool in_register, uint32_t index) const;
  void load_free(bool cell);
  void store_free(bool cell);
  void list_append();
  void unpack();
  uint32_t moves_behind_unpack(size_t index) const;
  void unpack_to_targets(uint32_t count);
  void learn_unpacked(uint32_t moves);
  void find_items(uint32_t count, Label slow);
  Label unpack_numbers_routine(uint32_t count);

  // translate_control.cpp
  void test_and_jump(Label slow, TestHelper test, bool when, Label target);
  void jump_if(bool when, size_t index);
  void test_object(Label other, bool when, Label target, bool dying);
  void jump_if_none(bool when, size_t index);
  void for_iter(size_t index);
  void next_pair(size_t index, Label end);
  void is();
  void not_();

  // translate_generators.cpp
  void resume_generator(RecordKind kind, Label past, Label slow);
  void yield();
  void send(size_t index);

  // translate_calls.cpp
  void call(size_t index);
  void call_python(uint32_t given, bool method, Label slow, Label back);
  void require_room(Label slow);
  bool in_generator() const { return code_->code_flags & kMakesGenerator; }
  void load_window(uint32_t first);
  void push_call_record(uint32_t dst, Label back);
  void clear_locals();
  void clear_registers(uint32_t first, uint32_t end);
  void clear_from_rcx_to_rdx();
  void begin_code();
  void call_comprehension();
  bool call_native_guess(Value guess, bool method, Label slow);
  void finish_native_call();
  void collect_generator(Value guess);
  bool call_range_iterator(Value guess, size_t index, Label slow);
  bool call_class_guess(Value guess, Label slow, Label back);
  void continue_in_frame();
  void return_value(bool none);
  Value guess_global(int64_t index, bool in_builtins) const;
  int64_t guess_module_entry(uint32_t object, Str* name) const;
  void load_module_entry(int64_t entry, Str* name, Label slow);

  // translate_bound_calls.cpp
  struct BoundCall;
  bool call_bound(Value guess, Label slow, Label back);
  void require_defaults(const Function* f, const BoundCall& plan, Label slow);
  void lay_out_arguments(const BoundCall& plan);
  void enter_guessed_operator(const OperatorGuess& guess, bool constant, Label other, Label back);

  // Code that is rarely run stands behind the rest; it is emitted at the end, in the state of its instruction.
  struct Cold {
    std::function<void()> emit;
    const Instruction* pc;
    size_t index;
    Label done;
  };

  Code* code_;
  const std::vector<Instruction>& instructions_;
  asmjit::x86::Assembler a;
  uint64_t exit_address_;
  std::vector<bool> targets_;
  std::vector<Label> bodies_;   // where an instruction's code begins, nothing known
  std::vector<Label> entries_;  // where the interpreter may enter
  std::vector<Known> known_;
  std::vector<Value> constants_;  // known values; empty: none
  // What a register will probably hold, or a value of the same kind: the frame that ran the code held it, or a name or
  // an attribute was bound to it. Code must check it, and by something that no other object can have.
  std::vector<Value> guesses_;
  const CallRecord* frame_;
  bool speculate_;
  HeldFloats held_;
  size_t oldest_held_ = 0;
  std::vector<HeldFloats> held_behind_;  // each instruction
  bool in_cold_ = false;                 // emitting code that stands apart
  std::vector<Cold> cold_;
  std::array<Label, kMostUnpacked + 1> unpack_routines_;  // by the number of items
  const Instruction* pc_ = nullptr;                       // of the instruction being translated
  Label done_;                                            // behind its code
  uint32_t skip_ = 0;                                     // instructions behind this one whose work it has done
  bool may_leave_ = true;  // the instruction before can come back through the interpreter
  size_t instruction_index_ = 0;
  void learn(uint32_t index, Known known, Value constant = Value());
  /// The kind that a register's value probably has: known, or guessed where speculation is allowed.
  Known likely(uint32_t index) const;
  /// What the frame holds in a register at the time of translation, or empty.
  Value held_by_frame(uint32_t index) const;
  /// The item that container[key] probably gives, or empty.
  Value guess_item(uint32_t container, uint32_t key) const;
  Value guess_attribute(uint32_t object, uint64_t cache, Value constant) const;
  bool is_immediate(uint32_t index) const {
    const Known k = known_[index];
    return k == Known::Int || k == Known::Float || k == Known::Bool || k == Known::Immediate;
  }
  uint32_t A() const { return pc_->a(); }
  uint32_t B() const { return pc_->b(); }
  uint32_t C() const { return pc_->c(); }
  int32_t BC() const { return pc_->bc(); }
  uint8_t flags() const { return pc_->flags(); }
  const Value* k() const { return as<Tuple>(code_->consts)->items; }
  bool temporary(uint32_t index) const { return index >= code_->local_register_count; }
};

}  // namespace hiss::jit
