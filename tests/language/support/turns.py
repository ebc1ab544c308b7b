"""What tests of hot code share."""

COLD, HOT = 3, 900


def repeat(function, hot=HOT):
    """Prints what a function gives, which must be the same while its code is interpreted and when it is machine code."""
    cold = result = None
    for turn in range(hot):
        result = function()
        if turn == COLD:
            cold = result
    assert cold == result, (cold, result)
    print(function.__name__, result)
