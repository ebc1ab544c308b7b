# When objects go away: __del__ runs at once when the last reference goes; resurrection; errors in __del__.

log = []


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


def take():
    taken = log[:]
    log.clear()
    return taken


a = Noisy("a")
b = a
del a
print(take())
del b
print(take())
a = Noisy("old")
a = Noisy("new")
print(take())
a = None
print(take())


def local():
    x = Noisy("local")
    log.append("leaving")


local()
print(take())
Noisy("temporary")
print(take())
log.append(Noisy("attribute").name + " read")
print(take())
things = [Noisy(i) for i in range(3)]
things.pop(1)
print(take())
del things[0]
print(take())
things.clear()
print(take())
box = {"k": Noisy("in dict")}
box["k"] = 1
print(take())
pair = (Noisy("first"), Noisy("second"))
del pair
print(take())


def in_loop():
    for i in range(3):
        x = Noisy(i)
        log.append(f"body {i}")


in_loop()
print(take())


def caught():
    try:
        held = Noisy("held by traceback")
        raise ValueError
    except ValueError as error:
        log.append("handling")
    log.append("handled")


caught()
print(take())


def argument(x):
    log.append("inside")


argument(Noisy("argument"))
print(take())


def closure():
    x = Noisy("captured")

    def inner():
        return x.name

    return inner


f = closure()
print(f(), take())
del f
print(take())
kept = []


class Phoenix:
    def __del__(self):
        log.append("dying")
        kept.append(self)


p = Phoenix()
del p
print(take(), len(kept))
kept.clear()
print(take())


class Parent:
    def __init__(self):
        self.child = Noisy("child")

    def __del__(self):
        log.append("parent")


p = Parent()
del p
print(take())


def generator():
    x = Noisy("in generator")
    yield 1
    log.append("never")


g = generator()
next(g)
del g
print(take())
x = Noisy("global")
x, y = 1, x
print(take(), y.name)
y = [y]
y[0] = None
print(take())
n = Noisy("rebound in call")
n = (lambda v: 5)(n)
print(take(), n)
s = {Noisy("set")}
s.clear()
print(take())


class Chain:
    def __init__(self, next):
        self.next = next


# A long chain of objects is taken apart without recursion.
head = None
for i in range(50000):
    head = Chain(head)
del head
nested = []
for i in range(50000):
    nested = [nested]
del nested
print("survived")
comprehension = [Noisy(i).name for i in range(2)]
print(comprehension, take())


def swap():
    a, b = Noisy("one"), Noisy("two")
    a, b = b, a
    log.append("swapped")


swap()
print(sorted(take()))


def early_del():
    x = Noisy("deleted")
    del x
    log.append("after del")
    try:
        x
    except UnboundLocalError:
        log.append("unbound")


early_del()
print(take())
