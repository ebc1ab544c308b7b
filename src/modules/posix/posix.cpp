// posix: what os.py is made of. The functions are in the files beside this one.
#include <csignal>

#include "modules/posix/functions.h"

namespace hiss {

namespace {

Status initialize(Value module) {
  // Every start imports posix: writing to a closed pipe, or beyond a file size limit, is an error and no death.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  for (const NativeDef* part : {kPosixPathFunctions, kPosixStatFunctions, kPosixDirectoryFunctions,
                                kPosixProcessFunctions, kPosixSystemFunctions}) {
    add_functions(module, part);
  }
  TRY(add_posix_constants(module));
  TRY(add_posix_stat(module));
  TRY(add_posix_directory(module));
  TRY(add_posix_processes(module));
  return add_posix_system(module);
}

}  // namespace

extern const ModuleDef posix_module;
const ModuleDef posix_module = {"posix", "The system calls of POSIX; import os instead.", kPosixFileFunctions,
                                initialize};

}  // namespace hiss
