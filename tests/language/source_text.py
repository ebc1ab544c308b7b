"""Source in other encodings, annotations as text, places of errors that later stages find, symbol tables, tokens."""
import _tokenize
import ast
import symtable


def attempt(action, *args):
    try:
        return action(*args)
    except Exception as error:
        place = [getattr(error, name, None) for name in ("lineno", "offset", "end_lineno", "end_offset", "text")]
        return type(error).__name__, error.args, place


def compile_bytes(source):
    code = compile(source, "<source>", "exec")
    space = {}
    exec(code, space)
    return ascii(space.get("x"))


print("encodings")
for source in (b"# coding: koi8-r\nx = '\xf0'", b"# coding: iso8859-15\nx = '\xa4'", b"# coding: utf-7\nx = '+AOQ-'",
               b"\xef\xbb\xbfx = '\xc3\xa4'", b"\n# coding: latin-1\nx = '\xe4'", b"\n\n# coding: fake\nx = 1",
               b"# coding: fake\nx = 1", b"# coding: rot13\nx = 1", b"# coding: ascii\nx = '\xe4'",
               b"\xef\xbb\xbf# coding: latin-1\nx = 1", b"x = \xff", b"x = 1\x00"):
    print(" ", attempt(compile_bytes, source))

print("annotations")
space = {}
exec('''from __future__ import annotations
def f(a: lambda x, /, y=1, *z, **w: x, b: (1 + 2) * 3 ** -1, c: f"{a!r:{b}}x", d: [i for i in j if (k if l else m)],
      e: x[a:b, ::c], g: u"text", h: 1e400, i: not (a or b) and c, j: {**p, 'q': r}, k: (yield_,), l: a.b(c, *d)): pass
def outer():
    local = 1
    def inner(): annotated: local = 2
    return inner
''', space)
print(space["f"].__annotations__)
print(space["outer"]().__closure__)

print("errors of later stages")
for source in ("x = 1\nreturn", "def f():\n  x = 1\n  global x", "class A:\n  nonlocal y", "def f():\n  from a import *",
               "from __future__ import annotations\nx: (yield)", "from __future__ import annotations\nx: (y := 1)",
               "import a; from __future__ import division", "[x := 1 for x in y]", "def f(a, a): pass",
               "def f():\n  global x\n  nonlocal x", "from __future__ import braces"):
    print(" ", attempt(compile, source, "<source>", "exec"))

print("feature_version")
for minor, source in ((4, "a @ b"), (5, "f'{a}'"), (4, "async def f(): pass"), (6, "async = await + 1"),
                      (6, "async def f():\n  await x\nawait = 1")):
    tree = attempt(lambda: ast.dump(ast.parse(source, feature_version=(3, minor))))
    print(" ", minor, tree)

print("symbol tables")


def show(table, depth=1):
    print("  " * depth, table.get_type(), table.get_name(), table.get_lineno(), table.is_nested())
    for symbol in sorted(table.get_symbols(), key=lambda symbol: symbol.get_name()):
        asked = [name for name in dir(symbol) if name.startswith("is_") and getattr(symbol, name)()]
        print("  " * depth, "  ", symbol.get_name(), *asked)
    for child in table.get_children():
        show(child, depth + 1)


show(symtable.symtable('''
import sys as system
class C(Base):
    x: int = 1
    def method(self): return super().method() + __private
def f(a, *b, c=lambda: a, **d):
    global g
    def inner():
        nonlocal a
        a = g = [y := x for x in b]
    return inner
''', "<source>", "exec"))

print("tokens")
for token in _tokenize.TokenizerIter("if x:  # why\n    y = 'a' \\\n  + b'c'\nasync def f(): ...\n"):
    print(" ", token)
print(attempt(list, _tokenize.TokenizerIter("(1 + 2]")))
