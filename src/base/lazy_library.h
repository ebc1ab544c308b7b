// Shared libraries that are opened when one of their functions is first called. The table and the entry points come
// from cmake/lazy_libraries.py, at the link of a program.
#pragma once

namespace hiss {

struct LazyFunction {
  const char* name;
  const char* library;  // as the loader looks for it: "libcrypto.so.3"
};
extern const LazyFunction lazy_functions[];  // the last has no name

}  // namespace hiss

/// Where the entry point of each function jumps to.
extern "C" void* hiss_lazy_addresses[];
/// Opens the library of function `index`, points its entry at the function and returns that. A library that is missing
/// ends the program with the loader's message.
extern "C" void* hiss_find_lazy_function(unsigned long index);
