"""Building from a Dockerfile: its instructions as steps, its failures with their line."""

from __future__ import annotations

import os
import re
import tempfile
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from jupyter_mltrain.engine import Engine, building
from jupyter_mltrain.environments import context, network
from jupyter_mltrain.environments.counted import Counted
from jupyter_mltrain.environments.dockerfile import Dockerfile
from jupyter_mltrain.environments.tools import masked
from jupyter_mltrain.errors import EnvironmentFailed

_STEP: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
_SKIPPED: Final = re.compile(
    r" ---> [0-9a-f]{12}\s*\Z| ---> Running in |Removing intermediate container |"
    r"Successfully (?:built|tagged) "
)
"""What the builder says of ids, which nobody needs."""

_PARSE_ERROR: Final = re.compile(r"[Dd]ockerfile parse error (?:on )?line (\d+): (.+)", re.DOTALL)
_STATUS: Final = re.compile(r"returned a non-zero code: (\d+)")
_ABSENT: Final = re.compile(
    r"(?:COPY|ADD) failed: .*?(?:stat|lstat) (\S+?):? .*(?:no such file|not exist)"
)
_NAME_WIDTH: Final = 60
_LAST_LINES: Final = 12

DECLARED: Final = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL")
"""Settings of the user that reach a build if the Dockerfile has an ARG for them, as pip has it:
without that, they are not for this build."""


async def build(
    engine: Engine,
    site: Counted,
    parsed: Dockerfile,
    text: str,
    *,
    folder: Path | None,
    platform: str | None,
    labels: Mapping[str, str],
    fresh: bool,
    more_steps: int,
) -> str:
    """Build it and return the image's id; every instruction is a step of the build.

    Parameters
    ----------
    text
        What is built; it has the lines of `parsed`.
    folder
        Whose files it copies.
    fresh
        Execute what the engine has the result of, too.
    more_steps
        How many there will be after those of the Dockerfile.

    Raises
    ------
    EnvironmentFailed
        The line that failed, and why.
    """
    if (new := parsed.needs_buildkit) is not None:
        raise EnvironmentFailed(
            f"Line {new.line} of the Dockerfile needs BuildKit, which the engine's own builder is "
            f"not.\n{parsed.shown(new.line)}\nBuild it with `docker buildx build` and use the "
            "image, or write the line without its options."
        )
    proxies = network.proxies()
    arguments = _arguments(proxies, parsed, site)
    with tempfile.TemporaryFile(dir=site.directory) as archive, ExitStack() as closing:
        context.archive(text, folder, archive)
        archive.seek(0)
        steps = closing.enter_context(_Steps(site, parsed, more_steps))
        try:
            return await building.build(
                engine,
                archive,
                dockerfile=context.NAME,
                platform=platform,
                arguments=arguments,
                labels=labels,
                fresh=fresh,
                host_network=network.is_here(proxies.values()),
                heard=steps.heard,
            )
        except building.Refused as refused:
            raise EnvironmentFailed(steps.why(masked(refused.problem))) from None


def _arguments(proxies: Mapping[str, str], parsed: Dockerfile, site: Counted) -> dict[str, str]:
    """The user's settings for the build.

    What a Dockerfile declares with ARG is in the history of the image, a proxy too, so nothing
    with a password is given for that.
    """
    settings = {name: os.environ[name] for name in DECLARED if os.environ.get(name)}
    given = {name: value for name, value in proxies.items() if name not in parsed.arguments}
    for name, value in {**proxies, **settings}.items():
        if name not in parsed.arguments:
            continue
        if masked(value) == value:
            given[name] = value
        else:
            site.write(
                f"{name} holds a password, which the history of the image would show: the "
                "Dockerfile is built without it. Packages that the environment itself asks for "
                "are installed with it.\n"
            )
    return given


class _Steps(ExitStack):
    """Follows what the builder says."""

    def __init__(self, site: Counted, parsed: Dockerfile, more_steps: int) -> None:
        super().__init__()
        self._site = site
        self._parsed = parsed
        self._more = more_steps
        self._begun = ""
        """Of a line whose end is still to come."""
        self._number = 0
        self._name = ""
        """Of a step that was announced; whether it is cached is said next."""
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    def heard(self, text: str) -> None:
        """Take a piece of the builder's text."""
        # A carriage return draws the line again, as progress bars do.
        *lines, self._begun = re.split(r"\r\n|[\r\n]", self._begun + text)
        for line in lines:
            self._line(masked(line).rstrip())

    def _line(self, line: str) -> None:
        if found := _STEP.match(line):
            self._announced(int(found[1]), found[3].strip())
            return
        cached = line.strip() == "---> Using cache"
        if line:
            self._begin(cached=cached)
        if line and not cached and not _SKIPPED.match(line):
            self._last.append(line)
            self._site.write(f"{line}\n")

    def _announced(self, number: int, text: str) -> None:
        self._begin()
        self.close()
        self._number, self._name = number, ""
        self._last.clear()
        steps = self._parsed.instructions
        if number == 1:
            self._site.ahead(len(steps) + self._more)
        if number <= len(steps):  # after them come our own labels
            self._name = _shortened(text)
            self._site.write(f"Line {steps[number - 1].line}: {text}\n")

    def _begin(self, *, cached: bool = False) -> None:
        if self._name:
            self.enter_context(self._site.step(self._name, cached=cached))
            self._name = ""

    def why(self, problem: str) -> str:
        """The sentence for what the builder said last."""
        if parse := _PARSE_ERROR.search(problem):
            line = int(parse[1])
            return (
                f"Line {line} of the Dockerfile: {parse[2].strip().rstrip('.')}.\n"
                f"{self._parsed.shown(line)}"
            )
        self.heard("\n")
        self._begin()
        if not 0 < self._number <= len(self._parsed.instructions):
            return f"The Dockerfile cannot be built: {problem.rstrip('.')}."
        step = self._parsed.instructions[self._number - 1]
        where = f"Line {step.line} of the Dockerfile failed"
        shown = self._parsed.shown(step.line)
        if "no space left on device" in problem.lower():
            return (
                f"{where}: the engine's disk is full. Make room there: `docker system prune` "
                f"deletes what nothing uses.\n{shown}"
            )
        if status := _STATUS.search(problem):
            output = "\n".join(self._last) or "It wrote nothing."
            return f"{where}: its command ended with {status[1]}.\n{shown}\n{output}"
        if absent := _ABSENT.search(problem):
            return (
                f"{where}: there is no {absent[1]} in the folder that it is built in, or "
                f".dockerignore leaves it out.\n{shown}"
            )
        return f"{where}: {problem.rstrip('.')}.\n{shown}"


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"
