// One element of a typed buffer: reading and writing by its struct format (memoryview, array).
#pragma once

#include "object/protocol.h"

namespace hiss {

/// The code of a native single-item format ("i", "@d"), 0 when it is anything else.
char item_code(const char* format);
int64_t item_code_size(char code);  // 0: unknown
Ref read_item(const uint8_t* p, char code);
Status write_item(uint8_t* p, char code, Value v);

}  // namespace hiss
