// What makes and ends objects of native types in line: those whose size is known when this is compiled.
#pragma once

#include "memory/gc_set.h"
#include "memory/small_objects.h"

namespace hiss {

void ask_for_collection();  // counts.cpp: as many objects are young as the threshold allows

/// track() of an object that has a GcHead and is in no list yet.
inline void link_young(Object* o) {
  gc::append(collector.generations[0], gc_head(o));
  if (++collector.counts[0] > collector.thresholds[0]) [[unlikely]]
    ask_for_collection();
}

/// untrack() of an object that has a GcHead.
inline void unlink(Object* o) {
  GcHead* head = gc_head(o);
  if (!head->place) return;
  gc::remove(head);
  if (collector.counts[0] > 0) --collector.counts[0];
}

/// Memory for an object of exactly the native type `type`, which has kHasGc: `bytes` from its header on. Only the
/// header is initialised, and the object is not linked.
inline Object* allocate_with_head(Type& type, size_t bytes) {
  auto* head = static_cast<GcHead*>(allocate_small(sizeof(GcHead) + bytes));
  head->place = head->left = 0;
  Object* o = gc_object(head);
  o->refs = 1;
  o->layout = type.instance_layout;
  o->flags = Object::kGc;
  o->value_capacity = 0;
  o->type = &type;
  return o;
}

/// A new object of exactly the native type `type`, which has kHasGc, tracked already: nothing may run before the caller
/// has filled every field.
template <typename T>
T* allocate_tracked(Type& type) {
  static_assert(sizeof(GcHead) + sizeof(T) <= kSmallLimit);
  Object* o = allocate_with_head(type, sizeof(T));
  link_young(o);
  return static_cast<T*>(o);
}

/// The same for a type that the collector does not see.
template <typename T>
T* allocate_plain(Type& type) {
  static_assert(sizeof(T) <= kSmallLimit);
  T* o = static_cast<T*>(allocate_small(sizeof(T)));
  o->refs = 1;
  o->layout = type.instance_layout;
  o->flags = 0;
  o->value_capacity = 0;
  o->type = &type;
  return o;
}

/// free_object() of what unlink() was called for.
inline void free_unlinked(Object* o) {
  if (o->flags & kLarge) [[unlikely]]
    return free_object(o);
  free_small(gc_head(o));
}

}  // namespace hiss
