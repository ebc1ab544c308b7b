// The method table of str; searching, replacing, padding and translating.
#include "object/index.h"
#include "object/str_internal.h"
#include "object/str_search.h"

namespace hiss {

namespace {

struct Range {
  int64_t start, end;
};
Result<Range> search_range(const Str* s, Value start, Value end) {
  Range r{TRY(bound_argument(start, 0)), TRY(bound_argument(end, INT64_MAX))};
  adjust_bounds(r.start, r.end, s->length);
  return r;
}

Result<int64_t> search(Value self, const Value* args, bool from_right) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "must be str, not {}", type_name(args[0]));
  const Str *s = as<Str>(self), *needle = as<Str>(args[0]);
  const Range r = TRY(search_range(s, args[1], args[2]));
  if (r.start > r.end) return -1;
  return from_right ? rfind(s, needle, r.start, r.end) : find(s, needle, r.start, r.end);
}

Ref tail_match(Value self, const Value* args, bool at_end, const char* name) {
  const Str* s = as<Str>(self);
  const Range r = TRY(search_range(s, args[1], args[2]));
  auto matches = [&](const Str* part) {
    if (r.start > r.end || part->length > r.end - r.start) return false;
    return matches_at(s, part, at_end ? r.end - part->length : r.start);
  };
  if (is<Str>(args[0])) return Ref::boolean(matches(as<Str>(args[0])));
  if (!is<Tuple>(args[0])) {
    return fail(exc::TypeError, "{} first arg must be str or a tuple of str, not {}", name, type_name(args[0]));
  }
  for (Value v : *as<Tuple>(args[0])) {
    if (!is<Str>(v)) return fail(exc::TypeError, "tuple for {} must only contain str, not {}", name, type_name(v));
    if (matches(as<Str>(v))) return Ref::boolean(true);
  }
  return Ref::boolean(false);
}

Result<uint32_t> fill_character(Value v) {
  if (!v) return uint32_t{' '};
  if (!is<Str>(v)) return fail(exc::TypeError, "The fill character must be a unicode character, not {}", type_name(v));
  if (as<Str>(v)->length != 1) return fail(exc::TypeError, "The fill character must be exactly one character long");
  return as<Str>(v)->at(0);
}

Ref padded(Value self, int64_t left, int64_t right, uint32_t fill) {
  if (left <= 0 && right <= 0) return plain_str(self);
  const Str* s = as<Str>(self);
  TRY(repeated_size(1, s->length + left + right, 4));
  StrBuilder out;
  out.append_fill(fill, left);
  out.append(s);
  out.append_fill(fill, right);
  return out.finish();
}

}  // namespace

Ref str_find(Value self, const Value* args) { return make_int(TRY(search(self, args, false))); }
Ref str_rfind(Value self, const Value* args) { return make_int(TRY(search(self, args, true))); }
Ref str_index(Value self, const Value* args) {
  const int64_t at = TRY(search(self, args, false));
  if (at < 0) return fail(exc::ValueError, "substring not found");
  return make_int(at);
}
Ref str_rindex(Value self, const Value* args) {
  const int64_t at = TRY(search(self, args, true));
  if (at < 0) return fail(exc::ValueError, "substring not found");
  return make_int(at);
}
Ref str_count(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "must be str, not {}", type_name(args[0]));
  const Str* s = as<Str>(self);
  const Range r = TRY(search_range(s, args[1], args[2]));
  if (r.start > r.end) return make_int(0);
  return make_int(count(s, as<Str>(args[0]), r.start, r.end));
}
Ref str_startswith(Value self, const Value* args) { return tail_match(self, args, false, "startswith"); }
Ref str_endswith(Value self, const Value* args) { return tail_match(self, args, true, "endswith"); }

Ref str_replace(Value self, const Value* args) {
  for (int i = 0; i < 2; ++i) {
    if (!is<Str>(args[i]))
      return fail(exc::TypeError, "replace() argument {} must be str, not {}", i + 1, type_name(args[i]));
  }
  const Str *s = as<Str>(self), *old = as<Str>(args[0]), *fresh = as<Str>(args[1]);
  int64_t limit = args[2] ? TRY(to_index(args[2])) : -1;
  if (limit < 0) limit = INT64_MAX;
  const int64_t n = count(s, old, 0, s->length, limit);
  if (n == 0) return plain_str(self);
  const __int128 length = s->length + static_cast<__int128>(n) * (fresh->length - old->length);
  if (length > INT64_MAX / 8) return fail(exc::OverflowError, "replace string is too long");
  if (length > (1 << 28)) TRY(repeated_size(1, static_cast<int64_t>(length), 4));
  StrBuilder out;
  int64_t at = 0;
  for (int64_t k = 0; k < n; ++k) {
    if (old->length == 0) {
      out.append(fresh);
      if (at < s->length) out.append(s, at, at + 1);
      ++at;
      continue;
    }
    const int64_t next = find(s, old, at, s->length);
    out.append(s, at, next);
    out.append(fresh);
    at = next + old->length;
  }
  if (at < s->length) out.append(s, at, s->length);
  return out.finish();
}

