// The engine's modules as the runtime's import finds them.
#include "memory/collector.h"
#include "vm/import.h"

namespace hiss {

namespace bind {
extern const ModuleDef torch_native_module;
}

void register_engine_modules();
void register_engine_modules() {
  register_native_module(&bind::torch_native_module);
  listen_to_tensors();
}

}  // namespace hiss
