#include "cli/repl.h"

#include <cstdio>

#include "compile/compiler.h"
#include "modules/evaluation.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/protocol.h"
#include "syntax/parser.h"
#include "vm/runtime.h"

namespace hiss {

namespace {

Result<std::string> prompt(Value sys, Str* name, const char* fallback) {
  Ref p = TRY(get_attr_or_empty(sys, name));
  if (p.is_empty()) return std::string(fallback);
  return to_string(TRY(str(p)));
}

// One more line from stdin; false at its end.
bool read_line(std::string& out) {
  out.clear();
  for (int c; (c = std::getchar()) != EOF;) {
    out += static_cast<char>(c);
    if (c == '\n') return true;
  }
  return !out.empty();
}

bool needs_more(const std::string& text) {
  syntax::Arena arena;
  syntax::ParseOptions options;
  options.mode = syntax::Mode::Single;
  options.dont_imply_dedent = true;
  options.allow_incomplete = true;
  syntax::ParseResult result = syntax::parse(text, options, arena);
  return !result && result.error.incomplete;
}

Status run_statement(const std::string& text, Value module) {
  CompileOptions options;
  Ref code = TRY(compile_source(text, "<stdin>", syntax::Mode::Single, options));
  TRY(run_code(as<Code>(code), module_dict(module), to_value(module_dict(module))));
  return kOk;
}

}  // namespace

Status run_repl(Value module) {
  if (!runtime_options().quiet) {
    std::fprintf(
        stderr,
        "Hiss %s: Python 3.11.2\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n",
        HISS_VERSION);
  }
  Ref sys = TRY(import_module("sys"));
  std::string line;
  for (;;) {
    std::fputs(TRY(prompt(sys, names.ps1, ">>> ")).c_str(), stdout);
    std::fflush(stdout);
    if (!read_line(line)) break;
    std::string text = line;
    while (needs_more(text)) {
      std::fputs(TRY(prompt(sys, names.ps2, "... ")).c_str(), stdout);
      std::fflush(stdout);
      if (!read_line(line)) break;
      text += line;
    }
    if (text.find_first_not_of(" \t\r\n") == text.npos) continue;
    if (run_statement(text, module).is_error()) {
      if (pending_is(exc::SystemExit)) return Failure{};
      print_pending_and_exit_status();
    }
    Ref out = get_attr_or_empty(sys, names.stdout);
    if (!out.is_empty() && !out.is_error()) {
      Ref flushed = call_method(out, names.flush);
      if (flushed.is_error()) clear_pending();
    }
  }
  std::fputs("\n", stdout);
  return kOk;
}

}  // namespace hiss
