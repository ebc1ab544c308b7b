"""Hiss's instruction set, in the shape of the standard library's module of this name.

An instruction is a 64-bit word: opcode, flags and three operands of 16 bits, A, B and C; B and C may be one of 32 bits.
operand_kinds says what each operand means, extra_words how many words follow (caches or data).
"""

import _opcode
from _opcode import stack_effect

__all__ = ["cmp_op", "hasconst", "hasname", "hasjrel", "hasjabs", "haslocal", "hascompare", "hasfree", "hasnargs",
           "opname", "opmap", "HAVE_ARGUMENT", "EXTENDED_ARG", "stack_effect"]

cmp_op = ("<", "<=", "==", "!=", ">", ">=")

# The words that bytecode.def uses for operands which are no registers.
_KINDS = {"const": "const", "name": "name", "offset": "jump", "index": "free", "count": "number", "pairs": "number",
          "field": "number", "where": "number", "keywords": "number", "registers": "number", "delegate+1": "number",
          "before|after<<8": "number", "positional": "number", "level,fromlist": "register"}


def _upper(name):
    """LoadConst -> LOAD_CONST."""
    return "".join("_" + c if i and c.isupper() else c for i, c in enumerate(name)).upper()


def _operands(text):
    """"A=dst BC=name" -> (("A", "register"), ("BC", "name"))."""
    found = []
    for part in text.split():
        letters, equals, word = part.partition("=")
        if equals:
            found.append((letters, _KINDS.get(word, "register")))
    return tuple(found)


opname = [f"<{number}>" for number in range(256)]
opmap = {}
operand_kinds = {}
extra_words = {}
for _number, (_name, _text, _words) in enumerate(_opcode.instructions()):
    opname[_number] = _upper(_name)
    opmap[opname[_number]] = _number
    operand_kinds[_number] = _operands(_text)
    extra_words[_number] = _words


def _having(kind):
    return [number for number, operands in operand_kinds.items() if any(k == kind for _, k in operands)]


hasconst = _having("const")
hasname = _having("name")
hasjrel = _having("jump")
hasjabs = []
haslocal = _having("register")
hascompare = [number for number, name in enumerate(opname) if name.startswith("COMPARE_")]
hasfree = _having("free")
hasnargs = [number for number, name in enumerate(opname) if name.startswith("CALL")]

HAVE_ARGUMENT = 0  # every word has operands
EXTENDED_ARG = 256  # no operand needs a prefix: no such instruction
