// From the front end's tree to Python objects: what compile(..., PyCF_ONLY_AST) returns.
#include "compile/compiler.h"
#include "modules/_ast/tree.h"

namespace hiss {

namespace {

class Builder {
 public:
  explicit Builder(NodeClasses& classes) : classes_(classes) {}

  Ref node(const syntax::Node* n) {
    if (!n) return Ref::none();
    RecursionCheck check(" during ast construction");
    TRY(check.status());
    const auto kind = static_cast<size_t>(n->kind);
    Type* cls = as<Type>(classes_.nodes[kind]);
    Ref object = TRY(object_type.slots.new_(cls, Args{}));
    Fields fields{*this, object, classes_.fields[kind].data()};
    syntax::visit_fields(n, fields);
    if (fields.failed) return Failure{};
    if (syntax::class_info(n->kind).has_attributes) TRY(positions(object, n));
    return object;
  }

 private:
  /// Sets one attribute of the object for each field that it is shown.
  struct Fields {
    Builder& builder;
    Value object;
    Str* const* name;
    bool failed = false;

    template <typename T>
    void operator()(const syntax::FieldInfo& info, const T& field) {
      set(builder.value(info, field));
    }
    void constant(const syntax::Constant& c) {
      set(constant_value(&c));
      set(c.u_prefix.data() ? make_str(c.u_prefix) : Ref::none());
    }
    void set(Ref v) {
      Str* n = *name++;
      if (!failed) failed = v.is_error() || set_attr(object, n, v).is_error();
    }
  };

  Status positions(Value object, const syntax::Node* n) {
    static Str* const kNames[] = {intern("lineno"), intern("col_offset"), intern("end_lineno"),
                                  intern("end_col_offset")};
    const int32_t values[] = {n->lineno, n->col_offset, n->end_lineno, n->end_col_offset};
    for (int i = 0; i < 4; ++i) TRY(set_attr(object, kNames[i], Value::integer(values[i])));
    return kOk;
  }

  Ref value(const syntax::FieldInfo&, int32_t i) { return make_int(i); }
  Ref value(const syntax::FieldInfo& info, std::string_view text) {
    if (!text.data()) return Ref::none();
    return std::string_view(info.type) == "identifier" ? Ref::share(intern(text)) : make_str(text);
  }
  Ref value(const syntax::FieldInfo&, syntax::ConstantKind kind) {
    return kind == syntax::ConstantKind::None ? Ref::none() : Ref::boolean(kind == syntax::ConstantKind::True);
  }
  Ref value(const syntax::FieldInfo&, const syntax::Node* n) { return node(n); }
  template <typename T>
  requires std::is_enum_v<T> Ref value(const syntax::FieldInfo& info, T choice) {
    return classes_.choice_objects[static_cast<size_t>(classes_.first_choice[info.type] + static_cast<int>(choice))];
  }
  template <typename T>
  Ref value(const syntax::FieldInfo& info, const syntax::Seq<T>& items) {
    Ref list = make_list(items.size);
    for (const T& item : items) list_append(as<List>(list), TRY(value(info, item)));
    return list;
  }

  NodeClasses& classes_;
};

}  // namespace

Ref tree_to_object(const syntax::Node* node) { return Builder(*TRY(node_classes())).node(node); }

}  // namespace hiss
