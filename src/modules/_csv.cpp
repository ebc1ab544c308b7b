// _csv: reading and writing delimited text.
#include <vector>

#include "memory/collector.h"
#include "object/function.h"
#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Type dialect_type, reader_type, writer_type;
Ref error_type, dialects;
int64_t field_limit = 131072;

enum Quoting { kMinimal, kAll, kNonNumeric, kNone };

struct Dialect : Object {
  Value delimiter, quotechar, escapechar, lineterminator;  // str; quotechar and escapechar may be None
  int quoting;
  bool doublequote, skipinitialspace, strict;
};
Dialect* self_dialect(Value v) { return static_cast<Dialect*>(v.object()); }

template <typename... T>
Failure csv_error(fmt::format_string<T...> format, T&&... args) {
  Ref e = call(error_type, {make_str(fmt::format(format, std::forward<T>(args)...))});
  return e.is_error() ? Failure{} : fail_with(e);
}

void put(Value& slot, Value v) {
  Value old = slot;
  retain(v);
  slot = v;
  release(old);
}
void dialect_dealloc(Object* o) {
  auto* d = static_cast<Dialect*>(o);
  for (Value* v : {&d->delimiter, &d->quotechar, &d->escapechar, &d->lineterminator}) clear_field(*v);
  free_object(o);
}

Status character(Value v, const char* name, bool none_allowed, Value& slot) {
  if (none_allowed && v.is_none()) {
    put(slot, v);
    return kOk;
  }
  if (!is<Str>(v))
    return fail(exc::TypeError, "\"{}\" must be string{}, not {}", name, none_allowed ? " or None" : "", type_name(v));
  if (as<Str>(v)->length != 1) return fail(exc::TypeError, "\"{}\" must be a 1-character string", name);
  put(slot, v);
  return kOk;
}

// Parameters come from keywords, then from the attributes of a dialect object or class, then from the defaults.
Ref make_dialect(Value base, Dict* keywords) {
  Ref source = base && !base.is_none() ? Ref::share(base) : Ref();
  if (is<Str>(source)) {
    Ref found = TRY(dict_get(as<Dict>(dialects), source));
    if (found.is_empty()) return csv_error("unknown dialect");
    source = found;
  }
  static const char* const kKnown[] = {"delimiter", "doublequote",      "escapechar", "lineterminator", "quotechar",
                                       "quoting",   "skipinitialspace", "strict",     "dialect"};
  if (keywords) {
    for (int64_t i = 0; DictEntry* e = dict_next(keywords, i);) {
      bool known = false;
      for (const char* k : kKnown) known |= equal(as<Str>(e->key), k);
      if (!known)
        return fail(exc::TypeError, "'{}' is an invalid keyword argument for this function", to_string(e->key));
    }
  }
  auto* d = allocate_as<Dialect>(dialect_type);
  Ref hold = Ref::steal(d);
  auto option = [&](const char* name) -> Ref {
    if (keywords) {
      Value v = dict_get(keywords, intern(name));
      if (v) return Ref::share(v);
    }
    if (!source.is_empty()) return get_attr_or_empty(source, intern(name));
    return Ref();
  };
  Ref v = TRY(option("delimiter"));
  TRY(character(v.is_empty() ? make_char(',').value() : v.value(), "delimiter", false, d->delimiter));
  Ref quote = TRY(option("quotechar"));
  TRY(character(quote.is_empty() ? make_char('"').value() : quote.value(), "quotechar", true, d->quotechar));
  v = TRY(option("escapechar"));
  TRY(character(v.is_empty() ? Value::none() : v.value(), "escapechar", true, d->escapechar));
  v = TRY(option("lineterminator"));
  Ref newline = make_str("\r\n");
  if (!v.is_empty() && !is<Str>(v))
    return fail(exc::TypeError, "\"lineterminator\" must be a string, not {}", type_name(v));
  put(d->lineterminator, v.is_empty() ? newline.value() : v.value());
  v = TRY(option("doublequote"));
  d->doublequote = v.is_empty() ? true : TRY(truth(v));
  v = TRY(option("skipinitialspace"));
  d->skipinitialspace = v.is_empty() ? false : TRY(truth(v));
  v = TRY(option("strict"));
  d->strict = v.is_empty() ? false : TRY(truth(v));
  v = TRY(option("quoting"));
  if (v.is_empty()) {
    d->quoting = d->quotechar.is_none() && !quote.is_empty() ? kNone : kMinimal;
  } else {
    if (!v.value().is_integer()) return fail(exc::TypeError, "\"quoting\" must be an integer");
    if (v.value().integer() < 0 || v.value().integer() > 3) return fail(exc::TypeError, "bad \"quoting\" value");
    d->quoting = static_cast<int>(v.value().integer());
  }
  if (d->quoting != kNone && d->quotechar.is_none())
    return fail(exc::TypeError, "quotechar must be set if quoting enabled");
  return hold;
}
Ref dialect_new(Type*, const Args& args) {
  Ref keywords = make_dict();
  for (uint32_t k = 0; k < args.keyword_count(); ++k)
    dict_set(as<Dict>(keywords), args.keyword_name(k), args.keyword_value(k));
  Value base = args.count ? args[0] : dict_get(as<Dict>(keywords), intern("dialect"));
  return make_dialect(base, as<Dict>(keywords));
}
Status dialect_init(Value, const Args&) { return kOk; }
template <Value Dialect::*field>
Ref get_value(Value self) {
  return Ref::share(self_dialect(self)->*field);
}
template <bool Dialect::*field>
Ref get_flag(Value self) {
  return Ref::boolean(self_dialect(self)->*field);
}
Ref get_quoting(Value self) { return make_int(self_dialect(self)->quoting); }
const GetSetDef kDialectGetSets[] = {{"delimiter", get_value<&Dialect::delimiter>, nullptr},
                                     {"quotechar", get_value<&Dialect::quotechar>, nullptr},
                                     {"escapechar", get_value<&Dialect::escapechar>, nullptr},
                                     {"lineterminator", get_value<&Dialect::lineterminator>, nullptr},
                                     {"quoting", get_quoting, nullptr},
                                     {"doublequote", get_flag<&Dialect::doublequote>, nullptr},
                                     {"skipinitialspace", get_flag<&Dialect::skipinitialspace>, nullptr},
                                     {"strict", get_flag<&Dialect::strict>, nullptr},
                                     {}};

