// posix: processes, users and groups.
#include <fcntl.h>
#include <grp.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <vector>

#include "modules/posix/fork_handlers.h"
#include "modules/posix/functions.h"
#include "object/bytes.h"
#include "object/struct_sequence.h"
#include "vm/threads.h"

namespace hiss {

namespace {

std::vector<Ref> before_fork, after_fork_parent, after_fork_child;

void run_all(const std::vector<Ref>& callables, bool reversed) {
  std::vector<Ref> copy = callables;
  for (size_t i = 0; i < copy.size(); ++i) {
    Ref& callable = copy[reversed ? copy.size() - 1 - i : i];
    Ref result = call(callable);
    if (result.is_error()) report_unraisable(callable);
  }
}

StructSequenceType times_result_type, waitid_result_type;
const StructField kTimesFields[] = {{"user", "user time"},
                                    {"system", "system time"},
                                    {"children_user", "user time of children"},
                                    {"children_system", "system time of children"},
                                    {"elapsed", "seconds since a fixed point in time"}};
const StructField kWaitidFields[] = {
    {"si_pid", nullptr}, {"si_uid", nullptr}, {"si_signo", nullptr}, {"si_status", nullptr}, {"si_code", nullptr}};

Ref posix_register_at_fork(Value, const Value* a) {
  bool any = false;
  for (int i = 0; i < 3; ++i) {
    if (!a[i]) continue;
    any = true;
    if (!is_callable(a[i])) {
      static const char* const kNames[] = {"before", "after_in_child", "after_in_parent"};
      return fail(exc::TypeError, "'{}' must be callable, not {}", kNames[i], type_name(a[i]));
    }
  }
  if (!any) return fail(exc::TypeError, "At least one argument is required.");
  if (a[0]) before_fork.push_back(Ref::share(a[0]));
  if (a[1]) after_fork_child.push_back(Ref::share(a[1]));
  if (a[2]) after_fork_parent.push_back(Ref::share(a[2]));
  return Ref::none();
}

Ref posix_fork(Value, const Value*) {
  run_before_fork();
  const pid_t pid = fork();
  const int code = errno;
  if (pid == 0) {
    run_after_fork_in_child();
  } else {
    run_after_fork_in_parent();
  }
  if (pid < 0) return fail_errno(code);
  return make_int(pid);
}
Ref posix_forkpty(Value, const Value*) {
  int fd = -1;
  run_before_fork();
  const pid_t pid = forkpty(&fd, nullptr, nullptr, nullptr);
  const int code = errno;
  if (pid == 0) {
    run_after_fork_in_child();
  } else {
    run_after_fork_in_parent();
  }
  if (pid < 0) return fail_errno(code);
  return make_tuple({Value::integer(pid), Value::integer(fd)});
}
Ref posix_exit(Value, const Value* a) { _exit(TRY(to_c_int(a[0]))); }
Ref posix_abort(Value, const Value*) { abort(); }

struct Strings {
  std::vector<std::string> texts;
  std::vector<char*> pointers;
  void seal() {
    for (auto& t : texts) pointers.push_back(t.data());
    pointers.push_back(nullptr);
  }
};
Result<Strings> argument_strings(Value argv, const char* function) {
  if (!is<List>(argv) && !is<Tuple>(argv)) return fail(exc::TypeError, "{}: argv must be a tuple or list", function);
  Ref items = TRY(to_tuple(argv));
  if (as<Tuple>(items)->size < 1) return fail(exc::ValueError, "{}() arg 2 must not be empty", function);
  Strings out;
  for (Value v : *as<Tuple>(items)) out.texts.push_back(TRY(fs_path(v)));
  if (out.texts[0].empty()) return fail(exc::ValueError, "{}() arg 2 first element cannot be empty", function);
  out.seal();
  return Result<Strings>(std::move(out));
}
Result<Strings> environment_strings(Value env, const char* function) {
  if (!type_of(env)->slots.getitem || is<Str>(env) || is<List>(env) || is<Tuple>(env)) {
    return fail(exc::TypeError, "{}: environment must be a mapping object", function);
  }
  Ref keys = TRY(call_method(env, names.keys));
  Ref list = TRY(to_list(keys));
  Strings out;
  for (int64_t i = 0; i < as<List>(list)->size; ++i) {
    Value key = as<List>(list)->items[i];
    Ref value = TRY(get_item(env, key));
    std::string name = TRY(fs_path(key));
    const std::string text = TRY(fs_path(value));
    if (name.empty() || name.find('=', 1) != name.npos)
      return fail(exc::ValueError, "illegal environment variable name");
    out.texts.push_back(name + "=" + text);
  }
  out.seal();
  return Result<Strings>(std::move(out));
}

Ref posix_execv(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "execv"));
  Strings argv = TRY(argument_strings(a[1], "execv"));
  execv(path.c_str(), argv.pointers.data());
  return fail_errno(errno);
}
Ref posix_execve(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "execve", "path", kPathOrFd));
  Strings argv = TRY(argument_strings(a[1], "execve"));
  Strings env = TRY(environment_strings(a[2], "execve"));
  if (path.is_fd) {
    fexecve(path.fd, argv.pointers.data(), env.pointers.data());
  } else {
    execve(path.c_str(), argv.pointers.data(), env.pointers.data());
  }
  return fail_errno(errno, path.object);
}

