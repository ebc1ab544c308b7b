"""hiss.explain, checked against the interpreter that runs it: `hiss checks.py`, or python3.11 with lib/ on its path."""

import gc
import html
import io
import itertools
import os
import re
import sys
import tempfile
import threading
import unittest
import weakref

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
before = set(sys.modules)
import hiss
loaded_by_hiss = set(sys.modules) - before
from hiss import explain


class A: pass
class B(A): pass
class C(A): pass
class D(B, C): pass


def mro(*arguments):
    return explain.mro(*arguments, out=io.StringIO())


def references(get, **options):
    """Asks about what get() returns: a parameter that holds the object would keep it alive."""
    return explain.references(get(), out=io.StringIO(), **options)


class Importing(unittest.TestCase):
    def test_import_hiss_loads_nothing_else(self):
        self.assertEqual(loaded_by_hiss, {"hiss"})

    def test_a_wrong_submodule_is_an_attribute_error(self):
        with self.assertRaises(AttributeError):
            hiss.no_such_thing


class Orders(unittest.TestCase):
    def test_the_diamond_shows_the_difference(self):
        self.assertEqual(mro(D).order, (D, B, C, A, object))
        self.assertEqual(mro(D).depth_first, (D, B, A, C))

    def test_the_order_is_the_one_python_uses(self):
        for cls in (object, type, int, bool, D, unittest.TestCase, io.TextIOWrapper, threading.Thread, OSError):
            self.assertEqual(mro(cls).order, cls.__mro__)

    def test_every_pair_and_triple_of_bases_agrees_with_python(self):
        classes = [A, B, C, D]
        classes += [type("E", (C,), {}), type("F", (B, A), {}), type("G", (C, B), {})]
        for count in (2, 3):
            for bases in itertools.product(classes, repeat=count):
                result = mro(bases)
                try:
                    made = type("T", bases, {})
                except TypeError as error:
                    self.assertIsNone(result.order)
                    self.assertEqual(result.error, str(error))
                else:
                    self.assertEqual(result.order, made.__mro__[1:])

    def test_an_mro_of_a_metaclass_is_mentioned(self):
        class Backwards(type):
            def mro(cls):
                return [cls, *reversed(super().mro()[1:-1]), object]
        made = Backwards("Made", (B, C), {})
        self.assertIn("Backwards.mro() returns another order, which Python uses: Made, A, C, B, object", str(mro(made)))


class Merge(unittest.TestCase):
    def test_each_step_says_what_was_taken_and_rejected(self):
        steps = mro(D).steps
        self.assertEqual([step.taken for step in steps], [B, C, A, object])
        self.assertEqual([step.rejected for step in steps], [[], [(A, (C, A, object))], [], []])
        self.assertEqual(steps[0].lists, [(B, A, object), (C, A, object), (B, C)])

    def test_text(self):
        self.assertEqual(str(mro(D)), """\
D(B, C)
C3 merges the orders of the bases and the list of bases. It takes the first head that stands in no tail:
  merge [B, A, object] + [C, A, object] + [B, C]
    take B
  merge [A, object] + [C, A, object] + [C]
    reject A: it stands behind C in [C, A, object]
    take C
  merge [A, object] + [A, object]
    take A
  merge [object] + [object]
    take object
     C3      depth first (classic classes of Python 2)
   1 D       D
   2 B       B
   3 C       A  <- differs
   4 A       C  <- differs
   5 object""")

    def test_failed_merge_rejects_every_head(self):
        result = mro((A, B))
        self.assertIsNone(result.order)
        self.assertIsNone(result.steps[-1].taken)
        self.assertEqual([head for head, _ in result.steps[-1].rejected], [A, B])
        self.assertIn("reject A: it stands behind B in [B, A, object]", str(result))
        self.assertIn("reject B: it stands behind A in [A, B]", str(result))

    def test_only_classes(self):
        for wrong in (1, "D", None, (A, 1), [A]):
            with self.assertRaises(TypeError):
                mro(wrong)


