// Tensors and automatic differentiation: the engine's public face for C++ programs.
//   using namespace hiss::engine;
//   Tensor x = ops::randn({2, 3}).set_requires_grad(true);
//   (x * x).sum().backward();   // x.grad() is 2 * x
#pragma once

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "tensor/indexing.h"
#include "tensor/operators.h"
#include "tensor/parallel.h"
#include "tensor/random/generator.h"
#include "tensor/registry.h"
