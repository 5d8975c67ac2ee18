"""The repository that a source directory belongs to: commit, branch, whether it is dirty."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Final

from jupyter_mltrain.spec import GitState

_TIMEOUT_S: Final = 20.0
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


def find_repository(directory: Path) -> Path | None:
    """The nearest folder upwards with a ``.git``; costs a few looks, starts nothing."""
    for folder in (directory, *directory.parents):
        if (folder / ".git").exists():
            return folder
    return None


async def read(directory: Path) -> GitState | None:
    """Ask git; `None` where there is no git, no commit, or no answer in time."""
    status = await _git(directory, "status", "--porcelain=v2", "--branch", "--", ".")
    if status is None:
        return None
    lines = status.splitlines()
    about = dict(line[2:].split(" ", 1) for line in lines if re.match("# .+ .+", line))
    commit, branch = about.get("branch.oid"), about.get("branch.head")
    remote = await _git(directory, "config", "--get", "remote.origin.url")
    return GitState(
        repository=_CREDENTIALS.sub("", remote.strip()) if remote else None,
        branch=None if branch == "(detached)" else branch,
        commit=None if commit == "(initial)" else commit,
        dirty=any(not line.startswith("#") for line in lines),
    )


async def _git(directory: Path, *arguments: str) -> str | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(directory),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
    except OSError:
        return None  # no git here
    try:
        out, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_S)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        return None  # a huge or remote repository: better no state than a long wait
    return out.decode("utf-8", "replace") if process.returncode == 0 else None