constexpr uint32_t kNoCharacter = 0xFFFFFFFF;
uint32_t code(Value v) { return v.is_none() ? kNoCharacter : as<Str>(v)->at(0); }

// ---- Reader

struct Reader : Object {
  Value input, dialect;
  int64_t line_number;
};
Reader* self_reader(Value v) { return static_cast<Reader*>(v.object()); }

class RowParser {
 public:
  explicit RowParser(Dialect* d)
      : d_(d),
        delimiter_(code(d->delimiter)),
        quote_(code(d->quotechar)),
        escape_(code(d->escapechar)),
        row_(make_list()) {}

  Status feed(uint32_t c) {
    const bool newline = c == '\n' || c == '\r' || c == kEnd;
    switch (state_) {
      case StartRecord:
        if (c == kEnd) return kOk;
        if (c == '\n' || c == '\r') {
          state_ = EatNewline;
          return kOk;
        }
        state_ = StartField;
        [[fallthrough]];
      case StartField:
        if (newline) {
          TRY(save());
          state_ = c == kEnd ? StartRecord : EatNewline;
        } else if (c == quote_ && d_->quoting != kNone) {
          state_ = InQuoted;
        } else if (c == escape_) {
          state_ = Escaped;
        } else if (c == ' ' && d_->skipinitialspace) {
          // Left out.
        } else if (c == delimiter_) {
          TRY(save());
        } else {
          if (d_->quoting == kNonNumeric) numeric_ = true;
          TRY(add(c));
          state_ = InField;
        }
        return kOk;
      case Escaped:
        if (c == '\n' || c == '\r') {
          TRY(add(c));
          state_ = AfterEscapedNewline;
          return kOk;
        }
        TRY(add(c == kEnd ? '\n' : c));
        state_ = InField;
        return kOk;
      case AfterEscapedNewline:
        if (c == kEnd) return kOk;
        [[fallthrough]];
      case InField:
        if (newline) {
          TRY(save());
          state_ = c == kEnd ? StartRecord : EatNewline;
        } else if (c == escape_) {
          state_ = Escaped;
        } else if (c == delimiter_) {
          TRY(save());
          state_ = StartField;
        } else {
          TRY(add(c));
          state_ = InField;
        }
        return kOk;
      case InQuoted:
        if (c == kEnd) return kOk;
        if (c == escape_) {
          state_ = EscapedInQuoted;
        } else if (c == quote_ && d_->quoting != kNone) {
          state_ = d_->doublequote ? QuoteInQuoted : InField;
        } else {
          TRY(add(c));
        }
        return kOk;
      case EscapedInQuoted:
        TRY(add(c == kEnd ? '\n' : c));
        state_ = InQuoted;
        return kOk;
      case QuoteInQuoted:
        if (d_->quoting != kNone && c == quote_) {
          TRY(add(c));
          state_ = InQuoted;
        } else if (c == delimiter_) {
          TRY(save());
          state_ = StartField;
        } else if (newline) {
          TRY(save());
          state_ = c == kEnd ? StartRecord : EatNewline;
        } else if (!d_->strict) {
          TRY(add(c));
          state_ = InField;
        } else {
          return csv_error("'{}' expected after '{}'", to_string(d_->delimiter), to_string(d_->quotechar));
        }
        return kOk;
      case EatNewline:
        if (c == kEnd) {
          state_ = StartRecord;
        } else if (!newline) {
          return csv_error(
              "new-line character seen in unquoted field - do you need to open the file in universal-newline mode?");
        }
        return kOk;
    }
    return kOk;
  }

