// The regular-expression machine: runs the code that re._compiler makes. Backtracking is kept on an explicit stack, so
// that no pattern can exhaust the C stack; only lookarounds and atomic groups nest.
#pragma once

#include <cstdint>
#include <vector>

#include "object/error.h"

namespace hiss::sre {

inline constexpr uint32_t kMaxRepeat = 1073741823;

enum Opcode : uint32_t {
  FAILURE,
  SUCCESS,
  ANY,
  ANY_ALL,
  ASSERT,
  ASSERT_NOT,
  AT,
  BRANCH,
  CATEGORY,
  CHARSET,
  BIGCHARSET,
  GROUPREF,
  GROUPREF_EXISTS,
  IN,
  INFO,
  JUMP,
  LITERAL,
  MARK,
  MAX_UNTIL,
  MIN_UNTIL,
  NOT_LITERAL,
  NEGATE,
  RANGE,
  REPEAT,
  REPEAT_ONE,
  SUBPATTERN,
  MIN_REPEAT_ONE,
  ATOMIC_GROUP,
  POSSESSIVE_REPEAT,
  POSSESSIVE_REPEAT_ONE,
  GROUPREF_IGNORE,
  IN_IGNORE,
  LITERAL_IGNORE,
  NOT_LITERAL_IGNORE,
  GROUPREF_LOC_IGNORE,
  IN_LOC_IGNORE,
  LITERAL_LOC_IGNORE,
  NOT_LITERAL_LOC_IGNORE,
  GROUPREF_UNI_IGNORE,
  IN_UNI_IGNORE,
  LITERAL_UNI_IGNORE,
  NOT_LITERAL_UNI_IGNORE,
  RANGE_UNI_IGNORE,
};

/// The subject: characters of 1, 2 or 4 bytes.
struct Subject {
  const void* data = nullptr;
  int64_t length = 0;
  int width = 1;
  uint32_t at(int64_t i) const {
    return width == 1   ? static_cast<const uint8_t*>(data)[i]
           : width == 2 ? static_cast<const uint16_t*>(data)[i]
                        : static_cast<const uint32_t*>(data)[i];
  }
};

struct Groups {
  std::vector<int64_t> marks;  // start and end of each group, -1: unset
  int64_t last_index = -1;     // the last closed group, -1: none
  int64_t start = 0, end = 0;  // of the whole match
};

enum class Outcome : uint8_t { NoMatch, Match, Error };

struct Request {
  const uint32_t* code;
  size_t code_size;
  int64_t groups;
  Subject subject;
  int64_t position, end_position;
  bool full;          // the match must reach end_position
  bool not_empty_at;  // the match must not be empty at `position` (search after an empty match)
};

/// Matches at exactly `position`.
Outcome match(const Request& request, Groups& groups);
/// Finds the first match at or after `position`.
Outcome search(const Request& request, Groups& groups);

uint32_t ascii_lower(uint32_t c);
uint32_t unicode_lower(uint32_t c);
bool ascii_is_cased(uint32_t c);
bool unicode_is_cased(uint32_t c);

}  // namespace hiss::sre
