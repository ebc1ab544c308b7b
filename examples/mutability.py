"""Mutable and immutable objects: what changes in place, and what makes a new object."""

import copy


def same_object_after(name, value, change):
    before = value
    after = change(value)
    print(f"  {name:10} {'the same object' if after is before else 'another object'}: {after!r}")


def add(value):
    def change(target):
        target += value
        return target
    return change


print("+= changes a mutable object in place and rebinds the name to a new object otherwise:")
same_object_after("list", [1], add([2]))
same_object_after("bytearray", bytearray(b"a"), add(b"b"))
same_object_after("tuple", (1,), add((2,)))
same_object_after("str", "a", add("b"))
same_object_after("bytes", b"a", add(b"b"))
same_object_after("frozenset", frozenset({1}), lambda s: s | {2})
same_object_after("set", {1}, lambda s: s.add(2) or s)
same_object_after("dict", {"a": 1}, lambda d: d.update(b=2) or d)

print("Immutable objects refuse:")
for text in ("(1, 2)[0] = 3", "'abc'[0] = 'x'", "b'abc'[0] = 1", "frozenset().add(1)", "True.x = 1"):
    try:
        exec(text)
    except (TypeError, AttributeError) as error:
        print(f"  {text}: {type(error).__name__}: {error}")

print("A tuple does not change, what it refers to may:")
pair = ([], "text")
pair[0].append(1)
print(" ", pair)
try:
    pair[0] += [2]
except TypeError as error:
    print("  pair[0] += [2] raises", error, "- and has done its work:", pair)

print("Only what cannot change may be a key; equal keys have equal hashes:")
print(" ", hash((1, "a")) == hash((1, "a")), hash(1) == hash(1.0) == hash(True), {1: "int", 1.0: "float", True: "bool"})
for key in ([], {}, set(), (1, [])):
    try:
        {key: None}
    except TypeError as error:
        print(f"  {key!r}: {error}")

print("A shallow copy shares what is inside, a deep copy does not:")
original = {"layers": [64, 64]}
shallow, deep = copy.copy(original), copy.deepcopy(original)
original["layers"].append(10)
print("  shallow", shallow, " deep", deep)
print("  copying an immutable object gives it back:", copy.copy(pair) is pair, copy.deepcopy("text") == "text")

print("Changing a container while walking it:")
try:
    scores = {"a": 1, "b": 2}
    for name in scores:
        del scores[name]
except RuntimeError as error:
    print("  RuntimeError:", error)
