// What can be done with the sets that tracked objects are kept in. The place in a head is the index into the array,
// then the number of the set, then a bit that makes it differ from "not tracked".
#pragma once

#include "memory/collector.h"

namespace hiss::gc {

inline constexpr int kIndexShift = 4;
inline constexpr uintptr_t kSetMask = 15;

/// What the places of all members of a set have in common.
inline uintptr_t tag(const GcSet& set) { return set.number << 1 | 1; }
inline uintptr_t place(const GcSet& set, size_t index) { return index << kIndexShift | tag(set); }
inline size_t index_of(const GcHead* node) { return node->place >> kIndexShift; }
inline bool belongs_to(const GcHead* node, const GcSet& set) { return (node->place & kSetMask) == tag(set); }

inline GcSet& set_of(const GcHead* node) { return collector.generations[(node->place & kSetMask) >> 1]; }

void grow(GcSet& set);
/// Makes room for one more: closes the holes when they are many, else takes a larger array.
void make_room(GcSet& set);

inline void append(GcSet& set, GcHead* node) {
  if (set.size == set.capacity) [[unlikely]]
    make_room(set);
  node->place = place(set, set.size);
  set.nodes[set.size++] = node;
}
/// The object is untracked, and the others stay where they are.
inline void leave_hole(GcHead* node) {
  GcSet& set = set_of(node);
  set.nodes[index_of(node)] = nullptr;
  ++set.holes;
  node->place = 0;
}
/// Holes at the end are free places again: most objects die young.
inline void trim(GcSet& set) {
  while (set.size > 0 && !set.nodes[set.size - 1]) {
    --set.size;
    --set.holes;
  }
}
inline void remove(GcHead* node) {
  GcSet& set = set_of(node);
  leave_hole(node);
  trim(set);
}
/// Moves all members of `from` to the end of `to`.
void merge(GcSet& from, GcSet& to);

/// Calls `function` for each object of a set, which may grow meanwhile, but must not be merged.
template <typename F>
void for_each(const GcSet& set, F function) {
  for (size_t i = 0; i < set.size; ++i) {
    if (GcHead* node = set.nodes[i]) function(gc_object(node));
  }
}
/// The objects of a set, kept alive.
inline std::vector<Ref> objects_of(const GcSet& set) {
  std::vector<Ref> objects;
  objects.reserve(set.size - set.holes);
  for_each(set, [&](Object* o) { objects.push_back(Ref::share(o)); });
  return objects;
}

/// Visits every reference that an object holds: class, attributes, slots, and what its native layout knows.
void traverse_object(Object* o, Visitor& visit);
/// Moves what only cycles inside `young` keep alive to `unreachable`. How many stay. Members before `first_new` have
/// been through a collection of this generation before.
int64_t deduce_unreachable(GcSet& young, GcSet& unreachable, size_t first_new);

}  // namespace hiss::gc
