// The parts of a code object as bytes: what co_code, co_linetable and co_exceptiontable show and code.replace() takes.
#pragma once

#include "compile/code.h"

namespace hiss {

/// The instructions, 8 bytes a word, inline caches empty.
Ref code_bytes(const Code* code);
Status set_code_bytes(Code* code, Value bytes);

/// Positions in CPython 3.11's format (PEP 657): a code unit stands for a word.
Ref line_table(const Code* code);
Status set_line_table(Code* code, Value bytes);

/// Four little-endian 32-bit numbers an entry: start, end, target, depth.
Ref exception_table_bytes(const Code* code);
Status set_exception_table(Code* code, Value bytes);

}  // namespace hiss
