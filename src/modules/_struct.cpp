// _struct: C structs as bytes.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/int.h"
#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Type struct_type, unpack_iterator_type;
Ref error_type;

template <typename... T>
Failure struct_error(fmt::format_string<T...> format, T&&... args) {
  Ref e = call(error_type, {make_str(fmt::format(format, std::forward<T>(args)...))});
  return e.is_error() ? Failure{} : fail_with(e);
}

struct Field {
  char code;
  int64_t offset, size, count;  // `count` bytes of s, p; else one value each
};
struct Layout_ {
  std::vector<Field> fields;
  int64_t size = 0, values = 0;
  bool big = false;
};

struct CodeInfo {
  int size, align;
};
// Sizes natively and in standard mode; 0: unknown.
CodeInfo code_info(char c, bool native) {
  switch (c) {
    case 'x':
    case 'c':
    case 'b':
    case 'B':
    case '?':
    case 's':
    case 'p':
      return {1, 1};
    case 'h':
    case 'H':
    case 'e':
      return {2, 2};
    case 'i':
    case 'I':
    case 'f':
      return {4, 4};
    case 'l':
    case 'L':
      return native ? CodeInfo{8, 8} : CodeInfo{4, 4};
    case 'q':
    case 'Q':
    case 'd':
      return {8, 8};
    case 'n':
    case 'N':
    case 'P':
      return native ? CodeInfo{8, 8} : CodeInfo{0, 0};
    default:
      return {0, 0};
  }
}

Result<Layout_> parse(std::string_view format) {
  Layout_ out;
  bool native = true, aligned = true;
  size_t i = 0;
  if (!format.empty()) {
    switch (format[0]) {
      case '@':
        i = 1;
        break;
      case '=':
        native = aligned = false;
        i = 1;
        break;
      case '<':
        native = aligned = false;
        i = 1;
        break;
      case '>':
      case '!':
        native = aligned = false;
        out.big = true;
        i = 1;
        break;
      default:
        break;
    }
  }
  while (i < format.size()) {
    const char c = format[i];
    if (c == ' ' || c == '\n' || c == '\t') {
      ++i;
      continue;
    }
    int64_t count = 1;
    bool counted = false;
    if (c >= '0' && c <= '9') {
      count = 0;
      counted = true;
      while (i < format.size() && format[i] >= '0' && format[i] <= '9') {
        count = count * 10 + (format[i++] - '0');
        if (count > INT64_MAX / 64) return struct_error("overflow in item count");
      }
      if (i >= format.size()) return struct_error("repeat count given without format specifier");
    }
    (void)counted;
    const char code = format[i++];
    const CodeInfo info = code_info(code, native);
    if (!info.size) return struct_error("bad char in struct format");
    if (aligned) out.size = (out.size + info.align - 1) / info.align * info.align;
    if (code == 's' || code == 'p') {
      out.fields.push_back({code, out.size, count, count});
      out.size += count;
      ++out.values;
    } else if (code == 'x') {
      out.size += count;
    } else {
      if (count > (INT64_MAX - out.size) / info.size) return struct_error("total struct size too long");
      if (count > 100000000) return struct_error("total struct size too long");
      for (int64_t k = 0; k < count; ++k) {
        out.fields.push_back({code, out.size, info.size, 1});
        out.size += info.size;
      }
      out.values += count;
    }
  }
  return out;
}

void put_integer(uint8_t* p, uint64_t v, int64_t size, bool big) {
  for (int64_t i = 0; i < size; ++i) p[big ? size - 1 - i : i] = static_cast<uint8_t>(v >> (8 * i));
}
uint64_t get_integer(const uint8_t* p, int64_t size, bool big) {
  uint64_t v = 0;
  for (int64_t i = 0; i < size; ++i) v |= uint64_t{p[big ? size - 1 - i : i]} << (8 * i);
  return v;
}

