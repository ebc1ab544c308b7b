"""Disassembly of Hiss's bytecode, with the functions and classes of the standard library's module of this name.

Offsets count 2 for each 64-bit word, so that offset // 2 is an index into co_positions(). An instruction's arg is the
operand that argval explains: a constant, a name, a jump's target, else the first one. argrepr shows them all.
"""

import collections
import io
import sys
import types

from opcode import *
from opcode import __all__ as _opcode_names, extra_words, operand_kinds

__all__ = ["code_info", "dis", "disassemble", "distb", "disco", "findlinestarts", "findlabels", "show_code",
           "get_instructions", "Instruction", "Bytecode"] + _opcode_names

COMPILER_FLAG_NAMES = {1: "OPTIMIZED", 2: "NEWLOCALS", 4: "VARARGS", 8: "VARKEYWORDS", 16: "NESTED", 32: "GENERATOR",
                       64: "NOFREE", 128: "COROUTINE", 256: "ITERABLE_COROUTINE", 512: "ASYNC_GENERATOR"}
_WORD = 8  # bytes
_UNIT = 2  # what an offset counts for a word

Positions = collections.namedtuple("Positions", "lineno end_lineno col_offset end_col_offset", defaults=[None] * 4)
_Fields = collections.namedtuple(
    "_Fields", "opname opcode arg argval argrepr offset starts_line is_jump_target positions", defaults=[None])


class Instruction(_Fields):
    """One instruction; a word behind it that holds a cache or data is shown as one named CACHE."""

    def _line(self, line_width, current):
        line = f"{self.starts_line:{line_width}}" if self.starts_line is not None else " " * line_width
        mark = ("-->" if current else "   ") + (" >> " if self.is_jump_target else "    ")
        return f"{line} {mark}{self.offset:4} {self.opname:20} {self.argrepr}".rstrip()


def pretty_flags(flags):
    """The names of the flags of a code object, those without one in hexadecimal."""
    bits = [1 << i for i in range(flags.bit_length()) if flags & 1 << i]
    return ", ".join(COMPILER_FLAG_NAMES.get(bit, hex(bit)) for bit in bits) or "0x0"


def _code_of(x):
    x = getattr(x, "__func__", x)
    for attribute in "__code__", "gi_code", "ag_code", "cr_code":
        if hasattr(x, attribute):
            x = getattr(x, attribute)
            break
    if isinstance(x, str):
        try:
            x = compile(x, "<disassembly>", "eval")
        except SyntaxError:
            x = compile(x, "<disassembly>", "exec")
    if isinstance(x, types.CodeType):
        return x
    raise TypeError(f"don't know how to disassemble {type(x).__name__} objects")


def _signed(value, bits):
    return value - (1 << bits) if value >> bits - 1 else value


def _words(code):
    """Yields (index of the word, opcode, {"A": ..., "B": ..., "C": ..., "BC": ...}) for each instruction."""
    text = code.co_code
    index = 0
    while index * _WORD < len(text):
        word = int.from_bytes(text[index * _WORD:(index + 1) * _WORD], "little")
        operands = {"A": word >> 16 & 0xFFFF, "B": word >> 32 & 0xFFFF, "C": word >> 48, "BC": word >> 32}
        yield index, word & 0xFF, operands
        index += 1 + extra_words[word & 0xFF]


def _target(index, op, operands):
    """The word that a jump leads to, or None."""
    for letters, kind in operand_kinds[op]:
        if kind == "jump":
            return index + 1 + _signed(operands[letters], 32 if letters == "BC" else 16)
    return None


def _register(code, number):
    return code.co_varnames[number] if number < len(code.co_varnames) else f"r{number}"


def _explain(code, index, op, operands):
    """arg, argval and argrepr of an instruction."""
    shown = []
    main = None
    for letters, kind in operand_kinds[op]:
        value = operands[letters]
        if kind == "const":
            value = _signed(value, 32) if letters == "BC" else value
            main = value, code.co_consts[value]
            shown.append(repr(main[1]))
        elif kind == "name":
            main = value, code.co_names[value]
            shown.append(main[1])
        elif kind == "jump":
            target = _target(index, op, operands) * _UNIT
            main = value, target
            shown.append(f"to {target}")
        elif kind == "free":
            main = value, code.co_freevars[value]
            shown.append(main[1])
        elif kind == "number":
            shown.append(str(value))
        else:
            shown.append(_register(code, value))
    if main is None:
        first = operand_kinds[op][0][0] if operand_kinds[op] else None
        main = (operands[first], operands[first]) if first else (None, None)
    return *main, ", ".join(shown)


def get_instructions(x, *, first_line=None, show_caches=False, adaptive=False):
    """Yields the instructions of a function, method, generator, piece of source or code object."""
    code = _code_of(x)
    line_offset = first_line - code.co_firstlineno if first_line is not None else 0
    starts = dict(findlinestarts(code))
    labels = set(_labels(code))
    positions = [Positions(*p) for p in code.co_positions()]
    for index, op, operands in _words(code):
        line = starts.get(index * _UNIT)
        yield Instruction(opname[op], op, *_explain(code, index, op, operands), index * _UNIT,
                          None if line is None else line + line_offset, index * _UNIT in labels, positions[index])
        if show_caches:
            for extra in range(index + 1, index + 1 + extra_words[op]):
                yield Instruction("CACHE", 0, None, None, "", extra * _UNIT, None, False, positions[extra])


def findlinestarts(code):
    """Yields (offset, line) where the line changes."""
    last = False
    for start, end, line in code.co_lines():
        if line is not None and line != last:
            last = line
            yield start, line


def _labels(code):
    targets = (_target(index, op, operands) for index, op, operands in _words(code))
    return sorted({target * _UNIT for target in targets if target is not None})


