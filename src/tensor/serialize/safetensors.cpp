#include "tensor/serialize/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "generated/engine/ops.h"

namespace hiss::engine {
namespace {

using nlohmann::json;

constexpr uint64_t kLargestHeader = 100'000'000;
// By DType.
constexpr std::string_view kNames[] = {"U8", "I8", "I16", "I32", "I64", "F16", "F32", "F64", "BOOL", "BF16"};

struct Entry {
  std::string name;
  DType dtype;
  Sizes shape;
  uint64_t begin, end;
};

[[noreturn]] void invalid(const MappedFile& file, std::string_view what) {
  throw_error(ErrorKind::File, "'{}' is not a valid safetensors file: {}", file.name(), what);
}

Entry read_entry(const MappedFile& file, const std::string& name, const json& value, uint64_t available) {
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets")) {
    invalid(file, "tensor '" + name + "' lacks dtype, shape or data_offsets");
  }
  Entry entry;
  entry.name = name;
  const json &type = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
  const auto found =
      type.is_string() ? std::find(std::begin(kNames), std::end(kNames), type.get<std::string>()) : std::end(kNames);
  if (found == std::end(kNames)) invalid(file, "tensor '" + name + "' has the unsupported dtype " + type.dump());
  entry.dtype = static_cast<DType>(found - std::begin(kNames));
  if (!shape.is_array() || !offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    invalid(file, "tensor '" + name + "' has a malformed shape or malformed data_offsets");
  }
  for (const json& size : shape) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
      invalid(file, "tensor '" + name + "' has a malformed shape");
    entry.shape.push_back(size.get<int64_t>());
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  if (entry.begin > entry.end || entry.end > available)
    invalid(file, "the data of tensor '" + name + "' lies outside the file");
  uint64_t bytes = item_size(entry.dtype);
  for (const int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
      invalid(file, "the shape of tensor '" + name + "' overflows");
  }
  if (bytes != entry.end - entry.begin) {
    invalid(file, fmt::format("tensor '{}' of shape {} needs {} bytes but has {}", name, to_string(entry.shape), bytes,
                              entry.end - entry.begin));
  }
  return entry;
}

}  // namespace

SafetensorsFile parse_safetensors(const std::shared_ptr<MappedFile>& file) {
  const auto bytes = file->bytes();
  if (bytes.size() < 8) invalid(*file, "it is shorter than its header size field");
  uint64_t header_size = 0;
  for (int i = 0; i < 8; ++i) header_size |= static_cast<uint64_t>(bytes[static_cast<size_t>(i)]) << (8 * i);
  if (header_size > kLargestHeader) invalid(*file, "the header is too large");
  if (header_size > bytes.size() - 8) invalid(*file, "the header is cut off");
  const auto* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  const json header = json::parse(text, text + header_size, nullptr, false);
  if (!header.is_object()) invalid(*file, "the header is not a JSON object");
  const uint64_t available = bytes.size() - 8 - header_size;

  SafetensorsFile result;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      entries.push_back(read_entry(*file, name, value, available));
      continue;
    }
    if (!value.is_object()) invalid(*file, "__metadata__ is not an object");
    for (const auto& [key, item] : value.items()) {
      if (!item.is_string()) invalid(*file, "metadata '" + key + "' is not a string");
      result.metadata[key] = item;
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected) invalid(*file, "there is a gap or an overlap before tensor '" + entry.name + "'");
    expected = entry.end;
  }
  if (expected != available) invalid(*file, "the data is longer or shorter than the header says");

  for (const Entry& entry : entries) {
    const uint8_t* data = bytes.data() + 8 + header_size + entry.begin;
    const auto size = static_cast<int64_t>(entry.end - entry.begin);
    Tensor tensor;
    if (size > 0 && reinterpret_cast<uintptr_t>(data) % item_size(entry.dtype) == 0) {
      auto* keep = new std::shared_ptr<MappedFile>(file);
      auto storage = Storage::wrap(
          const_cast<uint8_t*>(data), size,
          [](void* context) { delete static_cast<std::shared_ptr<MappedFile>*>(context); }, keep);
      Ref<TensorImpl> impl(new TensorImpl(std::move(storage), entry.dtype));
      impl->sizes = entry.shape;
      impl->strides = contiguous_strides(entry.shape);
      impl->refresh();
      tensor = Tensor(std::move(impl));
    } else {
      tensor = new_tensor(entry.shape, entry.dtype);
      std::memcpy(tensor.raw_data(), data, static_cast<size_t>(size));
    }
    result.tensors.emplace_back(entry.name, std::move(tensor));
  }
  return result;
}

SafetensorsFile load_safetensors(const std::string& path) { return parse_safetensors(MappedFile::open(path)); }

void write_safetensors(ByteSink& sink, const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  // Widest types first, so that every tensor is aligned to its own size.
  std::vector<size_t> order(tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const size_t sa = tensors[a].second.item_size(), sb = tensors[b].second.item_size();
    return sa != sb ? sa > sb : tensors[a].first < tensors[b].first;
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const size_t i : order) {
    const auto& [name, tensor] = tensors[i];
    if (header.contains(name)) throw_error(ErrorKind::Value, "two tensors are named '{}'", name);
    const uint64_t bytes = static_cast<uint64_t>(tensor.numel()) * tensor.item_size();
    header[name] = {{"dtype", std::string(kNames[static_cast<int>(tensor.dtype())])},
                    {"shape", std::vector<int64_t>(tensor.sizes().begin(), tensor.sizes().end())},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  uint8_t size[8];
  for (int i = 0; i < 8; ++i) size[i] = static_cast<uint8_t>(text.size() >> (8 * i));
  sink.write(size, 8);
  sink.write(text.data(), text.size());
  for (const size_t i : order) {
    const Tensor dense = ops::contiguous(ops::detach(tensors[i].second));
    sink.write(dense.raw_data(), static_cast<size_t>(dense.numel()) * dense.item_size());
  }
}

void save_safetensors(const std::string& path, const std::vector<std::pair<std::string, Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  AtomicFile file(path);
  write_safetensors(file, tensors, metadata);
  file.commit();
}

}  // namespace hiss::engine
