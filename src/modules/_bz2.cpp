// _bz2: compressors and decompressors of libbz2.
#include <bzlib.h>

#include <algorithm>
#include <climits>
#include <string>

#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

namespace {

Type compressor_type, decompressor_type;

struct Compressor : Object {
  bz_stream* stream;
  bool flushed;
};
struct Decompressor : Object {
  bz_stream* stream;
  std::string* waiting;  // input that an earlier call has not used up
  Value unused;          // Bytes behind the end of the stream
  bool eof, needs_input;
  bool failed;  // libbz2 may not be called again after an error
};
Compressor* compressor_of(Value v) { return static_cast<Compressor*>(v.object()); }
Decompressor* decompressor_of(Value v) { return static_cast<Decompressor*>(v.object()); }

Status check(int code) {
  switch (code) {
    case BZ_PARAM_ERROR:
      return fail(exc::ValueError, "Internal error - invalid parameters passed to libbzip2");
    case BZ_MEM_ERROR:
      return fail_memory();
    case BZ_DATA_ERROR:
    case BZ_DATA_ERROR_MAGIC:
      return fail(exc::OSError, "Invalid data stream");
    case BZ_IO_ERROR:
      return fail(exc::OSError, "Unknown I/O error");
    case BZ_UNEXPECTED_EOF:
      return fail(exc::EOFError, "Compressed file ended before the logical end-of-stream was detected");
    case BZ_SEQUENCE_ERROR:
      return fail(exc::RuntimeError, "Internal error - Invalid sequence of commands sent to libbzip2");
    default:
      return code < 0 ? Status(fail(exc::OSError, "Unrecognized error from libbzip2: {}", code)) : kOk;
  }
}

// ---- Compressing

Ref compressor_new(Type* cls, const Args& args) {
  Arguments a("BZ2Compressor", "(compresslevel=9, /)");
  TRY(a.bind(args));
  const int level = a[0] ? TRY(to_c_int(a[0])) : 9;
  if (level < 1 || level > 9) return fail(exc::ValueError, "compresslevel must be between 1 and 9");
  auto* c = static_cast<Compressor*>(allocate(cls));
  Ref hold = Ref::steal(c);
  c->stream = new bz_stream{};
  TRY(check(BZ2_bzCompressInit(c->stream, level, 0, 0)));
  return hold;
}
void compressor_dealloc(Object* o) {
  if (bz_stream* stream = static_cast<Compressor*>(o)->stream) {
    BZ2_bzCompressEnd(stream);
    delete stream;
  }
  free_object(o);
}
Ref compress(Compressor* c, const uint8_t* data, size_t size, int action) {
  std::string out;
  bz_stream& s = *c->stream;
  s.next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(data));
  char buffer[32 * 1024];
  for (;;) {
    // The library counts in 32 bits.
    if (s.avail_in == 0 && size > 0) {
      s.avail_in = static_cast<unsigned>(std::min<size_t>(size, UINT_MAX));
      size -= s.avail_in;
    }
    if (action == BZ_RUN && s.avail_in == 0) break;
    s.next_out = buffer;
    s.avail_out = sizeof buffer;
    const int code = BZ2_bzCompress(&s, action);
    TRY(check(code));
    out.append(buffer, sizeof buffer - s.avail_out);
    if (code == BZ_STREAM_END) break;
  }
  return make_bytes(out);
}
Ref compressor_compress(Value self, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  if (compressor_of(self)->flushed) return fail(exc::ValueError, "Compressor has been flushed");
  return compress(compressor_of(self), view.data(), static_cast<size_t>(view.length()), BZ_RUN);
}
Ref compressor_flush(Value self, const Value*) {
  if (compressor_of(self)->flushed) return fail(exc::ValueError, "Repeated call to flush()");
  compressor_of(self)->flushed = true;
  return compress(compressor_of(self), nullptr, 0, BZ_FINISH);
}

// ---- Decompressing

