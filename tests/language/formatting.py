# str.format, f-strings, percent formatting, repr of numbers.

name, value, width = "hiss", 3.14159, 10
print(f"{name!r:>{width}}|{value:.2f}|{value:{width}.{3}}|{name=}|{value + 1 = :.1f}|{{}}|{name:^10}|{name:*<6}")
print(f"{1234567.891:,}", f"{1234567:_}", f"{255:#x} {255:#o} {255:#b} {255:08b} {255:X}", f"{-5:+d} {5:+d} {5: d}", f"{0.00001:g} {1e20:g} {123456789:e} {0.5:%}")
print(f"{'nested ' + f'{name}'}", f"{'a' if value > 3 else 'b'}", f"{[x for x in range(3)]}", f"{ {'k': 1}['k'] }", f"{lambda_ if (lambda_ := 5) else 0}")
print("{} {1} {0}".replace("{} ", "").format("a", "b"), "{0[1]} {a.real} {b[key]}".format([1, 2], a=5, b={"key": "v"}), "{:>{w}}|{:<5}|{:=+8}".format(1, 2, 3, w=4))
print("{!s} {!r} {!a}".format("é", "é", "é"), "{:c}{:c}".format(72, 105), "{:n}".format(12), "{:.3s}|{:5.1s}|".format("abcdef", "xyz"), "{:%}".format(0.25))
for spec in ("d", "10d", "<10d", "^10,d", "+,d", "#x", "010d", "x>5", "e", "z.1f", "z"):
    try:
        print(spec, format(1234, spec), end=" ")
    except ValueError as error:
        print(spec, error, end=" ")
print()
for number, spec in ((3.5, "d"), ("s", "d"), (3, "s"), (3, ".2d"), (3, ",x"), (1.5, ",s"), ("s", "="), ("s", "+"), (3, "q"), ([], "5"), (None, "5"), (3, "_,"), (2.5, "c"), (-1, "c"), (3, "99999999999999999999d")):
    try:
        print(repr(format(number, spec)))
    except (ValueError, TypeError, OverflowError) as error:
        print(type(error).__name__, error)
for text in ("{", "}", "{0", "{!x}", "{0!}", "{:{:{}}}", "{a}", "{0.}", "{0[}", "{} {0}", "{0} {}"):
    try:
        print(text, text.format(1, 2, 3))
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        print(text, type(error).__name__, error)
print("%s %r %a %d %i %5.2f %-5d| %05d %x %#X %o %e %G %c %c %%" % ("s", "r", "é", 3.9, True, 2.345, 4, 42, 255, 255, 8, 12345.678, 1e-10, "c", 100))
print("%(a)s %(b)05.1f" % {"a": 1, "b": 2.25}, "%*d %.*f" % (5, 42, 2, 3.14159), "%s" % ((1, 2),), "%+d % d" % (5, 5))
for text, args in (("%d", "x"), ("%d %d", (1,)), ("%d", (1, 2)), ("%q", 1), ("%(a)s", 1), ("%(b)s", {"a": 1}), ("%c", "ab"), ("%c", 1.5), ("%", 1), ("%x", 1.5)):
    try:
        print(text % args)
    except (TypeError, ValueError, KeyError) as error:
        print(text, type(error).__name__, error)
for x in (0.1, 1.0, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, -0.0, float("inf"), float("-inf"), float("nan"), 2 / 3, 100.0, 1e22, 1e23, 0.1 + 0.2):
    print(x, end=" ")
print()
print(1j, -1j, 1 + 2j, complex(0, -0.0), complex(1e20, 1e-7), complex("nan"), (1 + 2j).__format__(".2f"), f"{1 + 2j:>12}")
print(repr("it's"), repr('say "hi"'), repr("both ' and \""), repr("tab\t nl\n nul\0 bell\a é \u200b \U0001f40d \ud800"), ascii("é\U0001f40d"), repr(b"a'\x00\xff\n"))
print([1, "a", None, 2.5, b"x", (1,), {1: 2}, {3}, frozenset(), set(), range(3), slice(1, None, 2), ..., NotImplemented, int, len])
print(str(b"x"), str(b"\xc3\xa9", "utf-8"), "{0:{1}}".format("x", ">3"), format("x"), format(True), format(True, "d"), f"{True:5}|", f"{None}", f"{'x':}")


class Temperature:
    def __init__(self, t):
        self.t = t

    def __format__(self, spec):
        return f"<{spec or 'default'} {self.t}>"

    def __repr__(self):
        return "T"

    def __str__(self):
        return "temperature"


t = Temperature(20)
print(f"{t} {t:F} {t!r:>3} {t!s:.4}", "%s %r" % (t, t), "{:K} {!r}".format(t, t))
print("abc".center(9, "*"), "x".ljust(3) + "|", "42".zfill(5), "-42".zfill(5), "a-b_c d".title(), "HELLO World".swapcase(), "ß".upper(), "ǆ".title(), "İ".lower().encode())
print("a,b,,c".split(","), " a  b ".split(), "a\nb\r\nc\x0bd".splitlines(), "a,b,c".rsplit(",", 1), "k=v=w".partition("="), "k=v=w".rpartition("="), "x".join("abc"))
print("abcabc".replace("b", "X", 1), "abc".translate({97: "A", 98: None}), "tEST".capitalize(), "aXbX".strip("Xa"), "prefix-x".removeprefix("prefix-"), "a\tb".expandtabs(4), "%s" % "é".encode())
print("10" < "9", "a" < "B", "é" > "z", "abc" < "abcd", "x" * 3, "b" in "abc", "abc"[::-1], "abc"[-2:], "hello".find("l"), "hello".rfind("l"), "hello".count("l"), "aaa".count("aa"), "".count(""))
