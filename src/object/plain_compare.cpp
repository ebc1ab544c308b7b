#include "object/plain_compare.h"

namespace hiss {

namespace {

constexpr int kDeepestPlain = 16;  // below, compare() guards the stack

}  // namespace

int plain_equal_tuples(const Tuple* a, const Tuple* b, int depth) {
  if (a->size != b->size) return 0;
  if (depth == kDeepestPlain) return -1;
  for (int64_t i = 0; i < a->size; ++i) {
    const int same = plain_equal(a->items[i], b->items[i], depth + 1);
    if (same != 1) return same;
  }
  return 1;
}

int plain_less_tuples(const Tuple* a, const Tuple* b, int depth) {
  if (depth == kDeepestPlain) return -1;
  for (int64_t i = 0; i < a->size && i < b->size; ++i) {
    const int same = plain_equal(a->items[i], b->items[i], depth + 1);
    if (same == 1) continue;
    return same == 0 ? plain_less(a->items[i], b->items[i], depth + 1) : -1;
  }
  return a->size < b->size;
}

}  // namespace hiss
