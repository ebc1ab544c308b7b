// grp: the group database.
#include <grp.h>

#include <vector>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

StructSequenceType group_type;
const StructField kFields[] = {
    {"gr_name", "group name"}, {"gr_passwd", "password"}, {"gr_gid", "group id"}, {"gr_mem", "group members"}};

Ref entry_of(const group* g) {
  Ref members = make_list();
  for (char** m = g->gr_mem; m && *m; ++m) list_append(as<List>(members), fs_decode(*m));
  return make_struct_sequence(group_type, {fs_decode(g->gr_name), g->gr_passwd ? fs_decode(g->gr_passwd) : Ref::none(),
                                           make_int(static_cast<int64_t>(g->gr_gid)), members});
}
Ref grp_getgrgid(Value, const Value* a) {
  Ref number = TRY(index(a[0]));
  const auto id = int_value(number);
  if (!id || *id < -1 || *id > UINT32_MAX)
    return fail_text(exc::KeyError, "getgrgid(): gid not found: " + repr_text(number));
  group storage, *found = nullptr;
  std::vector<char> buffer(65536);
  {
    AllowThreads allow;
    getgrgid_r(static_cast<gid_t>(*id), &storage, buffer.data(), buffer.size(), &found);
  }
  if (!found) return fail_text(exc::KeyError, fmt::format("getgrgid(): gid not found: {}", *id));
  return entry_of(found);
}
Ref grp_getgrnam(Value, const Value* a) {
  Str* name = TRY(str_argument(a[0], "getgrnam", "argument 'name'"));
  const std::string text = TRY(fs_encode(to_value(name)));
  group storage, *found = nullptr;
  std::vector<char> buffer(65536);
  {
    AllowThreads allow;
    getgrnam_r(text.c_str(), &storage, buffer.data(), buffer.size(), &found);
  }
  if (!found) return fail_text(exc::KeyError, "getgrnam(): name not found: " + repr_text(a[0]));
  return entry_of(found);
}
Ref grp_getgrall(Value, const Value*) {
  Ref list = make_list();
  setgrent();
  while (const group* g = getgrent()) list_append(as<List>(list), entry_of(g));
  endgrent();
  return list;
}
const NativeDef kFunctions[] = {
    {"getgrgid", "($module, /, id)", grp_getgrgid, "The group whose ID is id; KeyError if there is none."},
    {"getgrnam", "($module, /, name)", grp_getgrnam, "The group called name; KeyError if there is none."},
    {"getgrall", "($module, /)", grp_getgrall, "All groups, as a list in no certain order."},
    {}};
Status initialize(Value module) {
  define_struct_sequence(group_type, {"grp.struct_group", "grp.struct_group: one group.", kFields, 4, 4});
  add_type(module, group_type);
  return kOk;
}

}  // namespace

extern const ModuleDef grp_module;
const ModuleDef grp_module = {"grp", "The groups the system knows, as in /etc/group.", kFunctions, initialize};

}  // namespace hiss
