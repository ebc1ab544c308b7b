// tell() and seek() of text streams. A position is a number made of the byte position of a safe point, the decoder's
// state there, and how much must be decoded from it.
#include <gmp.h>

#include "modules/_io/text_wrapper.h"

namespace hiss {

namespace {

struct Cookie {
  int64_t start = 0;
  int32_t flags = 0;
  int32_t bytes_to_feed = 0;
  int32_t chars_to_skip = 0;
  bool need_eof = false;
};

Ref make_cookie(const Cookie& c) {
  if (c.flags == 0 && c.bytes_to_feed == 0 && c.chars_to_skip == 0 && !c.need_eof) return make_int(c.start);
  unsigned char packed[21];
  auto put = [&](int at, uint64_t v, int n) {
    for (int i = 0; i < n; ++i) packed[at + i] = static_cast<unsigned char>(v >> (8 * i));
  };
  put(0, static_cast<uint64_t>(c.start), 8);
  put(8, static_cast<uint32_t>(c.flags), 4);
  put(12, static_cast<uint32_t>(c.bytes_to_feed), 4);
  put(16, static_cast<uint32_t>(c.chars_to_skip), 4);
  put(20, c.need_eof, 1);
  mpz_t z;
  mpz_init(z);
  mpz_import(z, sizeof packed, -1, 1, 0, 0, packed);
  Ref result = int_from_mpz(z);
  mpz_clear(z);
  return result;
}
Result<Cookie> parse_cookie(Value v) {
  MpzView z(v);
  unsigned char packed[21] = {};
  if (mpz_sizeinbase(z, 256) > sizeof packed) return fail(exc::OverflowError, "int too big to convert");
  mpz_export(packed, nullptr, -1, 1, 0, 0, z);
  auto take = [&](int at, int n) {
    uint64_t v = 0;
    for (int i = 0; i < n; ++i) v |= uint64_t{packed[at + i]} << (8 * i);
    return v;
  };
  Cookie c;
  c.start = static_cast<int64_t>(take(0, 8));
  c.flags = static_cast<int32_t>(take(8, 4));
  c.bytes_to_feed = static_cast<int32_t>(take(12, 4));
  c.chars_to_skip = static_cast<int32_t>(take(16, 4));
  c.need_eof = packed[20] != 0;
  return c;
}

Result<int64_t> decoded_length(TextWrapper* w, std::string_view bytes, bool final) {
  Ref text = TRY(text_decode(w, bytes, final));
  return as<Str>(text)->length;
}
Status set_state(TextWrapper* w, uint64_t flags) { return set_text_decoder_state(w, {std::string(), flags}); }

// Finds the place for decoded_used characters behind the snapshot.
Result<Cookie> locate(TextWrapper* w, Cookie c, int64_t chars_to_skip) {
  const std::string input = *w->snapshot_bytes;
  const uint64_t start_flags = static_cast<uint64_t>(static_cast<uint32_t>(c.flags));
  // A guess from the ratio of bytes to characters, made smaller until the decoder is in a clean state there.
  int64_t skip = static_cast<int64_t>(w->bytes_per_char * static_cast<double>(chars_to_skip));
  int64_t back = 1;
  while (skip > 0) {
    skip = std::min(skip, static_cast<int64_t>(input.size()));
    TRY(set_state(w, start_flags));
    const int64_t n = TRY(decoded_length(w, std::string_view(input).substr(0, static_cast<size_t>(skip)), false));
    if (n <= chars_to_skip) {
      const DecoderState s = TRY(text_decoder_state(w));
      if (s.bytes.empty()) {
        c.flags = static_cast<int32_t>(s.flags);
        chars_to_skip -= n;
        break;
      }
      skip -= static_cast<int64_t>(s.bytes.size());
      back = 1;
    } else {
      skip -= back;
      back *= 2;
    }
  }
  if (skip <= 0) {
    skip = 0;
    TRY(set_state(w, start_flags));
  }
  c.start += skip;
  c.chars_to_skip = static_cast<int32_t>(chars_to_skip);
  if (chars_to_skip == 0) return c;
  // Then byte by byte, remembering the last clean state.
  int64_t decoded = 0;
  size_t i = static_cast<size_t>(skip);
  for (; i < input.size(); ++i) {
    decoded += TRY(decoded_length(w, std::string_view(input).substr(i, 1), false));
    ++c.bytes_to_feed;
    const DecoderState s = TRY(text_decoder_state(w));
    if (s.bytes.empty() && decoded <= chars_to_skip) {
      c.start += c.bytes_to_feed;
      chars_to_skip -= decoded;
      c.flags = static_cast<int32_t>(s.flags);
      c.bytes_to_feed = 0;
      decoded = 0;
    }
    if (decoded >= chars_to_skip) break;
  }
  if (i == input.size()) {
    decoded += TRY(decoded_length(w, {}, true));
    c.need_eof = true;
    if (decoded < chars_to_skip) return fail(exc::OSError, "can't reconstruct logical file position");
  }
  c.chars_to_skip = static_cast<int32_t>(chars_to_skip);
  return c;
}

Status reset_encoder(TextWrapper* w, bool at_start) {
  w->start_of_stream = at_start;
  if (w->codec != TextCodec::Object || !w->has_encoder) return kOk;
  Ref encoder = Ref::share(w->encoder);
  if (at_start) {
    TRY(call_method(encoder, names.reset));
  } else {
    TRY(call_method(encoder, "setstate", {Value::integer(0)}));
  }
  return kOk;
}

}  // namespace

Ref text_tell(Value self, const Value*) {
  auto* w = stream_as<TextWrapper>(self);
  TRY(check_text(w));
  if (!w->seekable) return fail_unsupported("underlying stream is not seekable");
  if (!w->telling) return fail(exc::OSError, "telling position disabled by next() call");
  TRY(flush_pending(w));
  TRY(call_method(self, names.flush));
  Ref buffer = Ref::share(w->buffer);
  Ref at = TRY(call_method(buffer, names.tell));
  if (!w->has_decoder || !w->has_snapshot) return at;
  Cookie c;
  c.start = TRY(to_int64(at)) - static_cast<int64_t>(w->snapshot_bytes->size());
  c.flags = static_cast<int32_t>(w->snapshot_flags);
  if (!w->decoded || w->decoded_used == 0) return make_cookie(c);
  const DecoderState saved = TRY(text_decoder_state(w));
  const uint8_t seen = w->newlines.seen;
  Result<Cookie> found = locate(w, c, w->decoded_used);
  Ref error;
  if (found.is_error()) error = take_pending();
  const Status restored = set_text_decoder_state(w, saved);
  w->newlines.seen = seen;
  if (!error.is_empty()) {
    if (restored.is_error()) clear_pending();
    return restore_pending(std::move(error));
  }
  TRY(restored);
  return make_cookie(found.value());
}

Ref text_seek(Value self, const Value* a) {
  auto* w = stream_as<TextWrapper>(self);
  TRY(check_text(w));
  const int whence = a[1] ? TRY(to_c_int(a[1])) : 0;
  if (!w->seekable) return fail_unsupported("underlying stream is not seekable");
  Ref position = Ref::share(a[0]);
  Ref buffer = Ref::share(w->buffer);
  auto is_zero = [&]() -> Result<bool> { return equal(position, Value::integer(0)); };
  if (whence == 1) {
    if (!TRY(is_zero())) return fail_unsupported("can't do nonzero cur-relative seeks");
    position = TRY(call_method(self, names.tell));
  } else if (whence == 2) {
    if (!TRY(is_zero())) return fail_unsupported("can't do nonzero end-relative seeks");
    TRY(call_method(self, names.flush));
    set_decoded(w, Ref());
    drop_snapshot(w);
    if (w->has_decoder) TRY(reset_text_decoder(w));
    Ref at = TRY(call_method(buffer, names.seek, {Value::integer(0), Value::integer(2)}));
    if (w->has_encoder) TRY(reset_encoder(w, TRY(equal(at, Value::integer(0)))));
    return at;
  } else if (whence != 0) {
    return fail(exc::ValueError, "invalid whence ({}, should be 0, 1 or 2)", whence);
  }
  if (!is_int(position)) return fail(exc::TypeError, "an integer is required (got type {})", type_name(position));
  if (int_sign(position) < 0) return fail(exc::ValueError, "negative seek position {}", repr_text(position));
  TRY(call_method(self, names.flush));
  const Cookie c = TRY(parse_cookie(position));
  TRY(call_method(buffer, names.seek, {make_int(c.start)}));
  set_decoded(w, Ref());
  drop_snapshot(w);
  if (w->has_decoder) {
    if (c.start == 0 && c.flags == 0) {
      TRY(reset_text_decoder(w));
    } else {
      TRY(set_state(w, static_cast<uint32_t>(c.flags)));
    }
  }
  if (c.chars_to_skip) {
    Ref input = TRY(call_method(buffer, names.read, {Value::integer(c.bytes_to_feed)}));
    if (!is<Bytes>(input))
      return fail(exc::TypeError, "underlying read() should have returned a bytes object, not '{}'", type_name(input));
    w->has_snapshot = true;
    w->snapshot_flags = static_cast<uint32_t>(c.flags);
    *w->snapshot_bytes = as<Bytes>(input)->view();
    Ref text = TRY(text_decode(w, input, c.need_eof));
    const int64_t n = as<Str>(text)->length;
    set_decoded(w, std::move(text));
    if (n < c.chars_to_skip) return fail(exc::OSError, "can't restore logical file position");
    w->decoded_used = c.chars_to_skip;
  } else {
    w->has_snapshot = true;
    w->snapshot_flags = static_cast<uint32_t>(c.flags);
    w->snapshot_bytes->clear();
  }
  if (w->has_encoder) TRY(reset_encoder(w, c.start == 0 && c.flags == 0));
  return position;
}

}  // namespace hiss
