"""What the quick ways through tuples, lists, dicts, sets and ints must not change."""

import gc
import sys
from collections import deque, namedtuple


class Loud:
    """Counts what it is asked."""

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        print("hash", self.n)
        return self.n

    def __eq__(self, other):
        print("eq", self.n)
        return isinstance(other, Loud) and self.n == other.n

    def __lt__(self, other):
        print("lt", self.n)
        return self.n < other.n


def hashes_of_tuples():
    loud = (1, Loud(2))
    print(hash(loud) == hash(loud), hash((loud, 3)) == hash((loud, 3)))
    Point = namedtuple("Point", "x y")
    inner = Point(1, 2)
    outer = (inner, "name", 1.5, None, True, b"bytes", 1 << 70, frozenset([1]))
    first = hash(outer)
    print(first == hash(outer), hash(inner) == hash((1, 2)), outer in {outer: 1})
    Point.__hash__ = lambda self: 77
    print(hash(inner), hash((inner,)) == hash((77,)), first == hash(outer))
    del Point.__hash__
    print(hash(inner) == hash((1, 2)), first == hash(outer))

    class Changed(tuple):
        __slots__ = ()

    class Other(tuple):
        __slots__ = ()

        def __hash__(self):
            return 5

    item = Changed((1, 2))
    before = hash((item,))
    item.__class__ = Other
    print(hash((item,)) == before, hash((item,)) == hash((5,)))
    item.__class__ = Changed
    print(hash((item,)) == before)
    try:
        hash((1, (2, [3])))
    except TypeError as error:
        print(error)
    deep = ()
    for _ in range(200):
        deep = (deep, 1)
    copy = ()
    for _ in range(200):
        copy = (copy, 1)
    print(hash(deep) == hash(copy), deep == copy, deep in {copy}, [deep].index(copy))


def pairs_used_again():
    for pair in zip([1, 2], [3, 4]):
        print(hash(pair) == hash((pair[0], pair[1])), pair)
    print(list(zip("ab", [1, 2])), list(enumerate("ab")), list({1: 2, 3: 4}.items()))
    pairs = zip("abc", [1, 2, 3])
    kept = next(pairs)
    print(kept, next(pairs), kept, next(pairs))
    for pair in enumerate("xy"):
        print(hash(pair) == hash((pair[0], pair[1])))
    for pair in {1: 2, 3: 4}.items():
        print(hash(pair) == hash((pair[0], pair[1])))

    def recursive():
        yield 1
        print(next(recursion, "nothing"))
        yield 2

    recursion = zip("abcd", map(lambda x: x, recursive()))
    try:
        for pair in recursion:
            print(pair)
    except ValueError as error:
        print(error)
    for arguments in (("ab", "a"), ("a", "ab"), ("a", "a", "ab")):
        try:
            print(list(zip(*arguments, strict=True)))
        except ValueError as error:
            print(error)


def comparisons():
    print((1, Loud(1), 2) == (1, Loud(1), 3), (Loud(1), 1) == (Loud(1), 2))
    print((1, 2) == (1, 2, Loud(3)))
    nan = float("nan")
    print((nan,) == (nan,), (nan,) == (float("nan"),), nan in [nan], (0.0,) == (-0.0,), (1,) == (1.0,), (True,) == (1,))
    print((None, False) == (None, True), ("a", 1) < ("a", 2), (True, 1) < (False, 2), (1, 2.5) < (1, 3), (1,) < (1, 0))
    print(sorted([(2, "b"), (1, "z"), (2, "a"), (1, "z", 0)]), sorted([(True, 2), (False, 3), (True, 1)], reverse=True))
    print(sorted([(1, Loud(2)), (1, Loud(1))])[0][1].n)
    try:
        sorted([(1, "a"), (1, 2)])
    except TypeError as error:
        print(error)
    Point = namedtuple("Point", "x y")
    print(Point(1, 2) == (1, 2), (1, 2) in [Point(1, 2)], {Point(1, 2): "found"}[1, 2])
    print({1: "int"}[True], {1.0: "float"}[1], {2**60: "big"}[2**60], {-1, -2}, -1 in {-2}, (-1,) in {(-2,)})


