#include "syntax/arena.h"

#include <algorithm>

namespace hiss::syntax {

namespace {

constexpr size_t kFirstBlock = 16 << 10;
constexpr size_t kLargestBlock = 1 << 20;

uint32_t hash_name(std::string_view name) {
  uint64_t h = 0x9E3779B97F4A7C15ull ^ name.size();
  const char* at = name.data();
  size_t left = name.size();
  while (left >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    h = (h ^ word) * 0xD6E8FEB86659FD93ull;
    h ^= h >> 32;
    at += 8;
    left -= 8;
  }
  uint64_t word = 0;
  std::memcpy(&word, at, left);
  h = (h ^ word) * 0xD6E8FEB86659FD93ull;
  return static_cast<uint32_t>(h ^ (h >> 32));
}

}  // namespace

Arena::Arena() = default;
Arena::~Arena() = default;

void* Arena::allocate_slow(size_t bytes, size_t alignment) {
  // Blocks double so that a one-line `eval` stays small and a large module needs few of them.
  size_t wanted =
      blocks_.empty() ? kFirstBlock : std::min(kLargestBlock, kFirstBlock << std::min<size_t>(blocks_.size(), 10));
  size_t size = std::max(wanted, bytes + alignment);
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  bytes_in_full_blocks_ += size;
  auto start = reinterpret_cast<uintptr_t>(blocks_.back().get());
  uintptr_t at = (start + alignment - 1) & ~(uintptr_t{alignment} - 1);
  cursor_ = at + bytes;
  limit_ = start + size;
  return reinterpret_cast<void*>(at);
}

std::string_view Arena::copy_text(std::string_view text) {
  // The data is never null: null means "absent" in optional fields.
  char* copy = static_cast<char*>(allocate(text.size() + 1, 1));
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  return {copy, text.size()};
}

std::string_view Arena::intern(std::string_view name) {
  if (name_count_ * 2 >= names_.size()) grow_names();
  uint32_t hash = hash_name(name);
  size_t mask = names_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    NameSlot& slot = names_[i];
    if (slot.data == nullptr) {
      std::string_view copy = copy_text(name);
      slot = {copy.data(), static_cast<uint32_t>(copy.size()), hash};
      ++name_count_;
      return copy;
    }
    if (slot.hash == hash && slot.size == name.size() && std::memcmp(slot.data, name.data(), name.size()) == 0) {
      return {slot.data, slot.size};
    }
  }
}

void Arena::grow_names() {
  std::vector<NameSlot> old = std::move(names_);
  names_.assign(std::max<size_t>(64, old.size() * 2), NameSlot{});
  size_t mask = names_.size() - 1;
  for (const NameSlot& slot : old) {
    if (slot.data == nullptr) continue;
    size_t i = slot.hash & mask;
    while (names_[i].data != nullptr) i = (i + 1) & mask;
    names_[i] = slot;
  }
}

}  // namespace hiss::syntax
