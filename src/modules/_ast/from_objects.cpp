// From Python objects to the front end's tree, with CPython's complaints about fields that are missing or wrong.
#include "modules/_ast/tree.h"
#include "modules/module_content.h"
#include "object/bytes.h"

namespace hiss {

namespace {

using syntax::ClassInfo;
using syntax::ConstantKind;
using syntax::FieldInfo;
using syntax::FieldShape;
using syntax::Node;
using syntax::NodeKind;

/// Types of fields whose None means "absent" (an error later where the field is required).
bool is_sum(std::string_view type) {
  return type == "stmt" || type == "expr" || type == "pattern" || type == "mod" || type == "excepthandler" ||
         type == "type_ignore";
}

class Reader {
 public:
  Reader(NodeClasses& classes, ObjectTree& out) : classes_(classes), out_(out) {}

  /// The node of a field of ASDL type `type`; null for None.
  Result<Node*> node(Value v, const char* type) {
    if (v.is_none() && is_sum(type)) return nullptr;
    const std::string where = fmt::format(" while traversing '{}' node", type);
    RecursionCheck check(where.c_str());
    TRY(check.status());
    Node positions;
    const bool sum = classes_.sums.contains(type);
    if (sum && has_positions(type)) TRY(read_positions(v, type, positions));
    const NodeKind kind = TRY(kind_of(v, type));
    Node* n = make(kind);
    Fields fields{*this, v, type, classes_.fields[static_cast<size_t>(kind)].data(), syntax::class_info(kind).name};
    syntax::visit_fields(n, fields);
    if (fields.failed) return Failure{};
    Required required{syntax::class_info(kind).name};
    syntax::visit_fields(n, required);
    if (required.failed) return Failure{};
    if (!sum && has_positions(type)) TRY(read_positions(v, type, positions));
    n->lineno = positions.lineno;
    n->col_offset = positions.col_offset;
    n->end_lineno = positions.end_lineno;
    n->end_col_offset = positions.end_col_offset;
    return n;
  }

 private:
  /// Reads one attribute of the object for each field that it is shown.
  struct Fields {
    Reader& reader;
    Value object;
    const char* type;
    Str* const* name;
    const char* owner;
    bool failed = false;

    template <typename T>
    void operator()(const FieldInfo& info, T& field) {
      Str* n = *name++;
      if (!failed) failed = read(n, info, field).is_error();
    }
    void constant(syntax::Constant& c) {
      Str* value_name = *name++;
      Str* kind_name = *name++;
      if (!failed) failed = reader.read_constant(object, value_name, kind_name, c).is_error();
    }
    template <typename T>
    Status read(Str* n, const FieldInfo& info, T& field) {
      Ref value = TRY(get_attr_or_empty(object, n));
      if (info.shape == FieldShape::Optional && (value.is_empty() || value.is_none())) return kOk;
      if (value.is_empty()) return fail(exc::TypeError, "required field \"{}\" missing from {}", info.name, owner);
      return reader.value(info, owner, value, field);
    }
  };
  /// Complains about required fields that are None.
  struct Required {
    const char* owner;
    bool failed = false;

    template <typename T>
    void operator()(const FieldInfo& info, T& field) {
      if (failed || info.shape != FieldShape::One) return;
      bool absent = false;
      if constexpr (std::is_pointer_v<T>) absent = !field;
      if constexpr (std::is_same_v<T, std::string_view>) absent = !field.data();
      if (!absent) return;
      failed = true;
      (void)fail(exc::ValueError, "field '{}' is required for {}", info.name, owner);
    }
    void constant(syntax::Constant&) {}
  };

  bool has_positions(std::string_view type) const {
    for (int k = 0; k < syntax::kNodeKindCount; ++k) {
      const ClassInfo& info = syntax::class_info(static_cast<NodeKind>(k));
      if (info.base == type) return info.has_attributes;
    }
    return false;
  }
  Status read_positions(Value v, const char* type, Node& out) {
    static const char* const kNames[] = {"lineno", "col_offset", "end_lineno", "end_col_offset"};
    int32_t* const fields[] = {&out.lineno, &out.col_offset, &out.end_lineno, &out.end_col_offset};
    const bool ends_optional = std::string_view(type) != "pattern";
    for (int i = 0; i < 4; ++i) {
      Ref number = TRY(get_attr_or_empty(v, intern(kNames[i])));
      if (i >= 2 && ends_optional && (number.is_empty() || number.is_none())) {
        *fields[i] = *fields[i - 2];
      } else if (number.is_empty()) {
        return fail(exc::TypeError, "required field \"{}\" missing from {}", kNames[i], type);
      } else {
        TRY(read_int(number, *fields[i]));
      }
    }
    return kOk;
  }
  Status read_int(Value v, int32_t& out) {
    if (!is_int(v)) return fail(exc::ValueError, "invalid integer value: {}", to_string(TRY(repr(v))));
    out = TRY(to_c_int(v));
    return kOk;
  }

  Result<NodeKind> kind_of(Value v, const char* type) {
    const std::string_view base = type;
    for (int k = 0; k < syntax::kNodeKindCount; ++k) {
      const ClassInfo& info = syntax::class_info(static_cast<NodeKind>(k));
      if (info.base != base) continue;
      // A product type is told by its fields, whatever the class of the object.
      if (info.name == base || to_value(type_of(v)) == classes_.nodes[static_cast<size_t>(k)].value())
        return static_cast<NodeKind>(k);
    }
    for (int k = 0; k < syntax::kNodeKindCount; ++k) {
      if (syntax::class_info(static_cast<NodeKind>(k)).base != base) continue;
      if (TRY(is_instance(v, classes_.nodes[static_cast<size_t>(k)]))) return static_cast<NodeKind>(k);
    }
    return fail(exc::TypeError, "expected some sort of {}, but got {}", type, to_string(TRY(repr(v))));
  }
  Node* make(NodeKind kind) {
    switch (kind) {
#define NODE(base, Struct, python_name, ...) \
  case NodeKind::Struct:                     \
    return out_.arena.make<syntax::Struct>();
#include "syntax/ast.def"
    }
    return nullptr;
  }

