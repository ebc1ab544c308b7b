#include "vm/audit.h"

#include <vector>

#include "object/protocol.h"

namespace hiss {

bool auditing = false;

namespace {

// Hooks stay for the life of the process: what one of them guards must not be able to remove it.
std::vector<Ref>& hooks() {
  static auto* list = new std::vector<Ref>();
  return *list;
}

}  // namespace

Status audit(Value event, Value arguments) {
  // By index: a hook may add another one.
  for (size_t i = 0; i < hooks().size(); ++i) {
    Ref hook = hooks()[i];
    TRY(call(hook, {event, arguments}));
  }
  return kOk;
}
Status audit(const char* event, std::initializer_list<Value> arguments) {
  if (!auditing) return kOk;
  Ref tuple = make_tuple(arguments);
  return audit(to_value(intern(event)), tuple);
}
void add_audit_hook(Value hook) {
  hooks().push_back(Ref::share(hook));
  auditing = true;
}

}  // namespace hiss
