// _md5, _sha1, _sha256, _sha512: digests through OpenSSL.
#include <openssl/evp.h>

#include <string>

#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Type hash_type;

struct Hash : Object {
  EVP_MD_CTX* context;
  const char* name;
};
Hash* self_hash(Value v) { return static_cast<Hash*>(v.object()); }

Ref make_hash(const char* name, const EVP_MD* algorithm, Value data) {
  if (!hash_type.has(Type::kReady)) return fail(exc::SystemError, "hash type not ready");
  auto* h = allocate_as<Hash>(hash_type);
  Ref hold = Ref::steal(h);
  h->context = EVP_MD_CTX_new();
  h->name = name;
  EVP_DigestInit_ex(h->context, algorithm, nullptr);
  if (data) {
    if (is<Str>(data)) return fail(exc::TypeError, "Strings must be encoded before hashing");
    BufferView view(TRY(get_buffer(data)));
    EVP_DigestUpdate(h->context, view.data(), static_cast<size_t>(view.length()));
  }
  return hold;
}
void hash_dealloc(Object* o) {
  EVP_MD_CTX_free(static_cast<Hash*>(o)->context);
  free_object(o);
}
Ref hash_update(Value self, const Value* a) {
  if (is<Str>(a[0])) return fail(exc::TypeError, "Strings must be encoded before hashing");
  BufferView view(TRY(get_buffer(a[0])));
  EVP_DigestUpdate(self_hash(self)->context, view.data(), static_cast<size_t>(view.length()));
  return Ref::none();
}
std::string digest_of(Value self) {
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  EVP_MD_CTX_copy_ex(copy, self_hash(self)->context);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(copy, out, &size);
  EVP_MD_CTX_free(copy);
  return std::string(reinterpret_cast<char*>(out), size);
}
Ref hash_digest(Value self, const Value*) { return make_bytes(digest_of(self)); }
Ref hash_hexdigest(Value self, const Value*) {
  std::string text;
  for (unsigned char c : digest_of(self)) text += fmt::format("{:02x}", c);
  return make_str_ascii(text);
}
Ref hash_copy(Value self, const Value*) {
  auto* h = allocate_as<Hash>(hash_type);
  h->context = EVP_MD_CTX_new();
  h->name = self_hash(self)->name;
  EVP_MD_CTX_copy_ex(h->context, self_hash(self)->context);
  return Ref::steal(h);
}
Ref hash_name(Value self) { return make_str(self_hash(self)->name); }
Ref hash_digest_size(Value self) { return make_int(EVP_MD_CTX_size(self_hash(self)->context)); }
Ref hash_block_size(Value self) { return make_int(EVP_MD_CTX_block_size(self_hash(self)->context)); }
Ref hash_repr(Value self) {
  return make_str(fmt::format("<{} _hashlib.HASH object @ {:#x}>", self_hash(self)->name, self.bits()));
}
const NativeDef kMethods[] = {
    {"update", "($self, obj, /)", hash_update, "Feed the bytes of obj into the hash."},
    {"digest", "($self, /)", hash_digest, "The digest of the bytes fed so far, as bytes."},
    {"hexdigest", "($self, /)", hash_hexdigest, "The digest of the bytes fed so far, in hexadecimal."},
    {"copy", "($self, /)", hash_copy, "A second hash object in the same state, to be fed separately."},
    {}};
const GetSetDef kGetSets[] = {{"name", hash_name, nullptr},
                              {"digest_size", hash_digest_size, nullptr},
                              {"block_size", hash_block_size, nullptr},
                              {}};

template <const EVP_MD* (*algorithm)(), const char* name>
Ref constructor(Value, const Value* a) {
  return make_hash(name, algorithm(), a[0]);
}
constexpr char kMd5[] = "md5", kSha1[] = "sha1", kSha224[] = "sha224", kSha256[] = "sha256", kSha384[] = "sha384",
               kSha512[] = "sha512";
constexpr const char* kSignature = "($module, /, string=b'', *, usedforsecurity=True)";
const NativeDef kMd5Functions[] = {
    {"md5", kSignature, constructor<EVP_md5, kMd5>, "An MD5 hash, already fed with string."}, {}};
const NativeDef kSha1Functions[] = {
    {"sha1", kSignature, constructor<EVP_sha1, kSha1>, "A SHA-1 hash, already fed with string."}, {}};
const NativeDef kSha256Functions[] = {
    {"sha224", kSignature, constructor<EVP_sha224, kSha224>, "A SHA-224 hash, already fed with string."},
    {"sha256", kSignature, constructor<EVP_sha256, kSha256>, "A SHA-256 hash, already fed with string."},
    {}};
const NativeDef kSha512Functions[] = {
    {"sha384", kSignature, constructor<EVP_sha384, kSha384>, "A SHA-384 hash, already fed with string."},
    {"sha512", kSignature, constructor<EVP_sha512, kSha512>, "A SHA-512 hash, already fed with string."},
    {}};

Status initialize(Value) {
  if (hash_type.has(Type::kReady)) return kOk;
  define_type(hash_type, {.name = "_hashlib.HASH", .size = sizeof(Hash), .flags = Type::kNoInstances});
  hash_type.slots.repr = hash_repr;
  hash_type.methods = kMethods;
  hash_type.getsets = kGetSets;
  hash_type.dealloc = hash_dealloc;
  ready_type(hash_type);
  return kOk;
}

}  // namespace

extern const ModuleDef md5_module, sha1_module, sha256_module, sha512_module;
const ModuleDef md5_module = {"_md5", nullptr, kMd5Functions, initialize};
const ModuleDef sha1_module = {"_sha1", nullptr, kSha1Functions, initialize};
const ModuleDef sha256_module = {"_sha256", nullptr, kSha256Functions, initialize};
const ModuleDef sha512_module = {"_sha512", nullptr, kSha512Functions, initialize};

}  // namespace hiss
