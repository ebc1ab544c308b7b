"""Runs one of CPython's test files inside the interpreter under test and writes a record of it.

It executes this file with the arguments RECORD FLAGS TEST [SKIPFILE] behind the program name and calls main().
The record is a text file, one line per event with tab-separated fields, appended to while the tests run, so that a
crash, a hang or wild output loses nothing:

    L id                      a test was collected
    S id                      a test starts
    R id status ms message    a test ended
    K id blocks               with "leaks": repeating the test left more blocks each time, this many in the end
    X where kind message      something outside a test: import-error, module-skip, a failing setUpClass, ...
    E                         the end was reached

FLAGS is a comma-separated list: "fake" makes CPython call itself hiss, "nocapi" hides the C-API test modules,
"stubs" offers stand-ins for those that are missing, "stubs!" for all of them, "leaks" repeats each test. The code asks little of the interpreter.
"""

import os
import sys
import time

# The tests replace some of these functions for a while; the record must not notice.
os_open, os_write, os_close, os_getpid = os.open, os.write, os.close, os.getpid
clock = time.perf_counter
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND

C_API_MODULES = ("_testcapi", "_testinternalcapi", "_testbuffer", "_testmultiphase", "_testimportmultiple",
                 "_testclinic", "_testconsole", "_xxsubinterpreters", "_xxtestfuzz", "xxlimited", "xxlimited_35",
                 "_xxinterpchannels")

# Test files use these numbers of _testcapi while they are imported.
C_LIMITS = dict(INT_MAX=2**31 - 1, INT_MIN=-2**31, UINT_MAX=2**32 - 1, SHRT_MAX=2**15 - 1, SHRT_MIN=-2**15,
                USHRT_MAX=2**16 - 1, CHAR_MAX=127, CHAR_MIN=-128, UCHAR_MAX=255, LONG_MAX=2**63 - 1,
                LONG_MIN=-2**63, ULONG_MAX=2**64 - 1, LLONG_MAX=2**63 - 1, LLONG_MIN=-2**63, ULLONG_MAX=2**64 - 1,
                PY_SSIZE_T_MAX=2**63 - 1, PY_SSIZE_T_MIN=-2**63, SIZEOF_TIME_T=8, SIZEOF_WCHAR_T=4,
                FLT_MAX=3.4028234663852886e+38, FLT_MIN=1.1754943508222875e-38,
                DBL_MAX=1.7976931348623157e+308, DBL_MIN=2.2250738585072014e-308)

# Of these repetitions of a test the first few are not counted; a test whose repetitions take longer is not judged.
LEAK_REPETITIONS, LEAK_WARM_UP, LEAK_SECONDS = 8, 3, 20

# When several things happen in one test, the first of these is its status.
STATUS_ORDER = ("error", "fail", "skip", "uxsuccess", "xfail", "ok", "subskip")


