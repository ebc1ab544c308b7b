"""How one object refers to another, in words that a reader of the program knows: attribute, item, local variable."""

import types


class _Slotted:
    __slots__ = ("slot",)


_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType, type(_Slotted.slot))
# These would run code, make new objects, or repeat what another attribute says better.
_SKIPPED = {"__dict__", "__weakref__", "__doc__", "__class__", "__mro__", "__text_signature__", "__abstractmethods__",
            "__annotations__", "f_locals", "f_builtins", "f_globals", "__globals__"}


class Link:
    """One object refers to another.

    holder  the object that refers
    text    how, as it is written behind the holder's name: ".model", "['key']", "[3]", ...
    """

    def __init__(self, holder, text):
        self.holder = holder
        self.text = text

    def __repr__(self):
        return f"<Link {type(self.holder).__name__}{self.text}>"


def short(value):
    """A key as it is written; what could run foreign code or run long is described by its type."""
    if type(value) in (str, bytes, int, float, bool, complex, type(None)):
        text = repr(value)
        return text if len(text) <= 40 else text[:36] + "..." + text[-1]
    if type(value) is tuple:
        return f"({', '.join(map(short, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, (type, types.FunctionType)):
        return value.__qualname__
    return f"<{type(value).__name__}>"


def links_between(holder, target):
    """All the ways in which `holder` itself refers to `target`; at least one."""
    texts = list(dict.fromkeys(_texts(holder, target)))
    return [Link(holder, text) for text in texts or [" (inside)"]]


def _texts(holder, target):
    if isinstance(holder, dict):
        for key, value in list(holder.items()):
            if value is target:
                yield f"[{short(key)}]"
            if key is target:
                yield " (a key)"
    elif isinstance(holder, (list, tuple)):
        for index, value in enumerate(holder):
            if value is target:
                yield f"[{index}]"
        yield from _attributes(holder, target)
    elif isinstance(holder, (set, frozenset)):
        if any(value is target for value in holder):
            yield " (an element)"
    elif isinstance(holder, types.CellType):
        yield ".cell_contents"
    elif isinstance(holder, types.FunctionType):
        yield from _function_parts(holder, target)
    elif isinstance(holder, type):
        yield from (f".{name}" for name, value in list(vars(holder).items()) if value is target)
        yield from (f".__bases__[{i}]" for i, base in enumerate(holder.__bases__) if base is target)
        # vars() of a class is a view of the dict that holds its attributes.
        if type(target) is dict and list(target) == list(vars(holder)):
            yield ".__dict__"
        yield from _attributes(holder, target)
    else:
        frame = holder if isinstance(holder, types.FrameType) else _suspended_frame(holder)
        if frame is not None:
            yield from (f" (its variable {name})" for name, value in frame.f_locals.items() if value is target)
        yield from _attributes(holder, target)
        yield from _indexed(holder, target)


def _suspended_frame(holder):
    for name in ("gi_frame", "cr_frame", "ag_frame"):
        if isinstance(holder, (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)) and hasattr(holder, name):
            return getattr(holder, name)
    return None


def _function_parts(function, target):
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        try:
            if cell is target or cell.cell_contents is target:
                yield f" (closure variable {name})"
        except ValueError:
            pass  # a variable that has no value yet
    positional = code.co_varnames[:code.co_argcount]
    defaults = function.__defaults__ or ()
    for name, value in zip(positional[len(positional) - len(defaults):], defaults):
        if value is target:
            yield f" (default of {name})"
    for name, value in (function.__kwdefaults__ or {}).items():
        if value is target:
            yield f" (default of {name})"
    if function.__closure__ is target:
        yield ".__closure__"
    yield from _attributes(function, target)


def _attributes(holder, target):
    """Attributes that are stored: in the instance's dict or in slots. Properties are not asked, they run code."""
    if getattr(type(holder), "__dictoffset__", 0) or _has_dict(holder):
        try:
            attributes = object.__getattribute__(holder, "__dict__")
        except AttributeError:
            attributes = {}
        if attributes is target:
            yield ".__dict__"
        if isinstance(attributes, dict):
            yield from (f".{name}" for name, value in list(attributes.items()) if value is target)
    for cls in type.__dict__["__mro__"].__get__(type(holder)):
        for name, descriptor in list(vars(cls).items()):
            if isinstance(descriptor, _DESCRIPTORS) and name not in _SKIPPED:
                try:
                    value = descriptor.__get__(holder)
                except Exception:
                    continue  # an empty slot
                if value is target:
                    yield f".{name}"
                elif isinstance(value, (tuple, dict)) and name in ("args", "keywords"):
                    yield from (f".{name}{text}" for text in _texts(value, target))


def _has_dict(holder):
    return any("__dict__" in vars(cls) for cls in type(holder).__mro__)


def _indexed(holder, target):
    """Positions in a deque, which is no list but as good as one."""
    if type(holder).__name__ == "deque":
        yield from (f"[{index}]" for index, value in enumerate(holder) if value is target)
