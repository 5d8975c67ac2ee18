"""A small conda channel in a folder, made by hand: packages, and the index that names them."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INTERPRETER = Path("/usr/bin/python3")
"""The Python that the channel's own wraps. Debian's images have one of the same version there, so
that a prefix made on this machine works in a container too."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A file of a package that is a symbolic link."""

    to: str


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A folder that conda tools read through a ``file://`` URL; made by the first `add`."""

    folder: Path

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        depends: Sequence[str] = (),
        files: Mapping[str, str | Link] | None = None,
        subdir: str = "linux-64",
        noarch: str | None = None,
        prefix_in: Sequence[str] = (),
    ) -> str:
        """Add a package and return its file's name.

        Parameters
        ----------
        noarch
            "python" for files below ``site-packages/``, which go where the Python of the
            environment has its own.
        prefix_in
            The files whose text holds `PREFIX`, to be replaced by where they are installed.
        """
        subdir = "noarch" if noarch else subdir
        files = dict(files or {f"share/{name}": f"{name} {version}\n"})
        stem = f"{name}-{version}-0"
        index: dict[str, Any] = {
            "name": name,
            "version": version,
            "build": "0",
            "build_number": 0,
            "depends": list(depends),
            "subdir": subdir,
            "timestamp": 1_700_000_000_000,
        }
        if noarch:
            index["noarch"] = noarch
        packed = _packed(files, index, prefix_in)
        where = self.folder / subdir
        where.mkdir(parents=True, exist_ok=True)
        (where / f"{stem}.tar.bz2").write_bytes(packed)
        self._list(subdir, f"{stem}.tar.bz2", index, packed)
        return f"{stem}.tar.bz2"

    def add_python(self, version: str | None = None, interpreter: Path = INTERPRETER) -> str:
        """Add a ``python`` that wraps one of this machine's, and return its version.

        Parameters
        ----------
        version
            What it says it is; `None` is the truth.
        """
        asked = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
        real = subprocess.run(
            [interpreter, "-I", "-c", asked], capture_output=True, text=True, check=True
        ).stdout.strip()
        minor = ".".join(real.split(".")[:2])
        self.add(
            "python",
            version or real,
            files={
                # As in a virtual environment: it makes the prefix one of its own.
                "pyvenv.cfg": f"home = {interpreter.parent}\nversion = {real}\n",
                "bin/python": Link(to="python3"),
                "bin/python3": Link(to=f"python{minor}"),
                f"bin/python{minor}": Link(to=str(interpreter)),
                f"lib/python{minor}/site-packages/README.txt": "Packages go here.\n",
            },
        )
        return version or real

    def _list(self, subdir: str, file: str, index: Mapping[str, Any], packed: bytes) -> None:
        for folder in {subdir, "noarch"}:
            path = self.folder / folder / "repodata.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            known = json.loads(path.read_text()) if path.exists() else _empty(folder)
            if folder == subdir:
                known["packages"][file] = {
                    **index,
                    "md5": hashlib.md5(packed).hexdigest(),
                    "sha256": hashlib.sha256(packed).hexdigest(),
                    "size": len(packed),
                }
            path.write_text(json.dumps(known))


PREFIX = "/opt/mltrain_placeholder_" + "p" * 200
"""Stands for the folder of installation in the texts of a package."""


def _empty(subdir: str) -> dict[str, Any]:
    return {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}, "repodata_version": 1}


def _packed(
    files: Mapping[str, str | Link], index: Mapping[str, Any], prefix_in: Sequence[str]
) -> bytes:
    paths = []
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:bz2") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755 if name.startswith("bin/") else 0o644
            if isinstance(content, Link):
                entry.type, entry.linkname = tarfile.SYMTYPE, content.to
                archive.addfile(entry)
                paths.append({"_path": name, "path_type": "softlink"})
                continue
            data = content.encode()
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
            path: dict[str, Any] = {
                "_path": name,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(data).hexdigest(),
                "size_in_bytes": len(data),
            }
            if name in prefix_in:
                path |= {"prefix_placeholder": PREFIX, "file_mode": "text"}
            paths.append(path)
        for name, value in (
            ("info/index.json", dict(index)),
            ("info/paths.json", {"paths": paths, "paths_version": 1}),
        ):
            data = json.dumps(value).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return into.getvalue()
