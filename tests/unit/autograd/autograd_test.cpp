#include <gtest/gtest.h>

#include "autograd/meta.h"
#include "autograd/saved_tensor.h"
#include "hiss/tensor.h"

using namespace hiss;
using namespace hiss::engine;

namespace {

Tensor leaf(std::initializer_list<double> values) {
  return from_values<double>({static_cast<int64_t>(values.size())}, values).set_requires_grad(true);
}
std::vector<double> list(const Tensor& tensor) {
  const Tensor dense = tensor.detach().to(DType::Float64).contiguous();
  return {dense.data<double>(), dense.data<double>() + dense.numel()};
}
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}
bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

TEST(Backward, AccumulatesIntoLeaves) {
  const Tensor x = leaf({1, 2, 3});
  (x * x).sum().backward();
  (x * 2).sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{4, 6, 8}));
}

TEST(Backward, SecondTimeNeedsRetainGraph) {
  const Tensor x = leaf({1, 2});
  const Tensor y = (x * x).sum();
  y.backward(Tensor(), true);
  y.backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{4, 8}));
  EXPECT_TRUE(starts_with(message_of([&] { y.backward(); }), "Trying to backward through the graph a second time"));
}

TEST(Backward, OnlyScalarsMayOmitTheGradient) {
  const Tensor x = leaf({1, 2});
  EXPECT_EQ(message_of([&] { (x * 2).backward(); }), "grad can be implicitly created only for scalar outputs");
  EXPECT_EQ(message_of([&] { ops::ones({}).backward(); }),
            "element 0 of tensors does not require grad and does not have a grad_fn");
}

TEST(Backward, LongChainsNeitherRecurseForwardsNorOnRelease) {
  Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 300000; ++i) y = y + 0.0;
  y.sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{1}));
  y.reset();
}

TEST(Grad, HigherOrder) {
  const Tensor x = leaf({2});
  const Tensor first = compute_gradients({x.pow(4).sum()}, {x}, {}, true, true)[0];
  const Tensor second = compute_gradients({first.sum()}, {x}, {}, true, true)[0];
  const Tensor third = compute_gradients({second.sum()}, {x})[0];
  EXPECT_EQ(list(third), (std::vector<double>{48}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(Grad, UnusedInputsAreAnErrorUnlessAllowed) {
  const Tensor x = leaf({1}), z = leaf({1});
  EXPECT_TRUE(starts_with(message_of([&] { compute_gradients({x.sum()}, {z}); }),
                          "One of the differentiated Tensors appears to not have been used"));
  EXPECT_FALSE(compute_gradients({x.sum()}, {z}, {}, false, false, true)[0].defined());
}

TEST(Grad, OfIntermediateResults) {
  const Tensor x = leaf({3});
  const Tensor y = x * 2, z = (y * y).sum();
  EXPECT_EQ(list(compute_gradients({z}, {y})[0]), (std::vector<double>{12}));
}

TEST(Inplace, OnLeavesAndTheirViewsIsRefused) {
  const Tensor x = leaf({1, 2});
  EXPECT_EQ(message_of([&] { ops::add_(x, 1); }),
            "a leaf Variable that requires grad is being used in an in-place operation.");
  EXPECT_EQ(message_of([&] { ops::add_(x.select(0, 0), 1); }),
            "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  NoGrad no_grad;
  ops::add_(x, 1);
  EXPECT_EQ(list(x), (std::vector<double>{2, 3}));
}

TEST(Inplace, ChangingASavedTensorIsNoticed) {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 1.0, z = y * y;
  ops::add_(y, 1);
  const std::string message = message_of([&] { z.sum().backward(); });
  EXPECT_EQ(message,
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            "[torch.DoubleTensor [2]], which is "
            "output 0 of AddBackward0, is at version 1; expected version 0 instead. Hint: enable anomaly detection to "
            "find the operation that "
            "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True).");
}

TEST(Inplace, OnAViewReachesTheBase) {
  const Tensor x = leaf({1, 2, 3}), w = leaf({5});
  const Tensor base = x * 1.0;
  ops::mul_(base.select(0, 1), w.select(0, 0));
  (base * base).sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{2, 100, 6}));
  EXPECT_EQ(list(w.grad()), (std::vector<double>{40}));
}

TEST(Inplace, WritingIntoAPlainTensorThroughAViewRecords) {
  const Tensor x = leaf({3, 4});
  const Tensor out = ops::zeros({2, 2}, DType::Float64);
  const Tensor row = out.select(0, 1);
  const IndexItem item[] = {IndexItem::of(int64_t{0})};
  set_item(out, item, x * 2);
  EXPECT_TRUE(out.requires_grad());
  ops::copy_(row, x);
  (out * out).sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{8 * 3 + 2 * 3, 8 * 4 + 2 * 4}));
}

TEST(Inplace, ViewsSeeWhatHappenedToTheirBase) {
  const Tensor x = leaf({1, 2});
  const Tensor base = x * 1.0;
  const Tensor view = base.view({2, 1});
  ops::mul_(base, 3);
  view.sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{3, 3}));
}

