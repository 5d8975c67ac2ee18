"""Putting requirements into a Python of this machine, by uv."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from jupyter_mltrain.environments import tools, uv_problems
from jupyter_mltrain.environments.base import Site
from jupyter_mltrain.environments.indexes import for_requirements, variables
from jupyter_mltrain.environments.requirements import Requirements
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.units import plural

_RESOLVED: Final = re.compile(r"Resolved (\d+) packages?\b")
_ADDED: Final = re.compile(r" [+~] ([A-Za-z0-9][\w.-]*)(?:==(\S+))?(?: \(from (.+)\))?\Z")


def uv_path() -> str:
    """Where uv is: it comes with us as a wheel.

    Raises
    ------
    EnvironmentFailed
        It does not.
    """
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        if found:
            return found
        raise EnvironmentFailed(
            "uv, which installs packages, is not there. `pip install uv` puts it beside "
            "jupyter_mltrain."
        ) from None


async def uv(
    site: Site,
    arguments: Sequence[str],
    *,
    stdin: str = "",
    each_line: Callable[[str], None] | None = None,
    wanted: Requirements | None = None,
) -> None:
    """Run uv; its output goes to the build's log.

    Parameters
    ----------
    each_line
        Gets the output instead of the log.
    wanted
        Whose indexes it is to use.

    Raises
    ------
    EnvironmentFailed
        It fails; the sentence says why.
    """
    environ = {**variables(), **tools.mark(site.workspace)}
    try:
        await tools.run(
            (uv_path(), *arguments),
            each_line=each_line or (lambda line: site.write(f"{line}\n")),
            stdin=stdin,
            variables=for_requirements(environ, wanted) if wanted else environ,
        )
    except tools.ToolFailed as failed:
        where = f"the disk of {site.directory}"
        raise EnvironmentFailed(uv_problems.in_our_words(failed.output, where)) from None


async def install(
    site: Site, interpreter: str, wanted: Requirements, locked: Sequence[str] | None
) -> tuple[str, ...]:
    """Install what is wanted, or exactly what an earlier build has found for it.

    Takes two steps of the build.

    Returns
    -------
    tuple
        Every package that was installed, as a requirement that names it exactly, by name.

    Raises
    ------
    EnvironmentFailed
        The sentence says which package, and why.
    """
    arguments = ["pip", "install", "--python", interpreter, *wanted.arguments, "-r", "-"]
    stdin = wanted.text
    # Requirements with hashes name everything exactly themselves, and are still to be checked.
    if locked is not None and "--require-hashes" not in arguments:
        arguments.append("--no-deps")
        options = (line for line in stdin.splitlines() if line.startswith("-"))
        stdin = "".join(f"{line}\n" for line in (*options, *locked))
    found: dict[str, str] = {}
    with ExitStack() as step:
        step.enter_context(site.step("resolve packages", cached=locked is not None))

        def said(line: str) -> None:
            site.write(f"{line}\n")
            if resolved := _RESOLVED.match(line):
                step.close()
                step.enter_context(site.step(f"install {plural(int(resolved[1]), 'package')}"))
            elif added := _ADDED.match(line):
                name, version, origin = added.groups()
                found[name] = f"{name}=={version}" if origin is None else f"{name} @ {origin}"

        await uv(site, arguments, stdin=stdin, each_line=said, wanted=wanted)
    return tuple(_unmasked(name, line, wanted) for name, line in sorted(found.items()))


def _unmasked(name: str, line: str, wanted: Requirements) -> str:
    """The line, or what the user wrote where the URL has a secret, which nobody is to read."""
    if tools.MASK not in line:
        return line
    return next((each for each in wanted.packages if each.startswith(f"{name} @ ")), line)


def added_bytes(folder: Path) -> int:
    """What a folder takes on disk, without files that are also in a cache (hard links)."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            facts = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                total += facts.st_blocks * 512 + added_bytes(Path(entry.path))
            elif facts.st_nlink == 1:
                total += facts.st_blocks * 512
    return total
