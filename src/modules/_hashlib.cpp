// _hashlib: OpenSSL's digests, HMAC and key derivation.
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <climits>

#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

Ref operator_compare_digest(Value self, const Value* args);  // _operator.cpp

namespace {

Type hash_type, xof_type, hmac_type;
Ref unsupported_error;
Ref constructors;  // dict: the functions openssl_md5 ... and their names

struct Hash : Object {
  EVP_MD_CTX* context;
};
struct Hmac : Object {
  EVP_MAC_CTX* context;
  const EVP_MD* algorithm;
};
EVP_MD_CTX* context_of(Value v) { return static_cast<Hash*>(v.object())->context; }
Hmac* hmac_of(Value v) { return static_cast<Hmac*>(v.object()); }

/// Python's names and OpenSSL's.
constexpr const char* kNames[][2] = {{"md5", "MD5"},
                                     {"sha1", "SHA1"},
                                     {"sha224", "SHA224"},
                                     {"sha256", "SHA256"},
                                     {"sha384", "SHA384"},
                                     {"sha512", "SHA512"},
                                     {"sha512_224", "SHA512-224"},
                                     {"sha512_256", "SHA512-256"},
                                     {"sha3_224", "SHA3-224"},
                                     {"sha3_256", "SHA3-256"},
                                     {"sha3_384", "SHA3-384"},
                                     {"sha3_512", "SHA3-512"},
                                     {"shake_128", "SHAKE128"},
                                     {"shake_256", "SHAKE256"},
                                     {"blake2b", "BLAKE2B-512"},
                                     {"blake2s", "BLAKE2S-256"},
                                     {"md5-sha1", "MD5-SHA1"},
                                     {"ripemd160", "RIPEMD160"},
                                     {"sm3", "SM3"}};

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* library = ERR_lib_error_string(code);
  const char* reason = ERR_reason_error_string(code);
  std::string text = library && reason ? fmt::format("[{}] {}", library, reason)
                                       : std::string("[digital envelope routines] unsupported");
  ERR_clear_error();
  return text;
}
Failure fail_unsupported(const std::string& message) {
  Ref text = make_str(message);
  Ref error = TRY(call(unsupported_error, {text}));
  return fail_with(error);
}
Failure fail_openssl() { return fail_text(exc::ValueError, openssl_reason()); }

/// The algorithm of a name; fetched once and kept, as the process uses few of them.
const EVP_MD* find_algorithm(const std::string& name) {
  static auto* found = new std::vector<std::pair<std::string, const EVP_MD*>>();
  for (auto& [known, algorithm] : *found) {
    if (known == name) return algorithm;
  }
  const char* openssl = name.c_str();
  for (auto& pair : kNames) {
    if (name == pair[0]) openssl = pair[1];
  }
  const EVP_MD* algorithm = EVP_MD_fetch(nullptr, openssl, nullptr);
  if (algorithm) found->emplace_back(name, algorithm);
  return algorithm;
}
Result<const EVP_MD*> algorithm_named(const std::string& name) {
  const EVP_MD* algorithm = find_algorithm(name);
  if (!algorithm) {
    ERR_clear_error();
    return fail_unsupported("[digital envelope routines] unsupported");
  }
  return algorithm;
}
/// A digest given by its name or by one of the functions openssl_*.
Result<const EVP_MD*> algorithm_argument(Value v) {
  if (is<Str>(v)) return algorithm_named(to_string(v));
  Ref name = dict_get(as<Dict>(constructors), v);
  if (name.is_error() && !pending_is(exc::TypeError)) return Failure{};
  if (name.is_error() || name.is_empty()) {
    if (name.is_error()) clear_pending();
    return fail_unsupported(fmt::format("Unsupported digestmod {}", to_string(TRY(str(v)))));
  }
  return algorithm_named(to_string(name));
}
std::string python_name(const EVP_MD* algorithm) {
  for (auto& pair : kNames) {
    if (EVP_MD_is_a(algorithm, pair[1])) return pair[0];
  }
  std::string name = EVP_MD_get0_name(algorithm);
  for (char& c : name) c = static_cast<char>(tolower(c));
  return name;
}

Result<BufferView> data_argument(Value v) {
  if (is<Str>(v)) return fail(exc::TypeError, "Strings must be encoded before hashing");
  return BufferView(TRY(get_buffer(v)));
}
Ref hexadecimal(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) text += fmt::format("{:02x}", c);
  return make_str_ascii(text);
}

// ---- HASH and HASHXOF

