// Decoding of source files, and the UTF-8 functions below it.
#include "syntax/source.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace hiss::syntax {

TEST(Source, Utf8IsTheDefault) {
  DecodedSource source = decode_source("\xEF\xBB\xBFx = 'é'\n");
  ASSERT_TRUE(source.ok);
  EXPECT_EQ(source.text, "x = 'é'\n");
  EXPECT_EQ(source.encoding, "utf-8");
}

TEST(Source, CookieInTheFirstTwoLines) {
  EXPECT_EQ(decode_source("# -*- coding: latin-1 -*-\nx = '\xE9'\n").text, "# -*- coding: latin-1 -*-\nx = 'é'\n");
  EXPECT_EQ(decode_source("#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\n'\xA4'\n").text,
            "#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :\n'€'\n");
  EXPECT_EQ(find_encoding_cookie("x = 1\n# coding: latin-1\n"), std::nullopt);
  EXPECT_EQ(find_encoding_cookie("\n\n# coding: latin-1\n"), std::nullopt);
}

TEST(Source, ErrorsAreCpythons) {
  EXPECT_EQ(decode_source("# coding: uft-8\n").error.message, "unknown encoding: uft-8");
  EXPECT_EQ(decode_source("\xEF\xBB\xBF# coding: latin-1\n").error.message, "encoding problem: latin-1 with BOM");
  EXPECT_EQ(decode_source("# coding: ascii\n\xE9\n").error.message,
            "(unicode error) 'ascii' codec can't decode byte 0xe9 in position 16: ordinal not in range(128)");
  EXPECT_EQ(decode_script("x = 1\ny = '\xF6'\n", "a.py").error.message,
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
