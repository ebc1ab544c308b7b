# Unpacking, argument binding and what it says when arguments do not fit.


def show(function, *args, **kwargs):
    try:
        print(function(*args, **kwargs))
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)


a, b = b, a = 1, 2
print(a, b)
first, *middle, last = range(5)
print(first, middle, last)
(p, [q, *r]), *s = (1, "xyz"), 2, 3
print(p, q, r, s)
*everything, = "ab"
print(everything)
[x, y], z = {1: 2, 3: 4}, {5}
print(x, y, z)
for i, (j, k) in enumerate([(1, 2), (3, 4)]):
    print(i, j, k)
data = [0, 0]
data[0], data[1] = index, data[0] = 1, 7
print(data, index)
print([*range(2), *"ab"], {*[1], 2} == {1, 2}, (*[], 1), {**{"a": 1}, "b": 2, **{"a": 3}})


def unpack_two(v):
    m, n = v
    return m, n


def unpack_star(v):
    m, *n, o = v
    return m, n, o


for value in ((1,), (1, 2, 3), "", 5, None, iter([1]), {"a": 1}, [1, 2]):
    show(unpack_two, value)
for value in ((1,), (1, 2), 5):
    show(unpack_star, value)


def f(a, b=2, *args, c, d=4, **kw):
    return a, b, args, c, d, kw


show(f, 1, c=3)
show(f, 1, 2, 3, 4, c=5, e=6)
show(f)
show(f, 1)
show(f, c=1)
show(f, 1, a=2, c=3)
show(f, *[1, 2], **{"c": 3, "x": 4})


def g(a, b, /, c, *, d):
    return a, b, c, d


show(g, 1, 2, 3, d=4)
show(g, 1, 2, c=3, d=4)
show(g, 1, b=2, c=3, d=4)
show(g, 1, 2, 3)
show(g, 1, 2, 3, 4)
show(g, 1, 2, 3, 4, d=5)
show(g, 1, 2, 3, d=4, e=5)
show(g)
show(g, a=1, b=2, c=3, d=4)


def h(a, b, c=3):
    return a, b, c


show(h)
show(h, 1)
show(h, 1, 2, 3, 4)
show(h, 1, 2, 3, c=4)
show(h, 1, 2, d=4)
show(lambda: None, 1)
show(lambda *, k: k)
show(lambda *, k, m: k)


def one_default(a=1):
    return a


def three(a, b, c):
    return a


show(one_default, 1, 2)
show(three)


class K:
    def __init__(self, x, y=0):
        self.x = x

    def method(self, v):
        return v

    @classmethod
    def build(cls, v):
        return v


show(K)
show(K, 1, 2, 3)
show(K, x=1, z=2)
show(K(1).method)
show(K(1).method, 1, 2)
show(K.method)
show(K.build)
show(object, 1)
show(type("Empty", (), {}), 1)
for act in (lambda: f(**5), lambda: f(**{1: 2}), lambda: f(1, **{"c": 1}, **{"c": 2}), lambda: print(**{"sep": 5})):
    show(act)
for function, args in ((len, ()), (len, (1, 2)), (abs, ()), (int, (1, 2, 3)), (isinstance, (1,)), (getattr, (1,)), (ord, ()), (pow, ()), (divmod, (1,)),
                       ("".join, ()), ([].append, ()), ({}.get, ()), ("a".replace, ("a",)), ([].insert, (1,)), (range, ()), (iter, ()), (next, ()), (hash, ()), (callable, ())):
    show(function, *args)
show(int, x="1")
show(sum, [1], begin=2)
show(max)
show(print, end=1)
show("a b".split, sep=None, maxsplit=0)
show("x".split, septum=1)
show(enumerate, [], begin=1)

evaluated = []


def note(v):
    evaluated.append(v)
    return v


note(1), dict(a=note(2), b=note(3)), [note(4), *[note(5)]], {note(6): note(7)}, note(8) if note(0) else note(9)
print(evaluated)
try:
    exec("a, b = b, = 1")
except SyntaxError as error:
    print("SyntaxError", error.msg)
except TypeError as error:
    print(error)
for text in ("*a = 1", "f(a=1, 2)", "def f(a, a): pass", "def f(a=1, b): pass", "f(a for a in b, 1)", "1 = x", "f() = 1", "None = 1", "del f()", "(a, b): int = 1"):
    try:
        compile(text, "<text>", "exec")
        print(text, "compiled")
    except SyntaxError as error:
        print(text, "->", error.msg, error.lineno, error.offset)
