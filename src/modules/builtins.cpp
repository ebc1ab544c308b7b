// builtins: the functions. Types are added from types.def, exceptions from exceptions.def.
#include <vector>

#include "compile/compiler.h"
#include "modules/evaluation.h"
#include "object/bytes.h"
#include "object/class_builder.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/function.h"
#include "object/generator.h"
#include "object/iterator.h"
#include "object/protocol.h"
#include "vm/calls.h"
#include "vm/import.h"
#include "vm/runtime.h"

namespace hiss {

namespace {

Ref module_ref;

Ref builtin_abs(Value, const Value* a) { return absolute(a[0]); }
Ref builtin_len(Value, const Value* a) { return make_int(TRY(length(a[0]))); }
Ref builtin_repr(Value, const Value* a) { return repr(a[0]); }
Ref builtin_ascii(Value, const Value* a) { return ascii(a[0]); }
Ref builtin_hash(Value, const Value* a) { return make_int(TRY(hash(a[0]))); }
Ref builtin_id(Value, const Value* a) { return make_uint(a[0].bits()); }
Ref builtin_callable(Value, const Value* a) { return Ref::boolean(is_callable(a[0])); }
Ref builtin_isinstance(Value, const Value* a) { return Ref::boolean(TRY(is_instance(a[0], a[1]))); }
Ref builtin_issubclass(Value, const Value* a) {
  if (!is<Type>(a[0]) && type_of(a[0]) == &none_type) return fail(exc::TypeError, "issubclass() arg 1 must be a class");
  return Ref::boolean(TRY(is_subclass(a[0], a[1])));
}

Ref builtin_getattr(Value, const Value* a) {
  if (!is<Str>(a[1])) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(a[1]));
  if (!a[2]) return get_attr(a[0], intern(as<Str>(a[1])));
  Ref found = TRY(get_attr_or_empty(a[0], intern(as<Str>(a[1]))));
  return found.is_empty() ? Ref::share(a[2]) : found;
}
Ref builtin_hasattr(Value, const Value* a) {
  if (!is<Str>(a[1])) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(a[1]));
  return Ref::boolean(TRY(has_attr(a[0], intern(as<Str>(a[1])))));
}
Ref builtin_setattr(Value, const Value* a) {
  if (!is<Str>(a[1])) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(a[1]));
  TRY(set_attr(a[0], intern(as<Str>(a[1])), a[2]));
  return Ref::none();
}
Ref builtin_delattr(Value, const Value* a) {
  if (!is<Str>(a[1])) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(a[1]));
  TRY(set_attr(a[0], intern(as<Str>(a[1])), Value()));
  return Ref::none();
}

// ---- Iteration

Ref builtin_iter(Value, const Value* a) {
  if (!a[1]) return get_iter(a[0]);
  if (!is_callable(a[0])) return fail(exc::TypeError, "iter(v, w): v must be callable");
  return make_callable_iterator(a[0], a[1]);
}
Ref builtin_next(Value, const Value* a) {
  if (!type_of(a[0])->slots.next) return fail(exc::TypeError, "'{}' object is not an iterator", type_name(a[0]));
  Ref item = type_of(a[0])->slots.next(a[0]);  // next() itself would drop the value of a StopIteration
  if (item.is_error()) {
    if (a[1] && pending_is(exc::StopIteration)) {
      clear_pending();
      return Ref::share(a[1]);
    }
    return item;
  }
  if (!item.is_empty()) return item;
  if (a[1]) return Ref::share(a[1]);
  return fail_with(to_value(&exc::StopIteration));
}
Ref builtin_aiter(Value, const Value* a) {
  UnarySlot slot = type_of(a[0])->slots.aiter;
  if (!slot) return fail(exc::TypeError, "'{}' object is not an async iterable", type_name(a[0]));
  return slot(a[0]);
}
Ref builtin_anext(Value, const Value* a) {
  UnarySlot slot = type_of(a[0])->slots.anext;
  if (!slot) return fail(exc::TypeError, "'{}' object is not an async iterator", type_name(a[0]));
  Ref awaitable = TRY(slot(a[0]));
  return a[1] ? make_anext_awaitable(awaitable, a[1]) : awaitable;
}
Ref all_or_any(Value iterable, bool stop_at) {
  Ref iterator = TRY(get_iter(iterable));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return Ref::boolean(!stop_at);
    if (TRY(truth(item)) == stop_at) return Ref::boolean(stop_at);
  }
}
Ref builtin_all(Value, const Value* a) { return all_or_any(a[0], false); }
Ref builtin_any(Value, const Value* a) { return all_or_any(a[0], true); }

