#include <gtest/gtest.h>
#include "syntax/parser.h"
TEST(First, Works) {
  hiss::syntax::Arena arena;
  auto r = hiss::syntax::parse("x = 1\n", {}, arena);
  ASSERT_TRUE(r) << r.error.message;
  EXPECT_EQ(dump(r.module, false), "Module(body=[Assign(targets=[Name(id='x', ctx=Store())], value=Constant(value=1))], type_ignores=[])");
}
