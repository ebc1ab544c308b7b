#!/usr/bin/env python3
"""Compare Python interpreters on the public pyperformance programs.  Runs under CPython >= 3.8.

  bench/interpreter/pyperformance.py [options] label=BINARY [label=BINARY ...]

The first interpreter is the reference of the ratios (ratio > 1: slower than the reference).
Each (benchmark, interpreter, round) is one process; interpreters are interleaved inside a
round; rounds are repeated.  Seconds = median over rounds of the process's median sample;
ratio = median over rounds of the paired ratio.  A failure or a time-out is printed as FAIL /
TIME with its last line of stderr; geometric means are over programs that every listed
interpreter finished, and also per interpreter over all that it finished.
BINARY may hold arguments, separated by spaces.

options: -b NAMES (comma list, or @group / @core / @ext / @extra / @all)
         -x NAMES   -r ROUNDS   -t MIN_TIME   --timeout S   --clock cpu|wall   --cpu N   --json FILE  --load FILES  --stat median|min  --md
         --launcher (for interpreters without PYTHONPATH)   --list
"""

import argparse, json, math, os, re, signal, statistics, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.abspath(__file__))
# The programs come from the package pyperformance 1.14.0: `pip download --no-deps pyperformance==1.14.0`, unzip the
# wheel, and name the unpacked folder in PYPERFORMANCE.
PP = os.path.join(os.environ.get("PYPERFORMANCE", "."), "pyperformance/data-files/benchmarks/")
SHIM = ROOT + "/shim"
DEPS = os.environ.get("BENCH_SITE", ROOT + "/deps/site")  # pure-Python packages for the "ext" tier
SCRATCH = os.environ.get("BENCH_SCRATCH") or os.path.join(tempfile.gettempdir(), "hiss-bench")

B = {}  # name -> (category, set, argv, deps?)


def pp(name, cat, bm=None, args=(), tier="core", deps=False):
    B[name] = (cat, tier, [PP + "bm_" + (bm or name) + "/run_benchmark.py", *args], deps)


# --- pyperformance, no third-party code
pp("nbody", "float")
pp("float", "float")
pp("spectral_norm", "float")
pp("raytrace", "oo+float")
pp("fannkuch", "int/list")
pp("nqueens", "int/list")
pp("go", "oo/dict")
pp("mdp", "oo/dict")
pp("richards", "oo")
pp("richards_super", "oo")
pp("pidigits", "bigint")
pp("generators", "gen/async")
pp("async_tree_none", "gen/async", "async_tree", ["none"])
pp("async_tree_none_tg", "gen/async", "async_tree", ["none", "--task-groups"])
pp("async_tree_io", "gen/async", "async_tree", ["io"])
pp("comprehensions", "lang")
pp("unpack_sequence", "lang")
pp("logging", "stdlib")
pp("argparse_subparsers", "stdlib", "argparse", ["subparsers"])
pp("argparse_many_optionals", "stdlib", "argparse", ["many_optionals"])
pp("pathlib", "stdlib", tier="extra")
pp("gc_traversal", "gc")
pp("pickle_pure_python", "bytes/str", "pickle", ["--pure-python", "pickle"])
pp("unpickle_pure_python", "bytes/str", "pickle", ["--pure-python", "unpickle"])
pp("bpe_tokeniser", "bytes/str")
pp("regex_effbot", "c-lib")
pp("json_dumps", "c-lib")
pp("json_loads", "c-lib")
pp("pickle", "c-lib", "pickle", ["pickle"])
pp("pickle_dict", "c-lib", "pickle", ["pickle_dict"], tier="extra")
pp("pickle_list", "c-lib", "pickle", ["pickle_list"], tier="extra")
pp("unpickle", "c-lib", "pickle", ["unpickle"])
pp("unpickle_list", "c-lib", "pickle", ["unpickle_list"], tier="extra")
pp("telco", "c-lib")
pp("base64", "c-lib", tier="extra")
pp("sqlite_synth", "c-lib", tier="extra")
# --- pyperformance with pure-Python third-party code (deps/site)
pp("tomli_loads", "bytes/str", tier="ext", deps=True)
pp("html5lib", "app", tier="ext", deps=True)
pp("genshi", "app", tier="ext", deps=True)
pp("chameleon", "app", tier="extra", deps=True)  # needs pkg_resources


