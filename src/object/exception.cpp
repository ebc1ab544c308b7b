// Exception objects: construction, fields, the pending exception, matching.
#include "object/exception.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "memory/collector.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/class_builder.h"
#include "object/exception_group.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/thread_state.h"

namespace hiss {

namespace exc {
#define EXCEPTION(name, base, doc) Type name;
#include "object/exceptions.def"
#undef EXCEPTION
}  // namespace exc

namespace {

Exception* self_exception(Value v) { return as<Exception>(v); }

void assign(Value& field, Value value) {
  Value old = field;
  retain(value);
  field = value;
  release(old);
}

void exception_dealloc(Object* o) {
  untrack(o);
  auto* e = static_cast<Exception*>(o);
  clear_attributes(o, &e->attributes);
  for (Value* v : {&e->args, &e->notes, &e->traceback, &e->context, &e->cause}) clear_field(*v);
  for (Value& v : e->fields) clear_field(v);
  free_object(o);
}
void exception_traverse(Object* o, Visitor& visit) {
  auto* e = static_cast<Exception*>(o);
  traverse_attributes(&e->attributes, visit);
  for (Value v : {e->args, e->notes, e->traceback, e->context, e->cause}) visit(v);
  for (Value v : e->fields) visit(v);
}
void exception_clear(Object* o) {
  auto* e = static_cast<Exception*>(o);
  clear_attributes(o, &e->attributes);
  for (Value* v : {&e->traceback, &e->context, &e->cause}) clear_field(*v);
  for (Value& v : e->fields) clear_field(v);
}

// ---- Fields by type

template <int index>
Ref field_get(Value self) {
  Value v = self_exception(self)->fields[index];
  return v ? Ref::share(v) : Ref::none();
}
template <int index>
Status field_set(Value self, Value value) {
  assign(self_exception(self)->fields[index], value);
  return kOk;
}

Status field_read_only(Value, Value) { return fail(exc::AttributeError, "readonly attribute"); }

struct FieldDef {
  Type* type;
  int index;
  GetSetDef getset;
};
// How much was written before a write would have blocked: an attribute only of errors that know it.
constexpr int kCharactersWritten = 4;
Ref get_characters_written(Value self) {
  Value written = self_exception(self)->fields[kCharactersWritten];
  if (!written) return fail(exc::AttributeError, "characters_written");
  return Ref::share(written);
}
Status set_characters_written(Value self, Value value) {
  Value& field = self_exception(self)->fields[kCharactersWritten];
  if (!value) {
    if (!field) return fail(exc::AttributeError, "characters_written");
    clear_field(field);
    return kOk;
  }
  assign(field, make_int(TRY(to_index(value))));
  return kOk;
}

std::vector<FieldDef>& field_defs() {
  static std::vector<FieldDef> defs = {
      {&exc::OSError, kCharactersWritten, {"characters_written", get_characters_written, set_characters_written}},
#define FIELD(type, index, name) {&exc::type, index, {#name, field_get<index>, field_set<index>}},
#define READONLY_FIELD(type, index, name) {&exc::type, index, {#name, field_get<index>, field_read_only}},
#include "object/exception_fields.def"
#undef READONLY_FIELD
#undef FIELD
  };
  return defs;
}

const FieldDef* find_field(Value exception, std::string_view name) {
  Type* type = type_of(exception);
  for (const FieldDef& def : field_defs()) {
    if (name == def.getset.name && is_subtype(type, def.type)) return &def;
  }
  return nullptr;
}

// ---- Construction

Ref exception_new(Type* cls, const Args& args) {
  Object* o = allocate(cls);
  Ref hold = Ref::steal(o);
  static_cast<Exception*>(o)->args = make_tuple(args.values, args.count).release();
  track(o);
  return hold;
}

Status exception_init(Value self, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "{}() takes no keyword arguments", type_name(self));
  assign(self_exception(self)->args, make_tuple(args.values, args.count));
  return kOk;
}

Status keyword_fields(Value self, const Args& args, std::initializer_list<const char*> allowed) {
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    bool known = false;
    for (const char* name : allowed) known |= equal(args.keyword_name(i), name);
    if (!known)
      return fail(exc::TypeError, "'{}' is an invalid keyword argument for {}()", to_string(args.keyword_name(i)),
                  type_name(self));
    set_exception_field(self, to_string(args.keyword_name(i)), args.keyword_value(i));
  }
  assign(self_exception(self)->args, make_tuple(args.values, args.count));
  return kOk;
}

