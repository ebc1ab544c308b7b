// The engine's modules as the runtime's import finds them.
#include "vm/import.h"

namespace hiss {

void register_engine_modules() {}

}  // namespace hiss
