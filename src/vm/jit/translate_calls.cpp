// Templates of calls and returns. What was called when the code was translated is a guess at what will be: native
// functions and classes that fit it are called without a look at anything else.
#include <cstddef>

#include "object/function.h"
#include "object/generator.h"
#include "object/native_calls.h"
#include "object/range.h"
#include "vm/collecting.h"
#include "vm/jit/native_calls.h"
#include "vm/jit/translator.h"

namespace hiss::jit {

using namespace asmjit::x86;

// ---- Guesses

// What a global name is bound to now, seen from the function that runs this code.
Value Translator::guess_global(int64_t index, bool in_builtins) const {
  const CallRecord* record = thread_state().record;
  if (record->code != code_) return Value();
  const Dict* dict = in_builtins ? record->builtins() : record->globals();
  return index <= dict->entry_count ? dict->entries[index - 1].value : Value();
}

// Where a module that `object` probably holds has this name in its dictionary; -1 when it is no module or has no such
// name.
int64_t Translator::guess_module_entry(uint32_t object, Str* name) const {
  const Value module = guesses_[object];
  if (!module || !is_exact(module, module_type)) return -1;
  const int64_t entry = dict_find(module_dict(module), name);
  return entry < 100'000 ? entry : -1;
}

// rdi holds the object; rax = the attribute, borrowed, when it is a module that has the name in this entry.
void Translator::load_module_entry(int64_t entry, Str* name, Label slow) {
  constexpr auto kValues = static_cast<int32_t>(offsetof(Module, attributes) + offsetof(Attributes, values));
  const auto offset = static_cast<int32_t>(entry * static_cast<int64_t>(sizeof(DictEntry)));
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&module_type)));
  a.jne(slow);
  a.mov(rdx, qword_ptr(rdi, kValues));
  a.mov(rdx, qword_ptr(rdx));
  a.cmp(qword_ptr(rdx, offsetof(Dict, entry_count)), static_cast<int32_t>(entry));
  a.jle(slow);
  a.mov(rdx, qword_ptr(rdx, offsetof(Dict, entries)));
  load_constant(rcx, to_value(name).bits());
  a.cmp(qword_ptr(rdx, offset + static_cast<int32_t>(offsetof(DictEntry, key))), rcx);
  a.jne(slow);
  a.mov(rax, qword_ptr(rdx, offset + static_cast<int32_t>(offsetof(DictEntry, value))));
}

// ---- Calls

// Goes on where rax says, in the frame that is then the innermost.
void Translator::continue_in_frame() {
  a.mov(r13, qword_ptr(r12, offsetof(ThreadState, record)));
  a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
  a.jmp(rax);
}

void Translator::call(size_t index) {
  const Op op = pc_->op();
  const bool method = op == Op::CallMethod;
  Label slow = a.newLabel(), back = a.newLabel();
  const uint32_t callee = A(), dst = C();
  const Value guess = guesses_[callee];
  auto emit_slow = [this, slow] {
    a.bind(slow);
    control(call_value);
    a.test(rax, rax);
    a.jz(done_);
    continue_in_frame();
  };
  const bool in_line = op == Op::Call || method;
  if (call_bound(guess, slow, back)) {
    cold(emit_slow);
  } else if (in_line && guess &&
             (call_range_iterator(guess, index, slow) || call_native_guess(guess, method, slow) ||
              (!method && call_class_guess(guess, slow, back)))) {
    cold(emit_slow);
  } else if (in_line) {
    call_python(B() + (method ? 1 : 0), method, slow, back);
    cold(emit_slow);
  } else {
    emit_slow();
  }
  a.bind(back);
  for (uint32_t i = callee; i < code_->register_count; ++i) learn(i, Known::Nothing);
  learn(dst, Known::Nothing);
  may_leave_ = true;
}

