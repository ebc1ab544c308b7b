// Templates of names, attributes, items and cells. What inline caches have found out by the time of translation is
// written into the code; a cache that changes later leads to the helper.
#include <algorithm>
#include <cstddef>

#include "object/function.h"
#include "object/list_internal.h"
#include "object/shape.h"
#include "vm/jit/translator.h"
#include "vm/operations.h"

namespace hiss::jit {

using namespace asmjit::x86;

namespace {

constexpr int32_t kAttributes = offsetof(Instance, attributes);
constexpr int32_t kShape = kAttributes + static_cast<int32_t>(offsetof(Attributes, shape));
constexpr int32_t kValues = kAttributes + static_cast<int32_t>(offsetof(Attributes, values));

}  // namespace

void Translator::load_global() {
  Label slow = slow_path(load_global_name);
  const uint64_t cache = pc_[1].word;
  const auto index = static_cast<int64_t>(static_cast<uint32_t>(cache));
  const auto version = static_cast<uint32_t>(cache >> 32);
  if (index == 0 || index > 1'000'000) {
    a.jmp(slow);
    learn(A(), Known::Nothing);
    return;
  }
  a.mov(rax, qword_ptr(r13, offsetof(CallRecord, function)));
  a.mov(rdx, qword_ptr(rax, offsetof(Function, globals)));
  if (version) {
    a.cmp(dword_ptr(rdx, offsetof(Dict, keys_version)), version);
    a.jne(slow);
    a.mov(rdx, qword_ptr(rax, offsetof(Function, builtins)));
  }
  a.cmp(qword_ptr(rdx, offsetof(Dict, entry_count)), static_cast<int32_t>(index));
  a.jl(slow);
  a.mov(rdx, qword_ptr(rdx, offsetof(Dict, entries)));
  const auto entry = static_cast<int32_t>((index - 1) * static_cast<int64_t>(sizeof(DictEntry)));
  load_constant(rcx, as<Tuple>(code_->names)->items[BC()].bits());
  a.cmp(qword_ptr(rdx, entry + static_cast<int32_t>(offsetof(DictEntry, key))), rcx);
  a.jne(slow);
  a.mov(rax, qword_ptr(rdx, entry + static_cast<int32_t>(offsetof(DictEntry, value))));
  retain(rax, Known::Nothing);
  store(rax, A(), owns(A()));
  learn(A(), Known::Nothing);
  guesses_[A()] = guess_global(index, version != 0);
}

// rdi holds the object; jumps to `slow` unless it is an instance with a shape, and to `other` when the shape has
// another id. rcx = the shape.
void Translator::require_shape(uint32_t id, Label slow, Label other) {
  a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Instance));
  a.jne(slow);
  a.mov(rcx, qword_ptr(rdi, kShape));
  a.test(rcx, rcx);
  a.jz(slow);
  a.cmp(dword_ptr(rcx, offsetof(Shape, id)), id);
  a.jne(other);
}

// Code at `other`, which looks into the table that stands behind inline caches: found, it goes on with the value in
// rax.
void Translator::look_into_table(Label other, uint64_t routine, Label found, Label slow) {
  cold([this, other, routine, found, slow] {
    a.bind(other);
    load_constant(rdx, as<Tuple>(code_->names)->items[C()].bits());
    load_constant(rax, routine);
    a.call(rax);
    a.test(rax, rax);
    a.jz(slow);
    a.jmp(found);
  });
}

// The class has a property of this name: the getter's frame is entered.
void Translator::load_property(uint32_t version, Label slow) {
  Label back = a.newLabel();
  load(rdi, B());
  require_object(rdi, B(), slow);
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.cmp(dword_ptr(rcx, offsetof(Type, version)), version);
  a.jne(slow);
  a.lea(rcx, ptr(back));
  load_constant(r8, pc_[2].word);
  call_control(reinterpret_cast<uint64_t>(&enter_getter));
  a.test(rax, rax);
  a.jz(slow);
  continue_in_frame();
  a.bind(back);
  if (flags() & kDyingB) drop(B());
  may_leave_ = true;
}

