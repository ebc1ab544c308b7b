// _string: the parts of str.format that string.Formatter uses.
#include "object/function.h"
#include "object/protocol.h"
#include "object/str_internal.h"

namespace hiss {

namespace {

bool digits(const std::string& s) { return !s.empty() && s.find_first_not_of("0123456789") == s.npos; }

Ref name_or_number(const std::string& s) {
  if (digits(s) && s.size() < 18) return make_int(std::stoll(s));
  return make_str(s);
}

// "a.b[c]" -> ("a", iterator of (is_attribute, name))
Ref formatter_field_name_split(Value, const Value* a) {
  if (!is<Str>(a[0])) return fail(exc::TypeError, "expected str, got {}", type_name(a[0]));
  const std::string text = to_string(a[0]);
  size_t i = text.find_first_of(".[");
  const std::string first = text.substr(0, i);
  Ref rest = make_list();
  while (i != text.npos && i < text.size()) {
    if (text[i] == '.') {
      const size_t end = text.find_first_of(".[", i + 1);
      const std::string part = text.substr(i + 1, end == text.npos ? end : end - i - 1);
      if (part.empty()) return fail(exc::ValueError, "Empty attribute in format string");
      Ref name = make_str(part);
      list_append(as<List>(rest), make_tuple({Value::boolean(true), name}));
      i = end;
    } else if (text[i] == '[') {
      const size_t end = text.find(']', i + 1);
      if (end == text.npos) return fail(exc::ValueError, "Missing ']' in format string");
      const std::string part = text.substr(i + 1, end - i - 1);
      if (part.empty()) return fail(exc::ValueError, "Empty attribute in format string");
      Ref name = name_or_number(part);
      list_append(as<List>(rest), make_tuple({Value::boolean(false), name}));
      i = end + 1;
    } else {
      return fail(exc::ValueError, "Only '.' or '[' may follow ']' in format field specifier");
    }
  }
  Ref head = name_or_number(first);
  Ref iterator = TRY(get_iter(rest));
  return make_tuple({head, iterator});
}

// Yields (literal, field name, format spec, conversion).
Ref formatter_parser(Value, const Value* a) {
  if (!is<Str>(a[0])) return fail(exc::TypeError, "expected str, got {}", type_name(a[0]));
  const std::string text = to_string(a[0]);
  Ref list = make_list();
  size_t i = 0;
  while (i < text.size()) {
    std::string literal;
    bool field = false;
    for (; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '{' || c == '}') {
        if (i + 1 < text.size() && text[i + 1] == c) {
          // A doubled brace ends the literal, as CPython's parser has it.
          literal += c;
          i += 2;
          break;
        }
        if (c == '}') return fail(exc::ValueError, "Single '}}' encountered in format string");
        if (i + 1 >= text.size()) return fail(exc::ValueError, "Single '{{' encountered in format string");
        field = true;
        ++i;
        break;
      }
      literal += c;
    }
    Ref literal_value = make_str(literal);
    if (!field) {
      list_append(as<List>(list), make_tuple({literal_value, Value::none(), Value::none(), Value::none()}));
      continue;
    }
    int depth = 1;
    size_t j = i;
    bool bracket = false;
    for (; j < text.size(); ++j) {
      if (text[j] == '[') bracket = true;
      if (text[j] == ']') bracket = false;
      if (bracket) continue;
      if (text[j] == '{') ++depth;
      if (text[j] == '}' && --depth == 0) break;
    }
    if (depth) return fail(exc::ValueError, "expected '}}' before end of string");
    const std::string body = text.substr(i, j - i);
    i = j + 1;
    size_t k = 0;
    bracket = false;
    for (; k < body.size(); ++k) {
      if (body[k] == '[') bracket = true;
      if (body[k] == ']') bracket = false;
      if (!bracket && (body[k] == ':' || body[k] == '!')) break;
    }
    const std::string name = body.substr(0, k);
    std::string conversion, spec;
    if (k < body.size() && body[k] == '!') {
      if (k + 1 >= body.size()) return fail(exc::ValueError, "end of string while looking for conversion specifier");
      conversion = body[k + 1];
      k += 2;
      if (k < body.size() && body[k] != ':') return fail(exc::ValueError, "expected ':' after conversion specifier");
    }
    if (k < body.size()) spec = body.substr(k + 1);
    Ref name_value = make_str(name), spec_value = make_str(spec),
        conversion_value = conversion.empty() ? Ref::none() : make_str(conversion);
    list_append(as<List>(list), make_tuple({literal_value, name_value, spec_value, conversion_value}));
  }
  return get_iter(list);
}

const NativeDef kFunctions[] = {
    {"formatter_field_name_split", "($module, name, /)", formatter_field_name_split, nullptr},
    {"formatter_parser", "($module, format, /)", formatter_parser, nullptr},
    {}};

}  // namespace

extern const ModuleDef string_module;
const ModuleDef string_module = {"_string", "string helper module", kFunctions, nullptr};

}  // namespace hiss
