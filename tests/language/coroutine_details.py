"""Coroutines: attributes, origins, warnings, throw() forms, top-level await."""
import ast
import inspect
import sys
import types
import warnings


def catch(function, *args):
    try:
        return function(*args)
    except BaseException as e:
        print(" ", type(e).__name__, e)


@types.coroutine
def pause(value):
    try:
        return (yield value)
    except ValueError as e:
        print("  caught", repr(e))
        return "recovered"


async def worker():
    return await pause(1)


print(inspect.isawaitable(pause(1)), inspect.iscoroutine(worker), inspect.iscoroutinefunction(worker))
c = worker()
print(c.cr_running, c.cr_await, c.cr_code.co_name, c.cr_origin, c.cr_suspended, inspect.getcoroutinestate(c))
print(c.send(None), c.cr_suspended, c.cr_await.gi_code.co_name, inspect.getcoroutinestate(c))
catch(c.throw, ValueError("v"))
print(inspect.getcoroutinestate(c), c.cr_frame)
catch(c.send, None)
catch(c.throw, KeyError)

for thrown in ((ValueError,), (ValueError, "text"), (ValueError, ("a", "b")), (ValueError, ValueError("made"))):
    c = worker()
    c.send(None)
    catch(c.throw, *thrown)
for bad in ((1,), (ValueError("x"), 1), (ValueError, None, 1), (int,)):
    c = worker()
    c.send(None)
    catch(c.throw, *bad)
    c.close()


async def awaits(x):
    return await x


class Bad:
    def __await__(self):
        return 1


class Returns:
    def __await__(self):
        return worker()


for x in (1, Bad(), Returns(), None, "s"):
    catch(awaits(x).send, None)


async def twice():
    w = worker()
    a, b = awaits(w), awaits(w)
    a.send(None)
    catch(b.send, None)
    a.close()
    w.close()


catch(twice().send, None)


def not_a_coroutine():
    yield from worker()


catch(next, not_a_coroutine())


async def nested_origin():
    pass


def make():
    return nested_origin()


sys.set_coroutine_origin_tracking_depth(2)
c = make()
print([(line, name) for _, line, name in c.cr_origin])
c.close()
sys.set_coroutine_origin_tracking_depth(0)
catch(sys.set_coroutine_origin_tracking_depth, -1)

with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    nested_origin()
    g = (lambda: (yield))()
    del g
print([str(w.message) for w in seen])

flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
code = compile("x = await pause('top')\nprint('x', x)\n[y async for y in agen()]", "top", "exec", flags)
print(bool(code.co_flags & inspect.CO_COROUTINE))


async def agen():
    yield 1


namespace = {"pause": pause, "agen": agen}
c = eval(code, namespace)
print(type(c).__name__, c.send(None))
catch(c.send, "sent")
catch(compile, "await x", "f", "exec")
print(bool(compile("x = 1", "f", "exec", flags).co_flags & inspect.CO_COROUTINE))


def generator():
    try:
        got = yield 1
        print("  got", got)
    finally:
        print("  cleanup")
    return "result"


g = generator()
print(g.gi_running, g.gi_suspended, g.gi_yieldfrom, next(g), g.gi_suspended)
catch(g.send, "x")
print(g.gi_frame, g.gi_suspended)
f = lambda: (yield 1)
g = f()
next(g)
catch(g.send, 2)


class Custom:
    def __iter__(self):
        return self

    def __next__(self):
        return "item"

    def throw(self, *args):
        print("  throw", args)
        raise StopIteration("from throw")

    def close(self):
        print("  close")


def delegates():
    print("  value", (yield from Custom()))
    yield "after"


g = delegates()
next(g)
print(g.throw(KeyError, "k"))
g.close()
g = delegates()
next(g)
g.close()


def stack():
    def inner():
        names = []
        frame = sys._getframe()
        while frame:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        try:
            yield
        except ValueError:
            frame, names = sys._getframe(), []
            while frame:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            print("  stack", names[:2])
            yield

    def outer():
        yield from inner()

    g = outer()
    next(g)
    g.throw(ValueError)


stack()


def context():
    def g():
        try:
            yield
        finally:
            raise KeyError("raised")

    it = g()
    next(it)
    try:
        try:
            raise IndexError("outer")
        except IndexError:
            it.throw(ValueError("thrown"))
    except KeyError as e:
        print(repr(e.__context__), repr(e.__context__.__context__))


context()