Ref make_hash(const EVP_MD* algorithm, Value data) {
  const bool xof = (EVP_MD_get_flags(algorithm) & EVP_MD_FLAG_XOF) != 0;
  auto* h = allocate_as<Hash>(xof ? xof_type : hash_type);
  Ref hold = Ref::steal(h);
  h->context = EVP_MD_CTX_new();
  if (!h->context) return fail_memory();
  if (!EVP_DigestInit_ex(h->context, algorithm, nullptr)) return fail_openssl();
  if (data) {
    BufferView view = TRY(data_argument(data));
    if (!EVP_DigestUpdate(h->context, view.data(), static_cast<size_t>(view.length()))) return fail_openssl();
  }
  return hold;
}
void hash_dealloc(Object* o) {
  EVP_MD_CTX_free(static_cast<Hash*>(o)->context);
  free_object(o);
}
Ref hash_copy(Value self, const Value*) {
  auto* h = allocate_as<Hash>(*type_of(self));
  Ref hold = Ref::steal(h);
  h->context = EVP_MD_CTX_new();
  if (!h->context || !EVP_MD_CTX_copy_ex(h->context, context_of(self))) return fail_openssl();
  return hold;
}
Ref hash_update(Value self, const Value* a) {
  BufferView view = TRY(data_argument(a[0]));
  if (!EVP_DigestUpdate(context_of(self), view.data(), static_cast<size_t>(view.length()))) return fail_openssl();
  return Ref::none();
}
/// The digest so far, from a copy of the state. `length`: what an extendable function shall give, else -1.
Result<std::string> digest_of(Value self, int64_t length) {
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  bool good = copy && EVP_MD_CTX_copy_ex(copy, context_of(self));
  std::string out(static_cast<size_t>(length < 0 ? EVP_MAX_MD_SIZE : length), 0);
  unsigned size = 0;
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  if (length < 0) {
    good = good && EVP_DigestFinal_ex(copy, bytes, &size);
    out.resize(size);
  } else if (length > 0) {
    good = good && EVP_DigestFinalXOF(copy, bytes, out.size());
  }
  EVP_MD_CTX_free(copy);
  if (!good) return fail_openssl();
  return out;
}
Result<int64_t> xof_length(Value v) {
  const int64_t length = TRY(to_int64(v));
  if (length < 0) return fail(exc::ValueError, "value must be positive");
  if (length >= (int64_t{1} << 29)) return fail(exc::ValueError, "length is too large");
  return length;
}
Ref hash_digest(Value self, const Value*) { return make_bytes(TRY(digest_of(self, -1))); }
Ref hash_hexdigest(Value self, const Value*) { return hexadecimal(TRY(digest_of(self, -1))); }
Ref xof_digest(Value self, const Value* a) { return make_bytes(TRY(digest_of(self, TRY(xof_length(a[0]))))); }
Ref xof_hexdigest(Value self, const Value* a) { return hexadecimal(TRY(digest_of(self, TRY(xof_length(a[0]))))); }
Ref hash_name(Value self) { return make_str(python_name(EVP_MD_CTX_get0_md(context_of(self)))); }
Ref hash_digest_size(Value self) { return make_int(EVP_MD_CTX_size(context_of(self))); }
Ref xof_digest_size(Value) { return make_int(0); }
Ref hash_block_size(Value self) { return make_int(EVP_MD_CTX_block_size(context_of(self))); }
Ref hash_repr(Value self) {
  return make_str(fmt::format("<{} _hashlib.{} object @ {:#x}>", python_name(EVP_MD_CTX_get0_md(context_of(self))),
                              type_name(self), self.bits()));
}

// ---- HMAC

