// Calls of Python functions that need binding, and those that operators make: keyword arguments, and defaults for what
// is not given. Where the function is known that was called when the code was translated, so is what becomes of each
// argument.
#include <algorithm>
#include <cstddef>
#include <optional>

#include "object/function.h"
#include "vm/jit/translator.h"
#include "vm/operators.h"

namespace hiss::jit {

using namespace asmjit::x86;

namespace {

constexpr uint32_t kMostParameters = 32;
constexpr Gp kKeywordValues[] = {rax, rcx, r9, r10};

constexpr int32_t bytes(size_t values) { return static_cast<int32_t>(values * sizeof(Value)); }

}  // namespace

struct Translator::BoundCall {
  enum Source : uint8_t { Given, Default, KeywordDefault };
  struct Parameter {
    Source source;
    uint32_t index;  // of the argument, in the tuple of defaults, or of an entry of the dict of defaults
  };
  uint32_t positional;
  std::vector<Parameter> parameters;

  bool uses(Source source) const {
    return std::any_of(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.source == source; });
  }
};

namespace {

// Where each parameter of `f` gets its value from; nothing when that is not known beforehand, or is an error.
template <typename Plan>
std::optional<Plan> plan_call(const Function* f, uint32_t positional, const Tuple* keyword_names) {
  const Code* code = f->code;
  constexpr uint32_t kOther = kCodeVarargs | kCodeVarkeywords | kMakesGenerator;
  const auto argcount = static_cast<uint32_t>(code->argcount);
  const uint32_t total = argcount + static_cast<uint32_t>(code->kwonlyargcount);
  const uint32_t keywords = keyword_names ? static_cast<uint32_t>(keyword_names->size) : 0;
  if ((code->code_flags & kOther) || code->closure_register || !code->version || total > kMostParameters ||
      positional > argcount || keywords > std::size(kKeywordValues)) {
    return std::nullopt;
  }
  constexpr uint32_t kNothing = UINT32_MAX;
  Plan plan{positional, {}};
  plan.parameters.assign(total, {Plan::Given, kNothing});
  for (uint32_t i = 0; i < positional; ++i) plan.parameters[i].index = i;
  const Value* names_of = as<Tuple>(code->varnames)->items;
  for (uint32_t k = 0; k < keywords; ++k) {
    auto place = static_cast<uint32_t>(code->posonlyargcount);
    while (place < total && names_of[place] != keyword_names->items[k]) ++place;
    if (place == total || plan.parameters[place].index != kNothing) return std::nullopt;
    plan.parameters[place].index = positional + k;
  }
  const int64_t defaults = f->defaults ? as<Tuple>(f->defaults)->size : 0;
  for (uint32_t i = 0; i < total; ++i) {
    if (plan.parameters[i].index != kNothing) continue;
    if (i < argcount) {
      const int64_t index = static_cast<int64_t>(i) - (argcount - defaults);
      if (index < 0) return std::nullopt;
      plan.parameters[i] = {Plan::Default, static_cast<uint32_t>(index)};
    } else {
      const int64_t entry = f->kwdefaults ? dict_find(as<Dict>(f->kwdefaults), as<Str>(names_of[i])) : -1;
      if (entry < 0) return std::nullopt;
      plan.parameters[i] = {Plan::KeywordDefault, static_cast<uint32_t>(entry)};
    }
  }
  return plan;
}

}  // namespace

// The function in rdi still has the defaults that the plan takes, though their values may be others.
void Translator::require_defaults(const Function* f, const BoundCall& plan, Label slow) {
  if (plan.uses(BoundCall::Default)) {
    a.mov(rax, qword_ptr(rdi, offsetof(Function, defaults)));
    a.test(rax, rax);
    a.jz(slow);
    a.cmp(qword_ptr(rax, offsetof(Tuple, size)), static_cast<int32_t>(as<Tuple>(f->defaults)->size));
    a.jne(slow);
  }
  if (!plan.uses(BoundCall::KeywordDefault)) return;
  a.mov(rax, qword_ptr(rdi, offsetof(Function, kwdefaults)));
  a.test(rax, rax);
  a.jz(slow);
  const Value* names_of = as<Tuple>(f->code->varnames)->items;
  for (size_t i = 0; i < plan.parameters.size(); ++i) {
    const BoundCall::Parameter& p = plan.parameters[i];
    if (p.source != BoundCall::KeywordDefault) continue;
    a.cmp(qword_ptr(rax, offsetof(Dict, entry_count)), static_cast<int32_t>(p.index));
    a.jle(slow);
    a.mov(rcx, qword_ptr(rax, offsetof(Dict, entries)));
    load_constant(r9, names_of[i].bits());
    a.cmp(qword_ptr(rcx, static_cast<int32_t>(p.index * sizeof(DictEntry) + offsetof(DictEntry, key))), r9);
    a.jne(slow);
  }
}

