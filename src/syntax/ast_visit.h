// visit_fields: one switch over every node class, generated from ast.def. Included by ast.h.
#pragma once

#include "syntax/ast.h"

namespace hiss::syntax {

template <class NodePointer, class Visitor>
void visit_fields(NodePointer node, Visitor&& visit) {
  const FieldInfo* field = class_info(node->kind).fields;
  switch (node->kind) {
#define ONE(type, name) visit(*field++, self->name);
#define OPTIONAL(type, name) visit(*field++, self->name);
#define SEQUENCE(type, name) visit(*field++, self->name);
#define NODE(base, Struct, python_name, ...)                   \
  case NodeKind::Struct: {                                     \
    [[maybe_unused]] auto* self = node->template as<Struct>(); \
    __VA_ARGS__ break;                                         \
  }
#define CONSTANT_NODE(base, Struct, python_name, ...) \
  case NodeKind::Struct:                              \
    visit.constant(*node->template as<Struct>());     \
    break;
#include "syntax/ast.def"
#undef ONE
#undef OPTIONAL
#undef SEQUENCE
  }
  (void)field;
}

}  // namespace hiss::syntax
