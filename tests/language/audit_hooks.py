# Audit hooks see what the program imports, opens, compiles and runs, and may forbid it.
import gc
import io
import sys

seen = []


def hook(event, args):
    if event in ("open", "import", "exec", "compile", "custom", "sys.addaudithook"):
        seen.append((event, args[0] if args else None))
    if event == "forbidden":
        raise PermissionError("not today")


sys.addaudithook(hook)
sys.audit("custom", 1, 2)
open("/dev/null").close()
compile("1 + 1", "name", "eval")
eval("2 + 2")
exec("x = 3")
try:
    import no_such_module
except ImportError as e:
    print(e)
try:
    sys.audit("forbidden")
except PermissionError as e:
    print(e)
print([(event, first) for event, first in seen if event not in ("exec",)])
print(len([event for event, first in seen if event == "exec"]))
for call in (lambda: sys.audit(), lambda: sys.audit(1)):
    try:
        call()
    except TypeError as e:
        print(e)


class Refuses:
    def __init__(self, error):
        self.error = error

    def __call__(self, event, args):
        if event == "sys.addaudithook":
            raise self.error


sys.addaudithook(Refuses(RuntimeError("silent")))
sys.addaudithook(lambda *a: print("never called", a))
sys.audit("custom")

sys.setswitchinterval(0.01)
print(round(sys.getswitchinterval(), 6))
for bad in (0, -1):
    try:
        sys.setswitchinterval(bad)
    except ValueError as e:
        print(e)
sys.setswitchinterval(0.005)
gc.collect()
before = sys.getallocatedblocks()
kept = [[i] for i in range(1000)]
print(sys.getallocatedblocks() - before >= 1000)
