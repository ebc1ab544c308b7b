# Scopes: closures, cells, nonlocal, global, class bodies, comprehensions.

late = [lambda: i for i in range(3)]
early = [lambda i=i: i for i in range(3)]
print([f() for f in late], [f() for f in early])


def counter(start=0):
    count = start

    def increment(by=1):
        nonlocal count
        count += by
        return count

    def read():
        return count

    return increment, read


up, read = counter(5)
up(), up(10)
print(read(), up.__closure__[0].cell_contents, up.__code__.co_freevars, counter.__code__.co_cellvars)


def compose(*functions):
    def run(x):
        for f in functions:
            x = f(x)
        return x

    return run


print(compose(str, lambda s: s * 2, int)(21))


def unbound():
    def inner():
        return value

    try:
        inner()
    except NameError as error:
        print(error)
    value = 1
    print(inner())
    del value
    try:
        inner()
    except NameError as error:
        print(error)
    try:
        local
    except UnboundLocalError as error:
        print(error)
    local = 1


unbound()
total = 10


def uses_global():
    global total, made
    total += 1
    made = "made"


uses_global()
print(total, made)
x = "module"


class Body:
    x = "class"
    seen = [x for _ in range(1)]
    first = [y for y in [x]]

    def method(self):
        return x

    def own_class(self):
        return __class__.__name__


print(Body.seen, Body.first, Body().method(), Body().own_class())


def shadow():
    x = "function"

    class Inner:
        print(x)
        x = "inner"
        print(x)

        def get(self):
            return x

    return Inner().get(), Inner.x


print(shadow())


def accumulate():
    seen = []
    return [seen.append(n) or sum(seen) for n in range(5)], (last := 3), last


print(accumulate())
print([(m, n) for m in range(3) for n in range(m) if (m + n) % 2], {k: v for k, v in zip("abc", range(3))}, {c.lower() for c in "aA"} == {"a"})
print([[n * m for m in range(3)] for n in range(3)], any((found := n) > 3 for n in range(10)), found)


def decorate(tag):
    def apply(function):
        def wrapper(*args, **kwargs):
            return tag, function(*args, **kwargs)

        wrapper.__name__ = function.__name__
        return wrapper

    return apply


@decorate("outer")
@decorate("inner")
def decorated(a, b=2):
    return a + b


print(decorated(1), decorated(1, b=5), decorated.__name__)


def recursive_closure():
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)

    return fact


print(recursive_closure()(20))


def annotated(a: int, b: "str" = "s", *args: float, c: bool = True, **kw: dict) -> None:
    """The doc string."""


print(annotated.__annotations__, annotated.__doc__, annotated.__defaults__, annotated.__kwdefaults__)


def deep():
    a = 1

    def one():
        def two():
            def three():
                nonlocal a
                a += 1
                return a

            return three

        return two

    return one()()(), a


print(deep())
print(eval("total + 1"), eval("x", {"x": "given"}), eval("y", {}, {"y": "local"}))
namespace = {}
exec("def f(n):\n    return n * scale\nscale = 3", namespace)
print(namespace["f"](4), sorted(k for k in namespace if k[0] != "_"))


def local_names(a, b):
    c = a + b
    return sorted(locals().items())


print(local_names(1, 2))
