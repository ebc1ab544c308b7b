// Allocation and destruction of objects: what happens when a reference count reaches zero.
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "memory/blocks.h"
#include "memory/native_objects.h"
#include "memory/weak_references.h"
#include "object/containers.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/type.h"
#include "vm/thread_state.h"

namespace hiss {

namespace {

constexpr int kMaxDestroyDepth = 60;

size_t align8(size_t n) { return (n + 7) & ~size_t{7}; }

constinit std::vector<Object*> destroy_queue;

void destroy_now(Object* o) {
  Type* type = o->type;
  if (type->slots.finalize && !(o->flags & Object::kFinalized)) {
    o->flags |= Object::kFinalized;
    o->refs = 1;
    Ref saved = take_pending();
    type->slots.finalize(to_value(o));
    if (!saved.is_empty()) restore_pending(std::move(saved));
    if (--o->refs != 0) {
      if (has_gc(o)) track(o);  // resurrected; the queue of long chains had untracked it
      return;
    }
    type = o->type;  // __del__ may have assigned __class__
  }
  if (o->flags & Object::kWeakrefs) {
    // A callback may start a collection, which must not see an object without references.
    if (has_gc(o)) unlink(o);
    clear_weak_references(o);
  }
  if (!type->is_heap()) {
    type->dealloc(o);
    return;
  }
  if (has_gc(o)) unlink(o);
  release_instance_fields(o, type);
  type->dealloc(o);
  release(type);
}

// A long chain of containers: the rest is destroyed from a loop, not from ever deeper C frames.
void destroy_later(Object* o) {
  if (has_gc(o)) untrack(o);
  destroy_queue.push_back(o);
}

void destroy_queue_now(ThreadState& ts) {
  while (!destroy_queue.empty()) {
    Object* next = destroy_queue.back();
    destroy_queue.pop_back();
    ++ts.destroy_depth;
    destroy_now(next);
    --ts.destroy_depth;
  }
}

}  // namespace

void destroy_object(Object* o) {
  Type* type = o->type;
  // Flags of zero: small memory, no weak references, not seen by the collector.
  if (o->flags == 0 && type->has(Type::kOwnsNothing)) return free_small(o);
  if (o->flags & Object::kImmortal) [[unlikely]] {
    o->refs = 1u << 30;
    return;
  }
  ThreadState& ts = thread_state();
  if (ts.destroy_depth >= kMaxDestroyDepth) return destroy_later(o);
  ++ts.destroy_depth;
  if (type->has(Type::kEndsPlainly) && !(o->flags & Object::kWeakrefs)) {
    type->dealloc(o);
  } else {
    destroy_now(o);
  }
  if (--ts.destroy_depth == 0 && !destroy_queue.empty()) [[unlikely]]
    destroy_queue_now(ts);
}

void release_instance_fields(Object* o, Type* type) {
  if (Attributes* attributes = attributes_of(o)) clear_attributes(o, attributes);
  for (Type* t = type; t && t->is_heap(); t = t->base) {
    auto* values = reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + t->slots_offset);
    for (uint32_t i = 0; i < t->slot_count; ++i) {
      Value old = values[i];
      values[i] = Value();
      release(old);
    }
  }
}

void ask_for_collection() {
  if (collector.thresholds[0] && collector.enabled && !collector.collecting)
    eval_breaker = eval_breaker | kBreakCollect;
}

namespace {

uint32_t compute_instance_bytes(Type* type) {
  size_t bytes = type->basic_size;
  if (type->instance_layout == Layout::Instance) bytes += type->inline_capacity * sizeof(Value);
  if (type->has(Type::kHasGc)) bytes += sizeof(GcHead);
  return type->instance_bytes = static_cast<uint32_t>(bytes);
}

char* allocate_large(size_t total) {
  auto* memory = static_cast<char*>(std::calloc(1, total));
  if (!memory) throw std::bad_alloc();
  ++large_blocks;
  if (total >= kBigBuffer) report_pressure(static_cast<int64_t>(malloc_usable_size(memory)));
  return memory;
}

}  // namespace

Object* allocate(Type* type, size_t extra) {
  size_t total = (type->instance_bytes ? type->instance_bytes : compute_instance_bytes(type)) + extra;
  if (type->attributes_offset < 0) total = align8(total) + sizeof(Attributes);
  const bool gc = type->has(Type::kHasGc);
  uint8_t flags = gc ? Object::kGc : 0;
  char* memory;
  if (total <= kSmallLimit) [[likely]] {
    memory = static_cast<char*>(allocate_small(total));
    // Blocks are multiples of 16 bytes; for such sizes a call of memset costs more than the stores.
    for (size_t i = 0; i < total; i += 16) std::memset(memory + i, 0, 16);
  } else {
    memory = allocate_large(total);
    flags |= kLarge;
  }
  if (gc) memory += sizeof(GcHead);
  auto* o = reinterpret_cast<Object*>(memory);
  o->refs = 1;
  o->layout = type->instance_layout;
  o->flags = flags;
  o->type = type;
  if (type->instance_layout == Layout::Instance && type->inline_capacity) {
    o->value_capacity = type->inline_capacity;
    reinterpret_cast<Instance*>(o)->attributes.values = reinterpret_cast<Value*>(memory + type->basic_size);
  }
  if (type->is_heap()) retain(type);
  return o;
}

void free_object(Object* o, size_t) {
  char* memory = reinterpret_cast<char*>(o);
  if (has_gc(o)) {
    unlink(o);
    memory -= sizeof(GcHead);
  }
  if (o->flags & kLarge) {
    --large_blocks;
    free_block(memory);
  } else {
    free_small(memory);
  }
}

}  // namespace hiss
