// The doubly linked lists that tracked objects are kept in. Heads are aligned to 16 bytes, so the low bits of both
// links are free for what a collection has to remember.
#pragma once

#include "memory/collector.h"

namespace hiss::gc {

inline constexpr uintptr_t kFlags = 15;
inline constexpr uintptr_t kCollecting = 1;   // in `previous`: belongs to the set being examined
inline constexpr uintptr_t kUnreachable = 1;  // in `next`: tentatively unreachable

inline GcHead* next(const GcHead* node) { return reinterpret_cast<GcHead*>(node->next & ~kFlags); }
inline GcHead* previous(const GcHead* node) { return reinterpret_cast<GcHead*>(node->previous & ~kFlags); }
inline uintptr_t word(const GcHead* node) { return reinterpret_cast<uintptr_t>(node); }
/// Changes a link and keeps the flags beside it.
inline void set_next(GcHead* node, const GcHead* to) { node->next = word(to) | (node->next & kFlags); }
inline void set_previous(GcHead* node, const GcHead* to) { node->previous = word(to) | (node->previous & kFlags); }

inline void init(GcHead* list) { list->next = list->previous = word(list); }
inline bool is_empty(const GcHead* list) { return next(list) == list; }
inline void append(GcHead* list, GcHead* node) {
  GcHead* last = previous(list);
  node->previous = word(last);
  node->next = word(list);
  set_next(last, node);
  list->previous = word(node);
}
inline void remove(GcHead* node) {
  set_next(previous(node), next(node));
  set_previous(next(node), previous(node));
  node->next = node->previous = 0;
}
/// Moves all nodes of `from` to the end of `to`.
inline void merge(GcHead* from, GcHead* to) {
  if (is_empty(from)) return;
  set_next(previous(to), next(from));
  set_previous(next(from), previous(to));
  set_next(previous(from), to);
  to->previous = word(previous(from));
  init(from);
}

/// Visits every reference that an object holds: class, attributes, slots, and what its native layout knows.
void traverse_object(Object* o, Visitor& visit);
/// Moves what only cycles inside `young` keep alive to `unreachable`, whose nodes keep kCollecting as their mark.
/// How many stay.
int64_t deduce_unreachable(GcHead* young, GcHead* unreachable);
inline bool is_marked(const GcHead* node) { return (node->previous & kCollecting) != 0; }
void clear_marks(GcHead* list);

}  // namespace hiss::gc