class Definitions(unittest.TestCase):
    def test_definition_that_runs_differs(self):
        class Base:
            def who(self): return "Base"
        class Left(Base): pass
        class Right(Base):
            def who(self): return "Right"
        class Both(Left, Right): pass
        result = mro(Both, "who")
        self.assertIs(result.found, Right)
        self.assertIs(result.found_depth_first, Base)
        self.assertEqual(Both().who(), "Right")
        line = Right.who.__code__.co_firstlineno
        self.assertIn(f"who under C3: {Right.__qualname__}.who (checks.py, line {line})", str(result))

    def test_no_definition(self):
        self.assertIsNone(mro(D, "nothing").found)
        self.assertIn("nothing under C3: no definition", str(mro(D, "nothing")))


class Node:
    pass


cache = {}


def expressions(result):
    return [str(path).partition("  (")[0] for path in result.paths]


class Paths(unittest.TestCase):
    def setUp(self):
        cache.clear()

    def find(self, get):
        """The paths that start at this module, as expressions behind its name; `get` returns the object."""
        prefix = __name__ + "."
        return [text.removeprefix(prefix) for text in expressions(references(get)) if text.startswith(prefix)]

    def test_module_container_and_attribute(self):
        cache["key"] = Node()
        cache["key"].model = Node()
        self.assertEqual(self.find(lambda: cache["key"].model), ["cache['key'].model"])

    def test_slots_lists_tuples_and_sets(self):
        class Slotted:
            __slots__ = ("value",)
        cache["s"] = Slotted()
        cache["s"].value = [1, (Node(),)]
        cache["s"].value.append({frozenset([cache["s"].value[1][0]])})
        self.assertEqual(self.find(lambda: cache["s"].value[1][0]), ["cache['s'].value[1][0]",
                                                            "cache['s'].value[2] (an element) (an element)"])

    def test_closure_default_and_class_attribute(self):
        def outer():
            kept = Node()
            return lambda: kept
        cache["f"] = outer()
        self.assertEqual(self.find(lambda: cache["f"]()), ["cache['f'] (closure variable kept)"])
        cache["f"] = lambda a, b=Node(): b
        self.assertEqual(self.find(lambda: cache["f"](1)), ["cache['f'].__defaults__[0]"])
        cache["f"] = type("Holder", (), {"shared": Node()})
        self.assertEqual(self.find(lambda: cache["f"].shared), ["cache['f'].shared"])

    def test_suspended_generator(self):
        def values():
            kept = Node()
            yield kept
        cache["g"] = values()
        self.assertEqual(self.find(lambda: next(cache["g"])), ["cache['g'] (its variable kept)"])

    def test_bound_method_and_exception(self):
        cache["m"] = Paths.find.__get__(Node())
        self.assertEqual(self.find(lambda: cache["m"].__self__), ["cache['m'].__self__"])
        cache["m"] = ValueError("text", Node())
        self.assertEqual(self.find(lambda: cache["m"].args[1]), ["cache['m'].args[1]"])

    def test_local_variable_with_its_function_and_line(self):
        def use():
            box = {"best": [Node()]}
            return explain.references(box["best"][0], out=io.StringIO())
        result = use()
        self.assertEqual(expressions(result), ["box['best'][0]"])
        line = use.__code__.co_firstlineno + 2
        self.assertIn(f"use, checks.py line {line}", result.paths[0].where)

    def test_shortest_first_and_limited(self):
        node = cache["a"] = Node()
        cache["deep"] = [[[node]]]
        cache["many"] = [node] * 20
        found = references(lambda: node, limit=4)
        self.assertEqual(len(found.paths), 4)
        self.assertTrue(found.cut)
        lengths = [len(path.links) for path in found.paths]
        self.assertEqual(lengths, sorted(lengths))

    def test_weak_references_are_counted_and_keep_nothing(self):
        node = cache["a"] = Node()
        weak = weakref.ref(node)
        result = references(lambda: node)
        self.assertEqual(result.weak, 1)
        self.assertIn("1 weak reference, which keeps nothing alive", str(result))

    def test_no_foreign_code_runs(self):
        class Loud:
            def __repr__(self): raise AssertionError
            def __eq__(self, other): raise AssertionError
            __hash__ = None
            def __getattr__(self, name): raise AssertionError
            @property
            def asked(self): raise AssertionError
        loud = cache["loud"] = Loud()
        loud.inner = Node()
        self.assertEqual(self.find(lambda: loud.inner), ["cache['loud'].inner"])
        self.assertEqual(self.find(lambda: loud), ["cache['loud']"])

    def test_numbers_are_no_objects_of_their_own(self):
        for number in (5, 2.5, True, None):
            with self.assertRaisesRegex(TypeError, "nothing has to keep a number alive"):
                references(lambda: number)

    def test_the_question_leaves_nothing_behind(self):
        node = Node()
        cache["x"] = [node]
        weak = weakref.ref(node)
        references(lambda: node)
        cache.clear()
        del node
        self.assertIsNone(weak())


