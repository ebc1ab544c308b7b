// memoryview.
#include "object/memoryview.h"

#include <algorithm>
#include <cstring>

#include "object/bytes_internal.h"
#include "object/index.h"
#include "object/memory_item.h"
#include "object/str_hash.h"

namespace hiss {

Type memoryview_type;

namespace {

Failure fail_released() { return fail(exc::ValueError, "operation forbidden on released memoryview object"); }

#define HISS_BUFFER(name, value)                              \
  if (!as<MemoryView>(value)->buffer) return fail_released(); \
  Buffer& name = *as<MemoryView>(value)->buffer

std::vector<int64_t> c_strides(const std::vector<int64_t>& shape, int64_t item_size) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = item_size;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/// Fills shape and strides, so that all code can count on them.
void complete(Buffer& b) {
  if (b.shape.empty() && b.ndim == 1) b.shape = {b.item_size ? b.length / b.item_size : 0};
  if (b.strides.empty()) b.strides = c_strides(b.shape, b.item_size);
}

Ref make_view(Buffer buffer) {
  complete(buffer);
  auto* v = allocate_as<MemoryView>(memoryview_type);
  v->buffer = new Buffer(std::move(buffer));
  v->exports = 0;
  v->hash = -1;
  track(v);
  return Ref::steal(v);
}

/// Another view of the same memory, with an export of its own.
Result<Buffer> another(const Buffer& b) {
  Buffer copy = TRY(get_strided_buffer(b.owner, false));
  copy.data = b.data;
  copy.length = b.length;
  copy.item_size = b.item_size;
  copy.format = b.format;
  copy.readonly = b.readonly;
  copy.ndim = b.ndim;
  copy.shape = b.shape;
  copy.strides = b.strides;
  return copy;
}

int64_t item_count(const Buffer& b) {
  int64_t n = 1;
  for (int64_t s : b.shape) n *= s;
  return n;
}

bool f_contiguous(const Buffer& b) {
  int64_t expected = b.item_size;
  for (size_t i = 0; i < b.shape.size(); ++i) {
    if (b.shape[i] == 0) return true;
    if (b.shape[i] > 1 && b.strides[i] != expected) return false;
    expected *= b.shape[i];
  }
  return true;
}

/// Calls f(pointer) for each item, the last index fastest; f answers a Status.
template <typename F>
Status for_items(const Buffer& b, uint8_t* p, size_t dimension, F&& f) {
  if (dimension == b.shape.size()) return f(p);
  for (int64_t i = 0; i < b.shape[dimension]; ++i) TRY(for_items(b, p + i * b.strides[dimension], dimension + 1, f));
  return kOk;
}

std::string contents(const Buffer& b) {
  if (b.contiguous())
    return std::string(reinterpret_cast<const char*>(b.data), static_cast<size_t>(item_count(b) * b.item_size));
  std::string out;
  (void)for_items(b, b.data, 0, [&](uint8_t* p) {
    out.append(reinterpret_cast<const char*>(p), static_cast<size_t>(b.item_size));
    return kOk;
  });
  return out;
}

Result<char> code_of(const Buffer& b) {
  const char code = item_code(b.format);
  if (!code) return fail(exc::NotImplementedError, "memoryview: unsupported format {}", b.format);
  return code;
}

void export_released(Buffer& b) {
  auto* v = as<MemoryView>(b.owner);
  --v->exports;
}

Result<Buffer> memoryview_buffer(Value self, bool writable) {
  HISS_BUFFER(b, self);
  if (writable && b.readonly) return fail(exc::BufferError, "memoryview: underlying buffer is not writable");
  Buffer out;
  out.data = b.data;
  out.length = item_count(b) * b.item_size;
  out.item_size = b.item_size;
  out.format = b.format;
  out.readonly = b.readonly;
  out.ndim = b.ndim;
  out.shape = b.shape;
  out.strides = b.strides;
  out.owner = Ref::share(self);
  out.release = export_released;
  ++as<MemoryView>(self)->exports;
  return out;
}

void memoryview_clear(Object* self) {
  auto* v = static_cast<MemoryView*>(self);
  if (v->exports > 0) return;
  Buffer* b = v->buffer;
  v->buffer = nullptr;
  if (b) {
    release_buffer(*b);
    delete b;
  }
}
void memoryview_dealloc(Object* self) {
  untrack(self);
  static_cast<MemoryView*>(self)->exports = 0;
  memoryview_clear(self);
  free_object(self);
}
void memoryview_traverse(Object* self, Visitor& visit) {
  auto* v = static_cast<MemoryView*>(self);
  if (v->buffer) visit(v->buffer->owner.value());
}

Ref memoryview_new(Type*, const Args& args) {
  Arguments bound("memoryview", "(object)");
  TRY(bound.bind(args));
  return make_memoryview(bound[0]);
}

Ref memoryview_repr(Value self) {
  return make_str(fmt::format("<{}memory at {:#x}>", as<MemoryView>(self)->buffer ? "" : "released ", self.bits()));
}

Result<int64_t> memoryview_hash(Value self) {
  auto* v = as<MemoryView>(self);
  if (v->hash != -1) return v->hash;
  HISS_BUFFER(b, self);
  if (!b.readonly) return fail(exc::ValueError, "cannot hash writable memoryview object");
  const char code = item_code(b.format);
  if (code != 'B' && code != 'b' && code != 'c') {
    return fail(exc::ValueError, "memoryview: hashing is restricted to formats 'B', 'b' or 'c'");
  }
  TRY(hash(b.owner));
  const std::string data = contents(b);
  v->hash = hash_bytes(data.data(), data.size());
  return v->hash;
}

Result<int64_t> memoryview_length(Value self) {
  HISS_BUFFER(b, self);
  return b.ndim == 0 ? 1 : b.shape[0];
}

Result<int64_t> checked_index(const Buffer& b, size_t dimension, Value key) {
  int64_t i = TRY(to_index(key));
  if (i < 0) i += b.shape[dimension];
  if (i < 0 || i >= b.shape[dimension])
    return fail(exc::IndexError, "index out of bounds on dimension {}", dimension + 1);
  return i;
}

/// The item that an int or a tuple of ints points at; null when the key is something else.
Result<uint8_t*> item_pointer(const Buffer& b, Value key) {
  if (has_index(key)) {
    if (b.ndim == 0) return fail(exc::TypeError, "invalid indexing of 0-dim memory");
    if (b.ndim > 1) return fail(exc::NotImplementedError, "multi-dimensional sub-views are not implemented");
    return b.data + TRY(checked_index(b, 0, key)) * b.strides[0];
  }
  if (is<Tuple>(key)) {
    Tuple* t = as<Tuple>(key);
    bool ints = true, slices = t->size > 0;
    for (Value v : *t) {
      ints = ints && has_index(v);
      slices = slices && is<Slice>(v);
    }
    if (ints) {
      if (t->size < b.ndim) return fail(exc::NotImplementedError, "sub-views are not implemented");
      if (t->size > b.ndim)
        return fail(exc::TypeError, "cannot index {}-dimension view with {}-element tuple", b.ndim, t->size);
      uint8_t* p = b.data;
      for (int64_t i = 0; i < t->size; ++i) {
        p += TRY(checked_index(b, static_cast<size_t>(i), t->items[i])) * b.strides[static_cast<size_t>(i)];
      }
      return p;
    }
    if (slices) return fail(exc::NotImplementedError, "multi-dimensional slicing is not implemented");
  }
  return static_cast<uint8_t*>(nullptr);
}

Result<Buffer> sliced(const Buffer& b, Slice* slice) {
  if (b.ndim != 1) return fail(exc::NotImplementedError, "multi-dimensional slicing is not implemented");
  const SliceBounds s = TRY(slice_bounds(slice, b.shape[0]));
  Buffer part = TRY(another(b));
  part.data = b.data + s.start * b.strides[0];
  part.shape = {s.length};
  part.strides = {b.strides[0] * s.step};
  part.length = s.length * b.item_size;
  return part;
}

Ref memoryview_getitem(Value self, Value key) {
  HISS_BUFFER(b, self);
  if (b.ndim == 0) {
    if (is<Tuple>(key) && as<Tuple>(key)->size == 0) return read_item(b.data, TRY(code_of(b)));
    if (key.is_ellipsis()) return Ref::share(self);
    return fail(exc::TypeError, "invalid indexing of 0-dim memory");
  }
  uint8_t* p = TRY(item_pointer(b, key));
  if (p) {
    if (!as<MemoryView>(self)->buffer) return fail_released();
    return read_item(p, TRY(code_of(b)));
  }
  if (is<Slice>(key)) return make_view(TRY(sliced(b, as<Slice>(key))));
  return fail(exc::TypeError, "memoryview: invalid slice key");
}

Status memoryview_setitem(Value self, Value key, Value value) {
  HISS_BUFFER(b, self);
  if (b.readonly) return fail(exc::TypeError, "cannot modify read-only memory");
  if (!value) return fail(exc::TypeError, "cannot delete memory");
  if (b.ndim == 0) {
    if (key.is_ellipsis() || (is<Tuple>(key) && as<Tuple>(key)->size == 0))
      return write_item(b.data, TRY(code_of(b)), value);
    return fail(exc::TypeError, "invalid indexing of 0-dim memory");
  }
  uint8_t* p = TRY(item_pointer(b, key));
  if (p) {
    uint8_t item[16];
    TRY(write_item(item, TRY(code_of(b)), value));
    // Converting the value may have run code that released the view.
    if (!as<MemoryView>(self)->buffer) return fail_released();
    memcpy(p, item, static_cast<size_t>(b.item_size));
    return kOk;
  }
  if (!is<Slice>(key)) return fail(exc::TypeError, "memoryview: invalid slice key");
  Buffer target = TRY(sliced(b, as<Slice>(key)));
  BufferView keep(std::move(target));
  Buffer from = TRY(get_strided_buffer(value));
  complete(from);
  BufferView source(std::move(from));
  const Buffer &t = keep.get(), &s = source.get();
  if (item_code(t.format) != item_code(s.format) || t.ndim != s.ndim || t.shape != s.shape) {
    return fail(exc::ValueError, "memoryview assignment: lvalue and rvalue have different structures");
  }
  const std::string data = contents(s);
  for (int64_t i = 0; i < t.shape[0]; ++i) {
    memcpy(t.data + i * t.strides[0], data.data() + i * t.item_size, static_cast<size_t>(t.item_size));
  }
  return kOk;
}

Ref memoryview_compare(Value self, Value other, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is<MemoryView>(self)) return Ref::not_implemented();
  const bool negate = op == CompareOp::Ne;
  if (self == other) return Ref::boolean(!negate);
  if (!as<MemoryView>(self)->buffer) return Ref::boolean(negate);
  if (!has_buffer(other)) return Ref::not_implemented();
  if (is<MemoryView>(other) && !as<MemoryView>(other)->buffer) return Ref::boolean(negate);
  Result<Buffer> taken = get_strided_buffer(other);
  if (taken.is_error()) {
    clear_pending();
    return Ref::not_implemented();
  }
  complete(taken.value());
  BufferView theirs(std::move(taken.value()));
  const Buffer &a = *as<MemoryView>(self)->buffer, &b = theirs.get();
  if (a.ndim != b.ndim || a.shape != b.shape) return Ref::boolean(negate);
  const char x = item_code(a.format), y = item_code(b.format);
  if (!x || !y) return Ref::boolean((strcmp(a.format, b.format) == 0 && contents(a) == contents(b)) != negate);
  const std::string left = contents(a), right = contents(b);
  if (x == y && x != 'f' && x != 'd' && x != 'e' && x != '?') return Ref::boolean((left == right) != negate);
  const int64_t n = item_count(a);
  for (int64_t i = 0; i < n; ++i) {
    Ref p = TRY(read_item(reinterpret_cast<const uint8_t*>(left.data()) + i * a.item_size, x));
    Ref q = TRY(read_item(reinterpret_cast<const uint8_t*>(right.data()) + i * b.item_size, y));
    Ref same = TRY(compare(p, q, CompareOp::Eq));
    if (!TRY(truth(same))) return Ref::boolean(negate);
  }
  return Ref::boolean(!negate);
}

Ref memoryview_iter(Value self) {
  HISS_BUFFER(b, self);
  if (b.ndim == 0) return fail(exc::TypeError, "invalid indexing of 0-dim memory");
  if (b.ndim != 1) return fail(exc::NotImplementedError, "multi-dimensional sub-views are not implemented");
  TRY(code_of(b));
  return make_sequence_iterator(self);
}

Ref memoryview_tobytes(Value self, const Value* args) {
  HISS_BUFFER(b, self);
  char order = 'C';
  if (args[0] && !args[0].is_none()) {
    if (!is<Str>(args[0]))
      return fail(exc::TypeError, "tobytes() argument 'order' must be str or None, not {}", type_name(args[0]));
    const std::string text = to_string(args[0]);
    if (text != "C" && text != "F" && text != "A") return fail(exc::ValueError, "order must be 'C', 'F' or 'A'");
    order = text[0];
  }
  if (order == 'F' || (order == 'A' && f_contiguous(b))) {
    Buffer reversed = b;
    std::reverse(reversed.shape.begin(), reversed.shape.end());
    std::reverse(reversed.strides.begin(), reversed.strides.end());
    reversed.release = nullptr;
    return make_bytes(contents(reversed));
  }
  return make_bytes(contents(b));
}

Ref to_nested_list(const Buffer& b, uint8_t* p, size_t dimension, char code) {
  if (dimension == b.shape.size()) return read_item(p, code);
  Ref list = make_list(b.shape[dimension]);
  for (int64_t i = 0; i < b.shape[dimension]; ++i) {
    Ref item = TRY(to_nested_list(b, p + i * b.strides[dimension], dimension + 1, code));
    list_append_owned(as<List>(list), item.release());
  }
  return list;
}
Ref memoryview_tolist(Value self, const Value*) {
  HISS_BUFFER(b, self);
  return to_nested_list(b, b.data, 0, TRY(code_of(b)));
}

Ref memoryview_hex(Value self, const Value* args) {
  HISS_BUFFER(b, self);
  const std::string data = contents(b);
  return hex_text(reinterpret_cast<const uint8_t*>(data.data()), static_cast<int64_t>(data.size()), args[0], args[1]);
}

Ref memoryview_release(Value self, const Value*) {
  auto* v = as<MemoryView>(self);
  if (v->exports > 0) {
    return fail(exc::BufferError, "memoryview has {} exported buffer{}", v->exports, v->exports == 1 ? "" : "s");
  }
  memoryview_clear(v);
  return Ref::none();
}
Ref memoryview_enter(Value self, const Value*) {
  if (!as<MemoryView>(self)->buffer) return fail_released();
  return Ref::share(self);
}
Ref memoryview_exit(Value self, const Value* args) { return memoryview_release(self, args); }

Ref memoryview_toreadonly(Value self, const Value*) {
  HISS_BUFFER(b, self);
  Buffer copy = TRY(another(b));
  copy.readonly = true;
  return make_view(std::move(copy));
}

Ref memoryview_cast(Value self, const Value* args) {
  HISS_BUFFER(b, self);
  if (!is<Str>(args[0]))
    return fail(exc::TypeError, "cast() argument 'format' must be str, not {}", type_name(args[0]));
  if (!b.contiguous()) return fail(exc::TypeError, "memoryview: casts are restricted to C-contiguous views");
  Value shape = args[1] && !args[1].is_none() ? args[1] : Value();
  if (shape && !is<List>(shape) && !is<Tuple>(shape)) return fail(exc::TypeError, "shape must be a list or a tuple");
  Ref dimensions = shape ? TRY(to_tuple(shape)) : empty_tuple();
  Tuple* t = as<Tuple>(dimensions);
  if (shape && t->size > 64) return fail(exc::ValueError, "memoryview: number of dimensions must not exceed 64");
  if (shape && b.ndim != 1 && t->size != 1) {
    return fail(exc::TypeError, "memoryview: cast must be 1D -> ND or ND -> 1D");
  }
  const std::string format = to_string(args[0]);
  const char to = item_code(format.c_str()), from = item_code(b.format);
  if (!to)
    return fail(
        exc::ValueError,
        "memoryview: destination format must be a native single character format prefixed with an optional '@'");
  if (!from)
    return fail(exc::ValueError,
                "memoryview: source format must be a native single character format prefixed with an optional '@'");
  auto is_byte = [](char c) { return c == 'B' || c == 'b' || c == 'c'; };
  if (!is_byte(to) && !is_byte(from))
    return fail(exc::TypeError, "memoryview: cannot cast between two non-byte formats");
  const int64_t item = item_code_size(to), length = item_count(b) * b.item_size;
  if (length % item) return fail(exc::TypeError, "memoryview: length is not a multiple of itemsize");
  Buffer copy = TRY(another(b));
  copy.format = reinterpret_cast<const char*>(intern(format)->data1());
  copy.item_size = item;
  copy.length = length;
  if (shape) {
    copy.shape.clear();
    int64_t product = item;
    for (Value v : *t) {
      if (!is_int(v)) return fail(exc::TypeError, "memoryview.cast(): elements of shape must be integers");
      const auto n = int_value(v);
      if (!n || *n <= 0) {
        release_buffer(copy);
        return fail(exc::ValueError, "memoryview.cast(): elements of shape must be integers > 0");
      }
      if (__builtin_mul_overflow(product, *n, &product))
        return fail(exc::ValueError, "memoryview.cast(): product(shape) > SSIZE_MAX");
      copy.shape.push_back(*n);
    }
    copy.ndim = static_cast<int>(t->size);
    if (product != length) {
      release_buffer(copy);
      return fail(exc::TypeError, "memoryview: product(shape) * itemsize != buffer size");
    }
  } else {
    copy.ndim = 1;
    copy.shape = {length / item};
  }
  copy.strides = c_strides(copy.shape, item);
  return make_view(std::move(copy));
}

Ref int_tuple(const std::vector<int64_t>& numbers) {
  Ref list = make_list();
  for (int64_t n : numbers) list_append_owned(as<List>(list), make_int(n).release());
  return list_to_tuple(as<List>(list));
}

Ref get_obj(Value self) {
  HISS_BUFFER(b, self);
  return Ref::share(b.owner);
}
Ref get_nbytes(Value self) {
  HISS_BUFFER(b, self);
  return make_int(item_count(b) * b.item_size);
}
Ref get_readonly(Value self) {
  HISS_BUFFER(b, self);
  return Ref::boolean(b.readonly);
}
Ref get_itemsize(Value self) {
  HISS_BUFFER(b, self);
  return make_int(b.item_size);
}
Ref get_format(Value self) {
  HISS_BUFFER(b, self);
  return make_str(b.format);
}
Ref get_ndim(Value self) {
  HISS_BUFFER(b, self);
  return make_int(int64_t{b.ndim});
}
Ref get_shape(Value self) {
  HISS_BUFFER(b, self);
  return int_tuple(b.shape);
}
Ref get_strides(Value self) {
  HISS_BUFFER(b, self);
  return int_tuple(b.strides);
}
Ref get_suboffsets(Value self) {
  if (!as<MemoryView>(self)->buffer) return fail_released();
  return empty_tuple();
}
Ref get_c_contiguous(Value self) {
  HISS_BUFFER(b, self);
  return Ref::boolean(b.contiguous());
}
Ref get_f_contiguous(Value self) {
  HISS_BUFFER(b, self);
  return Ref::boolean(f_contiguous(b));
}
Ref get_contiguous(Value self) {
  HISS_BUFFER(b, self);
  return Ref::boolean(b.contiguous() || f_contiguous(b));
}

const NativeDef kMemoryViewMethods[] = {
    {"release", "($self, /)", memoryview_release,
     "Let go of the buffer. Afterwards most uses of the view raise ValueError."},
    {"tobytes", "($self, /, order='C')", memoryview_tobytes,
     "Copy the contents into bytes, with the last index ('C') or the first ('F') changing fastest; 'A' keeps Fortran "
     "order where the view has it."},
    {"hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", memoryview_hex,
     "The contents as text, two hexadecimal digits per byte. sep goes between groups of bytes_per_sep bytes."},
    {"tolist", "($self, /)", memoryview_tolist, "The elements as a list, nested once for each further dimension."},
    {"cast", "($self, /, format, shape=<unrepresentable>)", memoryview_cast,
     "View the same bytes with another element format, and shape if given. The old or the new format must be one of "
     "bytes."},
    {"toreadonly", "($self, /)", memoryview_toreadonly, "A view of the same memory that cannot write to it."},
    {"__enter__", "($self, /)", memoryview_enter, nullptr},
    {"__exit__", "($self, /, *exc_info)", memoryview_exit, nullptr},
    {}};
const GetSetDef kMemoryViewGetSets[] = {
    {"obj", get_obj, nullptr, "The object whose memory is viewed."},
    {"nbytes", get_nbytes, nullptr, "How many bytes all elements take together, gaps not counted."},
    {"readonly", get_readonly, nullptr, "Whether writing through the view is forbidden."},
    {"itemsize", get_itemsize, nullptr, "How many bytes one element takes."},
    {"format", get_format, nullptr, "What the elements are, in the notation of the struct module."},
    {"ndim", get_ndim, nullptr, "The number of dimensions."},
    {"shape", get_shape, nullptr, "The number of elements along each dimension, as a tuple."},
    {"strides", get_strides, nullptr,
     "For each dimension, how many bytes lie between the starts of neighbouring elements."},
    {"suboffsets", get_suboffsets, nullptr,
     "For each dimension, what to add after following a pointer; empty if there are no pointers to follow."},
    {"c_contiguous", get_c_contiguous, nullptr,
     "Whether the elements lie without gaps in the order of C, the last index changing fastest."},
    {"f_contiguous", get_f_contiguous, nullptr,
     "Whether the elements lie without gaps in the order of Fortran, the first index changing fastest."},
    {"contiguous", get_contiguous, nullptr, "Whether the elements lie without gaps in the order of C or Fortran."},
    {}};

}  // namespace