class Blocker:
    """Makes modules impossible to import."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name in self.names:
            raise ModuleNotFoundError("No module named %r" % name, name=name)
        return None


class Missing:
    """Stands for anything in a C-API test module: harmless while a file is imported, a skip when a test uses it."""

    in_test = False

    def __init__(self, name, *bases_and_body):
        self.__dict__["_name"] = name

    def __getattr__(self, attribute):
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(attribute)
        return Missing(self._name + "." + attribute)

    def __call__(self, *args, **kwargs):
        if not Missing.in_test:
            return Missing(self._name + "()")
        import unittest
        raise unittest.SkipTest("C-API test module needed: " + self._name)

    __len__ = __iter__ = __index__ = __enter__ = __exit__ = __call__
    __getitem__ = __setitem__ = __call__

    def __bool__(self):
        return False


class StubFinder:
    """Imports stand-ins for the C-API test modules, so that a file that imports one at its top can run the rest."""

    def find_spec(self, name, path=None, target=None):
        if name not in C_API_MODULES:
            return None
        from importlib.machinery import ModuleSpec
        return ModuleSpec(name, self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        if name == "_testcapi":
            module.__dict__.update(C_LIMITS)
        elif name == "_testinternalcapi":
            # test.support.requires_debug_ranges asks this at import time.
            module.get_config = lambda: {"code_debug_ranges": 1}

        def attribute_of_module(attribute):
            if attribute.startswith("__") and attribute.endswith("__"):
                raise AttributeError(attribute)
            return Missing(name + "." + attribute)
        module.__getattr__ = attribute_of_module


def escape(value):
    try:
        text = str(value)
    except BaseException as error:
        text = "<unprintable %s>" % type(error).__name__
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


class Record:
    def __init__(self, path):
        self.path = path
        self.pid = os_getpid()

    def __call__(self, *fields):
        # A test that forks must not report twice.
        if os_getpid() != self.pid:
            return
        line = "\t".join([escape(field) for field in fields]) + "\n"
        try:
            descriptor = os_open(self.path, APPEND, 0o600)
            try:
                os_write(descriptor, line.encode("utf-8", "backslashreplace"))
            finally:
                os_close(descriptor)
        except OSError:
            pass


def say(text):
    """Writes to the log (standard error), past whatever a test has done to sys.stderr."""
    try:
        os_write(2, (text + "\n").encode("utf-8", "backslashreplace"))
    except Exception:
        pass


def one_line(exception):
    """Returns the exception as one line of at most 400 characters."""
    try:
        lines = str(exception[1]).strip().splitlines() or [""]
        text = lines[0]
        if len(lines) > 1 and len(text) < 160:
            text += " | " + " | ".join(lines[1:4])
        return ("%s: %s" % (exception[0].__name__, text))[:400]
    except BaseException as error:
        return "<error while formatting: %s>" % type(error).__name__


def say_traceback(exception):
    try:
        import traceback
        say("".join(traceback.format_exception(*exception)))
    except BaseException as error:
        say("<traceback not printable: %s>" % type(error).__name__)


def make_result(record):
    import unittest

    class Result(unittest.TestResult):
        """Writes each test into the record."""

        def __init__(self):
            super().__init__()
            self.current = None
            self.events = []

        def startTest(self, test):
            self.testsRun += 1
            self.current = getattr(test, "_record_id", None) or test.id()
            self.events = []
            record("S", self.current)
            Missing.in_test = True
            self.started = clock()

        def stopTest(self, test):
            elapsed = clock() - self.started
            Missing.in_test = False
            status, message = "none", ""
            for candidate in STATUS_ORDER:
                found = [text for kind, text in self.events if kind == candidate]
                if found:
                    status, message = candidate, found[0]
                    break
            self.last_status = status
            record("R", self.current, status, "%.0f" % (elapsed * 1000), message)
            say("%s ... %s %s" % (self.current, status, message))
            self.current = None

        def note(self, kind, test, message=""):
            if self.current is None:
                record("X", test.id(), kind, message)
                say("%s: %s %s" % (test.id(), kind, message))
            else:
                self.events.append((kind, message))

        def addSuccess(self, test):
            self.note("ok", test)

        def addError(self, test, exception):
            say_traceback(exception)
            self.note("error", test, one_line(exception))

        def addFailure(self, test, exception):
            say_traceback(exception)
            self.note("fail", test, one_line(exception))

        def addSubTest(self, test, subtest, exception):
            if exception is not None:
                say_traceback(exception)
                failed = issubclass(exception[0], test.failureException)
                self.note("fail" if failed else "error", test, "[subtest] " + one_line(exception))

        def addSkip(self, test, reason):
            self.note("subskip" if type(test).__name__ == "_SubTest" else "skip", test, reason)

        def addExpectedFailure(self, test, exception):
            self.note("xfail", test, one_line(exception))

        def addUnexpectedSuccess(self, test):
            self.note("uxsuccess", test)

    return Result()


def repeat_for_leaks(test, record):
    """Runs a test that has passed again and again; a leak leaves more blocks of memory each time.

    The first repetitions fill caches. A test that takes long, or fails the second time, is left alone.
    """
    import gc
    import unittest
    started = clock()
    counts = [10**6 + i for i in range(LEAK_REPETITIONS)]  # in CPython each number is a block, too
    for i in range(LEAK_REPETITIONS):
        outcome = unittest.TestResult()
        unittest.TestCase.run(test, outcome)
        good = outcome.wasSuccessful()
        del outcome
        if not good or clock() - started > LEAK_SECONDS:
            return
        gc.collect()
        gc.collect()
        counts[i] = sys.getallocatedblocks()
    steps = [later - earlier for earlier, later in zip(counts[LEAK_WARM_UP:], counts[LEAK_WARM_UP + 1:])]
    if min(steps) > 0:
        record("K", test._record_id, min(steps))


class Runner:
    """Runs suites: those of the loader, or those a file's test_main() hands to test.support."""

    def __init__(self, record, skip, leaks=False):
        self.record = record
        self.skip = skip
        self.leaks = leaks
        self.result = make_result(record)
        self.seen = {}

    def prepare(self, suite):
        """Gives every test an id of its own and drops the ones to skip."""
        import unittest
        kept = []
        for test in suite._tests:
            if isinstance(test, unittest.TestSuite):
                self.prepare(test)
                kept.append(test)
                continue
            name = test.id()
            count = self.seen[name] = self.seen.get(name, 0) + 1
            if count > 1:
                name = "%s#%d" % (name, count)
            try:
                test._record_id = name
            except AttributeError:
                pass
            self.record("L", name)
            if name not in self.skip:
                kept.append(test)
                if self.leaks:
                    self.watch_leaks(test)
        suite._tests = kept

    def watch_leaks(self, test):
        """Makes the test repeat itself after it has run, while its class's fixtures are still there."""
        def run(result):
            type(test).run(test, result)
            if result.last_status == "ok":
                repeat_for_leaks(test, self.record)
            return result
        try:
            test.run = run
        except AttributeError:
            pass

    def run(self, suite):
        self.prepare(suite)
        suite.run(self.result)

    def run_unittest(self, *classes):
        import unittest
        loader = unittest.TestLoader()
        suite = unittest.TestSuite()
        for item in classes:
            if isinstance(item, str):
                suite.addTest(loader.loadTestsFromModule(sys.modules[item]))
            elif isinstance(item, (unittest.TestSuite, unittest.TestCase)):
                suite.addTest(item)
            else:
                suite.addTest(loader.loadTestsFromTestCase(item))
        self.run(suite)

    def run_doctest(self, module, verbosity=None, optionflags=0):
        import doctest
        suite = doctest.DocTestSuite(module, optionflags=optionflags)
        self.run(suite)
        return 0, suite.countTestCases()

    def run_module(self, module, support):
        import unittest
        if hasattr(module, "test_main") and not hasattr(module, "load_tests"):
            originals = {"run_unittest": support.run_unittest, "run_doctest": support.run_doctest}
            for name, original in originals.items():
                for holder in (support, module):
                    if getattr(holder, name, None) is original:
                        setattr(holder, name, getattr(self, name))
            module.test_main()
            return
        loader = unittest.TestLoader()
        suite = unittest.TestSuite([loader.loadTestsFromModule(module)])
        for text in loader.errors:
            lines = text.strip().splitlines()
            self.record("X", module.__name__, "load-error", lines[-1] if lines else "")
            say(text)
        if hasattr(module, "__test__") and not hasattr(module, "load_tests"):
            import doctest
            suite.addTest(doctest.DocTestSuite(module))
        self.run(suite)


