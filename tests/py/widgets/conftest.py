"""The form in this process, as a kernel holds it: real widgets, a real service, no browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mltrain import Workspace


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder: the current one, with a script in it."""
    folder = tmp_path / "notebook"
    folder.mkdir()
    (folder / "train.py").write_text(
        "import argparse\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('data')\n"
        "parser.add_argument('--lr', type=float, default=0.1, help='How fast it learns.')\n"
        "parser.add_argument('--kind', choices=['svm', 'tree'], default='svm')\n"
        "parser.add_argument('--fast', action='store_true')\n"
        "parser.add_argument('--layers', type=int, nargs='+')\n"
        "print(parser.parse_args())\n"
    )
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def here(workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace of the test's own, the one that is found without naming it."""
    monkeypatch.setenv("MLTRAIN_WORKSPACE", str(workspace.directory))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return workspace


@pytest.fixture
def shell(
    here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """IPython in this process, with the extension loaded."""
    InteractiveShell.clear_instance()
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "jupyter_mltrain")
    yield shell
    shell.run_line_magic("unload_ext", "jupyter_mltrain")
    InteractiveShell.clear_instance()
