// unicodedata: the Unicode Character Database, in version 14.0.0 and, as ucd_3_2_0, in version 3.2.0.
#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/text_units.h"
#include "object/unicode_names.h"
#include "object/unicode_tables.h"

namespace hiss {

namespace {

// The functions of the module are the methods of ucd_3_2_0 too: `self` tells which version is asked.
Type ucd_type;
bool is_old(Value self) { return type_of(self) == &ucd_type; }

Result<uint32_t> character(Value v, const char* function, const char* argument = "argument") {
  if (is<Str>(v) && as<Str>(v)->length == 1) return as<Str>(v)->at(0);
  return fail(exc::TypeError, "{}() {} must be a unicode character, not {}", function, argument,
              v.is_none() ? "None" : type_name(v));
}
unicode::Record record_of(Value self, uint32_t c) {
  return is_old(self) ? unicode::record_in_3_2(c) : unicode::record(c);
}
Ref default_or(Value given, const char* message) {
  return given ? Ref::share(given) : fail(exc::ValueError, "{}", message);
}

Ref ucd_decimal(Value self, const Value* a) {
  const uint32_t c = TRY(character(a[0], "decimal", "argument 1"));
  const int value = record_of(self, c).decimal;
  return value < 0 ? default_or(a[1], "not a decimal") : make_int(value);
}
Ref ucd_digit(Value self, const Value* a) {
  const uint32_t c = TRY(character(a[0], "digit", "argument 1"));
  const int value = record_of(self, c).digit;
  return value < 0 ? default_or(a[1], "not a digit") : make_int(value);
}
Ref ucd_numeric(Value self, const Value* a) {
  const uint32_t c = TRY(character(a[0], "numeric", "argument 1"));
  return record_of(self, c).numeric == 0 ? default_or(a[1], "not a numeric character")
                                         : make_float(unicode::numeric_value(c));
}
Ref ucd_category(Value self, const Value* a) {
  return make_str(unicode::category_name(record_of(self, TRY(character(a[0], "category")))));
}
Ref ucd_bidirectional(Value self, const Value* a) {
  return make_str(unicode::bidirectional_name(record_of(self, TRY(character(a[0], "bidirectional")))));
}
Ref ucd_width(Value self, const Value* a) {
  return make_str(unicode::width_name(record_of(self, TRY(character(a[0], "east_asian_width")))));
}
Ref ucd_combining(Value self, const Value* a) {
  return make_int(record_of(self, TRY(character(a[0], "combining"))).combining);
}
Ref ucd_mirrored(Value self, const Value* a) {
  return make_int(record_of(self, TRY(character(a[0], "mirrored"))).flags & unicode::kMirrored ? 1 : 0);
}
Ref ucd_decomposition(Value self, const Value* a) {
  const uint32_t c = TRY(character(a[0], "decomposition"));
  if (is_old(self) && !unicode::known_in_3_2(c)) return empty_str();
  return make_str(unicode::decomposition(c));
}

// ---- Normal forms

Result<unicode::Form> form_argument(Value v, const char* function) {
  Str* form = TRY(str_argument(v, function, "argument 1"));
  if (equal(form, "NFC")) return unicode::Form::C;
  if (equal(form, "NFD")) return unicode::Form::D;
  if (equal(form, "NFKC")) return unicode::Form::KC;
  if (equal(form, "NFKD")) return unicode::Form::KD;
  return fail(exc::ValueError, "invalid normalization form");
}
Ref normal_form(Value self, Str* text, unicode::Form form) {
  if (text->ascii) return Ref::share(text);
  std::vector<uint32_t> characters(static_cast<size_t>(text->length));
  for (int64_t i = 0; i < text->length; ++i) characters[static_cast<size_t>(i)] = text->at(i);
  const std::vector<uint32_t> normal = unicode::normalize(characters, form, is_old(self));
  if (normal == characters && is_exact(to_value(text), str_type)) return Ref::share(text);
  return make_str_ucs4(normal.data(), static_cast<int64_t>(normal.size()));
}
Ref ucd_normalize(Value self, const Value* a) {
  TRY(str_argument(a[0], "normalize", "argument 1"));
  Str* text = TRY(str_argument(a[1], "normalize", "argument 2"));
  if (text->length == 0) return Ref::share(text);
  return normal_form(self, text, TRY(form_argument(a[0], "normalize")));
}
Ref ucd_is_normalized(Value self, const Value* a) {
  TRY(str_argument(a[0], "is_normalized", "argument 1"));
  Str* text = TRY(str_argument(a[1], "is_normalized", "argument 2"));
  if (text->length == 0) return Ref::boolean(true);
  Ref normal = TRY(normal_form(self, text, TRY(form_argument(a[0], "is_normalized"))));
  return Ref::boolean(equal(as<Str>(normal), text));
}

// ---- Names

Ref ucd_name(Value self, const Value* a) {
  const uint32_t c = TRY(character(a[0], "name", "argument 1"));
  const std::string name = is_old(self) && !unicode::known_in_3_2(c) ? "" : unicode::character_name(c);
  return name.empty() ? default_or(a[1], "no such name") : make_str(name);
}
std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}
Ref ucd_lookup(Value self, const Value* a) {
  std::string name;
  if (is<Str>(a[0])) {
    name = to_string(a[0]);
  } else {
    BufferView view(TRY(get_buffer(a[0])));
    name = view.text();
  }
  if (name.size() > 256) return fail(exc::KeyError, "name too long");
  const int64_t c = unicode::character_by_name(name);
  // Version 3.2.0 has neither aliases nor named sequences.
  const bool found = c >= 0 && (!is_old(self) || (unicode::known_in_3_2(static_cast<uint32_t>(c)) &&
                                                  unicode::character_name(static_cast<uint32_t>(c)) == upper(name)));
  if (found) return make_char(static_cast<uint32_t>(c));
  const std::vector<uint32_t> sequence = is_old(self) ? std::vector<uint32_t>() : unicode::named_sequence(name);
  if (!sequence.empty()) return make_str_ucs4(sequence.data(), static_cast<int64_t>(sequence.size()));
  return fail(exc::KeyError, "undefined character name '{}'", name);
}

const NativeDef kFunctions[] = {
    {"decimal", "($self, chr, default=<unrepresentable>, /)", ucd_decimal,
     "The value of the decimal digit chr as an int; else default, or ValueError without one."},
    {"digit", "($self, chr, default=<unrepresentable>, /)", ucd_digit,
     "The value of the digit chr (superscripts and the like included); else default, or ValueError without one."},
    {"numeric", "($self, chr, default=<unrepresentable>, /)", ucd_numeric,
     "The numeric value of chr as a float; else default, or ValueError without one."},
    {"category", "($self, chr, /)", ucd_category, "The general category of chr: 'Lu', 'Nd', ..."},
    {"bidirectional", "($self, chr, /)", ucd_bidirectional,
     "The class of chr in bidirectional text; empty if the database gives none."},
    {"combining", "($self, chr, /)", ucd_combining, "The canonical combining class of chr; 0 for most characters."},
    {"mirrored", "($self, chr, /)", ucd_mirrored, "1 if chr is mirrored in text that runs from right to left, else 0."},
    {"east_asian_width", "($self, chr, /)", ucd_width, "How wide chr is in East Asian text: 'W', 'Na', ..."},
    {"decomposition", "($self, chr, /)", ucd_decomposition,
     "How chr decomposes, in the database's notation; empty if it does not."},
    {"name", "($self, chr, default=<unrepresentable>, /)", ucd_name,
     "The name of chr; else default, or ValueError without one."},
    {"lookup", "($self, name, /)", ucd_lookup,
     "The character, or sequence of characters, of this name or alias; KeyError if there is none."},
    {"is_normalized", "($self, form, unistr, /)", ucd_is_normalized,
     "Whether unistr is in the normal form 'NFC', 'NFKC', 'NFD' or 'NFKD'."},
    {"normalize", "($self, form, unistr, /)", ucd_normalize,
     "unistr in the normal form 'NFC', 'NFKC', 'NFD' or 'NFKD'."},
    {}};
Ref old_version(Value) { return make_str("3.2.0"); }
const GetSetDef kGetSets[] = {{"unidata_version", old_version, nullptr}, {}};

Status initialize(Value module) {
  define_type(ucd_type, {.name = "unicodedata.UCD", .flags = Type::kNoInstances});
  ucd_type.methods = kFunctions;
  ucd_type.getsets = kGetSets;
  ready_type(ucd_type);
  add_type(module, ucd_type);
  Ref old = Ref::steal(allocate(&ucd_type));
  add_object(module, "ucd_3_2_0", old);
  add_text(module, "unidata_version", "14.0.0");
  return kOk;
}

}  // namespace

extern const ModuleDef unicodedata_module;
const ModuleDef unicodedata_module = {"unicodedata", "Properties of characters, from the Unicode Character Database.",
                                      kFunctions, initialize};

}  // namespace hiss