// A Python function whose arguments need no binding is entered in line.
void Translator::call_python(uint32_t given, bool method, Label slow, Label back) {
  const uint32_t callee = A(), dst = C();
  load(rdi, callee);
  require_object(rdi, callee, slow);
  a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Function));
  a.jne(slow);
  a.mov(rsi, qword_ptr(rdi, offsetof(Function, code)));
  a.cmp(dword_ptr(rsi, offsetof(Code, direct_argcount)), given);
  a.jne(slow);
  if (method) {
    a.cmp(reg(callee + 1), 0);
    a.je(slow);
  }
  load_window(callee + 1);
  a.mov(edx, dword_ptr(rsi, offsetof(Code, register_count)));
  a.lea(rdx, ptr(r8, rdx, 3));
  require_room(slow);
  a.mov(reg(callee), 0);
  for (uint32_t i = 0; i < given && in_generator(); ++i) {
    a.mov(rax, reg(callee + 1 + i));
    a.mov(qword_ptr(r8, static_cast<int32_t>(i * sizeof(Value))), rax);
    a.mov(reg(callee + 1 + i), 0);
  }
  push_call_record(dst, back);
  clear_locals();
  begin_code();
}

// Locals that are no arguments begin empty. rsi: the code.
void Translator::clear_locals() {
  a.mov(ecx, dword_ptr(rsi, offsetof(Code, first_unset)));
  a.mov(edx, dword_ptr(rsi, offsetof(Code, local_register_count)));
  clear_from_rcx_to_rdx();
}

// The same where the registers are known beforehand.
void Translator::clear_registers(uint32_t first, uint32_t end) {
  constexpr uint32_t kFew = 8;
  if (end <= first + kFew) {
    for (uint32_t i = first; i < end; ++i) a.mov(qword_ptr(rbx, static_cast<int32_t>(i * sizeof(Value))), 0);
    return;
  }
  a.mov(ecx, first);
  a.mov(edx, end);
  clear_from_rcx_to_rdx();
}

void Translator::clear_from_rcx_to_rdx() {
  Label clear = a.newLabel(), cleared = a.newLabel();
  a.bind(clear);
  a.cmp(ecx, edx);
  a.jae(cleared);
  a.mov(qword_ptr(rbx, rcx, 3), 0);
  a.inc(ecx);
  a.jmp(clear);
  a.bind(cleared);
}

// rdx holds the callee's top: there must be room for its registers, and for its record.
void Translator::require_room(Label slow) {
  a.cmp(r13, qword_ptr(r12, offsetof(ThreadState, record_limit)));
  a.jae(slow);
  a.lea(rcx, ptr(rdx, 512 * static_cast<int32_t>(sizeof(Value))));
  a.cmp(rcx, qword_ptr(r12, offsetof(ThreadState, stack_end)));
  a.ja(slow);
}

// r8 = where the registers of a callee whose arguments begin at register `first` lie. No room follows the registers of
// a generator: there the arguments move to the stack.
void Translator::load_window(uint32_t first) {
  if (in_generator()) {
    a.mov(r8, qword_ptr(r13, offsetof(CallRecord, top)));
  } else {
    a.lea(r8, reg(first));
  }
}

// Makes the record of a call of the function in rdi, which the record holds, with the code in rsi; rdx: the top, r8:
// its registers. rsi stays as it is.
void Translator::push_call_record(uint32_t dst, Label back) {
  save_pc(1 + kOpCacheWords[static_cast<size_t>(pc_->op())]);
  constexpr auto kNext = static_cast<int32_t>(sizeof(CallRecord));
  auto field = [&](size_t offset) { return kNext + static_cast<int32_t>(offset); };
  a.mov(rbx, r8);
  a.mov(rax, qword_ptr(rsi, offsetof(Code, first)));
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, pc))), rax);
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, base))), rbx);
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, top))), rdx);
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, code))), rsi);
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, function))), rdi);
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, held))), rdi);
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, generator))), 0);
  a.lea(rax, ptr(back));
  a.mov(qword_ptr(r13, field(offsetof(CallRecord, return_to))), rax);
  a.mov(dword_ptr(r13, field(offsetof(CallRecord, dst))), dst);
  a.mov(byte_ptr(r13, field(offsetof(CallRecord, kind))), static_cast<int>(RecordKind::Call));
  a.add(r13, kNext);
  a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
}

// Goes on at the beginning of the code in rsi, whose frame is the innermost.
void Translator::begin_code() {
  Label interpreted = a.newLabel();
  a.mov(rax, qword_ptr(rsi, offsetof(Code, machine)));
  a.test(rax, rax);
  a.jz(interpreted);
  a.mov(rax, qword_ptr(rax, offsetof(MachineCode, entries)));
  a.jmp(qword_ptr(rax));
  cold([this, interpreted] {
    a.bind(interpreted);
    load_constant(rax, stubs.stay);
    a.jmp(rax);
  });
}

