"""`Environment`: what a script runs in. So far a Python interpreter of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import EnvironmentSpec

_MACHINE: Final = ("PATH", "LD_LIBRARY_PATH", "CUDA_HOME", "LANG", "LC_ALL", "TZ")
"""Variables that any interpreter on this machine may need."""

_PYTHON: Final = ("PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")
"""What "this Python" means besides its executable; another one would be misled by it."""


class PythonSection:
    """The Python part of an environment."""

    __slots__ = ("interpreter_path", "user_managed_dependencies")

    def __init__(self) -> None:
        self.interpreter_path = "python"
        """A Python executable: a path, or a command on the path; "python" is the caller's own."""
        self.user_managed_dependencies = True
        """Use the interpreter as it is and install nothing; the only way for now."""


class Environment:
    """A named description of what a script runs in.

    An unknown attribute is refused, so that a typo does not pass for a setting.
    """

    __slots__ = ("environment_variables", "name", "python", "version")

    def __init__(self, name: str) -> None:
        self.name = name
        self.version: str | None = None
        self.python = PythonSection()
        self.environment_variables: dict[str, str] = {}

    @classmethod
    def current(cls) -> Environment:
        """The interpreter that this code runs in, with everything installed there."""
        return cls("current")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"Environment has no attribute {name!r}; it has name, version, python and "
            "environment_variables."
        )

    def __repr__(self) -> str:
        return f"Environment({self.name!r})"

    def spec(self) -> EnvironmentSpec:
        """What the service needs to know.

        Raises
        ------
        InvalidSpec
            The interpreter is not there, or dependencies would have to be installed.
        """
        if not self.python.user_managed_dependencies:
            raise InvalidSpec(
                f"The environment {self.name!r} asks for dependencies to be installed, and a "
                "process run uses an interpreter as it is. Set "
                "python.user_managed_dependencies = True."
            )
        interpreter = _executable(self.python.interpreter_path)
        names = _MACHINE + (_PYTHON if interpreter == sys.executable else ())
        return EnvironmentSpec(
            name=self.name,
            interpreter=interpreter,
            inherited={name: os.environ[name] for name in names if name in os.environ},
        )


def _executable(path: str) -> str:
    if path == "python":
        return sys.executable
    import shutil

    found = shutil.which(Path(path).expanduser())
    if found is None:
        raise InvalidSpec(f"No interpreter {path!r} here. Give the path of a Python executable.")
    # Not resolved: in a virtual environment the link is what makes it that environment's.
    return str(Path(found).absolute())
