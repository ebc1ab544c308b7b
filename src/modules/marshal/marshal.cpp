#include "modules/marshal/marshal.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "compile/code.h"
#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/codecs_text.h"
#include "object/complex.h"
#include "object/float_text.h"
#include "vm/audit.h"

namespace hiss {

namespace {

constexpr int kMaxDepth = 2000;

// ---- Writing

class Writer {
 public:
  explicit Writer(int version) : version_(version) {}
  Status write(Value v);
  std::string out;

 private:
  void byte(uint8_t b) { out += static_cast<char>(b); }
  void short_(uint16_t v) { out.append(reinterpret_cast<const char*>(&v), 2); }
  void long_(int32_t v) { out.append(reinterpret_cast<const char*>(&v), 4); }
  Status size(int64_t n) {
    if (n > INT32_MAX) return fail(exc::ValueError, "unmarshallable object");
    long_(static_cast<int32_t>(n));
    return kOk;
  }
  void number(double d) {
    if (version_ > 1) {
      out.append(reinterpret_cast<const char*>(&d), 8);
      return;
    }
    char text[40];
    const int n = std::snprintf(text, sizeof text, "%.17g", d);
    byte(static_cast<uint8_t>(n));
    out.append(text, static_cast<size_t>(n));
  }
  /// True when the object was written before (a reference is written now); otherwise sets the flag under which it is
  /// remembered.
  bool remember(Value v, uint8_t& flag);
  Status write_object(Value v, uint8_t flag);
  Status write_int(Value v, uint8_t flag);
  Status write_str(Str* s, uint8_t flag);
  Status write_code(Code* c, uint8_t flag);
  Status write_items(const Value* items, int64_t n) {
    for (int64_t i = 0; i < n; ++i) TRY(write(items[i]));
    return kOk;
  }

