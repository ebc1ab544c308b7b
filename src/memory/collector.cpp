// The cycle collector (the algorithm of CPython 3.11: trial subtraction over a young generation merged with those
// younger).
#include "memory/collector.h"

#include <algorithm>

#include "base/buffer_pool.h"
#include "memory/native_objects.h"
#include "memory/weak_references.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/thread_state.h"

namespace hiss {

Collector collector;

namespace {

void clear_object(Object* o) {
  Type* type = o->type;
  if (type->is_heap()) release_instance_fields(o, type);
  if (type->clear) type->clear(o);
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

// Takes the cycles apart: emptied, the objects let go of each other. How many there were.
int64_t delete_garbage(GcSet& garbage) {
  const std::vector<Ref> objects = gc::objects_of(garbage);
  for (const Ref& object : objects) {
    if (collector.debug & kDebugSaveAll) {
      hiss::list_append(as<List>(collector.garbage), object);
    } else if (object.object()->refs > 1) {
      // Without a count beside our own it goes whole, in a moment.
      clear_object(object.object());
    }
  }
  return static_cast<int64_t>(objects.size());
}

// Weak references to what is about to go die first; callbacks of references that survive run now. True when any ran.
bool clear_weak_references_to(const GcSet& unreachable) {
  std::vector<Ref> dead_references;
  gc::for_each(unreachable, [&](Object* o) {
    if (!(o->flags & Object::kWeakrefs)) return;
    for (Ref& reference : kill_weak_references(o)) {
      Object* w = reference.object();
      const bool doomed = is_tracked(w) && gc::belongs_to(gc_head(w), unreachable);
      if (!doomed) dead_references.push_back(std::move(reference));
    }
  });
  for (Ref& reference : dead_references) {
    Ref callback = Ref::share(static_cast<WeakReference*>(reference.object())->callback);
    if (callback.is_empty()) continue;
    Ref result = call(callback, {reference});
    if (result.is_error()) report_unraisable(callback);
  }
  return !dead_references.empty();
}

// PEP 442: finalizers run once, while everything is still whole. True when any ran.
bool run_finalizers(const GcSet& unreachable) {
  std::vector<Ref> objects;
  gc::for_each(unreachable, [&](Object* o) {
    if (o->type->slots.finalize && !(o->flags & Object::kFinalized)) objects.push_back(Ref::share(o));
  });
  for (Ref& object : objects) {
    Object* o = object.object();
    if (o->flags & Object::kFinalized) continue;
    o->flags |= Object::kFinalized;
    o->type->slots.finalize(object);
    if (has_pending()) report_unraisable(object);
  }
  return !objects.empty();
}

// Takes apart what the walk found unreachable; how many objects that were. What finalizers resurrect goes to `old`.
int64_t delete_unreachable(GcSet& old) {
  GcSet* unreachable = &collector.generations[Collector::kUnreachable];
  bool code_ran = clear_weak_references_to(*unreachable);
  code_ran |= run_finalizers(*unreachable);
  if (code_ran) {
    // Some may have been resurrected: ask again about those left.
    GcSet* still = &collector.generations[Collector::kUnreachableStill];
    gc::deduce_unreachable(*unreachable, *still, 0);
    gc::merge(*unreachable, old);
    unreachable = still;
  }
  const int64_t count = delete_garbage(*unreachable);
  gc::merge(*unreachable, old);
  return count;
}

}  // namespace

void traverse_references(Object* o, Visitor& visit) { gc::traverse_object(o, visit); }

Collector::Collector() : generations() {
  for (uint32_t i = 0; i < kSets; ++i) generations[i].number = i;
}

int64_t Collector::collect(int generation, bool callbacks_wanted) {
  if (collecting) return 0;
  collecting = true;
  Ref saved = take_pending();
  if (callbacks_wanted) run_callbacks("start", generation, 0, 0);
  if (generation + 1 < kGenerations) ++counts[generation + 1];
  for (int i = 0; i <= generation; ++i) counts[i] = 0;
  GcSet& young = generations[generation];
  const size_t first_new = generation == kGenerations - 1 ? young.size : 0;
  for (int i = 0; i < generation; ++i) gc::merge(generations[i], young);
  const int64_t reachable = gc::deduce_unreachable(young, generations[kUnreachable], first_new);
  if (generation == 1) long_lived_pending += reachable;
  GcSet& old = generation + 1 < kGenerations ? generations[generation + 1] : young;
  if (&young != &old) {
    gc::merge(young, old);
  } else {
    long_lived_pending = 0;
    long_lived_total = reachable;
  }
  const int64_t count = delete_unreachable(old);
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
    gc::merge(generations[i], generations[kPermanent]);
    counts[i] = 0;
  }
}
void Collector::unfreeze() { gc::merge(generations[kPermanent], generations[2]); }

void track(Object* o) {
  if (has_gc(o) && !gc_head(o)->place) link_young(o);
}

Ref track_instance(Type* cls, Ref object) {
  if (cls->is_heap() && object.value().is_object() && object.object()->type == cls) track(object.object());
  return object;
}

void untrack(Object* o) {
  if (has_gc(o)) unlink(o);
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
