// The functions of fmt that are not templates, compiled into the program: the shared library would bring libstdc++
// along, and loading the two takes as long as making all types ready.
#undef FMT_SHARED
#define FMT_HEADER_ONLY
#include <fmt/format-inl.h>

namespace {

// Taking their addresses has the compiler emit them.
[[gnu::used]] constexpr auto kFormat = static_cast<std::string (*)(fmt::string_view, fmt::format_args)>(&fmt::vformat);
[[gnu::used]] constexpr auto kPrintable = static_cast<bool (*)(uint32_t)>(&fmt::detail::is_printable);
[[gnu::used]] constexpr auto kSeparator = &fmt::detail::thousands_sep_impl<char>;
[[gnu::used]] constexpr auto kFailure = &fmt::detail::throw_format_error;

}  // namespace