Status pack_one(uint8_t* p, const Field& f, Value v, bool big) {
  switch (f.code) {
    case 'c': {
      if (!is<Bytes>(v) || TRY(length(v)) != 1) return struct_error("char format requires a bytes object of length 1");
      BufferView view(TRY(get_buffer(v)));
      *p = view.data()[0];
      return kOk;
    }
    case '?':
      *p = TRY(truth(v));
      return kOk;
    case 's':
    case 'p': {
      if (!is<Bytes>(v) && !is<ByteArray>(v)) return struct_error("argument for '{}' must be a bytes object", f.code);
      BufferView view(TRY(get_buffer(v)));
      int64_t n = view.length();
      if (f.code == 's') {
        n = std::min(n, f.count);
        std::copy_n(view.data(), n, p);
      } else if (f.count > 0) {
        n = std::min<int64_t>(std::min<int64_t>(n, f.count - 1), 255);
        p[0] = static_cast<uint8_t>(n);
        std::copy_n(view.data(), n, p + 1);
      }
      return kOk;
    }
    case 'e':
    case 'f':
    case 'd': {
      Result<double> x = to_double(v);
      if (x.is_error()) {
        if (!pending_is(exc::TypeError)) return Failure{};
        clear_pending();
        return struct_error("required argument is not a float");
      }
      if (f.code == 'd') {
        put_integer(p, std::bit_cast<uint64_t>(x.value()), 8, big);
      } else if (f.code == 'f') {
        const auto single = static_cast<float>(x.value());
        if (std::isinf(single) && std::isfinite(x.value()))
          return fail(exc::OverflowError, "float too large to pack with f format");
        put_integer(p, std::bit_cast<uint32_t>(single), 4, big);
      } else {
        uint16_t half;
        if (!double_to_half(x.value(), half)) return fail(exc::OverflowError, "float too large to pack with e format");
        put_integer(p, half, 2, big);
      }
      return kOk;
    }
    default:
      break;
  }
  if (!is_int(v) && !type_of(v)->slots.index) return struct_error("required argument is not an integer");
  Ref n = TRY(index(v));
  const bool is_signed = std::strchr("bhilqn", f.code) != nullptr;
  const int bits = static_cast<int>(f.size * 8);
  MpzView z(n);
  const bool negative_value = mpz_sgn(z.get()) < 0;
  bool fits;
  if (is_signed) {
    const auto small = int_value(n);
    fits = small && (bits == 64 || (*small >= -(int64_t{1} << (bits - 1)) && *small < (int64_t{1} << (bits - 1))));
    if (fits) put_integer(p, static_cast<uint64_t>(*small), f.size, big);
  } else {
    fits = !negative_value && mpz_sizeinbase(z.get(), 2) <= static_cast<size_t>(bits);
    if (fits) put_integer(p, mpz_get_ui(z.get()), f.size, big);
  }
  if (!fits) {
    if (f.code == 'P') return struct_error("int too large to convert");
    if (bits == 64) return struct_error("int too large to convert");
    if (is_signed)
      return struct_error("'{}' format requires {} <= number <= {}", f.code, -(int64_t{1} << (bits - 1)),
                          (int64_t{1} << (bits - 1)) - 1);
    return struct_error("'{}' format requires 0 <= number <= {}", f.code, (uint64_t{1} << bits) - 1);
  }
  return kOk;
}

Ref unpack_one(const uint8_t* p, const Field& f, bool big) {
  switch (f.code) {
    case 'c':
      return make_bytes(p, 1);
    case '?':
      return Ref::boolean(*p != 0);
    case 's':
      return make_bytes(p, f.count);
    case 'p':
      return make_bytes(p + 1, f.count ? std::min<int64_t>(p[0], f.count - 1) : 0);
    case 'd':
      return make_float(std::bit_cast<double>(get_integer(p, 8, big)));
    case 'f':
      return make_float(std::bit_cast<float>(static_cast<uint32_t>(get_integer(p, 4, big))));
    case 'e':
      return make_float(half_to_double(static_cast<uint16_t>(get_integer(p, 2, big))));
    default:
      break;
  }
  const uint64_t raw = get_integer(p, f.size, big);
  if (std::strchr("bhilqn", f.code)) {
    const int shift = static_cast<int>(64 - f.size * 8);
    return make_int(static_cast<int64_t>(raw << shift) >> shift);
  }
  return make_uint(raw);
}

