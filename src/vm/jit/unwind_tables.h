// Tables by which C++ exceptions find their way through machine code. Python's exceptions are values and need none; but
// where memory is missing, std::bad_alloc comes from deep inside a function that machine code has called.
#pragma once

#include <cstddef>
#include <memory>

namespace hiss::jit {

/// Describes the frame of machine code, which is everywhere the one that machine_code_runner makes. The code must stay
/// where it is until the table is gone.
class UnwindTable {
 public:
  UnwindTable(const void* code, size_t size);
  ~UnwindTable();
  UnwindTable(const UnwindTable&) = delete;
  UnwindTable& operator=(const UnwindTable&) = delete;

 private:
  std::unique_ptr<std::byte[]> table_;
};

}  // namespace hiss::jit
