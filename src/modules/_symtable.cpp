// _symtable: the compiler's scopes as the symtable module shows them, with CPython's numbers.
#include "compile/compiler.h"
#include "compile/source_text.h"
#include "modules/module_content.h"
#include "syntax/arena.h"

namespace hiss {

namespace {

Type entry_type;

// CPython's flags of a symbol; its scope stands kScopeOffset bits higher.
enum SymbolFlags : int64_t {
  kDefGlobal = 1,
  kDefLocal = 2,
  kDefParameter = 4,
  kDefNonlocal = 8,
  kUse = 16,
  kDefFree = 32,
  kDefFreeClass = 64,
  kDefImport = 128,
  kDefAnnotation = 256,
  kDefComprehensionIterator = 512,
};
enum SymbolScope : int64_t { kLocal = 1, kGlobalExplicit, kGlobalImplicit, kFree, kCell };
constexpr int kScopeOffset = 11;
constexpr int64_t kScopeMask = 15;
enum TableType : int64_t { kFunctionTable, kClassTable, kModuleTable };

struct Entry : Object {
  static constexpr Layout kLayout = Layout::Native;
  Value name, symbols, varnames, children;  // str, dict, list, list
  int64_t id, type, lineno;
  bool nested;
};
Entry* self_entry(Value v) { return static_cast<Entry*>(v.object()); }

void entry_dealloc(Object* o) {
  auto* e = static_cast<Entry*>(o);
  for (Value* v : {&e->name, &e->symbols, &e->varnames, &e->children}) clear_field(*v);
  free_object(o);
}
void entry_traverse(Object* o, Visitor& visit) {
  auto* e = static_cast<Entry*>(o);
  for (Value v : {e->name, e->symbols, e->varnames, e->children}) visit(v);
}

int64_t flags_of(const Symbol& symbol) {
  const std::pair<uint16_t, int64_t> pairs[] = {{Symbol::kGlobal, kDefGlobal},
                                                {Symbol::kAssigned, kDefLocal},
                                                {Symbol::kParameter, kDefParameter},
                                                {Symbol::kNonlocal, kDefNonlocal},
                                                {Symbol::kUse, kUse},
                                                {Symbol::kFreeInClass, kDefFreeClass},
                                                {Symbol::kImported, kDefImport},
                                                {Symbol::kAnnotated, kDefAnnotation},
                                                {Symbol::kComprehensionIterator, kDefComprehensionIterator}};
  int64_t flags = 0;
  for (auto [ours, theirs] : pairs) flags |= symbol.flags & ours ? theirs : 0;
  return flags;
}

int64_t scope_of(NameKind kind) {
  switch (kind) {
    case NameKind::Local:
      return kLocal;
    case NameKind::Cell:
      return kCell;
    case NameKind::Free:
      return kFree;
    case NameKind::GlobalExplicit:
      return kGlobalExplicit;
    case NameKind::GlobalImplicit:
      break;
  }
  return kGlobalImplicit;
}

Ref make_entry(const Scope& scope) {
  auto* entry = allocate_as<Entry>(entry_type);
  Ref hold = Ref::steal(entry);
  entry->name = Ref::share(intern(scope.name)).release();
  entry->type = scope.kind == ScopeKind::Module  ? kModuleTable
                : scope.kind == ScopeKind::Class ? kClassTable
                                                 : kFunctionTable;
  entry->id = static_cast<int64_t>(reinterpret_cast<uintptr_t>(scope.node));
  entry->lineno = scope.kind == ScopeKind::Module ? 0 : scope.node->lineno;
  entry->nested = scope.nested;
  Ref symbols = make_dict();
  for (std::string_view name : scope.order) {
    const Symbol& symbol = scope.symbols.at(name);
    dict_set(as<Dict>(symbols), intern(name), make_int(flags_of(symbol) | scope_of(symbol.kind) << kScopeOffset));
  }
  entry->symbols = symbols.release();
  Ref parameters = make_list();
  for (std::string_view name : scope.parameters) list_append(as<List>(parameters), to_value(intern(name)));
  entry->varnames = parameters.release();
  Ref children = make_list();
  for (const auto& child : scope.children) list_append(as<List>(children), make_entry(*child));
  entry->children = children.release();
  track(entry);
  return hold;
}

template <Value Entry::*Field>
Ref get_value(Value self) {
  return Ref::share(self_entry(self)->*Field);
}
template <int64_t Entry::*Field>
Ref get_number(Value self) {
  return make_int(self_entry(self)->*Field);
}
Ref get_nested(Value self) { return make_int(self_entry(self)->nested); }

const GetSetDef kGetSets[] = {{"id", get_number<&Entry::id>, nullptr},
                              {"name", get_value<&Entry::name>, nullptr},
                              {"symbols", get_value<&Entry::symbols>, nullptr},
                              {"varnames", get_value<&Entry::varnames>, nullptr},
                              {"children", get_value<&Entry::children>, nullptr},
                              {"nested", get_nested, nullptr},
                              {"type", get_number<&Entry::type>, nullptr},
                              {"lineno", get_number<&Entry::lineno>, nullptr},
                              {}};

Ref entry_repr(Value self) {
  const auto* e = self_entry(self);
  return make_str(fmt::format("<symtable entry {}({}), line {}>", to_string(e->name), e->id, e->lineno));
}

Ref symtable(Value, const Value* a) {
  const std::string filename = TRY(filename_argument(a[1]));
  const std::string mode = to_string(TRY(str_argument(a[2], "symtable", "argument 3")));
  syntax::ParseOptions parsing;
  if (mode == "exec") {
    parsing.mode = syntax::Mode::Exec;
  } else if (mode == "eval") {
    parsing.mode = syntax::Mode::Eval;
  } else if (mode == "single") {
    parsing.mode = syntax::Mode::Single;
  } else {
    return fail(exc::ValueError, "symtable() arg 3 must be 'exec' or 'eval' or 'single'");
  }
  const SourceText source = TRY(source_argument(a[0], "symtable", "string or bytes object", filename));
  parsing.byte_columns = source.byte_columns;
  syntax::Arena arena;
  ast::Mod* module = TRY(parse_source(source.text, filename, parsing, arena));
  CompileOptions options;
  options.filename = filename;
  auto scopes = TRY(analyze_module(module, options));
  return make_entry(*scopes->root);
}

const NativeDef kFunctions[] = {{"symtable", "($module, source, filename, startstr, /)", symtable,
                                 "The table of the names in a piece of source, with one child for each inner scope."},
                                {}};

Status initialize(Value module) {
  define_type(entry_type, {.name = "symtable entry",
                           .size = sizeof(Entry),
                           .layout = Layout::Native,
                           .flags = Type::kHasGc | Type::kNoInstances});
  entry_type.slots.repr = entry_repr;
  entry_type.getsets = kGetSets;
  entry_type.dealloc = entry_dealloc;
  entry_type.traverse = entry_traverse;
  ready_type(entry_type);
  const std::pair<const char*, int64_t> constants[] = {{"USE", kUse},
                                                       {"DEF_GLOBAL", kDefGlobal},
                                                       {"DEF_NONLOCAL", kDefNonlocal},
                                                       {"DEF_LOCAL", kDefLocal},
                                                       {"DEF_PARAM", kDefParameter},
                                                       {"DEF_IMPORT", kDefImport},
                                                       {"DEF_FREE", kDefFree},
                                                       {"DEF_FREE_CLASS", kDefFreeClass},
                                                       {"DEF_BOUND", kDefLocal | kDefParameter | kDefImport},
                                                       {"DEF_ANNOT", kDefAnnotation},
                                                       {"SCOPE_OFF", kScopeOffset},
                                                       {"SCOPE_MASK", kScopeMask},
                                                       {"FREE", kFree},
                                                       {"LOCAL", kLocal},
                                                       {"GLOBAL_IMPLICIT", kGlobalImplicit},
                                                       {"GLOBAL_EXPLICIT", kGlobalExplicit},
                                                       {"CELL", kCell},
                                                       {"TYPE_FUNCTION", kFunctionTable},
                                                       {"TYPE_CLASS", kClassTable},
                                                       {"TYPE_MODULE", kModuleTable}};
  for (auto [name, value] : constants) add_int(module, name, value);
  return kOk;
}

}  // namespace

extern const ModuleDef symtable_module;
const ModuleDef symtable_module = {"_symtable", nullptr, kFunctions, initialize};

}  // namespace hiss
