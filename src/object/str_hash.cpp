#include "object/str_hash.h"

#include <sys/random.h>

#include <bit>
#include <cstring>

namespace hiss {

HashSecret hash_secret;

void seed_hashes(uint32_t seed) {
  hash_secret = {};
  if (seed == 0) return;
  uint8_t bytes[16];
  uint32_t x = seed;
  for (uint8_t& byte : bytes) {
    x = x * 214013 + 2531011;
    byte = static_cast<uint8_t>(x >> 16);
  }
  memcpy(&hash_secret.k0, bytes, 8);
  memcpy(&hash_secret.k1, bytes + 8, 8);
}

void seed_hashes_randomly() {
  if (getrandom(&hash_secret, sizeof hash_secret, 0) != sizeof hash_secret) seed_hashes(0x9E3779B9u);
}

namespace {
inline void round(uint64_t& v0, uint64_t& v1, uint64_t& v2, uint64_t& v3) {
  v0 += v1;
  v2 += v3;
  v1 = std::rotl(v1, 13) ^ v0;
  v3 = std::rotl(v3, 16) ^ v2;
  v0 = std::rotl(v0, 32);
  v2 += v1;
  v0 += v3;
  v1 = std::rotl(v1, 17) ^ v2;
  v3 = std::rotl(v3, 21) ^ v0;
  v2 = std::rotl(v2, 32);
}
}  // namespace

int64_t hash_bytes(const void* data, size_t size) {
  if (size == 0) return 0;
  const uint64_t k0 = hash_secret.k0, k1 = hash_secret.k1;
  uint64_t v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d;
  uint64_t v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
  const uint8_t* p = static_cast<const uint8_t*>(data);
  uint64_t last = static_cast<uint64_t>(size) << 56;
  for (; size >= 8; size -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    v3 ^= word;
    round(v0, v1, v2, v3);
    v0 ^= word;
  }
  for (size_t i = 0; i < size; ++i) last |= static_cast<uint64_t>(p[i]) << (8 * i);
  v3 ^= last;
  round(v0, v1, v2, v3);
  v0 ^= last;
  v2 ^= 0xff;
  round(v0, v1, v2, v3);
  round(v0, v1, v2, v3);
  round(v0, v1, v2, v3);
  const auto hash = static_cast<int64_t>(v0 ^ v1 ^ v2 ^ v3);
  return hash == -1 ? -2 : hash;
}

int64_t hash_pointer(const void* pointer) {
  // Objects are aligned to 16 bytes: the low bits say nothing.
  const auto hash = static_cast<int64_t>(std::rotr(reinterpret_cast<uint64_t>(pointer), 4));
  return hash == -1 ? -2 : hash;
}

}  // namespace hiss
