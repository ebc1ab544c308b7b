// itertools. Every iterator is one struct of a few values and counters; its type says what they mean.
#include <vector>

#include "memory/collector.h"
#include "object/function.h"
#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

namespace {

struct Iteration : Object {
  Value v[5];
  int64_t n[4];
};

Iteration* it(Value self) { return static_cast<Iteration*>(self.object()); }

void iteration_dealloc(Object* o) {
  untrack(o);
  for (Value& v : static_cast<Iteration*>(o)->v) clear_field(v);
  free_object(o);
}
void iteration_traverse(Object* o, Visitor& visit) {
  for (Value v : static_cast<Iteration*>(o)->v) visit(v);
}
void iteration_clear(Object* o) {
  for (Value& v : static_cast<Iteration*>(o)->v) clear_field(v);
}

void put(Value& slot, Value value) {
  Value old = slot;
  retain(value);
  slot = value;
  release(old);
}

Iteration* make_iteration(Type* cls) {
  auto* o = static_cast<Iteration*>(allocate(cls));
  track(o);
  return o;
}

// Sets v[0] to an iterator over `iterable`.
Ref over(Type* cls, Value iterable, Value second = Value()) {
  Ref iterator = TRY(get_iter(iterable));
  Iteration* o = make_iteration(cls);
  o->v[0] = iterator.release();
  put(o->v[1], second);
  return Ref::steal(o);
}

Status no_keywords(Type* cls, const Args& args, uint32_t low, uint32_t high) {
  if (args.keyword_count()) return fail(exc::TypeError, "{}() takes no keyword arguments", type_name(cls));
  if (args.count < low)
    return fail(exc::TypeError, "{} expected at least {} argument{}, got {}", type_name(cls), low, low == 1 ? "" : "s",
                args.count);
  if (args.count > high)
    return fail(exc::TypeError, "{} expected at most {} argument{}, got {}", type_name(cls), high, high == 1 ? "" : "s",
                args.count);
  return kOk;
}

Ref tuple_of(const std::vector<Ref>& items) {
  std::vector<Value> values(items.begin(), items.end());
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}

// ---- count, cycle, repeat

Ref count_new(Type* cls, const Args& args) {
  Arguments a("count", "(start=0, step=1)");
  TRY(a.bind(args));
  Iteration* o = make_iteration(cls);
  Ref hold = Ref::steal(o);
  put(o->v[0], a[0] ? a[0] : Value::integer(0));
  put(o->v[1], a[1] ? a[1] : Value::integer(1));
  for (int i = 0; i < 2; ++i) {
    if (!type_of(o->v[i])->slots.add && !is_int(o->v[i]) && !is_float(o->v[i]))
      return fail(exc::TypeError, "a number is required");
  }
  return hold;
}
Ref count_next(Value self) {
  Iteration* o = it(self);
  Ref current = Ref::share(o->v[0]);
  Ref following = TRY(binary(BinaryOp::add, o->v[0], o->v[1]));
  put(o->v[0], following);
  return current;
}
Ref count_repr(Value self) {
  if (it(self)->v[1] == Value::integer(1)) return make_str(fmt::format("count({})", repr_text(it(self)->v[0])));
  return make_str(fmt::format("count({}, {})", repr_text(it(self)->v[0]), repr_text(it(self)->v[1])));
}
Ref count_reduce(Value self, const Value*) {
  Ref args = make_tuple({it(self)->v[0], it(self)->v[1]});
  return make_tuple({to_value(type_of(self)), args});
}

Ref cycle_new(Type* cls, const Args& args) {
  TRY(no_keywords(cls, args, 1, 1));
  Ref o = TRY(over(cls, args[0]));
  it(o)->v[1] = make_list().release();
  return o;
}
Ref cycle_next(Value self) {
  Iteration* o = it(self);
  if (o->v[0]) {
    Ref item = TRY(next(o->v[0]));
    if (!item.is_empty()) {
      list_append(as<List>(o->v[1]), item);
      return item;
    }
    clear_field(o->v[0]);
  }
  auto* saved = as<List>(o->v[1]);
  if (saved->size == 0) return Ref::empty();
  if (o->n[0] >= saved->size) o->n[0] = 0;
  return Ref::share(saved->items[o->n[0]++]);
}

Ref repeat_new(Type* cls, const Args& args) {
  Arguments a("repeat", "(object, times=None)");
  TRY(a.bind(args));
  const int64_t times = a[1] ? TRY(to_index(a[1])) : -1;
  Iteration* o = make_iteration(cls);
  put(o->v[0], a[0]);
  o->n[0] = a[1] && times < 0 ? 0 : times;
  return Ref::steal(o);
}
Ref repeat_next(Value self) {
  Iteration* o = it(self);
  if (o->n[0] == 0) return Ref::empty();
  if (o->n[0] > 0) --o->n[0];
  return Ref::share(o->v[0]);
}
Ref repeat_repr(Value self) {
  if (it(self)->n[0] < 0) return make_str(fmt::format("repeat({})", repr_text(it(self)->v[0])));
  return make_str(fmt::format("repeat({}, {})", repr_text(it(self)->v[0]), it(self)->n[0]));
}
Ref repeat_length_hint(Value self, const Value*) {
  if (it(self)->n[0] < 0) return fail(exc::TypeError, "len() of unsized object");
  return make_int(it(self)->n[0]);
}

// ---- accumulate, chain, compress, dropwhile, takewhile, filterfalse, starmap, pairwise

Ref accumulate_new(Type* cls, const Args& args) {
  Arguments a("accumulate", "(iterable, func=None, *, initial=None)");
  TRY(a.bind(args));
  Ref o = TRY(over(cls, a[0], a[1] && !a[1].is_none() ? a[1] : Value()));
  if (a[2] && !a[2].is_none()) put(it(o)->v[2], a[2]);
  return o;
}
Ref accumulate_next(Value self) {
  Iteration* o = it(self);
  if (o->v[2]) {
    put(o->v[3], o->v[2]);
    clear_field(o->v[2]);
    return Ref::share(o->v[3]);
  }
  Ref item = TRY(next(o->v[0]));
  if (item.is_empty()) return item;
  if (!o->v[3]) {
    put(o->v[3], item);
    return item;
  }
  Ref total = o->v[1] ? TRY(call(o->v[1], {o->v[3], item})) : TRY(binary(BinaryOp::add, o->v[3], item));
  put(o->v[3], total);
  return total;
}

Ref chain_new(Type* cls, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "{}() takes no keyword arguments", type_name(cls));
  Ref all = make_tuple(args.values, args.count);
  return over(cls, all);
}
Ref chain_from_iterable(Value cls, const Value* a) { return over(as<Type>(cls), a[0]); }
Ref chain_next(Value self) {
  Iteration* o = it(self);
  for (;;) {
    if (!o->v[0]) return Ref::empty();
    if (!o->v[1]) {
      Ref iterable = next(o->v[0]);
      if (iterable.is_empty() || iterable.is_error()) {
        clear_field(o->v[0]);
        return iterable;
      }
      Ref inner = TRY(get_iter(iterable));
      put(o->v[1], inner);
    }
    Ref item = TRY(next(o->v[1]));
    if (!item.is_empty()) return item;
    clear_field(o->v[1]);
  }
}

