// posix: listdir and scandir.
#include <dirent.h>
#include <unistd.h>

#include "modules/posix/functions.h"
#include "object/bytes.h"
#include "object/iterator.h"

namespace hiss {

namespace {

// ---- DirEntry

struct DirEntry : Object {
  Value name, path;  // Str or Bytes
  Value stat_result, lstat_result;
  std::string* full;  // the path for system calls
  int dir_fd;         // -1: `full` is a path of its own
  unsigned char type;
  uint64_t inode;
};
Type dir_entry_type;

DirEntry* entry_of(Value v) { return static_cast<DirEntry*>(v.object()); }

void dir_entry_dealloc(Object* o) {
  auto* e = static_cast<DirEntry*>(o);
  for (Value* v : {&e->name, &e->path, &e->stat_result, &e->lstat_result}) clear_field(*v);
  delete e->full;
  free_object(o);
}

Ref fetch(DirEntry* e, bool follow) {
  struct stat s;
  const int dir = e->dir_fd >= 0 ? e->dir_fd : AT_FDCWD;
  const int64_t result =
      TRY(blocking_call([&] { return fstatat(dir, e->full->c_str(), &s, follow ? 0 : AT_SYMLINK_NOFOLLOW); }));
  if (result < 0) return fail_errno(errno, e->path);
  return stat_result_of(s);
}
Ref cached_stat(DirEntry* e, bool follow) {
  const bool link = e->type == DT_LNK || (e->type == DT_UNKNOWN && follow);
  Value& cache = follow && link ? e->stat_result : e->lstat_result;
  if (!cache) cache = TRY(fetch(e, follow && link)).release();
  return Ref::share(cache);
}
Ref entry_stat(Value self, const Value* a) { return cached_stat(entry_of(self), a[0] ? TRY(truth(a[0])) : true); }

Result<bool> test_mode(DirEntry* e, bool follow, mode_t wanted) {
  const bool link = e->type == DT_LNK;
  if (e->type == DT_UNKNOWN || (follow && link)) {
    Ref s = cached_stat(e, follow);
    if (s.is_error()) {
      // The file vanished, or the link points nowhere: it is no such thing.
      if (!pending_is(exc::FileNotFoundError)) return Failure{};
      clear_pending();
      return false;
    }
    return (static_cast<mode_t>(as<Tuple>(s)->items[0].integer()) & S_IFMT) == wanted;
  }
  if (link) return wanted == S_IFLNK;
  return static_cast<mode_t>(DTTOIF(e->type)) == wanted;
}
Ref entry_is_dir(Value self, const Value* a) {
  return Ref::boolean(TRY(test_mode(entry_of(self), a[0] ? TRY(truth(a[0])) : true, S_IFDIR)));
}
Ref entry_is_file(Value self, const Value* a) {
  return Ref::boolean(TRY(test_mode(entry_of(self), a[0] ? TRY(truth(a[0])) : true, S_IFREG)));
}
Ref entry_is_symlink(Value self, const Value*) { return Ref::boolean(TRY(test_mode(entry_of(self), false, S_IFLNK))); }
Ref entry_inode(Value self, const Value*) { return make_uint(entry_of(self)->inode); }
Ref entry_fspath(Value self, const Value*) { return Ref::share(entry_of(self)->path); }
Ref entry_name(Value self) { return Ref::share(entry_of(self)->name); }
Ref entry_path(Value self) { return Ref::share(entry_of(self)->path); }
Ref entry_repr(Value self) { return make_str(fmt::format("<DirEntry {}>", repr_text(entry_of(self)->name))); }

const NativeDef kEntryMethods[] = {
    {"is_dir", "($self, /, *, follow_symlinks=True)", entry_is_dir,
     "Whether the entry is a directory; the answer is remembered."},
    {"is_file", "($self, /, *, follow_symlinks=True)", entry_is_file,
     "Whether the entry is a regular file; the answer is remembered."},
    {"is_symlink", "($self, /)", entry_is_symlink, "Whether the entry is a symbolic link; the answer is remembered."},
    {"stat", "($self, /, *, follow_symlinks=True)", entry_stat,
     "What os.stat() says of the entry; the answer is remembered."},
    {"inode", "($self, /)", entry_inode, "The inode number of the entry."},
    {"__fspath__", "($self, /)", entry_fspath, "The same as path."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const GetSetDef kEntryGetSets[] = {
    {"name", entry_name, nullptr, "the name of the entry within its directory"},
    {"path", entry_path, nullptr, "the name joined to the path that scandir() was given"},
    {}};

// ---- The iterator

struct ScandirIterator : Object {
  DIR* dir;  // null: closed
  PathArgument* path;
};
Type scandir_iterator_type;

ScandirIterator* iterator_of(Value v) { return static_cast<ScandirIterator*>(v.object()); }

void close_directory(ScandirIterator* it) {
  if (!it->dir) return;
  DIR* dir = it->dir;
  it->dir = nullptr;
  AllowThreads allow;
  if (it->path->is_fd) rewinddir(dir);
  closedir(dir);
}
void scandir_finalize(Value self) {
  auto* it = iterator_of(self);
  if (!it->dir) return;
  if (warn(exc::ResourceWarning, fmt::format("unclosed scandir iterator {}", repr_text(self))).is_error()) {
    if (pending_is(exc::Warning)) report_unraisable(self);
    clear_pending();
  }
  close_directory(it);
}
void scandir_dealloc(Object* o) {
  auto* it = static_cast<ScandirIterator*>(o);
  close_directory(it);
  delete it->path;
  free_object(o);
}

Ref make_name(const PathArgument& path, std::string_view name) {
  return path.is_bytes ? make_bytes(name) : fs_decode(name);
}

Ref scandir_next(Value self) {
  auto* it = iterator_of(self);
  while (it->dir) {
    dirent* d;
    int code;
    {
      AllowThreads allow;
      errno = 0;
      d = readdir(it->dir);
      code = errno;
    }
    if (!d) {
      close_directory(it);
      if (code) return fail_errno(code, it->path->object);
      return Ref::empty();
    }
    const std::string_view name = d->d_name;
    if (name == "." || name == "..") continue;
    Ref hold = Ref::steal(allocate(&dir_entry_type));
    auto* e = entry_of(hold);
    e->full = new std::string();
    e->name = TRY(make_name(*it->path, name)).release();
    if (it->path->is_fd) {
      e->dir_fd = it->path->fd;
      *e->full = name;
      e->path = Ref::share(e->name).release();
    } else {
      e->dir_fd = -1;
      *e->full = it->path->text;
      if (!e->full->empty() && e->full->back() != '/') *e->full += '/';
      *e->full += name;
      e->path = TRY(make_name(*it->path, *e->full)).release();
    }
    e->type = d->d_type;
    e->inode = d->d_ino;
    return hold;
  }
  return Ref::empty();
}
Ref scandir_close(Value self, const Value*) {
  close_directory(iterator_of(self));
  return Ref::none();
}
Ref scandir_enter(Value self, const Value*) { return Ref::share(self); }
Ref scandir_exit(Value self, const Value*) {
  close_directory(iterator_of(self));
  return Ref::none();
}
const NativeDef kScandirMethods[] = {{"close", "($self, /)", scandir_close, nullptr},
                                     {"__enter__", "($self, /)", scandir_enter, nullptr},
                                     {"__exit__", "($self, /, *args)", scandir_exit, nullptr},
                                     {}};

Result<DIR*> open_directory(const PathArgument& path) {
  DIR* dir = nullptr;
  int code;
  {
    AllowThreads allow;
    if (path.is_fd) {
      const int copy = fcntl(path.fd, F_DUPFD_CLOEXEC, 0);
      if (copy >= 0) {
        dir = fdopendir(copy);
        code = errno;
        if (!dir) close(copy);
        errno = code;
      }
    } else {
      dir = opendir(path.c_str());
    }
    code = errno;
  }
  if (!dir) return fail_errno(code, path.object ? path.object.value() : Value());
  return dir;
}

Ref posix_scandir(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "scandir", "path", kPathOrFd | kPathOrNone));
  DIR* dir = TRY(open_directory(path));
  auto* it = allocate_as<ScandirIterator>(scandir_iterator_type);
  it->dir = dir;
  it->path = new PathArgument(std::move(path));
  return Ref::steal(it);
}

Ref posix_listdir(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "listdir", "path", kPathOrFd | kPathOrNone));
  DIR* dir = TRY(open_directory(path));
  Ref list = make_list();
  for (;;) {
    dirent* d;
    int code;
    {
      AllowThreads allow;
      errno = 0;
      d = readdir(dir);
      code = errno;
    }
    if (!d) {
      if (path.is_fd) rewinddir(dir);
      closedir(dir);
      if (code) return fail_errno(code, path.object);
      return list;
    }
    const std::string_view name = d->d_name;
    if (name == "." || name == "..") continue;
    Ref text = make_name(path, name);
    if (text.is_error()) {
      closedir(dir);
      return text;
    }
    list_append(as<List>(list), text);
  }
}

}  // namespace

