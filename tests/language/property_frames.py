"""Properties, operators of classes with slots, keyword-only arguments: cold and hot, in whose frame and with what errors."""
import collections
import functools
import sys

from support.turns import repeat


class Point:
    __slots__ = "_x", "_y"

    def __init__(self, x, y):
        self._x, self._y = x, y

    @property
    def x(self):
        return self._x

    y = property(lambda self: self._y)

    @property
    def caller(self):
        return sys._getframe(1).f_code.co_name, sys._getframe().f_code.co_name

    @property
    def undecided(self):
        return NotImplemented

    @property
    def items(self):
        yield self._x
        yield self._y

    @property
    def length(self):
        return (self * self) ** 0.5

    def __add__(self, other):
        if isinstance(other, Point):
            return Point(self.x + other.x, self.y + other.y)
        return NotImplemented

    def __mul__(self, other):
        return self.x * other.x + self.y * other.y if isinstance(other, Point) else Point(self.x * other, self.y * other)

    def __rmul__(self, other):
        return Point(other * self.x, other * self.y)

    def __repr__(self):
        return f"({self.x}, {self.y})"


class Dynamic:
    def __init__(self):
        self.__dict__["shadowed"] = "in the dict"
        self.depth = 3

    @property
    def shadowed(self):
        return "property"

    @property
    def failing(self):
        raise AttributeError("inside")

    @property
    def broken(self):
        return 1 // (self.depth - self.depth)

    @property
    def deep(self):
        if self.depth == 0:
            return "bottom"
        self.depth -= 1
        try:
            return self.deep
        finally:
            self.depth += 1

    @functools.cached_property
    def cached(self):
        return [self.depth]


class Asking(Dynamic):
    def __getattr__(self, name):
        return "asked for " + name


class Dying:
    log = []

    def __init__(self, n):
        self.n = n

    @property
    def number(self):
        return self.n

    def __del__(self):
        self.log.append(self.n)


class Other(Point):
    @property
    def x(self):
        return "other"


def values():
    p = Point(3, 4)
    return p.x, p.y, p.x + p.y * p.x, p.undecided, list(p.items), p.length, Other(1, 2).x, [q.x for q in (p, Other(0, 0), p)]


def frames():
    return Point(0, 0).caller, [Point(0, 0).caller for _ in range(1)], (lambda: Point(0, 0).caller)()


def operators():
    p, q = Point(1, 2), Point(3, 4)
    found = [p + q, p * q, p * 2, 2 * p, 1.5 * q]
    for wrong in ("p + 1", "1 + p", "p - q", "p + None", "'a' + p"):
        try:
            eval(wrong)
        except TypeError as e:
            found.append(str(e))
    return str(found)


def shadows():
    d = Dynamic()
    return d.shadowed, d.deep, d.cached, d.cached is d.cached


def errors():
    found = []
    for d in (Dynamic(), Asking()):
        for name in ("failing", "broken", "absent"):
            try:
                found.append(d.failing if name == "failing" else d.broken if name == "broken" else d.absent)
            except Exception as e:
                lines, t = [], e.__traceback__
                while t:
                    lines.append((t.tb_frame.f_code.co_name, t.tb_lineno - t.tb_frame.f_code.co_firstlineno))
                    t = t.tb_next
                found.append((type(e).__name__, str(e), lines))
    return found


def dying():
    Dying.log.clear()
    found = [Dying(1).number, Dying(2).number + Dying(3).number]
    return found, Dying.log[:]


def in_generators():
    def generator(p):
        while True:
            p = yield p.x + p.y

    g = generator(Point(1, 2))
    return next(g), g.send(Point(5, 6))


def keyword_only(a=1, *, b, c=3, d=4):
    return a, b, c, d


def keywords():
    found = [keyword_only(b=2), keyword_only(9, b=2, d=0), keyword_only(c=5, b=1, a=0)]
    for wrong in ("keyword_only()", "keyword_only(1, 2)", "keyword_only(b=1, e=2)", "keyword_only(1, a=1, b=2)",
                  "keyword_only(a=1)"):
        try:
            eval(wrong)
        except TypeError as e:
            found.append(str(e))
    return found


class Counter(dict):
    def __missing__(self, key):
        return "missing " + repr(key)


class Own(dict):
    def __getitem__(self, key):
        return "own", key


class Unlike:
    def __hash__(self):
        return hash((1, 2))

    def __eq__(self, other):
        raise ValueError("not compared")


def items():
    default = collections.defaultdict(list)
    default[1, 2].append(3)
    default["a"]
    plain = {(1, 2): "pair", 1: "one", None: "none", "s": "str"}
    found = [default[1, 2], default["a"], default[5], len(default), Counter(a=1)["b"], Counter()[1, 2], Own(x=1)["x"]]
    for key in ((1, 2), 1, True, 1.0, None, "s", "t", (2, 1), [], Unlike()):
        try:
            found.append(plain[key])
        except Exception as e:
            found.append((type(e).__name__, str(e)))
    return found


for test in (values, frames, operators, shadows, errors, dying, in_generators, keywords, items):
    repeat(test)


def changing():
    """A class whose property goes, comes back and becomes something else."""
    class Changing:
        @property
        def p(self):
            return "property"

    c, found = Changing(), []
    kept = Changing.__dict__["p"]
    for i in range(3000):
        if i == 1000:
            del Changing.p
            Changing.p = "plain"
        if i == 2000:
            Changing.p = property(lambda self: "lambda")
        if i == 2500:
            kept.__init__(lambda self: "again")
            Changing.p = kept
        value = c.p
        if not found or found[-1] != value:
            found.append(value)
    print("changing", found)


changing()


class Endless:
    @property
    def again(self):
        return self.again


try:
    Endless().again
except RecursionError as e:
    print(type(e).__name__)
