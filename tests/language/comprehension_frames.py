"""Comprehensions have frames of their own: their variables, closures, tracebacks and who may look, cold and hot."""
import gc
import inspect
import sys
import types

from support.turns import repeat


def free_variables():
    a, b = 1, [2]
    return [a + b[0] + x for x in range(3)], {x: a for x in b}, {(x, a, y) for x in b for y in range(a + 1)}


def own_cells():
    return [f() for f in [lambda: x + y for x in range(3) for y in (10,)]], [(lambda z=z: z)() for z in "ab"]


def nested():
    n = 2
    return [[[n * x * y + z for z in range(n)] for y in range(n)] for x in range(n)]


def assigned():
    last = 0
    found = [last := last + x for x in range(5)]
    return found, last, [y for x in range(3) if (y := x * 2)], y


def unbound():
    try:
        return [later for _ in range(2)]
    except NameError as e:
        caught = type(e).__name__, str(e), e.name
    later = 1
    try:
        [[unset for unset in ()] for _ in range(1)] + [z for x in range(1) if z for z in ()]
    except UnboundLocalError as e:
        return caught, str(e), later


def seen_inside():
    outer = 7
    return [(sorted(locals()), x, outer, sys._getframe().f_code.co_name, sys._getframe().f_code.co_freevars,
             sys._getframe().f_back.f_code.co_name, sys._getframe().f_locals["outer"]) for x in range(2)]


def globals_inside():
    return [globals() is sys._getframe().f_globals for _ in range(1)]


class Base:
    def who(self):
        return "base"


class Derived(Base):
    factor = 3
    values = [n * 2 for n in range(factor)]

    def who(self):
        try:
            return [super().who() for _ in range(1)]
        except TypeError as e:
            return str(e)

    def explicit(self):
        return [super(Derived, self).who() + __class__.__name__ for _ in range(2)]


def classes():
    return Derived.values, Derived().who(), Derived().explicit()


def in_generators():
    def generator(n):
        local = n
        while True:
            n = yield [x + local for x in range(n)], {x: [local, y] for x in range(2) for y in range(1)}

    async def coroutine():
        return [x for x in range(3)], {await ready(x) for x in range(3)}

    async def ready(x):
        return x

    g = generator(2)
    found = [next(g), g.send(1), g.send(3)]
    try:
        coroutine().send(None)
    except StopIteration as e:
        return found, e.value


def raised():
    divisors = [1, 0]
    try:
        return [10 // d for d in divisors]
    except ZeroDivisionError as e:
        names, t = [], e.__traceback__
        while t:
            names.append((t.tb_frame.f_code.co_name, t.tb_lineno - t.tb_frame.f_code.co_firstlineno))
            t = t.tb_next
        kept = e.__traceback__.tb_next.tb_frame
    return names, sorted(kept.f_locals), kept.f_locals["d"], kept.f_back is sys._getframe()


def kept_frames():
    value = "kept"
    frames = [(sys._getframe(), value)[0] for _ in range(1)]
    return sorted(frames[0].f_locals), frames[0].f_locals["value"], frames[0].f_lineno - frames[0].f_code.co_firstlineno


def iterated_outside():
    class Raises:
        def __iter__(self):
            return iter([sys._getframe(1).f_code.co_name])

    return [x for x in Raises()]


def as_function():
    a = 5

    def shape():
        return [x * a for x in range(3)]

    code = next(c for c in shape.__code__.co_consts if isinstance(c, types.CodeType))
    function = types.FunctionType(code, globals(), "f", None, shape.__closure__)
    replaced = types.FunctionType(code.replace(co_name="other"), {}, "f", None, (types.CellType(7),))
    return function(iter([1, 2])), replaced(iter("xy")), code.co_varnames, code.co_freevars, inspect.signature(function)


def many():
    (a, b, c, d, e) = range(5)
    return [a + b + c + d + e + i + j + k for i in range(2) for j in range(2) for k in range(2)]


def evaluated():
    scope = {"k": 4}
    exec("def f(q):\n return [q + k + i for i in range(2)]\nr = [k for _ in range(2)]", scope)
    return scope["f"](1), scope["r"], eval("[[y for y in range(x)] for x in range(3)]")


def among_many_constants():
    many = ", ".join(map(str, range(66_000)))
    scope = {}
    results = "[y + a for y in x][-1], sum(y * a for y in x), len({a for y in x})"
    exec(f"def f(a):\n x = [{many}]; x[0] = a\n return {results}", scope)
    return scope["f"](2), [scope["f"](n) for n in range(2)]


def recursive(n=3):
    return [recursive(n - 1) for _ in range(2)] if n else 0


for test in (free_variables, own_cells, nested, assigned, unbound, seen_inside, globals_inside, classes, in_generators,
             raised, kept_frames, iterated_outside, as_function, many, evaluated, recursive):
    repeat(test)

repeat(among_many_constants, hot=4)


def deep(n):
    return [deep(n + 1) for _ in range(1)]


try:
    deep(0)
except RecursionError as e:
    print(type(e).__name__)
print([x for x in [y for y in [z for z in range(3)]]], {x for x in "a"}, {x: y for x, y in zip("ab", (1, 2))})
gc.collect()
before = len(gc.get_objects())
for test in (free_variables, raised, kept_frames, in_generators):
    for _ in range(20):
        test()
gc.collect()
print("left over:", len(gc.get_objects()) - before > 20)


def generator_expressions():
    a, b = 2, [1, 2]
    g = (x * a for x in b if a)
    found = [g.gi_code.co_name, g.__name__, g.__qualname__, sorted(g.gi_frame.f_locals), next(g)]
    a = 3
    found += [sorted(g.gi_frame.f_locals.items())[1:], list(g), g.gi_frame]
    return found, [sum(i * j for j in range(a)) for i in range(3)], [list(h) for h in [(k for _ in b) for k in b]]


def kept_generators():
    def make(n):
        m = n + 1
        return ((m, x) for x in range(n)), lambda: m

    g, read = make(3)
    del make
    try:
        (never for never in 5)
    except TypeError as e:
        text = str(e)
    return list(g), read(), text, [type(x) for x in (y for y in [1])]


class Scope:
    n = 3
    items = list(x for x in range(n))

    def twice(self):
        return list(__class__.__name__ for _ in range(2))


def class_generators():
    return Scope.items, Scope().twice()


def async_expressions():
    async def ready(x):
        return x

    async def main(n):
        g = (await ready(x + n) async for x in (await ready(y) for y in range(3)))
        return [x async for x in g], {x: n async for x in (z for z in other())}

    async def other():
        yield 1

    async def plain(n):
        return [x async for x in (await ready(y + n) for y in range(2))]

    try:
        plain(5).send(None)
    except StopIteration as e:
        return e.value


for test in (generator_expressions, kept_generators, class_generators, async_expressions):
    repeat(test)