Ref compress_new(Type* cls, const Args& args) {
  Arguments a("compress", "(data, selectors)");
  TRY(a.bind(args));
  Ref selectors = TRY(get_iter(a[1]));
  return over(cls, a[0], selectors);
}
Ref compress_next(Value self) {
  for (;;) {
    Ref item = TRY(next(it(self)->v[0]));
    if (item.is_empty()) return item;
    Ref selector = TRY(next(it(self)->v[1]));
    if (selector.is_empty()) return selector;
    if (TRY(truth(selector))) return item;
  }
}

// (predicate, iterable)
Ref predicate_new(Type* cls, const Args& args) {
  TRY(no_keywords(cls, args, 2, 2));
  return over(cls, args[1], args[0]);
}
Ref dropwhile_next(Value self) {
  Iteration* o = it(self);
  for (;;) {
    Ref item = TRY(next(o->v[0]));
    if (item.is_empty() || o->n[0]) return item;
    Ref drop = TRY(call(o->v[1], {item}));
    if (!TRY(truth(drop))) {
      o->n[0] = 1;
      return item;
    }
  }
}
Ref takewhile_next(Value self) {
  Iteration* o = it(self);
  if (o->n[0]) return Ref::empty();
  Ref item = TRY(next(o->v[0]));
  if (item.is_empty()) return item;
  Ref take = TRY(call(o->v[1], {item}));
  if (TRY(truth(take))) return item;
  o->n[0] = 1;
  return Ref::empty();
}
Ref filterfalse_next(Value self) {
  Iteration* o = it(self);
  for (;;) {
    Ref item = TRY(next(o->v[0]));
    if (item.is_empty()) return item;
    Ref good = o->v[1].is_none() || o->v[1] == to_value(&bool_type) ? Ref(item) : TRY(call(o->v[1], {item}));
    if (!TRY(truth(good))) return item;
  }
}
Ref starmap_next(Value self) {
  Ref item = TRY(next(it(self)->v[0]));
  if (item.is_empty()) return item;
  Ref args = TRY(to_tuple(item));
  return call_with(it(self)->v[1], as<Tuple>(args), nullptr);
}

