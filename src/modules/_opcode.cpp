// _opcode: Hiss's instruction set, for the modules opcode and dis.
#include "compile/code.h"
#include "modules/module_content.h"

namespace hiss {

namespace {

constexpr size_t kOpCount = 0
#define OP(name, operands, cache) +1
#include "compile/bytecode.def"
#undef OP
    ;

Ref stack_effect(Value, const Value*) {
  return fail(exc::NotImplementedError,
              "Hiss compiles to a register machine: its instructions have no effect on a stack");
}
Ref get_specialization_stats(Value, const Value*) { return Ref::none(); }

Ref instructions(Value, const Value*) {
  Ref list = make_list();
  for (size_t i = 0; i < kOpCount; ++i) {
    list_append(as<List>(list),
                make_tuple({make_str(kOpNames[i]), make_str(kOpOperands[i]), make_int(kOpCacheWords[i])}));
  }
  return list;
}

const NativeDef kFunctions[] = {{"instructions", "($module, /)", instructions,
                                 "For each opcode: name, meaning of the operands, number of words that follow."},
                                {"stack_effect", "($module, opcode, oparg=None, /, *, jump=None)", stack_effect,
                                 "Raises NotImplementedError: Hiss's instructions work on registers."},
                                {"get_specialization_stats", "($module, /)", get_specialization_stats,
                                 "None: no statistics of specialized instructions are kept."},
                                {}};

}  // namespace

extern const ModuleDef opcode_module;
const ModuleDef opcode_module = {"_opcode", "Facts about instructions that the dis module asks for.", kFunctions,
                                 nullptr};

}  // namespace hiss