class Watcher:
    """Looks at a container while it is being emptied."""

    def __init__(self, name, look):
        self.name, self.look = name, look

    def __del__(self):
        print(self.name, self.look())


def finalizers():
    items = []
    items[:] = [Watcher("item", lambda: len(items)) for _ in range(3)]
    items[0:1] = []
    del items[0]
    items.clear()
    print(len(items))
    table = {}
    table[1] = Watcher("value", lambda: table)
    table[1] = 2
    table[3] = Watcher("popped", lambda: table)
    table.pop(3)
    kinds = set()
    kinds.add(Watcher("member", lambda: len(kinds)))
    kinds.clear()
    queue = deque([Watcher("queued", lambda: len(queue))])
    queue.clear()
    nested = [[Watcher("nested", lambda: "gone")]]
    del nested
    chain = None
    for _ in range(1000):
        chain = [chain, (chain,), {0: chain}]
    del chain
    gc.collect()


def slices():
    items = list(range(10))
    bounds = [None, 0, 1, 5, 9, 10, 11, -1, -5, -10, -11, True, 2**70, -(2**70)]
    results = []
    for start in bounds:
        for stop in bounds:
            for step in (None, 1, 2, 3, -1, -2, 2**65, -(2**65)):
                part = items[start:stop:step]
                assert part == list(range(10)[start:stop:step]) == list(tuple(items)[start:stop:step]), (start, stop, step)
                results.append(len(part))
    print(sum(results), len(results))
    try:
        items[::0]
    except ValueError as error:
        print(error)
    items[:3] = items[2::-1]
    items[2:2] = [7] * 20
    items[5:25] = ()
    print(items, items[::-1], sys.getsizeof([]), sys.getsizeof([1, 2]), sys.getsizeof((1, 2)), tuple.__basicsize__)
    sizes = []
    growing = []
    for n in range(100):
        growing.append(n)
        sizes.append(sys.getsizeof(growing))
    while growing:
        growing.pop()
        sizes.append(sys.getsizeof(growing))
    print(sizes)


def words():
    numbers = [0, 1, -1, 2**48, -(2**48), 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, -(2**64), 12345678901234567890]
    for a in numbers:
        for b in numbers:
            print(a + b, a - b, a * b, a & b, a | b, a ^ b, end=" ")
            if b:
                print(a // b, a % b, divmod(a, b), end=" ")
            if 0 <= b < 100:
                print(a << b, a >> b, end=" ")
        print(-a, ~a)
    for arguments in ((10,), (2, 10, 3), (10, 2, -3), (5, 5), (0, -5, -1), (0, 2**48, 2**47), (0, 2**49, 2**47)):
        numbers = range(*arguments)
        print(len(numbers), list(numbers) if len(numbers) < 20 else None, list(reversed(numbers)))


hashes_of_tuples()
pairs_used_again()
comparisons()
finalizers()
slices()
words()


def tracked_again(pairs):
    """The iterator's tuple, untracked while its items were atoms, is given out again with a list in it."""
    iterator = iter(pairs)
    address = id(next(iterator))
    gc.collect()
    pair = next(iterator)
    return id(pair) == address, gc.is_tracked(pair)


print(tracked_again(enumerate([1, []])), tracked_again(zip([1, 2], [3, []])), tracked_again({1: 2, 3: []}.items()))


def wide(n):
    names = [f"p{i}" for i in range(n)]
    namespace = {}
    exec(f"def f({', '.join(names)}=7): return {names[0]}, {names[n // 2]}, {names[-1]}", namespace)
    exec(f"def g(f): return f({', '.join(f'{name}={i}' for i, name in enumerate(names[:-1]))})", namespace)
    exec(f"def h(f): return f({', '.join(map(str, range(n - 2)))}, {names[-2]}=-1)", namespace)
    return namespace["g"](namespace["f"]), namespace["h"](namespace["f"])


print(wide(5), wide(9), wide(40), wide(70))
