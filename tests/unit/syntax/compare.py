"""Holds Hiss's front end against python3.11: run with python3.11.

compare.py UNIT_SYNTAX files [DIRECTORY]   trees of every .py file below DIRECTORY (default: the standard library)
compare.py UNIT_SYNTAX cases               errors and trees of the sources in Python's own syntax tests and of the list below
compare.py UNIT_SYNTAX mutate SEED COUNT   errors of randomly damaged standard library files
"""
import ast
import os
import random
import re
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def expected_warnings(source):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(source, "<string>", "exec", ast.PyCF_ONLY_AST)
        except (SyntaxError, MemoryError, ValueError, RecursionError):
            pass
    return "W" + "".join(f"\x1f{w.lineno} {escape(str(w.message))}" for w in caught)


def expected(source, mode="exec", attributes=True):
    if mode == "warnings":
        return expected_warnings(source)
    try:
        kind, flag = MODES[mode]
        tree = compile(source, "<string>", kind, ast.PyCF_ONLY_AST | flag)
    except SyntaxError as e:
        if not isinstance(e.args, tuple) or len(e.args) < 2:
            return f"E {type(e).__name__}\x1f{escape(e.msg)}\x1f0\x1f0\x1f0\x1f0\x1fNone"
        fields = [type(e).__name__, escape(e.msg), e.lineno, e.offset, e.end_lineno, e.end_offset,
                  "None" if e.text is None else escape(e.text)]
        return "E " + "\x1f".join(str(f) for f in fields)
    except (MemoryError, ValueError, RecursionError) as e:
        return f"E {type(e).__name__}"
    try:
        return "T " + escape_nothing(ast.dump(tree, include_attributes=attributes))
    except RecursionError:
        return "?"


def escape_nothing(text):
    return text


def ours_sources(binary, cases):
    data = b"".join(b"%s %d\n%s\n" % (LETTERS[mode], len(src), src)
                    for src, mode in ((s.encode("utf-8", "surrogatepass"), m) for s, m in cases))
    done = subprocess.run([binary, "sources"], input=data, capture_output=True)
    lines = done.stdout.decode("utf-8", "surrogatepass").split("\n")
    if done.returncode:
        print("exit status", done.returncode, "after", len(lines) - 1, "of", len(cases))
        print("last source:", repr(cases[len(lines) - 1][0])[:2000])
    return lines


def show_difference(want, got):
    if want[:1] == "E" or got[:1] == "E":
        print("   want", want.replace("\x1f", " | ")[:300])
        print("   got ", got.replace("\x1f", " | ")[:300])
        return
    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    print("   want ...", want[max(0, at - 200):at + 150])
    print("   got  ...", got[max(0, at - 200):at + 150])


def same(want, got):
    if want == "?":
        return True
    if want[:2] == "E " and "\x1f" not in want:
        return got.startswith(want)
    return want == got


def compare_files(binary, directory):
    files = []
    for base, dirs, names in os.walk(directory):
        files += [os.path.join(base, n) for n in names if n.endswith(".py")]
    files.sort()
    equal = both_fail = 0
    for i in range(0, len(files), 50):
        group = files[i:i + 50]
        out = subprocess.run([binary, "tree", *group], capture_output=True).stdout.decode("utf-8", "surrogatepass").split("\n")
        for name, got in zip(group, out):
            want = expected(open(name, "rb").read())
            if same(want, got):
                equal += 1
                both_fail += want[0] == "E"
            elif want[0] == "E" and got[0] == "E":
                both_fail += 1
                print(name)
                show_difference(want, got)
            else:
                print(name)
                show_difference(want, got)
    print(f"{equal} of {len(files)} files equal ({both_fail} are errors in both)")


def collect_cases():
    """Sources from doctests and string literals of Python's own tests."""
    import doctest
    sources = []
    base = "/usr/lib/python3.11/test"
    for name in ("test_syntax", "test_exceptions", "test_fstring", "test_eof", "test_grammar", "test_named_expressions", "test_patma",
                 "test_positional_only_arg", "test_unpack_ex", "test_genexps", "test_string_literals", "test_unparse", "test_except_star",
                 "test_with", "test_generators", "test_coroutines", "test_decorators", "test_compile", "test_codeop", "test_ast",
                 "test_cmd_line_script", "test_parser", "test_keywordonlyarg", "test_extcall", "test_descr", "test_type_comments"):
        path = f"{base}/{name}.py"
        if not os.path.exists(path):
            continue
        text = open(path, encoding="utf-8").read()
        tree = ast.parse(text)
        try:
            for example in doctest.DocTestParser().get_examples(text):
                sources.append(example.source)
        except ValueError:
            pass
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                sources.append(node.value)
                try:
                    for example in doctest.DocTestParser().get_examples(node.value):
                        sources.append(example.source)
                except ValueError:
                    pass
    seen = set()
    return [s for s in sources if not (s in seen or seen.add(s)) and "\0" not in s]


