#include "modules/module_content.h"

#include <climits>

namespace hiss {

void add_functions(Value module, const NativeDef* functions) {
  Dict* dict = module_dict(module);
  Value name = dict_get(dict, names.__name__);
  for (const NativeDef* def = functions; def->name; ++def)
    dict_set(dict, intern(def->name), make_native_function(def, module, name));
}

Result<int> to_c_int(Value v) {
  if (is_float(v)) return fail(exc::TypeError, "'float' object cannot be interpreted as an integer");
  Ref number = TRY(index(v));
  const auto i = int_value(number);
  if (!i || *i > INT_MAX || *i < INT_MIN) return fail(exc::OverflowError, "Python int too large to convert to C int");
  return static_cast<int>(*i);
}

Result<uint64_t> to_uint_mask(Value v) {
  Ref number = TRY(index(v));
  if (auto i = int_value(number)) return static_cast<uint64_t>(*i);
  MpzView z(number);
  const uint64_t low = mpz_get_ui(z);
  return int_sign(number) < 0 ? ~low + 1 : low;
}

Result<Str*> str_argument(Value v, const char* function, const char* argument) {
  if (is<Str>(v)) return as<Str>(v);
  return fail(exc::TypeError, "{}() {} must be str, not {}", function, argument, v.is_none() ? "None" : type_name(v));
}

}  // namespace hiss
