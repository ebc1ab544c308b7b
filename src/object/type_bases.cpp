// Assigning to cls.__bases__: new bases of the same layout, new method resolution orders of the class and of everything
// below it; all or nothing.
#include <algorithm>
#include <vector>

#include "object/class_builder.h"
#include "object/protocol.h"
#include "object/slot_table.h"

namespace hiss {

namespace {

struct ChangedOrder {
  Ref type;
  Ref old_mro, new_mro;
};

// A custom mro() may have stored a cycle of base classes that the mro does not show, hence the walk along base.
bool inherits(Type* type, Type* base) {
  if (is_subtype(type, base)) return true;
  for (Type* t = type; t; t = t->base) {
    if (t == base) return true;
  }
  return false;
}

Status check_bases(Type* type, Value value) {
  if (!is<Tuple>(value))
    return fail(exc::TypeError, "can only assign tuple to {}.__bases__, not {}", type_name(type), type_name(value));
  if (as<Tuple>(value)->size == 0)
    return fail(exc::TypeError, "can only assign non-empty tuple to {}.__bases__, not ()", type_name(type));
  for (Value b : *as<Tuple>(value)) {
    if (!is<Type>(b))
      return fail(exc::TypeError, "{}.__bases__ must be tuple of classes, not '{}'", type_name(type), type_name(b));
    if (inherits(as<Type>(b), type)) return fail(exc::TypeError, "a __bases__ item causes an inheritance cycle");
  }
  return kOk;
}

// The nearest class whose instances look different from those of its base.
Type* layout_of(Type* type) {
  while (type->base && type->is_heap() && type->basic_size == type->base->basic_size &&
         type->instance_layout == type->base->instance_layout &&
         type->attributes_offset == type->base->attributes_offset)
    type = type->base;
  return type;
}

Status check_layout(Type* old_base, Type* new_base) {
  if (layout_of(old_base) == layout_of(new_base)) return kOk;
  const bool plain = new_base->basic_size == old_base->basic_size &&
                     new_base->instance_layout == old_base->instance_layout && new_base->slot_count == 0 &&
                     old_base->slot_count == 0;
  if (plain) return kOk;
  return fail(exc::TypeError, "__bases__ assignment: '{}' object layout differs from '{}'", type_name(new_base),
              type_name(old_base));
}

Status update_orders(Type* type, std::vector<ChangedOrder>& changed) {
  Ref hold = Ref::share(type);
  Ref old_mro = Ref::share(type->mro);
  Ref new_mro = TRY(resolve_mro(type));
  // A custom mro() that assigned __bases__ itself has had the last word.
  if (type->mro != old_mro.value()) return kOk;
  type->mro = Ref::share(new_mro).release();
  release(old_mro.value());
  type_modified(type);
  changed.push_back({hold, std::move(old_mro), std::move(new_mro)});
  std::vector<Ref> below;
  if (type->subclasses) {
    for (Type* sub : *type->subclasses) below.push_back(Ref::share(sub));
  }
  for (Ref& sub : below) TRY(update_orders(as<Type>(sub), changed));
  return kOk;
}

void restore_orders(std::vector<ChangedOrder>& changed) {
  for (ChangedOrder& change : changed) {
    Type* type = as<Type>(change.type);
    if (type->mro != change.new_mro.value()) continue;
    release(type->mro);
    type->mro = change.old_mro.release();
    type_modified(type);
  }
}

void set_base_fields(Type* type, Value bases, Type* base) {
  Ref old_bases = Ref::steal(type->bases);
  Ref old_base = Ref::steal(static_cast<Object*>(type->base));
  type->bases = Ref::share(bases).release();
  type->base = base;
  retain(static_cast<Object*>(base));
}

// Subclasses are not owned: a base that keeps one it no longer has would look at freed memory one day.
void leave_subclasses(Type* type, Tuple* bases) {
  for (Value b : *bases) {
    if (auto* list = as<Type>(b)->subclasses) list->erase(std::remove(list->begin(), list->end(), type), list->end());
  }
}
void join_subclasses(Type* type) {
  for (Value b : *as<Tuple>(type->bases)) add_subclass(as<Type>(b), type);
}

void compute_slots_below(Type* type) {
  compute_slots(type);
  if (type->instance_layout == Layout::Tuple) tuple_hashes_last = false;
  if (!type->subclasses) return;
  for (Type* sub : *type->subclasses) compute_slots_below(sub);
}

}  // namespace

Status set_type_bases(Type* type, Value value) {
  TRY(check_bases(type, value));
  Type* new_base = TRY(best_base(as<Tuple>(value)));
  TRY(check_layout(type->base, new_base));
  Ref old_bases = Ref::share(type->bases);
  Ref old_base = Ref::share(type->base);
  Ref new_bases = Ref::share(value);
  set_base_fields(type, new_bases, new_base);
  std::vector<ChangedOrder> changed;
  if (update_orders(type, changed).is_error()) {
    restore_orders(changed);
    if (type->bases == new_bases.value()) {
      set_base_fields(type, old_bases, as<Type>(old_base));
      return Failure{};
    }
  }
  // An assignment from inside mro() may have been the last one; it knew only the new bases.
  leave_subclasses(type, as<Tuple>(old_bases));
  leave_subclasses(type, as<Tuple>(type->bases));
  join_subclasses(type);
  compute_slots_below(type);
  return has_pending() ? Status(Failure{}) : kOk;
}

}  // namespace hiss