// The values of all parameters of the function in rdi, at r8. rdi, rsi, rdx and r8 stay as they are.
void Translator::lay_out_arguments(const BoundCall& plan) {
  const uint32_t first = A() + 1;
  const auto& parameters = plan.parameters;
  auto target = [](size_t i) { return qword_ptr(r8, bytes(i)); };
  if (in_generator()) {
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].source != BoundCall::Given) continue;
      a.mov(rax, reg(first + parameters[i].index));
      a.mov(reg(first + parameters[i].index), 0);
      a.mov(target(i), rax);
    }
  } else {
    // The positional ones are where they belong; the others may be in each other's places.
    for (const bool storing : {false, true}) {
      for (size_t i = 0; i < parameters.size(); ++i) {
        const auto [source, index] = parameters[i];
        if (source != BoundCall::Given || index < plan.positional) continue;
        const Gp value = kKeywordValues[index - plan.positional];
        if (storing) {
          a.mov(target(i), value);
        } else {
          a.mov(value, reg(first + index));
        }
      }
    }
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto [source, index] = parameters[i];
    if (source == BoundCall::Given) continue;
    if (source == BoundCall::Default) {
      a.mov(rax, qword_ptr(rdi, offsetof(Function, defaults)));
      a.mov(rax, qword_ptr(rax, static_cast<int32_t>(offsetof(Tuple, items)) + bytes(index)));
    } else {
      a.mov(rax, qword_ptr(rdi, offsetof(Function, kwdefaults)));
      a.mov(rax, qword_ptr(rax, offsetof(Dict, entries)));
      a.mov(rax, qword_ptr(rax, static_cast<int32_t>(index * sizeof(DictEntry) + offsetof(DictEntry, value))));
    }
    retain(rax, Known::Nothing);
    a.mov(target(i), rax);
  }
}

// A call of a function whose code is known, when it needs binding: its frame is entered in line.
bool Translator::call_bound(Value guess, Label slow, Label back) {
  if (!guess || !hiss::is<Function>(guess)) return false;
  const auto* f = as<Function>(guess);
  const Op op = pc_->op();
  const bool method = op == Op::CallMethod || op == Op::CallMethodKeywords;
  const bool with_names = op == Op::CallKeywords || op == Op::CallMethodKeywords;
  const auto* names = with_names ? as<Tuple>(as<Tuple>(code_->consts)->items[pc_[1].word]) : nullptr;
  const uint32_t callee = A(), count = B() + method;
  if (!names && f->code->direct_argcount == count) return false;
  const std::optional<BoundCall> plan = plan_call<BoundCall>(f, count, names);
  if (!plan) return false;
  load(rdi, callee);
  require_object(rdi, callee, slow);
  a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Function));
  a.jne(slow);
  a.mov(rsi, qword_ptr(rdi, offsetof(Function, code)));
  a.cmp(dword_ptr(rsi, offsetof(Code, version)), f->code->version);
  a.jne(slow);
  if (method) {
    a.cmp(reg(callee + 1), 0);
    a.je(slow);
  }
  require_defaults(f, *plan, slow);
  load_window(callee + 1);
  a.lea(rdx, ptr(r8, bytes(f->code->register_count)));
  require_room(slow);
  a.mov(reg(callee), 0);
  lay_out_arguments(*plan);
  push_call_record(C(), back);
  clear_registers(f->code->first_unset, f->code->local_register_count);
  begin_code();
  return true;
}

// ---- Operators

Translator::OperatorGuess Translator::guess_operator(StepHelper helper) const {
  const bool constant = helper == binary_constant_operation;
  if (!constant && helper != binary_operation) return {};
  const Value left = guesses_[B()];
  const Value right = constant ? k()[C()] : constants_[C()] ? constants_[C()] : guesses_[C()];
  if (!left || !right) return {};
  const auto [method, reflected] = find_operator_method(pc_, left, right);
  Type* type = type_of(reflected ? right : left);
  if (!method || !hiss::is<Function>(method) || !type_version(type)) return {};
  return {method, type->version, reflected, !(reflected ? left : right).is_object()};
}

// As enter_operator() does; goes to `other` where the operands are of other classes.
void Translator::enter_guessed_operator(const OperatorGuess& guess, bool constant, Label other, Label back) {
  auto operand = [&](Gp to, bool right) {
    if (right && constant) {
      load_constant(to, k()[C()].bits());
    } else {
      a.mov(to, reg(right ? C() : B()));
    }
  };
  auto compare_with_objects = [&](Gp value) {
    a.lea(rax, ptr(value, -static_cast<int32_t>(kFirstObject)));
    a.cmp(rax, rbp);
  };
  operand(rdi, guess.reflected);
  compare_with_objects(rdi);
  a.jae(other);
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.cmp(dword_ptr(rcx, offsetof(Type, version)), guess.version);
  a.jne(other);
  operand(rsi, !guess.reflected);
  compare_with_objects(rsi);
  if (guess.other_is_number) {
    a.jb(other);
  } else {
    a.jae(other);
    a.cmp(qword_ptr(rsi, offsetof(Object, type)), rcx);
    a.jne(other);
  }
  load_constant(r9, guess.method.bits());
  a.mov(r10, qword_ptr(r9, offsetof(Function, code)));
  a.cmp(dword_ptr(r10, offsetof(Code, direct_argcount)), 2);
  a.jne(other);
  a.mov(r8, qword_ptr(r13, offsetof(CallRecord, top)));
  a.mov(edx, dword_ptr(r10, offsetof(Code, register_count)));
  a.lea(rdx, ptr(r8, rdx, 3));
  require_room(other);
  for (const Gp& value : {rdi, r9}) a.inc(dword_ptr(value, offsetof(Object, refs)));
  if (!guess.other_is_number) a.inc(dword_ptr(rsi, offsetof(Object, refs)));
  a.mov(qword_ptr(r8), rdi);
  a.mov(qword_ptr(r8, bytes(1)), rsi);
  a.mov(rdi, r9);
  a.mov(rsi, r10);
  push_call_record(A(), back);
  a.mov(byte_ptr(r13, offsetof(CallRecord, kind)), static_cast<int>(RecordKind::Operator));
  a.mov(word_ptr(r13, offsetof(CallRecord, cache_words)), 0);
  clear_locals();
  begin_code();
}

}  // namespace hiss::jit
