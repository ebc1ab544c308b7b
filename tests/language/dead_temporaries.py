"""Values that dead temporaries leave on the register stack are no locals and no arguments of the next call."""


def unbound():
    if len("a") > 3:
        z = 1
    return z


def keyword_only(*, k=None):
    return k


def missing(a, *rest, k, **others):
    return k


def generator():
    if len("a") > 3:
        z = 1
    yield 1
    yield z


class Body:
    def method(self):
        if not self:
            value = 1
        return value


def leave_numbers(a, b):
    return a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))


def calls(a, b):
    a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
    yield keyword_only
    a * 2 - (b * 3 - (a * 4 - (b * 2 - (a < b) * 3)))
    yield unbound
    a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
    yield lambda: missing(1)
    a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
    yield lambda: list(generator())
    yield Body().method


def run(a, b):
    for function in calls(a, b):
        a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
        try:
            print(function())
        except (UnboundLocalError, TypeError) as error:
            print(type(error).__name__, error)


def directly(a, b):
    for _ in range(2):
        t = a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
        try:
            print(t, unbound())
        except UnboundLocalError as error:
            print(error)
        t = a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
        print(t, keyword_only())
        t = a * 2.0 - (b * 3.0 - (a * 4.0 - (b * 2.0 - a * 3.0)))
        try:
            print(t, missing(1))
        except TypeError as error:
            print(error)
        t = (a < b) + ((a <= b) + ((a > b) + ((a != b) + (a == b))))
        try:
            print(t, unbound())
        except UnboundLocalError as error:
            print(error)
        print(leave_numbers(a, b), sum(1 for _ in [1, 2]))
        try:
            print(Body().method())
        except UnboundLocalError as error:
            print(error)


run(1.0, 2.0)
directly(1.0, 2.0)
directly(1, 2)
