// sys.stdin, sys.stdout and sys.stderr.
#pragma once

#include "object/error.h"

namespace hiss {

/// The text stream of a file descriptor, configured as CPython configures its own. None when the descriptor is closed.
Ref make_standard_stream(int fd, const char* name, bool writable);

}  // namespace hiss
