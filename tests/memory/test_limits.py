"""What has no end or no room ends in an exception, where CPython 3.11 overflows the stack or in doubt succeeds, too."""

import os
import pathlib
import subprocess
import unittest

HISS = os.environ.get("HISS", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "hiss"))

CHAINS = {
    "yield from": "def g(it): yield from it\nfor i in range(100000): it = g(it)",
    "generator expressions": "for i in range(100000): it = (x for x in it)",
    "map": "for i in range(100000): it = map(int, it)",
    "filter": "for i in range(200000): it = filter(None, it)",
    "zip": "for i in range(200000): it = zip(it)",
    "enumerate": "for i in range(200000): it = enumerate(it)",
    "chain": "import itertools\nfor i in range(200000): it = itertools.chain(it)",
    "islice": "import itertools\nfor i in range(200000): it = itertools.islice(it, 5)",
    "accumulate": "import itertools\nfor i in range(200000): it = itertools.accumulate(it)",
}
NO_ROOM = {
    "int.to_bytes": "(1).to_bytes(10**15, 'big')",
    "BytesIO": "import io; b = io.BytesIO(); b.seek(10**15); b.write(b'a')",
    "StringIO": "import io; s = io.StringIO(); s.seek(10**15); s.write('a')",
    "file.read": "open('/dev/zero', 'rb').read(10**15)",
    "struct": "import struct; struct.pack('1000000000000000x')",
    "urandom": "import os; os.urandom(10**15)",
    "list": "[0] * 10**15",
    "tuple": "(0,) * 10**15",
    "bytes": "bytes(10**15)",
    "bytearray": "bytearray(10**15)",
    "str": "'x' * 10**15",
    "ljust": "'x'.ljust(10**15)",
    "array": "import array; array.array('d', [0]) * 10**15",
    "zfill": "'x'.zfill(10**15)",
    "expandtabs": "'\\t'.expandtabs(10**15)",
    "deque": "from collections import deque; deque([1]) * 10**15",
    "shift": "1 << 10**15",
}

# Expressions in n that need more memory than there is for n = 10**9, and little for n = 3.
HUNGRY = {
    "str %d": "'%0*d' % (n, 1)",
    "str %s": "'%*s' % (n, 'x')",
    "str %f": "'%.*f' % (n, 1.5)",
    "bytes %d": "b'%0*d' % (n, 1)",
    "bytes %s": "b'%*s' % (n, b'x')",
    "f-string": "f'{1:<{n}}'",
    "str.format": "'{:{}}'.format(1, n)",
    "concatenation": "('x' * (n >> 3) + 'é') + ('y' * (n >> 3) + 'é')",
    "bytes concatenation": "b'x' * (n >> 2) + b'y' * (n >> 2) + b'z' * (n >> 2)",
    "list comprehension": "[i for i in range(n)]",
    "set comprehension": "{i for i in range(n)}",
    "dict comprehension": "{i: i for i in range(n)}",
    "list display": "[*range(n)]",
    "list of a generator": "list(i for i in range(n))",
    "sorted": "sorted(i for i in range(n))",
    "power": "7 ** (n * 10)",
    "shift": "1 << (n * 10)",
}
WITHOUT_MEMORY = """
import resource
def hungry(n): return {}
for i in range(1000): hungry(3)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20),) * 2)
for _ in range(2):
    try:
        hungry(10**9)
    except MemoryError as e:
        assert e.__traceback__.tb_next.tb_frame.f_code.co_name == "hungry"
    else:
        raise SystemExit("there was memory")
small = hungry(3)
print("goes on")
"""


class Limits(unittest.TestCase):
    def check(self, programs, *errors):
        for name, program in programs.items():
            with self.subTest(name):
                done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, 1, done.stderr[-300:])
                self.assertIn(done.stderr.splitlines()[-1].partition(":")[0], errors)

    def test_chains_of_iterators(self):
        self.check({name: f"it = iter([1])\n{text}\nlist(it)" for name, text in CHAINS.items()}, "RecursionError")

    def test_sizes_beyond_all_memory(self):
        self.check(NO_ROOM, "MemoryError", "OverflowError")

    def test_less_memory_than_is_needed(self):
        for jit in ("0", "1"):
            for name, expression in HUNGRY.items():
                with self.subTest(name, jit=jit):
                    program = WITHOUT_MEMORY.replace("{}", expression)
                    environment = {**os.environ, "HISS_JIT": jit}
                    done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=120, env=environment)
                    self.assertEqual((done.returncode, done.stdout), (0, "goes on\n"), done.stderr[-300:])

    def test_memory_is_missing_again_and_again(self):
        program = WITHOUT_MEMORY.replace("{}", "'%0*d' % (n, 1)").replace("range(2)", "range(100_000)")
        done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout), (0, "goes on\n"), done.stderr[-300:])

    def test_recursion_limit_beyond_all_stacks(self):
        start = "import sys\nsys.setrecursionlimit(10**9)\n"
        self.check({
            "repr": start + "l = []\nfor i in range(1000000): l = [l]\nrepr(l)",
            "getattr": start + "class A:\n  def __getattr__(self, n): return getattr(self, n)\nA().x",
            "parser": start + "eval('-' * 1000000 + '1')",
            "hash": start + "t = ()\nfor i in range(1000000): t = (t,)\nhash(t)",
        }, "RecursionError", "MemoryError")

    def test_awaited_coroutines(self):
        program = "async def g(c): await c\nasync def z(): pass\nc = z()\nfor i in range(100000): c = g(c)\nc.send(None)"
        done = subprocess.run([HISS, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1, done.stderr[-300:])

    def test_long_chain_of_causes_is_printed(self):
        for name in ("__context__", "__cause__"):
            program = f"e = None\nfor i in range(20000):\n  n = ValueError(); n.{name} = e; e = n\nraise e"
            done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.splitlines()[-1], "ValueError")


if __name__ == "__main__":
    unittest.main()
