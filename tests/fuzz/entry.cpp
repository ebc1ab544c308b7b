// libFuzzer's entry point; FUZZ_TARGET names the function under test.
#include "fuzz/targets.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  hiss::start_fuzzing();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hiss::FUZZ_TARGET(data, size);
  return 0;
}
