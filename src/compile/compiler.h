// Syntax tree -> code object. One Unit is one code object in the making; the Compiler walks the tree and emits into the
// innermost.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "compile/code.h"
#include "compile/scopes.h"
#include "syntax/ast.h"

namespace hiss {

using Register = int;

struct Label {
  int position = -1;
  struct Use {
    int instruction;
    bool short_form;  // the offset is in A (fused compare-and-jump)
  };
  std::vector<Use> uses;
};

/// A construct around the current statement that return, break and continue have to leave properly.
struct Block {
  enum Kind : uint8_t { Loop, TryFinally, With, AsyncWith, Handler, StarHandler, HandlerName, FinallyHandler } kind;
  Label* break_label = nullptr;
  Label* continue_label = nullptr;
  Register reg = -1;                  // Loop: the iterator (or -1); With: __exit__; handlers: the exception
  ast::Seq<ast::Stmt*> final_body{};  // TryFinally
  std::string_view name{};            // HandlerName
  int range_start = 0;                // code covered by this block's exception entry, still open
  std::vector<std::pair<int, int>> ranges;
  ast::Node* node = nullptr;  // where a with statement stands
};

enum class UnitKind : uint8_t { Module, Class, Function, Lambda, Comprehension };

struct Unit {
  UnitKind kind;
  Scope* scope;
  Unit* parent = nullptr;
  std::string name, qualname;
  std::string class_name;
  std::vector<Instruction> instructions;
  std::vector<Position> positions;
  std::vector<ExceptionEntry> exceptions;
  std::vector<Ref> constants;
  std::unordered_map<std::string, int> constant_index;
  std::vector<Str*> names;
  std::unordered_map<Str*, int> name_index;
  std::vector<std::string_view> locals;                      // varnames: parameters first
  std::unordered_map<std::string_view, Register> registers;  // locals and cells of this unit
  std::vector<std::string_view> cells, frees;
  std::unordered_map<std::string_view, int> free_index;
  std::vector<uint16_t> cell_arguments;
  Register closure_register = 0;  // see Code
  Register first_temporary = 0, next_temporary = 0, register_count = 0;
  std::vector<bool> assigned;  // definitely assigned registers
  std::vector<bool> ever_deleted;
  std::vector<Block> blocks;
  Position position{1, 1, 0, 0};
  uint32_t flags = 0;
  int argcount = 0, posonlyargcount = 0, kwonlyargcount = 0, first_line = 1;
  bool unreachable = false;
};

/// A value that the current instruction may use: a register, and whether it is a temporary that dies with this use.
struct Operand {
  Register reg;
  bool temporary;
};
/// The flags of an instruction after which its operands B and C, when they are temporaries, are dead.
inline uint8_t dying(Operand b, Operand c) {
  return static_cast<uint8_t>((b.temporary ? kDyingB : 0) | (c.temporary ? kDyingC : 0));
}

struct CompileOptions {
  std::string filename;
  int optimize = 0;  // 0; 1 drops asserts; 2 drops docstrings too
  bool future_annotations = false;
  bool byte_columns = false;     // syntax::ParseOptions::byte_columns
  bool top_level_await = false;  // ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
};

class Compiler {
 public:
  Compiler(const CompileOptions& options, ScopeTree& scopes) : options_(options), scopes_(scopes) {}
  /// The module's code object, or an error set as the pending exception.
  Ref compile(ast::Mod* module);

 private:
  // emitter.cpp
  int emit(Op op, uint8_t flags, uint32_t a, uint32_t b, uint32_t c);
  /// Returns a register's value, or None.
  void emit_return(Register value);
  void emit_return();
  int emit_wide(Op op, uint32_t a, int32_t bc, uint8_t flags = 0);
  void emit_word(uint64_t word);
  void jump(Op op, uint32_t a, Label& label, uint8_t flags = 0);
  void bind(Label& label);
  int here() const { return static_cast<int>(unit_->instructions.size()); }
  int constant(Ref value);
  int name(std::string_view text);
  void load_constant(Register dst, Ref value);
  Register temporary();
  Register temporaries(int count);
  void free_to(Register mark) { unit_->next_temporary = mark; }
  Register mark() const { return unit_->next_temporary; }
  bool is_temporary(Register r) const { return r >= unit_->first_temporary; }
  void release(Register r) { emit(Op::Release, 0, static_cast<uint32_t>(r), 0, 0); }
  void at(const ast::Node* node);
  /// An attribute that stands on a later line than its object begins: the name is the place to show.
  void at_attribute(const ast::Attribute* e);
  void push_unit(UnitKind kind, const ast::Node* node, std::string name);
  Ref finish_unit();
  void lay_out_registers();
  void spread_final_return(int index);
  bool fail(const ast::Node* node, std::string message);

