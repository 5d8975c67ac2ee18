"""What is done with a dataset's files or rows, in order: the same in a notebook and in a run.

A step is plain data, so that it can be kept with the dataset. Steps that choose by position are
``{"take": n}``, ``{"skip": n}``, ``{"sample": share, "seed": s}`` and
``{"split": share, "seed": s, "part": 0 or 1}``; ``{"filter": test}`` chooses by content, and
``keep_columns``, ``drop_columns`` and ``timestamp`` are of tables alone.

A test is a list: ``["==", ["field", "Age"], 30]``, ``["and", test, test]``, ``["not", test]``,
``["null", ["field", "Age"]]``. An instant in it is ``{"$t": "2019-01-01T00:00:00"}``.
"""

import operator

from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

_OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "and": operator.and_,
    "or": operator.or_,
}


def positions(step: "Mapping[str, Any]", count: int) -> "Optional[Sequence[int]]":
    """Which of `count` files or rows a step leaves, in order; `None` if it is no matter of place.

    What is left to chance is decided by the step's seed alone: the two parts of one split have
    every row once between them, here and on every other machine.
    """
    if "take" in step:
        return range(min(step["take"], count))
    if "skip" in step:
        return range(min(step["skip"], count), count)
    if "sample" in step:
        return _drawn(step["sample"], step.get("seed"), count, True)
    if "split" in step:
        return _drawn(step["split"], step.get("seed"), count, step.get("part", 0) == 0)
    return None


def _drawn(share: float, seed: "Any", count: int, wanted: bool) -> "List[int]":
    import random

    draw = random.Random(seed).random
    return [at for at in range(count) if (draw() < share) is wanted]


def truth(test: "Any", field: "Callable[[str], Any]", instant: "Callable[[str], Any]") -> "Any":
    """Evaluate a test, over one value or over a whole column at once.

    Parameters
    ----------
    field
        Gives the value, or the column, of that name.
    instant
        Makes what instants are compared with of ISO 8601 text.
    """
    if isinstance(test, dict):
        return instant(test["$t"])
    if not isinstance(test, (list, tuple)):
        return test
    name, arguments = test[0], test[1:]
    if name == "field":
        return field(arguments[0])
    values = [truth(each, field, instant) for each in arguments]
    if name == "not":
        return operator.xor(values[0], True)  # `not` of a whole column
    if name == "null":
        return values[0].isna() if hasattr(values[0], "isna") else values[0] is None
    if name not in _OPERATORS:
        raise UserErrorException(
            "The dataset was made by a later version: it filters by {!r}. Update "
            "jupyter_mltrain.".format(name)
        )
    return _OPERATORS[name](*values)


def files(
    listed: "Iterable[Any]",
    steps: "Sequence[Mapping[str, Any]]",
    facts: "Callable[[Any], Mapping[str, Any]]",
) -> "List[Any]":
    """What the steps of a file dataset leave of its files, in order.

    Parameters
    ----------
    facts
        Gives what files are filtered by: ``Path``, ``Size`` (bytes), ``LastModifiedTime`` (an
        aware `datetime`).
    """
    left = list(listed)
    for step in steps:
        chosen = positions(step, len(left))
        if chosen is not None:
            left = [left[at] for at in chosen]
        elif "filter" in step:
            left = [each for each in left if _holds(step["filter"], facts(each))]
        else:
            raise UserErrorException(
                "The dataset was made by a later version: it knows {}. Update "
                "jupyter_mltrain.".format(", ".join(sorted(step)))
            )
    return left


def _holds(test: "Any", facts: "Mapping[str, Any]") -> bool:
    def field(name: str) -> "Any":
        if name not in facts:
            raise UserErrorException(
                "Files can't be filtered by {!r}, only by {}.".format(name, ", ".join(facts))
            )
        return facts[name]

    try:
        return bool(truth(test, field, instant))
    except TypeError as error:
        raise UserErrorException(
            "The files can't be filtered like that: of {} {} ({}).".format(
                facts.get("Path", "a file"),
                ", ".join("{} is {!r}".format(*each) for each in sorted(facts.items())),
                error,
            )
        ) from None


def instant(text: str) -> "Any":
    """The aware `datetime` of ISO 8601 text; without an offset it is in UTC."""
    from datetime import datetime, timezone

    for pattern in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            # Python 3.6 reads offsets without their colon only.
            sign = max(text.rfind("+"), text.rfind("-"))
            whole = text[:sign] + text[sign:].replace(":", "") if sign > 10 else text + "+0000"
            return datetime.strptime(whole, pattern).astimezone(timezone.utc)
        except ValueError:
            continue
    raise UserErrorException("{!r} is no instant in ISO 8601.".format(text))


def split(share: "Any", seed: "Any") -> "Tuple[Dict[str, Any], Dict[str, Any]]":
    """The two steps of a random split."""
    step = _chance("split", share, seed, "percentage")
    return dict(step, part=0), dict(step, part=1)


def sample(share: "Any", seed: "Any") -> "Dict[str, Any]":
    """The step of a random sample."""
    return _chance("sample", share, seed, "probability")


def _chance(verb: str, share: "Any", seed: "Any", name: str) -> "Dict[str, Any]":
    import random

    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise UserErrorException("{} is a number from 0 to 1, not {!r}.".format(name, share))
    if seed is None:
        # Without one that is kept, every reading would draw anew, and parts would overlap.
        seed = random.SystemRandom().getrandbits(31)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise UserErrorException("seed is a whole number, not {!r}.".format(seed))
    return {verb: float(share), "seed": seed}


def counted(verb: str, count: "Any") -> "Dict[str, Any]":
    """The step that takes or skips so many."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise UserErrorException("count is a whole number from 0 on, not {!r}.".format(count))
    return {verb: count}
