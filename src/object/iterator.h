// What iterator types share: __iter__ that returns itself, pickling, documentation texts.
#pragma once

#include "object/protocol.h"

namespace hiss {

Ref self_iter(Value self);
/// (builtins.NAME, (source,), index); or (builtins.iter, (exhausted,)) when `source` is empty.
Ref reduce_iterator(Value source, int64_t index, const char* name, Value exhausted);
Ref make_callable_iterator(Value callable, Value sentinel);
/// The module builtins (the import system defines it).
Ref import_builtins();
/// builtins.NAME.
Ref builtin(const char* name);
/// The class method behind list[int] and the like: types.GenericAlias(cls, item).
Ref class_getitem(Value cls, const Value* args);

/// A step of a loop over pairs, `for i, x in enumerate(...)`: the two values without the tuple that nobody would see.
enum class PairStep : uint8_t {
  Given,  // `pair` has two owned values
  Ended,
  Failed,   // an exception is pending
  NoPairs,  // the iterator is no enumerate, zip of two or items() of a dict, or has something to report: ask next()
};
PairStep next_pair(Value iterator, Value* pair);
PairStep next_dict_pair(Value iterator, Value* pair);  // of dict_item_iterator_type

inline constexpr const char* kLengthHintDoc = "A guess at how many items are left.";
inline constexpr const char* kReduceDoc = "What pickle and copy need to make the object again.";
inline constexpr const char* kSetStateDoc = "Take over the state from a pickle.";

}  // namespace hiss
