"""A run's folders, and what its files are."""

from __future__ import annotations

from pathlib import Path

from jupyter_mltrain.store.files import RunFiles


def names(run: Path) -> list[str]:
    return [file.name for file in RunFiles(run).list()]


def read(run: Path, name: str) -> bytes:
    with RunFiles(run).open(name) as file:
        return file.read()
