"""Columns of tables: those that files' paths have, and the types of all."""

import re

from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Mapping, Optional, Tuple

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\Z")
_WORDS = {"true": True, "t": True, "yes": True, "1": True}
_WORDS.update({"false": False, "f": False, "no": False, "0": False})
_PARTS = {"yyyy": r"\d{4}", "MM": r"\d\d", "dd": r"\d\d", "HH": r"\d\d", "mm": r"\d\d"}
_PARTS["ss"] = r"\d\d"
_ORDER = ("yyyy", "MM", "dd", "HH", "mm", "ss")


def partition(pattern: "Optional[str]", place: str) -> "List[Tuple[str, Any]]":
    """What a file's path says by a pattern such as ``/{country}/{day:yyyy/MM/dd}/data.csv``.

    Returns
    -------
    list
        Column and value, in the pattern's order: text, or the numbers of a date from the year on.

    Raises
    ------
    UserErrorException
        The path does not end like that.
    """
    if not pattern:
        return []
    columns: "List[Tuple[str, Optional[List[str]]]]" = []
    expression = ""
    # Folders before the first column say nothing, and a path begins where the data begins.
    above = pattern.partition("{")[0].rpartition("/")[0]
    below = pattern[len(above) :]
    for text, column, form in re.findall(r"([^{]*)(?:\{(\w+)(?::([^}]*))?\})?", below):
        expression += re.escape(text).replace(r"\*", "[^/]*")
        if column and form:
            fields = re.findall("yyyy|MM|dd|HH|mm|ss|.", form)
            columns.append((column, [each for each in fields if each in _PARTS]))
            expression += "".join(
                "({})".format(_PARTS[each]) if each in _PARTS else re.escape(each)
                for each in fields
            )
        elif column:
            columns.append((column, None))
            expression += "([^/]+)"
    found = re.search(expression + r"\Z", place)
    if found is None:
        raise UserErrorException(
            "The path {!r} is not of the form {!r}. Adapt partition_format.".format(place, pattern)
        )
    values = iter(found.groups())
    said: "List[Tuple[str, Any]]" = []
    for column, parts in columns:
        if parts is None:
            said.append((column, next(values)))
        else:
            numbers = {part: int(next(values)) for part in parts}
            said.append(
                (
                    column,
                    tuple(numbers.get(part, 1) for part in _ORDER[:3])
                    + tuple(numbers.get(part, 0) for part in _ORDER[3:]),
                )
            )
    return said


def typed(pandas: "Any", table: "Any", read: "Mapping[str, Any]", strict: bool) -> "Any":
    """The table with the types that are set; of delimited text the others are found out."""
    types = read.get("types") or {}
    for column, wanted in types.items():
        if column in table.columns:
            table[column] = _converted(pandas, table[column], column, wanted, strict)
    if read.get("format") != "delimited":
        return table
    texts = [
        column
        for column in table.columns
        if column not in types and pandas.api.types.is_string_dtype(table[column].dtype)
    ]
    for column in texts:
        if read.get("infer_column_types", True):
            table[column] = _dates(pandas, table[column])
        if read.get("empty_as_string") and pandas.api.types.is_string_dtype(table[column].dtype):
            table[column] = table[column].fillna("")
    return table


def _dates(pandas: "Any", column: "Any") -> "Any":
    """The column as instants, if all of it is dates in ISO 8601; else as it is."""
    values = column.dropna()
    if not len(values) or not all(isinstance(v, str) and _DATE.match(v) for v in values):
        return column
    try:
        return _instants(pandas, column, "raise")
    except (ValueError, OverflowError):  # a 31st of June, the year 9999
        return column


def _instants(pandas: "Any", column: "Any", errors: str) -> "Any":
    several = {} if pandas.__version__.startswith(("0.", "1.")) else {"format": "ISO8601"}
    zoned = column.dropna().astype(str).str.contains(r"(?:Z|[+-]\d\d:?\d\d)\Z").any()
    return pandas.to_datetime(column, errors=errors, utc=bool(zoned), **several)


def _converted(
    pandas: "Any", column: "Any", name: str, wanted: "Mapping[str, Any]", strict: bool
) -> "Any":
    kind = wanted.get("type")
    errors = "raise" if strict else "coerce"
    try:
        if kind in ("long", "float"):
            mark = wanted.get("decimal_mark", ".")
            if mark != ".":
                column = column.astype(str).str.replace(mark, ".", regex=False)
            found = pandas.to_numeric(column, errors=errors)
            if kind == "long" and not found.isna().any():
                return found.astype("int64")
            return found if kind == "long" else found.astype("float64")
        if kind == "bool":
            return _booleans(column, strict)
        if kind == "datetime":
            return _datetimes(pandas, column, wanted.get("formats"), errors)
        return column.where(column.isna(), column.astype(str))
    except (ValueError, TypeError, OverflowError) as error:
        raise UserErrorException(
            "The column {!r} has values that are no {} ({}). on_error='null' makes them "
            "null.".format(name, kind, short(error))
        ) from None


def _booleans(column: "Any", strict: bool) -> "Any":
    found = column.map(lambda value: _WORDS.get(str(value).strip().lower()))
    strange = found.isna() & column.notna()
    if strict and strange.any():
        raise ValueError(repr(column[strange].iloc[0]))
    return found if found.isna().any() else found.astype(bool)


def _datetimes(pandas: "Any", column: "Any", formats: "Any", errors: str) -> "Any":
    if not formats:
        return _instants(pandas, column, errors)
    left = column
    found = None
    for pattern in formats:
        tried = pandas.to_datetime(column, format=pattern, errors="coerce")
        found = tried if found is None else found.fillna(tried)
        left = column[found.isna() & column.notna()]
    if errors == "raise" and len(left):
        raise ValueError("{!r} is of none of the formats".format(left.iloc[0]))
    return found


def short(error: Exception) -> str:
    """The first line of what an error says, to be part of a sentence."""
    return (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
