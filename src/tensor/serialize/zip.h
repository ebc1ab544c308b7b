// The zip container of torch.save: entries stored uncompressed, their data aligned to 64 bytes so that it can be
// mapped.
#pragma once

#include <map>
#include <optional>

#include "tensor/serialize/file.h"

namespace hiss::engine {

class ZipWriter {
 public:
  explicit ZipWriter(ByteSink& sink) : sink_(sink) {}
  void add(const std::string& name, const void* data, size_t size);
  void add(const std::string& name, std::string_view text) { add(name, text.data(), text.size()); }
  /// Writes the directory. The sink is then complete.
  void finish();

 private:
  struct Entry {
    std::string name;
    uint32_t crc;
    uint64_t size, offset;
  };
  void put(const void* data, size_t size);
  ByteSink& sink_;
  uint64_t position_ = 0;
  std::vector<Entry> entries_;
};

class ZipReader {
 public:
  /// Reads the directory; a damaged or truncated file gives Error(File).
  explicit ZipReader(std::shared_ptr<MappedFile> file);
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return entries_.count(name) != 0; }
  /// The bytes of an entry, checked against its checksum. Stored entries point into the file.
  std::span<const uint8_t> read(const std::string& name);
  const std::shared_ptr<MappedFile>& file() const { return file_; }

 private:
  struct Entry {
    uint16_t method;
    uint32_t crc;
    uint64_t compressed, size, offset;
    bool checked = false;
    std::vector<uint8_t> inflated;
  };
  [[noreturn]] void damaged(std::string_view what) const;
  std::shared_ptr<MappedFile> file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace hiss::engine
