// Comparisons of plain values (numbers, strings, tuples of these) that need no call: dicts, sets, searches and sorting
// ask here first.
#pragma once

#include "object/containers.h"

namespace hiss {

/// Whether two values are equal, as far as can be told without calling anything: 1, 0, or -1: equal() must be asked.
int plain_equal_tuples(const Tuple* a, const Tuple* b, int depth);
inline int plain_equal(Value a, Value b, int depth = 0) {
  if (a == b) return 1;
  if (Value::both_integers(a, b)) return 0;
  if (!a.is_object() || !b.is_object()) {
    if (a.is_number() && b.is_number()) return a.number() == b.number();
    return a.is_bool() && b.is_bool() ? 0 : -1;
  }
  const Type *left = a.object()->type, *right = b.object()->type;
  if (left == &str_type && right == &str_type) return equal(as<Str>(a), as<Str>(b));
  if (is<Tuple>(a) && is<Tuple>(b) && left->slots.compare == tuple_type.slots.compare &&
      right->slots.compare == tuple_type.slots.compare) {
    return plain_equal_tuples(as<Tuple>(a), as<Tuple>(b), depth);
  }
  return -1;
}

/// The same for a < b.
int plain_less_tuples(const Tuple* a, const Tuple* b, int depth);
inline int plain_less(Value a, Value b, int depth = 0) {
  if (Value::both_integers(a, b)) return a.integer() < b.integer();
  if (!a.is_object() || !b.is_object()) {
    if (a.is_number() && b.is_number()) return a.number() < b.number();
    return a.is_bool() && b.is_bool() ? a.boolean() < b.boolean() : -1;
  }
  const Type *left = a.object()->type, *right = b.object()->type;
  if (left == &str_type && right == &str_type) return compare(as<Str>(a), as<Str>(b)) < 0;
  if (left == &tuple_type && right == &tuple_type) return plain_less_tuples(as<Tuple>(a), as<Tuple>(b), depth);
  return -1;
}

}  // namespace hiss
