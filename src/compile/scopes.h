// Which scope each name belongs to: one Scope for a module, class body, function, lambda or comprehension.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "syntax/ast.h"
#include "syntax/parser.h"

namespace hiss {

namespace ast = syntax;

enum class ScopeKind : uint8_t { Module, Class, Function, Annotation };

enum class NameKind : uint8_t {
  Local,           // a register (function) or the namespace dict (module, class)
  Cell,            // a local that inner functions use
  Free,            // an outer function's cell
  GlobalExplicit,  // by a global statement
  GlobalImplicit,  // not bound here or in an enclosing function
};

struct Symbol {
  enum Flags : uint16_t {
    kUse = 1,
    kAssigned = 2,
    kParameter = 4,
    kGlobal = 8,
    kNonlocal = 16,
    kAnnotated = 32,
    kImported = 64,
    kDeleted = 128,
    kComprehensionIterator = 256,
    kInnerUse = 512,
    kFreeInClass = 1024,
  };
  uint16_t flags = 0;
  NameKind kind = NameKind::GlobalImplicit;
  const ast::Node* where = nullptr;
  bool bound() const { return flags & (kAssigned | kParameter | kImported); }
};

struct Scope {
  ScopeKind kind = ScopeKind::Module;
  std::string name;
  const ast::Node* node = nullptr;
  Scope* parent = nullptr;
  std::vector<std::unique_ptr<Scope>> children;
  std::unordered_map<std::string_view, Symbol> symbols;
  std::vector<std::string_view> order;       // symbols in order of first appearance
  std::vector<std::string_view> parameters;  // in CPython's varnames order
  std::string class_name;                    // for mangling: the innermost class, or empty
  bool comprehension = false, generator_expression = false;
  bool is_generator = false, is_coroutine = false, is_async_comprehension = false;
  bool varargs = false, varkeywords = false, nested = false;
  bool needs_class_cell = false;  // class body: a method uses __class__ or super()
  bool has_walrus = false;
  bool returns_value = false;

  Symbol* find(std::string_view name) {
    auto it = symbols.find(name);
    return it == symbols.end() ? nullptr : &it->second;
  }
};

struct ScopeTree {
  std::unique_ptr<Scope> root;
  std::unordered_map<const ast::Node*, Scope*> by_node;
  std::vector<std::unique_ptr<std::string>> mangled;  // storage of mangled names
  ast::SyntaxErrorInfo error;
  bool ok = false;
};

/// Analyses a whole module. Errors are CPython's symtable errors. With `future_annotations` the names in annotations do
/// not count.
std::unique_ptr<ScopeTree> analyze_scopes(ast::Mod* module, bool future_annotations);
/// __x inside class C is _C__x. The result lives in `tree`.
std::string_view mangle_name(ScopeTree& tree, std::string_view class_name, std::string_view name);

}  // namespace hiss
