# An attribute given twice in a class pattern is a syntax error.
try:
    compile("match x:\n case P(a=1, a=2): pass", "<text>", "exec")
    print("compiled")
except SyntaxError as error:
    print(error.msg)
