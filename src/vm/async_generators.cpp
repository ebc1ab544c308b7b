// Async generators (PEP 525). Hiss compiles them but cannot run them yet: asking for one says so.
#include "object/generator.h"
#include "object/protocol.h"

namespace hiss {

Type async_generator_type;

void define_generator_like(Type& type, const char* name);

namespace {

Ref not_supported(Value) {
  return fail(exc::NotImplementedError, "iterating an async generator is not supported by Hiss yet");
}

}  // namespace

Ref wrap_async_value(Value) {
  return fail(exc::NotImplementedError, "yield inside an async generator is not supported by Hiss yet");
}

void init_async_generator_type() {
  define_generator_like(async_generator_type, "async_generator");
  async_generator_type.slots.aiter = [](Value self) { return Ref::share(self); };
  async_generator_type.slots.anext = not_supported;
  ready_type(async_generator_type);
}

}  // namespace hiss