void Translator::load_attr() {
  Label slow = slow_path(load_attribute);
  const uint64_t cache = pc_[1].word;
  const bool member = cache & kCacheSlot;
  const int64_t module_entry = guess_module_entry(B(), as<Str>(as<Tuple>(code_->names)->items[C()]));
  if (module_entry >= 0) {
    load(rdi, B());
    require_object(rdi, B(), slow);
    load_module_entry(module_entry, as<Str>(as<Tuple>(code_->names)->items[C()]), slow);
    retain(rax, Known::Nothing);
    store(rax, A(), owns(A()));
    if (flags() & kDyingB) drop(B());
  } else if (cache == 0 || is_immediate(B())) {
    a.jmp(slow);
  } else if (cache & kCacheProperty) {
    load_property(static_cast<uint32_t>((cache & ~kCacheProperty) >> 32), slow);
  } else {
    Label other = a.newLabel(), found = a.newLabel();
    load(rdi, B());
    require_object(rdi, B(), slow);
    if (member) {
      a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
      a.cmp(dword_ptr(rcx, offsetof(Type, version)), static_cast<uint32_t>(pc_[2].word));
      a.jne(slow);
      a.mov(rax, qword_ptr(rdi, static_cast<int32_t>((cache & ~kCacheSlot) >> 32)));
      a.test(rax, rax);
      a.jz(slow);
    } else if (cache & (kCacheConstant | kCacheClass)) {
      // The class's own value, found by a shape without that attribute, or in the class itself.
      const auto number = static_cast<uint32_t>((cache & ~(kCacheConstant | kCacheClass)) >> 32);
      if (cache & kCacheConstant) {
        require_shape(number, slow, other);
        look_into_table(other, stubs.find_attribute, found, slow);
      } else {
        a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Type));
        a.jne(slow);
        a.cmp(dword_ptr(rdi, offsetof(Type, version)), number);
        a.jne(slow);
      }
      load_constant(rax, pc_[2].word);
    } else {
      require_shape(static_cast<uint32_t>(cache), slow, other);
      look_into_table(other, stubs.find_attribute, found, slow);
      a.mov(rcx, qword_ptr(rdi, kValues));
      a.mov(rax, qword_ptr(rcx, static_cast<int32_t>(cache >> 32) * static_cast<int32_t>(sizeof(Value))));
    }
    a.bind(found);
    retain(rax, Known::Nothing);
    store(rax, A(), owns(A()));
    if (flags() & kDyingB) drop(B());
  }
  const Value guess = module_entry >= 0 ? Value() : guess_attribute(B(), cache, Value::from_bits(pc_[2].word));
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  learn(A(), Known::Nothing);
  if (guess) guesses_[A()] = guess;
}

void Translator::store_attr() {
  Label slow = slow_path(store_attribute);
  const uint64_t cache = pc_[1].word;
  if (cache == 0 || is_immediate(A())) {
    a.jmp(slow);
    if (flags() & kDyingB) learn(B(), Known::Immediate);
    return;
  }
  load(rdi, A());
  require_object(rdi, A(), slow);
  const bool member = (cache & kCacheSlot) && static_cast<uint32_t>(cache) == 0;
  if (member) {
    a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
    a.cmp(dword_ptr(rcx, offsetof(Type, version)), static_cast<uint32_t>(pc_[2].word));
    a.jne(slow);
  } else {
    require_shape(static_cast<uint32_t>(cache), slow, slow);
  }
  const bool adds = !member && (cache & kCacheAdds);
  const auto index = static_cast<int32_t>((cache & ~kCacheAdds) >> 32);
  if (adds) {
    a.cmp(word_ptr(rdi, offsetof(Object, value_capacity)), index);
    a.jbe(slow);
  }
  load(rax, B());
  if (flags() & kDyingB) {
    if (!is_immediate(B())) a.mov(reg(B()), 0);
  } else if (!is_immediate(B())) {
    retain(rax, known_[B()]);
  }
  if (!member) a.mov(rdx, qword_ptr(rdi, kValues));
  const Mem slot = member ? qword_ptr(rdi, static_cast<int32_t>((cache & ~kCacheSlot) >> 32))
                          : qword_ptr(rdx, index * static_cast<int32_t>(sizeof(Value)));
  if (adds) {
    a.mov(slot, rax);
    load_constant(rax, pc_[2].word);
    a.mov(qword_ptr(rdi, kShape), rax);
  } else {
    a.mov(rsi, slot);
    a.mov(slot, rax);
    release(rsi, Known::Nothing);
  }
  if (flags() & kDyingB) learn(B(), Known::Immediate);
}

