"""Scripts to check, and Pythons to check them for."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from jupyter_mltrain.environments import python
from jupyter_mltrain.environments.python import PythonInfo
from jupyter_mltrain.service.preflight import Report, check
from jupyter_mltrain.service.pythons import OfThisMachine

OURS = sys.executable


@dataclass
class Files:
    """A run's files in memory."""

    texts: Mapping[str, str | bytes]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Collection[str]:
        return self.texts.keys()

    def read(self, name: str) -> bytes:
        text = self.texts[name]
        return text if isinstance(text, bytes) else text.encode()

    def ignored(self, name: str) -> str | None:
        return self.left_out.get(name)


def a_report(
    script: str | bytes,
    *arguments: str,
    files: Mapping[str, str | bytes] | None = None,
    left_out: Mapping[str, str] | None = None,
    info: PythonInfo | None = None,
    variables: Mapping[str, str] | None = None,
    force: bool = False,
) -> Report:
    """Check `script` as train.py among `files`, for the Python that runs the tests."""
    return check(
        Files({"train.py": script, **(files or {})}, left_out or {}),
        "train.py",
        arguments,
        python=OfThisMachine(info or python.probe(OURS)),
        variables=variables,
        force=force,
    )


def another(version: tuple[int, int, int], tmp_path: Path, answer: str) -> PythonInfo:
    """A Python of another version, which answers every question with `answer`."""
    executable = tmp_path / "python"
    executable.write_text(f"#!/bin/sh\ncat >/dev/null\necho 'mltrain-answer:{answer}'\n")
    executable.chmod(0o755)
    return replace(python.probe(OURS), executable=str(executable), version=version)
