// The text of ast.dump, for tests and for `-m ast` style tools.
#include <gmp.h>

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "syntax/ast.h"

namespace hiss::syntax {

namespace {

/// repr of a float; with `integral_point`, whole numbers keep their ".0".
std::string float_repr(double value, bool integral_point) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if (std::isnan(value)) return "nan";
  char buffer[40];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, end - buffer);
  size_t e = text.find('e');
  int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  std::string digits;
  bool negative = text[0] == '-';
  for (char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  std::string out = negative ? "-" : "";
  int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return out + "0." + std::string(-exponent - 1, '0') + digits;
  if (count <= exponent + 1)
    return out + digits + std::string(exponent + 1 - count, '0') + (integral_point ? ".0" : "");
  return out + digits.substr(0, exponent + 1) + "." + digits.substr(exponent + 1);
}

std::string string_repr(std::string_view text) {
  bool single = text.find('\'') != std::string_view::npos;
  bool both = single && text.find('"') != std::string_view::npos;
  char quote = single && !both ? '"' : '\'';
  std::string out(1, quote);
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const char* before = at;
    char32_t c = decode_utf8(at, end);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out.append(before, at - before);
    } else {
      auto code = static_cast<uint32_t>(c);
      out += code < 0x100     ? fmt::format("\\x{:02x}", code)
             : code < 0x10000 ? fmt::format("\\u{:04x}", code)
                              : fmt::format("\\U{:08x}", code);
    }
  }
  out += quote;
  return out;
}

std::string bytes_repr(std::string_view bytes) {
  char quote = bytes.find('\'') != std::string_view::npos && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out = std::string("b") + quote;
  for (char c : bytes) {
    auto code = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code >= 0x7F) {
      out += fmt::format("\\x{:02x}", code);
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string integer_repr(const Constant& constant) {
  if (constant.fits) return std::to_string(constant.small_int);
  mpz_t value;
  mpz_init(value);
  // Base 0 understands the prefixes 0x, 0b and a leading 0 for octal.
  std::string digits(constant.text);
  if (digits.starts_with("0o")) digits.erase(1, 1);
  bool prefixed = constant.text.size() > 1 && constant.text[0] == '0';
  mpz_set_str(value, digits.c_str(), prefixed ? 0 : 10);
  char* text = mpz_get_str(nullptr, 10, value);
  std::string out(text);
  void (*release)(void*, size_t);
  mp_get_memory_functions(nullptr, nullptr, &release);
  release(text, out.size() + 1);
  mpz_clear(value);
  return out;
}

std::string constant_repr(const Constant& constant) {
  switch (constant.constant_kind) {
    case ConstantKind::None:
      return "None";
    case ConstantKind::True:
      return "True";
    case ConstantKind::False:
      return "False";
    case ConstantKind::Ellipsis:
      return "Ellipsis";
    case ConstantKind::Int:
      return integer_repr(constant);
    case ConstantKind::Float:
      return float_repr(constant.number, true);
    case ConstantKind::Complex:
      return float_repr(constant.number, false) + "j";
    case ConstantKind::Str:
      return string_repr(constant.text);
    case ConstantKind::Bytes:
      return bytes_repr(constant.text);
    case ConstantKind::Object:
      return "<object>";
  }
  return {};
}

class Dumper {
 public:
  explicit Dumper(bool include_attributes) : include_attributes_(include_attributes) {}

  void node(const Node* node) {
    const ClassInfo& info = class_info(node->kind);
    out_ += info.name;
    out_ += '(';
    bool outer_first = first_;
    first_ = true;
    visit_fields(node, *this);
    if (include_attributes_ && info.has_attributes) {
      attribute("lineno", node->lineno);
      attribute("col_offset", node->col_offset);
      attribute("end_lineno", node->end_lineno);
      attribute("end_col_offset", node->end_col_offset);
    }
    out_ += ')';
    first_ = outer_first;
  }

  void constant(const Constant& value) {
    name("value");
    out_ += constant_repr(value);
    if (value.u_prefix.data()) {
      name("kind");
      out_ += "'u'";
    }
  }

  template <class T>
  void operator()(const FieldInfo& field, const T& value) {
    if (field.shape == FieldShape::Optional && is_absent(value)) return;
    name(field.name);
    write(value);
  }

  std::string take() { return std::move(out_); }

 private:
  static bool is_absent(const Node* value) { return value == nullptr; }
  static bool is_absent(std::string_view value) { return value.data() == nullptr; }
  template <class T>
  static bool is_absent(const T&) {
    return false;
  }
  template <class T>
  static bool is_absent(T* value) {
    return value == nullptr;
  }

  void name(const char* text) {
    if (!first_) out_ += ", ";
    first_ = false;
    out_ += text;
    out_ += '=';
  }
  void attribute(const char* text, int value) {
    name(text);
    out_ += std::to_string(value);
  }

  void write(std::string_view value) { out_ += string_repr(value); }
  void write(int32_t value) { out_ += std::to_string(value); }
  void write(ConstantKind kind) {
    out_ += kind == ConstantKind::None ? "None" : kind == ConstantKind::True ? "True" : "False";
  }
  template <class T>
  void write(T* value) {
    if (value == nullptr) {
      out_ += "None";
    } else {
      node(value);
    }
  }
  template <class T>
  void write(const Seq<T>& values) {
    out_ += '[';
    bool first = true;
    for (const T& value : values) {
      if (!first) out_ += ", ";
      first = false;
      write(value);
    }
    out_ += ']';
  }
  template <class T>
  requires std::is_enum_v<T>
  void write(T value) {
    out_ += name_of(value);
    out_ += "()";
  }

  bool include_attributes_;
  bool first_ = true;
  std::string out_;
};

}  // namespace

std::string dump(const Node* node, bool include_attributes) {
  Dumper dumper(include_attributes);
  dumper.node(node);
  return dumper.take();
}

}  // namespace hiss::syntax
