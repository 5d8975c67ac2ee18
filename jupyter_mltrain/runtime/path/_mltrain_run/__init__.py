"""The code that runs inside a run: standard library only, valid from Python 3.6.

Annotations that need `typing` are strings, and `typing` is imported for type checkers only:
importing it takes longer than everything else that a `Run.get_context()` needs.
"""
