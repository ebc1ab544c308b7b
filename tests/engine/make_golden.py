#!/usr/bin/env python3
"""Writes golden.json.gz: calls of operations with PyTorch's results and gradients.

Run with a Python that has PyTorch (the file in the repository was made with 2.15):
    python3 tests/engine/make_golden.py tests/engine/golden.json.gz
Each case names an operation of ops.yaml and its arguments in schema order. tests/unit/tensor/golden_test.cpp calls it through
the registry, compares values and gradients with what is stored here, and checks the gradient by finite differences.
"""
import gzip
import json
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
cases = []


def pack(value):
    if isinstance(value, torch.Tensor):
        flat = value.detach().contiguous().reshape(-1)
        data = flat.double().tolist() if value.is_floating_point() else flat.to(torch.int64).tolist()
        if value.is_floating_point():
            digits = 13 if value.dtype == torch.float64 else 9
            data = [float(f"{x:.{digits}g}") if x == x and abs(x) != float("inf") else str(x) for x in data]
        return {"dtype": str(value.dtype)[6:], "shape": list(value.shape), "data": data}
    if isinstance(value, torch.dtype):
        return {"type": str(value)[6:]}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(v, (torch.Tensor, type(None))) for v in value):
            return {"tensors": [None if v is None else pack(v) for v in value]}
        if value and any(isinstance(v, float) for v in value):
            return {"floats": list(value)}
        return {"ints": list(value)}
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return {"real": str(value)}
    return value


def tensors_in(arguments):
    for value in arguments:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (v for v in value if isinstance(v, torch.Tensor))


def find(name):
    if name in ("layer_norm", "group_norm", "rms_norm", "celu", "selu", "prelu", "binary_cross_entropy_with_logits", "cosine_similarity", "dropout"):
        return getattr(F, name)
    for place in (torch, F, torch.linalg, torch._C._nn):
        if hasattr(place, name):
            return getattr(place, name)
    return getattr(torch.Tensor, name)


def case(name, *arguments, torch_call=None, grad=True, second=False, numeric=True, tolerance=0.0):
    """One call. `second`: also differentiate the gradient; `numeric`: finite differences make sense here."""
    call = torch_call or find(name)
    generator = torch.Generator().manual_seed(len(cases))
    inputs = [t.clone() for t in tensors_in(arguments)]
    it = iter(inputs)

    def replace(value):
        if isinstance(value, torch.Tensor):
            return next(it)
        if isinstance(value, (list, tuple)):
            return [replace(v) if isinstance(v, torch.Tensor) else v for v in value]
        return value

    replaced = [replace(a) for a in arguments]
    for tensor in inputs:
        if grad and tensor.is_floating_point():
            tensor.requires_grad_()
    result = call(*replaced)
    outputs = list(result) if isinstance(result, (list, tuple)) else [result]
    entry = {"op": name, "args": [pack(a) for a in arguments], "numeric": numeric, "tolerance": tolerance}
    entry["outputs"] = [pack(o) if isinstance(o, torch.Tensor) else {"scalar": o} for o in outputs]
    chosen = [o for o in outputs if isinstance(o, torch.Tensor) and o.requires_grad]
    if grad and chosen:
        cotangents = [coarse(torch.randn(o.shape, generator=generator, dtype=o.dtype)) for o in chosen]
        leaves = [t for t in inputs if t.requires_grad]
        grads = torch.autograd.grad(chosen, leaves, cotangents, allow_unused=True)
        entry["cotangents"] = [pack(c) for c in cotangents]
        entry["gradients"] = [None if g is None else pack(g) for g in grads]
        entry["second"] = second
    cases.append(entry)


g = torch.Generator().manual_seed(1234)
# Inputs have few digits: the file stays small.
def coarse(x): return torch.round(x * 512) / 512
def R(*shape, dtype=torch.float64): return coarse(torch.randn(shape, generator=g, dtype=dtype))
def P(*shape, low=0.2, high=2.0): return coarse(torch.rand(shape, generator=g) * (high - low) + low)
def I(high, *shape): return torch.randint(0, high, shape, generator=g)
def B(*shape): return torch.rand(shape, generator=g) > 0.5

