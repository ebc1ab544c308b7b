// Emission: instructions, labels, constants, registers, and the finished code object.
#include <fmt/core.h>

#include "base/text.h"
#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

int Compiler::emit(Op op, uint8_t flags, uint32_t a, uint32_t b, uint32_t c) {
  unit_->instructions.push_back(Instruction::make(op, flags, a, b, c));
  unit_->positions.push_back(unit_->position);
  for (int i = 0; i < kOpCacheWords[static_cast<int>(op)]; ++i) emit_word(0);
  if (a > 0xFFFF || b > 0xFFFF || c > 0xFFFF)
    fail(nullptr, "too many names, constants or values in one block of code for Hiss (65,535 at most)");
  return here() - 1 - kOpCacheWords[static_cast<int>(op)];
}

int Compiler::emit_wide(Op op, uint32_t a, int32_t bc, uint8_t flags) {
  unit_->instructions.push_back(Instruction::make_wide(op, flags, a, bc));
  unit_->positions.push_back(unit_->position);
  for (int i = 0; i < kOpCacheWords[static_cast<int>(op)]; ++i) emit_word(0);
  if (a > 0xFFFF) fail(nullptr, "too many values in one block of code for Hiss (65,535 at most)");
  return here() - 1 - kOpCacheWords[static_cast<int>(op)];
}

void Compiler::emit_return(Register value) {
  emit(Op::Return, 0, static_cast<uint32_t>(value), static_cast<uint32_t>(mark()), 0);
}
void Compiler::emit_return() { emit(Op::ReturnNone, 0, 0, static_cast<uint32_t>(mark()), 0); }

void Compiler::emit_word(uint64_t word) {
  unit_->instructions.push_back({word});
  unit_->positions.push_back(unit_->position);
}

namespace {

void patch(Instruction& instruction, int offset, bool short_form) {
  if (short_form) {
    instruction = Instruction::make(instruction.op(), instruction.flags(), static_cast<uint32_t>(offset),
                                    instruction.b(), instruction.c());
  } else {
    instruction = Instruction::make_wide(instruction.op(), instruction.flags(), instruction.a(), offset);
  }
}

}  // namespace

// For a fused compare-and-jump the caller has emitted B and C already: `a` is ignored and the offset goes there.
void Compiler::jump(Op op, uint32_t a, Label& label, uint8_t flags) {
  const int index = emit_wide(op, a, 0, flags);
  if (label.position >= 0) {
    patch(unit_->instructions[static_cast<size_t>(index)], label.position - (index + 1), false);
  } else {
    label.uses.push_back({index, false});
  }
}

void Compiler::bind(Label& label) {
  label.position = here();
  for (const Label::Use& use : label.uses) {
    const int offset = label.position - (use.instruction + 1);
    if (use.short_form && (offset > 32767 || offset < -32768))
      fail(nullptr, "a block of code is too long for Hiss (32,767 instructions in one branch)");
    patch(unit_->instructions[static_cast<size_t>(use.instruction)], offset, use.short_form);
  }
  label.uses.clear();
  unit_->unreachable = false;
}

std::string constant_key(Value v) {
  if (v.is_integer()) return fmt::format("i{}", v.integer());
  if (v.is_number()) return fmt::format("f{:x}", v.bits());
  if (is_exact(v, str_type)) return "s" + to_string(v);
  if (is_exact(v, tuple_type)) {
    std::string key = "(";
    for (Value item : *as<Tuple>(v)) key += fmt::format("{}:", constant_key(item).size()) + constant_key(item);
    return key + ")";
  }
  if (is_exact(v, int_type) || is_exact(v, bytes_type) || is_exact(v, complex_type))
    return std::string(type_name(v)) + repr_text(v);
  return fmt::format("o{:x}", v.bits());
}

int Compiler::constant(Ref value) {
  std::string key = constant_key(value);
  auto [it, inserted] = unit_->constant_index.try_emplace(std::move(key), static_cast<int>(unit_->constants.size()));
  if (inserted) unit_->constants.push_back(std::move(value));
  return it->second;
}

int Compiler::name(std::string_view text) {
  Str* s = intern(text);
  auto [it, inserted] = unit_->name_index.try_emplace(s, static_cast<int>(unit_->names.size()));
  if (inserted) unit_->names.push_back(s);
  return it->second;
}

void Compiler::load_constant(Register dst, Ref value) {
  emit_wide(Op::LoadConst, static_cast<uint32_t>(dst), constant(std::move(value)));
}

Register Compiler::temporary() { return temporaries(1); }

Register Compiler::temporaries(int count) {
  const Register first = unit_->next_temporary;
  unit_->next_temporary += count;
  if (unit_->next_temporary > unit_->register_count) unit_->register_count = unit_->next_temporary;
  return first;
}

