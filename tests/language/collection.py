# What only the attributes of a live exception, module or function refer to survives a collection.
import gc
import types
import weakref


finalized = []


class Thing:
    def __init__(self, name):
        self.name = name
        self.parts = [name]

    def __del__(self):
        finalized.append(self.name)


class OwnError(Exception):
    pass


class OwnModule(types.ModuleType):
    pass


class OwnNamespace(types.SimpleNamespace):
    pass


holders = [OwnError(), OwnModule("own"), OwnNamespace(), Exception(), types.ModuleType("plain"), lambda: None]
for number, holder in enumerate(holders):
    holder.thing = Thing(number)
references = [weakref.ref(holder.thing) for holder in holders]
gc.collect()
print([reference() is None for reference in references])
for holder in holders:
    print(type(holder).__name__, vars(holder.thing))
print(finalized)
