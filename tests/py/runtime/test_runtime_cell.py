"""A `%%train` cell, run as the service runs it."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.runtime import PATH

CELL = str(PATH / "_mltrain_run" / "cell.py")


@pytest.fixture
def run_cell(run_dir: Path, run_python):
    """Run a cell: `run_cell(python, source, "--lr", "1", inputs={"x": 1}, outputs=["y"])`."""

    def run(python: str, source: str, *arguments: str, inputs=(), outputs=(), **extra: str):
        (run_dir / "work/cell.py").write_text(source, encoding="utf-8")
        for name, value in dict(inputs).items():
            (run_dir / f"variables/in/{name}.pkl").write_bytes(pickle.dumps(value, protocol=2))
        lists = {
            "MLTRAIN_CELL_INPUTS": json.dumps(list(dict(inputs))),
            "MLTRAIN_CELL_OUTPUTS": json.dumps(list(outputs)),
        }
        return run_python(python, CELL, "cell.py", *arguments, **{**lists, **extra})

    return run


def report(run_dir: Path) -> dict:
    return json.loads((run_dir / "variables/out.json").read_text())


GENUINE = """
import inspect, os, pickle, sys
import __main__

class Point:
    x = 1

def double(x):
    return 2 * x

assert __name__ == "__main__" and __main__.__dict__ is globals()
assert __file__ == os.path.join(os.getcwd(), "cell.py") and __spec__ is None
assert sys.argv == ["cell.py", "--lr", "0.1"], sys.argv
assert sys.path[0] == os.getcwd(), sys.path
assert pickle.loads(pickle.dumps(Point())).x == 1
assert "return 2 * x" in inspect.getsource(double)
assert "x = 1" in inspect.getsource(Point)
assert "get_ipython" not in dir(__builtins__)
from azureml.core import Run
print(Run.get_context().id)
"""


def test_a_cell_is_a_genuine_program(python, run_cell) -> None:
    done = run_cell(python, GENUINE, "--lr", "0.1")
    assert (done.stdout, done.stderr, done.returncode) == ("digits_1_ab\n", "", 0)


SPAWN = """
import multiprocessing
import local_module

