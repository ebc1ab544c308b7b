#include "object/shape.h"

#include <cstring>

#include "memory/blocks.h"

namespace hiss {

namespace {

uint32_t next_shape_id = 1;
uint32_t take_shape_id() { return next_shape_id == kNoShapeId ? kNoShapeId : next_shape_id++; }
constexpr uint32_t kTableFrom = 8;  // linear search below

Shape* make_shape(Type* type, Shape* parent, Str* key) {
  auto* shape = new Shape();
  shape->id = take_shape_id();
  shape->type = type;
  shape->parent = parent;
  shape->key = key;
  shape->count = parent ? parent->count + 1 : 0;
  return shape;
}

size_t pointer_hash(const Str* name) { return (reinterpret_cast<uintptr_t>(name) >> 4) * 0x9E3779B97F4A7C15ull >> 40; }

void build_table(Shape* shape) {
  size_t size = 16;
  while (size < shape->count * 2) size *= 2;
  shape->table.assign(size, -1);
  const auto& keys = shape_keys(shape);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    size_t slot = pointer_hash(keys[i]) & (size - 1);
    while (shape->table[slot] >= 0) slot = (slot + 1) & (size - 1);
    shape->table[slot] = static_cast<int32_t>(i);
  }
}

bool values_inline(const Object* object, const Attributes* attributes) {
  return object->layout == Layout::Instance && reinterpret_cast<const char*>(attributes->values) ==
                                                   reinterpret_cast<const char*>(object) + object->type->basic_size;
}

}  // namespace

Shape* root_shape(Type* type) {
  if (!type->root_shape) type->root_shape = make_shape(type, nullptr, nullptr);
  return type->root_shape;
}

Shape* dictionary_shape(Type* type) {
  if (!type->dict_shape) {
    type->dict_shape = make_shape(type, nullptr, nullptr);
    type->dict_shape->dictionary = true;
  }
  return type->dict_shape;
}

const std::vector<Str*>& shape_keys(Shape* shape) {
  if (shape->keys.size() != shape->count) {
    shape->keys.resize(shape->count);
    Shape* s = shape;
    for (uint32_t i = shape->count; i-- > 0; s = s->parent) shape->keys[i] = s->key;
  }
  return shape->keys;
}

int32_t shape_find(Shape* shape, Str* name) {
  if (shape->count <= kTableFrom) {
    for (Shape* s = shape; s->parent; s = s->parent) {
      if (s->key == name) return static_cast<int32_t>(s->count - 1);
    }
    return -1;
  }
  if (shape->table.empty()) build_table(shape);
  const size_t mask = shape->table.size() - 1;
  for (size_t slot = pointer_hash(name) & mask; shape->table[slot] >= 0; slot = (slot + 1) & mask) {
    if (shape->keys[static_cast<size_t>(shape->table[slot])] == name) return shape->table[slot];
  }
  return -1;
}

Shape* shape_with(Shape* shape, Str* name) {
  for (Shape* next : shape->transitions) {
    if (next->key == name) return next;
  }
  if (shape->count >= kMaxShapeAttributes || shape->transitions.size() >= kMaxShapeAttributes) return nullptr;
  Shape* next = make_shape(shape->type, shape, name);
  shape->transitions.push_back(next);
  return next;
}

namespace {

// Every shape of a type, a parent before its children.
std::vector<Shape*> all_shapes(const Type* type) {
  std::vector<Shape*> shapes;
  if (type->root_shape) shapes.push_back(type->root_shape);
  if (type->dict_shape) shapes.push_back(type->dict_shape);
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::vector<Shape*>& next = shapes[i]->transitions;
    shapes.insert(shapes.end(), next.begin(), next.end());
  }
  return shapes;
}

}  // namespace

void free_shapes(Type* type) {
  for (Shape* shape : all_shapes(type)) delete shape;
  type->root_shape = type->dict_shape = nullptr;
}

void renumber_shapes(Type* type) {
  for (Shape* shape : all_shapes(type)) shape->id = take_shape_id();
}

Value attribute_get(Attributes* attributes, Str* name) {
  Shape* shape = attributes->shape;
  if (!shape) return Value();
  if (shape->dictionary) return dict_get(as<Dict>(attributes->values[0]), name);
  const int32_t index = shape_find(shape, name);
  return index < 0 ? Value() : attributes->values[index];
}

