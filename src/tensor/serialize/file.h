// Files as the serializers need them: mapped for reading, replaced atomically when written.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hiss::engine {

/// A whole file, mapped into memory. Lives as long as somebody holds it; tensors may point into it.
class MappedFile {
 public:
  static std::shared_ptr<MappedFile> open(const std::string& path);
  /// The same interface over bytes already in memory.
  static std::shared_ptr<MappedFile> from_bytes(std::vector<uint8_t> bytes, std::string name = "<memory>");
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  const std::string& name() const { return name_; }

 private:
  MappedFile() = default;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;
  std::vector<uint8_t> owned_;
  std::string name_;
};

/// Where writers put bytes.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(const void* data, size_t size) = 0;
};

class MemorySink : public ByteSink {
 public:
  void write(const void* data, size_t size) override;
  std::vector<uint8_t> bytes;
};

/// Writes to a temporary name beside the target; commit() syncs and renames. Without commit the target stays as it was.
class AtomicFile : public ByteSink {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile() override;
  void write(const void* data, size_t size) override;
  void commit();

 private:
  [[noreturn]] void fail(const char* action);
  void flush();
  std::string path_, temporary_;
  int descriptor_ = -1;
  std::vector<uint8_t> buffer_;
};

}  // namespace hiss::engine
