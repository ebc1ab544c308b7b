#include "modules/array/array.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "memory/blocks.h"
#include "modules/module_content.h"
#include "object/bytes.h"
#include "object/class_builder.h"
#include "object/index.h"
#include "object/iterator.h"

namespace hiss {

Type array_type;

Ref make_array(Type* cls, const ArrayItem* item, int64_t length) {
  auto* a = static_cast<Array*>(allocate(cls));
  Ref hold = Ref::steal(a);
  a->item = item;
  if (a->flags & Object::kGc) track(a);
  TRY(array_resize(a, length));
  return hold;
}

Status array_resize(Array* a, int64_t length) {
  if (a->exports > 0 && length != a->length)
    return fail(exc::BufferError, "cannot resize an array that is exporting buffers");
  if (length > a->capacity || length < a->capacity / 4) {
    const int64_t capacity = length + (length > a->length ? (length >> 4) + (length < 8 ? 3 : 7) : 0);
    if (capacity > (INT64_MAX >> 4)) return fail_memory();
    auto* data = static_cast<uint8_t*>(
        resize_block(a->data, static_cast<size_t>(std::max<int64_t>(capacity * a->item->size, 1))));
    if (!data) return fail_memory();
    a->data = data;
    a->capacity = capacity;
  }
  if (length > a->length) std::memset(a->at(a->length), 0, static_cast<size_t>((length - a->length) * a->item->size));
  a->length = length;
  return kOk;
}

Status array_append(Array* a, Value v) {
  uint8_t raw[8];
  TRY(a->item->set(raw, v));
  TRY(array_resize(a, a->length + 1));
  std::memcpy(a->at(a->length - 1), raw, static_cast<size_t>(a->item->size));
  return kOk;
}
Status array_from_bytes(Array* a, const uint8_t* data, int64_t length) {
  const int64_t old = a->length;
  TRY(array_resize(a, old + length / a->item->size));
  if (length) std::memcpy(a->at(old), data, static_cast<size_t>(length));
  return kOk;
}
Status array_extend(Array* a, Value iterable) {
  if (is_array(iterable)) {
    Array* other = array_of(iterable);
    if (other->item->code != a->item->code) return fail(exc::TypeError, "can only extend with array of same kind");
    const int64_t n = other->length, old = a->length;
    TRY(array_resize(a, old + n));
    if (n) std::memmove(a->at(old), other->data, static_cast<size_t>(n * a->item->size));
    return kOk;
  }
  return for_each(iterable, [&](Value v) { return array_append(a, v); });
}

namespace {

// ---- Methods

Ref method_append(Value self, const Value* a) {
  TRY(array_append(array_of(self), a[0]));
  return Ref::none();
}
Ref method_extend(Value self, const Value* a) {
  TRY(array_extend(array_of(self), a[0]));
  return Ref::none();
}
Ref method_insert(Value self, const Value* args) {
  Array* a = array_of(self);
  int64_t i = TRY(to_index(args[0]));
  uint8_t raw[8];
  TRY(a->item->set(raw, args[1]));
  if (i < 0) i = std::max<int64_t>(i + a->length, 0);
  i = std::min(i, a->length);
  TRY(array_resize(a, a->length + 1));
  std::memmove(a->at(i + 1), a->at(i), static_cast<size_t>((a->length - 1 - i) * a->item->size));
  std::memcpy(a->at(i), raw, static_cast<size_t>(a->item->size));
  return Ref::none();
}
Status remove_at(Array* a, int64_t i) {
  if (a->exports > 0) return fail(exc::BufferError, "cannot resize an array that is exporting buffers");
  std::memmove(a->at(i), a->at(i + 1), static_cast<size_t>((a->length - 1 - i) * a->item->size));
  return array_resize(a, a->length - 1);
}
Ref method_pop(Value self, const Value* args) {
  Array* a = array_of(self);
  int64_t i = args[0] ? TRY(to_index(args[0])) : -1;
  if (a->length == 0) return fail(exc::IndexError, "pop from empty array");
  if (i < 0) i += a->length;
  if (i < 0 || i >= a->length) return fail(exc::IndexError, "pop index out of range");
  Ref v = TRY(a->item->get(a->at(i)));
  TRY(remove_at(a, i));
  return v;
}
Result<int64_t> find_item(Array* a, Value v, int64_t start, int64_t stop) {
  for (int64_t i = start; i < stop && i < a->length; ++i) {
    Ref item = TRY(a->item->get(a->at(i)));
    if (TRY(equal(item, v))) return i;
  }
  return -1;
}
Ref method_remove(Value self, const Value* args) {
  const int64_t i = TRY(find_item(array_of(self), args[0], 0, INT64_MAX));
  if (i < 0) return fail(exc::ValueError, "array.remove(x): x not in array");
  TRY(remove_at(array_of(self), i));
  return Ref::none();
}
Ref method_index(Value self, const Value* args) {
  int64_t start = TRY(bound_argument(args[1], 0)), stop = TRY(bound_argument(args[2], INT64_MAX));
  adjust_bounds(start, stop, array_of(self)->length);
  const int64_t i = TRY(find_item(array_of(self), args[0], start, stop));
  if (i < 0) return fail(exc::ValueError, "array.index(x): x not in array");
  return make_int(i);
}
Ref method_count(Value self, const Value* args) {
  Array* a = array_of(self);
  int64_t n = 0;
  for (int64_t i = 0; i < a->length; ++i) {
    Ref item = TRY(a->item->get(a->at(i)));
    n += TRY(equal(item, args[0]));
  }
  return make_int(n);
}
Ref method_reverse(Value self, const Value*) {
  Array* a = array_of(self);
  uint8_t raw[8];
  const auto size = static_cast<size_t>(a->item->size);
  for (int64_t i = 0, j = a->length - 1; i < j; ++i, --j) {
    std::memcpy(raw, a->at(i), size);
    std::memcpy(a->at(i), a->at(j), size);
    std::memcpy(a->at(j), raw, size);
  }
  return Ref::none();
}
Ref method_byteswap(Value self, const Value*) {
  Array* a = array_of(self);
  for (int64_t i = 0; i < a->length; ++i) std::reverse(a->at(i), a->at(i + 1));
  return Ref::none();
}
Ref method_buffer_info(Value self, const Value*) {
  Ref address = make_uint(reinterpret_cast<uintptr_t>(array_of(self)->data)), n = make_int(array_of(self)->length);
  return make_tuple({address, n});
}
Ref method_tolist(Value self, const Value*) {
  Array* a = array_of(self);
  Ref list = make_list(a->length);
  for (int64_t i = 0; i < a->length; ++i) list_append(as<List>(list), TRY(a->item->get(a->at(i))));
  return list;
}
Ref method_fromlist(Value self, const Value* args) {
  if (!is<List>(args[0])) return fail(exc::TypeError, "arg must be list");
  Array* a = array_of(self);
  const int64_t old = a->length, n = as<List>(args[0])->size;
  TRY(array_resize(a, old + n));
  for (int64_t i = 0; i < n; ++i) {
    Ref v = Ref::share(as<List>(args[0])->items[i]);
    uint8_t raw[8];
    if (a->item->set(raw, v).is_error()) {
      Ref error = take_pending();
      TRY(array_resize(a, old));
      return restore_pending(std::move(error));
    }
    if (as<List>(args[0])->size != n) return fail(exc::RuntimeError, "list changed size during iteration");
    std::memcpy(a->at(old + i), raw, static_cast<size_t>(a->item->size));
  }
  return Ref::none();
}
Ref method_tobytes(Value self, const Value*) {
  return make_bytes(array_of(self)->data, array_of(self)->length * array_of(self)->item->size);
}
Ref method_frombytes(Value self, const Value* args) {
  BufferView view(TRY(get_buffer(args[0])));
  if (view.length() % array_of(self)->item->size)
    return fail(exc::ValueError, "bytes length not a multiple of item size");
  TRY(array_from_bytes(array_of(self), view.data(), view.length()));
  return Ref::none();
}
Ref method_tofile(Value self, const Value* args) {
  const int64_t total = array_of(self)->length * array_of(self)->item->size;
  for (int64_t i = 0; i < total; i += 65536) {
    Ref block = make_bytes(array_of(self)->data + i, std::min<int64_t>(65536, total - i));
    TRY(call_method(args[0], names.write, {block}));
  }
  return Ref::none();
}
Ref method_fromfile(Value self, const Value* args) {
  const int64_t n = TRY(to_index(args[1])), size = array_of(self)->item->size;
  if (n < 0) return fail(exc::ValueError, "negative count");
  if (n > INT64_MAX / size) return fail_memory();
  Ref data = TRY(call_method(args[0], names.read, {make_int(n * size)}));
  if (!is<Bytes>(data)) return fail(exc::TypeError, "read() didn't return bytes");
  const bool short_read = as<Bytes>(data)->length != n * size;
  if (as<Bytes>(data)->length % size) return fail(exc::ValueError, "bytes length not a multiple of item size");
  TRY(array_from_bytes(array_of(self), as<Bytes>(data)->data, as<Bytes>(data)->length));
  if (short_read) return fail(exc::EOFError, "read() didn't return enough bytes");
  return Ref::none();
}
Ref method_tounicode(Value self, const Value*) {
  Array* a = array_of(self);
  if (a->item->code != 'u') return fail(exc::ValueError, "tounicode() may only be called on unicode type arrays");
  for (int64_t i = 0; i < a->length; ++i) TRY(a->item->get(a->at(i)));
  return make_str_ucs4(reinterpret_cast<const uint32_t*>(a->data), a->length);
}
Ref method_fromunicode(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "fromunicode() argument must be str, not {}", type_name(args[0]));
  if (array_of(self)->item->code != 'u')
    return fail(exc::ValueError, "fromunicode() may only be called on unicode type arrays");
  TRY(array_extend(array_of(self), args[0]));
  return Ref::none();
}
Ref method_copy(Value self, const Value*) {
  Array* a = array_of(self);
  Ref out = TRY(make_array(&array_type, a->item, a->length));
  if (a->length) std::memcpy(array_of(out)->data, a->data, static_cast<size_t>(a->length * a->item->size));
  return out;
}
Ref method_reduce_ex(Value self, const Value* args) {
  const int64_t protocol = TRY(to_int64(args[0]));
  Array* a = array_of(self);
  Ref dict = TRY(get_attr_or_empty(self, names.__dict__));
  if (dict.is_empty()) dict = Ref::none();
  const char code_text[2] = {a->item->code, 0};
  Ref code = make_str_ascii(code_text);
  if (protocol < 3) {
    Ref list = TRY(method_tolist(self, nullptr));
    Ref arguments = make_tuple({code, list});
    return make_tuple({to_value(type_of(self)), arguments, dict});
  }
  Ref module = TRY(import_module("array"));
  Ref function = TRY(get_attr(module, "_array_reconstructor"));
  Ref data = TRY(method_tobytes(self, nullptr));
  Ref arguments = make_tuple({to_value(type_of(self)), code, Value::integer(a->item->machine_format), data});
  return make_tuple({function, arguments, dict});
}
Ref method_sizeof(Value self, const Value*) {
  return make_int(static_cast<int64_t>(sizeof(Array)) + array_of(self)->capacity * array_of(self)->item->size);
}
Ref get_typecode(Value self) {
  const char text[2] = {array_of(self)->item->code, 0};
  return make_str_ascii(text);
}
Ref get_itemsize(Value self) { return make_int(array_of(self)->item->size); }

Ref array_new(Type* cls, const Args& args) {
  if (cls == &array_type && args.keyword_count())
    return fail(exc::TypeError, "array.array() takes no keyword arguments");
  if (args.count < 1) return fail(exc::TypeError, "array() takes at least 1 argument (0 given)");
  if (args.count > 2) return fail(exc::TypeError, "array() takes at most 2 arguments ({} given)", args.count);
  if (!is<Str>(args[0]) || as<Str>(args[0])->length != 1) {
    return fail(exc::TypeError, "array() argument 1 must be a unicode character, not {}", type_name(args[0]));
  }
  const uint32_t code = as<Str>(args[0])->at(0);
  const ArrayItem* item = code < 128 ? find_array_item(static_cast<char>(code)) : nullptr;
  Value initial = args.count > 1 ? args[1] : Value();
  if (initial && code != 'u') {
    if (is<Str>(initial))
      return fail(exc::TypeError, "cannot use a str to initialize an array with typecode '{}'",
                  static_cast<char>(code));
    if (is_array(initial) && array_of(initial)->item->code == 'u') {
      return fail(exc::TypeError, "cannot use a unicode array to initialize an array with typecode '{}'",
                  static_cast<char>(code));
    }
  }
  if (!item) return fail(exc::ValueError, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)");
  Ref out = TRY(make_array(cls, item, 0));
  Array* a = array_of(out);
  if (!initial) return out;
  if (is<Bytes>(initial) || is<ByteArray>(initial)) {
    BufferView view(TRY(get_buffer(initial)));
    if (view.length() % item->size) return fail(exc::ValueError, "bytes length not a multiple of item size");
    TRY(array_from_bytes(a, view.data(), view.length()));
    return out;
  }
  if (is_array(initial) && array_of(initial)->item->code != item->code) {
    Array* other = array_of(initial);
    for (int64_t i = 0; i < other->length; ++i) {
      Ref v = TRY(other->item->get(other->at(i)));
      TRY(array_append(a, v));
    }
    return out;
  }
  TRY(array_extend(a, initial));
  return out;
}
void array_dealloc(Object* o) {
  free_block(static_cast<Array*>(o)->data);
  free_object(o);
}

const GetSetDef kGetSets[] = {{"typecode", get_typecode, nullptr, "the letter that says how items are stored"},
                              {"itemsize", get_itemsize, nullptr, "how many bytes each item takes"},
                              {}};
const NativeDef kFunctions[] = {{"_array_reconstructor", "($module, arraytype, typecode, mformat_code, items, /)",
                                 array_reconstructor, "What pickle calls to rebuild an array."},
                                {}};

Status initialize(Value module) {
  define_type(
      array_type,
      {.name = "array.array",
       .size = sizeof(Array),
       .layout = Layout::Native,
       .flags = Type::kBaseType | Type::kSequence | Type::kWeakReferable,
       .doc =
           "array(typecode [, initializer]) -> array\n\nA sequence of numbers or characters, all stored in the machine "
           "format that typecode stands for. initializer: a str for typecode 'u', bytes, or an iterable of items."});
  fill_array_slots(array_type);
  array_type.slots.new_ = array_new;
  array_type.slots.hash = hash_not_implemented;
  array_type.methods = kArrayMethods;
  array_type.getsets = kGetSets;
  array_type.dealloc = array_dealloc;
  ready_type(array_type);
  add_type(module, array_type);
  add_object(module, "ArrayType", to_value(&array_type));
  add_object(module, "typecodes", make_str_ascii(kArrayCodes));
  Ref abc = TRY(import_module("collections.abc"));
  Ref mutable_sequence = TRY(get_attr(abc, "MutableSequence"));
  TRY(call_method(mutable_sequence, "register", {to_value(&array_type)}));
  return kOk;
}

}  // namespace

