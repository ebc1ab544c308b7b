// TextIOWrapper: text over a buffered binary stream.
#pragma once

#include "modules/_io/newlines.h"

namespace hiss {

/// Encodings that are decoded and encoded here, without codec objects.
enum class TextCodec : uint8_t { Object, Utf8, Ascii, Latin1 };

struct TextWrapper : Stream {
  Value buffer;            // the binary stream
  Value encoding, errors;  // Str
  Value encoder, decoder;  // codec objects (TextCodec::Object), or empty
  TextCodec codec;
  bool ok, detached, finalizing;
  bool has_encoder, has_decoder;
  bool line_buffering, write_through;
  bool read_universal, read_translate, write_translate;
  bool seekable, has_read1, telling, start_of_stream;
  const char* read_newline;   // null: None
  const char* write_newline;  // null: '\n' is written as it is
  LineEndings endings;        // `ending` is borrowed from ending_text
  Value ending_text;
  int64_t chunk_size;
  double bytes_per_char;
  std::string* pending;    // encoded, not yet given to the buffer
  std::string* undecoded;  // the native decoder's incomplete sequence
  NewlineState newlines;
  Value decoded;  // Str or empty
  int64_t decoded_used;
  bool has_snapshot;  // decoder state before the bytes of `decoded`, for tell()
  uint64_t snapshot_flags;
  std::string* snapshot_bytes;
};

// text_decoder.cpp: the decoder of a wrapper, native or an object, with newline translation.
struct DecoderState {
  std::string bytes;
  uint64_t flags = 0;
};
Ref text_decode(TextWrapper* w, Value input, bool final);  // bytes-like
Ref text_decode(TextWrapper* w, std::string_view input, bool final);
Result<DecoderState> text_decoder_state(TextWrapper* w);
Status set_text_decoder_state(TextWrapper* w, const DecoderState& state);
Status reset_text_decoder(TextWrapper* w);
/// Appends the encoded text to `out`.
Status text_encode(TextWrapper* w, Value text, std::string& out);
/// Makes encoder and decoder for the wrapper's encoding, as its buffer can be read and written.
Status set_text_codec(TextWrapper* w, Str* encoding, Str* errors);
TextCodec native_codec(std::string_view encoding);

// text_position.cpp: tell and seek.
Ref text_tell(Value self, const Value*);
Ref text_seek(Value self, const Value* a);

// text_wrapper.cpp
Status check_text(TextWrapper* w);  // attached and open
Status flush_pending(TextWrapper* w);
void set_decoded(TextWrapper* w, Ref text);
inline void drop_snapshot(TextWrapper* w) { w->has_snapshot = false; }
Ref make_text_wrapper(Value buffer, std::string_view encoding, std::string_view errors, Value newline,
                      bool line_buffering, bool write_through);

}  // namespace hiss
