#include "tensor/serialize/zip.h"

#include <zlib.h>

#include <cstring>
#include <limits>

#include "base/error.h"

namespace hiss::engine {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kLocator64 = 0x07064b50;
constexpr uint64_t kLimit32 = 0xffffffffu;

class Record {
 public:
  Record& u16(uint64_t value) { return little(value, 2); }
  Record& u32(uint64_t value) { return little(value, 4); }
  Record& u64(uint64_t value) { return little(value, 8); }
  Record& text(std::string_view value) {
    bytes.insert(bytes.end(), value.begin(), value.end());
    return *this;
  }
  std::vector<uint8_t> bytes;

 private:
  Record& little(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
    return *this;
  }
};

uint64_t read_little(const uint8_t* data, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value |= static_cast<uint64_t>(data[i]) << (8 * i);
  return value;
}

uint32_t checksum(const void* data, size_t size) {
  uLong crc = crc32(0, nullptr, 0);
  const auto* bytes = static_cast<const Bytef*>(data);
  while (size > 0) {
    const auto part = static_cast<uInt>(std::min<size_t>(size, 1u << 30));
    crc = crc32(crc, bytes, part);
    bytes += part;
    size -= part;
  }
  return static_cast<uint32_t>(crc);
}

}  // namespace

void ZipWriter::put(const void* data, size_t size) {
  sink_.write(data, size);
  position_ += size;
}

void ZipWriter::add(const std::string& name, const void* data, size_t size) {
  const Entry entry{name, checksum(data, size), size, position_};
  const bool big = size >= kLimit32;
  // A padding field ("FB") moves the data to the next multiple of 64.
  const uint64_t before = position_ + 30 + name.size() + (big ? 20 : 0) + 4;
  const uint64_t padding = (64 - before % 64) % 64;
  Record header;
  header.u32(kLocal).u16(big ? 45 : 0).u16(1 << 11).u16(0).u16(0).u16(0x21).u32(entry.crc);
  header.u32(big ? kLimit32 : size)
      .u32(big ? kLimit32 : size)
      .u16(name.size())
      .u16((big ? 20 : 0) + 4 + padding)
      .text(name);
  if (big) header.u16(1).u16(16).u64(size).u64(size);
  header.u16(0x4246).u16(padding).text(std::string(padding, 'Z'));
  put(header.bytes.data(), header.bytes.size());
  put(data, size);
  entries_.push_back(entry);
}

void ZipWriter::finish() {
  const uint64_t start = position_;
  for (const Entry& entry : entries_) {
    const bool big_size = entry.size >= kLimit32, big_offset = entry.offset >= kLimit32;
    Record extra;
    if (big_size || big_offset) {
      extra.u16(1).u16((big_size ? 16 : 0) + (big_offset ? 8 : 0));
      if (big_size) extra.u64(entry.size).u64(entry.size);
      if (big_offset) extra.u64(entry.offset);
    }
    Record header;
    header.u32(kCentral)
        .u16(45)
        .u16(big_size || big_offset ? 45 : 0)
        .u16(1 << 11)
        .u16(0)
        .u16(0)
        .u16(0x21)
        .u32(entry.crc);
    header.u32(big_size ? kLimit32 : entry.size)
        .u32(big_size ? kLimit32 : entry.size)
        .u16(entry.name.size())
        .u16(extra.bytes.size());
    header.u16(0).u16(0).u16(0).u32(0).u32(big_offset ? kLimit32 : entry.offset).text(entry.name);
    put(header.bytes.data(), header.bytes.size());
    put(extra.bytes.data(), extra.bytes.size());
  }
  const uint64_t size = position_ - start, count = entries_.size(), end = position_;
  Record tail;
  if (count >= 0xffff || size >= kLimit32 || start >= kLimit32) {
    tail.u32(kEnd64).u64(44).u16(45).u16(45).u32(0).u32(0).u64(count).u64(count).u64(size).u64(start);
    tail.u32(kLocator64).u32(0).u64(end).u32(1);
  }
  tail.u32(kEnd).u16(0).u16(0).u16(std::min<uint64_t>(count, 0xffff)).u16(std::min<uint64_t>(count, 0xffff));
  tail.u32(std::min(size, kLimit32)).u32(std::min(start, kLimit32)).u16(0);
  put(tail.bytes.data(), tail.bytes.size());
}

void ZipReader::damaged(std::string_view what) const {
  throw_error(ErrorKind::File, "'{}' is damaged or not a zip archive: {}", file_->name(), what);
}

