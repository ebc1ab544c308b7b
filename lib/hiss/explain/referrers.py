"""What keeps an object alive: the paths that lead to it from what a program can name."""

import collections
import gc
import os
import sys
import types
import weakref

from hiss.explain.links import Link, links_between, short

# A popular object has thousands of holders; what a person reads ends long before that.
MOST_OBJECTS = 400
MOST_TRIES = 20_000
CODE_OF_FUNCTION = 1  # inspect.CO_OPTIMIZED
FOLDER = os.path.dirname(__file__) + os.sep


class Path:
    """One way from a root to the object.

    root   the name it starts at: a module, or a local variable
    where  for a local variable, its function and line; else ""
    links  from the root's object to the object, a list of Link
    """

    def __init__(self, root, where, links):
        self.root = root
        self.where = where
        self.links = links

    def __str__(self):
        note = f"  ({self.root}: local variable of {self.where})" if self.where else ""
        return self.root + written([link.text for link in self.links], in_module=not self.where) + note

    def __repr__(self):
        return f"<Path {self}>"


class References:
    """What keeps an object alive; str() is the printed text.

    title      the object in words
    paths      the ways from roots to the object, shortest first (Path); at most `limit`
    cut        whether there may be more paths than were looked for
    cycle      the links of a cycle through the object (or through what holds it) when no root was found
    holders    the links to the object from what holds it directly
    outside    references that come from where Python cannot look (native code, values in the middle of a computation)
    weak       the number of weak references, which keep nothing alive
    """

    def __init__(self, target):
        self.title = describe(target)
        self.target_id = id(target)
        self.paths, self.cycle, self.holders = [], [], []
        self.cut = False
        self.outside = 0
        self.weak = weak_count(target)

    def __repr__(self):
        return f"<References to {self.title}: {len(self.paths)} paths>"

    def __str__(self):
        return "\n".join(self._lines())

    def _lines(self):
        if self.paths:
            number = f"{len(self.paths)} path{'s' if len(self.paths) > 1 else ''}"
            yield f"{self.title} is kept alive by {number}{' (and perhaps more)' if self.cut else ''}:"
            yield from (f"  {path}" for path in self.paths)
        else:
            yield f"{self.title}: no module, local variable or other root leads to it"
            yield from (f"  held by {name_of(link.holder)}{link.text}" for link in self.holders[:10])
            if self.cycle:
                start = name_of(self.cycle[0].holder)
                yield f"  a cycle: {start}{written([link.text for link in self.cycle])} is {start} again"
            if self.outside:
                some = "1 reference comes" if self.outside == 1 else f"{self.outside} references come"
                yield f"  {some} from outside: native code, or a value in the middle of a computation"
            elif self.cycle:
                yield "  only the cycle keeps it alive, until the collector runs: gc.collect()"
            else:
                yield "  nothing keeps it alive but the question itself"
        if self.weak:
            some = "1 weak reference, which keeps" if self.weak == 1 else f"{self.weak} weak references, which keep"
            yield f"  {some} nothing alive"


def written(texts, in_module=False):
    """The steps of a path as one expression, as a programmer would write it."""
    if in_module and texts and (name := attribute_name(texts[0])):
        texts = ["." + name, *texts[1:]]
    return "".join(texts)


def attribute_name(text):
    """The name in "['name']" when it can be an attribute's, else None."""
    return text[2:-2] if text.startswith("['") and text.endswith("']") and text[2:-2].isidentifier() else None


def describe(value):
    """The object in words, without running its __repr__."""
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
        return f"function {value.__qualname__}"
    name = type(value).__qualname__
    if type(value) in (list, tuple, dict, set, frozenset, bytearray):
        return f"{name} of {len(value)}"
    if type(value) in (str, bytes, int, float, complex, bool, type(None)):
        return f"{name} {short(value)}"
    return f"{name} at {id(value):#x}"


def name_of(value):
    return f"<{describe(value)}>"


def weak_count(value):
    try:
        return weakref.getweakrefcount(value)
    except TypeError:
        return 0


def running_frames():
    """The frames of all threads but those of this package."""
    for frame in sys._current_frames().values():
        while frame is not None:
            if not frame.f_code.co_filename.startswith(FOLDER):
                yield frame
            frame = frame.f_back


