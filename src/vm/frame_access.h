// What lower layers may ask about the running Python code.
#pragma once

namespace hiss {

struct Dict;
struct CallRecord;

/// Globals of the innermost Python frame, or null when none runs.
Dict* current_globals();

}  // namespace hiss
