// _sre: compiled patterns, matches and scanners. The matching itself is in matcher.cpp.
#include <algorithm>
#include <vector>

#include "memory/collector.h"
#include "modules/_sre/matcher.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/text_units.h"

namespace hiss {

namespace {

Type pattern_type, match_type, scanner_type;

struct Pattern : Object {
  Value pattern;     // the source, or None
  Value groupindex;  // dict: name to number
  Value indexgroup;  // tuple: number to name
  int64_t flags, groups;
  std::vector<uint32_t>* code;
};

struct Match : Object {
  Value pattern;
  Value string;
  int64_t pos, endpos;
  sre::Groups* found;
};

struct Scanner : Object {
  Value pattern;
  Value string;
  int64_t position, end;
  bool not_empty;
};

Pattern* self_pattern(Value v) { return static_cast<Pattern*>(v.object()); }
Match* self_match(Value v) { return static_cast<Match*>(v.object()); }

// The characters of a str or of a bytes-like object, with what keeps them alive.
struct Text {
  sre::Subject subject;
  Ref hold;
  std::optional<BufferView> buffer;
};

Result<Text> text_of(Pattern* p, Value string) {
  Text out;
  if (is<Str>(string)) {
    if (is_instance_of(p->pattern, bytes_type))
      return fail(exc::TypeError, "cannot use a bytes pattern on a string-like object");
    auto* s = as<Str>(string);
    out.subject = {s->data1(), s->length, s->width};
  } else if (has_buffer(string)) {
    if (is<Str>(p->pattern)) return fail(exc::TypeError, "cannot use a string pattern on a bytes-like object");
    out.buffer.emplace(TRY(get_buffer(string)));
    out.subject = {out.buffer->data(), out.buffer->length(), 1};
  } else {
    return fail(exc::TypeError, "expected string or bytes-like object, got '{}'", type_name(string));
  }
  out.hold = Ref::share(string);
  return out;
}

Ref slice_of(Value string, int64_t start, int64_t end) {
  if (is<Str>(string)) return substring(as<Str>(string), start, end);
  BufferView view(TRY(get_buffer(string)));
  return make_bytes(view.data() + start, end - start);
}

sre::Request request_for(Pattern* p, const Text& text, int64_t position, int64_t end) {
  return {p->code->data(), p->code->size(), p->groups, text.subject, position, end, false, false};
}

Ref make_match(Value pattern, Value string, int64_t pos, int64_t endpos, sre::Groups&& groups) {
  auto* m = allocate_as<Match>(match_type);
  m->pattern = Ref::share(pattern).release();
  m->string = Ref::share(string).release();
  m->pos = pos;
  m->endpos = endpos;
  m->found = new sre::Groups(std::move(groups));
  track(m);
  return Ref::steal(m);
}

// The bounds given as pos and endpos arguments, clipped to the text.
Status read_bounds(const Value* a, int64_t length, int64_t& start, int64_t& end) {
  start = 0;
  end = length;
  if (a[0]) start = std::clamp<int64_t>(TRY(to_index(a[0])), 0, length);
  if (a[1]) end = std::clamp<int64_t>(TRY(to_index(a[1])), 0, length);
  if (start > end) start = end + 1;  // nothing can match
  return kOk;
}

enum class How { Match, FullMatch, Search };

Ref find_one(Value self, const Value* a, How how) {
  auto* p = self_pattern(self);
  Text text = TRY(text_of(p, a[0]));
  int64_t start, end;
  TRY(read_bounds(a + 1, text.subject.length, start, end));
  if (start > end) return Ref::none();
  sre::Request request = request_for(p, text, start, end);
  request.full = how == How::FullMatch;
  sre::Groups groups;
  const sre::Outcome outcome = how == How::Search ? sre::search(request, groups) : sre::match(request, groups);
  if (outcome == sre::Outcome::Error) return Failure{};
  if (outcome == sre::Outcome::NoMatch) return Ref::none();
  return make_match(self, a[0], start, end, std::move(groups));
}
Ref pattern_match(Value self, const Value* a) { return find_one(self, a, How::Match); }
Ref pattern_fullmatch(Value self, const Value* a) { return find_one(self, a, How::FullMatch); }
Ref pattern_search(Value self, const Value* a) { return find_one(self, a, How::Search); }

// Walks all matches; `visit` gets the groups and may fail.
template <typename Visit>
Status each_match(Pattern* p, const Text& text, int64_t start, int64_t end, Visit&& visit) {
  bool not_empty = false;
  while (start <= end) {
    sre::Request request = request_for(p, text, start, end);
    request.not_empty_at = not_empty;
    sre::Groups groups;
    const sre::Outcome outcome = sre::search(request, groups);
    if (outcome == sre::Outcome::Error) return Failure{};
    if (outcome == sre::Outcome::NoMatch) return kOk;
    const int64_t match_end = groups.end;
    not_empty = groups.end == groups.start;
    if (!TRY(visit(groups))) return kOk;
    start = match_end;
  }
  return kOk;
}

Ref group_slice(Value string, const sre::Groups& g, int64_t index, Value missing) {
  if (index == 0) return slice_of(string, g.start, g.end);
  const int64_t start = g.marks[static_cast<size_t>(index - 1) * 2],
                end = g.marks[static_cast<size_t>(index - 1) * 2 + 1];
  if (start < 0 || end < start) return Ref::share(missing);
  return slice_of(string, start, end);
}

Ref pattern_findall(Value self, const Value* a) {
  auto* p = self_pattern(self);
  Text text = TRY(text_of(p, a[0]));
  int64_t start, end;
  TRY(read_bounds(a + 1, text.subject.length, start, end));
  Ref list = make_list();
  Ref empty = TRY(slice_of(a[0], 0, 0));
  TRY(each_match(p, text, start, end, [&](sre::Groups& g) -> Result<bool> {
    if (p->groups <= 1) {
      list_append(as<List>(list), TRY(group_slice(a[0], g, p->groups, empty)));
    } else {
      std::vector<Ref> items;
      for (int64_t i = 1; i <= p->groups; ++i) items.push_back(TRY(group_slice(a[0], g, i, empty)));
      std::vector<Value> values(items.begin(), items.end());
      list_append(as<List>(list), make_tuple(values.data(), p->groups));
    }
    return true;
  }));
  return list;
}

Ref make_scanner(Value self, const Value* a) {
  auto* p = self_pattern(self);
  Text text = TRY(text_of(p, a[0]));
  auto* s = allocate_as<Scanner>(scanner_type);
  Ref hold = Ref::steal(s);
  s->pattern = Ref::share(self).release();
  s->string = Ref::share(a[0]).release();
  TRY(read_bounds(a + 1, text.subject.length, s->position, s->end));
  track(s);
  return hold;
}

Ref scanner_step(Value self, bool search) {
  auto* s = static_cast<Scanner*>(self.object());
  auto* p = self_pattern(s->pattern);
  if (s->position > s->end) return Ref::none();
  Text text = TRY(text_of(p, s->string));
  sre::Request request = request_for(p, text, s->position, s->end);
  request.not_empty_at = s->not_empty;
  sre::Groups groups;
  const sre::Outcome outcome = search ? sre::search(request, groups) : sre::match(request, groups);
  if (outcome == sre::Outcome::Error) return Failure{};
  if (outcome == sre::Outcome::NoMatch) {
    s->position = s->end + 1;
    return Ref::none();
  }
  s->not_empty = groups.end == groups.start;
  const int64_t from = s->position;
  s->position = groups.end;
  return make_match(s->pattern, s->string, from, s->end, std::move(groups));
}
Ref scanner_match(Value self, const Value*) { return scanner_step(self, false); }
Ref scanner_search(Value self, const Value*) { return scanner_step(self, true); }

Ref pattern_finditer(Value self, const Value* a) {
  Ref scanner = TRY(make_scanner(self, a));
  Ref search = TRY(get_attr(scanner, "search"));
  return call(TRY(get_builtin("iter")), {search, Value::none()});
}

Ref pattern_split(Value self, const Value* a) {
  auto* p = self_pattern(self);
  Text text = TRY(text_of(p, a[0]));
  const int64_t limit = a[1] ? TRY(to_index(a[1])) : 0;
  Ref list = make_list();
  int64_t last = 0, count = 0;
  TRY(each_match(p, text, 0, text.subject.length, [&](sre::Groups& g) -> Result<bool> {
    if (limit && count >= limit) return false;
    list_append(as<List>(list), TRY(slice_of(a[0], last, g.start)));
    for (int64_t i = 1; i <= p->groups; ++i) list_append(as<List>(list), TRY(group_slice(a[0], g, i, Value::none())));
    last = g.end;
    ++count;
    return !(limit && count >= limit);
  }));
  list_append(as<List>(list), TRY(slice_of(a[0], last, text.subject.length)));
  return list;
}

Ref substitute(Value self, Value replacement, Value string, Value count_value, int64_t& made) {
  auto* p = self_pattern(self);
  Text text = TRY(text_of(p, string));
  const int64_t limit = count_value ? TRY(to_index(count_value)) : 0;
  Ref filter;
  bool callable = false;
  if (is_callable(replacement)) {
    filter = Ref::share(replacement);
    callable = true;
  } else {
    bool literal = false;
    if (is<Str>(replacement))
      literal = find(as<Str>(replacement), as<Str>(make_char('\\')), 0, as<Str>(replacement)->length) < 0;
    if (is<Bytes>(replacement)) {
      BufferView view(TRY(get_buffer(replacement)));
      literal = std::find(view.data(), view.data() + view.length(), '\\') == view.data() + view.length();
    }
    if (literal) {
      filter = Ref::share(replacement);
    } else {
      Ref re = TRY(import_module("re"));
      filter = TRY(call_method(re, "_subx", {self, replacement}));
      callable = is_callable(filter);
    }
  }
  Ref parts = make_list();
  int64_t last = 0;
  made = 0;
  TRY(each_match(p, text, 0, text.subject.length, [&](sre::Groups& g) -> Result<bool> {
    if (limit && made >= limit) return false;
    if (last < g.start) list_append(as<List>(parts), TRY(slice_of(string, last, g.start)));
    last = g.end;
    ++made;
    if (callable) {
      Ref match = make_match(self, string, 0, text.subject.length, sre::Groups(g));
      Ref item = TRY(call(filter, {match}));
      if (!item.is_none()) list_append(as<List>(parts), item);
    } else if (!filter.is_none()) {
      list_append(as<List>(parts), filter);
    }
    return !(limit && made >= limit);
  }));
  if (last < text.subject.length) list_append(as<List>(parts), TRY(slice_of(string, last, text.subject.length)));
  Ref joiner = TRY(slice_of(string, 0, 0));
  return call_method(joiner, names.join, {parts});
}
Ref pattern_sub(Value self, const Value* a) {
  int64_t made;
  return substitute(self, a[0], a[1], a[2], made);
}
Ref pattern_subn(Value self, const Value* a) {
  int64_t made;
  Ref text = TRY(substitute(self, a[0], a[1], a[2], made));
  return make_tuple({text, Value::integer(made)});
}
Ref return_self(Value self, const Value*) { return Ref::share(self); }
Ref class_getitem(Value self, const Value* a) { return make_generic_alias(self, a[0]); }

Ref pattern_repr(Value self) {
  auto* p = self_pattern(self);
  static const std::pair<int, const char*> kFlags[] = {{1, "re.TEMPLATE"},  {2, "re.IGNORECASE"}, {4, "re.LOCALE"},
                                                       {8, "re.MULTILINE"}, {16, "re.DOTALL"},    {32, "re.UNICODE"},
                                                       {64, "re.VERBOSE"},  {128, "re.DEBUG"},    {256, "re.ASCII"}};
  std::string flags;
  int64_t rest = p->flags;
  if (is<Str>(p->pattern) && (rest & (4 | 256 | 32)) == 32) rest &= ~32;
  for (auto [bit, name] : kFlags) {
    if (!(rest & bit)) continue;
    flags += (flags.empty() ? "" : "|") + std::string(name);
    rest &= ~bit;
  }
  if (rest) flags += (flags.empty() ? "" : "|") + fmt::format("{:#x}", rest);
  std::string source = repr_text(p->pattern);
  keep_characters(source, 200);
  return make_str(fmt::format("re.compile({}{}{})", source, flags.empty() ? "" : ", ", flags));
}
Ref pattern_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is_exact(b, pattern_type)) return Ref::not_implemented();
  auto* x = self_pattern(a);
  auto* y = self_pattern(b);
  bool same = x == y || (x->flags == y->flags && *x->code == *y->code && type_of(x->pattern) == type_of(y->pattern));
  if (same && x != y) same = TRY(equal(x->pattern, y->pattern));
  return Ref::boolean(same == (op == CompareOp::Eq));
}
Result<int64_t> pattern_hash(Value self) {
  const int64_t h = TRY(hash(self_pattern(self)->pattern)) ^ self_pattern(self)->flags ^ self_pattern(self)->groups;
  return h == -1 ? -2 : h;
}
void pattern_dealloc(Object* o) {
  untrack(o);
  auto* p = static_cast<Pattern*>(o);
  for (Value* v : {&p->pattern, &p->groupindex, &p->indexgroup}) clear_field(*v);
  delete p->code;
  free_object(o);
}
void pattern_traverse(Object* o, Visitor& visit) {
  auto* p = static_cast<Pattern*>(o);
  for (Value v : {p->pattern, p->groupindex, p->indexgroup}) visit(v);
}
Ref pattern_get_pattern(Value self) { return Ref::share(self_pattern(self)->pattern); }
Ref pattern_get_flags(Value self) { return make_int(self_pattern(self)->flags); }
Ref pattern_get_groups(Value self) { return make_int(self_pattern(self)->groups); }
Ref pattern_get_groupindex(Value self) { return make_mapping_proxy(self_pattern(self)->groupindex); }

