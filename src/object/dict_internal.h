// What the files of dict need of each other.
#pragma once

#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

enum class MergeMode { Override, Keep, Unique };  // Unique: KeyError(key) when a key is there already (f(**a, **b))
Ref make_dict_of(Type* type);
void dict_free(Dict* dict);  // what dealloc does
/// Makes room for that many entries in all.
void dict_reserve(Dict* dict, int64_t entries);
Status dict_merge(Dict* dict, Value mapping, MergeMode mode);
Status dict_merge_pairs(Dict* dict, Value iterable, bool override);
Result<bool> dict_contains(Dict* dict, Value key);
/// Takes the last entry; false when the dict is empty.
bool dict_pop_last(Dict* dict, Ref& key, Ref& value);
Ref dict_iter(Value self);
Ref make_dict_view(Type& view_type, Value dict);
Ref make_dict_iterator(Type& iterator_type, Value dict, bool reversed);
Ref dict_compare(Value self, Value other, CompareOp op);

}  // namespace hiss
