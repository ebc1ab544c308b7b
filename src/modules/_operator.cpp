// _operator: the operators as functions, and callables that fetch items, attributes and the results of methods.
#include <cstring>
#include <vector>

#include "memory/collector.h"
#include "modules/module_content.h"
#include "object/buffer.h"
#include "object/iterator.h"

namespace hiss {

Ref operator_compare_digest(Value self, const Value* args);

namespace {

// ---- Operators

template <CompareOp op>
Ref compare_function(Value, const Value* a) {
  return compare(a[0], a[1], op);
}
template <BinaryOp op>
Ref binary_function(Value, const Value* a) {
  return binary(op, a[0], a[1]);
}
template <BinaryOp op>
Ref inplace_function(Value, const Value* a) {
  return inplace(op, a[0], a[1]);
}
template <Ref (*function)(Value)>
Ref unary_function(Value, const Value* a) {
  return function(a[0]);
}
Ref operator_pow(Value, const Value* a) { return power(a[0], a[1]); }
Ref operator_ipow(Value, const Value* a) { return inplace_power(a[0], a[1]); }
Ref operator_not(Value, const Value* a) { return Ref::boolean(!TRY(truth(a[0]))); }
Ref operator_truth(Value, const Value* a) { return Ref::boolean(TRY(truth(a[0]))); }
Ref operator_is(Value, const Value* a) { return Ref::boolean(a[0] == a[1]); }
Ref operator_is_not(Value, const Value* a) { return Ref::boolean(a[0] != a[1]); }
Ref operator_getitem(Value, const Value* a) { return get_item(a[0], a[1]); }
Ref operator_setitem(Value, const Value* a) {
  TRY(set_item(a[0], a[1], a[2]));
  return Ref::none();
}
Ref operator_delitem(Value, const Value* a) {
  TRY(set_item(a[0], a[1], Value()));
  return Ref::none();
}
Ref operator_contains(Value, const Value* a) { return Ref::boolean(TRY(contains(a[0], a[1]))); }
Ref operator_call(Value, const Value* a) { return call_with(a[0], as<Tuple>(a[1]), as<Dict>(a[2])); }

// ---- Sequences

/// What concat() and iconcat() take for a sequence: it concatenates natively, or a class defines __getitem__.
bool concatenates(Value v) {
  const Slots& s = type_of(v)->slots;
  return s.concat || (s.getitem && type_of(v)->is_heap());
}
Failure fail_not_concatenable(Value v) {
  return fail(exc::TypeError, "'{}' object can't be concatenated", type_name(v));
}
Ref operator_concat(Value, const Value* a) {
  if (!concatenates(a[0]) || (!type_of(a[0])->slots.concat && !concatenates(a[1]))) return fail_not_concatenable(a[0]);
  if (type_of(a[0])->slots.concat && !type_of(a[0])->is_heap()) {
    Ref result = type_of(a[0])->slots.concat(a[0], a[1]);
    if (!result.is_not_implemented()) return result;
  }
  return binary(BinaryOp::add, a[0], a[1]);
}
Ref operator_iconcat(Value, const Value* a) {
  if (!concatenates(a[0])) return fail_not_concatenable(a[0]);
  return inplace(BinaryOp::add, a[0], a[1]);
}

/// Iterates `sequence`; one that cannot be iterated is named as the argument it was.
Ref argument_iterator(Value sequence) {
  Ref iterator = get_iter(sequence);
  if (!iterator.is_error() || !pending_is(exc::TypeError)) return iterator;
  clear_pending();
  return fail(exc::TypeError, "argument of type '{}' is not iterable", type_name(sequence));
}
Ref operator_count_of(Value, const Value* a) {
  Ref iterator = TRY(argument_iterator(a[0]));
  int64_t count = 0;
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return make_int(count);
    if (TRY(equal(item, a[1]))) ++count;
  }
}
Ref operator_index_of(Value, const Value* a) {
  Ref iterator = TRY(argument_iterator(a[0]));
  for (int64_t i = 0;; ++i) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return fail(exc::ValueError, "sequence.index(x): x not in sequence");
    if (TRY(equal(item, a[1]))) return make_int(i);
  }
}
Ref operator_length_hint(Value, const Value* a) {
  int64_t otherwise = 0;
  if (a[1]) {
    if (!is_int(a[1])) return fail(exc::TypeError, "'{}' object cannot be interpreted as an integer", type_name(a[1]));
    otherwise = TRY(to_index(a[1]));
  }
  return make_int(TRY(length_hint(a[0], otherwise)));
}