// ---- Struct objects

struct Struct : Object {
  Value format;
  Layout_* layout;
};
Struct* self_struct(Value v) { return static_cast<Struct*>(v.object()); }

Result<std::string> format_text(Value v) {
  if (is<Str>(v)) return to_string(v);
  if (is<Bytes>(v)) {
    BufferView view(TRY(get_buffer(v)));
    return std::string(view.text());
  }
  return fail(exc::TypeError, "Struct() argument 1 must be a str or bytes object, not {}", type_name(v));
}

Ref make_struct(Type* cls, Value format) {
  std::string text = TRY(format_text(format));
  Layout_ layout = TRY(parse(text));
  auto* s = static_cast<Struct*>(allocate(cls));
  s->layout = new Layout_(std::move(layout));
  s->format = make_str(text).release();
  return Ref::steal(s);
}
Ref struct_new(Type* cls, const Args& args) {
  Arguments a("Struct", "(format)");
  TRY(a.bind(args));
  return make_struct(cls, a[0]);
}
Status struct_init(Value, const Args&) { return kOk; }
void struct_dealloc(Object* o) {
  clear_field(static_cast<Struct*>(o)->format);
  delete static_cast<Struct*>(o)->layout;
  free_object(o);
}

// The struct of a format, remembered for module functions.
Result<Layout_*> cached(Value format) {
  static Ref cache = make_dict();
  Ref found = TRY(dict_get(as<Dict>(cache), format));
  if (found.is_empty()) {
    found = TRY(make_struct(&struct_type, format));
    if (as<Dict>(cache)->used > 100) dict_clear(as<Dict>(cache));
    TRY(dict_set(as<Dict>(cache), format, found));
  }
  return self_struct(found)->layout;
}

Status pack_values(const Layout_& layout, uint8_t* p, const Value* values, int64_t count) {
  if (count != layout.values) return struct_error("pack expected {} items for packing (got {})", layout.values, count);
  std::fill_n(p, layout.size, uint8_t{0});
  for (size_t i = 0; i < layout.fields.size(); ++i)
    TRY(pack_one(p + layout.fields[i].offset, layout.fields[i], values[i], layout.big));
  return kOk;
}
Ref pack(const Layout_& layout, const Value* values, int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(layout.size));
  TRY(pack_values(layout, bytes.data(), values, count));
  return make_bytes(bytes.data(), layout.size);
}
Ref unpack(const Layout_& layout, const uint8_t* p) {
  std::vector<Ref> items;
  for (const Field& f : layout.fields) items.push_back(unpack_one(p + f.offset, f, layout.big));
  std::vector<Value> values(items.begin(), items.end());
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}
Ref unpack_buffer(const Layout_& layout, Value buffer) {
  BufferView view(TRY(get_buffer(buffer)));
  if (view.length() != layout.size) return struct_error("unpack requires a buffer of {} bytes", layout.size);
  return unpack(layout, view.data());
}
Result<int64_t> checked_offset(const Layout_& layout, int64_t offset, int64_t length, const char* what) {
  const bool packing = std::string_view(what) == "pack_into";
  if (offset < 0) {
    if (packing && offset + layout.size > 0)
      return struct_error("no space to pack {} bytes at offset {}", layout.size, offset);
    if (!packing && offset + layout.size > 0) return struct_error("not enough data to unpack {} bytes", layout.size);
    if (offset + length < 0) return struct_error("offset {} out of range for {}-byte buffer", offset, length);
    offset += length;
  }
  if (length - offset < layout.size) {
    return struct_error(
        "{} requires a buffer of at least {} bytes for {} {} bytes at offset {} (actual buffer size is {})", what,
        offset + layout.size, packing ? "packing" : "unpacking", layout.size, offset, length);
  }
  return offset;
}
Ref unpack_from(const Layout_& layout, Value buffer, Value offset_value) {
  BufferView view(TRY(get_buffer(buffer)));
  const int64_t offset =
      TRY(checked_offset(layout, offset_value ? TRY(to_index(offset_value)) : 0, view.length(), "unpack_from"));
  return unpack(layout, view.data() + offset);
}
Ref pack_into(const Layout_& layout, Value args) {
  auto* t = as<Tuple>(args);
  if (t->size < 2) return struct_error("pack_into expected {} argument", t->size == 0 ? "buffer" : "offset");
  BufferView view(TRY(get_buffer(t->items[0], true)));
  if (t->size - 2 != layout.values)
    return struct_error("pack_into expected {} items for packing (got {})", layout.values, t->size - 2);
  const int64_t offset = TRY(checked_offset(layout, TRY(to_index(t->items[1])), view.length(), "pack_into"));
  TRY(pack_values(layout, view.data() + offset, t->items + 2, t->size - 2));
  return Ref::none();
}