Ref make_memoryview(Value object) {
  if (is<MemoryView>(object)) {
    HISS_BUFFER(b, object);
    return make_view(TRY(another(b)));
  }
  if (!has_buffer(object))
    return fail(exc::TypeError, "memoryview: a bytes-like object is required, not '{}'", type_name(object));
  return make_view(TRY(get_strided_buffer(object)));
}

void init_memoryview_type() {
  define_type(memoryview_type, {.name = "memoryview",
                                .size = sizeof(MemoryView),
                                .layout = Layout::MemoryView,
                                .flags = Type::kHasGc | Type::kWeakReferable | Type::kSequence,
                                .doc = "A window on the memory of an object that offers a buffer; nothing is copied."});
  Slots& s = memoryview_type.slots;
  s.new_ = memoryview_new;
  s.repr = memoryview_repr;
  s.hash = memoryview_hash;
  s.compare = memoryview_compare;
  s.iter = memoryview_iter;
  s.length = memoryview_length;
  s.getitem = memoryview_getitem;
  s.setitem = memoryview_setitem;
  memoryview_type.methods = kMemoryViewMethods;
  memoryview_type.getsets = kMemoryViewGetSets;
  memoryview_type.dealloc = memoryview_dealloc;
  memoryview_type.traverse = memoryview_traverse;
  memoryview_type.clear = memoryview_clear;
  memoryview_type.buffer = memoryview_buffer;
  ready_type(memoryview_type);
}

}  // namespace hiss
