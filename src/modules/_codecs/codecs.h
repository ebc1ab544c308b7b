// The parts of _codecs, each in its own file.
#pragma once

#include <string_view>

#include "modules/_codecs/registry.h"
#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/codecs_text.h"

namespace hiss {

// error_handlers.cpp
/// The handlers every interpreter knows: "strict", "ignore", "replace" ... put into `registry`.
void add_standard_handlers(Dict* registry);

// charmap.cpp
Ref charmap_build(Value, const Value* a);
Ref charmap_encode(Value, const Value* a);
Ref charmap_decode(Value, const Value* a);

// escapes.cpp
Ref escape_encode(Value, const Value* a);
Ref escape_decode(Value, const Value* a);

// utf7.cpp
Ref encode_utf7(Value text, std::string_view errors);
Ref decode_utf7(const DecodeInput& in, int64_t* consumed);

/// errors=None arguments: "strict".
Result<std::string> errors_argument(Value v, const char* function);
inline Ref with_length(Ref result, int64_t length) {
  if (result.is_error()) return result;
  Ref n = make_int(length);
  return make_tuple({result, n});
}

}  // namespace hiss