namespace {

// True when a cached method was found in a native class, which is there for good: then so is the method.
bool names_static_type(uint64_t cache) {
  if ((cache >> 32) != (kCacheType >> 32)) return false;
  const auto version = static_cast<uint32_t>(cache);
  for (const Type* type : *object_type.subclasses) {
    if (type->version == version) return !type->is_heap();
  }
  return false;
}

}  // namespace

void Translator::load_method() {
  Label slow = slow_path(load_method_pair);
  const uint64_t cache = pc_[1].word;
  const bool keeps_object = B() != A() && !(flags() & kDyingB);
  Str* name = as<Str>(as<Tuple>(code_->names)->items[C()]);
  Value guess;
  if (const int64_t entry = guess_module_entry(B(), name); entry >= 0) {
    guess = module_dict(guesses_[B()])->entries[entry].value;
    load(rdi, B());
    require_object(rdi, B(), slow);
    load_module_entry(entry, name, slow);
    retain(rax, Known::Nothing);
    if (keeps_object) {
      a.mov(reg(A()), rax);
    } else {
      a.mov(reg(B()), 0);
      a.mov(reg(A()), rax);
      release(rdi, Known::Object);
    }
    a.mov(reg(A() + 1), 0);
  } else if (cache == 0 || is_immediate(B())) {
    a.jmp(slow);
  } else {
    Label other = a.newLabel(), found = a.newLabel();
    look_into_table(other, stubs.find_method, found, slow);
    load(rdi, B());
    require_object(rdi, B(), slow);
    if ((cache >> 32) == (kCacheShape >> 32)) {
      require_shape(static_cast<uint32_t>(cache), other, other);
    } else {
      // The version alone decides only for objects that cannot have attributes of their own.
      Label no_attributes = a.newLabel();
      a.cmp(byte_ptr(rdi, offsetof(Object, layout)), static_cast<int>(Layout::Instance));
      a.jne(no_attributes);
      a.cmp(qword_ptr(rdi, kShape), 0);
      a.jne(other);
      a.bind(no_attributes);
      a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
      a.cmp(dword_ptr(rcx, offsetof(Type, version)), static_cast<uint32_t>(cache));
      a.jne(other);
    }
    if (names_static_type(cache)) guess = Value::from_bits(pc_[2].word);
    load_constant(rax, pc_[2].word);
    a.bind(found);
    a.inc(dword_ptr(rax, offsetof(Object, refs)));
    if (keeps_object) {
      a.inc(dword_ptr(rdi, offsetof(Object, refs)));
    } else {
      a.mov(reg(B()), 0);
    }
    a.mov(reg(A()), rax);
    a.mov(reg(A() + 1), rdi);
  }
  if (!keeps_object) learn(B(), Known::Immediate);
  learn(A(), Known::Nothing);  // an attribute that is called may be anything, None included
  learn(A() + 1, Known::Nothing);
  guesses_[A()] = guess;
}

void Translator::get_item() {
  Label slow = slow_path(get_item_slow);
  Label not_list = a.newLabel(), found = a.newLabel();
  if (is_immediate(B()) || (known_[C()] != Known::Nothing && known_[C()] != Known::Int)) {
    a.jmp(slow);
  } else {
    load(rdi, B());
    require_object(rdi, B(), slow);
    load(rdx, C());
    require_int(rdx, C(), slow);
    a.shl(rdx, 15);
    a.sar(rdx, 15);
    const Value index = constants_[C()];
    const bool never_negative = index && index.is_integer() && index.integer() >= 0;
    auto check = [&](int32_t size_offset) {
      if (!never_negative) {
        Label positive = a.newLabel();
        a.test(rdx, rdx);
        a.jns(positive);
        a.add(rdx, qword_ptr(rdi, size_offset));
        a.bind(positive);
      }
      a.cmp(rdx, qword_ptr(rdi, size_offset));
      a.jae(slow);
    };
    a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
    a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&list_type)));
    a.jne(not_list);
    check(offsetof(List, size));
    a.mov(rcx, qword_ptr(rdi, offsetof(List, items)));
    a.mov(rax, qword_ptr(rcx, rdx, 3));
    a.bind(found);
    retain(rax, Known::Nothing);
    store(rax, A(), owns(A()));
    if (flags() & kDyingB) drop(B());
    if (flags() & kDyingC) learn(C(), Known::Immediate);
    cold([this, not_list, found, slow, never_negative] {
      a.bind(not_list);
      a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&tuple_type)));
      a.jne(slow);
      if (!never_negative) {
        Label positive = a.newLabel();
        a.test(rdx, rdx);
        a.jns(positive);
        a.add(rdx, qword_ptr(rdi, offsetof(Tuple, size)));
        a.bind(positive);
      }
      a.cmp(rdx, qword_ptr(rdi, offsetof(Tuple, size)));
      a.jae(slow);
      a.mov(rax, qword_ptr(rdi, rdx, 3, offsetof(Tuple, items)));
      a.jmp(found);
    });
  }
  const Value guess = guess_item(B(), C());
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  if (flags() & kDyingC) learn(C(), Known::Immediate);
  learn(A(), Known::Nothing);
  if (guess) guesses_[A()] = guess;
}