def findlabels(code):
    """The offsets that jumps in a code object lead to."""
    return _labels(code)


def code_info(x):
    """What a code object says about itself, as text."""
    code = _code_of(x)
    lines = [f"{label + ':':18} {value}" for label, value in (
        ("Name", code.co_name), ("Filename", code.co_filename), ("Argument count", code.co_argcount))]
    lines.append(f"Positional-only arguments: {code.co_posonlyargcount}")
    lines += [f"{label + ':':18} {value}" for label, value in (
        ("Kw-only arguments", code.co_kwonlyargcount), ("Number of locals", code.co_nlocals),
        ("Stack size", code.co_stacksize), ("Flags", pretty_flags(code.co_flags)))]
    for label, values, text in (("Constants", code.co_consts, repr), ("Names", code.co_names, str),
                                ("Variable names", code.co_varnames, str), ("Free variables", code.co_freevars, str),
                                ("Cell variables", code.co_cellvars, str)):
        if values:
            lines.append(label + ":")
            lines += [f"{i:4}: {text(value)}" for i, value in enumerate(values)]
    return "\n".join(lines)


def show_code(co, *, file=None):
    """Prints code_info(co)."""
    print(code_info(co), file=file)


def _print_code(code, lasti, file, first_line, show_caches):
    instructions = list(get_instructions(code, first_line=first_line, show_caches=show_caches))
    width = max(3, *(len(str(i.starts_line)) for i in instructions if i.starts_line is not None), 0)
    for number, instruction in enumerate(instructions):
        if number and instruction.starts_line is not None:
            print(file=file)
        print(instruction._line(width, instruction.offset == lasti), file=file)


def disassemble(co, lasti=-1, *, file=None, show_caches=False, adaptive=False):
    """Prints the instructions of a code object, an arrow before the one at lasti."""
    _print_code(co, lasti, file, None, show_caches)


disco = disassemble


def _print_recursively(code, file, depth, show_caches):
    disassemble(code, file=file, show_caches=show_caches)
    if depth is not None and depth <= 0:
        return
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            print(f"\nDisassembly of {constant!r}:", file=file)
            _print_recursively(constant, file, None if depth is None else depth - 1, show_caches)


def dis(x=None, *, file=None, depth=None, show_caches=False, adaptive=False):
    """Prints the instructions of x and of the code inside it; without x, of the last traceback."""
    if x is None:
        return distb(file=file, show_caches=show_caches)
    if isinstance(x, (type, types.ModuleType)):
        for name, value in sorted(vars(x).items()):
            if isinstance(value, (types.FunctionType, types.MethodType, types.CodeType, classmethod, staticmethod,
                                  type)):
                print(f"Disassembly of {name}:", file=file)
                try:
                    dis(value, file=file, depth=depth, show_caches=show_caches)
                except TypeError as error:
                    print("Sorry:", error, file=file)
                print(file=file)
        return
    _print_recursively(_code_of(x), file, depth, show_caches)


def distb(tb=None, *, file=None, show_caches=False, adaptive=False):
    """Prints the code at the end of a traceback, the last one by default."""
    if tb is None:
        if hasattr(sys, "last_traceback"):
            tb = sys.last_traceback
        else:
            raise RuntimeError("no last traceback to disassemble")
    while tb.tb_next:
        tb = tb.tb_next
    disassemble(tb.tb_frame.f_code, tb.tb_lasti, file=file, show_caches=show_caches)


class Bytecode:
    """The instructions of x: iterate over it, or ask for dis() and info() as text."""

    def __init__(self, x, *, first_line=None, current_offset=None, show_caches=False, adaptive=False):
        self.codeobj = _code_of(x)
        self.first_line = self.codeobj.co_firstlineno if first_line is None else first_line
        self._given = x
        self.current_offset = current_offset
        self.exception_entries = []  # Hiss keeps them outside the instructions
        self.show_caches = show_caches
        self.adaptive = adaptive

    def __iter__(self):
        return get_instructions(self.codeobj, first_line=self.first_line, show_caches=self.show_caches)

    def __repr__(self):
        return f"{type(self).__name__}({self._given!r})"

    @classmethod
    def from_traceback(cls, tb, *, show_caches=False, adaptive=False):
        """The code at the end of a traceback, with the failing instruction as the current one."""
        while tb.tb_next:
            tb = tb.tb_next
        return cls(tb.tb_frame.f_code, current_offset=tb.tb_lasti, show_caches=show_caches)

    def info(self):
        return code_info(self.codeobj)

    def dis(self):
        lasti = -1 if self.current_offset is None else self.current_offset
        with io.StringIO() as output:
            _print_code(self.codeobj, lasti, output, self.first_line, self.show_caches)
            return output.getvalue()


def _find_imports(code):
    """Yields (name, level, names) of each import statement; modulefinder asks for them."""
    values = {}
    for instruction in get_instructions(code):
        _, operands = _operands_at(code, instruction.offset)
        if instruction.opname == "LOAD_CONST":
            values[operands["A"]] = instruction.argval
        elif instruction.opname == "IMPORT_NAME":
            yield instruction.argval, values.get(operands["B"], 0), values.get(operands["B"] + 1)


def _find_store_names(code):
    """Yields the names that module code stores."""
    for instruction in get_instructions(code):
        if instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            yield instruction.argval


def _operands_at(code, offset):
    word = int.from_bytes(code.co_code[offset // _UNIT * _WORD:][:_WORD], "little")
    return word & 0xFF, {"A": word >> 16 & 0xFFFF, "B": word >> 32 & 0xFFFF, "C": word >> 48, "BC": word >> 32}
