// The arrays of tracked objects: how they grow, and how one is emptied into another.
#include "memory/gc_set.h"

#include <cstdlib>
#include <new>

namespace hiss::gc {

void grow(GcSet& set) {
  const size_t capacity = set.capacity ? 2 * set.capacity : 1024;
  auto* nodes = static_cast<GcHead**>(std::realloc(set.nodes, capacity * sizeof(GcHead*)));
  if (!nodes) throw std::bad_alloc();
  set.nodes = nodes;
  set.capacity = capacity;
}

void make_room(GcSet& set) {
  if (set.holes > set.size / 2) {
    size_t end = 0;
    for (size_t i = 0; i < set.size; ++i) {
      if (GcHead* node = set.nodes[i]) {
        node->place = place(set, end);
        set.nodes[end++] = node;
      }
    }
    set.size = end;
    set.holes = 0;
    return;
  }
  grow(set);
}

void merge(GcSet& from, GcSet& to) {
  for (size_t i = 0; i < from.size; ++i) {
    if (from.nodes[i]) append(to, from.nodes[i]);
  }
  from.size = from.holes = 0;
}

}  // namespace hiss::gc
