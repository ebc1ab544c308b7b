#include "base/lazy_library.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace {

void* open_library(const char* name) {
  // On a busy machine OpenMP's threads would wait for each other by spinning, which takes several times as long as
  // sleeping. Its library, which oneDNN brings along, reads this once; children of this process are not to see it.
  constexpr const char* kSpin = "GOMP_SPINCOUNT";
  const bool ours = !std::getenv(kSpin);
  if (ours) setenv(kSpin, "1000", 1);
  void* library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
  if (ours) unsetenv(kSpin);
  return library;
}

}  // namespace

extern "C" void* hiss_find_lazy_function(unsigned long index) {
  const hiss::LazyFunction& function = hiss::lazy_functions[index];
  void* library = open_library(function.library);
  void* address = library ? dlsym(library, function.name) : nullptr;
  if (!address) {
    std::fprintf(stderr, "hiss: %s\n", dlerror());
    std::exit(1);
  }
  hiss_lazy_addresses[index] = address;
  return address;
}
