"""What interpreters say of themselves, and what they can import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.environments import python
from jupyter_mltrain.environments.packages import package_of
from jupyter_mltrain.environments.python import PythonInfo
from jupyter_mltrain.errors import InvalidSpec

LONG_AGO_S = 1_000_000_000


def a_venv(folder: Path) -> str:
    """A virtual environment of this Python, made by hand: `venv` itself takes a second."""
    base = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    site = folder / "lib" / base.name / "site-packages"
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(base)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    return str(folder / "bin" / "python")


def site_of(interpreter: str) -> Path:
    return next(Path(interpreter).parent.parent.glob("lib/*/site-packages"))


def settled(folder: Path) -> None:
    """Make a folder look as if nothing had changed in it for long."""
    os.utime(folder, (LONG_AGO_S, LONG_AGO_S))


def pythons() -> list[str]:
    """Pythons 3.6 and newer installed beside the one that runs the tests, and that one."""
    beside = Path(sys.base_prefix).parent.glob("*/bin/python3")
    return [sys.executable, *map(str, sorted(beside))]


def has_module(info: PythonInfo, name: str, extra_path: tuple[str, ...] = ()) -> bool:
    return not python.lacking(info, (name,), extra_path)


@pytest.fixture
def venv(tmp_path: Path) -> str:
    return a_venv(tmp_path / "venv")


def test_the_own_interpreter_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    info = python.probe(sys.executable)
    assert info.version == sys.version_info[:3]
    assert has_module(info, "pytest")


def test_no_interpreter_named_is_the_own_one() -> None:
    assert python.probe(None) == python.probe(sys.executable)


def test_the_own_path_is_the_one_that_a_fresh_process_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend("/somewhere/else")
    known = set(python.probe(sys.executable).path)
    fresh = python._asked(sys.executable)
    assert "/somewhere/else" not in known
    assert {folder for folder in fresh.path if Path(folder).is_dir()} <= known


def test_another_interpreter_answers_for_itself(venv: str) -> None:
    info = python.probe(venv)
    assert info.executable == venv
    assert info.prefix == str(Path(venv).parent.parent)
    assert str(site_of(venv)) in info.path
    assert "" not in info.path


@pytest.mark.parametrize("interpreter", pythons())
def test_every_supported_python_can_be_asked(interpreter: str) -> None:
    info = python.probe(interpreter)
    assert info.version[:2] >= (3, 6)
    assert python.lacking(info, ["json", "sys", "no_such_module"]) == {"no_such_module"}


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 'mltrain-answer:[[2,7,18],\"/\",[],[],[]]'\n")
    old.chmod(0o755)
    with pytest.raises(InvalidSpec, match=r"is Python 2\.7; runs need Python 3\.6 or newer"):
        python.probe(str(old))


def test_an_answer_is_remembered_until_the_environment_changes(
    venv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = python.probe(venv)
    assert python.probe(venv) is first
    settings = Path(venv).parent.parent / "pyvenv.cfg"
    os.utime(settings, (LONG_AGO_S, LONG_AGO_S))
    assert python.probe(venv) is not first


def test_two_environments_of_one_python_are_told_apart(tmp_path: Path) -> None:
    one, two = a_venv(tmp_path / "one"), a_venv(tmp_path / "two")
    assert python.probe(one).prefix != python.probe(two).prefix


def test_our_pythonpath_is_not_the_runs(venv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/of/ours")
    assert "/of/ours" not in python.probe(venv).path


@pytest.mark.parametrize(
    ("interpreter", "says"),
    [
        ("/no/such/python", "There is no interpreter /no/such/python."),
        ("python3", "'python3' is not an absolute path"),
        ("/bin/sh", "/bin/sh does not behave as a Python interpreter."),
        ("/bin", "/bin cannot be executed."),
        (__file__, f"{__file__} cannot be executed."),
    ],
)
def test_what_is_no_interpreter_is_refused_by_name(interpreter: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        python.probe(interpreter)
    assert says in caught.value.message


def test_an_interpreter_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(python, "_LIMIT_S", 0.05)
    with pytest.raises(InvalidSpec, match="does not answer within"):
        python.probe(str(slow))


@pytest.mark.parametrize(
    "file", ["m.py", "m.pyc", "m.so", "m.abi3.so", "m.cpython-399-x86_64-linux-gnu.so", "m/x.txt"]
)
def test_every_form_of_a_module_is_seen_without_asking(
    venv: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = python.probe(venv)
    path = site_of(venv) / file
    path.parent.mkdir(exist_ok=True)
    path.touch()
    monkeypatch.setattr(subprocess, "run", None)
    assert has_module(info, "m.part")


def test_a_module_just_installed_is_seen(venv: str) -> None:
    info = python.probe(venv)
    settled(site_of(venv))
    assert not has_module(info, "fresh")
    (site_of(venv) / "fresh.py").touch()
    assert has_module(info, "fresh")


def test_a_module_just_removed_is_missed(venv: str) -> None:
    info = python.probe(venv)
    (site_of(venv) / "gone.py").touch()
    settled(site_of(venv))
    assert has_module(info, "gone")
    (site_of(venv) / "gone.py").unlink()
    assert not has_module(info, "gone")


def test_a_no_is_remembered_while_nothing_changes(
    venv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = python.probe(venv)
    settled(site_of(venv))
    asked = []

    def ask(executable: str, code: str, *names: str) -> list[list[str]]:
        asked.append(names)
        return [list(names), [str(site_of(venv))]]

    monkeypatch.setattr(python, "_ask", ask)
    for _ in range(3):
        assert python.lacking(info, ["absent", "absent.part", "missing"]) == {"absent", "missing"}
    assert asked == [("absent", "missing")]


def test_an_editable_install_with_a_finder_of_its_own_is_found(venv: str, tmp_path: Path) -> None:
    (tmp_path / "hidden.py").touch()
    (site_of(venv) / "editable.pth").write_text("import _editable_finder\n")
    (site_of(venv) / "_editable_finder.py").write_text(
        "import sys\n"
        "from importlib.util import spec_from_file_location\n"
        "class Finder:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'hidden':\n"
        f"            return spec_from_file_location(name, {str(tmp_path / 'hidden.py')!r})\n"
        "sys.meta_path.append(Finder)\n"
    )
    info = python.probe(venv)
    assert python.lacking(info, ["hidden", "absent"]) == {"absent"}


def test_a_folder_on_the_path_through_a_pth_file_counts(venv: str, tmp_path: Path) -> None:
    info = python.probe(venv)
    (tmp_path / "linked.py").touch()
    (site_of(venv) / "link.pth").write_text(f"{tmp_path}\n")
    assert has_module(info, "linked")


def test_an_interpreter_that_cannot_be_asked_lacks_nothing_for_certain(venv: str) -> None:
    info = python.probe(venv)
    Path(venv).unlink()
    assert has_module(info, "absent")


def test_further_folders_can_be_given(venv: str, tmp_path: Path) -> None:
    info = python.probe(venv)
    (tmp_path / "extra.py").touch()
    assert has_module(info, "extra", (str(tmp_path),))


def test_the_interpreter_itself_says_what_is_no_python(venv: str) -> None:
    info = python.probe(venv)
    problem = python.syntax_problem(info, b"x = 1\ndef f(:\n")
    assert problem is not None
    assert (problem.line, problem.text) == (2, "def f(:\n")
    assert python.syntax_problem(info, b"x = 1\n") is None


def test_await_outside_of_functions_is_for_cells(venv: str) -> None:
    info = python.probe(venv)
    assert python.syntax_problem(info, b"await f()\n", cell=True) is None
    assert python.syntax_problem(info, b"await f()\n") is not None


def test_a_package_is_named_as_pip_knows_it() -> None:
    assert package_of("sklearn.linear_model") == "scikit-learn"
    assert package_of("xgboost") == "xgboost"
