// _lzma: compressors and decompressors of liblzma.
#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

namespace {

Type compressor_type, decompressor_type;
Ref lzma_error;

enum Format { kAuto, kXz, kAlone, kRaw };
constexpr int kUnknownCheck = LZMA_CHECK_ID_MAX + 1;

struct Compressor : Object {
  lzma_stream* stream;
  bool flushed;
};
struct Decompressor : Object {
  lzma_stream* stream;
  std::string* waiting;  // input that an earlier call has not used up
  Value unused;          // Bytes behind the end of the stream
  int check;
  bool eof, needs_input;
};
Compressor* compressor_of(Value v) { return static_cast<Compressor*>(v.object()); }
Decompressor* decompressor_of(Value v) { return static_cast<Decompressor*>(v.object()); }

Failure fail_lzma(std::string message) {
  Ref text = make_str(message);
  Ref error = TRY(call(lzma_error, {text}));
  return fail_with(error);
}
Status check(lzma_ret code) {
  switch (code) {
    case LZMA_OK:
    case LZMA_GET_CHECK:
    case LZMA_NO_CHECK:
    case LZMA_STREAM_END:
      return kOk;
    case LZMA_UNSUPPORTED_CHECK:
      return fail_lzma("Unsupported integrity check");
    case LZMA_MEM_ERROR:
      return fail_memory();
    case LZMA_MEMLIMIT_ERROR:
      return fail_lzma("Memory usage limit exceeded");
    case LZMA_FORMAT_ERROR:
      return fail_lzma("Input format not supported by decoder");
    case LZMA_OPTIONS_ERROR:
      return fail_lzma("Invalid or unsupported options");
    case LZMA_DATA_ERROR:
      return fail_lzma("Corrupt input data");
    case LZMA_BUF_ERROR:
      return fail_lzma("Insufficient buffer space");
    case LZMA_PROG_ERROR:
      return fail_lzma("Internal error");
    default:
      return fail_lzma(fmt::format("Unrecognized error from liblzma: {}", static_cast<int>(code)));
  }
}

// ---- Filters: {"id": FILTER_LZMA2, "dict_size": ...}

/// A chain of filters and the options they point to.
struct Chain {
  std::array<lzma_filter, LZMA_FILTERS_MAX + 1> filters{};
  std::array<lzma_options_lzma, LZMA_FILTERS_MAX> lzma{};
  std::array<lzma_options_delta, LZMA_FILTERS_MAX> delta{};
  std::array<lzma_options_bcj, LZMA_FILTERS_MAX> bcj{};
};
struct OptionName {
  const char* name;
  uint32_t lzma_options_lzma::*field;
};
constexpr OptionName kOptions[] = {{"dict_size", &lzma_options_lzma::dict_size},
                                   {"lc", &lzma_options_lzma::lc},
                                   {"lp", &lzma_options_lzma::lp},
                                   {"pb", &lzma_options_lzma::pb},
                                   {"nice_len", &lzma_options_lzma::nice_len},
                                   {"depth", &lzma_options_lzma::depth}};

/// The value of a key of a filter specifier; empty when it is not there.
Ref entry(Value spec, const char* key) {
  Ref name = make_str(key);
  Ref value = get_item(spec, name);
  if (!value.is_error() || !pending_is(exc::KeyError)) return value;
  clear_pending();
  return Ref::empty();
}
Result<uint32_t> small_number(Value v) {
  if (!is_int(v)) return fail(exc::TypeError, "an integer is required");
  if (int_sign(v) < 0) return fail(exc::OverflowError, "can't convert negative value to unsigned int");
  const auto i = int_value(v);
  if (!i || *i > UINT32_MAX) return fail(exc::OverflowError, "Value too large for uint32_t type");
  return static_cast<uint32_t>(*i);
}
Status only_keys(Value spec, std::initializer_list<const char*> allowed, const char* kind) {
  Ref keys = TRY(call_method(spec, names.keys));
  return for_each(keys, [&](Value key) -> Status {
    for (const char* a : allowed) {
      if (is<Str>(key) && equal(as<Str>(key), a)) return kOk;
    }
    return fail(exc::ValueError, "Invalid filter specifier for {} filter", kind);
  });
}
Status read_lzma_options(Value spec, lzma_options_lzma& out) {
  Ref preset_value = TRY(entry(spec, "preset"));
  const uint32_t preset = preset_value.is_empty() ? LZMA_PRESET_DEFAULT : TRY(small_number(preset_value));
  if (lzma_lzma_preset(&out, preset)) return fail_lzma(fmt::format("Invalid compression preset: {}", preset));
  TRY(only_keys(spec, {"id", "preset", "dict_size", "lc", "lp", "pb", "mode", "nice_len", "mf", "depth"}, "LZMA"));
  for (const OptionName& option : kOptions) {
    Ref v = TRY(entry(spec, option.name));
    if (!v.is_empty()) out.*option.field = TRY(small_number(v));
  }
  Ref mode = TRY(entry(spec, "mode")), finder = TRY(entry(spec, "mf"));
  if (!mode.is_empty()) out.mode = static_cast<lzma_mode>(TRY(small_number(mode)));
  if (!finder.is_empty()) out.mf = static_cast<lzma_match_finder>(TRY(small_number(finder)));
  return kOk;
}
Status read_filter(Value spec, Chain& chain, size_t at) {
  if (!type_of(spec)->slots.getitem || is<List>(spec) || is<Tuple>(spec) || is<Str>(spec) || is<Bytes>(spec))
    return fail(exc::TypeError, "Filter specifier must be a dict or dict-like object");
  Ref id_value = TRY(entry(spec, "id"));
  if (id_value.is_empty()) return fail(exc::ValueError, "Filter specifier must have an \"id\" entry");
  if (!is_int(id_value)) return fail(exc::TypeError, "an integer is required");
  const uint64_t id = TRY(to_uint_mask(id_value));
  lzma_filter& filter = chain.filters[at];
  filter.id = id;
  switch (id) {
    case LZMA_FILTER_LZMA1:
    case LZMA_FILTER_LZMA2:
      filter.options = &chain.lzma[at];
      return read_lzma_options(spec, chain.lzma[at]);
    case LZMA_FILTER_DELTA: {
      TRY(only_keys(spec, {"id", "dist"}, "delta"));
      Ref distance = TRY(entry(spec, "dist"));
      chain.delta[at].type = LZMA_DELTA_TYPE_BYTE;
      chain.delta[at].dist = distance.is_empty() ? 1 : TRY(small_number(distance));
      filter.options = &chain.delta[at];
      return kOk;
    }
    case LZMA_FILTER_X86:
    case LZMA_FILTER_POWERPC:
    case LZMA_FILTER_IA64:
    case LZMA_FILTER_ARM:
    case LZMA_FILTER_ARMTHUMB:
    case LZMA_FILTER_SPARC: {
      TRY(only_keys(spec, {"id", "start_offset"}, "BCJ"));
      Ref start = TRY(entry(spec, "start_offset"));
      chain.bcj[at].start_offset = start.is_empty() ? 0 : TRY(small_number(start));
      filter.options = &chain.bcj[at];
      return kOk;
    }
    default:
      return fail(exc::ValueError, "Invalid filter ID: {}", id);
  }
}
Status read_chain(Value specs, Chain& chain) {
  if (is<Dict>(specs)) return fail(exc::TypeError, "dict is not a sequence");
  const int64_t count = TRY(length(specs));
  if (count > LZMA_FILTERS_MAX)
    return fail(exc::ValueError, "Too many filters - liblzma supports a maximum of {}", LZMA_FILTERS_MAX);
  for (int64_t i = 0; i < count; ++i) {
    Ref spec = TRY(get_item(specs, Value::integer(i)));
    TRY(read_filter(spec, chain, static_cast<size_t>(i)));
  }
  chain.filters[static_cast<size_t>(count)].id = LZMA_VLI_UNKNOWN;
  return kOk;
}
Ref filter_object(const lzma_filter& filter) {
  Ref dict = make_dict();
  auto set = [&](const char* name, uint64_t value) { dict_set(as<Dict>(dict), intern(name), make_uint(value)); };
  set("id", filter.id);
  if (filter.id == LZMA_FILTER_LZMA1) {
    const auto* o = static_cast<const lzma_options_lzma*>(filter.options);
    set("lc", o->lc);
    set("lp", o->lp);
    set("pb", o->pb);
    set("dict_size", o->dict_size);
  } else if (filter.id == LZMA_FILTER_LZMA2) {
    set("dict_size", static_cast<const lzma_options_lzma*>(filter.options)->dict_size);
  } else if (filter.id == LZMA_FILTER_DELTA) {
    set("dist", static_cast<const lzma_options_delta*>(filter.options)->dist);
  } else if (filter.options) {
    set("start_offset", static_cast<const lzma_options_bcj*>(filter.options)->start_offset);
  }
  return dict;
}

// ---- Compressing

Status start_xz(lzma_stream* s, int check_id, uint32_t preset, Value filters) {
  if (filters.is_none()) return check(lzma_easy_encoder(s, preset, static_cast<lzma_check>(check_id)));
  Chain chain;
  TRY(read_chain(filters, chain));
  return check(lzma_stream_encoder(s, chain.filters.data(), static_cast<lzma_check>(check_id)));
}
Status start_alone(lzma_stream* s, uint32_t preset, Value filters) {
  if (filters.is_none()) {
    lzma_options_lzma options;
    if (lzma_lzma_preset(&options, preset)) return fail_lzma(fmt::format("Invalid compression preset: {}", preset));
    return check(lzma_alone_encoder(s, &options));
  }
  Chain chain;
  TRY(read_chain(filters, chain));
  if (chain.filters[0].id != LZMA_FILTER_LZMA1 || chain.filters[1].id != LZMA_VLI_UNKNOWN)
    return fail(exc::ValueError, "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter");
  return check(lzma_alone_encoder(s, &chain.lzma[0]));
}
Ref compressor_new(Type* cls, const Args& args) {
  Arguments a("LZMACompressor", "(format=FORMAT_XZ, check=-1, preset=None, filters=None)");
  TRY(a.bind(args));
  const int format = a[0] ? TRY(to_c_int(a[0])) : kXz;
  int check_id = a[1] ? TRY(to_c_int(a[1])) : -1;
  const Value filters = a[3] ? a[3] : Value::none();
  const bool preset_given = a[2] && !a[2].is_none();
  if (preset_given && !filters.is_none()) return fail(exc::ValueError, "Cannot specify both preset and filter chain");
  const uint32_t preset = preset_given ? TRY(small_number(a[2])) : LZMA_PRESET_DEFAULT;
  if (format != kXz && check_id != -1 && check_id != LZMA_CHECK_NONE)
    return fail(exc::ValueError, "Integrity checks are only supported by FORMAT_XZ");
  auto* c = static_cast<Compressor*>(allocate(cls));
  Ref hold = Ref::steal(c);
  c->stream = new lzma_stream(LZMA_STREAM_INIT);
  if (format == kXz) {
    TRY(start_xz(c->stream, check_id == -1 ? LZMA_CHECK_CRC64 : check_id, preset, filters));
  } else if (format == kAlone) {
    TRY(start_alone(c->stream, preset, filters));
  } else if (format == kRaw) {
    if (filters.is_none()) return fail(exc::ValueError, "Must specify filters for FORMAT_RAW");
    Chain chain;
    TRY(read_chain(filters, chain));
    TRY(check(lzma_raw_encoder(c->stream, chain.filters.data())));
  } else {
    return fail(exc::ValueError, "Invalid container format: {}", format);
  }
  return hold;
}
void end_stream(lzma_stream* stream) {
  if (!stream) return;
  lzma_end(stream);
  delete stream;
}
void compressor_dealloc(Object* o) {
  end_stream(static_cast<Compressor*>(o)->stream);
  free_object(o);
}
Ref compress(Compressor* c, const uint8_t* data, size_t size, lzma_action action) {
  std::string out;
  uint8_t buffer[32 * 1024];
  lzma_stream& s = *c->stream;
  s.next_in = data;
  s.avail_in = size;
  for (;;) {
    s.next_out = buffer;
    s.avail_out = sizeof buffer;
    lzma_ret code = lzma_code(&s, action);
    // Without input there is nothing to do: that is no error.
    if (code == LZMA_BUF_ERROR && size == 0 && s.avail_out > 0) code = LZMA_OK;
    TRY(check(code));
    out.append(reinterpret_cast<char*>(buffer), sizeof buffer - s.avail_out);
    if (action == LZMA_RUN ? s.avail_in == 0 && s.avail_out > 0 : code == LZMA_STREAM_END) break;
  }
  return make_bytes(out);
}
Ref compressor_compress(Value self, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  if (compressor_of(self)->flushed) return fail(exc::ValueError, "Compressor has been flushed");
  return compress(compressor_of(self), view.data(), static_cast<size_t>(view.length()), LZMA_RUN);
}
Ref compressor_flush(Value self, const Value*) {
  if (compressor_of(self)->flushed) return fail(exc::ValueError, "Repeated call to flush()");
  compressor_of(self)->flushed = true;
  return compress(compressor_of(self), nullptr, 0, LZMA_FINISH);
}

// ---- Decompressing

Status start_decoder(Decompressor* d, int format, uint64_t limit, Value filters) {
  constexpr uint32_t kFlags = LZMA_TELL_ANY_CHECK | LZMA_TELL_NO_CHECK;
  d->check = format == kAlone || format == kRaw ? static_cast<int>(LZMA_CHECK_NONE) : kUnknownCheck;
  switch (format) {
    case kAuto:
      return check(lzma_auto_decoder(d->stream, limit, kFlags));
    case kXz:
      return check(lzma_stream_decoder(d->stream, limit, kFlags));
    case kAlone:
      return check(lzma_alone_decoder(d->stream, limit));
    case kRaw: {
      Chain chain;
      TRY(read_chain(filters, chain));
      return check(lzma_raw_decoder(d->stream, chain.filters.data()));
    }
    default:
      return fail(exc::ValueError, "Invalid container format: {}", format);
  }
}
Ref decompressor_new(Type* cls, const Args& args) {
  Arguments a("LZMADecompressor", "(format=FORMAT_AUTO, memlimit=None, filters=None)");
  TRY(a.bind(args));
  const int format = a[0] ? TRY(to_c_int(a[0])) : kAuto;
  uint64_t limit = UINT64_MAX;
  if (a[1] && !a[1].is_none()) {
    if (format == kRaw) return fail(exc::ValueError, "Cannot specify memory limit with FORMAT_RAW");
    if (!is_int(a[1])) return fail(exc::TypeError, "an integer is required");
    if (int_sign(a[1]) < 0) return fail(exc::OverflowError, "can't convert negative int to unsigned");
    limit = TRY(to_uint_mask(a[1]));
  }
  const Value filters = a[2] ? a[2] : Value::none();
  if (format == kRaw && filters.is_none()) return fail(exc::ValueError, "Must specify filters for FORMAT_RAW");
  if (format != kRaw && !filters.is_none())
    return fail(exc::ValueError, "Cannot specify filters except with FORMAT_RAW");
  auto* d = static_cast<Decompressor*>(allocate(cls));
  Ref hold = Ref::steal(d);
  d->stream = new lzma_stream(LZMA_STREAM_INIT);
  d->waiting = new std::string();
  d->unused = make_bytes("").release();
  d->needs_input = true;
  TRY(start_decoder(d, format, limit, filters));
  return hold;
}
void decompressor_dealloc(Object* o) {
  auto* d = static_cast<Decompressor*>(o);
  end_stream(d->stream);
  delete d->waiting;
  clear_field(d->unused);
  free_object(o);
}
/// Decodes what is waiting, up to `limit` bytes of output (-1: all).
Result<std::string> decode(Decompressor* d, int64_t limit) {
  lzma_stream& s = *d->stream;
  s.next_in = reinterpret_cast<const uint8_t*>(d->waiting->data());
  s.avail_in = d->waiting->size();
  std::string out;
  uint8_t buffer[32 * 1024];
  bool full = false;
  for (;;) {
    const size_t room = limit < 0 ? sizeof buffer : std::min(sizeof buffer, static_cast<size_t>(limit) - out.size());
    s.next_out = buffer;
    s.avail_out = room;
    lzma_ret code = lzma_code(&s, LZMA_RUN);
    if (code == LZMA_BUF_ERROR && s.avail_in == 0 && s.avail_out > 0) code = LZMA_OK;
    if (code == LZMA_BUF_ERROR && room == 0) code = LZMA_OK;
    TRY(check(code));
    if (code == LZMA_GET_CHECK || code == LZMA_NO_CHECK) d->check = static_cast<int>(lzma_get_check(&s));
    out.append(reinterpret_cast<char*>(buffer), room - s.avail_out);
    d->eof = code == LZMA_STREAM_END;
    full = limit >= 0 && out.size() == static_cast<size_t>(limit);
    if (d->eof || full) break;
    if (s.avail_out > 0 && s.avail_in == 0 && code != LZMA_GET_CHECK && code != LZMA_NO_CHECK) break;
  }
  d->needs_input = !d->eof && s.avail_in == 0 && !full;
  return out;
}
Ref decompressor_decompress(Value self, const Value* a) {
  Decompressor* d = decompressor_of(self);
  BufferView view(TRY(get_buffer(a[0])));
  const int64_t limit = a[1] ? TRY(to_index(a[1])) : -1;
  if (d->eof) return fail(exc::EOFError, "Already at end of stream");
  d->waiting->append(view.text());
  Result<std::string> out = decode(d, limit);
  const size_t left = d->stream->avail_in;
  if (out.is_error()) return Failure{};
  d->waiting->erase(0, d->waiting->size() - left);
  if (d->eof && left) {
    Value old = d->unused;
    d->unused = make_bytes(*d->waiting).release();
    release(old);
    d->waiting->clear();
  }
  return make_bytes(out.value());
}
Ref get_check(Value self) { return make_int(decompressor_of(self)->check); }
Ref get_eof(Value self) { return Ref::boolean(decompressor_of(self)->eof); }
Ref get_needs_input(Value self) { return Ref::boolean(decompressor_of(self)->needs_input); }
Ref get_unused(Value self) { return Ref::share(decompressor_of(self)->unused); }

// ---- The module's functions

Ref module_is_check_supported(Value, const Value* a) {
  return Ref::boolean(lzma_check_is_supported(static_cast<lzma_check>(TRY(to_c_int(a[0])))));
}
Ref module_encode_properties(Value, const Value* a) {
  Chain chain;
  TRY(read_filter(a[0], chain, 0));
  uint32_t size = 0;
  TRY(check(lzma_properties_size(&size, chain.filters.data())));
  std::string out(size, 0);
  TRY(check(lzma_properties_encode(chain.filters.data(), reinterpret_cast<uint8_t*>(out.data()))));
  return make_bytes(out);
}
Ref module_decode_properties(Value, const Value* a) {
  if (!is_int(a[0])) return fail(exc::TypeError, "an integer is required");
  lzma_filter filter{TRY(to_uint_mask(a[0])), nullptr};
  BufferView view(TRY(get_buffer(a[1])));
  TRY(check(lzma_properties_decode(&filter, nullptr, view.data(), static_cast<size_t>(view.length()))));
  Ref out = filter_object(filter);
  std::free(filter.options);
  return out;
}

const NativeDef kFunctions[] = {{"is_check_supported", "($module, check_id, /)", module_is_check_supported,
                                 "Whether this liblzma knows the integrity check."},
                                {"_encode_filter_properties", "($module, filter, /)", module_encode_properties,
                                 "The properties of a filter as bytes, as headers hold them."},
                                {"_decode_filter_properties", "($module, filter_id, encoded_props, /)",
                                 module_decode_properties, "The dict of a filter from its properties as bytes."},
                                {}};
const NativeDef kCompressorMethods[] = {
    {"compress", "($self, data, /)", compressor_compress,
     "Feed data in; return what is compressed by now, which may be nothing."},
    {"flush", "($self, /)", compressor_flush, "End the stream and return the rest of it."},
    {}};
const NativeDef kDecompressorMethods[] = {{"decompress", "($self, /, data, max_length=-1)", decompressor_decompress,
                                           "Feed data in; return what it decompresses to, max_length bytes at most "
                                           "unless that is negative. What is held back "
                                           "comes with the next calls."},
                                          {}};
const GetSetDef kDecompressorGetSets[] = {
    {"check", get_check, nullptr, "The integrity check of the stream; CHECK_UNKNOWN until its header was read."},
    {"eof", get_eof, nullptr, "True once the end of the stream was reached."},
    {"needs_input", get_needs_input, nullptr, "False if the next call gives more without more input."},
    {"unused_data", get_unused, nullptr, "Bytes behind the end of the stream."},
    {}};

void add_constants(Value module) {
  const std::pair<const char*, uint64_t> constants[] = {{"FORMAT_AUTO", kAuto},
                                                        {"FORMAT_XZ", kXz},
                                                        {"FORMAT_ALONE", kAlone},
                                                        {"FORMAT_RAW", kRaw},
                                                        {"CHECK_NONE", LZMA_CHECK_NONE},
                                                        {"CHECK_CRC32", LZMA_CHECK_CRC32},
                                                        {"CHECK_CRC64", LZMA_CHECK_CRC64},
                                                        {"CHECK_SHA256", LZMA_CHECK_SHA256},
                                                        {"CHECK_ID_MAX", LZMA_CHECK_ID_MAX},
                                                        {"CHECK_UNKNOWN", kUnknownCheck},
                                                        {"FILTER_LZMA1", LZMA_FILTER_LZMA1},
                                                        {"FILTER_LZMA2", LZMA_FILTER_LZMA2},
                                                        {"FILTER_DELTA", LZMA_FILTER_DELTA},
                                                        {"FILTER_X86", LZMA_FILTER_X86},
                                                        {"FILTER_IA64", LZMA_FILTER_IA64},
                                                        {"FILTER_ARM", LZMA_FILTER_ARM},
                                                        {"FILTER_ARMTHUMB", LZMA_FILTER_ARMTHUMB},
                                                        {"FILTER_SPARC", LZMA_FILTER_SPARC},
                                                        {"FILTER_POWERPC", LZMA_FILTER_POWERPC},
                                                        {"MF_HC3", LZMA_MF_HC3},
                                                        {"MF_HC4", LZMA_MF_HC4},
                                                        {"MF_BT2", LZMA_MF_BT2},
                                                        {"MF_BT3", LZMA_MF_BT3},
                                                        {"MF_BT4", LZMA_MF_BT4},
                                                        {"MODE_FAST", LZMA_MODE_FAST},
                                                        {"MODE_NORMAL", LZMA_MODE_NORMAL},
                                                        {"PRESET_DEFAULT", LZMA_PRESET_DEFAULT},
                                                        {"PRESET_EXTREME", LZMA_PRESET_EXTREME}};
  for (auto& [name, value] : constants) add_object(module, name, make_uint(value));
}

Status initialize(Value module) {
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str("_lzma"));
  dict_set(as<Dict>(space), names.__doc__, make_str("Call to liblzma failed."));
  Ref bases = make_tuple({to_value(&exc::Exception)});
  Ref name = make_str("LZMAError");
  lzma_error = TRY(call(to_value(&type_type), {name, bases, space}));
  add_object(module, "LZMAError", lzma_error);
  define_type(compressor_type,
              {.name = "_lzma.LZMACompressor",
               .size = sizeof(Compressor),
               .flags = Type::kBaseType,
               .doc = "LZMACompressor(format=FORMAT_XZ, check=-1, preset=None, filters=None)\n\nCompresses piece by "
                      "piece, with a preset or with a chain of filters (a sequence of dicts)."});
  compressor_type.slots.new_ = compressor_new;
  compressor_type.methods = kCompressorMethods;
  compressor_type.dealloc = compressor_dealloc;
  ready_type(compressor_type);
  define_type(decompressor_type, {.name = "_lzma.LZMADecompressor",
                                  .size = sizeof(Decompressor),
                                  .flags = Type::kBaseType,
                                  .doc = "Decompresses one stream piece by piece."});
  decompressor_type.slots.new_ = decompressor_new;
  decompressor_type.methods = kDecompressorMethods;
  decompressor_type.getsets = kDecompressorGetSets;
  decompressor_type.dealloc = decompressor_dealloc;
  ready_type(decompressor_type);
  add_type(module, compressor_type);
  add_type(module, decompressor_type);
  add_constants(module);
  return kOk;
}

}  // namespace

extern const ModuleDef lzma_module;
const ModuleDef lzma_module = {"_lzma", "Compression with liblzma.", kFunctions, initialize};

}  // namespace hiss