class Graph:
    """The objects that lead to the target, found level by level against the direction of the references.

    Links are kept as ids, so that the search itself adds no references to what it counts.
    """

    def __init__(self):
        self.objects = {}
        self.links = collections.defaultdict(list)  # id of the target -> [(id of the holder, text)]
        self.roots = {}  # id -> [(name, where)]
        self.ignored = {id(self.objects), id(self.__dict__), id(self)}
        self.complete = True
        for value in [object()]:
            self.lonely = sys.getrefcount(value)  # of an object in one list, as this call counts it
        self._find_roots()

    def _find_roots(self):
        self.module_names = {id(vars(module)): name for name, module in list(sys.modules.items())
                             if isinstance(module, types.ModuleType)}
        self.modules = {id(module): name for name, module in list(sys.modules.items())}
        self.locals = collections.defaultdict(list)
        for frame in running_frames():
            self.ignored.add(id(frame))
            variables = frame.f_locals
            if variables is frame.f_globals:
                continue
            self.ignored.add(id(variables))
            code = frame.f_code
            where = f"{code.co_qualname}, {code.co_filename.rpartition('/')[2]} line {frame.f_lineno}"
            for name, value in variables.items():
                self.locals[id(value)].append((name, where))
            value = None
            # The frame keeps this copy of its variables; emptied, it keeps nothing alive. Not when it is in use:
            # someone holds it, a debugger writes it back into the frame, or it is no copy (in a class body).
            if code.co_flags & CODE_OF_FUNCTION and sys.gettrace() is None and sys.getrefcount(variables) <= self.lonely:
                variables.clear()
        frame = sys._getframe()
        while frame is not None:
            self.ignored.add(id(frame))
            frame = frame.f_back

    def _note_roots(self, value):
        """Remembers the roots that `value` is; True when the search need not go on behind it."""
        key = id(value)
        roots = list(self.locals.get(key, ()))
        final = False
        if name := self.module_names.get(key) or self.modules.get(key):
            roots.append((name, ""))
            final = True
        if roots:
            self.roots[key] = roots
        return final

    def search(self, target, limit):
        """Follows the references to `target` back to about `limit` roots. No part of __init__: type.__call__ would hold
        its arguments in a tuple meanwhile."""
        self.objects[id(target)] = target
        level = [] if self._note_roots(target) else [target]
        self.ignored.add(id(level))
        found_paths = len(self.roots)
        while level:
            if len(self.objects) > MOST_OBJECTS or found_paths >= limit:
                self.complete = False
                return
            holders = gc.get_referrers(*level)
            wanted = {id(value): value for value in level}
            self.ignored |= {id(holders), id(wanted)}
            level.clear()
            for holder in self._kept(holders, wanted):
                known = id(holder) in self.objects
                if not known:
                    self.objects[id(holder)] = holder
                    if self._note_roots(holder):
                        found_paths += 1
                    else:
                        found_paths += id(holder) in self.roots
                        level.append(holder)
            self.ignored -= {id(holders), id(wanted)}
            holder = holders = wanted = None

    def _kept(self, holders, wanted):
        """The holders that say something, with their links noted. That an instance refers to its class is no news."""
        instances = collections.defaultdict(list)
        for holder in holders:
            # What only this list holds was made for a call and is gone already.
            if id(holder) in self.ignored or sys.getrefcount(holder) <= self.lonely:
                continue
            useful = False
            for value_id in {id(value) for value in gc.get_referents(holder)} & wanted.keys():
                value = wanted[value_id]
                links = [link.text for link in links_between(holder, value)]
                if value is type(holder) and links == [" (inside)"]:
                    instances[value_id].append(holder)
                    continue
                self.links[value_id] += [(id(holder), text) for text in links]
                useful = True
            if useful:
                yield holder
            value = None
        for value_id, found in instances.items():
            if not self.links[value_id]:
                self.links[value_id].append((id(found[0]), ".__class__"))
                yield found[0]

    def simplify(self):
        """Leaves out what an attribute or a closure is made of: the instance's dict, the tuple of cells, the cell."""
        for target, links in self.links.items():
            self.links[target] = list(dict.fromkeys(
                better for holder, text in links for better in self._owners(holder, text)))

    def _owners(self, holder, text):
        behind = list(self.links.get(holder, ()))
        if text == ".cell_contents":
            found = [(owner, name) for owner, name in behind if name.startswith(" (closure variable ")]
            for cells, index in behind:
                for owner, name in self.links.get(cells, ()):
                    if name == ".__closure__":
                        variable = self.objects[owner].__code__.co_freevars[int(index[1:-1])]
                        found.append((owner, f" (closure variable {variable})"))
            return found or [(holder, text)]
        name = attribute_name(text)
        found = [(owner, "." + name) for owner, way in behind if way == ".__dict__"] if name else []
        return found or [(holder, text)]

    def path_links(self, steps):
        return [Link(self.objects[holder], text) for holder, text in steps]

    def paths(self, start, limit):
        """Simple paths from roots, shortest first; the second value says whether the search was cut short."""
        result = []
        waiting = collections.deque([(start, (), frozenset([start]))])
        for _ in range(MOST_TRIES):
            if not waiting:
                return result, not self.complete
            key, steps, seen = waiting.popleft()
            for name, where in self.roots.get(key, ()):
                if len(result) == limit:
                    return result, True
                result.append(Path(name, where, self.path_links(steps)))
            if key in self.module_names or key in self.modules:
                continue
            for holder, text in self.links[key]:
                if holder not in seen and holder in self.objects:
                    waiting.append((holder, ((holder, text), *steps), seen | {holder}))
        return result, True

    def cycle(self, start):
        """The links of a shortest cycle through `start`, else through the nearest of its holders that is in one."""
        for origin in self.objects:
            waiting = collections.deque([(origin, ())])
            seen = set()
            while waiting:
                key, steps = waiting.popleft()
                for holder, text in self.links[key]:
                    if holder == origin:
                        return self.path_links(((holder, text), *steps))
                    if holder not in seen and holder in self.objects:
                        seen.add(holder)
                        waiting.append((holder, ((holder, text), *steps)))
        return []

    def outside_count(self):
        """References to the objects found that come from none of them; what this search holds itself is subtracted."""
        inside = collections.Counter()
        for value in self.objects.values():
            for referent in gc.get_referents(value):
                inside[id(referent)] += 1
                # Asking for an instance's attributes made its dict, which the search has not met.
                if type(referent) is dict and id(referent) not in self.objects:
                    inside.update([id(attribute) for attribute in gc.get_referents(referent)])
        value = referent = None
        total = 0
        for value in self.objects.values():
            total += max(0, sys.getrefcount(value) - self.lonely - inside[id(value)])
        return total