  // names.cpp
  std::string_view mangle(std::string_view name) { return mangle_name(scopes_, unit_->scope->class_name, name); }
  NameKind name_kind(std::string_view mangled);
  void load_name(Register dst, std::string_view name);
  void store_name(std::string_view name, Operand value);
  void delete_name(std::string_view name);
  Register local_register(std::string_view mangled);  // -1 when the name is no plain local here
  void check_local(Register r);

  // expressions.cpp
  Operand expression(ast::Expr* e);  // any register
  void expression_to(ast::Expr* e, Register dst);
  Operand left_operand(ast::Expr* e, ast::Expr* right, Register dst);
  void discard(ast::Expr* e);
  void jump_if(ast::Expr* e, bool when, Label& target);
  bool constant_of(ast::Expr* e, Ref& out);  // folds constants
  /// [1, 2] and {1, 2} where only their items matter: a tuple, a frozenset.
  bool constant_container(ast::Expr* e, Ref& out);
  void binary(Op op, Register dst, Operand left, Operand right, uint8_t flags = 0);
  void bin_op(ast::BinOp* e, Register dst);
  void bool_op(ast::BoolOp* e, Register dst);
  void compare(ast::Compare* e, Register dst);
  void compare_one(ast::CmpOp op, Register dst, Operand left, Operand right);
  void call(ast::Call* e, Register dst);
  void call_unpacked(ast::Call* e, Register callee, Register dst);
  void dict(ast::Dict* e, Register dst);
  void sequence(ast::Seq<ast::Expr*> elements, Op build, Register dst);
  void formatted(ast::FormattedValue* e, Register dst);
  void joined(ast::JoinedStr* e, Register dst);
  void joined_parts(ast::JoinedStr* e, int32_t begin, int32_t end, Register dst);
  void subscript_key(ast::Expr* slice, Operand& key);
  Register slice_bounds(syntax::Slice* s);
  void yield_from(Register dst, Register receiver, bool await);
  void await_value(Register dst, Register object, int where);
  bool in_async_function() const;
  /// Module code compiled with PyCF_ALLOW_TOP_LEVEL_AWAIT becomes a coroutine when it awaits something.
  bool awaits_at_top_level();
  void drop(Operand o) {
    if (o.temporary) release(o.reg);
  }

  // assignments (statements.cpp)
  void store(ast::Expr* target, Operand value);
  void unpack(ast::Seq<ast::Expr*> targets, Operand value, const ast::Node* node);
  bool assign_in_parallel(ast::Assign* s);
  static constexpr int32_t kMostInParallel = 8;
  void delete_target(ast::Expr* target);
  void aug_assign(ast::AugAssign* s);
  void ann_assign(ast::AnnAssign* s);

  // statements.cpp
  void body(ast::Seq<ast::Stmt*> statements);
  void statement(ast::Stmt* s);
  void if_(ast::If* s);
  void while_(ast::While* s);
  void for_(ast::For* s);
  void async_for(ast::AsyncFor* s);
  void try_(ast::Try* s);
  void try_except(ast::Seq<ast::Stmt*> body, ast::Seq<ast::ExceptHandler*> handlers, ast::Seq<ast::Stmt*> orelse);
  /// `protected_part` emits what the finally clause stands behind.
  void try_finally(ast::Seq<ast::Stmt*> finalbody, const std::function<void()>& protected_part);
  void named_handler_body(ast::ExceptHandler* h, Register exception);
  void try_star(ast::TryStar* s);
  void try_except_star(ast::TryStar* s);
  void star_handler(ast::ExceptHandler* h, Register rest, Register results);
  void star_handler_body(ast::ExceptHandler* h, Register match);
  bool leaves_star_handler(const ast::Node* node, size_t until);
  void with(ast::With* s, int32_t item);
  void async_with(ast::AsyncWith* s, int32_t item);
  void return_(ast::Return* s);
  void break_or_continue(ast::Stmt* s, bool is_break);
  void raise(ast::Raise* s);
  void assert_(ast::Assert* s);
  void import(ast::Import* s);
  void import_from(ast::ImportFrom* s);
  /// Leaves blocks from the innermost out to (not including) `until`, running finally bodies and __exit__s.
  void unwind_blocks(size_t until);
  void unwind_block(Block block);
  void close_range(Block& b);
  void add_entries(const Block& b, Label& target, Register depth);
  void handled_range(int start, Register depth);
  void exit_call(Register exit, bool async, const ast::Node* node);

  // checks.cpp
  /// Fails when the name may not be a target (__debug__).
  bool check_target_name(const ast::Node* node, std::string_view name, bool deletes);
  void check_keywords(ast::Seq<ast::Keyword*> keywords, const ast::Node* node);
  void check_parameters(const ast::Arguments* args, const ast::Node* node);
  void warn_syntax(const ast::Node* node, const std::string& message);
  void check_identity(ast::Compare* e);
  void check_callee(ast::Call* e);
  void check_subscript(ast::Subscript* e);

