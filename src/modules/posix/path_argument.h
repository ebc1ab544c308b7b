// File names as arguments: str, bytes, os.PathLike or a file descriptor, and text in the file system's encoding.
#pragma once

#include <fcntl.h>

#include <string>

#include "object/protocol.h"

namespace hiss {

struct PathArgument {
  std::string text;
  Ref object;  // what errors show
  int fd = -1;
  bool is_fd = false;
  bool is_bytes = false;
  bool is_none = false;
  const char* c_str() const { return text.c_str(); }
};
enum PathOptions { kPathOnly = 0, kPathOrFd = 1, kPathOrNone = 2 };
/// `function` "stat", `argument` "path": for messages.
Result<PathArgument> path_argument(Value v, const char* function, const char* argument = "path",
                                   int options = kPathOnly);

/// os.fspath.
Ref fspath(Value path);
/// str (or bytes) to the bytes of the file system: UTF-8 with surrogateescape. ValueError for embedded null bytes.
Result<std::string> fs_encode(Value text);
/// bytes of the file system to str.
Ref fs_decode(std::string_view bytes);
/// fspath and fs_encode; TypeError when it is none.
Result<std::string> fs_path(Value path);

/// dir_fd=None arguments.
Result<int> dir_fd_argument(Value v);
/// A file descriptor or an object with fileno(): "argument must be an int, or have a fileno() method."
Result<int> file_descriptor(Value v);

}  // namespace hiss
