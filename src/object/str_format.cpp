// str.format: replacement fields, attribute and item lookups, nested specifications.
#include "object/format_spec.h"
#include "object/str_internal.h"
#include "object/str_search.h"

namespace hiss {

namespace {

Result<int64_t> parse_index(const Str* s, int64_t start, int64_t end) {
  if (start >= end) return -1;
  int64_t value = 0;
  for (int64_t i = start; i < end; ++i) {
    const uint32_t d = s->at(i) - '0';
    if (d > 9) return -1;
    if (value > (INT64_MAX - 9) / 10) return fail(exc::ValueError, "Too many decimal digits in format string");
    value = value * 10 + d;
  }
  return value;
}

}  // namespace

/// Next step of a path: an attribute name (is_attribute) or a key. Empty at the end.
Ref next_path_step(const Str* s, int64_t& at, int64_t end, bool& is_attribute) {
  if (at >= end) return Ref::empty();
  const uint32_t c = s->at(at++);
  int64_t start = at;
  if (c == '.') {
    is_attribute = true;
    while (at < end && s->at(at) != '.' && s->at(at) != '[') ++at;
    if (at == start) return fail(exc::ValueError, "Empty attribute in format string");
    return substring(s, start, at);
  }
  if (c != '[') return fail(exc::ValueError, "Only '.' or '[' may follow ']' in format field specifier");
  is_attribute = false;
  while (at < end && s->at(at) != ']') ++at;
  if (at == end) return fail(exc::ValueError, "Missing ']' in format string");
  const int64_t stop = at++;
  if (stop == start) return fail(exc::ValueError, "Empty attribute in format string");
  const int64_t index = TRY(parse_index(s, start, stop));
  if (index >= 0) return make_int(index);
  return substring(s, start, stop);
}

/// The next literal text and field of a format string; false at the end. Positions are into `s`.
struct Markup {
  std::vector<std::pair<int64_t, int64_t>> literal;  // pieces of literal text (escaped braces split them)
  bool has_field = false;
  int64_t name_start = 0, name_end = 0, spec_start = 0, spec_end = 0;
  uint32_t conversion = 0;
  bool nested = false;
};

Result<bool> next_markup(const Str* s, int64_t& at, int64_t end, Markup& m) {
  m = Markup();
  if (at >= end) return false;
  int64_t start = at;
  for (;;) {
    while (at < end && s->at(at) != '{' && s->at(at) != '}') ++at;
    if (at >= end) {
      m.literal.emplace_back(start, end);
      return true;
    }
    const uint32_t c = s->at(at);
    const bool doubled = at + 1 < end && s->at(at + 1) == c;
    if (doubled) {
      m.literal.emplace_back(start, at + 1);
      at += 2;
      start = at;
      if (at >= end) return true;
      continue;
    }
    if (c == '}') return fail(exc::ValueError, "Single '}}' encountered in format string");
    if (at + 1 >= end) return fail(exc::ValueError, "Single '{{' encountered in format string");
    m.literal.emplace_back(start, at);
    ++at;
    break;
  }
  m.has_field = true;
  m.name_start = at;
  uint32_t c = 0;
  for (; at < end; ++at) {
    c = s->at(at);
    if (c == '{') return fail(exc::ValueError, "unexpected '{{' in field name");
    if (c == '[') {
      // Anything may stand between brackets.
      while (at < end && s->at(at) != ']') ++at;
    } else if (c == '}' || c == ':' || c == '!') {
      break;
    }
  }
  if (at >= end) return fail(exc::ValueError, "expected '}}' before end of string");
  m.name_end = at++;
  m.spec_start = m.spec_end = at;
  if (c == '}') return true;
  if (c == '!') {
    if (at >= end) return fail(exc::ValueError, "end of string while looking for conversion specifier");
    m.conversion = s->at(at++);
    if (at < end) {
      c = s->at(at++);
      if (c == '}') return true;
      if (c != ':') return fail(exc::ValueError, "expected ':' after conversion specifier");
    }
  }
  m.spec_start = at;
  for (int depth = 1; at < end; ++at) {
    c = s->at(at);
    if (c == '{') {
      m.nested = true;
      ++depth;
    } else if (c == '}' && --depth == 0) {
      m.spec_end = at++;
      return true;
    }
  }
  return fail(exc::ValueError, "unmatched '{{' in format spec");
}

namespace {

class Formatter {
 public:
  Formatter(Tuple* args, Value mapping) : args_(args), mapping_(mapping) {}

  Ref run(const Str* s, int64_t at, int64_t end, int depth) {
    if (depth < 0) return fail(exc::ValueError, "Max string recursion exceeded");
    StrBuilder out;
    Markup m;
    while (TRY(next_markup(s, at, end, m))) {
      for (auto [from, to] : m.literal) out.append(s, from, to);
      if (!m.has_field) continue;
      Ref value = TRY(field(s, m.name_start, m.name_end));
      switch (m.conversion) {
        case 0:
          break;
        case 'r':
          value = TRY(repr(value));
          break;
        case 's':
          value = TRY(str(value));
          break;
        case 'a':
          value = TRY(ascii(value));
          break;
        default:
          if (m.conversion > 32 && m.conversion < 127) {
            return fail(exc::ValueError, "Unknown conversion specifier {}", static_cast<char>(m.conversion));
          }
          return fail(exc::ValueError, "Unknown conversion specifier \\x{:x}", m.conversion);
      }
      Ref spec = m.nested ? TRY(run(s, m.spec_start, m.spec_end, depth - 1)) : substring(s, m.spec_start, m.spec_end);
      Ref text = TRY(format(value, spec));
      out.append(as<Str>(text));
    }
    return out.finish();
  }

 private:
  Ref field(const Str* s, int64_t start, int64_t end) {
    int64_t at = start;
    while (at < end && s->at(at) != '.' && s->at(at) != '[') ++at;
    int64_t index = TRY(parse_index(s, start, at));
    if (at == start) {
      if (mode_ == Manual) {
        return fail(exc::ValueError, "cannot switch from manual field specification to automatic field numbering");
      }
      mode_ = Automatic;
      index = next_++;
    } else if (index >= 0) {
      if (mode_ == Automatic) {
        return fail(exc::ValueError, "cannot switch from automatic field numbering to manual field specification");
      }
      mode_ = Manual;
    }
    Ref value;
    if (index < 0) {
      Ref name = substring(s, start, at);
      if (!mapping_) return fail_value(exc::KeyError, name);
      value = TRY(get_item(mapping_, name));
    } else {
      if (!args_) return fail(exc::ValueError, "Format string contains positional fields");
      if (index >= args_->size) {
        return fail(exc::IndexError, "Replacement index {} out of range for positional args tuple", index);
      }
      value = Ref::share(args_->items[index]);
    }
    while (at < end) {
      bool is_attribute = false;
      Ref step = TRY(next_path_step(s, at, end, is_attribute));
      value = is_attribute ? TRY(get_attr(value, as<Str>(step))) : TRY(get_item(value, step));
    }
    return value;
  }

  enum { Undecided, Automatic, Manual } mode_ = Undecided;
  int64_t next_ = 0;
  Tuple* args_;
  Value mapping_;
};

}  // namespace

Ref str_format(Value self, const Value* args) {
  Formatter f(as<Tuple>(args[0]), args[1]);
  return f.run(as<Str>(self), 0, as<Str>(self)->length, 1);
}

Ref str_format_map(Value self, const Value* args) {
  Formatter f(nullptr, args[0]);
  return f.run(as<Str>(self), 0, as<Str>(self)->length, 1);
}

}  // namespace hiss
