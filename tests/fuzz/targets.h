// The fuzz targets: each takes any bytes and must neither crash nor hang, whatever exception the runtime raises.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hiss {

/// Starts the runtime once, with warnings off. Fails by ending the process: nothing can be tested without it.
void start_fuzzing();
/// Tokenizer, parser, scopes, compiler and the syntax tree as objects. The compiled code is never run.
void fuzz_source(const uint8_t* data, size_t size);
/// Text to values and back: numbers, formatting, codecs, struct, literals. The first byte chooses the operation.
void fuzz_conversion(const uint8_t* data, size_t size);
/// Forgets the exception an input raised; every few hundred inputs collects what lies in cycles.
void end_of_input();

}  // namespace hiss
