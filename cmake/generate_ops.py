#!/usr/bin/env python3
"""Turns ops.yaml into the engine's operations: C++ functions, in-place forms, backward nodes, methods, the registry.

usage: generate_ops.py ops.yaml OUTPUT_DIRECTORY SHARDS
Only the standard library: ops.yaml is a flat list of blocks, which the few lines of read_blocks understand.
"""
import os
import re
import sys
from dataclasses import dataclass, field

CPP_TYPES = {
    "Tensor": "const Tensor&", "Tensor?": "const Tensor&", "Tensor|Scalar": "const Operand&",
    "Tensor[]": "TensorList", "Tensor?[]": "TensorList", "Scalar": "const Scalar&", "Scalar?": "const OptionalScalar&",
    "Tensor|Scalar?": "std::optional<Operand>",
    "int": "int64_t", "int?": "std::optional<int64_t>", "int[]": "IntList", "int[]?": "OptionalIntList",
    "float": "double", "float?": "std::optional<double>", "float[]": "FloatList", "float[]?": "std::optional<FloatList>",
    "bool": "bool", "bool?": "std::optional<bool>", "ScalarType": "DType", "ScalarType?": "OptionalDType",
    "str": "std::string_view", "str?": "std::optional<std::string_view>", "Generator?": "RandomGenerator*",
}
KINDS = {
    "Tensor": "Tensor", "Tensor|Scalar": "Operand", "Tensor[]": "TensorList", "Tensor?[]": "TensorList",
    "Scalar": "Scalar", "int": "Int", "int[]": "IntList", "float": "Float", "float[]": "FloatList", "bool": "Bool",
    "ScalarType": "DType", "str": "String", "Generator": "Generator",
}
READERS = {
    "Tensor": "tensor", "Operand": "operand", "TensorList": "tensors", "Scalar": "scalar", "Int": "integer",
    "IntList": "ints", "Float": "real", "FloatList": "floats", "Bool": "boolean", "DType": "dtype", "String": "text",
    "Generator": "generator",
}
# How a non-tensor argument is kept in a backward node.
STORED = {
    "const Scalar&": "Scalar", "const OptionalScalar&": "OptionalScalar", "IntList": "Sizes",
    "OptionalIntList": "std::optional<Sizes>", "FloatList": "std::vector<double>", "std::string_view": "std::string",
    "std::optional<std::string_view>": "std::optional<std::string>",
    "std::optional<FloatList>": "std::optional<std::vector<double>>",
}
RETURN_TYPES = {"Tensor": "Tensor", "Tensor[]": "std::vector<Tensor>", "Scalar": "Scalar", "bool": "bool", "int": "int64_t",
                "float": "double", "()": "void"}
RETURN_KINDS = {"Tensor": "Tensor", "Tensor[]": "TensorList", "Scalar": "Scalar", "bool": "Bool", "int": "Int",
                "float": "Float", "()": "None"}
SHAPE_PROPERTIES = {"sizes()": ("Sizes", "sizes"), "strides()": ("Sizes", "strides"), "dtype()": ("DType", "dtype"),
                    "dim()": ("int64_t", "dim"), "numel()": ("int64_t", "numel")}


@dataclass
class Argument:
    type: str
    name: str
    default: str = None
    keyword_only: bool = False
    varargs: bool = False
    list_size: int = 0

    @property
    def cpp(self):
        return CPP_TYPES[self.type]

    @property
    def optional(self):
        return self.type.endswith("?") and not self.type.endswith("?[]")

    @property
    def kind(self):
        return KINDS[self.type[:-1] if self.optional else self.type]

    @property
    def is_tensor(self):
        return self.type in ("Tensor", "Tensor?")

    @property
    def is_operand(self):
        return self.type == "Tensor|Scalar"

    @property
    def is_list(self):
        return self.type in ("Tensor[]", "Tensor?[]")

    @property
    def cpp_default(self):
        text = self.default
        if text is None:
            return None
        if text == "None":
            return "Tensor()" if self.is_tensor else "nullptr" if self.kind == "Generator" else "std::nullopt"
        if text in ("True", "False"):
            return text.lower()
        if text == "[]":
            return {"IntList": "IntList()", "FloatList": "FloatList()", "TensorList": "TensorList()"}[self.kind]
        if text.startswith("["):
            return "IntList({" + text[1:-1] + "})"
        if text.startswith("'"):
            return '"' + text[1:-1] + '"'
        if text == "inf":
            return "std::numeric_limits<double>::infinity()"
        if text.startswith("torch."):
            return "DType::" + {"int64": "Int64", "float32": "Float32"}[text[6:]]
        if self.kind == "Scalar" and re.fullmatch(r"-?\d+", text):
            return f"int64_t{{{text}}}"
        return text


