#include "base/lazy_library.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

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

void* allocate_or_throw(size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void* reallocate_or_throw(void* block, size_t, size_t size) {
  if (void* moved = std::realloc(block, size)) return moved;
  throw std::bad_alloc();
}
void free_block(void* block, size_t) { std::free(block); }

// Where there is no memory, GMP itself would end the process.
void let_gmp_throw(void* library) {
  using SetMemoryFunctions =
      void (*)(decltype(&allocate_or_throw), decltype(&reallocate_or_throw), decltype(&free_block));
  if (auto* set = reinterpret_cast<SetMemoryFunctions>(dlsym(library, "__gmp_set_memory_functions")))
    set(&allocate_or_throw, &reallocate_or_throw, &free_block);
}

}  // namespace

extern "C" void* hiss_find_lazy_function(unsigned long index) {
  const hiss::LazyFunction& function = hiss::lazy_functions[index];
  void* library = open_library(function.library);
  if (library && std::strncmp(function.library, "libgmp.", 7) == 0) let_gmp_throw(library);
  void* address = library ? dlsym(library, function.name) : nullptr;
  if (!address) {
    std::fprintf(stderr, "hiss: %s\n", dlerror());
    std::exit(1);
  }
  hiss_lazy_addresses[index] = address;
  return address;
}
