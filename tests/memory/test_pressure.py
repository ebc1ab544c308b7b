"""Garbage in cycles is collected for the bytes it holds, not only for the number of objects."""

import os
import pathlib
import subprocess
import unittest

HISS = os.environ.get("HISS", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "hiss"))

# 100 cycles of some 10 MB each: far too few objects to pass a threshold of 700, a gigabyte if nobody looks at bytes.
LOOP = """
import array, gc
def drop_cycle():
    ring = []
    ring.append(ring)
    ring.append({make})
for i in range(100):
    drop_cycle()
print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])
"""
MEGABYTE = 1 << 10  # in the kilobytes of /proc


class Pressure(unittest.TestCase):
    def peak(self, program):
        done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout.split()[-1])

    def check(self, make, limit=200):
        self.assertLess(self.peak(LOOP.format(make=make)), limit * MEGABYTE)

    def test_bytearray(self):
        self.check("bytearray(10_000_000)")

    def test_bytearray_that_grows(self):
        self.check("bytearray() + b'x' * 10_000_000")

    def test_bytes(self):
        self.check("b'x' * 10_000_000")

    def test_str(self):
        self.check("'x' * 10_000_000")

    def test_array(self):
        self.check("array.array('d', [0.0]) * 1_250_000")

    def test_list(self):
        self.check("[None] * 1_250_000")

    def test_tuple(self):
        self.check("(None,) * 1_250_000")

    def test_dict_and_set(self):
        self.check("dict.fromkeys(range(200_000))")
        self.check("set(range(300_000))", 300)

    def test_tensor(self):
        self.check("__import__('torch').zeros(2_500_000)", 300)

    def test_big_data_that_lives_is_not_collected_again_and_again(self):
        program = """
import gc
data = []
for i in range(2_000):
    data.append(bytearray(1 << 20))
print(sum(s['collections'] for s in gc.get_stats()), open('/proc/self/status').read().split('VmHWM:')[1].split()[0])
"""
        done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=120, check=True)
        # 2 GB in steps of at least 64 MB and a quarter of what is there: 4 to reach 256 MB, about ten more.
        self.assertLess(int(done.stdout.split()[0]), 30)

    def test_a_steady_stream_of_big_buffers_brings_no_collection(self):
        program = """
import gc
gc.collect()
before = gc.get_stats()[2]['collections']
for i in range(1_000):
    buffer = bytearray(1 << 20)
print(gc.get_stats()[2]['collections'] - before)
"""
        self.assertEqual(self.peak(program), 0)

    def test_disabled_means_disabled(self):
        program = """
import gc
gc.disable()
for i in range(10):
    ring = [bytearray(20_000_000)]
    ring.append(ring)
print(gc.get_stats()[2]['collections'])
"""
        self.assertEqual(self.peak(program), 0)


if __name__ == "__main__":
    unittest.main()
