// dict: an insertion-ordered hash table. `indices` is a sparse power-of-two table of positions in `entries`; both lie
// in one block.
#include "memory/blocks.h"
#include "memory/native_objects.h"
#include "object/dict_internal.h"
#include "object/plain_compare.h"

#include <cstdlib>
#include <cstring>

namespace hiss {

namespace {

constexpr int64_t kEmpty = -1;
constexpr int64_t kDeleted = -2;
constexpr int kMinBits = 3;
uint64_t last_version = 0;

int64_t usable_of(int bits) { return ((int64_t{1} << bits) * 2) / 3; }

template <typename Index>
inline int64_t read_index(const void* table, uint64_t slot) {
  return static_cast<const Index*>(table)[slot];
}

inline int64_t index_at(const Dict* d, uint64_t slot) {
  switch (d->index_width) {
    case 1:
      return read_index<int8_t>(d->indices, slot);
    case 2:
      return read_index<int16_t>(d->indices, slot);
    case 4:
      return read_index<int32_t>(d->indices, slot);
    default:
      return read_index<int64_t>(d->indices, slot);
  }
}

inline void set_index(Dict* d, uint64_t slot, int64_t position) {
  switch (d->index_width) {
    case 1:
      static_cast<int8_t*>(d->indices)[slot] = static_cast<int8_t>(position);
      break;
    case 2:
      static_cast<int16_t*>(d->indices)[slot] = static_cast<int16_t>(position);
      break;
    case 4:
      static_cast<int32_t*>(d->indices)[slot] = static_cast<int32_t>(position);
      break;
    default:
      static_cast<int64_t*>(d->indices)[slot] = position;
  }
}

/// The sequence of slots that a hash visits.
struct Probe {
  uint64_t mask, slot, perturb;
  Probe(const Dict* d, int64_t hash)
      : mask((uint64_t{1} << d->index_bits) - 1),
        slot(static_cast<uint64_t>(hash) & mask),
        perturb(static_cast<uint64_t>(hash)) {}
  void advance() {
    perturb >>= 5;
    slot = (slot * 5 + perturb + 1) & mask;
  }
};

inline void touch(Dict* d) { d->version = ++last_version; }
inline void touch_keys(Dict* d) {
  touch(d);
  d->keys_version = d->version;
}

int width_of(int bits) { return bits <= 7 ? 1 : bits <= 15 ? 2 : bits <= 31 ? 4 : 8; }

// Of the block with the indices and the entries; 0 bits: there is none.
size_t table_bytes(int bits) {
  if (bits == 0) return 0;
  return (size_t{1} << bits) * static_cast<size_t>(width_of(bits)) +
         static_cast<size_t>(usable_of(bits)) * sizeof(DictEntry);
}

void allocate_table(Dict* d, int bits) {
  const int width = width_of(bits);
  const size_t index_bytes = (size_t{1} << bits) * static_cast<size_t>(width);
  void* block = allocate_sized(table_bytes(bits));
  memset(block, 0xff, index_bytes);
  d->indices = block;
  d->entries = reinterpret_cast<DictEntry*>(static_cast<char*>(block) + index_bytes);
  d->index_bits = static_cast<uint8_t>(bits);
  d->index_width = static_cast<uint8_t>(width);
  d->usable = usable_of(bits);
}

inline uint64_t free_slot(Dict* d, int64_t hash) {
  Probe p(d, hash);
  while (index_at(d, p.slot) >= 0) p.advance();
  return p.slot;
}

/// Rebuilds the table for at least `wanted` entries, without the deleted ones.
void resize(Dict* d, int64_t wanted) {
  int bits = kMinBits;
  while (usable_of(bits) < wanted) ++bits;
  void* old = d->indices;
  const int old_bits = d->index_bits;
  const DictEntry* from = d->entries;
  const int64_t count = d->entry_count;
  allocate_table(d, bits);
  DictEntry* to = d->entries;
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  int64_t position = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!from[i].key) continue;
    to[position] = from[i];
    uint64_t slot = static_cast<uint64_t>(from[i].hash) & mask;
    if (index_at(d, slot) != kEmpty) slot = free_slot(d, from[i].hash);
    set_index(d, slot, position++);
  }
  d->entry_count = position;
  d->usable -= position;
  free_sized(old, table_bytes(old_bits));
}