class Cycles(unittest.TestCase):
    def setUp(self):
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)

    def ring(self):
        first, second = Node(), Node()
        first.next, second.next = second, first
        first.child = Node()
        return weakref.ref(first), weakref.ref(first.child)

    def test_cycle_without_root(self):
        weak, _ = self.ring()
        result = explain.references(weak(), out=io.StringIO())
        self.assertEqual(result.paths, [])
        self.assertEqual([link.text for link in result.cycle], [".next", ".next"])
        self.assertEqual(result.outside, 0)
        self.assertIn("only the cycle keeps it alive", str(result))

    def test_held_by_a_cycle(self):
        _, weak = self.ring()
        result = explain.references(weak(), out=io.StringIO())
        self.assertEqual([link.text for link in result.holders], [".child"])
        self.assertIn("only the cycle keeps it alive", str(result))

    def test_nothing(self):
        self.assertIn("nothing keeps it alive but the question itself", str(explain.references(Node(), out=io.StringIO())))

    def test_after_collection_it_is_gone(self):
        weak, _ = self.ring()
        references(weak)
        gc.collect()
        self.assertIsNone(weak())


class Pictures(unittest.TestCase):
    def draw(self, get):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "picture.svg")
            explain.references(get(), file=path, out=io.StringIO())
            self.assertEqual(os.listdir(folder), ["picture.svg"])
            with open(path) as file:
                return file.read()

    def words(self, picture):
        return [html.unescape(text) for text in re.findall(r"<text [^>]*>([^<]*)</text>", picture)]

    def test_boxes_and_arrows(self):
        cache.clear()
        cache["<key>"] = Node()
        cache["<key>"].model = Node()
        words = self.words(self.draw(lambda: cache["<key>"].model))
        for word in ("the object asked about", "['<key>']", ".model", ".cache", "module"):
            self.assertIn(word, words)

    def test_boxes_do_not_overlap(self):
        cache.clear()
        node = Node()
        cache["a"], cache["b"], cache["c"] = [node], (node, [node]), {"k": node}
        picture = self.draw(lambda: node)
        boxes = [list(map(float, numbers)) for numbers in re.findall(
            r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx=', picture)]
        self.assertGreater(len(boxes), 5)
        for one, other in itertools.combinations(boxes, 2):
            apart = (one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
                     or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1])
            self.assertTrue(apart, (one, other))

    def test_a_cycle_is_drawn_backwards(self):
        ring = Node()
        ring.me = ring
        weak = weakref.ref(ring)
        del ring
        picture = self.draw(weak)
        self.assertIn('<path class="back"', picture)
        gc.collect()

    def test_a_folder_that_is_missing_is_an_error_and_no_file_stays(self):
        with self.assertRaises(FileNotFoundError):
            references(lambda: cache, file="/no/such/folder/x.svg")


class Printing(unittest.TestCase):
    def test_text_goes_to_the_stream_and_comes_back_as_data(self):
        for function, subject in ((explain.mro, D), (explain.references, cache)):
            out = io.StringIO()
            result = function(subject, out=out)
            self.assertEqual(out.getvalue(), str(result) + "\n")


if __name__ == "__main__":
    unittest.main()
