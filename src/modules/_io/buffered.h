// BufferedReader, BufferedWriter and BufferedRandom.
#pragma once

#include <pthread.h>

#include "modules/_io/stream.h"

namespace hiss {

struct Buffered : Stream {
  Value raw;
  bool ok, detached, readable, writable, finalizing;
  bool fast_raw;  // raw is a plain FileIO: no method calls are needed
  int64_t buffer_size;
  uint8_t* read_data;  // read ahead: [read_pos, read_end)
  int64_t read_pos, read_end;
  uint8_t* write_data;  // not written yet: [0, write_used)
  int64_t write_used, write_capacity;
  int64_t raw_position;  // -1: not known
  pthread_mutex_t mutex;
  pthread_t owner;
  int64_t ahead() const { return read_end - read_pos; }
};

/// What TextIOWrapper calls when its buffer is exactly one of these types.
Ref buffered_read1(Buffered* b, int64_t size);
Ref buffered_write(Buffered* b, const uint8_t* data, int64_t length);
/// A line; `limit` -1: of any length.
Ref buffered_readline(Buffered* b, int64_t limit);
Ref make_buffered(Type& type, Value raw, int64_t buffer_size);

}  // namespace hiss
