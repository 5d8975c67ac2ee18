"""The Pythons that a page can choose: the Jupyter server's own and those of its kernels."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from inspect import isawaitable
from pathlib import Path
from typing import Any, Final, Protocol

from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.pythons import absolute, interpreter_of
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import EnvironmentSpec
from jupyter_mltrain.wire import PythonInfo

_LIMIT_S: Final = 10.0
_VERSION: Final = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


class KernelSpecs(Protocol):
    """As much of Jupyter's kernel specs as is needed. Some servers answer later."""

    def get_all_specs(self) -> Any: ...


class Pythons:
    """Looks for interpreters each time it is asked; only what they say of themselves is kept."""

    def __init__(self, kernel_specs: KernelSpecs, default_kernel: str) -> None:
        self._kernel_specs = kernel_specs
        self._default_kernel = default_kernel
        self._versions: dict[tuple[str, int], str] = {}

    async def found(self) -> tuple[PythonInfo, ...]:
        """Every interpreter once, the default one first: that of the default kernel.

        It is named as its kernel is in the launcher. One that does not start is left out.
        """
        specs = await asyncio.to_thread(self._kernel_specs.get_all_specs)
        if isawaitable(specs):
            specs = await specs
        return await asyncio.to_thread(self._look, specs)

    async def environment(self, interpreter: str | None) -> EnvironmentSpec:
        """What the service needs to know of an interpreter that `found` lists.

        Raises
        ------
        InvalidSpec
            It is none of them.
        """
        environment = Environment.current()
        if interpreter is not None and interpreter != sys.executable:
            known = {each.interpreter: each.name for each in await self.found()}
            if interpreter not in known:
                raise InvalidSpec(
                    f"{interpreter!r} is not the Python of this Jupyter server or one of its "
                    "kernels. Install a kernel there, with `python -m ipykernel install --user`."
                )
            environment.name = known[interpreter]
            environment.python.interpreter_path = interpreter
        return await asyncio.to_thread(environment.spec)

    def _look(self, specs: Mapping[str, Mapping[str, Any]]) -> tuple[PythonInfo, ...]:
        names: dict[str, str] = {}
        order = sorted(specs, key=lambda name: (name != self._default_kernel, name))
        for kernel in order:
            spec = specs[kernel]["spec"]
            path = interpreter_of(spec.get("argv", ()))
            if path is not None:
                names.setdefault(path, spec.get("display_name") or kernel)
        own = absolute(sys.executable)
        names.setdefault(own, "Python of this Jupyter server")
        versions = {path: self._version(path) for path in names}
        listed = [path for path in names if versions[path]]
        return tuple(
            PythonInfo(
                name=names[path], interpreter=path, version=versions[path], default=index == 0
            )
            for index, path in enumerate(listed)
        )

    def _version(self, path: str) -> str:
        """What an interpreter says it is; empty when it does not say."""
        if path == absolute(sys.executable):
            return "{}.{}.{}".format(*sys.version_info[:3])
        try:
            key = (path, Path(path).stat().st_mtime_ns)
            if key not in self._versions:
                done = subprocess.run(
                    [path, "-I", "-S", "-c", _VERSION],
                    capture_output=True,
                    stdin=subprocess.DEVNULL,
                    timeout=_LIMIT_S,
                    check=True,
                    text=True,
                    cwd="/",
                )
                self._versions[key] = done.stdout.strip()
            return self._versions[key]
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            return ""