Ref pairwise_new(Type* cls, const Args& args) {
  TRY(no_keywords(cls, args, 1, 1));
  return over(cls, args[0]);
}
Ref pairwise_next(Value self) {
  Iteration* o = it(self);
  if (!o->v[1]) {
    Ref first = TRY(next(o->v[0]));
    if (first.is_empty()) return first;
    put(o->v[1], first);
  }
  Ref item = TRY(next(o->v[0]));
  if (item.is_empty()) return item;
  Ref pair = make_tuple({o->v[1], item});
  put(o->v[1], item);
  return pair;
}

// ---- islice: n[0] next index wanted, n[1] stop or -1, n[2] step, n[3] items taken

Ref islice_new(Type* cls, const Args& args) {
  TRY(no_keywords(cls, args, 2, 4));
  int64_t start = 0, stop = -1, step = 1;
  auto number = [&](Value v, const char* message) -> Result<int64_t> {
    Result<int64_t> n = to_index(v);
    if (n.is_error() || n.value() < 0) {
      if (n.is_error()) clear_pending();
      return fail(exc::ValueError, "{}", message);
    }
    return n;
  };
  const char* indices = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
  if (args.count == 2) {
    if (!args[1].is_none())
      stop = TRY(number(args[1], "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize."));
  } else {
    if (!args[1].is_none()) start = TRY(number(args[1], indices));
    if (!args[2].is_none())
      stop = TRY(number(args[2], "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize."));
    if (args.count == 4 && !args[3].is_none()) {
      step = TRY(number(args[3], "Step for islice() must be a positive integer or None."));
      if (step == 0) return fail(exc::ValueError, "Step for islice() must be a positive integer or None.");
    }
  }
  Ref o = TRY(over(cls, args[0]));
  it(o)->n[0] = start;
  it(o)->n[1] = stop;
  it(o)->n[2] = step;
  return o;
}
Ref islice_next(Value self) {
  Iteration* o = it(self);
  if (!o->v[0]) return Ref::empty();
  const int64_t stop = o->n[1];
  const int64_t wanted = stop >= 0 && o->n[0] > stop ? stop : o->n[0];
  while (o->n[3] < wanted) {
    Ref skipped = TRY(next(o->v[0]));
    if (skipped.is_empty()) {
      clear_field(o->v[0]);
      return skipped;
    }
    ++o->n[3];
  }
  if (stop >= 0 && o->n[3] >= stop) {
    clear_field(o->v[0]);
    return Ref::empty();
  }
  Ref item = TRY(next(o->v[0]));
  if (item.is_empty()) {
    clear_field(o->v[0]);
    return item;
  }
  ++o->n[3];
  o->n[0] += o->n[2];
  return item;
}

// ---- zip_longest: v[0] list of iterators (None: exhausted), v[1] fill value, n[0] how many are left