struct UnpackIterator : Object {
  Value owner;  // Struct
  Value buffer;
  int64_t offset;
};
Ref make_unpack_iterator(Value structure, Value buffer) {
  const Layout_& layout = *self_struct(structure)->layout;
  if (layout.size == 0) return struct_error("cannot iteratively unpack with a struct of length 0");
  BufferView view(TRY(get_buffer(buffer)));
  if (view.length() % layout.size)
    return struct_error("iterative unpacking requires a buffer of a multiple of {} bytes", layout.size);
  auto* it = allocate_as<UnpackIterator>(unpack_iterator_type);
  it->owner = Ref::share(structure).release();
  it->buffer = Ref::share(buffer).release();
  return Ref::steal(it);
}
Ref unpack_iterator_next(Value self) {
  auto* it = static_cast<UnpackIterator*>(self.object());
  if (!it->buffer) return Ref::empty();
  const Layout_& layout = *self_struct(it->owner)->layout;
  BufferView view(TRY(get_buffer(it->buffer)));
  if (it->offset + layout.size > view.length()) return Ref::empty();
  Ref out = unpack(layout, view.data() + it->offset);
  it->offset += layout.size;
  return out;
}
Ref unpack_iterator_hint(Value self, const Value*) {
  auto* it = static_cast<UnpackIterator*>(self.object());
  BufferView view(TRY(get_buffer(it->buffer)));
  return make_int((view.length() - it->offset) / self_struct(it->owner)->layout->size);
}
void unpack_iterator_dealloc(Object* o) {
  clear_field(static_cast<UnpackIterator*>(o)->owner);
  clear_field(static_cast<UnpackIterator*>(o)->buffer);
  free_object(o);
}

Ref method_pack(Value self, const Value* a) {
  return pack(*self_struct(self)->layout, as<Tuple>(a[0])->items, as<Tuple>(a[0])->size);
}
Ref method_unpack(Value self, const Value* a) { return unpack_buffer(*self_struct(self)->layout, a[0]); }
Ref method_unpack_from(Value self, const Value* a) { return unpack_from(*self_struct(self)->layout, a[0], a[1]); }
Ref method_pack_into(Value self, const Value* a) { return pack_into(*self_struct(self)->layout, a[0]); }
Ref method_iter_unpack(Value self, const Value* a) { return make_unpack_iterator(self, a[0]); }
Ref get_format(Value self) { return Ref::share(self_struct(self)->format); }
Ref get_size(Value self) { return make_int(self_struct(self)->layout->size); }

Ref module_calcsize(Value, const Value* a) { return make_int(TRY(cached(a[0]))->size); }
Ref module_pack(Value, const Value* a) {
  auto* t = as<Tuple>(a[0]);
  if (t->size == 0) return fail(exc::TypeError, "pack expected at least 1 argument, got 0");
  return pack(*TRY(cached(t->items[0])), t->items + 1, t->size - 1);
}
Ref module_unpack(Value, const Value* a) { return unpack_buffer(*TRY(cached(a[0])), a[1]); }
Ref module_unpack_from(Value, const Value* a) { return unpack_from(*TRY(cached(a[0])), a[1], a[2]); }
Ref module_pack_into(Value, const Value* a) {
  auto* t = as<Tuple>(a[0]);
  if (t->size == 0) return fail(exc::TypeError, "pack_into expected at least 1 argument, got 0");
  Ref rest = make_tuple(t->items + 1, t->size - 1);
  return pack_into(*TRY(cached(t->items[0])), rest);
}
Ref module_iter_unpack(Value, const Value* a) {
  Ref s = TRY(make_struct(&struct_type, a[0]));
  return make_unpack_iterator(s, a[1]);
}
Ref module_clearcache(Value, const Value*) { return Ref::none(); }

