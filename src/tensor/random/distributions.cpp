// Filling tensors from the generator, drawing in PyTorch's order.
#include <cmath>

#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/random/generator.h"

namespace hiss::engine::kernels {
namespace {

class Locked {
 public:
  explicit Locked(RandomGenerator* generator)
      : generator_(generator ? *generator : default_generator()), lock_(generator_.mutex()) {}
  RandomGenerator* operator->() { return &generator_; }
  RandomGenerator& operator*() { return generator_; }

 private:
  RandomGenerator& generator_;
  std::lock_guard<std::mutex> lock_;
};

/// Writes value() to every element in logical order.
template <typename Draw>
void fill_serial(const Tensor& self, Draw&& draw) {
  if (self.numel() == 0) return;
  const Tensor target = self.is_contiguous() ? self : new_tensor(self.sizes(), self.dtype());
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    T* out = target.data<T>();
    for (int64_t i = 0; i < target.numel(); ++i) {
      const auto value = draw(tag);
      if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
        out[i] = T(static_cast<float>(value));
      } else {
        out[i] = static_cast<T>(value);
      }
    }
  });
  if (!target.is_same(self)) copy_values(self, target);
}

void check_floating(const Tensor& self, std::string_view name) {
  if (!is_floating(self.dtype())) {
    throw_error(ErrorKind::NotImplemented, "\"{}\" not implemented for '{}'", name, dtype_label(self.dtype()));
  }
}

/// Blocks of sixteen: eight radii from the first half, eight angles from the second.
template <typename T>
void normal_block(T* data, T mean, T std) {
  for (int j = 0; j < 8; ++j) {
    const T u1 = 1 - data[j], u2 = data[j + 8];
    const T radius = std::sqrt(static_cast<T>(-2) * std::log(u1));
    const T angle = static_cast<T>(2.0) * static_cast<T>(M_PI) * u2;
    data[j] = radius * std::cos(angle) * std + mean;
    data[j + 8] = radius * std::sin(angle) * std + mean;
  }
}

template <typename T>
void normal_fill(T* data, int64_t size, double mean, double std, RandomGenerator& generator, bool skip_rest = false) {
  const auto draw = [&] {
    if constexpr (std::is_same_v<T, double>) {
      return generator.uniform_double();
    } else {
      return generator.uniform_float();
    }
  };
  // A rest below sixteen is drawn (and thrown away) by the wide types only; then the last sixteen are drawn afresh.
  const int64_t drawn = skip_rest ? size / 16 * 16 : size;
  for (int64_t i = 0; i < drawn; ++i) data[i] = draw();
  for (int64_t i = 0; i + 16 <= size; i += 16) normal_block(data + i, static_cast<T>(mean), static_cast<T>(std));
  if (size % 16 != 0) {
    T* tail = data + size - 16;
    for (int i = 0; i < 16; ++i) tail[i] = draw();
    normal_block(tail, static_cast<T>(mean), static_cast<T>(std));
  }
}

int64_t draw_integer(RandomGenerator& generator, uint64_t range, int64_t low) {
  const uint64_t value = range >= (uint64_t{1} << 28) ? generator.random64() : generator.random32();
  return static_cast<int64_t>(value % range + static_cast<uint64_t>(low));
}

/// Greatest integer a type represents without gaps.
int64_t integer_limit(DType dtype) {
  switch (dtype) {
    case DType::UInt8:
      return 255;
    case DType::Int8:
      return 127;
    case DType::Int16:
      return 32767;
    case DType::Int32:
      return 2147483647;
    case DType::Int64:
      return INT64_MAX;
    case DType::Float16:
      return 1 << 11;
    case DType::BFloat16:
      return 1 << 8;
    case DType::Float32:
      return 1 << 24;
    case DType::Float64:
      return int64_t{1} << 53;
    case DType::Bool:
      return 1;
  }
  return 1;
}

}  // namespace

void uniform_(const Tensor& self, double from, double to, RandomGenerator* generator) {
  check_floating(self, "check_uniform_bounds");
  if (from > to)
    throw_error(ErrorKind::Runtime, "uniform_ expects to return a [from, to) range, but found from={} > to={}", from,
                to);
  Locked random(generator);
  fill_serial(self, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_same_v<T, double>) {
      return random->uniform_double() * (to - from) + from;
    } else {
      return random->uniform_float() * (static_cast<float>(to) - static_cast<float>(from)) + static_cast<float>(from);
    }
  });
}

