# The column of two syntax errors.
for text in ("a, *b, *c = 1", "f(**k, *a)"):
    try:
        compile(text, "<text>", "exec")
        print(text, "compiled")
    except SyntaxError as error:
        print(text, "->", error.msg, error.offset)
