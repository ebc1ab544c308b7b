# Which error is named first when a pattern has two.
for pattern in ("a | 1", "a | b", "[*a, *b]"):
    try:
        compile(f"match x:\n case {pattern}: pass\n case 1: pass", "<text>", "exec")
    except SyntaxError as error:
        print(pattern, "->", error.msg)
