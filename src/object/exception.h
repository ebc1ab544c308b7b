// Exceptions and tracebacks as objects.
#pragma once

#include "object/containers.h"
#include "object/type.h"

namespace hiss {

struct Code;

struct Exception : Object {
  static constexpr Layout kLayout = Layout::Exception;
  Attributes attributes;
  Value args;       // Tuple
  Value notes;      // unused: __notes__ is an attribute; kept empty
  Value traceback;  // Traceback or empty
  Value context, cause;
  bool suppress_context;
  uint8_t field_count;
  Value fields[8];  // by type: see exception_fields.def
};

struct Traceback : Object {
  static constexpr Layout kLayout = Layout::Traceback;
  Value next;      // Traceback or empty
  Value frame;     // Frame
  int32_t offset;  // of the instruction, 2 a word; -1: none
  int32_t line;
};

/// Exception fields that have names of their own, in the order of Exception::fields: FIELD(type, index, name).
/// Sets or reads one by name ("name" of ImportError, "value" of StopIteration); false when the type has no such field.
bool set_exception_field(Value exception, std::string_view name, Value value);
Value exception_field(Value exception, std::string_view name);

Ref make_traceback(Value next, Value frame, int32_t offset, int32_t line);
/// Adds a traceback entry for the frame in front of the exception's traceback.
void add_traceback(Value exception, Value frame, int32_t instruction, int32_t line);

/// Prints the pending exception as the interpreter does at top level (SystemExit included); returns the exit status.
int print_pending_and_exit_status();
/// sys.excepthook's own output: traceback, chain, notes, carets.
Status print_exception(Value exception, Value file);

/// True when `exception` matches a class or tuple of classes, as an except clause does.
Result<bool> exception_matches(Value exception, Value type);
/// The instance for `raise X` (X an instance or a class).
Ref make_exception_instance(Value type_or_instance);
/// The exception being handled (sys.exc_info), borrowed; empty: none.
Value handled_exception();

}  // namespace hiss
