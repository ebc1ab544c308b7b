#include "modules/_sre/matcher.h"

#include <cstring>
#include <memory>

#include "object/unicode_tables.h"
#include "vm/operations.h"
#include "vm/thread_state.h"

namespace hiss::sre {

uint32_t ascii_lower(uint32_t c) { return c - 'A' < 26 ? c + 32 : c; }
uint32_t unicode_lower(uint32_t c) { return unicode::simple_lower(c); }
static uint32_t simple_upper(uint32_t c) {
  uint32_t out[3];
  return unicode::to_upper(c, out) == 1 ? out[0] : c;
}
bool ascii_is_cased(uint32_t c) { return (c | 32) - 'a' < 26; }
bool unicode_is_cased(uint32_t c) { return unicode::simple_lower(c) != c || simple_upper(c) != c; }

namespace {

bool ascii_word(uint32_t c) { return (c | 32) - 'a' < 26 || c - '0' < 10 || c == '_'; }
bool ascii_space(uint32_t c) { return c == ' ' || c - 9 < 5; }
bool unicode_word(uint32_t c) { return unicode::is_alnum(c) || c == '_'; }

bool in_category(uint32_t category, uint32_t c) {
  bool yes = false;
  switch (category & ~1u) {
    case 0:
      yes = c - '0' < 10;
      break;
    case 2:
      yes = ascii_space(c);
      break;
    case 4:
    case 8:
      yes = c < 128 && ascii_word(c);
      break;
    case 6:
      yes = c == '\n';
      break;
    case 10:
      yes = unicode::decimal(c) >= 0;
      break;
    case 12:
      yes = unicode::is_space(c);
      break;
    case 14:
      yes = unicode_word(c);
      break;
    case 16:
      yes = unicode::is_line_break(c);
      break;
  }
  return yes != static_cast<bool>(category & 1);
}

// A set's code: elements, perhaps negated, up to FAILURE.
bool in_set(const uint32_t* set, uint32_t c) {
  bool ok = true;
  for (;;) {
    switch (*set++) {
      case FAILURE:
        return !ok;
      case LITERAL:
        if (c == *set) return ok;
        ++set;
        break;
      case CATEGORY:
        if (in_category(*set, c)) return ok;
        ++set;
        break;
      case CHARSET:
        if (c < 256 && (set[c >> 5] & (1u << (c & 31)))) return ok;
        set += 8;
        break;
      case RANGE:
        if (set[0] <= c && c <= set[1]) return ok;
        set += 2;
        break;
      case RANGE_UNI_IGNORE: {
        if (set[0] <= c && c <= set[1]) return ok;
        const uint32_t upper = simple_upper(c);
        if (set[0] <= upper && upper <= set[1]) return ok;
        set += 2;
        break;
      }
      case NEGATE:
        ok = !ok;
        break;
      case BIGCHARSET: {
        const uint32_t blocks = *set++;
        const int block = c < 65536 ? reinterpret_cast<const uint8_t*>(set)[c >> 8] : -1;
        set += 64;
        if (block >= 0 && (set[static_cast<uint32_t>(block) * 8 + ((c & 255) >> 5)] & (1u << (c & 31)))) return ok;
        set += blocks * 8;
        break;
      }
      default:
        return false;
    }
  }
}

// The state of one REPEAT ... UNTIL loop; nodes are never changed, so that backtracking only has to restore a pointer.
struct Loop {
  const uint32_t* pattern;  // behind REPEAT: skip, min, max, body
  uint32_t count;
  int64_t last;  // where the last turn began
  const Loop* outer;
};

struct Choice {
  enum Kind : uint8_t { Resume, RepeatOne, MinRepeatOne, Barrier } kind;
  const uint32_t* pc;
  int64_t position;
  int64_t count;  // RepeatOne: how many characters are taken now
  int64_t minimum;
  const Loop* loop;
  size_t trail;
};

struct Undo {
  int32_t mark;  // -1: last_index
  int64_t old;
};

template <typename Char>
class Machine {
 public:
  Machine(const Request& request, Groups& groups)
      : request_(request),
        text_(static_cast<const Char*>(request.subject.data)),
        end_(request.end_position),
        groups_(groups) {}

