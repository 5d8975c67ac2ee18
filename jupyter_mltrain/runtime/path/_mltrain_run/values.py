"""Values as the journal keeps them, and back: the one place that knows how NaN is written.

JSON has neither NaN nor infinity. A scalar metric that is one of them has "NaN", "Infinity" or
"-Infinity" as its "v", and `"f": 1` beside it; in a list, row or table it is `{"$f": "NaN"}`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional

_AS_IT_IS = frozenset({int, str, bool, type(None)})
_INFINITY = float("inf")


def scalar(value: "Any") -> "Any":
    """Make a number, string, boolean or `None` of any value.

    NumPy's scalars, arrays without dimensions and tensors of one element become Python's numbers;
    every other object becomes its `repr`. Never raises.
    """
    kind = type(value)
    if kind is float or kind in _AS_IT_IS:
        return value
    try:
        return _converted(value)
    except Exception:  # whatever a foreign object does, it doesn't stop a training
        return _repr(value)


def _converted(value: "Any") -> "Any":
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)
    count = getattr(value, "numel", None)
    if getattr(value, "ndim", None) == 0 or (callable(count) and count() == 1):
        if not hasattr(value, "item") and hasattr(value, "numpy"):
            value = value.numpy()  # TensorFlow's tensors
        inner = value.item()
        if type(inner) is float or type(inner) in _AS_IT_IS:
            return inner
        if type(inner) is type(value):
            return float(inner)  # NumPy's long double is its own item
    return _repr(value)


def _repr(value: "Any") -> str:
    try:
        return repr(value)
    except Exception:
        return "<{}>".format(type(value).__name__)


def not_finite(value: "Any") -> "Optional[str]":
    """The name JSON lacks for a float, or `None` for every value that it can hold."""
    if type(value) is not float:
        return None
    if value != value:
        return "NaN"
    if value == _INFINITY:
        return "Infinity"
    return "-Infinity" if value == -_INFINITY else None


def element(value: "Any") -> "Any":
    """Make what a list, row or table holds of one value."""
    value = scalar(value)
    name = not_finite(value)
    return value if name is None else {"$f": name}


def elements(values: "Iterable[Any]") -> "List[Any]":
    """Make the "v" of a list, or one column of a table."""
    return [element(value) for value in values]


def plain(value: "Any") -> "Any":
    """Turn the "v" of a list, row or table back into Python's values."""
    if isinstance(value, list):
        return [_plain_element(each) for each in value]
    if isinstance(value, dict):
        return {column: _plain_element(each) for column, each in value.items()}
    return value


def _plain_element(value: "Any") -> "Any":
    if isinstance(value, dict):
        return float(value["$f"])
    return plain(value)


def value_of(record: "Dict[str, Any]") -> "Any":
    """The value that a journal record was written for."""
    value = record["v"]
    return float(value) if record.get("f") else plain(value)
