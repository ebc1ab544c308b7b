# Names, references, identity, and which objects can change.

a = [1, 2]
b = a
c = list(a)
b.append(3)
print(a, c, a is b, a is c, a == [1, 2, 3])

t = (1, [2])
u = t
print(t[:] is t, tuple(t) is t, t + () == t, t is u)
try:
    t[0] = 5
except TypeError as error:
    print(error)
try:
    t[1] += [3]
except TypeError as error:
    print(error, t)

s = "abc"
try:
    s[0] = "x"
except TypeError as error:
    print(error)
for bad in (lambda: {[]: 1}, lambda: {{}: 1}, lambda: {1, [2]}, lambda: hash(set()), lambda: hash(bytearray())):
    try:
        bad()
    except TypeError as error:
        print(error)
print(hash((1, "a", 2.0)) == hash((1, "a", 2)), hash(1) == hash(1.0) == hash(True), {1: "int", True: "bool", 1.0: "float"})


def append_one(value, target=[]):
    target.append(value)
    return target


print(append_one(1), append_one(2), append_one(3, []), append_one.__defaults__)

grid = [[0] * 2] * 2
grid[0][0] = 1
print(grid, grid[0] is grid[1])
grid = [[0] * 2 for _ in range(2)]
grid[0][0] = 1
print(grid)

x = 7
y = x
x += 1
print(x, y)
p = q = []
p += [1]
print(p, q, p is q)
p = p + [2]
print(p, q, p is q)

nan = float("nan")
print(nan == nan, nan is nan, nan in [nan], [nan] == [nan], nan in {nan}, float("nan") in [nan], [nan].index(nan), (nan,) == (nan,))
print(None is None, True is (1 == 1), ... is Ellipsis, NotImplemented is NotImplemented)
print(id(a) == id(b), id(a) != id(c), isinstance(id(a), int))

# Equal but distinct; identity first in containers.


class Odd:
    def __eq__(self, other):
        return False

    __hash__ = object.__hash__


odd = Odd()
print(odd == odd, odd in [odd], [odd] == [odd], [odd].count(odd), [odd] != [odd], {odd: 1}[odd])

self_list = [1]
self_list.append(self_list)
print(self_list, self_list[1] is self_list)
d = {}
d["self"] = d
print(d)
t = ([],)
t[0].append(t)
print(t)


def rebind(values):
    values = values + [99]
    return values


def mutate(values):
    values += [99]
    return values


v = [1]
print(rebind(v), v, mutate(v), v)


class Holder:
    shared = []

    def __init__(self):
        self.own = []


h, k = Holder(), Holder()
h.shared.append(1)
h.own.append(1)
print(k.shared, k.own, h.shared is k.shared)
k.shared = "mine"
print(Holder.shared, h.shared, k.shared, vars(k))

copy = a[:]
a[:] = []
print(a, b, copy)
frozen = frozenset([1, 2])
print(frozen | {3}, frozen.copy() is frozen, type(frozen | {3}).__name__, {frozen: "key"}[frozenset([2, 1])])
print(h.__init__ is h.__init__, h.__init__ == h.__init__, h.__init__.__self__ is h, h.__init__ == k.__init__)
del a
try:
    a
except NameError as error:
    print(error, error.name)