void normal_(const Tensor& self, double mean, double std, RandomGenerator* generator) {
  check_floating(self, "normal_kernel_cpu");
  if (!(std >= 0)) throw_error(ErrorKind::Runtime, "normal expects std >= 0.0, but found std {}", std);
  Locked random(generator);
  if (self.numel() >= 16 && self.is_contiguous()) {
    if (self.dtype() == DType::Float32) return normal_fill(self.data<float>(), self.numel(), mean, std, *random);
    if (self.dtype() == DType::Float64) return normal_fill(self.data<double>(), self.numel(), mean, std, *random);
    Tensor wide = new_tensor(self.sizes(), DType::Float32);
    normal_fill(wide.data<float>(), wide.numel(), mean, std, *random, true);
    copy_values(self, wide);
    return;
  }
  fill_serial(self, [&](auto*) { return random->normal_double() * std + mean; });
}

void exponential_(const Tensor& self, double lambd, RandomGenerator* generator) {
  check_floating(self, "exponential_");
  if (!(lambd > 0)) throw_error(ErrorKind::Runtime, "exponential_ expects lambda > 0.0, but found lambda={}", lambd);
  Locked random(generator);
  fill_serial(self, [&](auto*) { return -1.0 / lambd * std::log1p(-random->uniform_double()); });
}

void random_(const Tensor& self, std::optional<int64_t> from, std::optional<int64_t> to, RandomGenerator* generator) {
  Locked random(generator);
  if (!from && !to) {
    const DType type = self.dtype();
    fill_serial(self, [&](auto*) -> int64_t {
      if (type == DType::Int64) return static_cast<int64_t>(random->random64() & INT64_MAX);
      if (type == DType::Float64) return static_cast<int64_t>(random->random64() % ((uint64_t{1} << 53) + 1));
      if (type == DType::Bool) return random->random32() & 1;
      return static_cast<int64_t>(random->random32() % (static_cast<uint64_t>(integer_limit(type)) + 1));
    });
    return;
  }
  // random_(to) means [0, to).
  const int64_t low = to ? from.value_or(0) : 0, high = to ? *to : *from;
  if (low >= high)
    throw_error(ErrorKind::Runtime, "random_ expects 'from' to be less than 'to', but got from={} >= to={}", low, high);
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  fill_serial(self, [&](auto*) { return draw_integer(*random, range, low); });
}

void bernoulli_(const Tensor& self, const Operand& p, RandomGenerator* generator) {
  Locked random(generator);
  if (!p.is_tensor()) {
    const double probability = p.scalar().to_double();
    if (!(probability >= 0 && probability <= 1)) {
      throw_error(ErrorKind::Runtime, "bernoulli_ expects p to be in [0, 1], but got p={}", probability);
    }
    fill_serial(self, [&](auto*) { return random->uniform_double() < probability ? 1 : 0; });
    return;
  }
  const bool wide = p.tensor().dtype() == DType::Float64;
  const Tensor probabilities = as_dense(expand(p.tensor(), self.sizes(), false), DType::Float64);
  const double* next = probabilities.data<double>();
  fill_serial(self, [&](auto*) {
    const double u = wide ? random->uniform_double() : static_cast<double>(random->uniform_float());
    if (!(*next >= 0 && *next <= 1))
      throw Error(ErrorKind::Runtime, "Expected p_in >= 0 && p_in <= 1 to be true, but got false.");
    return u < *next++ ? 1 : 0;
  });
}

Tensor bernoulli(const Tensor& self, RandomGenerator* generator) {
  Tensor result = new_like(self, self.dtype());
  bernoulli_(result, self, generator);
  return result;
}

