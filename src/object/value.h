// The value word: every Python value is one 64-bit word.
//
//   pointer to a heap object   0000 pppp pppp pppp   (at least 4096)
//   immediate constants        small numbers below 4096: empty, error, None, False, True, NotImplemented, Ellipsis
//   float                      the IEEE bits plus 2^49 (never NaN: NaN is a heap object, so that identity works)
//   int of 49 bits             the top 15 bits set
//
// Nothing outside this file may depend on the encoding.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

namespace hiss {

struct Object;
void destroy_object(Object* object);  // memory/counts.cpp: the count reached zero

inline constexpr int64_t kMinImmediateInt = -(int64_t{1} << 48);
inline constexpr int64_t kMaxImmediateInt = (int64_t{1} << 48) - 1;

/// A borrowed value word. Copying it does not change reference counts.
class Value {
 public:
  constexpr Value() = default;

  static constexpr Value empty() { return Value(0); }
  static constexpr Value error() { return Value(2); }
  static constexpr Value none() { return Value(4); }
  static constexpr Value boolean(bool b) { return Value(8 | uint64_t{b}); }
  static constexpr Value not_implemented() { return Value(16); }
  static constexpr Value ellipsis() { return Value(18); }
  static constexpr Value integer(int64_t i) { return Value(static_cast<uint64_t>(i) | kIntTag); }
  static constexpr Value number(double d) { return Value(std::bit_cast<uint64_t>(d) + kFloatOffset); }
  static Value object(const Object* o) { return Value(reinterpret_cast<uint64_t>(o)); }
  static constexpr Value from_bits(uint64_t bits) { return Value(bits); }

  static constexpr bool fits_integer(int64_t i) { return i >= kMinImmediateInt && i <= kMaxImmediateInt; }

  constexpr bool is_empty() const { return bits_ == 0; }
  constexpr bool is_error() const { return bits_ == 2; }
  constexpr bool is_none() const { return bits_ == 4; }
  constexpr bool is_false() const { return bits_ == 8; }
  constexpr bool is_true() const { return bits_ == 9; }
  constexpr bool is_bool() const { return (bits_ | 1) == 9; }
  constexpr bool is_not_implemented() const { return bits_ == 16; }
  constexpr bool is_ellipsis() const { return bits_ == 18; }
  constexpr bool is_integer() const { return bits_ >= kIntTag; }                  // immediate int
  constexpr bool is_number() const { return bits_ - kFloatOffset < kFloatSpan; }  // immediate float
  constexpr bool is_object() const { return bits_ - 4096 < kFloatOffset - 4096; }
  explicit constexpr operator bool() const { return bits_ != 0; }  // not empty

  static constexpr bool both_integers(Value a, Value b) { return (a.bits_ & b.bits_) >= kIntTag; }

  constexpr int64_t integer() const { return static_cast<int64_t>(bits_ << 15) >> 15; }
  constexpr double number() const { return std::bit_cast<double>(bits_ - kFloatOffset); }
  constexpr bool boolean() const { return bits_ == 9; }
  Object* object() const { return reinterpret_cast<Object*>(bits_); }
  constexpr uint64_t bits() const { return bits_; }

  /// Identity: Python's `is`.
  constexpr bool operator==(const Value&) const = default;

 private:
  explicit constexpr Value(uint64_t bits) : bits_(bits) {}
  static constexpr uint64_t kFloatOffset = uint64_t{1} << 49;
  static constexpr uint64_t kIntTag = uint64_t{0xFFFE} << 48;
  static constexpr uint64_t kFloatSpan = kIntTag - kFloatOffset;
  uint64_t bits_ = 0;
};

/// The enumeration of the C++ structs that heap objects are made of. Instances of a Python subclass keep their native
/// base's layout.
enum class Layout : uint8_t {
#define LAYOUT(name) name,
#include "object/layouts.def"
#undef LAYOUT
};

struct Type;

/// The header of every heap object.
struct Object {
  uint32_t refs;
  Layout layout;
  uint8_t flags;
  uint16_t value_capacity;  // Instance: how many attribute values fit where `values` points
  Type* type;

  static constexpr uint8_t kGc = 1;         // a GcHead precedes the object
  static constexpr uint8_t kWeakrefs = 2;   // memory/weak_references holds a list for it
  static constexpr uint8_t kFinalized = 4;  // __del__ has run (PEP 442)
  static constexpr uint8_t kImmortal = 8;   // statically allocated: its count is kept but never frees it
};

inline void retain(Object* o) { ++o->refs; }
inline void release(Object* o) {
  if (--o->refs == 0) destroy_object(o);
}
inline void retain(Value v) {
  if (v.is_object()) ++v.object()->refs;
}
inline void release(Value v) {
  if (v.is_object()) release(v.object());
}

/// What a failing function returns; converts to Ref, Result<T> and Status. The pending exception is set before.
struct Failure {};

/// An owning value: holds one reference count.
class [[nodiscard]] Ref {
 public:
  constexpr Ref() = default;
  Ref(Failure) : v_(Value::error()) {}
  Ref(Ref&& other) noexcept : v_(other.v_) { other.v_ = Value(); }
  Ref(const Ref& other) : v_(other.v_) { retain(v_); }
  ~Ref() { hiss::release(v_); }
  Ref& operator=(Ref&& other) noexcept {
    Value old = v_;
    v_ = other.v_;
    other.v_ = Value();
    if (old != v_ || old.is_object()) hiss::release(old);
    return *this;
  }
  Ref& operator=(const Ref& other) {
    Ref copy(other);
    return *this = std::move(copy);
  }

  /// Takes over a count that the caller owns.
  static Ref steal(Value v) { return Ref(v); }
  static Ref steal(Object* o) { return Ref(Value::object(o)); }
  /// Adds a count of its own.
  static Ref share(Value v) {
    retain(v);
    return Ref(v);
  }
  static Ref share(Object* o) { return share(Value::object(o)); }
  static Ref none() { return Ref(Value::none()); }
  static Ref boolean(bool b) { return Ref(Value::boolean(b)); }
  static Ref not_implemented() { return Ref(Value::not_implemented()); }
  static Ref empty() { return Ref(); }

  Value value() const { return v_; }
  operator Value() const { return v_; }
  Object* object() const { return v_.object(); }
  /// Gives the count away to the caller.
  [[nodiscard]] Value release() {
    Value v = v_;
    v_ = Value();
    return v;
  }
  void reset() { *this = Ref(); }

  bool is_empty() const { return v_.is_empty(); }
  bool is_error() const { return v_.is_error(); }
  bool is_none() const { return v_.is_none(); }
  bool is_not_implemented() const { return v_.is_not_implemented(); }
  bool is_object() const { return v_.is_object(); }
  explicit operator bool() const { return !v_.is_empty(); }

 private:
  explicit Ref(Value v) : v_(v) {}
  Value v_;
};

}  // namespace hiss