  static constexpr uint32_t kEnd = 0xFFFFFFFE;
  bool complete() const { return state_ == StartRecord; }
  bool holds_text() const { return size_ != 0 || state_ == InQuoted; }
  Status finish() {
    if (d_->strict) return csv_error("unexpected end of data");
    return save();
  }
  Ref row() { return std::move(row_); }

 private:
  enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapedInQuoted,
    QuoteInQuoted,
    EatNewline,
    AfterEscapedNewline
  };

  Status add(uint32_t c) {
    if (size_ >= field_limit) return csv_error("field larger than field limit ({})", field_limit);
    ++size_;
    field_.append_char(c);
    return kOk;
  }
  Status save() {
    Ref field = field_.finish();
    field_ = StrBuilder();
    size_ = 0;
    if (numeric_) {
      numeric_ = false;
      field = TRY(call(to_value(&float_type), {field}));
    }
    list_append(as<List>(row_), field);
    return kOk;
  }

  Dialect* d_;
  uint32_t delimiter_, quote_, escape_;
  State state_ = StartRecord;
  StrBuilder field_;
  int64_t size_ = 0;
  bool numeric_ = false;
  Ref row_;
};

Ref reader_next(Value self) {
  auto* r = self_reader(self);
  RowParser parser(self_dialect(r->dialect));
  do {
    Ref line = TRY(next(r->input));
    if (line.is_empty()) {
      if (parser.holds_text()) {
        TRY(parser.finish());
        break;
      }
      return Ref::empty();
    }
    if (!is<Str>(line))
      return csv_error("iterator should return strings, not {} (the file should be opened in text mode)",
                       type_name(line));
    ++r->line_number;
    auto* s = as<Str>(line);
    for (int64_t i = 0; i < s->length; ++i) TRY(parser.feed(s->at(i)));
    TRY(parser.feed(RowParser::kEnd));
  } while (!parser.complete());
  return parser.row();
}
void reader_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Reader*>(o)->input);
  clear_field(static_cast<Reader*>(o)->dialect);
  free_object(o);
}
void reader_traverse(Object* o, Visitor& visit) { visit(static_cast<Reader*>(o)->input); }
Ref reader_dialect(Value self) { return Ref::share(self_reader(self)->dialect); }
Ref reader_line(Value self) { return make_int(self_reader(self)->line_number); }
const GetSetDef kReaderGetSets[] = {{"dialect", reader_dialect, nullptr}, {"line_num", reader_line, nullptr}, {}};

// ---- Writer

struct Writer : Object {
  Value write, dialect;
};
Writer* self_writer(Value v) { return static_cast<Writer*>(v.object()); }

