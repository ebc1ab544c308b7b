"""Calls that were guessed when their code was translated must go where names lead when they run."""

import math
import sys

N = 2000


def length_of(values):
    return len(values)


def total_of_lengths(n):
    total = 0
    for i in range(n):
        total += length_of("abc") + len((1, 2))
    return total


print(total_of_lengths(N))
len = lambda values: 100  # noqa: E731, A001
print(total_of_lengths(N))
del len
print(total_of_lengths(N))


def roots(n):
    return sum(math.sqrt(i) for i in range(n))


print(round(roots(N), 6))
genuine = math.sqrt
math.sqrt = lambda x: x
print(roots(N))
math.sqrt = genuine
print(round(roots(N), 6))


def refused(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno - function.__code__.co_firstlineno


def append_all(make, n):
    target = make()
    for i in range(n):
        target.append(i)
    return target


class Loud(list):
    def append(self, item):
        super().append(-item)


class Quiet(list):
    pass


print(sum(append_all(list, N)), sum(append_all(Loud, N)), sum(append_all(Quiet, N)))
print(refused(append_all, tuple, N))
print(refused(lambda: math.sqrt(-1)))


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        if not isinstance(other, Point):
            return NotImplemented
        return Point(self.x + other.x, self.y + other.y)


def points(n):
    p = Point(0, 0)
    for i in range(n):
        p = p + Point(i, 1)
    return p.x, p.y


print(points(N))
before = Point


class Point:  # noqa: F811
    def __init__(self, x, y=5):
        self.x, self.y = -x, y

    def __add__(self, other):
        return Point(-self.x - other.x, self.y + other.y)


print(points(N))
print(refused(lambda: before(1, 2) + 3))


def bad_init(self, x, y):
    self.x = x
    return 7


before.__init__ = bad_init
print(refused(lambda: [before(1, 2) for _ in range(N)]))


def numbers(n):
    for i in range(n):
        yield i


def counted(n):
    total = 0
    for i in numbers(n):
        total += i
    return total


print(counted(N))
genuine_range = range
range = lambda n: [7, 8, n]  # noqa: E731, A001
print(counted(N))
del range
print(refused(lambda: [i for i in range(2.5)]))


def seen_from_outside(n):
    lines = set()
    for i in range(n):
        lines.add(sys._getframe().f_lineno)
        received = yield i
        if received:
            yield received * 2


g = seen_from_outside(N)
total = sum(i for i in g if i < N)
frames = 0
g = seen_from_outside(N)
for i in g:
    frames += g.gi_frame is not None
    if i == 1000:
        total += g.send(21)
        try:
            g.throw(KeyError("thrown"))
        except KeyError as error:
            print(error, g.gi_frame, total, frames)


def pairs(n):
    found = []
    d = dict.fromkeys(range(n), 1)
    for key, value in d.items():
        found.append(key + value)
    for i, (a, b) in enumerate(zip(range(n), range(1, n))):
        found.append(i * a - b)
    for a, b in zip(found, found[1:], strict=False):
        pass
    return sum(found), a, b


print(pairs(N))


def growing(n):
    d = dict.fromkeys(range(n), 1)
    for key, value in d.items():
        if key == n - 2:
            d[n] = value
    return d


def uneven(n):
    for a, b in zip(range(n), range(n - 1), strict=True):
        pass


def three(n):
    for a, b in zip(range(n), range(n), range(n)):
        pass


print(refused(growing, N), refused(uneven, N), refused(three, N))


def rotate(n):
    a, b, c = 1, 2, 3
    items = [0, 1]
    for i in range(n):
        a, b, c = c, a, b
        i, items[i & 1] = i & 1, i
        (a, b), c = (b, a), c
    return a, b, c, items


print(rotate(N))


class Noisy:
    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Noisy.log.append(self.name)


def dropped(n):
    a = b = c = d = e = None
    for i in range(n):
        a, b, c, d, e = values = Noisy("a"), Noisy("b"), 3, 4, 5
        del values
    a, b, c, d, e = 1, 2, 3, 4, 5
    return len(Noisy.log), Noisy.log[:4], Noisy.log[-2:], a + b + c + d + e


print(dropped(N))


async def answer(i):
    return i


async def answers(n):
    total = 0
    for i in range(n):
        total += await answer(i)
    return total


try:
    answers(N).send(None)
except StopIteration as stop:
    print(stop.value)


def keywords(a, b=2, *rest, c=3, **more):
    return a, b, rest, c, more


def plain(a, b=2, c=3):
    return a * 100 + b * 10 + c


def many_ways(n):
    total = 0
    for i in range(n):
        total += plain(1) + plain(1, c=5) + plain(b=3, a=2) + plain(1, 2, c=4) + len(keywords(1, 2, 3, c=4, d=5))
    return total


print(many_ways(N), keywords(1), keywords(1, 2, 3), refused(lambda: plain(1, a=2)), refused(lambda: plain(c=2)))
