// gc: the collector as Python sees it.
#include "memory/collector.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"

namespace hiss {

namespace {

Ref enable(Value, const Value*) {
  collector.enabled = true;
  return Ref::none();
}
Ref disable(Value, const Value*) {
  collector.enabled = false;
  return Ref::none();
}
Ref is_enabled(Value, const Value*) { return Ref::boolean(collector.enabled); }
Ref collect(Value, const Value* a) {
  const int64_t generation = a[0] ? TRY(to_int64(a[0])) : 2;
  if (generation < 0 || generation > 2) return fail(exc::ValueError, "invalid generation");
  return make_int(collector.collect(static_cast<int>(generation)));
}
Ref get_count(Value, const Value*) {
  return make_tuple(
      {Value::integer(collector.counts[0]), Value::integer(collector.counts[1]), Value::integer(collector.counts[2])});
}
Ref get_threshold(Value, const Value*) {
  return make_tuple({Value::integer(collector.thresholds[0]), Value::integer(collector.thresholds[1]),
                     Value::integer(collector.thresholds[2])});
}
Ref set_threshold(Value, const Value* a) {
  for (int i = 0; i < 3; ++i) {
    if (a[i]) collector.thresholds[i] = TRY(to_int64(a[i]));
  }
  return Ref::none();
}
Ref get_debug(Value, const Value*) { return make_int(collector.debug); }
Ref set_debug(Value, const Value* a) {
  collector.debug = static_cast<int>(TRY(to_int64(a[0])));
  return Ref::none();
}
Ref get_stats(Value, const Value*) {
  Ref list = make_list();
  for (const GenerationStats& s : collector.stats) {
    Ref dict = make_dict();
    dict_set(as<Dict>(dict), intern("collections"), make_int(s.collections));
    dict_set(as<Dict>(dict), intern("collected"), make_int(s.collected));
    dict_set(as<Dict>(dict), intern("uncollectable"), make_int(s.uncollectable));
    list_append(as<List>(list), dict);
  }
  return list;
}
Ref get_objects(Value, const Value* a) {
  const bool all = !a[0] || a[0].is_none();
  const int64_t wanted = all ? 0 : TRY(to_int64(a[0]));
  if (wanted < 0 || wanted > 2)
    return fail(exc::ValueError, "generation must be less than the number of available generations (3)");
  Ref list = make_list();
  for (int g = 0; g < Collector::kGenerations; ++g) {
    if (!all && g != wanted) continue;
    GcHead* head = &collector.generations[g];
    for (GcHead* node = head->next; node != head; node = node->next) {
      if (gc_object(node) != list.object()) list_append(as<List>(list), to_value(gc_object(node)));
    }
  }
  return list;
}

struct CollectVisitor : Visitor {
  List* list;
  static void run(Visitor& self, Object* o) { list_append(static_cast<CollectVisitor&>(self).list, to_value(o)); }
  explicit CollectVisitor(List* l) : list(l) { visit = run; }
};
struct FindVisitor : Visitor {
  Tuple* wanted;
  bool found = false;
  static void run(Visitor& self, Object* o) {
    auto& f = static_cast<FindVisitor&>(self);
    for (Value v : *f.wanted) f.found |= v.object() == o;
  }
  explicit FindVisitor(Tuple* t) : wanted(t) { visit = run; }
};

Ref get_referents(Value, const Value* a) {
  Ref list = make_list();
  CollectVisitor visitor(as<List>(list));
  for (Value v : *as<Tuple>(a[0])) {
    if (v.is_object() && has_gc(v.object())) traverse_references(v.object(), visitor);
  }
  return list;
}
Ref get_referrers(Value, const Value* a) {
  Ref list = make_list();
  for (GcHead& generation : collector.generations) {
    for (GcHead* node = generation.next; node != &generation; node = node->next) {
      Object* o = gc_object(node);
      if (o == list.object() || o == a[0].object()) continue;
      FindVisitor visitor(as<Tuple>(a[0]));
      traverse_references(o, visitor);
      if (visitor.found) list_append(as<List>(list), to_value(o));
    }
  }
  return list;
}
Ref is_tracked_function(Value, const Value* a) { return Ref::boolean(a[0].is_object() && is_tracked(a[0].object())); }
Ref is_finalized(Value, const Value* a) {
  return Ref::boolean(a[0].is_object() && (a[0].object()->flags & Object::kFinalized));
}
Ref freeze(Value, const Value*) {
  collector.freeze();
  return Ref::none();
}
Ref unfreeze(Value, const Value*) {
  collector.unfreeze();
  return Ref::none();
}
Ref get_freeze_count(Value, const Value*) {
  int64_t n = 0;
  GcHead* head = &collector.generations[Collector::kPermanent];
  for (GcHead* node = head->next; node != head; node = node->next) ++n;
  return make_int(n);
}

const NativeDef kFunctions[] = {
    {"enable", "($module, /)", enable, "Enable automatic garbage collection."},
    {"disable", "($module, /)", disable, "Disable automatic garbage collection."},
    {"isenabled", "($module, /)", is_enabled, "Returns true if automatic garbage collection is enabled."},
    {"collect", "($module, /, generation=2)", collect, "Run the garbage collector."},
    {"get_count", "($module, /)", get_count, "Return a three-tuple of the current collection counts."},
    {"get_threshold", "($module, /)", get_threshold, "Return the current collection thresholds."},
    {"set_threshold", "($module, threshold0, threshold1=10, threshold2=10, /)", set_threshold,
     "Set the collection thresholds."},
    {"get_debug", "($module, /)", get_debug, "Get the garbage collection debugging flags."},
    {"set_debug", "($module, flags, /)", set_debug, "Set the garbage collection debugging flags."},
    {"get_stats", "($module, /)", get_stats, "Return a list of dictionaries containing per-generation statistics."},
    {"get_objects", "($module, /, generation=None)", get_objects,
     "Return a list of objects tracked by the collector (excluding the list returned)."},
    {"get_referents", "($module, /, *objs)", get_referents,
     "Return the list of objects that are directly referred to by 'objs'."},
    {"get_referrers", "($module, /, *objs)", get_referrers,
     "Return the list of objects that directly refer to any of 'objs'."},
    {"is_tracked", "($module, obj, /)", is_tracked_function,
     "Returns true if the object is tracked by the garbage collector."},
    {"is_finalized", "($module, obj, /)", is_finalized,
     "Returns true if the object has been already finalized by the GC."},
    {"freeze", "($module, /)", freeze, "Freeze all current tracked objects and ignore them for future collections."},
    {"unfreeze", "($module, /)", unfreeze, "Unfreeze all objects in the permanent generation."},
    {"get_freeze_count", "($module, /)", get_freeze_count, "Return the number of objects in the permanent generation."},
    {}};

Status initialize(Value module) {
  Dict* dict = module_dict(module);
  const std::pair<const char*, int> flags[] = {{"DEBUG_STATS", 1},
                                               {"DEBUG_COLLECTABLE", 2},
                                               {"DEBUG_UNCOLLECTABLE", 4},
                                               {"DEBUG_SAVEALL", 32},
                                               {"DEBUG_LEAK", 38}};
  for (auto [name, value] : flags) dict_set(dict, intern(name), make_int(value));
  dict_set(dict, intern("garbage"), collector.garbage);
  dict_set(dict, intern("callbacks"), collector.callbacks);
  return kOk;
}

}  // namespace

extern const ModuleDef gc_module;
const ModuleDef gc_module = {"gc", "This module provides access to the garbage collector for reference cycles.",
                             kFunctions, initialize};

}  // namespace hiss
