"""Calls with keywords and defaults from hot code: every place gets its value, and what changes is noticed."""
import asyncio
import sys

from support.turns import HOT, repeat


def many(a, b=2, c=3, /, d=4, e=5, *, f=6, g, h=8):
    unset = 0
    if a is None:
        unset = locals()
    return a, b, c, d, e, f, g, h, unset


def plain(x, y=[], z="z"):
    later = x
    return later, y, z


def keywords():
    return (many(1, g=7), many(1, 2, g=0, f=9, e=8, d=7), many(1, 22, 33, 44, 55, g=77, h=88), many(0, e=1, g=2),
            many(0, d=1, g=2, h=3, f=4), plain(z=1, x=2, y=3), plain(1), plain(1, z=2), plain(y=1, x=2), plain(1, 2, 3))


def errors():
    found = []
    for call in (lambda: many(1), lambda: many(g=1), lambda: many(1, b=2, g=1), lambda: many(1, 2, 3, 4, 5, 6, g=1),
                 lambda: plain(), lambda: plain(1, x=1), lambda: plain(1, w=2), lambda: plain(1, 2, 3, 4)):
        try:
            call()
        except TypeError as e:
            found.append(str(e))
    return found


class Shape:
    def __init__(self, width, height=2, *, name="shape"):
        self.width, self.height, self.name = width, height, name

    def area(self, scale=1, *, offset=0):
        return self.width * self.height * scale + offset

    @classmethod
    def square(cls, side, **more):
        return cls(side, side, **more)

    @staticmethod
    def join(*parts, sep="-"):
        return sep.join(parts)


def methods():
    s = Shape(3)
    t = Shape(4, name="t", height=5)
    area = s.area
    return (s.area(), s.area(2), s.area(offset=1), s.area(offset=1, scale=3), area(), area(offset=5), t.area(), t.name,
            Shape.square(2, name="q").area(scale=2), Shape.join("a", "b", sep="+"), Shape.area(t, 2, offset=1))


def nested():
    def inner(a, b=1, *, c=2):
        return a + b + c + outer

    outer = 10
    return [inner(x, c=x) for x in range(3)], inner(1), inner(b=0, a=0), (lambda p, q=5: p * q)(2)


def recursive(n, acc=0, *, step=1):
    return acc if n == 0 else recursive(n - step, acc=acc + n)


def deep():
    try:
        return endless(1)
    except RecursionError as e:
        return type(e).__name__


def endless(n, m=2, *, k=3):
    return endless(n, k=m)


def recursion():
    return recursive(50), recursive(10, step=2)


def in_generators():
    def generator(n):
        for i in range(n):
            yield plain(i), many(i, g=i, e=i), direct(i, i), Shape(i, name=i).area(2)
            yield from (plain(z=x, x=i) for x in range(2))

    def direct(a, b):
        return b, a, sys._getframe(1).f_code.co_name

    return list(generator(3))


async def waiting(a, b=2, *, c):
    await asyncio.sleep(0)
    return a, b, c


def in_coroutines():
    async def main():
        found = [await waiting(1, c=3), await waiting(b=1, a=0, c=2)]
        found += [plain(x, z=x) for x in range(2)]
        found += await asyncio.gather(*(waiting(x, c=x) for x in range(3)))
        return found, Shape(2, name="n").name, plain(5, z=6)

    return drive(main())


def drive(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def frames():
    def where(a, b=1, *, c=2):
        frame = sys._getframe()
        return sorted(frame.f_locals.items(), key=lambda x: x[0])[:3], frame.f_back.f_lineno - frame.f_back.f_code.co_firstlineno

    def failing(a, b=1):
        raise ValueError(b)

    try:
        failing(1)
    except ValueError as e:
        t = e.__traceback__
        line = t.tb_lineno - t.tb_frame.f_code.co_firstlineno, t.tb_next.tb_frame.f_locals
    return where(1), where(
        1,
        c=5), line


for test in (keywords, errors, methods, nested, deep, recursion, in_generators, frames):
    repeat(test)
repeat(in_coroutines, hot=30)


def changing():
    """Defaults, code and bindings that change under hot calls."""
    def f(a, b=1, *, c=2):
        return a, b, c

    def g(a, b, *, c):
        return "g", a, b, c

    first = f
    found = []
    for i in range(6000):
        if i == 1000:
            f.__defaults__ = ("new",)
        if i == 1500:
            f.__kwdefaults__ = {"other": 0, "c": "kw"}
        if i == 2000:
            f.__kwdefaults__["c"] = [1]
        if i == 2500:
            f.__defaults__ = None
        if i == 3000:
            f.__defaults__ = (8, 9)
        if i == 3500:
            f.__code__ = g.__code__
        if i == 4000:
            f = g
        if i == 4500:
            f = lambda a, b=3, c=4: ("lambda", a, b, c)
        if i == 5000:
            f = len
        if i == 5500:
            f = first
            f.__defaults__, f.__kwdefaults__ = ("x", "y"), {"c": "z"}
        try:
            value = f(i - i)
        except TypeError as e:
            value = str(e)
        if not found or found[-1] != value:
            found.append(value)
    print("changing", *found, sep="\n ")


changing()


class Kept:
    log = []

    def __init__(self, n):
        self.n = n

    def __del__(self):
        self.log.append(self.n)


def holds(a, b=None, *, c=None):
    return a.n


before = sys.getrefcount(holds.__defaults__)
for i in range(HOT):
    Kept.log.clear()
    n = holds(Kept(1), c=Kept(2)) + holds(b=Kept(3), a=Kept(4))
print(n, Kept.log, sys.getrefcount(holds.__defaults__) - before)
print(all(plain(i)[1] is plain.__defaults__[0] for i in range(1000)))
