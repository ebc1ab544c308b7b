#include "vm/runtime.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "memory/collector.h"
#include "object/class_builder.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/slot_table.h"
#include "object/str_hash.h"
#include "object/unicode_names.h"
#include "object/unicode_tables.h"
#include "syntax/parser.h"
#include "vm/call_stack.h"
#include "vm/finalize.h"
#include "vm/import.h"

namespace hiss {

#define TYPE(variable, init) void init();
#include "object/types.def"
#undef TYPE
void define_exceptions();
void ready_exceptions();
void init_names();
void begin_type_definitions();
void finish_type_definitions();
Status initialize_builtins();
Status initialize_sys();
Status initialize_streams();
Status initialize_import();
int run_exit_handlers();

namespace {

RuntimeOptions the_options;

ThreadState* make_thread_state() {
  auto* ts = new ThreadState();
  if (!allocate_stacks(*ts, 4 << 20, 256 << 10)) {
    std::fputs("hiss: cannot reserve memory for the interpreter stack\n", stderr);
    std::exit(1);
  }
  char here;
  rlimit limit;
  size_t size = 8 << 20;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) size = limit.rlim_cur;
  ts->c_stack_limit = &here - size + (512 << 10);
  return ts;
}

}  // namespace

const RuntimeOptions& runtime_options() { return the_options; }

void initialize_types() {
  static bool done = false;
  if (done) return;
  done = true;
  current_thread = make_thread_state();
  // Types are described first and made ready afterwards, because readying one needs dicts, strs and descriptors.
  begin_type_definitions();
#define TYPE(variable, init) init();
#include "object/types.def"
#undef TYPE
  define_exceptions();
  init_names();
  init_slot_table();
  finish_type_definitions();
  ready_exceptions();
  collector.garbage = make_list().release();
  collector.callbacks = make_list().release();
  syntax::UnicodeHooks hooks;
  hooks.nfkc = [](std::string_view text) { return unicode::normalize_nfkc(text); };
  hooks.lookup_name = [](std::string_view name) { return static_cast<int32_t>(unicode::character_by_name(name)); };
  syntax::set_unicode_hooks(hooks);
}

Status initialize_runtime(const RuntimeOptions& options) {
  the_options = options;
  int_max_str_digits = options.int_max_str_digits;
  if (options.hash_seed) {
    seed_hashes(*options.hash_seed);
  } else {
    seed_hashes_randomly();
  }
  initialize_types();
  TRY(initialize_builtins());
  TRY(initialize_sys());
  TRY(initialize_streams());           // before importlib, so that its errors can be shown
  TRY(load_native_module("_signal"));  // Ctrl-C raises KeyboardInterrupt from here on
  TRY(initialize_import());
  // What is here by now stays to the end: collections need not look at it, not even those at exit.
  collector.freeze();
  return kOk;
}

namespace {

// Flushes a standard stream; false (and a message on stderr) when its data is lost.
bool flush_stream(Str* name) {
  Ref sys = import_module("sys");
  Ref stream = get_attr_or_empty(sys, name);
  if (stream.is_error()) clear_pending();
  if (stream.is_error() || stream.is_empty() || stream.is_none()) return true;
  Ref closed = get_attr_or_empty(stream, names.closed);
  if (closed.is_error()) clear_pending();
  if (closed.value().is_true()) return true;
  Ref flushed = call_method(stream, names.flush);
  if (!flushed.is_error()) return true;
  if (name == names.stdout) {
    report_unraisable(stream);
  } else {
    clear_pending();
  }
  return false;
}

}  // namespace

int finalize_runtime() {
  run_exit_handlers();
  bool kept = flush_stream(names.stdout);
  flush_stream(names.stderr);
  finalize_modules();
  // Finalizers may have printed.
  kept = flush_stream(names.stdout) && kept;
  flush_stream(names.stderr);
  return kept ? 0 : 120;
}

}  // namespace hiss
