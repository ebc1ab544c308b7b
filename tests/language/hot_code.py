"""Code that runs long enough to be translated must go on meaning the same when what it sees changes."""


def countdown(n):
    if n:
        yield from countdown(n - 1)
    yield n


# The first code to become hot: chains of generators that the interpreter resumed when there was no machine code.
print(sum(sum(countdown(9)) for _ in range(300)))


import gc
import sys

N = 3000


def int_to_big(n):
    x = 1
    for i in range(n):
        x = x * 3 + i
        if i % 40 == 39:
            x %= 10**9 + 7
    return x


def near_the_limit(start, n):
    x = start
    for _ in range(n):
        x += 1
    for _ in range(n):
        x -= 1
    return x


def kinds_change(values):
    total = 0
    for v in values:
        total = total + v
        total = total - 1
        total = v * 1 + total
    return total


def quotients(n):
    out = []
    for i in range(-n, n):
        out.append((i // 7, i % 7, i // 7.0, i % 2.5))
    return sum(a for a, *_ in out), sum(b for _, b, *_ in out), round(sum(c for *_, c, _ in out), 6), out[3]


def shifts(n):
    total = 0
    for i in range(n):
        total ^= (i << 44) ^ (i << (i % 60)) ^ (-i >> (i % 70)) ^ (i & -i | 1)
    return total


def compare_all(pairs):
    counts = [0] * 6
    for a, b in pairs:
        if a < b:
            counts[0] += 1
        if a <= b:
            counts[1] += 1
        if a == b:
            counts[2] += 1
        if a != b:
            counts[3] += 1
        if a > b:
            counts[4] += 1
        if a >= b:
            counts[5] += 1
    return counts


class A:
    shared = "class"

    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x


class B(A):
    __slots__ = ("y",)

    def __init__(self, x):
        super().__init__(x)
        self.y = x * 2

    def get(self):
        return super().get() + self.y


class C:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    def get(self):
        return -self.x


class D(A):
    def __getattr__(self, name):
        return f"no {name}"


def many_shapes(n):
    objects = [A(1), B(2), C(3), D(4), A(5)]
    objects[4].extra = 1
    total = 0
    for i in range(n):
        o = objects[i % 5]
        o.x += 1
        total += o.get() + o.x
    return total


def class_changes(n):
    a = A(1)
    seen = []
    for i in range(n):
        if i == n // 2:
            A.shared = "changed"
        if i == n // 2 + 500:
            a.shared = "own"
        if i == n // 2 + 900:
            A.get = lambda self: "new method"
        seen.append((a.shared, a.get()))
    del A.get
    A.get = lambda self: self.x
    A.shared = "class"
    return [seen[0], seen[n // 2], seen[n // 2 + 500], seen[n // 2 + 900]]


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    value = 1


def metaclass_changes(n):
    seen = set()
    for i in range(n):
        if i == n // 2:
            Meta.value = property(lambda cls: "from the metaclass")
        seen.add(WithMeta.value)
    del Meta.value
    return sorted(map(str, seen))


def not_callable(n):
    class Odd:
        method = None

    odd = Odd()
    errors = 0
    for _ in range(n):
        try:
            odd.method()
        except TypeError as error:
            errors += "'NoneType' object is not callable" in str(error)
    return errors


class Loud:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __del__(self):
        self.log.append(self.name)


def finalizers(n):
    log = []
    for i in range(n):
        a = Loud(log, i)
        b, a = a, None
        a, b = (Loud(log, -i), 0)
        a = b
    return len(log), log[:6], log[-4:]


def same_target_twice(n):
    log = []
    for i in range(n):
        pair = Loud(log, "first"), Loud(log, "second")
        a, a = pair
        del pair
    del a
    return log[:3], len(log)


def frame_of_finalizer(n):
    lines = set()

    class Looks:
        def __del__(self):
            frame = sys._getframe(1)
            lines.add((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))

    def holder():
        thing = Looks()
        thing = None
        return thing

    for _ in range(n):
        holder()
    return sorted(lines)


def errors_with_lines(n):
    found = set()
    items = [1, 2]
    for i in range(n):
        try:
            if i % 3 == 0:
                items[i]
            elif i % 3 == 1:
                items.nothing
            else:
                items + i
        except (IndexError, AttributeError, TypeError) as error:
            tb = error.__traceback__
            found.add((type(error).__name__, str(error), tb.tb_lineno - errors_with_lines.__code__.co_firstlineno))
    return sorted(found)


def unbound(n):
    out = []
    for i in range(n):
        if i == n - 1:
            del value
        else:
            value = i
        try:
            value
        except UnboundLocalError as error:
            out.append(str(error))
    return out


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


def too_deep():
    for _ in range(500):
        deep(20)
    try:
        return deep(10**6)
    except RecursionError as error:
        return str(error)


def produce(n):
    received = []
    for i in range(n):
        got = yield i
        if got:
            received.append(got)
    return received


def delegate(n):
    result = yield from produce(n)
    return len(result)


def drive(n):
    g = delegate(n)
    total = next(g)
    while True:
        try:
            total += g.send(total % 2)
        except StopIteration as stop:
            return total, stop.value


def closures(n):
    count = 0

    def add(k):
        nonlocal count
        count += k
        return count

    for i in range(n):
        add(i)
    return count, [f(2) for f in [lambda x, k=k: x * k + count for k in range(3)]]


def defaults(a, b=2, *rest, c=3, **more):
    return a, b, rest, c, sorted(more.items())


def many_calls(n):
    out = set()
    for i in range(n):
        out.add(repr(defaults(i % 2)))
        out.add(repr(defaults(1, c=i % 3)))
        out.add(repr(defaults(*range(i % 5 + 1), **{"z": 1})))
    return len(out)


def items_of_everything(n):
    lst, tup, dic, txt = [1, 2, 3], (4, 5, 6), {0: "a", "k": "b"}, "xyz"
    out = 0
    for i in range(n):
        for container in (lst, tup, txt):
            out += hash(container[i % 3 - 3]) % 2
        lst[i % 3 - 3] = i
        dic[i % 2] = dic["k"]
        out += lst[-1] + len(dic[0]) + lst[1:][0]
        lst[0:2] = [i, i + 1]
    return out % 2, lst, dic


def truths(values):
    return [sum(1 for v in values if v), sum(not v for v in values), [v and 1 or 2 for v in values[:6]]]


def nones(n):
    total = 0
    for i in range(n):
        v = None if i % 3 else [i]
        if v is None:
            total += 1
        if v is not None and v:
            total += v[0]
        if (i if i % 2 else None) is None:
            total -= 1
    return total


def mutates_while_iterating():
    out = []
    for _ in range(600):
        data = [1, 2, 3]
        for x in data:
            if len(data) < 6:
                data.append(x * 2)
        out.append(tuple(data))
    return set(out)


def main():
    print(int_to_big(N))
    for start in (2**48 - 1000, -(2**48) + 1000, 2**62 - 1000, 2**63 - 1000):
        print(near_the_limit(start, N))
    print(kinds_change([1] * N + [0.5] * N + [True] * 10 + [2**70] * 5))
    print(repr(kinds_change([1e308] * N)), repr(kinds_change([1.0] * N + [float("nan")])))
    print(quotients(N), shifts(N))
    print(compare_all([(i % 5, 2) for i in range(N)] + [(i % 5 + 0.5, 2) for i in range(N)] + [("a", "b"), ("b", "a")]))
    print(many_shapes(N), class_changes(N), metaclass_changes(N), not_callable(N))
    print(finalizers(N), same_target_twice(N), frame_of_finalizer(N))
    print(errors_with_lines(N), unbound(N), too_deep())
    print(drive(N), closures(N), many_calls(N))
    print(items_of_everything(N), truths([0, 1, "", "a", None, [], [0], 0.0, 1.5] * 400), nones(N))
    print(mutates_while_iterating())
    gc.collect()


if __name__ == "__main__":
    main()