Ref hmac_make(const EVP_MD* algorithm, BufferView& key) {
  auto* h = allocate_as<Hmac>(hmac_type);
  Ref hold = Ref::steal(h);
  static EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  h->algorithm = algorithm;
  h->context = EVP_MAC_CTX_new(mac);
  if (!h->context) return fail_openssl();
  std::string name = EVP_MD_get0_name(algorithm);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                                   OSSL_PARAM_construct_end()};
  // A null pointer would mean "no key yet", even with length 0.
  static const unsigned char nothing = 0;
  const unsigned char* bytes = key.length() ? key.data() : &nothing;
  if (!EVP_MAC_init(h->context, bytes, static_cast<size_t>(key.length()), parameters)) {
    ERR_clear_error();
    return fail_unsupported("[digital envelope routines] unsupported");
  }
  return hold;
}
void hmac_dealloc(Object* o) {
  EVP_MAC_CTX_free(static_cast<Hmac*>(o)->context);
  free_object(o);
}
Ref hmac_update(Value self, const Value* a) {
  BufferView view = TRY(data_argument(a[0]));
  if (!EVP_MAC_update(hmac_of(self)->context, view.data(), static_cast<size_t>(view.length()))) return fail_openssl();
  return Ref::none();
}
Ref hmac_copy(Value self, const Value*) {
  auto* h = allocate_as<Hmac>(hmac_type);
  Ref hold = Ref::steal(h);
  h->algorithm = hmac_of(self)->algorithm;
  h->context = EVP_MAC_CTX_dup(hmac_of(self)->context);
  if (!h->context) return fail_openssl();
  return hold;
}
Result<std::string> hmac_value(Value self) {
  EVP_MAC_CTX* copy = EVP_MAC_CTX_dup(hmac_of(self)->context);
  unsigned char out[EVP_MAX_MD_SIZE];
  size_t size = 0;
  const bool good = copy && EVP_MAC_final(copy, out, &size, sizeof out);
  EVP_MAC_CTX_free(copy);
  if (!good) return fail_openssl();
  return std::string(reinterpret_cast<char*>(out), size);
}
Ref hmac_digest(Value self, const Value*) { return make_bytes(TRY(hmac_value(self))); }
Ref hmac_hexdigest(Value self, const Value*) { return hexadecimal(TRY(hmac_value(self))); }
Ref hmac_name(Value self) { return make_str("hmac-" + python_name(hmac_of(self)->algorithm)); }
Ref hmac_digest_size(Value self) { return make_int(EVP_MD_get_size(hmac_of(self)->algorithm)); }
Ref hmac_block_size(Value self) { return make_int(EVP_MD_get_block_size(hmac_of(self)->algorithm)); }
Ref hmac_repr(Value self) {
  return make_str(fmt::format("<{} HMAC object @ {:#x}>", python_name(hmac_of(self)->algorithm), self.bits()));
}

// ---- The module's functions

Ref module_new(Value, const Value* a) {
  Str* name = TRY(str_argument(a[0], "new", "argument 'name'"));
  return make_hash(TRY(algorithm_named(to_string(name))), a[1]);
}
template <int index>
Ref constructor(Value, const Value* a) {
  return make_hash(TRY(algorithm_named(kNames[index][0])), a[0]);
}
Ref module_hmac_new(Value, const Value* a) {
  if (is<Str>(a[0])) return fail(exc::TypeError, "a bytes-like object is required, not 'str'");
  BufferView key(TRY(get_buffer(a[0])));
  if (!a[2] || a[2].is_none()) return fail(exc::TypeError, "Missing required parameter 'digestmod'.");
  Ref h = TRY(hmac_make(TRY(algorithm_argument(a[2])), key));
  if (a[1] && !a[1].is_none()) TRY(hmac_update(h, &a[1]));
  return h;
}
Ref module_hmac_digest(Value, const Value* a) {
  BufferView key(TRY(get_buffer(a[0])));
  const EVP_MD* algorithm = TRY(algorithm_argument(a[2]));
  Ref h = TRY(hmac_make(algorithm, key));
  TRY(hmac_update(h, &a[1]));
  return hmac_digest(h, nullptr);
}
Ref module_pbkdf2(Value, const Value* a) {
  Str* name = TRY(str_argument(a[0], "pbkdf2_hmac", "argument 'hash_name'"));
  BufferView password(TRY(get_buffer(a[1])));
  BufferView salt(TRY(get_buffer(a[2])));
  const int64_t iterations = TRY(to_int64(a[3]));
  const EVP_MD* algorithm = TRY(algorithm_named(to_string(name)));
  if (password.length() > INT_MAX) return fail(exc::OverflowError, "password is too long.");
  if (salt.length() > INT_MAX) return fail(exc::OverflowError, "salt is too long.");
  if (iterations < 1) return fail(exc::ValueError, "iteration value must be greater than 0.");
  if (iterations > INT_MAX) return fail(exc::OverflowError, "iteration value is too great.");
  const int64_t length = a[4] && !a[4].is_none() ? TRY(to_int64(a[4])) : EVP_MD_get_size(algorithm);
  if (length < 1) return fail(exc::ValueError, "key length must be greater than 0.");
  if (length > INT_MAX) return fail(exc::OverflowError, "key length is too great.");
  std::string key(static_cast<size_t>(length), 0);
  int good;
  {
    AllowThreads allow;
    good = PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(password.data()), static_cast<int>(password.length()),
                             salt.data(), static_cast<int>(salt.length()), static_cast<int>(iterations), algorithm,
                             static_cast<int>(length), reinterpret_cast<unsigned char*>(key.data()));
  }
  if (!good) return fail_openssl();
  return make_bytes(key);
}

