"""``%models``, and ``--retries`` of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from magics_shells import Kernel

from jupyter_mltrain.client import Client
from jupyter_mltrain.errors import NoSuchModel
from jupyter_mltrain.wire import ModelRequest

pytestmark = pytest.mark.slow


def a_model(client: Client, folder: Path, name: str) -> None:
    (folder / "m.bin").write_bytes(b"x" * 1_000)
    source = str(folder / "m.bin")
    client.register_model(ModelRequest(name=name, source=source, description="a small one"))


def test_models_are_listed_each_by_its_latest_version(
    shell: InteractiveShell, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("models", "")
    assert "No models yet." in capsys.readouterr().out
    for _ in range(2):
        a_model(client, tmp_path, "net")
    shell.run_line_magic("models", "")
    titles, row = capsys.readouterr().out.splitlines()
    assert titles.split()[:3] == ["name", "version", "size"]
    assert row.split()[:4] == ["net", "2", "1", "kB"]
    assert row.endswith("a small one")
    shell.run_line_magic("models", "net")
    assert len(capsys.readouterr().out.splitlines()) == 3
    shell.run_line_magic("models", "net:1")
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_model_that_is_not_there_is_said(shell: InteractiveShell) -> None:
    with pytest.raises(NoSuchModel, match="There is no model 'nothing'"):
        shell.run_line_magic("models", "nothing")


def test_names_are_completed(kernel: Kernel, client: Client, tmp_path: Path) -> None:
    a_model(client, tmp_path, "resnet")
    assert kernel.complete("%models res") == ["resnet"]


def test_retries_are_in_the_request(kernel: Kernel, client: Client) -> None:
    outcome = kernel.run("%%train --retries 2\nprint('done')\n")
    assert outcome.status == "ok", outcome
    assert client.list(limit=1).runs[0].spec.retries == 2
