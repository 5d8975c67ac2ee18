"""Reading a conda specification: what it says, or which line is wrong."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.core import pip_requirements
from jupyter_mltrain.errors import InvalidSpec

_KEYS: Final = ("name", "channels", "dependencies", "variables", "prefix")
_PYTHON: Final = re.compile(r"(?:\S+::)?python\s*((?:[=<>!~].*|\s\S.*)?)\Z", re.IGNORECASE)
_PACKAGE: Final = re.compile(r"(?:[^\s:]+::)?[A-Za-z0-9_][\w.-]*(?:\s*[=<>!~\[].*|\s+[\d*].*)?\Z")


def read(path: Path) -> dict[str, Any]:
    """The specification in a file.

    Raises
    ------
    FileNotFoundError
        The file is not there.
    InvalidSpec
        It is no conda specification; the sentence names the line.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise FileNotFoundError(f"No conda specification at {path}. Give the path of a YAML file.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidSpec(f"{path} is not text in UTF-8. Name a YAML file.") from None
    return parse(text, path)


def parse(text: str, path: Path) -> dict[str, Any]:
    """The specification in a text; `path` is where it is from, which sentences name."""
    import yaml  # costs more than all else here; most environments have no file

    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InvalidSpec(f"{path}{line} is not YAML: {problem}.") from None
    return _Reader(tree, path).checked(data)


class _Reader:
    """One specification with its tree, which knows the lines."""

    def __init__(self, tree: Any, path: Path) -> None:
        self._tree = tree
        self._path = path

    def checked(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise self._wrong((), "a conda specification has channels and dependencies")
        for key in data:
            near = difflib.get_close_matches(str(key), _KEYS, n=1)
            if key not in _KEYS and near:
                raise self._wrong((key,), f"{key!r} is no part of it. Did you mean {near[0]!r}?")
        channels = self._list(data, "channels")
        for index, channel in enumerate(channels):
            if not isinstance(channel, str):
                raise self._wrong(("channels", index), f"{channel!r} is no channel")
        specs: list[Any] = []
        pip: list[str] = []
        for index, entry in enumerate(self._list(data, "dependencies")):
            where = ("dependencies", index)
            if isinstance(entry, dict):
                pip += self._pip(entry, where)
            elif isinstance(entry, str) and _PACKAGE.match(entry.strip()):
                specs.append(entry.strip())
            else:
                raise self._wrong(where, f"{entry!r} is no package. Write name, or name=version")
        variables = data.get("variables") or {}
        if not isinstance(variables, dict):
            raise self._wrong(("variables",), "variables are lines of NAME: value")
        found = {key: value for key, value in data.items() if key in _KEYS and key != "prefix"}
        found["channels"] = channels
        found["dependencies"] = [*specs, *([{"pip": pip}] if pip else [])]
        return found

    def _list(self, data: dict[str, Any], key: str) -> list[Any]:
        found = data.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self._wrong((key,), f"{key} is a list, each entry on a line that begins with '-'")
        return found

    def _pip(self, entry: dict[Any, Any], where: tuple[Any, ...]) -> list[str]:
        lines = entry.get("pip")
        if list(entry) != ["pip"] or not isinstance(lines, list | None):
            raise self._wrong(where, "the only entry with a list of its own is 'pip:'")
        found: list[str] = []
        for index, line in enumerate(lines or ()):
            place = (*where, "pip", index)
            if not isinstance(line, str) or not line.strip():
                raise self._wrong(place, f"{line!r} is no requirement")
            folder, named = self._path.parent, self._named(place)
            found += pip_requirements.checked(line.strip(), folder, named, frozenset())
        return found

    def _wrong(self, place: tuple[Any, ...], problem: str) -> InvalidSpec:
        return InvalidSpec(f"{self._named(place)}: {problem.rstrip('.')}.".replace("?.", "?"))

    def _named(self, place: tuple[Any, ...]) -> str:
        import yaml

        node = self._tree
        line = node.start_mark.line if node is not None else 0
        for step in place:
            if isinstance(node, yaml.SequenceNode):
                node = node.value[step]
                line = node.start_mark.line
            elif isinstance(node, yaml.MappingNode):
                pair = next((each for each in node.value if each[0].value == str(step)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line, pair[1]
        return f"{self._path}, line {line + 1}"


def written(data: dict[str, Any]) -> str:
    """A specification as YAML."""
    import yaml

    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    return text


def python_of(specs: list[str]) -> str | None:
    """The version of Python among packages, ``3.11`` or ``>=3.10``; `None` where any will do."""
    for spec in specs:
        found = _PYTHON.match(spec.strip())
        if found is not None:
            asked = found[1].strip()
            exact = asked.lstrip("=") if asked.startswith("=") else asked
            # After the version a build may follow, which says nothing about another machine.
            return re.split(r"[=\s]", exact, maxsplit=1)[0] if exact != asked else asked or None
    return None


def checked_package(package: str) -> str:
    """A package of conda; raises `InvalidSpec` for what is none."""
    text = str(package).strip()
    if not _PACKAGE.match(text):
        raise InvalidSpec(f"{package!r} is no package of conda. Write name, or name=version.")
    return text


def checked_requirement(line: str) -> list[str]:
    """A requirement, or the lines of the file that it includes; raises `InvalidSpec`."""
    text = str(line).strip()
    return list(pip_requirements.checked(text, Path.cwd(), repr(text), frozenset()))