Ref str_expandtabs(Value self, const Value* args) {
  const int64_t size = args[0] ? TRY(to_int64(args[0])) : 8;
  if (size > INT32_MAX) return fail(exc::OverflowError, "Python int too large to convert to C int");
  const Str* s = as<Str>(self);
  StrBuilder out;
  int64_t column = 0, tabs = 0;
  for (int64_t i = 0; i < s->length; ++i) tabs += s->at(i) == '\t';
  if (tabs && size > 0 && static_cast<__int128>(tabs) * size > (int64_t{1} << 40))
    return fail(exc::OverflowError, "new string is too long");
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (c == '\t') {
      if (size > 0) {
        const int64_t n = size - column % size;
        out.append_fill(' ', n);
        column += n;
      }
      continue;
    }
    ++column;
    out.append_char(c);
    if (c == '\n' || c == '\r') column = 0;
  }
  return out.finish();
}

Ref str_center(Value self, const Value* args) {
  const int64_t width = TRY(to_index(args[0]));
  const uint32_t fill = TRY(fill_character(args[1]));
  const int64_t pad = width - as<Str>(self)->length;
  if (pad <= 0) return plain_str(self);
  // The extra blank goes left when both the padding and the width are odd, as it always has.
  const int64_t left = pad / 2 + (pad & width & 1);
  return padded(self, left, pad - left, fill);
}
Ref str_ljust(Value self, const Value* args) {
  const int64_t width = TRY(to_index(args[0]));
  const uint32_t fill = TRY(fill_character(args[1]));
  return padded(self, 0, width - as<Str>(self)->length, fill);
}
Ref str_rjust(Value self, const Value* args) {
  const int64_t width = TRY(to_index(args[0]));
  const uint32_t fill = TRY(fill_character(args[1]));
  return padded(self, width - as<Str>(self)->length, 0, fill);
}
Ref str_zfill(Value self, const Value* args) {
  const Str* s = as<Str>(self);
  const int64_t fill = TRY(to_index(args[0])) - s->length;
  if (fill <= 0) return plain_str(self);
  TRY(repeated_size(1, s->length + fill, 4));
  const int64_t sign = s->length > 0 && (s->at(0) == '+' || s->at(0) == '-') ? 1 : 0;
  StrBuilder out;
  out.append(s, 0, sign);
  out.append_fill('0', fill);
  out.append(s, sign, s->length);
  return out.finish();
}

Ref str_translate(Value self, const Value* args) {
  const Str* s = as<Str>(self);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    Ref key = make_int(int64_t{c});
    Ref to = get_item(args[0], key);
    if (to.is_error()) {
      if (!pending_is(exc::LookupError)) return to;
      clear_pending();
      out.append_char(c);
    } else if (is<Str>(to)) {
      out.append(as<Str>(to));
    } else if (is_int(to)) {
      const auto n = int_value(to);
      if (!n || *n < 0 || *n > 0x10ffff) return fail(exc::ValueError, "character mapping must be in range(0x110000)");
      out.append_char(static_cast<uint32_t>(*n));
    } else if (!to.is_none()) {
      return fail(exc::TypeError, "character mapping must return integer, None or str");
    }
  }
  return out.finish();
}

