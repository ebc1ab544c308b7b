// Line endings: translation while decoding, and finding the end of a line.
#pragma once

#include "modules/_io/stream.h"
#include "object/str.h"

namespace hiss {

/// What IncrementalNewlineDecoder knows between two pieces of text.
struct NewlineState {
  bool translate = false;
  bool pending_cr = false;  // a '\r' at the end of the last piece: a '\n' may follow
  uint8_t seen = 0;
  static constexpr uint8_t kCr = 1, kLf = 2, kCrLf = 4;
};
Ref translate_newlines(NewlineState& state, Ref text, bool final);
/// None, a str or a tuple of strs.
Ref newlines_seen(uint8_t seen);

/// How lines end for a reader: by '\n' only, by any ending, or by one given text.
struct LineEndings {
  bool translated = false, universal = false;
  Value ending;  // Str, when neither
};
/// End (behind the ending) of the line that starts at `start`, or -1; then `consumed` says how much need not be looked
/// at again.
int64_t find_line_end(const LineEndings& endings, const Str* text, int64_t start, int64_t& consumed);
int64_t find_line_end(const LineEndings& endings, const char32_t* text, int64_t start, int64_t end);

/// A newline argument: ValueError "illegal newline value: ..." unless None, '', '\n', '\r' or '\r\n'.
Status check_newline(Value newline);

Ref make_newline_decoder(Value decoder, bool translate);

}  // namespace hiss
