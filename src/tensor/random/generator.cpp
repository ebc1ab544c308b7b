#include "tensor/random/generator.h"

#include <cmath>
#include <cstring>
#include <random>

namespace hiss::engine {
namespace {

constexpr size_t kStateBytes = 5056;

/// The layout of PyTorch's saved state: an old C structure with 64-bit words for the 32-bit state.
struct SavedState {
  uint64_t seed;
  int32_t left;
  int32_t seeded;
  uint64_t next;
  uint64_t state[624];
  double normal_x;
  double normal_y;
  double normal_rho;
  int32_t normal_is_valid;
  int32_t padding;
  float next_float_normal;
  int32_t next_float_normal_is_valid;
};
static_assert(sizeof(SavedState) == kStateBytes);

}  // namespace

void RandomGenerator::set_seed(uint64_t seed) {
  seed_ = seed;
  state_[0] = static_cast<uint32_t>(seed);
  for (uint32_t i = 1; i < 624; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  left_ = 1;
  next_ = 0;
  waiting_normal_.reset();
}

uint64_t RandomGenerator::seed() {
  std::random_device device;
  // 53 bits, so that the seed survives a trip through a double.
  const uint64_t seed = ((static_cast<uint64_t>(device()) << 32) + device()) & 0x1FFFFFFFFFFFFF;
  set_seed(seed);
  return seed;
}

void RandomGenerator::next_state() {
  left_ = 624;
  next_ = 0;
  const auto twist = [](uint32_t u, uint32_t v) {
    return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ (v & 1 ? 0x9908b0dfu : 0u);
  };
  for (size_t i = 0; i < 227; ++i) state_[i] = state_[i + 397] ^ twist(state_[i], state_[i + 1]);
  for (size_t i = 227; i < 623; ++i) state_[i] = state_[i - 227] ^ twist(state_[i], state_[i + 1]);
  state_[623] = state_[396] ^ twist(state_[623], state_[0]);
}

double RandomGenerator::normal_double() {
  if (waiting_normal_) {
    const double value = *waiting_normal_;
    waiting_normal_.reset();
    return value;
  }
  const double u1 = uniform_double(), u2 = uniform_double();
  const double radius = std::sqrt(-2.0 * std::log1p(-u2)), angle = 2.0 * M_PI * u1;
  waiting_normal_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

Tensor RandomGenerator::get_state() const {
  SavedState saved{};
  saved.seed = seed_;
  saved.left = left_;
  saved.seeded = 1;
  saved.next = next_;
  std::copy(state_.begin(), state_.end(), saved.state);
  if (waiting_normal_) {
    saved.normal_y = *waiting_normal_;
    saved.normal_is_valid = 1;
  }
  Tensor result = new_tensor({static_cast<int64_t>(kStateBytes)}, DType::UInt8);
  std::memcpy(result.raw_data(), &saved, kStateBytes);
  return result;
}

void RandomGenerator::set_state(const Tensor& state) {
  if (state.dtype() != DType::UInt8) throw Error(ErrorKind::Type, "expected a torch.ByteTensor, but got another type");
  if (state.numel() != static_cast<int64_t>(kStateBytes)) {
    throw Error(ErrorKind::Runtime,
                "Expected either a CPUGeneratorImplStateLegacy of size 5048 or a CPUGeneratorImplState of size 5056 "
                "but found the input RNG state size to be different");
  }
  SavedState saved;
  std::memcpy(&saved, state.raw_data(), kStateBytes);
  if (saved.left < 1 || saved.left > 624 || saved.next > 624) throw Error(ErrorKind::Runtime, "Invalid mt19937 state");
  seed_ = saved.seed;
  left_ = saved.left;
  next_ = static_cast<uint32_t>(saved.next);
  for (size_t i = 0; i < 624; ++i) state_[i] = static_cast<uint32_t>(saved.state[i]);
  waiting_normal_.reset();
  if (saved.normal_is_valid) waiting_normal_ = saved.normal_y;
}

Ref<RandomGenerator> RandomGenerator::clone() const {
  Ref<RandomGenerator> copy(new RandomGenerator);
  copy->set_state(get_state());
  return copy;
}

RandomGenerator& default_generator() {
  static auto* generator = new RandomGenerator;
  static const bool counted = (generator->retain(), true);
  static_cast<void>(counted);
  return *generator;
}

void manual_seed(uint64_t seed) {
  std::lock_guard lock(default_generator().mutex());
  default_generator().set_seed(seed);
}

}  // namespace hiss::engine