void Translator::set_item() {
  Label slow = slow_path(set_item_slow);
  if (is_immediate(A()) || (known_[B()] != Known::Nothing && known_[B()] != Known::Int)) {
    a.jmp(slow);
  } else {
    load(rdi, A());
    require_object(rdi, A(), slow);
    load(rdx, B());
    require_int(rdx, B(), slow);
    a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
    a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&list_type)));
    a.jne(slow);
    a.shl(rdx, 15);
    a.sar(rdx, 15);
    const Value index = constants_[B()];
    if (!(index && index.is_integer() && index.integer() >= 0)) {
      Label positive = a.newLabel();
      a.test(rdx, rdx);
      a.jns(positive);
      a.add(rdx, qword_ptr(rdi, offsetof(List, size)));
      a.bind(positive);
    }
    a.cmp(rdx, qword_ptr(rdi, offsetof(List, size)));
    a.jae(slow);
    load(rax, C());
    if (flags() & kDyingC) {
      if (!is_immediate(C())) a.mov(reg(C()), 0);
    } else if (!is_immediate(C())) {
      retain(rax, known_[C()]);
    }
    a.mov(rcx, qword_ptr(rdi, offsetof(List, items)));
    a.mov(rsi, qword_ptr(rcx, rdx, 3));
    a.mov(qword_ptr(rcx, rdx, 3), rax);
    release(rsi, Known::Nothing);
  }
  if (flags() & kDyingB) learn(B(), Known::Immediate);
  if (flags() & kDyingC) learn(C(), Known::Immediate);
}

// rdi = the cell: in a register, or in the function's closure.
void Translator::load_cell_object(bool in_register, uint32_t index) {
  if (in_register) {
    load(rdi, index);
    return;
  }
  a.mov(rax, qword_ptr(r13, offsetof(CallRecord, function)));
  a.mov(rax, qword_ptr(rax, offsetof(Function, closure)));
  a.mov(rdi, qword_ptr(rax, static_cast<int32_t>(offsetof(Tuple, items) + index * sizeof(Value))));
}

// What the cell in a register or in the frame's closure holds now.
Value Translator::guess_cell(bool in_register, uint32_t index) const {
  if (!frame_) return Value();
  const Value cell = in_register ? guesses_[index] : as<Tuple>(frame_->function->closure)->items[index];
  return cell && hiss::is<Cell>(cell) ? as<Cell>(cell)->content : Value();
}

void Translator::load_free(bool cell) {
  Label slow = a.newLabel();
  const size_t index = instruction_index_;
  load_cell_object(cell, B());
  a.mov(rax, qword_ptr(rdi, offsetof(Cell, content)));
  a.test(rax, rax);
  a.jz(slow);
  retain(rax, Known::Nothing);
  store(rax, A(), owns(A()));
  const Value guess = guess_cell(cell, B());
  learn(A(), Known::Nothing);
  if (guess) guesses_[A()] = guess;
  cold([this, slow, index] {
    a.bind(slow);
    exit_at(index, MachineExit::Step);
  });
}

void Translator::store_free(bool cell) {
  load_cell_object(cell, A());
  load(rax, B());
  if (flags() & kDyingB) {
    if (!is_immediate(B())) a.mov(reg(B()), 0);
  } else if (!is_immediate(B())) {
    retain(rax, known_[B()]);
  }
  a.mov(rsi, qword_ptr(rdi, offsetof(Cell, content)));
  a.mov(qword_ptr(rdi, offsetof(Cell, content)), rax);
  release(rsi, Known::Nothing);
  if (flags() & kDyingB) learn(B(), Known::Immediate);
}

