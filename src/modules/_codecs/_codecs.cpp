// _codecs: the registry of codecs and error handlers, and the codecs that are built in.
#include <vector>

#include "modules/_codecs/codecs.h"
#include "object/exception.h"
#include "object/shape.h"
#include "vm/import.h"

namespace hiss {

namespace {

Value search_path, cache, error_handlers;  // owned: list, dict, dict

void make_registry() {
  if (search_path) return;
  search_path = make_list().release();
  cache = make_dict().release();
  error_handlers = make_dict().release();
  add_standard_handlers(as<Dict>(error_handlers));
}

// Names are looked up in lower case, spaces as underscores.
std::string normalize(std::string_view name) {
  std::string out;
  for (char c : name) out += c == ' ' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

Ref import_encodings() {
  static bool importing = false;
  static bool done = false;
  if (done || importing) return Ref::none();
  importing = true;
  Ref module = import_module("encodings");
  importing = false;
  if (module.is_error()) return module;
  done = true;
  return Ref::none();
}

bool is_standard_error(const Exception* e) {
  // Only exceptions that a plain message can remake are wrapped.
  if (e->attributes.shape && e->attributes.shape->count) return false;
  auto* args = as<Tuple>(e->args);
  return args->size == 0 || (args->size == 1 && is_exact(args->items[0], str_type));
}
// "encoding with 'x' codec failed (ValueError: ...)", the first exception as the cause.
Failure wrap_codec_error(const char* operation, std::string_view encoding) {
  Ref error = take_pending();
  auto* e = as<Exception>(error);
  Type* type = type_of(error);
  const bool plain_type =
      type->slots.new_ == exc::BaseException.slots.new_ && type->slots.init == exc::BaseException.slots.init;
  if (!plain_type || !is_standard_error(e)) return restore_pending(std::move(error));
  Ref text = str(error);
  if (text.is_error()) {
    clear_pending();
    return restore_pending(std::move(error));
  }
  const std::string shown = to_string(text);
  const std::string message =
      shown.empty() ? fmt::format("{} with '{}' codec failed ({})", operation, encoding, type_name(type))
                    : fmt::format("{} with '{}' codec failed ({}: {})", operation, encoding, type_name(type), shown);
  Ref wrapped = call(to_value(type), {make_str(message)});
  if (wrapped.is_error()) return Failure{};
  TRY(set_attr(wrapped, names.__cause__, error));
  auto* w = as<Exception>(wrapped);
  if (!w->context) w->context = error.release();
  return restore_pending(std::move(wrapped));
}

Ref run_codec(Value function, Value object, Value errors, const char* operation, std::string_view encoding,
              const char* shape_message) {
  Ref result = errors && !errors.is_none() ? call(function, {object, errors}) : call(function, {object});
  if (result.is_error()) return wrap_codec_error(operation, encoding);
  if (!is<Tuple>(result) || as<Tuple>(result)->size != 2) return fail(exc::TypeError, "{}", shape_message);
  return Ref::share(as<Tuple>(result)->items[0]);
}
Ref run_encoder(Value info, Value object, Value errors, std::string_view encoding) {
  Ref function = TRY(get_item(info, Value::integer(0)));
  return run_codec(function, object, errors, "encoding", encoding, "encoder must return a tuple (object, integer)");
}
Ref run_decoder(Value info, Value object, Value errors, std::string_view encoding) {
  Ref function = TRY(get_item(info, Value::integer(1)));
  return run_codec(function, object, errors, "decoding", encoding, "decoder must return a tuple (object,integer)");
}

Ref encode_hook(Value object, Str* encoding, Str* errors) {
  Ref info = TRY(lookup_text_codec(encoding, "codecs.encode()"));
  return run_encoder(info, object, to_value(errors), utf8_view(encoding));
}
Ref decode_hook(Value object, Str* encoding, Str* errors) {
  Ref info = TRY(lookup_text_codec(encoding, "codecs.decode()"));
  // Codecs get bytes whatever the caller had.
  return run_decoder(info, object, to_value(errors), utf8_view(encoding));
}
Ref find_handler(Str* name) {
  make_registry();
  Value handler = dict_get(as<Dict>(error_handlers), name);
  if (handler) return Ref::share(handler);
  return fail(exc::LookupError, "unknown error handler name '{}'", to_string(name));
}

// ---- Functions

Ref codecs_register(Value, const Value* a) {
  if (!is_callable(a[0])) return fail(exc::TypeError, "argument must be callable");
  list_append(as<List>(search_path), a[0]);
  return Ref::none();
}
Ref codecs_unregister(Value, const Value* a) {
  auto* list = as<List>(search_path);
  for (int64_t i = 0; i < list->size; ++i) {
    if (list->items[i] != a[0]) continue;
    dict_clear(as<Dict>(cache));
    Ref position = make_int(i);
    TRY(set_item(search_path, position, Value()));
    break;
  }
  return Ref::none();
}
Ref codecs_lookup(Value, const Value* a) { return lookup_codec(TRY(str_argument(a[0], "lookup", "argument"))); }
Ref codecs_encode(Value, const Value* a) {
  if (a[1] && !is<Str>(a[1]))
    return fail(exc::TypeError, "encode() argument 'encoding' must be str, not {}",
                a[1].is_none() ? "None" : type_name(a[1]));
  if (a[2] && !is<Str>(a[2]))
    return fail(exc::TypeError, "encode() argument 'errors' must be str, not {}",
                a[2].is_none() ? "None" : type_name(a[2]));
  Ref encoding = a[1] ? Ref::share(a[1]) : make_str_ascii("utf-8");
  Ref info = TRY(lookup_codec(as<Str>(encoding)));
  return run_encoder(info, a[0], a[2], utf8_view(as<Str>(encoding)));
}
Ref codecs_decode(Value, const Value* a) {
  if (a[1] && !is<Str>(a[1]))
    return fail(exc::TypeError, "decode() argument 'encoding' must be str, not {}",
                a[1].is_none() ? "None" : type_name(a[1]));
  if (a[2] && !is<Str>(a[2]))
    return fail(exc::TypeError, "decode() argument 'errors' must be str, not {}",
                a[2].is_none() ? "None" : type_name(a[2]));
  Ref encoding = a[1] ? Ref::share(a[1]) : make_str_ascii("utf-8");
  Ref info = TRY(lookup_codec(as<Str>(encoding)));
  return run_decoder(info, a[0], a[2], utf8_view(as<Str>(encoding)));
}
Ref codecs_register_error(Value, const Value* a) {
  Str* name = TRY(str_argument(a[0], "register_error", "argument 1"));
  if (!is_callable(a[1])) return fail(exc::TypeError, "handler must be callable");
  dict_set(as<Dict>(error_handlers), intern(name), a[1]);
  return Ref::none();
}
Ref codecs_lookup_error(Value, const Value* a) {
  return find_handler(intern(TRY(str_argument(a[0], "lookup_error", "argument"))));
}

struct Input {
  BufferView view;
  std::string errors;
  Value object;
  DecodeInput get() const { return {view.data(), view.length(), object, errors}; }
};
Result<Input> decode_input(const Value* a, const char* function) {
  Buffer buffer = TRY(get_buffer(a[0]));
  BufferView view(std::move(buffer));
  std::string errors = TRY(errors_argument(a[1], function));
  return Result<Input>(Input{std::move(view), std::move(errors), is<Bytes>(a[0]) ? a[0] : Value()});
}
Result<bool> final_argument(Value v) { return v ? TRY(truth(v)) : false; }

template <Ref (*decode)(const DecodeInput&, int64_t*)>
Ref decode_partly(const Value* a, const char* name) {
  Input in = TRY(decode_input(a, name));
  const bool final = TRY(final_argument(a[2]));
  int64_t consumed = in.view.length();
  Ref text = TRY(decode(in.get(), final ? nullptr : &consumed));
  return with_length(std::move(text), consumed);
}
Ref codecs_utf_8_decode(Value, const Value* a) { return decode_partly<decode_utf8>(a, "utf_8_decode"); }
Ref codecs_utf_7_decode(Value, const Value* a) { return decode_partly<decode_utf7>(a, "utf_7_decode"); }

template <Ref (*decode)(const DecodeInput&, int&, int64_t*)>
Ref decode_wide(const Value* a, const char* name, int order) {
  Input in = TRY(decode_input(a, name));
  const bool final = TRY(final_argument(a[2]));
  int64_t consumed = in.view.length();
  Ref text = TRY(decode(in.get(), order, final ? nullptr : &consumed));
  return with_length(std::move(text), consumed);
}
template <Ref (*decode)(const DecodeInput&, int&, int64_t*)>
Ref decode_wide_ex(const Value* a, const char* name) {
  Input in = TRY(decode_input(a, name));
  int order = a[2] ? TRY(to_c_int(a[2])) : 0;
  const bool final = TRY(final_argument(a[3]));
  int64_t consumed = in.view.length();
  Ref text = TRY(decode(in.get(), order, final ? nullptr : &consumed));
  Ref n = make_int(consumed);
  return make_tuple({text, n, Value::integer(order)});
}
Ref codecs_utf_16_decode(Value, const Value* a) { return decode_wide<decode_utf16>(a, "utf_16_decode", 0); }
Ref codecs_utf_16_le_decode(Value, const Value* a) { return decode_wide<decode_utf16>(a, "utf_16_le_decode", -1); }
Ref codecs_utf_16_be_decode(Value, const Value* a) { return decode_wide<decode_utf16>(a, "utf_16_be_decode", 1); }
Ref codecs_utf_16_ex_decode(Value, const Value* a) { return decode_wide_ex<decode_utf16>(a, "utf_16_ex_decode"); }
Ref codecs_utf_32_decode(Value, const Value* a) { return decode_wide<decode_utf32>(a, "utf_32_decode", 0); }
Ref codecs_utf_32_le_decode(Value, const Value* a) { return decode_wide<decode_utf32>(a, "utf_32_le_decode", -1); }
Ref codecs_utf_32_be_decode(Value, const Value* a) { return decode_wide<decode_utf32>(a, "utf_32_be_decode", 1); }
Ref codecs_utf_32_ex_decode(Value, const Value* a) { return decode_wide_ex<decode_utf32>(a, "utf_32_ex_decode"); }
Ref codecs_latin_1_decode(Value, const Value* a) {
  Input in = TRY(decode_input(a, "latin_1_decode"));
  return with_length(decode_latin1(in.get()), in.view.length());
}
Ref codecs_ascii_decode(Value, const Value* a) {
  Input in = TRY(decode_input(a, "ascii_decode"));
  return with_length(decode_ascii(in.get()), in.view.length());
}
template <Ref (*decode)(const DecodeInput&, int64_t*)>
Ref decode_escapes(const Value* a, const char* name) {
  // A str is taken as its UTF-8 bytes.
  Ref data = is<Str>(a[0]) ? TRY(encode_utf8(a[0], "strict")) : Ref::share(a[0]);
  Value arguments[3] = {data, a[1], a[2] ? a[2] : Value::boolean(true)};
  return decode_partly<decode>(arguments, name);
}
Ref codecs_unicode_escape_decode(Value, const Value* a) {
  return decode_escapes<decode_unicode_escape>(a, "unicode_escape_decode");
}
Ref codecs_raw_unicode_escape_decode(Value, const Value* a) {
  return decode_escapes<decode_raw_unicode_escape>(a, "raw_unicode_escape_decode");
}

template <typename Encode>
Ref encode_text(const Value* a, const char* name, Encode encode) {
  Str* text = TRY(str_argument(a[0], name, "argument 1"));
  const std::string errors = TRY(errors_argument(a[1], name));
  return with_length(encode(a[0], errors), text->length);
}
Ref codecs_utf_8_encode(Value, const Value* a) { return encode_text(a, "utf_8_encode", encode_utf8); }
Ref codecs_utf_7_encode(Value, const Value* a) { return encode_text(a, "utf_7_encode", encode_utf7); }
Ref codecs_latin_1_encode(Value, const Value* a) { return encode_text(a, "latin_1_encode", encode_latin1); }
Ref codecs_ascii_encode(Value, const Value* a) { return encode_text(a, "ascii_encode", encode_ascii); }
Ref codecs_utf_16_le_encode(Value, const Value* a) {
  return encode_text(a, "utf_16_le_encode", [](Value v, std::string_view e) { return encode_utf16(v, e, -1); });
}
Ref codecs_utf_16_be_encode(Value, const Value* a) {
  return encode_text(a, "utf_16_be_encode", [](Value v, std::string_view e) { return encode_utf16(v, e, 1); });
}
Ref codecs_utf_16_encode(Value, const Value* a) {
  const int order = a[2] ? TRY(to_c_int(a[2])) : 0;
  return encode_text(a, "utf_16_encode", [order](Value v, std::string_view e) { return encode_utf16(v, e, order); });
}
Ref codecs_utf_32_le_encode(Value, const Value* a) {
  return encode_text(a, "utf_32_le_encode", [](Value v, std::string_view e) { return encode_utf32(v, e, -1); });
}
Ref codecs_utf_32_be_encode(Value, const Value* a) {
  return encode_text(a, "utf_32_be_encode", [](Value v, std::string_view e) { return encode_utf32(v, e, 1); });
}
Ref codecs_utf_32_encode(Value, const Value* a) {
  const int order = a[2] ? TRY(to_c_int(a[2])) : 0;
  return encode_text(a, "utf_32_encode", [order](Value v, std::string_view e) { return encode_utf32(v, e, order); });
}
Ref codecs_unicode_escape_encode(Value, const Value* a) {
  return encode_text(a, "unicode_escape_encode", [](Value v, std::string_view) { return encode_unicode_escape(v); });
}
Ref codecs_raw_unicode_escape_encode(Value, const Value* a) {
  return encode_text(a, "raw_unicode_escape_encode",
                     [](Value v, std::string_view) { return encode_raw_unicode_escape(v); });
}
Ref codecs_readbuffer_encode(Value, const Value* a) {
  if (is<Str>(a[0])) {
    const std::string_view text = utf8_view(as<Str>(a[0]));
    return with_length(make_bytes(text), static_cast<int64_t>(text.size()));
  }
  BufferView view(TRY(get_buffer(a[0])));
  return with_length(make_bytes(view.text()), view.length());
}

#define ENCODE(name) \
  { #name "_encode", "($module, str, errors=None, /)", codecs_##name##_encode, nullptr }
#define DECODE(name) \
  { #name "_decode", "($module, data, errors=None, final=False, /)", codecs_##name##_decode, nullptr }
const NativeDef kFunctions[] = {
    {"register", "($module, search_function, /)", codecs_register,
     "Add a function that is called with an encoding's name, in lower case, and returns its CodecInfo, or None if it "
     "has none."},
    {"unregister", "($module, search_function, /)", codecs_unregister,
     "Take a search function back; one that was never registered is no error."},
    {"lookup", "($module, encoding, /)", codecs_lookup,
     "The CodecInfo of encoding, from the first search function that knows it; LookupError if none does."},
    {"encode", "($module, /, obj, encoding='utf-8', errors='strict')", codecs_encode,
     "Run the encoder of encoding on obj; errors names the handler of what cannot be encoded."},
    {"decode", "($module, /, obj, encoding='utf-8', errors='strict')", codecs_decode,
     "Run the decoder of encoding on obj; errors names the handler of what cannot be decoded."},
    {"register_error", "($module, errors, handler, /)", codecs_register_error,
     "Make handler the error handler that the name errors stands for."},
    {"lookup_error", "($module, name, /)", codecs_lookup_error, "lookup_error(name) -> handler"},
    {"charmap_build", "($module, map, /)", charmap_build, nullptr},
    {"charmap_encode", "($module, str, errors=None, mapping=None, /)", charmap_encode, nullptr},
    {"charmap_decode", "($module, data, errors=None, mapping=None, /)", charmap_decode, nullptr},
    {"escape_encode", "($module, data, errors=None, /)", escape_encode, nullptr},
    {"escape_decode", "($module, data, errors=None, /)", escape_decode, nullptr},
    {"readbuffer_encode", "($module, data, errors=None, /)", codecs_readbuffer_encode, nullptr},
    ENCODE(utf_8),
    DECODE(utf_8),
    ENCODE(utf_7),
    DECODE(utf_7),
    {"utf_16_encode", "($module, str, errors=None, byteorder=0, /)", codecs_utf_16_encode, nullptr},
    DECODE(utf_16),
    ENCODE(utf_16_le),
    DECODE(utf_16_le),
    ENCODE(utf_16_be),
    DECODE(utf_16_be),
    {"utf_16_ex_decode", "($module, data, errors=None, byteorder=0, final=False, /)", codecs_utf_16_ex_decode, nullptr},
    {"utf_32_encode", "($module, str, errors=None, byteorder=0, /)", codecs_utf_32_encode, nullptr},
    DECODE(utf_32),
    ENCODE(utf_32_le),
    DECODE(utf_32_le),
    ENCODE(utf_32_be),
    DECODE(utf_32_be),
    {"utf_32_ex_decode", "($module, data, errors=None, byteorder=0, final=False, /)", codecs_utf_32_ex_decode, nullptr},
    ENCODE(latin_1),
    {"latin_1_decode", "($module, data, errors=None, /)", codecs_latin_1_decode, nullptr},
    ENCODE(ascii),
    {"ascii_decode", "($module, data, errors=None, /)", codecs_ascii_decode, nullptr},
    ENCODE(unicode_escape),
    {"unicode_escape_decode", "($module, data, errors=None, final=True, /)", codecs_unicode_escape_decode, nullptr},
    ENCODE(raw_unicode_escape),
    {"raw_unicode_escape_decode", "($module, data, errors=None, final=True, /)", codecs_raw_unicode_escape_decode,
     nullptr},
    {}};

Status initialize(Value) {
  initialize_codecs();
  return kOk;
}

}  // namespace

void initialize_codecs() {
  make_registry();
  codec_encode_hook = encode_hook;
  codec_decode_hook = decode_hook;
  codec_error_hook = find_handler;
}

Result<std::string> errors_argument(Value v, const char* function) {
  if (!v || v.is_none()) return std::string("strict");
  if (!is<Str>(v)) return fail(exc::TypeError, "{}() argument 2 must be str or None, not {}", function, type_name(v));
  return to_string(v);
}

Ref lookup_codec(Str* encoding) {
  make_registry();
  Ref name = make_str(normalize(utf8_view(encoding)));
  if (to_string(name).find('\0') != std::string::npos) return fail(exc::ValueError, "embedded null character");
  Str* key = intern(as<Str>(name));
  if (Value known = dict_get(as<Dict>(cache), key)) return Ref::share(known);
  TRY(import_encodings());
  auto* list = as<List>(search_path);
  if (list->size == 0) return fail(exc::LookupError, "no codec search functions registered: can't find encoding");
  for (int64_t i = 0; i < list->size; ++i) {
    Ref function = Ref::share(list->items[i]);
    Ref info = TRY(call(function, {name}));
    if (info.is_none()) continue;
    if (!is<Tuple>(info) || as<Tuple>(info)->size != 4)
      return fail(exc::TypeError, "codec search functions must return 4-tuples");
    dict_set(as<Dict>(cache), key, info);
    return info;
  }
  return fail(exc::LookupError, "unknown encoding: {}", to_string(encoding));
}

Ref lookup_text_codec(Str* encoding, const char* alternative) {
  Ref info = TRY(lookup_codec(encoding));
  if (is_exact(info, tuple_type)) return info;
  Ref is_text = TRY(get_attr_or_empty(info, intern("_is_text_encoding")));
  if (!is_text.is_empty() && !TRY(truth(is_text))) {
    return fail(exc::LookupError, "'{}' is not a text encoding; use {} to handle arbitrary codecs", to_string(encoding),
                alternative);
  }
  return info;
}

extern const ModuleDef codecs_module;
const ModuleDef codecs_module = {"_codecs", nullptr, kFunctions, initialize};

}  // namespace hiss