/// Compares every byte whatever the bytes before it said, so that the time tells nothing about where two texts differ.
bool same_bytes(std::string_view a, std::string_view b) {
  volatile uint8_t difference = a.size() != b.size();
  std::string_view left = a.size() == b.size() ? a : b;
  for (size_t i = 0; i < b.size(); ++i) {
    difference = static_cast<uint8_t>(difference | (static_cast<uint8_t>(left[i]) ^ static_cast<uint8_t>(b[i])));
  }
  return difference == 0;
}
}  // namespace

/// compare_digest() of hmac and hashlib.
Ref operator_compare_digest(Value, const Value* a) {
  if (is<Str>(a[0]) && is<Str>(a[1])) {
    if (!as<Str>(a[0])->ascii || !as<Str>(a[1])->ascii)
      return fail(exc::TypeError, "comparing strings with non-ASCII characters is not supported");
    return Ref::boolean(same_bytes(as<Str>(a[0])->ascii_view(), as<Str>(a[1])->ascii_view()));
  }
  if (!has_buffer(a[0]) && !has_buffer(a[1])) {
    return fail(exc::TypeError, "unsupported operand types(s) or combination of types: '{}' and '{}'", type_name(a[0]),
                type_name(a[1]));
  }
  BufferView left(TRY(get_buffer(a[0])));
  BufferView right(TRY(get_buffer(a[1])));
  return Ref::boolean(same_bytes(left.text(), right.text()));
}

