#include "tensor/serialize/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "hiss/tensor.h"
#include "tensor/serialize/zip.h"

using namespace hiss;
using namespace hiss::engine;

namespace {

std::string temporary(const std::string& name) { return "/tmp/hiss-test-" + std::to_string(getpid()) + "-" + name; }

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::Runtime;
}

}  // namespace

TEST(Safetensors, RoundTripKeepsTypesShapesAndMetadata) {
  const std::string path = temporary("a.safetensors");
  const Tensor a = ops::randn({2, 3}), b = ops::arange(5).to(DType::Int16), c = ops::randn({4}).to(DType::BFloat16),
               d = ops::zeros({0, 2});
  save_safetensors(path, {{"c", c}, {"b", b.flip({0})}, {"a", a.t()}, {"d", d}}, {{"format", "pt"}});
  const auto loaded = load_safetensors(path);
  EXPECT_EQ(loaded.metadata.at("format"), "pt");
  ASSERT_EQ(loaded.tensors.size(), 4u);
  for (const auto& [name, tensor] : loaded.tensors) {
    const Tensor want = name == "a" ? a.t() : name == "b" ? b.flip({0}) : name == "c" ? c : d;
    EXPECT_TRUE(tensor.equal(want)) << name;
  }
  ops::add_(loaded.tensors[0].second, 1);  // The mapping is private: writing changes the tensor, not the file.
  EXPECT_FALSE(load_safetensors(path).tensors[0].second.equal(loaded.tensors[0].second));
  unlink(path.c_str());
}

TEST(Safetensors, EveryTruncationIsAnErrorAndNotACrash) {
  MemorySink sink;
  write_safetensors(sink, {{"x", ops::randn({3, 3})}, {"y", ops::arange(4)}});
  for (size_t size = 0; size < sink.bytes.size(); ++size) {
    const auto file =
        MappedFile::from_bytes({sink.bytes.begin(), sink.bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(kind_of([&] { parse_safetensors(file); }), ErrorKind::File) << size;
  }
}

TEST(Safetensors, OverlappingAndLyingOffsetsAreRefused) {
  const auto parse = [](const std::string& header, size_t data) {
    std::vector<uint8_t> bytes(8);
    bytes[0] = static_cast<uint8_t>(header.size());
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.resize(bytes.size() + data);
    parse_safetensors(MappedFile::from_bytes(bytes));
  };
  for (const char* header : {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})",
                             R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                             R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
                             R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})",
                             R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", R"([1])", R"({"a":)"}) {
    EXPECT_EQ(kind_of([&] { parse(header, 8); }), ErrorKind::File) << header;
  }
}

TEST(Zip, EntriesAreAlignedAndCheckedAgainstTheirChecksum) {
  MemorySink sink;
  ZipWriter writer(sink);
  const std::string big(1000, 'x');
  writer.add("archive/data.pkl", "pickle");
  writer.add("archive/data/0", big);
  writer.finish();
  auto file = MappedFile::from_bytes(sink.bytes);
  ZipReader reader(file);
  EXPECT_EQ(reader.names().size(), 2u);
  const auto data = reader.read("archive/data/0");
  EXPECT_EQ(std::string(data.begin(), data.end()), big);
  EXPECT_EQ((data.data() - file->bytes().data()) % 64, 0);
  sink.bytes[static_cast<size_t>(data.data() - file->bytes().data()) + 5] ^= 1;
  ZipReader changed(MappedFile::from_bytes(sink.bytes));
  EXPECT_EQ(kind_of([&] { changed.read("archive/data/0"); }), ErrorKind::File);
  EXPECT_EQ(kind_of([&] { changed.read("missing"); }), ErrorKind::File);
}

TEST(Zip, EveryTruncationIsAnError) {
  MemorySink sink;
  ZipWriter writer(sink);
  writer.add("a", "hello");
  writer.add("b", std::string(300, 'y'));
  writer.finish();
  for (size_t size = 0; size < sink.bytes.size(); ++size) {
    EXPECT_EQ(kind_of([&] {
                ZipReader reader(MappedFile::from_bytes(
                    {sink.bytes.begin(), sink.bytes.begin() + static_cast<std::ptrdiff_t>(size)}));
                reader.read("b");
              }),
              ErrorKind::File);
  }
}

TEST(Files, AnAbandonedWriteLeavesTheOldFile) {
  const std::string path = temporary("atomic");
  {
    AtomicFile file(path);
    file.write("old", 3);
    file.commit();
  }
  {
    AtomicFile file(path);
    file.write("new", 3);
  }
  const auto bytes = MappedFile::open(path)->bytes();
  EXPECT_EQ(bytes.size(), 3u);
  EXPECT_EQ(kind_of([] { AtomicFile file("/nonexistent/x"); }), ErrorKind::File);
  EXPECT_EQ(kind_of([] { MappedFile::open("/nonexistent/x"); }), ErrorKind::File);
  unlink(path.c_str());
}
