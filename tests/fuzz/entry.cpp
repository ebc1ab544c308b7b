// libFuzzer's entry point; FUZZ_TARGET names the function under test.
#include <cstdlib>
#include <new>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  hiss::start_fuzzing();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hiss::FUZZ_TARGET(data, size);
  return 0;
}

// The sanitizer's own operator new ends the process where there is no memory; that of the language throws.
void* operator new(size_t size) {
  if (void* block = std::malloc(size ? size : 1)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
