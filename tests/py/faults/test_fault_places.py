"""Workspaces in places that are wrong, odd or long; databases that are damaged."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from fault_builders import MakePlace, Place, kill

from jupyter_mltrain import workspaces
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import MltrainError, WorkspaceError
from jupyter_mltrain.spec import Run, RunState

pytestmark = pytest.mark.slow


def some_runs(place: Place) -> list[Run]:
    """Runs with a file each; the service has left in good order after them."""
    runs = [place.submit(f"open('outputs/n', 'w').write('{n}')") for n in range(3)]
    runs = [place.completed(run) for run in runs]
    place.client.shutdown()
    place.close()
    return runs


def assert_found_again(place: Place, runs: list[Run]) -> None:
    found = {run.id: run for run in place.client.iterate()}
    assert {run.id: run.number for run in found.values()} == {run.id: run.number for run in runs}
    assert {run.state for run in found.values()} == {RunState.COMPLETED}
    for number, run in enumerate(runs):
        assert place.output(run, "outputs/n") == str(number).encode()
    (aside,) = place.directory.glob("store.sqlite.corrupt-????????T??????")
    assert f"the database was damaged; it is kept as {aside}, and 3 runs were found again" in (
        place.log()
    )
    place.completed(place.submit("print('and on')"))


@pytest.mark.parametrize("damage", [b"garbage" * 100, b"", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_database_with_a_damaged_head_is_kept_aside_and_the_runs_are_found_again(
    place: Place, damage: bytes
) -> None:
    runs = some_runs(place)
    path = place.directory / "store.sqlite"
    if damage:
        path.write_bytes(damage + path.read_bytes()[len(damage) :])
        assert_found_again(place, runs)
    else:
        path.write_bytes(b"")  # an empty file is a new database to SQLite
        assert {run.id for run in place.client.iterate()} == {run.id for run in runs}


def test_a_database_with_damaged_pages_is_kept_aside_after_a_kill(place: Place) -> None:
    runs = some_runs(place)
    path = place.directory / "store.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    left = {"host": socket.gethostname(), "pid": 1}
    (place.directory / "lock").write_text(json.dumps(left))
    assert_found_again(place, runs)


def test_a_database_with_damaged_pages_is_kept_aside_at_the_second_try_at_the_latest(
    place: Place,
) -> None:
    runs = some_runs(place)
    path = place.directory / "store.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    try:
        place.client.status()
    except MltrainError as error:
        assert "database" in error.message  # noqa: PT017 - the first try may work
    assert_found_again(place, runs)


def test_a_run_goes_on_though_the_database_is_damaged_under_it(place: Place) -> None:
    gate = place.gate()
    run = place.submit(
        "import sys; open('outputs/n', 'w').write('half')\n"
        "print('here', flush=True); open(sys.argv[1]).read(); sys.exit(3)",
        gate,
    )
    next(place.lines(run))
    _wait_for_record(place, run)
    place.kill_service()
    (place.directory / "store.sqlite").write_bytes(b"garbage" * 1000)
    found = place.client.get(run.id)
    assert found.state is RunState.RUNNING
    gate.open()
    ended = place.ended(run)
    assert (ended.state, ended.exit and ended.exit.status) == (RunState.FAILED, 3)
    assert place.output(run, "outputs/n") == b"half"


def test_a_run_whose_ending_only_the_damaged_database_knew_is_told_by_its_reaper(
    place: Place,
) -> None:
    run = place.submit(
        "print('here', flush=True); open(__import__('sys').argv[1]).read()", place.gate()
    )
    next(place.lines(run))
    _wait_for_record(place, run)
    kill(*place.everything())
    (place.directory / "store.sqlite").write_bytes(b"garbage" * 1000)
    assert place.ended(run).reason.startswith("Lost: the process that watched it")


def test_a_run_without_a_record_of_its_own_keeps_its_files_when_the_database_is_damaged(
    place: Place,
) -> None:
    first, second, third = some_runs(place)
    (place.run_dir(second) / "run.json").unlink()
    (place.run_dir(third) / "run.json").write_bytes(b"{")
    (place.directory / "store.sqlite").write_bytes(b"garbage" * 1000)
    assert [run.id for run in place.client.iterate()] == [first.id]
    place.client.shutdown()
    place.close()
    assert (place.run_dir(second) / "files" / "outputs" / "n").read_text() == "1"
    assert (place.run_dir(third) / "files" / "outputs" / "n").read_text() == "2"


def _wait_for_record(place: Place, run: Run) -> None:
    while not (place.run_dir(run) / "run.json").exists():
        time.sleep(0.005)


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(place: Place) -> None:
    some_runs(place)
    path = place.directory / "store.sqlite"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 9999")
    database.close()
    before = path.read_bytes()
    with pytest.raises(MltrainError, match="newer"):
        place.client.status()
    assert path.read_bytes() == before
    assert list(place.directory.glob("*corrupt*")) == []


def test_a_long_runtime_directory_makes_the_socket_move_to_a_short_one(
    make_place: MakePlace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = root / ("r" * 120)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(long))
    place = make_place()
    place.completed(place.submit("print('here')"))
    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    assert len(endpoint.socket.encode()) <= 104
    assert not endpoint.socket.startswith(str(long))
    folder = Path(endpoint.socket).parent
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_workspace_with_a_very_long_path_works(make_place: MakePlace, root: Path) -> None:
    place = make_place(root / ("a" * 100) / ("b" * 100) / "workspace")
    assert len(str(place.directory)) > 200
    run = place.submit("open('outputs/x', 'w').write('y'); print('here')")
    place.completed(run)
    assert place.output(run, "outputs/x") == b"y"


def test_a_workspace_with_an_odd_path_works(make_place: MakePlace, root: Path) -> None:
    place = make_place(root / 'it\'s a "place" é 🚂\n%41')
    run = place.submit("import os; open('outputs/x', 'w').write(os.getcwd())")
    place.completed(run)
    assert place.output(run, "outputs/x").decode() == str(place.run_dir(run) / "work")


def test_a_workspace_that_is_a_file_is_refused_in_a_sentence(root: Path) -> None:
    path = root / "file"
    path.write_text("")
    with pytest.raises(WorkspaceError) as caught:
        _ = Workspace.at(path).client
    assert caught.value.message == f"{path} is a file; a workspace is a directory."


def test_a_workspace_below_a_file_is_refused_in_a_sentence(root: Path) -> None:
    path = root / "file"
    path.write_text("")
    with pytest.raises(WorkspaceError) as caught:
        Workspace.at(path / "workspace").client.status()
    assert caught.value.message == (
        f"The workspace {path / 'workspace'} cannot be made: {path} is a file. Choose another "
        "place with MLTRAIN_WORKSPACE."
    )


def test_settings_that_cannot_be_understood_are_named(place: Place) -> None:
    (place.directory / "settings.json").write_text('{"cpu": 3}')
    with pytest.raises(WorkspaceError, match=r"settings\.json cannot be used: .*`cpu`.*Correct or"):
        place.client.status()


@pytest.mark.parametrize("name", ["workspace.json", "service.json"])
def test_a_torn_file_of_the_workspace_is_named(place: Place, name: str) -> None:
    some_runs(place)
    (place.directory / name).write_bytes(b'{"id": "ab')
    if name == "service.json":
        assert place.client.status().queued == 0  # it is only a note: made anew
    else:
        with pytest.raises(WorkspaceError, match=r"workspace\.json cannot be understood: .*Move"):
            place.client.status()


def test_a_deleted_workspace_is_made_anew(place: Place) -> None:
    some_runs(place)
    shutil.rmtree(place.directory)
    assert place.client.list().runs == ()
