// The random stream of PyTorch's CPU generator: mt19937 and the draws made from it.
#pragma once

#include <array>
#include <mutex>
#include <optional>

#include "tensor/tensor.h"

namespace hiss::engine {

class RandomGenerator : public Counted<RandomGenerator> {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721u;

  explicit RandomGenerator(uint64_t seed = kDefaultSeed) { set_seed(seed); }

  void set_seed(uint64_t seed);
  uint64_t initial_seed() const { return seed_; }
  /// Seeds from the system and returns the seed.
  uint64_t seed();

  uint32_t random32() {
    if (--left_ == 0) next_state();
    uint32_t y = state_[next_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  uint64_t random64() {
    const uint64_t high = random32();
    return high << 32 | random32();
  }
  float uniform_float() { return static_cast<float>(random32() & ((1u << 24) - 1)) * 0x1p-24f; }
  double uniform_double() { return static_cast<double>(random64() & ((uint64_t{1} << 53) - 1)) * 0x1p-53; }
  /// Polar pairs in double; the second of a pair waits for the next call.
  double normal_double();

  /// The 5,056 bytes of torch.Generator.get_state().
  Tensor get_state() const;
  void set_state(const Tensor& state);
  Ref<RandomGenerator> clone() const;

  std::mutex& mutex() { return mutex_; }
  void* python_object = nullptr;

 private:
  void next_state();
  uint64_t seed_ = 0;
  int left_ = 1;
  uint32_t next_ = 0;
  std::array<uint32_t, 624> state_{};
  std::optional<double> waiting_normal_;
  std::mutex mutex_;
};

/// torch.default_generator.
RandomGenerator& default_generator();
/// torch.manual_seed.
void manual_seed(uint64_t seed);

}  // namespace hiss::engine
