"""Gradient clipping."""

import _hiss_torch as _C


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scales gradients so that their common norm is at most max_norm; returns the norm before."""
    if isinstance(parameters, _C.Tensor):
        parameters = [parameters]
    return _C._clip_grad_norm([p for p in parameters if p.grad is not None], max_norm, norm_type, error_if_nonfinite)
