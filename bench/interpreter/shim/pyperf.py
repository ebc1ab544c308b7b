"""Tiny stand-in for `pyperf`, so unmodified pyperformance programs run in-process
under any Python 3 implementation.  Needs only `sys` and `time` (and `asyncio` for
bench_async_func, `subprocess` for bench_command).

Per benchmark: one warm-up call (loops=1), then samples of `loops` iterations each
(sample length ~ PB_SAMPLE s) until PB_MIN_TIME seconds have been measured in total.
Prints one machine-readable line per benchmark:

@@BENCH <name> median=<s/loop> min=<s/loop> mean=<s/loop> first=<s> loops=<n> samples=<k> cpu=<cpu/wall> rss=<peak kB>

Environment: PB_MIN_TIME (1.0)  PB_SAMPLE (0.1)  PB_WARMUP (1)  PB_MAX_TIME (20)
             PB_CLOCK (wall | cpu)
             PB_ONLY (comma list of benchmark names to run in a multi-benchmark file)
"""

import sys
import time

_wall = time.perf_counter
VERSION = (2, 99, 0)
__version__ = "2.99.0-shim"


def _env(name, default):
    # `os` is optional: a small implementation may lack it.
    try:
        import os

        return os.environ.get(name, default)
    except Exception:
        return default


def python_implementation():
    impl = getattr(sys, "implementation", None)
    return getattr(impl, "name", "unknown").lower()


def python_has_jit():
    return python_implementation() in ("pypy", "graalpy")


_cpu_clock = getattr(time, "process_time", None) or _wall
# The clock the programs use. PB_CLOCK=cpu: CPU time of the process, for machines shared with others.
perf_counter = _cpu_clock if _env("PB_CLOCK", "wall") == "cpu" else _wall


def _hwm():
    """Peak resident size in kB (VmHWM; ru_maxrss would include the parent's size before exec)."""
    try:
        with open("/proc/self/status") as f:
            for line in f:
                if line[:6] == "VmHWM:":
                    return int(line.split()[1])
    except Exception:
        pass
    return 0


# ---------------------------------------------------------------- argument parser
class _Namespace:
    pass


class _ArgParser:
    """The part of argparse the benchmark files use (no sub-parsers)."""

    def __init__(self):
        self._opts = {}
        self._pos = []
        self._all = []

    def add_argument_group(self, *a, **k):
        return self

    add_mutually_exclusive_group = add_argument_group

    def add_argument(
        self,
        *names,
        action=None,
        default=None,
        type=None,
        choices=None,
        nargs=None,
        dest=None,
        help=None,
        metavar=None,
        const=None,
        required=False
    ):
        d = {"action": action, "default": default, "type": type, "choices": choices, "nargs": nargs}
        if names[0][0] != "-":
            d["dest"] = dest or names[0]
            self._pos.append(d)
        else:
            long = [n for n in names if n[:2] == "--"] or list(names)
            d["dest"] = dest or long[0].lstrip("-").replace("-", "_")
            for n in names:
                self._opts[n] = d
        if action == "store_true" and default is None:
            d["default"] = False
        if action == "store_false" and default is None:
            d["default"] = True
        self._all.append(d)

    def parse_args(self, args=None):
        args = list(sys.argv[1:]) if args is None else list(args)
        ns = _Namespace()
        for d in self._all:
            setattr(ns, d["dest"], d["default"])
        pos = list(self._pos)
        i = 0
        while i < len(args):
            a = args[i]
            i += 1
            if a[:1] == "-" and len(a) > 1:
                val = None
                if a[:2] == "--" and "=" in a:
                    a, val = a.split("=", 1)
                d = self._opts.get(a)
                if d is None:
                    raise SystemExit("unknown option " + a)
                if d["action"] == "store_true":
                    v = True
                elif d["action"] == "store_false":
                    v = False
                else:
                    if val is None:
                        val = args[i]
                        i += 1
                    v = d["type"](val) if d["type"] else val
            else:
                if not pos:
                    raise SystemExit("unexpected argument " + a)
                d = pos.pop(0)
                v = d["type"](a) if d["type"] else a
            if d["choices"] is not None and v not in d["choices"]:
                raise SystemExit("bad choice " + str(v))
            setattr(ns, d["dest"], v)
        for d in pos:
            if d["nargs"] not in ("?", "*"):
                raise SystemExit("missing argument " + d["dest"])
        return ns


