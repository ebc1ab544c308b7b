"""Datasets in memory and the loader that batches them."""

import _hiss_torch as _C

_ops = _C._operations("")


class Dataset:
    """Something with __getitem__ and __len__."""

    def __getitem__(self, index):
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")


class TensorDataset(Dataset):
    """Rows of tensors of equal length."""

    def __init__(self, *tensors):
        if any(t.size(0) != tensors[0].size(0) for t in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __len__(self):
        return self.tensors[0].size(0)


def default_collate(batch):
    first = batch[0]
    if isinstance(first, _C.Tensor):
        return _ops["stack"](list(batch))
    if isinstance(first, (int, float)):
        return _C.tensor(list(batch))
    if isinstance(first, (tuple, list)):
        return [default_collate(list(part)) for part in zip(*batch)]
    if isinstance(first, dict):
        return {key: default_collate([item[key] for item in batch]) for key in first}
    return list(batch)


class DataLoader:
    """Batches of a dataset, shuffled by torch.randperm; runs in the calling thread."""

    def __init__(self, dataset, batch_size=1, shuffle=False, num_workers=0, collate_fn=None, drop_last=False, generator=None, **options):
        if num_workers:
            raise NotImplementedError("DataLoader(num_workers > 0) is not supported by Hiss yet")
        unknown = set(options) - {"pin_memory", "persistent_workers", "prefetch_factor"}
        if unknown:
            raise NotImplementedError(f"DataLoader options not supported by Hiss yet: {sorted(unknown)}")
        self.dataset, self.batch_size, self.shuffle, self.drop_last = dataset, batch_size, shuffle, drop_last
        self.collate_fn = collate_fn or default_collate
        self.generator = generator

    def __len__(self):
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else (n + self.batch_size - 1) // self.batch_size

    def __iter__(self):
        n = len(self.dataset)
        order = _ops["randperm"](n, generator=self.generator).tolist() if self.shuffle else range(n)
        for start in range(0, n, self.batch_size):
            batch = [self.dataset[i] for i in order[start:start + self.batch_size]]
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self.collate_fn(batch)
