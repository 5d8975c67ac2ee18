"""What a submit would do, without doing it."""

from __future__ import annotations

from pathlib import Path

import pytest
from service_builders import a_request
from test_notebooks import a_notebook

from jupyter_mltrain.environments.base import InterpreterEnvironments
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service.previewing import preview
from jupyter_mltrain.spec import RunKind, Source
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.wire import Preview, SubmitRequest


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.mkdir()
    (path / "train.py").write_text("print(1)\n")
    return path


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    (tmp_path / "workspace").mkdir()
    return Snapshots(tmp_path / "workspace")


def a_submit(folder: Path | None, **given: object) -> SubmitRequest:
    """A submit of a folder, checks included."""
    directory = None if folder is None else str(folder)
    given = {"source": Source(directory=directory), "force": False, **given}
    return a_request(**given)


def look(snapshots: Snapshots, request: SubmitRequest) -> Preview:
    return preview(snapshots, request, 0, InterpreterEnvironments())


def test_files_come_largest_first_with_the_totals(snapshots: Snapshots, source: Path) -> None:
    (source / "data.csv").write_text("x" * 100)
    found = look(snapshots, a_submit(source))
    assert [(file.name, file.size_bytes) for file in found.files] == [
        ("data.csv", 100),
        ("train.py", 9),
    ]
    assert (found.total, found.total_bytes, found.errors) == (2, 109, ())


def test_no_more_than_a_hundred_are_named(snapshots: Snapshots, source: Path) -> None:
    for number in range(150):
        (source / f"{number}.log").write_text("")
        (source / f"{number}.txt").write_text("")
    (source / ".amlignore").write_text("*.log\n")
    found = look(snapshots, a_submit(source))
    assert (len(found.files), found.total) == (100, 152)
    assert (len(found.ignored), found.ignored_total) == (100, 150)


def test_an_ignored_folder_is_named_and_not_walked_into(snapshots: Snapshots, source: Path) -> None:
    (source / "data/deep").mkdir(parents=True)
    (source / "data/deep/x").write_text("x")
    (source / "venv").mkdir()
    (source / "venv/pyvenv.cfg").write_text("")
    (source / "notes.txt").write_text("")
    (source / ".gitignore").write_text("data\nnotes.txt\n")
    found = look(snapshots, a_submit(source))
    assert found.ignored == ("data/", "notes.txt", "venv/")
    assert found.ignored_total == 3


def test_nothing_is_stored(snapshots: Snapshots, source: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    look(snapshots, a_submit(source))
    assert sorted(tmp_path.rglob("*")) == before


def test_inline_files_count_and_replace_those_of_the_folder(
    snapshots: Snapshots, source: Path
) -> None:
    inline = {"train.py": "print('longer')\n", "extra/é.txt": "é"}
    request = a_submit(source, source=Source(directory=str(source), inline=inline))
    found = look(snapshots, request)
    assert [(file.name, file.size_bytes) for file in found.files] == [
        ("train.py", 16),
        ("extra/é.txt", 2),
    ]


def test_an_existing_snapshot_can_be_looked_at(snapshots: Snapshots, source: Path) -> None:
    taken = snapshots.take(source)
    found = look(snapshots, a_submit(None, source=Source(snapshot=taken.id)))
    assert [file.name for file in found.files] == ["train.py"]


@pytest.mark.parametrize(
    ("source_is", "error"),
    [
        (Source(directory="/nowhere/at/all"), "/nowhere/at/all is not there."),
        (Source(snapshot="0" * 64), "No snapshot "),
        (Source(inline={"../train.py": ""}), "leads out of the source folder"),
    ],
)
def test_a_source_that_would_be_refused_is_an_error(
    snapshots: Snapshots, source_is: Source, error: str
) -> None:
    found = look(snapshots, a_submit(None, source=source_is))
    assert error in found.errors[0]
    assert (found.files, found.total) == ((), 0)


def test_a_script_that_is_missing_is_an_error_and_the_files_are_still_named(
    snapshots: Snapshots, source: Path
) -> None:
    found = look(snapshots, a_submit(source, script="tran.py"))
    assert found.errors == (
        "There is no script tran.py in the source folder. Did you mean train.py?",
    )
    assert found.total == 1


def test_what_the_checks_find_is_told(snapshots: Snapshots, source: Path) -> None:
    (source / "train.py").write_text("import no_such_module_here\nopen('data.csv')\n")
    found = look(snapshots, a_submit(source))
    assert "imports no_such_module_here" in found.errors[0]
    assert "reads data.csv" in found.warnings[0]


def test_what_is_forced_has_warnings_and_no_errors(snapshots: Snapshots, source: Path) -> None:
    (source / "train.py").write_text("import no_such_module_here\n")
    found = look(snapshots, a_submit(source, force=True))
    assert found.errors == ()
    assert "imports no_such_module_here" in found.warnings[0]


def test_a_refusal_of_the_request_itself_comes_with_the_files(
    snapshots: Snapshots, source: Path
) -> None:
    found = preview(
        snapshots,
        a_submit(source),
        0,
        InterpreterEnvironments(),
        refusal=InvalidSpec("It cannot be."),
    )
    assert (found.errors, found.total) == (("It cannot be.",), 1)


def test_a_secret_is_warned_of(snapshots: Snapshots, source: Path) -> None:
    (source / ".env").write_text("KEY=1")
    assert "secrets" in look(snapshots, a_submit(source)).warnings[0]


def test_a_notebook_is_looked_at_as_a_script_is(snapshots: Snapshots, source: Path) -> None:
    (source / "nb.ipynb").write_text(a_notebook("x = 1", "import no_such_module_here"))
    found = look(snapshots, a_submit(source, script="nb.ipynb", kind=RunKind.NOTEBOOK))
    assert found.errors[0].startswith("nb.ipynb cell 2 line 1 imports no_such_module_here")


def test_names_that_are_not_utf_8_can_travel(snapshots: Snapshots, source: Path) -> None:
    (Path(str(source)) / b"caf\xe9".decode("utf-8", "surrogateescape")).write_text("")
    assert r"caf\udce9" in [file.name for file in look(snapshots, a_submit(source)).files]
