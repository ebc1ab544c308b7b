// What all streams share: the base classes and checks.
#pragma once

#include <string>

#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/shape.h"
#include "object/type.h"

namespace hiss {

inline constexpr int64_t kDefaultBufferSize = 8192;

/// Every stream: attributes, and the fields of its own class behind them.
struct Stream : Object {
  Attributes attributes;
};
template <typename T>
T* stream_as(Value v) {
  return static_cast<T*>(v.object());
}

extern Type io_base_type, raw_io_base_type, buffered_io_base_type, text_io_base_type;
extern Type file_io_type, bytes_io_type, buffered_reader_type, buffered_writer_type, buffered_random_type,
    buffered_rw_pair_type;
extern Type text_wrapper_type, string_io_type, newline_decoder_type;
/// io.UnsupportedOperation, made by the module.
extern Type* unsupported_operation;

/// The argument of readinto(): TypeError for what cannot be written to.
Result<Buffer> writable_argument(Value v, const char* function);
Failure fail_unsupported(std::string_view message);

/// Describes a stream type with attributes, garbage collection and weak references.
void define_stream_type(Type& type, const char* name, uint32_t size, Type* base, const char* doc);
void dealloc_stream(Object* o);  // the end of every stream's dealloc
Ref stream_new(Type* cls, const Args& args);

Result<bool> is_closed(Value stream);  // the attribute `closed`
Status check_closed(Value stream);     // ValueError "I/O operation on closed file."
Status check_seekable(Value stream);
Status check_readable(Value stream);
Status check_writable(Value stream);
/// Calls a method that answers with a boolean.
Result<bool> ask(Value stream, const char* method);
/// size arguments: None and absent are -1.
Result<int64_t> size_argument(Value v);
/// TypeError "cannot pickle '_io.FileIO' object".
Ref refuse_pickling(Value self, const Value*);
/// repr with the stream's name: fails with RuntimeError "reentrant call inside ..." when called inside itself.
Ref name_for_repr(Value self);

/// memoryview(object).
Ref make_memoryview_of(Value object);
/// Steals a count into a field, letting go of what was there.
inline void set_field(Value& field, Ref value) {
  Value old = field;
  field = value.release();
  release(old);
}

void init_stream_types();
void init_file_io();
void init_bytes_io();
void init_buffered();
void init_buffered_pair();
void init_newline_decoder();
void init_text_wrapper();
void init_string_io();

}  // namespace hiss
