"""Nesting without end raises an exception, in the language and in everything written in C; it never ends the process."""

import ast
import builtins
import copy
import functools
import itertools
import json
import marshal
import operator
import pickle
import re
import threading
import traceback
import types
from collections import OrderedDict, deque

DEPTH = 20_000


def outcome(function, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        return type(error).__name__
    return "ok"


def show(name, function, *arguments):
    print(f"{name}: {outcome(function, *arguments)}")


def nested(wrap, value, depth=DEPTH):
    for _ in range(depth):
        value = wrap(value)
    return value


def parse(text):
    compile(text, "deep", "exec")


# The parser and the compiler.
for name, text in {
    "brackets": "(" * DEPTH + ")" * DEPTH,
    "lists": "[" * DEPTH + "]" * DEPTH,
    "150 brackets": "(" * 150 + "1" + ")" * 150,
    "signs": "-" * DEPTH + "1",
    "not": "not " * DEPTH + "1",
    "powers": "1" + "**1" * DEPTH,
    "sums": "a" + "+a" * DEPTH,
    "attributes": "a" + ".b" * DEPTH,
    "calls": "a" + "()" * DEPTH,
    "subscripts": "a" + "[0]" * DEPTH,
    "conditions": "a if b else " * DEPTH + "c",
    "lambdas": "lambda: " * DEPTH + "c",
    "elif": "if a: pass\n" + "elif a: pass\n" * DEPTH,
    "99 blocks": "".join(" " * i + "if a:\n" for i in range(99)) + " " * 99 + "pass",
    "200 blocks": "".join(" " * i + "if a:\n" for i in range(200)) + " " * 200 + "pass",
    "strings": "'a'" * DEPTH,
    "dicts": "{1:" * 150 + "1" + "}" * 150,
    "patterns": "match a:\n case " + "[" * 5000 + "b" + "]" * 5000 + ": pass",
    "await": "async def f(): " + "await " * 50_000 + "x",
    "targets": "a=" * DEPTH + "b",
    "decorators": "@a\n" * 50_000 + "def f(): pass",
}.items():
    show(name, parse, text)

tree = nested(lambda n: ast.UnaryOp(ast.USub(), n, lineno=1, col_offset=0), ast.Constant(1, lineno=1, col_offset=0))
show("compile a tree", compile, ast.Expression(tree), "deep", "eval")
show("dump a tree", ast.dump, tree)
del tree

# Containers: text, comparison, hashing, copying, storing.
CONTAINERS = {
    "list": (lambda v: [v], []),
    "tuple": (lambda v: (v,), ()),
    "dict": (lambda v: {1: v}, {}),
    "deque": (lambda v: deque([v]), deque()),
    "OrderedDict": (lambda v: OrderedDict(a=v), OrderedDict()),
    "namespace": (lambda v: types.SimpleNamespace(a=v), types.SimpleNamespace()),
    "partial": (lambda v: functools.partial(print, v), print),
    "exception": (lambda v: ValueError(v), 1),
    "proxy": (lambda v: types.MappingProxyType({1: v}), {}),
    "slice": (slice, 1),
    "alias": (lambda v: list[v], int),
    "view": (lambda v: {1: v}.values(), {}),
}
for name, (wrap, start) in CONTAINERS.items():
    show(f"repr of {name}", repr, nested(wrap, start))
for name in ("list", "tuple", "dict", "deque", "slice"):
    wrap, start = CONTAINERS[name]
    show(f"{name} == {name}", operator.eq, nested(wrap, start), nested(wrap, start))
show("list < list", operator.lt, nested(lambda v: [v], []), nested(lambda v: [v], []))
show("hash of tuple", hash, nested(lambda v: (v,), (), 10_000))
show("hash of frozenset", lambda: nested(lambda v: frozenset([v]), frozenset()))
itself, other = [], []
itself.append(itself)
other.append(other)
show("a list that holds itself", operator.eq, itself, other)
deep = nested(lambda v: [v], [])
for name, function in {"copy.deepcopy": copy.deepcopy, "pickle": pickle.dumps, "json": json.dumps,
                       "marshal": marshal.dumps}.items():
    show(name, function, deep)
del deep
show("json.loads", json.loads, "[" * DEPTH + "]" * DEPTH)
show("marshal.loads", marshal.loads, b"[\x01\0\0\0" * DEPTH + b"N")
show("isinstance", isinstance, "a", nested(lambda v: (v,), int))
show("issubclass", issubclass, str, nested(lambda v: (v,), int))
show("re.compile", re.compile, "(" * DEPTH + ")" * DEPTH)
show("re.match", lambda: re.match("(a|b)*", "a" * DEPTH))
show("format", ("{0" + ".a" * DEPTH + "}").format, 1)
show("exception group", lambda: nested(lambda e: ExceptionGroup("a", [e]), ValueError()).split(ValueError))


# Special methods that come back to themselves.
def recursive(method, use, **more):
    cls = type("Recursive", (), {method: use, **more})
    instance = cls()
    show(method, lambda: use(instance, 1) if use.__code__.co_argcount == 2 else use(instance))


recursive("__getattr__", lambda self, name: self.missing)
recursive("__getattribute__", lambda self, name: self.missing)
recursive("__getitem__", lambda self, key: self[key])
recursive("__contains__", lambda self, key: key in self)
recursive("__len__", lambda self: len(self))
recursive("__bool__", lambda self: not self)
recursive("__iter__", lambda self: iter(self))
recursive("__next__", lambda self: next(self))
recursive("__call__", lambda self: self())
recursive("__add__", lambda self, other: self + other)
recursive("__radd__", lambda self, other: other + self)
recursive("__eq__", lambda self, other: self == other)
recursive("__lt__", lambda self, other: self < other)
recursive("__neg__", lambda self: -self)
recursive("__int__", lambda self: int(self))
recursive("__index__", lambda self: [1][self])
recursive("__float__", lambda self: float(self))
recursive("__str__", lambda self: str(self))
recursive("__repr__", lambda self: repr(self))
recursive("__hash__", lambda self: hash(self))
recursive("__dir__", lambda self: dir(self))
recursive("x", lambda self: self.x())


class Property:
    @property
    def value(self):
        return self.value


class Checking(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, cls)

    def __call__(cls):
        return cls()


class Checked(metaclass=Checking):
    pass


show("property", lambda: Property().value)
show("__instancecheck__", isinstance, 1, Checked)
show("metaclass __call__", Checked)


# Functions that call back, generators that delegate.
def key(x):
    return sorted([1], key=key)


def mapped(x):
    return list(map(mapped, [1]))


def evaluated():
    return eval("evaluated()")


@functools.lru_cache(None)
def cached(n):
    return cached(n + 1)


def delegating(n):
    if n:
        yield from delegating(n - 1)
    else:
        yield 1


async def awaiting(n):
    if n:
        await awaiting(n - 1)


show("sorted", key, 1)
show("map", mapped, 1)
show("eval", evaluated)
show("lru_cache", cached, 1)
show("yield from", lambda: list(delegating(DEPTH)))
show("await", lambda: awaiting(DEPTH).send(None))
show("throw through 900 generators", lambda: (g := delegating(900), next(g), g.throw(KeyError)))

# Dropping what is nested needs no depth.
show("drop a list", lambda: nested(lambda v: [v], [], 100_000) and None)
show("drop iterators", lambda: nested(lambda v: map(int, v), iter([1]), 100_000) and None)
show("drop closures", lambda: nested(lambda v: (lambda: v), None, 100_000) and None)

# In another thread, and in the handler of the error itself.
results = []
thread = threading.Thread(target=lambda: results.append(outcome(repr, nested(lambda v: [v], []))))
thread.start()
thread.join()
print("thread:", results)


def endless():
    endless()


def handled():
    try:
        endless()
    except RecursionError:
        endless()


show("again in the handler", handled)
try:
    endless()
except RecursionError:
    print("traceback is short:", len(traceback.format_exc()) < 3000)
