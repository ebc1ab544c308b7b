#include "base/half.h"

#include <cmath>

namespace hiss {

double half_to_double(uint16_t half) {
  const int sign = half >> 15, e = (half >> 10) & 31, f = half & 1023;
  double v = e == 0 ? std::ldexp(f, -24) : e == 31 ? (f ? NAN : INFINITY) : std::ldexp(1024 + f, e - 25);
  return sign ? -v : v;
}

bool double_to_half(double x, uint16_t& out) {
  const uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isnan(x)) return out = static_cast<uint16_t>(sign | 0x7e00), true;
  if (std::isinf(x)) return out = static_cast<uint16_t>(sign | 0x7c00), true;
  const double a = std::fabs(x);
  if (a == 0) return out = sign, true;
  int e;
  std::frexp(a, &e);  // a = m * 2^e, 0.5 <= m < 1
  e -= 1;
  double scaled = e < -14 ? std::ldexp(a, 24) : std::ldexp(a, 10 - e);
  double rounded = std::nearbyint(scaled);
  if (e < -14) {
    out = static_cast<uint16_t>(sign | static_cast<uint16_t>(rounded));
    return true;
  }
  if (rounded == 2048) {
    rounded = 1024;
    ++e;
  }
  if (e > 15) return false;
  out = static_cast<uint16_t>(sign | ((e + 15) << 10) | (static_cast<int>(rounded) - 1024));
  return true;
}

}  // namespace hiss