def square(x):
    return x * x

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(square, [local_module.THREE]))
"""


def test_multiprocessing_finds_the_cells_functions(python, run_cell, run_dir: Path) -> None:
    (run_dir / "work/local_module.py").write_text("THREE = 3\n")
    done = run_cell(python, SPAWN)
    assert done.stdout == "[9]\n", done.stderr


@pytest.mark.parametrize("name", ["journal", "files", "display", "values", "errors"])
def test_none_of_our_modules_shadows_the_users(run_cell, name: str) -> None:
    done = run_cell(sys.executable, f"import {name}")
    assert f"No module named '{name}'" in done.stderr


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("x = 2\nx * 3", "6\n"),
        ("'text'", "'text'\n"),
        ("1 + 1;", ""),
        ("1 + 1;  # quiet", ""),
        ("'a;'", "'a;'\n"),
        ("None", ""),
        ("x = 5", ""),
        ("1\n2", "2\n"),
        ("", ""),
        ("display(1, 'a')", "1\n'a'\n"),
    ],
)
def test_the_last_expression_is_shown_as_in_a_notebook(run_cell, source, shown) -> None:
    done = run_cell(sys.executable, source)
    assert (done.stdout, done.stderr) == (shown, "")


def test_every_python_shows_the_last_expression(python, run_cell) -> None:
    assert run_cell(python, "for i in range(2):\n    i\ni").stdout == "1\n"


def test_await_works_at_top_level(python, run_cell) -> None:
    source = "import asyncio\nlock = asyncio.Lock()\nawait lock.acquire()\n"
    source += "await asyncio.sleep(0, 7)"
    done = run_cell(python, source)
    if "SyntaxError" in done.stderr:
        assert python_version(python) < (3, 8)
    else:
        assert (done.stdout, done.stderr) == ("7\n", "")


def python_version(python: str) -> tuple[int, ...]:
    import subprocess

    code = "import sys; print(*sys.version_info[:2])"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return tuple(int(each) for each in answer.stdout.split())


def test_a_traceback_shows_the_cell_only(python, run_cell, run_dir: Path) -> None:
    done = run_cell(python, "def f():\n    1 / 0\n\nf()\n")
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{run_dir}/work/cell.py", line 4, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "_mltrain_run" not in done.stderr


def test_a_syntax_error_shows_the_cell_only(python, run_cell) -> None:
    done = run_cell(python, "x = = 1\n")
    assert done.returncode == 1
    assert 'cell.py", line 1' in done.stderr
    assert "_mltrain_run" not in done.stderr


def test_an_error_behind_await_shows_the_cell_only(run_cell) -> None:
    done = run_cell(sys.executable, "import asyncio\nawait asyncio.sleep(0)\n1 / 0")
    assert done.stderr.splitlines()[1].endswith('cell.py", line 3, in <module>')
    assert "_mltrain_run" not in done.stderr


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [("exit()", 0, ""), ("import sys; sys.exit(3)", 3, ""), ("raise SystemExit('no')", 1, "no\n")],
)
def test_leaving_early_means_what_it_means_in_python(run_cell, source, status, said) -> None:
    done = run_cell(sys.executable, source)
    assert (done.returncode, done.stderr) == (status, said)


def test_a_hook_of_the_cells_own_gets_its_exception(run_cell) -> None:
    source = "import sys\nsys.excepthook = lambda *e: print('caught', e[0].__name__)\n1 / 0"
    assert run_cell(sys.executable, source).stdout == "caught ZeroDivisionError\n"


def test_variables_go_in_and_come_out(python, run_cell, run_dir: Path) -> None:
    done = run_cell(python, "y = [x, 'ü']", inputs={"x": 1}, outputs=["y"])
    assert (done.stderr, done.returncode) == ("", 0)
    path = run_dir / "variables/out/y.pkl"
    assert pickle.loads(path.read_bytes()) == [1, "ü"]
    assert report(run_dir)["variables"] == {"y": {"bytes": path.stat().st_size}}
    version = ".".join(str(each) for each in python_version(python))
    assert report(run_dir)["python"].startswith(version + ".")


def test_what_a_cell_defines_comes_out_by_value(run_cell, run_dir: Path) -> None:
    run_cell(sys.executable, "def f(x):\n    return x + 1", outputs=["f"])
    assert pickle.loads((run_dir / "variables/out/f.pkl").read_bytes())(1) == 2


def test_an_input_of_a_missing_library_ends_the_cell_with_one_sentence(
    python, run_cell, run_dir: Path
) -> None:
    (run_dir / "variables/in/df.pkl").write_bytes(b"cno_such_library.frame\nFrame\n.")
    done = run_cell(python, "print(1)", MLTRAIN_CELL_INPUTS='["df"]')
    version = ".".join(str(each) for each in python_version(python))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Variable df can't be loaded in this Python {version}: No module named "
        "'no_such_library'. Add no_such_library to the run's environment, or take df out of -i.\n"
    )


def test_an_input_that_is_missing_says_so(run_cell) -> None:
    done = run_cell(sys.executable, "print(1)", MLTRAIN_CELL_INPUTS='["df"]')
    assert "its pickle is missing" in done.stderr


def test_an_output_that_was_never_assigned_is_no_failure(run_cell, run_dir: Path) -> None:
    done = run_cell(sys.executable, "x = 1", outputs=["x", "y"])
    assert done.returncode == 0
    assert done.stderr == "Variable y can't be kept: the cell never assigns it.\n"
    assert report(run_dir)["variables"]["y"] == {"error": "The cell never assigns y."}
    assert "bytes" in report(run_dir)["variables"]["x"]


def test_an_output_that_cannot_be_pickled_is_no_failure(python, run_cell, run_dir: Path) -> None:
    done = run_cell(python, "import threading\nx = threading.Lock()", outputs=["x"])
    assert done.returncode == 0
    assert done.stderr.startswith("Variable x can't be kept: ")
    assert "lock" in report(run_dir)["variables"]["x"]["error"]
    assert list((run_dir / "variables/out").iterdir()) == []


def test_an_output_that_only_cloudpickle_takes_says_so(run_cell, run_dir: Path) -> None:
    source = "import sys\nsys.modules['cloudpickle'] = None\nf = lambda: 1"
    run_cell(sys.executable, source, outputs=["f"])
    problem = report(run_dir)["variables"]["f"]["error"]
    assert problem.endswith(" With cloudpickle in the run's environment more can be kept.")


def test_a_cell_that_failed_keeps_what_exists(python, run_cell, run_dir: Path) -> None:
    done = run_cell(python, "x = 1\n1 / 0\ny = 2", outputs=["x", "y"])
    assert done.returncode == 1
    assert list(report(run_dir)["variables"]) == ["x"]
    assert "can't be kept" not in done.stderr


def test_a_forked_copy_of_the_cell_keeps_nothing(run_cell, run_dir: Path) -> None:
    source = "import os, sys\nx = 1\nif os.fork() == 0:\n    sys.exit()\nos.wait()\nx = 2"
    run_cell(sys.executable, source, outputs=["x"])
    assert pickle.loads((run_dir / "variables/out/x.pkl").read_bytes()) == 2