@dataclass
class Op:
    schema: str
    name: str
    overload: str
    arguments: list
    returns: str
    return_names: list
    keys: dict
    grad: dict = field(default_factory=dict)

    @property
    def style(self):
        return self.keys.get("style", "value")

    def flag(self, key, default):
        return self.keys.get(key, str(default)).lower() == "true"

    @property
    def cpp(self):
        return self.keys.get("cpp", self.name)

    @property
    def kernel(self):
        return self.keys.get("kernel", self.name + ("_" + self.overload if self.overload else "") +
                             ("_" if self.style == "inplace" and not self.name.endswith("_") else ""))

    @property
    def return_type(self):
        if self.returns.startswith("("):
            return "std::tuple<" + ", ".join(["Tensor"] * len(self.return_names)) + ">" if self.return_names else "void"
        return RETURN_TYPES[self.returns]

    @property
    def node(self):
        if "node" in self.keys:
            return self.keys["node"]
        camel = "".join(part[:1].upper() + part[1:] for part in self.name.strip("_").split("_"))
        return camel + "Backward0"

    @property
    def has_function(self):
        return self.flag("functional", True)

    @property
    def inplace(self):
        return self.flag("inplace", False)


def fail(line, message):
    sys.exit(f"ops.yaml: {line!r}: {message}")


def split_top(text):
    parts, depth, current = [], 0, ""
    for char in text:
        depth += char in "([{"
        depth -= char in ")]}"
        if char == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    if current.strip():
        parts.append(current.strip())
    return parts


def parse_schema(schema):
    match = re.fullmatch(r"([\w]+)(?:\.(\w+))?\((.*)\) -> (.+)", schema)
    if not match:
        fail(schema, "not a schema")
    name, overload, text, returns = match.groups()
    arguments, keyword_only = [], False
    for part in split_top(text):
        if part == "*":
            keyword_only = True
            continue
        match = re.fullmatch(r"(\S+) (\w+)(?:=(.+))?", part)
        if not match:
            fail(schema, f"argument {part!r}")
        kind, argument, default = match.groups()
        varargs = "[*]" in kind
        size = re.search(r"\[(\d+)\]", kind)
        kind = re.sub(r"\[[\d*]+\]", "[]", kind)
        if kind not in CPP_TYPES:
            fail(schema, f"type {kind!r}")
        arguments.append(Argument(kind, argument, default, keyword_only, varargs, int(size.group(1)) if size else 0))
    names = []
    if returns.startswith("(") and returns != "()":
        names = [part.split()[1] for part in split_top(returns[1:-1])]
    return name, overload or "", arguments, returns, names


def read_blocks(path):
    ops, current, section = [], None, None
    for number, raw in enumerate(open(path), 1):
        line = raw.rstrip("\n")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.startswith("- op: "):
            schema = line[6:].strip()
            current = Op(schema, *parse_schema(schema), keys={})
            ops.append(current)
            section = None
        elif re.match(r"    \S", line) and section:
            key, _, value = line.strip().partition(": ")
            current.grad[key] = value.strip()
        elif line.startswith("  "):
            key, _, value = line.strip().partition(":")
            if key == "grad":
                section = key
            else:
                section = None
                current.keys[key] = value.strip()
        else:
            sys.exit(f"{path}:{number}: cannot read {line!r}")
    return ops


def parameters(arguments, defaults=False):
    parts = []
    for argument in arguments:
        default = argument.cpp_default if defaults else None
        parts.append(f"{argument.cpp} {argument.name}" + (f" = {default}" if default is not None else ""))
    return ", ".join(parts)


def method_arguments(op):
    return [a for a in op.arguments if a.name != "self"]


def call_arguments(arguments):
    return ", ".join(a.name for a in arguments)


def uses(expression, name):
    return re.search(rf"(?<![\w.>]){name}\b", expression) is not None


