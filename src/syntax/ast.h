// The syntax tree of Python 3.11, generated from ast.def: one struct per node class, with the field names of the `ast`
// module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "syntax/arena.h"

namespace hiss::syntax {

enum class NodeKind : uint8_t {
#define NODE(base, Struct, python_name, ...) Struct,
#include "syntax/ast.def"
};

inline constexpr int kNodeKindCount = 0
#define NODE(base, Struct, python_name, ...) +1
#include "syntax/ast.def"
    ;

// The order is that of ast.def; ast.cpp checks it.
enum class ExprContext : uint8_t { Load, Store, Del };
enum class BoolOpKind : uint8_t { And, Or };
enum class Operator : uint8_t {
  Add,
  Sub,
  Mult,
  MatMult,
  Div,
  Mod,
  Pow,
  LShift,
  RShift,
  BitOr,
  BitXor,
  BitAnd,
  FloorDiv
};
enum class UnaryOpKind : uint8_t { Invert, Not, UAdd, USub };
enum class CmpOp : uint8_t { Eq, NotEq, Lt, LtE, Gt, GtE, Is, IsNot, In, NotIn };

/// Object: made by ast.Constant(...) and not by a literal; only whoever made the tree knows what it is.
enum class ConstantKind : uint8_t { None, True, False, Ellipsis, Int, Float, Complex, Str, Bytes, Object };

/// Lines count from 1, columns from 0 in UTF-8 bytes, as in CPython.
struct Node {
  NodeKind kind{};
  int32_t lineno = 0;
  int32_t col_offset = 0;
  int32_t end_lineno = 0;
  int32_t end_col_offset = 0;

  template <class T>
  bool is() const {
    return kind == T::kKind;
  }
  /// The caller has checked the kind.
  template <class T>
  T* as() {
    return static_cast<T*>(this);
  }
  template <class T>
  const T* as() const {
    return static_cast<const T*>(this);
  }
};

// Bases. A field holding an optional identifier or string is absent when its data() is null.
struct Mod : Node {};
struct Stmt : Node {};
struct Expr : Node {};
struct Pattern : Node {};

struct Arguments;
struct Arg;
struct Keyword;
struct Alias;
struct WithItem;
struct MatchCase;
struct Comprehension;
struct ExceptHandler;
struct TypeIgnore;

#define HISS_BASE_mod Mod
#define HISS_BASE_stmt Stmt
#define HISS_BASE_expr Expr
#define HISS_BASE_pattern Pattern
#define HISS_BASE_comprehension Node
#define HISS_BASE_excepthandler Node
#define HISS_BASE_arguments Node
#define HISS_BASE_arg Node
#define HISS_BASE_keyword Node
#define HISS_BASE_alias Node
#define HISS_BASE_withitem Node
#define HISS_BASE_match_case Node
#define HISS_BASE_type_ignore Node

#define HISS_ASDL_identifier std::string_view
#define HISS_ASDL_string std::string_view
#define HISS_ASDL_int int32_t
#define HISS_ASDL_constant ConstantKind
#define HISS_ASDL_stmt Stmt*
#define HISS_ASDL_expr Expr*
#define HISS_ASDL_pattern Pattern*
#define HISS_ASDL_arguments Arguments*
#define HISS_ASDL_arg Arg*
#define HISS_ASDL_keyword Keyword*
#define HISS_ASDL_alias Alias*
#define HISS_ASDL_withitem WithItem*
#define HISS_ASDL_match_case MatchCase*
#define HISS_ASDL_comprehension Comprehension*
#define HISS_ASDL_excepthandler ExceptHandler*
#define HISS_ASDL_type_ignore TypeIgnore*
#define HISS_ASDL_expr_context ExprContext
#define HISS_ASDL_boolop BoolOpKind
#define HISS_ASDL_operator Operator
#define HISS_ASDL_unaryop UnaryOpKind
#define HISS_ASDL_cmpop CmpOp

#define ONE(type, name) HISS_ASDL_##type name{};
#define OPTIONAL(type, name) HISS_ASDL_##type name{};
#define SEQUENCE(type, name) Seq<HISS_ASDL_##type> name{};
#define NODE(base, Struct, python_name, ...)            \
  struct Struct : HISS_BASE_##base {                    \
    static constexpr NodeKind kKind = NodeKind::Struct; \
    __VA_ARGS__                                         \
  };
#define CONSTANT_NODE(base, Struct, python_name, ...)

#include "syntax/ast.def"
#undef ONE
#undef OPTIONAL
#undef SEQUENCE

struct Constant : Expr {
  static constexpr NodeKind kKind = NodeKind::Constant;
  ConstantKind constant_kind{};
  bool fits =
      false;  ///< Int: the value is in small_int; otherwise text holds its digits (0x, 0o, 0b kept, no underscores).
  double number = 0;  ///< Float; Complex: the imaginary part.
  int64_t small_int = 0;
  uint64_t object = 0;        ///< Object: the maker's own handle.
  std::string_view text;      ///< Str: UTF-8, lone surrogates as three bytes (WTF-8). Bytes: the bytes. Int: see fits.
  std::string_view u_prefix;  ///< "u" for u'...', otherwise absent: the field `kind` of ast.Constant.
};

/// How one field of a node class is declared.
enum class FieldShape : uint8_t { One, Optional, Sequence };

struct FieldInfo {
  const char* name;
  const char* type;  ///< identifier, string, constant, int, expr, stmt, …
  FieldShape shape;
};

struct ClassInfo {
  const char* name;  ///< as in Python, e.g. "FunctionDef"
  const char*
      base;  ///< "stmt"; the sum types' own base is AST. A product type (arguments, arg, …) has its own name here.
  bool has_attributes;  ///< lineno, col_offset, end_lineno, end_col_offset
  const FieldInfo* fields;
  int field_count;
};

/// The class of a node kind.
const ClassInfo& class_info(NodeKind kind);

struct ChoiceInfo {
  const char* base;  ///< "operator"
  const char* name;  ///< "Add"
};
/// Load, Store, …, NotIn: the classes without fields, in ast.def's order.
Seq<const ChoiceInfo> choice_infos();

const char* name_of(ExprContext value);
const char* name_of(BoolOpKind value);
const char* name_of(Operator value);
const char* name_of(UnaryOpKind value);
const char* name_of(CmpOp value);

/// Calls visit(const FieldInfo&, field&) for every field of the node in order; for Constant, visit.constant(Constant&).
template <class NodePointer, class Visitor>
void visit_fields(NodePointer node, Visitor&& visit);

/// The text of CPython's ast.dump(node, include_attributes=...).
std::string dump(const Node* node, bool include_attributes = false);

}  // namespace hiss::syntax

#include "syntax/ast_visit.h"