Ref builtin_sum(Value, const Value* a) {
  Ref total = a[1] ? Ref::share(a[1]) : make_int(0);
  if (is<Str>(total)) return fail(exc::TypeError, "sum() can't sum strings [use ''.join(seq) instead]");
  if (is<Bytes>(total)) return fail(exc::TypeError, "sum() can't sum bytes [use b''.join(seq) instead]");
  Ref iterator = TRY(get_iter(a[0]));
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return total;
    if (Value::both_integers(total, item)) {
      total = make_int(total.value().integer() + item.value().integer());
    } else {
      total = TRY(binary(BinaryOp::add, total, item));
    }
  }
}

// Whether `a` comes before `b` in the order `op` (Lt or Gt).
Result<bool> comes_before(Value a, Value b, CompareOp op) {
  if (Value::both_integers(a, b)) return op == CompareOp::Lt ? a.integer() < b.integer() : a.integer() > b.integer();
  if (a.is_number() && b.is_number()) return op == CompareOp::Lt ? a.number() < b.number() : a.number() > b.number();
  return compare_bool(a, b, op);
}

Ref extreme_of_arguments(Tuple* arguments, CompareOp op) {
  Value best = arguments->items[0];
  for (int64_t i = 1; i < arguments->size; ++i) {
    if (TRY(comes_before(arguments->items[i], best, op))) best = arguments->items[i];
  }
  return Ref::share(best);
}

Ref extreme(const Value* a, CompareOp op, const char* name) {
  auto* positional = as<Tuple>(a[0]);
  Value key = a[1] && !a[1].is_none() ? a[1] : Value();
  Value fallback = a[2];
  if (positional->size == 0) return fail(exc::TypeError, "{} expected at least 1 argument, got 0", name);
  if (positional->size > 1 && fallback)
    return fail(exc::TypeError, "Cannot specify a default for {}() with multiple positional arguments", name);
  if (positional->size > 1 && !key) return extreme_of_arguments(positional, op);
  Ref iterator = TRY(get_iter(positional->size > 1 ? to_value(positional) : positional->items[0]));
  Ref best, best_key;
  for (;;) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) break;
    Ref item_key = key ? TRY(call(key, {item})) : item;
    if (best.is_empty() || TRY(comes_before(item_key, best_key, op))) {
      best = item;
      best_key = item_key;
    }
  }
  if (!best.is_empty()) return best;
  if (fallback) return Ref::share(fallback);
  return fail(exc::ValueError, "{}() arg is an empty sequence", name);
}
Ref builtin_min(Value, const Value* a) { return extreme(a, CompareOp::Lt, "min"); }
Ref builtin_max(Value, const Value* a) { return extreme(a, CompareOp::Gt, "max"); }

Ref builtin_sorted(Value, const Value* a) {
  Ref list = TRY(to_list(a[0]));
  const bool reverse = a[2] ? TRY(truth(a[2])) : false;
  TRY(list_sort(as<List>(list), a[1] && !a[1].is_none() ? a[1] : Value(), reverse));
  return list;
}

// ---- Numbers and characters

