// array.array: numbers of one machine type.
#pragma once

#include "object/buffer.h"
#include "object/protocol.h"

namespace hiss {

struct ArrayItem {
  char code;
  int size;
  const char* format;  // struct notation of the buffer
  Ref (*get)(const uint8_t* at);
  Status (*set)(uint8_t* at, Value v);
  int machine_format;  // of _array_reconstructor
  bool is_integer, is_signed;
};
const ArrayItem* find_array_item(char code);
extern const char kArrayCodes[];

struct Array : Object {
  const ArrayItem* item;
  int64_t length;  // in items
  int64_t capacity;
  int64_t exports;
  uint8_t* data;
  uint8_t* at(int64_t i) const { return data + i * item->size; }
};
extern Type array_type, array_iterator_type;
inline Array* array_of(Value v) { return static_cast<Array*>(v.object()); }
inline bool is_array(Value v) { return is_instance_of(v, array_type); }

Ref make_array(Type* cls, const ArrayItem* item, int64_t length);
Status array_resize(Array* a, int64_t length);
/// Appends the items of an iterable (or of an array of the same type).
Status array_extend(Array* a, Value iterable);
Status array_append(Array* a, Value v);
Status array_from_bytes(Array* a, const uint8_t* data, int64_t length);
/// Machine formats of pickled arrays.
Ref array_reconstructor(Value, const Value* a);

extern const NativeDef kArrayMethods[];
void fill_array_slots(Type& type);

}  // namespace hiss