def references(obj, *, file=None, out=None, limit=10):
    """Prints what keeps `obj` alive: the shortest paths to it from modules and local variables.

    A path reads like the expression that reaches the object, for example
    __main__.cache['key'].model. When no path exists the text says whether only a
    cycle keeps the object, which the collector will end, or native code does.

    The text goes to `out` (default: sys.stdout). With `file` the same is drawn
    as an SVG picture and written there, in one piece. At most `limit` paths are
    shown. Returns a References object.

    >>> import io
    >>> class Model: pass
    >>> def use():
    ...     model = Model()
    ...     box = {"best": [model]}
    ...     return references(model, out=io.StringIO())
    >>> [path.root + "".join(link.text for link in path.links) for path in use().paths]
    ['model', "box['best'][0]"]
    """
    if type(obj) in (int, float, bool, type(None)):
        raise TypeError(f"{short(obj)} is kept inside whatever uses it: nothing has to keep a number alive")
    result = References(obj)
    graph = Graph()
    graph.search(obj, limit)
    start = id(obj)
    del obj
    outside = graph.outside_count() if graph.complete and not graph.roots else 0
    graph.simplify()
    result.paths, result.cut = graph.paths(start, limit)
    result.holders = graph.path_links(dict.fromkeys(graph.links[start]))
    if not result.paths:
        result.cycle = graph.cycle(start)
        result.outside = outside
    print(result, file=out if out is not None else sys.stdout)
    if file is not None:
        from hiss.explain.picture import write_picture
        write_picture(result, file)
    return result
