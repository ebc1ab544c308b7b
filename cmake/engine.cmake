# The engine: operations generated from src/tensor/ops.yaml, SIMD kernels by Highway, convolutions by oneDNN.
find_package(OpenMP REQUIRED COMPONENTS CXX)
set(engine_generated ${CMAKE_BINARY_DIR}/generated/engine)
set(engine_shards 8)
set(engine_outputs ${engine_generated}/registry.cpp ${engine_generated}/thunks_0.cpp ${engine_generated}/thunks_1.cpp)
math(EXPR last_shard "${engine_shards} - 1")
foreach(shard RANGE ${last_shard})
  list(APPEND engine_outputs ${engine_generated}/ops_${shard}.cpp)
endforeach()
# The generator leaves unchanged files alone, so that an edit of one operation recompiles one shard; the stamp tells Ninja it ran.
add_custom_command(
  OUTPUT ${engine_generated}/stamp
  BYPRODUCTS ${engine_outputs} ${engine_generated}/ops.h ${engine_generated}/kernels.h ${engine_generated}/tensor_methods.inc
  COMMAND python3 ${CMAKE_SOURCE_DIR}/cmake/generate_ops.py ${CMAKE_SOURCE_DIR}/src/tensor/ops.yaml ${engine_generated} ${engine_shards}
  COMMAND ${CMAKE_COMMAND} -E touch ${engine_generated}/stamp
  DEPENDS ${CMAKE_SOURCE_DIR}/src/tensor/ops.yaml ${CMAKE_SOURCE_DIR}/cmake/generate_ops.py
  COMMENT "Generating tensor operations")
add_custom_target(engine_generation DEPENDS ${engine_generated}/stamp)

hiss_layer(hiss_engine FOLDERS tensor autograd nn diffusion sequence LINK hiss_base dnnl ZLIB::ZLIB OpenMP::OpenMP_CXX)
get_target_property(engine_kind hiss_engine TYPE)
if(NOT engine_kind STREQUAL "INTERFACE_LIBRARY")
  target_sources(hiss_engine PRIVATE ${engine_outputs})
  add_dependencies(hiss_engine engine_generation)
  # Generated headers are included as "generated/engine/...", which says at the place of use where they come from.
  target_include_directories(hiss_engine PUBLIC ${CMAKE_BINARY_DIR})
  # Kernels are loops over plain arrays; contraction and reassociation inside them are chosen by hand.
  target_compile_options(hiss_engine PRIVATE -fno-math-errno -fno-trapping-math)
  # SSE2 (the baseline), AVX2 and AVX-512 are enough; each further target costs compile time.
  target_compile_definitions(hiss_engine PRIVATE "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_SSE4|HWY_AVX3_DL)")
endif()

if(NOT engine_kind STREQUAL "INTERFACE_LIBRARY")
  foreach(example train denoiser)
    add_executable(example_${example} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/examples/cpp/${example}.cpp)
    target_link_libraries(example_${example} PRIVATE hiss_engine)
    set_target_properties(example_${example} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  endforeach()
endif()
