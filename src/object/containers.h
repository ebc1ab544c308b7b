// The structs of tuple, list, dict and set, which all of the runtime handles directly, and the functions on them.
#pragma once

#include <initializer_list>

#include "object/str.h"
#include "object/type.h"

namespace hiss {

struct Tuple : Object {
  static constexpr Layout kLayout = Layout::Tuple;
  int64_t size;
  int64_t hash;   // once it was asked for and can never change; 0: not known
  Value items[];  // owned

  Value* begin() { return items; }
  Value* end() { return items + size; }
};
Tuple* allocate_tuple(int64_t size);  // items are empty until filled (not yet tracked by the collector: see track())
Ref make_tuple(std::initializer_list<Value> items);
Ref make_tuple(const Value* items, int64_t size);
/// Takes the items' counts over, and leaves the items empty.
Ref take_into_tuple(Value* items, int64_t size);
Ref empty_tuple();
/// False as soon as the __hash__ of a subclass of tuple is changed: Tuple::hash says nothing from then on.
extern bool tuple_hashes_last;

struct List : Object {
  static constexpr Layout kLayout = Layout::List;
  int64_t size;
  int64_t capacity;
  Value* items;  // owned

  Value* begin() { return items; }
  Value* end() { return items + size; }
};
Ref make_list(int64_t capacity = 0);
Ref make_list(const Value* items, int64_t size);
void list_grow(List* list);                              // makes room for one more item, with the usual over-allocation
inline void list_append_owned(List* list, Value item) {  // takes the caller's count
  if (list->size == list->capacity) [[unlikely]]
    list_grow(list);
  list->items[list->size++] = item;
}
inline void list_append(List* list, Value item) {  // adds a count
  retain(item);
  list_append_owned(list, item);
}
Ref list_slice(List* list, int64_t start, int64_t end);
Status list_extend(List* list, Value iterable);
Status list_sort(List* list, Value key, bool reverse);
Ref list_to_tuple(List* list);
/// list(iterable) / tuple(iterable) of anything iterable.
Ref to_list(Value iterable);
Ref to_tuple(Value iterable);

/// Insertion-ordered hash table: a sparse index table and dense entries.
struct DictEntry {
  int64_t hash;
  Value key;  // empty: deleted
  Value value;
};
struct Dict : Object {
  static constexpr Layout kLayout = Layout::Dict;
  int64_t used;           // live entries
  int64_t entry_count;    // entries in use, deleted ones included
  int64_t usable;         // insertions left before the table must be rebuilt
  uint64_t version;       // changes with every change of keys or values
  uint64_t keys_version;  // changes when keys come or go (inline caches of globals)
  uint8_t index_bits;     // log2 of the index table's size; 0: no table yet
  uint8_t index_width;    // bytes of an index: 1, 2, 4, 8
  bool str_keys;          // every key is an exact str: lookups of strs need no __eq__
  void* indices;          // index table; entries follow behind it in the same block
  DictEntry* entries;
};
Ref make_dict();
Value dict_get(Dict* dict, Str* key);  // borrowed; empty when absent; never fails
Ref dict_get(Dict* dict, Value key);   // owned; empty when absent; error from __hash__/__eq__
Ref dict_get(Dict* dict, Value key, int64_t hash);
void dict_set(Dict* dict, Str* key, Value value);
Status dict_set(Dict* dict, Value key, Value value);
Status dict_set(Dict* dict, Value key, int64_t hash, Value value);
Result<bool> dict_delete(Dict* dict, Value key);  // false when absent
Ref dict_pop(Dict* dict, Value key);              // empty when absent
Ref dict_set_default(Dict* dict, Value key, Value value);
void dict_clear(Dict* dict);
Ref dict_copy(Dict* dict);
Status dict_update(Dict* dict, Value other, bool override = true);  // a mapping or an iterable of pairs
/// Iterates live entries: for (int64_t i = 0; DictEntry* e = dict_next(d, i);). Entries may move when the dict changes.
inline DictEntry* dict_next(Dict* dict, int64_t& i) {
  while (i < dict->entry_count) {
    DictEntry* e = &dict->entries[i++];
    if (e->key) return e;
  }
  return nullptr;
}
/// Position of the entry, or -1: for inline caches ("key still at this index").
int64_t dict_find(Dict* dict, Str* key);

struct SetEntry {
  int64_t hash;
  Value key;  // empty: never used; Value::error(): deleted
};
struct Set : Object {
  static constexpr Layout kLayout = Layout::Set;
  int64_t used;
  int64_t fill;  // used plus deleted
  int64_t mask;
  SetEntry* table;
  int64_t hash;  // of a frozenset, -1 when not computed
};
Ref make_set();
Ref make_frozenset(Value iterable);
Result<bool> set_add(Set* set, Value key);  // true when it was new
Result<bool> set_contains(Set* set, Value key);
Result<bool> set_discard(Set* set, Value key);  // true when it was there
Status set_update(Set* set, Value iterable);
inline SetEntry* set_next(Set* set, int64_t& i) {
  while (i <= set->mask) {
    SetEntry* e = &set->table[i++];
    if (e->key && !e->key.is_error()) return e;
  }
  return nullptr;
}

struct Slice : Object {
  static constexpr Layout kLayout = Layout::Slice;
  Value start, stop, step;
};
Ref make_slice(Value start, Value stop, Value step);
struct SliceBounds {
  int64_t start, stop, step, length;
};
/// Bounds of a slice for a sequence of `length` items (PySlice_GetIndicesEx).
Result<SliceBounds> slice_bounds(Slice* slice, int64_t length);

struct Cell : Object {
  static constexpr Layout kLayout = Layout::Cell;
  Value content;  // empty: unbound
};
Ref make_cell(Value content = Value());

}  // namespace hiss
