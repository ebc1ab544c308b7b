// slice objects, and the arithmetic of bounds.
#include <cstdlib>

#include "memory/native_objects.h"
#include "object/class_builder.h"
#include "object/index.h"

namespace hiss {

Type slice_type;

Result<int64_t> clamped_index(Value v) {
  if (v.is_integer()) return v.integer();
  Ref i = TRY(index(v));
  if (auto n = int_value(i)) return *n;
  return int_sign(i) < 0 ? INT64_MIN : INT64_MAX;
}

Result<int64_t> bound_argument(Value v, int64_t absent) {
  if (!v || v.is_none()) return absent;
  if (!has_index(v)) {
    return fail(exc::TypeError, "slice indices must be integers or None or have an __index__ method");
  }
  return clamped_index(v);
}

Result<int64_t> repeated_size(int64_t size, int64_t count, int64_t item_bytes) {
  if (count <= 0 || size == 0) return 0;
  __int128 bytes = static_cast<__int128>(size) * count * item_bytes;
  if (bytes > INT64_MAX / 2) return fail_memory();
  // Ask the allocator before building a block of gigabytes: the runtime reports MemoryError rather than dying.
  if (bytes > (int64_t{1} << 30)) {
    void* probe = malloc(static_cast<size_t>(bytes));
    if (!probe) return fail_memory();
    free(probe);
  }
  return size * count;
}

Ref make_slice(Value start, Value stop, Value step) {
  Slice* s = allocate_tracked<Slice>(slice_type);
  s->start = Ref::share(start).release();
  s->stop = Ref::share(stop).release();
  s->step = Ref::share(step).release();
  return Ref::steal(s);
}

Result<SliceFields> slice_fields(Slice* slice) {
  SliceFields f;
  f.step = TRY(bound_argument(slice->step, 1));
  if (f.step == 0) return fail(exc::ValueError, "slice step cannot be zero");
  if (f.step < -INT64_MAX) f.step = -INT64_MAX;
  f.start = TRY(bound_argument(slice->start, f.step < 0 ? INT64_MAX : 0));
  f.stop = TRY(bound_argument(slice->stop, f.step < 0 ? INT64_MIN : INT64_MAX));
  return f;
}

Result<SliceBounds> slice_bounds(Slice* slice, int64_t length) {
  const SliceFields f = TRY(slice_fields(slice));
  return f.bounds(length);
}

namespace {

void slice_dealloc(Object* self) {
  unlink(self);
  Slice* s = static_cast<Slice*>(self);
  release(s->start);
  release(s->stop);
  release(s->step);
  free_unlinked(self);
}

void slice_traverse(Object* self, Visitor& visit) {
  Slice* s = static_cast<Slice*>(self);
  visit(s->start);
  visit(s->stop);
  visit(s->step);
}

Ref slice_new(Type*, const Args& args) {
  if (args.keyword_count() != 0) return fail(exc::TypeError, "slice() takes no keyword arguments");
  switch (args.count) {
    case 0:
      return fail(exc::TypeError, "slice expected at least 1 argument, got 0");
    case 1:
      return make_slice(Value::none(), args[0], Value::none());
    case 2:
      return make_slice(args[0], args[1], Value::none());
    case 3:
      return make_slice(args[0], args[1], args[2]);
    default:
      return fail(exc::TypeError, "slice expected at most 3 arguments, got {}", args.count);
  }
}

Ref slice_repr(Value self) {
  Slice* s = as<Slice>(self);
  StrBuilder out;
  out.append_ascii("slice(");
  Ref start = TRY(repr(s->start));
  out.append(as<Str>(start));
  out.append_ascii(", ");
  Ref stop = TRY(repr(s->stop));
  out.append(as<Str>(stop));
  out.append_ascii(", ");
  Ref step = TRY(repr(s->step));
  out.append(as<Str>(step));
  out.append_ascii(")");
  return out.finish();
}

Ref slice_compare(Value self, Value other, CompareOp op) {
  if (!is<Slice>(other)) return Ref::not_implemented();
  Slice *a = as<Slice>(self), *b = as<Slice>(other);
  Ref x = make_tuple({a->start, a->stop, a->step});
  Ref y = make_tuple({b->start, b->stop, b->step});
  return compare(x, y, op);
}

/// slice.indices works for any int length, however long.
Ref slice_indices(Value self, const Value* args) {
  Slice* s = as<Slice>(self);
  Ref length = TRY(index(args[0]));
  if (int_sign(length) < 0) return fail(exc::ValueError, "length should not be negative");
  auto number = [](Value v) -> Ref {
    if (!has_index(v)) {
      return fail(exc::TypeError, "slice indices must be integers or None or have an __index__ method");
    }
    return index(v);
  };
  Ref step = s->step.is_none() ? make_int(1) : TRY(number(s->step));
  const int direction = int_sign(step);
  if (direction == 0) return fail(exc::ValueError, "slice step cannot be zero");
  Ref lower = make_int(direction < 0 ? -1 : 0);
  Ref upper = direction < 0 ? int_binary(BinaryOp::subtract, length, Value::integer(1)) : length;
  auto fit = [&](Value v, const Ref& absent) -> Ref {
    if (v.is_none()) return absent;
    Ref i = TRY(number(v));
    if (int_sign(i) < 0) {
      i = int_binary(BinaryOp::add, i, length);
      return compare_ints(i, lower) < 0 ? lower : i;
    }
    return compare_ints(i, upper) > 0 ? upper : i;
  };
  Ref start = TRY(fit(s->start, direction < 0 ? upper : lower));
  Ref stop = TRY(fit(s->stop, direction < 0 ? lower : upper));
  return make_tuple({start, stop, step});
}

Ref slice_reduce(Value self, const Value*) {
  Slice* s = as<Slice>(self);
  Ref fields = make_tuple({s->start, s->stop, s->step});
  return make_tuple({to_value(&slice_type), fields});
}

const NativeDef kSliceMethods[] = {
    {"indices", "($self, len, /)", slice_indices,
     "S.indices(len) -> (start, stop, stride)\n\nThe bounds this slice has on a sequence of the given length."},
    {"__reduce__", "($self, /)", slice_reduce, "What pickle and copy need to make the object again."},
    {}};

const GetSetDef kSliceGetSets[] = {{"start", [](Value self) { return Ref::share(as<Slice>(self)->start); }, nullptr},
                                   {"stop", [](Value self) { return Ref::share(as<Slice>(self)->stop); }, nullptr},
                                   {"step", [](Value self) { return Ref::share(as<Slice>(self)->step); }, nullptr},
                                   {}};

}  // namespace

void init_slice_type() {
  define_type(slice_type, {.name = "slice",
                           .size = sizeof(Slice),
                           .layout = Layout::Slice,
                           .flags = Type::kHasGc,
                           .doc = "slice(stop)\nslice(start, stop[, step])\n\nThe bounds that a[start:stop:step] hands "
                                  "to a. Those left out are None."});
  slice_type.slots.new_ = slice_new;
  slice_type.slots.repr = slice_repr;
  slice_type.slots.compare = slice_compare;
  slice_type.slots.hash = hash_not_implemented;
  slice_type.methods = kSliceMethods;
  slice_type.getsets = kSliceGetSets;
  slice_type.dealloc = slice_dealloc;
  slice_type.traverse = slice_traverse;
  ready_type(slice_type);
}

}  // namespace hiss
