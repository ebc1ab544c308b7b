"""PEP 479: what replaces a StopIteration that leaves a generator, and which frames its traceback has."""


def generator():
    next(iter(()))
    yield


def delegating():
    yield from generator()


async def coroutine():
    raise StopIteration


async def awaiting():
    await coroutine()


async def asynchronous():
    raise StopAsyncIteration
    yield


def names(traceback):
    found = []
    while traceback:
        found.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    return found


def show(function):
    try:
        function()
    except RuntimeError as e:
        cause = e.__cause__
        print(e, names(e.__traceback__), names(cause.__traceback__), e.__context__ is cause, e.__suppress_context__)


for _ in range(500):
    try:
        list(generator())
    except RuntimeError:
        pass
show(lambda: list(generator()))
show(lambda: next(generator()))
show(lambda: [x for x in generator()])
show(lambda: tuple(next(iter(())) for _ in range(2)))
show(lambda: next(delegating()))
show(lambda: coroutine().send(None))
show(lambda: awaiting().send(None))
show(lambda: asynchronous().asend(None).send(None))
