"""Everyday Python for the training run of `make pgo`: classes, containers, text, generators, coroutines, exceptions."""

import asyncio
import collections
import dataclasses
import functools
import gc
import heapq
import itertools
import json
import random
import re

ROUNDS = 60


@dataclasses.dataclass(order=True)
class Job:
    priority: int
    name: str
    tags: list = dataclasses.field(default_factory=list, compare=False)


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    @property
    def length(self):
        return (self.x * self.x + self.y * self.y) ** 0.5


class Shape:
    def area(self):
        return 0

    def describe(self):
        return f"{type(self).__name__} of {self.area():.2f}"


class Square(Shape):
    def __init__(self, side):
        super().__init__()
        self.side = side

    def area(self):
        return self.side**2 + super().area()


class Circle(Shape):
    __slots__ = ("radius",)

    def __init__(self, radius):
        self.radius = radius

    def area(self):
        return 3.14159 * self.radius**2


def objects():
    total = Vector(0, 0)
    for i in range(200):
        total = total + Vector(i, i * 0.5) * 2
    shapes = [Square(i) if i % 2 else Circle(i) for i in range(100)]
    jobs = [Job(random.randrange(50), f"job {i}") for i in range(100)]
    jobs.sort()
    heapq.heapify(jobs)
    first = heapq.heappop(jobs)
    return total.length, sum(s.area() for s in shapes), [s.describe() for s in shapes], first


def containers():
    counts = collections.Counter()
    index = collections.defaultdict(list)
    for i in range(500):
        counts[i % 7] += 1
        index[i % 11, "key"].append(i)
    matrix = [[(r * c) % 10 for c in range(20)] for r in range(20)]
    turned = list(map(list, zip(*matrix)))
    flat = [value for row in turned for value in row if value]
    flat[5:9] = flat[1:5]
    unique = {frozenset((a, b)) for a, b in itertools.combinations(range(12), 2)}
    order = sorted(index.items(), key=lambda item: -len(item[1]))
    queue = collections.deque(range(50), maxlen=40)
    queue.rotate(3)
    a, b, *rest = flat
    return counts.most_common(2), len(unique), order[0][0], a + b + sum(rest), flat[::-1][:4], any(v > 8 for v in flat)


def text():
    words = re.findall(r"\w+", "the quick brown fox jumps over the lazy dog " * 20)
    lengths = {word: len(word) for word in words}
    lines = ["%-10s|%5d" % item for item in lengths.items()]
    data = json.dumps({"lines": lines, "numbers": [1, 2.5, None, True]})
    back = json.loads(data)
    joined = ",".join(line.strip().upper().replace("O", "0") for line in back["lines"])
    return joined.encode().decode(), joined.split(",")[0].startswith("THE"), "dog" in words, joined.find("FOX")


def primes():
    found = []
    for n in itertools.count(2):
        if all(n % p for p in itertools.takewhile(lambda p: p * p <= n, found)):
            found.append(n)
            yield n


def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)


@functools.lru_cache(maxsize=None)
def ways(n):
    return 1 if n < 2 else ways(n - 1) + ways(n - 2)


def generators():
    ways.cache_clear()
    return list(itertools.islice(primes(), 60)), sum(tree(7)), ways(60)


def errors():
    caught = 0
    for i in range(200):
        try:
            if i % 3 == 0:
                raise KeyError(i)
            [][i]
        except (KeyError, IndexError) as error:
            caught += len(error.args)
        finally:
            caught += 1
    return caught


async def worker(n):
    await asyncio.sleep(0)
    return n * n


async def gathering(depth=2):
    if depth == 0:
        return await worker(3)
    return sum(await asyncio.gather(*(gathering(depth - 1) for _ in range(6))))


def numbers():
    total = 0
    big = 1
    for i in range(1, 300):
        total ^= (i << 7) % 1009 + i // 3
        big = big * i % (10**40 + 7)
        total += divmod(i * 17, 5)[1]
    return total, big, round(sum(1 / n for n in range(1, 200)), 6)


def main():
    random.seed(7)
    for _ in range(ROUNDS):
        for step in (objects, containers, text, generators, errors, numbers):
            step()
        asyncio.run(gathering())
    gc.collect()


if __name__ == "__main__":
    main()
