"""What Hiss can do that neither Python nor PyTorch has a name for.

hiss.explain    how a class's method resolution order comes about; what keeps an object alive

A submodule is loaded when it is first used, so `import hiss` costs nothing.
"""

_SUBMODULES = ("explain",)


def __getattr__(name):
    if name in _SUBMODULES:
        import importlib
        return importlib.import_module("hiss." + name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_SUBMODULES})
