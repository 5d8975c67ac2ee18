"""`PythonSection`: the Python that a script runs with, and its packages."""

from __future__ import annotations

from pathlib import Path

from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.errors import InvalidSpec


class PythonSection(Strict):
    """The Python part of an environment."""

    __slots__ = ("_dependencies", "interpreter_path", "user_managed_dependencies")

    def __init__(self) -> None:
        self.user_managed_dependencies = False
        """Use the interpreter as it is and install nothing: of the image, or of this machine."""
        self.interpreter_path = "python"
        """Which interpreter that is: a path, or a command. "python" is the caller's own, or the
        one of the image."""
        self._dependencies: CondaDependencies | None = CondaDependencies()

    @property
    def conda_dependencies(self) -> CondaDependencies:
        """The packages, which are installed unless the user manages them."""
        if self._dependencies is None:
            self._dependencies = CondaDependencies()
        return self._dependencies

    @conda_dependencies.setter
    def conda_dependencies(self, dependencies: CondaDependencies | None) -> None:
        if not isinstance(dependencies, CondaDependencies | None):
            raise InvalidSpec(
                "python.conda_dependencies takes a CondaDependencies, not "
                f"{type(dependencies).__name__}. CondaDependencies('environment.yml') reads a file."
            )
        self._dependencies = dependencies

    @property
    def conda_dependencies_file(self) -> None:
        """Azure's, of old. Set to the path of a file, the packages are those of that file."""

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, path: str | Path | None) -> None:
        self.conda_dependencies = None if path is None else CondaDependencies(path)

    def __repr__(self) -> str:
        return (
            f"PythonSection(user_managed_dependencies={self.user_managed_dependencies!r}, "
            f"interpreter_path={self.interpreter_path!r})"
        )
