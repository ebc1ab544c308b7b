# A keyword given twice in one call is a syntax error.
try:
    compile("f(a=1, a=2)", "<text>", "exec")
    print("compiled")
except SyntaxError as error:
    print(error.msg, error.offset)
