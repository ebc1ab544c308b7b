// The safetensors format: a JSON header with types, shapes and offsets, then the bytes.
#pragma once

#include <map>

#include "tensor/serialize/file.h"
#include "tensor/tensor.h"

namespace hiss::engine {

struct SafetensorsFile {
  std::vector<std::pair<std::string, Tensor>> tensors;  // In the order of their bytes.
  std::map<std::string, std::string> metadata;
};

/// Tensors point into the mapped file where its alignment allows, else they are copies.
SafetensorsFile load_safetensors(const std::string& path);
SafetensorsFile parse_safetensors(const std::shared_ptr<MappedFile>& file);
void save_safetensors(const std::string& path, const std::vector<std::pair<std::string, Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata = {});
void write_safetensors(ByteSink& sink, const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace hiss::engine
