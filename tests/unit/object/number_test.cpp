// Numbers as C++ code uses them.
#include <gtest/gtest.h>

#include <cmath>

#include "object/float.h"
#include "object/float_text.h"
#include "object/protocol.h"
#include "vm/runtime.h"

namespace hiss {
namespace {

class NumberTest : public testing::Test {
 protected:
  void SetUp() override { initialize_types(); }
  static Ref number(const char* digits) { return int_from_literal(digits); }
  static std::string text(Value v) { return int_to_text(v).value(); }
};

TEST_F(NumberTest, IntsCrossTheImmediateRangeUnnoticed) {
  Ref edge = make_int(kMaxImmediateInt);
  Ref over = int_binary(BinaryOp::add, edge, Value::integer(1));
  EXPECT_FALSE(over.value().is_integer());
  EXPECT_EQ(text(over), "281474976710656");
  Ref back = int_binary(BinaryOp::subtract, over, Value::integer(1));
  EXPECT_EQ(back.value(), edge.value());
  Ref square = int_binary(BinaryOp::multiply, edge, edge);
  EXPECT_EQ(text(square), "79228162514263774643590529025");
}

TEST_F(NumberTest, DivisionRoundsTowardsMinusInfinity) {
  Ref big = number("100000000000000000000"), seven = make_int(-7);
  Ref q = int_binary(BinaryOp::floor_divide, big, seven), r = int_binary(BinaryOp::remainder, big, seven);
  EXPECT_EQ(text(q), "-14285714285714285715");
  EXPECT_EQ(text(r), "-5");
}

TEST_F(NumberTest, TrueDivisionIsCorrectlyRounded) {
  Ref a = number("9007199254740993"), b = number("9007199254740992");
  Ref q = int_binary(BinaryOp::true_divide, a, b);
  EXPECT_EQ(q.value().number(), 1.0);
  Ref huge = number("1000000000000000000000000000000000000000000000000");
  Ref third = int_binary(BinaryOp::true_divide, huge, Value::integer(3));
  EXPECT_EQ(third.value().number(), 3.3333333333333333e47);
}

TEST_F(NumberTest, EqualNumbersHashAlike) {
  Ref big = number("1267650600228229401496703205376");  // 2**100
  EXPECT_EQ(hash_int(big), hash_double(std::ldexp(1.0, 100)));
  EXPECT_EQ(hash_int(Value::integer(-1)), -2);
  EXPECT_EQ(hash_double(-1.0), -2);
}

TEST_F(NumberTest, NanIsAnObjectOfItsOwn) {
  Ref a = make_float(NAN), b = make_float(NAN);
  EXPECT_TRUE(a.is_object());
  EXPECT_NE(a.value(), b.value());
  EXPECT_TRUE(is_float(a));
}

TEST_F(NumberTest, FloatTextRoundTripsAndIsShortest) {
  EXPECT_EQ(float_repr(0.1), "0.1");
  EXPECT_EQ(float_repr(1e16), "1e+16");
  EXPECT_EQ(float_repr(-0.0), "-0.0");
  EXPECT_EQ(float_repr(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(format_double(2.5, 'f', 0, false, false), "2");
  EXPECT_EQ(format_double(0.0001234, 'g', 2, false, false), "0.00012");
}

TEST_F(NumberTest, FloatTextOutOfRangeBecomesInfinityOrZero) {
  EXPECT_EQ(*parse_double("1e400"), HUGE_VAL);
  EXPECT_EQ(*parse_double("-1e400"), -HUGE_VAL);
  EXPECT_EQ(*parse_double("1e-400"), 0.0);
  EXPECT_EQ(*parse_double("0.0000000000000000000000000000001e400"), HUGE_VAL);
  EXPECT_EQ(*parse_double("4.9406564584124654e-324"), 5e-324);
  EXPECT_FALSE(parse_double("1.5.2").has_value());
  EXPECT_FALSE(parse_float_text("1__0").has_value());
}

}  // namespace
}  // namespace hiss
