# The match statement.


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Color:
    RED = "red"


def kind(value):
    match value:
        case None:
            return "none"
        case True | False:
            return "bool"
        case 0 | 1 as small:
            return f"small {small}"
        case int(n) if n < 0:
            return f"negative {n}"
        case int():
            return "int"
        case -1.5 | 2 + 3j:
            return "special number"
        case float() | complex():
            return "number"
        case "":
            return "empty string"
        case Color.RED:
            return "red"
        case str(text):
            return f"text {text!r}"
        case []:
            return "empty sequence"
        case [x]:
            return f"one {x}"
        case [Point(x=0), *rest]:
            return f"starts at the axis, then {len(rest)}"
        case [first, *_, last] if first == last:
            return f"ends meet at {first}"
        case (x, y):
            return f"pair {x} {y}"
        case [_, *middle, _]:
            return f"middle {middle}"
        case {"kind": "circle", "r": r}:
            return f"circle {r}"
        case {"kind": str(k), **others}:
            return f"{k} with {others}"
        case {}:
            return "mapping"
        case Point(0, 0):
            return "origin"
        case Point(x, y=0):
            return f"on x at {x}"
        case Point(Point(a, _), y):
            return f"nested {a} {y}"
        case Point():
            return "point"
        case _:
            return "other"


for value in (None, True, 0, 1, -7, 12, -1.5, 2 + 3j, 3.5, "", "red", "blue", [], [5], [Point(0, 1), 2, 3], [1, 2, 1], (1, 2), [1, 2, 3, 4], b"ab", {1, 2},
              {"kind": "circle", "r": 2, "z": 1}, {"kind": "box", "w": 1}, {}, {"kind": 5}, Point(0, 0), Point(4, 0), Point(Point(1, 2), 3), Point(1, 2), object, range(2), bytearray(b"x")):
    shown = value if not isinstance(value, (Point, type, list)) else type(value).__name__
    print(shown, "->", kind(value))


class TooFew:
    __match_args__ = ("a",)
    a = 1


def positional(value):
    match value:
        case TooFew(a, b):
            return a, b


def twice(value):
    match value:
        case TooFew(1, a=x):
            return x


class NoArgs:
    pass


def no_args(value):
    match value:
        case NoArgs(x):
            return x


for function, value in ((positional, TooFew()), (twice, TooFew()), (no_args, NoArgs())):
    try:
        print(function(value))
    except TypeError as error:
        print(error)

# Names bound before a failing guard stay bound; the subject is evaluated once.
calls = []


def subject():
    calls.append(1)
    return (1, 2)


match subject():
    case (a, b) if a > b:
        print("never")
    case (a, 3):
        print("never")
    case [*both]:
        print(a, b, both, len(calls))

match = {"case": 1}
match["case"] = case = 2
print(match, case)

for text in ("match x:\n case a: pass\n case b: pass", "match x:\n case [a, a]: pass", "match x:\n case {**rest, 'a': 1}: pass", "match x:\n case 1 + 1: pass", "match x:\n case P(a=1, 2): pass"):
    try:
        compile(text, "<text>", "exec")
        print("compiled")
    except SyntaxError as error:
        print(error.msg)