  Outcome run(const uint32_t* pc, int64_t position, int64_t& match_end, bool top) {
    const size_t base = choices_.size();
    if (depth_ > 200) {
      (void)fail(exc::RecursionError, "maximum recursion depth exceeded in regular expression");
      return Outcome::Error;
    }
    ++depth_;
    const Outcome outcome = loop(pc, position, match_end, base, top);
    --depth_;
    choices_.resize(base);
    return outcome;
  }

  void reset() {
    groups_.marks.assign(static_cast<size_t>(request_.groups) * 2, -1);
    groups_.last_index = -1;
    trail_.clear();
    choices_.clear();
    loops_used_ = 0;
    loop_ = nullptr;
  }

 private:
  const Request& request_;
  const Char* text_;
  int64_t end_;
  Groups& groups_;
  std::vector<Choice> choices_;
  std::vector<Undo> trail_;
  std::vector<std::unique_ptr<Loop[]>> loop_blocks_;
  size_t loops_used_ = 0;
  const Loop* loop_ = nullptr;
  int depth_ = 0;
  uint32_t steps_ = 0;

  const Loop* make_loop(const uint32_t* pattern, uint32_t count, int64_t last, const Loop* outer) {
    constexpr size_t kBlock = 256;
    if (loops_used_ % kBlock == 0 && loops_used_ / kBlock == loop_blocks_.size())
      loop_blocks_.push_back(std::make_unique<Loop[]>(kBlock));
    Loop* l = &loop_blocks_[loops_used_ / kBlock][loops_used_ % kBlock];
    ++loops_used_;
    *l = {pattern, count, last, outer};
    return l;
  }

  void set_mark(uint32_t i, int64_t position) {
    if (i & 1) {
      trail_.push_back({-1, groups_.last_index});
      groups_.last_index = i / 2 + 1;
    }
    trail_.push_back({static_cast<int32_t>(i), groups_.marks[i]});
    groups_.marks[i] = position;
  }
  void undo_to(size_t size) {
    while (trail_.size() > size) {
      const Undo& u = trail_.back();
      if (u.mark < 0) {
        groups_.last_index = u.old;
      } else {
        groups_.marks[static_cast<size_t>(u.mark)] = u.old;
      }
      trail_.pop_back();
    }
  }

  // Does the single-character pattern at pc fit c?
  bool fits(const uint32_t* pc, uint32_t c) const {
    switch (*pc) {
      case ANY:
        return c != '\n';
      case ANY_ALL:
        return true;
      case LITERAL:
        return c == pc[1];
      case NOT_LITERAL:
        return c != pc[1];
      case IN:
        return in_set(pc + 2, c);
      case LITERAL_IGNORE:
      case LITERAL_LOC_IGNORE:
        return ascii_lower(c) == pc[1];
      case NOT_LITERAL_IGNORE:
      case NOT_LITERAL_LOC_IGNORE:
        return ascii_lower(c) != pc[1];
      case IN_IGNORE:
      case IN_LOC_IGNORE:
        return in_set(pc + 2, ascii_lower(c));
      case LITERAL_UNI_IGNORE:
        return unicode_lower(c) == pc[1];
      case NOT_LITERAL_UNI_IGNORE:
        return unicode_lower(c) != pc[1];
      case IN_UNI_IGNORE:
        return in_set(pc + 2, unicode_lower(c));
      default:
        return false;
    }
  }
  static bool is_single(uint32_t op) {
    switch (op) {
      case ANY:
      case ANY_ALL:
      case LITERAL:
      case NOT_LITERAL:
      case IN:
      case LITERAL_IGNORE:
      case LITERAL_LOC_IGNORE:
      case NOT_LITERAL_IGNORE:
      case NOT_LITERAL_LOC_IGNORE:
      case IN_IGNORE:
      case IN_LOC_IGNORE:
      case LITERAL_UNI_IGNORE:
      case NOT_LITERAL_UNI_IGNORE:
      case IN_UNI_IGNORE:
        return true;
      default:
        return false;
    }
  }
  static const uint32_t* behind_single(const uint32_t* pc) {
    switch (*pc) {
      case ANY:
      case ANY_ALL:
        return pc + 1;
      case IN:
      case IN_IGNORE:
      case IN_LOC_IGNORE:
      case IN_UNI_IGNORE:
        return pc + 1 + pc[1];
      default:
        return pc + 2;
    }
  }

