"""torch.save and torch.load in PyTorch's zip format: data.pkl describes the objects, data/N holds the bytes of storage N.

Loading never runs code from the file: only the types that tensors and plain containers need are known.
"""

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import _hiss_torch as _C

_STORAGES = {
    "FloatStorage": _C.float32,
    "DoubleStorage": _C.float64,
    "HalfStorage": _C.float16,
    "BFloat16Storage": _C.bfloat16,
    "CharStorage": _C.int8,
    "ByteStorage": _C.uint8,
    "ShortStorage": _C.int16,
    "IntStorage": _C.int32,
    "LongStorage": _C.int64,
    "BoolStorage": _C.bool,
}
_STORAGE_NAMES = {dtype: name for name, dtype in _STORAGES.items()}


class _StorageType:
    """Pickled as the global torch.FloatStorage (and so on), which is what PyTorch expects."""

    def __init__(self, name):
        self.name = name


def _strides(shape):
    strides = []
    n = 1
    for size in reversed(shape):
        strides.append(n)
        n *= size
    return tuple(reversed(strides))


class _Pickler(pickle._Pickler):
    """Tensors are written as torch._utils._rebuild_tensor_v2 calls on persistent storages."""

    dispatch = dict(pickle._Pickler.dispatch)

    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.storages = []

    def persistent_id(self, obj):
        if isinstance(obj, _Storage):
            self.storages.append(obj.data)
            return ("storage", _StorageType(_STORAGE_NAMES[obj.dtype]), str(len(self.storages) - 1), "cpu", obj.count)
        return None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, _StorageType):
            self.write(pickle.GLOBAL + f"torch\n{obj.name}\n".encode())
            return
        if isinstance(obj, _C.Tensor):
            self._save_tensor(obj)
            return
        super().save(obj, save_persistent_id)

    def _save_tensor(self, tensor):
        if id(tensor) in self.memo:
            self.write(self.get(self.memo[id(tensor)][0]))
            return
        shape = tuple(tensor.shape)
        storage = _Storage(_C._tensor_bytes(tensor.detach()), tensor.dtype, tensor.numel())
        self.write(pickle.GLOBAL + b"torch._utils\n_rebuild_tensor_v2\n")
        super().save((storage, 0, shape, _strides(shape), bool(tensor.requires_grad), OrderedDict()))
        self.write(pickle.REDUCE)
        self.memoize(tensor)


class _Storage:
    def __init__(self, data, dtype, count):
        self.data, self.dtype, self.count = data, dtype, count


def save(obj, f, pickle_module=None, pickle_protocol=2, _use_new_zipfile_serialization=True):
    """Writes to a path (through a temporary name, synced, then renamed) or to a binary file object."""
    body = io.BytesIO()
    pickler = _Pickler(body)
    pickler.dump(obj)
    if hasattr(f, "write"):
        _write_zip(f, body.getvalue(), pickler.storages)
        return
    path = os.fspath(f)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            _write_zip(file, body.getvalue(), pickler.storages)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


def _write_zip(file, body, storages):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", body)
        archive.writestr("archive/byteorder", b"little")
        for i, data in enumerate(storages):
            archive.writestr(f"archive/data/{i}", data)
        archive.writestr("archive/version", b"3\n")


def _rebuild_tensor(storage, offset, shape, stride, requires_grad=False, hooks=None, metadata=None):
    data, dtype = storage
    flat = _C._tensor_from_bytes(data, dtype, (len(data) // dtype.itemsize,))
    tensor = flat.as_strided(shape, stride, offset).clone() if tuple(stride) != _strides(shape) or offset else flat[:_count(shape)].reshape(shape)
    if requires_grad:
        tensor.requires_grad_(True)
    return tensor


def _count(shape):
    n = 1
    for size in shape:
        n *= size
    return n


def _rebuild_parameter(data, requires_grad=True, hooks=None):
    from .nn import Parameter

    return Parameter(data, requires_grad)


class _Unpickler(pickle._Unpickler):
    def __init__(self, file, read_storage):
        super().__init__(file)
        self.read_storage = read_storage
        self.loaded = {}

    def find_class(self, module, name):
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        known = {
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
            ("torch", "Size"): _C.Size,
            ("collections", "OrderedDict"): OrderedDict,
        }
        if (module, name) in known:
            return known[module, name]
        raise pickle.UnpicklingError(f"Weights only load failed: the file refers to {module}.{name}, which is not allowed; it was not run.")

    def persistent_load(self, saved_id):
        kind, dtype, key, location, count = saved_id
        if key not in self.loaded:
            self.loaded[key] = (self.read_storage(key, count * dtype.itemsize), dtype)
        return self.loaded[key]


def load(f, map_location=None, pickle_module=None, *, weights_only=True, mmap=None, **options):
    """Reads what save wrote, here or in PyTorch. Damaged files raise RuntimeError that names what is wrong."""
    if not weights_only:
        raise NotImplementedError("torch.load(weights_only=False) would run code from the file; Hiss loads weights only")
    try:
        archive = zipfile.ZipFile(f)
        names = archive.namelist()
        prefix = next((n[:-len("data.pkl")] for n in names if n.endswith("data.pkl")), None)
        if prefix is None:
            raise RuntimeError(f"{f!r} is a zip file without data.pkl: not a file of torch.save")

        def read_storage(key, size):
            data = archive.read(f"{prefix}data/{key}")
            if len(data) < size:
                raise RuntimeError(f"storage {key} holds {len(data)} bytes where {size} are declared: the file is damaged")
            return data[:size]

        with archive:
            return _Unpickler(io.BytesIO(archive.read(prefix + "data.pkl")), read_storage).load()
    except (zipfile.BadZipFile, EOFError, KeyError) as error:
        raise RuntimeError(f"{f!r} cannot be read as a file of torch.save: {error}") from error
