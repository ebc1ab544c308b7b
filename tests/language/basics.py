"""One of everything: prints the same under python3.11 and Hiss."""


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(20), 2**100, 7 // -2, -7 % 3, 1 / 3, 1e100, 10**20 // 7)


class A:
    x = 1

    def __init__(self, v):
        self.v = v
        self.w = v + 1

    def get(self):
        return self.v + self.w

    @property
    def p(self):
        return self.v * 2

    def __repr__(self):
        return f"A({self.v!r})"

    def __add__(self, o):
        return A(self.v + o.v)


class B(A):
    def __init__(self, v):
        super().__init__(v)
        self.z = 3

    def get(self):
        return super().get() + self.z


a = A(3)
b = B(4)
print(a.get(), b.get(), a.p, a, b, a + b, B.__mro__)


def gen(n):
    for i in range(n):
        x = yield i
        if x:
            print("got", x)
    return "done"


g = gen(3)
print(list(gen(5)), next(g), g.send("hi"))


def outer():
    r = yield from gen(2)
    print("r", r)


print(list(outer()))
try:
    1 / 0
except ZeroDivisionError as e:
    print("caught", e)
finally:
    print("fin")
d = {i: i * i for i in range(5)}
print(d, {1, 2, 3}, [x for x in d if x % 2], (1,), ())


def f(a, b=2, *args, c, d=4, **kw):
    return (a, b, args, c, d, kw)


print(f(1, c=3), f(1, 2, 3, 4, c=5, e=6), f(*[1, 2], **{"c": 3}))
for call in (lambda: f(), lambda: f(1, 2, 3), lambda: f(1, c=1, a=2), lambda: fib(), lambda: fib(1, 2)):
    try:
        call()
    except TypeError as e:
        print(e)
x = 5


def closure():
    y = 1

    def inner():
        nonlocal y
        y += x
        return y

    return inner


c = closure()
c()
print(c())
print("%s %d %5.2f" % ("a", 3, 2.5), f"{x:>5}|{3.14159:.2f}|{'q'!r:<6}|")
match [1, {"k": 2}]:
    case [a1, {"k": v}] if v == 2:
        print("match", a1, v)
    case _:
        print("no")
with_log = []


class CM:
    def __enter__(self):
        with_log.append("in")
        return self

    def __exit__(self, *a):
        with_log.append(a[0])
        return True


with CM() as cm:
    raise ValueError("x")
print(with_log)
for i in range(3):
    try:
        if i == 1:
            continue
        if i == 2:
            break
    finally:
        print("f", i)
else:
    print("else")
print(sorted([3, 1, 2], key=lambda v: -v), max(1, 5, 3), sum(range(100)), list(zip("ab", [1, 2])), list(map(str, range(3))))
lst = [1, 2, 3]
lst[1:2] = [9, 9]
print(lst, lst[::-1], lst[-1])
a, *r, z = range(5)
print(a, r, z)


def deco(fn):
    def w(*a):
        return fn(*a) + 1

    return w


@deco
@deco
def one():
    return 1


print(one())
print([*range(3), *"ab"], {**{"a": 1}, "b": 2})
try:
    try:
        raise KeyError("a")
    except KeyError:
        raise ValueError("b")
except ValueError as e:
    print(repr(e.__context__), e)


class M(type):
    def __new__(m, n, b, d, **k):
        d["added"] = 1
        return super().__new__(m, n, b, d)


class U(metaclass=M, q=1):
    pass


print(U.added, type(U))
print(1 < 2 < 3, 1 if 0 else 2, not 1, [] or "x", 0 and 1)
global_counter = 0


def inc():
    global global_counter
    global_counter += 1


for _ in range(10):
    inc()
print(global_counter)
s = 0
i = 0
while i < 10:
    i += 1
    if i == 5:
        continue
    s += i
print(s)


def rec(n):
    return rec(n + 1)


try:
    rec(0)
except RecursionError as e:
    print(e)
print(int("ff", 16), float("1.5"), bytes(3), "a,b".split(","), "x".join("abc"))


class Slots:
    __slots__ = ("a", "b")


sl = Slots()
sl.a = 1
try:
    sl.b
except AttributeError as e:
    print(e)
try:
    undefined_name
except NameError as e:
    print(e)


def ub():
    print(q)
    q = 1


try:
    ub()
except UnboundLocalError as e:
    print(e)
print(isinstance(True, int), type(1.0), type(None), ...)