class Derivative:
    """What the node of an operation stores and computes."""

    def __init__(self, op):
        self.op = op
        self.entries = []  # ([argument], expression)
        by_name = {a.name: a for a in op.arguments}
        for key, expression in op.grad.items():
            targets = [by_name[name.strip()] for name in key.split(",")]
            self.entries.append((targets, expression))
        self.inputs = [a for a in op.arguments if any(a in targets for targets, _ in self.entries)]
        self.saved = {}       # name -> (kind, condition entries)
        self.properties = {}  # (argument, property)
        self.rewritten = []
        outputs = op.return_names or ["result"]
        for targets, expression in self.entries:
            text = expression
            for argument in op.arguments:
                for suffix, (_, short) in SHAPE_PROPERTIES.items():
                    pattern = rf"(?<![\w.>]){argument.name}\.{re.escape(suffix)}"
                    if (argument.is_tensor or argument.is_operand) and re.search(pattern, text):
                        if not argument.is_operand:
                            self.properties[(argument.name, short)] = suffix
                            text = re.sub(pattern, f"{argument.name}_{short}_", text)
            for argument in op.arguments:
                if uses(text, argument.name):
                    self.saved.setdefault(argument.name, (argument, []))[1].append(targets)
            for output in outputs:
                if uses(text, output) and output not in by_name:
                    self.saved.setdefault(output, (None, []))[1].append(targets)
            self.rewritten.append((targets, text))

    def stored_type(self, argument):
        if argument is None or argument.is_tensor:
            return "SavedTensor"
        if argument.is_operand:
            return "SavedOperand"
        if argument.is_list:
            return "SavedTensorList"
        return STORED.get(argument.cpp, argument.cpp)

    def offset(self, argument):
        fixed, lists = 0, []
        for other in self.inputs:
            if other is argument:
                break
            if other.is_list:
                lists.append(f"{other.name}_count_")
            else:
                fixed += 1
        return " + ".join([str(fixed)] + lists)

    def wants(self, argument, prefix=""):
        if argument.is_list:
            return f"{prefix}wants_range({self.offset(argument)}, {prefix}{argument.name}_count_)"
        return f"{prefix}wants({self.offset(argument)})"

    def condition(self, target_lists, prefix):
        flat = []
        for targets in target_lists:
            for target in targets:
                text = self.wants(target, prefix)
                if text not in flat:
                    flat.append(text)
        return " || ".join(flat)

    def struct(self):
        op, lines = self.op, []
        lines.append(f"class {op.node} : public GeneratedNode {{\n public:")
        lines.append(f'  std::string_view name() const override {{ return "{op.node.split("_")[0]}"; }}')
        lines.append("  std::vector<Tensor> apply(std::vector<Tensor>&& grads) override;")
        tensors = [(n, a) for n, (a, _) in self.saved.items() if a is None or a.is_tensor or a.is_operand or a.is_list]
        if tensors:
            lines.append("  void release_saved() override {")
            lines += [f"    {n}_.release();" for n, _ in tensors]
            lines.append("  }\n  void visit_saved(const SavedVisitor& visitor) const override {")
            lines += [f"    {n}_.visit(visitor);" for n, _ in tensors]
            lines.append("  }")
        for name, (argument, _) in self.saved.items():
            lines.append(f"  {self.stored_type(argument)} {name}_{{}};")
        for (name, short), suffix in self.properties.items():
            lines.append(f"  {SHAPE_PROPERTIES[suffix][0]} {name}_{short}_{{}};")
        for argument in self.inputs:
            if argument.is_list:
                lines.append(f"  size_t {argument.name}_count_ = 0;")
        lines.append("};")
        return "\n".join(lines)

    def apply(self):
        op, lines = self.op, []
        lines.append(f"std::vector<Tensor> {op.node}::apply(std::vector<Tensor>&& grads) {{")
        lines.append("  std::vector<Tensor> results(edges().size());")
        lines.append("  if (!any_defined(grads)) return results;")
        if any(uses(text, "grad") for _, text in self.rewritten):
            lines.append("  const Tensor& grad = grads[0];")
            if not op.flag("undefined_grad", False):
                lines.append("  if (!grad.defined()) return results;")
        for targets, text in self.rewritten:
            condition = self.condition([targets], "")
            lines.append(f"  if ({condition}) {{")
            for name, (argument, _) in self.saved.items():
                if not uses(text, name):
                    continue
                if argument is None or argument.is_tensor:
                    lines.append(f"    const Tensor {name} = {name}_.unpack(*this);")
                elif argument.is_operand:
                    lines.append(f"    const auto {name}_kept = {name}_.unpack(*this);")
                    lines.append(f"    const Operand {name} = {name}_kept;")
                elif argument.is_list:
                    lines.append(f"    const std::vector<Tensor> {name} = {name}_.unpack(*this);")
                else:
                    lines.append(f"    const auto& {name} = {name}_;")
            if len(targets) == 1 and targets[0].is_list:
                lines.append(f"    put_range(results, {self.offset(targets[0])}, {text});")
            elif len(targets) == 1:
                lines.append(f"    results[{self.offset(targets[0])}] = {text};")
            else:
                mask = ", ".join(self.wants(t) for t in targets)
                lines.append(f"    const std::array<bool, {len(targets)}> mask = {{{mask}}};")
                lines.append(f"    auto parts = {text};")
                for i, target in enumerate(targets):
                    lines.append(f"    results[{self.offset(target)}] = std::move(std::get<{i}>(parts));")
            lines.append("  }")
        lines.append("  return results;\n}")
        return "\n".join(lines)

    def record(self, indent, before_write):
        """Statements that make the node; `before_write`: in-place, so self's old value must be copied."""
        lines = [f"node = Ref<{self.op.node}>(new {self.op.node});"]
        lines.append("collect_edges(*node" + "".join(f", {a.name}" for a in self.inputs) + ");")
        for argument in self.inputs:
            if argument.is_list:
                lines.append(f"node->{argument.name}_count_ = {argument.name}.size();")
        for (name, short), suffix in self.properties.items():
            lines.append(f"if ({name}.defined()) node->{name}_{short}_ = {name}.{suffix};")
        for name, (argument, target_lists) in self.saved.items():
            if argument is None:
                continue
            condition = self.condition(target_lists, "node->")
            value = name
            if before_write and name == "self":
                value = "clone_for_backward(self)"
            if argument.is_tensor or argument.is_operand or argument.is_list:
                lines.append(f"if ({condition}) node->{name}_.save({value});")
            elif argument.cpp == "OptionalIntList":
                lines.append(f"if ({name}) node->{name}_ = Sizes(*{name});")
            elif argument.cpp == "std::optional<FloatList>":
                lines.append(f"if ({name}) node->{name}_ = std::vector<double>({name}->begin(), {name}->end());")
            elif argument.cpp == "FloatList":
                lines.append(f"node->{name}_.assign({name}.begin(), {name}.end());")
            elif argument.cpp == "std::optional<std::string_view>":
                lines.append(f"if ({name}) node->{name}_ = std::string(*{name});")
            elif argument.cpp == "std::string_view":
                lines.append(f"node->{name}_ = std::string({name});")
            elif argument.cpp == "IntList":
                lines.append(f"node->{name}_ = Sizes({name});")
            else:
                lines.append(f"node->{name}_ = {name};")
        return "\n".join(indent + line for line in lines)

    def save_outputs(self, indent, value_of):
        lines = []
        for name, (argument, target_lists) in self.saved.items():
            if argument is None:
                lines.append(f"{indent}if ({self.condition(target_lists, 'node->')}) node->{name}_.save({value_of(name)}, true);")
        return "\n".join(lines)