# Arithmetic, broadcasting, promotion.
for name in ("add", "sub", "mul", "div"):
    case(name, R(2, 3), P(2, 3), second=True)
    case(name, R(2, 3), P(3))
    case(name, R(2, 1, 3), P(4, 1))
    case(name, R(2, 3), 2.5)
    case(name, R(2, 3), 3)
    case(name, R(2, 3).float(), R(3))
    case(name, I(9, 4), I(9, 4) + 1)
    case(name, I(9, 4), 2.5)
    case(name, I(9, 4).to(torch.int32), I(9, 4).to(torch.int8) + 1)
    case(name, R(3).float(), torch.tensor(2.0))
    case(name, R(4, 3).t(), P(3, 4))
case("add", I(5, 3).to(torch.uint8), I(5, 3).to(torch.int8))
case("add", B(4), B(4)); case("mul", B(4), B(4))
case("add", R(3).bfloat16(), R(3).bfloat16()); case("mul", R(3).half(), R(3).half()); case("add", R(3).half(), R(3).bfloat16())
case("rsub", R(3), 2.0); case("rsub", R(3), R(3))
case("floor_divide", R(5) * 5, P(5), grad=False); case("floor_divide", I(20, 6) - 10, torch.tensor([3, -3, 2, -2, 5, 7]))
case("remainder", R(5) * 5, P(5), numeric=False); case("remainder", I(20, 6) - 10, torch.tensor([3, -3, 2, -2, 5, 7]))
case("fmod", R(5) * 5, P(5), numeric=False); case("fmod", I(20, 6) - 10, torch.tensor([3, -3, 2, -2, 5, 7]))
case("pow", P(2, 3), 2, second=True); case("pow", P(2, 3), 3); case("pow", P(2, 3), 0.5); case("pow", P(2, 3), -1.5)
case("pow", P(2, 3), R(2, 3), second=True); case("pow", I(5, 4), 3); case("pow", I(5, 4), 2.0); case("pow", P(3), 0)
case("atan2", R(4), R(4)); case("maximum", R(6), R(6)); case("minimum", R(6), R(6)); case("fmax", R(6), R(6)); case("fmin", R(6), R(6))
case("hypot", R(4), R(4)); case("logaddexp", R(4), R(4)); case("xlogy", P(4), P(4)); case("copysign", R(4), R(4), numeric=False)
case("bitwise_and", I(50, 5), I(50, 5)); case("bitwise_or", I(50, 5), 7); case("bitwise_xor", B(5), B(5)); case("bitwise_not", I(9, 4)); case("bitwise_not", B(4))
case("bitwise_left_shift", I(9, 4), 2); case("bitwise_right_shift", I(90, 4), 2)
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    case(name, I(3, 9), I(3, 9)); case(name, R(4), 0); case(name, I(4, 5), 1.5)
case("logical_and", B(5), B(5)); case("logical_or", I(2, 5), B(5)); case("logical_xor", B(5), B(5)); case("logical_not", R(3))

# Unary.
for name in ("neg", "abs", "sign", "exp", "exp2", "expm1", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "sigmoid", "erf",
             "erfc", "square", "floor", "ceil", "round", "trunc", "frac", "relu"):
    case(name, R(2, 3), second=name in ("exp", "tanh", "sigmoid", "sin"), numeric=name not in ("sign", "floor", "ceil", "round", "trunc", "frac"))
for name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "lgamma", "digamma"):
    case(name, P(2, 3), grad=name != "digamma", second=name in ("log", "sqrt", "rsqrt"))
for name in ("asin", "acos", "atanh", "erfinv"):
    case(name, P(4, low=-0.9, high=0.9))
case("acosh", P(4) + 1); case("logit", P(4, low=0.1, high=0.9))
for name in ("exp", "log", "sin", "cos", "tanh", "sigmoid", "sqrt", "erf", "silu", "gelu"):
    case(name, P(37).float(), grad=False, tolerance=3e-7)