Ref prefixed(Value v, int base, const char* prefix) {
  Ref number = TRY(index(v));
  std::string digits = TRY(int_to_text(number, base));
  const bool negative_number = digits[0] == '-';
  return make_str_ascii((negative_number ? "-" : "") + std::string(prefix) + digits.substr(negative_number));
}
Ref builtin_bin(Value, const Value* a) { return prefixed(a[0], 2, "0b"); }
Ref builtin_oct(Value, const Value* a) { return prefixed(a[0], 8, "0o"); }
Ref builtin_hex(Value, const Value* a) { return prefixed(a[0], 16, "0x"); }
Ref builtin_chr(Value, const Value* a) {
  Ref number = TRY(index(a[0]));
  const auto c = int_value(number);
  if (!c) return fail(exc::OverflowError, "Python int too large to convert to C int");
  if (*c < 0 || *c > 0x10FFFF) return fail(exc::ValueError, "chr() arg not in range(0x110000)");
  return make_char(static_cast<uint32_t>(*c));
}
Ref builtin_ord(Value, const Value* a) {
  if (is<Str>(a[0])) {
    if (as<Str>(a[0])->length == 1) return make_int(as<Str>(a[0])->at(0));
    return fail(exc::TypeError, "ord() expected a character, but string of length {} found", as<Str>(a[0])->length);
  }
  if (is<Bytes>(a[0]) || is<ByteArray>(a[0])) {
    const int64_t n = TRY(length(a[0]));
    if (n == 1) return get_item(a[0], Value::integer(0));
    return fail(exc::TypeError, "ord() expected a character, but string of length {} found", n);
  }
  return fail(exc::TypeError, "ord() expected string of length 1, but {} found", type_name(a[0]));
}
Ref builtin_divmod(Value, const Value* a) { return binary(BinaryOp::divmod, a[0], a[1]); }
Ref builtin_pow(Value, const Value* a) { return power(a[0], a[1], a[2] ? a[2] : Value::none()); }
Ref builtin_round(Value, const Value* a) {
  Ref method = TRY(lookup_special(a[0], names.__round__));
  if (method.is_empty()) return fail(exc::TypeError, "type {} doesn't define __round__ method", type_name(a[0]));
  if (!a[1] || a[1].is_none()) return call(method);
  return call(method, {a[1]});
}
Ref builtin_format(Value, const Value* a) {
  if (a[1] && !is<Str>(a[1])) return fail(exc::TypeError, "format() argument 2 must be str, not {}", type_name(a[1]));
  Ref empty = empty_str();
  return format(a[0], a[1] ? a[1] : empty.value());
}

// ---- Input and output

Ref sys_stream(Str* name) {
  Ref sys = TRY(import_module("sys"));
  Ref stream = TRY(get_attr_or_empty(sys, name));
  return stream;
}

Ref builtin_print(Value, const Value* a) {
  // (*args, sep=' ', end='\n', file=None, flush=False)
  auto* items = as<Tuple>(a[0]);
  Ref file = a[3] && !a[3].is_none() ? Ref::share(a[3]) : TRY(sys_stream(names.stdout));
  if (file.is_empty()) return fail(exc::RuntimeError, "lost sys.stdout");
  if (file.is_none()) return Ref::none();
  for (int i = 1; i <= 2; ++i) {
    if (a[i] && !a[i].is_none() && !is<Str>(a[i])) {
      return fail(exc::TypeError, "{} must be None or a string, not {}", i == 1 ? "sep" : "end", type_name(a[i]));
    }
  }
  Ref write = TRY(get_attr(file, names.write));
  for (int64_t i = 0; i < items->size; ++i) {
    if (i > 0) {
      Ref separator = a[1] && !a[1].is_none() ? Ref::share(a[1]) : make_char(' ');
      TRY(call(write, {separator}));
    }
    Ref text = TRY(str(items->items[i]));
    TRY(call(write, {text}));
  }
  Ref end = a[2] && !a[2].is_none() ? Ref::share(a[2]) : make_char('\n');
  TRY(call(write, {end}));
  if (a[4] && TRY(truth(a[4]))) TRY(call_method(file, names.flush));
  return Ref::none();
}