void Compiler::at(const ast::Node* node) {
  unit_->position = {node->lineno, node->end_lineno, node->col_offset, node->end_col_offset};
}

void Compiler::at_attribute(const ast::Attribute* e) {
  at(e);
  if (e->lineno == e->end_lineno) return;
  const auto length = static_cast<int32_t>(count_code_points(e->attr));
  unit_->position.line = e->end_lineno;
  const bool fits = length <= e->end_col_offset;  // not so in trees made by hand
  unit_->position.column = fits ? e->end_col_offset - length : -1;
  if (!fits) unit_->position.end_column = -1;
}

bool Compiler::fail(const ast::Node* node, std::string message) {
  if (failed_) return false;
  failed_ = true;
  ast::SyntaxErrorInfo info;
  info.message = std::move(message);
  if (node) {
    info.lineno = node->lineno;
    info.offset = node->col_offset + 1;
    info.end_lineno = node->end_lineno;
    info.end_offset = node->end_col_offset + 1;
  } else {
    // What is being compiled.
    const Position here = unit_ ? unit_->position : Position{1, 1, 0, 0};
    info.lineno = here.line;
    info.offset = here.column + 1;
    info.end_lineno = here.end_line;
    info.end_offset = here.end_column + 1;
  }
  raise_syntax_error(info, options_.filename);
  return false;
}

void Compiler::push_unit(UnitKind kind, const ast::Node* node, std::string name) {
  auto unit = std::make_unique<Unit>();
  unit->kind = kind;
  unit->scope = scopes_.by_node.at(node);
  unit->parent = unit_;
  unit->name = std::move(name);
  unit->class_name = unit->scope->class_name;
  unit->first_line = node->lineno > 0 ? node->lineno : 1;
  unit->position = {unit->first_line, unit->first_line, 0, 0};
  if (unit_ && unit_->kind != UnitKind::Module) {
    // A name that a global statement made global is not inside its function.
    Symbol* symbol = unit_->scope->find(mangle_name(scopes_, unit_->scope->class_name, unit->name));
    const bool global =
        symbol && symbol->kind == NameKind::GlobalExplicit && (kind == UnitKind::Function || kind == UnitKind::Class);
    const bool function = unit_->kind != UnitKind::Class;
    unit->qualname = global ? unit->name : unit_->qualname + (function ? ".<locals>." : ".") + unit->name;
  } else {
    unit->qualname = unit->name;
  }
  unit_ = unit.get();
  units_.push_back(std::move(unit));
  lay_out_registers();
}

// Registers: parameters, other locals, cells, the cells of free variables where there is no function to close over
// them, then temporaries.
void Compiler::lay_out_registers() {
  Unit& u = *unit_;
  Scope& s = *u.scope;
  if (s.kind == ScopeKind::Function) {
    for (std::string_view p : s.parameters) {
      u.registers[p] = static_cast<Register>(u.locals.size());
      u.locals.push_back(p);
    }
    for (std::string_view n : s.order) {
      const Symbol& symbol = s.symbols[n];
      if (symbol.kind == NameKind::Local && !(symbol.flags & Symbol::kParameter)) {
        u.registers[n] = static_cast<Register>(u.locals.size());
        u.locals.push_back(n);
      }
    }
  }
  auto next = static_cast<Register>(u.locals.size());
  for (std::string_view n : s.order) {
    const Symbol& symbol = s.symbols[n];
    if (symbol.kind == NameKind::Cell) {
      u.cells.push_back(n);
      if (auto it = u.registers.find(n); it != u.registers.end()) {
        u.cell_arguments.push_back(static_cast<uint16_t>(it->second));
      } else {
        u.registers[n] = next;
        u.cell_arguments.push_back(static_cast<uint16_t>(next++));
      }
    }
  }
  if (s.kind == ScopeKind::Class && s.needs_class_cell) {
    u.cells.push_back("__class__");
    u.registers["__class__"] = next;
    u.cell_arguments.push_back(static_cast<uint16_t>(next++));
  }
  for (std::string_view n : s.order) {
    const Symbol& symbol = s.symbols[n];
    if (symbol.kind == NameKind::Free || (symbol.flags & Symbol::kFreeInClass)) {
      if (is_called_in_place(u)) {
        if (!u.closure_register) u.closure_register = next;
        u.registers[n] = next++;
      } else {
        u.free_index[n] = static_cast<int>(u.frees.size());
      }
      u.frees.push_back(n);
    }
  }
  u.first_temporary = u.next_temporary = u.register_count = next;
  u.assigned.assign(static_cast<size_t>(next), false);
  u.ever_deleted.assign(static_cast<size_t>(next), false);
  for (size_t i = 0; i < s.parameters.size(); ++i) u.assigned[i] = true;
  for (auto& [n, r] : u.registers) {
    if (const Symbol* symbol = s.find(n); symbol && (symbol->flags & Symbol::kDeleted))
      u.ever_deleted[static_cast<size_t>(r)] = true;
  }
  for (uint16_t r : u.cell_arguments) emit(Op::MakeCell, 0, r, 0, 0);
}

