// Making classes: the C3 linearization, type.__new__, and the attributes that classes have.
#pragma once

#include <string>

#include "object/native.h"
#include "object/type.h"

namespace hiss {

/// C3 (Barrett et al. 1996) from type->bases; TypeError "Cannot create a consistent method resolution order (MRO) for
/// bases X, Y".
Ref compute_mro(Type* type);
/// The order that the metaclass's mro() gives, checked, or compute_mro where it has no own.
Ref resolve_mro(Type* type);
/// The base whose instance layout a class with these bases extends; TypeError when two disagree.
Result<Type*> best_base(Tuple* bases);
/// cls.__bases__ = bases.
Status set_type_bases(Type* type, Value bases);
void add_subclass(Type* base, Type* subclass);
/// The __module__ of a class: str, usually.
Ref type_module(Type* type);
/// "collections.deque" for native types, the plain name for classes.
std::string qualified_type_name(const Type* type);
/// The most derived metaclass of the bases; TypeError "metaclass conflict: ...".
Result<Type*> calculate_metaclass(Type* metatype, Tuple* bases);

// The parts of type_type that live in class_builder.cpp and type_attributes.cpp.
Ref type_new(Type* metatype, const Args& args);
Status type_init(Value self, const Args& args);
Ref type_or(Value left, Value right);
extern const NativeDef kTypeMethods[];
extern const GetSetDef kTypeGetSets[];

/// __dict__ and __weakref__ of instances of classes.
const GetSetDef* instance_dict_getset();
const GetSetDef* instance_weakref_getset();

/// The bound of __hash__ = None: TypeError "unhashable type: 'list'".
Result<int64_t> hash_not_implemented(Value self);
/// AttributeError with .name and .obj set.
Failure fail_attribute(Value object, Str* name, std::string message);

}  // namespace hiss
