"""What a refusal says of the names and versions that there are instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Final

from jupyter_mltrain import units

_NAMED: Final = 5
"""Most names, or versions, that a sentence lists."""


def near(name: str, known: Iterable[str]) -> str | None:
    """Those that a name may have been meant for, as a question; `None` when it is like none."""
    lower = {each.lower(): each for each in known}
    found = [repr(lower[each]) for each in difflib.get_close_matches(name.lower(), lower, 3)]
    return f"Did you mean {units.listed(found, 'or')}?" if found else None


def hint(name: str, known: Iterable[str], none: str = "There are none yet.") -> str:
    """What a name may have been meant for, else what there is; ``none`` where that is nothing."""
    names = sorted(known)
    if not names:
        return none
    few, more = [repr(each) for each in names[:_NAMED]], len(names) - _NAMED
    there = f"{', '.join(few)} and {more} more" if more > 0 else units.listed(few)
    return near(name, names) or f"There {'is' if len(names) == 1 else 'are'} {there}."


def versions(there: Iterable[object]) -> str:
    """The latest of some, given latest first: ``3, 2 and 1``."""
    some = [str(each) for each in islice(there, _NAMED + 1)]
    return units.listed(some[:_NAMED]) + (" and older ones" if len(some) > _NAMED else "")
