// Fuzz target: everything that turns text or bytes into values and values into text.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"
#include "object/bytes.h"
#include "object/protocol.h"

namespace hiss {
namespace {

/// One input, taken apart: `option` is its second byte, `text` and `bytes` the rest.
struct Input {
  uint8_t option;
  Ref text, bytes;

  /// The text before and behind the first line break; the second half is empty when there is none.
  Ref part(int which) const {
    return split(
        text, as<Str>(text)->length, which, [&](int64_t i) { return as<Str>(text)->at(i) == '\n'; },
        [&](int64_t start, int64_t end) { return substring(as<Str>(text), start, end); });
  }
  Ref bytes_part(int which) const {
    const auto* b = static_cast<const Bytes*>(bytes.object());
    return split(
        bytes, b->length, which, [&](int64_t i) { return b->data[i] == '\n'; },
        [&](int64_t start, int64_t end) { return make_bytes(b->data + start, end - start); });
  }

 private:
  template <typename IsBreak, typename Slice>
  static Ref split(const Ref&, int64_t length, int which, IsBreak is_break, Slice slice) {
    int64_t middle = 0;
    while (middle < length && !is_break(middle)) ++middle;
    return which == 0 ? slice(0, middle) : slice(std::min(middle + 1, length), length);
  }
};

using Operation = Ref (*)(const Input&);

Ref call_builtin(const char* name, std::initializer_list<Value> args) {
  Ref function = TRY(get_builtin(name));
  return call(function, args);
}
Ref call_function(const char* module, const char* name, std::initializer_list<Value> args) {
  Ref loaded = TRY(import_module(module));
  Ref function = TRY(get_attr(loaded, name));
  return call(function, args);
}
Ref word(const char* text) { return make_str(text); }

constexpr const char* kCodecs[] = {
    "utf-8", "utf-8-sig", "utf-16",    "utf-16-le",      "utf-16-be",          "utf-32", "utf-32-le", "utf-32-be",
    "utf-7", "ascii",     "latin-1",   "unicode_escape", "raw_unicode_escape", "idna",   "punycode",  "cp1252",
    "cp437", "koi8-r",    "mac-roman", "cp037"};
constexpr const char* kErrors[] = {"strict",          "ignore",        "replace",           "backslashreplace",
                                   "surrogateescape", "surrogatepass", "xmlcharrefreplace", "namereplace"};
Ref codec_of(const Input& in) { return word(kCodecs[in.option % std::size(kCodecs)]); }
Ref errors_of(const Input& in) { return word(kErrors[in.option / std::size(kCodecs) % std::size(kErrors)]); }

/// Something to format, chosen by the option byte.
Ref sample(uint8_t option) {
  switch (option % 9) {
    case 0:
      return Ref::steal(Value::integer(-1234567));
    case 1:
      return make_float(-0.00001234567890123);
    case 2:
      return make_str("t\xc3\xa9xt \xf0\x9f\x98\x80");
    case 3:
      return make_float(1e308 * 10);
    case 4:
      return call_builtin("complex", {make_float(1.5), make_float(-1e-300)});
    case 5:
      return call_builtin("pow", {Value::integer(10), Value::integer(50)});
    case 6:
      return Ref::none();
    case 7:
      return Ref::boolean(true);
    default:
      return make_bytes(std::string_view("by\x00te", 5));
  }
}

Ref format_text(const Input& in) {
  Ref method = TRY(get_attr(in.text, "format"));
  Ref first = TRY(sample(in.option)), second = TRY(sample(in.option / 9));
  Ref list = make_list();
  list_append(as<List>(list), first);
  Ref args = make_tuple({first, second, list});
  Ref kwargs = make_dict();
  dict_set(as<Dict>(kwargs), intern("key"), second);
  dict_set(as<Dict>(kwargs), intern("list"), list);
  return call_with(method, as<Tuple>(args), as<Dict>(kwargs));
}
Ref percent(Value pattern, const Input& in) {
  Ref first = TRY(sample(in.option)), second = TRY(sample(in.option / 9));
  if (in.option & 1)
    return binary(BinaryOp::remainder, pattern, make_tuple({first, second, Value::integer(65), first}));
  Ref mapping = make_dict();
  dict_set(as<Dict>(mapping), intern("key"), first);
  dict_set(as<Dict>(mapping), intern(""), second);
  return binary(BinaryOp::remainder, pattern, mapping);
}
Ref str_methods(const Input& in) {
  static constexpr const char* kPlain[] = {"upper",      "lower",      "title",      "casefold",   "swapcase",
                                           "split",      "splitlines", "isnumeric",  "strip",      "isidentifier",
                                           "expandtabs", "__repr__",   "capitalize", "isprintable"};
  static constexpr const char* kPaired[] = {"find",         "rfind",      "count",    "split",      "rsplit",
                                            "partition",    "rpartition", "strip",    "startswith", "join",
                                            "removesuffix", "index",      "endswith", "lstrip"};
  Ref a = in.part(0), b = in.part(1);
  TRY(call_method(in.text, kPlain[in.option % std::size(kPlain)]));
  TRY(call_method(b, "replace", {a, b}));
  return call_method(b, kPaired[in.option / 16 % std::size(kPaired)], {a});
}
Ref bytes_methods(const Input& in) {
  static constexpr const char* kPlain[] = {"upper",      "title", "split",    "splitlines", "strip",
                                           "expandtabs", "hex",   "__repr__", "capitalize", "swapcase"};
  static constexpr const char* kPaired[] = {"find",       "rfind", "count",      "split", "rsplit",       "partition",
                                            "rpartition", "strip", "startswith", "join",  "removesuffix", "index"};
  Ref subject = in.option & 1 ? TRY(call_builtin("bytearray", {in.bytes})) : Ref::share(in.bytes);
  Ref a = in.bytes_part(0), b = in.bytes_part(1);
  TRY(call_method(subject, kPlain[in.option / 2 % std::size(kPlain)]));
  TRY(call_method(b, "replace", {a, b}));
  return call_method(b, kPaired[in.option / 16 % std::size(kPaired)], {a});
}
Ref unpack_struct(const Input& in) {
  Ref format = in.bytes_part(0), data = in.bytes_part(1);
  TRY(call_function("struct", "calcsize", {format}));
  return call_function("struct", "unpack_from", {format, data});
}
Ref pack_struct(const Input& in) {
  Ref first = TRY(sample(in.option)), second = TRY(sample(in.option / 9));
  if (in.option & 1) return call_function("struct", "pack", {in.bytes, first});
  return call_function("struct", "pack", {in.bytes, first, second});
}
Ref compile_pattern(const Input& in) {
  Ref pattern = in.option & 1 ? Ref::share(in.bytes) : Ref::share(in.text);
  return call_function("re", "compile", {pattern, Value::integer(in.option & 0x7e)});
}
Ref decode_binary(const Input& in) {
  static constexpr const char* kNames[] = {"a2b_base64", "a2b_uu", "a2b_hex", "a2b_qp", "b2a_qp", "crc32"};
  return call_function("binascii", kNames[in.option % std::size(kNames)], {in.bytes});
}
Ref inflate(const Input& in) {
  Ref decoder = TRY(call_function("zlib", "decompressobj", {Value::integer(in.option & 1 ? 15 : -15)}));
  return call_method(decoder, "decompress", {in.bytes, Value::integer(65536)});
}
Ref cast_memory(const Input& in) {
  Ref view = TRY(call_builtin("memoryview", {in.bytes_part(1)}));
  Ref cast = TRY(call_method(view, "cast", {in.part(0)}));
  return call_method(cast, "tolist");
}
Ref read_array(const Input& in) {
  static constexpr const char* kCodes[] = {"b", "B", "u", "h", "H", "i", "I", "l", "L", "q", "Q", "f", "d"};
  Ref array = TRY(call_function("array", "array", {word(kCodes[in.option % std::size(kCodes)]), in.bytes}));
  TRY(repr(array));
  return call_method(array, "tolist");
}
Ref round_trip(const Input& in) {
  Ref encoded = TRY(call_method(in.text, "encode", {codec_of(in), errors_of(in)}));
  return call_method(encoded, "decode", {codec_of(in), errors_of(in)});
}
Ref integer_bytes(const Input& in) {
  Ref type = TRY(get_builtin("int"));
  Ref number = TRY(call_method(type, "from_bytes", {in.bytes, word(in.option & 1 ? "big" : "little")}));
  TRY(repr(number));
  return call_method(number, "to_bytes", {Value::integer(in.option), word("little")});
}

constexpr Operation kOperations[] = {
    [](const Input& in) -> Ref { return call_builtin("int", {in.text}); },
    [](const Input& in) -> Ref {
      return call_builtin("int", {in.text, Value::integer(in.option % 40)});
    },
    [](const Input& in) -> Ref { return call_builtin("int", {in.bytes}); },
    [](const Input& in) -> Ref { return call_builtin("float", {in.text}); },
    [](const Input& in) -> Ref { return call_builtin("complex", {in.text}); },
    [](const Input& in) -> Ref { return call_builtin("float", {in.bytes}); },
    format_text,
    [](const Input& in) -> Ref { return percent(in.text, in); },
    [](const Input& in) -> Ref { return percent(in.bytes, in); },
    [](const Input& in) -> Ref {
      return call_method(in.bytes, "decode", {codec_of(in), errors_of(in)});
    },
    [](const Input& in) -> Ref {
      return call_method(in.text, "encode", {codec_of(in), errors_of(in)});
    },
    round_trip,
    [](const Input& in) -> Ref { return call_method(TRY(get_builtin("bytes")), "fromhex", {in.text}); },
    [](const Input& in) -> Ref { return call_method(TRY(get_builtin("float")), "fromhex", {in.text}); },
    [](const Input& in) -> Ref {
      return call_builtin("format", {TRY(sample(in.option)), in.text});
    },
    unpack_struct,
    pack_struct,
    [](const Input& in) -> Ref { return call_function("ast", "literal_eval", {in.text}); },
    str_methods,
    bytes_methods,
    compile_pattern,
    decode_binary,
    inflate,
    cast_memory,
    read_array,
    integer_bytes,
    [](const Input& in) -> Ref { return call_function("unicodedata", "lookup", {in.text}); },
    [](const Input& in) -> Ref {
      static constexpr const char* kForms[] = {"NFC", "NFD", "NFKC", "NFKD"};
      return call_function("unicodedata", "normalize", {word(kForms[in.option % 4]), in.text});
    },
    [](const Input& in) -> Ref { return call_function("json", "loads", {in.text}); },
    [](const Input& in) -> Ref {
      return call_builtin("list", {TRY(call_function("csv", "reader", {TRY(call_method(in.text, "splitlines"))}))});
    },
    [](const Input& in) -> Ref {
      return call_function("codecs", "escape_decode", {in.bytes, errors_of(in)});
    },
    [](const Input& in) -> Ref { return call_function("_string", "formatter_parser", {in.text}); },
    [](const Input& in) -> Ref {
      return call_function("time", "strptime", {in.part(0), in.part(1)});
    },
};

// A width of a million to a quintillion only makes a big string: true, slow and no news. Larger ones must be refused.
bool asks_for_much(const uint8_t* data, size_t size) {
  size_t digits = 0;
  for (size_t i = 0; i <= size; ++i) {
    if (i < size && data[i] >= '0' && data[i] <= '9') {
      digits += digits > 0 || data[i] != '0';
    } else {
      if (digits > 5 && digits < 17) return true;
      digits = 0;
    }
  }
  return false;
}

}  // namespace

void fuzz_conversion(const uint8_t* data, size_t size) {
  if (size < 2 || asks_for_much(data + 2, size - 2)) return;
  Input in{data[1], Ref(), make_bytes(data + 2, static_cast<int64_t>(size) - 2)};
  // Undecodable bytes become lone surrogates, which are worth a test.
  in.text = call_method(in.bytes, "decode", {word("utf-8"), word("surrogateescape")});
  if (!in.text.is_error()) {
    Ref result = kOperations[data[0] % std::size(kOperations)](in);
    if (!result.is_error()) (void)repr(result);
  }
  end_of_input();
}

}  // namespace hiss
