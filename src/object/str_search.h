// Substring search over characters of any width.
#pragma once

#include "object/str.h"

namespace hiss {

/// First position of `needle` in [start, end), -1 when absent. An empty needle is found at `start`.
int64_t find_units(const uint8_t* s, const uint8_t* needle, int64_t needle_length, int64_t start, int64_t end);
int64_t rfind_units(const uint8_t* s, const uint8_t* needle, int64_t needle_length, int64_t start, int64_t end);

int64_t rfind(const Str* s, const Str* needle, int64_t start, int64_t end);
/// Occurrences that do not overlap; stops at `limit`.
int64_t count(const Str* s, const Str* needle, int64_t start, int64_t end, int64_t limit = INT64_MAX);
int64_t find_char(const Str* s, uint32_t c, int64_t start, int64_t end);
int64_t rfind_char(const Str* s, uint32_t c, int64_t start, int64_t end);
/// True when `part` stands at `at`.
bool matches_at(const Str* s, const Str* part, int64_t at);

}  // namespace hiss
