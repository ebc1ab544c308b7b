// Containers as C++ code uses them.
#include <gtest/gtest.h>

#include "object/protocol.h"
#include "vm/runtime.h"

namespace hiss {
namespace {

class ContainersTest : public testing::Test {
 protected:
  void SetUp() override { initialize_types(); }
};

TEST_F(ContainersTest, DictKeepsInsertionOrderThroughDeletionsAndGrowth) {
  Ref r = make_dict();
  Dict* d = as<Dict>(r);
  for (int i = 0; i < 1000; ++i) ASSERT_FALSE(dict_set(d, Value::integer(i), Value::integer(i * i)).is_error());
  for (int i = 0; i < 1000; i += 3) EXPECT_TRUE(dict_delete(d, Value::integer(i)).value());
  int64_t last = -1, seen = 0;
  for (int64_t i = 0; DictEntry* e = dict_next(d, i); ++seen) {
    EXPECT_GT(e->key.integer(), last);
    last = e->key.integer();
  }
  EXPECT_EQ(seen, d->used);
  EXPECT_EQ(d->used, 666);
  EXPECT_EQ(dict_get(d, Value::integer(998)).value().integer(), 998 * 998);
}

TEST_F(ContainersTest, InsertingAndRemovingForeverDoesNotFillTheTable) {
  Ref r = make_dict();
  Dict* d = as<Dict>(r);
  dict_set(d, intern("stays"), Value::none());
  for (int i = 0; i < 10000; ++i) {
    Ref key = make_str("key" + std::to_string(i));
    dict_set(d, as<Str>(key), Value::none());
    EXPECT_FALSE(dict_pop(d, key).is_empty());
  }
  EXPECT_FALSE(dict_get(d, intern("absent")));
  EXPECT_EQ(d->used, 1);
}

TEST_F(ContainersTest, EveryChangeOfADictChangesItsVersion) {
  Ref r = make_dict();
  Dict* d = as<Dict>(r);
  uint64_t before = d->version;
  dict_set(d, intern("a"), Value::integer(1));
  EXPECT_NE(d->version, before);
  before = d->version;
  dict_set(d, intern("a"), Value::integer(2));
  EXPECT_NE(d->version, before);
  before = d->version;
  EXPECT_TRUE(dict_delete(d, to_value(intern("a"))).value());
  EXPECT_NE(d->version, before);
}

TEST_F(ContainersTest, IntsFloatsAndBoolsThatAreEqualAreOneKey) {
  Ref r = make_dict();
  Dict* d = as<Dict>(r);
  ASSERT_FALSE(dict_set(d, Value::integer(1), Value::integer(10)).is_error());
  EXPECT_EQ(dict_get(d, Value::number(1.0)).value().integer(), 10);
  EXPECT_EQ(dict_get(d, Value::boolean(true)).value().integer(), 10);
}

TEST_F(ContainersTest, SortIsStableAndUndoneByReverse) {
  Ref r = make_list();
  for (int i = 0; i < 5000; ++i) list_append(as<List>(r), Value::integer((i * 7919) % 5000));
  ASSERT_FALSE(list_sort(as<List>(r), Value::none(), true).is_error());
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(as<List>(r)->items[i].integer(), 4999 - i);
}

TEST_F(ContainersTest, SetFindsItsMembersAfterManyChanges) {
  Ref r = make_set();
  Set* s = as<Set>(r);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(set_add(s, Value::integer(i * 1024 + round)).value());
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(set_discard(s, Value::integer(i * 1024 + round)).value());
  }
  EXPECT_EQ(s->used, 0);
  EXPECT_FALSE(set_contains(s, Value::integer(5)).value());
}

TEST_F(ContainersTest, SliceBoundsFollowTheLanguage) {
  auto bounds = [](Value start, Value stop, Value step, int64_t length) {
    Ref s = make_slice(start, stop, step);
    return slice_bounds(as<Slice>(s), length).value();
  };
  const Value none = Value::none();
  EXPECT_EQ(bounds(none, none, none, 5).length, 5);
  const SliceBounds reversed = bounds(none, none, Value::integer(-1), 5);
  EXPECT_EQ(reversed.start, 4);
  EXPECT_EQ(reversed.stop, -1);
  EXPECT_EQ(reversed.length, 5);
  EXPECT_EQ(bounds(Value::integer(-100), Value::integer(100), Value::integer(2), 5).length, 3);
}

}  // namespace
}  // namespace hiss
