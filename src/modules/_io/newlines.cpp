#include "modules/_io/newlines.h"

#include <cstring>
#include <vector>

namespace hiss {

Type newline_decoder_type;

namespace {

template <typename Unit>
void scan(const Unit* p, int64_t n, uint8_t& seen) {
  for (int64_t i = 0; i < n; ++i) {
    if (p[i] == '\n') {
      seen |= NewlineState::kLf;
    } else if (p[i] == '\r') {
      if (i + 1 < n && p[i + 1] == '\n') {
        seen |= NewlineState::kCrLf;
        ++i;
      } else {
        seen |= NewlineState::kCr;
      }
    }
  }
}
template <typename Unit>
Ref replace(const Unit* p, int64_t n, Ref (*make)(const Unit*, int64_t)) {
  std::basic_string<Unit> out;
  out.reserve(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    if (p[i] == '\r') {
      out.push_back('\n');
      if (i + 1 < n && p[i + 1] == '\n') ++i;
    } else {
      out.push_back(p[i]);
    }
  }
  return make(out.data(), static_cast<int64_t>(out.size()));
}
bool has_cr(const Str* s) {
  if (s->width == 1) return s->length && std::memchr(s->data1(), '\r', static_cast<size_t>(s->length));
  for (int64_t i = 0; i < s->length; ++i) {
    if (s->at(i) == '\r') return true;
  }
  return false;
}
bool has_lf(const Str* s) {
  if (s->width == 1) return s->length && std::memchr(s->data1(), '\n', static_cast<size_t>(s->length));
  for (int64_t i = 0; i < s->length; ++i) {
    if (s->at(i) == '\n') return true;
  }
  return false;
}

}  // namespace

Ref translate_newlines(NewlineState& state, Ref text, bool final) {
  if (state.pending_cr && (final || as<Str>(text)->length > 0)) {
    Ref cr = make_char('\r');
    text = concat(as<Str>(cr), as<Str>(text));
    state.pending_cr = false;
  }
  auto* s = as<Str>(text);
  if (!final && s->length > 0 && s->at(s->length - 1) == '\r') {
    text = substring(s, 0, s->length - 1);
    s = as<Str>(text);
    state.pending_cr = true;
  }
  if (s->length == 0) return text;
  if (!has_cr(s)) {
    if (!(state.seen & NewlineState::kLf) && has_lf(s)) state.seen |= NewlineState::kLf;
    return text;
  }
  if (s->width == 1) {
    scan(s->data1(), s->length, state.seen);
  } else if (s->width == 2) {
    scan(s->data2(), s->length, state.seen);
  } else {
    scan(s->data4(), s->length, state.seen);
  }
  if (!state.translate) return text;
  if (s->width == 1) return replace(s->data1(), s->length, make_str_latin1);
  if (s->width == 2) return replace(s->data2(), s->length, make_str_ucs2);
  return replace(s->data4(), s->length, make_str_ucs4);
}

Ref newlines_seen(uint8_t seen) {
  std::vector<Value> values;
  Ref cr = make_str_ascii("\r"), lf = make_str_ascii("\n"), crlf = make_str_ascii("\r\n");
  if (seen & NewlineState::kCr) values.push_back(cr);
  if (seen & NewlineState::kLf) values.push_back(lf);
  if (seen & NewlineState::kCrLf) values.push_back(crlf);
  if (values.empty()) return Ref::none();
  if (values.size() == 1) return Ref::share(values[0]);
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}

namespace {
template <typename At>
int64_t find_end(const LineEndings& e, At at, int64_t start, int64_t length, int64_t& consumed) {
  consumed = length;
  if (e.translated) {
    for (int64_t i = start; i < length; ++i) {
      if (at(i) == '\n') return i + 1;
    }
    return -1;
  }
  if (e.universal) {
    for (int64_t i = start; i < length; ++i) {
      const uint32_t c = at(i);
      if (c == '\n') return i + 1;
      if (c == '\r') return i + 1 < length && at(i + 1) == '\n' ? i + 2 : i + 1;
    }
    return -1;
  }
  auto* ending = as<Str>(e.ending);
  const uint32_t first = ending->at(0);
  for (int64_t i = start; i < length; ++i) {
    if (at(i) != first) continue;
    if (ending->length == 1) return i + 1;
    if (i + 1 == length) {
      // The ending may be completed by what comes next.
      consumed = i;
      return -1;
    }
    if (at(i + 1) == ending->at(1)) return i + 2;
  }
  return -1;
}
}  // namespace

int64_t find_line_end(const LineEndings& e, const Str* text, int64_t start, int64_t& consumed) {
  if (text->width == 1 && e.translated) {
    consumed = text->length;
    if (start >= text->length) return -1;
    auto* at = static_cast<const uint8_t*>(
        std::memchr(text->data1() + start, '\n', static_cast<size_t>(text->length - start)));
    return at ? at - text->data1() + 1 : -1;
  }
  return find_end(
      e, [&](int64_t i) { return text->at(i); }, start, text->length, consumed);
}
int64_t find_line_end(const LineEndings& e, const char32_t* text, int64_t start, int64_t end) {
  int64_t consumed;
  return find_end(
      e, [&](int64_t i) { return static_cast<uint32_t>(text[i]); }, start, end, consumed);
}

Status check_newline(Value newline) {
  if (newline.is_empty() || newline.is_none()) return kOk;
  const std::string_view text = utf8_view(as<Str>(newline));
  if (text.empty() || text == "\n" || text == "\r" || text == "\r\n") return kOk;
  return fail(exc::ValueError, "illegal newline value: {}", repr_text(newline));
}

// ---- IncrementalNewlineDecoder

namespace {

struct NewlineDecoder : Object {
  Value decoder;  // empty: not initialised; None: text goes through
  NewlineState state;
};
NewlineDecoder* decoder_of(Value v) { return static_cast<NewlineDecoder*>(v.object()); }

Status check_decoder(NewlineDecoder* d) {
  if (!d->decoder) return fail(exc::ValueError, "IncrementalNewlineDecoder.__init__() not called");
  return kOk;
}
Ref decoder_decode(Value self, const Value* a) {
  auto* d = decoder_of(self);
  TRY(check_decoder(d));
  const bool final = a[1] ? TRY(truth(a[1])) : false;
  Ref text;
  if (d->decoder.is_none()) {
    text = Ref::share(a[0]);
  } else {
    Ref decoder = Ref::share(d->decoder);
    text = TRY(call_method(decoder, "decode", {a[0], Value::boolean(final)}));
  }
  if (!is<Str>(text)) return fail(exc::TypeError, "decoder should return a string result, not '{}'", type_name(text));
  return translate_newlines(d->state, std::move(text), final);
}
Ref decoder_getstate(Value self, const Value*) {
  auto* d = decoder_of(self);
  TRY(check_decoder(d));
  Ref buffer = make_bytes(nullptr, 0);
  uint64_t flags = 0;
  if (!d->decoder.is_none()) {
    Ref decoder = Ref::share(d->decoder);
    Ref state = TRY(call_method(decoder, "getstate"));
    if (!is<Tuple>(state)) return fail(exc::TypeError, "illegal decoder state");
    if (as<Tuple>(state)->size != 2) return fail(exc::TypeError, "illegal decoder state");
    buffer = Ref::share(as<Tuple>(state)->items[0]);
    flags = TRY(to_uint_mask(as<Tuple>(state)->items[1]));
  }
  flags = flags << 1 | d->state.pending_cr;
  return make_tuple({buffer, make_uint(flags)});
}
Ref decoder_setstate(Value self, const Value* a) {
  auto* d = decoder_of(self);
  TRY(check_decoder(d));
  if (!is<Tuple>(a[0])) return fail(exc::TypeError, "state argument must be a tuple");
  if (as<Tuple>(a[0])->size != 2) return fail(exc::TypeError, "setstate(): illegal state argument");
  const uint64_t flags = TRY(to_uint_mask(as<Tuple>(a[0])->items[1]));
  d->state.pending_cr = flags & 1;
  if (d->decoder.is_none()) return Ref::none();
  Ref decoder = Ref::share(d->decoder);
  Ref state = make_tuple({as<Tuple>(a[0])->items[0], make_uint(flags >> 1)});
  return call_method(decoder, "setstate", {state});
}
Ref decoder_reset(Value self, const Value*) {
  auto* d = decoder_of(self);
  TRY(check_decoder(d));
  d->state.seen = 0;
  d->state.pending_cr = false;
  if (d->decoder.is_none()) return Ref::none();
  Ref decoder = Ref::share(d->decoder);
  return call_method(decoder, names.reset);
}
Ref decoder_newlines(Value self) {
  TRY(check_decoder(decoder_of(self)));
  return newlines_seen(decoder_of(self)->state.seen);
}
Status decoder_init(Value self, const Args& args) {
  Arguments a("IncrementalNewlineDecoder", "(decoder, translate, errors='strict')");
  TRY(a.bind(args));
  auto* d = decoder_of(self);
  const bool translate = TRY(truth(a[1]));
  set_field(d->decoder, Ref::share(a[0]));
  d->state = {};
  d->state.translate = translate;
  return kOk;
}
void decoder_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<NewlineDecoder*>(o)->decoder);
  free_object(o);
}
void decoder_traverse(Object* o, Visitor& visit) { visit(static_cast<NewlineDecoder*>(o)->decoder); }
void decoder_clear(Object* o) { clear_field(static_cast<NewlineDecoder*>(o)->decoder); }

