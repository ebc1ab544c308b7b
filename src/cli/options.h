// The command line of `hiss`: the same options as python3's.
#pragma once

#include <string>

#include "vm/runtime.h"

namespace hiss {

struct CommandLine {
  enum Mode { Script, Command, Module, Interactive, Version, Help, Prepare } mode = Interactive;
  std::string target;  // the script, the text of -c, the module of -m
  RuntimeOptions runtime;
  int version_count = 0;
};

/// Exits with status 2 and python's message for an unknown option.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace hiss
