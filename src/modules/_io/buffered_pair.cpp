// BufferedRWPair: a reader and a writer that look like one stream.
#include "modules/_io/buffered.h"
#include "object/exception.h"

namespace hiss {

Type buffered_rw_pair_type;

namespace {

struct Pair : Stream {
  Value reader, writer;
};
Pair* pair_of(Value v) { return stream_as<Pair>(v); }

Result<Ref> half(Value v, const char* which) {
  if (!v) return fail(exc::ValueError, "I/O operation on uninitialized object");
  (void)which;
  return Ref::share(v);
}
Ref forward(Value target, const char* method, const Value* a, int count) {
  Ref hold = TRY(half(target, method));
  Ref function = TRY(get_attr(hold, method));
  uint32_t given = 0;
  while (given < static_cast<uint32_t>(count) && a[given]) ++given;
  return call(function, Args{a, given});
}
Ref pair_read(Value self, const Value* a) { return forward(pair_of(self)->reader, "read", a, 1); }
Ref pair_read1(Value self, const Value* a) { return forward(pair_of(self)->reader, "read1", a, 1); }
Ref pair_peek(Value self, const Value* a) { return forward(pair_of(self)->reader, "peek", a, 1); }
Ref pair_readinto(Value self, const Value* a) { return forward(pair_of(self)->reader, "readinto", a, 1); }
Ref pair_readinto1(Value self, const Value* a) { return forward(pair_of(self)->reader, "readinto1", a, 1); }
Ref pair_write(Value self, const Value* a) { return forward(pair_of(self)->writer, "write", a, 1); }
Ref pair_flush(Value self, const Value* a) { return forward(pair_of(self)->writer, "flush", a, 0); }
Ref pair_readable(Value self, const Value* a) { return forward(pair_of(self)->reader, "readable", a, 0); }
Ref pair_writable(Value self, const Value* a) { return forward(pair_of(self)->writer, "writable", a, 0); }
Ref pair_isatty(Value self, const Value* a) {
  Ref answer = TRY(forward(pair_of(self)->writer, "isatty", a, 0));
  if (!answer.value().is_false()) return answer;
  return forward(pair_of(self)->reader, "isatty", a, 0);
}
Ref pair_close(Value self, const Value* a) {
  Ref error;
  Ref result = forward(pair_of(self)->writer, "close", a, 0);
  if (result.is_error()) error = take_pending();
  result = forward(pair_of(self)->reader, "close", a, 0);
  if (error.is_empty()) return result;
  if (result.is_error()) {
    Ref second = take_pending();
    auto* e = as<Exception>(second);
    if (!e->context) e->context = error.release();
    return restore_pending(std::move(second));
  }
  return restore_pending(std::move(error));
}
Ref pair_closed(Value self) {
  if (!pair_of(self)->writer) return fail(exc::RuntimeError, "the BufferedRWPair object is being garbage-collected");
  Ref writer = Ref::share(pair_of(self)->writer);
  return get_attr(writer, names.closed);
}

Status pair_init(Value self, const Args& args) {
  Arguments a("BufferedRWPair", "(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)");
  TRY(a.bind(args));
  TRY(check_readable(a[0]));
  TRY(check_writable(a[1]));
  const int64_t size = a[2] ? TRY(to_index(a[2])) : kDefaultBufferSize;
  Ref reader = TRY(make_buffered(buffered_reader_type, a[0], size));
  Ref writer = TRY(make_buffered(buffered_writer_type, a[1], size));
  set_field(pair_of(self)->reader, std::move(reader));
  set_field(pair_of(self)->writer, std::move(writer));
  return kOk;
}
void pair_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Pair*>(o)->reader);
  clear_field(static_cast<Pair*>(o)->writer);
  dealloc_stream(o);
}
void pair_traverse(Object* o, Visitor& visit) {
  traverse_attributes(&static_cast<Stream*>(o)->attributes, visit);
  visit(static_cast<Pair*>(o)->reader);
  visit(static_cast<Pair*>(o)->writer);
}
void pair_clear(Object* o) {
  clear_field(static_cast<Pair*>(o)->reader);
  clear_field(static_cast<Pair*>(o)->writer);
  clear_attributes(o, &static_cast<Stream*>(o)->attributes);
}

const NativeDef kMethods[] = {{"read", "($self, size=-1, /)", pair_read},
                              {"read1", "($self, size=-1, /)", pair_read1},
                              {"peek", "($self, size=0, /)", pair_peek},
                              {"readinto", "($self, buffer, /)", pair_readinto},
                              {"readinto1", "($self, buffer, /)", pair_readinto1},
                              {"write", "($self, b, /)", pair_write},
                              {"flush", "($self, /)", pair_flush},
                              {"readable", "($self, /)", pair_readable},
                              {"writable", "($self, /)", pair_writable},
                              {"close", "($self, /)", pair_close},
                              {"isatty", "($self, /)", pair_isatty},
                              {"__getstate__", "($self, /)", refuse_pickling},
                              {}};
const GetSetDef kGetSets[] = {{"closed", pair_closed, nullptr}, {}};

}  // namespace

void init_buffered_pair() {
  Type& t = buffered_rw_pair_type;
  define_stream_type(t, "_io.BufferedRWPair", sizeof(Pair), &buffered_io_base_type,
                     "Two buffered streams seen as one: reads come from the first, writes go to the second.");
  t.slots.new_ = stream_new;
  t.slots.init = pair_init;
  t.methods = kMethods;
  t.getsets = kGetSets;
  t.dealloc = pair_dealloc;
  t.traverse = pair_traverse;
  t.clear = pair_clear;
  ready_type(t);
}

}  // namespace hiss
