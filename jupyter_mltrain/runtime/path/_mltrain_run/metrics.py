"""From journal to metrics: reading records, and the shapes that `get_metrics` gives back.

References
----------
The shapes are those of Azure ML SDK v1, `Run.get_metrics`, with azureml-core 1.61.
"""

import json
import os

from .values import value_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Container, Dict, Iterable, List, Optional, Tuple

    Record = Dict[str, Any]

_HEAD = b'{"k":"'
_CHUNK_BYTES = 1 << 20
_LONGEST_BYTES = 1 << 26
"""Of a record. A line that is longer is read in pieces, none of which is one."""


def read(
    path: str, offset: int = 0, kinds: "Optional[Container[str]]" = None
) -> "Tuple[List[Record], int]":
    """Read the complete records of a journal from a byte offset on.

    Parameters
    ----------
    offset
        0, or what an earlier call returned.
    kinds
        Leave out records of other kinds, without decoding them.

    Returns
    -------
    records, next_offset
        In the order they were written; a last line that has no end yet is left for the next
        call, and one that is not a record (torn by a full disk) is passed over. A journal that
        does not exist has no records.
    """
    records = []
    try:
        with open(path, "rb", buffering=_CHUNK_BYTES, opener=_at_once) as file:
            file.seek(offset)
            while True:
                line = file.readline(_LONGEST_BYTES)
                if not line.endswith(b"\n") and len(line) < _LONGEST_BYTES:
                    break
                offset += len(line)
                record = _record(line, kinds) if len(line) < _LONGEST_BYTES else None
                if record is not None:
                    records.append(record)
    except FileNotFoundError:
        pass
    return records, offset


def _at_once(path: str, flags: int) -> int:
    """Open what a script may have replaced: no symlink is followed, and no pipe waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _record(line: bytes, kinds: "Optional[Container[str]]") -> "Optional[Record]":
    if kinds is not None and line.startswith(_HEAD):
        kind = line[len(_HEAD) :].partition(b'"')[0]
        if kind.decode("ascii", "replace") not in kinds:
            return None
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or (kinds is not None and record.get("k") not in kinds):
        return None
    return record


class _Column:
    """The values logged under one name, in order.

    The first value settles the type; a later one of another type becomes `None`, as in Azure.
    Integers and floats are one type.
    """

    def __init__(self, missing: int = 0) -> None:
        self.values: "List[Any]" = [None] * missing
        self._type: "Optional[type]" = None

    def add(self, value: "Any") -> None:
        if value is not None:
            kind = float if type(value) is int else type(value)
            if self._type is None:
                self._type = kind
            elif self._type is not kind:
                value = None
        self.values.append(value)

    def result(self) -> "Any":
        return self.values[0] if len(self.values) == 1 else self.values


class _Rows:
    """Rows logged under one name: columns of equal length, `None` where a row had no value."""

    def __init__(self) -> None:
        self._columns: "Dict[str, _Column]" = {}
        self._count = 0

    def add(self, row: "Dict[str, Any]") -> None:
        for name in row:
            if name not in self._columns:
                self._columns[name] = _Column(missing=self._count)
        for name, column in self._columns.items():
            column.add(row.get(name))
        self._count += 1

    def result(self) -> "Dict[str, Any]":
        return {name: column.result() for name, column in self._columns.items()}


def image_uri(run_id: str, file: str) -> str:
    """The string that Azure ML gives for a file behind a metric."""
    return "aml://artifactId/ExperimentRun/dcid.{}/{}".format(run_id, file)


def aggregate(records: "Iterable[Record]", run_id: "Optional[str]" = None) -> "Dict[str, Any]":
    """Make `get_metrics`'s answer of one run's journal records.

    Parameters
    ----------
    records
        As `read` returns them; kinds other than metrics are passed over.
    run_id
        Makes an image's value the `aml://` string that Azure gives; without it the value is the
        name of the file.

    Returns
    -------
    dict
        Name -> value, in the order of first logging. One value or one row gives scalars, several
        give lists; rows and tables give a dict of columns. A name keeps the shape it was first
        logged with, values or rows; a record of the other shape is passed over.
    """
    found: "Dict[str, Any]" = {}
    for record in records:
        kind = record.get("k")
        if kind in ("metric", "list", "image"):
            value = value_of(record)
            if kind == "image" and run_id is not None:
                value = image_uri(run_id, value)
            values = value if kind == "list" else [value]
            if values:
                column = found.setdefault(record["n"], _Column())
                if isinstance(column, _Column):
                    for each in values:
                        column.add(each)
        elif kind in ("row", "table"):
            value = value_of(record)
            rows = [value] if kind == "row" else _rows(value)
            if rows and value:
                table = found.setdefault(record["n"], _Rows())
                if isinstance(table, _Rows):
                    for row in rows:
                        table.add(row)
    return {name: series.result() for name, series in found.items()}


def _rows(table: "Dict[str, List[Any]]") -> "List[Dict[str, Any]]":
    columns = zip(*table.values())  # noqa: B905 (strict came with 3.10)
    return [dict(zip(table, cells)) for cells in columns]  # noqa: B905