Tensor rand(IntList size, RandomGenerator* generator, OptionalDType dtype) {
  Tensor result = new_tensor(size, dtype.value_or(default_dtype()));
  uniform_(result, 0, 1, generator);
  return result;
}
Tensor randn(IntList size, RandomGenerator* generator, OptionalDType dtype) {
  Tensor result = new_tensor(size, dtype.value_or(default_dtype()));
  normal_(result, 0, 1, generator);
  return result;
}
Tensor randint(int64_t high, IntList size, RandomGenerator* generator, DType dtype) {
  return randint_low(0, high, size, generator, dtype);
}
Tensor randint_low(int64_t low, int64_t high, IntList size, RandomGenerator* generator, DType dtype) {
  Tensor result = new_tensor(size, dtype);
  random_(result, low, high, generator);
  return result;
}
Tensor randperm(int64_t n, RandomGenerator* generator, DType dtype) {
  if (n < 0) throw_error(ErrorKind::Runtime, "n must be non-negative, got{}", n);
  Tensor result = new_tensor({n}, DType::Int64);
  int64_t* out = result.data<int64_t>();
  Locked random(generator);
  for (int64_t i = 0; i < n; ++i) out[i] = i;
  for (int64_t i = 0; i + 1 < n; ++i) {
    const auto z = static_cast<int64_t>((n < (int64_t{UINT32_MAX} / 20) ? random->random32() : random->random64()) %
                                        static_cast<uint64_t>(n - i));
    std::swap(out[i], out[z + i]);
  }
  return dtype == DType::Int64 ? result : cast(result, dtype);
}
Tensor rand_like(const Tensor& self, OptionalDType dtype) {
  Tensor result = new_like(self, dtype.value_or(self.dtype()));
  uniform_(result, 0, 1, nullptr);
  return result;
}
Tensor randn_like(const Tensor& self, OptionalDType dtype) {
  Tensor result = new_like(self, dtype.value_or(self.dtype()));
  normal_(result, 0, 1, nullptr);
  return result;
}
Tensor randint_like(const Tensor& self, int64_t high, OptionalDType dtype) {
  return randint_like_low(self, 0, high, dtype);
}
Tensor randint_like_low(const Tensor& self, int64_t low, int64_t high, OptionalDType dtype) {
  Tensor result = new_like(self, dtype.value_or(self.dtype()));
  random_(result, low, high, nullptr);
  return result;
}

Tensor multinomial(const Tensor& self, int64_t num_samples, bool replacement, RandomGenerator* generator) {
  if (self.dim() < 1 || self.dim() > 2) throw Error(ErrorKind::Runtime, "prob_dist must be 1 or 2 dim");
  if (!is_floating(self.dtype())) {
    throw_error(ErrorKind::Runtime, "multinomial only supports floating-point dtypes for input, got: {}",
                dtype_label(self.dtype()));
  }
  const int64_t categories = self.size(-1);
  if (num_samples <= 0) throw Error(ErrorKind::Runtime, "cannot sample n_sample <= 0 samples");
  if (!replacement && num_samples > categories) {
    throw Error(ErrorKind::Runtime, "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  }
  const Tensor weights = as_dense(self, DType::Float64);
  const int64_t rows = categories == 0 ? 0 : self.numel() / categories;
  const double* w = weights.data<double>();
  for (int64_t r = 0; r < rows; ++r) {
    double total = 0;
    for (int64_t i = 0; i < categories; ++i) {
      const double value = w[r * categories + i];
      if (!(value >= 0) || std::isinf(value)) {
        throw Error(ErrorKind::Runtime, "probability tensor contains either `inf`, `nan` or element < 0");
      }
      total += value;
    }
    if (total == 0) throw Error(ErrorKind::Runtime, "invalid multinomial distribution (sum of probabilities <= 0)");
  }
  if (!replacement) {
    // The largest of weight / exponential is a draw; the next largest is the draw from the rest.
    Tensor noise = new_tensor(self.sizes(), self.dtype()), score;
    exponential_(noise, 1, generator);
    binary(score, Binary::Div, self, noise);
    if (num_samples == 1) return argmax(score, -1, true);
    return std::get<1>(topk(score, num_samples, -1, true, true));
  }
  Sizes shape = self.sizes();
  shape.back() = num_samples;
  Tensor result = new_tensor(shape, DType::Int64);
  Locked random(generator);
  std::vector<double> cumulative(static_cast<size_t>(categories));
  for (int64_t r = 0; r < rows; ++r) {
    double total = 0;
    for (int64_t i = 0; i < categories; ++i) {
      total += w[r * categories + i];
      cumulative[static_cast<size_t>(i)] =
          self.dtype() == DType::Float64 ? total : static_cast<double>(static_cast<float>(total));
    }
    for (auto& value : cumulative) {
      value = self.dtype() == DType::Float64
                  ? value / total
                  : static_cast<double>(static_cast<float>(value) / static_cast<float>(total));
    }
    cumulative.back() = 1;
    for (int64_t s = 0; s < num_samples; ++s) {
      const double u = random->uniform_double();
      const auto found = std::lower_bound(cumulative.begin(), cumulative.end(), u);
      result.data<int64_t>()[r * num_samples + s] = found - cumulative.begin();
    }
  }
  return result;
}

}  // namespace hiss::engine::kernels