  // How many characters from `position` fit, at most `maximum`. A body that is not one character (a group reference) is
  // tried by the machine.
  int64_t count(const uint32_t* body, int64_t position, uint32_t maximum) {
    int64_t limit = end_;
    if (maximum < static_cast<uint64_t>(end_ - position) && maximum != kMaxRepeat) limit = position + maximum;
    int64_t p = position;
    switch (*body) {
      case ANY_ALL:
        return limit - position;
      case ANY:
        while (p < limit && text_[p] != '\n') ++p;
        break;
      case LITERAL: {
        const uint32_t c = body[1];
        while (p < limit && static_cast<uint32_t>(text_[p]) == c) ++p;
        break;
      }
      case NOT_LITERAL: {
        const uint32_t c = body[1];
        while (p < limit && static_cast<uint32_t>(text_[p]) != c) ++p;
        break;
      }
      case IN:
        while (p < limit && in_set(body + 2, text_[p])) ++p;
        break;
      default:
        while (p < limit && fits(body, text_[p])) ++p;
        break;
    }
    return p - position;
  }

  bool word(int64_t i, bool unicode_mode) const {
    return i >= 0 && i < end_ && (unicode_mode ? unicode_word(text_[i]) : (text_[i] < 128 && ascii_word(text_[i])));
  }

  bool at(uint32_t where, int64_t p) const {
    switch (where) {
      case 0:
      case 2:
        return p == 0;
      case 1:
        return p == 0 || text_[p - 1] == '\n';
      case 5:
        return p == end_ || (p + 1 == end_ && text_[p] == '\n');
      case 6:
        return p == end_ || text_[p] == '\n';
      case 7:
        return p == end_;
      case 3:
      case 8:
        return end_ != 0 && word(p - 1, false) != word(p, false);
      case 4:
      case 9:
        return end_ != 0 && word(p - 1, false) == word(p, false);
      case 10:
        return end_ != 0 && word(p - 1, true) != word(p, true);
      case 11:
        return end_ != 0 && word(p - 1, true) == word(p, true);
      default:
        return false;
    }
  }

  bool group_reference(uint32_t op, uint32_t group, int64_t& p) const {
    const int64_t start = groups_.marks[group * 2], stop = groups_.marks[group * 2 + 1];
    if (start < 0 || stop < start) return false;
    int64_t q = p;
    for (int64_t i = start; i < stop; ++i, ++q) {
      if (q >= end_) return false;
      uint32_t a = text_[i], b = text_[q];
      if (op == GROUPREF_IGNORE || op == GROUPREF_LOC_IGNORE) a = ascii_lower(a), b = ascii_lower(b);
      if (op == GROUPREF_UNI_IGNORE) a = unicode_lower(a), b = unicode_lower(b);
      if (a != b) return false;
    }
    p = q;
    return true;
  }

  void push(Choice::Kind kind, const uint32_t* pc, int64_t position, const Loop* l, int64_t n = 0,
            int64_t minimum = 0) {
    choices_.push_back({kind, pc, position, n, minimum, l, trail_.size()});
  }

