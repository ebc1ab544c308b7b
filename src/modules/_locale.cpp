// _locale: the C library's locale.
#include <langinfo.h>
#include <libintl.h>

#include <climits>
#include <clocale>
#include <cstring>
#include <cwchar>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"

namespace hiss {

namespace {

Ref grouping_list(const char* text) {
  Ref list = make_list();
  // CHAR_MAX ends the list; otherwise the last group repeats, which a 0 says.
  if (!text[0]) return list;
  int i = 0;
  for (; text[i] && text[i] != CHAR_MAX; ++i) list_append(as<List>(list), Value::integer(text[i]));
  list_append(as<List>(list), Value::integer(text[i]));
  return list;
}
Ref locale_setlocale(Value, const Value* a) {
  const int category = TRY(to_c_int(a[0]));
  if (category < LC_CTYPE || category > LC_IDENTIFICATION) return fail(exc::ValueError, "invalid locale category");
  const char* result;
  std::string wanted;
  if (a[1] && !a[1].is_none()) {
    if (!is<Str>(a[1]))
      return fail(exc::TypeError, "setlocale() argument 2 must be str or None, not {}", type_name(a[1]));
    wanted = TRY(fs_encode(a[1]));
    result = setlocale(category, wanted.c_str());
    // Numbers in the program's own text are read by the C library nowhere, but keep it from changing under printf.
    if (!result) {
      Ref locale = TRY(import_module("_locale"));
      Ref error = TRY(get_attr(locale, "Error"));
      Ref message = make_str_ascii("unsupported locale setting");
      return fail_with(TRY(call(error, {message})));
    }
  } else {
    result = setlocale(category, nullptr);
    if (!result) return fail(exc::ValueError, "locale query failed");
  }
  return fs_decode(result);
}
Ref locale_localeconv(Value, const Value*) {
  const lconv* l = localeconv();
  Ref dict = make_dict();
  auto text = [&](const char* name, const char* value) { dict_set(as<Dict>(dict), intern(name), fs_decode(value)); };
  auto number = [&](const char* name, char value) { dict_set(as<Dict>(dict), intern(name), Value::integer(value)); };
  text("decimal_point", l->decimal_point);
  text("thousands_sep", l->thousands_sep);
  dict_set(as<Dict>(dict), intern("grouping"), grouping_list(l->grouping));
  text("int_curr_symbol", l->int_curr_symbol);
  text("currency_symbol", l->currency_symbol);
  text("mon_decimal_point", l->mon_decimal_point);
  text("mon_thousands_sep", l->mon_thousands_sep);
  dict_set(as<Dict>(dict), intern("mon_grouping"), grouping_list(l->mon_grouping));
  text("positive_sign", l->positive_sign);
  text("negative_sign", l->negative_sign);
  number("int_frac_digits", l->int_frac_digits);
  number("frac_digits", l->frac_digits);
  number("p_cs_precedes", l->p_cs_precedes);
  number("p_sep_by_space", l->p_sep_by_space);
  number("n_cs_precedes", l->n_cs_precedes);
  number("n_sep_by_space", l->n_sep_by_space);
  number("p_sign_posn", l->p_sign_posn);
  number("n_sign_posn", l->n_sign_posn);
  return dict;
}
Result<std::wstring> wide(Value v, const char* function, const char* argument) {
  Str* s = TRY(str_argument(v, function, argument));
  std::wstring out;
  for (int64_t i = 0; i < s->length; ++i) out += static_cast<wchar_t>(s->at(i));
  if (out.find(L'\0') != out.npos) return fail(exc::ValueError, "embedded null character");
  return out;
}
Ref locale_strcoll(Value, const Value* a) {
  const std::wstring x = TRY(wide(a[0], "strcoll", "argument 1")), y = TRY(wide(a[1], "strcoll", "argument 2"));
  return make_int(wcscoll(x.c_str(), y.c_str()));
}
Ref locale_strxfrm(Value, const Value* a) {
  const std::wstring x = TRY(wide(a[0], "strxfrm", "argument"));
  std::wstring out(x.size() + 1, L'\0');
  errno = 0;
  size_t n = wcsxfrm(out.data(), x.c_str(), out.size());
  if (errno && errno != ERANGE) return fail_errno(errno);
  if (n >= out.size()) {
    out.resize(n + 1);
    n = wcsxfrm(out.data(), x.c_str(), out.size());
  }
  StrBuilder b;
  for (size_t i = 0; i < n; ++i) b.append_char(static_cast<uint32_t>(out[i]) & 0x1FFFFF);
  return b.finish();
}
Ref locale_nl_langinfo(Value, const Value* a) {
  const char* text = nl_langinfo(static_cast<nl_item>(TRY(to_c_int(a[0]))));
  return fs_decode(text ? text : "");
}
Ref locale_getencoding(Value, const Value*) { return make_str_ascii("UTF-8"); }
Ref locale_gettext(Value, const Value* a) { return fs_decode(gettext(TRY(fs_path(a[0])).c_str())); }
Ref locale_dgettext(Value, const Value* a) {
  const std::string domain = a[0].is_none() ? "" : TRY(fs_path(a[0]));
  const std::string message = TRY(fs_path(a[1]));
  return fs_decode(dgettext(a[0].is_none() ? nullptr : domain.c_str(), message.c_str()));
}
Ref locale_textdomain(Value, const Value* a) {
  const std::string domain = a[0].is_none() ? "" : TRY(fs_path(a[0]));
  const char* now = textdomain(a[0].is_none() ? nullptr : domain.c_str());
  if (!now) return fail_errno(errno);
  return fs_decode(now);
}
Ref locale_bindtextdomain(Value, const Value* a) {
  const std::string domain = TRY(fs_path(a[0]));
  if (domain.empty()) return fail(exc::ValueError, "domain must be a non-empty string");
  const std::string folder = a[1].is_none() ? "" : TRY(fs_path(a[1]));
  const char* now = bindtextdomain(domain.c_str(), a[1].is_none() ? nullptr : folder.c_str());
  if (!now) return fail_errno(errno);
  return fs_decode(now);
}

const NativeDef kFunctions[] = {
    {"setlocale", "($module, category, locale=None, /)", locale_setlocale,
     "Change the locale of a category and return its name; without locale, only return it."},
    {"localeconv", "($module, /)", locale_localeconv,
     "A dict of how the current locale writes numbers and amounts of money."},
    {"strcoll", "($module, os1, os2, /)", locale_strcoll,
     "A negative, zero or positive number, as os1 sorts before, with or after os2 in the current locale."},
    {"strxfrm", "($module, string, /)", locale_strxfrm,
     "Transform string so that plain comparison of the results sorts as strcoll() does."},
    {"nl_langinfo", "($module, key, /)", locale_nl_langinfo,
     "Look up one item of the current locale, such as CODESET or RADIXCHAR."},
    {"getencoding", "($module, /)", locale_getencoding, "The name of the encoding that the current locale uses."},
    {"gettext", "($module, msg, /)", locale_gettext, "gettext(msg) -> string"},
    {"dgettext", "($module, domain, msg, /)", locale_dgettext, "dgettext(domain, msg) -> string"},
    {"textdomain", "($module, domain, /)", locale_textdomain,
     "Choose the message domain that gettext() uses, unless domain is None; returns the one now in use."},
    {"bindtextdomain", "($module, domain, dir, /)", locale_bindtextdomain,
     "Say in which directory the catalogs of domain lie, unless dir is None; returns the directory now in use."},
    {}};

Status initialize(Value module) {
#define C(name) \
  { #name, name }
  struct Constant {
    const char* name;
    int value;
  };
  const Constant constants[] = {
      C(LC_CTYPE), C(LC_TIME),   C(LC_COLLATE),  C(LC_MONETARY), C(LC_MESSAGES), C(LC_NUMERIC), C(LC_ALL),
      C(CHAR_MAX), C(DAY_1),     C(DAY_2),       C(DAY_3),       C(DAY_4),       C(DAY_5),      C(DAY_6),
      C(DAY_7),    C(ABDAY_1),   C(ABDAY_2),     C(ABDAY_3),     C(ABDAY_4),     C(ABDAY_5),    C(ABDAY_6),
      C(ABDAY_7),  C(MON_1),     C(MON_2),       C(MON_3),       C(MON_4),       C(MON_5),      C(MON_6),
      C(MON_7),    C(MON_8),     C(MON_9),       C(MON_10),      C(MON_11),      C(MON_12),     C(ABMON_1),
      C(ABMON_2),  C(ABMON_3),   C(ABMON_4),     C(ABMON_5),     C(ABMON_6),     C(ABMON_7),    C(ABMON_8),
      C(ABMON_9),  C(ABMON_10),  C(ABMON_11),    C(ABMON_12),    C(RADIXCHAR),   C(THOUSEP),    C(CRNCYSTR),
      C(D_FMT),    C(D_T_FMT),   C(T_FMT),       C(AM_STR),      C(PM_STR),      C(CODESET),    C(T_FMT_AMPM),
      C(ERA),      C(ERA_D_FMT), C(ERA_D_T_FMT), C(ERA_T_FMT),   C(ALT_DIGITS),  C(YESEXPR),    C(NOEXPR)};
#undef C
  for (const Constant& c : constants) add_int(module, c.name, c.value);
  Ref name = make_str_ascii("Error"), bases = make_tuple({to_value(&exc::Exception)}), space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str_ascii("locale"));
  Ref error = TRY(call(to_value(&type_type), {name, bases, space}));
  add_object(module, "Error", error);
  // As CPython at its start: only the character type follows the environment.
  setlocale(LC_CTYPE, "");
  return kOk;
}

}  // namespace

extern const ModuleDef locale_module;
const ModuleDef locale_module = {"_locale", "The C library's locale functions; the locale module builds on them.",
                                 kFunctions, initialize};

}  // namespace hiss
