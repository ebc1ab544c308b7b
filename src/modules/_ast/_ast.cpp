// _ast: the classes of syntax-tree nodes, made from the front end's own declarations (syntax/ast.def).
#include "modules/_ast/tree.h"
#include "modules/module_content.h"
#include "object/class_builder.h"

namespace hiss {

namespace {

// ---- The class AST

Result<Ref> field_names(Value self) {
  Ref fields = TRY(get_attr_or_empty(to_value(type_of(self)), intern("_fields")));
  if (fields.is_empty()) return empty_tuple();
  return TRY(to_tuple(fields));
}

// AST(*args, **kwargs): positional values go to _fields in order.
Ref ast_init(Value self, const Value* a) {
  auto* given = as<Tuple>(a[0]);
  Ref fields = TRY(field_names(self));
  auto* list = as<Tuple>(fields);
  if (given->size > list->size) {
    return fail(exc::TypeError, "{} constructor takes at most {} positional argument{}", type_name(self), list->size,
                list->size == 1 ? "" : "s");
  }
  for (int64_t i = 0; i < given->size; ++i) {
    if (!is<Str>(list->items[i]))
      return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(list->items[i]));
    TRY(set_attr(self, intern(as<Str>(list->items[i])), given->items[i]));
  }
  for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(a[1]), i);) {
    for (int64_t k = 0; k < given->size; ++k) {
      if (TRY(equal(list->items[k], e->key)))
        return fail(exc::TypeError, "{} got multiple values for argument '{}'", type_name(self), to_string(e->key));
    }
    TRY(set_attr(self, intern(as<Str>(e->key)), e->value));
  }
  return Ref::none();
}
Ref ast_reduce(Value self, const Value*) {
  Ref state = TRY(get_attr_or_empty(self, names.__dict__));
  Ref nothing = empty_tuple();
  if (state.is_empty()) return make_tuple({to_value(type_of(self)), nothing});
  return make_tuple({to_value(type_of(self)), nothing, state});
}
/// Arguments are __init__'s alone; object.__new__ would refuse them in a subclass that defines __new__.
Ref ast_new(Type* cls, const Args&) { return object_type.slots.new_(cls, Args{}); }
const NativeDef kMethods[] = {
    {"__init__", "($self, /, *args, **kwargs)", ast_init,
     "Set the fields, by position in the order of _fields or by name, and any other attributes by name."},
    {"__reduce__", "($self, /)", ast_reduce, "What pickle and copy need to make an equal node."},
    {}};

// ---- Docstrings: the declaration in the notation of Zephyr ASDL

std::string declaration(const syntax::ClassInfo& info) {
  std::string fields;
  for (int i = 0; i < info.field_count; ++i) {
    const syntax::FieldInfo& f = info.fields[i];
    const char* mark = f.shape == syntax::FieldShape::Sequence   ? "*"
                       : f.shape == syntax::FieldShape::Optional ? "?"
                                                                 : "";
    fields += fmt::format("{}{}{} {}", i ? ", " : "", f.type, mark, f.name);
  }
  return fields.empty() ? info.name : fmt::format("{}({})", info.name, fields);
}
bool is_product(const syntax::ClassInfo& info) { return std::string_view(info.base) == info.name; }
/// "boolop = And | Or"; constructors with fields stand on lines of their own.
std::string sum_declaration(std::string_view base) {
  std::string text = std::string(base) + " = ";
  bool first = true;
  for (const syntax::ChoiceInfo& choice : syntax::choice_infos()) {
    if (choice.base != base) continue;
    text += (first ? "" : " | ") + std::string(choice.name);
    first = false;
  }
  for (int k = 0; k < syntax::kNodeKindCount; ++k) {
    const syntax::ClassInfo& info = syntax::class_info(static_cast<syntax::NodeKind>(k));
    if (info.base != base) continue;
    if (!first) text += "\n" + std::string(base.size() + 1, ' ') + "| ";
    text += declaration(info);
    first = false;
  }
  return text;
}

// ---- Making the classes

