// Decoding malformed input: where an error is reported, and what the handlers make of it.
#include <gtest/gtest.h>

#include "object/bytes.h"
#include "object/codecs_text.h"
#include "vm/runtime.h"

namespace hiss {
namespace {

class CodecsTextTest : public testing::Test {
 protected:
  void SetUp() override { initialize_types(); }
  static std::string decoded(std::string_view bytes, std::string_view errors) {
    Ref r = decode_utf8(
        {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size()), Value(), errors});
    return r.is_error() ? "error" : to_string(r);
  }
};

TEST_F(CodecsTextTest, ReplacesEachMaximalMalformedPart) {
  EXPECT_EQ(decoded("a\xe2\x82z", "replace"), "a\ufffdz");
  EXPECT_EQ(decoded("\xf0\x80\x80", "replace"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(decoded("\xed\xa0\x80", "replace"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(decoded("\xed\xa0\x80", "surrogatepass"), "\xed\xa0\x80");
  EXPECT_EQ(decoded("\xff", "backslashreplace"), "\\xff");
}

TEST_F(CodecsTextTest, EscapedBytesComeBack) {
  const std::string raw = "ok\xff\xfe\x80";
  Ref text = decode_utf8(
      {reinterpret_cast<const uint8_t*>(raw.data()), static_cast<int64_t>(raw.size()), Value(), "surrogateescape"});
  Ref bytes = encode_utf8(text, "surrogateescape");
  EXPECT_EQ(as<Bytes>(bytes)->view(), raw);
}

TEST_F(CodecsTextTest, LeavesAnIncompleteSequenceForLater) {
  int64_t consumed = 0;
  const std::string raw = "ab\xe2\x82";
  Ref text = decode_utf8(
      {reinterpret_cast<const uint8_t*>(raw.data()), static_cast<int64_t>(raw.size()), Value(), "strict"}, &consumed);
  EXPECT_EQ(to_string(text), "ab");
  EXPECT_EQ(consumed, 2);
}

}  // namespace
}  // namespace hiss