/// n, r and p of scrypt().
Result<uint64_t> cost_argument(Value v, const char* name) {
  if (!v || !is_int(v)) return fail(exc::TypeError, "{} is required and must be an unsigned int", name);
  const auto i = int_value(v);
  if (!i || *i < 0) return fail(exc::TypeError, "{} is required and must be an unsigned int", name);
  return static_cast<uint64_t>(*i);
}
Ref module_scrypt(Value, const Value* a) {
  BufferView password(TRY(get_buffer(a[0])));
  if (!a[1] || a[1].is_none()) return fail(exc::TypeError, "salt is required");
  BufferView salt(TRY(get_buffer(a[1])));
  const uint64_t n = TRY(cost_argument(a[2], "n"));
  if (n < 2 || (n & (n - 1))) return fail(exc::ValueError, "n must be a power of 2.");
  const uint64_t r = TRY(cost_argument(a[3], "r")), p = TRY(cost_argument(a[4], "p"));
  const int64_t memory = a[5] ? TRY(to_int64(a[5])) : 0, length = a[6] ? TRY(to_int64(a[6])) : 64;
  if (memory < 0 || memory > INT_MAX)
    return fail(exc::ValueError, "maxmem must be positive and smaller than {}", INT_MAX);
  if (length < 1 || length > INT_MAX)
    return fail(exc::ValueError, "dklen must be greater than 0 and smaller than {}", INT_MAX);
  if (!EVP_PBE_scrypt(nullptr, 0, nullptr, 0, n, r, p, static_cast<uint64_t>(memory), nullptr, 0)) {
    ERR_clear_error();
    return fail(exc::ValueError, "Invalid parameter combination for n, r, p, maxmem.");
  }
  std::string key(static_cast<size_t>(length), 0);
  int good;
  {
    AllowThreads allow;
    good = EVP_PBE_scrypt(reinterpret_cast<const char*>(password.data()), static_cast<size_t>(password.length()),
                          salt.data(), static_cast<size_t>(salt.length()), n, r, p, static_cast<uint64_t>(memory),
                          reinterpret_cast<unsigned char*>(key.data()), key.size());
  }
  if (!good) return fail_openssl();
  return make_bytes(key);
}
Ref module_fips(Value, const Value*) { return make_int(EVP_default_properties_is_fips_enabled(nullptr)); }

constexpr const char* kHashSignature = "($module, /, string=b'', *, usedforsecurity=True)";
#define CONSTRUCTOR(name, index) \
  { "openssl_" name, kHashSignature, constructor<index>, "A hash object of " name ", already fed with string." }
const NativeDef kConstructors[] = {CONSTRUCTOR("md5", 0),
                                   CONSTRUCTOR("sha1", 1),
                                   CONSTRUCTOR("sha224", 2),
                                   CONSTRUCTOR("sha256", 3),
                                   CONSTRUCTOR("sha384", 4),
                                   CONSTRUCTOR("sha512", 5),
                                   CONSTRUCTOR("sha3_224", 8),
                                   CONSTRUCTOR("sha3_256", 9),
                                   CONSTRUCTOR("sha3_384", 10),
                                   CONSTRUCTOR("sha3_512", 11),
                                   CONSTRUCTOR("shake_128", 12),
                                   CONSTRUCTOR("shake_256", 13),
                                   {}};
#undef CONSTRUCTOR
const NativeDef kFunctions[] = {
    {"new", "($module, /, name, string=b'', *, usedforsecurity=True)", module_new,
     "A hash object of the named algorithm, already fed with string."},
    {"hmac_new", "($module, /, key, msg=b'', digestmod=None)", module_hmac_new,
     "An HMAC object with this key, already fed with msg."},
    {"hmac_digest", "($module, /, key, msg, digest)", module_hmac_digest,
     "The HMAC of msg with this key, in one step."},
    {"pbkdf2_hmac", "($module, /, hash_name, password, salt, iterations, dklen=None)", module_pbkdf2,
     "Derive a key of dklen bytes from a password: PBKDF2 of PKCS #5 with HMAC."},
    {"scrypt", "($module, /, password, *, salt=None, n=None, r=None, p=None, maxmem=0, dklen=64)", module_scrypt,
     "Derive a key of dklen bytes from a password with scrypt, which costs memory as well as time."},
    {"get_fips_mode", "($module, /)", module_fips, "Not 0 if OpenSSL is restricted to what FIPS allows."},
    {"compare_digest", "($module, a, b, /)", operator_compare_digest,
     "Whether a equals b, found out in a time that depends on their lengths only."},
    {}};

