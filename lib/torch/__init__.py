"""PyTorch's names on Hiss's engine: tensors, automatic differentiation, layers and optimizers.

Operations come from the engine's registry (src/tensor/ops.yaml). A name that Hiss does not have raises AttributeError.
"""

import math as _math

import _hiss_torch as _C
from _hiss_torch import (  # noqa: F401
    Generator,
    Size,
    Tensor,
    dtype,
    get_default_dtype,
    get_num_threads,
    get_rng_state,
    initial_seed,
    is_grad_enabled,
    set_num_threads,
    set_printoptions,
    set_rng_state,
    tensor,
)

__version__ = "2.15.0+hiss"

for _name in ("float32", "float", "float64", "double", "float16", "half", "bfloat16", "int8", "uint8", "int16", "short",
              "int32", "int", "int64", "long", "bool"):
    globals()[_name] = getattr(_C, _name)
globals().update(_C._operations(""))
del _name

inf = _math.inf
nan = _math.nan
pi = _math.pi
e = _math.e


class device:
    """Where a tensor lives: Hiss has main memory only ("cpu"); other types can be named but hold no tensors."""

    __slots__ = ("type", "index")

    def __init__(self, type="cpu", index=None):
        if isinstance(type, device):
            type, index = type.type, type.index
        name, colon, number = type.partition(":")
        if name not in ("cpu", "cuda", "mps", "meta", "xpu"):
            raise RuntimeError(f"Expected one of cpu, cuda, mps, xpu, meta device type at start of device string: {name}")
        self.type = name
        self.index = globals()["_int"](number) if colon else index

    def __repr__(self):
        return f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))


_int = type(0)
_cpu = device("cpu")
strided = "torch.strided"
contiguous_format = "torch.contiguous_format"
channels_last = "torch.channels_last"
preserve_format = "torch.preserve_format"


def manual_seed(seed):
    """Seeds the default generator and returns it."""
    _C._manual_seed(seed & 0xFFFFFFFFFFFFFFFF if seed < 2**63 else seed - 2**64)
    return default_generator


class _DefaultGenerator:
    """torch.default_generator: the generator behind functions called without one."""

    device = _cpu

    def manual_seed(self, seed):
        return manual_seed(seed)

    def initial_seed(self):
        return initial_seed()

    def get_state(self):
        return get_rng_state()

    def set_state(self, state):
        set_rng_state(state)
        return self


default_generator = _DefaultGenerator()


def save(obj, f, *args, **kwargs):
    """Writes an object with tensors in PyTorch's zip format (torch.serialization.save)."""
    from . import serialization  # pickle and zipfile are imported only when a file is written or read

    return serialization.save(obj, f, *args, **kwargs)


def load(f, *args, **kwargs):
    """Reads what save wrote, here or in PyTorch (torch.serialization.load)."""
    from . import serialization

    return serialization.load(f, *args, **kwargs)


def is_tensor(obj):
    return isinstance(obj, Tensor)


def is_floating_point(input):
    return input.is_floating_point()


def numel(input):
    return input.numel()


def as_tensor(data, dtype=None, device=None):
    """A tensor of the data; the tensor itself when it already is one of that dtype."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype=dtype)


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A one-dimensional tensor of the bytes of a buffer. Hiss copies them: later changes of the buffer do not show."""
    data = memoryview(buffer).cast("B")
    size = dtype.itemsize
    if not 0 <= offset < len(data):
        raise ValueError(f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({len(data)} bytes) minus 1")
    if count < 0:
        if (len(data) - offset) % size:
            raise ValueError(f"buffer length ({len(data) - offset} bytes) after offset ({offset} bytes) must be a multiple of element size ({size})")
        count = (len(data) - offset) // size
    if offset + count * size > len(data):
        raise ValueError(f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than actual buffer "
                         f"length ({len(data)} bytes)")
    result = _C._tensor_from_bytes(bytes(data[offset:offset + count * size]), dtype, (count,))
    return result.requires_grad_() if requires_grad else result


from .autograd.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled  # noqa: E402,F401
from . import autograd, nn, optim, utils  # noqa: E402,F401
from . import cuda  # noqa: E402,F401


def __getattr__(name):
    raise AttributeError(f"module 'torch' has no attribute '{name}' (not part of Hiss {_hiss_version})")


_hiss_version = "0.1.0"
