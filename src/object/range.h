// range and its iterator: the interpreter steps small ranges itself.
#pragma once

#include "object/type.h"

namespace hiss {

struct Range : Object {
  static constexpr Layout kLayout = Layout::Range;
  Value start, stop, step;  // ints
  Value length;             // int
};
Ref make_range(Value start, Value stop, Value step);

struct RangeIterator : Object {  // its type is range_iterator_type
  int64_t next, step, left;
  int64_t length;  // items in all: for pickling
};

}  // namespace hiss
