// io.open and what belongs to it.
#pragma once

#include "object/error.h"

namespace hiss {

/// The encoding of text files when none is given.
Ref locale_encoding();

}  // namespace hiss
