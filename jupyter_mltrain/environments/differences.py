"""Why one environment is not another: what differs between two definitions, in sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest

from jupyter_mltrain.environments.definition import Definition, Packages

_NAME = re.compile(r"[\w.-]+")

_LONGEST = 80
"""Characters of a Dockerfile's line that are shown."""


def differences(mine: Definition, theirs: Definition) -> tuple[str, ...]:
    """What the first has that the second has not and the other way round; empty for the same."""
    if mine.kind != theirs.kind:
        here, there = ("a container", "a process") if mine.kind == "image" else _PROCESS
        return (f"It is for {here}, the other for {there}.",)
    found: list[str] = []
    if mine.machine != theirs.machine:
        found.append(f"It is for {mine.machine}, the other for {theirs.machine}.")
    found += _of_images(mine, theirs)
    found += _of_packages(mine.packages, theirs.packages)
    return tuple(found)


_PROCESS = ("a process", "a container")


def _of_images(mine: Definition, theirs: Definition) -> list[str]:
    found: list[str] = []
    if (mine.dockerfile is None) != (theirs.dockerfile is None):
        here, there = ("a Dockerfile", "an image") if mine.dockerfile else _IMAGE
        return [f"It begins with {here}, the other with {there}."]
    if mine.dockerfile is not None and theirs.dockerfile is not None:
        found += _of_texts(mine.dockerfile, theirs.dockerfile)
    if mine.image != theirs.image:
        what = "image that FROM names" if mine.dockerfile else "image"
        found.append(f"The {what} is {_short(mine.image)}, there {_short(theirs.image)}.")
    if mine.context != theirs.context:
        found.append("The files that the Dockerfile copies from are others.")
    if mine.platform != theirs.platform:
        own = "the engine's own"
        found.append(f"The platform is {mine.platform or own}, there {theirs.platform or own}.")
    if mine.interpreter != theirs.interpreter:
        own = "the one that is found"
        found.append(
            f"The interpreter is {mine.interpreter or own}, there {theirs.interpreter or own}."
        )
    return found


_IMAGE = ("an image", "a Dockerfile")


def _of_texts(mine: str, theirs: str) -> list[str]:
    if mine == theirs:
        return []
    pairs = enumerate(zip_longest(mine.splitlines(), theirs.splitlines()), 1)
    at, here, there = next((at, *pair) for at, pair in pairs if pair[0] != pair[1])
    if here is None:
        return [f"The Dockerfile ends before line {at}, which there is `{_cut(there)}`."]
    if there is None:
        return [f"The Dockerfile goes on at line {at}: `{_cut(here)}`."]
    return [f"Line {at} of the Dockerfile is `{_cut(here)}`, there `{_cut(there)}`."]


def _of_packages(mine: Packages | None, theirs: Packages | None) -> list[str]:
    if mine is None or theirs is None:
        if mine is theirs:
            return []
        return [f"{'It' if mine else 'The other'} has packages installed into the image."]
    found: list[str] = []
    if mine.python != theirs.python:
        none = "any"
        found.append(f"Python is {mine.python or none}, there {theirs.python or none}.")
    for tool, here, there in (
        ("conda", mine.conda, theirs.conda),
        ("pip", mine.pip, theirs.pip),
    ):
        found += _of_requirements(tool, here, there)
    for what, one, other in (
        ("channels", mine.channels, theirs.channels),
        ("options of pip", mine.options, theirs.options),
    ):
        if one != other:
            order = "in another order" if sorted(one) == sorted(other) else "others"
            found.append(f"The {what} are {order}: {_list(one)}, there {_list(other)}.")
    return found


def _of_requirements(tool: str, mine: Collection[str], theirs: Collection[str]) -> list[str]:
    here = _by_name(text for text in mine if text not in theirs)
    there = _by_name(text for text in theirs if text not in mine)
    both = sorted(here.keys() & there.keys())
    found = [f"{_list(here[name])} instead of {_list(there[name])} ({tool})." for name in both]
    if more := [text for name in sorted(here.keys() - there.keys()) for text in here[name]]:
        found.append(f"It has {_list(more)} besides ({tool}).")
    if less := [text for name in sorted(there.keys() - here.keys()) for text in there[name]]:
        found.append(f"It is without {_list(less)} ({tool}).")
    return found


def _by_name(texts: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in sorted(texts):
        name = _NAME.match(text)
        found.setdefault(name[0] if name else text, []).append(text)
    return found


def _list(texts: Collection[str]) -> str:
    return ", ".join(texts) or "none"


def _short(image: str | None) -> str:
    """A digest by its first letters, as docker shows it."""
    name, found, digest = (image or "none").rpartition("sha256:")
    return f"{name}sha256:{digest[:12]}" if found else digest


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
