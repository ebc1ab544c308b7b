#!/usr/bin/python3.11
"""Makes baseline.json.gz: which of CPython's own tests count, from two runs of CPython.

usage: tests/cpython/baseline.py [FILE ...]        (default: every file of groups.txt)

Each file runs twice under python3.11: as it is, and as a foreign implementation (sys.implementation.name "hiss", the
C-API test modules hidden; a file that imports one at its top gets stand-ins whose use skips the test). A test is

    counted    CPython passes it both times (or the foreign run fails without the C API having to do with it)
    impl       left out of the foreign run as a detail of CPython
    capi       needs a C-API test module
    skipped    CPython skips it here: platform, resources, permissions
    failing    CPython itself fails it here

The result is {file: {"stubs": bool, "counted": [id, ...], "impl": ..., "capi": ..., "skipped": ..., "failing": ...,
"subskips": [counted tests of which CPython skips some subtests]}}.
"""

import gzip
import json
import pathlib
import sys

import process

HERE = pathlib.Path(__file__).resolve().parent
PATH = HERE / "baseline.json.gz"
ORACLE = "/usr/bin/python3.11"
CATEGORIES = ("counted", "impl", "capi", "skipped", "failing")
PASSED = ("ok", "xfail", "uxsuccess", "subskip")
LIMITS = {"file": 600, "test": 600}
C_API_WORDS = (*("_testcapi _testinternalcapi _testbuffer _testmultiphase _testimportmultiple _testclinic "
                 "_xxsubinterpreters _xxtestfuzz xxlimited testcapi test_capi").split(), "C-API test module")


def read():
    with gzip.open(PATH, "rt", encoding="utf-8") as file:
        return json.load(file)


def write(baseline):
    text = json.dumps(baseline, separators=(",", ":"), sort_keys=True).encode()
    # Without a time stamp: equal content gives an equal file.
    PATH.write_bytes(gzip.compress(text, 9, mtime=0))


def read_groups():
    """Returns {group: [file, ...]} of groups.txt."""
    groups = {}
    for line in (HERE / "groups.txt").read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            files = groups.setdefault(line.strip("[]"), [])
        elif line:
            files += line.split()
    return groups


def needs_c_api(message):
    return any(word in message for word in C_API_WORDS)


def fixture_message(run, test):
    """Returns (kind, message) of the class or module fixture that kept a test from running, or None."""
    for where, kind, message in run.outside:
        owner = where.partition("(")[2].rstrip(")")
        if owner and test.startswith(owner + "."):
            return kind, message
    return None


def category(test, plain, foreign, stubs):
    status = plain.results.get(test, ("absent",))[0]
    if status == "absent":
        fixture = fixture_message(plain, test)
        return "failing" if not plain.ended or fixture and fixture[0] == "error" else "skipped"
    if status in ("fail", "error"):
        return "failing"
    if status not in PASSED:
        return "skipped"
    status, _, message = foreign.results.get(test, ("absent", 0, ""))
    if status in ("ok", "xfail", "uxsuccess") or status == "subskip" == plain.results[test][0]:
        return "counted"
    if status == "skip":
        return "impl" if "implementation detail" in message or "cpython" in message.lower() else "capi"
    if status == "subskip":
        return "capi"
    if status in ("fail", "error"):
        return "capi" if stubs or needs_c_api(message) else "counted"
    if test not in foreign.listed:
        return "capi" if foreign.outside and not foreign.listed else "impl"
    fixture = fixture_message(foreign, test)
    if fixture is None:
        return "counted"
    return "impl" if "implementation detail" in fixture[1] else "capi"


def measure(name):
    plain = process.run_file(ORACLE, name, [], LIMITS)
    foreign = process.run_file(ORACLE, name, ["fake", "nocapi"], LIMITS)
    stubs = False
    if plain.listed and not foreign.listed:
        again = process.run_file(ORACLE, name, ["fake", "nocapi", "stubs!"], LIMITS)
        if again.listed:
            foreign, stubs = again, True
    entry = {key: [] for key in CATEGORIES}
    for test in dict.fromkeys([*plain.listed, *plain.results]):
        entry[category(test, plain, foreign, stubs)].append(test)
    subskips = [test for test in entry["counted"] if plain.results[test][0] == "subskip"]
    return {"stubs": stubs, **entry, "subskips": subskips}


def main():
    names = sys.argv[1:] or [name for files in read_groups().values() for name in files]
    baseline = read() if PATH.exists() else {}
    for name in names:
        baseline[name] = measure(name)
        print(name, ", ".join(f"{len(baseline[name][key])} {key}" for key in CATEGORIES), flush=True)
        write(baseline)


if __name__ == "__main__":
    main()
