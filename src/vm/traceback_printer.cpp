// Printing exceptions as the interpreter does: traceback with source lines and carets, notes, causes and contexts.
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "object/class_builder.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/function.h"
#include "object/protocol.h"
#include "syntax/parser.h"
#include "vm/library_path.h"

namespace hiss {

namespace {

constexpr int kRepeatedFrames = 3;

std::string source_line(const std::string& filename, int line) {
  if (filename.empty() || filename[0] == '<') return "";
  Result<std::string> text = read_text_file(filename);
  if (text.is_error()) {
    clear_pending();
    return "";
  }
  std::string_view rest = text.value();
  for (int i = 1; i < line; ++i) {
    const size_t newline = rest.find('\n');
    if (newline == rest.npos) return "";
    rest.remove_prefix(newline + 1);
  }
  return std::string(rest.substr(0, rest.find('\n')));
}

// Columns are UTF-8 bytes; carets stand under characters.
size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Where the operator of a binary operation, or the brackets of a subscript, stand in an expression's text (PEP 657):
// the rest of the range is underlined with ~. False for other expressions.
bool find_anchors(const std::string& segment, size_t& left, size_t& right) {
  using namespace syntax;
  Arena arena;
  ParseOptions options;
  options.mode = Mode::Eval;
  const std::string wrapped = "(" + segment + ")";
  ParseResult result = parse(wrapped, options, arena);
  if (!result || !result.module->is<Expression>()) return false;
  Expr* e = result.module->as<Expression>()->body;
  if (e->is<BinOp>()) {
    auto* b = e->as<BinOp>();
    size_t at = static_cast<size_t>(b->left->end_col_offset) - 1;
    while (at < segment.size() && (segment[at] == ' ' || segment[at] == '\t')) ++at;
    if (at >= segment.size()) return false;
    left = at;
    right = at + 1;
    if (right < segment.size() && segment[right] == segment[at] &&
        std::string_view("*/<>").find(segment[at]) != std::string_view::npos)
      ++right;
    return true;
  }
  if (e->is<Subscript>()) {
    left = static_cast<size_t>(e->as<Subscript>()->value->end_col_offset) - 1;
    while (left < segment.size() && segment[left] != '[') ++left;
    right = segment.size();
    return left < right;
  }
  return false;
}

std::string caret_line(const std::string& line, const Position& p, size_t indent) {
  if (p.column < 0 || p.end_column < 0) return "";
  const size_t start = static_cast<size_t>(p.column);
  const size_t end = p.end_line == p.line ? static_cast<size_t>(p.end_column) : line.size();
  if (start > line.size() || end > line.size() || end <= start) return "";
  const std::string segment = line.substr(start, end - start);
  size_t left = 0, right = 0;
  const bool anchored = p.end_line == p.line && find_anchors(segment, left, right);
  // A whole line needs no carets.
  const size_t last = line.find_last_not_of(" \t\r\n\f") + 1;
  if (!anchored && start == indent && end >= last) return "";
  std::string text(4, ' ');
  text.append(characters(std::string_view(line).substr(indent, start - indent)), ' ');
  std::string marks(characters(segment), anchored ? '~' : '^');
  if (anchored) {
    const size_t from = characters(std::string_view(segment).substr(0, left)),
                 to = characters(std::string_view(segment).substr(0, right));
    for (size_t i = from; i < to && i < marks.size(); ++i) marks[i] = '^';
  }
  return text + marks + "\n";
}

void append_frames(std::string& out, Value traceback) {
  int repeated = 0;
  std::string last_file, last_name;
  int last_line = -1;
  auto flush_repeats = [&] {
    if (repeated > kRepeatedFrames) {
      const int more = repeated - kRepeatedFrames;
      out += fmt::format("  [Previous line repeated {} more time{}]\n", more, more == 1 ? "" : "s");
    }
  };
  for (Value v = traceback; v; v = as<Traceback>(v)->next) {
    auto* t = as<Traceback>(v);
    auto* frame = as<Frame>(t->frame);
    const std::string file = to_string(frame->code->filename), name = to_string(frame->code->name);
    if (file == last_file && name == last_name && t->line == last_line) {
      ++repeated;
    } else {
      flush_repeats();
      repeated = 1;
      last_file = file;
      last_name = name;
      last_line = t->line;
    }
    if (repeated > kRepeatedFrames) continue;
    out += fmt::format("  File \"{}\", line {}, in {}\n", file, t->line, name);
    const std::string line = source_line(file, t->line);
    const size_t indent = line.find_first_not_of(" \t\f");
    if (indent == line.npos) continue;
    out += "    " + line.substr(indent, line.find_last_not_of(" \t\r\n\f") + 1 - indent) + "\n";
    const Position p = position_at(frame->code, static_cast<uint32_t>(std::max(t->offset, 0) / 2));
    if (p.line == t->line) out += caret_line(line, p, indent);
  }
  flush_repeats();
}

std::string qualified(Value exception) {
  Type* type = type_of(exception);
  Ref module = type_module(type);
  const std::string name = to_string(type->qualname);
  if (!is<Str>(module)) return "<unknown>." + name;
  const std::string text = to_string(module);
  return text == "builtins" || text == "__main__" ? name : text + "." + name;
}

void append_syntax_error(std::string& out, Value exception) {
  auto field = [&](const char* name) { return exception_field(exception, name); };
  const Value file = field("filename"), line = field("lineno"), text = field("text");
  if (!line || line.is_none()) return;
  out += fmt::format("  File \"{}\", line {}\n", file && is<Str>(file) ? to_string(file) : "<string>", repr_text(line));
  if (!text || !is<Str>(text)) return;
  std::string source = to_string(text);
  source = source.substr(0, source.find('\n'));
  const size_t indent = std::min(source.find_first_not_of(" \t\f"), source.size());
  out += "    " + source.substr(indent, source.find_last_not_of(" \t\r\n\f") + 1 - indent) + "\n";
  const Value offset_value = field("offset"), end_value = field("end_offset"), end_line = field("end_lineno");
  if (!offset_value || !is_int(offset_value)) return;
  const int64_t offset = int_value(offset_value).value_or(0);
  if (offset < 1) return;
  const auto width = static_cast<int64_t>(characters(source));
  int64_t end = end_value && is_int(end_value) ? int_value(end_value).value_or(offset) : offset;
  if (end_line && is_int(end_line) && int_value(end_line) != int_value(line)) end = width + 1;
  end = std::max(std::min(end, width + 1), offset + 1);
  const int64_t column = offset - 1 - static_cast<int64_t>(indent);
  if (column < 0) return;
  out += "    " + std::string(static_cast<size_t>(std::min(column, width)), ' ') +
         std::string(static_cast<size_t>(std::min(end - offset, width + 2)), '^') + "\n";
}

std::string safe_text(Value v) {
  Ref text = str(v);
  if (!text.is_error()) return to_string(text);
  clear_pending();
  return "<exception str() failed>";
}

// "Did you mean: 'x'?" for misspelt names and attributes.
int edit_distance(std::string_view a, std::string_view b, int limit) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j) * 2;
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i) * 2;
    int best = row[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      const int substitute = a[i - 1] == b[j - 1] ? 0 : (std::tolower(a[i - 1]) == std::tolower(b[j - 1]) ? 1 : 2);
      const int value = std::min({row[j] + 2, row[j - 1] + 2, diagonal + substitute});
      diagonal = row[j];
      row[j] = value;
      best = std::min(best, value);
    }
    if (best > limit) return limit + 1;
  }
  return row[b.size()];
}

