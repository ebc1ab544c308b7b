# Lists, dicts and sets: methods, changes during iteration, slices, ordering, sorting.


def show(text):
    try:
        print(text, "=", eval(text))
    except Exception as error:
        print(text, "->", type(error).__name__ + ":", error)


d = {i: i for i in range(4)}


def change_size():
    for k in d:
        d[k + 10] = 0


def change_keys():
    e = {0: 0, 1: 1}
    for k in e:
        del e[k]
        e[k + 5] = 1


def change_set():
    s = {1, 2, 3}
    for k in s:
        s.add(k + 10)


def change_items():
    e = {"a": 1}
    for k, v in e.items():
        e.clear()
        e["b"] = e["c"] = 2


for function in (change_size, change_keys, change_set, change_items):
    try:
        function()
        print("no error")
    except RuntimeError as error:
        print(error)
numbers = [0, 1, 2, 3, 4, 5]
for n in numbers:
    if n % 2 == 0:
        numbers.remove(n)
print(numbers)
grown = [1]
for n in grown:
    if n < 5:
        grown.append(n + 1)
print(grown)

v = list(range(10))
v[2:5] = "abc"
v[::3] = [0, 0, 0, 0]
del v[-2:]
v[1:1] = [9, 9]
print(v, v[-3:], v[::-1], v[10:], v[5:2], v[slice(None, None, 4)])
for act in ("[1, 2, 3].__setitem__(slice(0, 3, 2), [1])", "[1][5]", "[1]['a']", "[1][1.0]", "[1].pop(5)", "[].pop()", "[1].index(2)", "[1].remove(2)", "[1] * 'a'", "[1] + 'a'", "(1, 2).index(3)", "[1, 2][::0]",
            "{}.popitem()", "set().pop()", "{1: 2}[2]", "{}['a']", "{1}.remove(5)", "{1} + {2}", "{1} | [2]", "{1}.union([2])", "{1, 2} ^ {2, 3}", "{1} <= {1, 2}", "{1} < {1}", "{} < {}", "{1: 2} | {3: 4}", "{1: 2} | [(3, 4)]",
            "dict.fromkeys('ab', 0)", "dict([('a', 1)], b=2)", "dict(['ab', 'cd'])", "dict([1])", "{'a': 1}.setdefault('b', 2)", "list({'b': 1, 'a': 2})", "{1: 'a', 1.0: 'b', True: 'c'}", "{'a': 1}.items() & {('a', 1)}",
            "{'a': 1}.keys() | {'b'} == {'a', 'b'}", "list(reversed({'a': 1, 'b': 2}))", "[1, 2] < [1, 3]", "[1, 'a'] < [2, 1]", "[1, 'a'] < [1, 2]", "(1,) < [1]", "[] == ()", "[1, [2]] == [1, [2]]", "sorted({3, 1, 2})", "sorted('bAc')",
            "sorted('bAc', key=str.lower)", "sorted([3, 1, 2], reverse=True)", "sorted([(1, 'b'), (0, 'z'), (1, 'a')])", "sorted([1, 'a'])", "sorted([None, 1])", "list(zip([1, 2], 'ab', [3]))", "list(map(lambda a, b: a + b, [1, 2], [3, 4]))",
            "list(filter(None, [0, 1, '', 'a']))", "list(enumerate('ab', 5))", "list(reversed([1, 2]))", "any([])", "all([])", "(1, 2) * 2", "(1, 2) + (3,)", "[0] * -1", "'a' in ['a']", "len({1, 1.0, True})", "[[]] * 2",
            "bytes([1, 2]) + b'a'", "b'abc'[1]", "b'abc'[1:]", "bytearray(b'ab').pop()", "b'a' == 'a'", "b'a,b'.split(b',')", "b'a'.join([b'x', 'y'])", "bytes('a')", "bytes(-1)", "bytearray(2)", "list(b'ab')", "b'%d' % 5", "memoryview(b'abc')[1:].tobytes()"):
    show(act)

people = [("Ann", 3), ("Bob", 1), ("Cid", 3), ("Dee", 1), ("Eve", 2)]
print(sorted(people, key=lambda p: p[1]))
print(sorted(people, key=lambda p: p[1], reverse=True))
stable = [(i % 7, i) for i in range(200)]
stable.sort(key=lambda p: p[0])
print(all(a[0] < b[0] or a[1] < b[1] for a, b in zip(stable, stable[1:])), stable[:3], stable[-1])
seed = 12345
shuffled = []
for i in range(500):
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    shuffled.append(seed % 1000)
print(sum(i * x for i, x in enumerate(sorted(shuffled))), sorted(shuffled) == sorted(shuffled[::-1]), sorted(map(float, shuffled))[250], sorted(map(str, shuffled))[250], sorted(shuffled + [0.5])[1])


class Weird:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        comparisons.append((self.n, other.n))
        return self.n < other.n


comparisons = []
print([w.n for w in sorted(map(Weird, [3, 1, 2, 5, 4, 0]))], comparisons)
busy = [3, 2, 1]
try:
    busy.sort(key=lambda v: busy.append(v) or v)
except ValueError as error:
    print(error, len(busy))


class Fails:
    def __lt__(self, other):
        raise ZeroDivisionError("in comparison")


items = [Fails(), Fails()]
try:
    items.sort()
except ZeroDivisionError as error:
    print(error, len(items))


class Key:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return self.n == other.n

    def __repr__(self):
        return f"Key({self.n})"


collide = {Key(i % 5): i for i in range(12)}
print(collide, Key(3) in collide, collide.pop(Key(4)), list(collide), len({Key(1), Key(1), Key(2)}))
order = {}
for k in "cab":
    order[k] = 1
del order["c"]
order["c"] = 2
order["a"] = 3
print(order, order.popitem(), list(order.values()), order == {"b": 1, "a": 3})
many = {i: str(i) for i in range(1000)}
for i in range(0, 1000, 2):
    del many[i]
print(len(many), sum(many), next(iter(many)), list(many)[-1], many.get(500), many.get(501))
view = order.keys()
order["new"] = 1
print(list(view), len(view), "new" in view, {**order, "a": 0})


class Missing(dict):
    def __missing__(self, key):
        return f"no {key}"


m = Missing(a=1)
print(m["a"], m["b"], m.get("b"), len(m))
a = [1, 2, 3]
a.extend(a)
a += (4,)
a *= 2
a.insert(-100, "first")
a.insert(100, "last")
print(a, a.count(2), a.copy() is a, a.index(4), a.index(1, 3))
i = iter([1, 2, 3])
print(next(i), list(i), list(i), i.__length_hint__(), next(i, "default"), list(iter(iter([5, 6, 0, 7]).__next__, 0)))
nested = {"a": [1, {"b": (2, {3})}]}
print(nested, str(nested) == repr(nested), nested["a"][1]["b"][1].pop(), nested)
