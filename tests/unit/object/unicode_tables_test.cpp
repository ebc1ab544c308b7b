// Character properties and normalization.
#include <gtest/gtest.h>

#include "object/unicode_tables.h"

namespace hiss::unicode {
namespace {

TEST(UnicodeTables, KnowPropertiesInEveryPlane) {
  EXPECT_TRUE(is_alpha(0x3B1));
  EXPECT_TRUE(is_printable(0x1F600));
  EXPECT_FALSE(is_printable(0xE000));
  EXPECT_TRUE(is_space(0x3000));
  EXPECT_EQ(decimal(0x661), 1);
  EXPECT_STREQ(category_name(record(0x10FFFF)), "Cn");
  EXPECT_EQ(numeric_value(0xBD), 0.5);
}

TEST(UnicodeTables, MapOneCharacterToSeveral) {
  uint32_t out[3];
  EXPECT_EQ(to_upper(0xDF, out), 2);
  EXPECT_EQ(out[0], uint32_t{'S'});
  EXPECT_EQ(to_upper(0x390, out), 3);
  EXPECT_EQ(to_lower(0x130, out), 2);
}

TEST(UnicodeTables, NormalizeIdentifiers) {
  EXPECT_EQ(normalize_nfkc("\u212b"), "\u00c5");
  EXPECT_EQ(normalize_nfkc("\ufb01"), "fi");
  EXPECT_EQ(normalize_nfkc("e\u0301"), "\u00e9");
  EXPECT_EQ(normalize_nfkc("plain"), "plain");
}

TEST(UnicodeTables, ComposeHangulAndReorderMarks) {
  EXPECT_EQ(normalize({0x1112, 0x1161, 0x11AB}, Form::C), (std::vector<uint32_t>{0xD55C}));
  EXPECT_EQ(normalize({0xD55C}, Form::D), (std::vector<uint32_t>{0x1112, 0x1161, 0x11AB}));
  EXPECT_EQ(normalize({'q', 0x307, 0x323}, Form::D), (std::vector<uint32_t>{'q', 0x323, 0x307}));
  EXPECT_EQ(decomposition(0xA0), "<noBreak> 0020");
}

}  // namespace
}  // namespace hiss::unicode
