// The one kind of C++ exception that Hiss expects: there is no memory, or not for so long a text.
#pragma once

#include <new>
#include <stdexcept>

namespace hiss {

/// What `run` gives, or what `without_memory` gives when memory was missing.
template <typename Run, typename Otherwise>
inline auto run_or_without_memory(Run&& run, Otherwise&& without_memory) -> decltype(run()) {
  try {
    return run();
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  return without_memory();
}

}  // namespace hiss
