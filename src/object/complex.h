// complex numbers.
#pragma once

#include "object/protocol.h"

namespace hiss {

struct Complex : Object {
  static constexpr Layout kLayout = Layout::Complex;
  double real, imaginary;
};
Ref make_complex(double real, double imaginary);

}  // namespace hiss