Ref str_maketrans(Value, const Value* args) {
  Ref result = make_dict();
  Dict* d = as<Dict>(result);
  if (args[1]) {
    if (!is<Str>(args[0])) {
      return fail(exc::TypeError, "first maketrans argument must be a string if there is a second argument");
    }
    if (!is<Str>(args[1]))
      return fail(exc::TypeError, "maketrans() argument 2 must be str, not {}", type_name(args[1]));
    const Str *x = as<Str>(args[0]), *y = as<Str>(args[1]);
    if (x->length != y->length)
      return fail(exc::ValueError, "the first two maketrans arguments must have equal length");
    for (int64_t i = 0; i < x->length; ++i) {
      TRY(dict_set(d, Value::integer(x->at(i)), Value::integer(y->at(i))));
    }
    if (args[2]) {
      if (!is<Str>(args[2]))
        return fail(exc::TypeError, "maketrans() argument 3 must be str, not {}", type_name(args[2]));
      const Str* z = as<Str>(args[2]);
      for (int64_t i = 0; i < z->length; ++i) TRY(dict_set(d, Value::integer(z->at(i)), Value::none()));
    }
    return result;
  }
  if (!is<Dict>(args[0])) return fail(exc::TypeError, "if you give only one argument to maketrans it must be a dict");
  Dict* source = as<Dict>(args[0]);
  for (int64_t i = 0; DictEntry* e = dict_next(source, i);) {
    if (is<Str>(e->key)) {
      if (as<Str>(e->key)->length != 1)
        return fail(exc::ValueError, "string keys in translate table must be of length 1");
      TRY(dict_set(d, Value::integer(as<Str>(e->key)->at(0)), e->value));
    } else if (is_int(e->key)) {
      TRY(dict_set(d, e->key, e->value));
    } else {
      return fail(exc::TypeError, "keys in translate table must be strings or integers");
    }
  }
  return result;
}

namespace {

Ref str_getnewargs(Value self, const Value*) {
  // A copy, so that unpickling a subclass does not share the original.
  const Str* s = as<Str>(self);
  Str* copy = allocate_str(s->length, max_char(s));
  copy_chars(copy, 0, s, 0, s->length);
  Ref text = Ref::steal(copy);
  return make_tuple({text});
}
Ref str_sizeof(Value self, const Value*) {
  const Str* s = as<Str>(self);
  const int64_t header = s->ascii ? 48 : 72;
  return make_int(header + (s->length + 1) * s->width);
}

}  // namespace

