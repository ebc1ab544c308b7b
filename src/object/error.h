// Errors of the language are values: a function that fails returns Failure (the error word) and the exception waits in
// the thread state.
#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "object/value.h"

namespace hiss {

/// A value or the news that the pending exception is set. Scalars travel in two whole registers: a flag of one byte
/// behind a word would be stored and then loaded with eight, which stalls the processor at every call.
template <typename T, bool kInRegisters = std::is_scalar_v<T>>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Failure) {}
  bool is_error() const { return !value_.has_value(); }
  T& value() { return *value_; }

 private:
  std::optional<T> value_;
};

template <typename T>
class [[nodiscard]] Result<T, true> {
 public:
  constexpr Result(T value) : value_(value), failed_(0) {}
  constexpr Result(Failure) : value_(), failed_(1) {}
  bool is_error() const { return failed_ != 0; }
  T& value() { return value_; }

 private:
  alignas(8) T value_;
  uint64_t failed_;
};

template <>
class [[nodiscard]] Result<bool, true> {
 public:
  constexpr Result(bool value) : state_(value) {}
  constexpr Result(Failure) : state_(kFailed) {}
  bool is_error() const { return state_ == kFailed; }
  bool value() const { return state_ != 0; }

 private:
  static constexpr uint32_t kFailed = 2;
  uint32_t state_;
};

class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  constexpr Status(Failure) : failed_(true) {}
  constexpr bool is_error() const { return failed_; }

 private:
  bool failed_ = false;
};
inline constexpr Status kOk{};

inline bool is_failure(const Ref& r) { return r.is_error(); }
template <typename T, bool kInRegisters>
bool is_failure(const Result<T, kInRegisters>& r) {
  return r.is_error();
}
inline bool is_failure(Status s) { return s.is_error(); }
inline Ref unwrap(Ref&& r) { return std::move(r); }
template <typename T, bool kInRegisters>
T unwrap(Result<T, kInRegisters>&& r) {
  return std::move(r.value());
}
inline void unwrap(Status) {}

/// The value of `expr`, or returns Failure from the enclosing function.
#define TRY(expr)                                     \
  __extension__({                                     \
    auto&& try_result_ = (expr);                      \
    if (::hiss::is_failure(try_result_)) [[unlikely]] \
      return ::hiss::Failure{};                       \
    ::hiss::unwrap(std::move(try_result_));           \
  })

struct Type;

/// The built-in exception types: exc::TypeError and so on. Declared once in exceptions.def.
namespace exc {
#define EXCEPTION(name, base, doc) extern Type name;
#include "object/exceptions.def"
#undef EXCEPTION
}  // namespace exc

/// Raises `type` with a message: sets the pending exception and returns Failure.
[[gnu::cold]] Failure fail_text(Type& type, std::string message);
template <typename... Args>
[[gnu::cold]] Failure fail(Type& type, fmt::format_string<Args...> format, Args&&... args) {
  return fail_text(type, fmt::format(format, std::forward<Args>(args)...));
}
/// Raises an exception instance (or a class, which is called) with the handled exception as its __context__.
[[gnu::cold]] Failure fail_with(Value exception);
/// Raises `type(argument)`.
[[gnu::cold]] Failure fail_value(Type& type, Value argument);
/// OSError (or its subclass) for errno `code`, with an optional file name.
[[gnu::cold]] Failure fail_errno(int code, Value filename = Value(), Value filename2 = Value());
[[gnu::cold]] Failure fail_memory();

/// True when an exception is pending and it is an instance of `type`.
bool pending_is(Type& type);
bool has_pending();
/// Takes the pending exception away (empty when there is none).
Ref take_pending();
void clear_pending();
/// Puts back an exception taken by take_pending, unchanged (no context is added).
Failure restore_pending(Ref exception);

/// Prints an exception that nobody can receive (in __del__, a callback), through sys.unraisablehook.
void report_unraisable(Value where, const char* message = nullptr);

}  // namespace hiss
