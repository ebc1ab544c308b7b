# One use of each standard-library module that generative-model scripts lean on.

import argparse
import collections
import contextlib
import csv
import dataclasses
import enum
import functools
import gzip
import io
import itertools
import json
import math
import os
import pathlib
import random
import re
import struct
import sys
import tempfile
import time
import typing

parser = argparse.ArgumentParser(prog="train", description="Trains.")
parser.add_argument("--steps", type=int, default=10, help="how many (default: %(default)s)")
parser.add_argument("--name", choices=["a", "b"])
parser.add_argument("files", nargs="*")
print(parser.parse_args(["--steps", "5", "x", "y"]), parser.format_help())

print(collections.Counter("abracadabra").most_common(2), collections.namedtuple("P", "x y")(1, 2), collections.deque([1, 2, 3], maxlen=2), collections.OrderedDict(a=1))
groups = collections.defaultdict(list)
for word in ("apple", "bob", "avocado"):
    groups[word[0]].append(word)
print(groups, collections.ChainMap({"a": 1}, {"b": 2})["b"])


@contextlib.contextmanager
def section(name):
    print("begin", name)
    try:
        yield name.upper()
    finally:
        print("end", name)


with section("one") as upper, contextlib.suppress(KeyError):
    print(upper)
    {}["x"]
text = io.StringIO()
with contextlib.redirect_stdout(text):
    print("hidden")
print(repr(text.getvalue()))
with contextlib.ExitStack() as stack:
    stack.callback(print, "callback")
    stack.enter_context(section("two"))

rows = io.StringIO()
writer = csv.writer(rows)
writer.writerow(["a", 'with "quotes"', "x,y", 1.5, None])
print(repr(rows.getvalue()), next(csv.reader([rows.getvalue()])), list(csv.DictReader(["h,i", "1,2"])))


@dataclasses.dataclass(order=True)
class Config:
    width: int = 32
    names: list = dataclasses.field(default_factory=list, compare=False)
    rate: float = 1e-3


@dataclasses.dataclass(frozen=True)
class Fixed:
    x: int


print(Config(), Config(64) > Config(), dataclasses.replace(Config(), width=8), dataclasses.asdict(Config(names=["a"])), [f.name for f in dataclasses.fields(Config)])
try:
    Fixed(1).x = 2
except dataclasses.FrozenInstanceError as error:
    print(error, hash(Fixed(1)) == hash(Fixed(1)))


class Kind(enum.Enum):
    TRAIN = 1
    TEST = enum.auto()


class Bits(enum.Flag):
    A = enum.auto()
    B = enum.auto()


print(Kind.TRAIN, Kind(2), Kind["TEST"].value, list(Kind), Bits.A | Bits.B, Kind.TRAIN is Kind(1), repr(Bits.A))


@functools.lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@functools.singledispatch
def describe(value):
    return "something"


@describe.register
def _(value: int):
    return "an int"


print(fib(80), fib.cache_info(), functools.reduce(lambda a, b: a * b, range(1, 6)), functools.partial(int, base=2)("101"), describe(1), describe("x"))
data = gzip.compress(b"hello " * 100)
print(gzip.decompress(data) == b"hello " * 100, len(data) < 60, io.BytesIO(b"abc").read(2))
print(list(itertools.islice(itertools.count(5, 2), 3)), list(itertools.chain([1], "a")), list(itertools.combinations("abc", 2)), list(itertools.accumulate([1, 2, 3])), [(k, len(list(g))) for k, g in itertools.groupby("aab")])
print(list(itertools.product("ab", repeat=2))[1], list(itertools.zip_longest([1], [2, 3])), list(itertools.pairwise("abc")), list(itertools.permutations([1, 2, 3]))[-1])
print(json.dumps({"a": [1, 2.5, None, True, "é\n"], "b": {"c": []}}, indent=1, sort_keys=True), json.loads('{"x": [1, -2.5e3, "\\u00e9", null]}'))
try:
    json.loads('{"x": }')
except json.JSONDecodeError as error:
    print(error)
print(math.sqrt(2), math.pi, math.gcd(12, 18), math.isclose(0.1 + 0.2, 0.3), math.factorial(10), math.log(8, 2), math.ceil(1.2), math.prod([2, 3]), math.hypot(3, 4), math.comb(5, 2), math.fsum([0.1] * 10))

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "sub" / "file.txt"
    path.parent.mkdir()
    path.write_text("one\ntwo\n", encoding="utf-8")
    with open(path) as file:
        print([line.rstrip() for line in file], path.name, path.suffix, path.stem, path.exists(), os.path.getsize(path))
    with open(path, "ab") as file:
        file.write(b"three")
    os.replace(path, os.path.join(folder, "moved"))
    print(sorted(os.listdir(folder)), path.exists(), pathlib.Path(folder, "moved").read_bytes())
    try:
        open(path)
    except FileNotFoundError as error:
        print(error.strerror, error.errno)

random.seed(42)
print(random.random(), random.randint(1, 100), random.sample(range(100), 3), random.choice("abc"), random.gauss(0, 1))
values = list(range(8))
random.shuffle(values)
print(values)
print(re.findall(r"(\w)(\d+)", "a1 b22"), re.sub(r"\s+", "-", "a  b c"), re.match(r"(?P<year>\d{4})-(?P<month>\d\d)", "2024-05").groupdict(), re.split(r"[,;]", "a,b;c"), re.compile(r"^x.*y$", re.S).search("x\ny"))
print(struct.pack("<IhB", 1, -2, 3), struct.unpack(">d", struct.pack(">d", 1.5)), struct.calcsize("<3sQ"), sys.byteorder, sys.maxsize, sys.version_info[:2], time.time() > 1e9, time.perf_counter() >= 0)
T = typing.TypeVar("T")
print(typing.Optional[int], typing.List[T][int], typing.Callable[[int], str], typing.get_type_hints(Config), list[int], int | None)
