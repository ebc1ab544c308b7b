// Struct sequences: tuples whose items also have names (os.stat_result, time.struct_time, sys.version_info).
#pragma once

#include <initializer_list>

#include "object/containers.h"
#include "object/type.h"

namespace hiss {

struct StructField {
  const char* name;  // null: reachable by index only
  const char* doc;
};

/// Its fields beyond `n_sequence_fields` are attributes only: len(), iteration and comparison do not see them.
struct StructSequenceType : Type {
  const StructField* fields = nullptr;
  int n_fields = 0;
  int n_sequence_fields = 0;
};

struct StructSequenceSpec {
  const char* name;  // "os.stat_result"
  const char* doc;
  const StructField* fields;
  int n_fields;
  int n_sequence_fields;
  bool instantiable = true;
};
void define_struct_sequence(StructSequenceType& type, const StructSequenceSpec& spec);
/// `values` has n_fields entries; empty ones become None.
Ref make_struct_sequence(StructSequenceType& type, const Ref* values);
Ref make_struct_sequence(StructSequenceType& type, std::initializer_list<Ref> values);

}  // namespace hiss