def kernel_call(op, out=None):
    match = re.fullmatch(r"(\w+)\((.*)\)", op.kernel)
    name, extra = match.groups() if match else (op.kernel, "")
    parts = ([out] if out else []) + ([extra] if extra else []) + [a.name for a in op.arguments]
    return f"kernels::{name}({', '.join(parts)})"


def recording(op, derivative):
    return "recording(" + ", ".join(a.name for a in derivative.inputs) + ")"


def function_body(op, derivative):
    lines = []
    if op.style == "composite":
        lines.append(f"  return composite::{op.kernel}({call_arguments(op.arguments)});")
        return lines
    if derivative:
        lines.append(f"  const bool record = {recording(op, derivative)};")
        if op.style == "out":
            lines.append("  if (record) ReuseScope::clear();")
    if op.style == "out":
        lines.append("  Tensor result;")
        lines.append(f"  {kernel_call(op, 'result')};")
    elif op.style == "inplace":
        lines.append(f"  Tensor result = clone_for_write(self);")
        call = kernel_call(op).replace("(self", "(result", 1)
        lines.append(f"  {call};")
    elif op.return_type == "void":
        lines.append(f"  {kernel_call(op)};")
    else:
        lines.append(f"  auto result = {kernel_call(op)};")
    if op.style == "view":
        if op.returns == "Tensor[]":
            lines.append("  for (const Tensor& view : result) track_view(view, self, ViewOrigin::MultiOutput);")
        else:
            lines.append("  track_view(result, self);")
    if derivative:
        lines.append("  if (record) {")
        lines.append(f"    Ref<{op.node}> node;")
        lines.append(derivative.record("    ", False))
        names = op.return_names
        if names:
            for i in range(len(names)):
                lines.append(f"    set_history(std::get<{i}>(result), node);")
        else:
            lines.append("    set_history(result, node);")
        saved = derivative.save_outputs("    ", lambda n: f"std::get<{names.index(n)}>(result)" if names else "result")
        if saved:
            lines.append(saved)
        lines.append("  }")
    if op.return_type != "void":
        lines.append("  return result;")
    return lines


