// Errors as python3.11 reports them: type, message, lineno, offset, end_lineno, end_offset, text.
#include "syntax_test.h"

namespace hiss::syntax {

// clang-format off

TEST(Error, Tokens) {
  EXPECT_EQ(error("1a"),
            "SyntaxError: invalid decimal literal (1, 1, 1, 1) 1a");
  EXPECT_EQ(error("1_"),
            "SyntaxError: invalid decimal literal (1, 2, 1, 2) 1_");
  EXPECT_EQ(error("0777"),
            "SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers (1, 1, 1, 2) 0777");
  EXPECT_EQ(error("0xg"),
            "SyntaxError: invalid hexadecimal literal (1, 2, 1, 2) 0xg");
  EXPECT_EQ(error("0b12"),
            "SyntaxError: invalid digit '2' in binary literal (1, 4, 1, 4) 0b12");
  EXPECT_EQ(error("0o8"),
            "SyntaxError: invalid digit '8' in octal literal (1, 3, 1, 3) 0o8");
  EXPECT_EQ(error("1e"),
            "SyntaxError: invalid decimal literal (1, 1, 1, 1) 1e");
  EXPECT_EQ(error("x = \303\251\342\202\254"),
            "SyntaxError: invalid character '\342\202\254' (U+20AC) (1, 6, 1, 6) x = \303\251\342\202\254");
  EXPECT_EQ(error("a\\ b"),
            "SyntaxError: unexpected character after line continuation character (1, 3, 1, 0) a\\ b\n");
  EXPECT_EQ(error("'abc"),
            "SyntaxError: unterminated string literal (detected at line 1) (1, 1, 1, 1) 'abc");
  EXPECT_EQ(error("x='''abc\n\n"),
            "SyntaxError: unterminated triple-quoted string literal (detected at line 2) (1, 3, 1, 3) x='''abc");
  EXPECT_EQ(error("x\001"),
            "SyntaxError: invalid non-printable character U+0001 (1, 2, 1, 2) x\001");
  EXPECT_EQ(error("("),
            "SyntaxError: '(' was never closed (1, 1, 1, 0) (\n");
  EXPECT_EQ(error("x = (\n1,\n"),
            "SyntaxError: '(' was never closed (1, 5, 1, 0) x = (");
  EXPECT_EQ(error("a)"),
            "SyntaxError: unmatched ')' (1, 2, 1, 2) a)");
  EXPECT_EQ(error("(a]"),
            "SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' (1, 3, 1, 3) (a]");
  EXPECT_EQ(error("(\na]"),
            "SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' on line 1 (2, 2, 2, 2) a]");
  EXPECT_EQ(error("x = \\"),
            "SyntaxError: unexpected EOF while parsing (1, 6, 1, -1) x = \\\n");
}

TEST(Error, Indentation) {
  EXPECT_EQ(error("  x"),
            "IndentationError: unexpected indent (1, 2, 1, -1)   x\n");
  EXPECT_EQ(error("if 1:\n  x\n y"),
            "IndentationError: unindent does not match any outer indentation level (3, 3, 3, -1)  y\n");
  EXPECT_EQ(error("if 1:\n\tx\n        y"),
            "TabError: inconsistent use of tabs and spaces in indentation (3, 1, 3, 0)         y\n");
  EXPECT_EQ(error("if x:\npass"),
            "IndentationError: expected an indented block after 'if' statement on line 1 (2, 1, 2, 5) pass\n");
  EXPECT_EQ(error("for x in y:\npass"),
            "IndentationError: expected an indented block after 'for' statement on line 1 (2, 1, 2, 5) pass\n");
  EXPECT_EQ(error("def f():\nx"),
            "IndentationError: expected an indented block after function definition on line 1 (2, 1, 2, 2) x\n");
  EXPECT_EQ(error("class A:\nx"),
            "IndentationError: expected an indented block after class definition on line 1 (2, 1, 2, 2) x\n");
  EXPECT_EQ(error("try:\nx"),
            "IndentationError: expected an indented block after 'try' statement on line 1 (2, 1, 2, 2) x\n");
  EXPECT_EQ(error("with a:\nb"),
            "IndentationError: expected an indented block after 'with' statement on line 1 (2, 1, 2, 2) b\n");
  EXPECT_EQ(error("match x:\npass"),
            "IndentationError: expected an indented block after 'match' statement on line 1 (2, 1, 2, 5) pass\n");
  EXPECT_EQ(error("match x:\n  case 1:\n  pass"),
            "IndentationError: expected an indented block after 'case' statement on line 2 (3, 3, 3, 7)   pass\n");
  EXPECT_EQ(error("while x:\ny"),
            "IndentationError: expected an indented block after 'while' statement on line 1 (2, 1, 2, 2) y\n");
}

TEST(Error, Colons) {
  EXPECT_EQ(error("if x\n  y"),
            "SyntaxError: expected ':' (1, 5, 1, 5) if x\n");
  EXPECT_EQ(error("class A\n  x"),
            "SyntaxError: expected ':' (1, 8, 1, 8) class A\n");
  EXPECT_EQ(error("while x\n"),
            "SyntaxError: expected ':' (1, 8, 1, 8) while x\n");
  EXPECT_EQ(error("def f() pass"),
            "SyntaxError: expected ':' (1, 9, 1, 13) def f() pass\n");
  EXPECT_EQ(error("else x"),
            "SyntaxError: invalid syntax (1, 1, 1, 5) else x\n");
  EXPECT_EQ(error("try pass"),
            "SyntaxError: expected ':' (1, 5, 1, 9) try pass\n");
  EXPECT_EQ(error("with a\n"),
            "SyntaxError: expected ':' (1, 7, 1, 7) with a\n");
  EXPECT_EQ(error("for x in y\n"),
            "SyntaxError: expected ':' (1, 11, 1, 11) for x in y\n");
  EXPECT_EQ(error("match x\n"),
            "SyntaxError: expected ':' (1, 8, 1, 8) match x\n");
  EXPECT_EQ(error("if x: pass\nelse y"),
            "SyntaxError: expected ':' (2, 6, 2, 7) else y\n");
  EXPECT_EQ(error("lambda x"),
            "SyntaxError: invalid syntax (1, 9, 1, 9) lambda x\n");
}

TEST(Error, Assignments) {
  EXPECT_EQ(error("1 = x"),
            "SyntaxError: cannot assign to literal here. Maybe you meant '==' instead of '='? (1, 1, 1, 2) 1 = x\n");
  EXPECT_EQ(error("f() = 1"),
            "SyntaxError: cannot assign to function call here. Maybe you meant '==' instead of '='? (1, 1, 1, 4) f() = 1\n");
  EXPECT_EQ(error("a + 1 = 2"),
            "SyntaxError: cannot assign to expression here. Maybe you meant '==' instead of '='? (1, 1, 1, 6) a + 1 = 2\n");
  EXPECT_EQ(error("(a, 1) = 2"),
            "SyntaxError: cannot assign to literal (1, 5, 1, 6) (a, 1) = 2\n");
  EXPECT_EQ(error("x = None = 1"),
            "SyntaxError: cannot assign to None (1, 5, 1, 9) x = None = 1\n");
  EXPECT_EQ(error("a if b else c = 1"),
            "SyntaxError: cannot assign to conditional expression (1, 1, 1, 14) a if b else c = 1\n");
  EXPECT_EQ(error("f() += 1"),
            "SyntaxError: 'function call' is an illegal expression for augmented assignment (1, 1, 1, 4) f() += 1\n");
  EXPECT_EQ(error("(a, b) += 1"),
            "SyntaxError: 'tuple' is an illegal expression for augmented assignment (1, 1, 1, 7) (a, b) += 1\n");
  EXPECT_EQ(error("[a]: int"),
            "SyntaxError: only single target (not list) can be annotated (1, 1, 1, 4) [a]: int\n");
  EXPECT_EQ(error("(a, b): int"),
            "SyntaxError: only single target (not tuple) can be annotated (1, 1, 1, 7) (a, b): int\n");
  EXPECT_EQ(error("f(): int"),
            "SyntaxError: illegal target for annotation (1, 1, 1, 4) f(): int\n");
  EXPECT_EQ(error("for 1 in x: pass"),
            "SyntaxError: cannot assign to literal (1, 5, 1, 6) for 1 in x: pass\n");
  EXPECT_EQ(error("with a as f(): pass"),
            "SyntaxError: cannot assign to function call (1, 11, 1, 14) with a as f(): pass\n");
  EXPECT_EQ(error("del f()"),
            "SyntaxError: cannot delete function call (1, 5, 1, 8) del f()\n");
  EXPECT_EQ(error("del (a, 1)"),
            "SyntaxError: cannot delete literal (1, 9, 1, 10) del (a, 1)\n");
  EXPECT_EQ(error("del *a"),
            "SyntaxError: cannot delete starred (1, 5, 1, 7) del *a\n");
  EXPECT_EQ(error("(a = 1)"),
            "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? (1, 2, 1, 7) (a = 1)\n");
  EXPECT_EQ(error("(f() = 1)"),
            "SyntaxError: cannot assign to function call here. Maybe you meant '==' instead of '='? (1, 2, 1, 5) (f() = 1)\n");
  EXPECT_EQ(error("x = yield = 1"),
            "SyntaxError: assignment to yield expression not possible (1, 5, 1, 10) x = yield = 1\n");
  EXPECT_EQ(error("if x = 1: pass"),
            "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? (1, 4, 1, 9) if x = 1: pass\n");
  EXPECT_EQ(error("None := 1"),
            "SyntaxError: cannot use assignment expressions with None (1, 1, 1, 5) None := 1\n");
  EXPECT_EQ(error("(a.b := 1)"),
            "SyntaxError: cannot use assignment expressions with attribute (1, 2, 1, 5) (a.b := 1)\n");
  EXPECT_EQ(error("f'{a}' = 1"),
            "SyntaxError: cannot assign to f-string expression here. Maybe you meant '==' instead of '='? (1, 1, 1, 7) f'{a}' = 1\n");
}

TEST(Error, Calls) {
  EXPECT_EQ(error("f(a for a in b, c)"),
            "SyntaxError: Generator expression must be parenthesized (1, 3, 1, 15) f(a for a in b, c)\n");
  EXPECT_EQ(error("f(a, b for b in c)"),
            "SyntaxError: Generator expression must be parenthesized (1, 6, 1, 18) f(a, b for b in c)\n");
  EXPECT_EQ(error("f(a=1, 2)"),
            "SyntaxError: positional argument follows keyword argument (1, 9, 1, 10) f(a=1, 2)\n");
  EXPECT_EQ(error("f(**a, 2)"),
            "SyntaxError: positional argument follows keyword argument unpacking (1, 9, 1, 10) f(**a, 2)\n");
  EXPECT_EQ(error("f(**a, *b)"),
            "SyntaxError: iterable argument unpacking follows keyword argument unpacking (1, 3, 1, 6) f(**a, *b)\n");
  EXPECT_EQ(error("f(a.b=1)"),
            "SyntaxError: expression cannot contain assignment, perhaps you meant \"==\"? (1, 3, 1, 7) f(a.b=1)\n");
  EXPECT_EQ(error("f(True=1)"),
            "SyntaxError: cannot assign to True (1, 3, 1, 8) f(True=1)\n");
  EXPECT_EQ(error("f(a, b c)"),
            "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 6, 1, 9) f(a, b c)\n");
  EXPECT_EQ(error("f(a=b for b in c)"),
            "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? (1, 3, 1, 5) f(a=b for b in c)\n");
  EXPECT_EQ(error("class A(x for x in y): pass"),
            "SyntaxError: invalid syntax (1, 11, 1, 14) class A(x for x in y): pass\n");
}

TEST(Error, Parameters) {
  EXPECT_EQ(error("def f(a=1, b): pass"),
            "SyntaxError: non-default argument follows default argument (1, 12, 1, 13) def f(a=1, b): pass\n");
  EXPECT_EQ(error("def f(a, (b, c)): pass"),
            "SyntaxError: Function parameters cannot be parenthesized (1, 10, 1, 16) def f(a, (b, c)): pass\n");
  EXPECT_EQ(error("def f(/, a): pass"),
            "SyntaxError: at least one argument must precede / (1, 7, 1, 8) def f(/, a): pass\n");
  EXPECT_EQ(error("def f(a, /, b, /): pass"),
            "SyntaxError: / may appear only once (1, 16, 1, 17) def f(a, /, b, /): pass\n");
  EXPECT_EQ(error("def f(*, a, /): pass"),
            "SyntaxError: / must be ahead of * (1, 13, 1, 14) def f(*, a, /): pass\n");
  EXPECT_EQ(error("def f(*): pass"),
            "SyntaxError: named arguments must follow bare * (1, 7, 1, 8) def f(*): pass\n");
  EXPECT_EQ(error("def f(*, **k): pass"),
            "SyntaxError: named arguments must follow bare * (1, 7, 1, 8) def f(*, **k): pass\n");
  EXPECT_EQ(error("def f(*a=1): pass"),
            "SyntaxError: var-positional argument cannot have default value (1, 9, 1, 10) def f(*a=1): pass\n");
  EXPECT_EQ(error("def f(**k=1): pass"),
            "SyntaxError: var-keyword argument cannot have default value (1, 10, 1, 11) def f(**k=1): pass\n");
  EXPECT_EQ(error("def f(**k, a): pass"),
            "SyntaxError: arguments cannot follow var-keyword argument (1, 12, 1, 13) def f(**k, a): pass\n");
  EXPECT_EQ(error("def f(*a, *b): pass"),
            "SyntaxError: * argument may appear only once (1, 11, 1, 12) def f(*a, *b): pass\n");
  EXPECT_EQ(error("def f(a=): pass"),
            "SyntaxError: expected default value expression (1, 8, 1, 9) def f(a=): pass\n");
  EXPECT_EQ(error("lambda a=1, b: 0"),
            "SyntaxError: non-default argument follows default argument (1, 13, 1, 14) lambda a=1, b: 0\n");
  EXPECT_EQ(error("lambda *: 0"),
            "SyntaxError: named arguments must follow bare * (1, 9, 1, 10) lambda *: 0\n");
  EXPECT_EQ(error("def f: pass"),
            "SyntaxError: expected '(' (1, 6, 1, 7) def f: pass\n");
}

TEST(Error, Displays) {
  EXPECT_EQ(error("{1: *a}"),
            "SyntaxError: cannot use a starred expression in a dictionary value (1, 5, 1, 7) {1: *a}\n");
  EXPECT_EQ(error("{1:}"),
            "SyntaxError: expression expected after dictionary key and ':' (1, 3, 1, 4) {1:}\n");
  EXPECT_EQ(error("{1: 2, 3}"),
            "SyntaxError: ':' expected after dictionary key (1, 8, 1, 0) {1: 2, 3}\n");
  EXPECT_EQ(error("{**a for a in b}"),
            "SyntaxError: dict unpacking cannot be used in dict comprehension (1, 2, 1, 4) {**a for a in b}\n");
  EXPECT_EQ(error("[*a for a in b]"),
            "SyntaxError: iterable unpacking cannot be used in comprehension (1, 2, 1, 4) [*a for a in b]\n");
  EXPECT_EQ(error("[a, b for a, b in c]"),
            "SyntaxError: did you forget parentheses around the comprehension target? (1, 2, 1, 6) [a, b for a, b in c]\n");
  EXPECT_EQ(error("(*a)"),
            "SyntaxError: cannot use starred expression here (1, 2, 1, 4) (*a)\n");
  EXPECT_EQ(error("(**a)"),
            "SyntaxError: cannot use double starred expression here (1, 2, 1, 4) (**a)\n");
  EXPECT_EQ(error("(a b)"),
            "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 2, 1, 5) (a b)\n");
  EXPECT_EQ(error("[a b]"),
            "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 2, 1, 5) [a b]\n");
  EXPECT_EQ(error("{a b}"),
            "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 2, 1, 5) {a b}\n");
  EXPECT_EQ(error("(c d)"),
            "SyntaxError: invalid syntax (1, 4, 1, 5) (c d)\n");
  EXPECT_EQ(error("1 {a b}"),
            "SyntaxError: invalid syntax. Perhaps you forgot a comma? (1, 4, 1, 7) 1 {a b}\n");
  EXPECT_EQ(error("a b"),
            "SyntaxError: invalid syntax (1, 3, 1, 4) a b\n");
  EXPECT_EQ(error("print 1"),
            "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? (1, 1, 1, 8) print 1\n");
  EXPECT_EQ(error("exec 'a'"),
            "SyntaxError: Missing parentheses in call to 'exec'. Did you mean exec(...)? (1, 1, 1, 9) exec 'a'\n");
  EXPECT_EQ(error("(1 if 2)"),
            "SyntaxError: expected 'else' after 'if' expression (1, 2, 1, 8) (1 if 2)\n");
  EXPECT_EQ(error("a, b c"),
            "SyntaxError: invalid syntax (1, 6, 1, 7) a, b c\n");
}

TEST(Error, Blocks) {
  EXPECT_EQ(error("try: pass\nx"),
            "SyntaxError: expected 'except' or 'finally' block (2, 1, 2, 2) x\n");
  EXPECT_EQ(error("try: pass\nexcept A, B: pass"),
            "SyntaxError: multiple exception types must be parenthesized (2, 8, 2, 12) except A, B: pass\n");
  EXPECT_EQ(error("try: pass\nexcept A: pass\nexcept* B: pass"),
            "SyntaxError: cannot have both 'except' and 'except*' on the same 'try' (3, 1, 3, 8) except* B: pass\n");
  EXPECT_EQ(error("try: pass\nexcept*: pass"),
            "SyntaxError: expected one or more exception types (2, 8, 2, 9) except*: pass\n");
  EXPECT_EQ(error("from a import b,\n"),
            "SyntaxError: trailing comma not allowed without surrounding parentheses (1, 17, 1, 17) from a import b,\n");
  EXPECT_EQ(error("from a import"),
            "SyntaxError: invalid syntax (1, 14, 1, 14) from a import\n");
  EXPECT_EQ(error("import a."),
            "SyntaxError: invalid syntax (1, 10, 1, 10) import a.\n");
  EXPECT_EQ(error("match x:\n  case a as _: pass"),
            "SyntaxError: cannot use '_' as a target (2, 13, 2, 14)   case a as _: pass\n");
  EXPECT_EQ(error("match x:\n  case a as b.c: pass"),
            "SyntaxError: invalid syntax (2, 14, 2, 15)   case a as b.c: pass\n");
  EXPECT_EQ(error("match x:\n  case A(b=1, c): pass"),
            "SyntaxError: positional patterns follow keyword patterns (2, 15, 2, 16)   case A(b=1, c): pass\n");
  EXPECT_EQ(error("match x:\n  case 1+1: pass"),
            "SyntaxError: imaginary number required in complex literal (2, 10, 2, 11)   case 1+1: pass\n");
  EXPECT_EQ(error("with (a, b) as c d: pass"),
            "SyntaxError: invalid syntax (1, 18, 1, 19) with (a, b) as c d: pass\n");
}

TEST(Error, Strings) {
  EXPECT_EQ(error("'\\x'"),
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-1: truncated \\xXX escape (1, 5, 1, 5) '\\x'\n");
  EXPECT_EQ(error("a = 1; '\\N{}'"),
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: malformed \\N character escape (1, 14, 1, 14) a = 1; '\\N{}'\n");
  EXPECT_EQ(error("b'\303\251'"),
            "SyntaxError: bytes can only contain ASCII literal characters (1, 1, 1, 5) b'\303\251'\n");
  EXPECT_EQ(error("'a' b'c'"),
            "SyntaxError: cannot mix bytes and nonbytes literals (1, 9, 1, 9) 'a' b'c'\n");
  EXPECT_EQ(error("'\\U00110000'"),
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-9: illegal Unicode character (1, 13, 1, 13) '\\U00110000'\n");
  EXPECT_EQ(error("b'\\x1'"),
            "SyntaxError: (value error) invalid \\x escape at position 0 (1, 7, 1, 7) b'\\x1'\n");
  EXPECT_EQ(error("'\303\251\\u1'"),
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 10-12: truncated \\uXXXX escape (1, 7, 1, 7) '\303\251\\u1'\n");
}

TEST(Error, Fstrings) {
  EXPECT_EQ(error("f'{a b}'"),
            "SyntaxError: f-string: invalid syntax. Perhaps you forgot a comma? (1, 2, 1, 5) (a b)\n");
  EXPECT_EQ(error("f'{}'"),
            "SyntaxError: f-string: empty expression not allowed (1, 6, 1, 6) f'{}'\n");
  EXPECT_EQ(error("f'{a'"),
            "SyntaxError: f-string: expecting '}' (1, 6, 1, 6) f'{a'\n");
  EXPECT_EQ(error("f'}'"),
            "SyntaxError: f-string: single '}' is not allowed (1, 5, 1, 5) f'}'\n");
  EXPECT_EQ(error("f'{a!x}'"),
            "SyntaxError: f-string: invalid conversion character: expected 's', 'r', or 'a' (1, 9, 1, 9) f'{a!x}'\n");
  EXPECT_EQ(error("f'{a\\n}'"),
            "SyntaxError: f-string expression part cannot include a backslash (1, 9, 1, 9) f'{a\\n}'\n");
  EXPECT_EQ(error("f'{#}'"),
            "SyntaxError: f-string expression part cannot include '#' (1, 7, 1, 7) f'{#}'\n");
  EXPECT_EQ(error("f'{a:{b:{c}}}'"),
            "SyntaxError: f-string: expressions nested too deeply (1, 15, 1, 15) f'{a:{b:{c}}}'\n");
  EXPECT_EQ(error("f'{!r}'"),
            "SyntaxError: f-string: expression required before '!' (1, 8, 1, 8) f'{!r}'\n");
  EXPECT_EQ(error("f'{(a}'"),
            "SyntaxError: f-string: closing parenthesis '}' does not match opening parenthesis '(' (1, 8, 1, 8) f'{(a}'\n");
  EXPECT_EQ(error("f'{a)}'"),
            "SyntaxError: f-string: unmatched ')' (1, 8, 1, 8) f'{a)}'\n");
  EXPECT_EQ(error("f'{lambda x:1}'"),
            "SyntaxError: f-string: invalid syntax (1, 10, 1, 11) (lambda x)\n");
  EXPECT_EQ(error("f'{*}'"),
            "SyntaxError: f-string: invalid syntax (1, 3, 1, 4) (*)\n");
  EXPECT_EQ(error("\n\nf'{a $ b}'"),
            "SyntaxError: f-string: invalid syntax (3, 4, 3, 5) (a $ b)\n");
  EXPECT_EQ(error("f'{a[\"b'"),
            "SyntaxError: f-string: unterminated string (1, 9, 1, 9) f'{a[\"b'\n");
}

// clang-format on

}  // namespace hiss::syntax
