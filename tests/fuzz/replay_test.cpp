// Runs every input of the checked-in corpus once, in the ordinary build: what a fuzzer found stays repaired.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/targets.h"

namespace hiss {
namespace {

using Target = void (*)(const uint8_t*, size_t);

int replay(const char* folder, Target target) {
  start_fuzzing();
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(HISS_FUZZ_CORPUS) + "/" + folder)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::fprintf(stderr, "%s\n", entry.path().filename().c_str());  // the last one printed before a crash is guilty
    target(reinterpret_cast<const uint8_t*>(input.data()), input.size());
    ++count;
  }
  return count;
}

TEST(FuzzCorpus, SourceInputsNeitherCrashNorHang) { EXPECT_GT(replay("source", fuzz_source), 20); }
TEST(FuzzCorpus, ConversionInputsNeitherCrashNorHang) { EXPECT_GT(replay("conversion", fuzz_conversion), 20); }

}  // namespace
}  // namespace hiss