case("exp", torch.tensor([-200.0, -100, -87.5, 0, 88, 89, 1000, float("inf"), float("-inf"), float("nan")]).float(), grad=False, tolerance=3e-7)
case("log", torch.tensor([0.0, -1.0, 1e-40, 1e30, float("inf"), float("nan")]).float(), grad=False, tolerance=3e-7)
case("cos", torch.tensor([0.0, 1e3, 5e3, 123.456, -777.25, 3e4]).float(), grad=False, tolerance=1e-6)
case("sin", torch.tensor([0.0, 1e3, 5e3, 123.456, -777.25, 3e4]).float(), grad=False, tolerance=1e-6)
case("exp", I(3, 4)); case("sqrt", I(9, 4)); case("neg", I(9, 4)); case("abs", I(9, 4) - 4)
weird = torch.tensor([1.0, float("nan"), float("inf"), float("-inf"), 0.0])
for name in ("isnan", "isinf", "isfinite"): case(name, weird)
case("nan_to_num", weird, grad=False); case("clamp", R(6), -0.5, 0.5); case("clamp", R(6), None, 0.3); case("clamp", R(6), 0.1); case("clamp", I(9, 6), 2, 5)
case("where", B(2, 3), R(2, 3), R(3)); case("where", B(2, 3), R(2, 3), 0.0); case("lerp", R(4), R(4), 0.3); case("lerp", R(4), R(4), P(4, high=0.9))
case("addcmul", R(4), R(4), R(4)); case("addcdiv", R(4), R(4), P(4)); case("masked_fill", R(2, 3), B(2, 3), 1.5); case("masked_fill", R(2, 3), B(3), -2)

# Activations.
for name in ("silu", "mish", "relu6", "hardswish", "softsign", "logsigmoid", "selu", "celu", "elu", "leaky_relu", "softplus", "gelu", "hardtanh"):
    case(name, R(2, 5), second=name in ("silu", "gelu"))
case("hardsigmoid", R(2, 5), tolerance=1e-7); case("glu", R(2, 4)); case("prelu", R(2, 3), P(3))
case("gelu", R(5), "tanh", torch_call=lambda x, a: F.gelu(x, approximate=a), second=True)

# Views and rearrangements.
case("view", R(2, 6), [3, 4]); case("view", R(2, 6), [-1]); case("reshape", R(4, 3).t(), [2, 6]); case("expand", R(2, 1), [2, 4], torch_call=lambda x, s: x.expand(s))
case("permute", R(2, 3, 4), [2, 0, 1]); case("transpose", R(2, 3), 0, 1); case("t", R(2, 3)); case("unsqueeze", R(2, 3), 1); case("squeeze", R(2, 1, 3), [1])
case("select", R(3, 4), 1, 2); case("slice", R(5, 3), 0, 1, 5, 2, torch_call=lambda x, d, a, b, s: x[a:b:s]); case("narrow", R(5, 3), 0, 1, 3)
case("diagonal", R(3, 4)); case("diagonal", R(2, 3, 4), 1, 1, 2); case("unfold", R(7), 0, 3, 2, torch_call=lambda x, d, n, s: x.unfold(d, n, s))
case("split", R(7, 2), 3); case("split", R(7, 2), [2, 5]); case("chunk", R(7, 2), 3); case("unbind", R(3, 2)); case("flatten", R(2, 3, 4), 1)
case("unflatten", R(2, 6), 1, [2, 3]); case("movedim", R(2, 3, 4), [0], [2]); case("sum_to_size", R(2, 3), [1, 3], torch_call=lambda x, s: x.sum_to_size(s))
case("cat", [R(2, 3), R(1, 3)]); case("cat", [R(2, 3), R(2, 2)], 1); case("cat", [R(2).float(), R(3)]); case("stack", [R(2, 3), R(2, 3)], 1)
case("cat", [R(3, 2).t(), R(2, 2)], 1); case("cat", [I(4, 2), R(2)])
case("hstack", [R(2, 3), R(2, 1)]); case("vstack", [R(3), R(3)]); case("repeat", R(2, 3), [2, 1, 2], torch_call=lambda x, s: x.repeat(s)); case("tile", R(2, 3), [2])
case("repeat_interleave", R(2, 3), 2, 1); case("repeat_interleave", R(3, 2), torch.tensor([1, 0, 2]), 0); case("flip", R(2, 3), [0, 1]); case("roll", R(3, 4), [1], [1]); case("roll", R(6), [2])
case("rot90", R(2, 3)); case("tril", R(3, 4)); case("triu", R(3, 4), 1); case("diag", R(3)); case("diag", R(3, 3)); case("diag_embed", R(2, 3))
case("meshgrid", [R(2), R(3)], torch_call=lambda t: torch.meshgrid(*t, indexing="ij")); case("pad", R(2, 3), [1, 2], "constant", 0.5); case("pad", R(1, 2, 4, 4), [1, 1, 2, 0], "reflect")
case("pad", R(1, 2, 4), [1, 2], "replicate"); case("pad", R(1, 2, 4), [1, 2], "circular"); case("pixel_shuffle", R(1, 8, 2, 3), 2); case("pixel_unshuffle", R(1, 2, 4, 6), 2); case("diff", R(5))
case("as_strided", R(12), [3, 2], [2, 1]); case("as_strided", R(6), [3, 3], [1, 1])

