// _blake2: BLAKE2b and BLAKE2s (RFC 7693) with all parameters: key, salt, personalization, tree hashing.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

namespace {

constexpr uint8_t kSigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

/// What the two functions differ in.
struct Blake2b {
  using Word = uint64_t;
  static constexpr const char* kName = "blake2b";
  static constexpr int kRounds = 12, kRotations[4] = {32, 24, 16, 63}, kSalt = 16, kOffsetBytes = 8;
  static constexpr Word kInitial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                       0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
};
struct Blake2s {
  using Word = uint32_t;
  static constexpr const char* kName = "blake2s";
  static constexpr int kRounds = 10, kRotations[4] = {16, 12, 8, 7}, kSalt = 8, kOffsetBytes = 6;
  static constexpr Word kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

template <typename F>
struct State {
  using Word = typename F::Word;
  static constexpr size_t kBlock = 16 * sizeof(Word), kOut = 8 * sizeof(Word);

  Word h[8];
  Word counted[2];
  uint8_t buffer[kBlock];
  size_t filled;
  uint8_t digest_size;
  bool last_node;

  void start(const uint8_t* parameters) {
    for (int i = 0; i < 8; ++i) {
      Word p;
      memcpy(&p, parameters + static_cast<size_t>(i) * sizeof(Word), sizeof(Word));
      h[i] = F::kInitial[i] ^ p;
    }
  }
  void update(const uint8_t* data, size_t size) {
    // The last block waits in the buffer, for it is compressed in another way.
    while (size > 0) {
      if (filled == kBlock) {
        count(kBlock);
        compress(false);
        filled = 0;
      }
      const size_t take = std::min(size, kBlock - filled);
      memcpy(buffer + filled, data, take);
      filled += take;
      data += take;
      size -= take;
    }
  }
  std::string finish() {
    count(filled);
    memset(buffer + filled, 0, kBlock - filled);
    compress(true);
    return std::string(reinterpret_cast<const char*>(h), digest_size);
  }