// ---- Match

Result<int64_t> group_number(Match* m, Value group) {
  auto* p = self_pattern(m->pattern);
  int64_t n = -1;
  if (is_int(group) || type_of(group)->slots.index) {
    n = TRY(to_index(group));
  } else {
    Ref found = dict_get(as<Dict>(p->groupindex), group);
    if (found.is_error()) {
      clear_pending();
    } else if (!found.is_empty() && found.value().is_integer()) {
      n = found.value().integer();
    }
  }
  if (n < 0 || n > p->groups) return fail(exc::IndexError, "no such group");
  return n;
}
Ref group_of(Match* m, int64_t index, Value missing) { return group_slice(m->string, *m->found, index, missing); }

Ref match_group(Value self, const Value* a) {
  auto* m = self_match(self);
  auto* wanted = as<Tuple>(a[0]);
  if (wanted->size == 0) return group_of(m, 0, Value::none());
  if (wanted->size == 1) return group_of(m, TRY(group_number(m, wanted->items[0])), Value::none());
  std::vector<Ref> items;
  for (Value v : *wanted) items.push_back(TRY(group_of(m, TRY(group_number(m, v)), Value::none())));
  std::vector<Value> values(items.begin(), items.end());
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}
Ref match_getitem(Value self, Value key) {
  auto* m = self_match(self);
  return group_of(m, TRY(group_number(m, key)), Value::none());
}
Ref match_groups(Value self, const Value* a) {
  auto* m = self_match(self);
  Value missing = a[0] ? a[0] : Value::none();
  std::vector<Ref> items;
  for (int64_t i = 1; i <= self_pattern(m->pattern)->groups; ++i) items.push_back(TRY(group_of(m, i, missing)));
  std::vector<Value> values(items.begin(), items.end());
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}
Ref match_groupdict(Value self, const Value* a) {
  auto* m = self_match(self);
  Value missing = a[0] ? a[0] : Value::none();
  Ref dict = make_dict();
  auto* index = as<Dict>(self_pattern(m->pattern)->groupindex);
  for (int64_t i = 0; DictEntry* e = dict_next(index, i);) {
    TRY(dict_set(as<Dict>(dict), e->key, TRY(group_of(m, e->value.integer(), missing))));
  }
  return dict;
}
std::pair<int64_t, int64_t> span_of(Match* m, int64_t index) {
  if (index == 0) return {m->found->start, m->found->end};
  const int64_t start = m->found->marks[static_cast<size_t>(index - 1) * 2],
                end = m->found->marks[static_cast<size_t>(index - 1) * 2 + 1];
  if (start < 0 || end < start) return {-1, -1};
  return {start, end};
}
Ref match_start(Value self, const Value* a) {
  return make_int(span_of(self_match(self), a[0] ? TRY(group_number(self_match(self), a[0])) : 0).first);
}
Ref match_end(Value self, const Value* a) {
  return make_int(span_of(self_match(self), a[0] ? TRY(group_number(self_match(self), a[0])) : 0).second);
}
Ref match_span(Value self, const Value* a) {
  auto [start, end] = span_of(self_match(self), a[0] ? TRY(group_number(self_match(self), a[0])) : 0);
  return make_tuple({Value::integer(start), Value::integer(end)});
}
Ref match_expand(Value self, const Value* a) {
  Ref re = TRY(import_module("re"));
  return call_method(re, "_expand", {self_match(self)->pattern, self, a[0]});
}
Ref match_repr(Value self) {
  auto* m = self_match(self);
  Ref text = TRY(group_of(m, 0, Value::none()));
  return make_str(
      fmt::format("<re.Match object; span=({}, {}), match={}>", m->found->start, m->found->end, repr_text(text)));
}
void match_dealloc(Object* o) {
  untrack(o);
  auto* m = static_cast<Match*>(o);
  clear_field(m->pattern);
  clear_field(m->string);
  delete m->found;
  free_object(o);
}
void match_traverse(Object* o, Visitor& visit) {
  visit(static_cast<Match*>(o)->pattern);
  visit(static_cast<Match*>(o)->string);
}
Ref match_get_string(Value self) { return Ref::share(self_match(self)->string); }
Ref match_get_re(Value self) { return Ref::share(self_match(self)->pattern); }
Ref match_get_pos(Value self) { return make_int(self_match(self)->pos); }
Ref match_get_endpos(Value self) { return make_int(self_match(self)->endpos); }
Ref match_get_lastindex(Value self) {
  const int64_t n = self_match(self)->found->last_index;
  return n < 0 ? Ref::none() : make_int(n);
}
Ref match_get_lastgroup(Value self) {
  const int64_t n = self_match(self)->found->last_index;
  auto* names_tuple = as<Tuple>(self_pattern(self_match(self)->pattern)->indexgroup);
  return n < 0 || n >= names_tuple->size ? Ref::none() : Ref::share(names_tuple->items[n]);
}
Ref match_get_regs(Value self) {
  auto* m = self_match(self);
  Ref list = make_list();
  for (int64_t i = 0; i <= self_pattern(m->pattern)->groups; ++i) {
    auto [start, end] = span_of(m, i);
    list_append(as<List>(list), make_tuple({Value::integer(start), Value::integer(end)}));
  }
  return list_to_tuple(as<List>(list));
}

