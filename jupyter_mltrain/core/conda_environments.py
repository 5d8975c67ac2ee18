"""The conda environments of this machine: where they are, and what is installed in them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import PackagesSpec

_INSTALLED_BY_CONDA = "conda"


def packages_of(name: str) -> PackagesSpec:
    """What a conda environment has, with exact versions.

    Parameters
    ----------
    name
        Of the environment, or the path of its folder.

    Raises
    ------
    UserError
        There is none; the sentence lists those there are.
    """
    found = dict(_environments())
    path = Path(name).expanduser()
    prefix = found.get(name) or (path if (path / "conda-meta").is_dir() else None)
    if prefix is None:
        known = f"There are {', '.join(sorted(found))}." if found else "None was found here."
        raise UserError(f"No conda environment {name!r} on this machine. {known}")
    python: str | None = None
    conda: list[str] = []
    channels: dict[str, None] = {}
    for record in _records(prefix):
        channels[_channel(str(record.get("channel", "")))] = None
        if record["name"] == "python":
            python = str(record["version"])
        elif record["name"] != "pip":
            conda.append(f"{record['name']}={record['version']}")
    return PackagesSpec(
        python=python,
        conda=tuple(sorted(conda)),
        channels=tuple(channel for channel in channels if channel),
        pip=tuple(sorted(_by_pip(prefix))),
    )


def _environments() -> Iterator[tuple[str, Path]]:
    """Name and folder of every environment that conda keeps a note of, or the usual places hold."""
    home = Path.home()
    noted = home / ".conda" / "environments.txt"
    prefixes = [Path(line) for line in _lines(noted) if line]
    prefixes += [Path(os.environ[name]) for name in ("CONDA_PREFIX",) if name in os.environ]
    roots = [home / each for each in ("miniconda3", "anaconda3", "miniforge3", "mambaforge")]
    if "CONDA_EXE" in os.environ:
        roots.append(Path(os.environ["CONDA_EXE"]).parent.parent)
    roots += [Path(each) for each in os.environ.get("MAMBA_ROOT_PREFIX", "").split(os.pathsep)]
    for root in [*roots, home / ".conda"]:
        if str(root) != "." and (root / "envs").is_dir():
            prefixes += sorted((root / "envs").iterdir())
    for prefix in prefixes:
        if (prefix / "conda-meta").is_dir():
            yield ("base" if (prefix / "condabin").is_dir() else prefix.name), prefix


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def _records(prefix: Path) -> list[dict[str, object]]:
    """One of each package that conda installed."""
    return [json.loads(path.read_text()) for path in sorted(prefix.glob("conda-meta/*.json"))]


def _channel(url: str) -> str:
    """The name of a channel, or the URL of one that is not among the well-known."""
    trimmed = url.rstrip("/")
    for subdir in ("/noarch", "/linux-64", "/linux-aarch64", "/osx-64", "/osx-arm64"):
        trimmed = trimmed.removesuffix(subdir)
    if "conda.anaconda.org/" in trimmed:
        return trimmed.rpartition("conda.anaconda.org/")[2]
    return "defaults" if "repo.anaconda.com/" in trimmed else trimmed


def _by_pip(prefix: Path) -> Iterator[str]:
    """Requirements of what was not installed by conda."""
    folders = [str(each) for each in prefix.glob("lib/python*/site-packages")]
    for found in distributions(path=folders):
        installer = (found.read_text("INSTALLER") or "").strip()
        if installer and installer != _INSTALLED_BY_CONDA and found.name != "pip":
            yield f"{found.name}=={found.version}"
