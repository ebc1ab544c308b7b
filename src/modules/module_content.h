// What modules put into their namespaces, and blocking system calls.
#pragma once

#include <cerrno>

#include "object/function.h"
#include "object/protocol.h"
#include "vm/thread_lock.h"

namespace hiss {

inline void add_object(Value module, const char* name, Value v) { dict_set(module_dict(module), intern(name), v); }
inline void add_int(Value module, const char* name, int64_t i) { add_object(module, name, make_int(i)); }
inline void add_text(Value module, const char* name, std::string_view text) {
  add_object(module, name, make_str(text));
}
inline void add_type(Value module, Type& type) { dict_set(module_dict(module), as<Str>(type.name), to_value(&type)); }
/// More functions than those of the ModuleDef's own table.
void add_functions(Value module, const NativeDef* functions);

/// Runs a system call without the interpreter lock. Interrupted by a signal, the Python handlers run and the call is
/// made again. The answer is what the call gave; when negative, errno says why.
template <typename Call>
Result<int64_t> blocking_call(Call&& call) {
  for (;;) {
    int64_t answer;
    int code;
    {
      AllowThreads allow;
      errno = 0;
      answer = static_cast<int64_t>(call());
      code = errno;
    }
    if (answer >= 0 || code != EINTR) {
      errno = code;
      return answer;
    }
    TRY(run_signal_handlers());
  }
}

/// int argument of C's range: OverflowError "Python int too large to convert to C int".
Result<int> to_c_int(Value v);
/// Unsigned values and flags: any int, taken modulo 2^64.
Result<uint64_t> to_uint_mask(Value v);
/// An argument that must be str: TypeError "f() argument 1 must be str, not int".
Result<Str*> str_argument(Value v, const char* function, const char* argument);

}  // namespace hiss
