// Which objects only cycles keep alive. From the count of each object in a set, the references inside the set are
// subtracted; what still has some is referred to from outside, and so is all that it leads to.
//
// During the two walks `previous` holds no link but the count that is left (above the flag kCollecting), and the list
// is walked by `next` alone; afterwards the links are put back.
#include "memory/gc_list.h"
#include "object/containers.h"
#include "object/function.h"
#include "object/shape.h"

namespace hiss::gc {

namespace {

constexpr uintptr_t kOneReference = 2;

// Where a native base brought the attributes, its own traverse visits them; twice would look like two references.
Attributes* attributes_to_visit(Object* o, const Type* type) {
  const Type* native = type;
  while (native->is_heap()) native = native->base;
  return native->attributes_offset ? nullptr : attributes_of(o);
}

template <typename Visit>
[[gnu::always_inline]] inline void visit_values(const Value* values, int64_t count, Visit& visit) {
  for (int64_t i = 0; i < count; ++i) {
    if (values[i].is_object()) visit(values[i].object());
  }
}
template <typename Visit>
[[gnu::always_inline]] inline void visit_attributes(const Attributes* attributes, Visit& visit) {
  if (const Shape* shape = attributes->shape)
    visit_values(attributes->values, shape->dictionary ? 1 : shape->count, visit);
}
template <typename Visit>
[[gnu::always_inline]] inline void visit_slots(Object* o, Type* type, Visit& visit) {
  for (Type* t = type; t && t->is_heap(); t = t->base) {
    if (t->slot_count)
      visit_values(reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + t->slots_offset), t->slot_count, visit);
  }
}

// The layouts that most objects have are walked in place, so that a reference costs no call.
template <typename Visit>
[[gnu::always_inline]] inline void traverse_with(Object* o, Visit& visit) {
  Type* type = o->type;
  switch (o->layout) {
    case Layout::Tuple:
      if (type != &tuple_type) break;
      return visit_values(static_cast<Tuple*>(o)->items, static_cast<Tuple*>(o)->size, visit);
    case Layout::List:
      if (type != &list_type) break;
      return visit_values(static_cast<List*>(o)->items, static_cast<List*>(o)->size, visit);
    case Layout::Dict: {
      if (type != &dict_type) break;
      auto* dict = static_cast<Dict*>(o);
      // Strings refer to nothing; deleted entries hold an empty value.
      if (dict->str_keys) {
        for (int64_t i = 0; i < dict->entry_count; ++i) visit_values(&dict->entries[i].value, 1, visit);
      } else {
        for (int64_t i = 0; i < dict->entry_count; ++i) visit_values(&dict->entries[i].key, 2, visit);
      }
      return;
    }
    case Layout::Instance:
      visit(static_cast<Object*>(type));
      visit_attributes(&static_cast<Instance*>(o)->attributes, visit);
      visit_slots(o, type, visit);
      return;
    case Layout::Set: {
      if (type != &set_type && type != &frozenset_type) break;
      auto* set = static_cast<Set*>(o);
      for (int64_t i = 0; i <= set->mask && set->table; ++i) visit_values(&set->table[i].key, 1, visit);
      return;
    }
    case Layout::Cell:
      return visit_values(&static_cast<Cell*>(o)->content, 1, visit);
    default:
      break;
  }
  traverse_object(o, visit);
}

uintptr_t references_left(const GcHead* node) { return node->previous / kOneReference; }
void set_references_left(GcHead* node, uintptr_t count) { node->previous = count * kOneReference | kCollecting; }

struct Subtract final : Visitor {
  static void run(Visitor& self, Object* o) { static_cast<Subtract&>(self)(o); }
  Subtract() { visit = run; }
  [[gnu::always_inline]] void operator()(Object* o) {
    if (!o || !has_gc(o)) return;
    GcHead* head = gc_head(o);
    if (head->previous & kCollecting) head->previous -= kOneReference;
  }
};

struct Reach final : Visitor {
  GcHead* young;
  static void run(Visitor& self, Object* o) { static_cast<Reach&>(self)(o); }
  explicit Reach(GcHead* list) : young(list) { visit = run; }
  [[gnu::always_inline]] void operator()(Object* o) {
    if (!o || !has_gc(o)) return;
    GcHead* head = gc_head(o);
    if (!(head->previous & kCollecting)) return;
    if (head->next & kUnreachable) [[unlikely]] {
      // Was thought unreachable: back among those still to be traversed.
      bring_back(head);
    } else if (references_left(head) == 0) {
      set_references_left(head, 1);
    }
  }
  void bring_back(GcHead* head) {
    set_next(previous(head), next(head));
    set_previous(next(head), previous(head));
    GcHead* last = previous(young);
    set_next(last, head);
    head->next = word(young);
    set_references_left(head, 1);
    young->previous = word(head);
  }
};

}  // namespace

void traverse_object(Object* o, Visitor& visit) {
  Type* type = o->type;
  if (type->is_heap()) {
    visit(static_cast<Object*>(type));
    if (Attributes* attributes = attributes_to_visit(o, type)) traverse_attributes(attributes, visit);
    for (Type* t = type; t && t->is_heap(); t = t->base) {
      auto* values = reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + t->slots_offset);
      for (uint32_t i = 0; i < t->slot_count; ++i) visit(values[i]);
    }
  }
  if (type->traverse) type->traverse(o, visit);
}

namespace {

// A tuple never changes: one that leads to nothing the collector knows need not be looked at again.
bool leads_nowhere(Object* o) {
  if (o->type != &tuple_type) return false;
  for (Value v : *static_cast<Tuple*>(o)) {
    if (v.is_object() && is_tracked(v.object())) return false;
  }
  return true;
}

}  // namespace

int64_t deduce_unreachable(GcHead* young, GcHead* unreachable) {
  for (GcHead* g = next(young); g != young;) {
    GcHead* following = next(g);
    __builtin_prefetch(following);
    set_references_left(g, gc_object(g)->refs);
    g = following;
  }
  Subtract subtract;
  for (GcHead* g = next(young); g != young;) {
    GcHead* following = next(g);
    __builtin_prefetch(following);
    traverse_with(gc_object(g), subtract);
    g = following;
  }
  Reach reach(young);
  int64_t reachable = 0;
  GcHead* last = young;
  for (GcHead* g = next(young); g != young; g = next(last)) {
    if (references_left(g)) {
      if (leads_nowhere(gc_object(g))) {
        last->next = g->next;
        g->next = g->previous = 0;
        continue;
      }
      ++reachable;
      traverse_with(gc_object(g), reach);
      // Reachable for good: the count has done its work.
      g->previous = word(last);
      last = g;
    } else {
      last->next = g->next;
      GcHead* tail = previous(unreachable);
      g->previous = word(tail) | kCollecting;
      g->next = word(unreachable) | kUnreachable;
      set_next(tail, g);
      unreachable->previous = word(g);
    }
  }
  young->previous = word(last);
  for (GcHead* g = next(unreachable); g != unreachable; g = next(g)) g->next &= ~kFlags;
  unreachable->next &= ~kFlags;
  return reachable;
}

void clear_marks(GcHead* list) {
  for (GcHead* g = next(list); g != list; g = next(g)) g->previous &= ~kFlags;
}

}  // namespace hiss::gc
