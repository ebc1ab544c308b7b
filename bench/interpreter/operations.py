#!/usr/bin/python3.11
"""Times single operations, in nanoseconds a turn, against a peer in the same run.

usage: bench/interpreter/operations.py [--rounds N] [--only NAME,...] PEER BINARY [BINARY ...]

Each operation is a loop of its own in a process of its own; the interpreters take turns, and the least of the rounds
counts. The ratio is a binary's time divided by the peer's: smaller is faster. The loop itself is part of the time.
"""

import argparse
import math
import subprocess
import sys
import time

TURNS = 20_000
# Name: what is there before the loop, and what is done at each turn. "{n}" is the number of turns of a loop that the
# statement brings itself.
OPERATIONS = {
    "for_range_3": ("", "for i in range(3): pass"),
    "call_len": ("a = [1, 2]", "len(a)"),
    "call_min": ("a, b = 3, 4", "min(a, b)"),
    "list_append": ("a = []", "a.append(1)"),
    "instance": ("class V:\n def __init__(s, x): s.x = x", "V(1)"),
    "method": ("class V:\n def m(s): return 1\nv = V()", "v.m()"),
    "operator": ("class V:\n def __add__(s, o): return o\nv = V()", "v + v"),
    "swap": ("a, b = 1, 2", "a, b = b, a"),
    "unpack_10": ("t = tuple(range(10))", "a, b, c, d, e, f, g, h, i, j = t"),
    "build_tuple": ("a = 1", "(a, a)"),
    "slice": ("a = list(range(8))", "a[1:5]"),
    "slice_backwards": ("a = list(range(8))", "a[4::-1]"),
    "slice_assignment": ("a = list(range(8)); b = a[:4]", "a[1:5] = b"),
    "insert_pop": ("a = list(range(8))", "a.insert(5, a.pop(0))"),
    "concatenation": ("a = [1, 2]", "a + a"),
    "dict_str": ("d = {'a': 1}", "d['a']"),
    "dict_int": ("d = {}", "d[_] = d.get(_, 0)"),
    "set_display": ("a, b = 1, 2", "{a, b}"),
    "sort_tuples": ("a = [(i % 3, -i) for i in range(8)]", "sorted(a)"),
    "dict_tuple": ("d = {(1, 2): 1}; i = 1", "d[i, 2]"),
    "list_comprehension": ("t = (1, 2, 3)", "[x for x in t]"),
    "any_generator": ("t = (1, 2, 3)", "any(x == 9 for x in t)"),
    "set_generator": ("t = range(8)", "set(x + 1 for x in t)"),
    "generator_step": ("def g(n):\n for i in range(n): yield i", "for i in g({n}): pass"),
    "sum_generator": ("", "sum(i for i in range({n}))"),
    "tuple_generator": ("t = (1, 2, 3)", "tuple(x for x in t)"),
    "yield_from_step": (
        "def g(n):\n yield from range(n)\ndef h(n):\n yield from g(n)",
        "for i in h({n}): pass",
    ),
    "await": (
        "async def f(x): return x\nasync def g(n):\n for _ in range(n): await f(1)\ndef end(c):\n"
        " try: c.send(None)\n except StopIteration: pass",
        "end(g(5))",
    ),
    "task": (
        "import asyncio\nasync def f(): pass\nasync def g(n):\n await asyncio.gather(*[f() for _ in range(n)])",
        "asyncio.run(g({n}))",
    ),
    "enumerate_step": ("", "for a, b in enumerate(range({n})): pass"),
    "zip_step": ("", "for a, b in zip(range({n}), range({n})): pass"),
    "keyword_call": ("def f(a, b=2): return a", "f(1, b=3)"),
    "star_call": ("def f(*a): return a", "f(1, 2)"),
    "format": ("a, b = 1, 'b'", "f'{a}: {b}'"),
    "attribute_cycle": ("class V: pass", "v = V(); v.v = v"),
    "try_raise": ("", "try: raise ValueError\nexcept ValueError: pass"),
}


def indented(text):
    return "\n".join(" " + line for line in text.splitlines())


def source_of(name):
    setup, statement = OPERATIONS[name]
    loop = statement.replace("{n}", "n") if "{n}" in statement else "for _ in range(n):\n" + indented(statement)
    return "def run(n):\n" + indented(setup + "\n" + loop)


def measure(name):
    namespace = {}
    exec(source_of(name), namespace)
    run = namespace["run"]
    run(2000)
    run(2000)
    least = math.inf
    for _ in range(7):
        begin = time.process_time()
        run(TURNS)
        least = min(least, time.process_time() - begin)
    return least / TURNS * 1e9


def main():
    parser = argparse.ArgumentParser(description="Times single operations.")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", default=",".join(OPERATIONS), help="names, with commas between")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("binaries", nargs="*", metavar="BINARY")
    options = parser.parse_args()
    if options.measure:
        print(measure(options.measure))
        return 0
    if len(options.binaries) < 2:
        parser.error("a peer and a binary are needed")
    logarithms = [0.0] * len(options.binaries)
    names = options.only.split(",")
    for name in names:
        least = [math.inf] * len(options.binaries)
        for _ in range(options.rounds):
            for i, binary in enumerate(options.binaries):
                command = [binary, __file__, "--measure", name]
                text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                least[i] = min(least[i], float(text))
        for i, value in enumerate(least):
            logarithms[i] += math.log(value / least[0])
        others = "".join(f"{value:9.1f} {value / least[0]:5.2f}" for value in least[1:])
        print(f"{name:20s}{least[0]:9.1f}{others}", flush=True)
    print("geometric mean", *[f"{math.exp(total / len(names)):.2f}" for total in logarithms[1:]])
    return 0


if __name__ == "__main__":
    sys.exit(main())
