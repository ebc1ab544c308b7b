// Splitting, stripping, partitioning and joining.
#include <algorithm>

#include "object/index.h"
#include "object/str_internal.h"
#include "object/str_search.h"
#include "object/unicode_tables.h"

namespace hiss {

namespace {

void append_part(Ref& list, const Str* s, int64_t start, int64_t end) {
  list_append_owned(as<List>(list), substring(s, start, end).release());
}

Ref whole_or_part(Value self, int64_t start, int64_t end) {
  if (start == 0 && end == as<Str>(self)->length) return plain_str(self);
  return substring(as<Str>(self), start, end);
}

Ref split_whitespace(const Str* s, int64_t limit) {
  Ref list = make_list();
  with_units(s, [&](const auto* p) {
    const int64_t n = s->length;
    int64_t i = 0;
    for (;;) {
      while (i < n && unicode::is_space(p[i])) ++i;
      if (i == n) return;
      if (limit-- <= 0) {
        append_part(list, s, i, n);  // the rest keeps its blanks at the end
        return;
      }
      const int64_t start = i;
      while (i < n && !unicode::is_space(p[i])) ++i;
      append_part(list, s, start, i);
    }
  });
  return list;
}

Ref rsplit_whitespace(const Str* s, int64_t limit) {
  Ref list = make_list();
  with_units(s, [&](const auto* p) {
    int64_t i = s->length;
    for (;;) {
      while (i > 0 && unicode::is_space(p[i - 1])) --i;
      if (i == 0) return;
      if (limit-- <= 0) {
        append_part(list, s, 0, i);
        return;
      }
      const int64_t end = i;
      while (i > 0 && !unicode::is_space(p[i - 1])) --i;
      append_part(list, s, i, end);
    }
  });
  std::reverse(as<List>(list)->begin(), as<List>(list)->end());
  return list;
}

Result<int64_t> limit_argument(Value v) {
  const int64_t limit = v ? TRY(to_index(v)) : -1;
  return limit < 0 ? INT64_MAX : limit;
}

Status check_separator(Value separator) {
  if (!is<Str>(separator)) return fail(exc::TypeError, "must be str or None, not {}", type_name(separator));
  if (as<Str>(separator)->length == 0) return fail(exc::ValueError, "empty separator");
  return kOk;
}

enum Side { kLeft = 1, kRight = 2 };

Ref strip_with(Value self, Value chars, int sides, const char* name) {
  const Str* s = as<Str>(self);
  int64_t start = 0, end = s->length;
  if (!chars || chars.is_none()) {
    if (sides & kLeft) {
      while (start < end && unicode::is_space(s->at(start))) ++start;
    }
    if (sides & kRight) {
      while (end > start && unicode::is_space(s->at(end - 1))) --end;
    }
  } else {
    if (!is<Str>(chars)) return fail(exc::TypeError, "{} arg must be None or str", name);
    const Str* set = as<Str>(chars);
    auto in_set = [&](uint32_t c) { return find_char(set, c, 0, set->length) >= 0; };
    if (sides & kLeft) {
      while (start < end && in_set(s->at(start))) ++start;
    }
    if (sides & kRight) {
      while (end > start && in_set(s->at(end - 1))) --end;
    }
  }
  return whole_or_part(self, start, end);
}

Ref partition_at(Value self, Value separator, bool last) {
  if (!is<Str>(separator)) return fail(exc::TypeError, "must be str, not {}", type_name(separator));
  const Str *s = as<Str>(self), *sep = as<Str>(separator);
  if (sep->length == 0) return fail(exc::ValueError, "empty separator");
  const int64_t at = last ? rfind(s, sep, 0, s->length) : find(s, sep, 0, s->length);
  Ref nothing = empty_str();
  if (at < 0) {
    Ref whole = plain_str(self);
    return last ? make_tuple({nothing, nothing, whole}) : make_tuple({whole, nothing, nothing});
  }
  Ref head = substring(s, 0, at), tail = substring(s, at + sep->length, s->length);
  Ref middle = plain_str(separator);
  return make_tuple({head, middle, tail});
}

}  // namespace

Ref str_split(Value self, const Value* args) {
  const int64_t limit = TRY(limit_argument(args[1]));
  const Str* s = as<Str>(self);
  if (!args[0] || args[0].is_none()) return split_whitespace(s, limit);
  TRY(check_separator(args[0]));
  const Str* sep = as<Str>(args[0]);
  Ref list = make_list();
  int64_t start = 0;
  for (int64_t n = 0; n < limit; ++n) {
    const int64_t at = sep->length == 1 ? find_char(s, sep->at(0), start, s->length) : find(s, sep, start, s->length);
    if (at < 0) break;
    append_part(list, s, start, at);
    start = at + sep->length;
  }
  if (start == 0) {
    list_append_owned(as<List>(list), plain_str(self).release());
  } else {
    append_part(list, s, start, s->length);
  }
  return list;
}

Ref str_rsplit(Value self, const Value* args) {
  const int64_t limit = TRY(limit_argument(args[1]));
  const Str* s = as<Str>(self);
  if (!args[0] || args[0].is_none()) return rsplit_whitespace(s, limit);
  TRY(check_separator(args[0]));
  const Str* sep = as<Str>(args[0]);
  Ref list = make_list();
  int64_t end = s->length;
  for (int64_t n = 0; n < limit; ++n) {
    const int64_t at = rfind(s, sep, 0, end);
    if (at < 0) break;
    append_part(list, s, at + sep->length, end);
    end = at;
  }
  if (end == s->length) {
    list_append_owned(as<List>(list), plain_str(self).release());
  } else {
    append_part(list, s, 0, end);
  }
  std::reverse(as<List>(list)->begin(), as<List>(list)->end());
  return list;
}

Ref str_splitlines(Value self, const Value* args) {
  const bool keep = args[0] ? TRY(truth(args[0])) : false;
  const Str* s = as<Str>(self);
  Ref list = make_list();
  for (int64_t i = 0; i < s->length;) {
    const int64_t start = i;
    while (i < s->length && !unicode::is_line_break(s->at(i))) ++i;
    int64_t end = i;
    if (i < s->length) {
      i += s->at(i) == '\r' && i + 1 < s->length && s->at(i + 1) == '\n' ? 2 : 1;
      if (keep) end = i;
    }
    if (start == 0 && end == s->length && is_exact(self, str_type)) {
      list_append(as<List>(list), self);
    } else {
      append_part(list, s, start, end);
    }
  }
  return list;
}

Ref str_strip(Value self, const Value* args) { return strip_with(self, args[0], kLeft | kRight, "strip"); }
Ref str_lstrip(Value self, const Value* args) { return strip_with(self, args[0], kLeft, "lstrip"); }
Ref str_rstrip(Value self, const Value* args) { return strip_with(self, args[0], kRight, "rstrip"); }
Ref str_partition(Value self, const Value* args) { return partition_at(self, args[0], false); }
Ref str_rpartition(Value self, const Value* args) { return partition_at(self, args[0], true); }

Ref str_removeprefix(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "removeprefix() argument must be str, not {}", type_name(args[0]));
  const Str *s = as<Str>(self), *prefix = as<Str>(args[0]);
  if (matches_at(s, prefix, 0)) return whole_or_part(self, prefix->length, s->length);
  return plain_str(self);
}

