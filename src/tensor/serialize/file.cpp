#include "tensor/serialize/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace hiss::engine {

std::shared_ptr<MappedFile> MappedFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_error(ErrorKind::File, "cannot open '{}': {}", path, std::strerror(errno));
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    throw_error(ErrorKind::File, "'{}' is not a regular file", path);
  }
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->name_ = path;
  file->size_ = static_cast<size_t>(info.st_size);
  if (file->size_ > 0) {
    // Private and writable: a tensor over the file may be changed in memory without touching the file.
    void* data = mmap(nullptr, file->size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (data == MAP_FAILED) throw_error(ErrorKind::File, "cannot map '{}': {}", path, std::strerror(error));
    file->data_ = static_cast<const uint8_t*>(data);
    file->mapped_ = true;
  } else {
    ::close(descriptor);
  }
  return file;
}

std::shared_ptr<MappedFile> MappedFile::from_bytes(std::vector<uint8_t> bytes, std::string name) {
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->owned_ = std::move(bytes);
  file->data_ = file->owned_.data();
  file->size_ = file->owned_.size();
  file->name_ = std::move(name);
  return file;
}

MappedFile::~MappedFile() {
  if (mapped_) munmap(const_cast<uint8_t*>(data_), size_);
}

void MemorySink::write(const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  bytes.insert(bytes.end(), from, from + size);
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  static std::atomic<unsigned> counter{0};
  temporary_ = fmt::format("{}.tmp-{}-{}", path_, getpid(), counter++);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_error(ErrorKind::File, "cannot write '{}': {}", path_, std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::fail(const char* action) {
  throw_error(ErrorKind::File, "cannot {} '{}': {}", action, path_, std::strerror(errno));
}

void AtomicFile::flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0) {
      if (errno == EINTR) continue;
      fail("write");
    }
    done += static_cast<size_t>(count);
  }
  buffer_.clear();
}

void AtomicFile::write(const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  constexpr size_t kBuffer = size_t{1} << 20;
  while (size > 0) {
    const size_t take = std::min(size, kBuffer - std::min(kBuffer, buffer_.size()));
    buffer_.insert(buffer_.end(), from, from + take);
    from += take;
    size -= take;
    if (buffer_.size() >= kBuffer) flush();
  }
}

void AtomicFile::commit() {
  flush();
  if (fsync(descriptor_) != 0) fail("sync");
  if (::close(descriptor_) != 0) {
    descriptor_ = -1;
    ::unlink(temporary_.c_str());
    fail("close");
  }
  descriptor_ = -1;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    errno = error;
    fail("replace");
  }
}

}  // namespace hiss::engine