Ref zip_longest_new(Type* cls, const Args& args) {
  Value fill = Value::none();
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    if (!equal(args.keyword_name(k), "fillvalue"))
      return fail(exc::TypeError, "zip_longest() got an unexpected keyword argument");
    fill = args.keyword_value(k);
  }
  Ref list = make_list();
  for (uint32_t i = 0; i < args.count; ++i) list_append(as<List>(list), TRY(get_iter(args[i])));
  Iteration* o = make_iteration(cls);
  o->v[0] = list.release();
  put(o->v[1], fill);
  o->n[0] = args.count;
  return Ref::steal(o);
}
Ref zip_longest_next(Value self) {
  Iteration* o = it(self);
  if (o->n[0] == 0) return Ref::empty();
  auto* iterators = as<List>(o->v[0]);
  std::vector<Ref> items;
  for (int64_t i = 0; i < iterators->size; ++i) {
    if (iterators->items[i].is_none()) {
      items.push_back(Ref::share(o->v[1]));
      continue;
    }
    Ref item = next(iterators->items[i]);
    if (item.is_error()) {
      o->n[0] = 0;
      return item;
    }
    if (item.is_empty()) {
      if (--o->n[0] == 0) return item;
      put(iterators->items[i], Value::none());
      item = Ref::share(o->v[1]);
    }
    items.push_back(std::move(item));
  }
  return tuple_of(items);
}

// ---- Combinatorics: v[0] pool(s) (tuple), v[1] list of index ints, v[2] cycles (permutations), n[0] r, n[1] state (0
// start, 1 going, 2 done)

int64_t index_at(Value list, int64_t i) { return as<List>(list)->items[i].integer(); }
void set_index(Value list, int64_t i, int64_t value) { as<List>(list)->items[i] = Value::integer(value); }
Ref index_list(int64_t n) {
  Ref list = make_list(n);
  for (int64_t i = 0; i < n; ++i) list_append(as<List>(list), Value::integer(i));
  return list;
}
Ref select(Value pool, Value indices, int64_t r) {
  std::vector<Value> items;
  for (int64_t i = 0; i < r; ++i) items.push_back(as<Tuple>(pool)->items[index_at(indices, i)]);
  return make_tuple(items.data(), r);
}

Ref product_new(Type* cls, const Args& args) {
  int64_t repeat = 1;
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    if (!equal(args.keyword_name(k), "repeat"))
      return fail(exc::TypeError, "product() got an unexpected keyword argument '{}'", to_string(args.keyword_name(k)));
    repeat = TRY(to_index(args.keyword_value(k)));
    if (repeat < 0) return fail(exc::ValueError, "repeat argument cannot be negative");
  }
  std::vector<Ref> pools;
  std::vector<Ref> once;
  for (uint32_t i = 0; i < args.count; ++i) once.push_back(TRY(to_tuple(args[i])));
  if (!once.empty() && repeat > INT32_MAX / static_cast<int64_t>(once.size()))
    return fail(exc::OverflowError, "repeat argument too large");
  if (!once.empty()) {
    for (int64_t k = 0; k < repeat; ++k) pools.insert(pools.end(), once.begin(), once.end());
  }
  Iteration* o = make_iteration(cls);
  o->v[0] = tuple_of(pools).release();
  Ref indices = make_list();
  for (size_t i = 0; i < pools.size(); ++i) list_append(as<List>(indices), Value::integer(0));
  o->v[1] = indices.release();
  return Ref::steal(o);
}
Ref product_next(Value self) {
  Iteration* o = it(self);
  auto* pools = as<Tuple>(o->v[0]);
  if (o->n[1] == 2) return Ref::empty();
  if (o->n[1] == 0) {
    o->n[1] = 1;
    for (Value p : *pools) {
      if (as<Tuple>(p)->size == 0) {
        o->n[1] = 2;
        return Ref::empty();
      }
    }
  } else {
    int64_t i = pools->size - 1;
    for (; i >= 0; --i) {
      const int64_t index = index_at(o->v[1], i) + 1;
      if (index < as<Tuple>(pools->items[i])->size) {
        set_index(o->v[1], i, index);
        break;
      }
      set_index(o->v[1], i, 0);
    }
    if (i < 0) {
      o->n[1] = 2;
      return Ref::empty();
    }
  }
  std::vector<Value> items;
  for (int64_t i = 0; i < pools->size; ++i) items.push_back(as<Tuple>(pools->items[i])->items[index_at(o->v[1], i)]);
  return make_tuple(items.data(), pools->size);
}

