#include "vm/jit/native_calls.h"

#include "object/function.h"
#include "object/native_calls.h"
#include "object/range.h"

namespace hiss::jit {

namespace {

uint64_t finish(Value* callee, uint64_t used, Ref result) {
  if (result.is_error()) [[unlikely]]
    return kCallFailed;
  release_registers(callee, callee + used);
  return result.release().bits();
}

template <bool kFunction, bool kPair, bool kExact>
uint64_t call_native_at(Value* callee, uint64_t counts) {
  const uint64_t count = counts & UINT32_MAX, parameters = counts >> 32;
  Value* arguments = callee + (kPair ? 2 : 1);
  const NativeDef* def;
  Value self;
  if constexpr (kFunction) {
    def = as<NativeFunction>(*callee)->def;
    self = as<NativeFunction>(*callee)->self;
  } else {
    def = as<Descriptor>(*callee)->def;
    self = callee[1];
  }
  const uint64_t used = count + (kPair ? 2 : 1);
  if constexpr (kExact) return finish(callee, used, run_native(def, self, arguments));
  // Places for all parameters, of which none but those that exist are set up.
  alignas(Value) std::byte places[Arguments::kMax * sizeof(Value)];
  auto* values = reinterpret_cast<Value*>(places);
  for (uint64_t i = 0; i < parameters; ++i) new (&values[i]) Value(i < count ? arguments[i] : Value());
  return finish(callee, used, run_native(def, self, values));
}

}  // namespace

NativeCaller native_caller(bool function, bool pair, bool exact) {
  if (!function) return exact ? call_native_at<false, true, true> : call_native_at<false, true, false>;
  if (pair) return exact ? call_native_at<true, true, true> : call_native_at<true, true, false>;
  return exact ? call_native_at<true, false, true> : call_native_at<true, false, false>;
}

uint64_t construct_native(Value* callee, uint64_t count) {
  return finish(callee, count + 1,
                type_type.slots.call(*callee, Args{callee + 1, static_cast<uint32_t>(count), nullptr}));
}

uint64_t construct_range_iterator(Value* callee, uint64_t count) {
  const int64_t start = count == 1 ? 0 : callee[1].integer(), stop = callee[count].integer();
  auto* iterator = allocate_as<RangeIterator>(range_iterator_type);
  iterator->next = start;
  iterator->step = 1;
  iterator->left = iterator->length = stop > start ? stop - start : 0;
  release_registers(callee, callee + count + 1);
  return to_value(iterator).bits();
}

}  // namespace hiss::jit