Status append_field(StrBuilder& out, Dialect* d, Str* text, bool quoted, bool lone) {
  const uint32_t delimiter = code(d->delimiter), quote = code(d->quotechar), escape = code(d->escapechar);
  auto* terminator = as<Str>(d->lineterminator);
  bool needs_quotes = quoted;
  StrBuilder body;
  for (int64_t i = 0; i < text->length; ++i) {
    const uint32_t c = text->at(i);
    bool in_terminator = false;
    for (int64_t k = 0; k < terminator->length; ++k) in_terminator |= terminator->at(k) == c;
    bool escaped = false;
    if (c == delimiter || c == escape || c == quote || c == '\n' || c == '\r' || in_terminator) {
      if (d->quoting == kNone) {
        escaped = true;
      } else if (c == quote) {
        if (d->doublequote) {
          body.append_char(quote);
        } else {
          escaped = true;
        }
        if (!escaped) needs_quotes = true;
      } else if (c == escape) {
        escaped = true;
      } else {
        needs_quotes = true;
      }
      if (escaped) {
        if (escape == kNoCharacter) return csv_error("need to escape, but no escapechar set");
        body.append_char(escape);
      }
    }
    body.append_char(c);
  }
  if (text->length == 0 && lone) {
    if (d->quoting == kNone) return csv_error("single empty field record must be quoted");
    needs_quotes = true;
  }
  Ref finished = body.finish();
  if (needs_quotes) out.append_char(quote);
  out.append(as<Str>(finished));
  if (needs_quotes) out.append_char(quote);
  return kOk;
}

Ref writer_writerow(Value self, const Value* a) {
  auto* w = self_writer(self);
  auto* d = self_dialect(w->dialect);
  Ref iterator = get_iter(a[0]);
  if (iterator.is_error()) {
    if (!pending_is(exc::TypeError)) return iterator;
    clear_pending();
    return csv_error("iterable expected, not {}", type_name(a[0]));
  }
  Ref fields = TRY(to_list(iterator));
  auto* list = as<List>(fields);
  StrBuilder line;
  for (int64_t i = 0; i < list->size; ++i) {
    if (i) line.append(as<Str>(d->delimiter));
    Value v = list->items[i];
    bool quoted = d->quoting == kAll || (d->quoting == kNonNumeric && !is_int(v) && !is_float(v));
    Ref text = v.is_none() ? empty_str() : TRY(str(v));
    TRY(append_field(line, d, as<Str>(text), quoted, list->size == 1));
  }
  line.append(as<Str>(d->lineterminator));
  Ref text = line.finish();
  return call(w->write, {text});
}
Ref writer_writerows(Value self, const Value* a) {
  TRY(for_each(a[0], [&](Value row) -> Status {
    const Value args[] = {row};
    TRY(writer_writerow(self, args));
    return kOk;
  }));
  return Ref::none();
}
void writer_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Writer*>(o)->write);
  clear_field(static_cast<Writer*>(o)->dialect);
  free_object(o);
}
void writer_traverse(Object* o, Visitor& visit) { visit(static_cast<Writer*>(o)->write); }
Ref writer_dialect(Value self) { return Ref::share(self_writer(self)->dialect); }
const GetSetDef kWriterGetSets[] = {{"dialect", writer_dialect, nullptr}, {}};
const NativeDef kWriterMethods[] = {
    {"writerow", "($self, row, /)", writer_writerow, "writerow(iterable)"},
    {"writerows", "($self, rows, /)", writer_writerows, "writerows(iterable of iterables)"},
    {}};

// ---- Module functions: (iterable, dialect="excel", **options)

