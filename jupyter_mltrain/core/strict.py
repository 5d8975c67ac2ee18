"""Objects that take no attribute they do not have."""

from __future__ import annotations

import difflib
from typing import Any


class Strict:
    """Refuses attributes that it does not have, so that a typo does not pass for a setting.

    Classes that derive from it name what they have in `__slots__`.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        found = getattr(type(self), name, None)
        if found is None:
            raise AttributeError(self._unknown(name))
        if isinstance(found, property) and found.fset is None:
            raise AttributeError(f"{type(self).__name__}.{name} can be read, not set.")
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(self._unknown(name))

    def _unknown(self, name: str) -> str:
        kind = type(self)
        known = sorted(each for each in dir(kind) if not each.startswith("_"))
        near = difflib.get_close_matches(name, known, n=3)
        settings = [each for each in known if not callable(getattr(kind, each))]
        hint = f"Did you mean {_either(near)}?" if near else f"It has {', '.join(settings)}."
        return f"{kind.__name__} has no attribute {name!r}. {hint}"


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
