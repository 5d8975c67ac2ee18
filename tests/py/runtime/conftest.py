"""Runs scripts as the service does: in a run directory, with the runtime's folder on the path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mltrain import runtime

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


def _interpreters() -> dict[str, str]:
    """Version -> executable: this Python, and every other from 3.6 on that the machine has."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    candidates = [str(each) for each in root.glob("versions/3.*/bin/python")]
    candidates += [shutil.which(f"python3.{minor}") or "" for minor in range(6, 15)]
    for each in filter(None, candidates):
        answer = subprocess.run(
            [each, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = answer.stdout.strip()
        if answer.returncode == 0 and int(version.partition(".")[2]) >= 6:
            found.setdefault(version, each)
    return found


INTERPRETERS = _interpreters()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "python" in metafunc.fixturenames:
        metafunc.parametrize("python", INTERPRETERS.values(), ids=INTERPRETERS.keys())


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run directory as the service prepares it."""
    root = tmp_path / "run"
    for folder in ("files", "work/outputs", "work/logs", "variables/in", "variables/out"):
        (root / folder).mkdir(parents=True)
    return root


@pytest.fixture
def variables(run_dir: Path) -> dict[str, str]:
    """The environment variables that the service sets."""
    return {
        "MLTRAIN_RUN_ID": "digits_1_ab",
        "MLTRAIN_RUN_DIR": str(run_dir),
        "MLTRAIN_RUN_NUMBER": "42",
        "MLTRAIN_RUN_NAME": "first try",
        "MLTRAIN_EXPERIMENT": "digits",
        "MLTRAIN_WORKSPACE_NAME": "default",
    }


@pytest.fixture
def run_python(run_dir: Path, variables: dict[str, str]) -> RunPython:
    """Run an interpreter inside a run: `run_python(python, "-c", code, NAME="value")`."""

    def run(*command: str, **extra: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLTRAIN"))}
        path = os.pathsep.join(filter(None, [str(runtime.PATH), extra.pop("PYTHONPATH", "")]))
        env = {**clean, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
        env |= {"PYTHONPATH": path, **variables, **extra}
        return subprocess.run(
            command,
            cwd=run_dir / "work",
            env={name: value for name, value in env.items() if value},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def in_run(
    run_dir: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> runtime.context.Run:
    """This very process as part of a run: its `Run.get_context()`."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(run_dir / "work")
    monkeypatch.setattr(runtime.load("notices"), "_said", set())
    run = runtime.context.Run.get_context()
    yield run
    run._journal.close()
    runtime.load("context")._contexts.clear()
