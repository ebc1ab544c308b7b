# Loops with else, chained comparison, short circuits, conditional expressions, walrus, try inside loops, del, lambda, async basics.

for n in range(2, 12):
    for k in range(2, n):
        if n % k == 0:
            print(n, "=", k, "*", n // k)
            break
    else:
        print(n, "is prime")
n = 3
while n:
    n -= 1
    if n == 1:
        continue
else:
    print("while ended", n)
calls = []


def say(label, value):
    calls.append(label)
    return value


def called(value):
    result = calls[:]
    calls.clear()
    return value, result


print(called(say("a", 1) < say("b", 3) < say("c", 2) < say("d", 9)), called(say("a", 0) and say("b", 1)), called(say("a", 0) or say("b", "x")), called(say("a", 1) or say("b", 2)))
print(called(say("t", 1) if say("c", 0) else say("e", 2)), called(not say("a", [])), 1 < 2 > 1 == 1 != 2, 1 in [1] == True, (1 in [1]) == True, not 1 == 2, 5 if [] else 6 if {} else 7)
if (size := len("hello")) > 3 and (half := size // 2):
    print(size, half)


def early(values):
    for v in values:
        try:
            if v == 0:
                continue
            if v > 3:
                return f"returned {v}"
            10 // (v - 1)
        except ZeroDivisionError:
            print("caught at", v)
        else:
            print("fine", v)
        finally:
            print("finally", v)
    else:
        return "exhausted"


print(early([0, 1, 2, 5, 6]), early([2]))


def finally_override():
    for i in range(3):
        try:
            return i
        finally:
            if i < 2:
                continue
    return "end"


print(finally_override())


def deep_break():
    result = []
    for a in range(3):
        for b in range(3):
            try:
                with_value = a * b
                if with_value == 1:
                    break
                result.append((a, b))
            finally:
                result.append("f")
        else:
            result.append("else")
    return result


print(deep_break())


async def waits(value):
    return value * 2


async def main():
    total = 0
    for i in range(3):
        total += await waits(i)
    return total


def drive(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


class Pause:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return got


class AsyncThing:
    async def __aenter__(self):
        print("aenter")
        return self

    async def __aexit__(self, *details):
        print("aexit", details[0])
        return True

    def __aiter__(self):
        self.n = 0
        return self

    async def __anext__(self):
        self.n += 1
        if self.n > 3:
            raise StopAsyncIteration
        return await waits(self.n)


async def uses():
    async with AsyncThing() as thing:
        async for v in thing:
            print("item", v)
        print([v async for v in thing if v > 2], await Pause("x") if False else "no pause")
        raise KeyError("swallowed")
    return "done"


print(drive(main()), drive(uses()))


async def asks():
    return await Pause("please"), await Pause("again")


c = asks()
print(c.send(None), c.send(1))
try:
    c.send(2)
except StopIteration as stop:
    print(stop.value)
try:
    c.send(None)
except RuntimeError as error:
    print(error)


async def bad():
    await 5


try:
    drive(bad())
except TypeError as error:
    print(error)
for code in ("break", "continue", "return 1", "yield 1", "await x", "def f():\n  nonlocal q", "def f():\n  x = 1\n  global x", "class A:\n return 1", "async def f():\n  yield from x", "for x in y:\n def g():\n  break",
             "if 1:\nprint()", "  x = 1", "x = (1", "x = 1)", "'abc", "x = 5 5", "else:\n pass", "print 5", "if x = 1: pass", "def f(:\n pass", "a b", "import", "from x import *, y", "f'{}'", "f'{a'", "x = $", "0777", "1__0", "lambda: (yield)",
             "class C: x: int = 1; del x", "try:\n pass", "with open(x) as 1: pass", "raise x, y", "[x for x in 1, 2]", "{1: 2, 3}", "while True print(1)", "\tif 1:\n        x", "nonlocal x", "from __future__ import nothing", "x++", "a ? b", "not = 1"):
    try:
        compile(code, "<code>", "exec")
        print(repr(code), "compiled")
    except SyntaxError as error:
        print(repr(code), "->", type(error).__name__, error.msg, error.lineno, error.offset)
