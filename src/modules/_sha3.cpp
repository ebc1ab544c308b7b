// _sha3: SHA-3 and SHAKE, through OpenSSL.
#include <openssl/evp.h>

#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

namespace {

struct Sha3 : Object {
  EVP_MD_CTX* context;
};
EVP_MD_CTX* context_of(Value v) { return static_cast<Sha3*>(v.object())->context; }

/// The six classes: rate and digest size in bytes (0: extendable).
struct Variant {
  const char* name;
  const EVP_MD* (*algorithm)();
  int rate, size;
};
constexpr int kVariants = 6;
const Variant kVariant[kVariants] = {{"sha3_224", EVP_sha3_224, 144, 28}, {"sha3_256", EVP_sha3_256, 136, 32},
                                     {"sha3_384", EVP_sha3_384, 104, 48}, {"sha3_512", EVP_sha3_512, 72, 64},
                                     {"shake_128", EVP_shake128, 168, 0}, {"shake_256", EVP_shake256, 136, 0}};
Type sha3_types[kVariants];
const Variant& variant_of(const Type* t) { return kVariant[t - sha3_types]; }

Status feed(EVP_MD_CTX* context, Value data) {
  if (is<Str>(data)) return fail(exc::TypeError, "Strings must be encoded before hashing");
  BufferView view(TRY(get_buffer(data)));
  EVP_DigestUpdate(context, view.data(), static_cast<size_t>(view.length()));
  return kOk;
}
Ref sha3_new(Type* cls, const Args& args) {
  Arguments a(variant_of(cls).name, "(data=b'', /, *, usedforsecurity=True)");
  TRY(a.bind(args));
  auto* h = static_cast<Sha3*>(allocate(cls));
  Ref hold = Ref::steal(h);
  h->context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(h->context, variant_of(cls).algorithm(), nullptr);
  if (a[0]) TRY(feed(h->context, a[0]));
  return hold;
}
void sha3_dealloc(Object* o) {
  EVP_MD_CTX_free(static_cast<Sha3*>(o)->context);
  free_object(o);
}
Ref sha3_update(Value self, const Value* a) {
  TRY(feed(context_of(self), a[0]));
  return Ref::none();
}
Ref sha3_copy(Value self, const Value*) {
  auto* h = static_cast<Sha3*>(allocate(type_of(self)));
  h->context = EVP_MD_CTX_new();
  EVP_MD_CTX_copy_ex(h->context, context_of(self));
  return Ref::steal(h);
}
/// The digest of the bytes so far, from a copy of the state.
std::string finish(Value self, int64_t length) {
  std::string out(static_cast<size_t>(length), 0);
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  EVP_MD_CTX_copy_ex(copy, context_of(self));
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  if (variant_of(type_of(self)).size) {
    EVP_DigestFinal_ex(copy, bytes, nullptr);
  } else if (length) {
    EVP_DigestFinalXOF(copy, bytes, out.size());
  }
  EVP_MD_CTX_free(copy);
  return out;
}
Result<int64_t> length_argument(Value v) {
  const int64_t length = TRY(to_int64(v));
  if (length < 0) return fail(exc::ValueError, "value must be positive");
  if (length >= (int64_t{1} << 29)) return fail(exc::ValueError, "length is too large");
  return length;
}
Ref hexadecimal(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) text += fmt::format("{:02x}", c);
  return make_str_ascii(text);
}
Ref sha3_digest(Value self, const Value*) { return make_bytes(finish(self, variant_of(type_of(self)).size)); }
Ref sha3_hexdigest(Value self, const Value*) { return hexadecimal(finish(self, variant_of(type_of(self)).size)); }
Ref shake_digest(Value self, const Value* a) { return make_bytes(finish(self, TRY(length_argument(a[0])))); }
Ref shake_hexdigest(Value self, const Value* a) { return hexadecimal(finish(self, TRY(length_argument(a[0])))); }

Ref get_name(Value self) { return make_str(variant_of(type_of(self)).name); }
Ref get_block_size(Value self) { return make_int(variant_of(type_of(self)).rate); }
Ref get_digest_size(Value self) { return make_int(variant_of(type_of(self)).size); }
Ref get_rate(Value self) { return make_int(variant_of(type_of(self)).rate * 8); }
Ref get_capacity(Value self) { return make_int(1600 - variant_of(type_of(self)).rate * 8); }
Ref get_suffix(Value self) { return make_bytes(variant_of(type_of(self)).size ? "\x06" : "\x1f", 1); }

constexpr const char *kUpdateDoc = "Feed the bytes of data into the hash.",
                     *kCopyDoc = "A second hash object in the same state, to be fed separately.";
const NativeDef kMethods[] = {
    {"update", "($self, data, /)", sha3_update, kUpdateDoc},
    {"digest", "($self, /)", sha3_digest, "The digest of the bytes fed so far, as bytes."},
    {"hexdigest", "($self, /)", sha3_hexdigest, "The digest of the bytes fed so far, in hexadecimal."},
    {"copy", "($self, /)", sha3_copy, kCopyDoc},
    {}};
const NativeDef kShakeMethods[] = {
    {"update", "($self, data, /)", sha3_update, kUpdateDoc},
    {"digest", "($self, length, /)", shake_digest, "length bytes of the digest of the bytes fed so far."},
    {"hexdigest", "($self, length, /)", shake_hexdigest,
     "length bytes of the digest of the bytes fed so far, in hexadecimal."},
    {"copy", "($self, /)", sha3_copy, kCopyDoc},
    {}};
const GetSetDef kGetSets[] = {{"name", get_name, nullptr},
                              {"block_size", get_block_size, nullptr},
                              {"digest_size", get_digest_size, nullptr},
                              {"_rate_bits", get_rate, nullptr},
                              {"_capacity_bits", get_capacity, nullptr},
                              {"_suffix", get_suffix, nullptr},
                              {}};

Status initialize(Value module) {
  static std::string names_of[kVariants];
  for (int i = 0; i < kVariants; ++i) {
    Type& t = sha3_types[i];
    names_of[i] = std::string("_sha3.") + kVariant[i].name;
    define_type(t, {.name = names_of[i].c_str(), .size = sizeof(Sha3), .doc = "A hash of the SHA-3 family under way."});
    t.slots.new_ = sha3_new;
    t.methods = kVariant[i].size ? kMethods : kShakeMethods;
    t.getsets = kGetSets;
    t.dealloc = sha3_dealloc;
    ready_type(t);
    add_type(module, t);
  }
  add_text(module, "implementation", "OpenSSL");
  return kOk;
}

}  // namespace

extern const ModuleDef sha3_module;
const ModuleDef sha3_module = {"_sha3", "The hashes of the SHA-3 family.", nullptr, initialize};

}  // namespace hiss
