// None, NotImplemented, Ellipsis, and cells.
#include "memory/native_objects.h"
#include "object/protocol.h"

namespace hiss {

Type none_type, not_implemented_type, ellipsis_type, cell_type;

namespace {

template <char which>
Ref singleton_new(Type* cls, const Args& args) {
  if (args.count || args.keyword_count()) return fail(exc::TypeError, "{} takes no arguments", type_name(cls));
  return Ref::share(which == 'N' ? Value::none() : which == 'I' ? Value::not_implemented() : Value::ellipsis());
}

Ref none_repr(Value) { return Ref::share(intern("None")); }
Result<bool> none_truth(Value) { return false; }
Ref not_implemented_repr(Value) { return Ref::share(intern("NotImplemented")); }
Ref ellipsis_repr(Value) { return Ref::share(intern("Ellipsis")); }
Result<bool> not_implemented_truth(Value) {
  TRY(warn(exc::DeprecationWarning, "NotImplemented should not be used in a boolean context"));
  return true;
}
Ref not_implemented_reduce(Value, const Value*) { return Ref::share(intern("NotImplemented")); }
Ref ellipsis_reduce(Value, const Value*) { return Ref::share(intern("Ellipsis")); }
const NativeDef kNotImplementedMethods[] = {{"__reduce__", "($self, /)", not_implemented_reduce, nullptr}, {}};
const NativeDef kEllipsisMethods[] = {{"__reduce__", "($self, /)", ellipsis_reduce, nullptr}, {}};

void cell_dealloc(Object* self) {
  unlink(self);
  release(static_cast<Cell*>(self)->content);
  free_unlinked(self);
}
void cell_traverse(Object* self, Visitor& visit) { visit(static_cast<Cell*>(self)->content); }
void cell_clear(Object* self) { clear_field(static_cast<Cell*>(self)->content); }

Ref cell_new(Type*, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "cell() takes no keyword arguments");
  if (args.count > 1) return fail(exc::TypeError, "cell expected at most 1 argument, got {}", args.count);
  return make_cell(args.count ? args[0] : Value());
}

Ref cell_repr(Value self) {
  Value content = as<Cell>(self)->content;
  const auto address = self.bits();
  if (!content) return make_str(fmt::format("<cell at {:#x}: empty>", address));
  return make_str(fmt::format("<cell at {:#x}: {} object at {:#x}>", address, type_name(content), content.bits()));
}

Ref cell_compare(Value self, Value other, CompareOp op) {
  if (!is<Cell>(other)) return Ref::not_implemented();
  Value a = as<Cell>(self)->content, b = as<Cell>(other)->content;
  if (a && b) return compare(a, b, op);
  const int x = a ? 1 : 0, y = b ? 1 : 0;
  switch (op) {
    case CompareOp::Lt:
      return Ref::boolean(x < y);
    case CompareOp::Le:
      return Ref::boolean(x <= y);
    case CompareOp::Eq:
      return Ref::boolean(x == y);
    case CompareOp::Ne:
      return Ref::boolean(x != y);
    case CompareOp::Gt:
      return Ref::boolean(x > y);
    default:
      return Ref::boolean(x >= y);
  }
}

Ref cell_get_contents(Value self) {
  Value content = as<Cell>(self)->content;
  if (!content) return fail(exc::ValueError, "Cell is empty");
  return Ref::share(content);
}
Status cell_set_contents(Value self, Value value) {
  Cell* cell = as<Cell>(self);
  Value old = cell->content;
  cell->content = Ref::share(value).release();
  release(old);
  return kOk;
}
const GetSetDef kCellGetSets[] = {{"cell_contents", cell_get_contents, cell_set_contents}, {}};

}  // namespace

Ref make_cell(Value content) {
  Cell* cell = allocate_tracked<Cell>(cell_type);
  cell->content = Ref::share(content).release();
  return Ref::steal(cell);
}

void init_none_type() {
  define_type(none_type, {.name = "NoneType"});
  none_type.slots.new_ = singleton_new<'N'>;
  none_type.slots.repr = none_repr;
  none_type.slots.truth = none_truth;
  ready_type(none_type);
}
void init_not_implemented_type() {
  define_type(not_implemented_type, {.name = "NotImplementedType"});
  not_implemented_type.slots.new_ = singleton_new<'I'>;
  not_implemented_type.slots.repr = not_implemented_repr;
  not_implemented_type.slots.truth = not_implemented_truth;
  not_implemented_type.methods = kNotImplementedMethods;
  ready_type(not_implemented_type);
}
void init_ellipsis_type() {
  define_type(ellipsis_type, {.name = "ellipsis"});
  ellipsis_type.slots.new_ = singleton_new<'E'>;
  ellipsis_type.slots.repr = ellipsis_repr;
  ellipsis_type.methods = kEllipsisMethods;
  ready_type(ellipsis_type);
}
void init_cell_type() {
  define_type(cell_type, {.name = "cell", .size = sizeof(Cell), .layout = Layout::Cell, .flags = Type::kHasGc});
  cell_type.slots.new_ = cell_new;
  cell_type.slots.repr = cell_repr;
  cell_type.slots.compare = cell_compare;
  cell_type.getsets = kCellGetSets;
  cell_type.dealloc = cell_dealloc;
  cell_type.traverse = cell_traverse;
  cell_type.clear = cell_clear;
  ready_type(cell_type);
}

}  // namespace hiss