Ref str_removesuffix(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "removesuffix() argument must be str, not {}", type_name(args[0]));
  const Str *s = as<Str>(self), *suffix = as<Str>(args[0]);
  if (matches_at(s, suffix, s->length - suffix->length)) return whole_or_part(self, 0, s->length - suffix->length);
  return plain_str(self);
}

Ref str_join(Value self, const Value* args) {
  Ref owner;
  Value iterable = args[0];
  const Value* items;
  int64_t n;
  if (is<List>(iterable) || is<Tuple>(iterable)) {
    owner = Ref::share(iterable);
  } else {
    owner = to_list(iterable);
    if (owner.is_error()) {
      if (pending_is(exc::TypeError) && !type_of(iterable)->slots.iter && !type_of(iterable)->slots.getitem) {
        clear_pending();
        return fail(exc::TypeError, "can only join an iterable");
      }
      return owner;
    }
  }
  if (is<List>(owner)) {
    items = as<List>(owner)->items;
    n = as<List>(owner)->size;
  } else {
    items = as<Tuple>(owner)->items;
    n = as<Tuple>(owner)->size;
  }
  const Str* separator = as<Str>(self);
  if (n == 0) return empty_str();
  if (n == 1 && is_exact(items[0], str_type)) return Ref::share(items[0]);
  __int128 length = static_cast<__int128>(separator->length) * (n - 1);
  uint32_t top = n > 1 && separator->length ? max_char(separator) : 0;
  for (int64_t i = 0; i < n; ++i) {
    if (!is<Str>(items[i])) {
      return fail(exc::TypeError, "sequence item {}: expected str instance, {} found", i, type_name(items[i]));
    }
    length += as<Str>(items[i])->length;
    top = std::max(top, max_char(as<Str>(items[i])));
  }
  if (length > INT64_MAX / 8) return fail(exc::OverflowError, "join() result is too long for a Python string");
  if (length == 0) return empty_str();
  Str* r = allocate_str(static_cast<int64_t>(length), top);
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (i && separator->length) {
      copy_chars(r, at, separator, 0, separator->length);
      at += separator->length;
    }
    const Str* item = as<Str>(items[i]);
    copy_chars(r, at, item, 0, item->length);
    at += item->length;
  }
  return Ref::steal(r);
}

}  // namespace hiss