Status attribute_error_init(Value self, const Args& args) { return keyword_fields(self, args, {"name", "obj"}); }
Status name_error_init(Value self, const Args& args) { return keyword_fields(self, args, {"name"}); }
Status import_error_init(Value self, const Args& args) {
  for (int i = 0; i < 3; ++i) assign(self_exception(self)->fields[i], Value());
  TRY(keyword_fields(self, args, {"name", "path"}));
  if (args.count == 1) assign(self_exception(self)->fields[2], args[0]);
  return kOk;
}

Status stop_iteration_init(Value self, const Args& args) {
  TRY(exception_init(self, args));
  assign(self_exception(self)->fields[0], args.count ? args[0] : Value::none());
  return kOk;
}
Status system_exit_init(Value self, const Args& args) {
  TRY(exception_init(self, args));
  if (args.count == 1) assign(self_exception(self)->fields[0], args[0]);
  if (args.count > 1) assign(self_exception(self)->fields[0], self_exception(self)->args);
  return kOk;
}

Status syntax_error_init(Value self, const Args& args) {
  TRY(exception_init(self, args));
  auto* e = self_exception(self);
  if (args.count >= 1) assign(e->fields[0], args[0]);
  if (args.count == 2) {
    Ref info = TRY(to_tuple(args[1]));
    auto* t = as<Tuple>(info);
    if (t->size != 4 && t->size != 6) {
      return fail(exc::TypeError, "function takes {} 4 arguments ({} given)", t->size < 4 ? "at least" : "at most",
                  t->size);
    }
    for (int i = 0; i < 4; ++i) assign(e->fields[1 + i], t->items[i]);
    if (t->size == 6) {
      assign(e->fields[5], t->items[4]);
      assign(e->fields[6], t->items[5]);
    }
  }
  return kOk;
}

// OSError(errno, strerror[, filename[, winerror[, filename2]]]) is made as the subclass that the errno stands for.
Type* os_error_subclass(int64_t code) {
  switch (code) {
    case EAGAIN:
    case EALREADY:
    case EINPROGRESS:
      return &exc::BlockingIOError;
    case EPIPE:
    case ESHUTDOWN:
      return &exc::BrokenPipeError;
    case ECHILD:
      return &exc::ChildProcessError;
    case ECONNABORTED:
      return &exc::ConnectionAbortedError;
    case ECONNREFUSED:
      return &exc::ConnectionRefusedError;
    case ECONNRESET:
      return &exc::ConnectionResetError;
    case EEXIST:
      return &exc::FileExistsError;
    case ENOENT:
      return &exc::FileNotFoundError;
    case EISDIR:
      return &exc::IsADirectoryError;
    case ENOTDIR:
      return &exc::NotADirectoryError;
    case EINTR:
      return &exc::InterruptedError;
    case EACCES:
    case EPERM:
      return &exc::PermissionError;
    case ESRCH:
      return &exc::ProcessLookupError;
    case ETIMEDOUT:
      return &exc::TimeoutError;
    default:
      return nullptr;
  }
}

void fill_os_error(Exception* e, const Args& args) {
  if (args.count < 2 || args.count > 5) return;
  assign(e->fields[0], args[0]);
  assign(e->fields[1], args[1]);
  if (args.count >= 3 && !args[2].is_none()) {
    if (e->type == &exc::BlockingIOError && type_of(args[2])->slots.index) {
      assign(e->fields[4], args[2]);
      return;
    }
    assign(e->fields[2], args[2]);
    if (args.count == 5 && !args[4].is_none()) assign(e->fields[3], args[4]);
    assign(e->args, make_tuple(args.values, 2));
  }
}

Ref os_error_new(Type* cls, const Args& args) {
  if (cls == &exc::OSError && args.count >= 2 && args.count <= 5) {
    if (args[0].is_integer()) {
      if (Type* subclass = os_error_subclass(args[0].integer())) cls = subclass;
    }
  }
  Ref object = TRY(exception_new(cls, args));
  if (cls->slots.init == object_type.slots.init || cls->slots.init == exc::OSError.slots.init) {
    if (args.keyword_count()) return fail(exc::TypeError, "{}() takes no keyword arguments", type_name(cls));
    fill_os_error(self_exception(object), args);
  }
  return object;
}
Status os_error_init(Value self, const Args& args) {
  // A class with an __init__ of its own, and no __new__, has its arguments read here; for others __new__ has read them.
  if (type_of(self)->slots.init != exc::OSError.slots.init && type_of(self)->slots.new_ == exc::OSError.slots.new_) {
    assign(self_exception(self)->args, make_tuple(args.values, args.count));
    fill_os_error(self_exception(self), args);
  }
  return kOk;
}