  int version_;
  int depth_ = 0;
  std::unordered_map<Object*, int32_t> seen_;
};

bool Writer::remember(Value v, uint8_t& flag) {
  if (version_ < 3 || !v.is_object()) return false;
  // What nobody else refers to cannot come again.
  if (v.object()->refs == 1) return false;
  auto [it, fresh] = seen_.emplace(v.object(), static_cast<int32_t>(seen_.size()));
  if (fresh) {
    flag = kMarshalFlagRef;
    return false;
  }
  byte(kMarshalRef);
  long_(it->second);
  return true;
}

Status Writer::write(Value v) {
  if (depth_ > kMaxDepth) return fail(exc::ValueError, "object too deeply nested to marshal");
  ++depth_;
  Status result = kOk;
  if (v.is_empty()) {
    byte(kMarshalNull);
  } else if (v.is_none()) {
    byte(kMarshalNone);
  } else if (v.is_bool()) {
    byte(v.is_true() ? kMarshalTrue : kMarshalFalse);
  } else if (v.is_ellipsis()) {
    byte(kMarshalEllipsis);
  } else if (v == to_value(&exc::StopIteration)) {
    byte(kMarshalStopIteration);
  } else {
    uint8_t flag = 0;
    if (!remember(v, flag)) result = write_object(v, flag);
  }
  --depth_;
  return result;
}

Status Writer::write_int(Value v, uint8_t flag) {
  const auto small = int_value(v);
  if (small && *small >= INT32_MIN && *small <= INT32_MAX) {
    byte(kMarshalInt | flag);
    long_(static_cast<int32_t>(*small));
    return kOk;
  }
  // Digits of 15 bits, as CPython writes them everywhere.
  MpzView z(v);
  const size_t digits = (mpz_sizeinbase(z, 2) + 14) / 15;
  if (digits > INT32_MAX) return fail(exc::ValueError, "unmarshallable object");
  std::vector<uint16_t> data(digits);
  size_t count = 0;
  mpz_export(data.data(), &count, -1, 2, -1, 1, z);
  byte(kMarshalLong | flag);
  const auto n = static_cast<int32_t>(count);
  long_(int_sign(v) < 0 ? -n : n);
  for (size_t i = 0; i < count; ++i) short_(data[i]);
  return kOk;
}

Status Writer::write_str(Str* s, uint8_t flag) {
  if (version_ >= 4 && s->ascii) {
    const bool is_short = s->length < 256;
    if (is_short) {
      byte((s->interned ? kMarshalShortAsciiInterned : kMarshalShortAscii) | flag);
      byte(static_cast<uint8_t>(s->length));
    } else {
      byte((s->interned ? kMarshalAsciiInterned : kMarshalAscii) | flag);
      TRY(size(s->length));
    }
    out += s->ascii_view();
    return kOk;
  }
  const std::string_view text = utf8_view(s);  // lone surrogates as three bytes: surrogatepass
  byte((version_ >= 3 && s->interned ? kMarshalInterned : kMarshalUnicode) | flag);
  TRY(size(static_cast<int64_t>(text.size())));
  out += text;
  return kOk;
}

Status Writer::write_code(Code* c, uint8_t flag) {
  byte(kMarshalCode | flag);
  const std::string packed = pack_code(c);
  TRY(size(static_cast<int64_t>(packed.size())));
  out += packed;
  for (Value v : {c->name, c->qualname, c->filename, c->consts, c->names, c->varnames, c->cellvars, c->freevars})
    TRY(write(v));
  return kOk;
}

Status Writer::write_object(Value v, uint8_t flag) {
  if (v.is_integer() || is_exact(v, int_type)) return write_int(v, flag);
  if (v.is_number() || is_exact(v, float_type)) {
    byte((version_ > 1 ? kMarshalBinaryFloat : kMarshalFloat) | flag);
    number(float_value(v));
    return kOk;
  }
  if (is_exact(v, complex_type)) {
    byte((version_ > 1 ? kMarshalBinaryComplex : kMarshalComplex) | flag);
    number(as<Complex>(v)->real);
    number(as<Complex>(v)->imaginary);
    return kOk;
  }
  if (is_exact(v, str_type)) return write_str(as<Str>(v), flag);
  if (is_exact(v, bytes_type)) {
    byte(kMarshalBytes | flag);
    TRY(size(as<Bytes>(v)->length));
    out += as<Bytes>(v)->view();
    return kOk;
  }
  if (is_exact(v, tuple_type)) {
    auto* t = as<Tuple>(v);
    if (version_ >= 4 && t->size < 256) {
      byte(kMarshalSmallTuple | flag);
      byte(static_cast<uint8_t>(t->size));
    } else {
      byte(kMarshalTuple | flag);
      TRY(size(t->size));
    }
    return write_items(t->items, t->size);
  }
  if (is_exact(v, list_type)) {
    auto* l = as<List>(v);
    byte(kMarshalList | flag);
    TRY(size(l->size));
    return write_items(l->items, l->size);
  }
  if (is_exact(v, dict_type)) {
    byte(kMarshalDict | flag);
    for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(v), i);) {
      TRY(write(e->key));
      TRY(write(e->value));
    }
    byte(kMarshalNull);
    return kOk;
  }
  if (is_exact(v, set_type) || is_exact(v, frozenset_type)) {
    auto* s = as<Set>(v);
    byte((is_exact(v, frozenset_type) ? kMarshalFrozenset : kMarshalSet) | flag);
    TRY(size(s->used));
    // Ordered by their own bytes, so that equal sets give equal files.
    std::vector<std::pair<std::string, Value>> items;
    for (int64_t i = 0; SetEntry* e = set_next(s, i);) items.emplace_back(TRY(marshal_dump(e->key, version_)), e->key);
    std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [bytes, item] : items) TRY(write(item));
    return kOk;
  }
  if (is<Code>(v)) return write_code(as<Code>(v), flag);
  if (has_buffer(v)) {
    BufferView view(TRY(get_buffer(v)));
    byte(kMarshalBytes | flag);
    TRY(size(view.length()));
    out += view.text();
    return kOk;
  }
  return fail(exc::ValueError, "unmarshallable object");
}

// ---- Reading

class Reader {
 public:
  explicit Reader(std::string_view data) : data_(data) {}
  explicit Reader(Value file) : file_(file) {}
  Ref read_whole() {
    Ref v = TRY(read());
    if (v.is_empty()) return fail(exc::TypeError, "NULL object in marshal data for object");
    return v;
  }

