#!/usr/bin/python3.11
"""What `make pgo` runs to learn which paths matter: programs and single operations of this folder, the language tests.

usage: bench/interpreter/train.py PROGRAM

Each runs with machine code as users have it, and once more in the interpreter
alone, which otherwise would hardly be seen in hot loops.
"""

import os
import pathlib
import subprocess
import sys

from operations import OPERATIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    scripts = [ROOT / "bench/interpreter/programs.py", ROOT / "bench/interpreter/everyday.py"]
    scripts += sorted((ROOT / "tests/language").glob("*.py"))
    commands = [[str(script)] for script in scripts]
    commands += [[str(ROOT / "bench/interpreter/operations.py"), "--measure", name] for name in OPERATIONS]
    for setting in ("", "0"):
        environment = {**os.environ, "HISS_JIT": setting}
        for command in commands:
            done = subprocess.run(
                [program, *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=600,
            )
            if done.returncode < 0:
                sys.exit(f"{' '.join(command)} was ended by signal {-done.returncode}")


if __name__ == "__main__":
    main()