void Translator::call_comprehension() {
  auto* code = as<Code>(as<Tuple>(code_->consts)->items[B()]);
  if (code->code_flags & kMakesGenerator) {
    step_helper(make_generator_object);
    for (uint32_t i = A(); i < code_->register_count; ++i) learn(i, Known::Nothing);
    learn(C(), Known::Object);
    return;
  }
  Label slow = a.newLabel(), back = a.newLabel();
  auto emit_slow = [this, slow, back] {
    a.bind(slow);
    a.lea(rcx, ptr(back));
    call_control(reinterpret_cast<uint64_t>(&jit::call_comprehension));
    continue_in_frame();
  };
  if (in_generator()) {
    emit_slow();
  } else {
    load_window(A());
    a.lea(rdx, ptr(r8, static_cast<int32_t>(code->register_count * sizeof(Value))));
    require_room(slow);
    a.mov(rdi, qword_ptr(r13, offsetof(CallRecord, function)));
    a.inc(dword_ptr(rdi, offsetof(Object, refs)));
    load_constant(rsi, reinterpret_cast<uint64_t>(code));
    push_call_record(C(), back);
    const uint32_t end = code->closure_register ? code->closure_register : code->local_register_count;
    clear_registers(1, end);
    begin_code();
    cold(emit_slow);
  }
  a.bind(back);
  for (uint32_t i = A(); i < code_->register_count; ++i) learn(i, Known::Nothing);
  learn(C(), Known::Nothing);
  may_leave_ = true;
}

namespace {

// What a native callee that is a guess is called through: the definition in a register tells whether the guess fits.
struct NativeCallee {
  const NativeDef* def;
  bool function;  // a function or bound method, not a method's descriptor
};

NativeCallee native_callee(Value guess, bool method) {
  if (is_exact(guess, native_function_type)) return {as<NativeFunction>(guess)->def, true};
  if (method && is_exact(guess, method_descriptor_type)) return {as<Descriptor>(guess)->def, false};
  return {nullptr, false};
}

}  // namespace

// The result is in rax; kCallFailed: an exception is pending.
void Translator::finish_native_call() {
  Label failed = a.newLabel();
  a.cmp(rax, static_cast<int32_t>(kCallFailed));
  a.je(failed);
  cold([this, failed] {
    a.bind(failed);
    error_exit();
  });
  // The callee and its arguments are gone.
  for (uint32_t i = 0; i < B() + 2 && A() + i < code_->register_count; ++i) learn(A() + i, Known::Immediate);
  store(rax, C(), owns(C()));
}

// Where the argument is a generator that can run, a builtin that collects its values enters its frame.
void Translator::collect_generator(Value guess) {
  const Collecting what = collecting_of(guess);
  if (B() != 1 || what == Collecting::None) return;
  Label other = a.newLabel();
  load(rdi, A() + 1);
  require_object(rdi, A() + 1, other);
  a.cmp(qword_ptr(rdi, offsetof(Object, type)), static_cast<int32_t>(reinterpret_cast<intptr_t>(&generator_type)));
  a.jne(other);
  static_assert(Generator::Created < Generator::Suspended && Generator::Suspended < Generator::Running &&
                Generator::Suspended < Generator::Parked);
  a.cmp(byte_ptr(rdi, offsetof(Generator, raw_state)), static_cast<int>(Generator::Suspended));
  a.ja(other);
  a.mov(ecx, static_cast<int32_t>(what));
  call_control(reinterpret_cast<uint64_t>(&enter_collecting_call));
  continue_in_frame();
  a.bind(other);
}

