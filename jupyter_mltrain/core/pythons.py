"""The Pythons of this machine: what a name means, and what one needs to be itself."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jupyter_mltrain.errors import InvalidSpec

_OF_MACHINE: Final = ("PATH", "LD_LIBRARY_PATH", "CUDA_HOME", "LANG", "LC_ALL", "TZ")
"""Variables that any interpreter on this machine may need."""

_OF_PYTHON: Final = ("PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")
"""What "this Python" means besides its executable; another one would be misled by it."""

_KERNELS: Final = ("ipykernel", "ipykernel_launcher")
_PYTHON: Final = re.compile(r"python\d*(\.\d+)*\Z")


def executable(path: str) -> str:
    """The absolute path of an interpreter; raises `InvalidSpec` if there is none."""
    if path == "python":
        return sys.executable
    found = shutil.which(Path(path).expanduser())
    if found is None:
        raise InvalidSpec(f"No interpreter {path!r} here. Give the path of a Python executable.")
    # Not resolved: in a virtual environment the link is what makes it that environment's.
    return str(Path(found).absolute())


def inherited(interpreter: str) -> dict[str, str]:
    """The variables that a run in this interpreter takes over from who submits it."""
    names = _OF_MACHINE + (_OF_PYTHON if interpreter == sys.executable else ())
    return {name: os.environ[name] for name in names if name in os.environ}


def interpreter_of(argv: Sequence[str]) -> str | None:
    """The Python that a kernel's command line starts, where it is one that starts ipykernel."""
    if not argv or "-m" not in argv[:-1]:
        return None
    if argv[argv.index("-m") + 1] not in _KERNELS:
        return None
    command = argv[0]
    if not _PYTHON.match(Path(command).name):
        return None
    if command == Path(command).name and command in _own_names():
        # Jupyter takes its own Python for such a plain name: `KernelManager.format_kernel_cmd`.
        return absolute(sys.executable)
    found = shutil.which(command)
    return None if found is None else absolute(found)


def _own_names() -> tuple[str, ...]:
    major, minor = sys.version_info[:2]
    return ("python", f"python{major}", f"python{major}.{minor}")


def absolute(path: str) -> str:
    """Not resolved: in a virtual environment the link is what makes it that environment's."""
    return os.path.abspath(path)  # noqa: PTH100
