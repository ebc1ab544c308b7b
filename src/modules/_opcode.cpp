// _opcode: what dis asks about CPython's instructions. Hiss has instructions of its own, so it says so.
#include "modules/module_content.h"

namespace hiss {

namespace {

Ref stack_effect(Value, const Value*) {
  return fail(exc::NotImplementedError,
              "Hiss compiles to a register machine: its instructions have no effect on a stack");
}
Ref get_specialization_stats(Value, const Value*) { return Ref::none(); }

const NativeDef kFunctions[] = {{"stack_effect", "($module, opcode, oparg=None, /, *, jump=None)", stack_effect,
                                 "Raises NotImplementedError: Hiss's instructions work on registers."},
                                {"get_specialization_stats", "($module, /)", get_specialization_stats,
                                 "None: no statistics of specialized instructions are kept."},
                                {}};

}  // namespace

extern const ModuleDef opcode_module;
const ModuleDef opcode_module = {"_opcode", "Facts about instructions that the dis module asks for.", kFunctions,
                                 nullptr};

}  // namespace hiss