std::string suggestion(Value exception) {
  Value name = exception_field(exception, "name");
  if (!name || !is<Str>(name)) return "";
  Ref candidates;
  if (is_instance_of(exception, exc::AttributeError)) {
    Value object = exception_field(exception, "obj");
    if (!object) return "";
    Ref dir = get_builtin("dir");
    candidates = dir.is_error() ? Ref() : call(dir, {object});
  } else if (is_instance_of(exception, exc::NameError)) {
    Value traceback = as<Exception>(exception)->traceback;
    if (!traceback) return "";
    while (as<Traceback>(traceback)->next) traceback = as<Traceback>(traceback)->next;
    auto* frame = as<Frame>(as<Traceback>(traceback)->frame);
    candidates = make_list();
    Ref locals = frame_locals(frame);
    for (Value space : {locals.value(), frame->globals, frame->builtins}) {
      if (!is<Dict>(space)) continue;
      for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(space), i);) list_append(as<List>(candidates), e->key);
    }
  }
  if (candidates.is_error()) clear_pending();
  if (!is<List>(candidates) || as<List>(candidates)->size > 750) return "";
  const std::string wanted = to_string(name);
  std::string best;
  int best_distance = INT32_MAX;
  for (Value c : *as<List>(candidates)) {
    if (!is<Str>(c)) continue;
    const std::string candidate = to_string(c);
    if (candidate == wanted) continue;
    int limit = static_cast<int>((candidate.size() + wanted.size() + 3) * 2 / 6);
    limit = std::min(limit, best_distance - 1);
    const int d = edit_distance(wanted, candidate, limit);
    if (d > limit) continue;
    best = candidate;
    best_distance = d;
  }
  return best.empty() ? "" : fmt::format(". Did you mean: '{}'?", best);
}

void append_exception(std::string& out, Value exception, std::vector<Value>& seen);

