// The parts of posix, each in its own file.
#pragma once

#include <sys/stat.h>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"

namespace hiss {

extern const NativeDef kPosixFileFunctions[];  // descriptors: open, read, write, pipe ...
extern const NativeDef kPosixPathFunctions[];  // names: mkdir, rename, chmod, utime ...
extern const NativeDef kPosixStatFunctions[];
extern const NativeDef kPosixDirectoryFunctions[];  // listdir, scandir
extern const NativeDef kPosixProcessFunctions[];
extern const NativeDef kPosixSystemFunctions[];  // sysconf, uname, urandom, scheduling ...
Status add_posix_constants(Value module);
Status add_posix_stat(Value module);
Status add_posix_directory(Value module);
Status add_posix_processes(Value module);
Status add_posix_system(Value module);

Ref stat_result_of(const struct stat& s);
/// stat() of a path, for other parts: an errno in *code when it fails.
Ref make_times(double user, double system);
inline Ref none_or_errno(int64_t result) {
  if (result < 0) return fail_errno(errno);
  return Ref::none();
}
/// Seconds and nanoseconds of a time argument (int or float).
Result<timespec> timespec_of(Value seconds);

}  // namespace hiss