Ref combinatoric_new(Type* cls, const Args& args, const char* signature, bool optional_r, bool replacement) {
  Arguments a(type_name(cls).data(), signature);
  TRY(a.bind(args));
  Ref pool = TRY(to_tuple(a[0]));
  const int64_t n = as<Tuple>(pool)->size;
  int64_t r = n;
  if (a[1] && !(optional_r && a[1].is_none())) {
    if (optional_r && !is_int(a[1])) return fail(exc::TypeError, "Expected int as r");
    r = TRY(to_index(a[1]));
  }
  if (r < 0) return fail(exc::ValueError, "r must be non-negative");
  Iteration* o = make_iteration(cls);
  o->v[0] = pool.release();
  o->n[0] = r;
  if (replacement) {
    Ref zeros = make_list();
    for (int64_t i = 0; i < r; ++i) list_append(as<List>(zeros), Value::integer(0));
    o->v[1] = zeros.release();
    if (n == 0 && r > 0) o->n[1] = 2;
  } else {
    o->v[1] = index_list(optional_r ? n : r).release();
    if (r > n) o->n[1] = 2;
  }
  if (optional_r && r <= n) {
    Ref cycles = make_list();
    for (int64_t i = 0; i < r; ++i) list_append(as<List>(cycles), Value::integer(n - i));
    o->v[2] = cycles.release();
  }
  return Ref::steal(o);
}
Ref combinations_new(Type* cls, const Args& args) { return combinatoric_new(cls, args, "(iterable, r)", false, false); }
Ref replacement_new(Type* cls, const Args& args) { return combinatoric_new(cls, args, "(iterable,  r)", false, true); }
Ref permutations_new(Type* cls, const Args& args) {
  return combinatoric_new(cls, args, "(iterable, r=None)", true, false);
}

Ref combinations_next(Value self) {
  Iteration* o = it(self);
  const int64_t n = as<Tuple>(o->v[0])->size, r = o->n[0];
  if (o->n[1] == 2) return Ref::empty();
  if (o->n[1] == 1) {
    int64_t i = r - 1;
    while (i >= 0 && index_at(o->v[1], i) == i + n - r) --i;
    if (i < 0) {
      o->n[1] = 2;
      return Ref::empty();
    }
    int64_t value = index_at(o->v[1], i) + 1;
    for (; i < r; ++i) set_index(o->v[1], i, value++);
  }
  o->n[1] = 1;
  return select(o->v[0], o->v[1], r);
}
Ref replacement_next(Value self) {
  Iteration* o = it(self);
  const int64_t n = as<Tuple>(o->v[0])->size, r = o->n[0];
  if (o->n[1] == 2) return Ref::empty();
  if (o->n[1] == 1) {
    int64_t i = r - 1;
    while (i >= 0 && index_at(o->v[1], i) == n - 1) --i;
    if (i < 0) {
      o->n[1] = 2;
      return Ref::empty();
    }
    const int64_t value = index_at(o->v[1], i) + 1;
    for (; i < r; ++i) set_index(o->v[1], i, value);
  }
  o->n[1] = 1;
  return select(o->v[0], o->v[1], r);
}
Ref permutations_next(Value self) {
  Iteration* o = it(self);
  const int64_t n = as<Tuple>(o->v[0])->size, r = o->n[0];
  if (o->n[1] == 2) return Ref::empty();
  if (o->n[1] == 1) {
    int64_t i = r - 1;
    for (; i >= 0; --i) {
      const int64_t left = index_at(o->v[2], i) - 1;
      if (left == 0) {
        const int64_t first = index_at(o->v[1], i);
        for (int64_t j = i; j + 1 < n; ++j) set_index(o->v[1], j, index_at(o->v[1], j + 1));
        set_index(o->v[1], n - 1, first);
        set_index(o->v[2], i, n - i);
      } else {
        set_index(o->v[2], i, left);
        const int64_t x = index_at(o->v[1], i), y = index_at(o->v[1], n - left);
        set_index(o->v[1], i, y);
        set_index(o->v[1], n - left, x);
        break;
      }
    }
    if (i < 0) {
      o->n[1] = 2;
      return Ref::empty();
    }
  }
  o->n[1] = 1;
  return select(o->v[0], o->v[1], r);
}

