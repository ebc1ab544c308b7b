"""Fills parameters in place; the same numbers as PyTorch for a seed."""

import _hiss_torch as _C


def calculate_gain(nonlinearity, param=None):
    return _C._calculate_gain(nonlinearity, param)


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    return _C._init_fill("uniform", tensor, a, b, None, None, generator)


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    return _C._init_fill("normal", tensor, mean, std, None, None, generator)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    if (a, b) != (-2.0, 2.0):
        raise NotImplementedError("trunc_normal_ with bounds other than -2 and 2 is not supported by Hiss yet")
    return _C._init_fill("trunc_normal", tensor, mean, std, None, None, generator)


def constant_(tensor, val):
    return _C._init_fill("constant", tensor, val, 0, None, None, None)


def zeros_(tensor):
    return constant_(tensor, 0.0)


def ones_(tensor):
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    return _C._init_fill("xavier_uniform", tensor, gain, 0, None, None, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    return _C._init_fill("xavier_normal", tensor, gain, 0, None, None, generator)


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    return _C._init_fill("kaiming_uniform", tensor, a, 0, mode, nonlinearity, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    return _C._init_fill("kaiming_normal", tensor, a, 0, mode, nonlinearity, generator)


def orthogonal_(tensor, gain=1, generator=None):
    return _C._init_fill("orthogonal", tensor, gain, 0, None, None, generator)
