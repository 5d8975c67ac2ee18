"""A limit on the memory of processes, held to by the kernel: a control group, version 1 or 2."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path("/sys/fs/cgroup")


class MemoryLimit:
    """A group of processes that together get so much memory, and no swap.

    Raises
    ------
    OSError
        This user may not make control groups here.
    """

    def __init__(self, name: str, limit_bytes: int) -> None:
        self._second = (ROOT / "cgroup.controllers").exists()
        refusals = []
        for parent in self._parents():
            self.folder = parent / name
            try:
                self._make(limit_bytes)
                return
            except OSError as error:
                refusals.append(str(error))
                with contextlib.suppress(OSError):
                    self.folder.rmdir()
        raise OSError("; ".join(refusals) or f"no memory controller below {ROOT}")

    def _parents(self) -> Iterator[Path]:
        root = ROOT if self._second else ROOT / "memory"
        own = next(
            line.partition(":/")[2]
            for line in Path("/proc/self/cgroup").read_text().splitlines()
            if line.startswith(
                "0::/" if self._second else tuple(f"{n}:memory:/" for n in range(99))
            )
        )
        # In a container the group's own path may not be among what is mounted.
        for path in ((root / own), *(root / own).parents):
            if path.is_relative_to(root) and path.is_dir():
                yield path

    def _make(self, limit_bytes: int) -> None:
        if self._second:
            (self.folder.parent / "cgroup.subtree_control").write_text("+memory")
        self.folder.mkdir()
        names = ("memory.max", "memory.swap.max", "0")
        if not self._second:
            names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", str(limit_bytes))
        (self.folder / names[0]).write_text(str(limit_bytes))
        if (self.folder / names[1]).exists():
            (self.folder / names[1]).write_text(names[2])

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs this one, and all that it starts, within the limit."""
        enter = f'echo $$ > "{self.folder}/cgroup.procs" && exec "$@"'
        return ["/bin/sh", "-c", enter, "sh", *map(str, command)]

    def close(self) -> None:
        """Kill what is still there and take the group away."""
        while pids := (self.folder / "cgroup.procs").read_text().split():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.02)
        self.folder.rmdir()
