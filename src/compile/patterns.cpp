// match statements (PEP 634): each pattern is a test that jumps to `fail_label`, with captures bound only when the
// whole pattern fits.
#include <algorithm>

#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

using Captures = std::vector<std::pair<std::string_view, Register>>;

void Compiler::match(Match* s) {
  Label end;
  const Register m = mark();
  const Register subject = temporary();
  expression_to(s->subject, subject);
  const auto before = unit_->assigned;
  for (int32_t i = 0; i < s->cases.size; ++i) {
    MatchCase* c = s->cases[i];
    allow_irrefutable_ = c->guard || i + 1 == s->cases.size;
    Label next;
    unit_->assigned = before;
    const Register inner = mark();
    // A pattern's temporaries stay alive across its jumps, so they are cleared where it succeeded and where it failed.
    Captures captures;
    const Register saved_count = unit_->register_count;
    unit_->register_count = inner;
    pattern(c->pattern, subject, next, captures);
    const Register used = unit_->register_count;
    unit_->register_count = std::max(saved_count, used);
    for (auto [n, r] : captures) store_name(n, {r, true});
    for (Register r = inner; r < used; ++r) release(r);
    free_to(inner);
    if (c->guard) jump_if(c->guard, false, next);
    body(c->body);
    if (!unit_->unreachable) jump(Op::Jump, 0, end);
    bind(next);
    at(c->pattern);
    for (Register r = inner; r < used; ++r) release(r);
  }
  bind(end);
  unit_->assigned = before;
  release(subject);
  free_to(m);
}

void Compiler::capture(std::string_view captured, Register source, const Node* node, Captures& captures) {
  if (!check_target_name(node, captured, false)) return;
  for (auto& [n, r] : captures) {
    if (n == captured)
      return static_cast<void>(fail(node, "multiple assignments to name '" + std::string(captured) + "' in pattern"));
  }
  const Register t = temporary();
  emit(Op::Move, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(source), 0);
  captures.emplace_back(captured, t);
}

void Compiler::pattern(Pattern* p, Register subject, Label& fail_label, Captures& captures) {
  if (failed_) return;
  at(p);
  Ref folded;
  switch (p->kind) {
    case NodeKind::MatchValue: {
      Expr* literal = p->as<MatchValue>()->value;
      if (literal->is<JoinedStr>() || !(literal->is<Attribute>() || constant_of(literal, folded)))
        return static_cast<void>(fail(p, "patterns may only match literals and attribute lookups"));
      const Register t = temporary();
      const Operand value = expression(p->as<MatchValue>()->value);
      at(p);
      emit(Op::CompareEq, value.temporary ? kDyingC : 0, static_cast<uint32_t>(t), static_cast<uint32_t>(subject),
           static_cast<uint32_t>(value.reg));
      jump(Op::JumpIfFalse, static_cast<uint32_t>(t), fail_label, kDyingB);
      break;
    }
    case NodeKind::MatchSingleton: {
      const Register t = temporary();
      const Register value = temporary();
      const ConstantKind kind = p->as<MatchSingleton>()->value;
      load_constant(value, kind == ConstantKind::None ? Ref::none() : Ref::boolean(kind == ConstantKind::True));
      emit(Op::Is, kDyingC, static_cast<uint32_t>(t), static_cast<uint32_t>(subject), static_cast<uint32_t>(value));
      jump(Op::JumpIfFalse, static_cast<uint32_t>(t), fail_label, kDyingB);
      break;
    }
    case NodeKind::MatchAs: {
      auto* a = p->as<MatchAs>();
      if (!a->pattern && !allow_irrefutable_) {
        const std::string what = a->name.data() ? "name capture '" + std::string(a->name) + "'" : "wildcard";
        return static_cast<void>(fail(p, what + " makes remaining patterns unreachable"));
      }
      if (a->pattern) pattern(a->pattern, subject, fail_label, captures);
      if (a->name.data()) capture(a->name, subject, p, captures);
      break;
    }
    case NodeKind::MatchSequence:
      sequence_pattern(p->as<MatchSequence>(), subject, fail_label, captures);
      break;
    case NodeKind::MatchMapping:
      mapping_pattern(p->as<MatchMapping>(), subject, fail_label, captures);
      break;
    case NodeKind::MatchClass:
      class_pattern(p->as<MatchClass>(), subject, fail_label, captures);
      break;
    case NodeKind::MatchOr:
      or_pattern(p->as<MatchOr>(), subject, fail_label, captures);
      break;
    default:
      fail(p, "this pattern cannot be compiled by Hiss");
      break;
  }
}