 private:
  Result<std::string_view> take(int64_t n);
  Result<uint8_t> byte() { return static_cast<uint8_t>(TRY(take(1))[0]); }
  Result<int32_t> long_() {
    int32_t v;
    std::memcpy(&v, TRY(take(4)).data(), 4);
    return v;
  }
  Result<int64_t> size(const char* what) {
    const int32_t n = TRY(long_());
    if (n < 0) return fail(exc::ValueError, "bad marshal data ({} size out of range)", what);
    return n;
  }
  Result<double> text_number() {
    const uint8_t n = TRY(byte());
    const std::string text(TRY(take(n)));
    char* end;
    const double d = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size() || text.empty())
      return fail(exc::ValueError, "could not convert string to float: {}", text);
    return d;
  }
  Result<double> binary_number() {
    double d;
    std::memcpy(&d, TRY(take(8)).data(), 8);
    return d;
  }
  Ref read();  // empty: TYPE_NULL
  Ref read_object(uint8_t type, bool flag);
  Ref item(const char* where);
  Ref read_int();
  Ref read_code();
  size_t reserve(bool flag) {
    if (!flag) return 0;
    refs_.emplace_back();
    return refs_.size() - 1;
  }
  Ref keep(Ref v, bool flag) {
    if (flag && !v.is_error()) refs_.push_back(v);
    return v;
  }

  std::string_view data_;
  Value file_;
  std::string chunk_;
  std::vector<Ref> refs_;
  int depth_ = 0;
};

Result<std::string_view> Reader::take(int64_t n) {
  if (!file_) {
    if (n > static_cast<int64_t>(data_.size())) return fail(exc::EOFError, "marshal data too short");
    const std::string_view out = data_.substr(0, static_cast<size_t>(n));
    data_.remove_prefix(static_cast<size_t>(n));
    return out;
  }
  chunk_.clear();
  while (static_cast<int64_t>(chunk_.size()) < n) {
    Ref piece = TRY(call_method(file_, names.read, {make_int(n - static_cast<int64_t>(chunk_.size()))}));
    if (!is<Bytes>(piece)) return fail(exc::TypeError, "file.read() returned not bytes but {}", type_name(piece));
    if (as<Bytes>(piece)->length == 0) return fail(exc::EOFError, "EOF read where not expected");
    if (as<Bytes>(piece)->length > n - static_cast<int64_t>(chunk_.size())) {
      return fail(exc::ValueError, "read() returned too much data: {} bytes requested, {} returned",
                  n - static_cast<int64_t>(chunk_.size()), as<Bytes>(piece)->length);
    }
    chunk_ += as<Bytes>(piece)->view();
  }
  return std::string_view(chunk_);
}

Ref Reader::read() {
  Result<uint8_t> code = byte();
  if (code.is_error()) {
    if (pending_is(exc::EOFError)) {
      clear_pending();
      return fail(exc::EOFError, "EOF read where object expected");
    }
    return Failure{};
  }
  if (depth_ > kMaxDepth) return fail(exc::ValueError, "recursion limit exceeded");
  ++depth_;
  Ref v = read_object(code.value() & ~kMarshalFlagRef, code.value() & kMarshalFlagRef);
  --depth_;
  return v;
}
Ref Reader::item(const char* where) {
  Ref v = TRY(read());
  if (v.is_empty()) return fail(exc::TypeError, "NULL object in marshal data for {}", where);
  return v;
}

Ref Reader::read_int() {
  const int32_t n = TRY(long_());
  if (n == 0) return make_int(0);
  if (n == INT32_MIN) return fail(exc::ValueError, "bad marshal data (long size out of range)");
  const int64_t count = n < 0 ? -static_cast<int64_t>(n) : n;
  std::vector<uint16_t> digits;
  for (int64_t i = 0; i < count; ++i) {
    uint16_t d;
    std::memcpy(&d, TRY(take(2)).data(), 2);
    if (d > 0x7FFF) return fail(exc::ValueError, "bad marshal data (digit out of range in long)");
    digits.push_back(d);
  }
  if (digits.back() == 0) return fail(exc::ValueError, "bad marshal data (unnormalized long data)");
  mpz_t z;
  mpz_init(z);
  mpz_import(z, digits.size(), -1, 2, 0, 1, digits.data());
  if (n < 0) mpz_neg(z, z);
  Ref v = int_from_mpz(z);
  mpz_clear(z);
  return v;
}

bool all_strs(Value v) {
  if (!is<Tuple>(v)) return false;
  for (Value item : *as<Tuple>(v)) {
    if (!is_exact(item, str_type)) return false;
  }
  return true;
}
// Names are compared by identity when the code runs.
Ref intern_all(Value tuple) {
  std::vector<Value> items;
  for (Value v : *as<Tuple>(tuple)) items.push_back(to_value(intern(as<Str>(v))));
  return make_tuple(items.data(), static_cast<int64_t>(items.size()));
}

