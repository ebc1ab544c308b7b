// What the C++ side of str promises: narrowest representation, interning, search, builders, hashing.
#include <gtest/gtest.h>

#include "object/protocol.h"
#include "object/str_hash.h"
#include "object/str_search.h"
#include "vm/runtime.h"

namespace hiss {
namespace {

class StrTest : public testing::Test {
 protected:
  void SetUp() override { initialize_types(); }
};

TEST_F(StrTest, HasTheSmallestWidthThatFits) {
  Ref ascii = make_str("abc"), latin = make_str("caf\u00e9"), wide = make_str("\u20ac"),
      widest = make_str("a\U0001F600");
  EXPECT_TRUE(as<Str>(ascii)->ascii);
  EXPECT_EQ(as<Str>(latin)->width, 1);
  EXPECT_FALSE(as<Str>(latin)->ascii);
  EXPECT_EQ(as<Str>(wide)->width, 2);
  EXPECT_EQ(as<Str>(widest)->width, 4);
  Ref narrowed = substring(as<Str>(widest), 0, 1);
  EXPECT_EQ(as<Str>(narrowed)->width, 1);
}

TEST_F(StrTest, KeepsLoneSurrogatesThroughUtf8) {
  Ref s = make_str("\xed\xa0\x80");
  EXPECT_EQ(as<Str>(s)->at(0), 0xD800u);
  EXPECT_EQ(utf8_view(as<Str>(s)), "\xed\xa0\x80");
}

TEST_F(StrTest, InternsOneObjectForEachText) {
  Ref a = make_str("some_identifier");
  EXPECT_EQ(intern(as<Str>(a)), intern("some_identifier"));
  EXPECT_EQ(names.__init__, intern("__init__"));
  EXPECT_EQ(names.throw_, intern("throw"));
}

TEST_F(StrTest, FindsAcrossWidths) {
  Ref text = make_str("xx\u20acyy\u20aczz"), euro = make_str("\u20ac"), ascii = make_str("yy"),
      absent = make_str("\U0001F600");
  const Str* s = as<Str>(text);
  EXPECT_EQ(find(s, as<Str>(euro), 0, s->length), 2);
  EXPECT_EQ(rfind(s, as<Str>(euro), 0, s->length), 5);
  EXPECT_EQ(find(s, as<Str>(ascii), 0, s->length), 3);
  EXPECT_EQ(find(s, as<Str>(absent), 0, s->length), -1);
  EXPECT_EQ(count(s, as<Str>(euro), 0, s->length), 2);
}

TEST_F(StrTest, BuilderWidensOnlyWhenItMust) {
  StrBuilder out;
  out.append_ascii("abc");
  Ref ascii = out.finish();
  EXPECT_TRUE(as<Str>(ascii)->ascii);
  out.append("\u00e9");
  out.append_char(0x1F600);
  out.append_fill('-', 2);
  Ref wide = out.finish();
  EXPECT_EQ(to_string(wide), "abc\u00e9\U0001F600--");
}

TEST_F(StrTest, HashIsSipHashOfTheCharacters) {
  const HashSecret saved = hash_secret;
  seed_hashes(0);
  EXPECT_EQ(hash_bytes("", 0), 0);
  EXPECT_EQ(hash_bytes("abc", 3), -4594863902769663758);  // CPython with PYTHONHASHSEED=0
  hash_secret = saved;
}

}  // namespace
}  // namespace hiss
