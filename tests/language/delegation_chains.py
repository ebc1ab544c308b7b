"""Chains of `yield from` and await, hot: what passes through them, who may look, and what disturbs them on the way."""
import gc
import sys
import threading
import types
import weakref

TURNS = 1200


def chain(depth, innermost):
    """`depth` generators that delegate down to `innermost`."""
    if depth == 0:
        return (yield from innermost)
    return ((yield from chain(depth - 1, innermost)) or 0) + 1


def count(n):
    for i in range(n):
        yield i
    return 0


def members(g):
    found = []
    while (g := g.gi_yieldfrom) is not None and isinstance(g, types.GeneratorType):
        found.append(g)
    return found


def warm_up():
    total = 0
    for x in chain(6, count(TURNS)):
        total += x
    print("sum", total, sum(chain(9, count(TURNS))), len(list(chain(3, count(TURNS)))))


def helper(x):
    return [x]


def stack_used_between():
    """Calls of the consumer lie where the records of the chain lay."""
    found = []
    for x in chain(5, count(TURNS)):
        found += helper(x)
        if x % 7 == 0:
            found += [sum(y for y in chain(2, count(3)))]
    print("stack used", sum(found), len(found))


def others_advance():
    found = []
    g = chain(4, count(TURNS))
    for x in g:
        found.append(x)
        below = members(g)
        if x % 50 == 10:
            found.append(next(below[1]))
        if x % 50 == 20:
            found.append(next(below[-1]))
        if x % 50 == 30:
            for y in below[0]:
                found.append(y)
                break
        if x % 50 == 40:
            for y in g:
                found.append(y)
                break
    print("others", len(found), sum(found), found == list(range(TURNS)))


def looking_in(n):
    for i in range(n):
        if i % 100 == 99:
            frame, names = sys._getframe(), []
            while frame is not None and frame.f_code.co_name != "looked_at":
                names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
                frame = frame.f_back
            yield names
        else:
            yield i


def looked_at():
    kinds = []
    for x in chain(3, looking_in(TURNS)):
        if isinstance(x, list):
            kinds.append(x)
    print("frames", len(kinds), kinds[0] == kinds[-1], kinds[-1])


def reentered():
    found = []

    def disturb(n):
        for i in range(n):
            if i % 100 == 50:
                for g in (outer, *members(outer)):
                    found.append(g.gi_running)
                    try:
                        next(g)
                    except ValueError as e:
                        found.append(str(e))
            yield i

    outer = chain(3, disturb(TURNS))
    states = set()
    for x in outer:
        states.add((outer.gi_running, outer.gi_suspended, *(g.gi_running for g in members(outer))))
    print("reentered", len(found), sorted(set(map(str, found))), states)


def thrown():
    def catching(n):
        for i in range(n):
            try:
                yield i
            except KeyError as e:
                yield "caught", e.args[0], type(e.__context__)

    g = chain(5, catching(TURNS))
    found = []
    for x in g:
        if isinstance(x, tuple):
            continue
        if x % 100 == 3:
            found.append(g.throw(KeyError(x)))
        if x == 1100:
            break
    try:
        g.throw(OSError("out"))
    except OSError as e:
        depth, traceback = 0, e.__traceback__
        while traceback:
            depth, traceback = depth + 1, traceback.tb_next
        print("thrown", len(found), found[-1], depth, [m.gi_frame for m in (g,)])


def sent():
    def echo():
        received = []
        while True:
            got = yield len(received)
            if got == "stop":
                return sum(received)
            received.append(got or 0)

    g = chain(4, echo())
    next(g)
    for i in range(TURNS):
        g.send(i)
    for i, x in enumerate(g):
        if i == 10:
            break
    try:
        g.send("stop")
    except StopIteration as e:
        print("sent", e.value)


def handled():
    """What a generator of the chain handles is seen below it, and not by the consumer."""
    def below(n):
        for i in range(n):
            yield repr(sys.exc_info()[1])

    def handling(n):
        try:
            raise LookupError("mine")
        except LookupError:
            yield from below(n)

    seen, outside = set(), set()
    for text in chain(3, handling(TURNS)):
        seen.add(text)
        outside.add(repr(sys.exc_info()[1]))
    try:
        raise OSError("outer")
    except OSError:
        for text in chain(3, count(TURNS)):
            outside.add(repr(sys.exc_info()[1]))
        for text in chain(2, below(TURNS)):
            seen.add(text)
    print("handled", sorted(seen), sorted(outside))


class Noted:
    def __init__(self, notes, name):
        self.notes, self.name = notes, name

    def __del__(self):
        self.notes.append(self.name)


