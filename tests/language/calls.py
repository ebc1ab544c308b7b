# What a keyword-only or default parameter gets does not depend on the arithmetic done before the call.
def total(a, b, c):
    if (a + b) * (b + c) + (c + a) * (a + b) == 0:
        return "zero"
    return (a + b) * (b + c) - (c - a) * (b - a)


def options(first, second=None, *, third=None, fourth=None):
    return first, second, third, fourth


def through(a):
    total(a, a + 1, a + 2)
    return options(a & 3), options(a, fourth=4), options(a, second=2)


for number in range(3):
    print(through(number))


class Meta(type):
    def __call__(cls, value, names=None, *, module=None):
        return cls.__name__, value, names, module


class Flag(metaclass=Meta):
    pass


def call(a):
    total(a, a * 2, a * 3)
    return Flag(a & 0)


print(call(3))
