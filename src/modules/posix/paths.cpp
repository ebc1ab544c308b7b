// posix: operations on file names.
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "modules/posix/functions.h"
#include "object/bytes.h"

namespace hiss {

Result<timespec> timespec_of(Value v) {
  if (is_float(v)) {
    const double d = float_value(v);
    if (std::isnan(d)) return fail(exc::ValueError, "Invalid value NaN (not a number)");
    double whole = std::floor(d);
    double nanoseconds = std::floor((d - whole) * 1e9);
    if (nanoseconds >= 1e9) {
      nanoseconds -= 1e9;
      whole += 1;
    }
    if (whole < -9.2e18 || whole > 9.2e18)
      return fail(exc::OverflowError, "timestamp out of range for platform time_t");
    return timespec{static_cast<time_t>(whole), static_cast<long>(nanoseconds)};
  }
  Ref number = TRY(index(v));
  const auto seconds = int_value(number);
  if (!seconds) return fail(exc::OverflowError, "timestamp out of range for platform time_t");
  return timespec{*seconds, 0};
}

namespace {

Ref finish(int64_t result, const PathArgument& path) {
  if (result < 0) return fail_errno(errno, path.object);
  return Ref::none();
}
Ref finish(int64_t result, const PathArgument& from, const PathArgument& to) {
  if (result < 0) return fail_errno(errno, from.object, to.object);
  return Ref::none();
}

Ref posix_mkdir(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "mkdir"));
  const int mode = a[1] ? TRY(to_c_int(a[1])) : 0777;
  const int dir = TRY(dir_fd_argument(a[2]));
  return finish(TRY(blocking_call([&] { return mkdirat(dir, path.c_str(), mode); })), path);
}
Ref posix_rmdir(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "rmdir"));
  const int dir = TRY(dir_fd_argument(a[1]));
  return finish(TRY(blocking_call([&] { return unlinkat(dir, path.c_str(), AT_REMOVEDIR); })), path);
}
Ref unlink_path(const char* function, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], function));
  const int dir = TRY(dir_fd_argument(a[1]));
  return finish(TRY(blocking_call([&] { return unlinkat(dir, path.c_str(), 0); })), path);
}
Ref posix_unlink(Value, const Value* a) { return unlink_path("unlink", a); }
Ref posix_remove(Value, const Value* a) { return unlink_path("remove", a); }

Ref rename_path(const char* function, const Value* a) {
  PathArgument from = TRY(path_argument(a[0], function, "src"));
  PathArgument to = TRY(path_argument(a[1], function, "dst"));
  const int from_dir = TRY(dir_fd_argument(a[2])), to_dir = TRY(dir_fd_argument(a[3]));
  return finish(TRY(blocking_call([&] { return renameat(from_dir, from.c_str(), to_dir, to.c_str()); })), from, to);
}
Ref posix_rename(Value, const Value* a) { return rename_path("rename", a); }
Ref posix_replace(Value, const Value* a) { return rename_path("replace", a); }