void Translator::list_append() {
  Label slow = slow_path(append_to_display);
  load(rdi, A());
  a.mov(rdx, qword_ptr(rdi, offsetof(List, size)));
  a.cmp(rdx, qword_ptr(rdi, offsetof(List, capacity)));
  a.jge(slow);
  load(rax, B());
  if (flags() & kDyingB) {
    if (!is_immediate(B())) a.mov(reg(B()), 0);
  } else if (!is_immediate(B())) {
    retain(rax, known_[B()]);
  }
  a.mov(rcx, qword_ptr(rdi, offsetof(List, items)));
  a.mov(qword_ptr(rcx, rdx, 3), rax);
  a.inc(rdx);
  a.mov(qword_ptr(rdi, offsetof(List, size)), rdx);
  if (flags() & kDyingB) learn(B(), Known::Immediate);
}

// How many MoveTakes behind the Unpack at `index` put its temporaries, in order, into registers: the usual form of a, b
// = pair.
uint32_t Translator::moves_behind_unpack(size_t index) const {
  const Instruction& unpack = instructions_[index];
  for (uint32_t i = 0; i < unpack.c(); ++i) {
    const size_t at = index + 1 + i;
    if (targets_[at] || instructions_[at].op() != Op::MoveTake || instructions_[at].b() != unpack.a() + i) return 0;
  }
  return unpack.c();
}

namespace {

constexpr uint32_t kMostInLine = 4;    // items that are unpacked by code of their own
constexpr uint32_t kMostNumbers = 26;  // items for which unpack_numbers_routine has registers

}  // namespace

void Translator::unpack() {
  const uint32_t count = C();
  const uint32_t moves = count <= kMostUnpacked ? moves_behind_unpack(instruction_index_) : 0;
  if (count > kMostInLine) {
    // A routine or a function: so much code in line would not stay in the processor's cache.
    bool side_by_side = moves > 0 && count <= kMostNumbers;
    for (uint32_t i = 1; i < moves; ++i) side_by_side &= pc_[1 + i].a() == pc_[1].a() + i;
    if (side_by_side) {
      load(rdi, B());
      a.lea(rsi, reg(pc_[1].a()));
      a.call(unpack_numbers_routine(count));
      a.jb(slow_path(unpack_into_registers));
      if (flags() & kDyingB) drop(B());
    } else {
      step_helper(moves ? unpack_into_registers : unpack_values);
    }
    if (flags() & kDyingB) learn(B(), Known::Immediate);
    learn_unpacked(moves);
    return;
  }
  Label slow = slow_path(moves ? unpack_into_registers : unpack_values);
  load(rdi, B());
  require_object(rdi, B(), slow);
  find_items(count, slow);
  if (moves) {
    unpack_to_targets(count);
  } else {
    for (uint32_t i = 0; i < count; ++i) {
      a.mov(rax, qword_ptr(rdx, static_cast<int32_t>(i * sizeof(Value))));
      retain(rax, Known::Nothing);
      a.mov(reg(A() + i), rax);
    }
  }
  if (flags() & kDyingB) {
    drop(B());
    learn(B(), Known::Immediate);
  }
  learn_unpacked(moves);
}

// The temporaries and targets of an unpacking, whose MoveTakes are done.
void Translator::learn_unpacked(uint32_t moves) {
  for (uint32_t i = 0; i < C(); ++i) learn(A() + i, moves ? Known::Immediate : Known::Nothing);
  for (uint32_t i = 0; i < moves; ++i) learn(instructions_[instruction_index_ + 1 + i].a(), Known::Nothing);
  skip_ = moves;
}

// rdx = the items of the tuple or list in rdi. Jumps to `slow` when it is neither
// or has another number of items.
void Translator::find_items(uint32_t count, Label slow) {
  Label is_tuple = a.newLabel(), have_items = a.newLabel();
  a.mov(rcx, qword_ptr(rdi, offsetof(Object, type)));
  a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&tuple_type)));
  a.je(is_tuple);
  a.cmp(rcx, static_cast<int32_t>(reinterpret_cast<intptr_t>(&list_type)));
  a.jne(slow);
  a.cmp(qword_ptr(rdi, offsetof(List, size)), static_cast<int32_t>(count));
  a.jne(slow);
  a.mov(rdx, qword_ptr(rdi, offsetof(List, items)));
  a.jmp(have_items);
  a.bind(is_tuple);
  a.cmp(qword_ptr(rdi, offsetof(Tuple, size)), static_cast<int32_t>(count));
  a.jne(slow);
  a.lea(rdx, ptr(rdi, offsetof(Tuple, items)));
  a.bind(have_items);
}

