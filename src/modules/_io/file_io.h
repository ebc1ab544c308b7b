// FileIO: a raw stream over a file descriptor. The buffered streams read and write it directly.
#pragma once

#include "modules/_io/stream.h"

namespace hiss {

struct FileIO : Stream {
  int fd;  // -1: closed (new objects: see file_io_new)
  bool created, readable, writable, appending;
  int8_t seekable;  // -1: not known yet
  bool closefd, finalizing;
  int64_t block_size;
};

/// One read or write system call: the number of bytes, or -1 when it would block.
Result<int64_t> file_read(FileIO* file, uint8_t* data, int64_t length);
Result<int64_t> file_write(FileIO* file, const uint8_t* data, int64_t length);
Ref make_file_io(int fd, const char* mode, bool closefd);
const char* file_mode(const FileIO* file);

}  // namespace hiss
