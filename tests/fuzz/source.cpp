// Fuzz target: compile() on any bytes.
#include "compile/compiler.h"
#include "fuzz/targets.h"
#include "object/bytes.h"
#include "object/protocol.h"

namespace hiss {
namespace {

constexpr int kOnlyTree = 0x400, kTypeComments = 0x1000, kTopLevelAwait = 0x2000;

// The first byte: two bits choose the mode, the others switch flags on.
Status compile_input(const uint8_t* data, size_t size) {
  static const char* const kModes[] = {"exec", "eval", "single", "exec"};
  const uint8_t choice = data[0];
  Ref source = make_bytes(data + 1, static_cast<int64_t>(size) - 1);
  Ref file = make_str("<fuzz>"), mode = make_str(kModes[choice & 3]);
  const bool tree = choice & 4;
  int flags = 0;
  if (tree) flags |= kOnlyTree;
  if (choice & 8) flags |= kTopLevelAwait;
  if (choice & 16) flags |= kTypeComments;
  const Value optimize = Value::integer(choice & 32 ? 2 : 0);
  Ref compile = TRY(get_builtin("compile"));
  Ref result = TRY(call(compile, {source, file, mode, Value::integer(flags), Value::boolean(true), optimize}));
  if (!tree) return kOk;
  // A tree that came from text must compile, or be refused, as the text itself.
  TRY(call(compile, {result, file, mode, Value::integer(0), Value::boolean(true), optimize}));
  return kOk;
}

}  // namespace

void fuzz_source(const uint8_t* data, size_t size) {
  if (size == 0) return;
  (void)compile_input(data, size);
  end_of_input();
}

}  // namespace hiss