Ref builtin_input(Value, const Value* a) {
  Ref out = TRY(sys_stream(names.stdout));
  Ref in = TRY(sys_stream(names.stdin));
  if (in.is_empty() || in.is_none()) return fail(exc::RuntimeError, "input(): lost sys.stdin");
  if (out.is_empty() || out.is_none()) return fail(exc::RuntimeError, "input(): lost sys.stdout");
  if (a[0]) {
    Ref prompt = TRY(str(a[0]));
    TRY(call_method(out, names.write, {prompt}));
  }
  TRY(call_method(out, names.flush));
  Ref line = TRY(call_method(in, names.readline));
  if (!is<Str>(line)) return fail(exc::TypeError, "object.readline() returned non-string");
  auto* s = as<Str>(line);
  if (s->length == 0) return fail(exc::EOFError, "EOF when reading a line");
  return s->at(s->length - 1) == '\n' ? substring(s, 0, s->length - 1) : line;
}

// ---- Namespaces

Ref builtin_globals(Value, const Value*) {
  CallRecord* record = thread_state().record;
  return record->code ? Ref::share(record->globals()) : Ref::none();
}
Ref builtin_locals(Value, const Value*) {
  CallRecord* record = thread_state().record;
  if (!record->code) return fail(exc::SystemError, "frame does not exist");
  return record_locals(record);
}
Ref builtin_vars(Value, const Value* a) {
  if (!a[0]) return builtin_locals(Value(), a);
  Ref dict = TRY(get_attr_or_empty(a[0], names.__dict__));
  if (dict.is_empty()) return fail(exc::TypeError, "vars() argument must have __dict__ attribute");
  return dict;
}
Ref builtin_dir(Value, const Value* a) {
  Ref list;
  if (!a[0]) {
    Ref locals = TRY(builtin_locals(Value(), a));
    Ref keys = TRY(call_method(locals, names.keys));
    list = TRY(to_list(keys));
  } else {
    Ref method = TRY(lookup_special(a[0], names.__dir__));
    if (method.is_empty()) return fail(exc::TypeError, "object does not provide __dir__");
    Ref result = TRY(call(method));
    list = TRY(to_list(result));
  }
  TRY(list_sort(as<List>(list), Value(), false));
  return list;
}

// ---- Classes