  Outcome loop(const uint32_t* pc, int64_t p, int64_t& match_end, size_t base, bool top) {
    for (;;) {
      if ((++steps_ & 0xFFFFF) == 0 && eval_breaker) {
        if (handle_breaker(thread_state()).is_error()) return Outcome::Error;
      }
      bool ok = true;
      switch (*pc) {
        case SUCCESS:
          if (top &&
              ((request_.full && p != end_) || (request_.not_empty_at && p == request_.position && p == start_))) {
            ok = false;
            break;
          }
          match_end = p;
          return Outcome::Match;
        case FAILURE:
          ok = false;
          break;
        case MARK:
          set_mark(pc[1], p);
          pc += 2;
          break;
        case LITERAL:
          ok = p < end_ && static_cast<uint32_t>(text_[p]) == pc[1];
          ++p;
          pc += 2;
          break;
        case NOT_LITERAL:
          ok = p < end_ && static_cast<uint32_t>(text_[p]) != pc[1];
          ++p;
          pc += 2;
          break;
        case ANY:
        case ANY_ALL:
        case IN:
        case LITERAL_IGNORE:
        case LITERAL_LOC_IGNORE:
        case NOT_LITERAL_IGNORE:
        case NOT_LITERAL_LOC_IGNORE:
        case IN_IGNORE:
        case IN_LOC_IGNORE:
        case LITERAL_UNI_IGNORE:
        case NOT_LITERAL_UNI_IGNORE:
        case IN_UNI_IGNORE:
          ok = p < end_ && fits(pc, text_[p]);
          ++p;
          pc = behind_single(pc);
          break;
        case AT:
          ok = at(pc[1], p);
          pc += 2;
          break;
        case CATEGORY:
          ok = p < end_ && in_category(pc[1], text_[p]);
          ++p;
          pc += 2;
          break;
        case JUMP:
          pc += 1 + pc[1];
          break;
        case INFO:
          pc += 1 + pc[1];
          break;
        case GROUPREF:
        case GROUPREF_IGNORE:
        case GROUPREF_LOC_IGNORE:
        case GROUPREF_UNI_IGNORE:
          ok = group_reference(pc[0], pc[1], p);
          pc += 2;
          break;
        case GROUPREF_EXISTS: {
          const int64_t start = groups_.marks[pc[1] * 2], stop = groups_.marks[pc[1] * 2 + 1];
          // <GROUPREF_EXISTS> <group> <skip> yes <JUMP> no
          pc += start >= 0 && stop >= start ? 3 : 1 + pc[2];
          break;
        }
        case BRANCH: {
          // <BRANCH> <skip> alternative <JUMP> ... <skip> alternative ... <0>
          const uint32_t* alternative = pc + 1;
          ok = false;
          // Alternatives are pushed in reverse, so that the first is tried first.
          const uint32_t* list[64];
          int n = 0;
          std::vector<const uint32_t*> many;
          for (; *alternative; alternative += *alternative) {
            if (alternative[1] == LITERAL && (p >= end_ || static_cast<uint32_t>(text_[p]) != alternative[2])) continue;
            if (alternative[1] == IN && (p >= end_ || !in_set(alternative + 3, text_[p]))) continue;
            if (n < 64) {
              list[n++] = alternative + 1;
            } else {
              many.push_back(alternative + 1);
            }
          }
          for (size_t i = many.size(); i-- > 0;) push(Choice::Resume, many[i], p, loop_);
          for (int i = n; i-- > 1;) push(Choice::Resume, list[i], p, loop_);
          if (n) {
            pc = list[0];
            ok = true;
          }
          break;
        }
        case REPEAT_ONE: {
          // <REPEAT_ONE> <skip> <min> <max> body <SUCCESS> tail
          const uint32_t minimum = pc[2];
          if (static_cast<int64_t>(minimum) > end_ - p) {
            ok = false;
            break;
          }
          const int64_t n = count(pc + 4, p, pc[3]);
          if (n < static_cast<int64_t>(minimum)) {
            ok = false;
            break;
          }
          const uint32_t* tail = pc + 1 + pc[1];
          if (*tail == SUCCESS && !(top && request_.full)) {
            p += n;
            pc = tail;
            break;
          }
          if (n > static_cast<int64_t>(minimum)) push(Choice::RepeatOne, tail, p, loop_, n, minimum);
          p += n;
          pc = tail;
          break;
        }
        case POSSESSIVE_REPEAT_ONE: {
          const int64_t n = count(pc + 4, p, pc[3]);
          ok = n >= static_cast<int64_t>(pc[2]);
          p += n;
          pc += 1 + pc[1];
          break;
        }
        case MIN_REPEAT_ONE: {
          const uint32_t minimum = pc[2];
          const int64_t n = minimum ? count(pc + 4, p, minimum) : 0;
          if (n < static_cast<int64_t>(minimum)) {
            ok = false;
            break;
          }
          p += n;
          push(Choice::MinRepeatOne, pc, p, loop_, n);
          pc += 1 + pc[1];
          break;
        }
        case REPEAT:
          // <REPEAT> <skip> <min> <max> body <UNTIL> tail: starts with the test that UNTIL makes.
          loop_ = make_loop(pc, 0, -1, loop_);
          pc += 1 + pc[1];
          break;
        case MAX_UNTIL: {
          const Loop* l = loop_;
          const uint32_t minimum = l->pattern[2], maximum = l->pattern[3];
          if (l->count < minimum) {
            loop_ = make_loop(l->pattern, l->count + 1, p, l->outer);
            pc = l->pattern + 4;
            break;
          }
          if ((l->count < maximum || maximum == kMaxRepeat) && p != l->last) {
            push(Choice::Resume, pc + 1, p, l->outer);
            loop_ = make_loop(l->pattern, l->count + 1, p, l->outer);
            pc = l->pattern + 4;
            break;
          }
          loop_ = l->outer;
          ++pc;
          break;
        }
        case MIN_UNTIL: {
          const Loop* l = loop_;
          const uint32_t minimum = l->pattern[2], maximum = l->pattern[3];
          if (l->count < minimum) {
            loop_ = make_loop(l->pattern, l->count + 1, p, l->outer);
            pc = l->pattern + 4;
            break;
          }
          if ((l->count < maximum || maximum == kMaxRepeat) && p != l->last) {
            push(Choice::Resume, l->pattern + 4, p, make_loop(l->pattern, l->count + 1, p, l->outer));
          }
          loop_ = l->outer;
          ++pc;
          break;
        }
        case POSSESSIVE_REPEAT: {
          // <POSSESSIVE_REPEAT> <skip> <min> <max> body <SUCCESS> tail
          const uint32_t minimum = pc[2], maximum = pc[3];
          uint32_t n = 0;
          while (n < maximum || maximum == kMaxRepeat) {
            int64_t stop = p;
            const size_t trail = trail_.size();
            const Loop* saved = loop_;
            const Outcome outcome = run(pc + 4, p, stop, false);
            loop_ = saved;
            if (outcome == Outcome::Error) return outcome;
            if (outcome == Outcome::NoMatch) {
              undo_to(trail);
              break;
            }
            ++n;
            if (stop == p && n >= minimum) break;
            p = stop;
          }
          ok = n >= minimum;
          pc += 2 + pc[1];  // behind the body's SUCCESS
          break;
        }
        case ATOMIC_GROUP: {
          int64_t stop = p;
          const Loop* saved = loop_;
          const Outcome outcome = run(pc + 2, p, stop, false);
          loop_ = saved;
          if (outcome == Outcome::Error) return outcome;
          ok = outcome == Outcome::Match;
          p = stop;
          pc += 1 + pc[1];
          break;
        }
        case ASSERT:
        case ASSERT_NOT: {
          // <ASSERT> <skip> <back> body <SUCCESS>
          const bool negative = *pc == ASSERT_NOT;
          bool matched = false;
          if (p >= static_cast<int64_t>(pc[2])) {
            int64_t stop = p;
            const size_t trail = trail_.size();
            const Loop* saved = loop_;
            const Outcome outcome = run(pc + 3, p - pc[2], stop, false);
            loop_ = saved;
            if (outcome == Outcome::Error) return outcome;
            matched = outcome == Outcome::Match;
            if (negative || !matched) undo_to(trail);
          }
          ok = matched != negative;
          pc += 1 + pc[1];
          break;
        }
        default:
          (void)fail(exc::RuntimeError, "invalid SRE code");
          return Outcome::Error;
      }
      if (ok) continue;
      // Back to the youngest choice.
      for (;;) {
        if (choices_.size() == base) return Outcome::NoMatch;
        Choice& c = choices_.back();
        undo_to(c.trail);
        loop_ = c.loop;
        if (c.kind == Choice::Resume) {
          pc = c.pc;
          p = c.position;
          choices_.pop_back();
          break;
        }
        if (c.kind == Choice::RepeatOne) {
          --c.count;
          // A literal behind the repeat is looked for instead of running the machine at every place.
          if (*c.pc == LITERAL) {
            const uint32_t wanted = c.pc[1];
            while (c.count >= c.minimum &&
                   (c.position + c.count >= end_ || static_cast<uint32_t>(text_[c.position + c.count]) != wanted))
              --c.count;
          }
          if (c.count < c.minimum) {
            choices_.pop_back();
            continue;
          }
          pc = c.pc;
          p = c.position + c.count;
          if (c.count == c.minimum) choices_.pop_back();
          break;
        }
        // MinRepeatOne: one character more.
        const uint32_t* repeat = c.pc;
        if ((repeat[3] != kMaxRepeat && c.count >= static_cast<int64_t>(repeat[3])) || c.position >= end_ ||
            !fits(repeat + 4, text_[c.position])) {
          choices_.pop_back();
          continue;
        }
        ++c.count;
        ++c.position;
        p = c.position;
        pc = repeat + 1 + repeat[1];
        break;
      }
    }
  }

