// hiss: runs a script, a command (-c), a module (-m), or lines typed at a prompt.
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/missing_memory.h"
#include "cli/options.h"
#include "cli/repl.h"
#include "compile/compiler.h"
#include "compile/source_text.h"
#include "modules/evaluation.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/protocol.h"
#include "vm/import.h"
#include "vm/library_path.h"

namespace hiss {

namespace {

bool is_folder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Hiss's own Python files: beside the source tree's build folder, or ../lib/hiss of an installed tree.
std::vector<std::string> own_library(const std::string& executable) {
  const std::string folder = executable.substr(0, executable.rfind('/'));
  for (const std::string& candidate : {folder + "/../lib/hiss", std::string(HISS_SOURCE_DIR) + "/lib"}) {
    if (is_folder(candidate + "/torch")) {
      char resolved[PATH_MAX];
      return {realpath(candidate.c_str(), resolved) ? std::string(resolved) : candidate};
    }
  }
  return {};
}

Status insert_path(const std::string& entry) {
  Ref sys = TRY(import_module("sys"));
  Ref path = TRY(get_attr(sys, names.path));
  TRY(call_method(path, "insert", {Value::integer(0), make_str(entry)}));
  return kOk;
}

Ref main_module() {
  Ref module = make_module("__main__");
  Dict* dict = module_dict(module);
  dict_set(dict, names.__builtins__, TRY(import_module("builtins")));
  dict_set(dict, names.__annotations__, make_dict());
  dict_set(sys_modules(), names.__main__, module);
  return module;
}

Status run_text(const std::string& text, const std::string& filename, Value module, bool byte_columns = false) {
  CompileOptions options;
  options.byte_columns = byte_columns;
  options.optimize = runtime_options().optimize;
  Ref code = TRY(compile_source(text, filename, syntax::Mode::Exec, options));
  TRY(run_code(as<Code>(code), module_dict(module), to_value(module_dict(module))));
  return kOk;
}

Status run_module(const std::string& name, bool alter_argv) {
  Ref runpy = TRY(import_module("runpy"));
  Ref text = make_str(name);
  TRY(call_method(runpy, "_run_module_as_main", {text, Value::boolean(alter_argv)}));
  return kOk;
}

Status run_script(const std::string& given, Value module) {
  // Tracebacks and __file__ show the whole path, as python3's do.
  char folder[PATH_MAX];
  const std::string path =
      given[0] == '/' || !getcwd(folder, sizeof folder) ? given : std::string(folder) + "/" + given;
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    std::fprintf(stderr, "%s: can't open file '%s': [Errno %d] %s\n", runtime_options().executable.c_str(),
                 path.c_str(), errno, std::strerror(errno));
    std::exit(2);
  }
  if (S_ISDIR(info.st_mode) || (path.size() > 4 && path.compare(path.size() - 4, 4, ".zip") == 0) ||
      (path.size() > 5 && path.compare(path.size() - 5, 5, ".pyz") == 0)) {
    TRY(insert_path(path));
    return run_module("__main__", false);
  }
  std::string bytes = TRY(read_text_file(path));
  char resolved[PATH_MAX];
  const std::string full = realpath(path.c_str(), resolved) ? resolved : path;
  if (!runtime_options().safe_path) TRY(insert_path(full.substr(0, full.rfind('/'))));
  Dict* dict = module_dict(module);
  dict_set(dict, names.__file__, make_str(path));
  dict_set(dict, names.__cached__, Value::none());
  Ref external = TRY(import_module("importlib.machinery"));
  Ref loader_type = TRY(get_attr(external, "SourceFileLoader"));
  Ref loader = TRY(call(loader_type, {make_str("__main__"), make_str(path)}));
  dict_set(dict, names.__loader__, loader);
  const SourceText source = TRY(decode_script(bytes, path));
  return run_text(source.text, path, module, source.byte_columns);
}

Status run(const CommandLine& line, Value module) {
  switch (line.mode) {
    case CommandLine::Command:
      if (!runtime_options().safe_path) TRY(insert_path(""));
      return run_text(line.target, "<string>", module);
    case CommandLine::Module:
      if (!runtime_options().safe_path) {
        char folder[PATH_MAX];
        TRY(insert_path(getcwd(folder, sizeof folder) ? folder : ""));
      }
      return run_module(line.target, true);
    case CommandLine::Script:
      return run_script(line.target, module);
    default:
      break;
  }
  if (!runtime_options().safe_path) TRY(insert_path(""));
  if (isatty(0) || runtime_options().interactive) return run_repl(module);
  std::string text;
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) text.append(buffer, n);
  return run_text(text, "<stdin>", module);
}

// A program may be too big to be read or compiled.
Status run_in_memory(const CommandLine& line, Value module) {
  return run_or_without_memory([&] { return run(line, module); }, []() -> Status { return fail_memory(); });
}

Status start(const CommandLine& line) {
  TRY(initialize_runtime(line.runtime));
  return kOk;
}

}  // namespace

void register_engine_modules();

int main_program(int argc, char** argv) {
  CommandLine line = parse_command_line(argc, argv);
  if (line.mode == CommandLine::Version) {
    std::printf("Python 3.11.2 (Hiss %s)\n", HISS_VERSION);
    return 0;
  }
  if (line.mode == CommandLine::Help) {
    std::printf(
        "usage: hiss [option] ... [-c cmd | -m mod | file | -] [arg] ...\n"
        "Options as python3's: -B -b -E -h -i -I -m mod -O -P -q -s -S -u -v -V -W arg -X opt -c cmd\n"
        "Hiss is a Python 3.11 runtime with tensors, autograd and generative models built in.\n");
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an OSError, not the end of the process
  line.runtime.extra_paths = own_library(line.runtime.executable);
  register_engine_modules();
  if (start(line).is_error()) {
    const int status = print_pending_and_exit_status();
    return status ? status : 1;
  }
  if (line.mode == CommandLine::Prepare) return write_prepared_code().is_error() ? print_pending_and_exit_status() : 0;
  Ref module = main_module();
  int status = 0;
  if (module.is_error() || run_in_memory(line, module).is_error()) status = print_pending_and_exit_status();
  if (runtime_options().inspect && line.mode != CommandLine::Interactive && isatty(0)) {
    if (run_repl(module).is_error()) status = print_pending_and_exit_status();
  }
  module = Ref();
  const int final_status = finalize_runtime();
  return final_status ? final_status : status;
}

}  // namespace hiss

#ifdef HISS_WRITE_PROFILE  // the first phase of `make pgo`
extern "C" void __gcov_dump();
#endif

int main(int argc, char** argv) {
  const int status = hiss::main_program(argc, argv);
  // The process ends here: objects that are still alive need not be taken apart one by one.
  std::fflush(nullptr);
#ifdef HISS_WRITE_PROFILE
  __gcov_dump();
#endif
  std::_Exit(status);
}
