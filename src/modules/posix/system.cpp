// posix: the machine: configuration, environment, scheduling, randomness.
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>

#include "modules/posix/functions.h"
#include "modules/posix/named_constants.h"
#include "object/bytes.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

StructSequenceType uname_result_type, terminal_size_type, sched_param_type;
const StructField kUnameFields[] = {{"sysname", "name of the system"},
                                    {"nodename", "name of this machine among others"},
                                    {"release", "release of the system"},
                                    {"version", "version of the release"},
                                    {"machine", "kind of hardware"}};
const StructField kTerminalFields[] = {{"columns", "characters in a line"}, {"lines", "lines in the window"}};
const StructField kSchedFields[] = {{"sched_priority", "priority, larger being more urgent"}};

Ref posix_uname(Value, const Value*) {
  utsname u;
  if (uname(&u) < 0) return fail_errno(errno);
  return make_struct_sequence(uname_result_type, {fs_decode(u.sysname), fs_decode(u.nodename), fs_decode(u.release),
                                                  fs_decode(u.version), fs_decode(u.machine)});
}
Ref posix_get_terminal_size(Value, const Value* a) {
  const int fd = a[0] ? TRY(to_c_int(a[0])) : STDOUT_FILENO;
  winsize w;
  if (ioctl(fd, TIOCGWINSZ, &w) < 0) return fail_errno(errno);
  return make_struct_sequence(terminal_size_type, {make_int(w.ws_col), make_int(w.ws_row)});
}
Ref posix_strerror(Value, const Value* a) { return fs_decode(strerror(TRY(to_c_int(a[0])))); }

// ---- Environment

extern "C" char** environ;

Ref environment() {
  Ref dict = make_dict();
  for (char** e = environ; e && *e; ++e) {
    const std::string_view line = *e;
    const size_t equals = line.find('=');
    if (equals == line.npos) continue;
    Ref key = make_bytes(line.substr(0, equals));
    Ref value = make_bytes(line.substr(equals + 1));
    Ref old = TRY(dict_get(as<Dict>(dict), key.value()));
    if (old.is_empty()) TRY(dict_set(as<Dict>(dict), key, value));
  }
  return dict;
}
Ref posix_putenv(Value, const Value* a) {
  const std::string name = TRY(fs_path(a[0])), value = TRY(fs_path(a[1]));
  if (name.find('=') != name.npos) return fail(exc::ValueError, "illegal environment variable name");
  return none_or_errno(setenv(name.c_str(), value.c_str(), 1));
}
Ref posix_unsetenv(Value, const Value* a) {
  const std::string name = TRY(fs_path(a[0]));
  return none_or_errno(unsetenv(name.c_str()));
}

// ---- Configuration

Result<int> name_argument(Value v, const NamedConstant* table) {
  if (is_int(v)) return TRY(to_c_int(v));
  if (!is<Str>(v)) return fail(exc::TypeError, "configuration names must be strings or integers");
  const std::string_view name = utf8_view(as<Str>(v));
  for (; table->name; ++table) {
    if (name == table->name) return table->value;
  }
  return fail(exc::ValueError, "unrecognized configuration name");
}
Ref posix_sysconf(Value, const Value* a) {
  const int name = TRY(name_argument(a[0], kSysconfNames));
  errno = 0;
  const long value = sysconf(name);
  if (value == -1 && errno) return fail_errno(errno);
  return make_int(value);
}
Ref posix_pathconf(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "pathconf", "path", kPathOrFd));
  const int name = TRY(name_argument(a[1], kPathconfNames));
  errno = 0;
  const long value = path.is_fd ? fpathconf(path.fd, name) : pathconf(path.c_str(), name);
  if (value == -1 && errno) return errno == EINVAL ? fail_errno(errno) : fail_errno(errno, path.object);
  return make_int(value);
}
Ref posix_fpathconf(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0])), name = TRY(name_argument(a[1], kPathconfNames));
  errno = 0;
  const long value = fpathconf(fd, name);
  if (value == -1 && errno) return fail_errno(errno);
  return make_int(value);
}
Ref posix_confstr(Value, const Value* a) {
  const int name = TRY(name_argument(a[0], kConfstrNames));
  errno = 0;
  const size_t size = confstr(name, nullptr, 0);
  if (size == 0) {
    if (errno) return fail_errno(errno);
    return Ref::none();
  }
  std::string text(size, '\0');
  confstr(name, text.data(), size);
  return fs_decode(std::string_view(text).substr(0, size - 1));
}

// ---- Scheduling

