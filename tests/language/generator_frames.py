"""The frame of a generator that asks for it while it runs: the frame on the stack, and no leak."""

import gc
import sys


def asks():
    frame = generator.gi_frame
    print(frame is sys._getframe(), frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno)
    yield 1
    print(generator.gi_frame is frame)


def drive():
    print(list(generator))


generator = asks()
drive()
print(generator.gi_frame)


def use():
    async def coroutine():
        return made.cr_frame.f_code.co_name

    made = coroutine()
    try:
        made.send(None)
    except StopIteration as stop:
        return stop.value


counts = [10 ** 6 + i for i in range(5)]
for i in range(5):
    use()
    gc.collect()
    counts[i] = sys.getallocatedblocks()
print(use(), "leaks" if min(b - a for a, b in zip(counts[1:], counts[2:])) > 0 else "no leak")
