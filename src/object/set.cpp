// set and frozenset: the hash table. Open addressing; short linear runs before jumping, which caches like.
#include <cstdlib>
#include <cstring>

#include "memory/blocks.h"
#include "memory/native_objects.h"
#include "object/plain_compare.h"
#include "object/set_internal.h"

namespace hiss {

namespace {

constexpr int kLinear = 9;
constexpr int64_t kMinSize = 8;

inline Result<int64_t> quick_hash(Value key) {
  if (key.is_integer() && key.integer() != -1) return key.integer();
  if (is_exact(key, str_type)) return hash_of(as<Str>(key));
  return hash(key);
}

bool live(const SetEntry& e) { return e.key && !e.key.is_error(); }

size_t table_bytes(int64_t mask) { return static_cast<size_t>(mask + 1) * sizeof(SetEntry); }

SetEntry* new_table(int64_t size) { return static_cast<SetEntry*>(allocate_zeroed_sized(table_bytes(size - 1))); }

void insert_clean(SetEntry* table, int64_t mask, Value key, int64_t hash) {
  uint64_t perturb = static_cast<uint64_t>(hash);
  uint64_t i = perturb & static_cast<uint64_t>(mask);
  for (;;) {
    const int run = i + kLinear <= static_cast<uint64_t>(mask) ? kLinear : 0;
    for (int k = 0; k <= run; ++k) {
      if (!table[i + static_cast<uint64_t>(k)].key) {
        table[i + static_cast<uint64_t>(k)] = {hash, key};
        return;
      }
    }
    perturb >>= 5;
    i = (i * 5 + 1 + perturb) & static_cast<uint64_t>(mask);
  }
}

/// The entry of an equal key, or the first empty one; null after an error.
SetEntry* look_up(Set* s, Value key, int64_t hash) {
restart:
  uint64_t perturb = static_cast<uint64_t>(hash);
  const auto mask = static_cast<uint64_t>(s->mask);
  uint64_t i = perturb & mask;
  for (;;) {
    const int run = i + kLinear <= mask ? kLinear : 0;
    for (int k = 0; k <= run; ++k) {
      SetEntry* e = &s->table[i + static_cast<uint64_t>(k)];
      if (!e->key) return e;
      if (e->key == key) return e;
      if (e->hash != hash || e->key.is_error()) continue;
      const int known = plain_equal(e->key, key);
      if (known == 1) return e;
      if (known == 0) continue;
      Ref candidate = Ref::share(e->key);
      SetEntry* table = s->table;
      const int64_t old_mask = s->mask;
      Result<bool> same = equal(candidate, key);
      if (same.is_error()) return nullptr;
      if (s->table != table || s->mask != old_mask || e->key != candidate.value()) goto restart;
      if (same.value()) return e;
    }
    perturb >>= 5;
    i = (i * 5 + 1 + perturb) & mask;
  }
}

void resize(Set* s, int64_t wanted) {
  int64_t size = kMinSize;
  while (size <= wanted) size *= 2;
  SetEntry* old = s->table;
  const int64_t old_mask = s->mask;
  s->table = new_table(size);
  s->mask = size - 1;
  for (int64_t i = 0; i <= old_mask; ++i) {
    if (live(old[i])) insert_clean(s->table, s->mask, old[i].key, old[i].hash);
  }
  s->fill = s->used;
  free_sized(old, table_bytes(old_mask));
}

}  // namespace

Ref make_set_of(Type* type) {
  const bool native = !type->is_heap() && type->basic_size == sizeof(Set);
  Set* s = static_cast<Set*>(native ? allocate_with_head(*type, sizeof(Set)) : allocate(type));
  s->used = s->fill = 0;
  s->mask = kMinSize - 1;
  s->table = new_table(kMinSize);
  s->hash = -1;
  link_young(s);
  return Ref::steal(s);
}

Ref make_set() { return make_set_of(&set_type); }

Ref make_frozenset(Value iterable) {
  if (iterable && is_exact(iterable, frozenset_type)) return Ref::share(iterable);
  Ref r = make_set_of(&frozenset_type);
  if (iterable) TRY(set_update(as<Set>(r), iterable));
  return r;
}

Result<bool> set_add(Set* s, Value key, int64_t hash) {
  // Growing keeps a table at most three fifths full, so that an empty entry always exists.
  if (s->fill * 5 >= s->mask * 3) resize(s, s->used > 50000 ? s->used * 2 : s->used * 4);
  SetEntry* e = look_up(s, key, hash);
  if (!e) return Failure{};
  if (e->key) return false;
  retain(key);
  *e = {hash, key};
  ++s->used;
  ++s->fill;
  return true;
}

Result<bool> set_add(Set* s, Value key) { return set_add(s, key, TRY(quick_hash(key))); }

Result<bool> set_contains(Set* s, Value key, int64_t hash) {
  SetEntry* e = look_up(s, key, hash);
  if (!e) return Failure{};
  return static_cast<bool>(e->key);
}
Result<bool> set_contains(Set* s, Value key) { return set_contains(s, key, TRY(quick_hash(key))); }

Result<bool> set_discard(Set* s, Value key, int64_t hash) {
  SetEntry* e = look_up(s, key, hash);
  if (!e) return Failure{};
  if (!e->key) return false;
  Value old = e->key;
  e->key = Value::error();
  e->hash = -1;
  --s->used;
  release(old);
  return true;
}
Result<bool> set_discard(Set* s, Value key) { return set_discard(s, key, TRY(hash(key))); }

void set_clear(Set* s) {
  SetEntry* const empty = new_table(kMinSize);  // first, for it may be refused
  SetEntry* table = s->table;
  const int64_t mask = s->mask;
  s->used = s->fill = 0;
  s->mask = kMinSize - 1;
  s->table = empty;
  for (int64_t i = 0; i <= mask; ++i) {
    if (live(table[i])) release(table[i].key);
  }
  free_sized(table, table_bytes(mask));
}

void set_free(Set* s) {
  unlink(s);
  if (s->used) {
    for (int64_t i = 0; SetEntry* e = set_next(s, i);) release(e->key);
  }
  free_sized(s->table, table_bytes(s->mask));
  free_unlinked(s);
}

Ref set_pop(Set* s, int64_t& finger) {
  if (s->used == 0) return fail(exc::KeyError, "pop from an empty set");
  int64_t i = finger & s->mask;
  while (!live(s->table[i])) i = (i + 1) & s->mask;
  Ref key = Ref::steal(s->table[i].key);
  s->table[i] = {-1, Value::error()};
  --s->used;
  finger = i + 1;
  return key;
}

Status set_update(Set* s, Value iterable) {
  if (is<Set>(iterable)) {
    Set* other = as<Set>(iterable);
    if (other == s || other->used == 0) return kOk;
    if ((s->fill + other->used) * 5 >= s->mask * 3) resize(s, (s->used + other->used) * 2);
    if (s->fill == 0) {
      // Into an empty set nothing can collide with an equal key.
      for (int64_t i = 0; SetEntry* e = set_next(other, i);) {
        retain(e->key);
        insert_clean(s->table, s->mask, e->key, e->hash);
      }
      s->fill = s->used = other->used;
      return kOk;
    }
    for (int64_t i = 0; SetEntry* e = set_next(other, i);) {
      Ref key = Ref::share(e->key);
      TRY(set_add(s, key, e->hash));
    }
    return kOk;
  }
  if (is_exact(iterable, dict_type)) {
    Dict* d = as<Dict>(iterable);
    for (int64_t i = 0; DictEntry* e = dict_next(d, i);) {
      Ref key = Ref::share(e->key);
      TRY(set_add(s, key, e->hash));
    }
    return kOk;
  }
  if (is_exact(iterable, list_type) || is_exact(iterable, tuple_type)) {
    // What an __eq__ does to the list counts, as it would for an iterator.
    auto size = [&] { return is<List>(iterable) ? as<List>(iterable)->size : as<Tuple>(iterable)->size; };
    for (int64_t i = 0; i < size(); ++i) {
      Ref key = Ref::share(is<List>(iterable) ? as<List>(iterable)->items[i] : as<Tuple>(iterable)->items[i]);
      TRY(set_add(s, key));
    }
    return kOk;
  }
  return for_each(iterable, [&](Value key) -> Status {
    TRY(set_add(s, key));
    return kOk;
  });
}

Ref set_copy(Set* s, Type* type) {
  Ref r = make_set_of(type);
  TRY(set_update(as<Set>(r), to_value(s)));
  return r;
}

}  // namespace hiss
