"""The magics in IPython without a kernel: plain streaming, sentences, Tab."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_mltrain
from jupyter_mltrain.client import Client
from jupyter_mltrain.magics import extension
from jupyter_mltrain.magics.views import TerminalView
from jupyter_mltrain.magics.watching import watch
from jupyter_mltrain.spec import Run, RunSpec, Source
from jupyter_mltrain.wire import SubmitRequest

pytestmark = pytest.mark.slow

_LOADING = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_mltrain")
print(time.perf_counter() - began)
"""


def test_the_extension_loads_within_200_ms() -> None:
    times = [
        float(subprocess.check_output([sys.executable, "-c", _LOADING], text=True))
        for _ in range(2)
    ]
    assert min(times) <= 0.2


def test_output_streams_as_it_is_between_two_lines(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%train --name digits\nprint('1%\\r2%')\nprint('end', end='')\n")
    lines = capsys.readouterr().out.replace("\r", "<CR>").splitlines()
    assert re.match(r"◐ Running    digits #\d+  local · \d+ CPU", lines[-4])
    assert lines[-3:-1] == ["1%<CR>2%", "end"]
    assert lines[-1].startswith("✓ Completed  digits #")


def test_the_workspace_is_said_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%runs")
    shell.run_cell("%runs")
    assert capsys.readouterr().out.count("Workspace workspace: ") == 1


def test_the_config_file_decides_the_workspace(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.json").write_text('{"directory": "mine"}')
    try:
        shell.run_cell("%runs")
        assert "No runs yet. Put `%%train` at the top of a cell" in capsys.readouterr().out
        assert (folder / "mine" / "workspace.json").exists()
    finally:
        Client(folder / "mine").shutdown()


def test_a_failed_run_ends_with_its_line_and_what_to_do(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell("%%train --name digits --force\nimport xgboost\n")
    out = capsys.readouterr().out.rstrip().splitlines()
    assert not result.success
    assert re.match(r"✗ Failed     digits #\d+  No module named 'xgboost' \(cell line 2\)", out[-2])
    assert "pip install xgboost" in out[-1]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%train\nx = 1\n!ls\n", "Cell line 3: `!ls` is for the notebook."),
        ("%%train\nx = (\n", "Cell line 2:"),
        ("%%train\nimport nowhere_at_all\n", "Add --force to submit it anyway."),
        ("%%train\n\n", "The cell is empty."),
        ("%%train --compute mars\n1\n", "No compute target 'mars'. There is 'local'."),
        ("%%train -o model\nmodle = 1\n", "Did you mean modle?"),
        ("%%train -i nothing\n1\n", "nothing is not defined in this notebook."),
        ("%%train -i shell_lock\n1\n", "shell_lock cannot be carried into the run"),
        ("%%train --arg x=1 -i x\nx\n", "x is given by --arg and by -i."),
        ("%%train --source nowhere\n1\n", "is not there. Correct --source."),
        ("%%train --experiment 'a b'\n1\n", "'a b' cannot name an experiment."),
        ("%%train --cpus 0\n1\n", "A run needs at least 1 CPU"),
        ("%train nowhere.py", "is not there. Name a file such as train.py."),
        ("%train .", "is a folder, not a script."),
        ("%run_logs 4711", "No run '4711' in this workspace."),
        ("%run_cancel nobody", "No run 'nobody' in this workspace."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, says: str
) -> None:
    shell.user_ns.update(x=1, shell_lock=threading.Lock())
    result = shell.run_cell(cell)
    shown = capsys.readouterr()
    assert not result.success
    assert says.lower() in (shown.out + shown.err).lower()
    assert "Traceback" not in shown.out + shown.err


def test_nothing_staged_is_left_after_a_refusal(shell: InteractiveShell, client: Client) -> None:
    shell.user_ns["x"] = 1
    shell.run_cell("%%train -i x --gpus 1000\nx\n")
    assert list((client.directory / "staging").glob("x-*")) == []


def test_variables_of_the_line_are_expanded(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["rate"] = 0.25
    shell.run_cell("%%train --arg lr={rate}\nprint('lr is', lr)\n")
    assert "lr is 0.25" in capsys.readouterr().out


def test_an_argument_does_not_hide_a_builtin(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%train --arg max=3\nprint('most', max(1, 2))\n")
    assert "most 2" in capsys.readouterr().out


def test_a_cell_reads_its_arguments_with_argparse(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(
        "%%train --arg lr=0.5 --arg fast\n"
        "import argparse\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--lr', type=float)\n"
        "parser.add_argument('--fast', action='store_true')\n"
        "print(parser.parse_args())\n"
    )
    assert "Namespace(lr=0.5, fast=True)" in capsys.readouterr().out


def test_runs_are_listed_by_state(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%train --name good --experiment listing\n1\n")
    shell.run_cell("%%train --name bad --experiment listing\n1/0\n")
    capsys.readouterr()
    shell.run_cell("%runs --experiment listing --state failed")
    out = capsys.readouterr().out
    assert "bad" in out
    assert "good" not in out


def test_the_end_of_a_long_log_is_shown_with_what_is_left_out(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%train --name long --quiet\nfor i in range(100_000): print('line', i)\n")
    capsys.readouterr()
    shell.run_cell("%run_logs long")
    out = capsys.readouterr().out.splitlines()
    assert re.match(r"… the last 60 kB of 1\.\d MB; --tail N shows more lines\.", out[0])
    assert out[-1] == "line 99999"
    shell.run_cell("%run_logs long --tail 3")
    assert capsys.readouterr().out.splitlines() == ["line 99997", "line 99998", "line 99999"]


def test_a_config_file_that_is_no_json_is_named(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.json").write_text("{")
    assert not shell.run_cell("%runs").success
    assert "is not JSON" in capsys.readouterr().out


def test_interrupting_a_submit_waits_for_the_run_to_have_a_number(
    environment: dict[str, str], client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = RunSpec(experiment="interrupted", script="cell.py")
    source = Source(inline={"cell.py": "import time\ntime.sleep(600)\n"})

    def submit() -> Run:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return client.submit(SubmitRequest(spec=spec, source=source))

    assert watch(client, submit, TerminalView()) is None
    found = re.search(r"Stopped watching interrupted #(\d+); it goes on", capsys.readouterr().out)
    assert found
    client.cancel(found[1])


def test_loading_again_replaces_and_unloading_removes(shell: InteractiveShell) -> None:
    extension.load(shell)
    assert len(shell.Completer.custom_matchers) == 1
    extension.unload(shell)
    assert shell.find_cell_magic("train") is None
    assert shell.find_line_magic("runs") is None
    assert shell.Completer.custom_matchers == []
    jupyter_mltrain.load_ipython_extension(shell)
    assert shell.find_line_magic("run_logs") is not None
