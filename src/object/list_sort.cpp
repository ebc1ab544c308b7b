// list.sort: a stable natural merge sort. Runs that are already in order are found and extended, then merged by a stack
// of runs kept in balance; while merging, a side that keeps winning is searched by galloping.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "memory/blocks.h"
#include "object/list_internal.h"

namespace hiss {

namespace {

/// What is sorted: a key and the item it stands for (the same word when there is no key function).
struct Entry {
  Value key;
  Value item;
};

/// `less` answers 1, 0 or -1 (an exception is pending).
template <typename Less>
class Sorter {
 public:
  Sorter(Entry* items, int64_t size, Less less) : items_(items), size_(size), less_(less) {}

  bool sort() {
    if (size_ < 2) return true;
    const int64_t min_run = minimum_run(size_);
    for (int64_t at = 0; at < size_;) {
      int64_t length = count_run(at);
      if (length < 0) return false;
      if (length < min_run) {
        const int64_t forced = std::min(size_ - at, min_run);
        if (!insertion_sort(at, at + length, at + forced)) return false;
        length = forced;
      }
      runs_.push_back({at, length});
      if (!collapse()) return false;
      at += length;
    }
    while (runs_.size() > 1) {
      size_t n = runs_.size() - 2;
      if (n > 0 && runs_[n - 1].length < runs_[n + 1].length) --n;
      if (!merge_at(n)) return false;
    }
    return true;
  }

 private:
  struct Run {
    int64_t start, length;
  };

  static int64_t minimum_run(int64_t n) {
    int64_t odd = 0;
    while (n >= 64) {
      odd |= n & 1;
      n >>= 1;
    }
    return n + odd;
  }

  /// Length of the run at `start`; a strictly descending one is reversed in place. -1 on error.
  int64_t count_run(int64_t start) {
    int64_t i = start + 1;
    if (i >= size_) return size_ - start;
    int less = less_(items_[i], items_[i - 1]);
    if (less < 0) return -1;
    const int descending = less;
    for (++i; i < size_; ++i) {
      less = less_(items_[i], items_[i - 1]);
      if (less < 0) return -1;
      if (less != descending) break;
    }
    if (descending) std::reverse(items_ + start, items_ + i);
    return i - start;
  }

  bool insertion_sort(int64_t low, int64_t sorted_end, int64_t end) {
    for (int64_t i = std::max(sorted_end, low + 1); i < end; ++i) {
      const Entry pivot = items_[i];
      int64_t left = low, right = i;
      while (left < right) {
        const int64_t middle = left + ((right - left) >> 1);
        const int less = less_(pivot, items_[middle]);
        if (less < 0) return false;
        if (less) {
          right = middle;
        } else {
          left = middle + 1;
        }
      }
      std::move_backward(items_ + left, items_ + i, items_ + i + 1);
      items_[left] = pivot;
    }
    return true;
  }

  bool collapse() {
    while (runs_.size() > 1) {
      size_t n = runs_.size() - 2;
      if ((n > 0 && runs_[n - 1].length <= runs_[n].length + runs_[n + 1].length) ||
          (n > 1 && runs_[n - 2].length <= runs_[n - 1].length + runs_[n].length)) {
        if (runs_[n - 1].length < runs_[n + 1].length) --n;
      } else if (runs_[n].length > runs_[n + 1].length) {
        break;
      }
      if (!merge_at(n)) return false;
    }
    return true;
  }

