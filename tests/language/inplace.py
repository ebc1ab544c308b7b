# Augmented assignment: the in-place slot, its fallback, the order of evaluation, aliases.


class Acc:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Acc({self.value})"


def slot(name):
    def method(self, other):
        self.value.append((name, other))
        return self

    return method


for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor", "matmul"):
    setattr(Acc, f"__i{name}__", slot(name))
a = b = Acc([])
a += 1
a -= 2
a *= 3
a /= 4
a //= 5
a %= 6
a **= 7
a <<= 8
a >>= 9
a &= 10
a |= 11
a ^= 12
a @= 13
print(a, a is b)


class Declines:
    def __iadd__(self, other):
        return NotImplemented

    def __add__(self, other):
        return "added"


class Replaces:
    def __iadd__(self, other):
        return "replaced"


d = Declines()
d += 1
r = Replaces()
r += 1
print(d, r)


class Right:
    def __radd__(self, other):
        return f"radd {other}"

    def __rmatmul__(self, other):
        return f"rmatmul {other}"


n = 5
n += Right()
m = 5
m @= Right()
print(n, m)
order = []


def note(label, value):
    order.append(label)
    return value


box = [[1, 2], [3]]
note("container", box)[note("index", 0)] += note("value", [9])
print(box, order)


class Log(dict):
    def __getitem__(self, key):
        print("get", key)
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        print("set", key, value)
        super().__setitem__(key, value)


log = Log()
log["a"] = 1
log["a"] += 5


class Prop:
    @property
    def x(self):
        print("read")
        return 10

    @x.setter
    def x(self, value):
        print("write", value)


Prop().x *= 3
x = y = [1]
x += "ab"
print(y, x is y)
x *= 2
print(y, x is y)
t = u = (1,)
t += (2,)
print(t, u)
s = v = {1}
s |= {2}
s &= {2, 3}
s ^= {5}
s -= {5}
print(v, s is v)
f = g = frozenset({1})
f |= {2}
print(f == {1, 2}, g)
e = h = {"a": 1}
e |= {"b": 2}
e |= [("c", 3)]
print(h)
q = w = bytearray(b"a")
q += b"b"
q *= 2
print(w)
text = other = "a"
text += "b"
text *= 2
print(text, other)
for code in ("[] .x += 1", "n = 1; n += 'a'", "n = []; n += 5", "n = 'a'; n -= 'b'", "n = None; n += 1", "n = (); n[0] += 1", "n = {}; n['k'] += 1", "undefined_name += 1", "n = {1}; n |= [2]", "n = 1; n @= 2", "n = 1; n <<= -1"):
    try:
        exec(code)
        print(code, "ok")
    except Exception as error:
        print(code, "->", type(error).__name__ + ":", error)
for code in ("f() += 1", "a, b += 1", "(a) += 1", "[a] += 1", "1 += 1", "a += b += 1", "x: int += 1", "a + 1 += 1"):
    try:
        compile(code, "<code>", "exec")
        print(code, "compiled")
    except SyntaxError as error:
        print(code, "->", error.msg)


def unbound():
    k += 1


try:
    unbound()
except UnboundLocalError as error:
    print(error)
i = 0
values = [0, 0, 0]
values[i], i = 7, 2
i += (i := 5)
print(values, i)
