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
     "Encode the string using the codec registered for encoding."},
    {"replace", "($self, old, new, count=-1, /)", str_replace,
     "Return a copy with all occurrences of substring old replaced by new."},
    {"split", "($self, /, sep=None, maxsplit=-1)", str_split,
     "Return a list of the substrings in the string, using sep as the separator string."},
    {"rsplit", "($self, /, sep=None, maxsplit=-1)", str_rsplit,
     "Return a list of the substrings in the string, using sep as the separator string.\n\nSplitting starts at the "
     "end."},
    {"join", "($self, iterable, /)", str_join, "Concatenate any number of strings, inserting this one between them."},
    {"capitalize", "($self, /)", str_capitalize, "Return a capitalized version of the string."},
    {"casefold", "($self, /)", str_casefold, "Return a version of the string suitable for caseless comparisons."},
    {"title", "($self, /)", str_title, "Return a version of the string where each word is titlecased."},
    {"center", "($self, width, fillchar=' ', /)", str_center, "Return a centered string of length width."},
    {"count", "($self, sub, start=None, end=None, /)", str_count,
     "S.count(sub[, start[, end]]) -> int\n\nReturn the number of non-overlapping occurrences of substring sub "
     "in\nstring S[start:end]."},
    {"expandtabs", "($self, /, tabsize=8)", str_expandtabs,
     "Return a copy where all tab characters are expanded using spaces."},
    {"find", "($self, sub, start=None, end=None, /)", str_find,
     "S.find(sub[, start[, end]]) -> int\n\nReturn the lowest index in S where substring sub is found. Return -1 on "
     "failure."},
    {"partition", "($self, sep, /)", str_partition, "Partition the string into three parts using the given separator."},
    {"index", "($self, sub, start=None, end=None, /)", str_index,
     "S.index(sub[, start[, end]]) -> int\n\nLike find, but raises ValueError when the substring is not found."},
    {"ljust", "($self, width, fillchar=' ', /)", str_ljust, "Return a left-justified string of length width."},
    {"lower", "($self, /)", str_lower, "Return a copy of the string converted to lowercase."},
    {"lstrip", "($self, chars=None, /)", str_lstrip, "Return a copy of the string with leading whitespace removed."},
    {"rfind", "($self, sub, start=None, end=None, /)", str_rfind,
     "S.rfind(sub[, start[, end]]) -> int\n\nReturn the highest index in S where substring sub is found. Return -1 on "
     "failure."},
    {"rindex", "($self, sub, start=None, end=None, /)", str_rindex,
     "S.rindex(sub[, start[, end]]) -> int\n\nLike rfind, but raises ValueError when the substring is not found."},
    {"rjust", "($self, width, fillchar=' ', /)", str_rjust, "Return a right-justified string of length width."},
    {"rstrip", "($self, chars=None, /)", str_rstrip, "Return a copy of the string with trailing whitespace removed."},
    {"rpartition", "($self, sep, /)", str_rpartition,
     "Partition the string into three parts using the given separator.\n\nThe search begins at the end."},
    {"splitlines", "($self, /, keepends=False)", str_splitlines,
     "Return a list of the lines in the string, breaking at line boundaries."},
    {"strip", "($self, chars=None, /)", str_strip,
     "Return a copy of the string with leading and trailing whitespace removed."},
    {"swapcase", "($self, /)", str_swapcase,
     "Convert uppercase characters to lowercase and lowercase characters to uppercase."},
    {"translate", "($self, table, /)", str_translate,
     "Replace each character in the string using the given translation table."},
    {"upper", "($self, /)", str_upper, "Return a copy of the string converted to uppercase."},
    {"startswith", "($self, prefix, start=None, end=None, /)", str_startswith,
     "S.startswith(prefix[, start[, end]]) -> bool\n\nReturn True if S starts with the specified prefix, False "
     "otherwise."},
    {"endswith", "($self, suffix, start=None, end=None, /)", str_endswith,
     "S.endswith(suffix[, start[, end]]) -> bool\n\nReturn True if S ends with the specified suffix, False otherwise."},
    {"removeprefix", "($self, prefix, /)", str_removeprefix,
     "Return a str with the given prefix string removed if present."},
    {"removesuffix", "($self, suffix, /)", str_removesuffix,
     "Return a str with the given suffix string removed if present."},
    {"isascii", "($self, /)", str_isascii, "Return True if all characters in the string are ASCII, False otherwise."},
    {"islower", "($self, /)", str_islower, "Return True if the string is a lowercase string, False otherwise."},
    {"isupper", "($self, /)", str_isupper, "Return True if the string is an uppercase string, False otherwise."},
    {"istitle", "($self, /)", str_istitle, "Return True if the string is a title-cased string, False otherwise."},
    {"isspace", "($self, /)", str_isspace, "Return True if the string is a whitespace string, False otherwise."},
    {"isdecimal", "($self, /)", str_isdecimal, "Return True if the string is a decimal string, False otherwise."},
    {"isdigit", "($self, /)", str_isdigit, "Return True if the string is a digit string, False otherwise."},
    {"isnumeric", "($self, /)", str_isnumeric, "Return True if the string is a numeric string, False otherwise."},
    {"isalpha", "($self, /)", str_isalpha, "Return True if the string is an alphabetic string, False otherwise."},
    {"isalnum", "($self, /)", str_isalnum, "Return True if the string is an alpha-numeric string, False otherwise."},
    {"isidentifier", "($self, /)", str_isidentifier,
     "Return True if the string is a valid Python identifier, False otherwise."},
    {"isprintable", "($self, /)", str_isprintable, "Return True if the string is printable, False otherwise."},
    {"zfill", "($self, width, /)", str_zfill,
     "Pad a numeric string with zeros on the left, to fill a field of the given width.\n\nThe string is never "
     "truncated."},
    {"format", "($self, /, *args, **kwargs)", str_format,
     "S.format(*args, **kwargs) -> str\n\nReturn a formatted version of S, using substitutions from args and kwargs."},
    {"format_map", "($self, mapping, /)", str_format_map,
     "S.format_map(mapping) -> str\n\nReturn a formatted version of S, using substitutions from mapping."},
    {"__format__", "($self, format_spec, /)", str_format_spec,
     "Return a formatted version of the string as described by format_spec."},
    {"maketrans", "(x, y=<unrepresentable>, z=<unrepresentable>, /)", str_maketrans,
     "Return a translation table usable for str.translate().", NativeDef::StaticMethod},
    {"__getnewargs__", "($self, /)", str_getnewargs, nullptr},
    {"__sizeof__", "($self, /)", str_sizeof, "Return the size of the string in memory, in bytes."},
    {}};

}  // namespace hiss
