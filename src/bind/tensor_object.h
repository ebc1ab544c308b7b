// torch.Tensor as a Python object: a wrapper around the engine's handle, unique while it lives.
#pragma once

#include "object/function.h"
#include "object/protocol.h"
#include "tensor/tensor.h"

namespace hiss::bind {

struct TensorObject : Object {
  Attributes attributes;
  engine::Tensor tensor;
};

extern Type tensor_type;
extern Type size_type;       // torch.Size
extern Type dtype_type;      // torch.dtype
extern Type generator_type;  // torch.Generator

inline bool is_tensor(Value v) {
  return v.is_object() && (v.object()->type == &tensor_type || is_subtype(v.object()->type, &tensor_type));
}
inline const engine::Tensor& tensor_of(Value v) { return static_cast<TensorObject*>(v.object())->tensor; }

/// The tensor's Python object: the one it has, or a new torch.Tensor.
Ref wrap(engine::Tensor tensor);
/// A new object of a subclass for the same tensor (nn.Parameter).
Ref wrap_as(Type* cls, engine::Tensor tensor);
Ref wrap_scalar(const engine::Scalar& scalar);
Ref make_size(const engine::Sizes& sizes);
Ref wrap_dtype(engine::DType dtype);
/// The dtype of a torch.dtype object; TypeError otherwise.
Result<engine::DType> dtype_of(Value v);
engine::RandomGenerator* generator_of(Value v);  // null when v is no torch.Generator

/// Runs engine code; its typed errors become Python exceptions.
template <typename Body>
Ref guarded(Body&& body);
/// Raises the Python exception for an engine error (or for std::bad_alloc), from inside a catch block.
Failure translate_exception();

template <typename Body>
Ref guarded(Body&& body) {
  try {
    return body();
  } catch (...) {
    return translate_exception();
  }
}

void define_tensor_type();
void define_dtype_type();
void define_generator_type();
/// A callable for the overloads of an operation; also serves as a method.
Ref make_operation(std::string_view name, bool method);
Ref call_operation(std::string_view name, std::initializer_list<Value> args);
extern const GetSetDef kTensorGetSets[];
extern const NativeDef kTensorMethods[];
Ref tensor_getitem(Value self, Value key);
Status tensor_setitem(Value self, Value key, Value value);
/// torch.tensor(data): nested sequences and numbers.
Ref tensor_from_data(Value data, std::optional<engine::DType> dtype);

}  // namespace hiss::bind
