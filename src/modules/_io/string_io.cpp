// StringIO: a text stream in memory.
#include <algorithm>
#include <string>

#include "modules/_io/newlines.h"
#include "object/iterator.h"

namespace hiss {

Type string_io_type;

namespace {

struct StringIO : Stream {
  std::u32string* data;
  int64_t position;
  bool ok, closed, universal;
  NewlineState state;  // when universal
  LineEndings endings;
  Value newline;        // as given: Str or None
  Value write_newline;  // Str or empty
};
StringIO* io_of(Value v) { return stream_as<StringIO>(v); }

Status check_io(StringIO* io) {
  if (!io->ok) return fail(exc::ValueError, "I/O operation on uninitialized object");
  if (io->closed) return fail(exc::ValueError, "I/O operation on closed file");
  return kOk;
}
int64_t size_of(StringIO* io) { return static_cast<int64_t>(io->data->size()); }
Ref slice(StringIO* io, int64_t start, int64_t end) {
  return make_str_ucs4(reinterpret_cast<const uint32_t*>(io->data->data()) + start, end - start);
}

void write_text(StringIO* io, Value text) {
  Ref piece = Ref::share(text);
  if (io->universal) piece = translate_newlines(io->state, std::move(piece), true);
  auto* s = as<Str>(piece);
  std::u32string converted;
  const bool convert = io->write_newline && !equal(as<Str>(io->write_newline), "\n");
  const int64_t position = io->position;
  auto put = [&](auto* units, int64_t n) {
    if (convert) {
      auto* ending = as<Str>(io->write_newline);
      for (int64_t i = 0; i < n; ++i) {
        if (units[i] == '\n') {
          for (int64_t k = 0; k < ending->length; ++k) converted.push_back(ending->at(k));
        } else {
          converted.push_back(units[i]);
        }
      }
      n = static_cast<int64_t>(converted.size());
    }
    if (n == 0) return;
    if (position + n > size_of(io)) {
      if (position + n > static_cast<int64_t>(io->data->capacity()))
        io->data->reserve(static_cast<size_t>(position + n + (position + n) / 4 + 16));
      io->data->resize(static_cast<size_t>(position + n));
    }
    if (convert) {
      std::copy(converted.begin(), converted.end(), io->data->begin() + position);
    } else {
      std::copy(units, units + n, io->data->begin() + position);
    }
    io->position = position + n;
  };
  if (s->width == 1) {
    put(s->data1(), s->length);
  } else if (s->width == 2) {
    put(s->data2(), s->length);
  } else {
    put(s->data4(), s->length);
  }
}

Ref io_write(Value self, const Value* a) {
  auto* io = io_of(self);
  if (!io->ok) return fail(exc::ValueError, "I/O operation on uninitialized object");
  if (!is<Str>(a[0])) return fail(exc::TypeError, "string argument expected, got '{}'", type_name(a[0]));
  TRY(check_io(io));
  const int64_t n = as<Str>(a[0])->length;
  if (n) write_text(io, a[0]);
  return make_int(n);
}
Ref io_read(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io(io));
  const int64_t wanted = TRY(size_argument(a[0]));
  const int64_t start = std::min(io->position, size_of(io));
  const int64_t left = size_of(io) - start;
  const int64_t n = wanted < 0 || wanted > left ? left : wanted;
  if (n == 0) return empty_str();
  io->position = start + n;
  return slice(io, start, start + n);
}
Ref read_line(StringIO* io, int64_t limit) {
  const int64_t start = io->position, size = size_of(io);
  if (start >= size) return empty_str();
  int64_t end = size;
  if (limit >= 0 && limit < size - start) end = start + limit;
  const int64_t found = find_line_end(io->endings, io->data->data(), start, end);
  if (found >= 0) end = found;
  io->position = end;
  return slice(io, start, end);
}
Ref io_readline(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io(io));
  return read_line(io, TRY(size_argument(a[0])));
}
Ref io_next(Value self) {
  auto* io = io_of(self);
  TRY(check_io(io));
  Ref line;
  if (type_of(self) == &string_io_type) {
    line = read_line(io, -1);
  } else {
    line = TRY(call_method(self, names.readline));
    if (!is<Str>(line))
      return fail(exc::OSError, "readline() should have returned a str object, not '{}'", type_name(line));
  }
  if (as<Str>(line)->length == 0) return Ref::empty();
  return line;
}
Ref io_tell(Value self, const Value*) {
  TRY(check_io(io_of(self)));
  return make_int(io_of(self)->position);
}
Ref io_seek(Value self, const Value* a) {
  auto* io = io_of(self);
  int64_t position = TRY(to_index(a[0]));
  const int whence = a[1] ? TRY(to_c_int(a[1])) : 0;
  TRY(check_io(io));
  if (whence < 0 || whence > 2) return fail(exc::ValueError, "Invalid whence ({}, should be 0, 1 or 2)", whence);
  if (position < 0 && whence == 0) return fail(exc::ValueError, "Negative seek position {}", position);
  if (whence != 0 && position != 0) return fail(exc::OSError, "Can't do nonzero cur-relative seeks");
  if (whence == 1) position = io->position;
  if (whence == 2) position = size_of(io);
  io->position = position;
  return make_int(position);
}
Ref io_truncate(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io(io));
  int64_t size = io->position;
  if (a[0] && !a[0].is_none()) size = TRY(size_argument(a[0]));
  if (size < 0) return fail(exc::ValueError, "Negative size value {}", size);
  if (size < size_of(io)) io->data->resize(static_cast<size_t>(size));
  return make_int(size);
}
Ref io_getvalue(Value self, const Value*) {
  TRY(check_io(io_of(self)));
  return slice(io_of(self), 0, size_of(io_of(self)));
}
Ref io_close(Value self, const Value*) {
  io_of(self)->closed = true;
  std::u32string().swap(*io_of(self)->data);
  return Ref::none();
}
Ref io_true(Value self, const Value*) {
  TRY(check_io(io_of(self)));
  return Ref::boolean(true);
}
Ref io_newlines(Value self) {
  TRY(check_io(io_of(self)));
  return io_of(self)->universal ? newlines_seen(io_of(self)->state.seen) : Ref::none();
}
Ref io_closed(Value self) {
  if (!io_of(self)->ok) return fail(exc::ValueError, "I/O operation on uninitialized object");
  return Ref::boolean(io_of(self)->closed);
}
Ref io_line_buffering(Value self) {
  TRY(check_io(io_of(self)));
  return Ref::boolean(false);
}