  /// How many of `run` come before `key`: entries less than it (left) or not greater (right). Gallops from `hint`'s
  /// end.
  int64_t gallop(const Entry& key, const Entry* run, int64_t length, bool right, bool from_end) {
    auto before = [&](const Entry& e) -> int {
      if (!right) return less_(e, key);
      const int less = less_(key, e);
      return less < 0 ? -1 : !less;
    };
    int64_t low = 0, high = length;
    int64_t step = 1;
    if (!from_end) {
      while (low + step <= length) {
        const int b = before(run[low + step - 1]);
        if (b < 0) return -1;
        if (!b) {
          high = low + step - 1;
          break;
        }
        low += step;
        step *= 2;
      }
    } else {
      while (high - step >= 0) {
        const int b = before(run[high - step]);
        if (b < 0) return -1;
        if (b) {
          low = high - step + 1;
          break;
        }
        high -= step;
        step *= 2;
      }
    }
    while (low < high) {
      const int64_t middle = low + ((high - low) >> 1);
      const int b = before(run[middle]);
      if (b < 0) return -1;
      if (b) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  bool merge_at(size_t n) {
    Run a = runs_[n], b = runs_[n + 1];
    runs_[n].length = a.length + b.length;
    runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(n) + 1);
    // What is in place already at both ends needs no merging.
    const int64_t skip = gallop(items_[b.start], items_ + a.start, a.length, true, false);
    if (skip < 0) return false;
    a.start += skip;
    a.length -= skip;
    if (a.length == 0) return true;
    b.length = gallop(items_[a.start + a.length - 1], items_ + b.start, b.length, false, true);
    if (b.length < 0) return false;
    if (b.length == 0) return true;
    return a.length <= b.length ? merge_low(a, b) : merge_high(a, b);
  }

  bool merge_low(Run a, Run b) {
    temporary_.assign(items_ + a.start, items_ + a.start + a.length);
    const Entry *x = temporary_.data(), *x_end = x + a.length;
    const Entry *y = items_ + b.start, *y_end = y + b.length;
    Entry* out = items_ + a.start;
    int x_wins = 0, y_wins = 0;
    bool ok = true;
    while (x < x_end && y < y_end) {
      const int less = less_(*y, *x);
      if (less < 0) {
        ok = false;
        break;
      }
      if (less) {
        *out++ = *y++;
        ++y_wins;
        x_wins = 0;
      } else {
        *out++ = *x++;
        ++x_wins;
        y_wins = 0;
      }
      if (x_wins >= kGallop && x < x_end) {
        const int64_t n = gallop(*y, x, x_end - x, true, false);
        if (n < 0) {
          ok = false;
          break;
        }
        out = std::copy(x, x + n, out);
        x += n;
        x_wins = 0;
      } else if (y_wins >= kGallop && y < y_end) {
        const int64_t n = gallop(*x, y, y_end - y, false, false);
        if (n < 0) {
          ok = false;
          break;
        }
        out = std::copy(y, y + n, out);
        y += n;
        y_wins = 0;
      }
    }
    std::copy(x, x_end, out);  // what is left of b is in place already; after an error nothing may be lost
    return ok;
  }

  bool merge_high(Run a, Run b) {
    temporary_.assign(items_ + b.start, items_ + b.start + b.length);
    const Entry *x = items_ + a.start, *x_end = x + a.length;
    const Entry *y = temporary_.data(), *y_end = y + b.length;
    Entry* out = items_ + b.start + b.length;
    int x_wins = 0, y_wins = 0;
    bool ok = true;
    while (x < x_end && y < y_end) {
      const int less = less_(y_end[-1], x_end[-1]);
      if (less < 0) {
        ok = false;
        break;
      }
      if (less) {
        *--out = *--x_end;
        ++x_wins;
        y_wins = 0;
      } else {
        *--out = *--y_end;
        ++y_wins;
        x_wins = 0;
      }
      if (x_wins >= kGallop && x < x_end) {
        const int64_t n = gallop(y_end[-1], x, x_end - x, true, true);
        if (n < 0) {
          ok = false;
          break;
        }
        out = std::copy_backward(x + n, x_end, out);
        x_end = x + n;
        x_wins = 0;
      } else if (y_wins >= kGallop && y < y_end) {
        const int64_t n = gallop(x_end[-1], y, y_end - y, false, true);
        if (n < 0) {
          ok = false;
          break;
        }
        out = std::copy_backward(y + n, y_end, out);
        y_end = y + n;
        y_wins = 0;
      }
    }
    std::copy_backward(y, y_end, out);
    return ok;
  }

  static constexpr int kGallop = 7;
  Entry* items_;
  int64_t size_;
  Less less_;
  std::vector<Run> runs_;
  std::vector<Entry> temporary_;
};

template <typename Less>
bool sort_entries(std::vector<Entry>& entries, Less less) {
  return Sorter<Less>(entries.data(), static_cast<int64_t>(entries.size()), less).sort();
}

/// Keys of one kind are compared without calling anything: ints, floats and strings are most of what is sorted.
bool sort_by_kind(std::vector<Entry>& entries) {
  bool ints = true, floats = true, strs = true;
  for (const Entry& e : entries) {
    ints = ints && e.key.is_integer();
    floats = floats && e.key.is_number();
    strs = strs && is_exact(e.key, str_type);
    if (!ints && !floats && !strs) break;
  }
  if (ints)
    return sort_entries(entries,
                        [](const Entry& a, const Entry& b) -> int { return a.key.integer() < b.key.integer(); });
  if (floats)
    return sort_entries(entries, [](const Entry& a, const Entry& b) -> int { return a.key.number() < b.key.number(); });
  if (strs) {
    return sort_entries(
        entries, [](const Entry& a, const Entry& b) -> int { return compare(as<Str>(a.key), as<Str>(b.key)) < 0; });
  }
  return sort_entries(entries, [](const Entry& a, const Entry& b) -> int {
    const int known = plain_less(a.key, b.key);
    if (known >= 0) return known;
    Ref r = compare(a.key, b.key, CompareOp::Lt);
    if (r.is_error()) return -1;
    if (r.value().is_bool()) return r.value().is_true();
    Result<bool> t = truth(r);
    return t.is_error() ? -1 : t.value();
  });
}

}  // namespace

Status list_sort(List* list, Value key, bool reverse) {
  // The items are taken out, so that a key function or comparison that touches the list sees it empty and harms
  // nothing.
  Value* items = list->items;
  const int64_t size = list->size, capacity = list->capacity;
  // A block of its own in the list's place: whatever changes the list changes the block or the capacity, even if it is
  // empty after.
  auto* placeholder = static_cast<Value*>(allocate_sized(0));
  list->items = placeholder;
  list->size = list->capacity = 0;

  std::vector<Entry> entries(static_cast<size_t>(size));
  bool ok = true;
  int64_t keys = 0;
  const bool has_key = key && !key.is_none();
  for (; keys < size && ok; ++keys) {
    Value item = items[keys];
    Value k = item;
    if (has_key) {
      Ref computed = call(key, {item});
      if (computed.is_error()) {
        ok = false;
        break;
      }
      k = computed.release();
    }
    entries[static_cast<size_t>(keys)] = {k, item};
  }
  if (ok && size > 1) {
    // Reversing before and after keeps equal items in their order.
    if (reverse) std::reverse(entries.begin(), entries.end());
    ok = sort_by_kind(entries);
    if (reverse) std::reverse(entries.begin(), entries.end());
    for (int64_t i = 0; i < size; ++i) items[i] = entries[static_cast<size_t>(i)].item;
  }
  // Keys go before the list is looked at: their __del__ may change it too.
  if (has_key) {
    for (int64_t i = 0; i < keys; ++i) release(entries[static_cast<size_t>(i)].key);
  }
  Value* intruders = list->items;
  int64_t intruder_count = list->size;
  const int64_t intruder_capacity = list->capacity;
  const bool modified = intruders != placeholder || list->capacity != 0;
  list->items = items;
  list->size = size;
  list->capacity = capacity;
  while (intruder_count-- > 0) release(intruders[intruder_count]);
  free_sized(static_cast<void*>(intruders), static_cast<size_t>(intruder_capacity) * sizeof(Value));
  if (!ok) return Failure{};
  if (modified) return fail(exc::ValueError, "list modified during sort");
  return kOk;
}

}  // namespace hiss
