// Runs the unit tests; and, so that compare.py can hold the front end against python3.11, prints trees and errors:
//   unit_syntax tree FILE...      one line per file: "T <dump>" or "E <error>"
//   unit_syntax sources           reads "<mode> <length>\n<bytes>" records from stdin, writes the same lines
//   unit_syntax time FILE...      parses every file three times and prints lines per second
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "syntax/parser.h"
#include "syntax/source.h"

using namespace hiss::syntax;

namespace {

std::string read_file(const char* name) {
  std::ifstream file(name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

void print_error(const SyntaxErrorInfo& e) {
  static const char* kinds[] = {"SyntaxError",    "IndentationError", "TabError",    "MemoryError",
                                "RecursionError", "ValueError",       "UnicodeError"};
  std::cout << "E " << kinds[e.kind] << '\x1f' << escaped(e.message) << '\x1f' << e.lineno << '\x1f' << e.offset
            << '\x1f' << e.end_lineno << '\x1f' << e.end_offset << '\x1f'
            << (e.has_text ? escaped(e.line_text) : "None") << '\n';
}

void report(std::string_view source, char letter) {
  Arena arena;
  ParseOptions options;
  options.mode = letter == 'v'                                     ? Mode::Eval
                 : letter == 's' || letter == 'd' || letter == 'i' ? Mode::Single
                 : letter == 'f'                                   ? Mode::FuncType
                                                                   : Mode::Exec;
  options.type_comments = letter == 't';
  options.dont_imply_dedent = letter == 'd' || letter == 'i';
  options.allow_incomplete = letter == 'i';
  ParseResult result = parse(source, options, arena);
  if (letter == 'w') {
    // Only the warnings.
    std::cout << "W";
    for (const Warning& warning : result.warnings)
      std::cout << '\x1f' << warning.lineno << ' ' << escaped(warning.message);
    std::cout << '\n';
    return;
  }
  if (!result) return print_error(result.error);
  std::cout << "T " << dump(result.module, true) << '\n';
}

std::map<std::string, int32_t, std::less<>> g_names;

/// The names that compare.py has written down for \N{...}, because the Unicode tables are not part of the front end.
void load_names(const char* file_name) {
  std::ifstream file(file_name);
  std::string line;
  while (std::getline(file, line)) {
    size_t tab = line.find('\t');
    g_names[line.substr(0, tab)] = std::stoi(line.substr(tab + 1));
  }
  UnicodeHooks hooks;
  hooks.lookup_name = [](std::string_view name) -> int32_t {
    std::string upper(name);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    auto found = g_names.find(upper);
    return found == g_names.end() ? -1 : found->second;
  };
  set_unicode_hooks(hooks);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::ios::sync_with_stdio(false);
  std::string command = argc > 1 ? argv[1] : "";
  if (command.empty()) return RUN_ALL_TESTS();
  if (const char* names = std::getenv("UNICODE_NAMES")) load_names(names);
  if (command == "tree") {
    for (int i = 2; i < argc; ++i) {
      const std::string bytes = read_file(argv[i]);
      report(std::string(find_source_encoding(bytes).text), 'e');
    }
  } else if (command == "sources") {
    std::string header;
    while (std::getline(std::cin, header)) {
      size_t length = std::stoul(header.substr(2));
      std::string text(length, 0);
      std::cin.read(text.data(), length);
      std::cin.get();
      report(text, header[0]);
    }
  } else if (command == "time") {
    std::vector<std::string> texts;
    size_t lines = 0, bytes = 0;
    for (int i = 2; i < argc; ++i) {
      const std::string file = read_file(argv[i]);
      std::string text(find_source_encoding(file).text);
      for (char c : text) lines += c == '\n';
      bytes += text.size();
      texts.push_back(std::move(text));
    }
    for (int round = 0; round < 3; ++round) {
      auto start = std::chrono::steady_clock::now();
      for (const std::string& text : texts) {
        Arena arena;
        parse(text, {}, arena);
      }
      double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::cout << fmt::format("{} lines, {} bytes in {:.3f} s: {:.0f} lines/s, {:.1f} MB/s\n", lines, bytes, seconds,
                               lines / seconds, bytes / seconds / 1e6);
    }
  }
  return 0;
}
