// Trains a small convolutional network, in C++ alone, to tell which quarter of an image holds a bright spot.
// cmake --preset release && ninja -C build example_train && build/example_train
#include <cstdio>

#include "hiss/nn.h"

using namespace hiss::engine;

namespace {

/// Noisy 8x8 images with one bright 3x3 spot; the label is the quarter it lies in.
std::pair<Tensor, Tensor> make_batch(int64_t size) {
  const Tensor images = ops::randn({size, 1, 8, 8}) * 0.3;
  const Tensor labels = ops::randint(4, {size});
  for (int64_t i = 0; i < size; ++i) {
    const int64_t quarter = labels.select(0, i).item<int64_t>();
    const int64_t row = quarter / 2 * 4, column = quarter % 2 * 4;
    ops::add_(images.select(0, i).narrow(1, row, 3).narrow(2, column, 3), 1.0);
  }
  return {images, labels};
}

}  // namespace

int main() {
  manual_seed(0);
  nn::Sequential network(nn::make<nn::Conv2d>(1, 16, 3, nn::Conv2d::Options{.padding = 1}),
                         nn::make<nn::GroupNorm>(4, 16), nn::make<nn::Activation>(ops::silu),
                         nn::make<nn::Conv2d>(16, 16, 3, nn::Conv2d::Options{.stride = 2, .padding = 1}),
                         nn::make<nn::Activation>(ops::silu),
                         nn::make<nn::Activation>([](const Tensor& x) { return x.flatten(1); }),
                         nn::make<nn::Linear>(16 * 4 * 4, 4));
  nn::Adam optimizer(network.parameters(), {.lr = 2e-3});
  for (int step = 1; step <= 200; ++step) {
    const auto [images, labels] = make_batch(64);
    const Tensor loss = ops::cross_entropy(network(images), labels);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (step % 50 == 0) std::printf("step %3d  loss %.4f\n", step, loss.item<double>());
  }
  NoGrad no_grad;
  const auto [images, labels] = make_batch(512);
  const double accuracy = network(images).argmax(1).eq(labels).to(DType::Float32).mean().item<double>();
  std::printf("accuracy on new images: %.3f\n", accuracy);
  return accuracy > 0.95 ? 0 : 1;
}
