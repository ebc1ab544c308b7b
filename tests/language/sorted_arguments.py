# What sorted() says about wrong arguments.
for call in (lambda: sorted(), lambda: sorted([1], wrong=1)):
    try:
        call()
    except TypeError as error:
        print(error)