Status set_up(Value self, Value initial, Value newline) {
  auto* io = io_of(self);
  if (newline && !newline.is_none() && !is<Str>(newline))
    return fail(exc::TypeError, "newline must be str or None, not {}", type_name(newline));
  TRY(check_newline(newline));
  if (initial && !initial.is_none() && !is<Str>(initial))
    return fail(exc::TypeError, "initial_value must be str or None, not {}", type_name(initial));
  Ref ending = newline ? Ref::share(newline) : make_char('\n');
  io->ok = true;
  io->closed = false;
  io->data->clear();
  io->position = 0;
  io->state = {};
  const bool none = ending.is_none();
  const std::string text = none ? "" : to_string(ending);
  io->universal = none || text.empty();
  io->state.translate = none;
  io->endings.universal = io->universal;
  io->endings.translated = none;
  set_field(io->newline, ending);
  io->endings.ending = none ? Value() : io->newline;
  set_field(io->write_newline, !text.empty() && text[0] == '\r' ? Ref::share(ending) : Ref());
  if (initial && !initial.is_none()) {
    write_text(io, initial);
    io->position = 0;
  }
  return kOk;
}

Ref io_getstate(Value self, const Value*) {
  auto* io = io_of(self);
  Ref value = TRY(io_getvalue(self, nullptr));
  Ref dict = Ref::none();
  if (io->attributes.shape) dict = dict_copy(attribute_dict(io, &io->attributes));
  return make_tuple({value, io->newline, make_int(io->position), dict});
}
Ref io_setstate(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io(io));
  if (!is<Tuple>(a[0]) || as<Tuple>(a[0])->size < 4) {
    return fail(exc::TypeError, "{}.__setstate__ argument should be 4-tuple, got {}", type_name(self), type_name(a[0]));
  }
  auto* t = as<Tuple>(a[0]);
  // The value is as it was kept: its newlines are not translated again.
  TRY(set_up(self, Value::none(), t->items[1]));
  if (!is<Str>(t->items[0]))
    return fail(exc::TypeError, "initial_value must be str or None, not {}", type_name(t->items[0]));
  auto* s = as<Str>(t->items[0]);
  for (int64_t i = 0; i < s->length; ++i) io->data->push_back(s->at(i));
  if (!is_int(t->items[2]))
    return fail(exc::TypeError, "third item of state must be an integer, got {}", type_name(t->items[2]));
  const int64_t position = TRY(to_index(t->items[2]));
  if (position < 0) return fail(exc::ValueError, "position value cannot be negative");
  io->position = position;
  if (!t->items[3].is_none()) {
    if (!is<Dict>(t->items[3]))
      return fail(exc::TypeError, "fourth item of state should be a dict, got a {}", type_name(t->items[3]));
    TRY(dict_update(attribute_dict(io, &io->attributes), t->items[3]));
  }
  return Ref::none();
}

