#!/usr/bin/env python3
"""Writes entry points for functions of shared libraries that a program binds when it first calls them.

  lazy_libraries.py --nm NM --output FILE.cpp --archives A.a ... --libraries PATH.so ...

A program that uses OpenSSL or oneDNN in few runs should not pay for loading them in all. Every function that the
archives need from one of the libraries gets an entry point of the same name in FILE.cpp, so that the linker finds the
name resolved and leaves the library out; the first call opens the library (base/lazy_library.cpp). A library from which
variables are needed, not functions alone, is left to the linker.
"""
import argparse
import re
import subprocess


def symbols(nm, arguments, path):
    """(type, name) of each line that nm prints."""
    text = subprocess.run([nm, *arguments, path], check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 2 and len(fields[-2]) == 1:
            yield fields[-2], fields[-1]


def so_name(path):
    text = subprocess.run(["objdump", "-p", path], check=True, capture_output=True, text=True).stdout
    return re.search(r"SONAME\s+(\S+)", text).group(1)


def entries(nm, archives, libraries):
    needed = {name for archive in archives for _, name in symbols(nm, ["--undefined-only"], archive)}
    for path in libraries:
        offered = {name.split("@")[0]: kind for kind, name in symbols(nm, ["-D", "--defined-only"], path)}
        wanted = sorted(needed & offered.keys())
        if all(offered[name] in "TWi" for name in wanted):
            yield from ((name, so_name(path)) for name in wanted)


HEAD = """// Made by cmake/lazy_libraries.py.
#include "base/lazy_library.h"

namespace hiss {
"""

# The arguments of the call that is under way are kept while the function is looked up.
BINDER = """
    .text
    .type hiss_bind_lazy_function, @function
hiss_bind_lazy_function:
    push %rax; push %rdi; push %rsi; push %rdx; push %rcx; push %r8; push %r9
    sub $136, %rsp
    movaps %xmm0, (%rsp); movaps %xmm1, 16(%rsp); movaps %xmm2, 32(%rsp); movaps %xmm3, 48(%rsp)
    movaps %xmm4, 64(%rsp); movaps %xmm5, 80(%rsp); movaps %xmm6, 96(%rsp); movaps %xmm7, 112(%rsp)
    mov 192(%rsp), %rdi
    call hiss_find_lazy_function
    mov %rax, %r11
    movaps (%rsp), %xmm0; movaps 16(%rsp), %xmm1; movaps 32(%rsp), %xmm2; movaps 48(%rsp), %xmm3
    movaps 64(%rsp), %xmm4; movaps 80(%rsp), %xmm5; movaps 96(%rsp), %xmm6; movaps 112(%rsp), %xmm7
    add $136, %rsp
    pop %r9; pop %r8; pop %rcx; pop %rdx; pop %rsi; pop %rdi; pop %rax
    add $8, %rsp
    jmp *%r11
"""


def generate(functions):
    yield HEAD
    yield "const LazyFunction lazy_functions[] = {"
    for name, library in functions:
        yield f'    {{"{name}", "{library}"}},'
    yield '    {nullptr, nullptr}};'
    yield '\n}  // namespace hiss\n\nasm(R"asm(' + BINDER
    for index, (name, _) in enumerate(functions):
        yield f"    .globl {name}\n    .type {name}, @function\n{name}:"
        yield f"    jmp *(hiss_lazy_addresses + {8 * index})(%rip)"
        yield f"hiss_lazy_first_{index}:\n    push ${index}\n    jmp hiss_bind_lazy_function"
    yield "    .data\n    .balign 8\n    .globl hiss_lazy_addresses\nhiss_lazy_addresses:"
    for index in range(len(functions)):
        yield f"    .quad hiss_lazy_first_{index}"
    yield '    .quad 0\n    .text\n)asm");'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--output", required=True)
    parser.add_argument("--archives", nargs="+", required=True)
    parser.add_argument("--libraries", nargs="+", required=True)
    options = parser.parse_args()
    functions = list(entries(options.nm, options.archives, options.libraries))
    with open(options.output, "w", encoding="utf-8") as file:
        file.write("\n".join(generate(functions)) + "\n")


if __name__ == "__main__":
    main()
