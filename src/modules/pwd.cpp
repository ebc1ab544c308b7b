// pwd: the user database.
#include <pwd.h>

#include <vector>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

StructSequenceType passwd_type;
const StructField kFields[] = {{"pw_name", "user name"},     {"pw_passwd", "password"}, {"pw_uid", "user id"},
                               {"pw_gid", "group id"},       {"pw_gecos", "real name"}, {"pw_dir", "home directory"},
                               {"pw_shell", "shell program"}};

Ref entry_of(const passwd* p) {
  auto text = [](const char* s) { return s ? fs_decode(s) : Ref::none(); };
  return make_struct_sequence(
      passwd_type, {text(p->pw_name), text(p->pw_passwd), make_int(static_cast<int64_t>(p->pw_uid)),
                    make_int(static_cast<int64_t>(p->pw_gid)), text(p->pw_gecos), text(p->pw_dir), text(p->pw_shell)});
}
Ref pwd_getpwuid(Value, const Value* a) {
  Ref number = TRY(index(a[0]));
  const auto id = int_value(number);
  if (!id || *id < -1 || *id > UINT32_MAX)
    return fail_text(exc::KeyError, "getpwuid(): uid not found: " + repr_text(number));
  passwd storage, *found = nullptr;
  std::vector<char> buffer(16384);
  {
    AllowThreads allow;
    getpwuid_r(static_cast<uid_t>(*id), &storage, buffer.data(), buffer.size(), &found);
  }
  if (!found) return fail_text(exc::KeyError, fmt::format("getpwuid(): uid not found: {}", *id));
  return entry_of(found);
}
Ref pwd_getpwnam(Value, const Value* a) {
  Str* name = TRY(str_argument(a[0], "getpwnam", "argument"));
  const std::string text = TRY(fs_encode(to_value(name)));
  passwd storage, *found = nullptr;
  std::vector<char> buffer(16384);
  {
    AllowThreads allow;
    getpwnam_r(text.c_str(), &storage, buffer.data(), buffer.size(), &found);
  }
  if (!found) return fail_text(exc::KeyError, "getpwnam(): name not found: " + repr_text(a[0]));
  return entry_of(found);
}
Ref pwd_getpwall(Value, const Value*) {
  Ref list = make_list();
  setpwent();
  while (const passwd* p = getpwent()) list_append(as<List>(list), entry_of(p));
  endpwent();
  return list;
}
const NativeDef kFunctions[] = {
    {"getpwuid", "($module, uidobj, /)", pwd_getpwuid, "The user whose ID is uidobj; KeyError if there is none."},
    {"getpwnam", "($module, name, /)", pwd_getpwnam, "The user called name; KeyError if there is none."},
    {"getpwall", "($module, /)", pwd_getpwall, "All users, as a list in no certain order."},
    {}};
Status initialize(Value module) {
  define_struct_sequence(passwd_type, {"pwd.struct_passwd", "pwd.struct_passwd: one user.", kFields, 7, 7});
  add_type(module, passwd_type);
  return kOk;
}

}  // namespace

extern const ModuleDef pwd_module;
const ModuleDef pwd_module = {"pwd", "The users the system knows, as in /etc/passwd.", kFunctions, initialize};

}  // namespace hiss