const NativeDef kMethods[] = {
    {"pack", "($self, /, *values)", method_pack, "Encode the values as the format says and return the bytes."},
    {"unpack", "($self, buffer, /)", method_unpack,
     "Decode buffer, which must be exactly self.size bytes long, into a tuple."},
    {"unpack_from", "($self, /, buffer, offset=0)", method_unpack_from,
     "Decode self.size bytes of buffer from offset on into a tuple."},
    {"pack_into", "($self, /, *args)", method_pack_into,
     "Encode the values as the format says and store them in buffer from offset on."},
    {"iter_unpack", "($self, buffer, /)", method_iter_unpack,
     "Decode buffer piece by piece: each step yields the tuple of the next self.size bytes."},
    {}};
const GetSetDef kGetSets[] = {{"format", get_format, nullptr}, {"size", get_size, nullptr}, {}};
const NativeDef kIteratorMethods[] = {{"__length_hint__", "($self, /)", unpack_iterator_hint, nullptr}, {}};
const NativeDef kFunctions[] = {
    {"calcsize", "($module, format, /)", module_calcsize, "How many bytes a struct of this format takes."},
    {"pack", "($module, /, *args)", module_pack, "Encode the values as format says and return the bytes."},
    {"unpack", "($module, format, buffer, /)", module_unpack,
     "Decode buffer, whose length must be calcsize(format), into a tuple."},
    {"unpack_from", "($module, format, /, buffer, offset=0)", module_unpack_from,
     "Decode the struct that starts at offset in buffer into a tuple; it may have bytes after it."},
    {"pack_into", "($module, /, *args)", module_pack_into,
     "Encode the values as format says and store them in buffer from offset on."},
    {"iter_unpack", "($module, format, buffer, /)", module_iter_unpack,
     "Decode buffer piece by piece: each step yields the tuple of the next calcsize(format) bytes."},
    {"_clearcache", "($module, /)", module_clearcache, "Drop the compiled formats that are kept for reuse."},
    {}};

Status initialize(Value module) {
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str("struct"));
  error_type = TRY(call(to_value(&type_type), {make_str("error"), make_tuple({to_value(&exc::Exception)}), space}));
  define_type(struct_type, {.name = "_struct.Struct",
                            .size = sizeof(Struct),
                            .flags = Type::kBaseType | Type::kWeakReferable,
                            .doc = "Struct(fmt) --> compiled struct object"});
  struct_type.slots.new_ = struct_new;
  struct_type.slots.init = struct_init;
  struct_type.methods = kMethods;
  struct_type.getsets = kGetSets;
  struct_type.dealloc = struct_dealloc;
  ready_type(struct_type);
  define_type(unpack_iterator_type,
              {.name = "_struct.unpack_iterator", .size = sizeof(UnpackIterator), .flags = Type::kNoInstances});
  unpack_iterator_type.slots.next = unpack_iterator_next;
  unpack_iterator_type.slots.iter = self_iter;
  unpack_iterator_type.methods = kIteratorMethods;
  unpack_iterator_type.dealloc = unpack_iterator_dealloc;
  ready_type(unpack_iterator_type);
  Dict* dict = module_dict(module);
  dict_set(dict, intern("error"), error_type);
  dict_set(dict, intern("Struct"), to_value(&struct_type));
  return kOk;
}

}  // namespace

extern const ModuleDef struct_module;
const ModuleDef struct_module = {"_struct", "Packs values into bytes laid out as a C struct, and back.", kFunctions,
                                 initialize};

}  // namespace hiss
