// Moving elements between types and layouts.
#include <algorithm>

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/iteration.h"
#include "tensor/parallel.h"
#include "tensor/promotion.h"

namespace hiss::engine {
namespace {

template <typename From, typename To>
To cast_value(From value) {
  if constexpr (std::is_same_v<From, To>) {
    return value;
  } else if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, BFloat16>) {
    return cast_value<float, To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<To, Half> || std::is_same_v<To, BFloat16>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Outside the range x86 answers with the smallest integer; narrower types keep its low bits.
    if constexpr (sizeof(To) == 8) {
      return value >= From(-9223372036854775808.0) && value < From(9223372036854775808.0)
                 ? static_cast<To>(value)
                 : std::numeric_limits<int64_t>::min();
    } else {
      const auto wide = value >= From(-9223372036854775808.0) && value < From(9223372036854775808.0)
                            ? static_cast<int64_t>(value)
                            : std::numeric_limits<int64_t>::min();
      return static_cast<To>(wide);
    }
  } else {
    return static_cast<To>(value);
  }
}

template <typename From, typename To>
void convert_typed(const void* source, int64_t source_stride, void* target, int64_t target_stride, int64_t count) {
  const From* from = static_cast<const From*>(source);
  To* to = static_cast<To*>(target);
  if (source_stride == 1 && target_stride == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = cast_value<From, To>(from[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * target_stride] = cast_value<From, To>(from[i * source_stride]);
  }
}

template <typename T>
void move_typed(const void* source, int64_t source_stride, void* target, int64_t target_stride, int64_t count) {
  const T* from = static_cast<const T*>(source);
  T* to = static_cast<T*>(target);
  if (target_stride == 1 && source_stride == 0) {
    std::fill(to, to + count, *from);
  } else if (target_stride == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i * source_stride];
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * target_stride] = from[i * source_stride];
  }
}

// Source and target run fastest along different dimensions: go through both in tiles that fit the first-level cache.
template <typename T>
void transpose_tiles(const T* source, int64_t source_row, int64_t source_column, T* target, int64_t target_row,
                     int64_t rows, int64_t columns) {
  constexpr int64_t kTile = 16;
  for (int64_t r = 0; r < rows; r += kTile) {
    const int64_t r_end = std::min(rows, r + kTile);
    for (int64_t c = 0; c < columns; c += kTile) {
      const int64_t c_end = std::min(columns, c + kTile);
      for (int64_t i = r; i < r_end; ++i) {
        for (int64_t j = c; j < c_end; ++j) target[i * target_row + j] = source[i * source_row + j * source_column];
      }
    }
  }
}

}  // namespace

void convert(const void* source, DType from, int64_t source_stride, void* target, DType to, int64_t target_stride,
             int64_t count) {
  if (from == to) {
    const size_t size = item_size(from);
    if (source_stride == 1 && target_stride == 1) {
      std::memcpy(target, source, static_cast<size_t>(count) * size);
      return;
    }
    dispatch_size(size, [&](auto* tag) {
      move_typed<std::remove_pointer_t<decltype(tag)>>(source, source_stride, target, target_stride, count);
    });
    return;
  }
  dispatch_all(from, [&](auto* from_tag) {
    dispatch_all(to, [&](auto* to_tag) {
      convert_typed<std::remove_pointer_t<decltype(from_tag)>, std::remove_pointer_t<decltype(to_tag)>>(
          source, source_stride, target, target_stride, count);
    });
  });
}