constexpr const char *kUpdateDoc = "Feed the bytes of obj into the hash.",
                     *kDigestDoc = "The digest of the bytes fed so far, as bytes.",
                     *kHexDoc = "The digest of the bytes fed so far, in hexadecimal.",
                     *kCopyDoc = "A second object in the same state, to be fed separately.";
const NativeDef kHashMethods[] = {{"update", "($self, obj, /)", hash_update, kUpdateDoc},
                                  {"digest", "($self, /)", hash_digest, kDigestDoc},
                                  {"hexdigest", "($self, /)", hash_hexdigest, kHexDoc},
                                  {"copy", "($self, /)", hash_copy, kCopyDoc},
                                  {}};
const NativeDef kXofMethods[] = {{"digest", "($self, /, length)", xof_digest, kDigestDoc},
                                 {"hexdigest", "($self, /, length)", xof_hexdigest, kHexDoc},
                                 {}};
const NativeDef kHmacMethods[] = {{"update", "($self, /, msg)", hmac_update, kUpdateDoc},
                                  {"digest", "($self, /)", hmac_digest, kDigestDoc},
                                  {"hexdigest", "($self, /)", hmac_hexdigest, kHexDoc},
                                  {"copy", "($self, /)", hmac_copy, kCopyDoc},
                                  {}};
const GetSetDef kHashGetSets[] = {{"name", hash_name, nullptr},
                                  {"digest_size", hash_digest_size, nullptr},
                                  {"block_size", hash_block_size, nullptr},
                                  {}};
const GetSetDef kXofGetSets[] = {{"digest_size", xof_digest_size, nullptr}, {}};
const GetSetDef kHmacGetSets[] = {{"name", hmac_name, nullptr},
                                  {"digest_size", hmac_digest_size, nullptr},
                                  {"block_size", hmac_block_size, nullptr},
                                  {}};

void define_types() {
  define_type(hash_type, {.name = "_hashlib.HASH",
                          .size = sizeof(Hash),
                          .flags = Type::kNoInstances | Type::kBaseType,
                          .doc = "A hash of OpenSSL under way."});
  hash_type.slots.repr = hash_repr;
  hash_type.methods = kHashMethods;
  hash_type.getsets = kHashGetSets;
  hash_type.dealloc = hash_dealloc;
  ready_type(hash_type);
  define_type(xof_type, {.name = "_hashlib.HASHXOF",
                         .size = sizeof(Hash),
                         .flags = Type::kNoInstances,
                         .base = &hash_type,
                         .doc = "A hash whose digest is as long as one likes."});
  xof_type.methods = kXofMethods;
  xof_type.getsets = kXofGetSets;
  ready_type(xof_type);
  define_type(hmac_type, {.name = "_hashlib.HMAC",
                          .size = sizeof(Hmac),
                          .flags = Type::kNoInstances,
                          .doc = "A message authentication code under way."});
  hmac_type.slots.repr = hmac_repr;
  hmac_type.methods = kHmacMethods;
  hmac_type.getsets = kHmacGetSets;
  hmac_type.dealloc = hmac_dealloc;
  ready_type(hmac_type);
}
Ref make_unsupported_error() {
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str("_hashlib"));
  Ref bases = make_tuple({to_value(&exc::ValueError)});
  Ref name = make_str("UnsupportedDigestmodError");
  return call(to_value(&type_type), {name, bases, space});
}

Status initialize(Value module) {
  define_types();
  unsupported_error = TRY(make_unsupported_error());
  add_object(module, "UnsupportedDigestmodError", unsupported_error);
  add_functions(module, kConstructors);
  constructors = make_dict();
  for (const NativeDef* def = kConstructors; def->name; ++def) {
    Ref name = make_str(def->name + sizeof "openssl_" - 1);
    TRY(dict_set(as<Dict>(constructors), dict_get(module_dict(module), intern(def->name)), name));
  }
  Ref view = make_mapping_proxy(constructors);
  add_object(module, "_constructors", view);
  Ref known = make_set();
  for (auto& pair : kNames) {
    if (find_algorithm(pair[0])) TRY(set_add(as<Set>(known), make_str(pair[0])));
  }
  ERR_clear_error();
  Ref frozen = TRY(make_frozenset(known));
  add_object(module, "openssl_md_meth_names", frozen);
  for (Type* t : {&hash_type, &xof_type, &hmac_type}) add_type(module, *t);
  return kOk;
}

}  // namespace

extern const ModuleDef hashlib_module;
const ModuleDef hashlib_module = {"_hashlib", "Hashes, HMAC and key derivation of OpenSSL.", kFunctions, initialize};

}  // namespace hiss