Ref posix_readlink(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "readlink"));
  const int dir = TRY(dir_fd_argument(a[1]));
  char buffer[PATH_MAX + 1];
  const int64_t n = TRY(blocking_call([&] { return readlinkat(dir, path.c_str(), buffer, PATH_MAX); }));
  if (n < 0) return fail_errno(errno, path.object);
  const std::string_view text(buffer, static_cast<size_t>(n));
  return path.is_bytes ? make_bytes(text) : fs_decode(text);
}
Ref posix_symlink(Value, const Value* a) {
  PathArgument from = TRY(path_argument(a[0], "symlink", "src"));
  PathArgument to = TRY(path_argument(a[1], "symlink", "dst"));
  const int dir = TRY(dir_fd_argument(a[3]));
  return finish(TRY(blocking_call([&] { return symlinkat(from.c_str(), dir, to.c_str()); })), from, to);
}
Ref posix_link(Value, const Value* a) {
  PathArgument from = TRY(path_argument(a[0], "link", "src"));
  PathArgument to = TRY(path_argument(a[1], "link", "dst"));
  const int from_dir = TRY(dir_fd_argument(a[2])), to_dir = TRY(dir_fd_argument(a[3]));
  const bool follow = a[4] ? TRY(truth(a[4])) : true;
  // link() itself does not follow; only an explicit dir_fd or follow_symlinks=False selects linkat's flag.
  const bool plain = from_dir == AT_FDCWD && to_dir == AT_FDCWD && follow;
  return finish(TRY(blocking_call([&] {
                  return plain ? link(from.c_str(), to.c_str())
                               : linkat(from_dir, from.c_str(), to_dir, to.c_str(), follow ? AT_SYMLINK_FOLLOW : 0);
                })),
                from, to);
}
Ref posix_chmod(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "chmod", "path", kPathOrFd));
  const int mode = TRY(to_c_int(a[1]));
  const int dir = TRY(dir_fd_argument(a[2]));
  const bool follow = a[3] ? TRY(truth(a[3])) : true;
  if (!follow) return fail(exc::NotImplementedError, "chmod: follow_symlinks unavailable on this platform");
  return finish(
      TRY(blocking_call([&] { return path.is_fd ? fchmod(path.fd, mode) : fchmodat(dir, path.c_str(), mode, 0); })),
      path);
}
Ref posix_fchmod(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int mode = TRY(to_c_int(a[1]));
  return none_or_errno(TRY(blocking_call([&] { return fchmod(fd, mode); })));
}
Result<uint32_t> id_argument(Value v, const char* what) {
  Ref number = index(v);
  if (number.is_error()) {
    clear_pending();
    return fail(exc::TypeError, "{} should be integer, not {}", what, type_name(v));
  }
  const auto i = int_value(number);
  if (!i)
    return fail(exc::OverflowError, "{} is {} than {}imum", what, int_sign(number) < 0 ? "less" : "greater",
                int_sign(number) < 0 ? "min" : "max");
  if (*i < -1) return fail(exc::OverflowError, "{} is less than minimum", what);
  if (*i > UINT32_MAX) return fail(exc::OverflowError, "{} is greater than maximum", what);
  return static_cast<uint32_t>(*i);
}
Ref posix_chown(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "chown", "path", kPathOrFd));
  const uint32_t uid = TRY(id_argument(a[1], "uid")), gid = TRY(id_argument(a[2], "gid"));
  const int dir = TRY(dir_fd_argument(a[3]));
  const bool follow = a[4] ? TRY(truth(a[4])) : true;
  return finish(TRY(blocking_call([&] {
                  return path.is_fd ? fchown(path.fd, uid, gid)
                                    : fchownat(dir, path.c_str(), uid, gid, follow ? 0 : AT_SYMLINK_NOFOLLOW);
                })),
                path);
}
Ref posix_fchown(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const uint32_t uid = TRY(id_argument(a[1], "uid")), gid = TRY(id_argument(a[2], "gid"));
  return none_or_errno(TRY(blocking_call([&] { return fchown(fd, uid, gid); })));
}
Ref posix_lchown(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "lchown"));
  const uint32_t uid = TRY(id_argument(a[1], "uid")), gid = TRY(id_argument(a[2], "gid"));
  return finish(TRY(blocking_call([&] { return lchown(path.c_str(), uid, gid); })), path);
}
Ref posix_access(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "access"));
  const int mode = TRY(to_c_int(a[1]));
  const int dir = TRY(dir_fd_argument(a[2]));
  const bool effective = a[3] ? TRY(truth(a[3])) : false, follow = a[4] ? TRY(truth(a[4])) : true;
  const int flags = (effective ? AT_EACCESS : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
  bool ok;
  {
    AllowThreads allow;
    ok = faccessat(dir, path.c_str(), mode, flags) == 0;
  }
  return Ref::boolean(ok);
}
Ref posix_chdir(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "chdir", "path", kPathOrFd));
  return finish(TRY(blocking_call([&] { return path.is_fd ? fchdir(path.fd) : chdir(path.c_str()); })), path);
}
Ref posix_fchdir(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  return none_or_errno(TRY(blocking_call([&] { return fchdir(fd); })));
}
Ref posix_chroot(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "chroot"));
  return finish(chroot(path.c_str()), path);
}
Result<std::string> current_directory() {
  char* text;
  {
    AllowThreads allow;
    text = getcwd(nullptr, 0);
  }
  if (!text) return fail_errno(errno);
  std::string out = text;
  free(text);
  return out;
}
Ref posix_getcwd(Value, const Value*) { return fs_decode(TRY(current_directory())); }
Ref posix_getcwdb(Value, const Value*) { return make_bytes(TRY(current_directory())); }
Ref posix_umask(Value, const Value* a) { return make_int(umask(static_cast<mode_t>(TRY(to_c_int(a[0]))))); }
Ref posix_mkfifo(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "mkfifo"));
  const int mode = a[1] ? TRY(to_c_int(a[1])) : 0666;
  const int dir = TRY(dir_fd_argument(a[2]));
  return finish(TRY(blocking_call([&] { return mkfifoat(dir, path.c_str(), mode); })), path);
}
Ref posix_mknod(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "mknod"));
  const int mode = a[1] ? TRY(to_c_int(a[1])) : 0600;
  const uint64_t device = a[2] ? TRY(to_uint_mask(a[2])) : 0;
  const int dir = TRY(dir_fd_argument(a[3]));
  return finish(TRY(blocking_call([&] { return mknodat(dir, path.c_str(), mode, device); })), path);
}

