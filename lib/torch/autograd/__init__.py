"""Gradients of tensors."""

import _hiss_torch as _C

from . import grad_mode  # noqa: F401
from .grad_mode import enable_grad, no_grad, set_grad_enabled  # noqa: F401


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, only_inputs=True, allow_unused=None,
         is_grads_batched=False, materialize_grads=False):
    """Gradients of the sum of `outputs` with respect to `inputs`, as a tuple."""
    if not only_inputs or is_grads_batched:
        raise NotImplementedError("autograd.grad(only_inputs=False or is_grads_batched=True) is not supported by Hiss")
    if isinstance(grad_outputs, _C.Tensor):
        grad_outputs = (grad_outputs,)
    retain = create_graph if retain_graph is None else retain_graph
    result = _C._grad(outputs, inputs, grad_outputs, bool(retain), bool(create_graph), bool(allow_unused or materialize_grads))
    if materialize_grads:
        inputs = (inputs,) if isinstance(inputs, _C.Tensor) else inputs
        result = tuple(g if g is not None else i.new_zeros(i.shape) for g, i in zip(result, inputs))
    return result


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False):
    """Adds the gradients of the graph's leaves to their `grad`."""
    tensors = (tensors,) if isinstance(tensors, _C.Tensor) else tuple(tensors)
    grad_tensors = (None,) * len(tensors) if grad_tensors is None else grad_tensors
    for t, g in zip(tensors, grad_tensors):
        t.backward(g, retain_graph=True if len(tensors) > 1 else retain_graph, create_graph=create_graph)