TEST(Inplace, ActivationsKeepTheirResult) {
  const Tensor x = leaf({-1, 0.5, 2});
  Tensor y = x * 1.0;
  ops::mul_(ops::exp_(y), 1);
  // exp keeps its result, which mul_ has changed since.
  EXPECT_TRUE(starts_with(message_of([&] { y.sum().backward(); }), "one of the variables needed"));
  y = x * 1.0;
  ops::add_(ops::relu_(ops::mul_(y, 2)) * 1.0, 1).sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{0, 2, 2}));
}

TEST(Inplace, PartsOfSplitAreRefused) {
  const Tensor x = leaf({1, 2});
  const auto parts = (x * 1.0).split(1);
  EXPECT_TRUE(starts_with(message_of([&] { ops::add_(parts[0], 1); }),
                          "Output 0 of SplitBackward0 is a view and is being modified inplace."));
}

TEST(Modes, NothingIsRecordedWithoutGrad) {
  const Tensor x = leaf({1});
  {
    NoGrad no_grad;
    EXPECT_FALSE((x * 2).requires_grad());
    GradGuard on(true);
    EXPECT_TRUE((x * 2).requires_grad());
  }
  EXPECT_FALSE(x.detach().requires_grad());
  EXPECT_TRUE(x.detach()->storage == x->storage);
}

TEST(Hooks, TensorHooksChangeGradients) {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 2;
  add_tensor_hook(y, [](const Tensor& gradient) { return gradient * 10; });
  const uint64_t id = add_tensor_hook(x, [](const Tensor& gradient) { return gradient + 1; });
  y.sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{21, 21}));
  remove_tensor_hook(x, id);
  x.set_grad(Tensor());
  (x * 1).sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{1, 1}));
}

TEST(Hooks, RetainGradKeepsIntermediateGradients) {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 2;
  y.retain_grad();
  {
    const Tensor dropped = y * 1;
    dropped.retain_grad();  // The tensor goes before the graph does.
    (dropped * 1).sum().backward();
  }
  (y * y).sum().backward();
  EXPECT_EQ(list(y.grad()), (std::vector<double>{5, 9}));
}

TEST(Hooks, AccumulateHooksRunOnceTheGradIsThere) {
  const Tensor x = leaf({1});
  double seen = 0;
  add_accumulate_hook(x, [&](const Tensor& tensor) { seen = list(tensor.grad())[0]; });
  (x * 3).sum().backward();
  EXPECT_EQ(seen, 3);
}

TEST(Hooks, SavedTensorsCanBePackedAway) {
  const Tensor x = leaf({2, 3});
  int packed = 0;
  auto hooks = std::make_shared<SavedTensorHooks>();
  hooks->pack = [&](const Tensor& tensor) -> std::shared_ptr<void> {
    ++packed;
    return std::make_shared<Tensor>(tensor.detach() * 1.0);
  };
  hooks->unpack = [](const std::shared_ptr<void>& value) { return *std::static_pointer_cast<Tensor>(value); };
  push_saved_tensor_hooks(hooks);
  const Tensor y = (x * x).exp().sum();
  pop_saved_tensor_hooks();
  y.backward();
  EXPECT_EQ(packed, 3);
  EXPECT_NEAR(list(x.grad())[0], 4 * std::exp(4.0), 1e-9);
}

namespace {
class Doubler : public Node {
 public:
  std::string_view name() const override { return "DoublerBackward"; }
  std::vector<Tensor> apply(std::vector<Tensor>&& gradients) override { return {gradients[0] * 2}; }
};
}  // namespace

TEST(CustomFunction, ANodeOfOnesOwn) {
  const Tensor x = leaf({1, 2});
  Tensor y = x.detach() * 2;
  Ref<Node> node(new Doubler);
  node->set_edges({gradient_edge(x)});
  set_history(y, node);
  (y * y).sum().backward();
  EXPECT_EQ(list(x.grad()), (std::vector<double>{8, 16}));
}

TEST(Engine, MemoryIsFreedWithTheGraph) {
  const Tensor x = leaf({1, 2});
  const uint32_t before = x.use_count();
  {
    const Tensor y = (x * x).exp().sum();
    EXPECT_GT(x.use_count(), before);
  }
  EXPECT_EQ(x.use_count(), before);
  (x * x).sum().backward();
  EXPECT_EQ(x.use_count(), before);
}

TEST(Reuse, DyingTemporariesLendTheirBuffers) {
  Tensor a = ops::ones({64});
  const void* memory = a.raw_data();
  Tensor result;
  {
    ReuseScope scope(a);
    result = a + 1;
  }
  EXPECT_EQ(result.raw_data(), memory);
  const Tensor kept = result;
  {
    ReuseScope scope(result);
    EXPECT_NE((result + 1).raw_data(), memory);
  }
  const Tensor x = leaf({1, 2});
  Tensor product = x * 2;
  {
    ReuseScope scope(product);
    EXPECT_NE((product * x).raw_data(), product.raw_data());
  }
}
