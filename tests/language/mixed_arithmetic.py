"""Ints and floats in one operation, and operators in Python, where hot code expects something else."""
import math

COLD, HOT = 3, 900


def run(operate, pairs):
    """The results of each pair, repeated until the code is hot for the first kind and sees the others then."""
    found = []
    for left, right in pairs:
        for turn in range(HOT):
            try:
                result = operate(left, right)
            except Exception as e:
                result = type(e).__name__ + ": " + str(e)
            if turn in (0, COLD, HOT - 1):
                found.append(result)
    return [f"{x!r}" for x in found]


def operations():
    def add(a, b): return a + b
    def subtract(a, b): return a - b
    def multiply(a, b): return a * b
    def constants(a, b): return 2 * a, a * 2.5, b - 1, 1.5 + b, 3 - b, a + 2 ** 47
    def chained(a, b): return a * b + a - b * 2 + 1.0
    def compared(a, b): return a < b, b <= a, a == b, a != b, 1 if a > b else 2, 3 if b >= 1.5 else 4, 5 if a < 2 else 6
    def looped(a, b):
        total = a
        for _ in range(8):
            if not total < b:
                break
            total = total + b * 0.25 + 1
        return total
    return add, subtract, multiply, constants, chained, compared, looped


BIG = 2 ** 47 - 1
for kinds in ([(1, 2.5), (2.5, 1), (1, 2), (1.5, 2.5), (BIG, 0.5), (-BIG, 1.0), (BIG, BIG), (2 ** 70, 1.5), (1.5, 2 ** 70),
               (True, 1.5), (1, math.inf), (math.nan, 1), (0, -0.0), (-0.0, 0), ("a", 1), (1, None), (1j, 2), (2, 1j)],
              [(2.5, 1), (1, 2.5), (10 ** 400, 1.5), (3, 4), (0.1, 3), (1.5, [])],
              [(1, 1), (1, 1.0), (1.0, 1), (2 ** 53 + 1, 2.0 ** 53)]):
    for operate in operations():
        print(operate.__name__, *run(operate, kinds))


class V:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return V(self.x + other.x) if type(other) is V else V(self.x + other) if isinstance(other, (int, float)) else NotImplemented

    def __radd__(self, other):
        return V(other + self.x) if isinstance(other, (int, float)) else NotImplemented

    def __sub__(self, other):
        raise ArithmeticError(f"minus {other}")

    def __mul__(self, other):
        return self.x

    def __repr__(self):
        return f"V({self.x})"


class W(V):
    def __radd__(self, other):
        return "W.radd"


class X:
    __slots__ = "x",

    def __init__(self, x):
        self.x = x

    def __add__(self, other, more=None):
        return "X.add", more

    def __iadd__(self, other):
        self.x += 1
        return self

    def __repr__(self):
        return f"X({self.x})"


def in_place(a, b):
    a += b
    return a


def with_constants(a, b):
    return a + 1, 1.5 + a, a * 3


pairs = [(V(1), V(2)), (V(1), 2), (2, V(1)), (1.5, V(1)), (V(1), W(2)), (W(1), V(2)), (W(1), W(2)), (V(1), "a"), ("a", V(1)),
         (X(1), X(2)), (X(1), 2), (V(1), X(1)), (X(1), V(1)), (1, 2), (V(1), None), (V(1), True)]
add, subtract, multiply, *_ = operations()
for operate in (add, subtract, multiply, in_place, with_constants):
    print(operate.__name__, *run(operate, pairs))
    print(operate.__name__, *run(operate, pairs[::-1]))

for i in range(3 * HOT):
    if i == HOT:
        V.__add__ = lambda self, other: "replaced"
    if i == 2 * HOT:
        V.__add__ = V.__mul__
    last = add(V(i), V(2))
    if i % HOT == HOT - 1:
        print(last)


class Deep:
    def __add__(self, other):
        return self + other


try:
    Deep() + Deep()
except RecursionError as e:
    print(type(e).__name__)