 public:
  int64_t start_ = 0;
};

template <typename Char>
Outcome match_at(const Request& request, Groups& groups) {
  Machine<Char> machine(request, groups);
  machine.reset();
  machine.start_ = request.position;
  groups.start = request.position;
  return machine.run(request.code, request.position, groups.end, true);
}

template <typename Char>
Outcome search_from(const Request& request, Groups& groups) {
  const uint32_t* code = request.code;
  const Char* text = static_cast<const Char*>(request.subject.data);
  const int64_t end = request.end_position;
  int64_t minimum = 0;
  const uint32_t* charset = nullptr;
  uint32_t first = 0;
  bool literal = false;
  if (code[0] == INFO) {
    // <INFO> <skip> <flags> <min> <max> [<prefix length> <prefix skip> <prefix...> | <charset>]
    minimum = code[3];
    if (code[2] & 1) {
      literal = code[5] > 0;
      first = literal ? code[7] : 0;
    } else if (code[2] & 4) {
      charset = code + 5;
    }
  }
  Machine<Char> machine(request, groups);
  for (int64_t p = request.position; p + minimum <= end; ++p) {
    if (literal) {
      if constexpr (sizeof(Char) == 1) {
        const void* hit =
            first < 256 ? std::memchr(text + p, static_cast<int>(first), static_cast<size_t>(end - p)) : nullptr;
        if (!hit) return Outcome::NoMatch;
        p = static_cast<const Char*>(hit) - text;
      } else {
        while (p < end && static_cast<uint32_t>(text[p]) != first) ++p;
        if (p >= end) return Outcome::NoMatch;
      }
      if (p + minimum > end) return Outcome::NoMatch;
    } else if (charset) {
      while (p < end && !in_set(charset, text[p])) ++p;
      if (p >= end) return Outcome::NoMatch;
    }
    machine.reset();
    machine.start_ = p;
    groups.start = p;
    const Outcome outcome = machine.run(code, p, groups.end, true);
    if (outcome != Outcome::NoMatch) return outcome;
  }
  return Outcome::NoMatch;
}

}  // namespace

Outcome match(const Request& request, Groups& groups) {
  switch (request.subject.width) {
    case 1:
      return match_at<uint8_t>(request, groups);
    case 2:
      return match_at<uint16_t>(request, groups);
    default:
      return match_at<uint32_t>(request, groups);
  }
}

Outcome search(const Request& request, Groups& groups) {
  switch (request.subject.width) {
    case 1:
      return search_from<uint8_t>(request, groups);
    case 2:
      return search_from<uint16_t>(request, groups);
    default:
      return search_from<uint32_t>(request, groups);
  }
}

}  // namespace hiss::sre