  // functions.cpp
  void function_def(ast::Stmt* node, std::string_view name, ast::Arguments* args, ast::Seq<ast::Stmt*> body,
                    ast::Seq<ast::Expr*> decorators, ast::Expr* returns, bool is_async);
  void lambda(ast::Lambda* e, Register dst);
  void class_def(ast::ClassDef* s);
  void comprehension(ast::Expr* e, ast::Seq<ast::Comprehension*> generators, Register dst);
  void comprehension_level(ast::Expr* e, ast::Seq<ast::Comprehension*> generators, int32_t level, Register collection);
  void begin_function(ast::Arguments* args);
  void load_cell(Register dst, std::string_view n);
  static bool is_called_in_place(const Unit& u);
  void make_function(Register dst, Ref code, Unit& inner, ast::Arguments* args, ast::Expr* returns);
  bool annotations(ast::Arguments* args, ast::Expr* returns, Register dst);
  void annotation_value(ast::Expr* e, Register dst);
  void apply_decorators(ast::Seq<ast::Expr*> decorators, Register callee_base);

  // patterns.cpp
  void match(ast::Match* s);
  struct PatternContext;
  void pattern(ast::Pattern* p, Register subject, Label& fail_label,
               std::vector<std::pair<std::string_view, Register>>& captures);
  void sequence_pattern(ast::MatchSequence* p, Register subject, Label& fail_label,
                        std::vector<std::pair<std::string_view, Register>>& captures);
  void mapping_pattern(ast::MatchMapping* p, Register subject, Label& fail_label,
                       std::vector<std::pair<std::string_view, Register>>& captures);
  void class_pattern(ast::MatchClass* p, Register subject, Label& fail_label,
                     std::vector<std::pair<std::string_view, Register>>& captures);
  void or_pattern(ast::MatchOr* p, Register subject, Label& fail_label,
                  std::vector<std::pair<std::string_view, Register>>& captures);
  void subpattern(ast::Pattern* p, Register subject, Label& fail_label,
                  std::vector<std::pair<std::string_view, Register>>& captures);
  void sequence_parts(ast::MatchSequence* p, Register subject, Register length, int star, Label& fail_label,
                      std::vector<std::pair<std::string_view, Register>>& captures);
  void sequence_items(ast::MatchSequence* p, Register subject, Register length, int star, Label& fail_label,
                      std::vector<std::pair<std::string_view, Register>>& captures);
  void check_mapping_keys(ast::MatchMapping* p);
  void check_attributes(ast::MatchClass* p);
  void capture(std::string_view name, Register source, const ast::Node* node,
               std::vector<std::pair<std::string_view, Register>>& captures);

  Ref docstring(ast::Seq<ast::Stmt*> body);

  CompileOptions options_;
  ScopeTree& scopes_;
  std::vector<std::unique_ptr<Unit>> units_;
  Unit* unit_ = nullptr;
  bool failed_ = false;
  bool interactive_ = false;
  bool allow_irrefutable_ = true;  // a pattern that always fits may stand here
};

/// Source text to a code object: parses, analyses, compiles. The pending exception is set on errors.
Ref compile_source(std::string_view utf8, const std::string& filename, ast::Mode mode, const CompileOptions& options);
Ref compile_source(std::string_view utf8, const ast::ParseOptions& parse_options, const CompileOptions& options);
Ref compile_module(ast::Mod* module, const CompileOptions& options);
/// Source text to a syntax tree in the arena; warnings are issued, errors raised.
Result<ast::Mod*> parse_source(std::string_view utf8, const std::string& filename, const ast::ParseOptions& options,
                               ast::Arena& arena);
/// The scopes of a module, with its __future__ statements read into the options.
Result<std::unique_ptr<ScopeTree>> analyze_module(ast::Mod* module, CompileOptions& options);
/// Checks a tree that no parser made (ast objects): ValueError for what the grammar forbids.
Status validate_tree(const ast::Mod* module);
/// Makes and raises a SyntaxError (or its subclass) from the front end's description.
Failure raise_syntax_error(const ast::SyntaxErrorInfo& info, const std::string& filename);
/// The same for errors about scopes and __future__: the place is in the attributes only, as CPython has it.
Failure raise_located_error(const ast::SyntaxErrorInfo& info, const std::string& filename);
/// The value of a literal.
Ref constant_value(const ast::Constant* c);
/// A key under which equal constants of equal type are merged.
std::string constant_key(Value v);
std::string unparse(ast::Expr* e);  // for `from __future__ import annotations`

}  // namespace hiss
