"""A notebook, executed as the service executes it: by its own interpreter, on a real kernel."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from jupyter_mltrain import runtime
from jupyter_mltrain.runtime import PATH

pytestmark = pytest.mark.slow

PROGRAM = str(PATH / "_mltrain_run" / "cell.py")

RunNotebook = Callable[..., "subprocess.CompletedProcess[str]"]


def a_notebook(*cells: str | tuple[str, str]) -> Any:
    """A notebook with these code cells; a pair is a cell with a tag."""
    notebook = v4.new_notebook()
    for each in cells:
        source, tag = each if isinstance(each, tuple) else (each, None)
        metadata = {"tags": [tag]} if tag else {}
        notebook.cells.append(v4.new_code_cell(source, metadata=metadata))
    return notebook


def executed(run_dir: Path, name: str = "train.ipynb") -> Any:
    return nbformat.read(run_dir / "work/outputs" / name, as_version=4)


def printed(cell: Any) -> str:
    return "".join(each.text for each in cell.outputs if each.output_type == "stream")


@pytest.fixture
def run_notebook(run_dir: Path, run_python) -> RunNotebook:
    """Execute a notebook: `run_notebook(a_notebook(…), "--lr", "0.1")`."""

    def run(notebook: Any, *arguments: str, **extra: str):
        nbformat.write(notebook, run_dir / "work/train.ipynb")
        return run_python(sys.executable, PROGRAM, "train.ipynb", *arguments, **extra)

    return run


class Finished:
    """One execution that many tests look at: a kernel takes a second or two to start."""

    def __init__(self, root: Path) -> None:
        self.run_dir = root / "run"
        (self.run_dir / "work/src").mkdir(parents=True)
        (self.run_dir / "work/src/helper.py").write_text("value = 7\n")
        (self.run_dir / "work/src/nbclient.py").write_text("raise SystemExit('wrong module')\n")
        wrong = root / "data/kernels/python3"
        wrong.mkdir(parents=True)
        (wrong / "kernel.json").write_text(
            json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"})
        )
        self.place = root / "t"
        self.place.mkdir()
        notebook = a_notebook(*self.CELLS)
        notebook.cells.insert(0, v4.new_markdown_cell("# Title"))
        nbformat.write(notebook, self.run_dir / "work/src/train.ipynb")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLTRAIN"))}
        self.done = subprocess.run(
            [sys.executable, PROGRAM, "src/train.ipynb", "--lr", "0.01", "--n-layers=3"],
            cwd=self.run_dir / "work",
            env={
                **clean,
                "PYTHONPATH": str(PATH),
                "PYTHONIOENCODING": "utf-8",
                "MLTRAIN_RUN_ID": "digits_1_ab",
                "MLTRAIN_RUN_DIR": str(self.run_dir),
                "MLTRAIN_EXPERIMENT": "digits",
                "JUPYTER_DATA_DIR": str(root / "data"),
                "TMPDIR": str(self.place),
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        self.lines = self.done.stdout.splitlines()
        self.cells = executed(self.run_dir).cells

    CELLS = (
        ("lr = 0.5\nlate = True", "parameters"),
        "# why\nprint('one', lr, n_layers)",
        "x = 1\nx + 1",
        "from azureml.core import Run\nRun.get_context().log('loss', 0.5)",
        "import sys; print(sys.executable)",
        "import os, helper; print(helper.value, sorted(os.listdir()))",
        ("1 / 0", "raises-exception"),
        ("print('skipped')", "skip-execution"),
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "import sys\nfor i in range(30):\n"
        "    sys.stdout.write(f'\\r{i}%'); sys.stdout.flush()\nprint('\\ndone')",
        "for i in range(40_000): print(f'line {i} ' + '.' * 60)",
        "for i in range(1_500): display(i)",
        "print('x' * 5_000_000)",
    )

    def cell(self, beginning: str) -> Any:
        return next(cell for cell in self.cells if cell.source.startswith(beginning))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("nb"))


def test_a_notebook_prints_what_its_cells_print_under_a_heading_each(finished) -> None:
    assert (finished.done.returncode, finished.done.stderr) == (0, "")
    assert finished.lines[:6] == [
        "── Cell 1/13: lr = 0.5",
        "── Cell 2/13: lr = 0.01",
        "── Cell 3/13: print('one', lr, n_layers)",
        "one 0.01 3",
        "── Cell 4/13: x = 1",
        "2",
    ]


def test_the_executed_notebook_is_among_the_outputs(finished) -> None:
    assert finished.cells[0].source == "# Title"
    assert printed(finished.cell("# why")) == "one 0.01 3\n"
    result = finished.cell("x = 1")
    assert (result.execution_count, result.outputs[0].data) == (4, {"text/plain": "2"})


def test_arguments_come_after_the_defaults(finished) -> None:
    injected = finished.cells[2]
    assert injected.metadata.tags == ["injected-parameters"]
    assert injected.source == "# Parameters\nlr = 0.01\nn_layers = 3"


def test_a_run_logs_from_its_kernel(finished) -> None:
    record = json.loads((finished.run_dir / "journal.jsonl").read_text())
    assert (record["n"], record["v"]) == ("loss", 0.5)


def test_the_kernel_is_the_runs_interpreter_whatever_kernels_are_installed(finished) -> None:
    assert printed(finished.cell("import sys; print")) == f"{sys.executable}\n"


def test_modules_beside_the_notebook_are_the_kernels_and_not_the_runners(finished) -> None:
    assert printed(finished.cell("import os, helper")).startswith("7 [")


def test_the_kernel_is_in_the_working_copy(finished) -> None:
    assert "'src'" in printed(finished.cell("import os, helper"))


def test_a_cell_that_may_fail_does_not_stop_the_run(finished) -> None:
    assert finished.cell("1 / 0").outputs[0].ename == "ZeroDivisionError"


def test_a_cell_that_is_to_be_skipped_is(finished) -> None:
    assert finished.cell("print('skipped')").execution_count is None


def test_a_figure_is_in_the_notebook_and_among_the_figures(finished) -> None:
    assert "Saved outputs/figures/figure-1.png" in finished.lines
    assert any("image/png" in each.get("data", {}) for each in finished.cell("import mat").outputs)
    figure = finished.run_dir / "work/outputs/figures/figure-1.png"
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_a_progress_bar_is_kept_as_it_ended(finished) -> None:
    assert printed(finished.cell("import sys\nfor")) == "29%\ndone\n"


def test_a_cell_that_prints_a_lot_keeps_its_end_and_the_log_has_it_all(finished) -> None:
    assert len(re.findall(r"^line \d+", finished.done.stdout, re.M)) == 40_000
    kept = printed(finished.cell("for i in range(40_000)"))
    assert len(kept) <= 2_100_000
    assert kept.startswith("… the output before this is in the run's log.\nline ")
    assert kept.rstrip().splitlines()[-1].startswith("line 39999 ")


def test_more_displays_at_once_than_a_socket_usually_takes_are_all_kept(finished) -> None:
    assert len(finished.cell("for i in range(1_500)").outputs) == 1_500


def test_one_endless_line_keeps_its_end_at_once(finished) -> None:
    kept = printed(finished.cell("print('x' *"))
    assert kept.endswith("x" * 900_000 + "\n")


def test_nothing_of_the_kernel_is_left_behind(finished) -> None:
    assert list(finished.place.iterdir()) == []


def test_what_it_showed_before_is_forgotten(run_notebook, run_dir: Path) -> None:
    notebook = a_notebook("raise SystemExit(3)", "2")
    notebook.cells[1].outputs = [v4.new_output("stream", text="of yesterday")]
    assert run_notebook(notebook).returncode == 3
    assert executed(run_dir).cells[1].outputs == []


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["--lr", "0.01", "--low", "-1"], {"lr": 0.01, "low": -1}),
        (["--fast", "--name=a b"], {"fast": True, "name": "a b"}),
        (["--n-layers", "[1, 2]"], {"n_layers": [1, 2]}),
        (["--path", "C:\\data", "--nothing", "None"], {"path": "C:\\data", "nothing": None}),
    ],
)
def test_an_argument_is_a_literal_where_it_can_be(arguments: list[str], values: dict) -> None:
    assert runtime.parameters.read(arguments) == values


def test_without_defaults_parameters_come_first() -> None:
    notebook = a_notebook("lr")
    runtime.load("notebook_file").inject(notebook, {"lr": 1})
    assert [cell.source for cell in notebook.cells] == ["# Parameters\nlr = 1", "lr"]


def test_what_was_injected_before_is_replaced() -> None:
    notebook = a_notebook("first", ("lr = 9", "injected-parameters"), "lr")
    runtime.load("notebook_file").inject(notebook, {"lr": 1})
    assert [cell.source for cell in notebook.cells] == ["first", "# Parameters\nlr = 1", "lr"]


def test_an_argument_without_a_name_is_refused(run_notebook) -> None:
    done = run_notebook(a_notebook("1"), "data.csv")
    assert done.returncode == 1
    assert "'data.csv' has no name" in done.stderr


def test_a_file_that_is_no_notebook_is_named(run_dir: Path, run_python) -> None:
    (run_dir / "work/train.ipynb").write_text("{")
    done = run_python(sys.executable, PROGRAM, "train.ipynb")
    assert done.returncode == 1
    assert done.stderr.startswith("The notebook cannot run: train.ipynb is not a notebook")
    assert "Traceback" not in done.stderr


def test_a_failing_cell_fails_the_run_and_is_named_last(run_notebook, run_dir: Path) -> None:
    done = run_notebook(a_notebook("x = 1", "def f():\n    raise ValueError('no data')\nf()", "2"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Cell 2 of 3 failed at line 2: ValueError: no data"
    kept = executed(run_dir)
    assert kept.cells[1].outputs[0].ename == "ValueError"
    assert kept.cells[2].execution_count is None


def test_a_kernel_that_dies_is_told_with_its_cell(run_notebook, run_dir: Path) -> None:
    done = run_notebook(
        a_notebook("print('one')", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Cell 2 of 2 ended the kernel: SIGKILL"
    assert printed(executed(run_dir).cells[0]) == "one\n"


@pytest.mark.parametrize(
    ("source", "status"),
    [("import sys; sys.exit()", 0), ("exit()", 0)],
)
def test_a_cell_can_end_the_notebook(run_notebook, source: str, status: int) -> None:
    done = run_notebook(a_notebook(source, "print('never')"))
    assert done.returncode == status
    assert "never" not in done.stdout.splitlines()


def test_nobody_can_be_asked(run_notebook) -> None:
    done = run_notebook(a_notebook("input('who? ')"))
    assert "StdinNotImplementedError" in done.stdout.splitlines()[-1]


def test_output_appears_while_a_cell_goes_on_and_a_cancel_keeps_it(
    run_dir: Path, variables: dict[str, str]
) -> None:
    notebook = a_notebook("print('one')", "import time\nprint('two', flush=True)\ntime.sleep(600)")
    nbformat.write(notebook, run_dir / "work/train.ipynb")
    process = subprocess.Popen(
        [sys.executable, PROGRAM, "train.ipynb"],
        cwd=run_dir / "work",
        env={**os.environ, **variables, "PYTHONPATH": str(PATH), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line == "two\n":
                break
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(30) == -signal.SIGTERM
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    assert rest == "Stopped; outputs/train.ipynb has what was done.\n"
    kept = executed(run_dir)
    assert [printed(cell) for cell in kept.cells] == ["one\n", "two\n"]


def test_a_python_without_nbclient_says_what_to_install(run_dir: Path, run_python) -> None:
    nbformat.write(a_notebook("1"), run_dir / "work/train.ipynb")
    done = run_python(sys.executable, "-S", PROGRAM, "train.ipynb")
    assert done.returncode == 1
    assert "pip install nbclient ipykernel" in done.stderr
    assert "Traceback" not in done.stderr
