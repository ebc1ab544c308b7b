// Syntax trees as Python objects: the node classes, and the ways between objects and the front end's own trees.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "object/protocol.h"
#include "syntax/parser.h"

namespace hiss {

/// The classes that _ast makes from syntax/ast.def.
struct NodeClasses {
  Ref root;                                                // AST
  std::unordered_map<std::string_view, Ref> sums;          // stmt, expr, ...: the bases that have constructors
  std::vector<Ref> nodes;                                  // by NodeKind
  std::vector<std::vector<Str*>> fields;                   // the names of their fields
  std::vector<Ref> choices;                                // Load, Store, ...: the classes, in the order of ast.def
  std::vector<Ref> choice_objects;                         // the one instance of each that parsed trees hold
  std::unordered_map<std::string_view, int> first_choice;  // "operator" -> the index of Add
};
/// Makes the classes when they are first asked for.
Result<NodeClasses*> node_classes();

/// True for an instance of a node class.
Result<bool> is_tree(Value v);
Ref tree_to_object(const syntax::Node* node);

/// A tree in the front end's form, and what it borrows from.
struct ObjectTree {
  syntax::Arena arena;
  std::vector<Ref> kept;  // constants that the front end has no form of its own for
  syntax::Mod* module = nullptr;
};
/// Reads the tree of a module; TypeError and ValueError as compile() has them. `mode`: which kind of module it must be.
Status object_to_tree(Value object, syntax::Mode mode, ObjectTree& out);

}  // namespace hiss
