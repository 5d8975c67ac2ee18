"""Requirements as pip reads them: from a file, or from the words of an option."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import InvalidSpec

_COMMENT: Final = re.compile(r"(^|\s)#.*\Z")
_INCLUDE: Final = re.compile(r"(?:-r|--requirement)[\s=]*(.+)\Z")
_CONSTRAINT: Final = re.compile(r"(?:-c|--constraint)\b")
_EDITABLE: Final = re.compile(r"(?:-e|--editable)\b")
_OF_A_LINE: Final = re.compile(r"\s--(?:hash|config-settings?|global-option)\b.*\Z")
"""Options that belong to the requirement before them."""

_SECRET: Final = re.compile(r"https?://[^/\s@$]+@")
_URL: Final = re.compile(r"(?:[\w.+-]+@)?[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_JOINED: Final = ("=", "<", ">", "!", "~", ";", "@", ",")
"""What ties a word to the one beside it, as in ``torch >= 2``."""

_QUOTES: Final = ("'", '"')

_WITH_VALUE: Final = (
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-r", "--requirement"),
    *("--no-binary", "--only-binary", "--trusted-host"),
)


def read(path: Path) -> list[str]:
    """The lines of a requirements file, those of files that it names with ``-r`` among them.

    Raises
    ------
    FileNotFoundError
        The file, or one that it names, is not there.
    InvalidSpec
        A line cannot be installed from elsewhere; the sentence names it.
    """
    return list(dict.fromkeys(_lines(path.expanduser().absolute(), frozenset())))


def from_words(text: str, folder: Path) -> list[str]:
    """The requirements in a line such as ``torch pandas>=2 -r requirements.txt``.

    Raises
    ------
    FileNotFoundError, InvalidSpec
        As of `read`.
    """
    try:
        words = shlex.split(text, posix=False)  # the quotes in a marker belong to it
    except ValueError:
        raise InvalidSpec(f"A quote is not closed in {text!r}. Close it.") from None
    found: list[str] = []
    for word in words:
        last = found[-1] if found else ""
        tied = last.endswith(_JOINED) or word.startswith(_JOINED) or ";" in last
        if found and (tied or last in _WITH_VALUE):
            found[-1] = f"{last} {word}"
        else:
            found.append(word[1:-1] if word[0] in _QUOTES else word)
    return [line for each in found for line in checked(each, folder, f"{each!r}", frozenset())]


def checked(line: str, folder: Path, where: str, above: frozenset[Path]) -> Iterator[str]:
    """A requirement, or those of the file that it includes.

    Parameters
    ----------
    folder
        What the path of a file counts from.
    where
        How a sentence names the line.
    above
        The files that led here.
    """
    included = _INCLUDE.match(line)
    if included is not None:
        yield from _lines((folder / Path(included[1].strip()).expanduser()), above)
        return
    if _CONSTRAINT.match(line):
        raise InvalidSpec(
            f"{where}: constraints are not read. Put the versions into the requirements."
        )
    if _EDITABLE.match(line) or line.startswith((".", "/", "~")):
        raise InvalidSpec(
            f"{where}: a folder of this machine is not there where the packages are installed. "
            "Put the module into the source folder of the run, or name a package or an URL."
        )
    if _SECRET.search(line):
        raise InvalidSpec(
            f"{where.partition(':')[0] if '://' in where else where}: the URL holds a password, "
            "which would be kept with the environment. Put it into ~/.netrc or pip's configuration."
        )
    if not line.startswith("-") and not _URL.match(line):
        _check(line, where)
    yield line


def _check(line: str, where: str) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(_OF_A_LINE.sub("", line))
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InvalidSpec(
            f"{where}: {reason}. A requirement reads name, or name>=version."
        ) from None


def _lines(path: Path, above: frozenset[Path]) -> Iterator[str]:
    if path in above:
        return
    if not path.is_file():
        raise FileNotFoundError(f"No requirements file at {path}. Give the path of one.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidSpec(f"{path} is not text in UTF-8. Name a requirements file.") from None
    begun = ""
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.endswith("\\"):
            begun += raw[:-1]
            continue
        line, begun = _COMMENT.sub("", begun + raw).strip(), ""
        if line:
            yield from checked(line, path.parent, f"{path}, line {number}", above | {path})
