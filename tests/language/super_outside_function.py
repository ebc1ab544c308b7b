# super() without arguments outside a function.
try:
    super()
except RuntimeError as error:
    print(error)
