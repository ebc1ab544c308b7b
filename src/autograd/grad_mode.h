// Whether operations are recorded, per thread.
#pragma once

namespace hiss::engine {

struct GradMode {
  static bool enabled() { return enabled_; }
  static void set(bool value) { enabled_ = value; }

 private:
  static inline thread_local bool enabled_ = true;
};

struct InferenceMode {
  static bool enabled() { return enabled_; }
  static void set(bool value) { enabled_ = value; }

 private:
  static inline thread_local bool enabled_ = false;
};

class GradGuard {
 public:
  explicit GradGuard(bool enabled) : previous_(GradMode::enabled()) { GradMode::set(enabled); }
  ~GradGuard() { GradMode::set(previous_); }
  GradGuard(const GradGuard&) = delete;
  GradGuard& operator=(const GradGuard&) = delete;

 private:
  bool previous_;
};

class NoGrad : public GradGuard {
 public:
  NoGrad() : GradGuard(false) {}
};

}  // namespace hiss::engine
