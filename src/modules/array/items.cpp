// The item types of arrays.
#include <cstring>
#include <limits>
#include <optional>

#include "modules/array/array.h"
#include "modules/module_content.h"
#include "object/bytes.h"
#include "object/codecs_text.h"

namespace hiss {

namespace {

template <typename T>
Ref get_number(const uint8_t* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  if constexpr (std::is_floating_point_v<T>) {
    return make_float(static_cast<double>(v));
  } else if constexpr (std::is_unsigned_v<T>) {
    return make_uint(v);
  } else {
    return make_int(v);
  }
}

struct Range {
  const char* name;
  const char* low;
  const char* high;
};
template <typename T>
Status set_integer(uint8_t* at, Value v, const Range& r) {
  if (is_float(v)) return fail(exc::TypeError, "'float' object cannot be interpreted as an integer");
  Ref number = TRY(index(v));
  MpzView z(number);
  T out;
  if constexpr (std::is_unsigned_v<T>) {
    if (int_sign(number) < 0) {
      return r.low ? fail(exc::OverflowError, "{}", r.low)
                   : fail(exc::OverflowError, "can't convert negative value to unsigned int");
    }
    const auto wide = mpz_sizeinbase(z, 2) > 64 ? std::nullopt : std::optional<uint64_t>(mpz_get_ui(z));
    if (!wide || *wide > std::numeric_limits<T>::max()) return fail(exc::OverflowError, "{}", r.high);
    out = static_cast<T>(*wide);
  } else {
    const auto wide = int_value(number);
    if (!wide) return fail(exc::OverflowError, "{}", int_sign(number) < 0 ? r.low : r.high);
    if (*wide < std::numeric_limits<T>::min()) return fail(exc::OverflowError, "{}", r.low);
    if (*wide > std::numeric_limits<T>::max()) return fail(exc::OverflowError, "{}", r.high);
    out = static_cast<T>(*wide);
  }
  std::memcpy(at, &out, sizeof out);
  return kOk;
}

#define INTEGER(code, T, low, high) \
  Status set_##code(uint8_t* at, Value v) { return set_integer<T>(at, v, {#T, low, high}); }
INTEGER(b, int8_t, "signed char is less than minimum", "signed char is greater than maximum")
INTEGER(B, uint8_t, "unsigned byte integer is less than minimum", "unsigned byte integer is greater than maximum")
INTEGER(h, int16_t, "signed short integer is less than minimum", "signed short integer is greater than maximum")
INTEGER(H, uint16_t, "unsigned short is less than minimum", "unsigned short is greater than maximum")
INTEGER(i, int32_t, "signed integer is less than minimum", "signed integer is greater than maximum")
INTEGER(I, uint32_t, nullptr, "unsigned int is greater than maximum")
INTEGER(l, int64_t, "int too big to convert", "int too big to convert")
INTEGER(L, uint64_t, nullptr, "int too big to convert")
#undef INTEGER

template <typename T>
Status set_float(uint8_t* at, Value v) {
  const T out = static_cast<T>(TRY(to_double(v)));
  std::memcpy(at, &out, sizeof out);
  return kOk;
}
Ref get_char(const uint8_t* at) {
  uint32_t c;
  std::memcpy(&c, at, sizeof c);
  if (c > 0x10FFFF) return fail(exc::ValueError, "character U+{:x} is not in range [U+0000; U+10ffff]", c);
  return make_char(c);
}
Status set_char(uint8_t* at, Value v) {
  if (!is<Str>(v)) return fail(exc::TypeError, "array item must be a unicode character, not {}", type_name(v));
  if (as<Str>(v)->length != 1)
    return fail(exc::TypeError, "array item must be a string of length 1, not a string of length {}",
                as<Str>(v)->length);
  const uint32_t c = as<Str>(v)->at(0);
  std::memcpy(at, &c, sizeof c);
  return kOk;
}

const ArrayItem kItems[] = {{'b', 1, "b", get_number<int8_t>, set_b, 1, true, true},
                            {'B', 1, "B", get_number<uint8_t>, set_B, 0, true, false},
                            {'u', 4, "w", get_char, set_char, 20, false, false},
                            {'h', 2, "h", get_number<int16_t>, set_h, 4, true, true},
                            {'H', 2, "H", get_number<uint16_t>, set_H, 2, true, false},
                            {'i', 4, "i", get_number<int32_t>, set_i, 8, true, true},
                            {'I', 4, "I", get_number<uint32_t>, set_I, 6, true, false},
                            {'l', 8, "l", get_number<int64_t>, set_l, 12, true, true},
                            {'L', 8, "L", get_number<uint64_t>, set_L, 10, true, false},
                            {'q', 8, "q", get_number<int64_t>, set_l, 12, true, true},
                            {'Q', 8, "Q", get_number<uint64_t>, set_L, 10, true, false},
                            {'f', 4, "f", get_number<float>, set_float<float>, 14, false, false},
                            {'d', 8, "d", get_number<double>, set_float<double>, 16, false, false}};

}  // namespace

const char kArrayCodes[] = "bBuhHiIlLqQfd";

const ArrayItem* find_array_item(char code) {
  for (const ArrayItem& item : kItems) {
    if (item.code == code) return &item;
  }
  return nullptr;
}

// ---- Pickled arrays carry the format of the machine that made them

namespace {
struct MachineFormat {
  int size;
  bool is_integer, is_signed, big_endian;
};
const MachineFormat kFormats[22] = {
    {1, true, false, false},  {1, true, true, false},  {2, true, false, false},  {2, true, false, true},
    {2, true, true, false},   {2, true, true, true},   {4, true, false, false},  {4, true, false, true},
    {4, true, true, false},   {4, true, true, true},   {8, true, false, false},  {8, true, false, true},
    {8, true, true, false},   {8, true, true, true},   {4, false, false, false}, {4, false, false, true},
    {8, false, false, false}, {8, false, false, true}, {4, false, false, false}, {4, false, false, true},
    {8, false, false, false}, {8, false, false, true}};
}  // namespace

Ref array_reconstructor(Value, const Value* a) {
  // (arraytype, typecode, mformat_code, items)
  if (!is<Type>(a[0])) return fail(exc::TypeError, "first argument must be a type object, not {}", type_name(a[0]));
  if (!is_subtype(as<Type>(a[0]), &array_type))
    return fail(exc::TypeError, "{} is not a subtype of {}", type_name(as<Type>(a[0])), type_name(&array_type));
  if (!is<Str>(a[1]) || as<Str>(a[1])->length != 1) {
    return fail(exc::TypeError, "_array_reconstructor() argument 2 must be a unicode character, not {}",
                type_name(a[1]));
  }
  const uint32_t code = as<Str>(a[1])->at(0);
  const ArrayItem* item = code < 128 ? find_array_item(static_cast<char>(code)) : nullptr;
  if (!item) return fail(exc::ValueError, "second argument must be a valid type code");
  const int format = TRY(to_c_int(a[2]));
  if (format < 0 || format > 21) return fail(exc::ValueError, "third argument must be a valid machine format code.");
  if (!is<Bytes>(a[3])) return fail(exc::TypeError, "fourth argument should be bytes, not {}", type_name(a[3]));
  auto* bytes = as<Bytes>(a[3]);
  Ref result = TRY(make_array(as<Type>(a[0]), item, 0));
  if (format == item->machine_format) {
    if (bytes->length % item->size) return fail(exc::ValueError, "bytes length not a multiple of item size");
    TRY(array_from_bytes(array_of(result), bytes->data, bytes->length));
    return result;
  }
  if (format >= 18) {
    int order = kFormats[format].big_endian ? 1 : -1;
    DecodeInput in{bytes->data, bytes->length, a[3], "strict"};
    Ref text = TRY(format < 20 ? decode_utf16(in, order) : decode_utf32(in, order));
    TRY(array_extend(array_of(result), text));
    return result;
  }
  const MachineFormat& f = kFormats[format];
  if (bytes->length % f.size) return fail(exc::ValueError, "bytes length not a multiple of item size");
  for (int64_t i = 0; i < bytes->length; i += f.size) {
    uint8_t raw[8];
    for (int k = 0; k < f.size; ++k) raw[k] = bytes->data[i + (f.big_endian ? f.size - 1 - k : k)];
    Ref value;
    if (!f.is_integer) {
      value = f.size == 4 ? get_number<float>(raw) : get_number<double>(raw);
    } else {
      uint64_t v = 0;
      for (int k = f.size; k-- > 0;) v = v << 8 | raw[k];
      if (f.is_signed) {
        const int unused = 64 - 8 * f.size;
        value = make_int(static_cast<int64_t>(v << unused) >> unused);
      } else {
        value = make_uint(v);
      }
    }
    TRY(array_append(array_of(result), value));
  }
  return result;
}

}  // namespace hiss
