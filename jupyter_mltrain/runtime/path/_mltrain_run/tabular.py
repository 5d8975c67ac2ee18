"""Tables out of files, with pandas: `frame` reads what a tabular dataset describes."""

import re

from . import steps as stepping
from .columns import partition, short, typed
from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

    Files = Sequence[Tuple[str, str]]

_COMPRESSION = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip"}
_CODECS = {"utf8": "utf-8", "utf8bom": "utf-8-sig", "windows1252": "cp1252"}
_CODECS["iso88591"] = "latin-1"


def frame(
    files: "Files",
    read: "Mapping[str, Any]",
    steps: "Sequence[Mapping[str, Any]]" = (),
    strict: bool = False,
) -> "Any":
    """Read files as one table.

    Parameters
    ----------
    files
        Path and name of each, in order. The name tells how a file is compressed, and what
        ``include_path`` and ``partition_format`` see.
    read
        ``format``: "delimited", "parquet" or "json_lines"; and its options. Of delimited files:
        ``separator``, ``header`` ("same", "first", "combine" or "none"), ``encoding``,
        ``infer_column_types``, ``empty_as_string``. Of JSON lines: ``encoding``,
        ``invalid_lines`` ("error" or "drop"). Of all: ``types`` (column -> ``{"type": …}``),
        ``include_path``, ``partition_format``.
    strict
        Refuse values that are not of their column's type; else they become null.

    Returns
    -------
    pandas.DataFrame
        With the rows of all files, numbered from 0; without files it is empty.

    Raises
    ------
    UserErrorException
        pandas is missing, a file cannot be read as that, or a step names a column that is not
        there.
    """
    pandas = _pandas()
    most = _most(steps)
    tables: "List[Any]" = []
    rows = 0
    for at, (path, name) in enumerate(files):
        if most is not None and rows >= most:
            break
        wanted = None if most is None else most - rows
        table = _named(_one(pandas, path, name, read, at, wanted), name, read, pandas)
        if at and read.get("header") == "first" and len(table.columns) == len(tables[0].columns):
            table.columns = tables[0].columns
        tables.append(table)
        rows += len(table)
    found = [each for each in tables if len(each)] or tables[:1]
    whole = pandas.concat(found, ignore_index=True) if found else pandas.DataFrame()
    whole = typed(pandas, whole, read, strict)
    for step in steps:
        whole = _done(pandas, whole, step)
    return whole


def _pandas() -> "Any":
    try:
        import pandas
    except ImportError:
        raise UserErrorException(
            "Reading a dataset as a table needs pandas, which this Python does not have. Add "
            "pandas to its packages."
        ) from None
    return pandas


def _most(steps: "Sequence[Mapping[str, Any]]") -> "Optional[int]":
    """How many rows have to be read, where the first thing that is done is to take some."""
    for step in steps:
        if "take" in step:
            return int(step["take"])
        if not ("keep_columns" in step or "drop_columns" in step or "timestamp" in step):
            return None
    return None


def _one(
    pandas: "Any", path: str, name: str, read: "Mapping[str, Any]", at: int, most: "Optional[int]"
) -> "Any":
    readers: "Dict[str, Callable[..., Any]]" = {
        "delimited": _delimited,
        "parquet": _parquet,
        "json_lines": _json_lines,
    }
    kind = str(read.get("format"))
    if kind not in readers:
        raise UserErrorException(
            "The dataset was made by a later version: it has the format {!r}. Update "
            "jupyter_mltrain.".format(kind)
        )
    try:
        return readers[kind](pandas, path, name, read, at, most)
    except pandas.errors.EmptyDataError:
        return pandas.DataFrame()
    except ImportError as error:
        raise UserErrorException(
            "Reading {} files needs pyarrow, which this Python does not have ({}). Add pyarrow to "
            "its packages.".format(kind, str(error).partition("\n")[0])
        ) from None
    except (ValueError, LookupError) as error:  # what pandas' and codecs' own errors are
        raise UserErrorException(
            "{} cannot be read as {} ({}).".format(name, _READ_AS[kind], short(error))
        ) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "pyarrow":
            raise
        raise UserErrorException(
            "{} cannot be read as {} ({}).".format(name, _READ_AS[kind], short(error))
        ) from None


_READ_AS = {"delimited": "delimited text", "parquet": "parquet", "json_lines": "JSON lines"}