void Compiler::sequence_pattern(MatchSequence* p, Register subject, Label& fail_label, Captures& captures) {
  int star = -1;
  for (int32_t i = 0; i < p->patterns.size; ++i) {
    if (!p->patterns[i]->is<MatchStar>()) continue;
    if (star >= 0) return static_cast<void>(fail(p, "multiple starred names in sequence pattern"));
    star = i;
  }
  const Register t = temporary();
  emit(Op::MatchSequence, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(subject), 0);
  jump(Op::JumpIfFalse, static_cast<uint32_t>(t), fail_label, kDyingB);
  if (star >= 0 && p->patterns.size == 1) return sequence_parts(p, subject, t, star, fail_label, captures);
  emit(Op::GetLength, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(subject), 0);
  const int wanted = star >= 0 ? p->patterns.size - 1 : p->patterns.size;
  const Register number = temporary();
  load_constant(number, make_int(wanted));
  const Register ok = temporary();
  emit(star >= 0 ? Op::CompareGe : Op::CompareEq, 0, static_cast<uint32_t>(ok), static_cast<uint32_t>(t),
       static_cast<uint32_t>(number));
  jump(Op::JumpIfFalse, static_cast<uint32_t>(ok), fail_label, kDyingB);
  sequence_parts(p, subject, t, star, fail_label, captures);
}

// r[length] is the length, unless the pattern is a star alone.
void Compiler::sequence_parts(MatchSequence* p, Register subject, Register length, int star, Label& fail_label,
                              Captures& captures) {
  bool wildcards = true;
  for (Pattern* q : p->patterns) {
    wildcards = wildcards && ((q->is<MatchAs>() && !q->as<MatchAs>()->pattern && !q->as<MatchAs>()->name.data()) ||
                              (q->is<MatchStar>() && !q->as<MatchStar>()->name.data()));
  }
  if (wildcards) return;
  if (star >= 0 && !p->patterns[star]->as<MatchStar>()->name.data())
    return sequence_items(p, subject, length, star, fail_label, captures);
  const Register first = temporaries(p->patterns.size);
  if (star >= 0) {
    emit(Op::UnpackStar, 0, static_cast<uint32_t>(first), static_cast<uint32_t>(subject),
         static_cast<uint32_t>(star | (p->patterns.size - star - 1) << 8));
  } else {
    emit(Op::Unpack, 0, static_cast<uint32_t>(first), static_cast<uint32_t>(subject),
         static_cast<uint32_t>(p->patterns.size));
  }
  for (int32_t i = 0; i < p->patterns.size; ++i) {
    Pattern* q = p->patterns[i];
    if (q->is<MatchStar>()) {
      if (q->as<MatchStar>()->name.data()) capture(q->as<MatchStar>()->name, first + i, q, captures);
    } else {
      subpattern(q, first + i, fail_label, captures);
    }
  }
}

// [a, *_, b]: nobody wants the items in the middle, so the others are taken out one by one. r[length] is the length.
void Compiler::sequence_items(MatchSequence* p, Register subject, Register length, int star, Label& fail_label,
                              Captures& captures) {
  for (int32_t i = 0; i < p->patterns.size; ++i) {
    Pattern* q = p->patterns[i];
    const bool wildcard = q->is<MatchAs>() && !q->as<MatchAs>()->pattern && !q->as<MatchAs>()->name.data();
    if (i == star || wildcard) continue;
    const Register item = temporary();
    const Register index = temporary();
    load_constant(index, make_int(i < star ? i : p->patterns.size - i));
    if (i > star)
      emit(Op::Subtract, 0, static_cast<uint32_t>(index), static_cast<uint32_t>(length), static_cast<uint32_t>(index));
    emit(Op::GetItem, 0, static_cast<uint32_t>(item), static_cast<uint32_t>(subject), static_cast<uint32_t>(index));
    subpattern(q, item, fail_label, captures);
  }
}

// A part of a pattern: that it always fits does not make the whole fit always.
void Compiler::subpattern(Pattern* p, Register subject, Label& fail_label, Captures& captures) {
  const bool saved = allow_irrefutable_;
  allow_irrefutable_ = true;
  pattern(p, subject, fail_label, captures);
  allow_irrefutable_ = saved;
}

void Compiler::check_mapping_keys(MatchMapping* p) {
  Ref seen = make_set();
  for (Expr* key : p->keys) {
    Ref value;
    if (!key->is<JoinedStr>() && constant_of(key, value)) {
      Result<bool> repeated = set_contains(as<hiss::Set>(seen), value);
      if (!repeated.is_error() && repeated.value()) {
        return static_cast<void>(fail(p, fmt::format("mapping pattern checks duplicate key ({})", repr_text(value))));
      }
      if (repeated.is_error() || set_add(as<hiss::Set>(seen), value).is_error()) failed_ = true;
    } else if (!key->is<Attribute>()) {
      return static_cast<void>(fail(p, "mapping pattern keys may only match literals and attribute lookups"));
    }
  }
}

void Compiler::check_attributes(MatchClass* p) {
  for (int32_t i = 0; i < p->kwd_attrs.size; ++i) {
    if (!check_target_name(p->kwd_patterns[i], p->kwd_attrs[i], false)) return;
    for (int32_t j = i + 1; j < p->kwd_attrs.size; ++j) {
      if (p->kwd_attrs[i] == p->kwd_attrs[j]) {
        return static_cast<void>(
            fail(p->kwd_patterns[j], "attribute name repeated in class pattern: " + std::string(p->kwd_attrs[i])));
      }
    }
  }
}

