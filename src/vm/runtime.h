// Starting and ending the language runtime.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "object/error.h"

namespace hiss {

struct RuntimeOptions {
  std::vector<std::string> argv;  // sys.argv; argv[0] "" , "-c", "-m" or the script
  std::vector<std::string> orig_argv;
  std::string executable;
  std::string library;                   // the standard library's folder; empty: found
  std::vector<std::string> extra_paths;  // in front of site-packages: Hiss's own lib/
  bool isolated = false, no_site = false, ignore_environment = false, no_user_site = false, safe_path = false;
  bool unbuffered = false, dont_write_bytecode = false, inspect = false, interactive = false, quiet = false;
  int optimize = 0, verbose = 0, bytes_warning = 0;
  std::optional<uint32_t> hash_seed;  // PYTHONHASHSEED; none: random
  int int_max_str_digits = 4300;
  std::vector<std::string> warn_options, x_options;
};

/// Makes types, builtins, sys and importlib; the calling thread becomes the main thread. Fails with a message on stderr
/// when the standard library is not found.
Status initialize_runtime(const RuntimeOptions& options);
/// atexit handlers, flushing, clearing modules; the exit status that flushing asks for (120 when stdout cannot be
/// flushed).
int finalize_runtime();
const RuntimeOptions& runtime_options();
/// Types and names only: enough for C++ tests of objects, without a standard library.
void initialize_types();

}  // namespace hiss