def select(spec):
    out = []
    for s in spec.split(","):
        if not s:
            continue
        if s == "@all":
            out += list(B)
        elif s == "@train":
            out += list(B)
        elif s[0] == "@":
            g = s[1:]
            m = [n for n in B if B[n][1] == g or B[n][0] == g]
            if not m:
                sys.exit("no group " + s)
            out += m
        elif s in B:
            out.append(s)
        else:
            m = [n for n in B if re.fullmatch(s.replace("*", ".*"), n)]
            if not m:
                sys.exit("no benchmark " + s)
            out += m
    return list(dict.fromkeys(out))


LINE = re.compile(r"^@@BENCH (\S+) (.*)$")


def run_one(binary, bench, o):
    cat, tier, argv, deps = B[bench]
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": SCRATCH + "/home",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PB_MIN_TIME": str(o.min_time),
        "PB_MAX_TIME": str(o.max_time),
        "PB_CLOCK": o.clock,
        "TMPDIR": SCRATCH,
        "OMP_NUM_THREADS": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPYCACHEPREFIX": SCRATCH + "/pyc",
    }
    paths = SHIM + (":" + DEPS if deps else "")
    if "regex_compile" in bench:
        paths += ":" + PP + "bm_regex_effbot:" + PP + "bm_regex_v8"
    cmd = binary.split()
    if o.launcher:
        cmd += [SHIM + "/launch.py", paths]
    else:
        env["PYTHONPATH"] = paths
    cmd += argv
    if o.cpu >= 0:
        cmd = ["taskset", "-c", str(o.cpu)] + cmd
    t0 = time.perf_counter()
    p = subprocess.Popen(
        cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=SCRATCH, start_new_session=True
    )
    timed_out = []

    def kill():
        timed_out.append(1)
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    timer = threading.Timer(o.timeout, kill)
    timer.start()
    err = []
    th = threading.Thread(target=lambda: err.append(p.stderr.read()))
    th.start()
    out = p.stdout.read()
    th.join()
    _, status, ru = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    timer.cancel()
    wall = time.perf_counter() - t0
    res = {"wall": wall, "rss": ru.ru_maxrss, "subs": {}}
    for l in out.decode("utf-8", "replace").splitlines():
        m = LINE.match(l)
        if m:
            res["subs"][m.group(1)] = {k: float(v) for k, v in (x.split("=") for x in m.group(2).split())}
    if timed_out:
        res["fail"] = "TIME >%gs" % o.timeout
    elif p.returncode:
        e = (err[0] if err else b"").decode("utf-8", "replace").strip().splitlines()
        res["fail"] = "FAIL rc=%d %s" % (p.returncode, (e[-1] if e else "")[:160])
    elif not res["subs"]:
        res["fail"] = "FAIL no result line"
    return res


def gm(x):
    x = list(x)
    return math.exp(sum(map(math.log, x)) / len(x)) if x else float("nan")