def prepare_imports(flags):
    # Packages outside the standard library change what some tests do (numpy: test_pickle).
    sys.path[:] = [p for p in sys.path if p and not p.rstrip("/").endswith(("dist-packages", "site-packages"))]
    if "fake" in flags:
        sys.implementation.name = "hiss"
        import platform
        platform.python_implementation = lambda: "Hiss"
    if "nocapi" in flags:
        sys.meta_path.insert(0, Blocker(C_API_MODULES))


def import_support(flags):
    from test import support
    if "stubs" in flags:
        sys.meta_path.append(StubFinder())
    if "stubs!" in flags:
        sys.meta_path.insert(0, StubFinder())
    support.use_resources = []
    support.verbose = 0
    support.record_original_stdout(sys.stdout)
    return support


def main():
    record = Record(sys.argv[1])
    flags = sys.argv[2].split(",")
    name = sys.argv[3]
    skip = set()
    if len(sys.argv) > 4:
        with open(sys.argv[4], encoding="utf-8") as file:
            skip = {line.rstrip("\n") for line in file}
    del sys.argv[1:]
    if name.startswith("test_"):
        name = "test." + name
    stage = "import-error"
    try:
        prepare_imports(flags)
        import importlib
        import unittest
        support = import_support(flags)
        try:
            module = importlib.import_module(name)
            stage = "driver-error"
            Runner(record, skip, "leaks" in flags).run_module(module, support)
        except unittest.SkipTest as reason:
            record("X", name, "module-skip", reason)
            say("module skipped: %s" % reason)
    except BaseException:
        exception = sys.exc_info()
        record("X", name, stage, one_line(exception))
        say_traceback(exception)
        return
    record("E")