def dropped():
    notes = []

    def with_cleanup(depth):
        kept = Noted(notes, depth)
        try:
            if depth:
                yield from with_cleanup(depth - 1)
            else:
                yield from count(TURNS)
        finally:
            notes.append(("finally", depth))
            del kept

    for x in with_cleanup(3):
        if x == 1000:
            break
    print("dropped", notes)
    notes.clear()
    g = with_cleanup(2)
    for x in g:
        if x == 1000:
            break
    below = members(g)
    references = [sys.getrefcount(m) for m in below]
    print("references", references, sys.getrefcount(g))
    g.close()
    print("closed", notes, [m.gi_frame for m in below], next(below[0], "end"))


def ends_in_the_middle():
    def parts(depth, n):
        for i in range(n):
            yield depth, i
            if depth:
                yield from parts(depth - 1, 3)
                try:
                    yield from failing(depth)
                except ArithmeticError as e:
                    yield str(e)
        yield depth, "end"

    def failing(depth):
        yield "before"
        raise ArithmeticError(f"at {depth}")

    found = list(parts(3, 60))
    looped = [x for x in parts(3, 60)]
    hot = []
    for x in parts(3, 60):
        hot.append(x)
    print("parts", len(found), found == looped == hot, hot[-3:])


def shared():
    """Two generators that delegate to the same one."""
    source = count(TURNS)
    one, two = chain(2, source), chain(3, source)
    found = []
    for x in one:
        found.append(x)
        if x % 10 == 5:
            for y in two:
                found.append(y)
                if y % 10 == 9:
                    break
    print("shared", found == list(range(TURNS)), next(two, "end"))


def consumer_changes():
    g = chain(4, count(TURNS * 2))

    def take(n):
        for x in g:
            n -= 1
            if n == 0:
                return x

    def deeper(n, depth):
        return deeper(n, depth - 1) if depth else take(n)

    print("consumers", [take(200), deeper(200, 3), take(200), deeper(200, 1), take(200), take(200)],
          [next(g) for _ in range(3)], g.send(None))


def other_thread():
    g, found = chain(4, count(TURNS)), []
    for x in g:
        found.append(x)
        if x % 200 == 100:
            def work():
                for y in g:
                    found.append(y)
                    if y % 50 == 0:
                        break

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        if x % 200 == 170:
            innermost = members(g)[-1]
            thread = threading.Thread(target=lambda: found.append(next(innermost)))
            thread.start()
            thread.join()
    print("threads", found == list(range(TURNS)))


def frame_objects():
    g = chain(4, count(TURNS))
    lines = set()
    for x in g:
        if x % 300 == 100:
            for m in (g, *members(g)):
                lines.add((m.gi_frame.f_code.co_name, m.gi_frame.f_lineno - m.gi_code.co_firstlineno,
                           m.gi_frame.f_back is None))
    print("frame objects", sorted(lines))


def too_deep():
    def nest(n):
        if n:
            yield from nest(n - 1)
        while True:
            yield n

    g = nest(400)
    for i, x in enumerate(g):
        if i == 500:
            break
    for i, x in enumerate(zip(g, range(500))):
        pass
    taken = []
    for x in g:
        taken.append(x)
        if len(taken) == 500:
            break

    def at_depth(n):
        if n:
            return at_depth(n - 1)
        for x in g:
            return x

    try:
        at_depth(700)
    except RecursionError as e:
        print("too deep", len(taken), e, next(g, "end"))


def collected():
    """A cycle through a chain that waits."""
    class Holder:
        pass

    holder = Holder()

    def holding(n):
        kept = holder
        yield from count(n)
        return kept

    holder.g = chain(3, holding(TURNS))
    for x in holder.g:
        if x == 1000:
            gc.collect()
        if x == 1100:
            break
    died = weakref.ref(holder)
    del holder
    gc.collect()
    print("collected", died() is None)


def awaited():
    class Ready:
        def __await__(self):
            got = yield "ready"
            return got

    async def inner(n):
        total = 0
        for i in range(n):
            total += await Ready()
        return total

    async def outer(depth, n):
        return await (outer(depth - 1, n) if depth else inner(n))

    c = outer(5, TURNS)
    value = c.send(None)
    try:
        while True:
            assert value == "ready"
            value = c.send(2)
    except StopIteration as e:
        print("awaited", e.value)


for test in (warm_up, stack_used_between, others_advance, looked_at, reentered, thrown, sent, handled, dropped,
             ends_in_the_middle, shared, consumer_changes, other_thread, frame_objects, too_deep, collected, awaited):
    test()