void append_one(std::string& out, Value exception) {
  auto* e = as<Exception>(exception);
  if (e->traceback) {
    out += "Traceback (most recent call last):\n";
    append_frames(out, e->traceback);
  }
  const bool syntax = is_instance_of(exception, exc::SyntaxError) && exception_field(exception, "lineno");
  std::string text;
  if (syntax) {
    append_syntax_error(out, exception);
    Value msg = exception_field(exception, "msg");
    text = msg ? safe_text(msg) : "<no detail available>";
  } else {
    text = safe_text(exception);
  }
  out += qualified(exception);
  if (!text.empty()) out += ": " + text;
  if (!syntax) out += suggestion(exception);
  out += "\n";
  Ref notes = get_attr_or_empty(exception, intern("__notes__"));
  if (notes.is_error()) clear_pending();
  if (is<List>(notes)) {
    for (Value note : *as<List>(notes)) out += (is<Str>(note) ? to_string(note) : repr_text(note)) + "\n";
  } else if (!notes.is_empty() && !notes.is_error() && !notes.is_none()) {
    out += repr_text(notes) + "\n";
  }
}

void append_group(std::string& out, Value exception, const std::string& margin, int depth) {
  std::string own;
  append_one(own, exception);
  auto indent = [&](const std::string& text, const std::string& prefix) {
    size_t start = 0;
    while (start < text.size()) {
      const size_t end = text.find('\n', start);
      out += prefix + text.substr(start, end - start) + "\n";
      start = end + 1;
    }
  };
  if (depth == 0) {
    const size_t newline = own.find('\n');
    if (own.compare(0, 9, "Traceback") == 0) {
      out += "  + Exception Group " + own.substr(0, newline + 1);
      indent(own.substr(newline + 1), "  | ");
    } else {
      indent(own, "  | ");
    }
  } else {
    indent(own, margin + "| ");
  }
  if (!is_instance_of(exception, exc::BaseExceptionGroup)) return;
  auto* members = as<Tuple>(as<Exception>(exception)->fields[1]);
  const std::string inner(static_cast<size_t>(2 + 2 * (depth + 1)), ' ');
  for (int64_t i = 0; i < members->size; ++i) {
    out += fmt::format("{}{}---------------- {} ----------------\n", depth == 0 && i == 0 ? "  +-+" : inner + "+",
                       i == 0 && depth ? "" : "", i + 1);
    append_group(out, members->items[i], inner, depth + 1);
  }
  out += inner + "+------------------------------------\n";
}

void append_exception(std::string& out, Value exception, std::vector<Value>& seen) {
  seen.push_back(exception);
  auto* e = as<Exception>(exception);
  auto visited = [&](Value v) { return std::find(seen.begin(), seen.end(), v) != seen.end(); };
  if (seen.size() < 200) {
    if (e->cause) {
      if (!visited(e->cause)) {
        append_exception(out, e->cause, seen);
        out += "\nThe above exception was the direct cause of the following exception:\n\n";
      }
    } else if (e->context && !e->suppress_context && !visited(e->context)) {
      append_exception(out, e->context, seen);
      out += "\nDuring handling of the above exception, another exception occurred:\n\n";
    }
  }
  if (is_instance_of(exception, exc::BaseExceptionGroup)) {
    append_group(out, exception, "", 0);
  } else {
    append_one(out, exception);
  }
}

}  // namespace

Status print_exception(Value exception, Value file) {
  std::string out;
  std::vector<Value> seen;
  append_exception(out, exception, seen);
  Ref text = make_str(out);
  TRY(call_method(file, names.write, {text}));
  Ref flushed = call_method(file, names.flush);
  if (flushed.is_error()) clear_pending();
  return kOk;
}

int print_pending_and_exit_status() {
  Ref exception = take_pending();
  if (exception.is_empty()) return 0;
  Ref sys = import_module("sys");
  if (is_instance_of(exception, exc::SystemExit)) {
    Value code = exception_field(exception, "code");
    if (!code || code.is_none()) return 0;
    if (is_int(code)) return static_cast<int>(int_value(code).value_or(-1) & 0xFF);
    Ref err = get_attr_or_empty(sys, names.stderr);
    Ref text = str(code);
    if (!text.is_error() && !err.is_empty() && !err.is_error() && !err.is_none()) {
      (void)call_method(err, names.write, {text}).is_error();
      Ref newline = make_char('\n');
      (void)call_method(err, names.write, {newline}).is_error();
    }
    clear_pending();
    return 1;
  }
  const bool interrupted = is_instance_of(exception, exc::KeyboardInterrupt);
  Value traceback = as<Exception>(exception)->traceback;
  (void)set_attr(sys, names.last_type, to_value(type_of(exception))).is_error();
  (void)set_attr(sys, names.last_value, exception).is_error();
  (void)set_attr(sys, names.last_traceback, traceback ? traceback : Value::none()).is_error();
  Ref hook = get_attr_or_empty(sys, names.excepthook);
  bool printed = false;
  if (!hook.is_empty() && !hook.is_error()) {
    Ref result = call(hook, {to_value(type_of(exception)), exception, traceback ? traceback : Value::none()});
    printed = !result.is_error();
    if (result.is_error() && pending_is(exc::SystemExit)) return print_pending_and_exit_status();
  }
  if (!printed) {
    clear_pending();
    std::string out;
    std::vector<Value> seen;
    append_exception(out, exception, seen);
    std::fputs(out.c_str(), stderr);
  }
  return interrupted ? 130 : 1;
}

}  // namespace hiss