def fmt(s):
    if s is None:
        return "-"
    return "%.3f s" % s if s >= 1 else "%.2f ms" % (s * 1e3) if s >= 1e-3 else "%.2f us" % (s * 1e6)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("interp", nargs="*")
    ap.add_argument("-b", "--bench", default="@core,@ext")
    ap.add_argument("-x", "--exclude", default="")
    ap.add_argument("-r", "--rounds", type=int, default=3)
    ap.add_argument("-t", "--min-time", type=float, default=1.0)
    ap.add_argument("--max-time", type=float, default=20.0)
    ap.add_argument("--timeout", type=float, default=90.0)
    ap.add_argument("--cpu", type=int, default=1)
    ap.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="cpu",
        help="cpu (default): process CPU time, for a machine shared with others",
    )
    ap.add_argument("--json", default="")
    ap.add_argument("--load", default="", help="comma list of earlier --json files: tabulate, run nothing")
    ap.add_argument(
        "--stat",
        choices=("median", "min"),
        default="median",
        help="median: median sample, median over rounds of paired ratios; "
        "min: best sample of all rounds (for a noisy machine)",
    )
    ap.add_argument("--md", action="store_true")
    ap.add_argument("--launcher", action="store_true")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("-q", "--quiet", action="store_true")
    o = ap.parse_args()
    names = select(o.bench)
    if o.exclude:
        ex = set(select(o.exclude))
        names = [n for n in names if n not in ex]
    if o.list:
        for n in names:
            print("%-28s %-10s %s" % (n, B[n][0], B[n][1]))
        return
    os.makedirs(SCRATCH + "/home", exist_ok=True)
    data = {}  # bench -> label -> list of results
    if o.load:
        labels = []
        for fn in o.load.split(","):
            with open(fn) as f:
                d = json.load(f)
            labels += [l for l in d["labels"] if l not in labels]
            for n, by in d["data"].items():
                for l, rs in by.items():
                    data.setdefault(n, {}).setdefault(l, []).extend(rs)
        if o.interp:
            labels = o.interp
        names = [n for n in names if n in data]
    else:
        if not o.interp:
            ap.error("no interpreter")
        interps = [i.split("=", 1) if "=" in i else (os.path.basename(i), i) for i in o.interp]
        labels = [l for l, _ in interps]
        dead = {}
        for rnd in range(o.rounds):
            for n in names:
                for l, binary in interps:
                    if dead.get((n, l), 0) >= 1:
                        continue  # failed once: not run again, stays a failure
                    r = run_one(binary, n, o)
                    data.setdefault(n, {}).setdefault(l, []).append(r)
                    if "fail" in r:
                        dead[n, l] = 1
                    if not o.quiet:
                        s = r.get("fail") or " ".join(
                            "%s=%s(cpu %.2f)" % (k, fmt(v["median"]), v["cpu"]) for k, v in r["subs"].items()
                        )
                        print(
                            "  [%d] %-24s %-10s %5.1fs %4dMB %s" % (rnd, n, l, r["wall"], r["rss"] // 1024, s[:150]),
                            file=sys.stderr,
                            flush=True,
                        )
            if o.json:
                with open(o.json, "w") as f:
                    json.dump({"labels": labels, "data": data, "when": time.strftime("%F %T"), "argv": sys.argv}, f)
    report(names, labels, data, o)


def report(names, labels, data, o):
    ref = labels[0]
    key = o.stat
    rows = []  # (name, cat, nsubs, {label: secs}, {label: ratio}, {label: fail}, spread, rss)
    notes = []
    for n in names:
        # one row per program: geometric mean over its sub-benchmarks
        # (xml_etree calls itself xml_etree_pure_python where there is no C accelerator)
        runs = {
            l: [
                dict(
                    r,
                    subs={
                        s.replace("_pure_python", "") if n.startswith("xml_etree") else s: v
                        for s, v in r["subs"].items()
                    },
                )
                for r in data[n].get(l, [])
            ]
            for l in labels
        }
        secs, ratio, fail, spread, rss = {}, {}, {}, {}, {}
        for l in labels:
            bad = [r["fail"] for r in runs[l] if "fail" in r]
            if bad or not runs[l]:
                fail[l] = bad[0] if bad else "not run"
        good = [l for l in labels if l not in fail]
        subs = []
        for l in good:
            for r in runs[l]:
                subs += [s for s in r["subs"] if s not in subs]
        common = [s for s in subs if all(s in r["subs"] for l in good for r in runs[l])]
        for l in good:
            lacks = [s for s in subs if any(s not in r["subs"] for r in runs[l])]
            if lacks:
                notes.append("%s: %s lacks %s; the row compares the other %d" % (n, l, ",".join(lacks), len(common)))
        subs = common
        if good and not subs:
            for l in good:
                fail[l] = "FAIL no common sub-benchmark"
            good = []
        pick = min if key == "min" else statistics.median
        for l in good:
            secs[l] = gm(pick([r["subs"][s][key] for r in runs[l]]) for s in subs)
            rss[l] = statistics.median(r["rss"] for r in runs[l])
            per = [gm(r["subs"][s][key] for s in subs) for r in runs[l]]
            spread[l] = max(per) / min(per) - 1
        for l in good:
            if ref in secs:
                if key == "min":
                    ratio[l] = secs[l] / secs[ref]
                else:
                    x, y = runs[l], runs[ref]
                    ratio[l] = gm(
                        statistics.median(
                            x[i]["subs"][s][key] / y[i]["subs"][s][key] for i in range(min(len(x), len(y)))
                        )
                        for s in subs
                    )
        rows.append((n, B[n][0], len(subs), secs, ratio, fail, spread, rss))
    sep = " | " if o.md else "  "
    w = max(len(n) for n in names) + 1

    def line(cells):
        print(("| " if o.md else "") + sep.join(cells) + (" |" if o.md else ""))

    line(
        ["%-*s" % (w, "program"), "%-9s" % "kind"]
        + ["%10s" % l for l in labels]
        + ["%8s" % ("x " + l)[:12] for l in labels[1:]]
        + ["spread"]
    )
    if o.md:
        line(["---"] * (2 + len(labels) + len(labels) - 1 + 1))
    for n, cat, k, secs, ratio, fail, spread, rss in rows:
        line(
            ["%-*s" % (w, n + ("*%d" % k if k > 1 else "")), "%-9s" % cat]
            + ["%10s" % (fmt(secs[l]) if l in secs else fail[l].split()[0]) for l in labels]
            + ["%8s" % ("%.3f" % ratio[l] if l in ratio else fail.get(l, "-").split()[0]) for l in labels[1:]]
            + ["%4.0f%%" % (100 * max(spread.values(), default=0))]
        )
    full = [r for r in rows if all(l in r[4] for l in labels)]

    def gline(title, rs, each=False):
        line(
            ["%-*s" % (w, title), "%-9s" % ("n=%d" % len(rs))]
            + ["%10s" % "" for _ in labels]
            + [
                "%8s" % ("%.3f" % gm(r[4][l] for r in rs if l in r[4]) if any(l in r[4] for r in rs) else "-")
                for l in labels[1:]
            ]
            + [""]
        )

    gline("GEOMEAN all finished", full)
    gline("GEOMEAN each its own", rows)
    for c in dict.fromkeys(r[1] for r in full):
        gline("GEOMEAN " + c, [r for r in full if r[1] == c])
    line(
        ["%-*s" % (w, "finished"), "%-9s" % ""]
        + ["%10s" % ("%d/%d" % (sum(l in r[3] for r in rows), len(rows))) for l in labels]
        + ["%8s" % "" for _ in labels[1:]]
        + [""]
    )
    line(
        ["%-*s" % (w, "median peak RSS MB"), "%-9s" % ""]
        + [
            "%10.1f"
            % (
                statistics.median(r[7][l] for r in rows if l in r[7]) / 1024
                if any(l in r[7] for r in rows)
                else float("nan")
            )
            for l in labels
        ]
        + ["%8s" % "" for _ in labels[1:]]
        + [""]
    )
    for n, cat, k, secs, ratio, fail, spread, rss in rows:
        for l, f in fail.items():
            print("%s %s: %s: %s" % ("-" if o.md else "!", n, l, f))
    for t in notes:
        print("%s note: %s" % ("-" if o.md else "!", t))


if __name__ == "__main__":
    main()