// Calls of native functions and methods with as many arguments as they take, and of native classes.
bool Translator::call_native_guess(Value guess, bool method, Label slow) {
  const uint32_t callee = A(), count = B();
  if (!method && hiss::is<Type>(guess) && !as<Type>(guess)->is_heap() && as<Type>(guess)->type == &type_type &&
      as<Type>(guess) != &type_type && as<Type>(guess)->slots.new_) {
    a.cmp(reg(callee), static_cast<int32_t>(reinterpret_cast<intptr_t>(as<Type>(guess))));
    a.jne(slow);
    collect_generator(guess);
    save_pc();
    a.lea(rdi, reg(callee));
    a.mov(esi, count);
    load_constant(rax, reinterpret_cast<uint64_t>(&construct_native));
    a.call(rax);
    finish_native_call();
    return true;
  }
  const auto [def, function] = native_callee(guess, method);
  if (!def) return false;
  const NativeArity arity = native_arity(def);
  const bool fits = arity.positional_only_values && count >= arity.least && count <= arity.values;
  if (!fits && (method || count != 1 || collecting_of(guess) == Collecting::None)) return false;
  load(rdi, callee);
  require_object(rdi, callee, slow);
  load_constant(rcx, reinterpret_cast<uint64_t>(def));
  if (function) {
    a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::NativeFunction));
    a.jne(slow);
    a.cmp(qword_ptr(rdi, offsetof(NativeFunction, def)), rcx);
  } else {
    a.mov(rax, qword_ptr(rdi, offsetof(Object, type)));
    a.cmp(rax, static_cast<int32_t>(reinterpret_cast<intptr_t>(&method_descriptor_type)));
    a.jne(slow);
    a.cmp(qword_ptr(rdi, offsetof(Descriptor, def)), rcx);
  }
  a.jne(slow);
  if (method) {
    // Behind a function read from a module or an instance lies no object; behind a method's descriptor does.
    a.cmp(reg(callee + 1), 0);
    if (function) {
      a.jne(slow);
    } else {
      a.je(slow);
    }
  } else {
    collect_generator(guess);
  }
  if (!fits) {
    a.jmp(slow);
    return true;
  }
  save_pc();
  a.lea(rdi, reg(callee));
  load_constant(rsi, count | uint64_t{arity.values} << 32);
  const NativeCaller caller = native_caller(function, method, count == arity.values);
  load_constant(rax, reinterpret_cast<uint64_t>(caller));
  a.call(rax);
  finish_native_call();
  return true;
}

// `for i in range(n)`: the iterator is made without the range, of which nobody else can know.
bool Translator::call_range_iterator(Value guess, size_t index, Label slow) {
  if (guess != to_value(&range_type) || pc_->op() != Op::Call) return false;
  const Instruction& next = instructions_[index + 1];
  if (next.op() != Op::GetIter || next.b() != C() || !(next.flags() & kDyingB) || targets_[index + 1]) return false;
  const uint32_t callee = A(), count = B();
  if (count < 1 || count > 2) return false;
  a.cmp(reg(callee), static_cast<int32_t>(reinterpret_cast<intptr_t>(&range_type)));
  a.jne(slow);
  for (uint32_t i = 0; i < count; ++i) {
    load(rax, callee + 1 + i);
    require_int(rax, callee + 1 + i, slow);
  }
  save_pc();
  a.lea(rdi, reg(callee));
  a.mov(esi, count);
  load_constant(rax, reinterpret_cast<uint64_t>(&construct_range_iterator));
  a.call(rax);
  store(rax, next.a(), true);
  a.jmp(bodies_[index + 2]);
  return true;
}

// A class of Python code whose __init__ needs no binding: its frame is entered.
bool Translator::call_class_guess(Value guess, Label slow, Label back) {
  if (!hiss::is<Type>(guess) || !makes_plain_instances(guess) || !type_version(as<Type>(guess))) return false;
  const Value init = lookup(as<Type>(guess), names.__init__);
  if (!init || !hiss::is<Function>(init)) return false;
  const uint32_t callee = A();
  load(rdi, callee);
  require_object(rdi, callee, slow);
  a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Type));
  a.jne(slow);
  a.cmp(dword_ptr(rdi, offsetof(Type, version)), as<Type>(guess)->version);
  a.jne(slow);
  a.lea(rcx, ptr(back));
  load_constant(r8, init.bits());
  call_control(reinterpret_cast<uint64_t>(&enter_class));
  a.test(rax, rax);
  a.jz(slow);
  continue_in_frame();
  return true;
}

// ---- Returns

