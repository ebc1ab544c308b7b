#include "tensor/printing.h"

#include <fmt/format.h>

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "tensor/operators.h"

namespace hiss::engine {
namespace {

/// Chooses one notation and width for all elements, after looking at those that will be shown.
class Formatter {
 public:
  Formatter(const Tensor& shown, const PrintOptions& options)
      : options_(options), floating_(is_floating(shown.dtype())) {
    const Tensor flat = shown.detach().reshape({-1}).contiguous();
    if (!floating_) {
      for (int64_t i = 0; i < flat.numel(); ++i) width_ = std::max(width_, format(flat, i).size());
      return;
    }
    const Tensor values = flat.to(DType::Float64);
    double largest = 0, smallest = INFINITY;
    bool any = false, whole = true;
    for (int64_t i = 0; i < values.numel(); ++i) {
      const double value = values.data<double>()[i];
      if (!std::isfinite(value) || value == 0) continue;
      any = true;
      largest = std::max(largest, std::abs(value));
      smallest = std::min(smallest, std::abs(value));
      whole &= value == std::ceil(value);
    }
    if (!any) return;
    integral_ = whole;
    scientific_ = largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4);
    if (options.sci_mode) scientific_ = *options.sci_mode;
    for (int64_t i = 0; i < values.numel(); ++i) {
      const double value = values.data<double>()[i];
      if (std::isfinite(value) && value != 0) width_ = std::max(width_, number(value).size());
    }
  }

  size_t width() const { return width_; }
  std::string text(const Tensor& flat, int64_t i) const {
    const std::string plain = format(flat, i);
    return plain.size() < width_ ? std::string(width_ - plain.size(), ' ') + plain : plain;
  }

 private:
  std::string number(double value) const {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    if (scientific_) return fmt::format("{:.{}e}", value, options_.precision);
    if (integral_) return fmt::format("{:.0f}.", value);
    return fmt::format("{:.{}f}", value, options_.precision);
  }
  std::string format(const Tensor& flat, int64_t i) const {
    const Scalar value = flat.select(0, i).item();
    if (floating_) return number(value.to_double());
    if (value.is_bool()) return value.to_bool() ? "True" : "False";
    return std::to_string(value.to_int());
  }
  const PrintOptions& options_;
  bool floating_;
  bool integral_ = true;
  bool scientific_ = false;
  size_t width_ = 1;
};

Tensor summarized(const Tensor& tensor, int64_t edge) {
  if (tensor.dim() == 0) return tensor;
  if (tensor.dim() == 1) {
    if (tensor.size(0) <= 2 * edge) return tensor;
    return ops::cat({tensor.narrow(0, 0, edge), tensor.narrow(0, tensor.size(0) - edge, edge)});
  }
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    if (tensor.size(0) > 2 * edge && i >= edge && i < tensor.size(0) - edge) continue;
    parts.push_back(summarized(tensor.select(0, i), edge));
  }
  return parts.empty() ? tensor : ops::stack(parts);
}

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  std::string result;
  for (size_t i = 0; i < parts.size(); ++i) result += (i ? separator : "") + parts[i];
  return result;
}

std::string body(const Tensor& tensor, size_t indent, bool summarize, const Formatter& formatter,
                 const PrintOptions& options) {
  const int64_t edge = options.edge_items;
  if (tensor.dim() == 0) return formatter.text(tensor.reshape({1}), 0);
  const int64_t size = tensor.size(0);
  const bool cut = summarize && size > 2 * edge;
  std::vector<std::string> parts;
  if (tensor.dim() == 1) {
    for (int64_t i = 0; i < size; ++i) {
      if (cut && i == edge) {
        parts.push_back(" ...");
        i = size - edge;
      }
      parts.push_back(formatter.text(tensor, i));
    }
    const int room = options.line_width - static_cast<int>(indent);
    const size_t per_line = static_cast<size_t>(std::max(1, room / static_cast<int>(formatter.width() + 2)));
    std::vector<std::string> lines;
    for (size_t i = 0; i < parts.size(); i += per_line) {
      lines.push_back(join({parts.begin() + static_cast<std::ptrdiff_t>(i),
                            parts.begin() + static_cast<std::ptrdiff_t>(std::min(i + per_line, parts.size()))},
                           ", "));
    }
    return "[" + join(lines, ",\n" + std::string(indent + 1, ' ')) + "]";
  }
  for (int64_t i = 0; i < size; ++i) {
    if (cut && i == edge) {
      parts.emplace_back("...");
      i = size - edge;
    }
    parts.push_back(body(tensor.select(0, i), indent + 1, summarize, formatter, options));
  }
  return "[" +
         join(parts, "," + std::string(static_cast<size_t>(tensor.dim() - 1), '\n') + std::string(indent + 1, ' ')) +
         "]";
}

}  // namespace

PrintOptions& print_options() {
  static PrintOptions options;
  return options;
}

std::string to_text(const Tensor& tensor, std::string_view prefix) {
  const PrintOptions& options = print_options();
  const size_t indent = prefix.size();
  std::string text(prefix);
  std::vector<std::string> suffixes;
  const DType dtype = tensor.dtype();
  {
    NoGrad no_grad;
    if (tensor.numel() == 0) {
      if (tensor.dim() != 1) {
        const Sizes& sizes = tensor.sizes();
        suffixes.push_back(fmt::format("size=({})", fmt::join(sizes.begin(), sizes.end(), ", ")));
      }
      if (dtype != default_dtype()) suffixes.push_back(fmt::format("dtype=torch.{}", dtype_name(dtype)));
      text += "[]";
    } else {
      if (dtype != default_dtype() && dtype != DType::Int64 && dtype != DType::Bool) {
        suffixes.push_back(fmt::format("dtype=torch.{}", dtype_name(dtype)));
      }
      const bool summarize = tensor.numel() > options.threshold;
      Tensor values = tensor.detach();
      if (is_reduced_float(dtype)) values = values.to(DType::Float32);
      const Formatter formatter(summarize ? summarized(values, options.edge_items) : values, options);
      text += body(values, indent, summarize, formatter, options);
    }
  }
  if (const auto node = tensor.grad_fn()) {
    suffixes.push_back(fmt::format("grad_fn=<{}>", node->name()));
  } else if (tensor.requires_grad()) {
    suffixes.emplace_back("requires_grad=True");
  }
  const size_t last_break = text.rfind('\n');
  size_t line = last_break == std::string::npos ? text.size() + 2 : text.size() - last_break + 1;
  for (const std::string& suffix : suffixes) {
    if (line + suffix.size() + 2 > static_cast<size_t>(options.line_width)) {
      text += ",\n" + std::string(indent, ' ') + suffix;
      line = indent + suffix.size();
    } else {
      text += ", " + suffix;
      line += suffix.size() + 2;
    }
  }
  return text + ")";
}

}  // namespace hiss::engine