Status unicode_error_init(Value self, const Args& args) {
  TRY(exception_init(self, args));
  const bool translate = is_instance_of(self, exc::UnicodeTranslateError);
  const uint32_t wanted = translate ? 4 : 5;
  if (args.count != wanted)
    return fail(exc::TypeError, "function takes exactly {} arguments ({} given)", wanted, args.count);
  const bool encode = is_instance_of(self, exc::UnicodeEncodeError);
  auto* e = self_exception(self);
  const uint32_t base = translate ? 0 : 1;
  if (!translate) {
    if (!is<Str>(args[0])) return fail(exc::TypeError, "argument 1 must be str, not {}", type_name(args[0]));
    assign(e->fields[0], args[0]);
  }
  if ((encode || translate) && !is<Str>(args[base]))
    return fail(exc::TypeError, "argument {} must be str, not {}", base + 1, type_name(args[base]));
  if (!encode && !translate && !type_of(args[1])->buffer)
    return fail(exc::TypeError, "a bytes-like object is required, not '{}'", type_name(args[1]));
  assign(e->fields[1], args[base]);
  if (!encode && !translate && !is_instance_of(args[1], bytes_type)) {
    BufferView view(TRY(get_buffer(args[1])));
    assign(e->fields[1], make_bytes(view.data(), view.length()));
  }
  for (uint32_t i = 1; i <= 2; ++i) {
    if (!is_int(args[base + i]))
      return fail(exc::TypeError, "'{}' object cannot be interpreted as an integer", type_name(args[base + i]));
    assign(e->fields[1 + i], args[base + i]);
  }
  if (!is<Str>(args[base + 3]))
    return fail(exc::TypeError, "argument {} must be str, not {}", base + 4, type_name(args[base + 3]));
  assign(e->fields[4], args[base + 3]);
  return kOk;
}

// ---- Text

Ref exception_str(Value self) {
  auto* args = as<Tuple>(self_exception(self)->args);
  if (args->size == 0) return empty_str();
  if (args->size == 1) return str(args->items[0]);
  return str(to_value(args));
}
Ref exception_repr(Value self) {
  auto* args = as<Tuple>(self_exception(self)->args);
  if (args->size == 1) return make_str(fmt::format("{}({})", type_name(self), to_string(TRY(repr(args->items[0])))));
  return make_str(fmt::format("{}{}", type_name(self), to_string(TRY(repr(to_value(args))))));
}
Ref key_error_str(Value self) {
  auto* args = as<Tuple>(self_exception(self)->args);
  if (args->size == 1) return repr(args->items[0]);
  return exception_str(self);
}
Ref import_error_str(Value self) {
  Value msg = self_exception(self)->fields[2];
  if (msg && is_exact(msg, str_type)) return Ref::share(msg);
  return exception_str(self);
}
Ref os_error_str(Value self) {
  auto* e = self_exception(self);
  auto text = [](Value v) { return v ? to_string(str(v)) : std::string("None"); };
  if (e->fields[2]) {
    if (e->fields[3]) {
      return make_str(fmt::format("[Errno {}] {}: {} -> {}", text(e->fields[0]), text(e->fields[1]),
                                  repr_text(e->fields[2]), repr_text(e->fields[3])));
    }
    return make_str(fmt::format("[Errno {}] {}: {}", text(e->fields[0]), text(e->fields[1]), repr_text(e->fields[2])));
  }
  if (e->fields[0] && e->fields[1])
    return make_str(fmt::format("[Errno {}] {}", text(e->fields[0]), text(e->fields[1])));
  return exception_str(self);
}
Ref syntax_error_str(Value self) {
  auto* e = self_exception(self);
  const std::string msg = e->fields[0] ? to_string(TRY(str(e->fields[0]))) : "None";
  std::string file;
  if (is<Str>(e->fields[1])) {
    file = to_string(e->fields[1]);
    const size_t slash = file.rfind('/');
    if (slash != file.npos) file = file.substr(slash + 1);
  }
  const bool line = e->fields[2] && is_int(e->fields[2]);
  const std::string number = line ? repr_text(e->fields[2]) : "";
  if (!file.empty() && line) return make_str(fmt::format("{} ({}, line {})", msg, file, number));
  if (!file.empty()) return make_str(fmt::format("{} ({})", msg, file));
  if (line) return make_str(fmt::format("{} (line {})", msg, number));
  return make_str(msg);
}

