"""launch.py PATHS FILE ARGS...: for interpreters without PYTHONPATH; sets sys.path, runs FILE as __main__."""

import sys

_paths, _file = sys.argv[1], sys.argv[2]
sys.argv[:] = sys.argv[2:]
sys.path[0:0] = [_file.rpartition("/")[0] or "."] + _paths.split(":")
with open(_file) as _f:
    _src = _f.read()
_g = {"__name__": "__main__", "__file__": _file, "__builtins__": __builtins__}
exec(compile(_src, _file, "exec"), _g)
