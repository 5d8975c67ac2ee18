"""A notebook executed from top to bottom, and IPython on a real terminal."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from jupyter_mltrain.client import Client

pytestmark = pytest.mark.slow


def test_a_failed_run_stops_run_all(environment: dict[str, str], folder: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(source)
        for source in (
            "%load_ext jupyter_mltrain",
            "%%train --name first\nprint('fine')\n",
            "%%train --name second\nraise SystemExit(3)\n",
            "print('never')",
        )
    ]
    with pytest.raises(CellExecutionError, match="second"):
        NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    assert "fine" in notebook.cells[1].outputs[-1]["data"]["text/plain"]
    assert notebook.cells[3].outputs == []


def test_on_a_terminal_ctrl_c_stops_the_watching(
    environment: dict[str, str], folder: Path, client: Client
) -> None:
    (folder / "slow.py").write_text(
        "import pathlib, time\nprint('begun')\n"
        "while not pathlib.Path('outputs/end').exists():\n    time.sleep(0.01)\n"
    )
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--ext=jupyter_mltrain"],
        cwd=str(folder),
        encoding="utf-8",
        timeout=60,
    )
    try:
        terminal.expect_exact("In [1]: ")
        terminal.sendline("%train slow.py --name slow")
        terminal.expect_exact("\x1b[34m◐ Running  ")
        terminal.expect_exact("begun")
        terminal.sendintr()
        terminal.expect(r"Stopped watching slow #(\d+); it goes on\.")
        assert terminal.match is not None
        run = client.get(terminal.match[1])
        assert not run.state.final
        (client.directory / "runs" / run.id / "work" / "outputs" / "end").touch()
        terminal.expect_exact("In [2]: ")
        terminal.sendline(f"%run_logs {run.number} -f")
        terminal.expect(re.escape("✓ Completed") + r".*slow #")
        terminal.expect_exact("In [3]: ")
        terminal.sendline("exit")
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close(force=True)
