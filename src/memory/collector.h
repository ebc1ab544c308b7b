// The cycle collector: CPython 3.11's algorithm. Three generations; trial subtraction finds what only cycles keep
// alive.
#pragma once

#include <cstdint>
#include <vector>

#include "object/type.h"

namespace hiss {

/// Precedes every object whose type has kHasGc.
struct GcHead {
  uintptr_t place;  // in which GcSet and where (gc_set.h); 0: not tracked
  uintptr_t left;   // 0, except during a collection
};
static_assert(sizeof(GcHead) % 16 == 0);

/// Tracked objects in the order in which they came, in an array: a collection can fetch heads long before it needs
/// them, and one that leaves touches no neighbours, it leaves a hole. gc_set.h has what can be done with it.
struct GcSet {
  GcHead** nodes;
  size_t size;  // holes (null) included
  size_t holes;
  size_t capacity;
  uintptr_t number;
};

inline GcHead* gc_head(Object* o) { return reinterpret_cast<GcHead*>(o) - 1; }
inline Object* gc_object(GcHead* head) { return reinterpret_cast<Object*>(head + 1); }
inline bool has_gc(const Object* o) { return (o->flags & Object::kGc) != 0; }
inline bool is_tracked(Object* o) { return has_gc(o) && gc_head(o)->place != 0; }

struct GenerationStats {
  int64_t collections = 0, collected = 0, uncollectable = 0;
};

struct Collector {
  static constexpr int kGenerations = 3;
  static constexpr uint32_t kPermanent = 3;         // frozen objects
  static constexpr uint32_t kUnreachable = 4;       // what the collection under way takes apart
  static constexpr uint32_t kUnreachableStill = 5;  // the same after finalizers have run
  static constexpr uint32_t kSets = 6;
  static constexpr int64_t kMinPressureLimit = 64 << 20;
  GcSet generations[kSets];
  int64_t counts[kGenerations] = {0, 0, 0};
  int64_t thresholds[kGenerations] = {700, 10, 10};
  GenerationStats stats[kGenerations];
  bool enabled = true;
  bool collecting = false;
  int debug = 0;
  int64_t long_lived_total = 0, long_lived_pending = 0;
  int64_t big_bytes = 0;  // of big buffers that are alive
  int64_t pressure = 0;   // how many more than after the last collection
  int64_t pressure_limit = kMinPressureLimit;
  int64_t tensor_bytes = 0;  // what tensors held after the last collection; the engine counts their bytes
  Value garbage, callbacks;  // lists of the gc module

  Collector();
  /// Collects `generation` and younger; the number of unreachable objects. Runs finalizers and callbacks.
  int64_t collect(int generation, bool run_callbacks = true);
  /// What an allocation asks for once a threshold is passed: the oldest generation that is due.
  void collect_if_due();
  bool under_pressure() const;
  void freeze();
  void unfreeze();
};
extern Collector collector;

/// What a subclass's `new_` made: the collector must see it even when it does not see plain instances of the base (str,
/// int), because it may refer to anything, and refers to its class.
Ref track_instance(Type* cls, Ref object);
/// Visits what an object refers to, class and attributes included.
void traverse_references(Object* object, Visitor& visit);
/// Owners of big buffers report the bytes they allocate and (negative) free; much growth brings a full collection on.
void report_pressure(int64_t bytes);
/// From now on tensors press, too.
void listen_to_tensors();

}  // namespace hiss
