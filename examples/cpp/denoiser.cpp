// Times one training step of a small class-conditional denoiser on 8x8 images: ninja -C build example_denoiser
#include <chrono>
#include <cmath>
#include <cstdio>

#include "hiss/nn.h"

using namespace hiss::engine;

namespace {

std::shared_ptr<nn::Conv2d> conv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1) {
  return nn::make<nn::Conv2d>(in, out, kernel, nn::Conv2d::Options{.stride = stride, .padding = kernel / 2});
}

class Residual : public nn::Module {
 public:
  Residual(int64_t in, int64_t out, int64_t embedding)
      : norm1_(register_module("norm1", nn::make<nn::GroupNorm>(8, in))),
        conv1_(register_module("conv1", conv(in, out, 3))),
        project_(register_module("project", nn::make<nn::Linear>(embedding, out))),
        norm2_(register_module("norm2", nn::make<nn::GroupNorm>(8, out))),
        conv2_(register_module("conv2", conv(out, out, 3))) {
    if (in != out) skip_ = register_module("skip", conv(in, out, 1));
  }
  Tensor forward(const Tensor& x) override { return x; }
  Tensor operator()(const Tensor& x, const Tensor& embedding) {
    Tensor h = (*conv1_)(ops::silu((*norm1_)(x)));
    h = h + (*project_)(ops::silu(embedding)).unsqueeze(-1).unsqueeze(-1);
    h = (*conv2_)(ops::silu((*norm2_)(h)));
    return h + (skip_ ? (*skip_)(x) : x);
  }

 private:
  std::shared_ptr<nn::GroupNorm> norm1_;
  std::shared_ptr<nn::Conv2d> conv1_;
  std::shared_ptr<nn::Linear> project_;
  std::shared_ptr<nn::GroupNorm> norm2_;
  std::shared_ptr<nn::Conv2d> conv2_;
  std::shared_ptr<nn::Conv2d> skip_;
};

class Attention : public nn::Module {
 public:
  explicit Attention(int64_t channels)
      : norm_(register_module("norm", nn::make<nn::GroupNorm>(8, channels))),
        qkv_(register_module("qkv", conv(channels, 3 * channels, 1))),
        out_(register_module("out", conv(channels, channels, 1))) {}
  Tensor forward(const Tensor& x) override {
    const int64_t b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3), heads = 4;
    const auto parts = (*qkv_)((*norm_)(x)).chunk(3, 1);
    const auto split = [&](const Tensor& t) { return t.reshape({b, heads, c / heads, h * w}).transpose(2, 3); };
    const Tensor attended = ops::scaled_dot_product_attention(split(parts[0]), split(parts[1]), split(parts[2]));
    return x + (*out_)(attended.transpose(2, 3).reshape({b, c, h, w}));
  }

 private:
  std::shared_ptr<nn::GroupNorm> norm_;
  std::shared_ptr<nn::Conv2d> qkv_, out_;
};

class Denoiser : public nn::Module {
 public:
  explicit Denoiser(int64_t c)
      : time1_(register_module("time1", nn::make<nn::Linear>(c, 4 * c))),
        time2_(register_module("time2", nn::make<nn::Linear>(4 * c, 4 * c))),
        label_(register_module("label", nn::make<nn::Embedding>(11, 4 * c))),
        in_(register_module("in", conv(1, c, 3))),
        down1_(register_module("down1", nn::make<Residual>(c, c, 4 * c))),
        down_(register_module("down", conv(c, 2 * c, 3, 2))),
        middle1_(register_module("middle1", nn::make<Residual>(2 * c, 2 * c, 4 * c))),
        attention_(register_module("attention", nn::make<Attention>(2 * c))),
        middle2_(register_module("middle2", nn::make<Residual>(2 * c, 2 * c, 4 * c))),
        up_(register_module("up", conv(2 * c, c, 3))),
        up1_(register_module("up1", nn::make<Residual>(2 * c, c, 4 * c))),
        norm_(register_module("norm", nn::make<nn::GroupNorm>(8, c))),
        out_(register_module("out", conv(c, 1, 3))),
        channels_(c) {}
  Tensor forward(const Tensor& x) override { return x; }
  Tensor operator()(const Tensor& x, const Tensor& t, const Tensor& label) {
    const int64_t half = channels_ / 2;
    const Tensor frequencies =
        ops::exp(ops::arange(half).to(DType::Float32) * (-std::log(10000.0) / static_cast<double>(half)));
    const Tensor angles = t.to(DType::Float32).unsqueeze(1) * frequencies.unsqueeze(0);
    const Tensor waves = ops::cat({angles.sin(), angles.cos()}, 1);
    const Tensor embedding = (*time2_)(ops::silu((*time1_)(waves))) + (*label_)(label);
    const Tensor first = (*in_)(x), skip = (*down1_)(first, embedding);
    Tensor h = (*middle1_)((*down_)(skip), embedding);
    h = (*middle2_)((*attention_)(h), embedding);
    const double scale[] = {2.0, 2.0};
    h = (*up_)(ops::interpolate(h, std::nullopt, FloatList(scale)));
    h = (*up1_)(ops::cat({h, skip}, 1), embedding);
    return (*out_)(ops::silu((*norm_)(h)));
  }

 private:
  std::shared_ptr<nn::Linear> time1_, time2_;
  std::shared_ptr<nn::Embedding> label_;
  std::shared_ptr<nn::Conv2d> in_;
  std::shared_ptr<Residual> down1_;
  std::shared_ptr<nn::Conv2d> down_;
  std::shared_ptr<Residual> middle1_;
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<Residual> middle2_;
  std::shared_ptr<nn::Conv2d> up_;
  std::shared_ptr<Residual> up1_;
  std::shared_ptr<nn::GroupNorm> norm_;
  std::shared_ptr<nn::Conv2d> out_;
  int64_t channels_;
};

}  // namespace

int main(int argc, char** argv) {
  const int64_t channels = argc > 1 ? std::atoi(argv[1]) : 32, batch = argc > 2 ? std::atoi(argv[2]) : 64,
                size = argc > 3 ? std::atoi(argv[3]) : 8;
  const int steps = argc > 4 ? std::atoi(argv[4]) : 100;
  manual_seed(0);
  Denoiser model(channels);
  nn::Adam optimizer(model.parameters(), {.lr = 1e-3});
  double best = 1e9, total = 0, loss_value = 0;
  for (int step = 0; step < steps; ++step) {
    const Tensor x = ops::randn({batch, 1, size, size}), noise = ops::randn({batch, 1, size, size});
    const Tensor t = ops::randint(1000, {batch}), label = ops::randint(11, {batch});
    const auto start = std::chrono::steady_clock::now();
    const Tensor loss = ops::mse_loss(model(x * 0.5 + noise * 0.8, t, label), noise);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    loss_value = loss.item<double>();
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (step >= 5) best = std::min(best, ms), total += ms;
  }
  std::printf("channels %d batch %d size %d: best %.3f ms, mean %.3f ms per step (loss %.4f)\n",
              static_cast<int>(channels), static_cast<int>(batch), static_cast<int>(size), best, total / (steps - 5),
              loss_value);
}
