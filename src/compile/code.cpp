#include "compile/code.h"

#include <fmt/core.h>

#include <algorithm>

#include "compile/code_tables.h"

#include "object/protocol.h"

namespace hiss {

const char* const kOpNames[] = {
#define OP(name, operands, cache) #name,
#include "compile/bytecode.def"
#undef OP
};
const uint8_t kOpCacheWords[] = {
#define OP(name, operands, cache) cache,
#include "compile/bytecode.def"
#undef OP
};
const char* const kOpOperands[] = {
#define OP(name, operands, cache) operands,
#include "compile/bytecode.def"
#undef OP
};

Type code_type;

Code* allocate_code() { return allocate_as<Code>(code_type); }

void Code::seal() {
  static uint32_t versions = 0;
  version = versions < INT32_MAX ? ++versions : 0;
  const std::string_view title = utf8_view(as<Str>(name));
  comprehension = title == "<listcomp>" || title == "<genexpr>" || title == "<dictcomp>" || title == "<setcomp>";
  first = instructions->data();
  machine = nullptr;
  heat = initial_heat();
  first_unset = static_cast<uint32_t>(total_args());
  simple_arguments = !(code_flags & (kCodeVarargs | kCodeVarkeywords)) && kwonlyargcount == 0;
  const bool direct = simple_arguments && !(code_flags & kMakesGenerator) && !closure_register;
  direct_argcount = direct ? static_cast<uint32_t>(argcount) : UINT32_MAX;
}

Str* Code::local_name(uint32_t reg) const {
  auto* variables = as<Tuple>(varnames);
  if (reg < static_cast<uint32_t>(variables->size)) return as<Str>(variables->items[reg]);
  auto* cells = as<Tuple>(cellvars);
  for (int64_t i = 0; i < cells->size; ++i) {
    if ((*cell_arguments)[static_cast<size_t>(i)] == reg) return as<Str>(cells->items[i]);
  }
  if (closure_register && reg >= closure_register) return as<Str>(as<Tuple>(freevars)->items[reg - closure_register]);
  return intern("?");
}

Position position_at(const Code* code, uint32_t index) {
  if (index >= code->positions->size()) return {code->firstlineno, code->firstlineno, -1, -1};
  return (*code->positions)[index];
}

std::string disassemble(const Code* code) {
  std::string out;
  for (size_t i = 0; i < code->instructions->size(); ++i) {
    const Instruction in = (*code->instructions)[i];
    const auto op = static_cast<size_t>(in.op());
    out +=
        fmt::format("{:4} {:5} {:20} A={} B={} C={} flags={}  ({})\n", position_at(code, static_cast<uint32_t>(i)).line,
                    i, kOpNames[op], in.a(), in.b(), in.c(), in.flags(), kOpOperands[op]);
    i += kOpCacheWords[op];
  }
  for (const ExceptionEntry& e : *code->exception_table) {
    out += fmt::format("  [{}, {}) -> {} depth {}\n", e.start, e.end,
                       e.target == UINT32_MAX ? std::string("restore handled") : std::to_string(e.target), e.depth);
  }
  return out;
}

namespace {

Code* self_code(Value v) { return as<Code>(v); }

void code_dealloc(Object* o) {
  auto* c = static_cast<Code*>(o);
  for (Value* v :
       {&c->name, &c->qualname, &c->filename, &c->consts, &c->names, &c->varnames, &c->cellvars, &c->freevars})
    clear_field(*v);
  if (c->machine) free_machine_code(c);
  delete c->instructions;
  delete c->exception_table;
  delete c->positions;
  delete c->cell_arguments;
  free_object(o);
}

Ref code_repr(Value self) {
  auto* c = self_code(self);
  return make_str(fmt::format("<code object {} at {:#x}, file \"{}\", line {}>", to_string(c->name), self.bits(),
                              to_string(c->filename), c->firstlineno));
}

Ref get_name(Value self) { return Ref::share(self_code(self)->name); }
Ref get_qualname(Value self) { return Ref::share(self_code(self)->qualname); }
Ref get_filename(Value self) { return Ref::share(self_code(self)->filename); }
Ref get_consts(Value self) { return Ref::share(self_code(self)->consts); }
Ref get_names(Value self) { return Ref::share(self_code(self)->names); }
Ref get_varnames(Value self) { return Ref::share(self_code(self)->varnames); }
Ref get_cellvars(Value self) { return Ref::share(self_code(self)->cellvars); }
Ref get_freevars(Value self) { return Ref::share(self_code(self)->freevars); }
Ref get_argcount(Value self) { return make_int(self_code(self)->argcount); }
Ref get_posonly(Value self) { return make_int(self_code(self)->posonlyargcount); }
Ref get_kwonly(Value self) { return make_int(self_code(self)->kwonlyargcount); }
Ref get_nlocals(Value self) { return make_int(self_code(self)->nlocals); }
// The registers of temporaries: what stands on the stack in CPython.
Ref get_stacksize(Value self) {
  auto* c = self_code(self);
  return make_int(c->register_count - c->local_register_count);
}
Ref get_code(Value self) { return code_bytes(self_code(self)); }
Ref get_linetable(Value self) { return line_table(self_code(self)); }
Ref get_exceptiontable(Value self) { return exception_table_bytes(self_code(self)); }
Ref get_flags(Value self) { return make_int(self_code(self)->code_flags); }
Ref get_firstlineno(Value self) { return make_int(self_code(self)->firstlineno); }

Ref or_none(int32_t n) { return n < 0 ? Ref::none() : make_int(n); }

Ref method_positions(Value self, const Value*) {
  Ref list = make_list();
  for (const Position& p : *self_code(self)->positions) {
    list_append(as<List>(list),
                make_tuple({or_none(p.line), or_none(p.end_line), or_none(p.column), or_none(p.end_column)}));
  }
  return get_iter(list);
}

// (start, end, line) with offsets of two per word, as the bytecode offsets of CPython. A line that has no instruction
// of its own, the one on which the code begins, has an empty range (PEP 626).
Ref method_lines(Value self, const Value*) {
  Ref list = make_list();
  const auto& positions = *self_code(self)->positions;
  const bool module =
      !(self_code(self)->code_flags & kCodeNewLocals) && equal(as<Str>(self_code(self)->name), "<module>");
  const int32_t first = module ? 0 : self_code(self)->firstlineno;
  if (!positions.empty() && positions[0].line != first && positions[0].line >= 0) {
    list_append(as<List>(list), make_tuple({Value::integer(0), Value::integer(0), Value::integer(first)}));
  }
  for (size_t i = 0; i < positions.size();) {
    size_t j = i;
    while (j < positions.size() && positions[j].line == positions[i].line) ++j;
    list_append(as<List>(list), make_tuple({Value::integer(static_cast<int64_t>(i * 2)),
                                            Value::integer(static_cast<int64_t>(j * 2)), or_none(positions[i].line)}));
    i = j;
  }
  return get_iter(list);
}

// code.replace(): a copy with other names, lines, flags or tables. As in CPython, whoever replaces instructions answers
// for them.
Ref method_replace(Value self, const Value* args) {
  auto* c = self_code(self);
  Code* copy = allocate_code();
  Ref hold = Ref::steal(copy);
  const std::pair<Value Code::*, const char*> texts[] = {
      {&Code::name, "co_name"},         {&Code::qualname, "co_qualname"}, {&Code::filename, "co_filename"},
      {&Code::consts, "co_consts"},     {&Code::names, "co_names"},       {&Code::varnames, "co_varnames"},
      {&Code::cellvars, "co_cellvars"}, {&Code::freevars, "co_freevars"}};
  auto* changes = as<Dict>(args[0]);
  int64_t used = 0;
  for (auto [field, field_name] : texts) {
    Value changed = dict_get(changes, intern(field_name));
    used += static_cast<bool>(changed);
    copy->*field = Ref::share(changed ? changed : c->*field).release();
  }
  const std::pair<int32_t Code::*, const char*> numbers[] = {{&Code::argcount, "co_argcount"},
                                                             {&Code::posonlyargcount, "co_posonlyargcount"},
                                                             {&Code::kwonlyargcount, "co_kwonlyargcount"},
                                                             {&Code::nlocals, "co_nlocals"},
                                                             {&Code::firstlineno, "co_firstlineno"}};
  for (auto [field, field_name] : numbers) {
    Value changed = dict_get(changes, intern(field_name));
    used += static_cast<bool>(changed);
    copy->*field = changed ? static_cast<int32_t>(TRY(to_int64(changed))) : c->*field;
  }
  Value flags = dict_get(changes, intern("co_flags"));
  used += static_cast<bool>(flags);
  copy->code_flags = flags ? static_cast<uint32_t>(TRY(to_int64(flags))) : c->code_flags;
  copy->register_count = c->register_count;
  copy->local_count = c->local_count;
  copy->local_register_count = c->local_register_count;
  copy->closure_register = c->closure_register;
  copy->instructions = new std::vector<Instruction>(*c->instructions);
  copy->exception_table = new std::vector<ExceptionEntry>(*c->exception_table);
  copy->positions = new std::vector<Position>(*c->positions);
  copy->cell_arguments = new std::vector<uint16_t>(*c->cell_arguments);
  if (Value text = dict_get(changes, intern("co_code"))) {
    ++used;
    TRY(set_code_bytes(copy, text));
  }
  if (Value table = dict_get(changes, intern("co_linetable"))) {
    ++used;
    TRY(set_line_table(copy, table));
  }
  if (Value size = dict_get(changes, intern("co_stacksize"))) {
    ++used;
    const int64_t temporaries = TRY(to_int64(size));
    if (temporaries < 0 || temporaries + copy->local_register_count > 0xFFFF)
      return fail(exc::ValueError, "code: co_stacksize must fit the registers of a frame");
    // Instructions may use all the registers they were compiled for.
    copy->register_count =
        std::max(copy->register_count, copy->local_register_count + static_cast<uint32_t>(temporaries));
  }
  if (Value table = dict_get(changes, intern("co_exceptiontable"))) {
    ++used;
    TRY(set_exception_table(copy, table));
  }
  if (used != changes->used) {
    for (int64_t i = 0; DictEntry* e = dict_next(changes, i);) {
      if (!has_attr(self, as<Str>(e->key)).value())
        return fail(exc::TypeError, "'{}' is an invalid keyword argument for replace()", to_string(e->key));
    }
  }
  copy->seal();
  return hold;
}

Ref method_disassemble(Value self, const Value*) { return make_str(disassemble(self_code(self))); }

Result<int64_t> code_hash(Value self) {
  const int64_t h =
      TRY(hash(self_code(self)->name)) ^ TRY(hash(self_code(self)->consts)) ^ self_code(self)->firstlineno;
  return h == -1 ? -2 : h;
}
Ref code_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is<Code>(b)) return Ref::not_implemented();
  auto* x = self_code(a);
  auto* y = self_code(b);
  bool same = x == y;
  if (!same && x->firstlineno == y->firstlineno && x->argcount == y->argcount &&
      x->instructions->size() == y->instructions->size()) {
    same = TRY(equal(x->name, y->name)) && TRY(equal(x->consts, y->consts)) && TRY(equal(x->names, y->names)) &&
           TRY(equal(x->varnames, y->varnames)) && TRY(equal(x->freevars, y->freevars)) &&
           TRY(equal(x->cellvars, y->cellvars)) && *x->positions == *y->positions;
  }
  return Ref::boolean(same == (op == CompareOp::Eq));
}

