#include "modules/_io/text_wrapper.h"

#include <algorithm>
#include <cstring>

#include "modules/_io/buffered.h"
#include "modules/_io/file_io.h"
#include "modules/_io/io_functions.h"
#include "object/codecs_text.h"
#include "object/exception.h"
#include "object/iterator.h"

namespace hiss {

Type text_wrapper_type;

namespace {

TextWrapper* wrapper_of(Value v) { return stream_as<TextWrapper>(v); }

Status check_attached(TextWrapper* w) {
  if (w->ok) return kOk;
  if (w->detached) return fail(exc::ValueError, "underlying buffer has been detached");
  return fail(exc::ValueError, "I/O operation on uninitialized object");
}

/// The buffer when it is exactly a buffered stream, which can be called without looking methods up.
Buffered* plain_reader(TextWrapper* w) {
  return is_exact(w->buffer, buffered_reader_type) || is_exact(w->buffer, buffered_random_type)
             ? stream_as<Buffered>(w->buffer)
             : nullptr;
}
Buffered* plain_writer(TextWrapper* w) {
  return is_exact(w->buffer, buffered_writer_type) || is_exact(w->buffer, buffered_random_type)
             ? stream_as<Buffered>(w->buffer)
             : nullptr;
}

Result<bool> text_is_closed(TextWrapper* w) {
  if (w->type == &text_wrapper_type && w->buffer.is_object()) {
    Buffered* b = plain_reader(w) ? plain_reader(w) : plain_writer(w);
    if (b && b->fast_raw && b->ok) return stream_as<FileIO>(b->raw)->fd < 0;
  }
  return is_closed(to_value(w));
}

}  // namespace

Status check_text(TextWrapper* w) {
  TRY(check_attached(w));
  if (TRY(text_is_closed(w))) return fail(exc::ValueError, "I/O operation on closed file.");
  return kOk;
}

void set_decoded(TextWrapper* w, Ref text) {
  set_field(w->decoded, std::move(text));
  w->decoded_used = 0;
}

// ---- Writing

Status flush_pending(TextWrapper* w) {
  if (w->pending->empty()) return kOk;
  std::string data;
  data.swap(*w->pending);
  if (Buffered* b = plain_writer(w)) {
    TRY(buffered_write(b, reinterpret_cast<const uint8_t*>(data.data()), static_cast<int64_t>(data.size())));
    return kOk;
  }
  Ref bytes = make_bytes(data);
  Ref buffer = Ref::share(w->buffer);
  TRY(call_method(buffer, names.write, {bytes}));
  return kOk;
}

namespace {

bool has_char(const Str* s, uint32_t c) {
  if (s->width == 1) return s->length && std::memchr(s->data1(), static_cast<int>(c), static_cast<size_t>(s->length));
  for (int64_t i = 0; i < s->length; ++i) {
    if (s->at(i) == c) return true;
  }
  return false;
}

Ref text_write(Value self, const Value* a) {
  auto* w = wrapper_of(self);
  if (!is<Str>(a[0]))
    return fail(exc::TypeError, "write() argument must be str, not {}", a[0].is_none() ? "None" : type_name(a[0]));
  TRY(check_text(w));
  if (!w->has_encoder) return fail_unsupported("not writable");
  auto* s = as<Str>(a[0]);
  const bool translate = w->write_translate && w->write_newline;
  const bool newline = (translate || w->line_buffering) && has_char(s, '\n');
  Ref text = Ref::share(a[0]);
  if (newline && translate) {
    Ref lf = make_char('\n'), ending = make_str_ascii(w->write_newline);
    text = TRY(call_method(text, names.replace, {lf, ending}));
  }
  const bool flush_buffer = w->line_buffering && (newline || has_char(s, '\r'));
  const bool flush_text = w->write_through;
  std::string encoded;
  const bool direct = w->codec != TextCodec::Object && as<Str>(text)->ascii &&
                      static_cast<int64_t>(w->pending->size()) + as<Str>(text)->length <= w->chunk_size;
  if (direct) {
    *w->pending += as<Str>(text)->ascii_view();
  } else {
    TRY(text_encode(w, text, encoded));
    if (static_cast<int64_t>(w->pending->size() + encoded.size()) > w->chunk_size) TRY(flush_pending(w));
    if (w->pending->empty()) {
      w->pending->swap(encoded);
    } else {
      *w->pending += encoded;
    }
  }
  if (static_cast<int64_t>(w->pending->size()) >= w->chunk_size || flush_buffer || flush_text) TRY(flush_pending(w));
  if (flush_buffer) {
    Ref buffer = Ref::share(w->buffer);
    TRY(call_method(buffer, names.flush));
  }
  if (w->has_snapshot || w->decoded) {
    set_decoded(w, Ref());
    drop_snapshot(w);
  }
  if (w->has_decoder) TRY(reset_text_decoder(w));
  return make_int(s->length);
}

Ref text_flush(Value self, const Value*) {
  auto* w = wrapper_of(self);
  TRY(check_text(w));
  w->telling = w->seekable;
  TRY(flush_pending(w));
  Ref buffer = Ref::share(w->buffer);
  return call_method(buffer, names.flush);
}

// ---- Reading

/// Reads and decodes one more piece: false at the end.
Result<bool> read_chunk(TextWrapper* w, int64_t size_hint) {
  if (!w->has_decoder) return fail_unsupported("not readable");
  DecoderState before;
  if (w->telling) before = TRY(text_decoder_state(w));
  if (size_hint > 0)
    size_hint = static_cast<int64_t>(std::max(w->bytes_per_char, 1.0) * static_cast<double>(size_hint));
  const int64_t size = std::max(w->chunk_size, size_hint);
  Ref input;
  Buffered* plain = plain_reader(w);
  if (plain && w->has_read1) {
    input = TRY(buffered_read1(plain, size));
  } else {
    Ref buffer = Ref::share(w->buffer);
    input = TRY(call_method(buffer, w->has_read1 ? "read1" : "read", {make_int(size)}));
  }
  if (!has_buffer(input)) {
    return fail(exc::TypeError, "underlying {}() should have returned a bytes-like object, not '{}'",
                w->has_read1 ? "read1" : "read", type_name(input));
  }
  const int64_t byte_count = TRY(length(input));
  bool eof = byte_count == 0;
  Ref text = TRY(text_decode(w, input, eof));
  const int64_t chars = as<Str>(text)->length;
  set_decoded(w, std::move(text));
  w->bytes_per_char = chars > 0 ? static_cast<double>(byte_count) / static_cast<double>(chars) : 0.0;
  if (chars > 0) eof = false;
  if (w->telling) {
    BufferView view(TRY(get_buffer(input)));
    w->has_snapshot = true;
    w->snapshot_flags = before.flags;
    *w->snapshot_bytes = std::move(before.bytes);
    *w->snapshot_bytes += view.text();
  }
  return !eof;
}

/// Up to n (-1: all) of the decoded characters.
Ref take_decoded(TextWrapper* w, int64_t n) {
  if (!w->decoded) return empty_str();
  auto* s = as<Str>(w->decoded);
  const int64_t left = s->length - w->decoded_used;
  if (n < 0 || n > left) n = left;
  Ref out = n == s->length ? Ref::share(s) : substring(s, w->decoded_used, w->decoded_used + n);
  w->decoded_used += n;
  return out;
}

Ref text_read(Value self, const Value* a) {
  auto* w = wrapper_of(self);
  const int64_t size = TRY(size_argument(a[0]));
  TRY(check_text(w));
  if (!w->has_decoder) return fail_unsupported("not readable");
  TRY(flush_pending(w));
  if (size < 0) {
    Ref buffer = Ref::share(w->buffer);
    Ref bytes = TRY(call_method(buffer, names.read));
    if (bytes.is_none()) return fail(exc::TypeError, "a bytes-like object is required, not 'NoneType'");
    Ref text = TRY(text_decode(w, bytes, true));
    Ref head = take_decoded(w, -1);
    if (w->has_snapshot || w->decoded) {
      set_decoded(w, Ref());
      drop_snapshot(w);
    }
    if (as<Str>(head)->length == 0) return text;
    return concat(as<Str>(head), as<Str>(text));
  }
  Ref result = take_decoded(w, size);
  int64_t left = size - as<Str>(result)->length;
  if (left == 0) return result;
  StrBuilder out;
  out.append(as<Str>(result));
  while (left > 0) {
    if (!TRY(read_chunk(w, left))) break;
    Ref piece = take_decoded(w, left);
    left -= as<Str>(piece)->length;
    out.append(as<Str>(piece));
  }
  return out.finish();
}

Ref read_line(TextWrapper* w, int64_t limit) {
  TRY(check_text(w));
  TRY(flush_pending(w));
  StrBuilder chunks;
  Ref rest;  // end of the last chunk that may hold the beginning of a line ending
  int64_t chunked = 0;
  bool any_chunk = false;
  for (;;) {
    bool more = true;
    while (!w->decoded || as<Str>(w->decoded)->length == 0 || w->decoded_used >= as<Str>(w->decoded)->length) {
      more = TRY(read_chunk(w, 0));
      if (!more) break;
      if (as<Str>(w->decoded)->length) break;
    }
    if (!more) {
      set_decoded(w, Ref());
      drop_snapshot(w);
      if (!rest.is_empty()) {
        chunks.append(as<Str>(rest));
        any_chunk = true;
      }
      if (!any_chunk) return empty_str();
      return chunks.finish();
    }
    Ref line;
    int64_t start, offset;
    if (rest.is_empty()) {
      line = Ref::share(w->decoded);
      start = w->decoded_used;
      offset = 0;
    } else {
      line = concat(as<Str>(rest), as<Str>(w->decoded));
      start = 0;
      offset = as<Str>(rest)->length;
      rest.reset();
    }
    auto* s = as<Str>(line);
    int64_t consumed;
    int64_t end = find_line_end(w->endings, s, start, consumed);
    if (end >= 0) {
      if (limit >= 0 && end - start + chunked >= limit) end = start + limit - chunked;
    } else {
      end = consumed;
      if (limit >= 0 && end - start + chunked >= limit) {
        end = start + limit - chunked;
      } else {
        // No ending yet: keep what is certain, look at the rest with the next piece.
        if (end > start) {
          chunks.append(s, start, end);
          chunked += end - start;
          any_chunk = true;
        }
        if (end < s->length) rest = substring(s, end, s->length);
        set_decoded(w, Ref());
        continue;
      }
    }
    w->decoded_used = end - offset;
    if (!any_chunk) return start == 0 && end == s->length ? line : substring(s, start, end);
    chunks.append(s, start, end);
    return chunks.finish();
  }
}

Ref text_readline(Value self, const Value* a) { return read_line(wrapper_of(self), a[0] ? TRY(to_index(a[0])) : -1); }
Ref text_next(Value self) {
  auto* w = wrapper_of(self);
  TRY(check_attached(w));
  w->telling = false;
  Ref line;
  if (w->type == &text_wrapper_type) {
    line = TRY(read_line(w, -1));
  } else {
    line = TRY(call_method(self, names.readline));
    if (!is<Str>(line))
      return fail(exc::OSError, "readline() should have returned a str object, not '{}'", type_name(line));
  }
  if (as<Str>(line)->length == 0) {
    drop_snapshot(w);
    w->telling = w->seekable;
    return Ref::empty();
  }
  return line;
}

// ---- Other methods

Ref text_truncate(Value self, const Value* a) {
  auto* w = wrapper_of(self);
  TRY(check_attached(w));
  TRY(call_method(self, names.flush));
  Ref buffer = Ref::share(w->buffer);
  return call_method(buffer, names.truncate, {a[0] ? a[0] : Value::none()});
}
Ref text_detach(Value self, const Value*) {
  auto* w = wrapper_of(self);
  TRY(check_attached(w));
  TRY(call_method(self, names.flush));
  Value buffer = w->buffer;
  w->buffer = Value();
  w->detached = true;
  w->ok = false;
  return Ref::steal(buffer);
}
Ref text_close(Value self, const Value*) {
  auto* w = wrapper_of(self);
  TRY(check_attached(w));
  Ref closed = TRY(get_attr(self, names.closed));
  if (TRY(truth(closed))) return Ref::none();
  Ref buffer = Ref::share(w->buffer);
  if (w->finalizing) {
    Ref warned = call_method(buffer, "_dealloc_warn", {self});
    if (warned.is_error()) clear_pending();
  }
  Ref error;
  Ref result = call_method(self, names.flush);
  if (result.is_error()) error = take_pending();
  result = call_method(buffer, names.close);
  if (error.is_empty()) return result;
  if (result.is_error()) {
    Ref second = take_pending();
    auto* e = as<Exception>(second);
    if (!e->context) e->context = error.release();
    return restore_pending(std::move(second));
  }
  return restore_pending(std::move(error));
}
Ref delegate(Value self, const char* method) {
  TRY(check_attached(wrapper_of(self)));
  Ref buffer = Ref::share(wrapper_of(self)->buffer);
  return call_method(buffer, method);
}
Ref text_fileno(Value self, const Value*) { return delegate(self, "fileno"); }
Ref text_seekable(Value self, const Value*) { return delegate(self, "seekable"); }
Ref text_readable(Value self, const Value*) { return delegate(self, "readable"); }
Ref text_writable(Value self, const Value*) { return delegate(self, "writable"); }
Ref text_isatty(Value self, const Value*) { return delegate(self, "isatty"); }

Ref text_closed(Value self) {
  TRY(check_attached(wrapper_of(self)));
  Ref buffer = Ref::share(wrapper_of(self)->buffer);
  return get_attr(buffer, names.closed);
}
Ref text_name(Value self) {
  TRY(check_attached(wrapper_of(self)));
  Ref buffer = Ref::share(wrapper_of(self)->buffer);
  return get_attr(buffer, names.name);
}
Ref text_newlines(Value self) {
  auto* w = wrapper_of(self);
  TRY(check_attached(w));
  if (!w->has_decoder) return Ref::none();
  if (w->codec != TextCodec::Object) return w->read_universal ? newlines_seen(w->newlines.seen) : Ref::none();
  Ref decoder = Ref::share(w->decoder);
  Ref result = TRY(get_attr_or_empty(decoder, intern("newlines")));
  return result.is_empty() ? Ref::none() : std::move(result);
}
Ref text_errors(Value self) {
  if (!wrapper_of(self)->detached) TRY(check_attached(wrapper_of(self)));
  return Ref::share(wrapper_of(self)->errors);
}
Ref text_encoding_get(Value self) {
  Value v = wrapper_of(self)->encoding;
  return v ? Ref::share(v) : Ref::none();
}
Ref text_buffer(Value self) {
  Value v = wrapper_of(self)->buffer;
  return v ? Ref::share(v) : Ref::none();
}
Ref text_line_buffering(Value self) { return Ref::boolean(wrapper_of(self)->line_buffering); }
Ref text_write_through(Value self) { return Ref::boolean(wrapper_of(self)->write_through); }
Ref text_finalizing(Value self) { return Ref::boolean(wrapper_of(self)->finalizing); }
Status set_finalizing(Value self, Value v) {
  wrapper_of(self)->finalizing = TRY(truth(v));
  return kOk;
}
Ref text_chunk_size(Value self) {
  TRY(check_attached(wrapper_of(self)));
  return make_int(wrapper_of(self)->chunk_size);
}
Status set_chunk_size(Value self, Value v) {
  TRY(check_attached(wrapper_of(self)));
  if (!v) return fail(exc::AttributeError, "cannot delete attribute");
  Ref number = TRY(index(v));
  const auto n = int_value(number);
  if (!n) return fail(exc::ValueError, "cannot fit 'int' into an index-sized integer");
  if (*n <= 0) return fail(exc::ValueError, "a strictly positive integer is required");
  wrapper_of(self)->chunk_size = *n;
  return kOk;
}

Ref text_repr(Value self) {
  auto* w = wrapper_of(self);
  if (!w->detached) TRY(check_attached(w));
  std::string out = "<_io.TextIOWrapper";
  Ref name = TRY(name_for_repr(self));
  if (!name.is_empty()) out += " name=" + to_string(name);
  Ref mode = TRY(get_attr_or_empty(self, names.mode));
  if (!mode.is_empty()) out += " mode=" + to_string(TRY(repr(mode)));
  out += " encoding=" + to_string(TRY(repr(w->encoding))) + ">";
  return make_str(out);
}

// ---- Construction

Status set_newline(TextWrapper* w, Value newline) {
  static const char* const kEndings[] = {"", "\n", "\r", "\r\n"};
  w->read_newline = nullptr;
  if (newline && !newline.is_none()) {
    for (const char* ending : kEndings) {
      if (equal(as<Str>(newline), ending)) w->read_newline = ending;
    }
  }
  w->read_universal = !w->read_newline || w->read_newline[0] == '\0';
  w->read_translate = !w->read_newline;
  w->write_translate = !w->read_newline || w->read_newline[0] != '\0';
  w->write_newline = !w->read_universal && w->read_newline[0] != '\0' ? w->read_newline : nullptr;
  if (w->write_newline && w->write_newline[0] == '\n') w->write_newline = nullptr;
  set_field(w->ending_text, w->read_newline ? make_str_ascii(w->read_newline) : Ref());
  w->endings.translated = w->read_translate || (w->read_newline && !std::strcmp(w->read_newline, "\n"));
  w->endings.universal = w->read_universal;
  w->endings.ending = w->ending_text;
  return kOk;
}

// A stream that does not begin at its start gets no byte order mark.
Status fix_encoder(TextWrapper* w) {
  w->start_of_stream = w->has_encoder;
  if (!w->seekable || !w->has_encoder || w->codec != TextCodec::Object) return kOk;
  Ref buffer = Ref::share(w->buffer);
  Ref at = TRY(call_method(buffer, names.tell));
  if (!TRY(equal(at, Value::integer(0)))) {
    w->start_of_stream = false;
    Ref encoder = Ref::share(w->encoder);
    TRY(call_method(encoder, "setstate", {Value::integer(0)}));
  }
  return kOk;
}

Status init_wrapper(Value self, Value buffer, Value encoding, Value errors, Value newline, bool line_buffering,
                    bool write_through) {
  auto* w = wrapper_of(self);
  w->ok = w->detached = false;
  if (errors && !errors.is_none() && !is<Str>(errors)) {
    return fail(exc::TypeError, "TextIOWrapper() argument 'errors' must be str or None, not {}", type_name(errors));
  }
  TRY(check_newline(newline));
  if ((!encoding || encoding.is_none()) && x_option("warn_default_encoding")) {
    TRY(warn(exc::EncodingWarning, "'encoding' argument not specified", 1));
  }
  Ref name =
      encoding && !encoding.is_none() && !equal(as<Str>(encoding), "locale") ? Ref::share(encoding) : locale_encoding();
  Ref handler = errors && !errors.is_none() ? Ref::share(errors) : make_str_ascii("strict");
  if (to_string(name).find('\0') != std::string::npos || to_string(handler).find('\0') != std::string::npos) {
    return fail(exc::ValueError, "embedded null character");
  }
  if (x_option("dev") && codec_error_hook) TRY(codec_error_hook(intern(as<Str>(handler))));
  w->chunk_size = kDefaultBufferSize;
  w->line_buffering = line_buffering;
  w->write_through = write_through;
  w->pending->clear();
  set_decoded(w, Ref());
  drop_snapshot(w);
  TRY(set_newline(w, newline));
  set_field(w->buffer, Ref::share(buffer));
  TRY(set_text_codec(w, as<Str>(name), as<Str>(handler)));
  w->seekable = w->telling = TRY(ask(buffer, "seekable"));
  w->has_read1 = TRY(has_attr(buffer, intern("read1")));
  TRY(fix_encoder(w));
  w->ok = true;
  return kOk;
}

Status text_init(Value self, const Args& args) {
  Arguments a("TextIOWrapper",
              "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)");
  TRY(a.bind(args));
  static const char* const kNames[] = {"encoding", "errors", "newline"};
  for (int i = 1; i <= 3; i += 1) {
    if (i == 2 || !a[i] || a[i].is_none() || is<Str>(a[i])) continue;
    return fail(exc::TypeError, "TextIOWrapper() argument '{}' must be str or None, not {}", kNames[i - 1],
                type_name(a[i]));
  }
  return init_wrapper(self, a[0], a[1], a[2], a[3], a[4] ? TRY(truth(a[4])) : false, a[5] ? TRY(truth(a[5])) : false);
}

Ref text_reconfigure(Value self, const Value* a) {
  // (*, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)
  auto* w = wrapper_of(self);
  const bool new_encoding = a[0] && !a[0].is_none(), new_errors = a[1] && !a[1].is_none();
  if (w->decoded && (new_encoding || new_errors || a[2])) {
    return fail_unsupported("It is not possible to set the encoding or newline of stream after the first read");
  }
  if (new_encoding && !is<Str>(a[0]))
    return fail(exc::TypeError, "reconfigure() argument 'encoding' must be str or None, not {}", type_name(a[0]));
  if (new_errors && !is<Str>(a[1]))
    return fail(exc::TypeError, "reconfigure() argument 'errors' must be str or None, not {}", type_name(a[1]));
  if (a[2] && !a[2].is_none() && !is<Str>(a[2]))
    return fail(exc::TypeError, "reconfigure() argument 'newline' must be str or None, not {}", type_name(a[2]));
  TRY(check_newline(a[2]));
  bool line_buffering = w->line_buffering, write_through = w->write_through;
  if (a[3] && !a[3].is_none()) line_buffering = TRY(truth(a[3]));
  if (a[4] && !a[4].is_none()) write_through = TRY(truth(a[4]));
  TRY(call_method(self, names.flush));
  w->has_snapshot = false;
  if (a[2]) {
    TRY(set_newline(w, a[2]));
  }
  if (new_encoding || new_errors || a[2]) {
    Ref encoding =
        new_encoding ? equal(as<Str>(a[0]), "locale") ? locale_encoding() : Ref::share(a[0]) : Ref::share(w->encoding);
    // A new encoding starts with strict errors unless it says otherwise.
    Ref errors = new_errors ? Ref::share(a[1]) : new_encoding ? make_str_ascii("strict") : Ref::share(w->errors);
    TRY(set_text_codec(w, as<Str>(encoding), as<Str>(errors)));
    TRY(fix_encoder(w));
  }
  w->line_buffering = line_buffering;
  w->write_through = write_through;
  return Ref::none();
}

Ref text_new(Type* cls, const Args& args) {
  Ref o = stream_new(cls, args);
  auto* w = wrapper_of(o);
  w->pending = new std::string();
  w->undecoded = new std::string();
  w->snapshot_bytes = new std::string();
  return o;
}
void release_fields(TextWrapper* w) {
  for (Value* v : {&w->buffer, &w->encoding, &w->errors, &w->encoder, &w->decoder, &w->ending_text, &w->decoded})
    clear_field(*v);
}
void text_dealloc(Object* o) {
  untrack(o);
  auto* w = static_cast<TextWrapper*>(o);
  w->ok = false;
  release_fields(w);
  delete w->pending;
  delete w->undecoded;
  delete w->snapshot_bytes;
  w->pending = w->undecoded = w->snapshot_bytes = nullptr;
  dealloc_stream(o);
}
void text_traverse(Object* o, Visitor& visit) {
  auto* w = static_cast<TextWrapper*>(o);
  traverse_attributes(&w->attributes, visit);
  for (Value v : {w->buffer, w->encoder, w->decoder}) visit(v);
}
void text_clear(Object* o) {
  auto* w = static_cast<TextWrapper*>(o);
  w->ok = false;
  for (Value* v : {&w->buffer, &w->encoder, &w->decoder}) clear_field(*v);
  clear_attributes(o, &w->attributes);
}

const NativeDef kMethods[] = {
    {"detach", "($self, /)", text_detach},
    {"reconfigure", "($self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
     text_reconfigure,
     "Change the parameters given and leave the others as they are; what has been written is flushed first."},
    {"write", "($self, text, /)", text_write},
    {"read", "($self, size=-1, /)", text_read},
    {"readline", "($self, size=-1, /)", text_readline},
    {"flush", "($self, /)", text_flush},
    {"close", "($self, /)", text_close},
    {"fileno", "($self, /)", text_fileno},
    {"seekable", "($self, /)", text_seekable},
    {"readable", "($self, /)", text_readable},
    {"writable", "($self, /)", text_writable},
    {"isatty", "($self, /)", text_isatty},
    {"seek", "($self, cookie, whence=os.SEEK_SET, /)", text_seek},
    {"tell", "($self, /)", text_tell},
    {"truncate", "($self, pos=None, /)", text_truncate},
    {"__getstate__", "($self, /)", refuse_pickling},
    {}};
const GetSetDef kGetSets[] = {{"name", text_name, nullptr},
                              {"closed", text_closed, nullptr},
                              {"newlines", text_newlines, nullptr},
                              {"errors", text_errors, nullptr},
                              {"encoding", text_encoding_get, nullptr},
                              {"buffer", text_buffer, nullptr},
                              {"line_buffering", text_line_buffering, nullptr},
                              {"write_through", text_write_through, nullptr},
                              {"_finalizing", text_finalizing, set_finalizing},
                              {"_CHUNK_SIZE", text_chunk_size, set_chunk_size},
                              {}};

}  // namespace

Ref make_text_wrapper(Value buffer, std::string_view encoding, std::string_view errors, Value newline,
                      bool line_buffering, bool write_through) {
  Ref w = TRY(text_new(&text_wrapper_type, {}));
  Ref name = make_str(encoding), handler = make_str(errors);
  TRY(init_wrapper(w, buffer, name, handler, newline, line_buffering, write_through));
  return w;
}

void init_text_wrapper() {
  Type& t = text_wrapper_type;
  define_stream_type(t, "_io.TextIOWrapper", sizeof(TextWrapper), &text_io_base_type,
                     "Text over a buffered binary stream: what is read is decoded and what is written is encoded. "
                     "Without encoding, the locale chooses it.");
  t.slots.new_ = text_new;
  t.slots.init = text_init;
  t.slots.repr = text_repr;
  t.slots.next = text_next;
  t.methods = kMethods;
  t.getsets = kGetSets;
  t.dealloc = text_dealloc;
  t.traverse = text_traverse;
  t.clear = text_clear;
  ready_type(t);
}

}  // namespace hiss
