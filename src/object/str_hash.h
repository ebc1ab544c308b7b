// Hashing of text and bytes: SipHash-1-3 with a secret key, so that dict collisions cannot be provoked from outside.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hiss {

/// The key of every str and bytes hash. Set once before the first string is hashed.
struct HashSecret {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};
extern HashSecret hash_secret;

/// PYTHONHASHSEED=seed: 0 gives the zero key, other seeds derive it; the same values as CPython's.
void seed_hashes(uint32_t seed);
/// PYTHONHASHSEED unset or "random".
void seed_hashes_randomly();

/// Hash of raw bytes; 0 for none; never -1.
int64_t hash_bytes(const void* data, size_t size);
/// Hash of an address (objects without a hash of their own).
int64_t hash_pointer(const void* pointer);

}  // namespace hiss
