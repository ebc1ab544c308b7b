// str: the type, its slots, its iterator, repr.
#include "memory/collector.h"
#include "object/bytes.h"
#include "object/codecs_text.h"
#include "object/index.h"
#include "object/str_internal.h"
#include "object/str_search.h"
#include "object/unicode_tables.h"

namespace hiss {

Type str_type, str_iterator_type;

Ref plain_str(Value self) {
  if (is_exact(self, str_type)) return Ref::share(self);
  const Str* s = as<Str>(self);
  Str* copy = allocate_str(s->length, max_char(s));
  copy_chars(copy, 0, s, 0, s->length);
  copy->hash = s->hash;
  return Ref::steal(copy);
}

namespace {

void append_escape(StrBuilder& out, uint32_t c) {
  char buffer[16];
  if (c < 0x100) {
    snprintf(buffer, sizeof buffer, "\\x%02x", c);
  } else if (c < 0x10000) {
    snprintf(buffer, sizeof buffer, "\\u%04x", c);
  } else {
    snprintf(buffer, sizeof buffer, "\\U%08x", c);
  }
  out.append_ascii(buffer);
}

Ref repr_of(const Str* s, bool ascii_only) {
  bool single = false, double_quote = false;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    single |= c == '\'';
    double_quote |= c == '"';
  }
  const char quote = single && !double_quote ? '"' : '\'';
  StrBuilder out;
  out.append_char(static_cast<uint8_t>(quote));
  int64_t plain = 0;  // start of the characters that need no escape
  auto flush = [&](int64_t end) {
    out.append(s, plain, end);
    plain = end + 1;
  };
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (c == static_cast<uint8_t>(quote) || c == '\\') {
      flush(i);
      out.append_char('\\');
      out.append_char(c);
    } else if (c == '\n') {
      flush(i);
      out.append_ascii("\\n");
    } else if (c == '\r') {
      flush(i);
      out.append_ascii("\\r");
    } else if (c == '\t') {
      flush(i);
      out.append_ascii("\\t");
    } else if (c < ' ' || c == 0x7f || (c >= 0x80 && (ascii_only || !unicode::is_printable(c)))) {
      flush(i);
      append_escape(out, c);
    }
  }
  out.append(s, plain, s->length);
  out.append_char(static_cast<uint8_t>(quote));
  return out.finish();
}

Ref str_new(Type* cls, const Args& args) {
  Value object, encoding, errors;
  if (args.keyword_count() == 0 && args.count <= 1) {
    if (args.count) object = args[0];
  } else {
    Arguments bound("str", "(object='', encoding='utf-8', errors='strict')");
    TRY(bound.bind(args));
    object = bound[0];
    encoding = bound[1];
    errors = bound[2];
    TRY(check_codec_arguments("str", encoding, errors));
  }
  Ref text;
  if (!object) {
    text = empty_str();
  } else if (!encoding && !errors) {
    text = TRY(str(object));
  } else {
    text = TRY(str_from_bytes(object, encoding, errors));
  }
  if (cls == &str_type) return text;
  const Str* s = as<Str>(text);
  Str* r = allocate_str_of(cls, s->length, max_char(s));
  copy_chars(r, 0, s, 0, s->length);
  r->hash = s->hash;
  if (has_gc(r)) track(r);
  return Ref::steal(r);
}

Ref str_str(Value self) { return plain_str(self); }
Result<int64_t> str_hash(Value self) { return hash_of(as<Str>(self)); }
Result<int64_t> str_length(Value self) { return as<Str>(self)->length; }

Ref str_compare(Value self, Value other, CompareOp op) {
  if (!is<Str>(self) || !is<Str>(other)) return Ref::not_implemented();
  const Str *a = as<Str>(self), *b = as<Str>(other);
  switch (op) {
    case CompareOp::Eq:
      return Ref::boolean(equal(a, b));
    case CompareOp::Ne:
      return Ref::boolean(!equal(a, b));
    case CompareOp::Lt:
      return Ref::boolean(compare(a, b) < 0);
    case CompareOp::Le:
      return Ref::boolean(compare(a, b) <= 0);
    case CompareOp::Gt:
      return Ref::boolean(compare(a, b) > 0);
    default:
      return Ref::boolean(compare(a, b) >= 0);
  }
}

Ref str_getitem(Value self, Value key) {
  const Str* s = as<Str>(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    if (i < 0) i += s->length;
    if (i < 0 || i >= s->length) return fail(exc::IndexError, "string index out of range");
    return make_char(s->at(i));
  }
  if (is<Slice>(key)) {
    const SliceBounds b = TRY(slice_bounds(as<Slice>(key), s->length));
    if (b.length == 0) return empty_str();
    if (b.step == 1) return substring(s, b.start, b.start + b.length);
    return with_units(s, [&](const auto* p) -> Ref {
      using Unit = std::remove_const_t<std::remove_reference_t<decltype(*p)>>;
      std::vector<Unit> units(static_cast<size_t>(b.length));
      for (int64_t n = 0, i = b.start; n < b.length; ++n, i = stepped(i, b.step)) units[static_cast<size_t>(n)] = p[i];
      if constexpr (sizeof(Unit) == 1) return make_str_latin1(units.data(), b.length);
      if constexpr (sizeof(Unit) == 2) return make_str_ucs2(units.data(), b.length);
      if constexpr (sizeof(Unit) == 4) return make_str_ucs4(units.data(), b.length);
    });
  }
  return fail(exc::TypeError, "string indices must be integers, not '{}'", type_name(key));
}

