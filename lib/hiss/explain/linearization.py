"""The method resolution order of a class, computed in the open: C3, and the order of Python 2's classic classes."""

import sys


class Step:
    """One step of the merge.

    lists     the lists before the step, those that are not empty
    taken     the head that was taken, or None when every head was rejected
    rejected  pairs (head, list): the head was not taken because it stands behind another in the tail of this list
    """

    def __init__(self, lists, taken, rejected):
        self.lists = lists
        self.taken = taken
        self.rejected = rejected

    def __repr__(self):
        return f"<Step: {'take ' + self.taken.__name__ if self.taken else 'no head can be taken'}>"


class Linearization:
    """How the method resolution order of a class came about; str() is the printed text.

    bases        the direct bases
    steps        the steps of the C3 merge
    order        the order under C3, a tuple of classes; None when there is none
    error        the message of Python's TypeError when there is none, else None
    depth_first  the order of Python 2's classic classes: depth first, left to right, first visit counts
    name         the attribute asked for, or None
    found        the class whose definition of `name` runs under C3, or None
    found_depth_first   the same under the depth-first order
    """

    def __init__(self, subject, name=None):
        if isinstance(subject, tuple):
            self.cls, self.bases = None, subject or (object,)
        else:
            self.cls, self.bases = subject, subject.__bases__
        for base in self.bases:
            if not isinstance(base, type):
                raise TypeError(f"mro() takes a class or a tuple of classes, not {base!r}")
        self.name = name
        self.steps, self.order, self.error = merge(self.bases)
        if self.order is not None:
            self.order = self._with_subject(self.order)
        self.depth_first = self._with_subject(depth_first(self.bases))
        self.found = find(name, self.order or ())
        # A classic class had no base called object, so its definitions come into play for new-style classes only.
        self.found_depth_first = find(name, self.depth_first)

    def _with_subject(self, order):
        return order if self.cls is None else (self.cls, *order)

    def __repr__(self):
        what = self.error.replace("\n", " ") if self.error else names(self.order)
        return f"<Linearization of {self._title()}: {what}>"

    def __str__(self):
        return "\n".join(self._lines())

    def _title(self):
        return f"{self.cls.__name__ if self.cls else 'class'}({names(self.bases)})"

    def _lines(self):
        yield self._title()
        if self.cls is object:
            yield "  object has no bases: its order is object alone"
        elif self.steps:
            yield "C3 merges the orders of the bases and the list of bases. It takes the first head that stands in no tail:"
        for step in self.steps:
            yield f"  merge {' + '.join(map(bracketed, step.lists))}"
            for head, where in step.rejected:
                yield f"    reject {head.__name__}: it stands behind {where[0].__name__} in {bracketed(where)}"
            yield f"    take {step.taken.__name__}" if step.taken else "    no head is left to take"
        if self.error:
            yield f"TypeError: {self.error}"
        yield from self._orders()
        if self.name is not None:
            yield from self._definitions()
        if self.cls is not None and self.order is not None and self.cls.__mro__ != self.order:
            yield f"{type(self.cls).__name__}.mro() returns another order, which Python uses: {names(self.cls.__mro__)}"

    def _orders(self):
        """The two orders side by side, lines that differ marked."""
        left = [cls.__name__ for cls in self.order or ()]
        right = [cls.__name__ for cls in self.depth_first]
        if self.order is None:
            yield f"depth first (classic classes of Python 2): {', '.join(right)}"
            return
        width = max(len("C3"), *map(len, left)) + 2
        yield f"     {'C3':{width}}depth first (classic classes of Python 2)"
        for number in range(max(len(left), len(right))):
            one = left[number] if number < len(left) else ""
            other = right[number] if number < len(right) else ""
            mark = "  <- differs" if other and one != other else ""
            yield f"  {number + 1:2} {one:{width}}{other}{mark}".rstrip()

    def _definitions(self):
        if self.order is not None:
            yield f"{self.name} under C3: {definition(self.found, self.name)}"
        yield f"{self.name} depth first: {definition(self.found_depth_first, self.name)}"


def merge(bases):
    """The C3 merge for a class with these bases: its steps, the order without the class itself, and the error."""
    for number, base in enumerate(bases):
        if base in bases[:number]:
            return [], None, f"duplicate base class {base.__name__}"
    lists = [list(base.__mro__) for base in bases]
    if len(bases) > 1:
        lists.append(list(bases))
    steps, order = [], []
    while lists := [classes for classes in lists if classes]:
        step = Step([tuple(classes) for classes in lists], None, [])
        steps.append(step)
        for head in dict.fromkeys(classes[0] for classes in lists):
            behind = next((tuple(classes) for classes in lists if head in classes[1:]), None)
            if behind is None:
                step.taken = head
                break
            step.rejected.append((head, behind))
        if step.taken is None:
            heads = ", ".join(dict.fromkeys(classes[0].__name__ for classes in lists))
            return steps, None, f"Cannot create a consistent method resolution\norder (MRO) for bases {heads}"
        order.append(step.taken)
        lists = [classes[1:] if classes[0] is step.taken else classes for classes in lists]
    return steps, tuple(order), None


def depth_first(bases):
    """Classic classes: each base, then its bases, from left to right; a class met again is no news."""
    order = {}

    def visit(cls):
        if cls is object or cls in order:
            return
        order[cls] = True
        for base in cls.__bases__:
            visit(base)

    for base in bases:
        visit(base)
    return tuple(order)


def find(name, order):
    return None if name is None else next((cls for cls in order if name in vars(cls)), None)


def definition(cls, name):
    """The definition's full name and, when it is a Python function, where it stands."""
    if cls is None:
        return "no definition"
    value = vars(cls)[name]
    function = getattr(value, "__func__", value)
    code = getattr(function, "__code__", None)
    where = f" ({code.co_filename.rpartition('/')[2]}, line {code.co_firstlineno})" if code else ""
    return f"{cls.__qualname__}.{name}{where}"


def names(classes):
    return ", ".join(cls.__name__ for cls in classes)


def bracketed(classes):
    return f"[{names(classes)}]"


def mro(cls, name=None, *, out=None):
    """Prints how the method resolution order of `cls` comes about, step by step.

    Beside it stands the order in which Python 2's classic classes were searched:
    depth first and from left to right. With `name` it also says whose definition
    of that attribute runs under each order. A tuple of bases asks about a class
    that does not exist yet, perhaps because Python refuses to make it.

    The text goes to `out` (default: sys.stdout). Returns a Linearization.

    >>> class A: pass
    >>> class B(A): pass
    >>> class C(A): pass
    >>> class D(B, C): pass
    >>> import io
    >>> result = mro(D, out=io.StringIO())
    >>> [c.__name__ for c in result.order]
    ['D', 'B', 'C', 'A', 'object']
    >>> [c.__name__ for c in result.depth_first]
    ['D', 'B', 'A', 'C']
    """
    if not isinstance(cls, (type, tuple)):
        raise TypeError(f"mro() takes a class or a tuple of classes, not {cls!r}")
    result = Linearization(cls, name)
    print(result, file=out if out is not None else sys.stdout)
    return result
