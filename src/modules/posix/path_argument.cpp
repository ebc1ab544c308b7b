#include "modules/posix/path_argument.h"

#include <climits>

#include "modules/module_content.h"
#include "object/bytes.h"
#include "object/codecs_text.h"

namespace hiss {

Ref fspath(Value path) {
  if (is<Str>(path) || is<Bytes>(path)) return Ref::share(path);
  Ref method = TRY(lookup_special(path, names.__fspath__));
  if (method.is_empty())
    return fail(exc::TypeError, "expected str, bytes or os.PathLike object, not {}", type_name(path));
  Ref result = TRY(call(method));
  if (is<Str>(result) || is<Bytes>(result)) return result;
  return fail(exc::TypeError, "expected {}.__fspath__() to return str or bytes, not {}", type_name(path),
              type_name(result));
}

Result<std::string> fs_encode(Value text) {
  std::string out;
  if (is<Bytes>(text)) {
    out = as<Bytes>(text)->view();
  } else if (!is<Str>(text)) {
    return fail(exc::TypeError, "expected str or bytes, not {}", type_name(text));
  } else if (as<Str>(text)->ascii) {
    out = as<Str>(text)->ascii_view();
  } else {
    Ref bytes = TRY(encode_utf8(text, "surrogateescape"));
    out = as<Bytes>(bytes)->view();
  }
  if (out.find('\0') != out.npos) return fail(exc::ValueError, "embedded null byte");
  return out;
}

Ref fs_decode(std::string_view bytes) {
  bool plain = true;
  for (char c : bytes) plain &= static_cast<unsigned char>(c) < 128;
  if (plain) return make_str_ascii(bytes);
  return decode_utf8(
      {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size()), Value(), "surrogateescape"});
}

Result<std::string> fs_path(Value path) {
  Ref text = TRY(fspath(path));
  return fs_encode(text);
}

Result<PathArgument> path_argument(Value v, const char* function, const char* argument, int options) {
  PathArgument out;
  if (v.is_empty() || v.is_none()) {
    if (options & kPathOrNone) {
      out.is_none = true;
      out.text = ".";
      return out;
    }
  }
  auto wrong_type = [&](Value value) {
    const bool fd = options & kPathOrFd, none = options & kPathOrNone;
    return fail(exc::TypeError, "{}: {} should be {}, not {}", function, argument,
                fd && none ? "string, bytes, os.PathLike, integer or None"
                : fd       ? "string, bytes, os.PathLike or integer"
                : none     ? "string, bytes, os.PathLike or None"
                           : "string, bytes or os.PathLike",
                type_name(value));
  };
  if ((options & kPathOrFd) && (is_int(v) || (!is<Str>(v) && !is<Bytes>(v) && type_of(v)->slots.index))) {
    Ref number = TRY(index(v));
    const auto i = int_value(number);
    if (!i || *i > INT_MAX) return fail(exc::OverflowError, "fd is greater than maximum");
    if (*i < INT_MIN) return fail(exc::OverflowError, "fd is less than minimum");
    out.fd = static_cast<int>(*i);
    out.is_fd = true;
    out.object = Ref::share(v);
    return out;
  }
  Ref path = Ref::share(v);
  if (!is<Str>(v) && !is<Bytes>(v)) {
    Ref method = TRY(lookup_special(v, names.__fspath__));
    if (!method.is_empty()) {
      path = TRY(call(method));
      if (!is<Str>(path) && !is<Bytes>(path)) {
        return fail(exc::TypeError, "expected {}.__fspath__() to return str or bytes, not {}", type_name(v),
                    type_name(path));
      }
    } else if (has_buffer(v)) {
      TRY(warn(exc::DeprecationWarning,
               fmt::format("{}: {} should be {}, not {}", function, argument,
                           options & kPathOrFd && options & kPathOrNone ? "string, bytes, os.PathLike, integer or None"
                           : options & kPathOrFd                        ? "string, bytes, os.PathLike or integer"
                           : options & kPathOrNone                      ? "string, bytes, os.PathLike or None"
                                                                        : "string, bytes or os.PathLike",
                           type_name(v))));
      path = TRY(to_bytes_object(v));
    } else {
      return wrong_type(v);
    }
  }
  out.is_bytes = is<Bytes>(path);
  auto text = fs_encode(path);
  if (text.is_error()) {
    if (out.is_bytes && pending_is(exc::ValueError)) {
      clear_pending();
      return fail(exc::ValueError, "{}: embedded null character in {}", function, argument);
    }
    return Failure{};
  }
  out.text = std::move(text.value());
  out.object = std::move(path);
  return out;
}

Result<int> dir_fd_argument(Value v) {
  if (v.is_empty() || v.is_none()) return AT_FDCWD;
  if (!type_of(v)->slots.index && !is_int(v))
    return fail(exc::TypeError, "argument should be integer or None, not {}", type_name(v));
  Ref number = TRY(index(v));
  const auto i = int_value(number);
  if (!i || *i > INT_MAX) return fail(exc::OverflowError, "fd is greater than maximum");
  if (*i < INT_MIN) return fail(exc::OverflowError, "fd is less than minimum");
  return static_cast<int>(*i);
}

Result<int> file_descriptor(Value v) {
  Ref number = Ref::share(v);
  if (!is_int(v)) {
    Ref method = TRY(get_attr_or_empty(v, names.fileno));
    if (method.is_empty()) return fail(exc::TypeError, "argument must be an int, or have a fileno() method.");
    number = TRY(call(method));
    if (!is_int(number)) return fail(exc::TypeError, "fileno() returned a non-integer");
  }
  const int fd = TRY(to_c_int(number));
  if (fd < 0) return fail(exc::ValueError, "file descriptor cannot be a negative integer ({})", fd);
  return fd;
}

}  // namespace hiss
