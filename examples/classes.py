"""Classes: inheritance, the method resolution order, super(), descriptors and metaclasses."""


class Model:
    def __init__(self, **options):
        print("    Model", options)

    def describe(self):
        return "a model"


class Logged(Model):
    def __init__(self, *, log="log.txt", **options):
        print("    Logged", log)
        super().__init__(**options)


class Saved(Model):
    def __init__(self, *, path="model.ckpt", **options):
        print("    Saved", path)
        super().__init__(**options)

    def describe(self):
        return "a saved " + super().describe()


class Trainer(Logged, Saved):
    pass


print("super() goes along the order of the object's class, so Model's __init__ runs once, last:")
trainer = Trainer(path="best.ckpt", size=3)
print("  order:", " > ".join(cls.__name__ for cls in Trainer.__mro__))
print("  describe:", trainer.describe())
print("  depth first, as Python 2's classic classes, it had been", Model.describe(trainer))

print("An order that satisfies everybody may not exist:")
try:
    type("Broken", (Model, Trainer), {})
except TypeError as error:
    print("  TypeError:", str(error).replace("\n", " "))


class Positive:
    """A descriptor: computes an attribute's access."""

    def __set_name__(self, owner, name):
        self.name = "_" + name
        print(f"  __set_name__ of {owner.__name__}.{name}")

    def __get__(self, instance, owner):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} must be positive, not {value}")
        setattr(instance, self.name, value)


print("Descriptors guard attributes:")


class Layer:
    width = Positive()


layer = Layer()
layer.width = 64
print("  width", layer.width, vars(layer))
try:
    layer.width = 0
except ValueError as error:
    print("  ValueError:", error)

print("__init_subclass__ and metaclasses see every new class:")
registry = {}


class Registered:
    def __init_subclass__(cls, *, name, **options):
        super().__init_subclass__(**options)
        registry[name] = cls


class Unet(Registered, name="unet"):
    pass


class Counting(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        cls.made = getattr(cls, "made", 0) + 1
        return made


class Sample(metaclass=Counting):
    pass


Sample(), Sample()
print(" ", registry["unet"].__name__, "is registered;", Sample.made, "samples made")

print("Special methods are looked up in the class, not in the instance:")
trainer.__len__ = lambda: 5
try:
    len(trainer)
except TypeError as error:
    print("  TypeError:", error)
print("A class may get new methods at any time; its instances see them:")
Model.__len__ = lambda self: 7
print("  len", len(trainer))