ZipReader::ZipReader(std::shared_ptr<MappedFile> file) : file_(std::move(file)) {
  const auto bytes = file_->bytes();
  if (bytes.size() < 22) damaged("failed finding central directory (the file is too short)");
  // The end record stands last, before a comment of at most 65,535 bytes.
  size_t end = bytes.size() - 22;
  const size_t lowest = bytes.size() > 22 + 65535 ? bytes.size() - 22 - 65535 : 0;
  while (read_little(&bytes[end], 4) != kEnd) {
    if (end == lowest) damaged("failed finding central directory");
    --end;
  }
  uint64_t count = read_little(&bytes[end + 10], 2), size = read_little(&bytes[end + 12], 4),
           start = read_little(&bytes[end + 16], 4);
  if (end >= 20 && read_little(&bytes[end - 20], 4) == kLocator64) {
    const uint64_t at = read_little(&bytes[end - 12], 8);
    if (at > bytes.size() || bytes.size() - at < 56 || read_little(&bytes[at], 4) != kEnd64)
      damaged("its 64-bit end record is missing");
    count = read_little(&bytes[at + 32], 8);
    size = read_little(&bytes[at + 40], 8);
    start = read_little(&bytes[at + 48], 8);
  }
  if (start > bytes.size() || size > bytes.size() - start) damaged("the directory lies outside the file");
  uint64_t at = start;
  for (uint64_t i = 0; i < count; ++i) {
    if (at > bytes.size() || bytes.size() - at < 46 || read_little(&bytes[at], 4) != kCentral)
      damaged("a directory entry is broken");
    const uint8_t* header = &bytes[at];
    Entry entry{};
    entry.method = static_cast<uint16_t>(read_little(header + 10, 2));
    entry.crc = static_cast<uint32_t>(read_little(header + 16, 4));
    entry.compressed = read_little(header + 20, 4);
    entry.size = read_little(header + 24, 4);
    entry.offset = read_little(header + 42, 4);
    const uint64_t name_size = read_little(header + 28, 2), extra_size = read_little(header + 30, 2),
                   comment = read_little(header + 32, 2);
    if (bytes.size() - at - 46 < name_size + extra_size + comment) damaged("a directory entry is cut off");
    const std::string name(reinterpret_cast<const char*>(header + 46), name_size);
    const uint8_t* extra = header + 46 + name_size;
    for (uint64_t e = 0; e + 4 <= extra_size;) {
      const uint64_t id = read_little(extra + e, 2), length = read_little(extra + e + 2, 2);
      if (e + 4 + length > extra_size) break;
      if (id == 1) {
        uint64_t field = e + 4;
        for (uint64_t* value : {&entry.size, &entry.compressed, &entry.offset}) {
          if (*value != kLimit32) continue;
          if (field + 8 > e + 4 + length) damaged("a 64-bit size is missing");
          *value = read_little(extra + field, 8);
          field += 8;
        }
      }
      e += 4 + length;
    }
    if (entry.offset > bytes.size() || bytes.size() - entry.offset < 30 ||
        read_little(&bytes[entry.offset], 4) != kLocal) {
      damaged("entry '" + name + "' points outside the file");
    }
    const uint64_t data =
        entry.offset + 30 + read_little(&bytes[entry.offset + 26], 2) + read_little(&bytes[entry.offset + 28], 2);
    if (data > bytes.size() || entry.compressed > bytes.size() - data) damaged("entry '" + name + "' is cut off");
    entry.offset = data;
    entries_[name] = std::move(entry);
    at += 46 + name_size + extra_size + comment;
  }
}

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> result;
  for (const auto& [name, entry] : entries_) result.push_back(name);
  return result;
}

std::span<const uint8_t> ZipReader::read(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw_error(ErrorKind::File, "'{}' has no entry '{}'", file_->name(), name);
  Entry& entry = found->second;
  const auto source = file_->bytes().subspan(entry.offset, entry.compressed);
  if (entry.method == 0 && entry.size != entry.compressed) damaged("entry '" + name + "' has two different sizes");
  if (entry.method == 8 && entry.inflated.empty() && entry.size > 0) {
    // deflate cannot shrink below about a thousandth: a larger claim is a lie, and must not allocate.
    if (entry.size / 1100 > entry.compressed) damaged("entry '" + name + "' claims an impossible size");
    entry.inflated.resize(entry.size);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) damaged("cannot start decompression");
    size_t in = 0, out = 0;
    int status = Z_OK;
    while (status == Z_OK && out < entry.inflated.size()) {
      stream.next_in = const_cast<Bytef*>(source.data() + in);
      stream.avail_in = static_cast<uInt>(std::min<size_t>(source.size() - in, 1u << 30));
      stream.next_out = entry.inflated.data() + out;
      stream.avail_out = static_cast<uInt>(std::min<size_t>(entry.inflated.size() - out, 1u << 30));
      const size_t given = stream.avail_in, room = stream.avail_out;
      status = inflate(&stream, Z_NO_FLUSH);
      in += given - stream.avail_in;
      out += room - stream.avail_out;
      if (given == 0 && room - stream.avail_out == 0) break;
    }
    inflateEnd(&stream);
    if (out != entry.inflated.size()) {
      entry.inflated.clear();
      damaged("entry '" + name + "' cannot be decompressed");
    }
  } else if (entry.method != 0 && entry.method != 8) {
    throw_error(ErrorKind::File, "'{}': entry '{}' uses compression method {}, which is not supported", file_->name(),
                name, entry.method);
  }
  const std::span<const uint8_t> data = entry.method == 0 ? source : std::span<const uint8_t>(entry.inflated);
  if (!entry.checked) {
    if (checksum(data.data(), data.size()) != entry.crc) damaged("entry '" + name + "' does not match its checksum");
    entry.checked = true;
  }
  return data;
}

}  // namespace hiss::engine
