// resource: limits and use of resources.
#include <sys/resource.h>
#include <unistd.h>

#include "modules/module_content.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

StructSequenceType usage_type;
const StructField kFields[] = {{"ru_utime", "user time used"},
                               {"ru_stime", "system time used"},
                               {"ru_maxrss", "max. resident set size"},
                               {"ru_ixrss", "shared memory size"},
                               {"ru_idrss", "unshared data size"},
                               {"ru_isrss", "unshared stack size"},
                               {"ru_minflt", "page faults not requiring I/O"},
                               {"ru_majflt", "page faults requiring I/O"},
                               {"ru_nswap", "number of swap outs"},
                               {"ru_inblock", "block input operations"},
                               {"ru_oublock", "block output operations"},
                               {"ru_msgsnd", "IPC messages sent"},
                               {"ru_msgrcv", "IPC messages received"},
                               {"ru_nsignals", "signals received"},
                               {"ru_nvcsw", "voluntary context switches"},
                               {"ru_nivcsw", "involuntary context switches"}};

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

Ref resource_getrusage(Value, const Value* a) {
  rusage u;
  if (getrusage(static_cast<__rusage_who_t>(TRY(to_c_int(a[0]))), &u) < 0) {
    if (errno == EINVAL) return fail(exc::ValueError, "invalid who parameter");
    return fail_errno(errno);
  }
  return make_struct_sequence(
      usage_type,
      {make_float(seconds_of(u.ru_utime)), make_float(seconds_of(u.ru_stime)), make_int(u.ru_maxrss),
       make_int(u.ru_ixrss), make_int(u.ru_idrss), make_int(u.ru_isrss), make_int(u.ru_minflt), make_int(u.ru_majflt),
       make_int(u.ru_nswap), make_int(u.ru_inblock), make_int(u.ru_oublock), make_int(u.ru_msgsnd),
       make_int(u.ru_msgrcv), make_int(u.ru_nsignals), make_int(u.ru_nvcsw), make_int(u.ru_nivcsw)});
}
Ref limit_pair(const rlimit& l) {
  auto value = [](rlim_t v) { return v == RLIM_INFINITY ? make_int(-1) : make_uint(v); };
  return make_tuple({value(l.rlim_cur), value(l.rlim_max)});
}
Result<rlimit> limit_argument(Value v) {
  Ref pair = TRY(to_tuple(v));
  if (as<Tuple>(pair)->size != 2) return fail(exc::ValueError, "expected a tuple of 2 integers");
  const int64_t soft = TRY(to_int64(as<Tuple>(pair)->items[0])), hard = TRY(to_int64(as<Tuple>(pair)->items[1]));
  return rlimit{static_cast<rlim_t>(soft), static_cast<rlim_t>(hard)};
}
Result<int> resource_argument(Value v) {
  const int number = TRY(to_c_int(v));
  if (number < 0 || number >= static_cast<int>(RLIM_NLIMITS))
    return fail(exc::ValueError, "invalid resource specified");
  return number;
}
Failure fail_limit() {
  if (errno == EINVAL) return fail(exc::ValueError, "current limit exceeds maximum limit");
  if (errno == EPERM) return fail(exc::ValueError, "not allowed to raise maximum limit");
  return fail_errno(errno);
}
Ref resource_getrlimit(Value, const Value* a) {
  rlimit l;
  if (getrlimit(static_cast<__rlimit_resource_t>(TRY(resource_argument(a[0]))), &l) < 0) return fail_errno(errno);
  return limit_pair(l);
}
Ref resource_setrlimit(Value, const Value* a) {
  const int number = TRY(resource_argument(a[0]));
  const rlimit l = TRY(limit_argument(a[1]));
  if (setrlimit(static_cast<__rlimit_resource_t>(number), &l) < 0) return fail_limit();
  return Ref::none();
}
Ref resource_prlimit(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0])), number = TRY(resource_argument(a[1]));
  rlimit old, fresh;
  const bool set = a[2] && !a[2].is_none();
  if (set) fresh = TRY(limit_argument(a[2]));
  if (prlimit(pid, static_cast<__rlimit_resource>(number), set ? &fresh : nullptr, &old) < 0) return fail_limit();
  return limit_pair(old);
}
Ref resource_getpagesize(Value, const Value*) { return make_int(sysconf(_SC_PAGESIZE)); }

const NativeDef kFunctions[] = {{"getrusage", "($module, who, /)", resource_getrusage, nullptr},
                                {"getrlimit", "($module, resource, /)", resource_getrlimit, nullptr},
                                {"setrlimit", "($module, resource, limits, /)", resource_setrlimit, nullptr},
                                {"prlimit", "($module, pid, resource, limits=None, /)", resource_prlimit, nullptr},
                                {"getpagesize", "($module, /)", resource_getpagesize, nullptr},
                                {}};

struct Constant {
  const char* name;
  int64_t value;
};
// As the Linux headers number them.
const Constant kConstants[] = {
    {"RLIMIT_AS", 9ll},      {"RLIMIT_CORE", 4ll},      {"RLIMIT_CPU", 0ll},         {"RLIMIT_DATA", 2ll},
    {"RLIMIT_FSIZE", 1ll},   {"RLIMIT_MEMLOCK", 8ll},   {"RLIMIT_MSGQUEUE", 12ll},   {"RLIMIT_NICE", 13ll},
    {"RLIMIT_NOFILE", 7ll},  {"RLIMIT_NPROC", 6ll},     {"RLIMIT_OFILE", 7ll},       {"RLIMIT_RSS", 5ll},
    {"RLIMIT_RTPRIO", 14ll}, {"RLIMIT_RTTIME", 15ll},   {"RLIMIT_SIGPENDING", 11ll}, {"RLIMIT_STACK", 3ll},
    {"RLIM_INFINITY", -1ll}, {"RUSAGE_CHILDREN", -1ll}, {"RUSAGE_SELF", 0ll},        {"RUSAGE_THREAD", 1ll},
};
Status initialize(Value module) {
  for (const Constant& c : kConstants) add_int(module, c.name, c.value);
  define_struct_sequence(
      usage_type, {"resource.struct_rusage", "struct_rusage: the resources that a process or its children have used.",
                   kFields, 16, 16});
  add_type(module, usage_type);
  add_object(module, "error", to_value(&exc::OSError));
  return kOk;
}

}  // namespace

extern const ModuleDef resource_module;
const ModuleDef resource_module = {"resource", nullptr, kFunctions, initialize};

}  // namespace hiss
