"""Builtins that collect a generator: what they give, what they raise, and who runs in which frame meanwhile."""
import gc
import sys

COLD, HOT = 3, 600
calls = []


class Key:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return 1

    def __eq__(self, other):
        calls.append(sys._getframe(1).f_code.co_name)
        return self.value == other.value


class Truth:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        calls.append(sys._getframe(1).f_code.co_name)
        if self.value is None:
            raise ValueError("no truth")
        return self.value


def same_when_hot(function):
    cold, hot = function(COLD), function(HOT)
    assert cold == hot, (cold, hot)
    print(function.__name__, hot)


def results(turns):
    eight = range(8)
    for _ in range(turns):
        found = [
            tuple(x for x in eight), list(x * 2 for x in eight), set(x % 3 for x in eight),
            sorted(frozenset(str(x) for x in eight)), any(x == 5 for x in eight), any(x == 9 for x in eight),
            all(x < 5 for x in eight), all(x < 9 for x in eight), sum(x for x in eight), sum(x * .5 for x in eight),
            min(-x for x in eight), max(str(x) for x in eight), sorted(-x for x in eight), tuple(x for x in ()),
            set(x for x in ()), frozenset(x for x in ()), any(x for x in ()), all(x for x in ()), sum(x for x in ()),
            sum([x] == [3] for x in eight), max((x, -x) for x in eight), sum(2**48 for _ in eight),
            any(x for x in (0, 0.0, "", None, [], "a")), sum(x for x in (1, 2.5, 3, -0.0)),
        ]
    return found


def errors(turns):
    for _ in range(turns):
        raised = []
        for function in (
            lambda: min(x for x in ()), lambda: max(x for x in ()), lambda: sum(x for x in "ab"),
            lambda: set([x] for x in (1, 2)), lambda: tuple(1 // x for x in (1, 0)),
            lambda: sorted(x for x in (1, "a")), lambda: max(x for x in (1, "a")),
            lambda: any(Truth(x) for x in (False, None)), lambda: set(x for x in (1, 2, [])),
        ):
            try:
                raised.append(function())
            except Exception as e:
                names, traceback = [], e.__traceback__
                while traceback:
                    names.append(traceback.tb_frame.f_code.co_name)
                    traceback = traceback.tb_next
                raised.append((type(e).__name__, str(e), names))
    return raised


def python_code_in_the_consumer(turns):
    for _ in range(turns):
        calls.clear()
        size = len(set(Key(x // 2) for x in range(5)))
        found = any(Truth(x) for x in (False, False, True, None))
    return size, found, list(calls)


def logged(log):
    try:
        for i in range(5):
            log.append((yield i))
        return 7
    finally:
        log.append("done")


def generators_that_go_on(turns):
    for _ in range(turns):
        log = []
        begun = logged(log)
        next(begun)
        found = [tuple(begun)]
        stopped = logged(log)
        found += [any(stopped), list(stopped)]
        sent = logged(log)
        next(sent)
        sent.send("sent")
        found += [sum(sent), list(sent)]
        dropped = logged(log)
        found.append(all(dropped))
        del dropped
    return found, log


class Advancing:
    def __init__(self, generator):
        self.generator = generator

    def __hash__(self):
        next(self.generator, None)
        return 5


def advanced_by_the_consumer(turns):
    for _ in range(turns):
        box = []

        def give():
            for _ in range(4):
                yield Advancing(box[0])

        generator = give()
        box.append(generator)
        size = len(set(generator))
        box.clear()
    return size, list(generator)


def asked_while_it_runs(turns):
    for _ in range(turns):
        box = []

        def give():
            yield 1
            try:
                next(box[0])
            except ValueError as e:
                yield str(e)

        generator = give()
        box.append(generator)
        found = tuple(generator)
        box.clear()
    return found


def delegating(turns):
    def inner():
        yield 1
        yield 2
        return 3

    def outer():
        x = yield from inner()
        yield x

    for _ in range(turns):
        found = list(outer()), sum(outer()), set(outer())
    return found


def frames(turns):
    for _ in range(turns):
        found = tuple(sys._getframe().f_back.f_code.co_name for _ in range(2))
    return found


def finished(turns):
    for _ in range(turns):
        generator = (x for x in range(3))
        found = tuple(generator), generator.gi_frame, generator.gi_running, list(generator)
    return found


def nested(turns):
    for _ in range(turns):
        found = tuple(tuple(sum(z for z in range(y)) for y in range(x)) for x in range(4))
    return found


def deep(depth):
    return sum(deep(depth - 1) for _ in range(1)) + 1 if depth else 0


def in_a_generator(turns):
    for i in range(turns):
        yield sum(x for x in range(i))


for test in (results, errors, python_code_in_the_consumer, generators_that_go_on, advanced_by_the_consumer,
             asked_while_it_runs, delegating, frames, finished, nested):
    same_when_hot(test)
for _ in range(HOT):
    deep(3)
print(deep(200), sum(in_a_generator(1000)))
try:
    deep(100_000)
except RecursionError:
    print("too deep")
gc.collect()
before = len(gc.get_objects())
results(HOT)
errors(HOT)
calls.clear()
gc.collect()
print("left over:", len(gc.get_objects()) - before > 50)