namespace {

// ---- itemgetter, attrgetter, methodcaller: immutable callables that keep what they were made with

struct Getter : Object {
  Value arguments;  // Tuple: items; dotted names; the method's name and positional arguments
  Value keywords;   // Dict of a methodcaller, empty for the others
  Value paths;      // attrgetter: a Tuple of Tuples, each dotted name cut into its parts
};
Type itemgetter_type, attrgetter_type, methodcaller_type;
Getter* getter_of(Value v) { return static_cast<Getter*>(v.object()); }
Tuple* arguments_of(Value v) { return as<Tuple>(getter_of(v)->arguments); }

void getter_dealloc(Object* o) {
  untrack(o);
  auto* g = static_cast<Getter*>(o);
  for (Value* v : {&g->arguments, &g->keywords, &g->paths}) clear_field(*v);
  free_object(o);
}
void getter_traverse(Object* o, Visitor& visit) {
  auto* g = static_cast<Getter*>(o);
  for (Value v : {g->arguments, g->keywords, g->paths}) visit(v);
}
void getter_clear(Object* o) {
  // The arguments stay: a call that is under way may still read them, and tuples are broken up by their own clear slot.
  clear_field(static_cast<Getter*>(o)->keywords);
}
Ref make_getter(Type* cls, Ref arguments) {
  auto* g = static_cast<Getter*>(allocate(cls));
  g->arguments = arguments.release();
  track(g);
  return Ref::steal(g);
}

Status check_getter_arguments(const char* name, const Args& args, bool exactly_one) {
  if (args.keyword_count()) return fail(exc::TypeError, "{}() takes no keyword arguments", name);
  if (exactly_one ? args.count != 1 : args.count == 0)
    return fail(exc::TypeError, "{} expected 1 argument, got {}", name, args.count);
  return kOk;
}
/// One result as it is, several as a tuple.
template <typename Fetch>
Ref fetch_all(int64_t count, Fetch&& fetch) {
  if (count == 1) return fetch(0);
  std::vector<Ref> results;
  for (int64_t i = 0; i < count; ++i) results.push_back(TRY(fetch(i)));
  std::vector<Value> values(results.begin(), results.end());
  return make_tuple(values.data(), count);
}

Ref itemgetter_new(Type* cls, const Args& args) {
  TRY(check_getter_arguments("itemgetter", args, false));
  return make_getter(cls, make_tuple(args.values, args.count));
}
Ref itemgetter_call(Value self, const Args& args) {
  TRY(check_getter_arguments("itemgetter", args, true));
  Tuple* items = arguments_of(self);
  return fetch_all(items->size, [&](int64_t i) { return get_item(args[0], items->items[i]); });
}

Ref dotted_path(Str* name) {
  Ref parts = make_list();
  for (int64_t start = 0; start <= name->length;) {
    int64_t end = start;
    while (end < name->length && name->at(end) != '.') ++end;
    Ref part = substring(name, start, end);
    list_append(as<List>(parts), to_value(intern(as<Str>(part))));
    start = end + 1;
  }
  return list_to_tuple(as<List>(parts));
}
Ref attrgetter_new(Type* cls, const Args& args) {
  TRY(check_getter_arguments("attrgetter", args, false));
  Ref paths = make_list();
  for (uint32_t i = 0; i < args.count; ++i) {
    if (!is<Str>(args[i])) return fail(exc::TypeError, "attribute name must be a string");
    Ref path = dotted_path(as<Str>(args[i]));
    list_append(as<List>(paths), path);
  }
  Ref getter = make_getter(cls, make_tuple(args.values, args.count));
  getter_of(getter)->paths = list_to_tuple(as<List>(paths)).release();
  return getter;
}
Ref attrgetter_call(Value self, const Args& args) {
  TRY(check_getter_arguments("attrgetter", args, true));
  auto* paths = as<Tuple>(getter_of(self)->paths);
  return fetch_all(paths->size, [&](int64_t i) -> Ref {
    Ref object = Ref::share(args[0]);
    for (Value part : *as<Tuple>(paths->items[i])) object = TRY(get_attr(object, as<Str>(part)));
    return object;
  });
}

Ref methodcaller_new(Type* cls, const Args& args) {
  if (args.count == 0) return fail(exc::TypeError, "methodcaller needs at least one argument, the method name");
  if (!is<Str>(args[0])) return fail(exc::TypeError, "method name must be a string");
  Ref keywords = make_dict();
  for (uint32_t k = 0; k < args.keyword_count(); ++k)
    dict_set(as<Dict>(keywords), args.keyword_name(k), args.keyword_value(k));
  Ref caller = make_getter(cls, make_tuple(args.values, args.count));
  if (args.keyword_count()) getter_of(caller)->keywords = keywords.release();
  return caller;
}
Ref methodcaller_call(Value self, const Args& args) {
  TRY(check_getter_arguments("methodcaller", args, true));
  Tuple* t = arguments_of(self);
  Ref method = TRY(get_attr(args[0], intern(as<Str>(t->items[0]))));
  Ref rest = make_tuple(t->items + 1, t->size - 1);
  Value keywords = getter_of(self)->keywords;
  return call_with(method, as<Tuple>(rest), keywords ? as<Dict>(keywords) : nullptr);
}

Ref getter_repr(Value self) {
  ReprGuard guard(self);
  const std::string name = to_string(TRY(get_attr(to_value(type_of(self)), names.__name__)));
  if (!guard.entered()) return make_str(fmt::format("operator.{}(...)", name));
  std::string text;
  auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (Value v : *arguments_of(self)) add(to_string(TRY(repr(v))));
  if (Value keywords = getter_of(self)->keywords) {
    for (int64_t i = 0; DictEntry* e = dict_next(as<Dict>(keywords), i);)
      add(to_string(e->key) + "=" + to_string(TRY(repr(e->value))));
  }
  return make_str(fmt::format("operator.{}({})", name, text));
}
Ref getter_reduce(Value self, const Value*) {
  Tuple* t = arguments_of(self);
  Value cls = to_value(type_of(self));
  Value keywords = getter_of(self)->keywords;
  if (!keywords) return make_tuple({cls, to_value(t)});
  // Keyword arguments travel in a functools.partial.
  Ref functools = TRY(import_module("functools"));
  Ref partial = TRY(get_attr(functools, "partial"));
  Ref given = make_tuple({cls, t->items[0]});
  Ref maker = TRY(call_with(partial, as<Tuple>(given), as<Dict>(keywords)));
  Ref rest = make_tuple(t->items + 1, t->size - 1);
  return make_tuple({maker, rest});
}
const NativeDef kGetterMethods[] = {
    {"__reduce__", "($self, /)", getter_reduce, "What pickle needs to make an equal object."}, {}};

void define_getter(Type& type, const char* name, NewSlot make, CallSlot call_slot, const char* doc) {
  define_type(type, {.name = name, .size = sizeof(Getter), .flags = Type::kHasGc, .doc = doc});
  type.slots.new_ = make;
  type.slots.call = call_slot;
  type.slots.repr = getter_repr;
  type.methods = kGetterMethods;
  type.dealloc = getter_dealloc;
  type.traverse = getter_traverse;
  type.clear = getter_clear;
  ready_type(type);
}

const NativeDef kFunctions[] = {
    {"lt", "($module, a, b, /)", compare_function<CompareOp::Lt>, "Same as a < b."},
    {"le", "($module, a, b, /)", compare_function<CompareOp::Le>, "Same as a <= b."},
    {"eq", "($module, a, b, /)", compare_function<CompareOp::Eq>, "Same as a == b."},
    {"ne", "($module, a, b, /)", compare_function<CompareOp::Ne>, "Same as a != b."},
    {"gt", "($module, a, b, /)", compare_function<CompareOp::Gt>, "Same as a > b."},
    {"ge", "($module, a, b, /)", compare_function<CompareOp::Ge>, "Same as a >= b."},
    {"add", "($module, a, b, /)", binary_function<BinaryOp::add>, "Same as a + b."},
    {"sub", "($module, a, b, /)", binary_function<BinaryOp::subtract>, "Same as a - b."},
    {"mul", "($module, a, b, /)", binary_function<BinaryOp::multiply>, "Same as a * b."},
    {"matmul", "($module, a, b, /)", binary_function<BinaryOp::matrix_multiply>, "Same as a @ b."},
    {"truediv", "($module, a, b, /)", binary_function<BinaryOp::true_divide>, "Same as a / b."},
    {"floordiv", "($module, a, b, /)", binary_function<BinaryOp::floor_divide>, "Same as a // b."},
    {"mod", "($module, a, b, /)", binary_function<BinaryOp::remainder>, "Same as a % b."},
    {"lshift", "($module, a, b, /)", binary_function<BinaryOp::lshift>, "Same as a << b."},
    {"rshift", "($module, a, b, /)", binary_function<BinaryOp::rshift>, "Same as a >> b."},
    {"and_", "($module, a, b, /)", binary_function<BinaryOp::and_>, "Same as a & b."},
    {"or_", "($module, a, b, /)", binary_function<BinaryOp::or_>, "Same as a | b."},
    {"xor", "($module, a, b, /)", binary_function<BinaryOp::xor_>, "Same as a ^ b."},
    {"pow", "($module, a, b, /)", operator_pow, "Same as a ** b."},
    {"iadd", "($module, a, b, /)", inplace_function<BinaryOp::add>, "The new a of a += b."},
    {"isub", "($module, a, b, /)", inplace_function<BinaryOp::subtract>, "The new a of a -= b."},
    {"imul", "($module, a, b, /)", inplace_function<BinaryOp::multiply>, "The new a of a *= b."},
    {"imatmul", "($module, a, b, /)", inplace_function<BinaryOp::matrix_multiply>, "The new a of a @= b."},
    {"itruediv", "($module, a, b, /)", inplace_function<BinaryOp::true_divide>, "The new a of a /= b."},
    {"ifloordiv", "($module, a, b, /)", inplace_function<BinaryOp::floor_divide>, "The new a of a //= b."},
    {"imod", "($module, a, b, /)", inplace_function<BinaryOp::remainder>, "The new a of a %= b."},
    {"ilshift", "($module, a, b, /)", inplace_function<BinaryOp::lshift>, "The new a of a <<= b."},
    {"irshift", "($module, a, b, /)", inplace_function<BinaryOp::rshift>, "The new a of a >>= b."},
    {"iand", "($module, a, b, /)", inplace_function<BinaryOp::and_>, "The new a of a &= b."},
    {"ior", "($module, a, b, /)", inplace_function<BinaryOp::or_>, "The new a of a |= b."},
    {"ixor", "($module, a, b, /)", inplace_function<BinaryOp::xor_>, "The new a of a ^= b."},
    {"ipow", "($module, a, b, /)", operator_ipow, "The new a of a **= b."},
    {"neg", "($module, a, /)", unary_function<negative>, "Same as -a."},
    {"pos", "($module, a, /)", unary_function<positive>, "Same as +a."},
    {"inv", "($module, a, /)", unary_function<invert>, "Same as ~a."},
    {"invert", "($module, a, /)", unary_function<invert>, "Same as ~a."},
    {"abs", "($module, a, /)", unary_function<absolute>, "Same as abs(a)."},
    {"index", "($module, a, /)", unary_function<index>, "The int that a stands for, from its __index__."},
    {"not_", "($module, a, /)", operator_not, "Same as not a."},
    {"truth", "($module, a, /)", operator_truth, "Whether a is true: same as bool(a)."},
    {"is_", "($module, a, b, /)", operator_is, "Same as a is b."},
    {"is_not", "($module, a, b, /)", operator_is_not, "Same as a is not b."},
    {"getitem", "($module, a, b, /)", operator_getitem, "Same as a[b]."},
    {"setitem", "($module, a, b, c, /)", operator_setitem, "Same as a[b] = c."},
    {"delitem", "($module, a, b, /)", operator_delitem, "Same as del a[b]."},
    {"contains", "($module, a, b, /)", operator_contains, "Same as b in a: mind the order."},
    {"concat", "($module, a, b, /)", operator_concat, "Same as a + b, of sequences."},
    {"iconcat", "($module, a, b, /)", operator_iconcat, "The new a of a += b, of sequences."},
    {"countOf", "($module, a, b, /)", operator_count_of, "How many items of a equal b."},
    {"indexOf", "($module, a, b, /)", operator_index_of, "Where the first item of a that equals b stands."},
    {"length_hint", "($module, obj, default=0, /)", operator_length_hint,
     "About how many items obj has: its length, else what its __length_hint__ says, else default."},
    {"call", "($module, obj, /, *args, **kwargs)", operator_call, "Same as obj(*args, **kwargs)."},
    {"_compare_digest", "($module, a, b, /)", operator_compare_digest,
     "Whether a equals b, found out in a time that depends on their lengths only. Both are bytes-like, or both str of "
     "ASCII characters."},
    {}};

Status initialize(Value module) {
  define_getter(itemgetter_type, "operator.itemgetter", itemgetter_new, itemgetter_call,
                "itemgetter(item, ...) --> itemgetter object\n\nitemgetter(i)(x) is x[i]; itemgetter(i, j)(x) is the "
                "tuple (x[i], x[j]).");
  define_getter(attrgetter_type, "operator.attrgetter", attrgetter_new, attrgetter_call,
                "attrgetter(attr, ...) --> attrgetter object\n\nattrgetter('a')(x) is x.a, attrgetter('a.b')(x) is "
                "x.a.b; with several names, the result is a tuple.");
  define_getter(methodcaller_type, "operator.methodcaller", methodcaller_new, methodcaller_call,
                "methodcaller(name, ...) --> methodcaller object\n\nmethodcaller('f', 1, k=2)(x) is x.f(1, k=2).");
  for (Type* t : {&itemgetter_type, &attrgetter_type, &methodcaller_type}) add_type(module, *t);
  return kOk;
}

}  // namespace

extern const ModuleDef operator_module;
const ModuleDef operator_module = {"_operator", "Python's operators as functions.", kFunctions, initialize};

}  // namespace hiss