  Status value(const FieldInfo&, const char*, Value v, int32_t& field) { return read_int(v, field); }
  Status value(const FieldInfo& info, const char*, Value v, std::string_view& field) {
    const bool identifier = std::string_view(info.type) == "identifier";
    if (v.is_none()) return kOk;
    if (identifier ? !is_exact(v, str_type) : !is_exact(v, str_type) && !is_exact(v, bytes_type))
      return fail(exc::TypeError, "AST {} must be of type str", identifier ? "identifier" : "string");
    const std::string_view text = is<Str>(v) ? utf8_view(as<Str>(v)) : as<Bytes>(v)->view();
    field = identifier ? out_.arena.intern(text) : out_.arena.copy_text(text);
    return kOk;
  }
  Status value(const FieldInfo&, const char*, Value v, ConstantKind& field) {
    field = v.is_none()    ? ConstantKind::None
            : v.is_true()  ? ConstantKind::True
            : v.is_false() ? ConstantKind::False
                           : ConstantKind::Object;
    return kOk;
  }
  template <typename T>
  requires std::is_enum_v<T> Status value(const FieldInfo& info, const char*, Value v, T& field) {
    const int first = classes_.first_choice[info.type];
    auto choices = syntax::choice_infos();
    for (int i = first; i < choices.size && std::string_view(choices[i].base) == info.type; ++i) {
      if (!TRY(is_instance(v, classes_.choices[static_cast<size_t>(i)]))) continue;
      field = static_cast<T>(i - first);
      return kOk;
    }
    return fail(exc::TypeError, "expected some sort of {}, but got {}", info.type, to_string(TRY(repr(v))));
  }
  template <typename T>
  requires std::is_base_of_v<Node, T> Status value(const FieldInfo& info, const char*, Value v, T*& field) {
    field = static_cast<T*>(TRY(node(v, info.type)));
    return kOk;
  }
  template <typename T>
  Status value(const FieldInfo& info, const char* owner, Value v, syntax::Seq<T>& field) {
    if (!is<List>(v)) {
      return fail(exc::TypeError, "{} field \"{}\" must be a list, not a {}", owner, info.name, type_name(v));
    }
    Ref list = Ref::share(v);
    const int64_t size = as<List>(list)->size;
    std::vector<T> items;
    for (int64_t i = 0; i < size; ++i) {
      Ref item = Ref::share(as<List>(list)->items[i]);
      T element{};
      TRY(value(info, owner, item, element));
      items.push_back(element);
      if (as<List>(list)->size != size)
        return fail(exc::RuntimeError, "{} field \"{}\" changed size during iteration", owner, info.name);
    }
    field = out_.arena.make_seq(items);
    return kOk;
  }

  Status read_constant(Value object, Str* value_name, Str* kind_name, syntax::Constant& c) {
    Ref v = TRY(get_attr_or_empty(object, value_name));
    if (v.is_empty()) return fail(exc::TypeError, "required field \"value\" missing from Constant");
    set_constant(c, v);
    Ref kind = TRY(get_attr_or_empty(object, kind_name));
    if (kind.is_empty() || kind.is_none()) return kOk;
    return value(FieldInfo{"kind", "string", FieldShape::Optional}, "Constant", kind, c.u_prefix);
  }
  /// Objects that a literal could have made take the literal's form; all others are kept as they are.
  void set_constant(syntax::Constant& c, const Ref& v) {
    Value value = v;
    if (value.is_none()) {
      c.constant_kind = ConstantKind::None;
    } else if (value.is_bool()) {
      c.constant_kind = value.is_true() ? ConstantKind::True : ConstantKind::False;
    } else if (value.is_ellipsis()) {
      c.constant_kind = ConstantKind::Ellipsis;
    } else if (value.is_integer()) {
      c.constant_kind = ConstantKind::Int;
      c.fits = true;
      c.small_int = value.integer();
    } else if (value.is_number()) {
      c.constant_kind = ConstantKind::Float;
      c.number = value.number();
    } else if (is_exact(value, str_type)) {
      c.constant_kind = ConstantKind::Str;
      c.text = out_.arena.copy_text(utf8_view(as<Str>(value)));
    } else if (is_exact(value, bytes_type)) {
      c.constant_kind = ConstantKind::Bytes;
      c.text = out_.arena.copy_text(as<Bytes>(value)->view());
    } else {
      c.constant_kind = ConstantKind::Object;
      c.object = value.bits();
      out_.kept.push_back(v);
    }
  }

  NodeClasses& classes_;
  ObjectTree& out_;
};

}  // namespace

Status object_to_tree(Value object, syntax::Mode mode, ObjectTree& out) {
  NodeClasses& classes = *TRY(node_classes());
  const NodeKind wanted = mode == syntax::Mode::Exec   ? NodeKind::Module
                          : mode == syntax::Mode::Eval ? NodeKind::Expression
                                                       : NodeKind::Interactive;
  if (!TRY(is_instance(object, classes.nodes[static_cast<size_t>(wanted)])))
    return fail(exc::TypeError, "expected {} node, got {}", syntax::class_info(wanted).name, type_name(object));
  out.module = static_cast<syntax::Mod*>(TRY(Reader(classes, out).node(object, "mod")));
  return kOk;
}

}  // namespace hiss
