"""Generators: values computed one at a time, while a loop asks for them."""

import sys


def countdown(start):
    print("  the body starts at the first next()")
    while start > 0:
        yield start
        start -= 1
    return "lift-off"


print("A generator runs only when it is asked:")
numbers = countdown(2)
print("  made, nothing printed yet")
print("  got", next(numbers))
print("  got", next(numbers))
try:
    next(numbers)
except StopIteration as end:
    print("  the end; it returned", end.value)


def lines():
    for text in ("3 apples", "", "4 pears", "5 plums"):
        print(f"  reading {text!r}")
        yield text


def counts(source):
    for text in source:
        if text:
            yield int(text.split()[0])


print("A pipeline handles one item at a time; no list is ever made:")
for count in counts(lines()):
    print("    count", count)
    if count >= 4:
        break

print("A list comprehension makes all values at once, a generator expression none:")
squares_list = [n * n for n in range(100_000)]
squares = (n * n for n in range(100_000))
print("  the list takes more than 100 kB:", sys.getsizeof(squares_list) > 100_000)
print("  the generator takes less than 1 kB:", sys.getsizeof(squares) < 1_000)
print("  same sum:", sum(squares_list) == sum(squares), "- a second sum finds it used up:", sum(squares))


def average():
    """Receives numbers and yields their average so far."""
    total = count = 0
    result = None
    try:
        while True:
            try:
                total += yield result
                count += 1
            except ValueError as error:
                print("  skipped:", error)
            result = total / count
    finally:
        print("  closed after", count, "values")


print("send(), throw() and close() talk to the running body:")
averages = average()
next(averages)
print("  10 ->", averages.send(10))
print("  20 ->", averages.send(20))
print("  bad value ->", averages.throw(ValueError("not a number")))
averages.close()


def tree(node):
    """Walks nested lists in order; yield from hands everything on and takes the result."""
    if isinstance(node, list):
        size = 0
        for child in node:
            size += yield from tree(child)
        return size
    yield node
    return 1


def report():
    size = yield from tree([1, [2, [3]], 4])
    print("  leaves:", size)


print("yield from delegates, recursively, and passes on the return value:")
print(" ", list(report()))