// ---- posix_spawn

struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};
constexpr int kSpawnOpen = 0, kSpawnClose = 1, kSpawnDup2 = 2;

Result<sigset_t> signal_set(Value v) {
  sigset_t set;
  sigemptyset(&set);
  TRY(for_each(v, [&](Value item) -> Status {
    const int64_t number = TRY(to_int64(item));
    if (number < 1 || number > 64) return fail(exc::ValueError, "signal number {} out of range [1; 64]", number);
    sigaddset(&set, static_cast<int>(number));
    return kOk;
  }));
  return set;
}

Ref spawn(const Value* a, const char* function, bool search) {
  // (path, argv, env, file_actions, setpgroup, resetids, setsid, setsigmask, setsigdef, scheduler)
  PathArgument path = TRY(path_argument(a[0], function));
  Strings argv = TRY(argument_strings(a[1], function));
  Strings env = TRY(environment_strings(a[2], function));
  SpawnSetup setup;
  std::vector<std::string> names_kept;
  if (a[3] && !a[3].is_none()) {
    Ref actions = TRY(to_tuple(a[3]));
    for (Value v : *as<Tuple>(actions)) {
      if (!is<Tuple>(v) || as<Tuple>(v)->size < 1)
        return fail(exc::TypeError, "Each file_actions element must be a non-empty tuple");
      auto* t = as<Tuple>(v);
      const int64_t kind = TRY(to_int64(t->items[0]));
      int code = 0;
      if (kind == kSpawnOpen && t->size == 5) {
        names_kept.push_back(TRY(fs_path(t->items[2])));
        code = posix_spawn_file_actions_addopen(&setup.actions, TRY(to_c_int(t->items[1])), names_kept.back().c_str(),
                                                TRY(to_c_int(t->items[3])),
                                                static_cast<mode_t>(TRY(to_int64(t->items[4]))));
      } else if (kind == kSpawnClose && t->size == 2) {
        code = posix_spawn_file_actions_addclose(&setup.actions, TRY(to_c_int(t->items[1])));
      } else if (kind == kSpawnDup2 && t->size == 3) {
        code = posix_spawn_file_actions_adddup2(&setup.actions, TRY(to_c_int(t->items[1])), TRY(to_c_int(t->items[2])));
      } else if (kind >= kSpawnOpen && kind <= kSpawnDup2) {
        return fail(exc::TypeError, "A {} file_action tuple must have {} elements",
                    kind == kSpawnOpen    ? "open"
                    : kind == kSpawnClose ? "close"
                                          : "dup2",
                    kind == kSpawnOpen    ? 5
                    : kind == kSpawnClose ? 2
                                          : 3);
      } else {
        return fail(exc::TypeError, "Unknown file_actions identifier");
      }
      if (code) return fail_errno(code);
    }
  }
  short flags = 0;
  if (a[4]) {
    posix_spawnattr_setpgroup(&setup.attributes, TRY(to_c_int(a[4])));
    flags |= POSIX_SPAWN_SETPGROUP;
  }
  if (a[5] && TRY(to_c_int(a[5]))) flags |= POSIX_SPAWN_RESETIDS;
  if (a[6] && TRY(to_c_int(a[6]))) flags |= POSIX_SPAWN_SETSID;
  if (a[7]) {
    sigset_t set = TRY(signal_set(a[7]));
    posix_spawnattr_setsigmask(&setup.attributes, &set);
    flags |= POSIX_SPAWN_SETSIGMASK;
  }
  if (a[8]) {
    sigset_t set = TRY(signal_set(a[8]));
    posix_spawnattr_setsigdefault(&setup.attributes, &set);
    flags |= POSIX_SPAWN_SETSIGDEF;
  }
  if (a[9]) {
    if (!is<Tuple>(a[9]) || as<Tuple>(a[9])->size != 2)
      return fail(exc::TypeError, "A scheduler tuple must have two elements");
    Value policy = as<Tuple>(a[9])->items[0], parameter = as<Tuple>(a[9])->items[1];
    if (!policy.is_none()) {
      posix_spawnattr_setschedpolicy(&setup.attributes, TRY(to_c_int(policy)));
      flags |= POSIX_SPAWN_SETSCHEDULER;
    }
    Ref priority = TRY(get_attr(parameter, "sched_priority"));
    sched_param p{};
    p.sched_priority = TRY(to_c_int(priority));
    posix_spawnattr_setschedparam(&setup.attributes, &p);
    flags |= POSIX_SPAWN_SETSCHEDPARAM;
  }
  posix_spawnattr_setflags(&setup.attributes, flags);
  pid_t pid;
  int code;
  {
    AllowThreads allow;
    code = (search ? posix_spawnp : posix_spawn)(&pid, path.c_str(), &setup.actions, &setup.attributes,
                                                 argv.pointers.data(), env.pointers.data());
  }
  if (code) return fail_errno(code, path.object);
  return make_int(pid);
}
Ref posix_posix_spawn(Value, const Value* a) { return spawn(a, "posix_spawn", false); }
Ref posix_posix_spawnp(Value, const Value* a) { return spawn(a, "posix_spawnp", true); }

