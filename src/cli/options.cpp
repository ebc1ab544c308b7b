#include "cli/options.h"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hiss {

namespace {

constexpr const char* kUsage = "usage: hiss [option] ... [-c cmd | -m mod | file | -] [arg] ...\n";

[[noreturn]] void bad_option(const std::string& message) {
  std::fprintf(stderr, "%s\n%sTry `hiss -h' for more information.\n", message.c_str(), kUsage);
  std::exit(2);
}

std::string own_path() {
  char buffer[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer - 1);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::string();
}

// The interpreter cannot start: the message CPython prints before it gives up.
[[noreturn]] void fatal_setting(const char* message) {
  std::fprintf(stderr, "Fatal Python error: %s\nPython runtime state: preinitialized\n\n", message);
  std::exit(1);
}

std::optional<uint32_t> read_hash_seed(const char* text) {
  if (std::strcmp(text, "random") == 0) return std::nullopt;
  char* end;
  errno = 0;
  const unsigned long long seed = std::strtoull(text, &end, 10);
  if (*end || *text == '-' || errno || seed > UINT32_MAX)
    fatal_setting("config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]");
  return static_cast<uint32_t>(seed);
}

int read_digit_limit(const char* text, const char* complaint) {
  char* end;
  errno = 0;
  const long limit = std::strtol(text, &end, 10);
  if (!*text || *end || errno || limit > INT32_MAX || limit < 0 || (limit > 0 && limit < 640))
    fatal_setting(fmt::format("config_init_int_max_str_digits: {}", complaint).c_str());
  return static_cast<int>(limit);
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine out;
  RuntimeOptions& r = out.runtime;
  r.executable = own_path();
  for (int i = 0; i < argc; ++i) r.orig_argv.push_back(argv[i]);
  int i = 1;
  bool done = false;
  for (; i < argc && !done; ++i) {
    const char* arg = argv[i];
    if (arg[0] != '-' || arg[1] == '\0') break;
    if (std::strcmp(arg, "--version") == 0) {
      out.version_count = 1;
      continue;
    }
    if (std::strcmp(arg, "--prepare") == 0) {
      out.mode = CommandLine::Prepare;
      return out;
    }
    if (std::strcmp(arg, "--help") == 0) {
      out.mode = CommandLine::Help;
      return out;
    }
    if (std::strcmp(arg, "--") == 0) {
      ++i;
      break;
    }
    if (std::strncmp(arg, "--check-hash-based-pycs", 23) == 0) {
      ++i;
      continue;
    }
    if (arg[1] == '-') bad_option(std::string("unknown option ") + arg);
    for (const char* p = arg + 1; *p; ++p) {
      auto value = [&](char option) -> std::string {
        if (p[1]) {
          std::string rest = p + 1;
          p += std::strlen(p) - 1;
          return rest;
        }
        if (i + 1 >= argc) bad_option(std::string("Argument expected for the -") + option + " option");
        return argv[++i];
      };
      switch (*p) {
        case 'c':
          out.mode = CommandLine::Command;
          out.target = value('c') + "\n";
          r.argv.push_back("-c");
          done = true;
          break;
        case 'm':
          out.mode = CommandLine::Module;
          out.target = value('m');
          r.argv.push_back("-m");
          done = true;
          break;
        case 'B':
          r.dont_write_bytecode = true;
          break;
        case 'E':
          r.ignore_environment = true;
          break;
        case 'I':
          r.isolated = r.ignore_environment = r.no_user_site = r.safe_path = true;
          break;
        case 'P':
          r.safe_path = true;
          break;
        case 'O':
          ++r.optimize;
          break;
        case 'S':
          r.no_site = true;
          break;
        case 's':
          r.no_user_site = true;
          break;
        case 'V':
          ++out.version_count;
          break;
        case 'W':
          r.warn_options.push_back(value('W'));
          break;
        case 'X':
          r.x_options.push_back(value('X'));
          break;
        case 'b':
          ++r.bytes_warning;
          break;
        case 'd':
          break;
        case 'h':
        case '?':
          out.mode = CommandLine::Help;
          return out;
        case 'i':
          r.inspect = r.interactive = true;
          break;
        case 'q':
          r.quiet = true;
          break;
        case 'u':
          r.unbuffered = true;
          break;
        case 'v':
          ++r.verbose;
          break;
        case 'x':
          break;
        default:
          bad_option(std::string("Unknown option: -") + *p);
      }
      if (done || !*p) break;
    }
    if (done) {
      ++i;
      break;
    }
  }
  if (out.version_count) {
    out.mode = CommandLine::Version;
    return out;
  }
  if (out.mode == CommandLine::Interactive && i < argc) {
    out.mode = std::strcmp(argv[i], "-") == 0 ? CommandLine::Interactive : CommandLine::Script;
    out.target = argv[i];
  }
  for (; i < argc; ++i) r.argv.push_back(argv[i]);
  if (r.argv.empty()) r.argv.push_back("");
  if (!r.ignore_environment) {
    auto set = [](const char* name) {
      const char* v = std::getenv(name);
      return v && *v;
    };
    if (set("PYTHONDONTWRITEBYTECODE")) r.dont_write_bytecode = true;
    if (set("PYTHONUNBUFFERED")) r.unbuffered = true;
    if (set("PYTHONNOUSERSITE")) r.no_user_site = true;
    if (set("PYTHONSAFEPATH")) r.safe_path = true;
    if (set("PYTHONINSPECT")) r.inspect = true;
    if (set("PYTHONOPTIMIZE") && r.optimize == 0) r.optimize = std::max(1, std::atoi(std::getenv("PYTHONOPTIMIZE")));
    if (set("PYTHONHASHSEED")) r.hash_seed = read_hash_seed(std::getenv("PYTHONHASHSEED"));
    if (set("PYTHONINTMAXSTRDIGITS")) {
      r.int_max_str_digits =
          read_digit_limit(std::getenv("PYTHONINTMAXSTRDIGITS"),
                           "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.");
    }
  }
  for (const std::string& option : r.x_options) {
    constexpr std::string_view kDigits = "int_max_str_digits";
    if (option.rfind(kDigits, 0) != 0) continue;
    if (option.size() == kDigits.size() || option[kDigits.size()] == '=') {
      r.int_max_str_digits =
          read_digit_limit(option.c_str() + std::min(option.size(), kDigits.size() + 1),
                           "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.");
    }
  }
  return out;
}

}  // namespace hiss
