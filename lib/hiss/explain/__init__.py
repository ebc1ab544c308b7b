"""Answers to two questions about a running program.

mro(cls)            How does Python find the order in which it searches a class and its bases?
references(object)  What keeps this object alive?

Both print their answer and return it as an object with the data.
"""

from hiss.explain.linearization import Linearization, Step, mro
from hiss.explain.referrers import Link, References, references

__all__ = ["Linearization", "Link", "References", "Step", "mro", "references"]