void Compiler::mapping_pattern(MatchMapping* p, Register subject, Label& fail_label, Captures& captures) {
  check_mapping_keys(p);
  if (failed_) return;
  const Register t = temporary();
  emit(Op::MatchMapping, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(subject), 0);
  jump(Op::JumpIfFalse, static_cast<uint32_t>(t), fail_label, kDyingB);
  const Register keys = temporary();
  if (p->keys.size) {
    sequence(p->keys, Op::BuildTuple, keys);
    emit(Op::MatchKeys, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(subject), static_cast<uint32_t>(keys));
    jump(Op::JumpIfNone, static_cast<uint32_t>(t), fail_label);
    const Register first = temporaries(p->keys.size);
    emit(Op::Unpack, 0, static_cast<uint32_t>(first), static_cast<uint32_t>(t), static_cast<uint32_t>(p->keys.size));
    for (int32_t i = 0; i < p->patterns.size; ++i) subpattern(p->patterns[i], first + i, fail_label, captures);
  }
  if (p->rest.data()) {
    const Register rest = temporary();
    emit(Op::BuildDict, 0, static_cast<uint32_t>(rest), static_cast<uint32_t>(mark()), 0);
    emit(Op::DictUpdate, 0, static_cast<uint32_t>(rest), static_cast<uint32_t>(subject), 0);
    for (int32_t i = 0; i < p->keys.size; ++i) {
      const Operand key = expression(p->keys[i]);
      emit(Op::DeleteItem, 0, static_cast<uint32_t>(rest), static_cast<uint32_t>(key.reg), 0);
    }
    capture(p->rest, rest, p, captures);
  }
}

void Compiler::class_pattern(MatchClass* p, Register subject, Label& fail_label, Captures& captures) {
  check_attributes(p);
  if (failed_) return;
  const Register first = temporaries(3);
  emit(Op::Move, 0, static_cast<uint32_t>(first), static_cast<uint32_t>(subject), 0);
  expression_to(p->cls, first + 1);
  std::vector<Value> attributes;
  for (std::string_view n : p->kwd_attrs) attributes.push_back(to_value(intern(n)));
  load_constant(first + 2, make_tuple(attributes.data(), static_cast<int64_t>(attributes.size())));
  const Register t = temporary();
  at(p);
  emit(Op::MatchClass, 0, static_cast<uint32_t>(t), static_cast<uint32_t>(first),
       static_cast<uint32_t>(p->patterns.size));
  jump(Op::JumpIfNone, static_cast<uint32_t>(t), fail_label);
  const int count = p->patterns.size + p->kwd_patterns.size;
  if (count == 0) return;
  const Register values = temporaries(count);
  emit(Op::Unpack, 0, static_cast<uint32_t>(values), static_cast<uint32_t>(t), static_cast<uint32_t>(count));
  for (int32_t i = 0; i < count; ++i) {
    Pattern* q = i < p->patterns.size ? p->patterns[i] : p->kwd_patterns[i - p->patterns.size];
    subpattern(q, values + i, fail_label, captures);
  }
}

void Compiler::or_pattern(MatchOr* p, Register subject, Label& fail_label, Captures& captures) {
  Label matched;
  // Every alternative binds the same names; they are collected in the registers that the first one chose.
  Captures chosen;
  const bool outer_irrefutable = allow_irrefutable_;
  for (int32_t i = 0; i < p->patterns.size; ++i) {
    Label next;
    const bool last = i + 1 == p->patterns.size;
    Captures own;
    allow_irrefutable_ = last && outer_irrefutable;
    pattern(p->patterns[i], subject, last ? fail_label : next, own);
    if (failed_) return;
    if (i == 0) {
      for (auto [n, r] : own) chosen.emplace_back(n, temporary());
    }
    if (own.size() != chosen.size())
      return static_cast<void>(fail(nullptr, "alternative patterns bind different names"));
    for (auto [n, r] : chosen) {
      bool found = false;
      for (auto [other, source] : own) {
        if (other != n) continue;
        emit(Op::MoveTake, 0, static_cast<uint32_t>(r), static_cast<uint32_t>(source), 0);
        found = true;
      }
      if (!found) return static_cast<void>(fail(nullptr, "alternative patterns bind different names"));
    }
    if (!last) {
      jump(Op::Jump, 0, matched);
      bind(next);
    }
  }
  allow_irrefutable_ = outer_irrefutable;
  bind(matched);
  for (auto& [n, r] : chosen) {
    for (auto& [other, ignored] : captures) {
      if (other == n)
        return static_cast<void>(fail(p, "multiple assignments to name '" + std::string(n) + "' in pattern"));
    }
    captures.emplace_back(n, r);
  }
}

}  // namespace hiss