Ref Reader::read_code() {
  const int64_t n = TRY(size("code"));
  const std::string packed(TRY(take(n)));
  Ref fields[8];
  for (Ref& f : fields) f = TRY(item("code"));
  Code* c = allocate_code();
  Ref hold = Ref::steal(c);
  auto empty_vector = [](auto*& pointer) {
    if (!pointer) pointer = new std::remove_reference_t<decltype(*pointer)>();
  };
  delete c->instructions;
  delete c->exception_table;
  delete c->positions;
  delete c->cell_arguments;
  c->instructions = nullptr;
  c->exception_table = nullptr;
  c->positions = nullptr;
  c->cell_arguments = nullptr;
  bool good = unpack_code(c, packed);
  empty_vector(c->instructions);
  empty_vector(c->exception_table);
  empty_vector(c->positions);
  empty_vector(c->cell_arguments);
  for (int i = 0; i < 3; ++i) good &= is_exact(fields[i], str_type);
  good &= is<Tuple>(fields[3]);
  for (int i = 4; i < 8; ++i) good &= all_strs(fields[i]);
  if (!good) return fail(exc::ValueError, "bad marshal data (code object)");
  auto put = [](Value& field, Ref v) {
    Value old = field;
    field = v.release();
    release(old);
  };
  put(c->name, Ref::share(intern(as<Str>(fields[0]))));
  put(c->qualname, Ref::share(intern(as<Str>(fields[1]))));
  put(c->filename, std::move(fields[2]));
  put(c->consts, std::move(fields[3]));
  put(c->names, intern_all(fields[4]));
  put(c->varnames, intern_all(fields[5]));
  put(c->cellvars, intern_all(fields[6]));
  put(c->freevars, intern_all(fields[7]));
  c->seal();
  return hold;
}

Ref Reader::read_object(uint8_t type, bool flag) {
  switch (type) {
    case kMarshalNull:
      return Ref::empty();
    case kMarshalNone:
      return Ref::none();
    case kMarshalFalse:
      return Ref::boolean(false);
    case kMarshalTrue:
      return Ref::boolean(true);
    case kMarshalEllipsis:
      return Ref::steal(Value::ellipsis());
    case kMarshalStopIteration:
      return Ref::share(&exc::StopIteration);
    case kMarshalInt:
      return keep(make_int(TRY(long_())), flag);
    case kMarshalInt64: {
      int64_t v;
      std::memcpy(&v, TRY(take(8)).data(), 8);
      return keep(make_int(v), flag);
    }
    case kMarshalLong:
      return keep(TRY(read_int()), flag);
    case kMarshalFloat:
      return keep(make_float(TRY(text_number())), flag);
    case kMarshalBinaryFloat:
      return keep(make_float(TRY(binary_number())), flag);
    case kMarshalComplex: {
      const double real = TRY(text_number()), imaginary = TRY(text_number());
      return keep(make_complex(real, imaginary), flag);
    }
    case kMarshalBinaryComplex: {
      const double real = TRY(binary_number()), imaginary = TRY(binary_number());
      return keep(make_complex(real, imaginary), flag);
    }
    case kMarshalBytes: {
      const int64_t n = TRY(size("bytes object"));
      return keep(make_bytes(TRY(take(n))), flag);
    }
    case kMarshalAscii:
    case kMarshalAsciiInterned:
    case kMarshalShortAscii:
    case kMarshalShortAsciiInterned: {
      const bool is_short = type == kMarshalShortAscii || type == kMarshalShortAsciiInterned;
      const int64_t n = is_short ? static_cast<int64_t>(TRY(byte())) : TRY(size("string"));
      const std::string_view text = TRY(take(n));
      Ref s = make_str_latin1(reinterpret_cast<const uint8_t*>(text.data()), n);
      if (type == kMarshalAsciiInterned || type == kMarshalShortAsciiInterned) s = Ref::share(intern(as<Str>(s)));
      return keep(std::move(s), flag);
    }
    case kMarshalUnicode:
    case kMarshalInterned: {
      const int64_t n = TRY(size("string"));
      const std::string_view text = TRY(take(n));
      Ref s = n ? TRY(decode_utf8({reinterpret_cast<const uint8_t*>(text.data()), n, Value(), "surrogatepass"}))
                : empty_str();
      if (type == kMarshalInterned) s = Ref::share(intern(as<Str>(s)));
      return keep(std::move(s), flag);
    }
    case kMarshalSmallTuple:
    case kMarshalTuple: {
      const int64_t n = type == kMarshalSmallTuple ? static_cast<int64_t>(TRY(byte())) : TRY(size("tuple"));
      if (!file_ && n > static_cast<int64_t>(data_.size()))
        return fail(exc::EOFError, "EOF read where object expected");
      const size_t slot = reserve(flag);
      Ref list = make_list();
      for (int64_t i = 0; i < n; ++i) list_append(as<List>(list), TRY(item("tuple")));
      Ref t = list_to_tuple(as<List>(list));
      if (flag) refs_[slot] = t;
      return t;
    }
    case kMarshalList: {
      const int64_t n = TRY(size("list"));
      Ref list = make_list();
      keep(list, flag).reset();
      for (int64_t i = 0; i < n; ++i) list_append(as<List>(list), TRY(item("list")));
      return list;
    }
    case kMarshalDict: {
      Ref dict = make_dict();
      keep(dict, flag).reset();
      for (;;) {
        Ref key = TRY(read());
        if (key.is_empty()) return dict;
        Ref value = TRY(read());
        if (value.is_empty()) return dict;
        TRY(dict_set(as<Dict>(dict), key.value(), value.value()));
      }
    }
    case kMarshalSet:
    case kMarshalFrozenset: {
      const int64_t n = TRY(size("set"));
      Ref set = make_set();
      size_t slot = 0;
      if (type == kMarshalSet) {
        keep(set, flag).reset();
      } else {
        slot = reserve(flag);
      }
      for (int64_t i = 0; i < n; ++i) {
        Ref v = TRY(item("set"));
        TRY(set_add(as<Set>(set), v));
      }
      if (type == kMarshalSet) return set;
      Ref frozen = TRY(make_frozenset(set));
      if (flag) refs_[slot] = frozen;
      return frozen;
    }
    case kMarshalCode: {
      const size_t slot = reserve(flag);
      Ref code = TRY(read_code());
      if (flag) refs_[slot] = code;
      return code;
    }
    case kMarshalRef: {
      const int32_t n = TRY(long_());
      if (n < 0 || static_cast<size_t>(n) >= refs_.size() || refs_[static_cast<size_t>(n)].is_empty()) {
        return fail(exc::ValueError, "bad marshal data (invalid reference)");
      }
      return refs_[static_cast<size_t>(n)];
    }
    default:
      return fail(exc::ValueError, "bad marshal data (unknown type code)");
  }
}

