"""The examples print what they should, and the documentation quotes them truly.

An example that is plain Python prints the same under python3.11 and Hiss; one that needs Hiss has its expected output
beside this file. In docs/systems a block marked "python FILE" must stand in that file, and a block marked "text FILE" in
what the file prints.
"""

import functools
import os
import pathlib
import re
import subprocess
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HISS = os.environ.get("HISS", str(ROOT / "build" / "hiss"))
ORACLE = os.environ.get("ORACLE", "python3.11")
PLAIN = ("generators", "objects", "mutability", "memory", "classes")
BLOCK = re.compile(r"^( *)```(python|text) (\S+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

PEAK = """
import sys
def count(limit):
    n = 0
    while n < limit:
        yield n
        n += 1
total = sum(n for n in count(int(sys.argv[1])))
for n in count(int(sys.argv[1])):
    total -= n
assert total == 0
print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])
"""


@functools.cache
def output_of(program, path):
    """What an example prints, addresses left out. It runs in an empty folder, where it may leave files."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, str(ROOT / path)], capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        raise AssertionError(f"{path} ended with status {done.returncode}\n{done.stderr}")
    return re.sub(r"\b0x[0-9a-f]+", "0x...", done.stdout)


class Examples(unittest.TestCase):
    maxDiff = None

    def test_same_output_under_python_and_hiss(self):
        for name in PLAIN:
            with self.subTest(name):
                path = f"examples/{name}.py"
                self.assertEqual(output_of(HISS, path), output_of(ORACLE, path))

    def test_explain(self):
        expected = (ROOT / "tests" / "examples" / "explain_expected.txt").read_text()
        self.assertEqual(output_of(HISS, "examples/explain.py"), expected)


class Pages(unittest.TestCase):
    def test_blocks_quote_the_examples(self):
        for page in sorted((ROOT / "docs" / "systems").glob("*.md")):
            for indent, kind, path, text in BLOCK.findall(page.read_text()):
                with self.subTest(f"{page.name}: {kind} {path}: {text[:40]!r}"):
                    text = textwrap.dedent(text) if indent else text
                    source = (ROOT / path).read_text() if kind == "python" else output_of(HISS, path)
                    self.assertIn("\n" + text, "\n" + source)

    def test_every_page_begins_with_code_and_its_output(self):
        for name in PLAIN:
            with self.subTest(name):
                blocks = BLOCK.findall((ROOT / "docs" / "systems" / f"{name}.md").read_text())
                self.assertEqual([kind for _, kind, _, _ in blocks[:2]], ["python", "text"])

    def test_links_lead_somewhere(self):
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                with self.subTest(f"{page.relative_to(ROOT)}: {target}"):
                    self.assertTrue((page.parent / target).exists())

    def test_every_page_is_in_the_index(self):
        index = (ROOT / "docs" / "index.md").read_text()
        for page in (ROOT / "docs" / "systems").glob("*.md"):
            self.assertIn(f"(systems/{page.name})", index)


class ConstantMemory(unittest.TestCase):
    def peak(self, count):
        done = subprocess.run([HISS, "-c", PEAK, str(count)], capture_output=True, text=True, timeout=120, check=True)
        return int(done.stdout)

    def test_millions_of_values_take_the_memory_of_a_thousand(self):
        # 3,000,000 values kept would take 24 MB; a few pages may come and go.
        self.assertLess(self.peak(3_000_000) - self.peak(1_000), 512)


if __name__ == "__main__":
    unittest.main()