Result<timespec> split_nanoseconds(Value v) {
  Ref parts = TRY(binary(BinaryOp::divmod, v, Value::integer(1000000000)));
  if (!is<Tuple>(parts) || as<Tuple>(parts)->size != 2) {
    return fail(exc::TypeError, "{}.__divmod__() must return a 2-tuple, not {}", type_name(v), type_name(parts));
  }
  return timespec{TRY(to_int64(as<Tuple>(parts)->items[0])), TRY(to_int64(as<Tuple>(parts)->items[1]))};
}
Ref posix_utime(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "utime", "path", kPathOrFd));
  const int dir = TRY(dir_fd_argument(a[3]));
  const bool follow = a[4] ? TRY(truth(a[4])) : true;
  const bool has_times = a[1] && !a[1].is_none();
  if (has_times && a[2]) return fail(exc::ValueError, "utime: you may specify either 'times' or 'ns' but not both");
  timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  if (has_times) {
    if (!is<Tuple>(a[1]) || as<Tuple>(a[1])->size != 2)
      return fail(exc::TypeError, "utime: 'times' must be either a tuple of two ints or None");
    for (int i = 0; i < 2; ++i) times[i] = TRY(timespec_of(as<Tuple>(a[1])->items[i]));
  } else if (a[2]) {
    if (!is<Tuple>(a[2]) || as<Tuple>(a[2])->size != 2)
      return fail(exc::TypeError, "utime: 'ns' must be a tuple of two ints");
    for (int i = 0; i < 2; ++i) times[i] = TRY(split_nanoseconds(as<Tuple>(a[2])->items[i]));
  }
  if (path.is_fd && dir != AT_FDCWD) return fail(exc::ValueError, "utime: can't specify dir_fd without matching path");
  if (path.is_fd && !follow) return fail(exc::ValueError, "utime: cannot use fd and follow_symlinks together");
  return finish(TRY(blocking_call([&] {
                  return path.is_fd ? futimens(path.fd, times)
                                    : utimensat(dir, path.c_str(), times, follow ? 0 : AT_SYMLINK_NOFOLLOW);
                })),
                path);
}

// ---- Extended attributes

