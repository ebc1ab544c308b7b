"""hiss.explain under Hiss, and under python3.11, which can run it too: checks.py must pass in both."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKS = pathlib.Path(__file__).resolve().with_name("checks.py")
HISS = os.environ.get("HISS", str(ROOT / "build" / "hiss"))
ORACLE = os.environ.get("ORACLE", "python3.11")


class Explain(unittest.TestCase):
    def check(self, program):
        done = subprocess.run([program, str(CHECKS)], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(int(re.search(r"Ran (\d+) tests", done.stderr)[1]), 25)

    def test_under_hiss(self):
        self.check(HISS)

    def test_under_python(self):
        self.check(ORACLE)


if __name__ == "__main__":
    unittest.main()
