// Layers, initialization and optimizers for C++ programs.
#pragma once

#include "hiss/tensor.h"
#include "nn/initialization.h"
#include "nn/modules.h"
#include "nn/optimizers.h"