# Indexing.
case("index", R(4, 3), [torch.tensor([2, 0, 2])], torch_call=lambda x, i: x[tuple(i)]); case("index", R(4, 3), [torch.tensor([2, 0]), torch.tensor([1, 2])], torch_call=lambda x, i: x[tuple(i)])
case("index", R(2, 4, 3), [None, torch.tensor([2, 0])], torch_call=lambda x, i: x[:, i[1]]); case("index", R(2, 4, 3), [torch.tensor([1, 0]), None, torch.tensor([2, 0])], torch_call=lambda x, i: x[i[0], :, i[2]])
mask = torch.tensor([[True, False, True], [False, True, True]])
case("index", R(2, 3), [mask], torch_call=lambda x, i: x[i[0]]); case("index_put", R(4, 3), [torch.tensor([2, 0])], R(2, 3), torch_call=torch.index_put)
case("index_put", R(4), [torch.tensor([2, 2, 0])], R(3), True, torch_call=lambda x, i, v, a: torch.index_put(x, i, v, accumulate=a))
case("index_select", R(4, 3), 1, torch.tensor([2, 0, 2])); case("index_add", R(4, 3), 0, torch.tensor([1, 1]), R(2, 3)); case("index_copy", R(4, 3), 0, torch.tensor([3, 1]), R(2, 3)); case("index_fill", R(4, 3), 0, torch.tensor([3, 1]), 2.0)
case("gather", R(3, 4), 1, I(4, 3, 2)); case("scatter", R(3, 4), 1, torch.tensor([[0, 1], [2, 3], [1, 0]]), R(3, 2)); case("scatter_add", R(3, 4), 1, I(4, 3, 2), R(3, 2)); case("take", R(3, 4), torch.tensor([0, 5, 11]))
case("take_along_dim", R(3, 4), I(4, 3, 1), 1); case("masked_select", R(2, 3), mask); case("nonzero", I(2, 3, 4)); case("masked_scatter", R(2, 3), mask, R(5)); case("embedding", R(5, 3), I(5, 2, 2), torch_call=lambda w, i: F.embedding(i, w))
case("one_hot", I(4, 5), 4)

# Reductions.
for name in ("sum", "mean"):
    case(name, R(2, 3, 4), second=True); case(name, R(2, 3, 4), [1]); case(name, R(2, 3, 4), [0, 2], True); case(name, R(3, 4).t(), [0]); case(name, R(2, 3, 4), [-1])
case("sum", I(9, 4)); case("sum", B(5)); case("sum", R(3, 600).float(), [1], grad=False, tolerance=1e-5); case("mean", R(130, 9).float(), [0], grad=False, tolerance=1e-5)
case("prod", R(4)); case("prod", R(2, 3), 1, torch_call=torch.prod); case("prod", torch.tensor([1.0, 0.0, 3.0]))
case("var", R(3, 4), second=True); case("var", R(3, 4), [1]); case("var", R(3, 4), [0], False, True); case("std", R(3, 4)); case("std", R(3, 4), [1])
case("any", B(2, 3)); case("any", B(2, 3), [1]); case("all", B(2, 3)); case("all", B(2, 3), [0], True)
case("max", R(2, 3)); case("max", R(2, 3), 1); case("max", R(4), R(4)); case("min", R(2, 3)); case("min", R(2, 3), 0, True); case("max", I(9, 5)); case("amax", R(2, 3), [1]); case("amin", R(2, 3), [0, 1])
case("argmax", R(2, 3)); case("argmax", R(2, 3), 1); case("argmin", R(2, 3), 0, True); case("median", R(5)); case("median", R(3, 5), 1); case("kthvalue", R(7), 3)
case("quantile", R(9), torch.tensor([0.1, 0.5]), grad=False); case("quantile", R(3, 4), 0.3, 1); case("logsumexp", R(3, 4), [1], second=True); case("norm", R(3, 4)); case("norm", R(3, 4), 1, [1]); case("vector_norm", R(3, 4), 3.0, [1])
case("cumsum", R(3, 4), 1); case("cumprod", R(3, 4), 0); case("cumprod", torch.tensor([1.0, 0.0, 2.0, 3.0]), 0); case("cummax", R(6), 0); case("logcumsumexp", R(5), 0); case("cumsum", I(5, 4), 0)
case("sort", R(3, 4)); case("sort", R(3, 4), 0, True); case("argsort", R(6)); case("topk", R(3, 6), 2); case("topk", R(6), 3, 0, False); case("bincount", I(5, 9)); case("histc", R(30), 5, -1, 1, grad=False)
case("searchsorted", torch.tensor([1.0, 2, 3, 4]), R(4) + 2, grad=False); case("cov", R(3, 8)); case("trace", R(3, 3)); case("count_nonzero", I(2, 6)); case("isclose", R(3), R(3), grad=False)