// ---- Waiting

Ref posix_waitpid(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0])), options = TRY(to_c_int(a[1]));
  int status = 0;
  const int64_t found = TRY(blocking_call([&] { return waitpid(pid, &status, options); }));
  if (found < 0) return fail_errno(errno);
  return make_tuple({Value::integer(found), Value::integer(status)});
}
Ref posix_wait(Value, const Value*) {
  int status = 0;
  const int64_t found = TRY(blocking_call([&] { return wait(&status); }));
  if (found < 0) return fail_errno(errno);
  return make_tuple({Value::integer(found), Value::integer(status)});
}
double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }
Ref wait_with_usage(int pid, int options) {
  int status = 0;
  rusage usage{};
  const int64_t found = TRY(blocking_call([&] { return wait4(pid, &status, options, &usage); }));
  if (found < 0) return fail_errno(errno);
  Ref resource = TRY(import_module("resource"));
  Ref type = TRY(get_attr(resource, "struct_rusage"));
  const long counts[] = {usage.ru_maxrss, usage.ru_ixrss,    usage.ru_idrss,   usage.ru_isrss,   usage.ru_minflt,
                         usage.ru_majflt, usage.ru_nswap,    usage.ru_inblock, usage.ru_oublock, usage.ru_msgsnd,
                         usage.ru_msgrcv, usage.ru_nsignals, usage.ru_nvcsw,   usage.ru_nivcsw};
  Ref fields = make_list();
  list_append(as<List>(fields), make_float(seconds_of(usage.ru_utime)));
  list_append(as<List>(fields), make_float(seconds_of(usage.ru_stime)));
  for (long c : counts) list_append(as<List>(fields), make_int(c));
  Ref result = TRY(call(type, {fields}));
  return make_tuple({Value::integer(found), Value::integer(status), result});
}
Ref posix_wait3(Value, const Value* a) { return wait_with_usage(-1, TRY(to_c_int(a[0]))); }
Ref posix_wait4(Value, const Value* a) { return wait_with_usage(TRY(to_c_int(a[0])), TRY(to_c_int(a[1]))); }
Ref posix_waitid(Value, const Value* a) {
  const int kind = TRY(to_c_int(a[0])), id = TRY(to_c_int(a[1])), options = TRY(to_c_int(a[2]));
  siginfo_t info{};
  const int64_t result =
      TRY(blocking_call([&] { return waitid(static_cast<idtype_t>(kind), static_cast<id_t>(id), &info, options); }));
  if (result < 0) return fail_errno(errno);
  if (info.si_pid == 0) return Ref::none();
  return make_struct_sequence(
      waitid_result_type, {make_int(info.si_pid), make_int(static_cast<int64_t>(info.si_uid)), make_int(info.si_signo),
                           make_int(info.si_status), make_int(info.si_code)});
}
Ref posix_wifexited(Value, const Value* a) { return Ref::boolean(WIFEXITED(TRY(to_c_int(a[0])))); }
Ref posix_wifsignaled(Value, const Value* a) { return Ref::boolean(WIFSIGNALED(TRY(to_c_int(a[0])))); }
Ref posix_wifstopped(Value, const Value* a) { return Ref::boolean(WIFSTOPPED(TRY(to_c_int(a[0])))); }
Ref posix_wifcontinued(Value, const Value* a) { return Ref::boolean(WIFCONTINUED(TRY(to_c_int(a[0])))); }
Ref posix_wcoredump(Value, const Value* a) { return Ref::boolean(WCOREDUMP(TRY(to_c_int(a[0])))); }
Ref posix_wexitstatus(Value, const Value* a) { return make_int(WEXITSTATUS(TRY(to_c_int(a[0])))); }
Ref posix_wtermsig(Value, const Value* a) { return make_int(WTERMSIG(TRY(to_c_int(a[0])))); }
Ref posix_wstopsig(Value, const Value* a) { return make_int(WSTOPSIG(TRY(to_c_int(a[0])))); }
Ref posix_waitstatus_to_exitcode(Value, const Value* a) {
  const int status = TRY(to_c_int(a[0]));
  if (WIFEXITED(status)) return make_int(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return make_int(-WTERMSIG(status));
  if (WIFSTOPPED(status)) return fail(exc::ValueError, "process stopped by delivery of signal {}", WSTOPSIG(status));
  return fail(exc::ValueError, "invalid wait status: {}", status);
}

Ref posix_kill(Value, const Value* a) {
  const int pid = TRY(to_c_int(a[0]));
  const int signal_number = TRY(to_c_int(a[1]));
  if (kill(pid, signal_number) < 0) return fail_errno(errno);
  // A signal to oneself has been noted by now: its handler runs before the call returns.
  TRY(run_signal_handlers());
  return Ref::none();
}
Ref posix_killpg(Value, const Value* a) {
  if (killpg(TRY(to_c_int(a[0])), TRY(to_c_int(a[1]))) < 0) return fail_errno(errno);
  TRY(run_signal_handlers());
  return Ref::none();
}
Ref posix_system(Value, const Value* a) {
  const std::string command = TRY(fs_path(a[0]));
  int64_t status;
  {
    AllowThreads allow;
    status = system(command.c_str());
  }
  return make_int(status);
}
Ref posix_pidfd_open(Value, const Value* a) {
  const int fd = static_cast<int>(
      syscall(SYS_pidfd_open, TRY(to_c_int(a[0])), a[1] ? static_cast<unsigned>(TRY(to_uint_mask(a[1]))) : 0u));
  if (fd < 0) return fail_errno(errno);
  return make_int(fd);
}

// ---- Identity

Ref posix_getpid(Value, const Value*) { return make_int(getpid()); }
Ref posix_getppid(Value, const Value*) { return make_int(getppid()); }
Ref posix_getuid(Value, const Value*) { return make_int(static_cast<int64_t>(getuid())); }
Ref posix_geteuid(Value, const Value*) { return make_int(static_cast<int64_t>(geteuid())); }
Ref posix_getgid(Value, const Value*) { return make_int(static_cast<int64_t>(getgid())); }
Ref posix_getegid(Value, const Value*) { return make_int(static_cast<int64_t>(getegid())); }
Ref posix_getpgrp(Value, const Value*) { return make_int(getpgrp()); }
Ref posix_setpgrp(Value, const Value*) { return none_or_errno(setpgid(0, 0)); }
Ref posix_getpgid(Value, const Value* a) {
  const int group = getpgid(TRY(to_c_int(a[0])));
  if (group < 0) return fail_errno(errno);
  return make_int(group);
}
Ref posix_setpgid(Value, const Value* a) { return none_or_errno(setpgid(TRY(to_c_int(a[0])), TRY(to_c_int(a[1])))); }
Ref posix_getsid(Value, const Value* a) {
  const int session = getsid(TRY(to_c_int(a[0])));
  if (session < 0) return fail_errno(errno);
  return make_int(session);
}
Ref posix_setsid(Value, const Value*) { return none_or_errno(setsid()); }

Result<uint32_t> user_id(Value v, const char* what) {
  if (!is_int(v) && !type_of(v)->slots.index)
    return fail(exc::TypeError, "{} should be integer, not {}", what, type_name(v));
  Ref number = TRY(index(v));
  const auto i = int_value(number);
  if (!i || *i > UINT32_MAX) return fail(exc::OverflowError, "{} is greater than maximum", what);
  if (*i < -1) return fail(exc::OverflowError, "{} is less than minimum", what);
  return static_cast<uint32_t>(*i);
}
Ref posix_setuid(Value, const Value* a) { return none_or_errno(setuid(TRY(user_id(a[0], "uid")))); }
Ref posix_seteuid(Value, const Value* a) { return none_or_errno(seteuid(TRY(user_id(a[0], "uid")))); }
Ref posix_setgid(Value, const Value* a) { return none_or_errno(setgid(TRY(user_id(a[0], "gid")))); }
Ref posix_setegid(Value, const Value* a) { return none_or_errno(setegid(TRY(user_id(a[0], "gid")))); }
Ref posix_setreuid(Value, const Value* a) {
  return none_or_errno(setreuid(TRY(user_id(a[0], "uid")), TRY(user_id(a[1], "uid"))));
}
Ref posix_setregid(Value, const Value* a) {
  return none_or_errno(setregid(TRY(user_id(a[0], "gid")), TRY(user_id(a[1], "gid"))));
}
Ref posix_setresuid(Value, const Value* a) {
  return none_or_errno(setresuid(TRY(user_id(a[0], "uid")), TRY(user_id(a[1], "uid")), TRY(user_id(a[2], "uid"))));
}
Ref posix_setresgid(Value, const Value* a) {
  return none_or_errno(setresgid(TRY(user_id(a[0], "gid")), TRY(user_id(a[1], "gid")), TRY(user_id(a[2], "gid"))));
}
Ref posix_getresuid(Value, const Value*) {
  uid_t real, effective, saved;
  if (getresuid(&real, &effective, &saved) < 0) return fail_errno(errno);
  return make_tuple({Value::integer(real), Value::integer(effective), Value::integer(saved)});
}
Ref posix_getresgid(Value, const Value*) {
  gid_t real, effective, saved;
  if (getresgid(&real, &effective, &saved) < 0) return fail_errno(errno);
  return make_tuple({Value::integer(real), Value::integer(effective), Value::integer(saved)});
}
Ref group_list(const std::vector<gid_t>& groups) {
  Ref list = make_list();
  for (gid_t g : groups) list_append(as<List>(list), Value::integer(g));
  return list;
}
Ref posix_getgroups(Value, const Value*) {
  const int n = getgroups(0, nullptr);
  if (n < 0) return fail_errno(errno);
  std::vector<gid_t> groups(static_cast<size_t>(n));
  if (getgroups(n, groups.data()) < 0) return fail_errno(errno);
  return group_list(groups);
}
Ref posix_setgroups(Value, const Value* a) {
  Ref items = TRY(to_tuple(a[0]));
  std::vector<gid_t> groups;
  for (Value v : *as<Tuple>(items)) groups.push_back(TRY(user_id(v, "gid")));
  return none_or_errno(setgroups(groups.size(), groups.data()));
}
Ref posix_getgrouplist(Value, const Value* a) {
  const std::string user = TRY(fs_path(a[0]));
  const gid_t base = TRY(user_id(a[1], "gid"));
  std::vector<gid_t> groups(128);
  int n = static_cast<int>(groups.size());
  while (getgrouplist(user.c_str(), base, groups.data(), &n) < 0) {
    groups.resize(groups.size() * 2);
    n = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<size_t>(n));
  return group_list(groups);
}
Ref posix_initgroups(Value, const Value* a) {
  const std::string user = TRY(fs_path(a[0]));
  return none_or_errno(initgroups(user.c_str(), TRY(user_id(a[1], "gid"))));
}
Ref posix_getlogin(Value, const Value*) {
  char name[256];
  const int code = getlogin_r(name, sizeof name);
  if (code) return fail_errno(code);
  return fs_decode(name);
}
Ref posix_nice(Value, const Value* a) {
  const int increment = TRY(to_c_int(a[0]));
  errno = 0;
  const int value = nice(increment);
  if (value == -1 && errno) return fail_errno(errno);
  return make_int(value);
}
Ref posix_getpriority(Value, const Value* a) {
  const int which = TRY(to_c_int(a[0])), who = TRY(to_c_int(a[1]));
  errno = 0;
  const int value = getpriority(static_cast<__priority_which_t>(which), static_cast<id_t>(who));
  if (errno) return fail_errno(errno);
  return make_int(value);
}
Ref posix_setpriority(Value, const Value* a) {
  const int which = TRY(to_c_int(a[0])), who = TRY(to_c_int(a[1])), value = TRY(to_c_int(a[2]));
  return none_or_errno(setpriority(static_cast<__priority_which_t>(which), static_cast<id_t>(who), value));
}
Ref posix_times(Value, const Value*) {
  tms t;
  const clock_t elapsed = times(&t);
  if (elapsed == static_cast<clock_t>(-1)) return fail_errno(errno);
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  auto seconds = [&](clock_t c) { return make_float(static_cast<double>(c) / ticks); };
  return make_struct_sequence(times_result_type, {seconds(t.tms_utime), seconds(t.tms_stime), seconds(t.tms_cutime),
                                                  seconds(t.tms_cstime), seconds(elapsed)});
}

}  // namespace

