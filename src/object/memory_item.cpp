#include "object/memory_item.h"

#include <cmath>
#include <cstring>

#include "base/half.h"
#include "object/bytes.h"
#include "object/index.h"

namespace hiss {

char item_code(const char* format) {
  if (*format == '@') ++format;
  if (!format[0] || format[1]) return 0;
  return item_code_size(format[0]) ? format[0] : 0;
}

int64_t item_code_size(char code) {
  switch (code) {
    case 'b':
    case 'B':
    case 'c':
    case '?':
      return 1;
    case 'h':
    case 'H':
    case 'e':
      return 2;
    case 'i':
    case 'I':
    case 'f':
      return 4;
    case 'l':
    case 'L':
    case 'q':
    case 'Q':
    case 'n':
    case 'N':
    case 'd':
    case 'P':
      return 8;
    default:
      return 0;
  }
}

namespace {
template <typename T>
T load(const uint8_t* p) {
  T value;
  memcpy(&value, p, sizeof value);
  return value;
}
template <typename T>
void store(uint8_t* p, T value) {
  memcpy(p, &value, sizeof value);
}

Failure fail_range(char code) { return fail(exc::ValueError, "memoryview: invalid value for format '{}'", code); }
Failure fail_type(char code) { return fail(exc::TypeError, "memoryview: invalid type for format '{}'", code); }

template <typename T>
Status store_int(uint8_t* p, char code, Value v) {
  if (!has_index(v)) return fail_type(code);
  Ref n = index(v);
  if (n.is_error()) return Failure{};
  const auto i = int_value(n);
  if constexpr (std::is_signed_v<T>) {
    if (!i || *i < std::numeric_limits<T>::min() || *i > std::numeric_limits<T>::max()) return fail_range(code);
    store<T>(p, static_cast<T>(*i));
  } else if constexpr (sizeof(T) == 8) {
    const MpzView z(n);
    if (int_sign(n) < 0 || mpz_sizeinbase(z, 2) > 64) return fail_range(code);
    store<T>(p, mpz_get_ui(z));
  } else {
    if (!i || *i < 0 || *i > std::numeric_limits<T>::max()) return fail_range(code);
    store<T>(p, static_cast<T>(*i));
  }
  return kOk;
}
}  // namespace

Ref read_item(const uint8_t* p, char code) {
  switch (code) {
    case 'B':
      return make_int(int64_t{*p});
    case 'b':
      return make_int(int64_t{load<int8_t>(p)});
    case 'c':
      return make_bytes(p, 1);
    case '?':
      return Ref::boolean(*p != 0);
    case 'h':
      return make_int(int64_t{load<int16_t>(p)});
    case 'H':
      return make_int(int64_t{load<uint16_t>(p)});
    case 'i':
      return make_int(int64_t{load<int32_t>(p)});
    case 'I':
      return make_int(int64_t{load<uint32_t>(p)});
    case 'l':
    case 'q':
    case 'n':
      return make_int(load<int64_t>(p));
    case 'L':
    case 'Q':
    case 'N':
    case 'P':
      return make_uint(load<uint64_t>(p));
    case 'f':
      return make_float(load<float>(p));
    case 'd':
      return make_float(load<double>(p));
    case 'e':
      return make_float(half_to_double(load<uint16_t>(p)));
    default:
      return fail(exc::NotImplementedError, "memoryview: format {} not supported", code);
  }
}

Status write_item(uint8_t* p, char code, Value v) {
  switch (code) {
    case 'B':
      return store_int<uint8_t>(p, code, v);
    case 'b':
      return store_int<int8_t>(p, code, v);
    case 'h':
      return store_int<int16_t>(p, code, v);
    case 'H':
      return store_int<uint16_t>(p, code, v);
    case 'i':
      return store_int<int32_t>(p, code, v);
    case 'I':
      return store_int<uint32_t>(p, code, v);
    case 'l':
    case 'q':
    case 'n':
      return store_int<int64_t>(p, code, v);
    case 'L':
    case 'Q':
    case 'N':
    case 'P':
      return store_int<uint64_t>(p, code, v);
    case '?':
      store<uint8_t>(p, TRY(truth(v)));
      return kOk;
    case 'c':
      if (!is<Bytes>(v)) return fail_type(code);
      if (as<Bytes>(v)->length != 1) return fail_range(code);
      *p = as<Bytes>(v)->data[0];
      return kOk;
    case 'f':
    case 'd':
    case 'e': {
      if (!is_float(v) && !is_int(v) && !type_of(v)->slots.to_float && !has_index(v)) return fail_type(code);
      const double d = TRY(to_double(v));
      if (code == 'd') {
        store<double>(p, d);
      } else if (code == 'f') {
        if (std::isfinite(d) && std::isinf(static_cast<float>(d))) return fail_range(code);
        store<float>(p, static_cast<float>(d));
      } else {
        uint16_t half;
        if (!double_to_half(d, half)) return fail(exc::OverflowError, "float too large to pack with e format");
        store<uint16_t>(p, half);
      }
      return kOk;
    }
    default:
      return fail(exc::NotImplementedError, "memoryview: format {} not supported", code);
  }
}

}  // namespace hiss