Ref builtin_build_class(Value, const Value* a) {
  // (func, name, /, *bases, metaclass=..., **kwds): the class statement.
  auto* positional = as<Tuple>(a[0]);
  auto* keywords = as<Dict>(a[1]);
  if (positional->size < 2) return fail(exc::TypeError, "__build_class__: not enough arguments");
  Value function = positional->items[0], name = positional->items[1];
  if (!is<Function>(function)) return fail(exc::TypeError, "__build_class__: func must be a function");
  if (!is<Str>(name)) return fail(exc::TypeError, "__build_class__: name is not a string");
  Ref original_bases = make_tuple(positional->items + 2, positional->size - 2);
  // __mro_entries__ (PEP 560): bases that are no classes say which classes they stand for.
  Ref bases = original_bases;
  bool replaced = false;
  std::vector<Ref> entries;
  for (Value b : *as<Tuple>(original_bases)) {
    if (is<Type>(b)) {
      entries.push_back(Ref::share(b));
      continue;
    }
    Ref method = TRY(get_attr_or_empty(b, names.__mro_entries__));
    if (method.is_empty()) {
      entries.push_back(Ref::share(b));
      continue;
    }
    Ref substitutes = TRY(call(method, {original_bases}));
    if (!is<Tuple>(substitutes)) return fail(exc::TypeError, "__mro_entries__ must return a tuple");
    for (Value s : *as<Tuple>(substitutes)) entries.push_back(Ref::share(s));
    replaced = true;
  }
  if (replaced) {
    std::vector<Value> values(entries.begin(), entries.end());
    bases = make_tuple(values.data(), static_cast<int64_t>(values.size()));
  }
  Ref metaclass = TRY(dict_pop(keywords, to_value(names.metaclass)));
  if (metaclass.is_empty())
    metaclass = as<Tuple>(bases)->size ? Ref::share(type_of(as<Tuple>(bases)->items[0])) : Ref::share(&type_type);
  if (is<Type>(metaclass)) metaclass = Ref::share(TRY(calculate_metaclass(as<Type>(metaclass), as<Tuple>(bases))));
  Ref prepare = TRY(get_attr_or_empty(metaclass, names.__prepare__));
  Ref prepare_args = make_tuple({name, bases});
  Ref space = prepare.is_empty() ? make_dict() : TRY(call_with(prepare, as<Tuple>(prepare_args), keywords));
  if (!type_of(space)->slots.getitem || !type_of(space)->slots.setitem) {
    const std::string meta_name = is<Type>(metaclass) ? std::string(type_name(as<Type>(metaclass))) : "<metaclass>";
    return fail(exc::TypeError, "{}.__prepare__() must return a mapping, not {}", meta_name, type_name(space));
  }
  Ref cell = TRY(run_function_in(as<Function>(function), space));
  if (replaced) TRY(set_item(space, to_value(names.__orig_bases__), original_bases));
  Ref class_args = make_tuple({name, bases, space});
  Ref cls = TRY(call_with(metaclass, as<Tuple>(class_args), keywords));
  if (is<Type>(cls) && is<Cell>(cell)) {
    Value content = as<Cell>(cell)->content;
    if (!content) {
      return fail(exc::RuntimeError,
                  "__class__ not set defining {} as {}. Was __classcell__ propagated to type.__new__?", repr_text(name),
                  repr_text(cls));
    }
    if (content != cls.value()) {
      return fail(exc::TypeError, "__class__ set to {} defining {} as {}", repr_text(content), repr_text(name),
                  repr_text(cls));
    }
  }
  return cls;
}

Ref builtin_import(Value, const Value* a) {
  // (name, globals=None, locals=None, fromlist=(), level=0)
  if (!is<Str>(a[0])) return fail(exc::TypeError, "module name must be a string");
  const int64_t level = a[4] ? TRY(to_int64(a[4])) : 0;
  return import_module_level(intern(as<Str>(a[0])), a[1] ? a[1] : Value::none(), a[3] ? a[3] : Value::none(),
                             static_cast<int>(level));
}

Ref builtin_breakpoint(Value, const Value* a) {
  Ref sys = TRY(import_module("sys"));
  Ref hook = TRY(get_attr_or_empty(sys, intern("breakpointhook")));
  if (hook.is_empty()) return fail(exc::RuntimeError, "lost sys.breakpointhook");
  return call_with(hook, as<Tuple>(a[0]), as<Dict>(a[1]));
}

Ref builtin_open(Value, const Value* a) {
  Ref io = TRY(import_module("io"));
  Ref function = TRY(get_attr(io, names.open));
  return call_with(function, as<Tuple>(a[0]), as<Dict>(a[1]));
}

