// What the types of generators, coroutines and async generators share.
#pragma once

#include "object/native.h"
#include "object/type.h"

namespace hiss {

/// Describes a type whose instances are Generator objects.
void define_generator_like(Type& type, const char* name);
extern const GetSetDef kAsyncGeneratorGetSets[];

}  // namespace hiss
