// The parser's promises beyond trees and errors: modes, warnings, limits, interned names.
#include "syntax_test.h"

namespace hiss::syntax {

TEST(Parser, EqualNamesShareTheirText) {
  Arena arena;
  ParseResult result = parse("name = name.name\n", {}, arena);
  ASSERT_TRUE(result);
  auto* assign = result.module->as<Module>()->body[0]->as<Assign>();
  auto* attribute = assign->value->as<Attribute>();
  EXPECT_EQ(assign->targets[0]->as<Name>()->id.data(), attribute->attr.data());
  EXPECT_EQ(attribute->attr.data(), attribute->value->as<Name>()->id.data());
}

TEST(Parser, NamesAreNormalisedByTheHook) {
  UnicodeHooks before = unicode_hooks();
  UnicodeHooks hooks = before;
  hooks.nfkc = [](std::string_view) { return std::string("fi"); };
  set_unicode_hooks(hooks);
  EXPECT_EQ(
      tree("\xEF\xAC\x81 = fi\n", false),
      "Module(body=[Assign(targets=[Name(id='fi', ctx=Store())], value=Name(id='fi', ctx=Load()))], type_ignores=[])");
  set_unicode_hooks(before);
}

TEST(Parser, EvalModeReadsOneExpression) {
  ParseOptions options;
  options.mode = Mode::Eval;
  EXPECT_EQ(tree("1, 2\n\n", false, options),
            "Expression(body=Tuple(elts=[Constant(value=1), Constant(value=2)], ctx=Load()))");
  EXPECT_EQ(error("x = 1", options), "SyntaxError: invalid syntax (1, 3, 1, 4) x = 1");
}

TEST(Parser, SingleModeReadsOneStatement) {
  ParseOptions options;
  options.mode = Mode::Single;
  EXPECT_EQ(tree("if 1:\n  pass\n\n", false, options),
            "Interactive(body=[If(test=Constant(value=1), body=[Pass()], orelse=[])])");
  EXPECT_EQ(error("a\nb\n", options),
            "SyntaxError: multiple statements found while compiling a single statement (1, 2, 1, 2) a\n");
}

TEST(Parser, FuncTypeModeReadsATypeComment) {
  ParseOptions options;
  options.mode = Mode::FuncType;
  EXPECT_EQ(tree("(int, *str) -> float", false, options),
            "FunctionType(argtypes=[Name(id='int', ctx=Load()), Name(id='str', ctx=Load())], returns=Name(id='float', "
            "ctx=Load()))");
}

TEST(Parser, TypeCommentsOnlyWhenAsked) {
  ParseOptions options;
  EXPECT_EQ(tree("x = 1 # type: int\n", false, options),
            "Module(body=[Assign(targets=[Name(id='x', ctx=Store())], value=Constant(value=1))], type_ignores=[])");
  options.type_comments = true;
  EXPECT_EQ(tree("x = 1 # type: int\n", false, options),
            "Module(body=[Assign(targets=[Name(id='x', ctx=Store())], value=Constant(value=1), type_comment='int')], "
            "type_ignores=[])");
}

TEST(Parser, InputThatMayContinueIsMarked) {
  Arena arena;
  ParseOptions options;
  options.mode = Mode::Single;
  options.dont_imply_dedent = true;
  for (const char* open : {"if x:", "f(", "'''abc", "x = \\\n", "try:\n  pass\n", "def f():\n"}) {
    EXPECT_TRUE(parse(open, options, arena).error.incomplete) << open;
  }
  for (const char* wrong : {"1a\n", "a b\n", "'abc\n", ")\n"}) {
    EXPECT_FALSE(parse(wrong, options, arena).error.incomplete) << wrong;
  }
  options.allow_incomplete = true;
  EXPECT_EQ(parse("if x:\n", options, arena).error.message, "incomplete input");
}

TEST(Parser, InvalidEscapesWarnOnce) {
  Arena arena;
  ParseResult result = parse("x = '\\d\\e'\ny = b'\\z'\nz = 1if x else 2\nw = '\\477'\n", {}, arena);
  ASSERT_TRUE(result);
  std::string seen;
  for (const Warning& warning : result.warnings) seen += fmt::format("{} {}\n", warning.lineno, warning.message);
  EXPECT_EQ(seen,
            "3 invalid decimal literal\n1 invalid escape sequence '\\d'\n2 invalid escape sequence '\\z'\n4 invalid "
            "octal escape sequence '\\477'\n");
}

TEST(Parser, BarryLikesDiamonds) {
  ParseOptions options;
  EXPECT_EQ(error("1 <> 2\n", options), "SyntaxError: invalid syntax (1, 3, 1, 5) 1 <> 2\n");
  options.barry_as_bdfl = true;
  EXPECT_EQ(tree("1 <> 2\n", false, options), tree("1 != 2\n", false));
  EXPECT_EQ(error("1 != 2\n", options),
            "SyntaxError: with Barry as BDFL, use '<>' instead of '!=' (1, 3, 1, 5) 1 != 2\n");
}

TEST(Parser, NestingIsLimited) {
  auto kind_of = [](const std::string& source) {
    Arena arena;
    return parse(source, {}, arena).error.kind;
  };
  EXPECT_EQ(kind_of(std::string(100000, '-') + "1"), SyntaxErrorInfo::MemoryError);
  std::string lambdas, sum = "a", parens(200, '(');
  for (int i = 0; i < 100000; ++i) {
    lambdas += "lambda: ";
    sum += "+a";
  }
  EXPECT_EQ(kind_of(lambdas + "1"), SyntaxErrorInfo::MemoryError);
  EXPECT_EQ(kind_of(sum), SyntaxErrorInfo::RecursionError);
  EXPECT_TRUE(tree(parens + std::string(200, ')')).starts_with("Module"));
  EXPECT_TRUE(error("(" + parens).starts_with("SyntaxError: too many nested parentheses (1, 201, 1, 201)"));
}

TEST(Parser, NullBytesAreRefused) {
  EXPECT_EQ(error(std::string_view("a\0b", 3)),
            "ValueError: source code string cannot contain null bytes (0, 0, 0, 0) ");
}

TEST(Parser, HugeDecimalLiteralsAreRefused) {
  EXPECT_EQ(error("x = " + std::string(4301, '9')).substr(0, 70),
            "SyntaxError: Exceeds the limit (4300 digits) for integer string conver");
  EXPECT_TRUE(tree("x = 0x" + std::string(5000, 'f')).starts_with("Module"));
}

TEST(Parser, LineEndingsAreEqual) {
  EXPECT_EQ(tree("if a:\r\n  b\r\n'''x\r\ny'''\r\n"), tree("if a:\n  b\n'''x\ny'''\n"));
  EXPECT_EQ(tree("a\rb"), tree("a\nb\n"));
}

TEST(Ast, ClassesAreDescribed) {
  const ClassInfo& info = class_info(NodeKind::ExprStmt);
  EXPECT_STREQ(info.name, "Expr");
  EXPECT_STREQ(info.base, "stmt");
  EXPECT_TRUE(info.has_attributes);
  ASSERT_EQ(info.field_count, 1);
  EXPECT_STREQ(info.fields[0].name, "value");
  EXPECT_EQ(class_info(NodeKind::ImportFrom).fields[0].shape, FieldShape::Optional);
  EXPECT_EQ(class_info(NodeKind::ImportFrom).fields[1].shape, FieldShape::Sequence);
  EXPECT_FALSE(class_info(NodeKind::Comprehension).has_attributes);
}

}  // namespace hiss::syntax
