"""No sentence of CPython's documentation stands in Hiss's sources.

What a function does, its name, its signature and its error messages are facts
that carry over; the sentences that explain it are written here. The oracle's
docstrings are compared with the string literals of src/ and the Python files
of lib/: a run of RUN consecutive words in common counts as copied.
"""

import ast
import builtins
import importlib
import inspect
import pathlib
import re
import sys
import unittest
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RUN = 8
LITERALS = re.compile(r'//[^\n]*|(?:"(?:\\.|[^"\\\n])*"(?:\s|\\\n)*)+')


def words(text):
    return re.findall(r"[A-Za-z0-9_]+", text)


def runs(text):
    """The runs of RUN words in text, sentence by sentence; signatures and other code have no sentences."""
    for sentence in re.split(r"(?<=[.:;])\s|\n\s*\n|\n\s*[-*>]", text):
        found = words(sentence)
        for i in range(len(found) - RUN + 1):
            run = found[i:i + RUN]
            # Lists of names and numbers are facts; a sentence has at least two function words.
            if sum(word.lower() in FUNCTION_WORDS for word in run) >= 2:
                yield " ".join(run).lower()


FUNCTION_WORDS = frozenset("""a an and are as at be by can for from has have if in is it its may must not of on or
    that the then there this to was when which will with""".split())


def native_modules():
    names = set(sys.builtin_module_names) | {
        name for name in sys.stdlib_module_names if name.startswith("_")} | {
        "array", "binascii", "math", "cmath", "fcntl", "grp", "mmap", "pyexpat", "resource", "select", "spwd", "syslog",
        "termios", "unicodedata", "zlib"}
    for name in sorted(names - {"_tkinter", "_aix_support", "_osx_support"}):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = importlib.import_module(name)
        except ImportError:
            continue
        if not (getattr(module, "__file__", None) or "").endswith(".py"):
            yield module


def docstrings(module):
    if isinstance(module.__doc__, str):
        yield module.__name__, module.__doc__
    for name, value in vars(module).items():
        if inspect.ismodule(value):
            continue
        where = f"{module.__name__}.{name}"
        if isinstance(doc := getattr(value, "__doc__", None), str):
            yield where, doc
        if isinstance(value, type):
            for attribute, item in vars(value).items():
                if isinstance(doc := getattr(item, "__doc__", None), str):
                    yield f"{where}.{attribute}", doc


def literals_of_cpp(text):
    for found in LITERALS.finditer(text):
        if found[0].startswith("//"):
            continue
        joined = re.sub(r'"(?:\s|\\\n)*"', "", found[0].strip()).strip('"')
        line = text.count("\n", 0, found.start()) + 1
        yield line, joined.replace("\\n", "\n").replace('\\"', '"')


def literals_of_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def our_literals():
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in {".cpp", ".h", ".def", ".yaml"}:
            for line, text in literals_of_cpp(path.read_text()):
                yield path, line, text
    for path in sorted((ROOT / "lib").rglob("*.py")):
        for line, text in literals_of_python(path.read_text()):
            yield path, line, text


def copied():
    """Yields (file, line, the words in common, where CPython has them)."""
    theirs = {}
    for module in [builtins, *native_modules()]:
        for where, doc in docstrings(module):
            for run in runs(doc):
                theirs.setdefault(run, where)
    for path, line, text in our_literals():
        for run in runs(text):
            if run in theirs:
                yield path.relative_to(ROOT), line, run, theirs[run]


class OwnWords(unittest.TestCase):
    def test_no_sentence_is_cpythons(self):
        found = [f"{path}:{line}: {run!r} ({where})" for path, line, run, where in copied()]
        self.assertEqual(found, [], f"{len(found)} runs of {RUN} words stand in CPython's docstrings")


if __name__ == "__main__":
    for found_path, found_line, found_run, found_where in copied():
        print(f"{found_path}:{found_line}: {found_run} ({found_where})")
