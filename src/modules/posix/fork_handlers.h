// What happens around fork(): os.register_at_fork's callables, and the runtime's own locks.
#pragma once

namespace hiss {

void run_before_fork();
void run_after_fork_in_parent();
void run_after_fork_in_child();

}  // namespace hiss
