// Where the standard library and Hiss's own Python files lie.
#pragma once

#include <string>
#include <vector>

#include "object/error.h"

namespace hiss {

/// The folder of the standard library ("/usr/lib/python3.11"), from PYTHONHOME or the place of Debian's package.
const std::string& library_path();
/// sys.prefix.
std::string library_prefix();
/// sys.path as python3 has it: PYTHONPATH, Hiss's lib/, the standard library, dist-packages and user site-packages.
std::vector<std::string> module_search_path();
Result<std::string> read_text_file(const std::string& path);

}  // namespace hiss