# Matrices.
case("mm", R(3, 4), R(4, 2), second=True); case("mm", R(4, 3).t(), R(2, 4).t()); case("mm", I(5, 2, 3), I(5, 3, 2)); case("bmm", R(2, 3, 4), R(2, 4, 5), second=True); case("bmm", R(2, 4, 3).transpose(1, 2), R(2, 5, 4).transpose(1, 2))
case("addmm", R(2), R(3, 4), R(4, 2)); case("mv", R(3, 4), R(4)); case("dot", R(4), R(4)); case("outer", R(3), R(2)); case("baddbmm", R(2, 3, 5), R(2, 3, 4), R(2, 4, 5))
for a, b in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (4,)), ((2, 1, 3, 4), (5, 4, 2)), ((4,), (2, 4, 3))):
    case("matmul", R(*a), R(*b))
case("mm", R(37, 65).float(), R(65, 40).float(), grad=False, tolerance=1e-5); case("mm", R(17, 300).float(), R(300, 9).float(), grad=False, tolerance=1e-5)
for equation, *shapes in (("ij,jk->ik", (2, 3), (3, 4)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("ii->i", (3, 3)), ("ij->", (2, 3)), ("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)), ("i,j->ij", (2,), (3,)),
                          ("nctkv,kvw->nctw", (2, 2, 2, 3, 2), (3, 2, 2)), ("bi,bij,bj->b", (2, 3), (2, 3, 4), (2, 4)), ("ij,kj", (2, 3), (4, 3))):
    case("einsum", equation, [R(*s) for s in shapes], torch_call=lambda e, t: torch.einsum(e, *t))
case("kron", R(2, 2), R(1, 3)); case("cross", R(2, 3), R(2, 3), 1); case("cdist", R(3, 2), R(4, 2)); case("linear", R(2, 3), R(4, 3), R(4), second=True); case("linear", R(2, 5, 3), R(4, 3)); case("inner", R(2, 3), R(4, 3))

# Convolution and pooling.
case("conv2d", R(2, 3, 5, 5), R(4, 3, 3, 3), R(4), [1, 1], [1, 1], second=True); case("conv2d", R(2, 3, 6, 5), R(4, 3, 3, 3), R(4), [2, 2], [1, 1]); case("conv2d", R(1, 4, 5, 5), R(4, 2, 3, 3), None, [1, 1], [2, 2], [2, 2], 2)
case("conv2d", R(2, 3, 4, 4), R(2, 3, 1, 1), R(2)); case("conv2d", R(3, 5, 5), R(2, 3, 3, 3)); case("conv2d", R(1, 2, 5, 5), R(3, 2, 3, 3), None, [1, 1], "same")
case("conv1d", R(2, 3, 7), R(4, 3, 3), R(4), [2], [1]); case("conv3d", R(1, 2, 3, 4, 3), R(2, 2, 2, 2, 2), R(2)); case("conv_transpose2d", R(2, 3, 4, 4), R(3, 2, 4, 4), R(2), [2, 2], [1, 1], second=True)
case("conv_transpose2d", R(1, 4, 3, 3), R(4, 1, 3, 3), R(2), [2, 2], [1, 1], [1, 1], 2); case("conv_transpose1d", R(2, 3, 4), R(3, 2, 3), R(2), [2])
f = lambda *s: R(*s).float()
case("conv2d", f(2, 16, 6, 6), f(8, 16, 3, 3), f(8), [1, 1], [1, 1], numeric=False, tolerance=2e-4)
case("conv2d", f(2, 3, 9, 9), f(8, 3, 3, 3), f(8), [2, 2], [1, 1], numeric=False, tolerance=2e-4); case("conv_transpose2d", f(2, 8, 4, 4), f(8, 4, 4, 4), f(4), [2, 2], [1, 1], numeric=False, tolerance=2e-4)
case("avg_pool2d", R(2, 2, 4, 6), [2, 2]); case("avg_pool2d", R(1, 2, 5, 5), [3, 3], [2, 2], [1, 1]); case("avg_pool2d", R(1, 2, 5, 5), [3, 3], [2, 2], [1, 1], True, False); case("avg_pool1d", R(1, 2, 6), [2])
case("max_pool2d", R(2, 2, 4, 6), [2, 2]); case("max_pool2d", R(1, 2, 5, 5), [3, 3], [2, 2], [1, 1]); case("adaptive_avg_pool2d", R(1, 2, 5, 6), [2, 3]); case("adaptive_avg_pool2d", R(1, 2, 5, 6), [1, 1])
case("interpolate", R(1, 2, 3, 3), None, [2.0, 2.0], torch_call=lambda x, s, f: F.interpolate(x, scale_factor=f)); case("interpolate", R(1, 2, 3, 4), [5, 6], torch_call=lambda x, s: F.interpolate(x, size=s))
case("interpolate", R(1, 2, 3, 4), [5, 6], None, "bilinear", False, torch_call=lambda x, s, f, m, a: F.interpolate(x, size=s, mode=m, align_corners=a))
case("interpolate", R(1, 2, 3, 4), [5, 6], None, "bilinear", True, torch_call=lambda x, s, f, m, a: F.interpolate(x, size=s, mode=m, align_corners=a))

# Normalization, softmax, attention, losses.
case("group_norm", R(2, 6, 3, 3), 3, R(6), R(6), second=True); case("group_norm", R(2, 4, 5), 2); case("layer_norm", R(3, 4, 5), [5], R(5), R(5), second=True); case("layer_norm", R(3, 4, 5), [4, 5]); case("rms_norm", R(3, 5), [5], R(5))
case("group_norm", f(4, 8, 5, 5), 4, f(8), f(8), numeric=False, tolerance=2e-5); case("layer_norm", f(6, 33), [33], f(33), f(33), numeric=False, tolerance=2e-5)
case("batch_norm", R(4, 3, 2, 2), None, None, R(3), R(3), True, second=True, torch_call=F.batch_norm); case("batch_norm", R(4, 3), R(3), P(3), R(3), R(3), False, torch_call=lambda x, m, v, w, b, t: F.batch_norm(x, m.detach(), v.detach(), w, b, t))
case("instance_norm", R(2, 3, 4, 4), torch_call=F.instance_norm)
for d in (0, 1, -1):
    case("softmax", R(2, 3, 4), d, second=d == 1); case("log_softmax", R(2, 3, 4), d, second=d == -1)
case("softmax", f(3, 50), 1, numeric=False, tolerance=1e-6); case("log_softmax", f(3, 50), 1, numeric=False, tolerance=1e-5)
case("scaled_dot_product_attention", R(2, 2, 3, 4), R(2, 2, 5, 4), R(2, 2, 5, 4)); case("scaled_dot_product_attention", R(1, 2, 3, 4), R(1, 2, 3, 4), R(1, 2, 3, 4), None, 0.0, True)
case("scaled_dot_product_attention", R(1, 2, 3, 4), R(1, 2, 3, 4), R(1, 2, 3, 4), torch.tensor([[True, False, True], [True, True, True], [False, True, True]]))
for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
    case(name, R(3, 4), R(3, 4), second=name == "mse_loss"); case(name, R(3, 4), R(3, 4), "sum", torch_call=lambda x, y, r, n=name: getattr(F, n)(x, y, reduction=r)); case(name, R(3, 4), R(3, 4), "none", torch_call=lambda x, y, r, n=name: getattr(F, n)(x, y, reduction=r))
case("binary_cross_entropy", P(3, 2, low=0.1, high=0.9), P(3, 2, low=0.1, high=0.9)); case("binary_cross_entropy_with_logits", R(3, 2), P(3, 2, low=0, high=1)); case("nll_loss", R(3, 4), I(4, 3)); case("cross_entropy", R(3, 4), I(4, 3), second=True)
case("cross_entropy", R(3, 4), I(4, 3), P(4), -100, "mean", 0.1, torch_call=lambda x, y, w, i, r, s: F.cross_entropy(x, y, w.detach(), ignore_index=i, reduction=r, label_smoothing=s)); case("cross_entropy", R(2, 4, 3), torch.tensor([[0, -100, 2], [1, 3, 0]])); case("cross_entropy", R(3, 4), torch.softmax(R(3, 4), 1))
case("kl_div", torch_call=F.kl_div, *(R(3, 4), torch.softmax(R(3, 4), 1))); case("cosine_similarity", R(3, 4), R(3, 4)); case("normalize", R(3, 4))

# Linear algebra.
square = R(3, 3) + 3 * torch.eye(3)
case("inverse", square, second=True); case("inverse", torch.stack([square, square.t()])); case("det", square); case("linalg_solve", square, R(3, 2), torch_call=torch.linalg.solve); case("linalg_solve", square, R(3), torch_call=torch.linalg.solve)
case("cholesky", square @ square.t(), tolerance=1e-8, numeric=False, torch_call=torch.linalg.cholesky); case("logdet", square @ square.t()); case("matrix_power", square, 3); case("matrix_power", square, -2)

# Creation.
case("arange", 5, torch_call=torch.arange); case("arange", 1, 10, 3); case("arange", 0.0, 1.0, 0.1); case("linspace", -1.0, 2.0, 7); case("eye", 3); case("full", [2, 2], 1.5); case("tril_indices", 3, 3); case("logspace", 0.0, 2.0, 3)

case("diff", R(2, 3), 1, 0, R(1, 3), R(2, 3)); case("diff", R(2, 5), 2, -1, None, R(2, 1))

# Random: the default generator is seeded with 7 before each call.
def random_case(name, *arguments, call):
    torch.manual_seed(7)
    result = call()
    follow = torch.rand(2, dtype=torch.float32)
    cases.append({"op": name, "args": [pack(a) for a in arguments], "seed": 7, "numeric": False, "outputs": [pack(result)], "follow": pack(follow), "tolerance": 2e-6})

f32, f64 = torch.float32, torch.float64
for n in (1, 5, 15, 16, 17, 40, 100):
    random_case("randn", [n], None, f32, call=lambda: torch.randn(n, dtype=f32)); random_case("randn", [n], None, f64, call=lambda: torch.randn(n, dtype=f64)); random_case("rand", [n], None, f32, call=lambda: torch.rand(n, dtype=f32))
random_case("rand", [5], None, f64, call=lambda: torch.rand(5, dtype=f64)); random_case("rand", [5], None, torch.float16, call=lambda: torch.rand(5, dtype=torch.float16)); random_case("randn", [5], None, torch.bfloat16, call=lambda: torch.randn(5, dtype=torch.bfloat16))
random_case("randn", [20], None, torch.bfloat16, call=lambda: torch.randn(20, dtype=torch.bfloat16))
random_case("randint", 10, [9], call=lambda: torch.randint(10, (9,))); random_case("randint", -5, 2**40, [5], call=lambda: torch.randint(-5, 2**40, (5,))); random_case("randint", 0, 2**30, [5], call=lambda: torch.randint(0, 2**30, (5,)))
random_case("randperm", 10, call=lambda: torch.randperm(10)); random_case("randperm", 100, call=lambda: torch.randperm(100))
random_case("bernoulli", torch.full((9,), 0.3), call=lambda: torch.bernoulli(torch.full((9,), 0.3))); random_case("bernoulli", torch.full((9,), 0.3, dtype=f32), call=lambda: torch.bernoulli(torch.full((9,), 0.3, dtype=f32)))
random_case("bernoulli_", torch.zeros(9), 0.4, call=lambda: torch.zeros(9).bernoulli_(0.4)); random_case("exponential_", torch.zeros(5, dtype=f32), 2.0, call=lambda: torch.zeros(5, dtype=f32).exponential_(2.0))
random_case("uniform_", torch.zeros(5, dtype=f32), -1.0, 3.0, call=lambda: torch.zeros(5, dtype=f32).uniform_(-1, 3)); random_case("normal_", torch.zeros(5, 5, dtype=f32), 1.0, 3.0, call=lambda: torch.zeros(5, 5, dtype=f32).normal_(1, 3)); random_case("normal_", torch.zeros(3), 1.0, 3.0, call=lambda: torch.zeros(3).normal_(1, 3))
for d in (torch.int64, torch.int32, torch.uint8, torch.bool, f32, f64): random_case("random_", torch.zeros(4, dtype=d), call=lambda: torch.zeros(4, dtype=d).random_())
w = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=f32)
random_case("multinomial", w, 3, call=lambda: torch.multinomial(w, 3)); random_case("multinomial", w, 9, True, call=lambda: torch.multinomial(w, 9, True)); random_case("multinomial", torch.stack([w, w.flip(0)]), 5, True, call=lambda: torch.multinomial(torch.stack([w, w.flip(0)]), 5, True)); random_case("multinomial", w, 1, call=lambda: torch.multinomial(w, 1))
random_case("dropout", torch.ones(9, dtype=f32), 0.5, True, call=lambda: F.dropout(torch.ones(9, dtype=f32), 0.5, True))

# Initialization and optimizers (tests/unit/nn/golden_nn_test.cpp).
torch.set_default_dtype(torch.float32)
nn_cases = []
for name, arguments in (("kaiming_uniform_", {"a": 5 ** 0.5}), ("kaiming_normal_", {}), ("xavier_uniform_", {"gain": 2.0}), ("xavier_normal_", {}), ("trunc_normal_", {"std": 0.02}), ("trunc_normal_", {"std": 1.5}), ("trunc_normal_", {"mean": 4.0}), ("orthogonal_", {})):
    for shape in ((5, 3), (2, 3, 3, 3)):
        torch.manual_seed(11)
        nn_cases.append({"init": name, "shape": list(shape), "arguments": arguments, "result": pack(getattr(torch.nn.init, name)(torch.empty(shape), **arguments))})
for name, options in (("Adam", {"lr": 0.1, "weight_decay": 0.01}), ("Adam", {"lr": 0.1, "amsgrad": True, "betas": [0.8, 0.9]}), ("AdamW", {"lr": 0.1}), ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}), ("RMSprop", {"lr": 0.01}), ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True})):
    parameter = torch.linspace(-1, 1, 37).requires_grad_()
    optimizer = getattr(torch.optim, name)([parameter], **options)
    for step in range(4):
        optimizer.zero_grad(); (parameter.pow(3) * (step + 1)).sum().backward(); optimizer.step()
    nn_cases.append({"optimizer": name, "options": options, "result": pack(parameter)})
