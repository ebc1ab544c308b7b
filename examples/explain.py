"""hiss.explain: how a class's search order comes about, and what keeps an object alive. Needs Hiss."""

import gc
import weakref

import hiss


class A:
    def __init__(self):
        print("A.__init__")


class B(A):
    pass


class C(A):
    def __init__(self):
        print("C.__init__")


class D(B, C):
    pass


hiss.explain.mro(D, "__init__")
print()
hiss.explain.mro((A, B))  # a class that Python refuses to make
print()


class Model:
    pass


cache = {"best": [Model()]}


def train():
    model = cache["best"][0]
    hiss.explain.references(model, file="references.svg")


train()
print()

gc.disable()
left, right = Model(), Model()
left.peer, right.peer = right, left
ghost = weakref.ref(left)
del left, right
hiss.explain.references(ghost())
