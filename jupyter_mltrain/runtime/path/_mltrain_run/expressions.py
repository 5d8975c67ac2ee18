"""What files and rows are filtered by: ``dataset["Age"] > 30`` as data."""

from datetime import datetime, timezone

from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_PLAIN = (str, int, float, bool, type(None))


class Expression:
    """A test of a file or a row. Fields are compared; tests are joined by ``&``, ``|``, ``~``."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, test: "Any") -> None:
        self.test = test

    def __and__(self, other: "Any") -> "Expression":
        return Expression(["and", self.test, _test(other)])

    def __or__(self, other: "Any") -> "Expression":
        return Expression(["or", self.test, _test(other)])

    def __invert__(self) -> "Expression":
        return Expression(["not", self.test])

    def __bool__(self) -> "NoReturn":
        raise TypeError(
            "A filter is neither true nor false before it is applied. Join its parts by & and |, "
            "not by `and` and `or`, each in parentheses."
        )

    def __repr__(self) -> str:
        return "{}({!r})".format(type(self).__name__, self.test)


class Field(Expression):
    """A column of a table, or something known of a file."""

    def __init__(self, name: str) -> None:
        super().__init__(["field", name])

    def __eq__(self, other: "Any") -> "Expression":  # type: ignore[override]
        return self._compared("==", other)

    def __ne__(self, other: "Any") -> "Expression":  # type: ignore[override]
        return self._compared("!=", other)

    def __lt__(self, other: "Any") -> "Expression":
        return self._compared("<", other)

    def __le__(self, other: "Any") -> "Expression":
        return self._compared("<=", other)

    def __gt__(self, other: "Any") -> "Expression":
        return self._compared(">", other)

    def __ge__(self, other: "Any") -> "Expression":
        return self._compared(">=", other)

    __hash__ = None

    def is_null(self) -> Expression:
        """Whether nothing is there."""
        return Expression(["null", self.test])

    def _compared(self, operator: str, other: "Any") -> Expression:
        return Expression([operator, self.test, value(other)])


def value(other: "Any") -> "Any":
    """What a field is compared with, as data.

    Raises
    ------
    TypeError
        It is no text, number, truth value, date or field.
    """
    if isinstance(other, Expression):
        return other.test
    if hasattr(other, "to_pydatetime"):
        other = other.to_pydatetime()
    if isinstance(other, datetime):
        if other.tzinfo is None:
            other = other.replace(tzinfo=timezone.utc)
        return {"$t": other.isoformat()}
    if not isinstance(other, _PLAIN) and callable(getattr(other, "item", None)):
        other = other.item()  # NumPy's scalars
    if isinstance(other, _PLAIN):
        return other
    raise TypeError(
        "A field is compared with text, a number, a date or another field, not {}.".format(
            type(other).__name__
        )
    )


def _test(other: "Any") -> "Any":
    if isinstance(other, Expression):
        return other.test
    raise TypeError(
        "{!r} is no test of a field. Put each comparison in parentheses: (a > 1) & (b < 2).".format(
            other
        )
    )


def test_of(expression: "Any") -> "Any":
    """The test of what was given to `filter`."""
    if isinstance(expression, Expression) and not isinstance(expression, Field):
        return expression.test
    raise UserErrorException(
        "filter takes a comparison such as dataset['Age'] > 30, not {}.".format(
            type(expression).__name__
        )
    )
