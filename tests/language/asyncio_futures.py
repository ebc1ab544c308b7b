# Futures and tasks as asyncio's native module has them: messages, states, names, the order of callbacks.
import asyncio
import _asyncio
import contextvars
import gc
import sys

loop = asyncio.new_event_loop()
loop.set_exception_handler(lambda loop, context: print("handler:", sorted(context), context["message"]))


def attempt(label, function):
    try:
        print(label, "->", function())
    except BaseException as error:
        print(label, "!", type(error).__name__, error)


# ---- A future by itself
f = _asyncio.Future(loop=loop)
for name in ("result", "exception", "cancelled", "done"):
    attempt(name, getattr(f, name))
attempt("int", lambda: f.set_exception(3))
attempt("StopIteration", lambda: f.set_exception(StopIteration))
print(f, f._state, f._callbacks, f.get_loop() is loop, f._asyncio_future_blocking, f._source_traceback)
f.add_done_callback(print)
f.add_done_callback(len, context=contextvars.copy_context())
f.add_done_callback(print)
print([callback for callback, context in f._callbacks], f.remove_done_callback(print), f.remove_done_callback(abs))
f.remove_done_callback(len)
f.set_result(7)
attempt("again", lambda: f.set_result(8))
attempt("again", lambda: f.set_exception(ValueError()))
print(f, f.result(), f.exception(), f.cancel(), f._state)

f = loop.create_future()
it = iter(f)
print(next(it) is f, f._asyncio_future_blocking)
attempt("twice", lambda: next(it))
attempt("throw", lambda: it.throw(3))
attempt("throw", lambda: it.throw(ValueError(1), 2))
attempt("throw", lambda: it.throw(KeyError, "k"))
attempt("closed", lambda: next(it))
f.cancel("why")
attempt("cancelled", f.result)
attempt("cancelled", f.exception)
print(f, f._cancel_message, f.cancelled(), f.done())
attempt("log", lambda: setattr(f, "_log_traceback", True))
attempt("del", lambda: delattr(f, "_cancel_message"))
attempt("state", lambda: setattr(f, "_state", "x"))

empty = _asyncio.Future.__new__(_asyncio.Future)
for name in ("result", "exception", "cancel", "cancelled", "done", "get_loop", "__await__"):
    attempt("uninitialized " + name, getattr(empty, name))

f = loop.create_future()
f.set_exception(OSError("lost"))
del f
gc.collect()


# ---- Tasks
async def add(a, b):
    await asyncio.sleep(0)
    return a + b


async def fail():
    raise LookupError("no")


async def forever():
    try:
        await loop.create_future()
    except asyncio.CancelledError as error:
        print("cancelled with", error.args)
        raise


attempt("sum", lambda: loop.run_until_complete(add(1, 2)))
attempt("fail", lambda: loop.run_until_complete(fail()))
attempt("no coroutine", lambda: _asyncio.Task(3, loop=loop))
attempt("too many", lambda: _asyncio.Future(loop))


async def cancelling():
    task = asyncio.create_task(forever(), name="patient")
    print(task.get_name(), task.done(), task.cancelling())
    await asyncio.sleep(0)
    print(task._fut_waiter, task._must_cancel, task.cancel("enough"), task.cancelling(), task.uncancel(), task.uncancel())
    try:
        await task
    except asyncio.CancelledError as error:
        print("seen", error.args, task.cancelled(), task)
    task.set_name(5)
    print(task.get_name(), len(task.get_stack()), task.get_coro().__name__)
    attempt("set_result", lambda: task.set_result(1))
    attempt("set_exception", lambda: task.set_exception(1))


loop.run_until_complete(cancelling())


# ---- What may come out of a coroutine
class Awaitable:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        yield self.value


async def bad(value):
    await Awaitable(value)


other = asyncio.new_event_loop()
for value in (7, (x for x in ()), loop.create_future(), other.create_future()):
    try:
        loop.run_until_complete(bad(value))
    except RuntimeError as error:
        print(str(error).partition(" in task")[0].partition(" task ")[0].partition(": ")[0])


async def on_itself():
    await asyncio.current_task()

try:
    loop.run_until_complete(on_itself())
except RuntimeError as error:
    print(str(error).partition(":")[0])


class Duck:
    _asyncio_future_blocking = False

    def __init__(self):
        self.callbacks = []

    def get_loop(self):
        return loop

    def add_done_callback(self, callback, context):
        self.callbacks.append(callback)
        loop.call_soon(callback, self, context=context)

    def result(self):
        return 5

    def __await__(self):
        self._asyncio_future_blocking = True
        yield self
        return "duck"


async def wait_for_duck():
    return await Duck()


attempt("duck", lambda: loop.run_until_complete(wait_for_duck()))

# ---- The loop's own books
attempt("running", asyncio.get_running_loop)
print(_asyncio._get_running_loop())
task = loop.create_task(add(3, 4))
attempt("enter", lambda: _asyncio._enter_task(loop, task))
attempt("current", lambda: asyncio.current_task(loop) is task)

attempt("leave", lambda: _asyncio._leave_task(loop, task))
print(task in asyncio.all_tasks(loop), task in _asyncio._all_tasks)
_asyncio._unregister_task(task)
print(task in asyncio.all_tasks(loop))
_asyncio._register_task(task)
loop.run_until_complete(task)
print(task.result(), task.exception(), task)

pending = loop.create_task(forever())
loop.run_until_complete(asyncio.sleep(0))
del pending
gc.collect()
print(len(asyncio.all_tasks(loop)))

variable = contextvars.ContextVar("variable", default="outside")


async def in_context():
    print(variable.get())
    variable.set("changed")
    await asyncio.sleep(0)
    return variable.get()


context = contextvars.copy_context()
context.run(variable.set, "inside")
print(loop.run_until_complete(loop.create_task(in_context(), context=context)), context[variable], variable.get())


async def many():
    async def one(i):
        await asyncio.sleep(0)
        return i
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(i)) for i in range(5)]
    results = await asyncio.gather(*[one(i) for i in range(5)], fail(), return_exceptions=True)
    return [t.result() for t in tasks], results


print(loop.run_until_complete(many()))
print(_asyncio.Future[int], _asyncio.Task.__mro__)
for l in (loop, other):
    l.close()
