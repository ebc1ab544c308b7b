"""Objects and references: every value is an object; a variable is a name bound to one."""

import sys

print("Two names, one object; an equal object is another one:")
a = [1, 2]
b = a
c = [1, 2]
print("  b is a:", b is a, "  c is a:", c is a, "  c == a:", c == a)
print("  same id:", id(a) == id(b), "  type:", type(a).__name__)
b.append(3)
print("  changed through b, seen through a:", a)

print("Assignment binds a name; it never copies and never changes an object:")
b = "something else"
print("  a is still", a)


def append_in_place(items):
    items.append("from the callee")


def rebind(items):
    items = ["new list"]
    return items


print("A call passes references to the objects (call by object):")
values = []
append_in_place(values)
rebind(values)
print("  the caller sees", values)


def collect(item, into=[]):
    into.append(item)
    return into


print("A default is one object, made when def runs:")
print(" ", collect(1), collect(2), collect.__defaults__)

print("Functions, classes and modules are objects too:")
print(" ", [type(thing).__name__ for thing in (collect, int, sys, None, collect.__code__)])
print("  a function may have attributes:", end=" ")
collect.purpose = "to show"
print(collect.purpose)

print("Containers hold references, so a row repeated is the same row:")
grid = [[0] * 3] * 2
grid[0][0] = 1
print(" ", grid, "instead of", [[1, 0, 0], [0, 0, 0]])

print("del removes a name, not the object:")
other = a
del a
print("  other is", other)
try:
    a
except NameError as error:
    print("  NameError:", error)

print("Closures share the variable, not its value of the moment:")
printers = [lambda: n for n in range(3)]
fixed = [lambda n=n: n for n in range(3)]
print(" ", [p() for p in printers], [p() for p in fixed])