Ref posix_getxattr(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "getxattr", "path", kPathOrFd));
  PathArgument name = TRY(path_argument(a[1], "getxattr", "attribute"));
  const bool follow = a[2] ? TRY(truth(a[2])) : true;
  std::string buffer(128, '\0');
  for (;;) {
    const int64_t n = TRY(blocking_call([&] {
      return path.is_fd ? fgetxattr(path.fd, name.c_str(), buffer.data(), buffer.size())
             : follow   ? getxattr(path.c_str(), name.c_str(), buffer.data(), buffer.size())
                        : lgetxattr(path.c_str(), name.c_str(), buffer.data(), buffer.size());
    }));
    if (n >= 0) return make_bytes(buffer.data(), n);
    if (errno != ERANGE || buffer.size() >= 65536) return fail_errno(errno, path.object);
    buffer.resize(65536);
  }
}
Ref posix_setxattr(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "setxattr", "path", kPathOrFd));
  PathArgument name = TRY(path_argument(a[1], "setxattr", "attribute"));
  BufferView value(TRY(get_buffer(a[2])));
  const int flags = a[3] ? TRY(to_c_int(a[3])) : 0;
  const bool follow = a[4] ? TRY(truth(a[4])) : true;
  const size_t size = static_cast<size_t>(value.length());
  return finish(TRY(blocking_call([&] {
                  return path.is_fd ? fsetxattr(path.fd, name.c_str(), value.data(), size, flags)
                         : follow   ? setxattr(path.c_str(), name.c_str(), value.data(), size, flags)
                                    : lsetxattr(path.c_str(), name.c_str(), value.data(), size, flags);
                })),
                path);
}
Ref posix_removexattr(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "removexattr", "path", kPathOrFd));
  PathArgument name = TRY(path_argument(a[1], "removexattr", "attribute"));
  const bool follow = a[2] ? TRY(truth(a[2])) : true;
  return finish(TRY(blocking_call([&] {
                  return path.is_fd ? fremovexattr(path.fd, name.c_str())
                         : follow   ? removexattr(path.c_str(), name.c_str())
                                    : lremovexattr(path.c_str(), name.c_str());
                })),
                path);
}
Ref posix_listxattr(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "listxattr", "path", kPathOrFd | kPathOrNone));
  const bool follow = a[1] ? TRY(truth(a[1])) : true;
  std::string buffer(65536, '\0');
  const int64_t n = TRY(blocking_call([&] {
    return path.is_fd ? flistxattr(path.fd, buffer.data(), buffer.size())
           : follow   ? listxattr(path.c_str(), buffer.data(), buffer.size())
                      : llistxattr(path.c_str(), buffer.data(), buffer.size());
  }));
  if (n < 0) return fail_errno(errno, path.object);
  Ref list = make_list();
  for (int64_t i = 0; i < n;) {
    const std::string_view name(buffer.data() + i);
    Ref text = TRY(fs_decode(name));
    list_append(as<List>(list), text);
    i += static_cast<int64_t>(name.size()) + 1;
  }
  return list;
}

Ref posix_fspath(Value, const Value* a) { return fspath(a[0]); }

// os.path.normpath of a str: empty and "." components go, ".." takes the one before it away.
Ref posix_path_normpath(Value, const Value* a) {
  if (!is<Str>(a[0])) return fail(exc::TypeError, "normpath() argument 'path' must be str, not {}", type_name(a[0]));
  const std::string_view text = utf8_view(as<Str>(a[0]));
  if (text.empty()) return make_str_ascii(".");
  std::string prefix;
  if (text[0] == '/') prefix = text.size() > 1 && text[1] == '/' && !(text.size() > 2 && text[2] == '/') ? "//" : "/";
  std::vector<std::string_view> parts;
  for (size_t i = 0; i <= text.size();) {
    size_t end = text.find('/', i);
    if (end == text.npos) end = text.size();
    const std::string_view part = text.substr(i, end - i);
    i = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
      continue;
    }
    if (part == ".." && !prefix.empty()) continue;
    parts.push_back(part);
  }
  std::string out = prefix;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i) out += '/';
    out += parts[i];
  }
  return make_str(out.empty() ? "." : out);
}

}  // namespace

