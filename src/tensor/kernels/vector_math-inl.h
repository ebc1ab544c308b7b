// Vector functions that Highway's math library lacks. Included once per target.
#if defined(HISS_VECTOR_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef HISS_VECTOR_MATH_INL
#undef HISS_VECTOR_MATH_INL
#else
#define HISS_VECTOR_MATH_INL
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hiss::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Highway's != is an ordered comparison on x86: NaN != NaN is false there.
template <class V>
HWY_INLINE auto NotANumber(V x) {
  return hn::Not(hn::Eq(x, x));
}

// exp with the limits that the contributed one leaves out: overflow to infinity, NaN kept.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SafeExp(D d, V x) {
  using T = hn::TFromD<D>;
  const T high = sizeof(T) == 4 ? T(88.72283905206835) : T(709.782712893384);
  const V result = hn::Exp(d, x);
  const V over = hn::IfThenElse(hn::Gt(x, hn::Set(d, high)), hn::Set(d, std::numeric_limits<T>::infinity()), result);
  return hn::IfThenElse(NotANumber(x), x, over);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V SafeLog(D d, V x) {
  using T = hn::TFromD<D>;
  const V result = hn::Log(d, x);
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V edge = hn::IfThenElse(
      hn::Eq(x, infinity), infinity,
      hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), hn::Set(d, std::numeric_limits<T>::quiet_NaN())));
  const auto normal = hn::And(hn::Gt(x, hn::Zero(d)), hn::Lt(x, infinity));
  return hn::IfThenElse(normal, result, edge);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V SigmoidOf(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  return hn::Div(one, hn::Add(one, SafeExp(d, hn::Neg(x))));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhOf(D d, V x) {
  // Tanh of the library clamps through exp; NaN must survive.
  return hn::IfThenElse(NotANumber(x), x, hn::Tanh(d, x));
}

// erf for |x| < 1 by its Taylor series in Horner form would need many terms in double; one formula serves both
// precisions: erfc(x) = exp(-x^2) * P(t) is only good to 1.2e-7, so double goes through libm one lane at a time.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ErfOf(D d, V x) {
  using T = hn::TFromD<D>;
  constexpr size_t kMax = HWY_MAX_BYTES / sizeof(T);
  HWY_ALIGN T lanes[kMax];
  hn::Store(x, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = std::erf(lanes[i]);
  return hn::Load(d, lanes);
}

}  // namespace hiss::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
