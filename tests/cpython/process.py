"""Runs one test file in a process of its own, under limits, and reads the record that driver.py writes."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

DRIVER = pathlib.Path(__file__).resolve().parent / "driver.py"

# Given with -c, so that the tests see a __main__ without __file__.
BOOT = """\
import sys
def boot():
    path = sys.argv.pop(1)
    with open(path, encoding='utf-8') as file:
        source = file.read()
    names = {'__name__': 'conformance_driver', '__file__': path, '__builtins__': __builtins__}
    exec(compile(source, path, 'exec'), names)
    return names['main']
boot()()
"""

# Sets the limits of the process and default signal handling (a background job ignores SIGINT), then becomes it.
LIMITS = """\
import os, resource, signal, sys
for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_SETMASK, ())
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
memory = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
os.execvp(sys.argv[2], sys.argv[2:])
"""

MEMORY_LIMIT = 4 << 30
LOG_LIMIT = 64 << 20
# A file that has finished its tests may take this long to leave.
EXIT_SECONDS = 20
TOKEN_NAME = "HISS_CPYTHON_TESTS"

live_processes = set()


class Run:
    """What the tests of one file did, over one process or several."""

    def __init__(self):
        self.listed = []
        self.results = {}  # id -> (status, milliseconds, message)
        self.leaks = {}  # id -> blocks that each repetition leaves
        self.outside = []  # (where, kind, message)
        self.crashes = []  # (id or None, what happened)
        self.current = None
        self.ended = False
        self.note = ""
        self.seconds = 0.0
        self.log = ""

    def read(self, path):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        for line in text.split("\n"):
            kind, *fields = line.split("\t")
            fields = [unescape(field) for field in fields]
            if kind == "L":
                self.listed.append(fields[0])
            elif kind == "S":
                self.current = fields[0]
            elif kind == "R" and len(fields) == 4:
                self.results[fields[0]] = (fields[1], int(fields[2]), fields[3])
                self.current = None
            elif kind == "K":
                self.leaks[fields[0]] = int(fields[1])
            elif kind == "X" and len(fields) == 3:
                self.outside.append(tuple(fields))
            elif kind == "E":
                self.ended = True

    def stopped_by_exception(self):
        return any(kind in ("import-error", "driver-error") for _, kind, _ in self.outside)

    def merge(self, later):
        """Adds what a later process did, one that went on behind a crash."""
        self.results.update(later.results)
        self.leaks.update(later.leaks)
        self.outside += [event for event in later.outside if event not in self.outside]
        self.listed += [name for name in later.listed if name not in self.listed]
        self.seconds += later.seconds
        self.log += f"\n==== resumed after {self.note} ====\n{later.log}"
        self.ended, self.note, self.current = later.ended, later.note, later.current


def unescape(text):
    return re.sub(r"\\(.)", lambda match: {"t": "\t", "n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def why_stop(run, record, log, started, limits):
    """Returns the reason to kill a process that is still running, or None."""
    now = time.monotonic()
    try:
        status = record.stat()
    except OSError:
        status = None
    if status and record.read_bytes()[-2:] == b"E\n":
        limits.setdefault("end", now)
        return "hangs at exit" if now - limits["end"] > EXIT_SECONDS else None
    if status and status.st_size != limits.get("size"):
        limits["size"], limits["changed"] = status.st_size, now
    if now - started > limits["file"]:
        return f"ran past {limits['file']:.0f} s"
    if "changed" in limits and now - limits["changed"] > limits["test"]:
        return f"one test ran past {limits['test']:.0f} s"
    if log.stat().st_size > LOG_LIMIT:
        return "wrote more than 64 MB"
    return None


def wait(process, run, record, log, limits):
    """Waits for the process or kills it; returns its exit status."""
    started = time.monotonic()
    delay = 0.005
    while True:
        try:
            return process.wait(delay)
        except subprocess.TimeoutExpired:
            delay = min(delay * 2, 0.25)
        if reason := why_stop(run, record, log, started, limits):
            run.note = reason
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()


def describe_end(run, status):
    if status < 0:
        name = signal.Signals(-status).name if -status in signal.valid_signals() else f"signal {-status}"
        return f"killed by {name}" + (" at exit" if run.ended else "")
    if not run.ended and not run.stopped_by_exception():
        return f"exited with {status} before the end"
    return ""


def kill_leftovers(token):
    """Kills what a finished test file left running: the processes that carry its token in their environment."""
    needle = f"{TOKEN_NAME}={token}".encode()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if needle in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            pass


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        # Some tests leave folders without permissions.
        for where, names, _ in os.walk(folder):
            for name in names:
                os.chmod(os.path.join(where, name), 0o700)
        shutil.rmtree(folder, ignore_errors=True)


def run_process(program, name, flags, limits, skip=()):
    """Runs one file in one process."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cpython-tests-"))
    (folder / "cwd").mkdir()
    (folder / "tmp").mkdir()
    record, log, skip_file = folder / "record", folder / "log", folder / "skip"
    token = uuid.uuid4().hex
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment.update({"LANG": "C.UTF-8", "TMPDIR": str(folder / "tmp"), TOKEN_NAME: token})
    skip_file.write_text("".join(test + "\n" for test in skip), encoding="utf-8")
    command = [sys.executable, "-S", "-E", "-c", LIMITS, str(MEMORY_LIMIT), program, "-c", BOOT,
               str(DRIVER), str(record), ",".join(flags), name, str(skip_file)]
    run = Run()
    started = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   cwd=folder / "cwd", env=environment, start_new_session=True)
        live_processes.add(process.pid)
        status = wait(process, run, record, log, dict(limits))
        live_processes.discard(process.pid)
    kill_leftovers(token)
    run.seconds = time.monotonic() - started
    run.read(record)
    run.note = run.note or describe_end(run, status)
    with open(log, "rb") as output:
        run.log = output.read(LOG_LIMIT).decode("utf-8", "backslashreplace")
    remove_folder(folder)
    return run


def run_file(program, name, flags, limits, resume=0):
    """Runs one file; after a crash or hang it goes on behind the guilty test, at most `resume` times."""
    run = run_process(program, name, flags, limits)
    while run.note and not run.ended:
        run.crashes.append((run.current, run.note))
        if len(run.crashes) > resume or run.seconds >= limits["file"]:
            break
        guilty = [test for test, _ in run.crashes if test]
        later = run_process(program, name, flags, dict(limits, file=limits["file"] - run.seconds),
                            skip=[*run.results, *guilty])
        run.merge(later)
        if later.current is None and not later.results:
            break
    return run


def kill_all(number, frame):
    """A signal handler: leaves no test process behind when the runner is stopped."""
    for pid in list(live_processes):
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
    os._exit(128 + number)
