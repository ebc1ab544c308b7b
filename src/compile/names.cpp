// Loading, storing and deleting names according to their scope.
#include "compile/compiler.h"
#include "object/protocol.h"

namespace hiss {

NameKind Compiler::name_kind(std::string_view mangled) {
  const Symbol* symbol = unit_->scope->find(mangled);
  return symbol ? symbol->kind : NameKind::GlobalImplicit;
}

Register Compiler::local_register(std::string_view mangled) {
  if (unit_->scope->kind != ScopeKind::Function || name_kind(mangled) != NameKind::Local) return -1;
  auto it = unit_->registers.find(mangled);
  return it == unit_->registers.end() ? -1 : it->second;
}

void Compiler::check_local(Register r) {
  const auto i = static_cast<size_t>(r);
  if (unit_->assigned[i] && !unit_->ever_deleted[i]) return;
  emit(Op::CheckLocal, 0, static_cast<uint32_t>(r), 0, 0);
  if (!unit_->ever_deleted[i]) unit_->assigned[i] = true;
}

void Compiler::load_name(Register dst, std::string_view raw) {
  const std::string_view n = mangle(raw);
  const auto d = static_cast<uint32_t>(dst);
  const bool function = unit_->scope->kind == ScopeKind::Function;
  switch (name_kind(n)) {
    case NameKind::Local:
      if (function) {
        const Register r = unit_->registers.at(n);
        check_local(r);
        if (r != dst) emit(Op::Move, 0, d, static_cast<uint32_t>(r), 0);
        return;
      }
      emit_wide(Op::LoadName, d, name(n));
      return;
    case NameKind::Cell:
      emit(Op::LoadCell, 0, d, static_cast<uint32_t>(unit_->registers.at(n)), 0);
      return;
    case NameKind::Free: {
      if (unit_->closure_register) {
        emit(Op::LoadCell, 0, d, static_cast<uint32_t>(unit_->registers.at(n)), 0);
        return;
      }
      const auto index = static_cast<uint32_t>(unit_->free_index.at(n));
      if (unit_->scope->kind == ScopeKind::Class && n != "__class__") {
        emit(Op::LoadClassFree, 0, d, index, static_cast<uint32_t>(name(n)));
      } else {
        emit(Op::LoadFree, 0, d, index, 0);
      }
      return;
    }
    case NameKind::GlobalExplicit:
      emit_wide(Op::LoadGlobal, d, name(n));
      return;
    case NameKind::GlobalImplicit:
      emit_wide(function ? Op::LoadGlobal : Op::LoadName, d, name(n));
      return;
  }
}

void Compiler::store_name(std::string_view raw, Operand value) {
  if (!check_target_name(nullptr, raw, false)) return;
  const std::string_view n = mangle(raw);
  const auto src = static_cast<uint32_t>(value.reg);
  const bool function = unit_->scope->kind == ScopeKind::Function;
  const uint8_t dying = value.temporary ? kDyingB : 0;
  switch (name_kind(n)) {
    case NameKind::Local:
      if (function) {
        const Register r = unit_->registers.at(n);
        if (r != value.reg) emit(value.temporary ? Op::MoveTake : Op::Move, 0, static_cast<uint32_t>(r), src, 0);
        unit_->assigned[static_cast<size_t>(r)] = true;
        return;
      }
      emit_wide(Op::StoreName, src, name(n));
      break;
    case NameKind::Cell:
      emit(Op::StoreCell, dying, static_cast<uint32_t>(unit_->registers.at(n)), src, 0);
      return;
    case NameKind::Free:
      if (unit_->closure_register) {
        emit(Op::StoreCell, dying, static_cast<uint32_t>(unit_->registers.at(n)), src, 0);
        return;
      }
      emit(Op::StoreFree, dying, static_cast<uint32_t>(unit_->free_index.at(n)), src, 0);
      return;
    case NameKind::GlobalExplicit:
      emit_wide(Op::StoreGlobal, src, name(n));
      break;
    case NameKind::GlobalImplicit:
      emit_wide(function ? Op::StoreGlobal : Op::StoreName, src, name(n));
      break;
  }
  drop(value);
}

void Compiler::delete_name(std::string_view raw) {
  if (!check_target_name(nullptr, raw, true)) return;
  const std::string_view n = mangle(raw);
  const bool function = unit_->scope->kind == ScopeKind::Function;
  switch (name_kind(n)) {
    case NameKind::Local:
      if (function) {
        emit(Op::DeleteLocal, 0, static_cast<uint32_t>(unit_->registers.at(n)), 0, 0);
        return;
      }
      emit_wide(Op::DeleteName, 0, name(n));
      return;
    case NameKind::Cell:
      emit(Op::DeleteCell, 0, static_cast<uint32_t>(unit_->registers.at(n)), 0, 0);
      return;
    case NameKind::Free:
      emit(Op::DeleteFree, 0, static_cast<uint32_t>(unit_->free_index.at(n)), 0, 0);
      return;
    case NameKind::GlobalExplicit:
      emit_wide(Op::DeleteGlobal, 0, name(n));
      return;
    case NameKind::GlobalImplicit:
      emit_wide(function ? Op::DeleteGlobal : Op::DeleteName, 0, name(n));
      return;
  }
}

}  // namespace hiss
