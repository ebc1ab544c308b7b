// _io: the module and its functions. The streams are in the files beside this one.
#include "modules/_codecs/registry.h"
#include "modules/_io/buffered.h"
#include "modules/_io/file_io.h"
#include "modules/_io/io_functions.h"
#include "modules/_io/standard_streams.h"
#include "modules/_io/text_wrapper.h"
#include "modules/posix/path_argument.h"
#include "object/class_builder.h"
#include "vm/runtime.h"

#include <fcntl.h>
#include <unistd.h>

namespace hiss {

namespace {

struct Mode {
  bool creating = false, reading = false, writing = false, appending = false, updating = false, text = false,
       binary = false;
};
Result<Mode> parse_mode(std::string_view mode) {
  Mode m;
  for (size_t i = 0; i < mode.size(); ++i) {
    bool* flag;
    switch (mode[i]) {
      case 'x':
        flag = &m.creating;
        break;
      case 'r':
        flag = &m.reading;
        break;
      case 'w':
        flag = &m.writing;
        break;
      case 'a':
        flag = &m.appending;
        break;
      case '+':
        flag = &m.updating;
        break;
      case 't':
        flag = &m.text;
        break;
      case 'b':
        flag = &m.binary;
        break;
      default:
        return fail(exc::ValueError, "invalid mode: '{}'", mode);
    }
    if (*flag) return fail(exc::ValueError, "invalid mode: '{}'", mode);
    *flag = true;
  }
  if (m.text && m.binary) return fail(exc::ValueError, "can't have text and binary mode at once");
  if (m.creating + m.reading + m.writing + m.appending != 1)
    return fail(exc::ValueError, "must have exactly one of create/read/write/append mode");
  return m;
}

Status check_text_argument(Value v, const char* name) {
  if (!v || v.is_none() || is<Str>(v)) return kOk;
  return fail(exc::TypeError, "open() argument '{}' must be str or None, not {}", name, type_name(v));
}

Ref open_layers(Value raw, const Mode& m, Value mode_text, int64_t buffering, const Value* a) {
  Ref isatty = TRY(call_method(raw, "isatty"));
  const bool terminal = buffering < 0 && TRY(truth(isatty));
  const bool line_buffering = buffering == 1 || terminal;
  if (terminal) buffering = -1;
  if (buffering == 1) buffering = -1;
  if (buffering < 0) {
    Ref size = TRY(get_attr(raw, "_blksize"));
    buffering = TRY(to_index(size));
  }
  if (buffering == 0) {
    if (!m.binary) return fail(exc::ValueError, "can't have unbuffered text I/O");
    return Ref::share(raw);
  }
  Type& type = m.updating ? buffered_random_type : m.reading ? buffered_reader_type : buffered_writer_type;
  Ref buffer = TRY(make_buffered(type, raw, buffering));
  if (m.binary) return buffer;
  Ref none = Ref::none();
  Value newline = a[5] ? a[5] : none.value();
  Ref wrapper = call(to_value(&text_wrapper_type), {buffer, a[3] ? a[3] : none.value(), a[4] ? a[4] : none.value(),
                                                    newline, Value::boolean(line_buffering)});
  if (wrapper.is_error() || set_attr(wrapper, names.mode, mode_text).is_error()) {
    Ref error = take_pending();
    Ref closed = call_method(wrapper.is_error() ? buffer : wrapper, names.close);
    if (closed.is_error()) clear_pending();
    return restore_pending(std::move(error));
  }
  return wrapper;
}

Ref io_open(Value, const Value* a) {
  // (file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)
  if (a[1] && !is<Str>(a[1]))
    return fail(exc::TypeError, "open() argument 'mode' must be str, not {}",
                a[1].is_none() ? "None" : type_name(a[1]));
  TRY(check_text_argument(a[3], "encoding"));
  TRY(check_text_argument(a[4], "errors"));
  TRY(check_text_argument(a[5], "newline"));
  const int64_t buffering_argument = a[2] ? TRY(to_c_int(a[2])) : -1;
  int64_t buffering = buffering_argument;
  const bool closefd = a[6] ? TRY(truth(a[6])) : true;
  Ref file = Ref::share(a[0]);
  if (!is_int(a[0])) {
    file = fspath(a[0]);
    if (file.is_error()) {
      // Objects with __index__ are descriptors, too.
      if (!type_of(a[0])->slots.index || !pending_is(exc::TypeError)) return file;
      clear_pending();
      file = Ref::share(a[0]);
    }
  }
  if (!is<Str>(file) && !is<Bytes>(file) && !is_int(file))
    return fail(exc::TypeError, "invalid file: {}", repr_text(file));
  Ref mode_text = a[1] ? Ref::share(a[1]) : make_str_ascii("r");
  const Mode m = TRY(parse_mode(utf8_view(as<Str>(mode_text))));
  if (m.binary && a[3] && !a[3].is_none())
    return fail(exc::ValueError, "binary mode doesn't take an encoding argument");
  if (m.binary && a[4] && !a[4].is_none()) return fail(exc::ValueError, "binary mode doesn't take an errors argument");
  if (m.binary && a[5] && !a[5].is_none()) return fail(exc::ValueError, "binary mode doesn't take a newline argument");
  if (m.binary && buffering == 1) {
    TRY(warn(exc::RuntimeWarning,
             "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used"));
    buffering = -1;
  }
  if (buffering < -1) return fail(exc::ValueError, "invalid buffering size");
  std::string raw_mode;
  if (m.creating) raw_mode += 'x';
  if (m.reading) raw_mode += 'r';
  if (m.writing) raw_mode += 'w';
  if (m.appending) raw_mode += 'a';
  if (m.updating) raw_mode += '+';
  Ref raw_mode_text = make_str_ascii(raw_mode);
  Ref raw =
      TRY(call(to_value(&file_io_type), {file, raw_mode_text, Value::boolean(closefd), a[7] ? a[7] : Value::none()}));
  Ref result = open_layers(raw, m, mode_text, buffering, a);
  if (result.is_error()) {
    Ref error = take_pending();
    Ref closed = call_method(raw, names.close);
    if (closed.is_error()) clear_pending();
    return restore_pending(std::move(error));
  }
  return result;
}

Ref io_open_code(Value module, const Value* a) {
  if (!is<Str>(a[0])) return fail(exc::TypeError, "open_code() argument 'path' must be str, not {}", type_name(a[0]));
  Ref mode = make_str_ascii("rb");
  Value arguments[8] = {a[0], mode};
  return io_open(module, arguments);
}
Ref io_text_encoding(Value, const Value* a) {
  if (a[0] && !a[0].is_none()) return Ref::share(a[0]);
  if (x_option("warn_default_encoding")) {
    TRY(warn(exc::EncodingWarning, "'encoding' argument not specified", a[1] ? TRY(to_c_int(a[1])) : 2));
  }
  const bool ignored = runtime_options().ignore_environment || runtime_options().isolated;
  const char* environment = ignored ? nullptr : std::getenv("PYTHONUTF8");
  const bool utf8_mode = x_option("utf8") || (environment && std::string_view(environment) == "1");
  return make_str_ascii(utf8_mode ? "utf-8" : "locale");
}

const NativeDef kFunctions[] = {
    {"open",
     "($module, /, file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)",
     io_open,
     "Open a file by path or descriptor: in text mode by default, as bytes if mode has a b. Failure raises OSError."},
    {"open_code", "($module, /, path)", io_open_code,
     "Open the file of a module or program for reading, as bytes; path must be a str."},
    {"text_encoding", "($module, encoding, stacklevel=2, /)", io_text_encoding,
     "What to use as encoding: the argument itself, or if that is None, 'locale' ('utf-8' in UTF-8 mode)."},
    {}};

Status make_types() {
  static bool done = false;
  if (done) return kOk;
  done = true;
  init_stream_types();
  init_file_io();
  init_bytes_io();
  init_buffered();
  init_buffered_pair();
  init_newline_decoder();
  init_text_wrapper();
  init_string_io();
  Ref name = make_str_ascii("UnsupportedOperation");
  Ref bases = make_tuple({to_value(&exc::OSError), to_value(&exc::ValueError)});
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str_ascii("io"));
  Ref cls = TRY(call(to_value(&type_type), {name, bases, space}));
  unsupported_operation = as<Type>(cls.release());
  return kOk;
}

Status initialize(Value module) {
  TRY(make_types());
  add_int(module, "DEFAULT_BUFFER_SIZE", kDefaultBufferSize);
  add_object(module, "UnsupportedOperation", to_value(unsupported_operation));
  add_object(module, "BlockingIOError", to_value(&exc::BlockingIOError));
  for (Type* t : {&io_base_type, &raw_io_base_type, &buffered_io_base_type, &text_io_base_type, &file_io_type,
                  &bytes_io_type, &buffered_reader_type, &buffered_writer_type, &buffered_random_type,
                  &buffered_rw_pair_type, &text_wrapper_type, &string_io_type, &newline_decoder_type}) {
    add_type(module, *t);
  }
  return kOk;
}

}  // namespace