Ref unicode_error_str(Value self) {
  auto* e = self_exception(self);
  if (!e->fields[1]) return empty_str();
  const bool decode = is_instance_of(self, exc::UnicodeDecodeError);
  const int64_t start = int_value(e->fields[2]).value_or(0), end = int_value(e->fields[3]).value_or(0);
  const std::string reason = to_string(TRY(str(e->fields[4])));
  const int64_t size = TRY(length(e->fields[1]));
  const std::string encoding = e->fields[0] ? to_string(TRY(str(e->fields[0]))) : "";
  std::string prefix = decode ? fmt::format("'{}' codec can't decode ", encoding)
                       : is_instance_of(self, exc::UnicodeTranslateError)
                           ? "can't translate "
                           : fmt::format("'{}' codec can't encode ", encoding);
  if (start >= 0 && start < size && end == start + 1) {
    Ref item = TRY(get_item(e->fields[1], Value::integer(start)));
    if (decode)
      return make_str(fmt::format("{}byte 0x{:02x} in position {}: {}", prefix, item.value().integer(), start, reason));
    const uint32_t c = as<Str>(item)->at(0);
    const std::string code = c <= 0xFF     ? fmt::format("\\x{:02x}", c)
                             : c <= 0xFFFF ? fmt::format("\\u{:04x}", c)
                                           : fmt::format("\\U{:08x}", c);
    return make_str(fmt::format("{}character '{}' in position {}: {}", prefix, code, start, reason));
  }
  return make_str(
      fmt::format("{}{} in position {}-{}: {}", prefix, decode ? "bytes" : "characters", start, end - 1, reason));
}

// ---- Common attributes

Ref get_args(Value self) { return Ref::share(self_exception(self)->args); }
Status set_args(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "args may not be deleted");
  assign(self_exception(self)->args, TRY(to_tuple(value)));
  return kOk;
}
Ref get_traceback(Value self) {
  Value t = self_exception(self)->traceback;
  return t ? Ref::share(t) : Ref::none();
}
Status set_traceback(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "__traceback__ may not be deleted");
  if (!value.is_none() && !is<Traceback>(value))
    return fail(exc::TypeError, "__traceback__ must be a traceback or None");
  assign(self_exception(self)->traceback, value.is_none() ? Value() : value);
  return kOk;
}
Ref get_context(Value self) {
  Value v = self_exception(self)->context;
  return v ? Ref::share(v) : Ref::none();
}
Status set_context(Value self, Value value) {
  if (!value || (!value.is_none() && !is<Exception>(value))) {
    return value ? fail(exc::TypeError, "exception context must be None or derive from BaseException")
                 : fail(exc::TypeError, "__context__ may not be deleted");
  }
  assign(self_exception(self)->context, value.is_none() ? Value() : value);
  return kOk;
}
Ref get_cause(Value self) {
  Value v = self_exception(self)->cause;
  return v ? Ref::share(v) : Ref::none();
}
Status set_cause(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "__cause__ may not be deleted");
  if (!value.is_none() && !is<Exception>(value))
    return fail(exc::TypeError, "exception cause must be None or derive from BaseException");
  assign(self_exception(self)->cause, value.is_none() ? Value() : value);
  self_exception(self)->suppress_context = true;
  return kOk;
}
Ref get_suppress(Value self) { return Ref::boolean(self_exception(self)->suppress_context); }
Status set_suppress(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "can't delete numeric/char attribute");
  if (!value.is_bool()) return fail(exc::TypeError, "attribute value type must be bool");
  self_exception(self)->suppress_context = value.is_true();
  return kOk;
}
Ref get_dict(Value self) { return Ref::share(attribute_dict(self.object(), &self_exception(self)->attributes)); }
Status set_dict(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "__dict__ may not be deleted");
  return set_attribute_dict(self.object(), &self_exception(self)->attributes, value);
}