const NativeDef kFunctions[] = {
    {"abs", "($module, x, /)", builtin_abs, "The absolute value of x, from x.__abs__()."},
    {"aiter", "($module, async_iterable, /)", builtin_aiter,
     "Call __aiter__() on async_iterable and return the asynchronous iterator it gives."},
    {"all", "($module, iterable, /)", builtin_all,
     "False as soon as one item of iterable is false, else True (also if there are no items)."},
    {"anext", "($module, aiterator, default=None, /)", builtin_anext,
     "An awaitable for what aiterator yields next; default, if given, replaces StopAsyncIteration."},
    {"any", "($module, iterable, /)", builtin_any,
     "True as soon as one item of iterable is true, else False (also if there are no items)."},
    {"ascii", "($module, obj, /)", builtin_ascii,
     "As repr(), but with \\x, \\u and \\U escapes for every character outside ASCII."},
    {"bin", "($module, number, /)", builtin_bin, "The binary digits of number as a string that starts with 0b."},
    {"breakpoint", "($module, /, *args, **kws)", builtin_breakpoint, "Call sys.breakpointhook(*args, **kws)."},
    {"callable", "($module, obj, /)", builtin_callable,
     "Whether obj can be called, as functions, classes and instances with __call__ can."},
    {"chr", "($module, i, /)", builtin_chr,
     "The string of the one character whose code point is i, from 0 to 0x10ffff."},
    {"compile",
     "($module, /, source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
     builtin_compile, "Turn source text or a syntax tree into a code object; mode is 'exec', 'eval' or 'single'."},
    {"delattr", "($module, obj, name, /)", builtin_delattr,
     "Remove an attribute: delattr(x, 'y') does what del x.y does."},
    {"dir", "($module, object=None, /)", builtin_dir,
     "A sorted list of the names of object's attributes, or of the local names if called without it."},
    {"divmod", "($module, x, y, /)", builtin_divmod,
     "The quotient and the remainder of x by y, as the tuple (x//y, x%y)."},
    {"eval", "($module, source, globals=None, locals=None, /)", builtin_eval,
     "Compute an expression, given as text or code object, and return its value. The current scope stands in for "
     "missing globals and locals."},
    {"exec", "($module, source, globals=None, locals=None, /, *, closure=None)", builtin_exec,
     "Run statements, given as text or code object; returns None. The current scope stands in for missing globals and "
     "locals."},
    {"format", "($module, value, format_spec='', /)", builtin_format,
     "Have value.__format__ write value as format_spec asks; without one, mostly as str(value) does."},
    {"getattr", "($module, object, name, default=None, /)", builtin_getattr,
     "Fetch an attribute: getattr(x, 'y') is x.y. With default, that is returned where AttributeError would be "
     "raised."},
    {"globals", "($module, /)", builtin_globals,
     "The namespace of the running code's module, as a dict that can be changed."},
    {"hasattr", "($module, obj, name, /)", builtin_hasattr,
     "True if getattr(obj, name) works, False if it raises AttributeError."},
    {"hash", "($module, obj, /)", builtin_hash,
     "An integer that is equal for equal objects, or TypeError for an unhashable object."},
    {"hex", "($module, number, /)", builtin_hex, "The hexadecimal digits of number as a string that starts with 0x."},
    {"id", "($module, obj, /)", builtin_id, "An integer that no other object has while obj lives."},
    {"input", "($module, prompt='', /)", builtin_input,
     "Write prompt, then read a line and return it without its line feed. EOFError if the input has ended."},
    {"isinstance", "($module, obj, class_or_tuple, /)", builtin_isinstance,
     "True if the type of obj is class_or_tuple, or one of its classes, or derived from it."},
    {"issubclass", "($module, cls, class_or_tuple, /)", builtin_issubclass,
     "True if cls is class_or_tuple, or one of its classes, or derived from it."},
    {"iter", "($module, object, sentinel=None, /)", builtin_iter,
     "An iterator over object. With sentinel, object is called for each item until it returns sentinel."},
    {"len", "($module, obj, /)", builtin_len, "How many items obj has, from obj.__len__()."},
    {"locals", "($module, /)", builtin_locals, "The local variables by name; at module level, the same as globals()."},
    {"max", "($module, /, *args, key=None, default=None)", builtin_max,
     "The largest of the arguments, or of the items of a single iterable. key maps an item to what is compared; "
     "default is for an empty iterable."},
    {"min", "($module, /, *args, key=None, default=None)", builtin_min,
     "The smallest of the arguments, or of the items of a single iterable. key maps an item to what is compared; "
     "default is for an empty iterable."},
    {"next", "($module, iterator, default=None, /)", builtin_next,
     "Advance iterator and return what it yields; once it is exhausted, return default, or raise StopIteration without "
     "one."},
    {"oct", "($module, number, /)", builtin_oct, "The octal digits of number as a string that starts with 0o."},
    {"open", "($module, /, *args, **kwargs)", builtin_open,
     "Open a file by path or descriptor: in text mode by default, as bytes if mode has a b. Failure raises OSError."},
    {"ord", "($module, c, /)", builtin_ord, "The code point of the only character (or byte) of c."},
    {"pow", "($module, /, base, exp, mod=None)", builtin_pow,
     "base to the power exp; with mod, that power modulo mod, found without computing the whole power."},
    {"print", "($module, *args, sep=' ', end='\\n', file=None, flush=False)", builtin_print,
     "Write the values as text to file (default: sys.stdout), separated by sep and followed by end."},
    {"repr", "($module, obj, /)", builtin_repr, "A text that shows obj to a programmer, from type(obj).__repr__()."},
    {"round", "($module, /, number, ndigits=None)", builtin_round,
     "The nearest number with ndigits decimals, ties going to the even digit; an int if ndigits is left out or None."},
    {"setattr", "($module, obj, name, value, /)", builtin_setattr,
     "Set an attribute: setattr(x, 'y', v) does what x.y = v does."},
    {"sorted", "($module, iterable, /, *, key=None, reverse=False)", builtin_sorted,
     "A list of the items of iterable in increasing order of key(item), or decreasing with reverse; equal items keep "
     "their order."},
    {"sum", "($module, iterable, /, start=0)", builtin_sum, "Add the items of iterable to start, from left to right."},
    {"vars", "($module, object=None, /)", builtin_vars, "The __dict__ of object, or locals() if called without it."},
    {"__build_class__", "($module, /, *args, **kwds)", builtin_build_class,
     "What a class statement calls to make its class."},
    {"__import__", "($module, /, name, globals=None, locals=None, fromlist=(), level=0)", builtin_import,
     "What an import statement calls. Programs should call importlib.import_module()."},
    {}};

