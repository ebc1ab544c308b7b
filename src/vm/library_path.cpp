#include "vm/library_path.h"

#include <sys/stat.h>

#include <cstdlib>

#include "vm/runtime.h"

namespace hiss {

namespace {

bool exists(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

std::string find_library() {
  if (!runtime_options().library.empty()) return runtime_options().library;
  if (const char* home = runtime_options().ignore_environment ? nullptr : std::getenv("PYTHONHOME")) {
    if (*home) return std::string(home) + "/lib/python3.11";
  }
  for (const char* prefix : {"/usr", "/usr/local"}) {
    std::string candidate = std::string(prefix) + "/lib/python3.11";
    if (exists(candidate + "/os.py") && exists(candidate + "/argparse.py")) return candidate;
  }
  return "/usr/lib/python3.11";
}

}  // namespace

const std::string& library_path() {
  static const std::string path = find_library();
  return path;
}

std::string library_prefix() {
  const std::string& path = library_path();
  const size_t lib = path.rfind("/lib/python3.11");
  return lib == path.npos ? path : path.substr(0, lib);
}

std::vector<std::string> module_search_path() {
  std::vector<std::string> path;
  const RuntimeOptions& options = runtime_options();
  if (const char* value = options.ignore_environment ? nullptr : std::getenv("PYTHONPATH")) {
    std::string text = value;
    for (size_t start = 0; !text.empty() && start <= text.size();) {
      const size_t end = text.find(':', start);
      const std::string part = text.substr(start, end == text.npos ? end : end - start);
      if (!part.empty()) path.push_back(part);
      if (end == text.npos) break;
      start = end + 1;
    }
  }
  for (const std::string& own : options.extra_paths) path.push_back(own);
  path.push_back(library_path());
  if (options.no_site) return path;
  if (!options.no_user_site && !options.ignore_environment) {
    if (const char* home = std::getenv("HOME")) {
      const std::string user = std::string(home) + "/.local/lib/python3.11/site-packages";
      if (exists(user)) path.push_back(user);
    }
  }
  for (const char* site : {"/usr/local/lib/python3.11/dist-packages", "/usr/lib/python3/dist-packages"}) {
    if (library_prefix() == "/usr" && exists(site)) path.push_back(site);
  }
  return path;
}

}  // namespace hiss
