// Splitting loops over cores. libgomp's team is used because oneDNN runs on it too: two pools would fight over the
// cores.
#pragma once

#include <cstdint>
#include <utility>

namespace hiss::engine {

int thread_count();
void set_thread_count(int count);
bool in_parallel_region();

namespace detail {
void run_parallel(int64_t begin, int64_t end, int64_t grain, void (*body)(void* context, int64_t begin, int64_t end),
                  void* context);
}

/// Elements below which a loop is not worth a second thread.
inline constexpr int64_t kGrain = 32768;

/// Calls body(begin, end) on disjoint parts of [begin, end), each at least `grain` long where possible.
/// An exception thrown by body leaves through parallel_for.
template <typename Body>
void parallel_for(int64_t begin, int64_t end, int64_t grain, Body&& body) {
  if (end <= begin) return;
  if (end - begin <= grain || thread_count() == 1) {
    body(begin, end);
    return;
  }
  using Plain = std::remove_reference_t<Body>;
  detail::run_parallel(
      begin, end, grain, [](void* context, int64_t b, int64_t e) { (*static_cast<Plain*>(context))(b, e); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace hiss::engine