Result<bool> str_contains(Value self, Value item) {
  if (!is<Str>(item)) {
    return fail(exc::TypeError, "'in <string>' requires string as left operand, not {}", type_name(item));
  }
  return find(as<Str>(self), as<Str>(item), 0, as<Str>(self)->length) >= 0;
}

Ref str_concat(Value self, Value other) {
  if (!is<Str>(other)) return fail(exc::TypeError, "can only concatenate str (not \"{}\") to str", type_name(other));
  return concat(as<Str>(self), as<Str>(other));
}

Ref str_remainder(Value left, Value right) {
  if (!is<Str>(left)) return Ref::not_implemented();
  return str_percent(left, right);
}

Type str_ascii_iterator_type;  // the name of iterators over ASCII strings differs

struct StrIterator : Object {
  Value text;  // empty: exhausted
  int64_t index;
};

Ref str_iter(Value self) {
  auto* it = allocate_as<StrIterator>(as<Str>(self)->ascii ? str_ascii_iterator_type : str_iterator_type);
  it->text = Ref::share(self).release();
  it->index = 0;
  return Ref::steal(it);
}
Ref str_iterator_next(Value self) {
  auto* it = as<StrIterator>(self);
  if (!it->text) return Ref::empty();
  const Str* s = as<Str>(it->text);
  if (it->index < s->length) return make_char(s->at(it->index++));
  clear_field(it->text);
  return Ref::empty();
}
void str_iterator_dealloc(Object* self) {
  release(static_cast<StrIterator*>(self)->text);
  free_object(self);
}
Ref str_iterator_length_hint(Value self, const Value*) {
  auto* it = as<StrIterator>(self);
  return make_int(it->text ? as<Str>(it->text)->length - it->index : 0);
}
Ref str_iterator_reduce(Value self, const Value*) {
  auto* it = as<StrIterator>(self);
  Ref nothing = empty_str();
  return reduce_iterator(it->text, it->index, "iter", nothing);
}
Ref str_iterator_setstate(Value self, const Value* args) {
  auto* it = as<StrIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->text) it->index = std::max<int64_t>(0, std::min(i, as<Str>(it->text)->length));
  return Ref::none();
}
const NativeDef kStrIteratorMethods[] = {{"__length_hint__", "($self, /)", str_iterator_length_hint, kLengthHintDoc},
                                         {"__reduce__", "($self, /)", str_iterator_reduce, kReduceDoc},
                                         {"__setstate__", "($self, state, /)", str_iterator_setstate, kSetStateDoc},
                                         {}};

}  // namespace

Ref str_repr(Value self) { return repr_of(as<Str>(self), false); }
Ref str_ascii_repr(const Str* s) { return repr_of(s, true); }

Ref ascii(Value v) {
  Ref text = TRY(repr(v));
  const Str* s = as<Str>(text);
  if (s->ascii) return text;
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) {
    if (s->at(i) < 0x80) {
      out.append_char(s->at(i));
    } else {
      append_escape(out, s->at(i));
    }
  }
  return out.finish();
}

Ref str_repeat(Value self, int64_t count) {
  const Str* s = as<Str>(self);
  if (count <= 0 || s->length == 0) return empty_str();
  if (count == 1) return plain_str(self);
  const int64_t length = TRY(repeated_size(s->length, count, s->width));
  Str* r = allocate_str(length, max_char(s));
  uint8_t* p = r->data1();
  const auto unit = static_cast<size_t>(s->length) * s->width;
  if (unit == 1) {
    memset(p, s->data1()[0], static_cast<size_t>(length));
  } else {
    // Doubling what is there copies in large pieces.
    memcpy(p, s->data1(), unit);
    size_t done = unit;
    const size_t total = unit * static_cast<size_t>(count);
    while (done < total) {
      const size_t take = std::min(done, total - done);
      memcpy(p + done, p, take);
      done += take;
    }
  }
  return Ref::steal(r);
}

void init_str_type() {
  define_type(str_type, {.name = "str",
                         .size = sizeof(Str),
                         .layout = Layout::Str,
                         .flags = Type::kBaseType | Type::kVariableSize | Type::kMatchSelf,
                         .doc = "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nThe text "
                                "of an object, as its __str__ gives it. With encoding or errors, the text that a "
                                "bytes-like\nobject encodes; the one left out is 'utf-8' or 'strict'."});
  Slots& s = str_type.slots;
  s.new_ = str_new;
  s.repr = str_repr;
  s.str = str_str;
  s.hash = str_hash;
  s.compare = str_compare;
  s.iter = str_iter;
  s.length = str_length;
  s.getitem = str_getitem;
  s.contains = str_contains;
  s.concat = str_concat;
  s.repeat = str_repeat;
  s.remainder = str_remainder;
  str_type.methods = kStrMethods;
  str_type.dealloc = str_dealloc;
  ready_type(str_type);
}

void init_str_iterator_type() {
  for (Type* t : {&str_iterator_type, &str_ascii_iterator_type}) {
    define_type(*t, {.name = t == &str_iterator_type ? "str_iterator" : "str_ascii_iterator",
                     .size = sizeof(StrIterator),
                     .flags = Type::kNoInstances});
    t->slots.iter = self_iter;
    t->slots.next = str_iterator_next;
    t->methods = kStrIteratorMethods;
    t->dealloc = str_iterator_dealloc;
    ready_type(*t);
  }
}

}  // namespace hiss