def _delimited(
    pandas: "Any", path: str, name: str, read: "Mapping[str, Any]", at: int, most: "Optional[int]"
) -> "Any":
    mode = read.get("header", "same")
    headed = mode in ("same", "combine") or (mode == "first" and at == 0)
    types = read.get("types") or {}
    infer = read.get("infer_column_types", True)
    separator = read.get("separator", ",")
    settings: "Dict[str, Any]" = {
        "sep": separator,
        "header": 0 if headed else None,
        "encoding": _codec(read),
        "compression": _compression(name),
        "nrows": most,
        "dtype": dict.fromkeys(types, str) if infer else str,
    }
    if read.get("empty_as_string"):
        settings.update(keep_default_na=False, na_values=[""])
    if len(separator) > 1:
        settings.update(sep=re.escape(separator), engine="python")
    table = pandas.read_csv(path, **settings)
    if headed:
        table.columns = [str(column) for column in table.columns]
    else:
        table.columns = ["Column{}".format(n + 1) for n in range(len(table.columns))]
    return table


def _parquet(
    pandas: "Any", path: str, name: str, read: "Mapping[str, Any]", at: int, most: "Optional[int]"
) -> "Any":
    table = pandas.read_parquet(path)
    return table if most is None else table.head(most)


def _json_lines(
    pandas: "Any", path: str, name: str, read: "Mapping[str, Any]", at: int, most: "Optional[int]"
) -> "Any":
    import io
    import json

    drop = read.get("invalid_lines") == "drop"
    rows: "List[Any]" = []
    with io.TextIOWrapper(_opened(path, name), encoding=_codec(read)) as lines:
        for number, line in enumerate(lines, 1):
            if most is not None and len(rows) >= most:
                break
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("it is no object")
                rows.append(row)
            except ValueError as error:
                if not drop:
                    raise ValueError("line {}: {}".format(number, error)) from None
    return pandas.DataFrame(rows)


def _opened(path: str, name: str) -> "Any":
    kind = _compression(name)
    if kind == "gzip":
        import gzip

        return gzip.open(path, "rb")
    if kind == "bz2":
        import bz2

        return bz2.open(path, "rb")
    if kind == "xz":
        import lzma

        return lzma.open(path, "rb")
    if kind == "zip":
        import zipfile

        archive = zipfile.ZipFile(path)
        if len(archive.namelist()) != 1:
            raise ValueError("the archive has {} files".format(len(archive.namelist())))
        return archive.open(archive.namelist()[0])
    return open(path, "rb")


def _compression(name: str) -> "Optional[str]":
    # By the name and not by the path: in the cache a file is called by its content.
    return next((kind for end, kind in _COMPRESSION.items() if name.lower().endswith(end)), None)


def _codec(read: "Mapping[str, Any]") -> str:
    encoding = read.get("encoding", "utf8")
    return str(_CODECS.get(encoding, encoding))


def _named(table: "Any", name: str, read: "Mapping[str, Any]", pandas: "Any") -> "Any":
    """The table with the columns that come out of its file's name."""
    place = "/" + name
    for column, value in reversed(partition(read.get("partition_format"), place)):
        table.insert(0, column, pandas.Timestamp(*value) if isinstance(value, tuple) else value)
    if read.get("include_path"):
        table.insert(0, "Path", place)
    return table


# Steps


def _done(pandas: "Any", table: "Any", step: "Mapping[str, Any]") -> "Any":
    chosen = stepping.positions(step, len(table))
    if chosen is not None:
        return table.iloc[list(chosen)].reset_index(drop=True)
    if "keep_columns" in step:
        return table[_there(table, step["keep_columns"])]
    if "drop_columns" in step:
        return table.drop(columns=_there(table, step["drop_columns"]))
    if "timestamp" in step:
        _there(table, [each for each in step["timestamp"] if each is not None])
        return table
    if "filter" in step:
        return _filtered(pandas, table, step["filter"])
    raise UserErrorException(
        "The dataset was made by a later version: it knows {}. Update jupyter_mltrain.".format(
            ", ".join(sorted(step))
        )
    )


def _filtered(pandas: "Any", table: "Any", test: "Any") -> "Any":
    zones = {getattr(kind, "tz", None) is not None for kind in table.dtypes}

    def field(name: str) -> "Any":
        return table[_there(table, [name])[0]]

    def instant(text: str) -> "Any":
        at = pandas.Timestamp(stepping.instant(text))
        return at if True in zones else at.tz_localize(None)

    try:
        return table[stepping.truth(test, field, instant)].reset_index(drop=True)
    except TypeError as error:
        raise UserErrorException(
            "The rows cannot be filtered like that: {}. Look at the columns' types with "
            "`take(5).to_pandas_dataframe().dtypes`.".format(short(error))
        ) from None


def _there(table: "Any", columns: "Sequence[str]") -> "List[str]":
    missing = [each for each in columns if each not in table.columns]
    if missing:
        raise UserErrorException(
            "The table has no column {!r}. It has {}.".format(
                missing[0], ", ".join(map(str, table.columns)) or "none"
            )
        )
    return list(columns)
