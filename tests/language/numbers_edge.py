# Integer and float arithmetic at the edges.

big = 2 ** 100
print(big, -big, big // 3, -big // 3, big % 7, -big % 7, big * big, big - big, big >> 90, -big >> 90, big << 3, ~big, big & (big - 1), big | 1, -big & 0xFF, big ^ -1)
for a in (7, -7):
    for b in (2, -2):
        print(a // b, a % b, divmod(a, b), divmod(float(a), b), a / b, end=" ; ")
print()
for edge in (2 ** 31, 2 ** 47, 2 ** 48, 2 ** 49, 2 ** 53, 2 ** 62, 2 ** 63, 2 ** 64):
    print(edge - 1, edge + 1, -edge - 1, (edge - 1) * (edge + 1) == edge * edge - 1, (edge - 1) + 1 == edge, -(-edge) == edge, edge.bit_length(), hash(edge), hash(-edge), (edge - 1) // -1, int(str(edge)) == edge)
print(hash(2 ** 61 - 1), hash(-1), hash(-2), hash(2 ** 61), hash(0.5), hash(1e300), hash(float("inf")), hash(1 + 2j), hash(True))
print(0.1 + 0.2, 1e308 * 10, -1e308 * 10, 1e308 * 10 - 1e308 * 10, 5e-324 / 2, 0.0 == -0.0, 1 / 3, 2 ** 0.5, 2 ** -2, (-8) ** (1 / 3), 0 ** 0, 0.0 ** 0)
print(5.0 // 0.3, -5.5 % 2, 5.5 % -2, -0.0 % 5, 1e20 % 3, 1e20 // 1e-5, float("inf") % 1 != float("inf") % 1, 3 % float("inf"), -3 % float("inf"))
print(2 ** 53 + 1 == float(2 ** 53 + 1), 2 ** 53 + 1 > float(2 ** 53), 10 ** 400 > 1e308, 10 ** 400 < float("inf"), -10 ** 400 > float("-inf"), 1 == 1.0, 2 ** 1000 == 2.0 ** 1000)
print(round(2.5), round(3.5), round(-2.5), round(2.675, 2), round(1234, -2), round(1250, -2), round(1350, -2), round(1e300, 2), round(0.5), round(1.5), round(-0.4), round(12345.678, -2), round(5, 1))
print(int(3.99), int(-3.99), int("  42 "), int("-0x1f", 16), int("0b101", 0), int("1_000"), int("z", 36), int("٣"), int(1e20), int(True), int(b"12"))
print(float("1e3"), float("  -inf "), float("1_0.5"), float("0x10") if False else "", float("nan") != float("nan"), float("1e400"), float("-1e-400"), float("infinity"))
for act in ("10 ** 400 * 1.0", "float(10 ** 400)", "1.0 / 0", "1 // 0", "0.0 % 0", "int(float('inf'))", "int(float('nan'))", "1e308 ** 2", "(-1) ** 0.5 if False else 0 ** -1", "2 ** (10 ** 20) if False else 1 << (1 << 70)",
            "round(float('inf'))", "int('1__0')", "int('9', 8)", "int('1', 1)", "int('0x')", "float('')", "float('1 2')", "3 & 1.0", "~1.5", "1 @ 2", "1 < 'a'", "1j < 2j", "1j // 2", "int(1j)", "10 ** 400 / 3", "pow(3, 2, 0)", "pow(2.0, 2, 3)"):
    try:
        print(act, "=", eval(act))
    except Exception as error:
        print(act, "->", type(error).__name__ + ":", error)
print(pow(3, 200, 1000007), pow(3, -1, 7), pow(-3, 3, 7), pow(2, 10, -7), 7 .__pow__(2), (10 ** 400 + 10 ** 399) / 10 ** 399, 10 ** 20 / 10 ** 18, (2 ** 70 + 1) / 2 ** 70)
print((255).to_bytes(2, "big"), (-2).to_bytes(3, "little", signed=True), int.from_bytes(b"\xff\xfe", "big"), int.from_bytes(b"\xff\xfe", "big", signed=True), (10).bit_count(), (-8).bit_length())
print((0.75).as_integer_ratio(), (5).as_integer_ratio(), (3.0).is_integer(), (0.1).hex(), float.fromhex("0x1.8p3"), float.fromhex("-inf"), (1.5).__trunc__(), (1.5).conjugate(), (3).numerator, (2.5).real)
print(True + True, True * 3, -True, ~True, True & False, True | 2, type(True & True).__name__, type(True & 1).__name__, sum([True] * 5), True == 1, isinstance(True, int), str(True), bool("False"), bool([]), bool(0.0), bool(-0.0))
print((1 + 2j) * (3 - 1j), (1 + 2j) / (3 - 1j), (1 + 2j) ** 2, abs(3 + 4j), (1 + 2j).conjugate(), 1j ** 2, complex("1-2j"), complex(1, 2) == 1 + 2j, -1j, 2 ** 1j == (2 + 0j) ** 1j)
print(0xFF, 0o17, 0b11, 1_000_000, 1e3, .5, 5., 0x_f, 1_0.0_1, 1E-2, 3j, 0_0)
print(bin(-10), hex(255), oct(8), hex(-2 ** 70), bin(0), format(2 ** 70, "b") == bin(2 ** 70)[2:], "%x" % 2 ** 70, f"{2 ** 70:,}")


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


def digits(n):
    return sum(map(int, str(n)))


print(factorial(50), digits(factorial(200)), factorial(60) // factorial(58), factorial(30) % (2 ** 61 - 1), len(str(3 ** 3000)), str(7 ** 500)[-20:], int(str(7 ** 500)) == 7 ** 500)
x = 1
for _ in range(70):
    x *= -2
print(x, x + 1, x - 1, x // 2 ** 65, x % 1000, abs(x), -x, x == 2 ** 70, x is not None)
s = 0
for i in range(60):
    s += 1 << i
print(s == (1 << 60) - 1, s - (1 << 60), sum(1 << i for i in range(64)))
print(sum([0.1] * 10), sum([1, 2.5, True]), sum([[1], [2]], []), max(1, 1.0), max(1.0, 1), min("b", "a"), max([3, 1, 2], key=lambda v: -v), min([], default="none"), divmod(-1, 3), divmod(2 ** 70, -3))
print(range(10)[::-3], len(range(0, 10 ** 20, 3)) if False else len(range(10, 0, -3)), 5 in range(0, 10, 5), range(0, 3) == range(0, 3, 1), list(range(5, 0, -2)), range(10 ** 20)[-1], range(3).index(2), hash(range(3)) == hash(range(0, 3)))
