// Taking the modules apart when the program ends.
#pragma once

namespace hiss {

/// Drops all modules, so that what only they hold goes with its finalizers run; sys and builtins stay. Does nothing
/// while other threads still run, because they would find their globals empty.
void finalize_modules();
/// sys.is_finalizing().
bool is_finalizing();

}  // namespace hiss