const NativeDef kArrayMethods[] = {
    {"append", "($self, v, /)", method_append, "Add v as the last item."},
    {"extend", "($self, bb, /)", method_extend, "Add the items of bb, an array of the same typecode or an iterable."},
    {"insert", "($self, i, v, /)", method_insert, "Put v in front of the item at i."},
    {"pop", "($self, i=-1, /)", method_pop, "Take the item at i out and return it; IndexError if there is none."},
    {"remove", "($self, v, /)", method_remove, "Take out the first item that equals v; ValueError if there is none."},
    {"index", "($self, v, start=0, stop=sys.maxsize, /)", method_index,
     "The position of the first item between start and stop that equals v; ValueError if there is none."},
    {"count", "($self, v, /)", method_count, "How many items equal v."},
    {"reverse", "($self, /)", method_reverse, "Turn the order of the items around in place."},
    {"byteswap", "($self, /)", method_byteswap, "Turn the order of the bytes around in each item."},
    {"buffer_info", "($self, /)", method_buffer_info,
     "Where in memory the items start, and how many they are, as a tuple of two."},
    {"tolist", "($self, /)", method_tolist, "The items as a list."},
    {"fromlist", "($self, list, /)", method_fromlist, "Add the items of list, all of them or none."},
    {"tobytes", "($self, /)", method_tobytes, "The items as they lie in memory."},
    {"frombytes", "($self, buffer, /)", method_frombytes,
     "Add items that are stored in buffer as tobytes() gives them; ValueError if the last one is not whole."},
    {"tofile", "($self, f, /)", method_tofile, "Write to f what tobytes() returns."},
    {"fromfile", "($self, f, n, /)", method_fromfile,
     "Read n items from f and add them; EOFError if there are fewer, after adding those."},
    {"tounicode", "($self, /)", method_tounicode, "The items as a str; ValueError unless the typecode is 'u'."},
    {"fromunicode", "($self, ustr, /)", method_fromunicode,
     "Add the characters of ustr; ValueError unless the typecode is 'u'."},
    {"__copy__", "($self, /)", method_copy, "A new array with the same items."},
    {"__deepcopy__", "($self, unused, /)", method_copy, "A new array with the same items."},
    {"__reduce_ex__", "($self, value, /)", method_reduce_ex, "What pickle needs to rebuild the array."},
    {"__sizeof__", "($self, /)", method_sizeof, "How many bytes the array takes in memory."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

extern const ModuleDef array_module;
const ModuleDef array_module = {"array", "Sequences that store numbers or characters compactly, as C arrays do.",
                                kFunctions, initialize};

}  // namespace hiss
