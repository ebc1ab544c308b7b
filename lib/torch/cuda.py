"""torch.cuda of a build without CUDA."""


def is_available():
    return False


def device_count():
    return 0


def manual_seed(seed):
    """No generator to seed."""


def manual_seed_all(seed):
    """No generators to seed."""


def empty_cache():
    """No cache to empty."""


def synchronize(device=None):
    raise AssertionError("Torch not compiled with CUDA enabled")