const NativeDef kMethods[] = {{"co_positions", "($self, /)", method_positions, nullptr},
                              {"co_lines", "($self, /)", method_lines, nullptr},
                              {"replace", "($self, /, **changes)", method_replace,
                               "Return a copy of the code object with new values for the specified fields."},
                              {"_disassemble", "($self, /)", method_disassemble, "The instructions as text."},
                              {}};
const GetSetDef kGetSets[] = {{"co_name", get_name, nullptr},
                              {"co_qualname", get_qualname, nullptr},
                              {"co_filename", get_filename, nullptr},
                              {"co_consts", get_consts, nullptr},
                              {"co_names", get_names, nullptr},
                              {"co_varnames", get_varnames, nullptr},
                              {"co_cellvars", get_cellvars, nullptr},
                              {"co_freevars", get_freevars, nullptr},
                              {"co_argcount", get_argcount, nullptr},
                              {"co_posonlyargcount", get_posonly, nullptr},
                              {"co_kwonlyargcount", get_kwonly, nullptr},
                              {"co_nlocals", get_nlocals, nullptr},
                              {"co_stacksize", get_stacksize, nullptr},
                              {"co_flags", get_flags, nullptr},
                              {"co_firstlineno", get_firstlineno, nullptr},
                              {"co_code", get_code, nullptr, "the instructions: 8 bytes a word, caches empty"},
                              {"co_linetable", get_linetable, nullptr},
                              {"co_exceptiontable", get_exceptiontable, nullptr},
                              {}};

}  // namespace

void init_code_type() {
  define_type(code_type, {.name = "code",
                          .size = sizeof(Code),
                          .layout = Layout::Code,
                          .flags = Type::kNoInstances | Type::kWeakReferable,
                          .doc = "Code objects are made by the compiler."});
  code_type.slots.repr = code_repr;
  code_type.slots.hash = code_hash;
  code_type.slots.compare = code_compare;
  code_type.methods = kMethods;
  code_type.getsets = kGetSets;
  code_type.dealloc = code_dealloc;
  ready_type(code_type);
}

}  // namespace hiss
