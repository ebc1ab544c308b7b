#include "syntax/ast.h"

#include <cstring>

namespace hiss::syntax {

namespace {

#define ONE(type, name) FieldInfo{#name, #type, FieldShape::One},
#define OPTIONAL(type, name) FieldInfo{#name, #type, FieldShape::Optional},
#define SEQUENCE(type, name) FieldInfo{#name, #type, FieldShape::Sequence},
// The last element is a sentinel, so that a class without fields still has an array.
#define NODE(base, Struct, python_name, ...) \
  constexpr FieldInfo k##Struct##Fields[] = {__VA_ARGS__ FieldInfo{nullptr, nullptr, FieldShape::One}};
#include "syntax/ast.def"
#undef ONE
#undef OPTIONAL
#undef SEQUENCE

constexpr bool has_attributes(std::string_view base) {
  return base == "stmt" || base == "expr" || base == "pattern" || base == "excepthandler" || base == "arg" ||
         base == "keyword" || base == "alias";
}

constexpr ClassInfo kClasses[] = {
#define NODE(base, Struct, python_name, ...) \
  {python_name, #base, has_attributes(#base), k##Struct##Fields, static_cast<int>(std::size(k##Struct##Fields)) - 1},
#include "syntax/ast.def"
};

constexpr ChoiceInfo kChoices[] = {
#define CHOICE(base, Enum, name) {#base, #name},
#include "syntax/ast.def"
};

// The enumerators number the choices of their base in the order of ast.def.
constexpr int first_choice(std::string_view base) {
  for (int i = 0; i < static_cast<int>(std::size(kChoices)); ++i) {
    if (kChoices[i].base == base) return i;
  }
  return -1;
}
#define CHOICE(base, Enum, Choice) \
  static_assert(kChoices[first_choice(#base) + static_cast<int>(Enum::Choice)].name == std::string_view(#Choice));
#include "syntax/ast.def"

}  // namespace

const ClassInfo& class_info(NodeKind kind) { return kClasses[static_cast<int>(kind)]; }

Seq<const ChoiceInfo> choice_infos() { return {kChoices, static_cast<int32_t>(std::size(kChoices))}; }

const char* name_of(ExprContext value) { return kChoices[first_choice("expr_context") + static_cast<int>(value)].name; }
const char* name_of(BoolOpKind value) { return kChoices[first_choice("boolop") + static_cast<int>(value)].name; }
const char* name_of(Operator value) { return kChoices[first_choice("operator") + static_cast<int>(value)].name; }
const char* name_of(UnaryOpKind value) { return kChoices[first_choice("unaryop") + static_cast<int>(value)].name; }
const char* name_of(CmpOp value) { return kChoices[first_choice("cmpop") + static_cast<int>(value)].name; }

}  // namespace hiss::syntax
