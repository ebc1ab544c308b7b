"""torch.nn.functional: the registered operations of that module, and those of torch that PyTorch also names here."""

import _hiss_torch as _C

_shared = _C._operations("")
for _name in ("relu", "sigmoid", "tanh", "softplus", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "group_norm",
              "layer_norm", "embedding", "dropout", "softmax", "log_softmax", "one_hot", "normalize", "cosine_similarity",
              "max_pool2d", "avg_pool1d", "pixel_shuffle", "selu", "celu", "prelu", "relu_", "bilinear", "pad"):
    if _name in _shared:
        globals()[_name] = _shared[_name]
globals().update(_C._operations("nn.functional"))
del _name


def __getattr__(name):
    raise AttributeError(f"module 'torch.nn.functional' has no attribute '{name}' (not part of Hiss)")