# ---------------------------------------------------------------- runner
class Runner:
    def __init__(
        self,
        values=None,
        warmups=None,
        processes=None,
        loops=0,
        min_time=0.1,
        metadata=None,
        show_name=True,
        program_args=None,
        add_cmdline_args=None,
        _argparser=None,
    ):
        self.metadata = dict(metadata or {})
        self.argparser = _argparser if _argparser is not None else _ArgParser()
        self.args = None
        self._min_time = float(_env("PB_MIN_TIME", "1.0"))
        self._sample = float(_env("PB_SAMPLE", "0.1"))
        self._max_time = float(_env("PB_MAX_TIME", "20"))
        self._warmup = int(_env("PB_WARMUP", "1"))
        only = _env("PB_ONLY", "")
        self._only = set(only.split(",")) if only else None

    def parse_args(self, args=None):
        if self.args is None:
            self.args = self.argparser.parse_args(args)
        return self.args

    # ---- measuring
    def _measure(self, name, time_func, inner):
        if self._only is not None and name not in self._only:
            return None
        if self.args is None:
            self.parse_args()
        inner = inner or 1
        first = 0.0
        loops = 1
        begun = _wall()
        if self._warmup:
            first = time_func(1)
            for _ in range(self._warmup - 1):
                time_func(1)
            if first > 0 and first < self._sample:
                loops = int(self._sample / first) or 1
            elif first <= 0:
                loops = 10
        samples = []
        total = 0.0
        cpu0 = _cpu_clock()
        wall0 = _wall()
        while total < self._min_time:
            dt = time_func(loops)
            if dt < self._sample / 4 and total < self._min_time / 2:
                # still calibrating (JIT warmed up, or the first call was slow)
                if dt <= 0:
                    loops *= 10
                else:
                    k = self._sample / dt
                    loops = int(loops * (k if k < 10 else 10)) + 1
                if _wall() - begun < self._max_time:
                    continue
            samples.append(dt / loops / inner)
            total += dt
            if _wall() - begun > self._max_time:
                break
        wall = _wall() - wall0
        cpu = _cpu_clock() - cpu0
        samples.sort()
        n = len(samples)
        med = samples[n // 2] if n % 2 else (samples[n // 2 - 1] + samples[n // 2]) / 2
        mean = sum(samples) / n
        sys.stdout.flush()
        print(
            "@@BENCH %s median=%.9g min=%.9g mean=%.9g first=%.6g loops=%d samples=%d cpu=%.3f rss=%d"
            % (name, med, samples[0], mean, first / inner, loops, n, cpu / wall if wall > 0 else 0.0, _hwm())
        )
        sys.stdout.flush()
        return None

    def bench_time_func(self, name, time_func, *args, inner_loops=None, metadata=None, **kw):
        def run(loops):
            return time_func(loops, *args)

        return self._measure(name, run, inner_loops)

    def bench_func(self, name, func, *args, inner_loops=None, metadata=None, **kw):
        def run(loops):
            r = range(loops)
            t0 = perf_counter()
            for _ in r:
                func(*args)
            return perf_counter() - t0

        return self._measure(name, run, inner_loops)

    def bench_async_func(self, name, func, *args, inner_loops=None, metadata=None, loop_factory=None, **kw):
        import asyncio

        async def main(loops):
            r = range(loops)
            t0 = perf_counter()
            for _ in r:
                await func(*args)
            return perf_counter() - t0

        def run(loops):
            return asyncio.run(main(loops))

        return self._measure(name, run, inner_loops)

    def bench_command(self, name, command):
        import subprocess

        def run(loops):
            t0 = _wall()
            for _ in range(loops):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return _wall() - t0

        return self._measure(name, run, 1)