/// Position of a str key in a dict whose keys are all strs: nothing can fail, nothing is called.
template <typename Index>
inline int64_t find_str_in(const Dict* d, const Str* key, int64_t hash) {
  for (Probe p(d, hash);; p.advance()) {
    const int64_t position = read_index<Index>(d->indices, p.slot);
    if (position == kEmpty) return -1;
    if (position == kDeleted) continue;
    const DictEntry& e = d->entries[position];
    if (e.key.object() == key) return position;
    if (e.hash == hash && equal(as<Str>(e.key), key)) return position;
  }
}

[[gnu::noinline]] int64_t search_str(const Dict* d, const Str* key, int64_t hash) {
  if (d->index_bits == 0) return -1;
  if (d->index_width == 1) return find_str_in<int8_t>(d, key, hash);
  if (d->index_width == 2) return find_str_in<int16_t>(d, key, hash);
  if (d->index_width == 4) return find_str_in<int32_t>(d, key, hash);
  return find_str_in<int64_t>(d, key, hash);
}

inline int64_t find_str(const Dict* d, const Str* key, int64_t hash) {
  // Small tables whose first slot holds this very object are the common case.
  if (d->index_width == 1) {
    const int64_t position =
        read_index<int8_t>(d->indices, static_cast<uint64_t>(hash) & ((uint64_t{1} << d->index_bits) - 1));
    if (position >= 0 && d->entries[position].key.object() == key) return position;
  }
  return search_str(d, key, hash);
}

/// Position of any key, -1 when absent, -2 when a comparison failed. A comparison may change the dict: then it starts
/// again.
int64_t find_any(Dict* d, Value key, int64_t hash) {
restart:
  if (d->index_bits == 0) return -1;
  for (Probe p(d, hash);; p.advance()) {
    const int64_t position = index_at(d, p.slot);
    if (position == kEmpty) return -1;
    if (position == kDeleted) continue;
    const DictEntry& e = d->entries[position];
    if (e.key == key) return position;
    if (e.hash != hash) continue;
    const int known = plain_equal(e.key, key);
    if (known == 1) return position;
    if (known == 0) continue;
    Ref candidate = Ref::share(e.key);
    const void* table = d->indices;
    const int bits = d->index_bits;
    Result<bool> same = equal(candidate, key);
    if (same.is_error()) return -2;
    if (d->indices != table || d->index_bits != bits || position >= d->entry_count ||
        d->entries[position].key != candidate.value()) {
      goto restart;
    }
    if (same.value()) return position;
  }
}

inline int64_t find_position(Dict* d, Value key, int64_t hash) {
  // As in find_str: mostly it is the very key, where it would be if it were alone.
  if (d->index_width == 1) {
    const int64_t position =
        read_index<int8_t>(d->indices, static_cast<uint64_t>(hash) & ((uint64_t{1} << d->index_bits) - 1));
    if (position >= 0 && d->entries[position].key == key) return position;
  }
  if (d->str_keys && is_exact(key, str_type)) return find_str(d, as<Str>(key), hash);
  return find_any(d, key, hash);
}

inline Result<int64_t> hash_key(Value key) {
  if (is_exact(key, str_type)) return hash_of(as<Str>(key));
  if (key.is_integer()) return hash_int(key);
  return hash(key);
}

/// Adds a key known to be absent; adds counts to both.
void insert_new(Dict* d, Value key, int64_t hash, Value value) {
  if (d->usable <= 0) [[unlikely]] {
    if (d->index_bits == 0) {
      allocate_table(d, kMinBits);
    } else {
      resize(d, std::max<int64_t>(d->used * 2 + 1, usable_of(kMinBits)));
    }
  }
  retain(key);
  retain(value);
  if (!is_exact(key, str_type)) d->str_keys = false;
  set_index(d, free_slot(d, hash), d->entry_count);
  d->entries[d->entry_count++] = {hash, key, value};
  ++d->used;
  --d->usable;
  touch_keys(d);
}

inline void replace_value(Dict* d, int64_t position, Value value) {
  retain(value);
  Value old = d->entries[position].value;
  d->entries[position].value = value;
  touch(d);
  release(old);
}

/// Takes the entry out and gives its key and value to the caller.
void remove_at(Dict* d, int64_t position, Ref& key, Ref& value) {
  DictEntry& e = d->entries[position];
  Probe p(d, e.hash);
  while (index_at(d, p.slot) != position) p.advance();
  set_index(d, p.slot, kDeleted);
  key = Ref::steal(e.key);
  value = Ref::steal(e.value);
  e.key = Value();
  e.value = Value();
  --d->used;
  touch_keys(d);
}

}  // namespace

