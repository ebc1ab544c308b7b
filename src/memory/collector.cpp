// The cycle collector (the algorithm of CPython 3.11: trial subtraction over a young generation merged with those
// younger).
#include "memory/collector.h"

#include <algorithm>

#include "base/buffer_pool.h"
#include "memory/weak_references.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/thread_state.h"

namespace hiss {

Collector collector;

namespace {

void list_init(GcHead* list) { list->next = list->previous = list; }
bool list_empty(const GcHead* list) { return list->next == list; }
void list_append(GcHead* list, GcHead* node) {
  node->previous = list->previous;
  node->next = list;
  list->previous->next = node;
  list->previous = node;
}
void list_remove(GcHead* node) {
  node->previous->next = node->next;
  node->next->previous = node->previous;
  node->next = node->previous = nullptr;
}
void list_move(GcHead* node, GcHead* list) {
  list_remove(node);
  list_append(list, node);
}
void list_merge(GcHead* from, GcHead* to) {
  if (list_empty(from)) return;
  to->previous->next = from->next;
  from->next->previous = to->previous;
  from->previous->next = to;
  to->previous = from->previous;
  list_init(from);
}

constexpr uint32_t kCollecting = 1;   // in the set being examined
constexpr uint32_t kUnreachable = 2;  // tentatively unreachable

// Every reference that an instance holds: class, attributes, slots, and what its native layout knows.
void traverse_object(Object* o, Visitor& visit) {
  Type* type = o->type;
  if (type->is_heap()) {
    visit(static_cast<Object*>(type));
    // Where a native base brought the attributes, its own traverse visits them; twice would look like two references.
    const Type* native = type;
    while (native->is_heap()) native = native->base;
    Attributes* attributes = native->attributes_offset ? nullptr : attributes_of(o);
    if (attributes) traverse_attributes(attributes, visit);
    for (Type* t = type; t && t->is_heap(); t = t->base) {
      auto* values = reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + t->slots_offset);
      for (uint32_t i = 0; i < t->slot_count; ++i) visit(values[i]);
    }
  }
  if (type->traverse) type->traverse(o, visit);
}

void clear_object(Object* o) {
  Type* type = o->type;
  if (type->is_heap()) release_instance_fields(o, type);
  if (type->clear) type->clear(o);
}

struct SubtractVisitor : Visitor {
  static void run(Visitor&, Object* o) {
    if (!has_gc(o)) return;
    GcHead* head = gc_head(o);
    if (head->next && (head->mark & kCollecting)) --head->gc_refs;
  }
  SubtractVisitor() { visit = run; }
};

struct ReachVisitor : Visitor {
  GcHead* young;
  static void run(Visitor& self, Object* o) {
    if (!has_gc(o)) return;
    GcHead* head = gc_head(o);
    if (!head->next || !(head->mark & kCollecting)) return;
    if (head->mark & kUnreachable) {
      // Was thought unreachable: back among those still to be traversed.
      head->mark &= ~kUnreachable;
      list_move(head, static_cast<ReachVisitor&>(self).young);
      head->gc_refs = 1;
    } else if (head->gc_refs == 0) {
      head->gc_refs = 1;
    }
  }
  explicit ReachVisitor(GcHead* list) : young(list) { visit = run; }
};

// Splits `young` into what is reachable from outside (stays) and the rest.
void deduce_unreachable(GcHead* young, GcHead* unreachable) {
  for (GcHead* g = young->next; g != young; g = g->next) {
    g->gc_refs = gc_object(g)->refs;
    g->mark = kCollecting;
  }
  SubtractVisitor subtract;
  for (GcHead* g = young->next; g != young; g = g->next) traverse_object(gc_object(g), subtract);
  ReachVisitor reach(young);
  for (GcHead* g = young->next; g != young;) {
    if (g->gc_refs > 0) {
      traverse_object(gc_object(g), reach);
      g = g->next;
    } else {
      GcHead* next = g->next;
      g->mark |= kUnreachable;
      list_move(g, unreachable);
      g = next;
    }
  }
  for (GcHead* g = young->next; g != young; g = g->next) g->mark = 0;
}

void run_callbacks(const char* phase, int generation, int64_t collected, int64_t uncollectable) {
  if (!collector.callbacks || as<List>(collector.callbacks)->size == 0) return;
  Ref info = make_dict();
  dict_set(as<Dict>(info), intern("generation"), make_int(generation));
  dict_set(as<Dict>(info), intern("collected"), make_int(collected));
  dict_set(as<Dict>(info), intern("uncollectable"), make_int(uncollectable));
  Ref name = make_str(phase);
  Ref copy = list_slice(as<List>(collector.callbacks), 0, as<List>(collector.callbacks)->size);
  for (Value callback : *as<List>(copy)) {
    Ref result = call(callback, {name, info});
    if (result.is_error()) report_unraisable(callback);
  }
}

constexpr int kDebugSaveAll = 32;

}  // namespace

void traverse_references(Object* o, Visitor& visit) { traverse_object(o, visit); }

Collector::Collector() {
  for (GcHead& g : generations) list_init(&g);
}