Ref reader_function(Value, const Value* a) {
  Ref input = TRY(get_iter(a[0]));
  Ref dialect = TRY(make_dialect(a[1] ? a[1] : dict_get(as<Dict>(dialects), intern("excel")), as<Dict>(a[2])));
  auto* r = allocate_as<Reader>(reader_type);
  r->input = input.release();
  r->dialect = dialect.release();
  track(r);
  return Ref::steal(r);
}
Ref writer_function(Value, const Value* a) {
  Ref write = TRY(get_attr_or_empty(a[0], names.write));
  if (write.is_empty() || !is_callable(write)) return fail(exc::TypeError, "argument 1 must have a \"write\" method");
  Ref dialect = TRY(make_dialect(a[1] ? a[1] : dict_get(as<Dict>(dialects), intern("excel")), as<Dict>(a[2])));
  auto* w = allocate_as<Writer>(writer_type);
  w->write = write.release();
  w->dialect = dialect.release();
  track(w);
  return Ref::steal(w);
}
Ref register_dialect(Value, const Value* a) {
  if (!is<Str>(a[0])) return fail(exc::TypeError, "dialect name must be a string");
  Ref dialect = TRY(make_dialect(a[1], as<Dict>(a[2])));
  TRY(dict_set(as<Dict>(dialects), a[0], dialect));
  return Ref::none();
}
Ref unregister_dialect(Value, const Value* a) {
  if (!TRY(dict_delete(as<Dict>(dialects), a[0]))) return csv_error("unknown dialect");
  return Ref::none();
}
Ref get_dialect(Value, const Value* a) {
  Ref found = TRY(dict_get(as<Dict>(dialects), a[0]));
  if (found.is_empty()) return csv_error("unknown dialect");
  return found;
}
Ref list_dialects(Value, const Value*) { return to_list(dialects); }
Ref field_size_limit(Value, const Value* a) {
  const int64_t old = field_limit;
  if (a[0]) {
    if (!is_int(a[0])) return fail(exc::TypeError, "limit must be an integer");
    field_limit = TRY(to_int64(a[0]));
  }
  return make_int(old);
}

const NativeDef kFunctions[] = {
    {"reader", "($module, iterable, dialect='excel', /, **options)", reader_function,
     "Yields each parsed row as a list of strings."},
    {"writer", "($module, fileobj, dialect='excel', /, **options)", writer_function,
     "Formats rows and passes them to the write method of a file."},
    {"register_dialect", "($module, name, dialect=None, /, **options)", register_dialect,
     "Make a dialect known under name; dialect and the options give its parameters."},
    {"unregister_dialect", "($module, name, /)", unregister_dialect,
     "Forget the dialect called name; an unknown name raises csv.Error."},
    {"get_dialect", "($module, name, /)", get_dialect,
     "The dialect registered under name; an unknown name raises csv.Error."},
    {"list_dialects", "($module, /)", list_dialects, "The names of the registered dialects, as a list."},
    {"field_size_limit", "($module, limit=None, /)", field_size_limit,
     "Return the longest field the parser accepts; with limit, also replace it."},
    {}};

Status initialize(Value module) {
  dialects = make_dict();
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str("_csv"));
  error_type = TRY(call(to_value(&type_type), {make_str("Error"), make_tuple({to_value(&exc::Exception)}), space}));
  define_type(dialect_type,
              {.name = "_csv.Dialect", .size = sizeof(Dialect), .flags = Type::kBaseType, .doc = "CSV dialect"});
  dialect_type.slots.new_ = dialect_new;
  dialect_type.slots.init = dialect_init;
  dialect_type.getsets = kDialectGetSets;
  dialect_type.dealloc = dialect_dealloc;
  ready_type(dialect_type);
  define_type(reader_type, {.name = "_csv.reader", .size = sizeof(Reader), .flags = Type::kHasGc | Type::kNoInstances});
  reader_type.slots.next = reader_next;
  reader_type.slots.iter = self_iter;
  reader_type.getsets = kReaderGetSets;
  reader_type.dealloc = reader_dealloc;
  reader_type.traverse = reader_traverse;
  ready_type(reader_type);
  define_type(writer_type, {.name = "_csv.writer", .size = sizeof(Writer), .flags = Type::kHasGc | Type::kNoInstances});
  writer_type.methods = kWriterMethods;
  writer_type.getsets = kWriterGetSets;
  writer_type.dealloc = writer_dealloc;
  writer_type.traverse = writer_traverse;
  ready_type(writer_type);
  Dict* dict = module_dict(module);
  dict_set(dict, intern("Error"), error_type);
  dict_set(dict, intern("Dialect"), to_value(&dialect_type));
  dict_set(dict, intern("_dialects"), dialects);
  dict_set(dict, intern("__version__"), make_str("1.0"));
  const std::pair<const char*, int> constants[] = {
      {"QUOTE_MINIMAL", kMinimal}, {"QUOTE_ALL", kAll}, {"QUOTE_NONNUMERIC", kNonNumeric}, {"QUOTE_NONE", kNone}};
  for (auto [name, value] : constants) dict_set(dict, intern(name), make_int(value));
  return kOk;
}

}  // namespace

extern const ModuleDef csv_module;
const ModuleDef csv_module = {"_csv", "CSV parsing and writing.", kFunctions, initialize};

}  // namespace hiss
