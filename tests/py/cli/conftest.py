"""The command line as its users have it: a process of its own, with a real service behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from jupyter_mltrain.client import Client
from jupyter_mltrain.spec import Run

PROGRAM = (sys.executable, "-m", "jupyter_mltrain.cli")


class Cli:
    """``jupyter mltrain`` in a workspace and a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "project"
        self.folder.mkdir()
        self.workspace = root / "workspace"
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")},
            "MLTRAIN_WORKSPACE": str(self.workspace),
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
            "TERM": "xterm",
        }

    def __call__(
        self, *arguments: str | Path, status: int = 0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            cwd=cwd or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == status, (done.returncode, done.stdout[-2000:], done.stderr)
        assert b"Traceback" not in done.stderr
        return done

    def text(self, *arguments: str | Path, status: int = 0) -> str:
        """What it prints."""
        return self(*arguments, status=status).stdout.decode()

    def error(self, *arguments: str | Path, status: int = 1) -> str:
        """What it says on stderr when it fails."""
        return self(*arguments, status=status).stderr.decode().strip()

    def json(self, *arguments: str | Path, status: int = 0) -> Any:
        """The one document that it prints."""
        command, *rest = arguments
        return json.loads(self(command, "--json", *rest, status=status).stdout)

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """It, to be watched while it runs."""
        return subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def terminal(self, *arguments: str, **environment: str) -> Any:
        """It, on a terminal of 60 columns."""
        return pexpect.spawn(
            PROGRAM[0],
            [*PROGRAM[1:], *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            dimensions=(24, 60),
            timeout=20,
        )

    def script(self, text: str, name: str = "train.py") -> Path:
        """A script in the folder."""
        path = self.folder / name
        path.write_text(text)
        return path

    def submit(self, text: str, *options: str) -> int:
        """Submit a script; returns the run's number."""
        return int(self.text("submit", "-q", *options, self.script(text)))

    def run(self, text: str, *options: str) -> int:
        """Submit a script and wait for its end; returns the run's number."""
        number = self.submit(text, *options)
        self.ended(number)
        return number

    def ended(self, number: int) -> Run:
        """The run, once it has ended."""
        client = Client(self.workspace)
        try:
            *_, last = client.follow(number)
        finally:
            client.close()
        assert isinstance(last, Run)
        return last

    def close(self) -> None:
        client = Client(self.workspace)
        for run in client.iterate():
            if not run.state.final:
                client.cancel(run.id)
                self.ended(run.number)
        client.shutdown()


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """One workspace for a module's tests."""
    cli = Cli(tmp_path_factory.mktemp("cli"))
    yield cli
    cli.close()