int64_t Collector::collect(int generation, bool callbacks_wanted) {
  if (collecting) return 0;
  collecting = true;
  Ref saved = take_pending();
  if (callbacks_wanted) run_callbacks("start", generation, 0, 0);
  if (generation + 1 < kGenerations) ++counts[generation + 1];
  for (int i = 0; i <= generation; ++i) counts[i] = 0;
  GcHead* young = &generations[generation];
  for (int i = 0; i < generation; ++i) list_merge(&generations[i], young);
  GcHead* old = generation + 1 < kGenerations ? &generations[generation + 1] : young;

  GcHead unreachable;
  list_init(&unreachable);
  deduce_unreachable(young, &unreachable);
  if (young != old) {
    list_merge(young, old);
  } else {
    long_lived_pending = 0;
    long_lived_total = 0;
    for (GcHead* g = young->next; g != young; g = g->next) ++long_lived_total;
  }
  int64_t count = 0;
  // Weak references to what is about to go die first; callbacks of references that survive run now.
  std::vector<Ref> dead_references;
  for (GcHead* g = unreachable.next; g != &unreachable; g = g->next) {
    Object* o = gc_object(g);
    if (!(o->flags & Object::kWeakrefs)) continue;
    for (Ref& reference : kill_weak_references(o)) {
      auto* w = static_cast<WeakReference*>(reference.object());
      const bool doomed = has_gc(w) && gc_head(w)->next && (gc_head(w)->mark & kUnreachable);
      if (!doomed) dead_references.push_back(std::move(reference));
    }
  }
  for (Ref& reference : dead_references) {
    Ref callback = Ref::share(static_cast<WeakReference*>(reference.object())->callback);
    if (callback.is_empty()) continue;
    Ref result = call(callback, {reference});
    if (result.is_error()) report_unraisable(callback);
  }
  // PEP 442: finalizers run once, while everything is still whole.
  std::vector<Object*> objects;
  for (GcHead* g = unreachable.next; g != &unreachable; g = g->next) {
    objects.push_back(gc_object(g));
    retain(gc_object(g));
  }
  for (Object* o : objects) {
    if (o->type->slots.finalize && !(o->flags & Object::kFinalized)) {
      o->flags |= Object::kFinalized;
      o->type->slots.finalize(to_value(o));
      if (has_pending()) report_unraisable(to_value(o));
    }
  }
  for (Object* o : objects) --o->refs;  // cannot reach zero: the cycles still hold them
  // Some may have been resurrected: ask again about those left.
  GcHead still;
  list_init(&still);
  if (!list_empty(&unreachable)) {
    for (GcHead* g = unreachable.next; g != &unreachable; g = g->next) g->mark = 0;
    deduce_unreachable(&unreachable, &still);
    list_merge(&unreachable, old);
  }
  objects.clear();
  for (GcHead* g = still.next; g != &still; g = g->next) {
    objects.push_back(gc_object(g));
    retain(gc_object(g));
    ++count;
  }
  for (Object* o : objects) gc_head(o)->mark = 0;
  if (debug & kDebugSaveAll) {
    for (Object* o : objects) hiss::list_append(as<List>(garbage), to_value(o));
    list_merge(&still, old);
  } else {
    list_merge(&still, old);
    for (Object* o : objects) clear_object(o);
  }
  for (Object* o : objects) release(o);
  ++stats[generation].collections;
  stats[generation].collected += count;
  pressure = 0;
  tensor_bytes = buffer_statistics().bytes_in_use;
  // A quarter of what is alive, so that a program that only grows does not collect again and again for nothing.
  pressure_limit = std::max(kMinPressureLimit, (big_bytes + tensor_bytes) / 4);
  if (has_pending()) report_unraisable(Value::none());
  if (callbacks_wanted) run_callbacks("stop", generation, count, 0);
  if (!saved.is_empty()) restore_pending(std::move(saved));
  collecting = false;
  return count;
}

bool Collector::under_pressure() const {
  const int64_t tensors = std::max<int64_t>(0, buffer_statistics().bytes_in_use - tensor_bytes);
  return pressure + tensors > pressure_limit;
}

void Collector::collect_if_due() {
  if (!enabled || collecting) return;
  if (under_pressure()) {
    collect(2);
    return;
  }
  for (int i = kGenerations - 1; i >= 0; --i) {
    if (thresholds[i] && counts[i] > thresholds[i]) {
      // A full collection only when much has piled up since the last one, so that the total cost stays linear.
      if (i == 2 && long_lived_pending < long_lived_total / 4) continue;
      collect(i);
      return;
    }
  }
}

void Collector::freeze() {
  for (int i = 0; i < kGenerations; ++i) {
    list_merge(&generations[i], &generations[kPermanent]);
    counts[i] = 0;
  }
}
void Collector::unfreeze() { list_merge(&generations[kPermanent], &generations[2]); }

void track(Object* o) {
  if (!has_gc(o)) return;
  GcHead* head = gc_head(o);
  if (head->next) return;
  head->mark = 0;
  list_append(&collector.generations[0], head);
  if (++collector.counts[0] > collector.thresholds[0] && collector.thresholds[0] && collector.enabled &&
      !collector.collecting) {
    eval_breaker = eval_breaker | kBreakCollect;
  }
}

Ref track_instance(Type* cls, Ref object) {
  if (cls->is_heap() && object.value().is_object() && object.object()->type == cls) track(object.object());
  return object;
}

void untrack(Object* o) {
  if (!has_gc(o)) return;
  GcHead* head = gc_head(o);
  if (!head->next) return;
  list_remove(head);
  if (collector.counts[0] > 0) --collector.counts[0];
}

void report_pressure(int64_t bytes) {
  collector.big_bytes += bytes;
  collector.pressure = std::max<int64_t>(0, collector.pressure + bytes);
  if (bytes > 0 && collector.enabled && !collector.collecting && collector.under_pressure())
    eval_breaker = eval_breaker | kBreakCollect;
}

void listen_to_tensors() {
  // Runs in whatever thread allocates, so it only asks; the interpreter decides when it gets there.
  set_allocation_listener([](int64_t) {
    if (collector.enabled && !collector.collecting && collector.under_pressure())
      __atomic_fetch_or(&eval_breaker, kBreakCollect, __ATOMIC_RELAXED);
  });
}

}  // namespace hiss
