#!/usr/bin/python3.11
"""Compares build/hiss with CPython 3.11 and PyTorch on the demo's network: time, memory, start.

usage: bench/engine/compare.py --peer PYTHON [--rounds N] [--steps N] [--hiss PROGRAM] [--no-sampling]

PYTHON is a CPython 3.11 with the packages of bench/requirements.txt. The two
take turns. Times are the least of all rounds (of a training step: the least
of the rounds' medians), memory is the median of the rounds' peak resident
sets as the operating system reports them. A ratio below 1 means that Hiss
needs less.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def execute(command):
    """Runs a command; returns (standard output, seconds, peak resident set in MiB)."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Standard error is short, so one pipe can be read after the other.
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{command[0]} ended with wait status {status}\n{err}")
    return out, seconds, usage.ru_maxrss / 1024


def one_round(program, options, folder):
    """Returns {name: figure} of one turn; names that end in MiB are memory, the others seconds."""
    figures = {}
    _, figures["import torch"], figures["import torch MiB"] = execute([program, "-c", "import torch"])
    out, _, figures["training MiB"] = execute([program, str(HERE / "training.py"), str(options.steps), folder])
    figures["training step"] = json.loads(out)["step"]
    figures["beyond import MiB"] = figures["training MiB"] - figures["import torch MiB"]
    if options.sampling:
        out, _, figures["with sampling MiB"] = execute(
            [program, str(HERE / "training.py"), str(options.steps), folder, "sample"])
        sampled = json.loads(out)
        figures["DDIM"], figures["DDPM"] = sampled["ddim"], sampled["ddpm"]
    return figures


def summary(rounds):
    """Joins the rounds of one program: the least time, the median memory."""
    return {name: (statistics.median if name.endswith("MiB") else min)(figures[name] for figures in rounds)
            for name in rounds[0]}


def main():
    parser = argparse.ArgumentParser(description="Compares Hiss with PyTorch on the demo's network.")
    parser.add_argument("--peer", required=True, help="a CPython 3.11 that has the packages of bench/requirements.txt")
    parser.add_argument("--hiss", default=str(ROOT / "build" / "hiss"), help="default: build/hiss")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument("--steps", type=int, default=200, help="training steps of a turn (default: 200)")
    parser.add_argument("--no-sampling", dest="sampling", action="store_false", help="leave DDIM and DDPM out")
    options = parser.parse_args()
    if options.rounds < 1 or options.steps < 20:
        parser.error("--rounds must be at least 1 and --steps at least 20")
    version, _, _ = execute([options.peer, "-c", "import torch; print(torch.__version__)"])
    rounds = {options.peer: [], options.hiss: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for program, figures in rounds.items():
                figures.append(one_round(program, options, folder))
    peer, hiss = (summary(rounds[program]) for program in (options.peer, options.hiss))
    print(f"{'figure':20} {'torch ' + version.strip():>18} {'hiss':>12} {'ratio':>7}")
    for name in peer:
        unit = "MiB" if name.endswith("MiB") else "s"
        print(f"{name.removesuffix(' MiB'):20} {peer[name]:>14.4g} {unit:3} {hiss[name]:>8.4g} {unit:3} "
              f"{hiss[name] / peer[name]:>7.3f}")


if __name__ == "__main__":
    main()