const NativeDef kStrMethods[] = {
    {"encode", "($self, /, encoding='utf-8', errors='strict')", str_encode,
     "Turn the text into bytes. errors names the handler for characters that the encoding lacks."},
    {"replace", "($self, old, new, count=-1, /)", str_replace,
     "Put new in the place of old, count times at most from the left; -1 means everywhere."},
    {"split", "($self, /, sep=None, maxsplit=-1)", str_split,
     "The parts between the seps as a list; maxsplit cuts at most, -1 for no limit. None as sep cuts at runs of "
     "whitespace."},
    {"rsplit", "($self, /, sep=None, maxsplit=-1)", str_rsplit,
     "The parts between the seps as a list, as from split().\n\nWhere maxsplit is a limit, the rightmost cuts are "
     "made."},
    {"join", "($self, iterable, /)", str_join, "Chain the strings of the iterable, with this one between each two."},
    {"capitalize", "($self, /)", str_capitalize, "The text with a capital first and small letters after it."},
    {"casefold", "($self, /)", str_casefold,
     "The text folded so that two spellings that differ only in case become equal."},
    {"title", "($self, /)", str_title,
     "The text with a capital at the start of every word and small letters elsewhere."},
    {"center", "($self, width, fillchar=' ', /)", str_center,
     "Put the text in the middle of width characters, padding both sides with fillchar."},
    {"count", "($self, sub, start=None, end=None, /)", str_count,
     "S.count(sub[, start[, end]]) -> int\n\nHow often sub occurs in S[start:end], overlaps not counted.",
     NativeDef::OldStyle},
    {"expandtabs", "($self, /, tabsize=8)", str_expandtabs,
     "Replace each tab by the spaces that lead to the next multiple of tabsize columns."},
    {"find", "($self, sub, start=None, end=None, /)", str_find,
     "S.find(sub[, start[, end]]) -> int\n\nPosition in S of the first sub inside S[start:end], or -1 if there is "
     "none.",
     NativeDef::OldStyle},
    {"partition", "($self, sep, /)", str_partition,
     "Cut at the first sep: (before, sep, after), or (everything, '', '') if sep does not occur."},
    {"index", "($self, sub, start=None, end=None, /)", str_index,
     "S.index(sub[, start[, end]]) -> int\n\nPosition of the first sub, as from find; ValueError if there is none.",
     NativeDef::OldStyle},
    {"ljust", "($self, width, fillchar=' ', /)", str_ljust, "Append fillchar until there are width characters."},
    {"lower", "($self, /)", str_lower, "The text in lowercase."},
    {"lstrip", "($self, chars=None, /)", str_lstrip,
     "Drop from the start every character that occurs in chars; None stands for whitespace."},
    {"rfind", "($self, sub, start=None, end=None, /)", str_rfind,
     "S.rfind(sub[, start[, end]]) -> int\n\nPosition in S of the last sub inside S[start:end], or -1 if there is "
     "none.",
     NativeDef::OldStyle},
    {"rindex", "($self, sub, start=None, end=None, /)", str_rindex,
     "S.rindex(sub[, start[, end]]) -> int\n\nPosition of the last sub, as from rfind; ValueError if there is none.",
     NativeDef::OldStyle},
    {"rjust", "($self, width, fillchar=' ', /)", str_rjust, "Prepend fillchar until there are width characters."},
    {"rstrip", "($self, chars=None, /)", str_rstrip,
     "Drop from the end every character that occurs in chars; None stands for whitespace."},
    {"rpartition", "($self, sep, /)", str_rpartition,
     "Cut at the last sep: (before, sep, after), or ('', '', everything) if sep does not occur."},
    {"splitlines", "($self, /, keepends=False)", str_splitlines,
     "The lines as a list; what ends them stays only with keepends."},
    {"strip", "($self, chars=None, /)", str_strip,
     "Drop from both ends every character that occurs in chars; None stands for whitespace."},
    {"swapcase", "($self, /)", str_swapcase, "The text with capitals and small letters exchanged."},
    {"translate", "($self, table, /)", str_translate,
     "Look up each character's ordinal in table, which gives an ordinal or a str instead, or None to drop it. A "
     "LookupError leaves the character alone."},
    {"upper", "($self, /)", str_upper, "The text in uppercase."},
    {"startswith", "($self, prefix, start=None, end=None, /)", str_startswith,
     "S.startswith(prefix[, start[, end]]) -> bool\n\nWhether S[start:end] has prefix, or one of a tuple of them, at "
     "its start.",
     NativeDef::OldStyle},
    {"endswith", "($self, suffix, start=None, end=None, /)", str_endswith,
     "S.endswith(suffix[, start[, end]]) -> bool\n\nWhether S[start:end] has suffix, or one of a tuple of them, at its "
     "end.",
     NativeDef::OldStyle},
    {"removeprefix", "($self, prefix, /)", str_removeprefix,
     "The text without prefix at its start; all of it if it starts otherwise."},
    {"removesuffix", "($self, suffix, /)", str_removesuffix,
     "The text without suffix at its end; all of it if it ends otherwise."},
    {"isascii", "($self, /)", str_isascii, "Whether every character is below U+0080. Empty: True."},
    {"islower", "($self, /)", str_islower, "Whether there are letters with case, all of them lowercase."},
    {"isupper", "($self, /)", str_isupper, "Whether there are letters with case, all of them uppercase."},
    {"istitle", "($self, /)", str_istitle,
     "Whether there are letters with case, a capital at the start of every word and small letters elsewhere."},
    {"isspace", "($self, /)", str_isspace, "Whether there is only whitespace. Empty: False."},
    {"isdecimal", "($self, /)", str_isdecimal, "Whether there are only decimal digits, of any script. Empty: False."},
    {"isdigit", "($self, /)", str_isdigit,
     "Whether there are only digits, superscripts and the like included. Empty: False."},
    {"isnumeric", "($self, /)", str_isnumeric,
     "Whether every character has a numeric value, fractions and the like included. Empty: False."},
    {"isalpha", "($self, /)", str_isalpha, "Whether there are only letters, of any script. Empty: False."},
    {"isalnum", "($self, /)", str_isalnum,
     "Whether there are only letters and numeric characters, of any script. Empty: False."},
    {"isidentifier", "($self, /)", str_isidentifier, "Whether the text could be a name in Python; keywords count too."},
    {"isprintable", "($self, /)", str_isprintable, "Whether repr() would show every character as it is. Empty: True."},
    {"zfill", "($self, width, /)", str_zfill,
     "Put zeros before the digits, but after a sign, until there are width characters."},
    {"format", "($self, /, *args, **kwargs)", str_format,
     "S.format(*args, **kwargs) -> str\n\nFill the fields in braces with the arguments."},
    {"format_map", "($self, mapping, /)", str_format_map,
     "S.format_map(mapping) -> str\n\nFill the fields in braces from mapping, which need not be a dict."},
    {"__format__", "($self, format_spec, /)", str_format_spec, "The text, laid out the way format_spec says."},
    {"maketrans", "(x, y=<unrepresentable>, z=<unrepresentable>, /)", str_maketrans,
     "A table for translate(), from a dict x of characters or ordinals, or from two strings of one length; characters "
     "of a third are to be dropped.",
     NativeDef::StaticMethod},
    {"__getnewargs__", "($self, /)", str_getnewargs, nullptr},
    {"__sizeof__", "($self, /)", str_sizeof, "Memory of the string, in bytes."},
    {}};

}  // namespace hiss
