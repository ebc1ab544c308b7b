// _ast: the classes of syntax-tree nodes, made from the front end's own declarations (syntax/ast.def).
#include <unordered_map>

#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "syntax/ast.h"

namespace hiss {

namespace {

// AST(*args, **kwargs): positional values go to _fields in order.
Ref ast_init(Value, const Value* a) {
  auto* positional = as<Tuple>(a[0]);
  if (positional->size == 0) return fail(exc::TypeError, "AST.__init__() needs an argument");
  Value self = positional->items[0];
  Ref fields = TRY(get_attr_or_empty(to_value(type_of(self)), intern("_fields")));
  Ref list = fields.is_empty() ? empty_tuple() : TRY(to_tuple(fields));
  auto* names_list = as<Tuple>(list);
  if (positional->size - 1 > names_list->size) {
    return fail(exc::TypeError, "{} constructor takes at most {} positional argument{}", type_name(self),
                names_list->size, names_list->size == 1 ? "" : "s");
  }
  for (int64_t i = 1; i < positional->size; ++i)
    TRY(set_attr(self, intern(as<Str>(names_list->items[i - 1])), positional->items[i]));
  for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(a[1]), i);) {
    for (int64_t k = 1; k < positional->size; ++k) {
      if (TRY(equal(names_list->items[k - 1], e->key))) {
        return fail(exc::TypeError, "{} got multiple values for argument '{}'", type_name(self), to_string(e->key));
      }
    }
    TRY(set_attr(self, intern(as<Str>(e->key)), e->value));
  }
  return Ref::none();
}
const NativeDef kInit = {"__init__", "($module, /, *args, **kwargs)", ast_init, nullptr};

Ref string_tuple(std::initializer_list<const char*> items) {
  std::vector<Value> values;
  for (const char* s : items) values.push_back(to_value(intern(s)));
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}

Ref make_node_class(const char* name, Value base, Ref fields) {
  Ref space = make_dict();
  auto* d = as<Dict>(space);
  dict_set(d, names.__module__, make_str("ast"));
  if (!fields.is_empty()) {
    dict_set(d, intern("_fields"), fields);
    dict_set(d, names.__match_args__, fields);
  }
  Ref bases = make_tuple({base});
  return make_class(&type_type, intern(name), as<Tuple>(bases), d, {});
}

Status initialize(Value module) {
  Dict* dict = module_dict(module);
  Ref root = TRY(make_node_class("AST", to_value(&object_type), empty_tuple()));
  TRY(set_attr(root, intern("_attributes"), empty_tuple()));
  Ref init_function = make_native_function(&kInit);
  // A native function is no descriptor, so it is bound through a Python-visible method object made on access.
  Ref code = TRY(get_builtin("eval"));
  Ref source = make_str("lambda init: lambda self, /, *args, **kwargs: init(self, *args, **kwargs)");
  Ref space = make_dict();
  Ref maker = TRY(call(code, {source, space}));
  TRY(set_attr(root, names.__init__, TRY(call(maker, {init_function}))));
  dict_set(dict, intern("AST"), root);
  Ref positions = string_tuple({"lineno", "col_offset", "end_lineno", "end_col_offset"});
  std::unordered_map<std::string, Ref> bases;
  for (const char* name : {"mod", "stmt", "expr", "expr_context", "boolop", "operator", "unaryop", "cmpop",
                           "excepthandler", "pattern", "type_ignore"}) {
    Ref cls = TRY(make_node_class(name, root, empty_tuple()));
    const std::string text = name;
    if (text == "stmt" || text == "expr" || text == "excepthandler" || text == "pattern") {
      TRY(set_attr(cls, intern("_attributes"), positions));
      for (const char* optional : {"end_lineno", "end_col_offset"}) TRY(set_attr(cls, intern(optional), Value::none()));
    }
    dict_set(dict, intern(name), cls);
    bases.emplace(name, cls);
  }
  for (int k = 0; k < syntax::kNodeKindCount; ++k) {
    const syntax::ClassInfo& info = syntax::class_info(static_cast<syntax::NodeKind>(k));
    std::vector<Value> fields;
    for (int i = 0; i < info.field_count; ++i) fields.push_back(to_value(intern(info.fields[i].name)));
    auto base = bases.find(info.base);
    const bool product = base == bases.end();  // arguments, arg, keyword, ...: their base is AST
    Ref cls = TRY(make_node_class(info.name, product ? root.value() : base->second.value(),
                                  make_tuple(fields.data(), static_cast<int64_t>(fields.size()))));
    if (product && info.has_attributes) {
      TRY(set_attr(cls, intern("_attributes"), positions));
      for (const char* optional : {"end_lineno", "end_col_offset"}) TRY(set_attr(cls, intern(optional), Value::none()));
    }
    for (int i = 0; i < info.field_count; ++i) {
      if (info.fields[i].shape == syntax::FieldShape::Optional)
        TRY(set_attr(cls, intern(info.fields[i].name), Value::none()));
    }
    dict_set(dict, intern(info.name), cls);
  }
  for (const syntax::ChoiceInfo& choice : syntax::choice_infos()) {
    Ref cls = TRY(make_node_class(choice.name, bases.at(choice.base), empty_tuple()));
    dict_set(dict, intern(choice.name), cls);
  }
  const std::pair<const char*, int> flags[] = {
      {"PyCF_ONLY_AST", 0x400}, {"PyCF_TYPE_COMMENTS", 0x1000}, {"PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000}};
  for (auto [name, value] : flags) dict_set(dict, intern(name), make_int(value));
  return kOk;
}

}  // namespace

extern const ModuleDef ast_module;
const ModuleDef ast_module = {"_ast", nullptr, nullptr, initialize};

}  // namespace hiss
