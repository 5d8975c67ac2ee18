"""Reads a Dockerfile as far as has to be known before an engine builds it.

References
----------
https://docs.docker.com/reference/dockerfile/: directives, line continuation, ARG before FROM.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Frozen

_WORDS: Final = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
_DIRECTIVE: Final = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(.+?)\s*\Z")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_FLAG: Final = re.compile(r"--([a-z]+)(?:=(\S*))?\s*")
_HEREDOC: Final = re.compile(r"<<-?[\"']?([A-Za-z_]\w*)[\"']?")
_REMOTE: Final = ("http://", "https://", "git@")


class Instruction(Frozen, frozen=True, kw_only=True):
    """One instruction, its continued lines joined."""

    line: int
    """Its first line in the text, from 1."""
    word: str
    """In capitals."""
    arguments: str
    flags: Mapping[str, str] = {}
    """``--from=build`` as ``{"from": "build"}``; one that is given twice has its last value."""
    heredoc: bool = False
    """Lines of text follow that belong to it."""

    def __str__(self) -> str:
        return f"{self.word} {self.arguments}"


class Dockerfile(Frozen, frozen=True, kw_only=True):
    """What a Dockerfile's text says."""

    text: str
    instructions: tuple[Instruction, ...]
    """In the order of the engine's steps."""

    @property
    def bases(self) -> tuple[str, ...]:
        """Images that it begins with or copies from, each once, its own stages left out."""
        return tuple(dict.fromkeys(image for _, _, image in self._images()))

    def pinned(self, exactly: Mapping[str, str]) -> str:
        """The text with some of `bases` replaced by exact names of the same images."""
        lines = self.text.splitlines()
        for line, written, image in self._images():
            if image in exactly:
                lines[line - 1] = lines[line - 1].replace(written, exactly[image], 1)
        return "".join(f"{line}\n" for line in lines)

    def _images(self) -> Iterator[tuple[int, str, str]]:
        """Line, image as it is written, and image with its variables replaced."""
        values: dict[str, str] = {}
        stages: set[str] = set()
        begun = False
        for each in self.instructions:
            if each.word == "ARG" and not begun:
                values |= _declared(each)
            elif each.word == "FROM":
                begun = True
                written, *stage = each.arguments.split()
                image = _substituted(written, values)
                if image.lower() not in stages and image != "scratch":
                    yield each.line, written, image
                if len(stage) == 2 and stage[0].lower() == "as":
                    stages.add(stage[1].lower())
            elif (source := each.flags.get("from")) and not source.isdigit():
                image = _substituted(source, values)
                if image.lower() not in stages:
                    yield each.line, source, image

    @property
    def arguments(self) -> frozenset[str]:
        """Names that it declares with ARG; only their values can be set for a build."""
        return frozenset(
            name for each in self.instructions if each.word == "ARG" for name in _declared(each, "")
        )

    @property
    def needs_context(self) -> bool:
        """Whether it copies files from the folder that it is built in."""
        return any(_copies_from_context(each) for each in self.instructions)

    @property
    def needs_buildkit(self) -> Instruction | None:
        """The first instruction that engines' own builder does not know."""
        for each in self.instructions:
            new = {"mount", "network", "security", "link", "parents", "exclude", "checksum"}
            if each.heredoc or not new.isdisjoint(each.flags):
                return each
        return None

    def shown(self, line: int) -> str:
        """A line with its number, to be put below a sentence about it."""
        return _shown(self.text, line)


def parse(text: str) -> Dockerfile:
    """Read the text of a Dockerfile.

    Raises
    ------
    InvalidSpec
        It has no instruction, or one that there is not; the sentence shows the line.
    """
    instructions = tuple(_instructions(text))
    for each in instructions:
        if each.word not in _WORDS:
            near = difflib.get_close_matches(each.word, _WORDS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InvalidSpec(
                f"Line {each.line} of the Dockerfile: there is no instruction "
                f"{each.word!r}.{hint}\n{_shown(text, each.line)}"
            )
        if not each.arguments:
            raise InvalidSpec(
                f"Line {each.line} of the Dockerfile: {each.word} says nothing. Complete it, or "
                f"leave it out.\n{_shown(text, each.line)}"
            )
    first = next((each for each in instructions if each.word != "ARG"), None)
    if first is None:
        raise InvalidSpec(
            "The Dockerfile has no FROM instruction. Begin it with FROM and the image that yours "
            "is made from."
        )
    if first.word != "FROM":
        raise InvalidSpec(
            f"Line {first.line} of the Dockerfile: {first.word} stands before FROM. Put FROM "
            f"first; only ARG may come before it.\n{_shown(text, first.line)}"
        )
    return Dockerfile(text=text, instructions=instructions)


def _shown(text: str, line: int) -> str:
    lines = text.splitlines()
    return f"{line:>4}  {lines[line - 1].rstrip()}" if 0 < line <= len(lines) else ""


def _instructions(text: str) -> Iterator[Instruction]:
    lines = text.splitlines()
    escape, at = _escape(lines), 0
    while at < len(lines):
        start = at
        if _is_void(lines[at]):
            at += 1
            continue
        joined = ""
        while at < len(lines):
            line = lines[at]
            at += 1
            if joined and _is_void(line):
                continue  # comments and empty lines may stand between continued ones
            continued = line.rstrip().endswith(escape)
            joined += line.rstrip()[: -len(escape)] if continued else line
            if not continued:
                break
        made = _instruction(joined, start + 1)
        after = _past_heredocs(made, lines, at)
        yield made if after == at else replace(made, heredoc=True)
        at = after


def _is_void(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _escape(lines: list[str]) -> str:
    """What continues a line: a backslash, unless a directive at the very top says otherwise."""
    for line in lines:
        directive = _DIRECTIVE.match(line.strip())
        if directive is None:
            break
        if directive[1].lower() == "escape":
            return directive[2]
    return "\\"


def _instruction(joined: str, line: int) -> Instruction:
    word, _, rest = joined.strip().partition(" ")
    word = word.upper()
    flags: dict[str, str] = {}
    rest = rest.strip()
    while word != "HEALTHCHECK" and (flag := _FLAG.match(rest)):
        flags[flag[1]] = flag[2] or ""
        rest = rest[flag.end() :]
    return Instruction(line=line, word=word, arguments=rest, flags=flags)


def _past_heredocs(instruction: Instruction, lines: list[str], at: int) -> int:
    """Where it goes on after the texts that an instruction brings along.

    A shell's own ``<<`` has no such end: then nothing is passed over.
    """
    if instruction.word not in ("RUN", "COPY", "ADD"):
        return at
    for end in _HEREDOC.findall(instruction.arguments):
        ends = [index for index, line in enumerate(lines[at:], at) if line.strip() == end]
        at = ends[0] + 1 if ends else at
    return at


def _declared(instruction: Instruction, default: str | None = None) -> dict[str, str]:
    """Names of an ARG; those without a value only where a default for them is given."""
    found = {}
    for part in instruction.arguments.split():
        name, equals, value = part.partition("=")
        if equals or default is not None:
            found[name] = value.strip("\"'") if equals else default or ""
    return found


def _substituted(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return values.get(found[1] or found[3], found[2] or "")

    return _VARIABLE.sub(value, text).strip()


def _copies_from_context(instruction: Instruction) -> bool:
    if instruction.word == "ONBUILD":
        return False
    if instruction.word not in ("ADD", "COPY") or "from" in instruction.flags:
        return False
    sources = instruction.arguments.lstrip("[ ").split()[:-1]
    return any(
        not source.strip("\"',").startswith(_REMOTE) and not source.startswith("<<")
        for source in sources
    )