Status add_posix_directory(Value module) {
  define_type(
      dir_entry_type,
      {.name = "posix.DirEntry", .size = sizeof(DirEntry), .layout = Layout::Native, .flags = Type::kNoInstances});
  dir_entry_type.dealloc = dir_entry_dealloc;
  dir_entry_type.slots.repr = entry_repr;
  dir_entry_type.methods = kEntryMethods;
  dir_entry_type.getsets = kEntryGetSets;
  ready_type(dir_entry_type);
  define_type(scandir_iterator_type, {.name = "posix.ScandirIterator",
                                      .size = sizeof(ScandirIterator),
                                      .layout = Layout::Native,
                                      .flags = Type::kNoInstances});
  scandir_iterator_type.dealloc = scandir_dealloc;
  scandir_iterator_type.slots.finalize = scandir_finalize;
  scandir_iterator_type.slots.iter = self_iter;
  scandir_iterator_type.slots.next = scandir_next;
  scandir_iterator_type.methods = kScandirMethods;
  ready_type(scandir_iterator_type);
  add_type(module, dir_entry_type);
  return kOk;
}

const NativeDef kPosixDirectoryFunctions[] = {
    {"listdir", "($module, /, path=None)", posix_listdir,
     "The names in the directory path (default: the current one), without '.' and '..', in no certain order."},
    {"scandir", "($module, /, path=None)", posix_scandir,
     "Iterates over the directory path (default: the current one) and yields a DirEntry for each name in it."},
    {}};

}  // namespace hiss
