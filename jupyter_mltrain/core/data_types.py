"""How the columns of a table are read: their names, and what their values are made into."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from jupyter_mltrain.errors import UserError


class PromoteHeadersBehavior(enum.Enum):
    """Which files of a table begin with a line of column names."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3


HEADERS: Final = {
    False: "none",
    True: "same",
    PromoteHeadersBehavior.NO_HEADERS: "none",
    PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS: "first",
    PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS: "combine",
    PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS: "same",
}
"""What a factory's `header` may be -> what a definition has for it."""


class DataType:
    """What a column's values are made into, for ``set_column_types``."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._definition = dict(definition)

    @staticmethod
    def to_string() -> DataType:
        """Text."""
        return DataType({"type": "string"})

    @staticmethod
    def to_long() -> DataType:
        """Whole numbers."""
        return DataType({"type": "long"})

    @staticmethod
    def to_float(decimal_mark: str = ".") -> DataType:
        """Numbers, with this mark before their decimals."""
        return DataType({"type": "float", "decimal_mark": decimal_mark})

    @staticmethod
    def to_bool() -> DataType:
        """Truth values: true and false, t and f, yes and no, 1 and 0, in whatever case."""
        return DataType({"type": "bool"})

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> DataType:
        """Instants, in the first of these formats of `strptime` that fits; by default ISO 8601."""
        given = [formats] if isinstance(formats, str) else list(formats or ())
        return DataType({"type": "datetime", "formats": given})

    @staticmethod
    def to_stream(workspace: Any, escaped: bool = False) -> NoReturn:
        """Azure's columns of files, which are not offered here."""
        raise UserError(
            "A column cannot be a stream of files here. Keep the column as text, and make a "
            "dataset of the files themselves with Dataset.File.from_files."
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataType) and other._definition == self._definition

    def __hash__(self) -> int:
        return hash(self._definition["type"])

    def __repr__(self) -> str:
        return f"DataType({self._definition!r})"


def types_of(given: Mapping[str, DataType] | None) -> dict[str, Any]:
    """What a definition has for ``set_column_types``; raises `UserError` for what is none."""
    found = {}
    for column, kind in (given or {}).items():
        if not isinstance(kind, DataType):
            raise UserError(
                f"set_column_types gives each column a DataType, as in {{{column!r}: "
                f"DataType.to_long()}}; not {kind!r}."
            )
        found[str(column)] = kind._definition
    return found
