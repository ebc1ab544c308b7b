// Decoding of source files, and the UTF-8 functions below it.
#include "syntax/source.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "syntax/parser.h"

namespace hiss::syntax {

TEST(Source, Utf8IsTheDefault) {
  SourceEncoding encoding = find_source_encoding("\xEF\xBB\xBFx = 'é'\n");
  EXPECT_EQ(encoding.text, "x = 'é'\n");
  EXPECT_EQ(encoding.name, "utf-8");
  EXPECT_TRUE(encoding.declared);
  EXPECT_FALSE(find_source_encoding("x = 1\n").declared);
}

TEST(Source, CookieInTheFirstTwoLines) {
  EXPECT_EQ(find_source_encoding("# -*- coding: latin-1 -*-\nx = '\xE9'\n").name, "iso-8859-1");
  EXPECT_EQ(find_source_encoding("#!/usr/bin/python\n# vim: set fileencoding=koi8-r :\n").name, "koi8-r");
  EXPECT_EQ(find_encoding_cookie("x = 1\n# coding: latin-1\n"), std::nullopt);
  EXPECT_EQ(find_encoding_cookie("\n\n# coding: latin-1\n"), std::nullopt);
}

TEST(Source, ErrorsAreCpythons) {
  EXPECT_EQ(find_source_encoding("\xEF\xBB\xBF# coding: latin-1\n").problem, "encoding problem: iso-8859-1 with BOM");
  EXPECT_EQ(non_utf8_message("x = 1\ny = '\xF6'\n", "a.py"),
            "Non-UTF-8 code starting with '\\xf6' in file a.py on line 2, but no encoding declared; see "
            "https://peps.python.org/pep-0263/ for details");
}

TEST(Source, MalformedTextInAStringIsTheParsersError) {
  Arena arena;
  ParseResult result = parse("print(\"b\xF6se\")\n", {}, arena);
  EXPECT_EQ(result.error.message,
            "(unicode error) 'utf-8' codec can't decode byte 0xf6 in position 1: invalid start byte");
  EXPECT_TRUE(parse("x = 1 # b\xF6se\n", {}, arena));
}

TEST(Text, ValidationFindsTheFirstBadSequence) {
  EXPECT_EQ(validate_utf8("abcé€𝄞").reason, nullptr);
  EXPECT_STREQ(validate_utf8("ab\xC3").reason, "unexpected end of data");
  EXPECT_STREQ(validate_utf8("ab\xE2\x82z").reason, "invalid continuation byte");
  EXPECT_EQ(validate_utf8("ab\xE2\x82z").end, 4u);
  EXPECT_STREQ(validate_utf8("\xED\xA0\x80").reason, "invalid continuation byte");
  EXPECT_STREQ(validate_utf8("\xC0\x80").reason, "invalid start byte");
}

TEST(Text, CodePointsRoundTrip) {
  for (char32_t c : {U'a', U'é', U'€', U'\U0001D11E', char32_t{0xD800}}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_EQ(static_cast<int>(text.size()), utf8_length(c));
    const char* at = text.data();
    EXPECT_EQ(decode_utf8(at, at + text.size()), c);
  }
  EXPECT_EQ(count_code_points("aé€𝄞"), 4u);
  EXPECT_EQ(replace_malformed_utf8("a\xFF\xE2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(Text, IdentifiersFollowUnicode) {
  EXPECT_TRUE(is_identifier_start(U'é'));
  EXPECT_FALSE(is_identifier_start(U'1'));
  EXPECT_TRUE(is_identifier_continue(U'1'));
  EXPECT_FALSE(is_identifier_start(U'€'));
  EXPECT_TRUE(is_printable(U'€'));
  EXPECT_FALSE(is_printable(U'\u200b'));
}

}  // namespace hiss::syntax