Ref scanner_get_pattern(Value self) { return Ref::share(static_cast<Scanner*>(self.object())->pattern); }
void scanner_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Scanner*>(o)->pattern);
  clear_field(static_cast<Scanner*>(o)->string);
  free_object(o);
}
void scanner_traverse(Object* o, Visitor& visit) {
  visit(static_cast<Scanner*>(o)->pattern);
  visit(static_cast<Scanner*>(o)->string);
}

const NativeDef kPatternMethods[] = {
    {"match", "($self, /, string, pos=0, endpos=sys.maxsize)", pattern_match,
     "Match at pos; None if string does not match from there on."},
    {"fullmatch", "($self, /, string, pos=0, endpos=sys.maxsize)", pattern_fullmatch,
     "Match at pos, all the way to endpos; None if that fails."},
    {"search", "($self, /, string, pos=0, endpos=sys.maxsize)", pattern_search,
     "The first match from pos on, or None."},
    {"findall", "($self, /, string, pos=0, endpos=sys.maxsize)", pattern_findall,
     "The texts of all matches, one after the other; with groups, their texts instead of the whole."},
    {"finditer", "($self, /, string, pos=0, endpos=sys.maxsize)", pattern_finditer,
     "Yields all matches, one after the other."},
    {"scanner", "($self, /, string, pos=0, endpos=sys.maxsize)", make_scanner, nullptr},
    {"split", "($self, /, string, maxsplit=0)", pattern_split,
     "The texts between the matches, with those of the groups put in; maxsplit, if not 0, limits the cuts."},
    {"sub", "($self, /, repl, string, count=0)", pattern_sub,
     "Replace the matches (at most count, if not 0) by repl, a template or a function of the match."},
    {"subn", "($self, /, repl, string, count=0)", pattern_subn,
     "As sub(), but returns the tuple (text, number of replacements)."},
    {"__copy__", "($self, /)", return_self, nullptr},
    {"__deepcopy__", "($self, memo, /)", return_self, nullptr},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const GetSetDef kPatternGetSets[] = {{"pattern", pattern_get_pattern, nullptr},
                                     {"flags", pattern_get_flags, nullptr},
                                     {"groups", pattern_get_groups, nullptr},
                                     {"groupindex", pattern_get_groupindex, nullptr},
                                     {}};
const NativeDef kMatchMethods[] = {
    {"group", "($self, /, *groups)", match_group, "group([group1, ...]) -> str or tuple."},
    {"groups", "($self, /, default=None)", match_groups,
     "The texts of all groups; default for those without a part in the match."},
    {"groupdict", "($self, /, default=None)", match_groupdict,
     "The texts of the named groups, by name; default for those without a part in the match."},
    {"start", "($self, group=0, /)", match_start,
     "Where the text of group starts, or -1 if it has no part in the match."},
    {"end", "($self, group=0, /)", match_end, "Where the text of group ends, or -1 if it has no part in the match."},
    {"span", "($self, group=0, /)", match_span, "The pair of start(group) and end(group)."},
    {"expand", "($self, /, template)", match_expand,
     "Fill the references to groups in template, such as \\1 and \\g<name>, with the texts of this match."},
    {"__copy__", "($self, /)", return_self, nullptr},
    {"__deepcopy__", "($self, memo, /)", return_self, nullptr},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const GetSetDef kMatchGetSets[] = {{"string", match_get_string, nullptr},
                                   {"re", match_get_re, nullptr},
                                   {"pos", match_get_pos, nullptr},
                                   {"endpos", match_get_endpos, nullptr},
                                   {"regs", match_get_regs, nullptr},
                                   {"lastindex", match_get_lastindex, nullptr},
                                   {"lastgroup", match_get_lastgroup, nullptr},
                                   {}};
const NativeDef kScannerMethods[] = {
    {"match", "($self, /)", scanner_match, nullptr}, {"search", "($self, /)", scanner_search, nullptr}, {}};
const GetSetDef kScannerGetSets[] = {{"pattern", scanner_get_pattern, nullptr}, {}};

// ---- Module functions

Ref compile(Value, const Value* a) {
  // (pattern, flags, code, groups, groupindex, indexgroup)
  auto* p = allocate_as<Pattern>(pattern_type);
  Ref hold = Ref::steal(p);
  p->code = new std::vector<uint32_t>();
  p->pattern = Ref::share(a[0]).release();
  p->flags = TRY(to_int64(a[1]));
  if (!is<List>(a[2])) return fail(exc::TypeError, "compile() argument 'code' must be list, not {}", type_name(a[2]));
  p->groups = TRY(to_int64(a[3]));
  p->groupindex = Ref::share(a[4]).release();
  p->indexgroup = Ref::share(a[5]).release();
  for (Value v : *as<List>(a[2])) {
    const int64_t word = TRY(to_int64(v));
    if (word < 0 || word > UINT32_MAX) return fail(exc::OverflowError, "regular expression code size limit exceeded");
    p->code->push_back(static_cast<uint32_t>(word));
  }
  if (p->code->empty() || p->groups < 0) return fail(exc::RuntimeError, "invalid SRE code");
  track(p);
  return hold;
}
Ref getcodesize(Value, const Value*) { return make_int(4); }
template <bool (*function)(uint32_t)>
Ref is_cased(Value, const Value* a) {
  return Ref::boolean(function(static_cast<uint32_t>(TRY(to_int64(a[0])))));
}
template <uint32_t (*function)(uint32_t)>
Ref to_lower(Value, const Value* a) {
  return make_int(function(static_cast<uint32_t>(TRY(to_int64(a[0])))));
}

const NativeDef kFunctions[] = {
    {"compile", "($module, /, pattern, flags, code, groups, groupindex, indexgroup)", compile, nullptr},
    {"getcodesize", "($module, /)", getcodesize, nullptr},
    {"ascii_iscased", "($module, character, /)", is_cased<sre::ascii_is_cased>, nullptr},
    {"unicode_iscased", "($module, character, /)", is_cased<sre::unicode_is_cased>, nullptr},
    {"ascii_tolower", "($module, character, /)", to_lower<sre::ascii_lower>, nullptr},
    {"unicode_tolower", "($module, character, /)", to_lower<sre::unicode_lower>, nullptr},
    {}};

Status initialize(Value module) {
  define_type(pattern_type, {.name = "re.Pattern",
                             .size = sizeof(Pattern),
                             .flags = Type::kHasGc | Type::kWeakReferable | Type::kNoInstances,
                             .doc = "A regular expression as re.compile() returns it."});
  pattern_type.slots.repr = pattern_repr;
  pattern_type.slots.compare = pattern_compare;
  pattern_type.slots.hash = pattern_hash;
  pattern_type.methods = kPatternMethods;
  pattern_type.getsets = kPatternGetSets;
  pattern_type.dealloc = pattern_dealloc;
  pattern_type.traverse = pattern_traverse;
  ready_type(pattern_type);
  define_type(match_type, {.name = "re.Match",
                           .size = sizeof(Match),
                           .flags = Type::kHasGc | Type::kNoInstances,
                           .doc = "Where and how a regular expression matched. It is always true."});
  match_type.slots.repr = match_repr;
  match_type.slots.getitem = match_getitem;
  match_type.methods = kMatchMethods;
  match_type.getsets = kMatchGetSets;
  match_type.dealloc = match_dealloc;
  match_type.traverse = match_traverse;
  ready_type(match_type);
  define_type(scanner_type,
              {.name = "_sre.SRE_Scanner", .size = sizeof(Scanner), .flags = Type::kHasGc | Type::kNoInstances});
  scanner_type.methods = kScannerMethods;
  scanner_type.getsets = kScannerGetSets;
  scanner_type.dealloc = scanner_dealloc;
  scanner_type.traverse = scanner_traverse;
  ready_type(scanner_type);
  Dict* dict = module_dict(module);
  dict_set(dict, intern("MAGIC"), make_int(20220615));
  dict_set(dict, intern("CODESIZE"), make_int(4));
  dict_set(dict, intern("MAXREPEAT"), make_int(sre::kMaxRepeat));
  dict_set(dict, intern("MAXGROUPS"), make_int(sre::kMaxRepeat));
  dict_set(dict, intern("copyright"), make_str(" SRE-compatible engine of Hiss "));
  return kOk;
}

}  // namespace

extern const ModuleDef sre_module;
const ModuleDef sre_module = {"_sre", nullptr, kFunctions, initialize};

}  // namespace hiss
