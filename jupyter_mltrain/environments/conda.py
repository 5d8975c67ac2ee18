"""A folder of conda packages on this machine (a prefix), with the pip section by uv."""

from __future__ import annotations

import asyncio

from jupyter_mltrain.environments import conda_solving, installing
from jupyter_mltrain.environments.base import Made, Site
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.environments.requirements import Requirements
from jupyter_mltrain.environments.venv import FOLDER
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import PackagesSpec


async def build(
    site: Site, packages: PackagesSpec, wanted: Requirements, lock: Lock | None
) -> Made:
    """Make one. Takes two steps, and two more where there is a pip section.

    Raises
    ------
    EnvironmentFailed
        With the reason of the solver, of uv or of the network.
    """
    folder = site.directory / FOLDER
    interpreter = str(folder / "bin" / "python")
    if lock is not None and lock.platform is not None:
        solved = conda_solving.Solved(platform=lock.platform, packages=lock.conda)
    else:
        solved = await conda_solving.solve(site, packages)
    if solved.python is None:
        raise EnvironmentFailed("The conda packages have no Python among them. Ask for python.")
    await conda_solving.install(site, solved.packages, folder)
    pip: tuple[str, ...] = ()
    if wanted.packages:
        pip = await installing.install(site, interpreter, wanted, lock.pip if lock else None)
    made = Lock(python=solved.python, platform=solved.platform, conda=solved.packages, pip=pip)
    return Made(
        interpreter=interpreter,
        python=solved.python,
        packages=made.packages,
        lock=made.text,
        size_bytes=await asyncio.to_thread(installing.added_bytes, folder),
    )
