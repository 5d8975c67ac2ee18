"""What an image has: a shell, a Python and its modules, which C library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.images import Image
from jupyter_mltrain.engine.shortly import output_of
from jupyter_mltrain.environments.python import OLDEST
from jupyter_mltrain.errors import ComputeTargetError, EnvironmentFailed
from jupyter_mltrain.spec import Frozen

_MARK: Final = "mltrain-answer:"

PATH_MARK: Final = f"{_MARK}path "
"""Goes before the path of the Python that the next answer is of."""

CODE: Final = f"""\
import sys
sys.path[:] = [p for p in sys.path if p]
import json, os, pkgutil
names = set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
names.update(m[1] for m in pkgutil.iter_modules())
for folder in sys.path:
    if os.path.isdir(folder):
        names.update(n for n in os.listdir(folder)
                     if "." not in n and os.path.isdir(os.path.join(folder, n)))
for finder in sys.meta_path:
    module = sys.modules.get(getattr(finder, "__module__", ""))
    names.update(n.split(".")[0] for n in getattr(module, "MAPPING", ()))
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, ValueError, OSError):
    libc = ""
print("{_MARK}" + json.dumps({{
    "version": list(sys.version_info[:3]), "libc": libc, "modules": sorted(names),
    "virtual": sys.prefix != getattr(sys, "base_prefix", sys.prefix)}}))
sys.exit(sys.version_info < (3, 6))
"""
"""Runs on whatever Python an image has, so it has to parse on Python 2 too."""

# In sh as busybox and dash have it, and no other program: an image need not have any.
_SCRIPT: Final = f"""\
code=$1; shift
for file in /lib/ld-musl-*; do [ -e "$file" ] && echo "{_MARK}musl"; done
command -v getconf >/dev/null && echo "{_MARK}libc $(getconf GNU_LIBC_VERSION 2>/dev/null)"
for name in "$@"; do
  path=$(command -v "$name") || continue
  echo "{PATH_MARK}$path"
  "$path" -c "$code" 2>/dev/null && exit 0
done
exit 0
"""

_USUAL: Final = (
    *("python3", "python", "/opt/conda/bin/python", "/opt/venv/bin/python"),
    *("/usr/local/bin/python3", "/usr/bin/python3"),
)


class Python(Frozen, frozen=True, kw_only=True):
    """A Python in an image."""

    path: str
    version: tuple[int, int, int]
    virtual: bool
    """It belongs to a virtual environment."""
    modules: tuple[str, ...]
    """Top-level ones that it finds, its own among them."""

    @property
    def text(self) -> str:
        """The version as in ``3.11.2``."""
        return ".".join(map(str, self.version))


class Facts(Frozen, frozen=True, kw_only=True):
    """What was found out about one image."""

    musl: bool
    """Its C library is musl, as in Alpine."""
    libc: str = ""
    """As in ``glibc 2.36``; empty where it does not say."""
    python: Python | None
    too_old: str | None = None
    """Version of the only Python there is, if no run can use it."""


class Probe:
    """Looks into images, once into each."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], Facts] = {}

    def knows(self, image: Image, interpreter: str | None) -> bool:
        """Whether `facts` has an answer without looking."""
        return (image.id, interpreter) in self._known

    async def facts(
        self,
        engine: Engine,
        image: Image,
        name: str,
        *,
        interpreter: str | None = None,
        platform: str | None = None,
        labels: Mapping[str, str],
    ) -> Facts:
        """Look into an image, with one short container if nobody has done so yet.

        Parameters
        ----------
        name
            What a sentence about the image begins with, as in ``Image `python:3.11` ``.
        interpreter
            Command or path of the Python that is wanted; `None` is the usual one.

        Raises
        ------
        EnvironmentFailed
            It has no shell, is for another kind of processor, or lacks that interpreter.
        """
        key = (image.id, interpreter)
        if key not in self._known:
            self._known[key] = await self._look(engine, image, name, interpreter, platform, labels)
        return self._known[key]

    async def _look(
        self,
        engine: Engine,
        image: Image,
        name: str,
        interpreter: str | None,
        platform: str | None,
        labels: Mapping[str, str],
    ) -> Facts:
        names = (interpreter,) if interpreter else _USUAL
        command = ("/bin/sh", "-c", _SCRIPT, "sh", CODE, *names)
        try:
            status, output = await output_of(
                engine, image.id, command, labels=labels, platform=platform
            )
        except ComputeTargetError as error:
            raise _unusable(image, name, error.message) from error
        if status:
            raise _unusable(image, name, output)
        facts = read(output)
        if facts.python is None and interpreter:
            raise EnvironmentFailed(
                f"{name} has no Python {interpreter!r}"
                + (f" of version 3.6 or newer, but {facts.too_old}" if facts.too_old else "")
                + ". Name the path of one that it has, or leave interpreter_path as it is."
            )
        return facts


def read(output: str) -> Facts:
    """What the script found out, from what it wrote."""
    musl, path, libc = False, "", ""
    best: Python | None = None
    too_old: str | None = None
    for line in output.splitlines():
        _, mark, answer = line.partition(_MARK)
        if not mark:
            continue
        if answer == "musl":
            musl = True
        elif answer.startswith("path "):
            path = answer.removeprefix("path ")
        elif answer.startswith("libc "):
            libc = answer.removeprefix("libc ")
        elif found := _python(path, said := json.loads(answer)):
            libc = said["libc"] or libc
            if found.version[:2] < OLDEST:
                too_old = found.text
            elif best is None:
                best = found
    return Facts(musl=musl, libc=libc, python=best, too_old=None if best else too_old)


def _python(path: str, said: dict[str, Any]) -> Python | None:
    if not path.startswith("/"):
        return None  # an alias or a function of the image's shell
    major, minor, micro = said["version"]
    return Python(
        path=path,
        version=(major, minor, micro),
        virtual=said["virtual"],
        modules=tuple(said["modules"]),
    )


def _unusable(image: Image, name: str, problem: str) -> EnvironmentFailed:
    plain = problem.lower()
    if "exec format error" in plain:
        return EnvironmentFailed(
            f"{name} is for {image.architecture or 'another'} processors, and the engine's "
            "machine cannot run that. Choose an image for its kind, or build it there."
        )
    if "/bin/sh" in plain and ("no such file" in plain or "not found" in plain):
        return EnvironmentFailed(
            f"{name} has no shell: there is no /bin/sh in it, which every run needs. "
            "Choose a variant that has one, as in the -slim or -debug ones."
        )
    return EnvironmentFailed(f"{name} starts no container: {problem.strip()[-500:]}")
