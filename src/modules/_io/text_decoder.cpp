#include "modules/_codecs/registry.h"
#include "modules/_io/text_wrapper.h"
#include "object/codecs_text.h"

namespace hiss {

TextCodec native_codec(std::string_view encoding) {
  const std::string name = normalize_encoding_name(encoding);
  if (name == "utf-8" || name == "utf8") return TextCodec::Utf8;
  if (name == "ascii" || name == "us-ascii") return TextCodec::Ascii;
  if (name == "latin-1" || name == "latin1" || name == "iso-8859-1" || name == "iso8859-1") return TextCodec::Latin1;
  return TextCodec::Object;
}

namespace {

std::string_view errors_of(TextWrapper* w) { return utf8_view(as<Str>(w->errors)); }

Ref native_decode(TextWrapper* w, std::string_view input, bool final, Value source) {
  std::string joined;
  if (!w->undecoded->empty()) {
    joined = *w->undecoded;
    joined += input;
    input = joined;
    source = Value();
  }
  DecodeInput in{reinterpret_cast<const uint8_t*>(input.data()), static_cast<int64_t>(input.size()), source,
                 errors_of(w)};
  Ref text;
  switch (w->codec) {
    case TextCodec::Utf8: {
      int64_t consumed = in.length;
      text = TRY(decode_utf8(in, final ? nullptr : &consumed));
      w->undecoded->assign(input.substr(static_cast<size_t>(consumed)));
      break;
    }
    case TextCodec::Ascii:
      text = TRY(decode_ascii(in));
      break;
    default:
      text = TRY(decode_latin1(in));
      break;
  }
  if (w->read_universal) return translate_newlines(w->newlines, std::move(text), final);
  return text;
}

}  // namespace

Ref text_decode(TextWrapper* w, Value input, bool final) {
  if (w->codec != TextCodec::Object) {
    BufferView view(TRY(get_buffer(input)));
    return native_decode(w, view.text(), final, is<Bytes>(input) ? input : Value());
  }
  Ref decoder = Ref::share(w->decoder);
  Ref text = TRY(call_method(decoder, "decode", {input, Value::boolean(final)}));
  if (!is<Str>(text)) return fail(exc::TypeError, "decoder should return a string result, not '{}'", type_name(text));
  return text;
}
Ref text_decode(TextWrapper* w, std::string_view input, bool final) {
  Ref bytes = make_bytes(input);
  return text_decode(w, bytes, final);
}

Result<DecoderState> text_decoder_state(TextWrapper* w) {
  DecoderState s;
  if (w->codec != TextCodec::Object) {
    s.bytes = *w->undecoded;
    s.flags = w->newlines.pending_cr;
    return s;
  }
  Ref decoder = Ref::share(w->decoder);
  Ref state = TRY(call_method(decoder, "getstate"));
  if (!is<Tuple>(state)) return fail(exc::TypeError, "illegal decoder state");
  if (as<Tuple>(state)->size != 2) return fail(exc::TypeError, "illegal decoder state");
  Value bytes = as<Tuple>(state)->items[0];
  if (!is<Bytes>(bytes))
    return fail(exc::TypeError, "illegal decoder state: the first item should be a bytes object, not '{}'",
                type_name(bytes));
  s.bytes = as<Bytes>(bytes)->view();
  s.flags = TRY(to_uint_mask(as<Tuple>(state)->items[1]));
  return s;
}
Status set_text_decoder_state(TextWrapper* w, const DecoderState& s) {
  if (w->codec != TextCodec::Object) {
    *w->undecoded = s.bytes;
    w->newlines.pending_cr = s.flags & 1;
    return kOk;
  }
  Ref decoder = Ref::share(w->decoder);
  Ref bytes = make_bytes(s.bytes), flags = make_uint(s.flags);
  Ref state = make_tuple({bytes, flags});
  TRY(call_method(decoder, "setstate", {state}));
  return kOk;
}
Status reset_text_decoder(TextWrapper* w) {
  if (w->codec != TextCodec::Object) {
    w->undecoded->clear();
    w->newlines.pending_cr = false;
    w->newlines.seen = 0;
    return kOk;
  }
  Ref decoder = Ref::share(w->decoder);
  TRY(call_method(decoder, names.reset));
  return kOk;
}

Status text_encode(TextWrapper* w, Value text, std::string& out) {
  auto* s = as<Str>(text);
  if (w->codec == TextCodec::Object) {
    Ref encoder = Ref::share(w->encoder);
    Ref bytes = TRY(call_method(encoder, names.encode, {text}));
    if (!is<Bytes>(bytes))
      return fail(exc::TypeError, "encoder should return a bytes object, not '{}'", type_name(bytes));
    out += as<Bytes>(bytes)->view();
    return kOk;
  }
  if (s->ascii) {
    out += s->ascii_view();
    return kOk;
  }
  Ref bytes;
  if (w->codec == TextCodec::Utf8) {
    bytes = TRY(encode_utf8(text, errors_of(w)));
  } else if (w->codec == TextCodec::Latin1) {
    bytes = TRY(encode_latin1(text, errors_of(w)));
  } else {
    bytes = TRY(encode_ascii(text, errors_of(w)));
  }
  out += as<Bytes>(bytes)->view();
  return kOk;
}

Status set_text_codec(TextWrapper* w, Str* encoding, Str* errors) {
  const TextCodec codec = native_codec(utf8_view(encoding));
  Ref info;
  if (codec == TextCodec::Object) info = TRY(lookup_text_codec(encoding, "codecs.open()"));
  Ref hold_encoding = Ref::share(encoding), hold_errors = Ref::share(errors);
  Ref buffer = Ref::share(w->buffer);
  const bool readable = TRY(ask(buffer, "readable"));
  const bool writable = TRY(ask(buffer, "writable"));
  Ref encoder, decoder;
  if (codec == TextCodec::Object) {
    if (readable) {
      decoder = TRY(call_method(info, "incrementaldecoder", {hold_errors}));
      if (w->read_universal) decoder = TRY(make_newline_decoder(decoder, w->read_translate));
    }
    if (writable) encoder = TRY(call_method(info, "incrementalencoder", {hold_errors}));
  }
  w->codec = codec;
  w->has_decoder = readable;
  w->has_encoder = writable;
  w->undecoded->clear();
  w->newlines = {};
  w->newlines.translate = w->read_translate;
  set_field(w->decoder, std::move(decoder));
  set_field(w->encoder, std::move(encoder));
  set_field(w->encoding, std::move(hold_encoding));
  set_field(w->errors, std::move(hold_errors));
  return kOk;
}

}  // namespace hiss
