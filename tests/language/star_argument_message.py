# The message about a bad *argument names the module of the function.
def f(*args):
    return args


try:
    f(*5)
except TypeError as error:
    print(error)