with gzip.GzipFile(sys.argv[1].replace("golden", "golden_nn"), "wb", mtime=0) as file:
    file.write("\n".join(json.dumps(c) for c in nn_cases).encode())

# Printing.
torch.set_default_dtype(torch.float32)
def text_case(tensor):
    cases.append({"op": "print", "args": [pack(tensor)], "requires_grad": tensor.requires_grad, "text": repr(tensor), "outputs": []})

for tensor in (torch.tensor(1.5), torch.tensor([1.0, 2, 3]), torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([1, 20, 300]), torch.tensor([True, False]), torch.tensor([0.1, 1000.5, -2]), torch.tensor([1e-5, 1.0]), torch.tensor([1e10, 1.0]),
               torch.tensor([float("nan"), 1.0, float("inf")]), torch.tensor([0.0, -0.0]), torch.tensor([]), torch.zeros(2, 0), torch.zeros(0, dtype=torch.int64), torch.arange(50), torch.arange(50) / 7, torch.arange(1001), torch.arange(3000).reshape(3, 1000), torch.arange(24.0).reshape(2, 3, 4),
               torch.ones(2, dtype=torch.float64), torch.ones(3, dtype=torch.int32), torch.tensor([1.5, 2.25], dtype=torch.bfloat16), torch.rand(10, 10, 11, generator=torch.Generator().manual_seed(1)), torch.tensor([[1e-3, 5.0]]), torch.tensor([123456789.0, 1.0]), torch.tensor([-1.5, 2e-8]), torch.full((2, 30), 0.5), torch.tensor([1.0, 2.0], requires_grad=True),
               torch.arange(40, dtype=torch.float64), torch.tensor(7), torch.tensor([1e5, 2e5, 0.5]), torch.tensor([[[]]])):
    text_case(tensor)

with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
    file.write("\n".join(json.dumps(c) for c in cases).encode())
print(len(cases), "cases")
