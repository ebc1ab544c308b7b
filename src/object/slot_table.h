// The connection between slots and special methods, both ways: `int.__add__` calls the native slot; a class that
// defines
// `__add__` gets a slot that calls the method.
#pragma once

#include "object/native.h"
#include "object/type.h"

namespace hiss {

using AnySlot = void (*)();

struct SlotWrapper {
  const char* name;  // the special method
  size_t offset;     // of the slot in Slots
  Ref (*call)(AnySlot slot, Value self,
              const Args& args);  // the special method of a native type; null: no wrapper (__new__)
  AnySlot generic;                // the slot of a class that defines the method in Python
  const char* signature;
  const char* doc;
  Str* interned = nullptr;
};

/// Adds wrapper descriptors for the native slots that `type` itself defines.
void add_slot_wrappers(Type* type);
/// Slots that a native type leaves empty come from its mro.
void inherit_slots(Type* type);
/// Computes all slots of a new class from its dict and bases.
void compute_slots(Type* type);
AnySlot slot_at(const Type* type, size_t offset);
void init_slot_table();

}  // namespace hiss
