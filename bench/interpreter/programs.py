"""Six small programs; prints "name seconds" for each. Run by compare.py under each interpreter."""

import sys
import time


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def run_fib():
    return fib(27)


def run_int_loop():
    s = 0
    i = 0
    while i < 2000000:
        s = s + i % 7 * 3
        i = i + 1
    return s


class Body:
    def __init__(self, x, v):
        self.x = x
        self.v = v


def run_float_attributes():
    b = Body(0.0, 1.0)
    for _ in range(600000):
        b.v = b.v - b.x * 0.01
        b.x = b.x + b.v * 0.01
    return b.x


def numbers(n):
    i = 0
    while i < n:
        yield i
        i += 1


def run_generator():
    s = 0
    for v in numbers(1000000):
        s += v
    return s


class Counter:
    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n = self.n + k
        return self

    def get(self):
        return self.n


def run_methods():
    c = Counter()
    t = 0
    for i in range(600000):
        c.add(i)
        t += c.get()
    return t


def run_dict():
    d = {}
    keys = ["k%d" % i for i in range(64)]
    for i in range(1000000):
        k = keys[i & 63]
        d[k] = d.get(k, 0) + 1
    return len(d)


PROGRAMS = [run_fib, run_int_loop, run_float_attributes, run_generator, run_methods, run_dict]

for program in PROGRAMS:
    best = 1e9
    for _ in range(3):
        start = time.perf_counter()
        program()
        best = min(best, time.perf_counter() - start)
    print(program.__name__[4:], "%.4f" % best)
    sys.stdout.flush()
