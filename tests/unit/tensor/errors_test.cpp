// Messages carry the shapes, in PyTorch's words, and nothing aborts.
#include <gtest/gtest.h>

#include "base/buffer_pool.h"
#include "hiss/tensor.h"

using namespace hiss;
using namespace hiss::engine;

namespace {
void expect_error(ErrorKind kind, const std::string& message, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), message);
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << message;
    return;
  }
  ADD_FAILURE() << "no error: " << message;
}
}  // namespace

TEST(Errors, Shapes) {
  expect_error(ErrorKind::Runtime, "mat1 and mat2 shapes cannot be multiplied (64x128 and 64x10)", [] {
    ops::zeros({64, 128}).mm(ops::zeros({64, 10}));
  });
  expect_error(ErrorKind::Runtime,
               "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1", [] {
                 ops::add(ops::zeros({2, 3}), ops::zeros({2, 4}));
               });
  expect_error(ErrorKind::Runtime,
               "Given groups=1, weight of size [4, 3, 3, 3], expected input[1, 2, 8, 8] to have 3 channels, but got 2 "
               "channels instead",
               [] {
                 ops::conv2d(ops::zeros({1, 2, 8, 8}), ops::zeros({4, 3, 3, 3}));
               });
  expect_error(ErrorKind::Runtime, "shape '[5]' is invalid for input of size 6", [] { ops::zeros({6}).view({5}); });
  expect_error(ErrorKind::Index, "Dimension out of range (expected to be in range of [-2, 1], but got 2)", [] {
    ops::zeros({2, 2}).sum(IntList({2}));
  });
  expect_error(ErrorKind::Index, "index 5 is out of bounds for dimension 0 with size 3", [] {
    const IndexItem item[] = {IndexItem::of(int64_t{5})};
    get_item(ops::zeros({3}), item);
  });
  expect_error(ErrorKind::Runtime,
               "Sizes of tensors must match except in dimension 0. Expected size 2 but got size 3 for tensor number 1 "
               "in the list.",
               [] {
                 ops::cat({ops::zeros({1, 2}), ops::zeros({1, 3})});
               });
  expect_error(ErrorKind::Runtime, "a Tensor with 2 elements cannot be converted to Scalar",
               [] { ops::zeros({2}).item(); });
  expect_error(ErrorKind::Runtime, "output with shape [3] doesn't match the broadcast shape [2, 3]", [] {
    ops::add_(ops::zeros({3}), ops::zeros({2, 3}));
  });
  expect_error(ErrorKind::Runtime, "result type Float can't be cast to the desired output type Long",
               [] { ops::add_(ops::zeros({3}, DType::Int64), 1.5); });
}

TEST(Errors, MemoryThatCannotBeHadIsAnErrorAndTheProgramLives) {
  for (const int64_t size : {int64_t{1} << 40, int64_t{1} << 50}) {
    try {
      ops::empty({size});
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(ErrorKind::Memory));
    }
  }
  try {
    ops::empty({int64_t{1} << 40, int64_t{1} << 40});
    ADD_FAILURE() << "no error";
  } catch (const Error&) {
  }
  EXPECT_EQ(ops::ones({2}).sum().item<double>(), 2);
}

TEST(Buffers, FreedMemoryIsUsedAgainAndCounted) {
  trim_buffers();
  const auto before = buffer_statistics();
  const void* memory = nullptr;
  {
    const Tensor big = ops::empty({1 << 20});
    memory = big.raw_data();
    EXPECT_EQ(buffer_statistics().bytes_in_use - before.bytes_in_use, 4 << 20);
  }
  EXPECT_EQ(buffer_statistics().bytes_cached, 4 << 20);
  EXPECT_EQ(ops::empty({1 << 20}).raw_data(), memory);
  trim_buffers();
  EXPECT_EQ(buffer_statistics().bytes_cached, 0);
}

TEST(Indexing, ViewsAndCopies) {
  const Tensor x = ops::arange(24).view({2, 3, 4});
  const auto get = [&](std::vector<IndexItem> items) { return get_item(x, items); };
  EXPECT_EQ(get({IndexItem::of(int64_t{-1})}).sizes(), (Sizes{3, 4}));
  EXPECT_EQ(get({IndexItem::ellipsis(), IndexItem::of(int64_t{1})}).sizes(), (Sizes{2, 3}));
  EXPECT_EQ(get({IndexItem::none(), IndexItem::of(int64_t{0})}).sizes(), (Sizes{1, 3, 4}));
  EXPECT_EQ(get({IndexItem::slice({}, {}), IndexItem::slice(1, {}, {}), IndexItem::slice({}, {}, 2)}).sizes(),
            (Sizes{2, 2, 2}));
  EXPECT_TRUE(get({IndexItem::slice(0, 1)})->storage == x->storage);
  EXPECT_EQ(get({IndexItem::slice({}, {}), IndexItem::of(ops::arange(2))}).sizes(), (Sizes{2, 2, 4}));
  EXPECT_EQ(get({IndexItem::of(x.gt(20))}).sizes(), (Sizes{3}));
  EXPECT_EQ(get({IndexItem::of(ops::arange(2)), IndexItem::slice({}, {}), IndexItem::of(ops::arange(2))}).sizes(),
            (Sizes{2, 3}));
  EXPECT_EQ(get({IndexItem::boolean(true)}).sizes(), (Sizes{1, 2, 3, 4}));
  const IndexItem mask[] = {IndexItem::of(x.lt(3))};
  set_item(x, mask, -1);
  EXPECT_EQ(x.lt(0).sum().item<int64_t>(), 3);
  const IndexItem rows[] = {IndexItem::of(int64_t{0}), IndexItem::of(from_values<int64_t>({2}, {0, 2}))};
  set_item(x, rows, ops::full({4}, int64_t{7}));
  EXPECT_EQ(x.eq(7).sum().item<int64_t>(), 9);
}

TEST(Registry, SchemasAreCompleteAndFindable) {
  for (const OpDescriptor& op : all_ops()) {
    EXPECT_FALSE(find_ops(op.name).empty()) << op.name;
    EXPECT_NE(op.call, nullptr) << op.name;
    if (!op.inplace_twin.empty()) {
      EXPECT_FALSE(find_ops(op.inplace_twin).empty()) << op.inplace_twin;
    }
    if (op.method) {
      EXPECT_FALSE(op.arguments.empty()) << op.name;
    }
  }
  for (const OpAlias& alias : all_op_aliases()) EXPECT_FALSE(find_ops(alias.target).empty()) << alias.name;
}
