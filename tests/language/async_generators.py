"""Async generators: protocol, hooks, errors."""
import sys
import types


@types.coroutine
def pause(value):
    return (yield value)


def run(awaitable):
    """Drives an awaitable to its end; prints what it passes to the loop."""
    steps = awaitable.__await__()
    while True:
        try:
            print("  loop got", next(steps))
        except StopIteration as stop:
            return stop.value


async def numbers():
    try:
        got = yield 1
        print("  got", got)
        await pause("p")
        yield 2
        yield 3
    except KeyError as e:
        print("  caught", repr(e))
        yield 4
    finally:
        await pause("closing")
        print("  finally")


async def collect():
    print([x async for x in numbers()])
    print({x: y async for x in numbers() if x > 1 for y in "ab"})
    print([x async for x in (y * 2 async for y in numbers())])
    async for x in numbers():
        print("item", x)
    else:
        print("else")
    g = numbers()
    print(await g.asend(None), await g.asend("hello"), await g.athrow(KeyError("k")))
    print(await anext(g, "default"), await anext(g, "default"))
    g = numbers()
    print(await anext(g), g.ag_running, g.ag_frame is not None, g.ag_code.co_name, g.ag_await)
    print(await g.aclose(), g.ag_frame)
    print(await anext(g, "over"))
    try:
        await anext(g)
    except StopAsyncIteration as e:
        print(repr(e))


run(collect())


async def bad():
    try:
        yield 1
    except GeneratorExit:
        yield 2


async def errors():
    g = bad()
    await anext(g)
    try:
        await g.aclose()
    except RuntimeError as e:
        print(e)
    g = numbers()
    step = g.__anext__()
    await step
    try:
        await step
    except RuntimeError as e:
        print(e)
    close = g.aclose()
    await close
    try:
        await close
    except RuntimeError as e:
        print(e)
    g = bad()
    throw = g.athrow(ValueError, ValueError("x"))
    try:
        await throw
    except ValueError as e:
        print(repr(e))
    try:
        await throw
    except RuntimeError as e:
        print(e)


run(errors())


def already_running():
    async def waits():
        await pause("w")
        yield 1

    g = waits()
    first = g.asend(None)
    print(first.send(None), g.ag_running)
    for make in (lambda: g.asend(None), g.aclose, lambda: g.athrow(ValueError)):
        try:
            make().send(None)
        except RuntimeError as e:
            print(e)
    try:
        first.send(None)
    except StopIteration as e:
        print(e.value)
    try:
        g.asend(None).send("x")
    except BaseException as e:
        print(repr(e))


already_running()


def hooks():
    def first(g):
        print("  first", g.__name__)

    def final(g):
        print("  dropped", g.__name__)
        try:
            g.aclose().send(None)
        except StopIteration:
            print("  closed")

    async def simple():
        yield 1

    old = sys.get_asyncgen_hooks()
    print(old, old.firstiter)
    sys.set_asyncgen_hooks(first, final)
    g = simple()
    try:
        g.__anext__().send(None)
    except StopIteration as e:
        print(e.value)
    del g
    sys.set_asyncgen_hooks(*old)
    for kind in ("firstiter", "finalizer"):
        try:
            sys.set_asyncgen_hooks(**{kind: 1})
        except TypeError as e:
            print(e)


hooks()


async def messages():
    for make in (lambda: anext(1), lambda: aiter(1), lambda: anext(iter([]), 2)):
        try:
            make()
        except TypeError as e:
            print(e)
    g = bad()
    try:
        g.asend(1).send(None)
    except TypeError as e:
        print(e)
    print(type(g).__name__, type(g.asend(1)).__name__, type(g.aclose()).__name__, type(anext(g, 1)).__name__)
    print(aiter(g) is g, hasattr(g, "ag_suspended"), g.__qualname__)

    async def stops():
        yield 1
        raise StopAsyncIteration

    try:
        async for _ in stops():
            pass
    except RuntimeError as e:
        print(repr(e), repr(e.__cause__))


run(messages())
