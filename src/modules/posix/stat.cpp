// posix: stat, lstat, fstat, statvfs and their results.
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "modules/posix/functions.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

StructSequenceType stat_result_type;
StructSequenceType statvfs_result_type;

const StructField kStatFields[] = {{"st_mode", "protection bits"},
                                   {"st_ino", "inode"},
                                   {"st_dev", "device it lies on"},
                                   {"st_nlink", "how many names the file has"},
                                   {"st_uid", "ID of the user who owns it"},
                                   {"st_gid", "ID of the group that owns it"},
                                   {"st_size", "length in bytes"},
                                   {nullptr, "when it was last read, in whole seconds"},
                                   {nullptr, "when its data last changed, in whole seconds"},
                                   {nullptr, "when its inode last changed, in whole seconds"},
                                   {"st_atime", "when it was last read, in seconds"},
                                   {"st_mtime", "when its data last changed, in seconds"},
                                   {"st_ctime", "when its inode last changed, in seconds"},
                                   {"st_atime_ns", "when it was last read, in nanoseconds"},
                                   {"st_mtime_ns", "when its data last changed, in nanoseconds"},
                                   {"st_ctime_ns", "when its inode last changed, in nanoseconds"},
                                   {"st_blksize", "bytes to read or write at a time"},
                                   {"st_blocks", "units of 512 bytes on the disk"},
                                   {"st_rdev", "which device it stands for, if it is one"}};

const StructField kStatvfsFields[] = {{"f_bsize", nullptr},   {"f_frsize", nullptr}, {"f_blocks", nullptr},
                                      {"f_bfree", nullptr},   {"f_bavail", nullptr}, {"f_files", nullptr},
                                      {"f_ffree", nullptr},   {"f_favail", nullptr}, {"f_flag", nullptr},
                                      {"f_namemax", nullptr}, {"f_fsid", nullptr}};

Ref (*struct_new_slot)(Type*, const Args&);

// Times given as integers only are also the float times.
Ref stat_result_new(Type* cls, const Args& args) {
  Ref result = TRY(struct_new_slot(cls, args));
  auto* t = as<Tuple>(result);
  for (int i = 7; i <= 9; ++i) {
    if (t->items[i + 3].is_none()) {
      retain(t->items[i]);
      t->items[i + 3] = t->items[i];
    }
  }
  return result;
}

Ref nanoseconds(const timespec& t) {
  // A year beyond 2262 overflows 64 bits.
  __int128 ns = static_cast<__int128>(t.tv_sec) * 1000000000 + t.tv_nsec;
  if (ns >= INT64_MIN && ns <= INT64_MAX) return make_int(static_cast<int64_t>(ns));
  Ref seconds = make_int(t.tv_sec);
  Ref scaled = binary(BinaryOp::multiply, seconds, Value::integer(1000000000));
  return binary(BinaryOp::add, scaled, Value::integer(t.tv_nsec));
}

Ref do_stat(const char* function, Value path_value, Value dir_fd, bool follow) {
  PathArgument path = TRY(path_argument(path_value, function, "path", kPathOrFd));
  const int dir = TRY(dir_fd_argument(dir_fd));
  if (path.is_fd && dir != AT_FDCWD)
    return fail(exc::ValueError, "{}: can't specify dir_fd without matching path", function);
  if (path.is_fd && !follow) return fail(exc::ValueError, "{}: cannot use fd and follow_symlinks together", function);
  struct stat s;
  int result, code;
  {
    AllowThreads allow;
    result = path.is_fd ? fstat(path.fd, &s) : fstatat(dir, path.c_str(), &s, follow ? 0 : AT_SYMLINK_NOFOLLOW);
    code = errno;
  }
  if (result < 0) return fail_errno(code, path.object);
  return stat_result_of(s);
}

Ref posix_stat(Value, const Value* a) {
  const bool follow = a[2] ? TRY(truth(a[2])) : true;
  return do_stat("stat", a[0], a[1], follow);
}
Ref posix_lstat(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "lstat"));
  return do_stat("lstat", path.object, a[1], false);
}
Ref posix_fstat(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  struct stat s;
  const int64_t result = TRY(blocking_call([&] { return fstat(fd, &s); }));
  if (result < 0) return fail_errno(errno);
  return stat_result_of(s);
}

