"""Switching recording on and off: usable as context managers and as decorators."""

import functools

import _hiss_torch as _C


class _Switch:
    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return wrapped

    def clone(self):
        return type(self)()


class no_grad(_Switch):
    """Operations inside are not recorded."""

    def __new__(cls, function=None):
        return super().__new__(cls) if function is None else super().__new__(cls)(function)

    def __enter__(self):
        self.previous = _C.is_grad_enabled()
        _C._set_grad_enabled(False)

    def __exit__(self, *exception):
        _C._set_grad_enabled(self.previous)


class enable_grad(_Switch):
    """Operations inside are recorded."""

    def __new__(cls, function=None):
        return super().__new__(cls) if function is None else super().__new__(cls)(function)

    def __enter__(self):
        self.previous = _C.is_grad_enabled()
        _C._set_grad_enabled(True)

    def __exit__(self, *exception):
        _C._set_grad_enabled(self.previous)


class set_grad_enabled(_Switch):
    """Sets recording at once; as a context manager, restores it at the end."""

    def __init__(self, mode):
        self.mode = mode
        self.previous = _C.is_grad_enabled()
        _C._set_grad_enabled(mode)

    def __enter__(self):
        _C._set_grad_enabled(self.mode)

    def __exit__(self, *exception):
        _C._set_grad_enabled(self.previous)

    def clone(self):
        return type(self)(self.mode)


class inference_mode(_Switch):
    """no_grad, and results that can never take part in a graph."""

    def __init__(self, mode=True):
        self.mode = mode

    def __enter__(self):
        self.previous = _C.is_grad_enabled()
        if self.mode:
            _C._set_grad_enabled(False)
        self.previous_inference = _C._set_inference_mode(self.mode)

    def __exit__(self, *exception):
        _C._set_inference_mode(self.previous_inference)
        _C._set_grad_enabled(self.previous)

    def clone(self):
        return type(self)(self.mode)
