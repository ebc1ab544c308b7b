// Every operation of the engine as data: its schema, its arguments with kinds and defaults, and one generic entry
// point. Generated from ops.yaml; the Python binding, the coverage table and the tests see operations only through it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace hiss::engine {

enum class ArgKind : uint8_t {
  Tensor,      // a tensor
  Operand,     // a tensor or a Python number ("Tensor|Scalar" in ops.yaml)
  TensorList,  // list or tuple of tensors; with `optional_elements`, entries may be None
  Scalar,      // bool, int or float
  Int,
  IntList,  // with list_size > 0 a single int stands for that many equal ones
  Float,
  FloatList,
  Bool,
  DType,
  String,
  Generator,  // torch.Generator
};

struct ArgSpec {
  std::string_view name;  // PyTorch's; functions also accept "input" for "self", and "axis" for "dim"
  ArgKind kind;
  bool optional = false;  // None allowed
  bool optional_elements = false;
  bool keyword_only = false;
  bool has_default = false;
  bool varargs = false;  // IntList that a method also takes as separate positional ints: x.view(2, 3)
  int8_t list_size = 0;
  std::string_view default_text;  // as in the schema: "1", "None", "True", "'mean'", "[]", "1e-05"
};

/// One argument of a generic call. Borrowed: it refers to what the caller keeps alive during the call.
class Arg {
 public:
  enum class Tag : uint8_t { Unset, None, Tensor, TensorList, Scalar, IntList, FloatList, DType, String, Generator };

  /// Not given: the default applies. Trailing arguments may simply be missing.
  Arg() : tag_(Tag::Unset) {}
  static Arg none() {
    Arg result;
    result.tag_ = Tag::None;
    return result;
  }
  Arg(const Tensor& tensor) : tag_(Tag::Tensor), pointer_(&tensor) {}
  Arg(TensorList list) : tag_(Tag::TensorList), pointer_(list.begin()), size_(list.size()) {}
  Arg(const std::vector<Tensor>& list) : Arg(TensorList(list)) {}
  Arg(const Scalar& scalar) : tag_(Tag::Scalar), scalar_(scalar) {}
  Arg(bool value) : Arg(Scalar(value)) {}
  Arg(int value) : Arg(Scalar(value)) {}
  Arg(int64_t value) : Arg(Scalar(value)) {}
  Arg(double value) : Arg(Scalar(value)) {}
  Arg(IntList list) : tag_(Tag::IntList), pointer_(list.data()), size_(list.size()) {}
  Arg(FloatList list) : tag_(Tag::FloatList), pointer_(list.data()), size_(list.size()) {}
  Arg(DType dtype) : tag_(Tag::DType), dtype_(dtype) {}
  Arg(std::string_view text) : tag_(Tag::String), pointer_(text.data()), size_(text.size()) {}
  Arg(RandomGenerator* generator) : tag_(Tag::Generator), pointer_(generator) {}

  Tag tag() const { return tag_; }
  bool is_none() const { return tag_ == Tag::None; }
  bool is_unset() const { return tag_ == Tag::Unset; }

  // What generated code reads; the binding has checked the kinds, so a mismatch is an internal error.
  const Tensor& tensor() const;  // None gives the undefined tensor
  TensorList tensors() const;
  Operand operand() const;
  Scalar scalar() const;
  int64_t integer() const;
  double real() const;
  bool boolean() const;
  IntList ints() const;
  FloatList floats() const;
  DType dtype() const;
  std::string_view text() const;
  RandomGenerator* generator() const;

 private:
  [[noreturn]] void mismatch(std::string_view wanted) const;
  Tag tag_;
  DType dtype_{};
  Scalar scalar_;
  const void* pointer_ = nullptr;
  size_t size_ = 0;
};

/// One result of a generic call.
class Output {
 public:
  enum class Tag : uint8_t { Tensor, TensorList, Scalar };
  Output(Tensor tensor) : tag(Tag::Tensor), tensor(std::move(tensor)) {}
  Output(std::vector<Tensor> list) : tag(Tag::TensorList), list(std::move(list)) {}
  Output(Scalar scalar) : tag(Tag::Scalar), scalar(scalar) {}
  Output(bool value) : Output(Scalar(value)) {}
  Output(int64_t value) : Output(Scalar(value)) {}
  Output(double value) : Output(Scalar(value)) {}

  Tag tag;
  Tensor tensor;
  std::vector<Tensor> list;
  Scalar scalar;
};

/// Receives results; a call with one tensor (nearly all) allocates nothing.
class Outputs {
 public:
  void add(Tensor tensor) {
    if (count_++ == 0) {
      first_ = std::move(tensor);
    } else {
      spill(Output(std::move(tensor)));
    }
  }
  void add(Output output) {
    if (output.tag == Output::Tag::Tensor) {
      add(std::move(output.tensor));
      return;
    }
    if (count_++ == 0) {
      first_is_other_ = true;
    }
    spill(std::move(output));
  }
  size_t size() const { return count_; }
  bool is_tensor(size_t i) const {
    return i == 0 && !first_is_other_ ? true : rest_[index(i)].tag == Output::Tag::Tensor;
  }
  Tensor& tensor(size_t i) { return i == 0 && !first_is_other_ ? first_ : rest_[index(i)].tensor; }
  /// For i where is_tensor(i) is false, or i > 0.
  Output& other(size_t i) { return rest_[index(i)]; }

 private:
  size_t index(size_t i) const { return first_is_other_ ? i : i - 1; }
  void spill(Output output) { rest_.push_back(std::move(output)); }
  size_t count_ = 0;
  bool first_is_other_ = false;
  Tensor first_;
  std::vector<Output> rest_;
};

enum class ReturnKind : uint8_t { None, Tensor, TensorList, Tuple, Scalar, Bool, Int, Float };

struct OpDescriptor {
  std::string_view name;      // "add", "add_", "sum"
  std::string_view overload;  // "" or what distinguishes descriptors of one name; the binding tries them in order
  std::string_view module;    // "" for torch, else "nn.functional", "linalg", "special", "fft", "_C"
  std::string_view schema;    // "add(Tensor self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor"
  std::span<const ArgSpec> arguments;
  ReturnKind returns;
  std::span<const std::string_view> return_names;  // of a named tuple; empty otherwise
  bool function;                                   // callable as torch.name(...)
  bool method;                                     // callable as tensor.name(...): the first argument is self
  bool inplace;                                    // writes its first argument and returns it
  bool supports_out;                               // torch.name(..., out=t) is allowed: call, then write_out()
  bool differentiable;                             // has a derivative or is made of operations that have one
  std::string_view inplace_twin;                   // "add_" for "add"; empty if none
  std::string_view doc;
  void (*call)(std::span<const Arg> arguments, Outputs& outputs);
};

/// All descriptors, ordered by name; overloads of a name stand together in matching order.
std::span<const OpDescriptor> all_ops();
/// The overloads of a name (empty span if there is none). An alias ("concat") finds its target.
std::span<const OpDescriptor> find_ops(std::string_view name);
struct OpAlias {
  std::string_view name, target, module;
};
std::span<const OpAlias> all_op_aliases();

/// out= semantics: resizes `out` when its shape differs, checks that the type can hold the result, copies. Returns out.
Tensor write_out(const Tensor& out, const Tensor& result);

/// Calls by name with all arguments given in schema order; missing trailing ones take their defaults. For tests and
/// tools.
Outputs call_op(std::string_view name, std::span<const Arg> arguments);

}  // namespace hiss::engine
