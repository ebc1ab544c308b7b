// The codec registry, for native code that needs codecs beyond the built-in ones.
#pragma once

#include "object/str.h"

namespace hiss {

/// Points the hooks of object/codecs_text.h at the registry. Done when _codecs is imported; the runtime may do it
/// earlier.
void initialize_codecs();
/// codecs.lookup: the CodecInfo; LookupError "unknown encoding: x".
Ref lookup_codec(Str* encoding);
/// The same for text; LookupError "'x' is not a text encoding; use codecs.open() to handle arbitrary codecs".
Ref lookup_text_codec(Str* encoding, const char* alternative);

}  // namespace hiss