 private:
  void count(size_t bytes) {
    counted[0] = static_cast<Word>(counted[0] + bytes);
    if (counted[0] < bytes) ++counted[1];
  }
  static void mix(Word* v, int a, int b, int c, int d, Word x, Word y) {
    v[a] += v[b] + x;
    v[d] = std::rotr(static_cast<Word>(v[d] ^ v[a]), F::kRotations[0]);
    v[c] += v[d];
    v[b] = std::rotr(static_cast<Word>(v[b] ^ v[c]), F::kRotations[1]);
    v[a] += v[b] + y;
    v[d] = std::rotr(static_cast<Word>(v[d] ^ v[a]), F::kRotations[2]);
    v[c] += v[d];
    v[b] = std::rotr(static_cast<Word>(v[b] ^ v[c]), F::kRotations[3]);
  }
  void compress(bool last) {
    Word m[16], v[16];
    memcpy(m, buffer, sizeof m);
    for (int i = 0; i < 8; ++i) {
      v[i] = h[i];
      v[i + 8] = F::kInitial[i];
    }
    v[12] ^= counted[0];
    v[13] ^= counted[1];
    if (last) v[14] = ~v[14];
    if (last && last_node) v[15] = ~v[15];
    for (int r = 0; r < F::kRounds; ++r) {
      const uint8_t* s = kSigma[r % 10];
      for (int i = 0; i < 4; ++i) mix(v, i, i + 4, i + 8, i + 12, m[s[2 * i]], m[s[2 * i + 1]]);
      for (int i = 0; i < 4; ++i) {
        mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, m[s[2 * i + 8]], m[s[2 * i + 9]]);
      }
    }
    for (int i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
  }
};

template <typename F>
struct Blake : Object {
  State<F> state;
};
template <typename F>
Type blake_type;
template <typename F>
State<F>& state_of(Value v) {
  return static_cast<Blake<F>*>(v.object())->state;
}

// ---- Parameters

Result<int64_t> number(Value v, int64_t otherwise, int64_t low, int64_t high, const char* message) {
  if (!v) return otherwise;
  Ref whole = TRY(index(v));
  const auto i = int_value(whole);
  if (!i || *i < low || *i > high) return fail(exc::ValueError, "{}", message);
  return *i;
}
/// Sizes and offsets: negative ones and large ones have errors of their own.
Result<uint64_t> large_number(Value v, uint64_t high, const char* name) {
  if (!v) return 0;
  Ref whole = TRY(index(v));
  if (int_sign(whole) < 0) return fail(exc::ValueError, "value must be positive");
  const MpzView z(whole);
  if (mpz_sizeinbase(z, 2) > 64) return fail(exc::OverflowError, "int too big to convert");
  const uint64_t i = TRY(to_uint_mask(whole));
  if (i > high) return fail(exc::OverflowError, "{} is too large", name);
  return i;
}
Status text_parameter(Value v, const char* name, size_t limit, uint8_t* out) {
  if (!v) return kOk;
  BufferView view(TRY(get_buffer(v)));
  if (static_cast<size_t>(view.length()) > limit)
    return fail(exc::ValueError, "maximum {} length is {} bytes", name, limit);
  std::copy_n(view.data(), view.length(), out);
  return kOk;
}
Status feed_value(Value data, auto&& feed) {
  if (is<Str>(data)) return fail(exc::TypeError, "Strings must be encoded before hashing");
  BufferView view(TRY(get_buffer(data)));
  feed(view.data(), static_cast<size_t>(view.length()));
  return kOk;
}

template <typename F>
Ref blake_new(Type* cls, const Args& args) {
  constexpr size_t kOut = State<F>::kOut;
  constexpr bool wide = sizeof(typename F::Word) == 8;
  Arguments a(F::kName,
              "(data=b'', /, *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, "
              "node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True)");
  if (args.count > 1)
    return fail(exc::TypeError, "{}() takes at most 1 positional argument ({} given)", F::kName, args.count);
  TRY(a.bind(args));
  // The parameter block of RFC 7693 section 2.5 and of the BLAKE2 paper (tree hashing).
  std::array<uint8_t, kOut> block{};
  const std::string sizes = fmt::format("digest_size must be between 1 and {} bytes", kOut);
  block[0] = static_cast<uint8_t>(TRY(number(a[1], kOut, 1, kOut, sizes.c_str())));
  const size_t salt_at = wide ? 32 : 16;
  TRY(text_parameter(a[3], "salt", F::kSalt, block.data() + salt_at));
  TRY(text_parameter(a[4], "person", F::kSalt, block.data() + salt_at + F::kSalt));
  block[2] = static_cast<uint8_t>(TRY(number(a[5], 1, 0, 255, "fanout must be between 0 and 255")));
  block[3] = static_cast<uint8_t>(TRY(number(a[6], 1, 1, 255, "depth must be between 1 and 255")));
  const uint64_t leaf = TRY(large_number(a[7], UINT32_MAX, "leaf_size"));
  memcpy(block.data() + 4, &leaf, 4);
  const uint64_t offset = TRY(large_number(a[8], wide ? UINT64_MAX : 0xFFFFFFFFFFFF, "node_offset"));
  memcpy(block.data() + 8, &offset, F::kOffsetBytes);
  uint8_t* rest = block.data() + 8 + F::kOffsetBytes;
  rest[0] = static_cast<uint8_t>(TRY(number(a[9], 0, 0, 255, "node_depth must be between 0 and 255")));
  const std::string inner = fmt::format("inner_size must be between 0 and is {}", kOut);
  rest[1] = static_cast<uint8_t>(TRY(number(a[10], 0, 0, kOut, inner.c_str())));
  uint8_t key[State<F>::kBlock] = {};
  size_t key_size = 0;
  if (a[2]) {
    BufferView view(TRY(get_buffer(a[2])));
    key_size = static_cast<size_t>(view.length());
    TRY(text_parameter(a[2], "key", kOut, key));
  }
  block[1] = static_cast<uint8_t>(key_size);
  auto* b = static_cast<Blake<F>*>(allocate(cls));
  Ref hold = Ref::steal(b);
  b->state.digest_size = block[0];
  b->state.last_node = a[11] && TRY(truth(a[11]));
  b->state.start(block.data());
  if (key_size) b->state.update(key, sizeof key);
  explicit_bzero(key, sizeof key);
  if (a[0]) TRY(feed_value(a[0], [&](const uint8_t* data, size_t size) { b->state.update(data, size); }));
  return hold;
}
template <typename F>
Ref blake_update(Value self, const Value* a) {
  TRY(feed_value(a[0], [&](const uint8_t* data, size_t size) { state_of<F>(self).update(data, size); }));
  return Ref::none();
}
template <typename F>
Ref blake_copy(Value self, const Value*) {
  auto* copy = static_cast<Blake<F>*>(allocate(&blake_type<F>));
  copy->state = state_of<F>(self);
  return Ref::steal(copy);
}
template <typename F>
std::string digest_of(Value self) {
  State<F> copy = state_of<F>(self);
  return copy.finish();
}
template <typename F>
Ref blake_digest(Value self, const Value*) {
  return make_bytes(digest_of<F>(self));
}
template <typename F>
Ref blake_hexdigest(Value self, const Value*) {
  std::string text;
  for (unsigned char c : digest_of<F>(self)) text += fmt::format("{:02x}", c);
  return make_str_ascii(text);
}
template <typename F>
Ref get_name(Value) {
  return make_str(F::kName);
}
template <typename F>
Ref get_block_size(Value) {
  return make_int(State<F>::kBlock);
}
template <typename F>
Ref get_digest_size(Value self) {
  return make_int(state_of<F>(self).digest_size);
}
template <typename F>
const NativeDef kMethods[] = {
    {"update", "($self, data, /)", blake_update<F>, "Feed the bytes of data into the hash."},
    {"digest", "($self, /)", blake_digest<F>, "The digest of the bytes fed so far, as bytes."},
    {"hexdigest", "($self, /)", blake_hexdigest<F>, "The digest of the bytes fed so far, in hexadecimal."},
    {"copy", "($self, /)", blake_copy<F>, "A second hash object in the same state, to be fed separately."},
    {}};
template <typename F>
const GetSetDef kGetSets[] = {{"name", get_name<F>, nullptr},
                              {"block_size", get_block_size<F>, nullptr},
                              {"digest_size", get_digest_size<F>, nullptr},
                              {}};

template <typename F>
void add_blake(Value module, const char* full_name, const std::string& prefix) {
  Type& t = blake_type<F>;
  define_type(t, {.name = full_name,
                  .size = sizeof(Blake<F>),
                  .flags = Type::kBaseType,
                  .doc = "A BLAKE2 hash under way; the arguments are the parameters of the algorithm."});
  t.slots.new_ = blake_new<F>;
  t.methods = kMethods<F>;
  t.getsets = kGetSets<F>;
  t.dealloc = [](Object* o) { free_object(o); };
  ready_type(t);
  add_type(module, t);
  const std::pair<const char*, int64_t> limits[] = {{"SALT_SIZE", F::kSalt},
                                                    {"PERSON_SIZE", F::kSalt},
                                                    {"MAX_KEY_SIZE", State<F>::kOut},
                                                    {"MAX_DIGEST_SIZE", State<F>::kOut}};
  for (auto& [name, value] : limits) {
    dict_set(as<Dict>(t.dict), intern(name), make_int(value));
    add_int(module, (prefix + name).c_str(), value);
  }
}

Status initialize(Value module) {
  add_blake<Blake2b>(module, "_blake2.blake2b", "BLAKE2B_");
  add_blake<Blake2s>(module, "_blake2.blake2s", "BLAKE2S_");
  return kOk;
}

}  // namespace

extern const ModuleDef blake2_module;
const ModuleDef blake2_module = {"_blake2", "The hashes BLAKE2b and BLAKE2s.", nullptr, initialize};

}  // namespace hiss