const NativeDef kMethods[] = {{"decode", "($self, /, input, final=False)", decoder_decode, nullptr},
                              {"getstate", "($self, /)", decoder_getstate, nullptr},
                              {"setstate", "($self, state, /)", decoder_setstate, nullptr},
                              {"reset", "($self, /)", decoder_reset, nullptr},
                              {}};
const GetSetDef kGetSets[] = {{"newlines", decoder_newlines, nullptr}, {}};

}  // namespace

Ref make_newline_decoder(Value decoder, bool translate) {
  Ref o = TRY(stream_new(&newline_decoder_type, {}));
  decoder_of(o)->decoder = Ref::share(decoder).release();
  decoder_of(o)->state.translate = translate;
  return o;
}

void init_newline_decoder() {
  Type& t = newline_decoder_type;
  define_type(
      t,
      {.name = "_io.IncrementalNewlineDecoder",
       .size = sizeof(NewlineDecoder),
       .layout = Layout::Native,
       .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
       .doc = "Decodes text, notes which line endings occur, and turns each into a line feed if translate is true."});
  t.slots.new_ = stream_new;
  t.slots.init = decoder_init;
  t.methods = kMethods;
  t.getsets = kGetSets;
  t.dealloc = decoder_dealloc;
  t.traverse = decoder_traverse;
  t.clear = decoder_clear;
  ready_type(t);
}

}  // namespace hiss
