// The interactive prompt.
#pragma once

#include "object/error.h"

namespace hiss {

/// Reads, compiles and runs statements until the end of input; SystemExit is the only exception that gets out.
Status run_repl(Value module);

}  // namespace hiss