Ref make_node_class(std::string_view name, Value base, const std::string& doc) {
  Ref space = make_dict();
  auto* d = as<Dict>(space);
  dict_set(d, names.__module__, to_value(intern("ast")));
  dict_set(d, names.__doc__, make_str(doc));
  Ref bases = make_tuple({base});
  return make_class(&type_type, intern(name), as<Tuple>(bases), d, {});
}
Status set_positions(Value cls, bool ends_optional) {
  std::vector<Value> all;
  for (const char* n : {"lineno", "col_offset", "end_lineno", "end_col_offset"}) all.push_back(to_value(intern(n)));
  Ref attributes = make_tuple(all.data(), static_cast<int64_t>(all.size()));
  TRY(set_attr(cls, intern("_attributes"), attributes));
  if (!ends_optional) return kOk;
  for (const char* optional : {"end_lineno", "end_col_offset"}) TRY(set_attr(cls, intern(optional), Value::none()));
  return kOk;
}
Status make_root(NodeClasses& out) {
  Ref space = make_dict();
  Ref nothing = empty_tuple();
  dict_set(as<Dict>(space), names.__module__, to_value(intern("ast")));
  for (const char* n : {"_fields", "_attributes", "__match_args__"}) dict_set(as<Dict>(space), intern(n), nothing);
  Ref bases = make_tuple({to_value(&object_type)});
  out.root = TRY(make_class(&type_type, intern("AST"), as<Tuple>(bases), as<Dict>(space), {}));
  auto* root = as<Type>(out.root);
  root->slots.new_ = ast_new;
  dict_set(as<Dict>(root->dict), names.__new__, make_new_function(root));
  root->type_flags &= ~Type::kPureNew;
  for (const NativeDef* def = kMethods; def->name; ++def) {
    Ref method = make_method_descriptor(as<Type>(out.root), def);
    TRY(set_attr(out.root, intern(def->name), method));
  }
  return kOk;
}
/// The base of a class: the sum it belongs to, made when it is first met.
Ref sum_class(NodeClasses& out, const char* base, bool has_attributes) {
  auto found = out.sums.find(base);
  if (found != out.sums.end()) return found->second;
  Ref cls = TRY(make_node_class(base, out.root, sum_declaration(base)));
  if (has_attributes) TRY(set_positions(cls, std::string_view(base) != "pattern"));
  out.sums.emplace(base, cls);
  return cls;
}
Status make_node(NodeClasses& out, const syntax::ClassInfo& info) {
  Ref base = is_product(info) ? out.root : TRY(sum_class(out, info.base, info.has_attributes));
  Ref cls = TRY(make_node_class(info.name, base, declaration(info)));
  if (is_product(info) && info.has_attributes) TRY(set_positions(cls, true));
  std::vector<Value> fields;
  std::vector<Str*> field_list;
  for (int i = 0; i < info.field_count; ++i) {
    field_list.push_back(intern(info.fields[i].name));
    fields.push_back(to_value(field_list.back()));
    if (info.fields[i].shape == syntax::FieldShape::Optional) TRY(set_attr(cls, field_list.back(), Value::none()));
  }
  Ref tuple = make_tuple(fields.data(), static_cast<int64_t>(fields.size()));
  TRY(set_attr(cls, intern("_fields"), tuple));
  TRY(set_attr(cls, names.__match_args__, tuple));
  out.nodes.push_back(std::move(cls));
  out.fields.push_back(std::move(field_list));
  return kOk;
}
Status make_choice(NodeClasses& out, const syntax::ChoiceInfo& choice) {
  Ref base = TRY(sum_class(out, choice.base, false));
  Ref cls = TRY(make_node_class(choice.name, base, choice.name));
  Ref nothing = empty_tuple();
  TRY(set_attr(cls, intern("_fields"), nothing));
  TRY(set_attr(cls, names.__match_args__, nothing));
  out.first_choice.emplace(choice.base, static_cast<int>(out.choices.size()));
  out.choice_objects.push_back(TRY(call(cls)));
  out.choices.push_back(std::move(cls));
  return kOk;
}

Status initialize(Value module) {
  NodeClasses& classes = *TRY(node_classes());
  auto add = [&](Value cls) { dict_set(module_dict(module), as<Str>(as<Type>(cls)->name), cls); };
  add(classes.root);
  for (auto& [name, cls] : classes.sums) add(cls);
  for (const Ref& cls : classes.nodes) add(cls);
  for (const Ref& cls : classes.choices) add(cls);
  add_int(module, "PyCF_ONLY_AST", 0x400);
  add_int(module, "PyCF_TYPE_COMMENTS", 0x1000);
  add_int(module, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000);
  return kOk;
}

}  // namespace

Result<NodeClasses*> node_classes() {
  static NodeClasses classes;
  if (!classes.choices.empty()) return &classes;
  TRY(make_root(classes));
  for (int k = 0; k < syntax::kNodeKindCount; ++k)
    TRY(make_node(classes, syntax::class_info(static_cast<syntax::NodeKind>(k))));
  for (const syntax::ChoiceInfo& choice : syntax::choice_infos()) TRY(make_choice(classes, choice));
  return &classes;
}

Result<bool> is_tree(Value v) {
  if (!v.is_object() || !type_of(v)->is_heap()) return false;
  return is_subtype(type_of(v), as<Type>(TRY(node_classes())->root));
}

extern const ModuleDef ast_module;
const ModuleDef ast_module = {"_ast", nullptr, nullptr, initialize};

}  // namespace hiss