// ---- The module

Ref marshal_dumps(Value, const Value* a) {
  TRY(audit("marshal.dumps", {a[0], a[1] ? a[1] : Value::integer(kMarshalVersion)}));
  return make_bytes(TRY(marshal_dump(a[0], a[1] ? TRY(to_c_int(a[1])) : kMarshalVersion)));
}
Ref marshal_dump_to(Value, const Value* a) {
  TRY(audit("marshal.dumps", {a[0], a[2] ? a[2] : Value::integer(kMarshalVersion)}));
  Ref bytes = make_bytes(TRY(marshal_dump(a[0], a[2] ? TRY(to_c_int(a[2])) : kMarshalVersion)));
  return call_method(a[1], names.write, {bytes});
}
Ref marshal_loads(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  if (auditing) TRY(audit("marshal.loads", {make_bytes(view.text())}));
  return marshal_load(view.text());
}
Ref marshal_load_from(Value, const Value* a) {
  TRY(audit("marshal.load", {}));
  Ref probe = TRY(call_method(a[0], names.read, {Value::integer(0)}));
  if (!is<Bytes>(probe)) return fail(exc::TypeError, "file.read() returned not bytes but {}", type_name(probe));
  return Reader(a[0]).read_whole();
}

const NativeDef kFunctions[] = {
    {"dump", "($module, value, file, version=version, /)", marshal_dump_to,
     "Write to file what dumps(value, version) returns."},
    {"dumps", "($module, value, version=version, /)", marshal_dumps,
     "value in marshal format; ValueError if it has parts of a type that the format does not know."},
    {"load", "($module, file, /)", marshal_load_from,
     "Read one value from a binary file; EOFError, ValueError or TypeError if there is none to be read."},
    {"loads", "($module, bytes, /)", marshal_loads,
     "The value whose marshal format the argument starts with; what follows it is passed over."},
    {}};
Status initialize(Value module) {
  add_int(module, "version", kMarshalVersion);
  return kOk;
}

}  // namespace

Result<std::string> marshal_dump(Value v, int version) {
  Writer w(version);
  TRY(w.write(v));
  return std::move(w.out);
}
Ref marshal_load(std::string_view data) { return Reader(data).read_whole(); }

extern const ModuleDef marshal_module;
const ModuleDef marshal_module = {
    "marshal", "The format of .pyc files: Python values as bytes, the same on every machine.", kFunctions, initialize};

}  // namespace hiss
