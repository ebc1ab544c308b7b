// Charmap codecs: one byte per character, by a table (a str when decoding, an EncodingMap or dict when encoding).
#include <unordered_map>

#include "modules/_codecs/codecs.h"

namespace hiss {

namespace {

struct EncodingMap : Object {
  std::unordered_map<uint32_t, uint8_t>* bytes;
};
Type encoding_map_type;

void map_dealloc(Object* o) {
  delete static_cast<EncodingMap*>(o)->bytes;
  free_object(o);
}
Ref map_size(Value self, const Value*) {
  return make_int(
      static_cast<int64_t>(sizeof(EncodingMap) + static_cast<EncodingMap*>(self.object())->bytes->size() * 16));
}
const NativeDef kMapMethods[] = {{"size", "($self, /)", map_size, "How many bytes the map takes."}, {}};

void make_type() {
  if (encoding_map_type.has(Type::kReady)) return;
  define_type(
      encoding_map_type,
      {.name = "EncodingMap", .size = sizeof(EncodingMap), .layout = Layout::Native, .flags = Type::kNoInstances});
  encoding_map_type.dealloc = map_dealloc;
  encoding_map_type.methods = kMapMethods;
  ready_type(encoding_map_type);
}

constexpr const char* kUndefined = "character maps to <undefined>";

/// Appends the bytes of one character: false when the mapping has none.
Result<bool> encode_char(Value mapping, uint32_t c, std::string& out) {
  if (is_exact(mapping, encoding_map_type)) {
    auto* bytes = static_cast<EncodingMap*>(mapping.object())->bytes;
    auto it = bytes->find(c);
    if (it == bytes->end()) return false;
    out += static_cast<char>(it->second);
    return true;
  }
  Ref item = get_item(mapping, Value::integer(c));
  if (item.is_error()) {
    if (!pending_is(exc::LookupError)) return Failure{};
    clear_pending();
    return false;
  }
  if (item.is_none()) return false;
  if (is_int(item)) {
    const auto i = int_value(item);
    if (!i || *i < 0 || *i > 255) return fail(exc::TypeError, "character mapping must be in range(256)");
    out += static_cast<char>(*i);
    return true;
  }
  if (is<Bytes>(item)) {
    out += as<Bytes>(item)->view();
    return true;
  }
  return fail(exc::TypeError, "character mapping must return integer, bytes or None, not {}", type_name(item));
}

Ref encode_with(Value text, std::string_view errors, Value mapping) {
  auto* s = as<Str>(text);
  std::string out;
  for (int64_t i = 0; i < s->length;) {
    if (TRY(encode_char(mapping, s->at(i), out))) {
      ++i;
      continue;
    }
    int64_t end = i + 1;
    while (end < s->length) {
      std::string probe;
      if (TRY(encode_char(mapping, s->at(end), probe))) break;
      ++end;
    }
    if (errors == "strict") return fail_encode("charmap", text, i, end, kUndefined);
    if (errors == "ignore") {
      i = end;
      continue;
    }
    Ref replacement;
    int64_t position = end;
    if (errors == "replace") {
      StrBuilder marks;
      marks.append_fill('?', end - i);
      replacement = marks.finish();
    } else {
      fail_encode("charmap", text, i, end, kUndefined);
      Ref error = take_pending();
      Replacement r = TRY(call_error_handler(errors, error, s->length, true));
      replacement = std::move(r.text);
      position = r.position;
    }
    if (is<Bytes>(replacement)) {
      out += as<Bytes>(replacement)->view();
    } else {
      auto* r = as<Str>(replacement);
      for (int64_t k = 0; k < r->length; ++k) {
        if (!TRY(encode_char(mapping, r->at(k), out))) return fail_encode("charmap", text, i, end, kUndefined);
      }
    }
    i = position;
  }
  return make_bytes(out);
}

/// Decoded characters of one byte: empty when the mapping has none.
Result<bool> decode_byte(Value mapping, uint8_t byte, StrBuilder& out) {
  if (is_exact(mapping, str_type)) {
    auto* table = as<Str>(mapping);
    if (byte >= table->length || table->at(byte) == 0xFFFE) return false;
    out.append_char(table->at(byte));
    return true;
  }
  Ref item = get_item(mapping, Value::integer(byte));
  if (item.is_error()) {
    if (!pending_is(exc::LookupError)) return Failure{};
    clear_pending();
    return false;
  }
  if (item.is_none()) return false;
  if (is_int(item)) {
    const auto i = int_value(item);
    if (i == 0xFFFE) return false;
    if (!i || *i < 0 || *i > 0x10FFFF) return fail(exc::TypeError, "character mapping must be in range(0x110000)");
    out.append_char(static_cast<uint32_t>(*i));
    return true;
  }
  if (is<Str>(item)) {
    if (as<Str>(item)->length == 1 && as<Str>(item)->at(0) == 0xFFFE) return false;
    out.append(as<Str>(item));
    return true;
  }
  return fail(exc::TypeError, "character mapping must return integer, None or str");
}

}  // namespace

Ref charmap_build(Value, const Value* a) {
  make_type();
  Str* table = TRY(str_argument(a[0], "charmap_build", "argument"));
  auto* map = allocate_as<EncodingMap>(encoding_map_type);
  map->bytes = new std::unordered_map<uint32_t, uint8_t>();
  for (int64_t i = 0; i < table->length && i < 256; ++i) {
    const uint32_t c = table->at(i);
    if (c != 0xFFFE) (*map->bytes)[c] = static_cast<uint8_t>(i);
  }
  return Ref::steal(map);
}
Ref charmap_encode(Value, const Value* a) {
  Str* text = TRY(str_argument(a[0], "charmap_encode", "argument 1"));
  const std::string errors = TRY(errors_argument(a[1], "charmap_encode"));
  if (!a[2] || a[2].is_none()) return with_length(encode_latin1(a[0], errors), text->length);
  return with_length(encode_with(a[0], errors, a[2]), text->length);
}
Ref charmap_decode(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  const std::string errors = TRY(errors_argument(a[1], "charmap_decode"));
  if (!a[2] || a[2].is_none())
    return with_length(decode_latin1({view.data(), view.length(), Value(), errors}), view.length());
  StrBuilder out;
  for (int64_t i = 0; i < view.length();) {
    if (TRY(decode_byte(a[2], view.data()[i], out))) {
      ++i;
      continue;
    }
    if (errors == "ignore") {
      ++i;
      continue;
    }
    if (errors == "replace") {
      out.append_char(0xFFFD);
      ++i;
      continue;
    }
    Ref bytes = make_bytes(view.text());
    fail_decode("charmap", bytes, i, i + 1, kUndefined);
    if (errors == "strict") return Failure{};
    Ref error = take_pending();
    Replacement r = TRY(call_error_handler(errors, error, view.length(), false));
    out.append(as<Str>(r.text));
    i = r.position;
  }
  return with_length(out.finish(), view.length());
}

}  // namespace hiss