Ref with_traceback(Value self, const Value* args) {
  TRY(set_traceback(self, args[0]));
  return Ref::share(self);
}
Ref add_note(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "note must be a str, not '{}'", type_name(args[0]));
  Str* name = intern("__notes__");
  Ref notes = TRY(get_attr_or_empty(self, name));
  if (notes.is_empty()) {
    notes = make_list();
    TRY(set_attr(self, name, notes));
  }
  if (!is<List>(notes)) return fail(exc::TypeError, "Cannot add note: __notes__ is not a list");
  list_append(as<List>(notes), args[0]);
  return Ref::none();
}
Ref exception_reduce(Value self, const Value*) {
  auto* e = self_exception(self);
  Ref args = Ref::share(e->args);
  if (is_instance_of(self, exc::OSError) && as<Tuple>(e->args)->size == 2 && e->fields[2]) {
    args = e->fields[3] ? make_tuple({e->fields[0], e->fields[1], e->fields[2], Value::none(), e->fields[3]})
                        : make_tuple({e->fields[0], e->fields[1], e->fields[2]});
  }
  Ref dict;
  if (e->attributes.shape && e->attributes.shape->count + e->attributes.shape->dictionary > 0) dict = get_dict(self);
  if (is_instance_of(self, exc::ImportError) || is_instance_of(self, exc::AttributeError)) {
    for (const char* name : {"name", "path", "obj"}) {
      Value v = exception_field(self, name);
      if (!v || v.is_none()) continue;
      if (std::string_view(name) == "obj") continue;
      dict = dict.is_empty() ? make_dict() : dict_copy(as<Dict>(dict));
      dict_set(as<Dict>(dict), intern(name), v);
    }
  }
  if (!dict.is_empty()) return make_tuple({to_value(type_of(self)), args, dict});
  return make_tuple({to_value(type_of(self)), args});
}
Ref exception_setstate(Value self, const Value* args) {
  if (args[0].is_none()) return Ref::none();
  if (!is<Dict>(args[0])) return fail(exc::TypeError, "state is not a dictionary");
  for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(args[0]), i);) TRY(set_attr(self, as<Str>(e->key), e->value));
  return Ref::none();
}

const NativeDef kMethods[] = {
    {"with_traceback", "($self, tb, /)", with_traceback,
     "Exception.with_traceback(tb) --\n    store tb in __traceback__; returns the exception itself."},
    {"add_note", "($self, note, /)", add_note,
     "Exception.add_note(note) --\n    put a str in __notes__, to be shown below the message"},
    {"__reduce__", "($self, /)", exception_reduce, "Helper for pickle."},
    {"__setstate__", "($self, state, /)", exception_setstate, nullptr},
    {}};
const GetSetDef kGetSets[] = {{"args", get_args, set_args},
                              {"__traceback__", get_traceback, set_traceback},
                              {"__context__", get_context, set_context},
                              {"__cause__", get_cause, set_cause},
                              {"__suppress_context__", get_suppress, set_suppress},
                              {"__dict__", get_dict, set_dict},
                              {}};

}  // namespace

bool set_exception_field(Value exception, std::string_view name, Value value) {
  const FieldDef* def = find_field(exception, name);
  if (def) assign(self_exception(exception)->fields[def->index], value);
  return def != nullptr;
}
Value exception_field(Value exception, std::string_view name) {
  const FieldDef* def = find_field(exception, name);
  return def ? self_exception(exception)->fields[def->index] : Value();
}

void define_exceptions() {
  struct Entry {
    Type* type;
    const char* name;
    Type* base;
    const char* doc;
  };
  static const Entry entries[] = {
#define EXCEPTION(name, base, doc) {&exc::name, #name, &base, doc},
#include "object/exceptions.def"
#undef EXCEPTION
  };
  for (const Entry& e : entries) {
    define_type(*e.type, {.name = e.name,
                          .size = sizeof(Exception),
                          .layout = Layout::Exception,
                          .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                          .base = e.base,
                          .doc = e.doc});
    e.type->attributes_offset = offsetof(Exception, attributes);
  }
  Type& base = exc::BaseException;
  base.slots.new_ = exception_new;
  base.slots.init = exception_init;
  base.slots.str = exception_str;
  base.slots.repr = exception_repr;
  base.methods = kMethods;
  base.getsets = kGetSets;
  base.dealloc = exception_dealloc;
  base.traverse = exception_traverse;
  base.clear = exception_clear;
  exc::StopIteration.slots.init = stop_iteration_init;
  exc::SystemExit.slots.init = system_exit_init;
  exc::KeyError.slots.str = key_error_str;
  exc::ImportError.slots.init = import_error_init;
  exc::ImportError.slots.str = import_error_str;
  exc::AttributeError.slots.init = attribute_error_init;
  exc::NameError.slots.init = name_error_init;
  exc::OSError.slots.new_ = os_error_new;
  exc::OSError.slots.init = os_error_init;
  exc::OSError.slots.str = os_error_str;
  exc::SyntaxError.slots.init = syntax_error_init;
  exc::SyntaxError.slots.str = syntax_error_str;
  for (Type* t : {&exc::UnicodeEncodeError, &exc::UnicodeDecodeError, &exc::UnicodeTranslateError}) {
    t->slots.init = unicode_error_init;
    t->slots.str = unicode_error_str;
  }
  define_exception_groups();
}

