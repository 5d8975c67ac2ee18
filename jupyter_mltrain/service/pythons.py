"""The Python that a script runs in, as far as the checks have to know it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jupyter_mltrain.environments import python
from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.environments.python import PythonInfo, SyntaxProblem
from jupyter_mltrain.service.launching import image_label
from jupyter_mltrain.spec import Built, EnvironmentSpec


class Python(Protocol):
    """Answers what a script will find."""

    @property
    def label(self) -> str:
        """What it is called in a sentence."""

    @property
    def version(self) -> tuple[int, int, int]:
        """As in ``(3, 11, 7)``."""

    @property
    def stdlib(self) -> frozenset[str]:
        """Modules of its standard library."""

    @property
    def builtins(self) -> frozenset[str]:
        """Modules that no file can stand in for."""

    def lacking(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the modules (their first parts) that it certainly cannot import."""

    def syntax_problem(self, source: bytes, *, cell: bool) -> SyntaxProblem | None:
        """Why the source is no Python of its version; `None` where nothing is certainly wrong."""

    def remedy(self, packages: Iterable[str]) -> str:
        """How these packages get there, as a sentence."""


@dataclass(frozen=True)
class OfThisMachine:
    """An interpreter that can be asked; `environment` names the built one that it belongs to."""

    info: PythonInfo
    environment: str | None = None

    @property
    def label(self) -> str:
        if self.environment is not None:
            return f"the environment {self.environment}"
        return self.info.executable

    @property
    def version(self) -> tuple[int, int, int]:
        return self.info.version

    @property
    def stdlib(self) -> frozenset[str]:
        return self.info.stdlib

    @property
    def builtins(self) -> frozenset[str]:
        return self.info.builtins

    def lacking(self, names: Iterable[str]) -> frozenset[str]:
        return python.lacking(self.info, names)

    def syntax_problem(self, source: bytes, *, cell: bool) -> SyntaxProblem | None:
        return python.syntax_problem(self.info, source, cell=cell)

    def remedy(self, packages: Iterable[str]) -> str:
        if self.environment is not None:
            return _added(packages)
        return f"Install it there (`pip install {' '.join(packages)}`)."


@dataclass(frozen=True)
class OfImage:
    """The interpreter of an image; which modules it finds was written down when it was built."""

    label: str
    version: tuple[int, int, int]
    modules: frozenset[str]

    @property
    def stdlib(self) -> frozenset[str]:
        """The names of ours that are there: what the image has of other versions' is not known."""
        return self.modules & sys.stdlib_module_names

    @property
    def builtins(self) -> frozenset[str]:
        return frozenset(sys.builtin_module_names)

    def lacking(self, names: Iterable[str]) -> frozenset[str]:
        tops = {name.partition(".")[0] for name in names}
        return frozenset(tops - self.modules - self.builtins - {"__main__"})

    def syntax_problem(self, source: bytes, *, cell: bool) -> SyntaxProblem | None:
        return None  # to ask it would take a container

    def remedy(self, packages: Iterable[str]) -> str:
        return _added(packages)


def _added(packages: Iterable[str]) -> str:
    names = " ".join(packages)
    return f"Add it with --pip {names}." if " " not in names else f'Add them with --pip "{names}".'


def of(
    definition: EnvironmentSpec, built: Built | None, environments: Environments
) -> Python | None:
    """The Python of an environment; `None` where that cannot be said. For a thread.

    Parameters
    ----------
    built
        What the definition was made into; `None` when it is not yet.
    """
    if not definition.is_built:
        return OfThisMachine(python.probe(definition.interpreter))
    if built is None or built.interpreter is None:
        return None
    if built.image is None:
        if not Path(built.interpreter).exists():
            return None  # it is made again when the run starts
        return OfThisMachine(python.probe(built.interpreter), definition.name)
    modules = environments.modules_of(built)
    version = _version(built.python)
    if modules is None or version is None:
        return None
    return OfImage(image_label(definition), version, modules)


def _version(text: str | None) -> tuple[int, int, int] | None:
    """``3.11.7`` as numbers; ``3.13.0rc1`` as those of what it precedes."""
    parts = [
        "".join(letter for letter in part[:3] if letter.isdigit())
        for part in (text or "").split(".")[:3]
    ]
    if len(parts) < 2 or not all(parts):
        return None
    numbers = [int(part) for part in parts]
    return numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0
