// gc: the collector as Python sees it.
#include "memory/gc_set.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/audit.h"

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
  TRY(audit("gc.get_objects", {a[0] ? a[0] : Value::integer(-1)}));
  const bool all = !a[0] || a[0].is_none();
  const int64_t wanted = all ? 0 : TRY(to_int64(a[0]));
  if (wanted < 0 || wanted > 2)
    return fail(exc::ValueError, "generation must be less than the number of available generations (3)");
  Ref list = make_list();
  for (int g = 0; g < Collector::kGenerations; ++g) {
    if (!all && g != wanted) continue;
    gc::for_each(collector.generations[g], [&](Object* o) {
      if (o != list.object()) list_append(as<List>(list), to_value(o));
    });
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

void add_numbers(List* list, const Value* from, const Value* end) {
  for (; from != end; ++from) {
    if (!from->is_object()) list_append(list, *from);
  }
}

Ref get_referents(Value, const Value* a) {
  TRY(audit("gc.get_referents", {a[0]}));
  Ref list = make_list();
  CollectVisitor visitor(as<List>(list));
  for (Value v : *as<Tuple>(a[0])) {
    if (!v.is_object() || !has_gc(v.object())) continue;
    // Numbers are kept inside values and are no objects to the collector; here they are as good as the others.
    if (is_exact(v, list_type) || is_exact(v, tuple_type)) {
      TRY(list_extend(as<List>(list), v));
    } else if (is_exact(v, dict_type)) {
      for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(v), i);) {
        list_append(as<List>(list), e->key);
        list_append(as<List>(list), e->value);
      }
    } else {
      traverse_references(v.object(), visitor);
      if (is<List>(v)) add_numbers(as<List>(list), as<List>(v)->begin(), as<List>(v)->end());
      if (is<Tuple>(v)) add_numbers(as<List>(list), as<Tuple>(v)->begin(), as<Tuple>(v)->end());
    }
  }
  return list;
}
Ref get_referrers(Value, const Value* a) {
  TRY(audit("gc.get_referrers", {a[0]}));
  Ref list = make_list();
  // Frozen objects are among them: those of the start are frozen from the beginning.
  for (uint32_t i = 0; i <= Collector::kPermanent; ++i) {
    gc::for_each(collector.generations[i], [&](Object* o) {
      if (o == list.object() || o == a[0].object()) return;
      FindVisitor visitor(as<Tuple>(a[0]));
      traverse_references(o, visitor);
      if (visitor.found) list_append(as<List>(list), to_value(o));
    });
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
  const GcSet& frozen = collector.generations[Collector::kPermanent];
  return make_int(static_cast<int64_t>(frozen.size - frozen.holes));
}

const NativeDef kFunctions[] = {
    {"enable", "($module, /)", enable, "Let collections start on their own."},
    {"disable", "($module, /)", disable, "Stop collections from starting on their own; collect() still works."},
    {"isenabled", "($module, /)", is_enabled, "Whether collections start on their own."},
    {"collect", "($module, /, generation=2)", collect,
     "Look for unreachable cycles in generation and the younger ones; returns how many objects were found."},
    {"get_count", "($module, /)", get_count, "The three counters that decide when a generation is collected."},
    {"get_threshold", "($module, /)", get_threshold, "The limits that set_threshold() sets, as a tuple of three."},
    {"set_threshold", "($module, threshold0, threshold1=10, threshold2=10, /)", set_threshold,
     "Set the counts at which the generations are collected; a threshold0 of 0 stops collections."},
    {"get_debug", "($module, /)", get_debug, "The DEBUG_ flags that are set, as one integer."},
    {"set_debug", "($module, flags, /)", set_debug, "Set the DEBUG_ flags; 0 turns all debugging off."},
    {"get_stats", "($module, /)", get_stats,
     "One dict per generation that counts its collections and the objects they found."},
    {"get_objects", "($module, /, generation=None)", get_objects,
     "The objects the collector knows of, or those in one generation, as a list that leaves itself out."},
    {"get_referents", "($module, /, *objs)", get_referents, "What objs refer to, one step deep, as a list."},
    {"get_referrers", "($module, /, *objs)", get_referrers,
     "The tracked objects that hold a reference to one of objs, as a list."},
    {"is_tracked", "($module, obj, /)", is_tracked_function,
     "Whether the collector looks at obj; objects that cannot be in a cycle are left out."},
    {"is_finalized", "($module, obj, /)", is_finalized, "Whether the finalizer of obj has run already."},
    {"freeze", "($module, /)", freeze,
     "Put all tracked objects into a permanent generation, which no collection looks at."},
    {"unfreeze", "($module, /)", unfreeze, "Move the permanent generation into the oldest one that is collected."},
    {"get_freeze_count", "($module, /)", get_freeze_count, "How many objects are frozen."},
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
const ModuleDef gc_module = {"gc", "Control of the collector that frees cycles of objects no one else refers to.",
                             kFunctions, initialize};

}  // namespace hiss