void ready_exceptions() {
#define EXCEPTION(name, base, doc)                                                                           \
  if (&exc::name == &exc::ExceptionGroup) {                                                                  \
    exc::name.bases = make_tuple({to_value(&exc::BaseExceptionGroup), to_value(&exc::Exception)}).release(); \
  }                                                                                                          \
  ready_type(exc::name);
#include "object/exceptions.def"
#undef EXCEPTION
  for (const FieldDef& def : field_defs()) {
    dict_set(as<Dict>(def.type->dict), intern(def.getset.name), make_getset_descriptor(def.type, &def.getset));
  }
}

// ---- The pending exception

Value handled_exception() {
  for (HandledException* h = thread_state().handled; h; h = h->previous) {
    if (h->exception) return h->exception;
  }
  return Value();
}

Failure fail_with(Value exception) {
  Ref instance = make_exception_instance(exception);
  if (instance.is_error()) return Failure{};
  ThreadState& ts = thread_state();
  Value handled = handled_exception();
  if (handled && handled != instance.value() && is<Exception>(instance)) {
    // The handled exception becomes the context; a cycle through contexts is cut.
    Value walk = handled;
    Value slow = handled;  // half as fast: meets `walk` in a cycle that was there already
    bool step = false;
    while (Value context = self_exception(walk)->context) {
      if (context == instance.value()) {
        assign(self_exception(walk)->context, Value());
        break;
      }
      walk = context;
      if (walk == slow) break;
      if (step) slow = self_exception(slow)->context;
      step = !step;
    }
    assign(self_exception(instance)->context, handled);
  }
  Value old = ts.pending;
  ts.pending = instance.release();
  release(old);
  return Failure{};
}

Failure fail_text(Type& type, std::string message) { return fail_value(type, make_str(message)); }

Failure fail_value(Type& type, Value argument) {
  Ref hold = Ref::share(argument);
  Ref exception = type.slots.new_(&type, Args{&argument, 1});
  if (exception.is_error()) return Failure{};
  if (type.slots.init && type.slots.init(exception, Args{&argument, 1}).is_error()) return Failure{};
  return fail_with(exception);
}

Failure fail_errno(int code, Value filename, Value filename2) {
  Ref message = make_str(std::strerror(code));
  Ref exception;
  if (filename && filename2) {
    exception = call(to_value(&exc::OSError), {Value::integer(code), message, filename, Value::none(), filename2});
  } else if (filename) {
    exception = call(to_value(&exc::OSError), {Value::integer(code), message, filename});
  } else {
    exception = call(to_value(&exc::OSError), {Value::integer(code), message});
  }
  if (exception.is_error()) return Failure{};
  return fail_with(exception);
}

Failure fail_memory() { return fail_with(to_value(&exc::MemoryError)); }

bool has_pending() { return !thread_state().pending.is_empty(); }
bool pending_is(Type& type) { return has_pending() && is_instance_of(thread_state().pending, type); }
Ref take_pending() {
  Value v = thread_state().pending;
  thread_state().pending = Value();
  return Ref::steal(v);
}
void clear_pending() { take_pending().reset(); }
Failure restore_pending(Ref exception) {
  Value old = thread_state().pending;
  thread_state().pending = exception.release();
  release(old);
  return Failure{};
}

Ref make_exception_instance(Value v) {
  if (is<Exception>(v)) return Ref::share(v);
  if (is<Type>(v) && is_subtype(as<Type>(v), &exc::BaseException)) {
    Ref instance = TRY(call(v));
    if (!is<Exception>(instance)) {
      return fail(exc::TypeError, "calling {} should have returned an instance of BaseException, not {}", repr_text(v),
                  repr_text(to_value(type_of(instance))));
    }
    return instance;
  }
  return fail(exc::TypeError, "exceptions must derive from BaseException");
}

