# with statements: order, suppression, errors in enter and exit.

log = []


class Managed:
    def __init__(self, name, suppress=False, fail_enter=False, fail_exit=False):
        self.name, self.suppress, self.fail_enter, self.fail_exit = name, suppress, fail_enter, fail_exit

    def __enter__(self):
        log.append(f"enter {self.name}")
        if self.fail_enter:
            raise RuntimeError(f"enter {self.name} failed")
        return self.name.upper()

    def __exit__(self, kind, value, traceback):
        log.append(f"exit {self.name} {kind.__name__ if kind else None} {value} {traceback is not None}")
        if self.fail_exit:
            raise RuntimeError(f"exit {self.name} failed")
        return self.suppress


def attempt(function):
    log.clear()
    try:
        result = function()
    except BaseException as error:
        result = f"{error!r} context {error.__context__!r}"
    print(function.__name__, result, log)


def plain():
    with Managed("a") as a, Managed("b") as b:
        log.append(a + b)
    return "done"


def parenthesized():
    with (
        Managed("a") as a,
        Managed("b"),
    ):
        return a


def raises():
    with Managed("a"), Managed("b"):
        raise ValueError("body")


def suppressed():
    with Managed("a", suppress=True):
        with Managed("b"):
            raise ValueError("body")
        log.append("never")
    return "after"


def enter_fails():
    with Managed("a"), Managed("b", fail_enter=True):
        log.append("never")


def exit_fails():
    with Managed("a"), Managed("b", fail_exit=True):
        raise ValueError("body")


def exit_rescues():
    with Managed("a", suppress=True), Managed("b", fail_exit=True):
        pass
    return "rescued"


def jumps():
    for i in range(3):
        with Managed(f"m{i}"):
            if i == 0:
                continue
            if i == 1:
                break
    return i


def returns_through():
    with Managed("a"):
        try:
            return "value"
        finally:
            log.append("finally")


def system_exit():
    with Managed("a", suppress=True):
        raise SystemExit(3)
    return "stayed"


def not_a_manager():
    with 5:
        pass


def only_enter():
    class Half:
        def __enter__(self):
            pass

    with Half():
        pass


def instance_attributes_do_not_count():
    class Empty:
        pass

    e = Empty()
    e.__enter__ = e.__exit__ = lambda *a: None
    with e:
        pass


def target_unpacking():
    class Pair:
        def __enter__(self):
            return 1, [2, 3]

        def __exit__(self, *details):
            log.append(details)

    box = {}
    with Pair() as (x, [y, box["z"]]):
        pass
    return x, y, box


def in_generator():
    def g():
        with Managed("g"):
            yield 1
            yield 2

    h = g()
    next(h)
    log.append("dropping")
    del h
    return list(g())


for function in (plain, parenthesized, raises, suppressed, enter_fails, exit_fails, exit_rescues, jumps, returns_through, system_exit, not_a_manager, only_enter,
                 instance_attributes_do_not_count, target_unpacking, in_generator):
    attempt(function)
