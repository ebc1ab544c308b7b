// What asyncio's own event loops do in call_soon() and get_debug(), done at once. These are six calls of Python
// functions for each step of a task and each callback of a future, and nearly always the loop is one of the package's
// and not in debug mode. All that the functions depend on is checked first: the class of the loop, their code, the
// globals they read, the class Handle. Who traces or profiles sees the functions run.
#include "compile/code.h"
#include "memory/collector.h"
#include "modules/_asyncio/asyncio.h"
#include "modules/_collections.h"
#include "object/function.h"
#include "object/shape.h"
#include "vm/thread_state.h"

namespace hiss::asyncio {

namespace {

// A function of the package and the code it had when it was looked at.
struct KnownFunction {
  Function* function = nullptr;
  const Code* code = nullptr;

  bool learn(Value found, const char* qualname) {
    if (!found || !is_exact(found, function_type)) return false;
    function = as<Function>(found);
    code = function->code;
    return to_string(code->qualname) == qualname;
  }
  bool is_unchanged() const { return function->code == code; }
};

// Where the fields of a Handle lie.
struct HandleFields {
  uint32_t callback, arguments, cancelled, loop, source_traceback, repr, context;
};

class PlainLoop {
 public:
  bool is(Value loop) {
    if (!hiss::is<Instance>(loop)) return false;
    const Shape* shape = as<Instance>(loop)->attributes.shape;
    if (!shape || shape->dictionary || shape->id == kNoShapeId) return false;
    const ThreadState& ts = thread_state();
    if (ts.trace_function || ts.profile_function) return false;
    if (shape->id == shape_id_ && is_unchanged()) return true;
    if (shape->id == refused_id_) return false;
    if (learn(as<Instance>(loop))) {
      shape_id_ = shape->id;
      return true;
    }
    refused_id_ = shape->id;
    shape_id_ = kNoShapeId;
    return false;
  }

  bool is_debugging(Value loop) const { return !attribute(loop, debug_).is_false(); }

  bool call_soon(Value loop, Value callback, Ref arguments, Value context) const {
    if (is_debugging(loop) || !attribute(loop, closed_).is_false()) return false;
    Ref handle = Ref::steal(allocate(handle_class_));
    set(handle, fields_.context, context);
    set(handle, fields_.loop, loop);
    set(handle, fields_.callback, callback);
    set(handle, fields_.arguments, arguments);
    set(handle, fields_.cancelled, Value::boolean(false));
    set(handle, fields_.repr, Value::none());
    set(handle, fields_.source_traceback, Value::none());
    track(handle.object());
    return append_to_deque(attribute(loop, ready_), handle);
  }

 private:
  static Value attribute(Value loop, int32_t index) { return as<Instance>(loop)->attributes.values[index]; }
  static void set(Value handle, uint32_t offset, Value value) {
    retain(value);
    *reinterpret_cast<Value*>(reinterpret_cast<char*>(handle.object()) + offset) = value;
  }

  // The order matters: each thing is alive if those before it have not changed.
  bool is_unchanged() const {
    for (const KnownFunction& f : functions_) {
      if (!f.is_unchanged()) return false;
    }
    return globals_->version == globals_version_ && events_->version == events_version_ &&
           handle_class_->version == handle_version_ && handle_init_.is_unchanged();
  }

  bool learn(Instance* loop) { return learn_methods(loop) && learn_attributes(loop) && learn_handle(); }

  bool learn_methods(Instance* loop) {
    Type* type = loop->type;
    if (type->slots.getattr != generic_get_attr || type_version(type) == 0) return false;
    static const std::pair<const char*, const char*> kNames[kFunctions] = {
        {"call_soon", "BaseEventLoop.call_soon"},
        {"_call_soon", "BaseEventLoop._call_soon"},
        {"_check_closed", "BaseEventLoop._check_closed"},
        {"get_debug", "BaseEventLoop.get_debug"}};
    for (int i = 0; i < kFunctions; ++i) {
      Str* name = intern(kNames[i].first);
      if (!functions_[i].learn(lookup(type, name), kNames[i].second)) return false;
      if (shape_find(loop->attributes.shape, name) >= 0) return false;
      if (functions_[i].function->globals != functions_[0].function->globals) return false;
    }
    globals_ = functions_[0].function->globals;
    globals_version_ = globals_->version;
    const Value module = dict_get(globals_, intern("__name__"));
    return module && hiss::is<Str>(module) && to_string(module) == "asyncio.base_events";
  }

  bool learn_attributes(Instance* loop) {
    const std::pair<const char*, int32_t*> fields[] = {{"_debug", &debug_}, {"_closed", &closed_}, {"_ready", &ready_}};
    for (auto [name, index] : fields) {
      *index = shape_find(loop->attributes.shape, intern(name));
      // A data descriptor of the class would come first.
      if (*index < 0 || lookup(loop->type, intern(name))) return false;
    }
    return true;
  }

  bool learn_handle() {
    const Value events = dict_get(globals_, intern("events"));
    if (!events || !is_exact(events, module_type)) return false;
    events_ = module_dict(events);
    events_version_ = events_->version;
    const Value found = dict_get(events_, intern("Handle"));
    if (!found || !is_exact(found, type_type)) return false;
    handle_class_ = as<Type>(found);
    handle_version_ = type_version(handle_class_);
    if (!handle_version_ || !handle_class_->has(Type::kPureNew) || !handle_class_->has(Type::kPureSetAttr))
      return false;
    if (!handle_init_.learn(lookup(handle_class_, names.__init__), "Handle.__init__")) return false;
    if (handle_init_.function->globals != events_) return false;
    const std::pair<const char*, uint32_t*> fields[] = {
        {"_callback", &fields_.callback},   {"_args", &fields_.arguments},
        {"_cancelled", &fields_.cancelled}, {"_loop", &fields_.loop},
        {"_repr", &fields_.repr},           {"_source_traceback", &fields_.source_traceback},
        {"_context", &fields_.context}};
    for (auto [name, offset] : fields) {
      const Value member = lookup(handle_class_, intern(name));
      if (!member || !hiss::is<Descriptor>(member)) return false;
      auto* d = as<Descriptor>(member);
      if (d->owner != handle_class_ || d->def || d->getset || d->wrapper || !d->offset) return false;
      *offset = d->offset;
    }
    return handle_class_->slot_count == std::size(fields);
  }

  static constexpr int kFunctions = 4;
  // The shape of the loop's attributes: it stands for the class and all that is looked up in it.
  uint32_t shape_id_ = kNoShapeId, refused_id_ = kNoShapeId;
  KnownFunction functions_[kFunctions];
  Dict* globals_ = nullptr;
  uint64_t globals_version_ = 0;
  int32_t debug_ = 0, closed_ = 0, ready_ = 0;
  Dict* events_ = nullptr;  // the namespace of asyncio.events
  uint64_t events_version_ = 0;
  Type* handle_class_ = nullptr;
  uint32_t handle_version_ = 0;
  KnownFunction handle_init_;
  HandleFields fields_{};
};

PlainLoop plain_loop;

}  // namespace

bool call_soon_at_once(Value loop, Value callback, Value argument, Value context) {
  // Without a context, or with None, Handle copies the current one.
  if (!context || context.is_none() || !plain_loop.is(loop)) return false;
  return plain_loop.call_soon(loop, callback, argument ? make_tuple({argument}) : make_tuple({}), context);
}

bool debugging_is_off(Value loop) { return plain_loop.is(loop) && !plain_loop.is_debugging(loop); }

}  // namespace hiss::asyncio