def inplace_body(op, derivative):
    lines = []
    record = bool(derivative)
    if op.style == "composite":
        lines.append(f"  copy_(self, composite::{op.kernel}({call_arguments(op.arguments)}), false);")
        lines.append("  return self;")
        return lines
    if record:
        lines.append(f"  const bool record = {recording(op, derivative)};")
        lines.append("  check_inplace(self, record);")
        lines.append(f"  Ref<{op.node}> node;")
        lines.append("  if (record) {")
        lines.append(derivative.record("    ", True))
        lines.append("  }")
    else:
        lines.append("  check_inplace(self, recording(self));")
    if op.style == "out":
        lines.append("  Tensor out = self;")
        lines.append(f"  {kernel_call(op, 'out')};")
    elif op.style == "inplace":
        lines.append(f"  {kernel_call(op)};")
    else:
        lines.append(f"  kernels::write_back(self, {kernel_call(op)});")
    lines.append("  self->bump_version();")
    if record:
        lines.append("  if (record) {")
        lines.append("    rebase_history(self, node);")
        saved = derivative.save_outputs("    ", lambda n: "self")
        if saved:
            lines.append(saved)
        lines.append("  }")
    lines.append("  return self;")
    return lines


def thunk(op, name, inplace):
    lines = [f"void call_{name}(std::span<const Arg> args, Outputs& out) {{"]
    values = []
    for i, a in enumerate(op.arguments):
        reader = READERS[a.kind]
        if a.is_tensor or a.kind == "Generator" or not a.optional:
            given = f"args[{i}].{reader}()"
            type_ = a.cpp
        else:
            type_ = a.cpp.replace("const ", "").replace("&", "")
            given = f"args[{i}].is_none() ? {type_}() : {type_}(args[{i}].{reader}())"
        if a.cpp_default is not None:
            default = a.cpp_default
            plain = a.cpp.replace("const ", "").replace("&", "")
            if plain == "Tensor":
                default = "kNoTensor"
            elif default.startswith("IntList({"):
                lines.append(f"  static const int64_t default_{i}[] = {{{default[9:-2]}}};")
                default = f"IntList(default_{i}, std::size(default_{i}))"
                if plain != "IntList":
                    default = f"{plain}({default})"
            else:
                default = f"static_cast<{plain}>({default})"
            given = f"unset(args, {i}) ? {default} : {'(' + given + ')' if '?' in given else given}"
        values.append(given)
    prefix = f"ops::{op.cpp}" + ("_" if inplace and not op.cpp.endswith("_") else "")
    call = f"{prefix}({', '.join(values)})"
    if inplace:
        lines.append(f"  out.add(Tensor({call}));")
    elif op.return_type == "void":
        lines.append(f"  {call};\n  static_cast<void>(out);")
    elif op.return_names:
        lines.append(f"  auto result = {call};")
        for i in range(len(op.return_names)):
            lines.append(f"  out.add(std::move(std::get<{i}>(result)));")
    elif op.returns == "Tensor":
        lines.append(f"  out.add({call});")
    else:
        lines.append(f"  out.add(Output({call}));")
    if not op.arguments:
        lines.append("  static_cast<void>(args);")
    lines.append("}")
    return "\n".join(lines)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write(path, text):
    if os.path.exists(path) and open(path).read() == text:
        return
    with open(path, "w") as file:
        file.write(text)


HEAD = "// Generated by cmake/generate_ops.py from src/tensor/ops.yaml.\n"