Ref decompressor_new(Type* cls, const Args& args) {
  Arguments a("BZ2Decompressor", "()");
  if (args.count) return fail(exc::TypeError, "BZ2Decompressor() takes no positional arguments");
  TRY(a.bind(args));
  auto* d = static_cast<Decompressor*>(allocate(cls));
  Ref hold = Ref::steal(d);
  d->waiting = new std::string();
  d->unused = make_bytes("").release();
  d->needs_input = true;
  d->stream = new bz_stream{};
  TRY(check(BZ2_bzDecompressInit(d->stream, 0, 0)));
  return hold;
}
void decompressor_dealloc(Object* o) {
  auto* d = static_cast<Decompressor*>(o);
  if (d->stream) {
    BZ2_bzDecompressEnd(d->stream);
    delete d->stream;
  }
  delete d->waiting;
  clear_field(d->unused);
  free_object(o);
}
Ref decompressor_decompress(Value self, const Value* a) {
  Decompressor* d = decompressor_of(self);
  BufferView view(TRY(get_buffer(a[0])));
  const int64_t limit = a[1] ? TRY(to_index(a[1])) : -1;
  if (d->eof) return fail(exc::EOFError, "End of stream already reached");
  if (d->failed) return fail(exc::ValueError, "Decompressor is unusable after a previous error");
  d->waiting->append(view.text());
  bz_stream& s = *d->stream;
  const char* input = d->waiting->data();
  size_t left = d->waiting->size();
  std::string out;
  char buffer[32 * 1024];
  bool full = false;
  while (!d->eof) {
    const size_t room = limit < 0 ? sizeof buffer : std::min(sizeof buffer, static_cast<size_t>(limit) - out.size());
    s.next_in = const_cast<char*>(input);
    s.avail_in = static_cast<unsigned>(std::min<size_t>(left, UINT_MAX));
    const unsigned offered = s.avail_in;
    s.next_out = buffer;
    s.avail_out = static_cast<unsigned>(room);
    const int code = BZ2_bzDecompress(&s);
    if (code < 0) {
      d->failed = true;
      d->needs_input = false;
    }
    TRY(check(code));
    input += offered - s.avail_in;
    left -= offered - s.avail_in;
    out.append(buffer, room - s.avail_out);
    d->eof = code == BZ_STREAM_END;
    full = limit >= 0 && out.size() == static_cast<size_t>(limit);
    if (full || (left == 0 && s.avail_out > 0)) break;
  }
  if (d->eof) {
    Value old = d->unused;
    d->unused = make_bytes(input, static_cast<int64_t>(left)).release();
    release(old);
    d->waiting->clear();
  } else {
    d->waiting->erase(0, d->waiting->size() - left);
  }
  // With the limit reached, more may come without more input.
  d->needs_input = !d->eof && left == 0 && !full;
  return make_bytes(out);
}
Ref get_eof(Value self) { return Ref::boolean(decompressor_of(self)->eof); }
Ref get_needs_input(Value self) { return Ref::boolean(decompressor_of(self)->needs_input); }
Ref get_unused(Value self) { return Ref::share(decompressor_of(self)->unused); }

const NativeDef kCompressorMethods[] = {
    {"compress", "($self, data, /)", compressor_compress,
     "Feed data in; return what is compressed by now, which may be nothing."},
    {"flush", "($self, /)", compressor_flush, "End the stream and return the rest of it."},
    {}};
const NativeDef kDecompressorMethods[] = {{"decompress", "($self, /, data, max_length=-1)", decompressor_decompress,
                                           "Feed data in; return what it decompresses to, max_length bytes at most "
                                           "unless that is negative. What is held back "
                                           "comes with the next calls."},
                                          {}};
const GetSetDef kDecompressorGetSets[] = {
    {"eof", get_eof, nullptr, "True once the end of the stream was reached."},
    {"needs_input", get_needs_input, nullptr, "False if the next call gives more without more input."},
    {"unused_data", get_unused, nullptr, "Bytes behind the end of the stream."},
    {}};

Status initialize(Value module) {
  define_type(compressor_type, {.name = "_bz2.BZ2Compressor",
                                .size = sizeof(Compressor),
                                .flags = Type::kBaseType,
                                .doc = "Compresses piece by piece; compresslevel is 1 to 9."});
  compressor_type.slots.new_ = compressor_new;
  compressor_type.methods = kCompressorMethods;
  compressor_type.dealloc = compressor_dealloc;
  ready_type(compressor_type);
  define_type(decompressor_type, {.name = "_bz2.BZ2Decompressor",
                                  .size = sizeof(Decompressor),
                                  .flags = Type::kBaseType,
                                  .doc = "Decompresses one stream piece by piece."});
  decompressor_type.slots.new_ = decompressor_new;
  decompressor_type.methods = kDecompressorMethods;
  decompressor_type.getsets = kDecompressorGetSets;
  decompressor_type.dealloc = decompressor_dealloc;
  ready_type(decompressor_type);
  add_type(module, compressor_type);
  add_type(module, decompressor_type);
  return kOk;
}

}  // namespace

extern const ModuleDef bz2_module;
const ModuleDef bz2_module = {"_bz2", "Compression with libbz2.", nullptr, initialize};

}  // namespace hiss