Ref posix_cpu_count(Value, const Value*) {
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n >= 1 ? make_int(n) : Ref::none();
}
Ref posix_sched_getaffinity(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0]));
  constexpr int kCpus = 1 << 14;
  cpu_set_t* set = CPU_ALLOC(kCpus);
  const size_t size = CPU_ALLOC_SIZE(kCpus);
  if (sched_getaffinity(pid, size, set) < 0) {
    const int code = errno;
    CPU_FREE(set);
    return fail_errno(code);
  }
  Ref result = make_set();
  for (int i = 0; i < kCpus; ++i) {
    if (CPU_ISSET_S(static_cast<size_t>(i), size, set)) TRY(set_add(as<Set>(result), Value::integer(i)));
  }
  CPU_FREE(set);
  return result;
}
Ref posix_sched_setaffinity(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0]));
  cpu_set_t set;
  CPU_ZERO(&set);
  TRY(for_each(a[1], [&](Value v) -> Status {
    if (!is_int(v))
      return fail(exc::TypeError, "expected an iterator of ints, but iterator yielded {}",
                  repr_text(to_value(type_of(v))));
    const int64_t cpu = TRY(to_int64(v));
    if (cpu < 0) return fail(exc::ValueError, "negative CPU number");
    if (cpu > INT_MAX - 1) return fail(exc::OverflowError, "CPU number too large");
    if (cpu < CPU_SETSIZE) CPU_SET(static_cast<size_t>(cpu), &set);
    return kOk;
  }));
  return none_or_errno(sched_setaffinity(pid, sizeof set, &set));
}
Ref posix_sched_yield(Value, const Value*) {
  AllowThreads allow;
  sched_yield();
  return Ref::none();
}
Ref posix_sched_get_priority_max(Value, const Value* a) {
  const int value = sched_get_priority_max(TRY(to_c_int(a[0])));
  if (value < 0) return fail_errno(errno);
  return make_int(value);
}
Ref posix_sched_get_priority_min(Value, const Value* a) {
  const int value = sched_get_priority_min(TRY(to_c_int(a[0])));
  if (value < 0) return fail_errno(errno);
  return make_int(value);
}
Ref posix_sched_getscheduler(Value, const Value* a) {
  const int value = sched_getscheduler(TRY(to_c_int(a[0])));
  if (value < 0) return fail_errno(errno);
  return make_int(value);
}
Result<sched_param> parameter_argument(Value v) {
  if (type_of(v) != &sched_param_type) return fail(exc::TypeError, "must have a sched_param object");
  sched_param p{};
  p.sched_priority = TRY(to_c_int(as<Tuple>(v)->items[0]));
  return p;
}
Ref posix_sched_setscheduler(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0])), policy = TRY(to_c_int(a[1]));
  sched_param p = TRY(parameter_argument(a[2]));
  return none_or_errno(sched_setscheduler(pid, policy, &p));
}
Ref posix_sched_getparam(Value, const Value* a) {
  sched_param p;
  if (sched_getparam(TRY(to_c_int(a[0])), &p) < 0) return fail_errno(errno);
  return make_struct_sequence(sched_param_type, {make_int(p.sched_priority)});
}
Ref posix_sched_setparam(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0]));
  sched_param p = TRY(parameter_argument(a[1]));
  return none_or_errno(sched_setparam(pid, &p));
}
Ref posix_sched_rr_get_interval(Value, const Value* a) {
  timespec t;
  if (sched_rr_get_interval(TRY(to_c_int(a[0])), &t) < 0) return fail_errno(errno);
  return make_float(static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec));
}
Ref posix_getloadavg(Value, const Value*) {
  double loads[3];
  if (getloadavg(loads, 3) != 3) return fail(exc::OSError, "Load averages are unobtainable");
  return make_tuple({make_float(loads[0]), make_float(loads[1]), make_float(loads[2])});
}

// ---- Randomness

Ref random_bytes(int64_t size, unsigned flags, bool all) {
  Ref out = Ref::steal(allocate_bytes(size));
  int64_t done = 0;
  while (done < size) {
    const int64_t n = TRY(
        blocking_call([&] { return getrandom(as<Bytes>(out)->data + done, static_cast<size_t>(size - done), flags); }));
    if (n < 0) return fail_errno(errno);
    done += n;
    if (!all) return n == size ? out : make_bytes(as<Bytes>(out)->data, n);
  }
  return out;
}
Ref posix_urandom(Value, const Value* a) {
  const int64_t size = TRY(to_index(a[0]));
  if (size < 0) return fail(exc::ValueError, "negative argument not allowed");
  return random_bytes(size, 0, true);
}
Ref posix_getrandom(Value, const Value* a) {
  const int64_t size = TRY(to_index(a[0]));
  if (size < 0) return fail_errno(EINVAL);
  return random_bytes(size, a[1] ? static_cast<unsigned>(TRY(to_c_int(a[1]))) : 0, false);
}

}  // namespace

