"""Which files of a source folder are left out: `.amlignore`, else `.gitignore`, and the built-ins.

Only an ignore file at the root of the folder is read, as Azure ML does it, and none excludes
itself. Rules are git's, item by item from the root down: the last rule that matches an item
decides, and nothing below an excluded folder can come back. `pathspec` does the matching.

Where `pathspec` reads a rule otherwise than git does, it stays so:

- A bracket still open at a slash or the end voids the rule (before `pathspec` 1.0: plain text).
  In brackets, ``[:digit:]`` is no class of characters, a backslash escapes nothing, ``!`` lets
  a slash through too, and a range from high to low voids the rule.
- ``**`` beside other characters, as in ``a**``, and ``***`` are like ``*``.
- Of white space at the end, tabs are dropped too, and ``\\ `` is kept only if it comes last.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, Final

import pathspec

from jupyter_mltrain import errors

IGNORE_FILES: Final = (".amlignore", ".gitignore")
"""In the order they are looked for. Where the first exists, even empty, the second is not read."""

BUILT_IN: Final[tuple[str, ...]] = (
    ".git",
    ".hg",
    ".svn",
    ".ipynb_checkpoints/",
    "__pycache__/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    "node_modules/",
    ".DS_Store",
    "/outputs",
    "/logs",
)
"""Names that are always left out, unless a rule such as ``!outputs/`` takes one back by name.

A slash before one means at the root only, a slash behind it folders only. ``/outputs`` and
``/logs`` are here so that what an old run wrote does not come back as new.
"""

ENVIRONMENT_MARKERS: Final = ("pyvenv.cfg", "conda-meta")
"""A folder that has one of these is a Python environment, whatever its name, and left out too."""

_BUILT_IN_BY_NAME: Final = {rule.strip("/"): rule for rule in BUILT_IN}

_ENGINE: Final[dict[str, Any]] = (
    {"backend": "simple"}
    if "backend" in inspect.signature(pathspec.PathSpec.__init__).parameters
    else {}
)
"""Python's own `re`. Since 1.0 `pathspec` takes another one where one is installed, and what is
in a snapshot must not depend on that: some refuse rules that others read, or names not UTF-8.
"""

_NO_RULE: Final = "#"
"""Keeps the place of a line that says nothing, so that a rule's index tells its line."""

_NOT_BY_A_FOLDER: Final = "!*/"
"""Added as the last rule, so that only rules that match the very item decide.

To `pathspec`, ``data`` matches what lies in it too, but less than the file itself is matched:
of such matches this one is the last, and the walk has judged the folders before.
"""


class Ignore:
    """The rules of one source folder. Paths are relative to it, with forward slashes."""

    def __init__(self, directory: Path, file_name: str | None, lines: Iterable[str]) -> None:
        self._directory = directory
        self.file_name = file_name
        """`.amlignore`, `.gitignore`, or `None` when the folder has neither."""
        self._lines = list(lines)
        self._files = _spec(self._lines)
        # A folder is asked about as a file is: its path without a slash, by rules without one.
        self._folders = _spec(_without_slash(line) for line in self._lines)

    @classmethod
    def load(cls, directory: Path) -> Ignore:
        """Read the folder's ignore file.

        Raises
        ------
        SnapshotError
            The ignore file is there but cannot be read.
        """
        for file_name in IGNORE_FILES:
            path = directory / file_name
            try:
                data = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                continue
            except OSError as error:
                raise errors.SnapshotError(
                    f"{path} cannot be read: {error.strerror}. Make it readable, or remove it."
                ) from error
            text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
            lines = [line.removesuffix("\r") for line in text.split("\n")]
            return cls(directory, file_name, lines)
        return cls(directory, None, ())

    def rule(self, path: str, name: str, is_dir: bool) -> str | None:
        """The rule that leaves out this item; its parents are known not to be left out."""
        left_out, line = self._deciding(path, is_dir)
        if left_out:
            return f"{self.file_name} line {line + 1} ({self._lines[line].strip()})"
        built_in = _BUILT_IN_BY_NAME.get(name)
        if (
            built_in is None
            or (built_in.endswith("/") and not is_dir)
            or (built_in.startswith("/") and path != name)
            or self._takes_back(line, name)
        ):
            return None
        return f"the built-in rules ({built_in})"

    def environment(self, path: str, contents: Container[str]) -> str | None:
        """Why a folder with these contents is left out as a Python environment, or `None`."""
        marker = next((marker for marker in ENVIRONMENT_MARKERS if marker in contents), None)
        if marker is None:
            return None
        name = path.rpartition("/")[2]
        left_out, line = self._deciding(path, True)
        if not left_out and self._takes_back(line, name):
            return None
        return f"the built-in rules ({name} is a Python environment, it has {marker})"

    def reason(self, path: str, is_dir: bool) -> str | None:
        """Which rule leaves out `path` or a folder it lies in; `None` when it is kept.

        Ends a sentence that starts with "data.csv is left out by …".
        """
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            part_is_dir = is_dir or depth < len(parts)
            rule = self.rule(part, parts[depth - 1], part_is_dir)
            if rule is not None:
                return rule
            if part_is_dir:
                markers = [m for m in ENVIRONMENT_MARKERS if (self._directory / part / m).exists()]
                environment = self.environment(part, markers)
                if environment is not None:
                    return environment
        return None

    def excluded(self, path: str, is_dir: bool) -> bool:
        """Whether `path`, or a folder it lies in, is left out."""
        return self.reason(path, is_dir) is not None

    def _deciding(self, path: str, is_dir: bool) -> tuple[bool, int]:
        """Whether the last line that matches an item leaves it out, and that line's index.

        The index is -1 when no line matches.
        """
        if not self._lines:
            return False, -1
        found = (self._folders if is_dir else self._files).check_file(path)
        if found.index is None or found.index == len(self._lines):
            return False, -1
        return found.include is True, found.index

    def _takes_back(self, line: int, name: str) -> bool:
        """Whether a negation names an item: a sweeping `!*/` is no wish for .git, `!.git` is."""
        if line < 0:
            return False
        return self._lines[line].removeprefix("!").rstrip().rstrip("/").rpartition("/")[2] == name


def _is_rule(line: str) -> bool:
    """Whether `pathspec` can read a line. Else it matches nothing, as in git."""
    try:
        return len(pathspec.GitIgnoreSpec.from_lines([line], **_ENGINE)) > 0
    except (ValueError, re.error):
        return False


def _without_slash(line: str) -> str:
    return line.rstrip()[:-1] if line.rstrip().endswith("/") else line


def _spec(lines: Iterable[str]) -> pathspec.GitIgnoreSpec:
    readable = (line if _is_rule(line) else _NO_RULE for line in lines)
    return pathspec.GitIgnoreSpec.from_lines([*readable, _NOT_BY_A_FOLDER], **_ENGINE)
