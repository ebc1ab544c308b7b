// The runtime that the inputs of a fuzzing session share.
#include <cstdio>
#include <cstdlib>

#include "fuzz/targets.h"
#include "memory/collector.h"
#include "object/protocol.h"
#include "vm/runtime.h"

namespace hiss {

void start_fuzzing() {
  static bool started = false;
  if (started) return;
  started = true;
  RuntimeOptions options;
  options.argv = {""};
  options.executable = "/usr/bin/hiss";
  options.no_site = options.ignore_environment = options.dont_write_bytecode = true;
  options.hash_seed = 0;
  if (initialize_runtime(options).is_error()) {
    std::fputs("the runtime does not start; is libpython3.11-stdlib installed?\n", stderr);
    std::exit(1);
  }
  // Invalid escapes and literals warn; a fuzzer makes thousands.
  Ref warnings = import_module("warnings");
  if (call_method(warnings, "simplefilter", {make_str("ignore")}).is_error()) std::exit(1);
}

void end_of_input() {
  static int inputs = 0;
  clear_pending();
  if (++inputs % 256 == 0) collector.collect(2);
}

}  // namespace hiss