void copy_values(const Tensor& out, const Tensor& source) {
  if (!is_expandable_to(source.sizes(), out.sizes())) {
    throw_error(ErrorKind::Runtime,
                "The expanded size of the tensor ({}) must match the existing size ({}) at non-singleton dimension {}. "
                " Target sizes: {}.  Tensor sizes: {}",
                out.sizes().empty() ? 1 : out.sizes().back(), source.sizes().empty() ? 1 : source.sizes().back(),
                std::max<int64_t>(out.dim() - 1, 0), to_string(out.sizes()), to_string(source.sizes()));
  }
  if (out.numel() == 0) return;
  const size_t size = out.item_size();
  if (out.dtype() == source.dtype() && out.is_contiguous() && source.is_contiguous() && out.numel() == source.numel()) {
    if (out.raw_data() == source.raw_data()) return;
    parallel_for(0, out.numel(), kGrain * 4, [&](int64_t begin, int64_t end) {
      std::memmove(static_cast<char*>(out.raw_data()) + begin * static_cast<int64_t>(size),
                   static_cast<const char*>(source.raw_data()) + begin * static_cast<int64_t>(size),
                   static_cast<size_t>(end - begin) * size);
    });
    return;
  }
  // Overlapping memory (x[1:] = x[:-1]) must read before it writes.
  if (out->storage == source->storage && out.dtype() == source.dtype()) {
    Tensor dense = new_tensor(source.sizes(), source.dtype());
    Iteration iteration({&dense, &source}, dense.sizes());
    iteration.for_each_row([&](const int64_t* offsets, int64_t count) {
      convert(static_cast<const char*>(source.raw_data()) + offsets[1], source.dtype(), iteration.inner_stride(1),
              static_cast<char*>(dense.raw_data()) + offsets[0], dense.dtype(), iteration.inner_stride(0), count);
    });
    copy_values(out, dense);
    return;
  }
  Iteration iteration({&out, &source}, out.sizes());
  const char* from = static_cast<const char*>(source.raw_data());
  char* to = static_cast<char*>(out.raw_data());
  const int64_t out_inner = iteration.inner_stride(0), source_inner = iteration.inner_stride(1);
  if (iteration.dim() >= 2 && out.dtype() == source.dtype() && out_inner == 1 && source_inner > 1) {
    const int64_t rows = iteration.size(iteration.dim() - 2), columns = iteration.size(iteration.dim() - 1);
    const int64_t source_row = iteration.stride(1, iteration.dim() - 2),
                  out_row = iteration.stride(0, iteration.dim() - 2);
    const int64_t tiles = iteration.rows() / rows;
    parallel_for(0, tiles, std::max<int64_t>(1, kGrain / (rows * columns)), [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) {
        int64_t offsets[2];
        iteration.row_offsets(tile * rows, offsets);
        dispatch_size(size, [&](auto* tag) {
          using T = std::remove_pointer_t<decltype(tag)>;
          transpose_tiles(reinterpret_cast<const T*>(from + offsets[1]), source_row, source_inner,
                          reinterpret_cast<T*>(to + offsets[0]), out_row, rows, columns);
        });
      }
    });
    return;
  }
  const int64_t row_grain = std::max<int64_t>(1, kGrain / iteration.inner_size());
  if (iteration.rows() == 1) {
    const int64_t source_size = static_cast<int64_t>(source.item_size());
    parallel_for(0, iteration.inner_size(), kGrain, [&](int64_t begin, int64_t end) {
      convert(from + begin * source_inner * source_size, source.dtype(), source_inner,
              to + begin * out_inner * static_cast<int64_t>(size), out.dtype(), out_inner, end - begin);
    });
    return;
  }
  parallel_for(0, iteration.rows(), row_grain, [&](int64_t begin, int64_t end) {
    iteration.for_each_row(begin, end, [&](const int64_t* offsets, int64_t count) {
      convert(from + offsets[1], source.dtype(), source_inner, to + offsets[0], out.dtype(), out_inner, count);
    });
  });
}

void fill_value(const Tensor& out, const Scalar& value) {
  if (out.numel() == 0) return;
  dispatch_all(out.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T element = value.to<T>();
    if (out.is_contiguous()) {
      T* data = out.data<T>();
      parallel_for(0, out.numel(), kGrain * 4,
                   [&](int64_t begin, int64_t end) { std::fill(data + begin, data + end, element); });
      return;
    }
    Iteration iteration({&out}, out.sizes());
    const int64_t stride = iteration.inner_stride(0);
    iteration.for_each_row([&](const int64_t* offsets, int64_t count) {
      T* row = reinterpret_cast<T*>(static_cast<char*>(out.raw_data()) + offsets[0]);
      for (int64_t i = 0; i < count; ++i) row[i * stride] = element;
    });
  });
}

}  // namespace hiss::engine