namespace {

Ref names_tuple(const std::vector<std::string_view>& names) {
  std::vector<Value> values;
  for (std::string_view n : names) values.push_back(to_value(intern(n)));
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}

}  // namespace

// Jumps to the return at the end become returns, or lead to one of their own: a frame that ends there is at the line
// that was executed last, not at the last line of the code.
void Compiler::spread_final_return(int index) {
  Unit& u = *unit_;
  const Instruction final_return = u.instructions[static_cast<size_t>(index)];
  std::unordered_map<int32_t, int> by_line = {{u.positions[static_cast<size_t>(index)].line, index}};
  for (int i = 0; i < index; ++i) {
    Instruction& in = u.instructions[static_cast<size_t>(i)];
    const auto op = static_cast<size_t>(in.op());
    const std::string_view operands = kOpOperands[op];
    const bool short_form = operands.find("A=offset") != operands.npos;
    const bool jumps = short_form || operands.find("BC=offset") != operands.npos;
    const int offset = short_form ? static_cast<int16_t>(in.a()) : in.bc();
    if (jumps && i + 1 + offset == index) {
      if (in.op() == Op::Jump) {
        in = final_return;
      } else {
        const Position position = u.positions[static_cast<size_t>(i)];
        auto [found, inserted] = by_line.try_emplace(position.line, here());
        if (!short_form || found->second - (i + 1) <= 32767) {
          patch(in, found->second - (i + 1), short_form);
          if (inserted) {
            u.instructions.push_back(final_return);
            u.positions.push_back(position);
          }
        } else if (inserted) {
          by_line.erase(found);
        }
      }
    }
    i += kOpCacheWords[op];
  }
}

Ref Compiler::finish_unit() {
  Unit& u = *unit_;
  if (!u.unreachable) {
    emit_return();
    spread_final_return(here() - 1);
  }
  Code* code = allocate_code();
  Ref hold = Ref::steal(code);
  code->name = Ref::share(intern(u.name)).release();
  code->qualname = make_str(u.qualname).release();
  code->filename = Ref::share(intern(options_.filename)).release();
  std::vector<Value> values(u.constants.begin(), u.constants.end());
  code->consts = make_tuple(values.data(), static_cast<int64_t>(values.size())).release();
  values.clear();
  for (Str* n : u.names) values.push_back(to_value(n));
  code->names = make_tuple(values.data(), static_cast<int64_t>(values.size())).release();
  code->varnames = names_tuple(u.locals).release();
  code->cellvars = names_tuple(u.cells).release();
  code->freevars = names_tuple(u.frees).release();
  code->argcount = u.argcount;
  code->posonlyargcount = u.posonlyargcount;
  code->kwonlyargcount = u.kwonlyargcount;
  code->nlocals = static_cast<int32_t>(u.locals.size());
  Scope& s = *u.scope;
  uint32_t flags = u.flags;
  if (s.kind == ScopeKind::Function) flags |= kCodeOptimized | kCodeNewLocals;
  if (s.varargs) flags |= kCodeVarargs;
  if (s.varkeywords) flags |= kCodeVarkeywords;
  if (s.nested && s.kind == ScopeKind::Function) flags |= kCodeNested;
  if (s.kind == ScopeKind::Function) {
    const bool generator = s.is_generator || s.generator_expression;
    if (generator && s.is_coroutine) {
      flags |= kCodeAsyncGenerator;
    } else if (generator) {
      flags |= kCodeGenerator;
    } else if (s.is_coroutine) {
      flags |= kCodeCoroutine;
    }
  } else if (s.is_coroutine && options_.top_level_await) {
    flags |= kCodeCoroutine;
  }
  if (options_.future_annotations) flags |= kCodeFutureAnnotations;
  code->code_flags = flags;
  code->firstlineno = u.first_line;
  code->register_count = static_cast<uint32_t>(u.register_count);
  code->local_count = static_cast<uint32_t>(u.locals.size());
  code->local_register_count = static_cast<uint32_t>(u.first_temporary);
  code->closure_register = static_cast<uint32_t>(u.closure_register);
  code->instructions = new std::vector<Instruction>(std::move(u.instructions));
  code->exception_table = new std::vector<ExceptionEntry>(std::move(u.exceptions));
  code->positions = new std::vector<Position>(std::move(u.positions));
  code->cell_arguments = new std::vector<uint16_t>(std::move(u.cell_arguments));
  code->seal();
  if (u.register_count > 0xFFFF)
    fail(nullptr, "too many local variables and temporaries in one function for Hiss (65,535 at most)");
  unit_ = u.parent;
  return hold;
}

}  // namespace hiss