// ---- groupby: v[0] iterator, v[1] key function, v[2] current value, v[3] current key, v[4] target key; n[0] group
// number
Type grouper_type;

Ref groupby_new(Type* cls, const Args& args) {
  Arguments a("groupby", "(iterable, key=None)");
  TRY(a.bind(args));
  return over(cls, a[0], a[1] ? a[1] : Value::none());
}
Result<bool> groupby_step(Iteration* o) {
  Ref value = TRY(next(o->v[0]));
  if (value.is_empty()) return false;
  Ref key = o->v[1].is_none() ? Ref(value) : TRY(call(o->v[1], {value}));
  put(o->v[2], value);
  put(o->v[3], key);
  return true;
}
Ref groupby_next(Value self) {
  Iteration* o = it(self);
  ++o->n[0];
  for (;;) {
    if (o->v[3]) {
      if (!o->v[4]) break;
      if (!TRY(equal(o->v[4], o->v[3]))) break;
    }
    if (!TRY(groupby_step(o))) return Ref::empty();
  }
  put(o->v[4], o->v[3]);
  Iteration* group = make_iteration(&grouper_type);
  Ref hold = Ref::steal(group);
  put(group->v[0], self);
  put(group->v[1], o->v[4]);
  group->n[0] = o->n[0];
  return make_tuple({o->v[3], hold});
}
Ref grouper_next(Value self) {
  Iteration* g = it(self);
  Iteration* o = it(g->v[0]);
  if (o->n[0] != g->n[0]) return Ref::empty();
  if (!o->v[2]) {
    if (!TRY(groupby_step(o))) return Ref::empty();
  }
  if (!TRY(equal(g->v[1], o->v[3]))) return Ref::empty();
  Ref value = Ref::share(o->v[2]);
  clear_field(o->v[2]);
  return value;
}

// ---- tee: items come from a chain of cells (value, next cell); the last cell is filled on demand from the shared
// iterator. A cell is a list [value, next] or an empty list.
Type tee_type;

Ref tee_from(Value source, Value cell) {
  Iteration* o = make_iteration(&tee_type);
  put(o->v[0], source);
  put(o->v[1], cell);
  return Ref::steal(o);
}
Ref tee_new(Type*, const Args& args) {
  if (args.count != 1) return fail(exc::TypeError, "_tee expected 1 argument, got {}", args.count);
  Ref source = TRY(get_iter(args[0]));
  if (is_exact(source, tee_type)) return tee_from(it(source)->v[0], it(source)->v[1]);
  Ref cell = make_list();
  return tee_from(source, cell);
}
Ref tee_next(Value self) {
  Iteration* o = it(self);
  Ref cell = Ref::share(o->v[1]);
  auto* c = as<List>(cell);
  if (c->size == 0) {
    Ref item = TRY(next(o->v[0]));
    if (item.is_empty()) return item;
    if (c->size == 0) {
      list_append(c, item);
      Ref following = make_list();
      list_append(c, following);
    }
  }
  Ref item = Ref::share(c->items[0]);
  put(o->v[1], c->items[1]);
  return item;
}
Ref tee_copy(Value self, const Value*) { return tee_from(it(self)->v[0], it(self)->v[1]); }
Ref tee(Value, const Value* a) {
  const int64_t n = a[1] ? TRY(to_index(a[1])) : 2;
  if (n < 0) return fail(exc::ValueError, "n must be >= 0");
  std::vector<Ref> items;
  if (n > 0) {
    const Value arg[] = {a[0]};
    items.push_back(TRY(tee_new(&tee_type, Args{arg, 1})));
    for (int64_t i = 1; i < n; ++i) items.push_back(tee_copy(items[0], nullptr));
  }
  return tuple_of(items);
}

