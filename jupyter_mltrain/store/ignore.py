"""Which files of a source folder are left out: `.amlignore`, else `.gitignore`, and the built-ins.

Only an ignore file at the root of the folder is read, as Azure ML does it, and none excludes
itself. Rules are git's, item by item from the root down: the last rule that matches an item
decides, and nothing below an excluded folder can come back. Not `pathspec`, which lets a rule
match what lies below, so that ``data/**`` with ``!data/keep.csv`` keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from jupyter_mltrain import errors
from jupyter_mltrain.store import patterns

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
"""Rules that always apply, unless a rule such as ``!outputs/`` takes one back by name.

``/outputs`` and ``/logs`` are here so that what an old run wrote does not come back as new.
"""

ENVIRONMENT_MARKERS: Final = ("pyvenv.cfg", "conda-meta")
"""A folder that has one of these is a Python environment, whatever its name, and left out too."""


class Rule(NamedTuple):
    """One rule and where it stands."""

    where: str
    """As in ``.gitignore line 3``."""
    text: str
    pattern: patterns.Pattern

    def __str__(self) -> str:
        return f"{self.where} ({self.text})"


class _Alternatives:
    """Finds the last of several patterns that matches: one regular expression, last one first."""

    def __init__(self, numbered: Iterable[tuple[int, patterns.Pattern]]) -> None:
        latest_first = sorted(numbered, reverse=True)
        self._numbers = [number for number, _ in latest_first]
        joined = "|".join(f"({pattern.regex})" for _, pattern in latest_first)
        self._match = re.compile(joined, re.DOTALL).fullmatch

    def last(self, text: str) -> int:
        """Number of the last pattern that matches all of `text`; -1 for none."""
        if not self._numbers:
            return -1
        found = self._match(text)
        return -1 if found is None else self._numbers[(found.lastindex or 1) - 1]


class _Rules:
    """An ordered list of rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        numbered = [(number, rule.pattern) for number, rule in enumerate(self._rules)]

        def alternatives(anchored: bool, is_dir: bool) -> _Alternatives:
            return _Alternatives(
                (number, pattern)
                for number, pattern in numbered
                if pattern.anchored == anchored and (is_dir or not pattern.dir_only)
            )

        self._names = (alternatives(False, False), alternatives(False, True))
        self._paths = (alternatives(True, False), alternatives(True, True))

    def deciding(self, path: str, name: str, is_dir: bool) -> Rule | None:
        """The last rule that matches this very item, not what it lies in."""
        if not self._rules:
            return None
        number = max(self._names[is_dir].last(name), self._paths[is_dir].last(path))
        return None if number < 0 else self._rules[number]


def _parse(lines: Iterable[str], where: str) -> list[Rule]:
    rules = []
    for number, line in enumerate(lines, 1):
        pattern = patterns.parse(line)
        if pattern is not None:
            rules.append(Rule(where.format(number), line.strip(), pattern))
    return rules


_BUILT_IN_RULES: Final = _Rules(_parse(BUILT_IN, "the built-in rules"))


class Ignore:
    """The rules of one source folder. Paths are relative to it, with forward slashes."""

    def __init__(self, directory: Path, file_name: str | None, lines: Iterable[str]) -> None:
        self._directory = directory
        self.file_name = file_name
        """`.amlignore`, `.gitignore`, or `None` when the folder has neither."""
        self._rules = _Rules(_parse(lines, f"{file_name} line {{}}"))

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

    def rule(self, path: str, name: str, is_dir: bool) -> Rule | None:
        """The rule that leaves out this item; its parents are known not to be left out."""
        own = self._rules.deciding(path, name, is_dir)
        if own is not None:
            if not own.pattern.negated:
                return own
            # A sweeping `!*/` is no wish to have .git back; `!.git` is.
            if own.pattern.literal_name:
                return None
        return _BUILT_IN_RULES.deciding(path, name, is_dir)

    def environment(self, path: str, contents: Container[str]) -> str | None:
        """Why a folder with these contents is left out as a Python environment, or `None`."""
        marker = next((marker for marker in ENVIRONMENT_MARKERS if marker in contents), None)
        if marker is None:
            return None
        name = path.rpartition("/")[2]
        own = self._rules.deciding(path, name, True)
        if own is not None and own.pattern.negated and own.pattern.literal_name:
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
                return str(rule)
            if part_is_dir:
                markers = [m for m in ENVIRONMENT_MARKERS if (self._directory / part / m).exists()]
                environment = self.environment(part, markers)
                if environment is not None:
                    return environment
        return None

    def excluded(self, path: str, is_dir: bool) -> bool:
        """Whether `path`, or a folder it lies in, is left out."""
        return self.reason(path, is_dir) is not None
