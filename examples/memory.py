"""Memory: reference counts free an object at once, the collector frees cycles; weak references and finalizers."""

import gc
import sys
import weakref


class Tensor:
    """Says when it goes."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print(f"  {self.name} freed")


gc.disable()  # so that only the lines below decide when cycles go

print("The last reference goes, and so does the object, at once:")
first = Tensor("first")
second = first
del first
print("  one name left")
second = None
print("  after the last name")

print("sys.getrefcount counts the references (and its own argument):")
value = Tensor("value")
before = sys.getrefcount(value)
holders = [value, value]
print("  two more in a list:", sys.getrefcount(value) - before)
holders.clear()
del value

print("A cycle keeps itself alive until the collector runs:")
one, other = Tensor("one"), Tensor("other")
one.friend, other.friend = other, one
watch = weakref.ref(one)
del one, other
print("  still there:", watch() is not None)
print("  collected:", gc.collect() >= 2)
print("  still there:", watch() is not None)

print("A weak reference does not keep its object; its callback tells when the object went:")
cached = Tensor("cached")
weak = weakref.ref(cached, lambda reference: print("  callback"))
cache = weakref.WeakValueDictionary(key=cached)
print("  in the cache:", list(cache))
del cached
print("  in the cache:", list(cache), weak())

print("__del__ may bring an object back; it runs only once:")
saved = []


class Phoenix:
    def __del__(self):
        print("  __del__ runs")
        saved.append(self)


bird = Phoenix()
bird.me = bird
del bird
gc.collect()
print("  saved:", len(saved))
saved.clear()
print("  second time:", gc.collect() >= 1, len(saved))

print("weakref.finalize runs with its object's end, or at the program's:")
file = Tensor("file")
weakref.finalize(file, print, "  finalizer")
del file

print("Three generations: survivors move on")
gc.enable()
gc.collect()
young = [object() for _ in range(3)]
print("  in the young generation:", any(item is young for item in gc.get_objects(generation=0)))
gc.collect(0)
print("  after one collection:", any(item is young for item in gc.get_objects(generation=1)))
gc.collect(1)
print("  after another:", any(item is young for item in gc.get_objects(generation=2)))
print("  thresholds:", gc.get_threshold())