Ref make_dict_of(Type* type) {
  const bool native = !type->is_heap() && type->basic_size == sizeof(Dict);
  Dict* d = static_cast<Dict*>(native ? allocate_with_head(*type, sizeof(Dict)) : allocate(type));
  d->used = d->entry_count = d->usable = 0;
  d->index_bits = d->index_width = 0;
  d->str_keys = true;
  d->indices = nullptr;
  d->entries = nullptr;
  touch_keys(d);
  link_young(d);
  return Ref::steal(d);
}
Ref make_dict() { return make_dict_of(&dict_type); }

void dict_reserve(Dict* d, int64_t entries) {
  if (d->index_bits == 0 || d->usable < entries - d->used) resize(d, entries);
}

Value dict_get(Dict* d, Str* key) {
  int64_t position;
  if (d->str_keys && key->type == &str_type) [[likely]] {
    position = find_str(d, key, hash_of(key));
  } else {
    position = find_any(d, to_value(key), hash_of(key));
    if (position == -2) clear_pending();
  }
  return position < 0 ? Value() : d->entries[position].value;
}

Ref dict_get(Dict* d, Value key, int64_t hash) {
  const int64_t position = find_position(d, key, hash);
  if (position >= 0) return Ref::share(d->entries[position].value);
  if (position == -1) return Ref::empty();
  return Failure{};
}

Ref dict_get(Dict* d, Value key) {
  if (d->str_keys && is_exact(key, str_type)) {
    const int64_t position = find_str(d, as<Str>(key), hash_of(as<Str>(key)));
    return position < 0 ? Ref::empty() : Ref::share(d->entries[position].value);
  }
  return dict_get(d, key, TRY(hash_key(key)));
}

int64_t dict_find(Dict* d, Str* key) {
  if (d->str_keys && key->type == &str_type) [[likely]]
    return find_str(d, key, hash_of(key));
  const int64_t position = find_any(d, to_value(key), hash_of(key));
  if (position == -2) clear_pending();
  return position < 0 ? -1 : position;
}

void dict_set(Dict* d, Str* key, Value value) {
  const int64_t hash = hash_of(key);
  const int64_t position =
      d->str_keys && key->type == &str_type ? find_str(d, key, hash) : find_any(d, to_value(key), hash);
  if (position >= 0) return replace_value(d, position, value);
  if (position == -2) clear_pending();
  insert_new(d, to_value(key), hash, value);
}

Status dict_set(Dict* d, Value key, int64_t hash, Value value) {
  const int64_t position = find_position(d, key, hash);
  if (position == -2) return Failure{};
  if (position >= 0) {
    replace_value(d, position, value);
  } else {
    insert_new(d, key, hash, value);
  }
  return kOk;
}

Status dict_set(Dict* d, Value key, Value value) { return dict_set(d, key, TRY(hash_key(key)), value); }

Ref dict_pop(Dict* d, Value key) {
  const int64_t hash = TRY(hash_key(key));
  const int64_t position = find_position(d, key, hash);
  if (position == -2) return Failure{};
  if (position == -1) return Ref::empty();
  Ref old_key, old_value;
  remove_at(d, position, old_key, old_value);
  return old_value;
}

Result<bool> dict_delete(Dict* d, Value key) {
  Ref old = TRY(dict_pop(d, key));
  return !old.is_empty();
}

bool dict_pop_last(Dict* d, Ref& key, Ref& value) {
  if (d->used == 0) return false;
  int64_t position = d->entry_count - 1;
  while (!d->entries[position].key) --position;
  remove_at(d, position, key, value);
  d->entry_count = position;  // popitem in a loop stays linear
  return true;
}

Ref dict_set_default(Dict* d, Value key, Value value) {
  const int64_t hash = TRY(hash_key(key));
  const int64_t position = find_position(d, key, hash);
  if (position == -2) return Failure{};
  if (position >= 0) return Ref::share(d->entries[position].value);
  insert_new(d, key, hash, value);
  return Ref::share(value);
}

void dict_clear(Dict* d) {
  void* block = d->indices;
  const int bits = d->index_bits;
  DictEntry* entries = d->entries;
  const int64_t count = d->entry_count;
  d->used = d->entry_count = d->usable = 0;
  d->index_bits = d->index_width = 0;
  d->str_keys = true;
  d->indices = nullptr;
  d->entries = nullptr;
  touch_keys(d);
  for (int64_t i = 0; i < count; ++i) {
    if (!entries[i].key) continue;
    release(entries[i].key);
    release(entries[i].value);
  }
  free_sized(block, table_bytes(bits));
}

