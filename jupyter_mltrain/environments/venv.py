"""A virtual environment of this machine, by uv: hard links from its cache, in seconds."""

from __future__ import annotations

import asyncio
from typing import Final

from jupyter_mltrain.environments import installing
from jupyter_mltrain.environments.base import Made, Site
from jupyter_mltrain.environments.interpreters import Interpreter
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.environments.requirements import Requirements

FOLDER: Final = "env"
"""Of the environment, in the folder of its build."""


async def build(site: Site, base: Interpreter, wanted: Requirements, lock: Lock | None) -> Made:
    """Make one with the Python `base`. Takes three steps, or one if there is nothing to install.

    Raises
    ------
    EnvironmentFailed
        With the reason of uv.
    """
    folder = site.directory / FOLDER
    interpreter = str(folder / "bin" / "python")
    with site.step("make a virtual environment"):
        site.write(f"Python {base.version} at {base.path}\n")
        await installing.uv(
            site, ("venv", "--quiet", "--no-project", "--python", base.path, str(folder))
        )
    pip: tuple[str, ...] = ()
    if wanted.packages:
        pip = await installing.install(site, interpreter, wanted, lock.pip if lock else None)
    made = Lock(python=base.version, pip=pip)
    return Made(
        interpreter=interpreter,
        python=base.version,
        packages=made.packages,
        lock=made.text,
        size_bytes=await asyncio.to_thread(installing.added_bytes, folder),
    )
