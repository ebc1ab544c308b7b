"""Operators may take over the buffer of a dying temporary, never that of a value still in use."""

import os
import subprocess
import unittest

HISS = os.environ["HISS"]


def run(program):
    """What the program prints under Hiss."""
    done = subprocess.run([HISS, "-c", program], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.split()


class BufferReuse(unittest.TestCase):
    def test_number_on_the_left_of_a_local(self):
        program = """
import torch
def f():
    a = torch.ones(3, dtype=torch.float64)
    for _ in range(3):
        b = 3 * a
        c = 2 + a
        d = 5 - a
        e = 6 / a
    print(a.sum().item(), b.sum().item(), c.sum().item(), d.sum().item(), e.sum().item())
f()
"""
        self.assertEqual(run(program), ["3.0", "9.0", "9.0", "12.0", "18.0"])

    def test_number_on_the_left_of_a_temporary(self):
        program = """
import torch
def f():
    a = torch.arange(4.0)
    b = 3 * (2 - (a + 1))
    print(*b.tolist(), *a.tolist())
f()
"""
        self.assertEqual(run(program), ["3.0", "0.0", "-3.0", "-6.0", "0.0", "1.0", "2.0", "3.0"])

    def test_method_written_in_python_keeps_its_locals(self):
        program = """
import operator
import torch
class Box:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        mine = self.x.clone()
        twice = operator.add(mine, other)
        return mine, twice
def f():
    for mine, twice in [Box(torch.ones(2)) + torch.ones(2), Box(torch.ones(2)) + (torch.ones(2) + 0)]:
        print(*mine.tolist(), *twice.tolist())
f()
"""
        self.assertEqual(run(program), ["1.0", "1.0", "2.0", "2.0"] * 2)

    def test_newton_schulz_root_squares_to_the_matrix(self):
        program = """
import torch
torch.manual_seed(0)
f = torch.randn(50, 8).double()
matrix = torch.matmul(f.t(), f)
def root(matrix):
    scale = matrix.norm()
    identity = torch.eye(len(matrix), dtype=matrix.dtype)
    y, z = matrix / scale, identity
    for _ in range(60):
        step = (3 * identity - torch.matmul(z, y)) / 2
        y, z = torch.matmul(y, step), torch.matmul(step, z)
    return y * scale.sqrt()
r = root(matrix)
print((torch.matmul(r, r) - matrix).abs().max().item() < 1e-9)
"""
        self.assertEqual(run(program), ["True"])


if __name__ == "__main__":
    unittest.main()