void run_before_fork() { run_all(before_fork, true); }
void run_after_fork_in_parent() { run_all(after_fork_parent, false); }
void run_after_fork_in_child() {
  reset_locks_after_fork();
  run_all(after_fork_child, false);
}

Status add_posix_processes(Value module) {
  define_struct_sequence(times_result_type,
                         {"posix.times_result", "times_result: what os.times() returns.", kTimesFields, 5, 5});
  define_struct_sequence(waitid_result_type,
                         {"posix.waitid_result", "waitid_result: what os.waitid() returns.", kWaitidFields, 5, 5});
  add_type(module, times_result_type);
  add_type(module, waitid_result_type);
  return kOk;
}

#define NO_ARGUMENTS(name, text) \
  { #name, "($module, /)", posix_##name, text }
const NativeDef kPosixProcessFunctions[] = {
    {"register_at_fork",
     "($module, /, *, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)",
     posix_register_at_fork,
     "Have functions without arguments called at every fork(): before it, and after it in the child and in the "
     "parent."},
    NO_ARGUMENTS(fork, "Split this process in two. The parent gets the child's process ID, the child gets 0."),
    NO_ARGUMENTS(forkpty,
                 "As fork(), but the child runs on a new pseudo-terminal. Returns (0 or the child's ID, descriptor of "
                 "the terminal)."),
    {"_exit", "($module, /, status)", posix_exit,
     "End this process at once: no finally blocks, no atexit functions, no flushing."},
    NO_ARGUMENTS(abort, "End this process by SIGABRT, which leaves a core file if that is allowed."),
    {"execv", "($module, path, argv, /)", posix_execv,
     "Let the program at path take over this process, with the arguments argv. Returns only by an exception."},
    {"execve", "($module, /, path, argv, env)", posix_execve,
     "Let the program at path take over this process, with the arguments argv and the environment env. Returns only by "
     "an exception."},
    {"posix_spawn",
     "($module, path, argv, env, /, *, file_actions=(), setpgroup=<unrepresentable>, resetids=False, setsid=False, "
     "setsigmask=(), setsigdef=(), "
     "scheduler=<unrepresentable>)",
     posix_posix_spawn,
     "Start the program at path in a child process and return its ID. The keywords prepare the child."},
    {"posix_spawnp",
     "($module, path, argv, env, /, *, file_actions=(), setpgroup=<unrepresentable>, resetids=False, setsid=False, "
     "setsigmask=(), setsigdef=(), "
     "scheduler=<unrepresentable>)",
     posix_posix_spawnp, "As posix_spawn(), but path is looked up in PATH."},
    {"waitpid", "($module, pid, options, /)", posix_waitpid,
     "Wait until the child pid ends, or what else options say; returns (pid, status)."},
    NO_ARGUMENTS(wait, "Wait until any child ends; returns (pid, status)."),
    {"wait3", "($module, /, options)", posix_wait3,
     "Wait until any child ends, or what else options say; returns (pid, status, resource usage)."},
    {"wait4", "($module, /, pid, options)", posix_wait4,
     "Wait until the child pid ends, or what else options say; returns (pid, status, resource usage)."},
    {"waitid", "($module, idtype, id, options, /)", posix_waitid,
     "Wait for a change of the children chosen by idtype and id; returns a waitid_result, or None with WNOHANG if "
     "nothing changed."},
    {"WIFEXITED", "($module, /, status)", posix_wifexited, "Whether status is that of a process which called exit()."},
    {"WIFSIGNALED", "($module, /, status)", posix_wifsignaled,
     "Whether status is that of a process which a signal ended."},
    {"WIFSTOPPED", "($module, /, status)", posix_wifstopped,
     "Whether status is that of a process which a signal stopped."},
    {"WIFCONTINUED", "($module, /, status)", posix_wifcontinued,
     "Whether status is that of a stopped process which SIGCONT woke."},
    {"WCOREDUMP", "($module, status, /)", posix_wcoredump,
     "Whether status is that of a process which left a core file."},
    {"WEXITSTATUS", "($module, /, status)", posix_wexitstatus,
     "The exit code in status, if WIFEXITED() is true for it."},
    {"WTERMSIG", "($module, /, status)", posix_wtermsig, "The signal in status, if WIFSIGNALED() is true for it."},
    {"WSTOPSIG", "($module, /, status)", posix_wstopsig, "The signal in status, if WIFSTOPPED() is true for it."},
    {"waitstatus_to_exitcode", "($module, /, status)", posix_waitstatus_to_exitcode,
     "The exit code in status, or minus the signal that ended the process; ValueError if it was only stopped."},
    {"kill", "($module, pid, signal, /)", posix_kill, "Deliver signal to the process pid."},
    {"killpg", "($module, pgid, signal, /)", posix_killpg, "Deliver signal to every process of the group pgid."},
    {"system", "($module, /, command)", posix_system, "Have the shell run command; returns its wait status."},
    {"pidfd_open", "($module, /, pid, flags=0)", posix_pidfd_open, "A descriptor that stands for the process pid."},
    NO_ARGUMENTS(getpid, "The ID of this process."),
    NO_ARGUMENTS(getppid, "The ID of the process that this one is a child of."),
    NO_ARGUMENTS(getuid, "The real user ID of this process."),
    NO_ARGUMENTS(geteuid, "The effective user ID of this process."),
    NO_ARGUMENTS(getgid, "The real group ID of this process."),
    NO_ARGUMENTS(getegid, "The effective group ID of this process."),
    NO_ARGUMENTS(getpgrp, "The ID of the group that this process is in."),
    NO_ARGUMENTS(setpgrp, "Make a new process group that this process leads."),
    {"getpgid", "($module, /, pid)", posix_getpgid,
     "The ID of the group that process pid is in; 0 means this process."},
    {"setpgid", "($module, pid, pgrp, /)", posix_setpgid,
     "Move process pid into the group pgrp; a 0 stands for this process and its own ID."},
    {"getsid", "($module, pid, /)", posix_getsid,
     "The ID of the session that process pid is in; 0 means this process."},
    NO_ARGUMENTS(setsid, "Start a new session that this process leads."),
    {"setuid", "($module, uid, /)", posix_setuid,
     "Set the real user ID of this process, and with privileges all three."},
    {"seteuid", "($module, euid, /)", posix_seteuid, "Set the effective user ID."},
    {"setgid", "($module, gid, /)", posix_setgid,
     "Set the real group ID of this process, and with privileges all three."},
    {"setegid", "($module, egid, /)", posix_setegid, "Set the effective group ID."},
    {"setreuid", "($module, ruid, euid, /)", posix_setreuid, "Set the user IDs; -1 leaves one as it is."},
    {"setregid", "($module, rgid, egid, /)", posix_setregid, "Set the group IDs; -1 leaves one as it is."},
    {"setresuid", "($module, ruid, euid, suid, /)", posix_setresuid, "Set the three user IDs; -1 leaves one as it is."},
    {"setresgid", "($module, rgid, egid, sgid, /)", posix_setresgid,
     "Set the three group IDs; -1 leaves one as it is."},
    NO_ARGUMENTS(getresuid, "The user IDs (real, effective, saved)."),
    NO_ARGUMENTS(getresgid, "The group IDs (real, effective, saved)."),
    NO_ARGUMENTS(getgroups, "The IDs of the further groups this process belongs to, as a list."),
    {"setgroups", "($module, groups, /)", posix_setgroups,
     "Set the further groups of this process to the IDs in groups; needs privileges."},
    {"getgrouplist", "($module, user, group, /)", posix_getgrouplist,
     "The IDs of all groups that user is in, and group, as a list."},
    {"initgroups", "($module, username, gid, /)", posix_initgroups,
     "Set the further groups of this process to those username is in, and gid; needs privileges."},
    NO_ARGUMENTS(getlogin, "The name of the user who logged in on the controlling terminal."),
    {"nice", "($module, increment, /)", posix_nice,
     "Make this process nicer by increment and return the niceness it has then."},
    {"getpriority", "($module, /, which, who)", posix_getpriority,
     "The niceness of a process, group or user, as which (a PRIO_ constant) says."},
    {"setpriority", "($module, /, which, who, priority)", posix_setpriority,
     "Set the niceness of a process, group or user, as which (a PRIO_ constant) says."},
    NO_ARGUMENTS(times,
                 "The processor time used by this process and by its children, and the time elapsed, in seconds."),
    {}};

}  // namespace hiss