bool x_option(std::string_view name) {
  for (const std::string& option : runtime_options().x_options) {
    if (option == name || option == std::string(name) + "=1") return true;
  }
  return false;
}

Ref locale_encoding() { return make_str_ascii("UTF-8"); }

Ref make_standard_stream(int fd, const char* name, bool writable) {
  if (fcntl(fd, F_GETFD) < 0) return Ref::none();
  TRY(make_types());
  initialize_codecs();
  std::string encoding = "utf-8", errors = fd == 2 ? "backslashreplace" : "strict";
  // In the C locale, bytes that are no UTF-8 pass through.
  const char* locale = nullptr;
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = std::getenv(variable);
    if (locale && *locale) break;
  }
  if (fd != 2 && (!locale || !*locale || std::string_view(locale) == "C" || std::string_view(locale) == "POSIX" ||
                  std::string_view(locale).starts_with("C."))) {
    errors = "surrogateescape";
  }
  if (!runtime_options().ignore_environment && !runtime_options().isolated) {
    if (const char* setting = std::getenv("PYTHONIOENCODING"); setting && *setting) {
      const std::string_view text = setting;
      const size_t colon = text.find(':');
      if (!text.substr(0, colon).empty()) encoding = text.substr(0, colon);
      if (colon != text.npos && colon + 1 < text.size() && fd != 2) errors = text.substr(colon + 1);
      if (colon == text.npos && fd != 2) errors = "strict";
    }
  }
  const bool unbuffered = runtime_options().unbuffered && writable;
  Ref raw = make_file_io(fd, writable ? "wb" : "rb", false);
  if (raw.is_error()) {
    // A directory as standard input, and the like: there is no stream then.
    if (!pending_is(exc::OSError)) return raw;
    clear_pending();
    return Ref::none();
  }
  TRY(set_attr(raw, names.name, make_str(name)));
  Ref buffer =
      unbuffered ? raw
                 : TRY(make_buffered(writable ? buffered_writer_type : buffered_reader_type, raw, kDefaultBufferSize));
  const bool terminal = isatty(fd) == 1;
  const bool line_buffering = !unbuffered && (terminal || fd == 2);
  Ref newline = make_str_ascii("\n");
  Ref stream = TRY(make_text_wrapper(buffer, encoding, errors, newline, line_buffering, unbuffered));
  TRY(set_attr(stream, names.mode, make_str_ascii(writable ? "w" : "r")));
  return stream;
}

extern const ModuleDef io_module;
const ModuleDef io_module = {"_io",
                             "Streams of bytes and of text, over files or in memory, and open(), which makes them.",
                             kFunctions, initialize};

}  // namespace hiss