def compare_cases(binary, cases):
    got_lines = ours_sources(binary, cases)
    equal = 0
    shown = 0
    both = 0
    for (source, mode), got in zip(cases, got_lines):
        try:
            source.encode("utf-8")
        except UnicodeEncodeError:
            continue
        want = expected(source, mode)
        if same(want, got):
            equal += 1
        else:
            shown += 1
            if shown <= LIMIT:
                print(mode, repr(source)[:400])
                show_difference(want, got)
    print(f"{equal} of {len(cases)} cases equal")


def damage(text, rng):
    """One small accident: a token lost, doubled, swapped or replaced."""
    tokens = list(re.finditer(r"\w+|[^\w\s]|\n[ \t]*|[ \t]+", text))
    if not tokens:
        return text
    t = rng.choice(tokens)
    kind = rng.randrange(6)
    other = rng.choice(tokens).group()
    pool = ["(", ")", "[", "]", "{", "}", ":", ",", "=", "*", "**", ":=", "if", "else", "for", "in", "lambda", "not", "'", '"', "->", ".",
            "yield", "await", "async", "as", "import", "0", "x", "\n", " ", "\t", ";", "\\", "1a", "f'{a b}'", "é", "print", "match", "case",
            "def", "class", "return", "except", "try", "with", "del", "None", "True", "@", "#", "==", "+=", "...", "!", "$", "?"]
    if kind == 0:
        return text[:t.start()] + text[t.end():]
    if kind == 1:
        return text[:t.end()] + t.group() + text[t.end():]
    if kind == 2:
        return text[:t.start()] + other + text[t.end():]
    if kind == 3:
        return text[:t.start()] + rng.choice(pool) + text[t.end():]
    if kind == 4:
        return text[:t.end()] + rng.choice(pool) + text[t.end():]
    return text[:t.end()]


def mutate(binary, seed, count):
    rng = random.Random(seed)
    base = "/usr/lib/python3.11"
    files = [f"{base}/{n}" for n in sorted(os.listdir(base)) if n.endswith(".py")]
    files += [f"{base}/test/{n}" for n in ("test_grammar.py", "test_patma.py", "test_fstring.py", "test_syntax.py", "test_with.py",
                                          "test_except_star.py", "test_coroutines.py", "test_named_expressions.py", "test_unpack_ex.py")]
    texts = []
    for f in files:
        try:
            texts.append(open(f, encoding="utf-8").read())
        except UnicodeDecodeError:
            pass
    cases = []
    for _ in range(count):
        text = rng.choice(texts)
        lines = text.split("\n")
        start = rng.randrange(len(lines))
        piece = "\n".join(lines[start:start + rng.randrange(1, 25)])
        indent = len(piece) - len(piece.lstrip(" "))
        if rng.random() < 0.9:
            piece = re.sub(r"(?m)^ {%d}" % indent, "", piece)
        for _ in range(rng.randrange(1, 3)):
            piece = damage(piece, rng)
        cases.append((piece + ("\n" if rng.random() < 0.5 else ""), rng.choice(["exec"] * 6 + ["eval", "single"])))
    cases = [c for c in cases if "\0" not in c[0]]
    compare_cases(binary, cases)


def write_names():
    """The character names that \\N{...} in the compared files needs."""
    import unicodedata
    path = "/tmp/hiss_unicode_names.txt"
    if not os.path.exists(path):
        with open(path, "w") as out:
            for code in range(0x110000):
                name = unicodedata.name(chr(code), "")
                if name and not name.startswith(("CJK UNIFIED", "HANGUL SYLLABLE")):
                    out.write(f"{name}\t{code}\n")
            for name in ("NULL", "LINE FEED", "CARRIAGE RETURN", "NO BREAK SPACE", "TAB", "ESCAPE", "DELETE", "NEW LINE"):
                try:
                    out.write(f"{name}\t{ord(unicodedata.lookup(name))}\n")
                except KeyError:
                    pass
    os.environ["UNICODE_NAMES"] = path


LETTERS = {"exec": b"e", "eval": b"v", "single": b"s", "func_type": b"f", "comments": b"t", "codeop": b"d", "incomplete": b"i", "warnings": b"w"}
MODES = {"exec": ("exec", 0), "eval": ("eval", 0), "single": ("single", 0), "func_type": ("func_type", 0),
         "comments": ("exec", ast.PyCF_TYPE_COMMENTS), "codeop": ("single", 0x200), "incomplete": ("single", 0x4200), "warnings": ("exec", 0)}
LIMIT = int(os.environ.get("LIMIT", "20"))

if __name__ == "__main__":
    binary, what, *rest = sys.argv[1:]
    write_names()
    if what == "files":
        compare_files(binary, rest[0] if rest else "/usr/lib/python3.11")
    elif what == "cases":
        cases = [(s, "exec") for s in collect_cases()]
        modes = rest[0].split(",") if rest else list(MODES)
        cases = [(s, m) for m in modes for s, _ in cases if m in ("exec", "comments", "warnings") or len(s) < 300]
        compare_cases(binary, cases)
    elif what == "mutate":
        mutate(binary, int(rest[0]), int(rest[1]))
