// io.open and what belongs to it.
#pragma once

#include <string_view>

#include "object/error.h"

namespace hiss {

/// The encoding of text files when none is given.
Ref locale_encoding();
/// True when -X NAME (or NAME=1) was given.
bool x_option(std::string_view name);

}  // namespace hiss
