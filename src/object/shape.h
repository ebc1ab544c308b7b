// Shapes (hidden classes): which attribute names an instance has, and at which index each value lies. Instances that
// got the same attributes in the same order share a shape, so an inline cache that knows the shape knows the index.
#pragma once

#include <cstdint>
#include <vector>

#include "object/containers.h"
#include "object/type.h"

namespace hiss {

struct Shape {
  uint32_t id;     // never reused; changes when the type's attributes do, so a cache that knows it needs no version
  uint32_t count;  // number of attributes
  Type* type;
  Shape* parent;    // the shape without the last attribute
  Str* key;         // the last attribute
  bool dictionary;  // attributes live in a dict: values[0]
  std::vector<Shape*> transitions;
  std::vector<int32_t> table;  // hash table of indices, built when count is large
  std::vector<Str*> keys;      // by index, built on demand
};

inline constexpr uint32_t kMaxShapeAttributes = 256;
inline constexpr uint32_t kNoShapeId = UINT32_MAX;  // ids are used up: inline caches do not take such a shape

Shape* root_shape(Type* type);
Shape* dictionary_shape(Type* type);
/// Index of an interned name, or -1.
int32_t shape_find(Shape* shape, Str* name);
/// The shape with one more attribute; null when there are too many (the instance should use a dict).
Shape* shape_with(Shape* shape, Str* name);
const std::vector<Str*>& shape_keys(Shape* shape);

/// Attribute access on the storage alone (no descriptors). `name` must be interned.
Value attribute_get(Attributes* attributes, Str* name);  // borrowed; empty when absent
void attribute_set(Object* object, Attributes* attributes, Str* name, Value value);
bool attribute_delete(Object* object, Attributes* attributes, Str* name);
/// The instance's __dict__: from now on its attributes live in that dict.
Dict* attribute_dict(Object* object, Attributes* attributes);
Status set_attribute_dict(Object* object, Attributes* attributes, Value dict);
void clear_attributes(Object* object, Attributes* attributes);
void traverse_attributes(Attributes* attributes, Visitor& visit);
/// Releases attributes and __slots__ of an instance of a heap type.
void release_instance_fields(Object* object, Type* type);
void free_shapes(Type* type);
/// Gives all shapes of a type new ids: what inline caches found out about its instances no longer holds.
void renumber_shapes(Type* type);
/// Makes room for one more value behind `count` values.
void grow_values(Object* object, Attributes* attributes, uint32_t count);

}  // namespace hiss