// A routine that copies `count` items of the tuple or list in rdi to the registers at rsi when neither they nor what
// the registers hold can be objects: words of numbers have one of the upper 15 bits. Otherwise it sets the carry flag
// and has done nothing.
asmjit::Label Translator::unpack_numbers_routine(uint32_t count) {
  Label& routine = unpack_routines_[count];
  if (routine.isValid()) return routine;
  routine = a.newLabel();
  cold([this, count, begin = routine] {
    Label slow = a.newLabel();
    a.bind(begin);
    a.lea(rcx, ptr(rdi, -static_cast<int32_t>(kFirstObject)));
    a.cmp(rcx, rbp);
    a.jae(slow);
    find_items(count, slow);
    // Two words at a time; when the count is odd, the last pair overlaps the one before.
    const Xmm least = xmm15, from = xmm13, to = xmm14;
    std::vector<int32_t> places;
    for (uint32_t i = 0; i < count; i += 2) {
      places.push_back(static_cast<int32_t>(std::min(i, count - 2) * sizeof(Value)));
    }
    auto pair = [](size_t i) { return Xmm(static_cast<uint32_t>(i)); };
    for (size_t i = 0; i < places.size(); ++i) {
      a.movdqu(pair(i), ptr(rdx, places[i]));
      a.movdqu(to, ptr(rsi, places[i]));
      a.movdqa(i == 0 ? least : from, pair(i));
      a.psrlq(i == 0 ? least : from, 49);
      a.psrlq(to, 49);
      if (i > 0) a.pminsw(least, from);
      a.pminsw(least, to);
    }
    a.pcmpeqd(to, to);
    a.paddq(least, to);
    a.movmskpd(eax, least);
    a.test(eax, eax);
    a.jnz(slow);
    for (size_t i = 0; i < places.size(); ++i) a.movups(ptr(rsi, places[i]), pair(i));
    a.ret();  // the test has cleared the carry flag
    a.bind(slow);
    a.stc();
    a.ret();
  });
  return routine;
}

// Items (at rdx) go to their targets at once. An object that a target held moves to the temporary instead and is
// released when all targets are set, for its finalizer may look at them.
void Translator::unpack_to_targets(uint32_t count) {
  std::vector<uint32_t> owning;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t target = instructions_[instruction_index_ + 1 + i].a();
    // The same target twice: the first item is released like an old value.
    bool repeated = false;
    for (uint32_t k = 0; k < i; ++k) repeated |= instructions_[instruction_index_ + 1 + k].a() == target;
    if (!is_immediate(target) || repeated) owning.push_back(i);
  }
  if (!owning.empty()) a.mov(dword_ptr(rsp, kHeldTargets), 0);
  for (uint32_t i = 0, next = 0; i < count; ++i) {
    const uint32_t target = instructions_[instruction_index_ + 1 + i].a();
    a.mov(rax, qword_ptr(rdx, static_cast<int32_t>(i * sizeof(Value))));
    retain(rax, Known::Nothing);
    if (next < owning.size() && owning[next] == i) {
      ++next;
      Label held = a.newLabel(), back = a.newLabel();
      a.mov(rdi, reg(target));
      a.mov(reg(target), rax);
      a.lea(rcx, ptr(rdi, -static_cast<int32_t>(kFirstObject)));
      a.cmp(rcx, rbp);
      a.jb(held);
      a.bind(back);
      const uint32_t temporary_index = A() + i;
      cold([this, held, back, temporary_index] {
        a.bind(held);
        a.mov(reg(temporary_index), rdi);
        a.mov(dword_ptr(rsp, kHeldTargets), 1);
        a.jmp(back);
      });
    } else {
      a.mov(reg(target), rax);
    }
  }
  if (owning.empty()) return;
  Label some = a.newLabel(), none = a.newLabel();
  a.cmp(dword_ptr(rsp, kHeldTargets), 0);
  a.jne(some);
  a.bind(none);
  cold([this, some, none] {
    a.bind(some);
    step_helper(release_unpacked);
    a.jmp(none);
  });
}

}  // namespace hiss::jit
