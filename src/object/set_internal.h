// What the files of set need of each other.
#pragma once

#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

Ref make_set_of(Type* type);
Result<bool> set_add(Set* set, Value key, int64_t hash);
Result<bool> set_contains(Set* set, Value key, int64_t hash);
Result<bool> set_discard(Set* set, Value key, int64_t hash);
void set_clear(Set* set);
void set_free(Set* set);  // what dealloc does
Ref set_copy(Set* set, Type* type);
/// Removes some item; `finger` remembers where to look next. KeyError when empty.
Ref set_pop(Set* set, int64_t& finger);

}  // namespace hiss
