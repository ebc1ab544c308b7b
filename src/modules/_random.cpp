// _random: the Mersenne Twister (Matsumoto and Nishimura 1998, mt19937ar) behind the random module.
#include <sys/random.h>

#include <array>
#include <ctime>
#include <vector>

#include "object/function.h"
#include "object/int.h"
#include "object/protocol.h"

namespace hiss {

namespace {

constexpr int kSize = 624, kShift = 397;
Type random_type;

struct Random : Object {
  std::array<uint32_t, kSize> state;
  int index;
};
Random* self_random(Value v) { return static_cast<Random*>(v.object()); }

void seed_with(Random* r, uint32_t seed) {
  r->state[0] = seed;
  for (uint32_t i = 1; i < kSize; ++i) r->state[i] = 1812433253u * (r->state[i - 1] ^ (r->state[i - 1] >> 30)) + i;
  r->index = kSize;
}
void seed_by_array(Random* r, const std::vector<uint32_t>& key) {
  seed_with(r, 19650218u);
  auto& mt = r->state;
  size_t i = 1, j = 0;
  for (size_t k = std::max<size_t>(kSize, key.size()); k > 0; --k) {
    mt[i] = (mt[i] ^ ((mt[i - 1] ^ (mt[i - 1] >> 30)) * 1664525u)) + key[j] + static_cast<uint32_t>(j);
    if (++i >= kSize) {
      mt[0] = mt[kSize - 1];
      i = 1;
    }
    if (++j >= key.size()) j = 0;
  }
  for (int k = kSize - 1; k > 0; --k) {
    mt[i] = (mt[i] ^ ((mt[i - 1] ^ (mt[i - 1] >> 30)) * 1566083941u)) - static_cast<uint32_t>(i);
    if (++i >= kSize) {
      mt[0] = mt[kSize - 1];
      i = 1;
    }
  }
  mt[0] = 0x80000000u;
}
uint32_t next32(Random* r) {
  auto& mt = r->state;
  if (r->index >= kSize) {
    for (int k = 0; k < kSize; ++k) {
      const uint32_t y =
          (mt[static_cast<size_t>(k)] & 0x80000000u) | (mt[static_cast<size_t>((k + 1) % kSize)] & 0x7fffffffu);
      mt[static_cast<size_t>(k)] = mt[static_cast<size_t>((k + kShift) % kSize)] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->index = 0;
  }
  uint32_t y = mt[static_cast<size_t>(r->index++)];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

Status seed(Random* r, Value argument) {
  std::vector<uint32_t> key;
  if (!argument || argument.is_none()) {
    key.resize(kSize);
    if (getrandom(key.data(), key.size() * 4, 0) < 0) key = {static_cast<uint32_t>(std::time(nullptr))};
  } else {
    Ref n;
    if (is_int(argument)) {
      n = TRY(absolute(argument));
    } else {
      n = make_uint(static_cast<uint64_t>(TRY(hash(argument))));
    }
    MpzView z(n);
    const size_t words = (mpz_sizeinbase(z.get(), 2) + 31) / 32;
    key.resize(words ? words : 1, 0);
    size_t count = 0;
    mpz_export(key.data(), &count, -1, 4, 0, 0, z.get());
    if (count == 0) key[0] = 0;
    key.resize(count ? count : 1);
  }
  seed_by_array(r, key);
  return kOk;
}

Ref random_new(Type* cls, const Args& args) {
  auto* r = static_cast<Random*>(allocate(cls));
  Ref hold = Ref::steal(r);
  TRY(seed(r, args.count ? args[0] : Value()));
  return hold;
}
Status random_init(Value, const Args&) { return kOk; }
Ref random_random(Value self, const Value*) {
  const uint32_t a = next32(self_random(self)) >> 5, b = next32(self_random(self)) >> 6;
  return make_float((a * 67108864.0 + b) * (1.0 / 9007199254740992.0));
}
Ref random_seed(Value self, const Value* a) {
  TRY(seed(self_random(self), a[0]));
  return Ref::none();
}
Ref random_getrandbits(Value self, const Value* a) {
  const int64_t k = TRY(to_int64(a[0]));
  if (k < 0) return fail(exc::ValueError, "number of bits must be non-negative");
  if (k > INT32_MAX) return fail(exc::OverflowError, "Python int too large to convert to C int");
  if (k == 0) return make_int(0);
  if (k <= 32) return make_int(next32(self_random(self)) >> (32 - k));
  std::vector<uint32_t> words;
  for (int64_t left = k; left > 0; left -= 32)
    words.push_back(left < 32 ? next32(self_random(self)) >> (32 - left) : next32(self_random(self)));
  mpz_t z;
  mpz_init(z);
  mpz_import(z, words.size(), -1, 4, 0, 0, words.data());
  Ref result = int_from_mpz(z);
  mpz_clear(z);
  return result;
}
Ref random_getstate(Value self, const Value*) {
  std::vector<Value> items;
  for (uint32_t w : self_random(self)->state) items.push_back(Value::integer(w));
  items.push_back(Value::integer(self_random(self)->index));
  return make_tuple(items.data(), static_cast<int64_t>(items.size()));
}
Ref random_setstate(Value self, const Value* a) {
  if (!is<Tuple>(a[0])) return fail(exc::TypeError, "state vector must be a tuple");
  auto* t = as<Tuple>(a[0]);
  if (t->size != kSize + 1) return fail(exc::ValueError, "state vector is the wrong size");
  std::array<uint32_t, kSize> state;
  for (int i = 0; i < kSize; ++i) state[static_cast<size_t>(i)] = static_cast<uint32_t>(TRY(to_int64(t->items[i])));
  const int64_t index = TRY(to_int64(t->items[kSize]));
  if (index < 0 || index > kSize) return fail(exc::ValueError, "invalid state");
  self_random(self)->state = state;
  self_random(self)->index = static_cast<int>(index);
  return Ref::none();
}
const NativeDef kMethods[] = {
    {"random", "($self, /)", random_random, "random() -> float\n\nThe next random number, at least 0.0 and below 1.0."},
    {"seed", "($self, n=None, /)", random_seed, "seed([n]) -> None."},
    {"getrandbits", "($self, k, /)", random_getrandbits,
     "getrandbits(k) -> int\n\nA non-negative integer made of k random bits."},
    {"getstate", "($self, /)", random_getstate, "getstate() -> tuple\n\nA snapshot of the generator, for setstate()."},
    {"setstate", "($self, state, /)", random_setstate,
     "setstate(state) -> None\n\nGo back to a state that getstate() returned."},
    {}};

Status initialize(Value module) {
  define_type(random_type, {.name = "_random.Random",
                            .size = sizeof(Random),
                            .flags = Type::kBaseType,
                            .doc = "Random(seed=None)\n\nA Mersenne Twister of its own, independent of all others."});
  random_type.slots.new_ = random_new;
  random_type.slots.init = random_init;
  random_type.methods = kMethods;
  random_type.dealloc = [](Object* o) { free_object(o); };
  ready_type(random_type);
  dict_set(module_dict(module), intern("Random"), to_value(&random_type));
  return kOk;
}

}  // namespace

extern const ModuleDef random_module;
const ModuleDef random_module = {"_random", "The Mersenne Twister behind the random module.", nullptr, initialize};

}  // namespace hiss