void dict_free(Dict* d) {
  unlink(d);
  if (d->index_bits) {
    // Deleted entries are empty words, which release() lets pass.
    for (int64_t i = 0; i < d->entry_count; ++i) {
      release(d->entries[i].key);
      release(d->entries[i].value);
    }
    free_sized(d->indices, table_bytes(d->index_bits));
  }
  free_unlinked(d);
}

Ref dict_copy(Dict* d) {
  Ref r = make_dict();
  Dict* copy = as<Dict>(r);
  if (d->used == 0) return r;
  copy->str_keys = d->str_keys;
  if (d->used * 3 >= d->entry_count * 2) {
    // Few holes: the block is copied as it is.
    const size_t index_bytes = (size_t{1} << d->index_bits) * d->index_width;
    allocate_table(copy, d->index_bits);
    memcpy(copy->indices, d->indices, index_bytes);
    memcpy(static_cast<void*>(copy->entries), d->entries, static_cast<size_t>(d->entry_count) * sizeof(DictEntry));
    copy->entry_count = d->entry_count;
    copy->used = d->used;
    copy->usable = d->usable;
    for (int64_t i = 0; i < d->entry_count; ++i) {
      retain(d->entries[i].key);
      retain(d->entries[i].value);
    }
    return r;
  }
  dict_reserve(copy, d->used);
  for (int64_t i = 0; DictEntry* e = dict_next(d, i);) insert_new(copy, e->key, e->hash, e->value);
  return r;
}

Status dict_merge(Dict* d, Value mapping, MergeMode mode) {
  auto put = [&](Value key, int64_t hash, Value value) -> Status {
    if (mode == MergeMode::Override) return dict_set(d, key, hash, value);
    const int64_t position = find_position(d, key, hash);
    if (position == -2) return Failure{};
    if (position >= 0) return mode == MergeMode::Keep ? kOk : Status(fail_value(exc::KeyError, key));
    insert_new(d, key, hash, value);
    return kOk;
  };
  // A dict subclass with its own __iter__ is read through keys() and [].
  if (is<Dict>(mapping) && type_of(mapping)->slots.iter == dict_type.slots.iter) {
    Dict* other = as<Dict>(mapping);
    if (other == d || other->used == 0) return kOk;
    if (d->used == 0 && d->index_bits == 0) dict_reserve(d, other->used);
    const int64_t used = other->used;
    for (int64_t i = 0; DictEntry* e = dict_next(other, i);) {
      Ref key = Ref::share(e->key), value = Ref::share(e->value);
      TRY(put(key, e->hash, value));
      if (other->used != used) return fail(exc::RuntimeError, "dict mutated during update");
    }
    return kOk;
  }
  Ref keys = TRY(call_method(mapping, names.keys));
  return for_each(keys, [&](Value key) -> Status {
    const int64_t hash = TRY(hash_key(key));
    if (mode == MergeMode::Keep) {
      if (find_position(d, key, hash) >= 0) return kOk;
    }
    Ref value = TRY(get_item(mapping, key));
    return put(key, hash, value);
  });
}

Status dict_merge_pairs(Dict* d, Value iterable, bool override) {
  int64_t n = 0;
  return for_each(iterable, [&](Value item) -> Status {
    Ref pair = to_tuple(item);
    if (pair.is_error()) {
      if (!pending_is(exc::TypeError)) return Failure{};
      clear_pending();
      return fail(exc::TypeError, "cannot convert dictionary update sequence element #{} to a sequence", n);
    }
    Tuple* t = as<Tuple>(pair);
    if (t->size != 2) {
      return fail(exc::ValueError, "dictionary update sequence element #{} has length {}; 2 is required", n, t->size);
    }
    ++n;
    if (override) return dict_set(d, t->items[0], t->items[1]);
    TRY(dict_set_default(d, t->items[0], t->items[1]));
    return kOk;
  });
}

Status dict_update(Dict* d, Value other, bool override) {
  const MergeMode mode = override ? MergeMode::Override : MergeMode::Keep;
  if (is<Dict>(other)) return dict_merge(d, other, mode);
  if (TRY(has_attr(other, names.keys))) return dict_merge(d, other, mode);
  return dict_merge_pairs(d, other, override);
}

Result<bool> dict_contains(Dict* d, Value key) {
  const int64_t hash = TRY(hash_key(key));
  const int64_t position = find_position(d, key, hash);
  if (position == -2) return Failure{};
  return position >= 0;
}

}  // namespace hiss
