// What the files of list (and tuple, which shares algorithms) need of each other.
#pragma once

#include "object/iterator.h"
#include "object/plain_compare.h"
#include "object/protocol.h"

namespace hiss {

struct ListIterator : Object {  // of list_iterator_type; the interpreter steps it in line
  Value list;                   // empty: exhausted
  int64_t index;
};

struct TupleIterator : Object {  // of tuple_iterator_type; machine code steps it
  Value tuple;                   // empty: exhausted
  int64_t index;
};

/// A list of first[0], first[step], first[2 * step] ...
Ref make_list_stepped(const Value* first, int64_t step, int64_t size);
void list_reserve(List* list, int64_t capacity);
/// Makes room for `size` items with the usual over-allocation and sets the size; new items are not initialised.
void list_resize(List* list, int64_t size);
/// list[start:end] = items (taken as borrowed; may be the list's own items copied before).
void list_replace(List* list, int64_t start, int64_t end, const Value* items, int64_t count);
Ref list_compare(Value self, Value other, CompareOp op);
Result<bool> list_contains(Value self, Value item);
/// First index of an equal item in [start, stop), -1 when absent.
Result<int64_t> list_find(Value self, Value item, int64_t start, int64_t stop);
Result<int64_t> list_count_item(Value self, Value item);
/// "open item, item close" with the reprs of the items of a list or tuple.
Ref repr_items(Value self, const char* open, const char* close, bool comma_when_single);
extern const NativeDef kListMethods[];
Ref list_iter(Value self);

}  // namespace hiss
