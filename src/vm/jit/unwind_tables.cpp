#include "vm/jit/unwind_tables.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "vm/jit/translator.h"

// Of libgcc: takes a section of the form of .eh_frame.
extern "C" void __register_frame(void*);
extern "C" void __deregister_frame(void*);

namespace hiss::jit {

namespace {

// Instructions and register numbers of DWARF 5 (6.4.2) and of the x86-64 ABI (figure 3.36).
constexpr uint8_t kNop = 0x00, kDefineFrame = 0x0c, kSavedAt = 0x80;
constexpr uint8_t kStackPointer = 7, kReturnAddress = 16;
// As machine_code_runner pushes them: rbx, rbp, r12 to r15.
constexpr uint8_t kSavedRegisters[] = {3, 6, 12, 13, 14, 15};
constexpr uint8_t kWord = 8;
constexpr uint8_t kFrameSize = kScratchSize + kWord * (std::size(kSavedRegisters) + 1);
static_assert(kFrameSize < 0x80, "written as one byte of a LEB128 number");

class Section {
 public:
  template <typename T>
  void put(T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
  }
  /// Begins an entry with room for its length.
  size_t begin() {
    put(uint32_t{0});
    return bytes_.size();
  }
  void end(size_t start) {
    while (bytes_.size() % kWord != start % kWord) put(kNop);
    const auto length = static_cast<uint32_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start - sizeof length, &length, sizeof length);
  }
  size_t size() const { return bytes_.size(); }
  const uint8_t* data() const { return bytes_.data(); }

 private:
  std::vector<uint8_t> bytes_;
};

Section make_section(const void* code, size_t size) {
  Section s;
  // What all frames have in common.
  const size_t common = s.begin();
  s.put(uint32_t{0});
  s.put(uint8_t{1});     // version
  s.put(uint8_t{0});     // no augmentation: addresses are absolute, and no language has a say
  s.put(uint8_t{1});     // code alignment
  s.put(uint8_t{0x78});  // data alignment: -8
  s.put(kReturnAddress);
  for (const uint8_t byte : {kDefineFrame, kStackPointer, kFrameSize}) s.put(byte);
  uint8_t place = 1;
  s.put(static_cast<uint8_t>(kSavedAt | kReturnAddress));
  s.put(place);
  for (const uint8_t saved : kSavedRegisters) {
    s.put(static_cast<uint8_t>(kSavedAt | saved));
    s.put(++place);
  }
  s.end(common);
  // This piece of code.
  const size_t piece = s.begin();
  s.put(static_cast<uint32_t>(piece - common + sizeof(uint32_t)));
  s.put(code);
  s.put(uint64_t{size});
  s.end(piece);
  s.put(uint32_t{0});
  return s;
}

}  // namespace

UnwindTable::UnwindTable(const void* code, size_t size) {
  const Section section = make_section(code, size);
  table_ = std::make_unique<std::byte[]>(section.size());
  std::memcpy(table_.get(), section.data(), section.size());
  __register_frame(table_.get());
}

UnwindTable::~UnwindTable() { __deregister_frame(table_.get()); }

}  // namespace hiss::jit