struct Definition {
  Type type;
  const char* name;
  NewSlot make;
  UnarySlot next;
  UnarySlot repr;
  const NativeDef* methods;
};

const NativeDef kChainMethods[] = {
    {"from_iterable", "($type, iterable, /)", chain_from_iterable,
     "chain.from_iterable(its) is chain(*its), except that its is not read ahead.", NativeDef::ClassMethod},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const NativeDef kCountMethods[] = {{"__reduce__", "($self, /)", count_reduce, nullptr}, {}};
const NativeDef kRepeatMethods[] = {{"__length_hint__", "($self, /)", repeat_length_hint, nullptr}, {}};
const NativeDef kTeeMethods[] = {{"__copy__", "($self, /)", tee_copy, "A second iterator at the same place."}, {}};

Definition definitions[] = {
    {{}, "itertools.count", count_new, count_next, count_repr, kCountMethods},
    {{}, "itertools.cycle", cycle_new, cycle_next, nullptr, nullptr},
    {{}, "itertools.repeat", repeat_new, repeat_next, repeat_repr, kRepeatMethods},
    {{}, "itertools.accumulate", accumulate_new, accumulate_next, nullptr, nullptr},
    {{}, "itertools.chain", chain_new, chain_next, nullptr, kChainMethods},
    {{}, "itertools.compress", compress_new, compress_next, nullptr, nullptr},
    {{}, "itertools.dropwhile", predicate_new, dropwhile_next, nullptr, nullptr},
    {{}, "itertools.takewhile", predicate_new, takewhile_next, nullptr, nullptr},
    {{}, "itertools.filterfalse", predicate_new, filterfalse_next, nullptr, nullptr},
    {{}, "itertools.starmap", predicate_new, starmap_next, nullptr, nullptr},
    {{}, "itertools.pairwise", pairwise_new, pairwise_next, nullptr, nullptr},
    {{}, "itertools.islice", islice_new, islice_next, nullptr, nullptr},
    {{}, "itertools.zip_longest", zip_longest_new, zip_longest_next, nullptr, nullptr},
    {{}, "itertools.product", product_new, product_next, nullptr, nullptr},
    {{}, "itertools.combinations", combinations_new, combinations_next, nullptr, nullptr},
    {{}, "itertools.combinations_with_replacement", replacement_new, replacement_next, nullptr, nullptr},
    {{}, "itertools.permutations", permutations_new, permutations_next, nullptr, nullptr},
    {{}, "itertools.groupby", groupby_new, groupby_next, nullptr, nullptr},
};

void define_iteration(Type& type, const char* name, NewSlot make, UnarySlot step, UnarySlot show,
                      const NativeDef* methods) {
  define_type(type, {.name = name, .size = sizeof(Iteration), .flags = Type::kHasGc | Type::kBaseType});
  type.slots.new_ = make;
  type.slots.next = step;
  type.slots.iter = self_iter;
  type.slots.repr = show;
  type.methods = methods;
  type.dealloc = iteration_dealloc;
  type.traverse = iteration_traverse;
  type.clear = iteration_clear;
  ready_type(type);
}

Status initialize(Value module) {
  Dict* dict = module_dict(module);
  for (Definition& d : definitions) {
    define_iteration(d.type, d.name, d.make, d.next, d.repr, d.methods);
    dict_set(dict, as<Str>(d.type.name), to_value(&d.type));
  }
  define_iteration(grouper_type, "itertools._grouper", nullptr, grouper_next, nullptr, nullptr);
  define_iteration(tee_type, "itertools._tee", tee_new, tee_next, nullptr, kTeeMethods);
  dict_set(dict, intern("_tee"), to_value(&tee_type));
  dict_set(dict, intern("_grouper"), to_value(&grouper_type));
  return kOk;
}

const NativeDef kFunctions[] = {
    {"tee", "($module, iterable, n=2, /)", tee, "Split iterable into n iterators that can be advanced separately."},
    {}};

}  // namespace

extern const ModuleDef itertools_module;
const ModuleDef itertools_module = {"itertools", "Iterators that combine, filter and count what other iterators yield.",
                                    kFunctions, initialize};

}  // namespace hiss
