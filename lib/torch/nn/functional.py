"""torch.nn.functional: the registered operations of that module, and those of torch that PyTorch also names here."""

import _hiss_torch as _C

_shared = _C._operations("")
for _name in ("relu", "sigmoid", "tanh", "softplus", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "group_norm",
              "layer_norm", "dropout", "softmax", "log_softmax", "one_hot", "normalize", "cosine_similarity",
              "max_pool2d", "avg_pool1d", "pixel_shuffle", "selu", "celu", "prelu", "relu_", "bilinear", "pad"):
    if _name in _shared:
        globals()[_name] = _shared[_name]
globals().update(_C._operations("nn.functional"))
del _name

_rows_of = _C._operations("_C")["embedding"]


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """Rows of weight; the row padding_idx gets no gradient."""
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise NotImplementedError("embedding with max_norm, scale_grad_by_freq or sparse is not supported by Hiss yet")
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx < 0:
        padding_idx += weight.shape[0]
    return _rows_of(weight, input, padding_idx)


def __getattr__(name):
    raise AttributeError(f"module 'torch.nn.functional' has no attribute '{name}' (not part of Hiss)")
