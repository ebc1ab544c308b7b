"""Errors and warnings that come from the compiler, not from the grammar."""
import warnings

SOURCES = [
    "__debug__ = 1", "obj.__debug__ = 1", "del __debug__", "(__debug__ := 1)", "__debug__: int", "__debug__ += 1",
    "f(__debug__=1)", "def f(__debug__): pass", "lambda *__debug__: 1", "class __debug__: pass", "import __debug__",
    "for __debug__ in x: pass", "f(a=1, b=2, a=3)", "class A(x=1, x=2): pass", "f(**a, b=1, b=2)",
    "x is 1", "x is not 'a'", "x is ()", "x is None", "x is ...", "1 is x is y", "x is -1", "assert (1, 'm')", "assert ()",
    "1()", "'a'()", "[]()", "(1, 2)()", "{}()", "f''()", "(lambda: 1)()", "[1][2, 3]", "'a'['b']", "(1, 2)[x]",
    "{1}[0]", "(x for x in y)[0]", "1[0]", "None[0]", "[1]['a']", "[1][1.5]", "{}['a']", "[1][True]", "[1][...]",
    "1if 2else 3", "0x1for x in y", "'\\d'", "b'\\d'",
    "match x:\n case a: pass\n case 1: pass", "match x:\n case _: pass\n case 1: pass",
    "match x:\n case a if a: pass\n case 1: pass", "match x:\n case (a as b): pass\n case 1: pass",
    "match x:\n case 1 | a: pass\n case 1: pass", "match x:\n case 1 | a: pass", "match x:\n case a | 1: pass",
    "match x:\n case {1: a, 1: b}: pass", "match x:\n case {-1: a, -1: b}: pass", "match x:\n case {f'': a}: pass",
    "match x:\n case f'': pass", "match x:\n case P(a=1, a=2): pass", "match x:\n case [a, a]: pass",
    "match x:\n case [*a, *b]: pass", "match x:\n case [a] | [b]: pass", "match x:\n case {'a': 1, **b}: pass",
    "match x:\n case __debug__: pass", "match x:\n case [_, a]: pass\n case [b]: pass",
    "[i for i in x if (j := 0) for j in y]", "[i := 0 for i in x]", "{j for i in x for j in (k := 1)}",
    "def f():\n return\n yield", "async def f():\n yield 1\n return 1", "async def f():\n yield from x",
    "a, *b, *c = 1", "*a = 1", "f(x=1, *y, **z)", "while 1:\n break\nelse:\n break",
]
for source in SOURCES:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            compile(source, "text", "exec")
            outcome = "fine"
        except SyntaxError as e:
            outcome = (e.msg, e.lineno, e.offset)
    print(repr(source), outcome, [(w.category.__name__, str(w.message), w.filename, w.lineno) for w in seen])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compile(source, "text", "exec")
        except SyntaxError as e:
            print("  ", e.msg, e.lineno, e.offset)

print(max(*range(300)), max(*range(10), key=lambda v: -v))
for n in (251, 300):
    print(eval("''.join([" + ",".join("'a'" for _ in range(n)) + "])").count("a"), end=" ")
    print(len(eval("str.format(" + "'{0}'," + ",".join(str(i) for i in range(n)) + ")")))
