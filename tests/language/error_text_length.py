"""Messages and reprs that are cut are cut behind a character, never in the middle of its bytes."""
import re

for base in (10, 16):
    for text in ("é" * 300, "x" + "\U0001F600" * 250, "y" * 199 + "é", "z" * 198 + "éé"):
        try:
            int(text, base)
        except ValueError as e:
            print(ascii(str(e)))
print(ascii(repr(re.compile("é" * 300))))
