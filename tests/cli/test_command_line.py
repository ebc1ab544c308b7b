"""The command line of Hiss on good and bad input, compared with python3.11's."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HISS = os.environ.get("HISS", str(ROOT / "build" / "hiss"))
ORACLE = os.environ.get("ORACLE", "/usr/bin/python3.11")


def execute(program, *arguments, given="", cwd=None):
    return subprocess.run([program, *arguments], input=given, capture_output=True, text=True, timeout=120, cwd=cwd)


class SameAsPython(unittest.TestCase):
    """Runs both programs and compares what they print and their exit statuses."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, text, name="script.py"):
        path = pathlib.Path(self.folder, name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def check(self, *arguments, status=None, given=""):
        expected = execute(ORACLE, *arguments, given=given, cwd=self.folder)
        actual = execute(HISS, *arguments, given=given, cwd=self.folder)
        # Both name the program they were started as.
        self.assertEqual(actual.stderr.replace(HISS, "PROGRAM"), expected.stderr.replace(ORACLE, "PROGRAM"))
        self.assertEqual(actual.stdout, expected.stdout)
        self.assertEqual(actual.returncode, expected.returncode)
        if status is not None:
            self.assertEqual(actual.returncode, status)


class SyntaxErrors(SameAsPython):
    def check_script(self, text):
        self.check(self.write(text), status=1)

    def test_unclosed_parenthesis(self):
        self.check_script("x = 1\nprint((1 + 2)\ny = 3\n")

    def test_missing_colon(self):
        self.check_script("def f(x)\n    return x\n")

    def test_assignment_in_condition(self):
        self.check_script("if x = 1:\n    pass\n")

    def test_unterminated_string(self):
        self.check_script("name = 'abc\nprint(name)\n")

    def test_unexpected_indent(self):
        self.check_script("x = 1\n    y = 2\n")

    def test_wrong_dedent(self):
        self.check_script("if True:\n        x = 1\n    y = 2\n")

    def test_missing_block(self):
        self.check_script("while True:\nx = 1\n")

    def test_forgotten_comma(self):
        self.check_script("print([1, 2 3])\n")

    def test_return_outside_function(self):
        self.check_script("x = 1\nreturn x\n")

    def test_caret_counts_characters_not_bytes(self):
        self.check_script("é = 'ü' + + + )\n")

    def test_broken_format_string(self):
        self.check_script("x = 1\nprint(f'{x!z}')\n")

    def test_bytes_that_are_not_utf8(self):
        self.check_script(b"x = 1\ny = '\xff'\n")

    def test_null_byte(self):
        self.check_script("compile('x = 1\\0', 'name', 'exec')\n")

    def test_command(self):
        self.check("-c", "x = = 1", status=1)

    def test_standard_input(self):
        self.check("-", given="print(1)\nx = )\n", status=1)


class Tracebacks(SameAsPython):
    def test_carets_of_a_script(self):
        self.check(self.write("def ratio(a, b):\n    return (a + 1) / (b - b)\n\n\nprint('before')\nratio(1, 2) + 3\n"), status=1)

    def test_command(self):
        self.check("-c", "def f(d):\n    return d['key']['other']\nf({'key': {}})", status=1)

    def test_chained_errors(self):
        self.check(self.write("try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error\n"), status=1)

    def test_error_while_handling(self):
        self.check(self.write("try:\n    1 / 0\nexcept ZeroDivisionError:\n    undefined\n"), status=1)

    def test_name_suggestion(self):
        self.check(self.write("counter = 1\nprint(countr)\n"), status=1)

    def test_attribute_suggestion(self):
        self.check(self.write("class A:\n    value = 1\n\n\nprint(A().valeu)\n"), status=1)

    def test_notes(self):
        self.check(self.write("error = ValueError('v')\nerror.add_note('a note')\nraise error\n"), status=1)

    def test_exception_group(self):
        self.check(self.write("raise ExceptionGroup('many', [ValueError(1), TypeError(2)])\n"), status=1)

    def test_error_in_del_is_printed_and_ignored(self):
        text = "class A:\n    def __del__(self):\n        raise ValueError('in del')\n\n    def __repr__(self):\n        return '<A>'\n\n    __del__.__qualname__ = 'A.__del__'\n\n\nA()\nprint('after')\n"
        expected = execute(ORACLE, self.write(text), cwd=self.folder)
        actual = execute(HISS, self.write(text), cwd=self.folder)
        self.assertEqual((actual.returncode, actual.stdout), (expected.returncode, expected.stdout))
        self.assertIn("ValueError: in del", actual.stderr)

    def test_endless_recursion(self):
        self.check(self.write("def f(n):\n    return f(n + 1)\n\n\nf(0)\n"), status=1)

    def test_endless_recursion_through_repr(self):
        actual = execute(HISS, "-c", "class A:\n    def __repr__(self): return repr(self)\nrepr(A())")
        self.assertEqual(actual.returncode, 1)
        self.assertIn("RecursionError: maximum recursion depth exceeded", actual.stderr)

    def test_deeply_nested_source(self):
        actual = execute(HISS, "-c", "eval('(' * 100000 + ')' * 100000)")
        self.assertEqual(actual.returncode, 1)
        self.assertIn("Error: too many nested parentheses", actual.stderr)

    def test_allocation_larger_than_memory(self):
        text = "try:\n    x = [0] * (1 << 60)\nexcept MemoryError:\n    print('MemoryError')\nprint('alive')\n"
        self.check(self.write(text), status=0)


class Options(SameAsPython):
    def test_unknown_option(self):
        actual = execute(HISS, "-Q")
        self.assertEqual(actual.returncode, 2)
        self.assertTrue(actual.stderr.startswith("Unknown option: -Q\nusage: "), actual.stderr)

    def test_unknown_long_option(self):
        actual = execute(HISS, "--no-such-option")
        self.assertEqual(actual.returncode, 2)
        self.assertTrue(actual.stderr.lower().startswith("unknown option --no-such-option\n"), actual.stderr)

    def test_option_without_its_argument(self):
        actual = execute(HISS, "-c")
        self.assertEqual(actual.returncode, 2)
        self.assertTrue(actual.stderr.startswith("Argument expected for the -c option\n"), actual.stderr)

    def test_missing_script(self):
        self.check("no-such-script.py", status=2)

    def test_script_with_a_relative_path(self):
        self.write("print(__file__)\nraise ValueError(__file__)\n")
        self.check("script.py", status=1)
        self.check("./script.py", status=1)

    def test_missing_module(self):
        self.check("-m", "no_such_module", status=1)

    def test_folder_without_main(self):
        pathlib.Path(self.folder, "empty").mkdir()
        self.check("empty", status=1)

    def test_version(self):
        actual = execute(HISS, "-V")
        self.assertEqual(actual.returncode, 0)
        self.assertTrue(actual.stdout.startswith("Python 3.11."), actual.stdout)
        self.assertEqual(execute(HISS, "--version").stdout, actual.stdout)

    def test_arguments(self):
        text = "import sys\nprint(sys.argv, __name__)\n"
        self.check(self.write(text), "-x", "--option", "a b", status=0)
        self.check("-c", text, "-c", "é", status=0)
        self.check("-", "one", given=text, status=0)

    def test_module(self):
        self.write("import sys\nprint(__name__, sys.argv[1:])\n", "mod.py")
        self.check("-m", "mod", "a", status=0)

    def test_optimize(self):
        self.check("-O", "-c", "assert False; print(__debug__)", status=0)

    def test_program_on_standard_input(self):
        self.check(given="print('from stdin')\n", status=0)


class ExitStatus(SameAsPython):
    def test_of_sys_exit(self):
        for argument in ("", "None", "0", "3", "256", "-1", "True", "'message'", "(1, 2)", "2.5"):
            with self.subTest(argument):
                self.check("-c", f"import sys; sys.exit({argument})")

    def test_of_system_exit_without_imports(self):
        self.check("-c", "raise SystemExit(7)", status=7)
        self.check("-c", "raise SystemExit('said why')", status=1)

    def test_finally_runs_before_exit(self):
        self.check("-c", "try:\n    raise SystemExit(4)\nfinally:\n    print('finally')", status=4)

    def test_of_keyboard_interrupt(self):
        actual = execute(HISS, "-c", "raise KeyboardInterrupt")
        # python3.11 ends itself with SIGINT; a shell shows that as 130.
        self.assertIn(actual.returncode, (-2, 130))
        self.assertIn("KeyboardInterrupt", actual.stderr)

    def test_closed_output(self):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([HISS, "-c", "print('x' * 100000)"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(write)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("BrokenPipeError", done.stderr)


if __name__ == "__main__":
    unittest.main()