Status add_posix_system(Value module) {
  define_struct_sequence(uname_result_type,
                         {"posix.uname_result", "uname_result: what os.uname() returns.", kUnameFields, 5, 5});
  define_struct_sequence(terminal_size_type,
                         {"os.terminal_size", "The size of a terminal: (columns, lines).", kTerminalFields, 2, 2});
  define_struct_sequence(sched_param_type,
                         {"posix.sched_param", "The parameters of a scheduling policy; there is only sched_priority.",
                          kSchedFields, 1, 1});
  sched_param_type.slots.new_ = [](Type*, const Args& args) -> Ref {
    Arguments bound("sched_param", "(sched_priority)");
    TRY(bound.bind(args));
    return make_struct_sequence(sched_param_type, {Ref::share(bound[0])});
  };
  add_type(module, uname_result_type);
  add_type(module, terminal_size_type);
  add_type(module, sched_param_type);
  Ref env = TRY(environment());
  add_object(module, "environ", env);
  add_object(module, "error", to_value(&exc::OSError));
  return kOk;
}

const NativeDef kPosixSystemFunctions[] = {
    {"uname", "($module, /)", posix_uname, "The names of the system, of this machine and of its hardware."},
    {"get_terminal_size", "($module, fd=<unrepresentable>, /)", posix_get_terminal_size,
     "The size of the terminal fd, by default standard output; OSError if it is not a terminal."},
    {"strerror", "($module, code, /)", posix_strerror, "The text that goes with an error number."},
    {"putenv", "($module, name, value, /)", posix_putenv,
     "Set a variable in the environment of child processes; os.environ does not notice."},
    {"unsetenv", "($module, name, /)", posix_unsetenv,
     "Delete a variable from the environment of child processes; os.environ does not notice."},
    {"sysconf", "($module, name, /)", posix_sysconf,
     "The value of a limit or option of the system, by its name in sysconf_names or its number."},
    {"pathconf", "($module, /, path, name)", posix_pathconf,
     "The value of a limit of the file system at path, by its name in pathconf_names or its number."},
    {"fpathconf", "($module, fd, name, /)", posix_fpathconf,
     "The value of a limit of the file system of the open file fd, by its name in pathconf_names or its number."},
    {"confstr", "($module, name, /)", posix_confstr,
     "A configuration text of the system, by its name in confstr_names or its number; None if it is not set."},
    {"cpu_count", "($module, /)", posix_cpu_count,
     "How many processors the system has, or None if that cannot be found out."},
    {"sched_getaffinity", "($module, pid, /)", posix_sched_getaffinity,
     "The set of processors that process pid may run on; 0 means this process."},
    {"sched_setaffinity", "($module, pid, mask, /)", posix_sched_setaffinity,
     "Let process pid run only on the processors in mask, an iterable of numbers."},
    {"sched_yield", "($module, /)", posix_sched_yield, "Let other threads run first."},
    {"sched_get_priority_max", "($module, /, policy)", posix_sched_get_priority_max,
     "The largest priority that policy allows."},
    {"sched_get_priority_min", "($module, /, policy)", posix_sched_get_priority_min,
     "The smallest priority that policy allows."},
    {"sched_getscheduler", "($module, pid, /)", posix_sched_getscheduler,
     "The scheduling policy of process pid (a SCHED_ constant); 0 means this process."},
    {"sched_setscheduler", "($module, pid, policy, param, /)", posix_sched_setscheduler,
     "Give process pid the scheduling policy (a SCHED_ constant) and the parameters; 0 means this process."},
    {"sched_getparam", "($module, pid, /)", posix_sched_getparam,
     "The sched_param of process pid; 0 means this process."},
    {"sched_setparam", "($module, pid, param, /)", posix_sched_setparam,
     "Give process pid the sched_param; 0 means this process."},
    {"sched_rr_get_interval", "($module, pid, /)", posix_sched_rr_get_interval,
     "How many seconds process pid may run at a time under SCHED_RR."},
    {"getloadavg", "($module, /)", posix_getloadavg,
     "Three floats: how many processes were ready to run, averaged over one, five and fifteen minutes."},
    {"urandom", "($module, size, /)", posix_urandom,
     "size random bytes of the system's generator, good enough for keys and passwords."},
    {"getrandom", "($module, /, size, flags=0)", posix_getrandom,
     "Up to size random bytes of the system's generator; flags are GRND_ constants."},
    {}};

}  // namespace hiss