Status add_types(Value module) {
  Dict* dict = module_dict(module);
  Type* const types[] = {
      &object_type,    &type_type,      &int_type,          &bool_type,        &float_type,    &complex_type, &str_type,
      &bytes_type,     &bytearray_type, &memoryview_type,   &tuple_type,       &list_type,     &dict_type,    &set_type,
      &frozenset_type, &slice_type,     &range_type,        &enumerate_type,   &reversed_type, &zip_type,     &map_type,
      &filter_type,    &property_type,  &staticmethod_type, &classmethod_type, &super_type};
  for (Type* t : types) dict_set(dict, as<Str>(t->name), to_value(t));
#define EXCEPTION(name, base, doc) dict_set(dict, intern(#name), to_value(&exc::name));
#include "object/exceptions.def"
#undef EXCEPTION
  dict_set(dict, intern("EnvironmentError"), to_value(&exc::OSError));
  dict_set(dict, intern("IOError"), to_value(&exc::OSError));
  dict_set(dict, intern("None"), Value::none());
  dict_set(dict, intern("True"), Value::boolean(true));
  dict_set(dict, intern("False"), Value::boolean(false));
  dict_set(dict, intern("Ellipsis"), Value::ellipsis());
  dict_set(dict, intern("NotImplemented"), Value::not_implemented());
  dict_set(dict, names.__debug__, Value::boolean(runtime_options().optimize == 0));
  return kOk;
}

}  // namespace

extern const ModuleDef builtins_module;
const ModuleDef builtins_module = {"builtins", "The names that every module can use without an import.", kFunctions,
                                   add_types};

Status initialize_builtins() {
  module_ref = TRY(make_native_module(builtins_module));
  return kOk;
}

Ref import_builtins() { return module_ref; }
Value get_builtin_module() { return module_ref; }
Dict* builtins_dict() { return module_dict(module_ref); }
Ref get_builtin(const char* name) {
  Value found = dict_get(builtins_dict(), intern(name));
  if (!found) return fail(exc::NameError, "name '{}' is not defined", name);
  return Ref::share(found);
}
bool is_default_import(Value function) {
  return is<NativeFunction>(function) && as<NativeFunction>(function)->def->code == builtin_import;
}

}  // namespace hiss
