"""The values of which HyperDrive's search spaces are made: plain data, checked when they are made.

Each expression is a list of its kind and its arguments, as Azure's SDK writes them to JSON.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from jupyter_mltrain.errors import InvalidSpec


class PrimaryMetricGoal(Enum):
    """Whether the best value of a metric is its largest or its smallest."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"


def choice(*options: Any) -> list[Any]:
    """One of the options; a single list or range gives its members."""
    if len(options) == 1 and isinstance(options[0], list | range):
        options = tuple(options[0])
    if not options:
        raise InvalidSpec("choice needs at least one option.")
    return ["choice", [list(options)]]


def randint(upper: int) -> list[Any]:
    """A whole number from 0 up to, but not including, `upper`."""
    if not isinstance(upper, int) or upper < 1:
        raise InvalidSpec(f"randint needs a whole number above 0, not {upper!r}.")
    return ["randint", [upper]]


def uniform(min_value: float, max_value: float) -> list[Any]:
    """Any number between the two, all as likely."""
    return _between("uniform", min_value, max_value)


def quniform(min_value: float, max_value: float, q: int) -> list[Any]:
    """As `uniform`, rounded to a multiple of `q`."""
    return _between("quniform", min_value, max_value, q)


def loguniform(min_value: float, max_value: float) -> list[Any]:
    """e to the power of what `uniform` gives."""
    return _between("loguniform", min_value, max_value)


def qloguniform(min_value: float, max_value: float, q: int) -> list[Any]:
    """As `loguniform`, rounded to a multiple of `q`."""
    return _between("qloguniform", min_value, max_value, q)


def normal(mu: float, sigma: float) -> list[Any]:
    """A number of the normal distribution with this mean and standard deviation."""
    return ["normal", [mu, sigma]]


def qnormal(mu: float, sigma: float, q: int) -> list[Any]:
    """As `normal`, rounded to a multiple of `q`."""
    return ["qnormal", [mu, sigma, _step("qnormal", q)]]


def lognormal(mu: float, sigma: float) -> list[Any]:
    """e to the power of what `normal` gives."""
    return ["lognormal", [mu, sigma]]


def qlognormal(mu: float, sigma: float, q: int) -> list[Any]:
    """As `lognormal`, rounded to a multiple of `q`."""
    return ["qlognormal", [mu, sigma, _step("qlognormal", q)]]


def _between(kind: str, min_value: float, max_value: float, *q: int) -> list[Any]:
    if not min_value < max_value:
        raise InvalidSpec(
            f"{kind} needs a smaller and a larger number, not {min_value!r} and {max_value!r}."
        )
    return [kind, [min_value, max_value, *(_step(kind, each) for each in q)]]


def _step(kind: str, q: int) -> int:
    if not isinstance(q, int):
        raise InvalidSpec(f"{kind} needs a whole number for q, not {q!r}.")
    return q
