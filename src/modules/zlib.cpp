// zlib: compression through the zlib library.
#include <zlib.h>

#include <cstring>
#include <vector>

#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/protocol.h"
#include "vm/thread_lock.h"

namespace hiss {

namespace {

Type compress_type, decompress_type;
Ref error_type;

struct Stream : Object {
  z_stream* z;
  bool finished;
  Value unused_data, unconsumed_tail;  // bytes
};
Stream* self_stream(Value v) { return static_cast<Stream*>(v.object()); }

Failure zlib_error(const z_stream& z, int code, const char* what) {
  const char* detail = z.msg;
  if (!detail)
    detail = code == Z_BUF_ERROR      ? "incomplete or truncated stream"
             : code == Z_STREAM_ERROR ? "inconsistent stream state"
             : code == Z_DATA_ERROR   ? "invalid input data"
                                      : nullptr;
  Ref e = call(error_type, {make_str(detail ? fmt::format("Error {} {}: {}", code, what, detail)
                                            : fmt::format("Error {} {}", code, what))});
  return e.is_error() ? Failure{} : fail_with(e);
}

// Runs deflate or inflate over all input; `limit` 0: no limit on the output.
template <int (*step)(z_streamp, int)>
int pump(z_stream& z, int flush, std::vector<uint8_t>& out, int64_t limit) {
  uint8_t buffer[65536];
  int code;
  AllowThreads allow;
  for (;;) {
    size_t room = sizeof buffer;
    if (limit > 0) room = std::min<size_t>(room, static_cast<size_t>(limit) - out.size());
    if (room == 0) return Z_OK;
    z.next_out = buffer;
    z.avail_out = static_cast<uInt>(room);
    code = step(&z, flush);
    out.insert(out.end(), buffer, buffer + (room - z.avail_out));
    if (code != Z_OK || z.avail_out != 0) return code;
  }
}

Ref bytes_of(const std::vector<uint8_t>& v) { return make_bytes(v.data(), static_cast<int64_t>(v.size())); }

Ref compress_function(Value, const Value* a) {
  // (data, /, level=-1, wbits=15)
  BufferView view(TRY(get_buffer(a[0])));
  const int level = a[1] ? static_cast<int>(TRY(to_int64(a[1]))) : -1,
            wbits = a[2] ? static_cast<int>(TRY(to_int64(a[2]))) : 15;
  z_stream z{};
  int code = deflateInit2(&z, level, Z_DEFLATED, wbits, 8, Z_DEFAULT_STRATEGY);
  if (code == Z_STREAM_ERROR) {
    Ref e = TRY(call(error_type, {make_str("Bad compression level")}));
    return fail_with(e);
  }
  if (code != Z_OK) return zlib_error(z, code, "while compressing data");
  z.next_in = const_cast<uint8_t*>(view.data());
  z.avail_in = static_cast<uInt>(view.length());
  std::vector<uint8_t> out;
  code = pump<deflate>(z, Z_FINISH, out, 0);
  deflateEnd(&z);
  if (code != Z_STREAM_END) return zlib_error(z, code, "while compressing data");
  return bytes_of(out);
}
Ref decompress_function(Value, const Value* a) {
  // (data, /, wbits=15, bufsize=16384)
  BufferView view(TRY(get_buffer(a[0])));
  const int wbits = a[1] ? static_cast<int>(TRY(to_int64(a[1]))) : 15;
  z_stream z{};
  int code = inflateInit2(&z, wbits);
  if (code != Z_OK) return zlib_error(z, code, "while preparing to decompress data");
  z.next_in = const_cast<uint8_t*>(view.data());
  z.avail_in = static_cast<uInt>(view.length());
  std::vector<uint8_t> out;
  code = pump<inflate>(z, Z_SYNC_FLUSH, out, 0);
  inflateEnd(&z);
  if (code != Z_STREAM_END) return zlib_error(z, code == Z_OK ? Z_BUF_ERROR : code, "while decompressing data");
  return bytes_of(out);
}
Ref crc32_function(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  const auto start = a[1] ? static_cast<uLong>(TRY(to_int64(a[1])) & 0xFFFFFFFF) : 0ul;
  return make_int(static_cast<int64_t>(crc32_z(start, view.data(), static_cast<z_size_t>(view.length()))));
}
Ref adler32_function(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  const auto start = a[1] ? static_cast<uLong>(TRY(to_int64(a[1])) & 0xFFFFFFFF) : 1ul;
  return make_int(static_cast<int64_t>(adler32_z(start, view.data(), static_cast<z_size_t>(view.length()))));
}

Stream* make_stream(Type& type) {
  auto* s = allocate_as<Stream>(type);
  s->z = new z_stream{};
  s->unused_data = make_bytes("").release();
  s->unconsumed_tail = make_bytes("").release();
  return s;
}
template <int (*end)(z_streamp)>
void stream_dealloc(Object* o) {
  auto* s = static_cast<Stream*>(o);
  if (s->z) {
    end(s->z);
    delete s->z;
  }
  clear_field(s->unused_data);
  clear_field(s->unconsumed_tail);
  free_object(o);
}

Ref compressobj(Value, const Value* a) {
  // (level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)
  int numbers[5] = {-1, Z_DEFLATED, 15, 8, Z_DEFAULT_STRATEGY};
  for (int i = 0; i < 5; ++i) {
    if (a[i]) numbers[i] = static_cast<int>(TRY(to_int64(a[i])));
  }
  Stream* s = make_stream(compress_type);
  Ref hold = Ref::steal(s);
  const int code = deflateInit2(s->z, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
  if (code == Z_STREAM_ERROR) return fail(exc::ValueError, "Invalid initialization option");
  if (code != Z_OK) return zlib_error(*s->z, code, "while creating compression object");
  if (a[5] && !a[5].is_none()) {
    BufferView view(TRY(get_buffer(a[5])));
    deflateSetDictionary(s->z, view.data(), static_cast<uInt>(view.length()));
  }
  return hold;
}
Ref compress_compress(Value self, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  z_stream& z = *self_stream(self)->z;
  z.next_in = const_cast<uint8_t*>(view.data());
  z.avail_in = static_cast<uInt>(view.length());
  std::vector<uint8_t> out;
  const int code = pump<deflate>(z, Z_NO_FLUSH, out, 0);
  if (code == Z_STREAM_ERROR) return zlib_error(z, code, "while compressing data");
  return bytes_of(out);
}
Ref compress_flush(Value self, const Value* a) {
  const int mode = a[0] ? static_cast<int>(TRY(to_int64(a[0]))) : Z_FINISH;
  if (mode == Z_NO_FLUSH) return make_bytes("");
  z_stream& z = *self_stream(self)->z;
  z.next_in = nullptr;
  z.avail_in = 0;
  std::vector<uint8_t> out;
  const int code = pump<deflate>(z, mode, out, 0);
  if (code == Z_STREAM_ERROR) return zlib_error(z, code, "while flushing");
  return bytes_of(out);
}
Ref stream_copy(Value self, bool compressing) {
  auto* s = self_stream(self);
  Stream* copy = make_stream(compressing ? compress_type : decompress_type);
  Ref hold = Ref::steal(copy);
  const int code = compressing ? deflateCopy(copy->z, s->z) : inflateCopy(copy->z, s->z);
  if (code != Z_OK) return zlib_error(*s->z, code, "while copying stream");
  copy->finished = s->finished;
  return hold;
}
Ref compress_copy(Value self, const Value*) { return stream_copy(self, true); }
Ref decompress_copy(Value self, const Value*) { return stream_copy(self, false); }

Ref decompressobj(Value, const Value* a) {
  const int wbits = a[0] ? static_cast<int>(TRY(to_int64(a[0]))) : 15;
  Stream* s = make_stream(decompress_type);
  Ref hold = Ref::steal(s);
  const int code = inflateInit2(s->z, wbits);
  if (code == Z_STREAM_ERROR) return fail(exc::ValueError, "Invalid initialization option");
  if (code != Z_OK) return zlib_error(*s->z, code, "while creating decompression object");
  if (a[1] && has_buffer(a[1])) {
    BufferView view(TRY(get_buffer(a[1])));
    if (view.length() && wbits < 0) inflateSetDictionary(s->z, view.data(), static_cast<uInt>(view.length()));
  }
  return hold;
}
void put(Value& slot, Ref v) {
  Value old = slot;
  slot = v.release();
  release(old);
}
Ref decompress_decompress(Value self, const Value* a) {
  // (data, /, max_length=0)
  BufferView view(TRY(get_buffer(a[0])));
  const int64_t limit = a[1] ? TRY(to_index(a[1])) : 0;
  if (limit < 0) return fail(exc::ValueError, "max_length must be non-negative");
  auto* s = self_stream(self);
  z_stream& z = *s->z;
  z.next_in = const_cast<uint8_t*>(view.data());
  z.avail_in = static_cast<uInt>(view.length());
  std::vector<uint8_t> out;
  const int code = s->finished ? Z_STREAM_END : pump<inflate>(z, Z_SYNC_FLUSH, out, limit);
  if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
    return zlib_error(z, code, "while decompressing data");
  const uint8_t* rest = view.data() + (view.length() - z.avail_in);
  if (code == Z_STREAM_END) {
    s->finished = true;
    BufferView before(TRY(get_buffer(s->unused_data)));
    std::string joined(before.text());
    joined.append(reinterpret_cast<const char*>(rest), z.avail_in);
    put(s->unused_data, make_bytes(joined));
    put(s->unconsumed_tail, make_bytes(""));
  } else {
    put(s->unconsumed_tail, make_bytes(rest, z.avail_in));
  }
  return bytes_of(out);
}
Ref decompress_flush(Value self, const Value*) {
  Ref tail = Ref::share(self_stream(self)->unconsumed_tail);
  const Value args[] = {tail, Value()};
  return decompress_decompress(self, args);
}
Ref get_unused(Value self) { return Ref::share(self_stream(self)->unused_data); }
Ref get_tail(Value self) { return Ref::share(self_stream(self)->unconsumed_tail); }
Ref get_eof(Value self) { return Ref::boolean(self_stream(self)->finished); }

const NativeDef kCompressMethods[] = {
    {"compress", "($self, data, /)", compress_compress,
     "Compress data and return what output is ready; some may be held back."},
    {"flush", "($self, mode=zlib.Z_FINISH, /)", compress_flush,
     "End the stream, or bring it to the point that mode names, and return the output held back."},
    {"copy", "($self, /)", compress_copy, "A second compressor in the same state."},
    {}};
const NativeDef kDecompressMethods[] = {
    {"decompress", "($self, data, /, max_length=0)", decompress_decompress,
     "Decompress data and return at most max_length bytes (0: no limit); the input left over goes into "
     "unconsumed_tail."},
    {"flush", "($self, length=zlib.DEF_BUF_SIZE, /)", decompress_flush,
     "Decompress the input left over and return the rest of the output."},
    {"copy", "($self, /)", decompress_copy, "A second decompressor in the same state."},
    {}};
const GetSetDef kDecompressGetSets[] = {
    {"unused_data", get_unused, nullptr}, {"unconsumed_tail", get_tail, nullptr}, {"eof", get_eof, nullptr}, {}};
const NativeDef kFunctions[] = {
    {"compress", "($module, data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)", compress_function,
     "Compress data in one go. level is 0 (none) to 9 (best); wbits chooses window size and header."},
    {"decompress", "($module, data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)", decompress_function,
     "Decompress data in one go. wbits must suit the window size and header; bufsize is the first size of the output. "
     "zlib.error if data is bad or cut short."},
    {"crc32", "($module, data, value=0, /)", crc32_function, "The CRC-32 of data, continued from value."},
    {"adler32", "($module, data, value=1, /)", adler32_function,
     "The Adler-32 checksum of data, continued from value."},
    {"compressobj", "($module, /, level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)", compressobj,
     "A compressor for data that comes in pieces."},
    {"decompressobj", "($module, /, wbits=MAX_WBITS, zdict=b'')", decompressobj,
     "A decompressor for data that comes in pieces."},
    {}};

Status initialize(Value module) {
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str("zlib"));
  error_type = TRY(call(to_value(&type_type), {make_str("error"), make_tuple({to_value(&exc::Exception)}), space}));
  define_type(compress_type, {.name = "zlib.Compress", .size = sizeof(Stream), .flags = Type::kNoInstances});
  compress_type.methods = kCompressMethods;
  compress_type.dealloc = stream_dealloc<deflateEnd>;
  ready_type(compress_type);
  define_type(decompress_type, {.name = "zlib.Decompress", .size = sizeof(Stream), .flags = Type::kNoInstances});
  decompress_type.methods = kDecompressMethods;
  decompress_type.getsets = kDecompressGetSets;
  decompress_type.dealloc = stream_dealloc<inflateEnd>;
  ready_type(decompress_type);
  Dict* dict = module_dict(module);
  dict_set(dict, intern("error"), error_type);
  const std::pair<const char*, int> constants[] = {{"MAX_WBITS", 15},
                                                   {"DEFLATED", 8},
                                                   {"DEF_MEM_LEVEL", 8},
                                                   {"DEF_BUF_SIZE", 16384},
                                                   {"Z_BEST_SPEED", 1},
                                                   {"Z_BEST_COMPRESSION", 9},
                                                   {"Z_DEFAULT_COMPRESSION", -1},
                                                   {"Z_FILTERED", 1},
                                                   {"Z_HUFFMAN_ONLY", 2},
                                                   {"Z_RLE", 3},
                                                   {"Z_FIXED", 4},
                                                   {"Z_DEFAULT_STRATEGY", 0},
                                                   {"Z_FINISH", 4},
                                                   {"Z_NO_FLUSH", 0},
                                                   {"Z_SYNC_FLUSH", 2},
                                                   {"Z_FULL_FLUSH", 3},
                                                   {"Z_PARTIAL_FLUSH", 1},
                                                   {"Z_BLOCK", 5},
                                                   {"Z_TREES", 6},
                                                   {"Z_NO_COMPRESSION", 0}};
  for (auto [name, value] : constants) dict_set(dict, intern(name), make_int(value));
  dict_set(dict, intern("ZLIB_VERSION"), make_str(ZLIB_VERSION));
  dict_set(dict, intern("ZLIB_RUNTIME_VERSION"), make_str(zlibVersion()));
  return kOk;
}

}  // namespace

extern const ModuleDef zlib_module;
const ModuleDef zlib_module = {"zlib", "Compression by the zlib library, and its checksums.", kFunctions, initialize};

}  // namespace hiss
