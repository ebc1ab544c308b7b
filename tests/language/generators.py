# Generators: send, throw, close, yield from, return values, and finally blocks of generators that are dropped.


def show(label, function, *args):
    try:
        print(label, "->", function(*args))
    except BaseException as error:
        print(label, "raised", type(error).__name__, error.args)


def averager():
    total = count = 0
    mean = None
    while True:
        value = yield mean
        total += value
        count += 1
        mean = total / count


g = averager()
show("send before start", g.send, 1)
print(next(g), g.send(10), g.send(20), g.send(3))
show("bad send", g.send, "x")
show("after an error", next, g)


def guarded(log):
    try:
        while True:
            try:
                got = yield "value"
                log.append(("got", got))
            except ValueError as error:
                log.append(("caught", str(error)))
                yield "recovered"
    finally:
        log.append("finally")


log = []
g = guarded(log)
print(next(g), g.send(5), g.throw(ValueError("inside")), next(g))
show("throw out", g.throw, KeyError("k"))
show("exhausted", next, g)
show("throw into finished", g.throw, ZeroDivisionError("late"))
print(log)

log = []
g = guarded(log)
next(g)
del g
print("dropped", log)

log = []
g = guarded(log)
g.close()
print("closed before start", log)
g = guarded(log)
next(g)
g.close()
g.close()
print("closed", log)


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


g = stubborn()
next(g)
show("close ignored", g.close)


def quiet_return():
    try:
        yield 1
    except GeneratorExit:
        return "swallowed"


g = quiet_return()
next(g)
show("close", g.close)


def inner():
    try:
        x = yield "a"
        y = yield x
        return x, y
    finally:
        print("inner done")


def outer():
    result = yield from inner()
    print("result", result)
    again = yield from [1, 2]
    print("again", again)
    try:
        yield from inner()
    except LookupError as error:
        print("outer saw", repr(error))
    return "end"


g = outer()
print(next(g), g.send("x"), g.send("y"), next(g), next(g))
try:
    g.throw(LookupError("through"))
except StopIteration as stop:
    print("value", stop.value)


def leaks():
    yield 1
    raise StopIteration("oops")


g = leaks()
next(g)
try:
    next(g)
except RuntimeError as error:
    print(error, "|", repr(error.__cause__))


def reenters():
    yield next(me)


me = reenters()
show("re-entered", next, me)


def countdown(n):
    while n:
        yield n
        n -= 1
    return "liftoff"


def nested(depth):
    if depth:
        return (yield from nested(depth - 1))
    return (yield from countdown(3))


g = nested(50)
print(list(g))
print([*nested(3)], sum(countdown(100)), max(x * x % 17 for x in countdown(20)))

g = countdown(2)
print(g.gi_running, g.gi_frame is not None, g.gi_yieldfrom, g.__name__, g.__qualname__)
list(g)
print(g.gi_frame, iter(g) is g)

squares = (x * x for x in range(5) if x % 2)
print(next(squares), list(squares), list(squares))


def order():
    log = []

    def part(name):
        try:
            yield name
        finally:
            log.append(name)

    def both():
        yield from part("first")
        yield from part("second")

    g = both()
    next(g)
    next(g)
    del g
    return log


print(order())


# A consumer that stops early closes what it consumed.
def first(iterable):
    for value in iterable:
        return value


log = []
print(first(guarded(log)), log)


def swaps_exceptions():
    try:
        yield
    except TypeError as error:
        raise ValueError("translated") from error


g = swaps_exceptions()
next(g)
try:
    g.throw(TypeError("original"))
except ValueError as error:
    print(error, "from", error.__cause__, error.__suppress_context__)
show("throw type", swaps_exceptions().throw, OSError, "text")
show("throw rubbish", swaps_exceptions().throw, 5)
