// _posixsubprocess: fork and exec in one call, so that no Python code runs in between.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "memory/collector.h"
#include "modules/module_content.h"
#include "modules/posix/fork_handlers.h"
#include "modules/posix/path_argument.h"
#include "object/bytes.h"
#include "object/exception.h"

namespace hiss {

namespace {

struct Child {
  std::vector<std::string> programs, arguments, environment;
  std::vector<char*> argv, envp;
  bool has_environment = false, has_cwd = false;
  std::string cwd;
  std::vector<int> fds_to_keep;
  bool close_fds, restore_signals, call_setsid;
  int p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write;
  int pgid;
  bool set_gid = false, set_uid = false, set_groups = false;
  gid_t gid;
  uid_t uid;
  std::vector<gid_t> groups;
  int umask;
  Ref preexec;
};

void seal(const std::vector<std::string>& texts, std::vector<char*>& pointers) {
  for (auto& t : texts) pointers.push_back(const_cast<char*>(t.c_str()));
  pointers.push_back(nullptr);
}

void make_inheritable(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

void close_others(const std::vector<int>& keep, int start) {
  // `keep` is sorted: the gaps between its members are closed.
  auto close_between = [](int from, int to) {
    if (from > to) return;
    if (syscall(SYS_close_range, from, to, 0) == 0) return;
    long last = to;
    if (last > sysconf(_SC_OPEN_MAX)) last = sysconf(_SC_OPEN_MAX);
    for (long fd = from; fd <= last; ++fd) close(static_cast<int>(fd));
  };
  for (int fd : keep) {
    if (fd < start) continue;
    close_between(start, fd - 1);
    start = fd + 1;
  }
  close_between(start, INT32_MAX);
}

// Runs in the child. What goes wrong is written to the error pipe as "Class:errno in hex:message".
[[noreturn]] void run_child(Child& c) {
  const char* message = "";
  int code = 0;
  auto give_up = [&]() {
    char text[64];
    if (code) {
      const int n = std::snprintf(text, sizeof text, "OSError:%x:", static_cast<unsigned>(code));
      if (write(c.errpipe_write, text, static_cast<size_t>(n)) < 0) _exit(255);
    } else if (write(c.errpipe_write, "SubprocessError:0:", 18) < 0) {
      _exit(255);
    }
    if (write(c.errpipe_write, message, std::strlen(message)) < 0) _exit(255);
    _exit(255);
  };
#define CHECK(call) \
  if ((call) < 0) { \
    code = errno;   \
    give_up();      \
  }
  for (int fd : c.fds_to_keep) {
    if (fd != c.errpipe_write) make_inheritable(fd);
  }
  if (c.p2cwrite != -1) CHECK(close(c.p2cwrite));
  if (c.c2pread != -1) CHECK(close(c.c2pread));
  if (c.errread != -1) CHECK(close(c.errread));
  CHECK(close(c.errpipe_read));
  // Descriptors that lie where the standard ones go are moved out of the way first.
  if (c.c2pwrite == 0) CHECK(c.c2pwrite = dup(c.c2pwrite));
  while (c.errwrite == 0 || c.errwrite == 1) CHECK(c.errwrite = dup(c.errwrite));
  auto place = [&](int from, int to) {
    if (from == to) {
      make_inheritable(from);
    } else if (from != -1) {
      CHECK(dup2(from, to));
    }
  };
  place(c.p2cread, 0);
  place(c.c2pwrite, 1);
  place(c.errwrite, 2);
  if (c.has_cwd && chdir(c.cwd.c_str()) < 0) {
    code = errno;
    message = "noexec:chdir";
    give_up();
  }
  if (c.umask >= 0) umask(static_cast<mode_t>(c.umask));
  if (c.restore_signals) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
  }
  if (c.call_setsid) CHECK(setsid());
  if (c.pgid >= 0) CHECK(setpgid(0, c.pgid));
  if (c.set_groups) CHECK(setgroups(c.groups.size(), c.groups.data()));
  if (c.set_gid) CHECK(setregid(c.gid, c.gid));
  if (c.set_uid) CHECK(setreuid(c.uid, c.uid));
  if (!c.preexec.is_empty()) {
    Ref result = call(c.preexec);
    if (result.is_error()) {
      message = "Exception occurred in preexec_fn.";
      give_up();
    }
  }
  if (c.close_fds) close_others(c.fds_to_keep, 3);
  int saved = 0;
  for (const std::string& program : c.programs) {
    if (c.has_environment) {
      execve(program.c_str(), c.argv.data(), c.envp.data());
    } else {
      execv(program.c_str(), c.argv.data());
    }
    if (errno != ENOENT && errno != ENOTDIR && saved == 0) saved = errno;
  }
  code = saved ? saved : errno;
  give_up();
  _exit(255);
#undef CHECK
}

Result<int> int_argument(Value v) { return to_c_int(v); }

Ref fork_exec(Value, const Value* a) {
  // args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite,
  // errpipe_read, errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, umask, preexec_fn,
  // allow_vfork
  Child c;
  Ref arguments = TRY(to_tuple(a[0]));
  for (Value v : *as<Tuple>(arguments)) c.arguments.push_back(TRY(fs_path(v)));
  Ref programs = TRY(to_tuple(a[1]));
  for (Value v : *as<Tuple>(programs)) {
    if (!is<Bytes>(v)) return fail(exc::TypeError, "expected bytes, {} found", type_name(v));
    c.programs.push_back(TRY(fs_encode(v)));
  }
  c.close_fds = TRY(truth(a[2]));
  if (!is<Tuple>(a[3])) return fail(exc::TypeError, "fork_exec() argument 4 must be tuple, not {}", type_name(a[3]));
  int last = -1;
  for (Value v : *as<Tuple>(a[3])) {
    const auto fd = is_int(v) ? int_value(v) : std::nullopt;
    if (!fd || *fd < 0 || *fd <= last || *fd > INT32_MAX) return fail(exc::ValueError, "bad value(s) in fds_to_keep");
    last = static_cast<int>(*fd);
    c.fds_to_keep.push_back(last);
  }
  if (!a[4].is_none()) {
    c.has_cwd = true;
    c.cwd = TRY(fs_path(a[4]));
  }
  if (!a[5].is_none()) {
    c.has_environment = true;
    Ref env = TRY(to_tuple(a[5]));
    for (Value v : *as<Tuple>(env)) c.environment.push_back(TRY(fs_path(v)));
  }
  int* const fds[] = {&c.p2cread, &c.p2cwrite, &c.c2pread,      &c.c2pwrite,
                      &c.errread, &c.errwrite, &c.errpipe_read, &c.errpipe_write};
  for (int i = 0; i < 8; ++i) *fds[i] = TRY(int_argument(a[6 + i]));
  c.restore_signals = TRY(truth(a[14]));
  c.call_setsid = TRY(truth(a[15]));
  c.pgid = TRY(int_argument(a[16]));
  if (c.close_fds && c.errpipe_write < 3) return fail(exc::ValueError, "errpipe_write must be >= 3");
  auto id = [](Value v, const char* what) -> Result<uint32_t> {
    if (!is_int(v)) return fail(exc::TypeError, "{} should be integer, not {}", what, type_name(v));
    const auto i = int_value(v);
    if (!i || *i < -1 || *i > UINT32_MAX)
      return fail(exc::OverflowError, "{} is {}", what, int_sign(v) < 0 ? "less than minimum" : "greater than maximum");
    return static_cast<uint32_t>(*i);
  };
  if (!a[17].is_none()) {
    c.set_gid = true;
    c.gid = TRY(id(a[17], "gid"));
  }
  if (!a[18].is_none()) {
    if (!is<List>(a[18])) return fail(exc::TypeError, "setgroups argument must be a list");
    c.set_groups = true;
    for (Value v : *as<List>(a[18])) {
      if (!is_int(v)) return fail(exc::TypeError, "groups must be integers");
      c.groups.push_back(TRY(id(v, "gid")));
    }
  }
  if (!a[19].is_none()) {
    c.set_uid = true;
    c.uid = TRY(id(a[19], "uid"));
  }
  c.umask = TRY(int_argument(a[20]));
  if (!a[21].is_none()) c.preexec = Ref::share(a[21]);
  seal(c.arguments, c.argv);
  seal(c.environment, c.envp);

  // Python code runs in the child only for preexec_fn; only then do the fork handlers matter.
  const bool python_in_child = !c.preexec.is_empty();
  if (python_in_child) run_before_fork();
  const pid_t pid = fork();
  const int code = errno;
  if (pid == 0) {
    if (python_in_child) run_after_fork_in_child();
    run_child(c);
  }
  if (python_in_child) run_after_fork_in_parent();
  if (pid < 0) return fail_errno(code);
  return make_int(pid);
}

const NativeDef kFunctions[] = {
    {"fork_exec",
     "($module, args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, "
     "errwrite, errpipe_read, errpipe_write, "
     "restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, umask, preexec_fn, allow_vfork, /)",
     fork_exec,
     "Fork, then run the first of executable_list that can be executed in the child. Returns the child's process ID."},
    {}};
Status initialize(Value) { return kOk; }

}  // namespace

extern const ModuleDef posixsubprocess_module;
const ModuleDef posixsubprocess_module = {"_posixsubprocess", "The fork and exec on which subprocess.Popen stands.",
                                          kFunctions, initialize};

}  // namespace hiss
