# What modules hold goes when the program ends, cycles included, and its finalizers run.
class C:
    def __del__(self): print('del', self.n)
    def __init__(self, n): self.n = n
a = C('a')
l = [C('l')]; l.append(l)
_b = C('b')
