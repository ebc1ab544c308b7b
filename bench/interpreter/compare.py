#!/usr/bin/python3.11
"""Compares build/hiss with python3.11 on programs.py; prints seconds and the ratio of each program.

usage: bench/interpreter/compare.py [--rounds N] [--hiss PROGRAM] [--peer PROGRAM] [--json]

The two interpreters take turns, so that a machine that slows down slows both;
each figure is the least of all rounds (programs.py itself takes the best of
three). A ratio of 2.0 means that Hiss needs half the peer's time.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run_programs(interpreter):
    """Runs programs.py once; returns {program: seconds}."""
    done = subprocess.run([interpreter, str(HERE / "programs.py")], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{interpreter} ended with status {done.returncode}\n{done.stderr}")
    return {name: float(seconds) for name, seconds in map(str.split, done.stdout.splitlines())}


def run_start(interpreter):
    """Returns the seconds of starting and ending once."""
    start = time.perf_counter()
    subprocess.run([interpreter, "-c", "pass"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def keep_least(best, figures):
    for name, seconds in figures.items():
        best[name] = min(seconds, best.get(name, seconds))


def main():
    parser = argparse.ArgumentParser(description="Compares Hiss with python3.11 on small programs.")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each interpreter (default: 5)")
    parser.add_argument("--hiss", default=str(ROOT / "build" / "hiss"), help="default: build/hiss")
    parser.add_argument("--peer", default="/usr/bin/python3.11", help="default: /usr/bin/python3.11")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    for program in (options.hiss, options.peer):
        if not os.access(program, os.X_OK):
            parser.error(f"{program} is not a program (run make build)")
    best = {options.hiss: {}, options.peer: {}}
    for turn in range(options.rounds):
        for interpreter, figures in best.items():
            keep_least(figures, run_programs(interpreter))
            for _ in range(4):
                keep_least(figures, {"start (-c pass)": run_start(interpreter)})
        if sys.stderr.isatty():
            print(f"\rround {turn + 1} of {options.rounds}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)
    hiss, peer = best[options.hiss], best[options.peer]
    if options.json:
        print(json.dumps({name: {"peer": peer[name], "hiss": hiss[name], "ratio": peer[name] / hiss[name]} for name in peer}, indent=2))
        return
    print(f"{'program':20}{'python3.11':>12}{'hiss':>12}{'times faster':>14}")
    for name in peer:
        print(f"{name:20}{peer[name]:10.4f} s{hiss[name]:10.4f} s{peer[name] / hiss[name]:14.2f}")


if __name__ == "__main__":
    main()