Ref statvfs_result_of(const struct statvfs& s) {
  return make_struct_sequence(statvfs_result_type,
                              {make_uint(s.f_bsize), make_uint(s.f_frsize), make_uint(s.f_blocks), make_uint(s.f_bfree),
                               make_uint(s.f_bavail), make_uint(s.f_files), make_uint(s.f_ffree), make_uint(s.f_favail),
                               make_uint(s.f_flag), make_uint(s.f_namemax), make_uint(s.f_fsid)});
}
Ref posix_statvfs(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "statvfs", "path", kPathOrFd));
  struct statvfs s;
  const int64_t result =
      TRY(blocking_call([&] { return path.is_fd ? fstatvfs(path.fd, &s) : statvfs(path.c_str(), &s); }));
  if (result < 0) return fail_errno(errno, path.object);
  return statvfs_result_of(s);
}
Ref posix_fstatvfs(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  struct statvfs s;
  const int64_t result = TRY(blocking_call([&] { return fstatvfs(fd, &s); }));
  if (result < 0) return fail_errno(errno);
  return statvfs_result_of(s);
}

Result<uint64_t> device_argument(Value v) {
  Ref number = TRY(index(v));
  if (int_sign(number) < 0) return fail(exc::OverflowError, "can't convert negative int to unsigned");
  MpzView z(number);
  if (mpz_sizeinbase(z, 2) > 64) return fail(exc::OverflowError, "int too big to convert");
  return mpz_get_ui(z);
}
Ref posix_major(Value, const Value* a) { return make_int(major(TRY(device_argument(a[0])))); }
Ref posix_minor(Value, const Value* a) { return make_int(minor(TRY(device_argument(a[0])))); }
Ref posix_makedev(Value, const Value* a) {
  const int high = TRY(to_c_int(a[0])), low = TRY(to_c_int(a[1]));
  return make_uint(makedev(static_cast<unsigned>(high), static_cast<unsigned>(low)));
}

}  // namespace

Ref stat_result_of(const struct stat& s) {
  auto as_float = [](const timespec& t) {
    return make_float(static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec));
  };
  return make_struct_sequence(
      stat_result_type,
      {make_int(s.st_mode), make_uint(s.st_ino), make_uint(s.st_dev), make_uint(s.st_nlink),
       make_int(static_cast<int64_t>(s.st_uid)), make_int(static_cast<int64_t>(s.st_gid)), make_int(s.st_size),
       make_int(s.st_atim.tv_sec), make_int(s.st_mtim.tv_sec), make_int(s.st_ctim.tv_sec), as_float(s.st_atim),
       as_float(s.st_mtim), as_float(s.st_ctim), nanoseconds(s.st_atim), nanoseconds(s.st_mtim), nanoseconds(s.st_ctim),
       make_int(s.st_blksize), make_int(s.st_blocks), make_uint(s.st_rdev)});
}

Status add_posix_stat(Value module) {
  define_struct_sequence(
      stat_result_type,
      {"os.stat_result",
       "stat_result: what os.stat(), os.lstat() and os.fstat() say of a file.\n\nThe first ten fields are also the "
       "items of a tuple: (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime).",
       kStatFields, 19, 10});
  if (!struct_new_slot) struct_new_slot = stat_result_type.slots.new_;
  stat_result_type.slots.new_ = stat_result_new;
  define_struct_sequence(
      statvfs_result_type,
      {"os.statvfs_result", "statvfs_result: what os.statvfs() and os.fstatvfs() say of a file system.", kStatvfsFields,
       11, 10});
  add_type(module, stat_result_type);
  add_type(module, statvfs_result_type);
  return kOk;
}

const NativeDef kPosixStatFunctions[] = {
    {"stat", "($module, /, path, *, dir_fd=None, follow_symlinks=True)", posix_stat,
     "What the system knows of the file path, which may also be a descriptor."},
    {"lstat", "($module, /, path, *, dir_fd=None)", posix_lstat, "As stat(), but of a symbolic link itself."},
    {"fstat", "($module, /, fd)", posix_fstat, "What the system knows of the open file fd."},
    {"statvfs", "($module, /, path)", posix_statvfs,
     "What the system knows of the file system that path lies on; path may be a descriptor."},
    {"fstatvfs", "($module, fd, /)", posix_fstatvfs,
     "What the system knows of the file system that the open file fd lies on."},
    {"major", "($module, device, /)", posix_major, "The major part of a device number."},
    {"minor", "($module, device, /)", posix_minor, "The minor part of a device number."},
    {"makedev", "($module, major, minor, /)", posix_makedev, "The device number with these two parts."},
    {}};

}  // namespace hiss
