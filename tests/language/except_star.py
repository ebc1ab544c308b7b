"""except* and exception groups (PEP 654)."""
import sys
import traceback


def show(e, indent="  "):
    if isinstance(e, BaseExceptionGroup):
        print(indent + type(e).__name__, repr(e.message), "context:", repr(e.__context__), "cause:", repr(e.__cause__))
        for member in e.exceptions:
            show(member, indent + "  ")
    else:
        print(indent + repr(e), "context:", repr(e.__context__), "cause:", repr(e.__cause__))


def attempt(function):
    print(function.__name__)
    try:
        function()
    except BaseException as e:
        show(e)
        traceback.print_exception(e, file=sys.stdout)
    print("  handled now:", sys.exc_info()[1])


GROUP = lambda: ExceptionGroup("g", [ValueError(1), TypeError(2), ExceptionGroup("n", [ValueError(3), OSError(4)])])


def parts():
    try:
        raise GROUP()
    except* ValueError as e:
        print("  values", repr(e), sys.exc_info()[1] is e)
    except* (TypeError, KeyError) as e:
        print("  types", repr(e))
    print("  not here")


def all_caught():
    try:
        raise GROUP()
    except* Exception as e:
        print("  all", repr(e))
    else:
        print("  else")
    finally:
        print("  finally")
    try:
        print("  e is", e)
    except UnboundLocalError as gone:
        print(" ", gone)


def bare():
    try:
        raise KeyError("k")
    except* KeyError as e:
        print("  bare", repr(e))
    try:
        raise KeyboardInterrupt
    except* KeyboardInterrupt as e:
        print("  base", repr(e))


def bare_other():
    try:
        raise KeyError("k")
    except* TypeError:
        print("  wrong")


def raises_new():
    try:
        raise GROUP()
    except* ValueError:
        raise RuntimeError("new")
    except* TypeError as e:
        raise LookupError("two") from e


def reraises():
    try:
        raise GROUP()
    except* ValueError:
        raise
    except* OSError as e:
        raise e


def bare_raises_new():
    try:
        raise KeyError("k")
    except* KeyError:
        raise IndexError("i")


def nested():
    try:
        try:
            raise GROUP()
        except* TypeError:
            raise MemoryError
    except* MemoryError as e:
        print("  inner", repr(e))


def with_else():
    try:
        pass
    except* ValueError:
        print("  wrong")
    else:
        print("  else")
    finally:
        print("  finally")


def loops():
    try:
        raise GROUP()
    except* ValueError:
        for i in range(5):
            if i == 2:
                continue
            if i == 3:
                break
        print("  i", i)
        print("  returned", (lambda: 5)())
    except* Exception:
        pass


def bad_types():
    for bad in (ExceptionGroup, (ValueError, BaseExceptionGroup), 1, (ValueError, "x")):
        try:
            try:
                raise ValueError
            except* bad:
                pass
        except TypeError as e:
            print(" ", e)


class Custom(ExceptionGroup):
    def __new__(cls, message, excs, code):
        self = super().__new__(cls, message, excs)
        self.code = code
        return self

    def derive(self, excs):
        print("  derive", excs)
        return Custom(self.message, excs, self.code)


def custom():
    e = Custom("c", [ValueError(1), TypeError(2)], 42)
    e.add_note("note")
    print(" ", repr(e.subgroup(ValueError)), e.subgroup(ValueError).code, e.subgroup(KeyError))
    print(" ", e.split(lambda x: isinstance(x, TypeError))[0].__notes__)
    try:
        raise e
    except* TypeError as t:
        print("  caught", t.code)


def constructor():
    for arguments in ((), ("m",), (1, [ValueError()]), ("m", 1), ("m", []), ("m", [1]), ("m", {1: 2}), ("m", [ValueError])):
        try:
            ExceptionGroup(*arguments)
        except (TypeError, ValueError) as e:
            print(" ", type(e).__name__, e)
    try:
        ExceptionGroup("m", [KeyboardInterrupt()])
    except TypeError as e:
        print(" ", e)
    print(" ", repr(BaseExceptionGroup("m", [KeyError()])), str(BaseExceptionGroup("m", [KeyError(), SystemExit()])))
    for condition in (1, "x", [ValueError], (ValueError, 1), ValueError(), int, print):
        try:
            print(" ", GROUP().split(condition))
        except TypeError as e:
            print(" ", e)


for f in (parts, all_caught, bare, bare_other, raises_new, reraises, bare_raises_new, nested, with_else, loops, bad_types,
          custom, constructor):
    attempt(f)

for source in (
    "try: pass\nexcept A: pass\nexcept* B: pass",
    "try: pass\nexcept* A: pass\nexcept B: pass",
    "try: pass\nexcept*: pass",
    "try: pass\nexcept* A: pass\nexcept: pass",
    "def f():\n try: pass\n except* A: return 1",
    "def f():\n try: pass\n except* A: return",
    "while 1:\n try: pass\n except* A: break",
    "while 1:\n try: pass\n except* A as e:\n  if x: continue",
    "while 1:\n try: pass\n except* A:\n  for x in y: break",
    "def f():\n try: pass\n except* A:\n  try: pass\n  finally: return 1",
):
    try:
        compile(source, "f", "exec")
        print("fine")
    except SyntaxError as e:
        print(e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset)
