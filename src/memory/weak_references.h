// Weak references: a table finds the references to an object, which are linked to each other. The header flag kWeakrefs
// says that there are any.
#pragma once

#include <vector>

#include "object/type.h"

namespace hiss {

struct WeakReference : Object {
  static constexpr Layout kLayout = Layout::WeakReference;
  Object* referent;     // not owned; null once it died
  Value callback;       // owned; empty: none
  int64_t hash;         // of the referent, -1: not asked yet
  WeakReference* next;  // to the same referent
  WeakReference* previous;
};

/// weakref.ref(object, callback) of class `type`; a plain ref without callback is shared.
Ref make_weak_reference(Type* type, Value object, Value callback);
/// The referent, owned, or None.
Ref referent_of(const WeakReference* reference);
/// The referent dies: references become dead, then their callbacks run, newest first.
void clear_weak_references(Object* object);
/// Marks references dead and returns those with callbacks, for the collector, which runs them later.
std::vector<Ref> kill_weak_references(Object* object);
std::vector<WeakReference*> weak_references_to(Object* object);

}  // namespace hiss