void Translator::return_value(bool none) {
  Label slow = a.newLabel();
  const uint32_t in_use = B();
  cold([this, slow] {
    a.bind(slow);
    control(jit::return_value);
    continue_in_frame();
  });
  if (in_generator()) {
    a.jmp(slow);
    forget_all();
    return;
  }
  Label other_kind = a.newLabel(), no_call = a.newLabel(), have_value = a.newLabel();
  a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Call));
  a.jne(other_kind);
  a.bind(no_call);
  a.cmp(qword_ptr(r13, offsetof(CallRecord, frame)), 0);
  a.jne(slow);
  a.mov(rdx, qword_ptr(r13, offsetof(CallRecord, return_to)));
  a.test(rdx, rdx);
  a.jz(slow);
  Label init = a.newLabel();
  const uint32_t value = A();
  if (none) {
    a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Init));
    a.je(init);
  }
  cold([this, other_kind, no_call, init, have_value, slow, none, value] {
    a.bind(other_kind);
    if (none) {
      // __init__: the instance is what the call gives, and the function is what the record has to let go.
      a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Init));
      a.je(no_call);
    } else {
      load(rax, value);
      a.cmp(rax, static_cast<int32_t>(Value::not_implemented().bits()));
      a.je(slow);
    }
    a.cmp(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Operator));
    a.je(no_call);
    a.jmp(slow);
    if (!none) return;
    a.bind(init);
    a.mov(rax, qword_ptr(r13, offsetof(CallRecord, held)));
    a.mov(rcx, qword_ptr(r13, offsetof(CallRecord, function)));
    a.mov(qword_ptr(r13, offsetof(CallRecord, held)), rcx);
    a.jmp(have_value);
  });
  // The value and the way back wait on the machine stack: releasing may run finalizers, and their frames lie where this
  // record does.
  if (none) {
    a.mov(eax, static_cast<int32_t>(Value::none().bits()));
  } else {
    load(rax, A());
    if (!is_immediate(A())) a.mov(reg(A()), 0);
  }
  a.bind(have_value);
  a.mov(qword_ptr(rsp, kSavedValue), rax);
  for (uint32_t i = 0; i < in_use; ++i) {
    if (is_immediate(i) || (!none && i == A())) continue;
    a.mov(rdi, reg(i));
    a.mov(reg(i), 0);
    release(rdi, known_[i]);
  }
  Label frame = a.newLabel(), no_frame = a.newLabel();
  a.cmp(qword_ptr(r13, offsetof(CallRecord, frame)), 0);
  a.jne(frame);
  a.bind(no_frame);
  a.mov(rsi, qword_ptr(r13, offsetof(CallRecord, held)));
  a.mov(ecx, dword_ptr(r13, offsetof(CallRecord, dst)));
  a.mov(rdx, qword_ptr(r13, offsetof(CallRecord, return_to)));
  a.mov(qword_ptr(rsp, kSavedTarget), rcx);
  a.mov(qword_ptr(rsp, kSavedReturn), rdx);
  a.sub(r13, static_cast<int32_t>(sizeof(CallRecord)));
  a.mov(qword_ptr(r12, offsetof(ThreadState, record)), r13);
  a.mov(rbx, qword_ptr(r13, offsetof(CallRecord, base)));
  Label dead = a.newLabel(), held_done = a.newLabel(), old_done = a.newLabel(), old_dead = a.newLabel();
  a.dec(dword_ptr(rsi, offsetof(Object, refs)));
  a.jz(dead);
  a.bind(held_done);
  a.mov(rax, qword_ptr(rsp, kSavedValue));
  a.mov(rdi, qword_ptr(rbx, rcx, 3));
  a.mov(qword_ptr(rbx, rcx, 3), rax);
  a.lea(rax, ptr(rdi, -static_cast<int32_t>(kFirstObject)));
  a.cmp(rax, rbp);
  a.jae(old_done);
  a.dec(dword_ptr(rdi, offsetof(Object, refs)));
  a.jz(old_dead);
  a.bind(old_done);
  a.jmp(qword_ptr(rsp, kSavedReturn));
  cold([this, frame, no_frame, dead, held_done, old_dead, old_done] {
    a.bind(frame);
    a.mov(rdi, r13);
    load_constant(rax, reinterpret_cast<uint64_t>(&leave_frame_object));
    a.call(rax);
    a.jmp(no_frame);
    a.bind(dead);
    a.mov(rdi, rsi);
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    a.mov(rcx, qword_ptr(rsp, kSavedTarget));
    a.jmp(held_done);
    a.bind(old_dead);
    load_constant(rax, reinterpret_cast<uint64_t>(&destroy_object));
    a.call(rax);
    a.jmp(old_done);
  });
  forget_all();
}
}  // namespace hiss::jit
