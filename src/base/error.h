// Typed errors of the engine. The engine is a C++ library and reports errors as C++ exceptions; `bind` translates each
// kind to the Python exception that PyTorch raises. The language runtime never throws these (its errors are values).
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace hiss {

enum class ErrorKind {
  Runtime,         // RuntimeError: shapes, devices, autograd misuse (PyTorch's default)
  Type,            // TypeError: wrong dtype or argument type
  Value,           // ValueError: an argument outside its domain
  Index,           // IndexError: index or dimension out of range
  Memory,          // MemoryError: an allocation that cannot be satisfied
  NotImplemented,  // NotImplementedError: something Hiss does not support, named in the message
  File,            // OSError: unreadable or damaged files
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// Throws an Error whose message is built with fmt: throw_error(ErrorKind::Value, "bad p: {}", p).
template <typename... Args>
[[noreturn]] void throw_error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace hiss