const NativeDef kPosixPathFunctions[] = {
    {"mkdir", "($module, /, path, mode=511, *, dir_fd=None)", posix_mkdir,
     "Make a new directory; the umask takes bits away from mode."},
    {"rmdir", "($module, /, path, *, dir_fd=None)", posix_rmdir, "Delete a directory, which must be empty."},
    {"unlink", "($module, /, path, *, dir_fd=None)", posix_unlink,
     "Delete the name path of a file; the same as remove()."},
    {"remove", "($module, /, path, *, dir_fd=None)", posix_remove,
     "Delete the name path of a file; the same as unlink()."},
    {"rename", "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", posix_rename,
     "Give src the name dst; a file called dst is replaced."},
    {"replace", "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", posix_replace,
     "Give src the name dst, whatever file has that name now."},
    {"readlink", "($module, /, path, *, dir_fd=None)", posix_readlink,
     "The path that a symbolic link holds, as it was written."},
    {"symlink", "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)", posix_symlink,
     "Make dst a symbolic link that holds the path src."},
    {"link", "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)", posix_link,
     "Make dst one more name of the file src."},
    {"chmod", "($module, /, path, mode, *, dir_fd=None, follow_symlinks=True)", posix_chmod,
     "Set the permission bits of path to mode."},
    {"fchmod", "($module, /, fd, mode)", posix_fchmod, "Set the permission bits of the open file fd to mode."},
    {"chown", "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)", posix_chown,
     "Set the owner of path to uid and its group to gid; -1 leaves one as it is."},
    {"fchown", "($module, /, fd, uid, gid)", posix_fchown,
     "Set the owner of the open file fd to uid and its group to gid; -1 leaves one as it is."},
    {"lchown", "($module, /, path, uid, gid)", posix_lchown, "As chown(), but a symbolic link is changed itself."},
    {"access", "($module, /, path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)", posix_access,
     "Whether the real user may do with path what mode asks: F_OK, or R_OK, W_OK and X_OK in combination."},
    {"chdir", "($module, /, path)", posix_chdir, "Make path the current directory; it may be a descriptor."},
    {"fchdir", "($module, /, fd)", posix_fchdir, "Make the open directory fd the current one."},
    {"chroot", "($module, /, path)", posix_chroot, "Make path the root directory of this process."},
    {"getcwd", "($module, /)", posix_getcwd, "The path of the current directory, as str."},
    {"getcwdb", "($module, /)", posix_getcwdb, "The path of the current directory, as bytes."},
    {"umask", "($module, mask, /)", posix_umask,
     "Set the permission bits that new files do not get; returns those in force before."},
    {"mkfifo", "($module, /, path, mode=438, *, dir_fd=None)", posix_mkfifo, "Make a named pipe."},
    {"mknod", "($module, /, path, mode=384, device=0, *, dir_fd=None)", posix_mknod,
     "Make a file of the kind that mode asks for: regular, pipe, or a device with the number device."},
    {"utime", "($module, /, path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)", posix_utime,
     "Set when path was last read and changed: times in seconds, ns in nanoseconds, both now if neither is given."},
    {"getxattr", "($module, /, path, attribute, *, follow_symlinks=True)", posix_getxattr,
     "The value of an extended attribute, as bytes."},
    {"setxattr", "($module, /, path, attribute, value, flags=0, *, follow_symlinks=True)", posix_setxattr,
     "Set an extended attribute; flags may ask that it be new (XATTR_CREATE) or not (XATTR_REPLACE)."},
    {"removexattr", "($module, /, path, attribute, *, follow_symlinks=True)", posix_removexattr,
     "Delete an extended attribute."},
    {"listxattr", "($module, /, path=None, *, follow_symlinks=True)", posix_listxattr,
     "The names of the extended attributes of path (default: the current directory)."},
    {"fspath", "($module, /, path)", posix_fspath, "path itself if it is str or bytes, else path.__fspath__()."},
    {"_path_normpath", "($module, /, path)", posix_path_normpath,
     "path with its '.', '..' and repeated slashes taken out."},
    {}};

}  // namespace hiss