def main():
    source, target, shards = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.makedirs(target, exist_ok=True)
    ops = read_blocks(source)
    derivatives = {id(op): Derivative(op) if op.grad else None for op in ops}

    functions, kernels, composites, methods, inline_methods = [], [], [], [], []
    bodies, rows, thunks, aliases = [], [], [], []
    seen_methods = set()
    for op in ops:
        derivative = derivatives[id(op)]
        is_nn = op.keys.get("module", "") in ("nn.functional", "linalg", "special", "fft", "_C")
        is_method = op.flag("method", not is_nn) and any(a.name == "self" for a in op.arguments)
        is_function = op.flag("function", True)
        if derivative:
            bodies.append((op, derivative.struct() + "\n" + derivative.apply()))
        if op.has_function:
            functions.append(f"{op.return_type} {op.cpp}({parameters(op.arguments, True)});")
            bodies.append((op, f"{op.return_type} {op.cpp}({parameters(op.arguments)}) {{\n" +
                           "\n".join(function_body(op, derivative)) + "\n}"))
        if op.inplace:
            cpp = op.cpp if op.cpp.endswith("_") else op.cpp + "_"
            functions.append(f"const Tensor& {cpp}({parameters(op.arguments, True)});")
            bodies.append((op, f"const Tensor& {cpp}({parameters(op.arguments)}) {{\n" +
                           "\n".join(inplace_body(op, derivative)) + "\n}"))
        if is_method or op.inplace:
            rest = method_arguments(op)
            names = call_arguments(op.arguments).replace("self", "*this", 1) if op.arguments[0].name == "self" else \
                ", ".join("*this" if a.name == "self" else a.name for a in op.arguments)
            if op.has_function and is_method and op.arguments[0].name in ("self", "condition"):
                methods.append(f"  {op.return_type} {op.cpp}({parameters(rest, True)}) const;")
                inline_methods.append(f"inline {op.return_type} Tensor::{op.cpp}({parameters(rest)}) const {{ "
                                      f"return ops::{op.cpp}({names}); }}")
            if op.inplace and op.arguments[0].name == "self":
                cpp = op.cpp if op.cpp.endswith("_") else op.cpp + "_"
                methods.append(f"  const Tensor& {cpp}({parameters(rest, True)}) const;")
                inline_methods.append(f"inline const Tensor& Tensor::{cpp}({parameters(rest)}) const {{ "
                                      f"return ops::{cpp}({names}); }}")
        if op.style == "composite":
            composites.append(f"{op.return_type} {op.kernel}({parameters(op.arguments, True)});")
        elif "(" not in op.kernel:
            out = "Tensor& out, " if op.style == "out" else ""
            result = "void" if op.style in ("out", "inplace") else op.return_type
            kernels.append(f"{result} {op.kernel}({(out + parameters(op.arguments)).rstrip(', ')});")
        for alias in split_top(op.keys.get("alias", "")):
            if (alias, op.name) not in aliases:
                aliases.append((alias, op.name, op.keys.get("module", "")))

        index = len(thunks)
        forms = ([False] if op.has_function else []) + ([True] if op.inplace else [])
        for inplace in forms:
            name = op.name + ("_" if inplace and not op.name.endswith("_") else "")
            identifier = f"{name}_{index}"
            thunks.append((identifier, thunk(op, identifier, inplace), op.arguments))
            returns = "Tensor" if inplace else "Tuple" if op.return_names else RETURN_KINDS[op.returns]
            schema = op.schema if not inplace else re.sub(r"^\w+", name, op.schema)
            supports_out = (not inplace and op.returns == "Tensor" and not is_nn and is_function and
                            op.style in ("value", "out", "composite"))
            twin = op.name + "_" if op.inplace and not inplace and not op.name.endswith("_") else ""
            differentiable = bool(derivative) or (op.style == "composite" and op.flag("differentiable", True))
            rows.append((name, op, identifier, returns, schema, supports_out, twin, inplace,
                         is_function and (not inplace or op.flag("inplace_function", False)),
                         is_method or inplace, differentiable))

    header = HEAD + "#pragma once\n\n#include <limits>\n\n#include \"tensor/tensor.h\"\n\n"
    write(f"{target}/ops.h", header + "namespace hiss::engine {\nnamespace ops {\n" + "\n".join(functions) +
          "\n}  // namespace ops\n\n" + "\n".join(inline_methods) + "\n}  // namespace hiss::engine\n")
    write(f"{target}/tensor_methods.inc", HEAD + "\n".join(methods) + "\n")
    write(f"{target}/kernels.h", header + "namespace hiss::engine {\nnamespace kernels {\n" + "\n".join(kernels) +
          "\n}  // namespace kernels\nnamespace composite {\n" + "\n".join(composites) +
          "\n}  // namespace composite\n}  // namespace hiss::engine\n")

    prologue = (HEAD + '#include "autograd/generated_node.h"\n#include "generated/engine/kernels.h"\n'
                '#include "generated/engine/ops.h"\n#include "nn/functional.h"\n#include "tensor/formulas.h"\n'
                '#include "tensor/kernels/elementwise.h"\n#include "tensor/operators.h"\n\n'
                "namespace hiss::engine::ops {\nusing namespace formulas;\n")
    size = (len(ops) + shards - 1) // shards
    for shard in range(shards):
        chosen = ops[shard * size:(shard + 1) * size]
        keep = {id(op) for op in chosen}
        text = "\n".join(body for op, body in bodies if id(op) in keep)
        structs = "namespace {\n" + "\n".join(derivatives[i].struct() for i in (id(op) for op in chosen) if derivatives[i]) + "\n}\n"
        text = "\n".join(body if not body.startswith("class ") else body.split("\n};\n", 1)[1]
                         for op, body in bodies if id(op) in keep)
        write(f"{target}/ops_{shard}.cpp", prologue + structs + text + "\n}  // namespace hiss::engine::ops\n")

    order = sorted(range(len(rows)), key=lambda i: (rows[i][0], i))
    for shard in range(2):
        mine = [t for i, t in enumerate(thunks) if i % 2 == shard]
        text = HEAD + '#include "generated/engine/ops.h"\n#include "tensor/registry_internal.h"\n\nnamespace hiss::engine::thunks {\n'
        text += "\n".join(t[1] for t in mine)
        write(f"{target}/thunks_{shard}.cpp", text + "\n}  // namespace hiss::engine::thunks\n")
    text = HEAD + '#include "tensor/registry_internal.h"\n\nnamespace hiss::engine {\nnamespace thunks {\n'
    text += "\n".join(f"void call_{t[0]}(std::span<const Arg> args, Outputs& out);" for t in thunks)
    text += "\n}  // namespace thunks\nnamespace {\n"
    for identifier, _, arguments in thunks:
        if arguments:
            text += f"constexpr ArgSpec kArgs_{identifier}[] = {{\n"
            for a in arguments:
                text += (f"  {{{quote(a.name)}, ArgKind::{a.kind}, {str(a.optional).lower()}, {str(a.type == 'Tensor?[]').lower()}, "
                         f"{str(a.keyword_only).lower()}, {str(a.default is not None).lower()}, {str(a.varargs).lower()}, "
                         f"{a.list_size}, {quote(a.default or '')}}},\n")
            text += "};\n"
    for i in order:
        op = rows[i][1]
        if op.return_names and not rows[i][7]:
            text += f"constexpr std::string_view kReturns_{rows[i][2]}[] = {{" + ", ".join(map(quote, op.return_names)) + "};\n"
    text += "const OpDescriptor kOps[] = {\n"
    for i in order:
        name, op, identifier, returns, schema, out, twin, inplace, function, method, differentiable = rows[i]
        args = f"kArgs_{identifier}" if op.arguments else "std::span<const ArgSpec>()"
        names = f"kReturns_{identifier}" if op.return_names and not inplace else "std::span<const std::string_view>()"
        flags = ", ".join(str(v).lower() for v in (function, method, inplace, out, differentiable))
        text += (f"  {{{quote(name)}, {quote(op.overload)}, {quote(op.keys.get('module', ''))}, {quote(schema)}, {args}, "
                 f"ReturnKind::{returns}, {names}, {flags}, {quote(twin)}, {quote(op.keys.get('doc', ''))}, "
                 f"thunks::call_{identifier}}},\n")
    text += "};\nconst OpAlias kAliases[] = {\n"
    for alias, name, module in sorted(aliases):
        text += f"  {{{quote(alias)}, {quote(name)}, {quote(module)}}},\n"
    text += ("};\n}  // namespace\nstd::span<const OpDescriptor> all_ops() { return kOps; }\n"
             "std::span<const OpAlias> all_op_aliases() { return kAliases; }\n}  // namespace hiss::engine\n")
    write(f"{target}/registry.cpp", text)


main()
