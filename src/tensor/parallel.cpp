#include "tensor/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "base/error.h"

namespace hiss::engine {
namespace {
std::atomic<int> threads{0};
}

int thread_count() {
  const int count = threads.load(std::memory_order_relaxed);
  if (count > 0) return count;
  const int available = omp_get_max_threads();
  threads = available;
  return available;
}

void set_thread_count(int count) {
  if (count <= 0) throw Error(ErrorKind::Runtime, "set_num_threads expects a positive integer");
  threads = count;
  omp_set_num_threads(count);
}

bool in_parallel_region() { return omp_in_parallel() != 0; }

namespace detail {

void run_parallel(int64_t begin, int64_t end, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context) {
  const int64_t wanted = std::min<int64_t>(thread_count(), (end - begin + grain - 1) / std::max<int64_t>(grain, 1));
  if (wanted <= 1 || omp_in_parallel()) {
    body(context, begin, end);
    return;
  }
  std::exception_ptr failure;
#pragma omp parallel num_threads(static_cast <int>(wanted))
  {
    const int64_t count = omp_get_num_threads();
    const int64_t part = (end - begin + count - 1) / count;
    const int64_t from = begin + part * omp_get_thread_num();
    const int64_t to = std::min(end, from + part);
    if (from < to) {
      try {
        body(context, from, to);
      } catch (...) {
#pragma omp critical
        failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace hiss::engine
