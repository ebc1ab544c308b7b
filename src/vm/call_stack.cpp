// The stacks of a thread: their memory and their limits.
#include "vm/call_stack.h"

#include <sys/mman.h>

#include <algorithm>

#include "vm/threads.h"

namespace hiss {

namespace {

// Pages that are never touched cost nothing.
void* reserve(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

void limit_records(ThreadState& ts) {
  // A frame is entered while the innermost record lies before the limit, and the unwinder raises the limit by one.
  const auto capacity = static_cast<int32_t>(ts.records_end - ts.records) - 2;
  ts.record_limit = ts.records + std::min(recursion_limit, capacity);
}

bool allocate_stacks(ThreadState& ts, size_t values, size_t records) {
  ts.stack = static_cast<Value*>(reserve(values * sizeof(Value)));
  ts.records = static_cast<CallRecord*>(reserve(records * sizeof(CallRecord)));
  ts.stack_end = ts.stack + values;
  ts.records_end = ts.records + records;
  if (!ts.stack || !ts.records) {
    free_stacks(ts);
    return false;
  }
  limit_records(ts);
  ts.record = ts.records;
  ts.record->top = ts.stack;
  return true;
}

void free_stacks(ThreadState& ts) {
  if (ts.stack) munmap(ts.stack, static_cast<size_t>(ts.stack_end - ts.stack) * sizeof(Value));
  if (ts.records) {
    munmap(static_cast<void*>(ts.records), static_cast<size_t>(ts.records_end - ts.records) * sizeof(CallRecord));
  }
  ts.stack = ts.stack_end = nullptr;
  ts.records = ts.records_end = nullptr;
}

void set_recursion_limit(int32_t limit) {
  recursion_limit = limit;
  for (ThreadState* ts : thread_states()) limit_records(*ts);
}

}  // namespace hiss