Ref io_new(Type* cls, const Args& args) {
  Ref o = stream_new(cls, args);
  io_of(o)->data = new std::u32string();
  return o;
}
Status io_init(Value self, const Args& args) {
  Arguments a("StringIO", "(initial_value='', newline='\\n')");
  TRY(a.bind(args));
  return set_up(self, a[0], a[1]);
}
void io_dealloc(Object* o) {
  untrack(o);
  auto* io = static_cast<StringIO*>(o);
  delete io->data;
  io->data = nullptr;
  clear_field(io->newline);
  clear_field(io->write_newline);
  dealloc_stream(o);
}

const NativeDef kMethods[] = {
    {"read", "($self, size=-1, /)", io_read,
     "The next size characters, or all that are left if size is negative or None."},
    {"readline", "($self, size=-1, /)", io_readline,
     "The characters up to and including the next line ending, but no more than size if that is not negative."},
    {"write", "($self, s, /)", io_write, "Put s at the position, over what is there; returns its length."},
    {"seek", "($self, pos, whence=0, /)", io_seek,
     "Go to position pos (whence 0), stay here (1) or go to the end (2), where pos must be 0; returns the new "
     "position."},
    {"tell", "($self, /)", io_tell, "The position, in characters from the start."},
    {"truncate", "($self, pos=None, /)", io_truncate,
     "Cut off what lies after pos characters (default: after the position); returns pos."},
    {"getvalue", "($self, /)", io_getvalue, "All the text, whatever the position."},
    {"close", "($self, /)", io_close, "Free the text; whatever is asked of the stream later raises ValueError."},
    {"readable", "($self, /)", io_true, "True, unless closed: text can be read."},
    {"writable", "($self, /)", io_true, "True, unless closed: text can be written."},
    {"seekable", "($self, /)", io_true, "True, unless closed: the position can be changed."},
    {"__getstate__", "($self, /)", io_getstate, nullptr},
    {"__setstate__", "($self, state, /)", io_setstate, nullptr},
    {}};
const GetSetDef kGetSets[] = {{"closed", io_closed, nullptr},
                              {"newlines", io_newlines, nullptr},
                              {"line_buffering", io_line_buffering, nullptr},
                              {}};

}  // namespace

void init_string_io() {
  Type& t = string_io_type;
  define_stream_type(
      t, "_io.StringIO", sizeof(StringIO), &text_io_base_type,
      "A text stream kept in memory, which holds initial_value at first. newline has the meaning it has for open().");
  t.slots.new_ = io_new;
  t.slots.init = io_init;
  t.slots.next = io_next;
  t.methods = kMethods;
  t.getsets = kGetSets;
  t.dealloc = io_dealloc;
  ready_type(t);
}

}  // namespace hiss
