# Method resolution, super, descriptors, metaclasses, slots.


class A:
    def who(self):
        return ["A"]


class B(A):
    def who(self):
        return ["B"] + super().who()


class C(A):
    def who(self):
        return ["C"] + super().who()


class D(B, C):
    def who(self):
        return ["D"] + super().who()


print(D().who(), [k.__name__ for k in D.__mro__], D.__bases__ == (B, C), A.__subclasses__() == [B, C])
for make in (lambda: type("X", (A, B), {}), lambda: type("X", (B, B), {}), lambda: type("X", (type("P", (B, C), {}), type("Q", (C, B), {})), {}),
             lambda: type("X", (bool,), {}), lambda: type("X", (int, str), {}), lambda: type("X", (5,), {})):
    try:
        make()
    except TypeError as error:
        print(error)


class Typed:
    def __init__(self, kind):
        self.kind = kind

    def __set_name__(self, owner, name):
        print("named", owner.__name__, name)
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance.__dict__.get(self.name, "unset")

    def __set__(self, instance, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} must be {self.kind.__name__}, not {type(value).__name__}")
        instance.__dict__[self.name] = value

    def __delete__(self, instance):
        del instance.__dict__[self.name]


class Lazy:
    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner=None):
        value = instance.__dict__[self.function.__name__] = self.function(instance)
        return value


class Point:
    x = Typed(int)
    y = Typed(int)

    def __init__(self, x, y):
        self.x, self.y = x, y

    @Lazy
    def norm(self):
        print("computing")
        return self.x ** 2 + self.y ** 2

    @property
    def total(self):
        return self.x + self.y

    @total.setter
    def total(self, value):
        self.x = value - self.y

    @classmethod
    def origin(cls):
        return cls(0, 0)

    @staticmethod
    def distance(p, q):
        return abs(p.x - q.x) + abs(p.y - q.y)


p = Point(3, 4)
print(p.norm, p.norm, p.total, type(Point.x).__name__)
p.total = 10
print(p.x, sorted(vars(p)), Point.distance(p, Point.origin()))
try:
    p.x = "no"
except TypeError as error:
    print(error)
p.__dict__["x"] = 99
p.__dict__["norm"] = -1
print(p.x, p.norm)
del p.x
print(p.x)
for act in (lambda: delattr(p, "total"), lambda: setattr(Point(1, 2), "missing", 1), lambda: Point(1, 2).missing, lambda: Point.missing, lambda: Point(1)):
    try:
        print(act())
    except (AttributeError, TypeError) as error:
        print(type(error).__name__, error)


class Meta(type):
    def __prepare__(name, bases, **options):
        print("prepare", name, options)
        return {"prepared": True}

    def __new__(meta, name, bases, namespace, **options):
        namespace["tag"] = options.get("tag", name.lower())
        return super().__new__(meta, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)
        print("init", name, [k for k in namespace if not k.startswith("__")])

    def __call__(cls, *args):
        print("call", cls.__name__, args)
        return super().__call__(*args)

    def __len__(cls):
        return 42

    def __contains__(cls, item):
        return item == cls.tag

    def __instancecheck__(cls, instance):
        return instance == "anything" or super().__instancecheck__(instance)


class Base(metaclass=Meta, tag="first"):
    def __init__(self, *args):
        self.args = args

    def __init_subclass__(cls, /, **options):
        print("subclass", cls.__name__, options)


try:
    class Derived(Base, tag="second"):
        pass
except TypeError as error:
    print(error)


class Derived(Base):
    pass


print(Derived.prepared, Derived.tag, len(Derived), "derived" in Derived, isinstance("anything", Derived), isinstance("other", Derived))
print(Derived(1, 2).args, type(Derived), type(Derived).__mro__[0].__name__)
try:
    class Clash(Base, metaclass=type("Other", (type,), {})):
        pass
except TypeError as error:
    print(error)


class Slotted:
    __slots__ = ("a", "__weakref__")

    def __init__(self):
        self.a = 1


s = Slotted()
for act in (lambda: setattr(s, "b", 2), lambda: s.__dict__, lambda: delattr(s, "a"), lambda: s.a, lambda: delattr(s, "a")):
    try:
        print(act())
    except AttributeError as error:
        print(error)


class Loose(Slotted):
    pass


loose = Loose()
loose.b = 5
print(loose.__dict__, loose.a)
try:
    class Conflict:
        __slots__ = ("v",)
        v = 1
except ValueError as error:
    print(error)


class Proxy:
    def __init__(self, target):
        object.__setattr__(self, "target", target)

    def __getattr__(self, name):
        print("getattr", name)
        return getattr(self.target, name)

    def __setattr__(self, name, value):
        print("setattr", name)
        setattr(self.target, name, value)


q = Proxy(Loose())
q.z = 3
print(q.z, q.a, hasattr(q, "nothing"), getattr(q, "nothing", "default"))


class Money:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return Money(self.n + other.n) if isinstance(other, Money) else NotImplemented

    def __radd__(self, other):
        return Money(self.n + other) if isinstance(other, int) else NotImplemented

    def __eq__(self, other):
        return self.n == other.n if isinstance(other, Money) else NotImplemented

    def __lt__(self, other):
        return self.n < other.n

    def __repr__(self):
        return f"Money({self.n})"

    def __bool__(self):
        return self.n != 0

    def __index__(self):
        return self.n

    def __call__(self, *args, **kwargs):
        return args, kwargs

    def __class_getitem__(cls, item):
        return f"{cls.__name__}[{item}]"


print(sum([Money(1), Money(2)]), Money(1) == Money(1), Money(1) != Money(2), Money(2) > Money(1), bool(Money(0)), [10, 20, 30][Money(1)], Money(1)(2, k=3), Money[int])
for act in (lambda: Money(1) + 1, lambda: Money(1) - Money(1), lambda: hash(Money(1)), lambda: Money(1) <= Money(2), lambda: "s" + Money(1)):
    try:
        print(act())
    except TypeError as error:
        print(error)
print(Money.__hash__, Money.__qualname__, Money.__module__, Point.__dict__["origin"].__func__.__name__)
p.__class__ = Loose if False else Point
try:
    p.__class__ = Slotted
except TypeError as error:
    print(error)
