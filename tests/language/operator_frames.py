"""Operators and __init__ in Python, cold and hot: who decides, what is raised, when operands go."""
import sys

COLD, HOT = 3, 700


class Number:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        if isinstance(other, Number):
            return Number(self.x + other.x)
        return Number(self.x + other) if isinstance(other, (int, float)) else NotImplemented

    def __radd__(self, other):
        return Number(other + self.x) if isinstance(other, (int, float)) else NotImplemented

    def __mul__(self, other):
        return self.x * (other.x if isinstance(other, Number) else other)

    def __rmul__(self, other):
        return other * self.x

    def __sub__(self, other):
        return NotImplemented

    def __truediv__(self, other):
        raise ZeroDivisionError("mine")

    def __mod__(self, other):
        yield self
        yield other

    def __floordiv__(self, other):
        return sys._getframe(1).f_code.co_name

    def __and__(self, other):
        return self


class Reflecting(Number):
    def __radd__(self, other):
        return "reflected"


class InPlace(Number):
    def __iadd__(self, other):
        self.x += 100
        return self


class Int(int):
    def __add__(self, other):
        return NotImplemented


class Logged:
    log = []

    def __init__(self, n):
        self.n = n

    def __del__(self):
        Logged.log.append(self.n)

    def __add__(self, other):
        return Logged(self.n + other.n)

    def __sub__(self, other):
        return self


class Initialised:
    def __init__(self, value):
        self.value = value
        if value < 0:
            return None
        if value == 99:
            raise ValueError("no")
        self.caller = sys._getframe(1).f_code.co_name


class Wrong:
    def __init__(self):
        return 5


def operators(turns):
    for _ in range(turns):
        a, b, w, i = Number(1), Number(2.5), Reflecting(3), InPlace(4)
        found = [(a + b).x, (a + 1).x, (1 + a).x, (2.5 + b).x, a * b, a * 2, 2 * a, b * 2, 2 * b, a + w, (w + a).x]
        i += 5
        a += b
        found += [i.x, a.x]
        a = a + b + a + 1
        found.append(a.x)
        a = a + a
        found += [a.x, a // 2, list(a % 3)[1], (a & a) is a]
        for function in (
            lambda: a - b, lambda: a - 1, lambda: a + "s", lambda: 1 - a, lambda: a / b, lambda: a / 2,
            lambda: "s" + a, lambda: None + a, lambda: a + None, lambda: Int(3) + 4, lambda: Int(3) + Int(4),
        ):
            try:
                found.append(function())
            except Exception as e:
                names, traceback = [], e.__traceback__
                while traceback:
                    names.append(traceback.tb_frame.f_code.co_name)
                    traceback = traceback.tb_next
                found.append((type(e).__name__, str(e), names))
        try:
            a -= b
        except TypeError as e:
            found.append(str(e))
    return found


def finalizers(turns):
    for _ in range(turns):
        Logged.log.clear()
        a, b = Logged(1), Logged(10)
        c = a + b
        d = Logged(100) + Logged(1000) + Logged(10000)
        e = Logged(5) - Logged(6)
        a = b = c = d = e = None
    return list(Logged.log)


def initialisers(turns):
    for _ in range(turns):
        found = [Initialised(1).value, Initialised(-1).value, Initialised(2).caller]
        for function in (Wrong, lambda: Initialised(99)):
            try:
                function()
            except (TypeError, ValueError) as e:
                found.append(str(e))
    return found


def references(turns):
    for _ in range(turns):
        kept = [Initialised(1)]
        counts = sys.getrefcount(kept[0]), sys.getrefcount(Initialised.__init__), sys.getrefcount([])
    return counts


def in_a_generator(turns):
    for i in range(turns):
        yield (Number(i) + Number(1)).x + Number(2) * Number(3)


def mixed(turns, a, b):
    total = 0
    for i in range(turns):
        total = total + a * b - i
        if i % 3 == 0:
            total = total * 1.5
        total = -total
    return total


def floats(turns):
    xs = [1.0, 2.0, 3.0]
    s = count = 0.0
    for i in range(turns):
        x, y, z = xs
        d = x * x + y * y + z * z
        s = s + d / (x + 1) - y * z
        if d > 14:
            count = count + 1
        xs[0] = x + 0.25 if i % 2 else x - 0.25
        if i == 700:
            xs[1] = 7
        if i == 900:
            xs[2] = 2**70
        if i == 950:
            xs[2] = float("nan")
    return s, count, xs


def bits(turns, value):
    h = 0
    for _ in range(turns):
        h = (h ^ value) & 0xFFFFFFFFFFFFFFFF
        h = (h << 1) | (h >> 63)
        h &= 0xFFFFFFFFFFFFFFFF
    return h


def truths(turns):
    class Sized:
        def __len__(self):
            return 0

    for _ in range(turns):
        found = []
        for value in (None, [], [1], Number(0), Sized(), 0, 1, 0.0, 2.5, "", "a", (), {}, {1: 2}, True, Number):
            found.append("yes" if value else "no")
            if not value:
                found.append("not")
    return "".join(found)


def many_names(turns, *sources):
    a = b = c = d = e = None
    found = []
    for source in sources:
        for _ in range(turns):
            a, b, c, d, e = source
        found.append((a, b, c, d, e))
    return found


for test in (operators, finalizers, initialisers, references, truths):
    cold, hot = test(COLD), test(HOT)
    assert cold == hot, (cold, hot)
    print(test.__name__, hot)
print(sum(in_a_generator(1000)))
print(mixed(2000, 3, 4), mixed(2000, 1.5, 2), mixed(1000, 2, 1.5), mixed(900, True, 3), mixed(50, 2**60, 3))
print(floats(600), floats(800), floats(940), floats(1000))
print(bits(2000, 12345), bits(2000, 2**63 + 5), {1, 2} | {3}, bits(10, 1))
print(many_names(HOT, (1, 2, 3, 4, 5), [1, 2.5, 3, 4, 5], ("a", 2, None, 4, 5), range(5), (1, 2, [], 4, 5.5)))
for source in ((1, 2), 5, [1] * 6):
    try:
        many_names(HOT, (1, 2, 3, 4, 5), source)
    except (TypeError, ValueError) as e:
        print(e)
