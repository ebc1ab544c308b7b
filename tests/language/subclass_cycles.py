"""Instances of subclasses of str, int, float, bytes, complex can be part of a cycle; the collector sees them."""

import enum
import gc
import sys
import weakref


class Text(str): pass
class Number(int): pass
class Real(float): pass
class Data(bytes): pass
class Pair(complex): pass
class Bare(str): __slots__ = ()
class Target: pass


MADE = [(Text, "x"), (Number, 5), (Real, 1.0), (Data, b"a"), (Pair, 1)]


def cycle_through_attribute(cls, argument):
    target, instance = Target(), cls(argument)
    instance.target, target.instance = target, instance
    return weakref.ref(target)


def cycle_through_class(base, argument, by_new):
    class Made(base): pass
    Made.instance = base.__new__(Made, argument) if by_new else Made(argument)
    return weakref.ref(Made)


def cycle_without_attributes():
    class Made(str): __slots__ = ()
    Made.instance = Made("x")
    return weakref.ref(Made)


def enumeration(base):
    class Made(base, enum.Enum):
        A = base(1)
        B = base(2)
    return weakref.ref(Made)


for cls, argument in MADE:
    print(cls.__name__, gc.is_tracked(cls(argument)), gc.is_tracked(argument))
    watched = [cycle_through_attribute(cls, argument), cycle_through_class(cls, argument, False),
               cycle_through_class(cls, argument, True)]
    gc.collect()
    print([reference() for reference in watched])
print(gc.is_tracked(Bare("x")))
watched = [cycle_without_attributes(), enumeration(str), enumeration(int), enumeration(float)]
gc.collect()
print([reference() for reference in watched])


class Items(list): pass
class Row(tuple): pass


for cls in (Items, Row):
    made = cls([1, "a", Target])
    made.extra = extra = Target()
    referents = gc.get_referents(made) + gc.get_referents(vars(made))
    print(cls.__name__, [any(r is wanted for r in referents) for wanted in (cls, extra, Target, 1)])


# A class that is refused leaves nothing behind.
class Refusing(type):
    def mro(cls):
        raise KeyError


def refused(make):
    counts = [10 ** 6 + i for i in range(5)]
    for i in range(5):
        try:
            make()
        except (TypeError, KeyError):
            pass
        gc.collect()
        counts[i] = sys.getallocatedblocks()
    return min(b - a for a, b in zip(counts[1:], counts[2:])) > 0


class Base: pass
class Derived(Base): pass


print(refused(lambda: type("X", (Base, Derived), {})), refused(lambda: Refusing("X", (), {})))