void grow_values(Object* object, Attributes* attributes, uint32_t count) {
  if (count < object->value_capacity) return;
  const uint32_t capacity = count < 4 ? 4 : count * 2;
  auto* values = static_cast<Value*>(allocate_sized(capacity * sizeof(Value)));
  if (count) std::memcpy(static_cast<void*>(values), attributes->values, count * sizeof(Value));
  if (object->value_capacity && !values_inline(object, attributes))
    free_sized(static_cast<void*>(attributes->values), object->value_capacity * sizeof(Value));
  attributes->values = values;
  object->value_capacity = static_cast<uint16_t>(capacity);
  // New instances of the class will have room for as many attributes as this one needed.
  Type* type = object->type;
  if (object->layout == Layout::Instance && count + 1 > type->inline_capacity && count < 24) {
    type->inline_capacity = static_cast<uint16_t>(count + 1 < 4 ? 4 : (count + 2) & ~1u);
    type->instance_bytes = 0;
  }
}

void attribute_set(Object* object, Attributes* attributes, Str* name, Value value) {
  Shape* shape = attributes->shape;
  if (!shape) {
    shape = attributes->shape = root_shape(object->type);
  }
  if (shape->dictionary) {
    dict_set(as<Dict>(attributes->values[0]), name, value);
    return;
  }
  const int32_t index = shape_find(shape, name);
  if (index >= 0) {
    Value old = attributes->values[index];
    retain(value);
    attributes->values[index] = value;
    release(old);
    return;
  }
  Shape* next = shape_with(shape, name);
  if (!next) {
    dict_set(attribute_dict(object, attributes), name, value);
    return;
  }
  grow_values(object, attributes, shape->count);
  retain(value);
  attributes->values[shape->count] = value;
  attributes->shape = next;
}

bool attribute_delete(Object* object, Attributes* attributes, Str* name) {
  Shape* shape = attributes->shape;
  if (!shape) return false;
  if (!shape->dictionary) {
    const int32_t index = shape_find(shape, name);
    if (index < 0) return false;
    if (static_cast<uint32_t>(index) + 1 == shape->count) {
      Value old = attributes->values[index];
      attributes->values[index] = Value();
      attributes->shape = shape->parent;
      release(old);
      return true;
    }
  }
  Dict* dict = attribute_dict(object, attributes);
  Result<bool> deleted = dict_delete(dict, to_value(name));
  return !deleted.is_error() && deleted.value();
}

Dict* attribute_dict(Object* object, Attributes* attributes) {
  Shape* shape = attributes->shape;
  if (shape && shape->dictionary) return as<Dict>(attributes->values[0]);
  Ref dict = make_dict();
  Dict* d = as<Dict>(dict.value());
  if (shape) {
    const auto& keys = shape_keys(shape);
    for (uint32_t i = 0; i < shape->count; ++i) {
      dict_set(d, keys[i], attributes->values[i]);
      release(attributes->values[i]);
      attributes->values[i] = Value();
    }
  }
  grow_values(object, attributes, 0);
  attributes->values[0] = dict.release();
  attributes->shape = dictionary_shape(object->type);
  return d;
}

Status set_attribute_dict(Object* object, Attributes* attributes, Value dict) {
  if (!is<Dict>(dict)) return fail(exc::TypeError, "__dict__ must be set to a dictionary, not a '{}'", type_name(dict));
  attribute_dict(object, attributes);
  Value old = attributes->values[0];
  retain(dict);
  attributes->values[0] = dict;
  release(old);
  return kOk;
}

void clear_attributes(Object* object, Attributes* attributes) {
  Shape* shape = attributes->shape;
  Value* values = attributes->values;
  const uint16_t capacity = object->value_capacity;
  const bool owned = capacity && values && !values_inline(object, attributes);
  if (shape) {
    const uint32_t count = shape->dictionary ? 1 : shape->count;
    attributes->shape = nullptr;
    if (owned) {
      attributes->values = nullptr;
      object->value_capacity = 0;
    }
    for (uint32_t i = 0; i < count; ++i) {
      Value old = values[i];
      values[i] = Value();
      release(old);
    }
  }
  if (owned) {
    free_sized(static_cast<void*>(values), capacity * sizeof(Value));
    attributes->values = nullptr;
    object->value_capacity = 0;
  }
}

void traverse_attributes(Attributes* attributes, Visitor& visit) {
  Shape* shape = attributes->shape;
  if (!shape) return;
  const uint32_t count = shape->dictionary ? 1 : shape->count;
  for (uint32_t i = 0; i < count; ++i) visit(attributes->values[i]);
}

}  // namespace hiss