Result<bool> exception_matches(Value exception, Value type) {
  if (is<Type>(type)) return is_subtype(type_of(exception), as<Type>(type));
  if (is<Tuple>(type)) {
    for (Value t : *as<Tuple>(type)) {
      if (is<Type>(t) && is_subtype(type_of(exception), as<Type>(t))) return true;
    }
  }
  return false;
}

// ---- Tracebacks

Type traceback_type;

namespace {

Traceback* self_traceback(Value v) { return as<Traceback>(v); }
void traceback_dealloc(Object* o) {
  untrack(o);
  release(static_cast<Traceback*>(o)->next);
  release(static_cast<Traceback*>(o)->frame);
  free_object(o);
}
void traceback_traverse(Object* o, Visitor& visit) {
  visit(static_cast<Traceback*>(o)->next);
  visit(static_cast<Traceback*>(o)->frame);
}
void traceback_clear(Object* o) {
  clear_field(static_cast<Traceback*>(o)->next);
  clear_field(static_cast<Traceback*>(o)->frame);
}
Ref traceback_next(Value self) {
  Value v = self_traceback(self)->next;
  return v ? Ref::share(v) : Ref::none();
}
Status set_traceback_next(Value self, Value value) {
  if (!value) return fail(exc::TypeError, "can't delete tb_next attribute");
  if (!value.is_none() && !is<Traceback>(value))
    return fail(exc::TypeError, "expected traceback object, got '{}'", type_name(value));
  for (Value v = value.is_none() ? Value() : value; v; v = self_traceback(v)->next) {
    if (v == self) return fail(exc::ValueError, "traceback loop detected");
  }
  assign(self_traceback(self)->next, value.is_none() ? Value() : value);
  return kOk;
}
Ref traceback_frame(Value self) { return Ref::share(self_traceback(self)->frame); }
Ref traceback_lineno(Value self) { return make_int(self_traceback(self)->line); }
Ref traceback_lasti(Value self) { return make_int(self_traceback(self)->offset); }
Ref traceback_new(Type*, const Args& args) {
  Arguments a("TracebackType", "(tb_next, tb_frame, tb_lasti, tb_lineno)");
  TRY(a.bind(args));
  if (!a[0].is_none() && !is<Traceback>(a[0]))
    return fail(exc::TypeError, "expected traceback object or None, got '{}'", type_name(a[0]));
  if (!is_exact(a[1], frame_type))
    return fail(exc::TypeError, "TracebackType() argument 'tb_frame' must be frame, not {}", type_name(a[1]));
  const int64_t lasti = TRY(to_int64(a[2]));
  const int64_t line = TRY(to_int64(a[3]));
  return make_traceback(a[0].is_none() ? Value() : a[0], a[1], static_cast<int32_t>(lasti), static_cast<int32_t>(line));
}
const GetSetDef kTracebackGetSets[] = {{"tb_next", traceback_next, set_traceback_next},
                                       {"tb_frame", traceback_frame, nullptr},
                                       {"tb_lineno", traceback_lineno, nullptr},
                                       {"tb_lasti", traceback_lasti, nullptr},
                                       {}};

}  // namespace

Ref make_traceback(Value next, Value frame, int32_t offset, int32_t line) {
  auto* t = allocate_as<Traceback>(traceback_type);
  t->next = Ref::share(next).release();
  t->frame = Ref::share(frame).release();
  t->offset = offset;
  t->line = line;
  track(t);
  return Ref::steal(t);
}

void add_traceback(Value exception, Value frame, int32_t instruction, int32_t line) {
  auto* e = self_exception(exception);
  Ref entry = make_traceback(e->traceback, frame, instruction < 0 ? -1 : instruction * 2, line);
  assign(e->traceback, entry);
}

void init_traceback_type() {
  define_type(traceback_type,
              {.name = "traceback", .size = sizeof(Traceback), .layout = Layout::Traceback, .flags = Type::kHasGc});
  traceback_type.slots.new_ = traceback_new;
  traceback_type.getsets = kTracebackGetSets;
  traceback_type.dealloc = traceback_dealloc;
  traceback_type.traverse = traceback_traverse;
  traceback_type.clear = traceback_clear;
  ready_type(traceback_type);
}

}  // namespace hiss
