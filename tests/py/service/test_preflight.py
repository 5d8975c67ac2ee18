"""What is found before a run is queued."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from preflight_builders import OURS, Files, a_report, another

from jupyter_mltrain.environments import python
from jupyter_mltrain.service import preflight
from jupyter_mltrain.service.preflight import Report, check
from jupyter_mltrain.service.pythons import OfThisMachine
from jupyter_mltrain.spec import CELL_SCRIPT, CellSpec


def newer() -> tuple[int, int, int]:
    return (sys.version_info[0], sys.version_info[1] + 1, 0)


def older() -> tuple[int, int, int]:
    return (sys.version_info[0], sys.version_info[1] - 1, 0)


MISSING = f"which {OURS} does not have. Install it there (`pip install xgboost_absent`)."
BROKEN = "x = 1\ndef f(:\n"


def test_a_good_script_passes() -> None:
    source = "import json, sys\nfrom pathlib import Path\nimport msgspec\nprint(sys.argv)\n"
    assert a_report(source) == Report()


def test_a_misspelt_script_is_met_with_the_right_one() -> None:
    report = check(Files({"train.py": "", "src/model.py": ""}), "trian.py")
    assert report.errors == (
        "There is no script trian.py in the source folder. Did you mean train.py?",
    )


def test_a_script_in_another_folder_is_pointed_out() -> None:
    (error,) = check(Files({"train.py": "", "src/model.py": ""}), "model.py").errors
    assert error.endswith("Did you mean src/model.py?")


def test_a_missing_script_that_resembles_none_is_met_with_what_there_is() -> None:
    (error,) = check(Files({"a.py": "", "b.py": "", "c.txt": ""}), "train.py").errors
    assert error == "There is no script train.py in the source folder. It has a.py, b.py."


def test_a_folder_is_no_script() -> None:
    (error,) = check(Files({"src/train.py": ""}), "src").errors
    assert error == "src is a folder. Name the script in it, for example src/train.py."


def test_a_script_that_is_not_shipped_says_why() -> None:
    files = Files({"a.py": ""}, {"train.py": "left out by .gitignore line 3"})
    (error,) = check(files, "train.py").errors
    assert error.startswith("The script train.py is left out by .gitignore line 3.")


def test_no_force_brings_back_a_missing_script() -> None:
    assert check(Files({"a.py": ""}), "b.py", force=True).errors


def test_a_syntax_error_is_told_with_its_line() -> None:
    (error,) = a_report(BROKEN).errors
    assert error == ("train.py line 2: invalid syntax (`def f(:`). Correct it and submit again.")


@pytest.mark.parametrize("source", ["return 1\n", "await f()\n", "def f(a, a): pass\n", "break"])
def test_what_only_the_compiler_refuses_is_found_too(source: str) -> None:
    assert len(a_report(source).errors) == 1


def test_a_text_that_cannot_be_decoded_is_told() -> None:
    (error,) = a_report(b"x = '\xe9'\n").errors
    assert "train.py line 1" in error
    assert a_report(b"# coding: latin-1\nx = '\xe9'\n") == Report()


def test_dubious_code_is_not_our_business() -> None:
    assert a_report("x = '\\d' if 1 is 1 else 2\nassert (x, 'y')\n") == Report()


def test_a_cell_is_called_cell() -> None:
    report = check(
        Files({CELL_SCRIPT: f"\n{BROKEN}"}),
        CELL_SCRIPT,
        cell=CellSpec(),
        python=OfThisMachine(python.probe(OURS)),
    )
    assert report.errors[0].startswith("Cell line 3: invalid syntax")


def test_a_cell_may_await_outside_of_functions() -> None:
    report = check(
        Files({CELL_SCRIPT: "await f()\n"}),
        CELL_SCRIPT,
        cell=CellSpec(),
        python=OfThisMachine(python.probe(OURS)),
    )
    assert report == Report()


def test_a_newer_python_decides_itself_what_is_an_error(tmp_path: Path) -> None:
    fine = another(newer(), tmp_path, "null")
    assert a_report(BROKEN, info=fine) == Report()


def test_a_newer_python_may_agree_that_it_is_an_error(tmp_path: Path) -> None:
    refuses = another(newer(), tmp_path, '["bad", 7, "x = ="]')
    (error,) = a_report(BROKEN, info=refuses).errors
    assert error.startswith("train.py line 7: bad (`x = =`).")


def test_an_older_python_is_asked_though_ours_sees_no_error(tmp_path: Path) -> None:
    refuses = another(older(), tmp_path, '["bad", 1, "x := 1"]')
    assert a_report("x = 1\n", info=refuses).errors[0].startswith("train.py line 1: bad")


def test_another_python_is_asked_once_for_the_same_text(tmp_path: Path) -> None:
    refuses = another(older(), tmp_path, '["bad", 1, ""]')
    first = a_report("x = 2\n", info=refuses)
    Path(refuses.executable).unlink()
    assert a_report("x = 2\n", info=refuses) == first


def test_a_python_that_cannot_be_asked_proves_nothing(tmp_path: Path) -> None:
    broken = another(older(), tmp_path, "nonsense")
    assert a_report(BROKEN, info=broken) == Report()


def test_without_a_known_python_nothing_is_certain() -> None:
    assert check(Files({"train.py": "import xgboost_absent"}), "train.py") == Report()
    assert check(Files({"train.py": BROKEN}), "train.py") == Report()


def test_a_module_that_is_missing_stops_the_run() -> None:
    (error,) = a_report("import json\nimport xgboost_absent.core\n").errors
    assert error == f"train.py line 2 imports xgboost_absent, {MISSING}"


def test_a_module_that_a_local_file_needs_is_told_with_that_file() -> None:
    files = {"model.py": "\n\nfrom xgboost_absent import X\n"}
    (error,) = a_report("import model\n", files=files).errors
    assert error.startswith("model.py line 3 imports xgboost_absent,")


def test_all_missing_modules_are_told_at_once() -> None:
    assert len(a_report("import absent_one, absent_two\n").errors) == 2


def test_a_package_with_another_name_is_named_as_pip_knows_it(tmp_path: Path) -> None:
    bare = replace(python.probe(OURS), executable=str(tmp_path / "python"), path=())
    asking = another(sys.version_info[:3], tmp_path, '[["skimage"], []]')
    (error,) = a_report("import skimage\n", info=replace(bare, executable=asking.executable)).errors
    assert "`pip install scikit-image`" in error


def test_a_standard_module_of_other_versions_is_not_to_be_installed(tmp_path: Path) -> None:
    asking = another(sys.version_info[:3], tmp_path, '[["tomllib"], []]')
    info = replace(asking, path=(), stdlib=frozenset({"sys"}))
    (error,) = a_report("import tomllib\n", info=info).errors
    assert "pip install" not in error
    assert "Use another Python version" in error


@pytest.mark.parametrize(
    "source",
    [
        "import azureml.core\nfrom azureml.core.run import Run\n",
        "import jupyter_mltrain\n",
        "from __future__ import annotations\n",
        "import __main__\n",
    ],
)
def test_what_every_run_finds_is_not_missing(source: str) -> None:
    assert a_report(source) == Report()


def test_after_a_change_of_the_path_a_missing_module_is_a_warning() -> None:
    report = a_report("import sys\nsys.path.append('lib')\nimport xgboost_absent\n")
    assert report.errors == ()
    assert report.warnings == (
        f"train.py line 3 imports xgboost_absent, which {OURS} does not have.",
    )


def test_with_a_path_of_its_own_a_missing_module_is_a_warning() -> None:
    source = "import xgboost_absent\n"
    assert not a_report(source, variables={"PYTHONPATH": "/lib"}).errors
    assert a_report(source, variables={"PYTHONPATH": "", "A": "1"}).errors
    assert a_report(source, variables={"HOME": os.environ.get("HOME", "")}).errors


def test_local_modules_of_every_kind_are_there() -> None:
    files: dict[str, str | bytes] = {
        "a.py": "",
        "b/__init__.py": "",
        "c/d/e.py": "",
        "f.so": b"\x7fELF",
    }
    assert a_report("import a, b, c, f\nfrom c.d import e\n", files=files) == Report()


def test_a_local_module_that_is_not_shipped_says_why() -> None:
    report = a_report("import net_absent\n", left_out={"net_absent.py": "left out by .gitignore"})
    assert report.errors == (
        "train.py line 1 imports net_absent, but net_absent.py is left out by .gitignore. Ship it.",
    )


def test_a_local_module_that_is_no_python_stops_the_run() -> None:
    (error,) = a_report("import model\n", files={"model.py": BROKEN}).errors
    assert error.startswith("model.py line 2: invalid syntax")


def test_through_a_plain_folder_the_missing_module_is_certain() -> None:
    files = {"lib_absent/net.py": "import xgboost_absent\n"}
    assert len(a_report("from lib_absent.net import f\n", files=files).errors) == 1


def test_an_installed_package_wins_over_a_plain_folder() -> None:
    files = {"msgspec/net.py": "import xgboost_absent\n"}
    assert a_report("from msgspec import net\n", files=files).errors == ()


def test_force_turns_certainties_into_warnings() -> None:
    report = a_report("import xgboost_absent\n", force=True)
    assert report.errors == ()
    assert report.warnings == (
        f"train.py line 1 imports xgboost_absent, which {OURS} does not have.",
    )


def test_a_required_argument_that_is_not_given_is_a_warning() -> None:
    source = "import argparse\np = argparse.ArgumentParser()\n"
    source += "p.add_argument('--data-path', required=True)\np.parse_args()\n"
    assert a_report(source) == Report(
        warnings=("train.py requires --data-path, which is not among the arguments.",)
    )
    assert a_report(source, "--data-path", "x") == Report()


def test_a_file_that_is_left_out_says_why() -> None:
    source = "open('data/x.csv')\nopen('a.csv')\nopen('../b.csv')\nopen('c.csv')\n"
    report = a_report(
        source, files={"a.csv": ""}, left_out={"data/x.csv": "left out by .amlignore line 1"}
    )
    assert report == Report(
        warnings=(
            "train.py line 1 reads data/x.csv, which is left out by .amlignore line 1. Take it "
            "out of there to ship it.",
            "train.py line 3 reads ../b.csv, which lies outside the source folder and stays "
            "behind. Name a folder that holds both with --source, or give an absolute path.",
            "train.py line 4 reads c.csv, which is not among the run's files. Put it into the "
            "folder, or give an absolute path.",
        )
    )


def test_a_question_to_the_user_is_a_warning() -> None:
    report = a_report("def f():\n    input()\nif True:\n    x = int(input('lr? '))\n")
    assert report == Report(
        warnings=(
            "train.py line 4 calls input(), but a run has no keyboard. "
            "Pass the value as an argument.",
        )
    )


def test_a_shell_script_is_left_to_the_shell() -> None:
    assert check(Files({"train.sh": "python train.py\n"}), "train.sh") == Report()


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\0",
        b"x = 1\n\0",
        b"\xef\xbb\xbfx = 1\n",
        b"-" * 100_000 + b"1",
        b"x=" + b"1+" * 20_000 + b"1",
        b"x" + b".x" * 20_000,
        b"lambda:" * 5000 + b"0",
        b"[" * 150 + b"]" * 150,
        b"f(" * 90 + b")" * 90,
        b"x x " * 2_000_000,
        b"if x:\n pass\nel" * 3000 + b"se: pass\n",
        b"\r\r\n\x0c\n# -*- x -*-",
    ],
)
def test_weird_code_is_no_reason_to_fail(source: bytes) -> None:
    reports: list[Report] = []
    thread = threading.Thread(target=lambda: reports.append(a_report(source)))
    thread.start()
    thread.join()
    assert len(reports) == 1


def test_many_threads_check_at_once() -> None:
    source = "import json, msgspec\nx = '\\d'\nimport xgboost_absent\n"
    reports: list[Report] = []
    threads = [
        threading.Thread(target=lambda n=n: reports.append(a_report(f"{source}# {n % 3}\n")))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(reports)) == 1
    assert len(reports) == 12


def test_memories_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_REMEMBERED", 4)
    for number in range(20):
        a_report(f"x = {number}\n")
    assert len(preflight._examined) <= 4


def test_a_second_check_costs_next_to_nothing() -> None:
    source = "import argparse, json, os\nimport msgspec\nfrom model import fit\n"
    source += "p = argparse.ArgumentParser()\np.add_argument('--lr')\np.parse_args()\n"
    files = Files({"train.py": source, "model.py": "import re\ndef fit(): pass\n"})
    info = python.probe(OURS)
    best = 1.0
    for _ in range(20):
        start = time.perf_counter()
        assert check(files, "train.py", ("--lr", "1"), python=OfThisMachine(info)) == Report()
        best = min(best, time.perf_counter() - start)
    assert best < 0.001
