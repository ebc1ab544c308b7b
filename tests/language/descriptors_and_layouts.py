"""What binds to what, whose __dict__ it is, which __class__ fits, and other rules of classes."""
import gc
import types


def attempt(action, *args):
    try:
        return action(*args)
    except Exception as error:
        return type(error).__name__, str(error)


class A:
    def method(self, *args):
        return args


class B:
    bound = A().method
    through_class = classmethod(A().method)
    twice = classmethod(classmethod(lambda cls: cls.__name__))


print(B().bound(1), B.through_class()[0].__name__, B.twice(), B().twice())
print(str.maketrans.__qualname__, type(complex.real).__name__, type(property.fget).__name__,
      isinstance(types.FunctionType.__globals__, types.MemberDescriptorType))
print(attempt(setattr, property(), "fget", 1), attempt(property().__set_name__, 1))


class Meta(type):
    pass


class Mixed(Meta, A):
    pass


print(attempt(setattr, Mixed("K", (), {}), "__dict__", {}))


def with_slots(*names):
    return type("S", (), {"__slots__": names})


ab, ba, ac = with_slots("a", "b"), with_slots("b", "a"), with_slots("a", "c")
x = ab()
x.a = 1
x.__class__ = ba
print(x.a, attempt(setattr, x, "__class__", ac)[0], attempt(setattr, x, "__class__", A)[0])


class Wrong(int):
    __eq__ = str.__eq__
    __add__ = str.__add__


print(attempt(lambda: Wrong() == 1), attempt(lambda: Wrong() + 1))


class Slotless(int):
    __slots__ = ()


print(gc.is_tracked(Slotless()), gc.is_tracked(with_slots()()))


class Descriptor:
    pass


class Holder:
    value = Descriptor()

    def __init__(self):
        self.value = 1


def read(holder):
    return holder.value


holder = Holder()
print([read(holder) for _ in range(3)])
Descriptor.__get__ = lambda self, instance, owner: 2
Descriptor.__set__ = lambda *args: None
print([read(holder) for _ in range(3)])


class WhileItsMroRuns(type):
    def mro(cls):
        if cls.__name__ == "Running":
            print(cls.__mro__, attempt(type, "Sub", (cls,), {}))
        return type.mro(cls)


class Running(metaclass=WhileItsMroRuns):
    pass


class Fails:
    @property
    def __eq__(self):
        raise AttributeError("no")


print(Fails() == 1)


class NoClass:
    __class__ = None
    __bases__ = ()


print(attempt(isinstance, NoClass(), NoClass()), attempt(isinstance, 1, NoClass()))


class Mapping(dict):
    def keys(self):
        return iter(["a", "a"])

    def __iter__(self):
        return self.keys()

    def __missing__(self, key):
        return key * 2


print(attempt(lambda: (lambda **k: k)(**Mapping())))
print(eval("name + other", Mapping(other="!")))
print(attempt("{:,,}".format, 1), attempt("{0[{1}]}".format, "abc", 1), attempt("a".find), attempt("a".count, 1, 2, 3, 4))
