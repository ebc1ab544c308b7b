# Context and cause, the order of finally blocks, what the messages say.


def chain(error):
    parts = []
    while error is not None:
        parts.append(repr(error))
        if error.__cause__ is not None:
            parts.append("caused by")
            error = error.__cause__
        elif error.__context__ is not None and not error.__suppress_context__:
            parts.append("while handling")
            error = error.__context__
        else:
            error = None
    return " ".join(parts)


def implicit():
    try:
        {}["k"]
    except KeyError:
        1 / 0


def explicit():
    try:
        int("x")
    except ValueError as error:
        raise RuntimeError("outer") from error


def suppressed():
    try:
        [].pop()
    except IndexError:
        raise RuntimeError("alone") from None


for function in (implicit, explicit, suppressed):
    try:
        function()
    except Exception as error:
        print(chain(error), "|", repr(error.__context__))


def order(kind):
    log = []

    def body():
        for i in range(3):
            try:
                log.append(f"try {i}")
                if i == 1:
                    if kind == "return":
                        return "returned"
                    if kind == "break":
                        break
                    if kind == "continue":
                        continue
                    if kind == "raise":
                        raise ValueError("v")
            except ValueError:
                log.append("except")
                raise
            else:
                log.append("else")
            finally:
                log.append(f"finally {i}")
        return "end"

    try:
        log.append(body())
    except ValueError as error:
        log.append(repr(error))
    return log


for kind in ("return", "break", "continue", "raise", "none"):
    print(kind, order(kind))


def override():
    try:
        raise KeyError("lost")
    finally:
        return "finally wins"


def nested():
    try:
        try:
            raise ValueError(1)
        finally:
            try:
                raise TypeError(2)
            except TypeError:
                pass
    except ValueError as error:
        return repr(error), error.__context__


print(override(), nested())

try:
    try:
        raise ValueError("first")
    except ValueError as error:
        pass
    error
except NameError as missing:
    print(missing)

try:
    raise
except RuntimeError as error:
    print(error)


class Custom(Exception):
    def __init__(self, code, *rest):
        super().__init__(code, *rest)
        self.code = code

    def __str__(self):
        return f"code {self.code}"


for error in (Custom(1), Custom(2, "x"), KeyError("a"), KeyError("a", "b"), OSError(2, "No such file"), OSError(13, "denied", "name.txt"), Exception(),
              Exception("one"), Exception("one", 2), StopIteration(5), SystemExit(3), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad byte"),
              ImportError("no", name="n"), AttributeError("a"), SyntaxError("bad"), AssertionError("told you")):
    print(type(error).__name__, "|", str(error), "|", repr(error), "|", error.args)

for act in ("1 / 0", "1 % 0", "1.0 // 0", "2 ** -1 if False else 0.0 ** -1", "[][0]", "()[1]", "'abc'[9]", "{}['missing']", "{1}.remove(2)", "None.x", "(1).real.y", "undefined",
            "len(5)", "int('12x')", "int('', 16)", "float('one')", "chr(-1)", "ord('ab')", "[1, 2].index(3)", "'a' + 1", "1 + 'a'", "[] + ()", "None()", "5[0]", "{}.pop('x')",
            "[].remove(1)", "iter(5)", "next(iter([]))", "a, b = 1", "int([])", "'%d' % 'x'", "'{}'.format()", "b'a'.decode('nope')", "'\\ud800'.encode()", "b'\\xff'.decode()",
            "max([])", "range(1, 2, 0)", "sum(['a'])", "[3, 'a'].sort()", "isinstance(1, 2)", "issubclass(1, int)", "bytes([256])", "'x' in 5", "-'x'", "not_here.attribute", "round('x')",
            "(lambda: x_y_z)()", "dict([1])", "dict([(1, 2, 3)])", "set([[]])", "abs('x')", "pow(2, -1, 4)", "1 << -1", "'x' * 1.5", "divmod(1, 0)", "complex('1+')",
            "object().x", "type('T', (), {})().y", "int.fake", "[1, 2, 3].append(1, 2)", "print(sep=1)", "sorted(5)", "zip([1], [1, 2], strict=True).__next__() and list(zip([1], [1, 2], strict=True))"):
    try:
        if act.startswith("a, b"):
            exec(act)
        else:
            print(act, "=", eval(act))
    except Exception as error:
        print(act, "->", type(error).__name__ + ":", error)

try:
    assert 1 == 2, ("message", 3)
except AssertionError as error:
    print(error.args)


def with_notes():
    error = ValueError("noted")
    error.add_note("first note")
    error.add_note("second note")
    return error.__notes__


print(with_notes())
group = ExceptionGroup("many", [ValueError(1), TypeError(2), ExceptionGroup("inner", [KeyError(3)])])
print(group, repr(group), group.subgroup(KeyError), group.split(ValueError))
try:
    raise 5
except TypeError as error:
    print(error)
try:
    raise ValueError from 5
except TypeError as error:
    print(error)
try:
    try:
        1 / 0
    except 5:
        pass
except TypeError as error:
    print(error, repr(error.__context__))


def depth(n):
    return depth(n + 1)


try:
    depth(0)
except RecursionError as error:
    print(type(error).__name__, str(error)[:32])
else:
    print("no error")
