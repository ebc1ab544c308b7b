# The column of a syntax error. (That of f(**k, *a) differs from run to run in CPython.)
for text in ("a, *b, *c = 1", "[a, *b, *c] = 1"):
    try:
        compile(text, "<text>", "exec")
        print(text, "compiled")
    except SyntaxError as error:
        print(text, "->", error.msg, error.offset)
