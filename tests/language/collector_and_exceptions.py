# What an exception of a Python class holds in its attributes is not garbage while someone else still holds it.
import gc

gc.set_threshold(1)


class Held:
    def __init__(self, item):
        self.item = (item,)


class Stop(Exception):
    def __init__(self, value):
        self.value = value


def stop(value):
    raise Stop(value)


def through_exception(value):
    try:
        stop(value)
    except Stop as error:
        return error.value


lost = 0
for i in range(200):
    kept = through_exception(Held(i))
    [[] for j in range(4)]
    lost += not hasattr(kept, "item")
print(lost)
