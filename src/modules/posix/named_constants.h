// Tables of names with a number, as sysconf and its kin take them.
#pragma once

namespace hiss {

struct NamedConstant {
  const char* name;
  int value;
};
// Each table ends with a null name.
extern const NamedConstant kSysconfNames[];
extern const NamedConstant kPathconfNames[];
extern const NamedConstant kConfstrNames[];

}  // namespace hiss
