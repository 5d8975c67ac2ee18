"""Requests that cannot be met: each is refused with its sentence, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_builders import Place, answer

from jupyter_mltrain import errors, workspaces
from jupyter_mltrain.core.experiment import Experiment
from jupyter_mltrain.spec import DRIVER_LOG, CellSpec, EnvironmentSpec, Run, RunKind, RunState, Source

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(shared: Place) -> Run:
    """A run that has ended, with an output."""
    run = shared.submit("open('outputs/model', 'w').write('weights'); print('here')")
    return shared.completed(run)


@pytest.fixture
def place(shared: Place, done: Run) -> Iterator[Place]:
    """A workspace that has to be unchanged after the test, its service the same."""
    service = shared.service_pid
    yield shared
    assert [run.id for run in shared.client.iterate()] == [done.id]
    assert shared.run_dirs() == {done.id}
    assert shared.client.get(done.id).version == done.version
    assert (shared.client.status().running, shared.client.status().queued) == (0, 0)
    assert shared.service_pid == service


def refused(place: Place, kind: type[errors.MltrainError], **more: Any) -> str:
    with pytest.raises(kind) as caught:
        place.submit("print('here')", **more)
    assert type(caught.value) is kind
    assert "\\" not in caught.value.message
    return caught.value.message


def raw(place: Place, line: str, body: bytes = b"", headers: str = "") -> tuple[int, Any]:
    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    head = f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}"
    if body and "Content-Length" not in headers:
        head += f"Content-Length: {len(body)}\r\n"
    status, reply = answer(endpoint.socket, f"{head}\r\n".encode("latin-1") + body)
    return status, json.loads(reply) if reply else None


# What is to run


def test_a_script_that_is_not_there_is_named(place: Place) -> None:
    said = refused(place, errors.InvalidSpec, script="trian.py", source=_inline("train.py"))
    assert said.startswith("No file 'trian.py'") or "trian.py" in said
    assert "train.py" in said


def _inline(name: str, text: str = "print('here')") -> Source:
    return Source(inline={name: text})


def test_a_syntax_error_is_named_with_its_line(place: Place) -> None:
    said = refused(place, errors.InvalidSpec, source=_inline("train.py", "x = 1\nprint('a'\n"))
    assert "train.py line 2" in said


def test_a_module_that_is_missing_is_named(place: Place) -> None:
    said = refused(place, errors.InvalidSpec, source=_inline("train.py", "import not_installed_x"))
    assert "not_installed_x" in said


@pytest.mark.parametrize("script", ["", "/etc/passwd", "../train.py", "a/../../b.py", "a\0b", "."])
def test_a_script_outside_its_folder_is_refused(place: Place, script: str) -> None:
    with pytest.raises(errors.InvalidSpec):
        place.client.submit(place.request("", script=script, source=_inline("train.py")))


def test_an_unknown_compute_target_is_refused_with_the_known_ones(place: Place) -> None:
    said = refused(place, errors.ComputeTargetError, compute="cluster")
    assert said == "No compute target 'cluster'. There is 'local'."


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"gpus": 1000}, "The run asks for 1000 GPUs and 'local' has"),
        ({"cpus": 10_000}, "The run asks for 10000 CPUs and 'local' has"),
        ({"memory_bytes": 5 * 10**15}, "The run asks for 5e+06 GB of memory and 'local' has"),
        ({"cpus": 0}, "A run needs at least 1 CPU, not 0."),
        ({"cpus": -1}, "A run needs at least 1 CPU, not -1."),
        ({"gpus": -1}, "A run cannot have -1 GPUs. Use 0 or more."),
        ({"memory_bytes": 10}, "10 bytes of memory are too few for any script."),
        ({"memory_bytes": -1}, "-1 bytes of memory are too few for any script."),
        ({"cpus": 10**30}, "CPUs and 'local' has"),
    ],
)
def test_an_impossible_request_is_refused_with_what_there_is(
    place: Place, resources: dict[str, int], words: str
) -> None:
    assert words in refused(place, errors.InvalidSpec, resources=resources)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"experiment": ""}, "'' cannot name an experiment"),
        ({"experiment": "../up"}, "cannot name an experiment"),
        ({"experiment": "a/b"}, "cannot name an experiment"),
        ({"experiment": ".hidden"}, "cannot name an experiment"),
        ({"experiment": "x" * 256}, "cannot name an experiment"),
        ({"name": ""}, "cannot name a run"),
        ({"name": "two\nlines"}, "cannot name a run"),
        ({"name": "x" * 257}, "cannot name a run"),
        ({"variables": {"A=B": "c"}}, "The environment variable 'A=B' cannot be set"),
        ({"variables": {"": "c"}}, "The environment variable '' cannot be set"),
        ({"variables": {"A": "b\0c"}}, "The environment variable 'A' cannot be set"),
        ({"arguments": ("a\0b",)}, "has a NUL character"),
        ({"timeout_s": 0}, "The time limit is 0 s"),
        ({"timeout_s": -3}, "The time limit is -3 s"),
        ({"timeout_s": 1e12}, "The time limit is 1e+12 s"),
        ({"priority": 10**9}, "The priority 1000000000 is outside"),
        ({"node_count": 2}, "The run asks for 2 nodes"),
        ({"source": Source()}, "The run has no source"),
        ({"environment": EnvironmentSpec(interpreter="python3")}, "is not an absolute path"),
        ({"environment": EnvironmentSpec(interpreter="/no/python")}, "/no/python"),
        ({"kind": RunKind.CELL}, "cell variables"),
    ],
)
def test_a_wrong_word_is_refused_by_name(place: Place, more: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.InvalidSpec) as caught:
        place.client.submit(_with(place, more))
    assert words in caught.value.message


def _with(place: Place, more: dict[str, Any]) -> Any:
    import msgspec

    request = place.request("print('here')", **{k: v for k, v in more.items() if k == "source"})
    spec = {k: v for k, v in more.items() if k != "source"}
    return msgspec.structs.replace(request, spec=msgspec.structs.replace(request.spec, **spec))


def test_text_that_is_no_text_is_refused_in_a_sentence(place: Place) -> None:
    with pytest.raises(errors.InvalidSpec, match="cannot be sent"):
        place.submit("print('here')", "caf\udce9")


def test_a_name_that_no_experiment_can_have_is_refused_by_the_object(place: Place) -> None:
    with pytest.raises(errors.UserError, match="cannot name an experiment"):
        Experiment(place.workspace, "a b")


# Where it comes from


def test_a_source_folder_that_is_not_there_is_named(place: Place) -> None:
    folder = str(place.root / "nowhere")
    said = refused(place, errors.SnapshotError, source=Source(directory=folder))
    assert said == f"{folder} is not there. Check the path of the source folder."


def test_a_source_folder_that_is_a_file_is_named(place: Place) -> None:
    path = place.root / "file.py"
    path.write_text("")
    said = refused(place, errors.SnapshotError, source=Source(directory=str(path)))
    assert said == f"{path} is a file, not a folder. Give the folder it lies in."


def test_a_symlink_that_leaves_the_source_folder_is_named(place: Place) -> None:
    folder = place.root / "leaving"
    folder.mkdir()
    (folder / "train.py").write_text("")
    (folder / "up").symlink_to("/etc")
    assert "'up'" in refused(place, errors.SnapshotError, source=Source(directory=str(folder)))


@pytest.mark.parametrize("name", ["../x.py", "/etc/x.py", "a/../../x.py", ""])
def test_an_inline_file_outside_the_folder_is_refused(place: Place, name: str) -> None:
    with pytest.raises(errors.SnapshotError):
        place.submit("", source=Source(inline={"train.py": "", name: "x"}))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "nothing"])
def test_an_included_path_outside_the_folder_is_refused(place: Place, name: str) -> None:
    folder = place.root / "included"
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text("")
    with pytest.raises(errors.SnapshotError):
        place.submit("", source=Source(directory=str(folder), include=("train.py", name)))


@pytest.mark.parametrize("snapshot", ["nothing", "../../store.sqlite", "0" * 64, ""])
def test_an_unknown_snapshot_is_refused(place: Place, snapshot: str) -> None:
    said = refused(place, errors.SnapshotError, source=Source(snapshot=snapshot))
    assert said.startswith(f"No snapshot {snapshot!r} in this workspace.")


def inputs_request(place: Place, path: str) -> Any:
    return place.request(
        "",
        script="cell.py",
        kind=RunKind.CELL,
        cell=CellSpec(inputs=("df",)),
        inputs={"df": path},
        source=_inline("cell.py"),
    )


def test_an_input_outside_the_staging_folder_is_refused_and_stays_where_it_is(
    place: Place,
) -> None:
    outside = place.root / "secret.pkl"
    outside.write_text("secret")
    staging = place.directory / "staging"
    (staging / "link").symlink_to(outside)
    (staging / "folder").mkdir()
    (staging / "folder" / "deep").write_text("x")
    for path in (
        outside,
        staging / "link",
        staging / "folder",
        staging / "folder" / "deep",
        staging / ".." / "store.sqlite",
        staging / "nothing",
        Path("relative"),
        staging / "..",
    ):
        with pytest.raises(errors.InvalidSpec, match=r"The value of df is not a file in "):
            place.client.submit(inputs_request(place, str(path)))
    assert outside.read_text() == "secret"
    assert (staging / "link").is_symlink()
    (staging / "link").unlink()


def test_inputs_that_do_not_match_the_cell_are_refused(place: Place) -> None:
    import msgspec

    request = msgspec.structs.replace(inputs_request(place, "x"), inputs={})
    with pytest.raises(errors.InvalidSpec, match="The values of df do not match"):
        place.client.submit(request)


# Which run, which file


@pytest.mark.parametrize("name", ["nothing", "99", "#99", "faults_", "..", "%2e%2e", "a/b", "x" * 5000])
def test_an_unknown_run_is_refused_by_name(place: Place, name: str) -> None:
    if name == "faults_":
        assert place.client.get(name).id.startswith(name)
        return
    for ask in (place.client.get, place.client.cancel, place.client.files, place.client.delete):
        with pytest.raises(errors.NoSuchRun, match="No run "):
            ask(name)
    with pytest.raises(errors.NoSuchRun):
        next(iter(place.client.follow(name)))


@pytest.mark.parametrize("name", ["", "\udcff", "."])
def test_what_cannot_name_a_run_is_refused_in_a_sentence(place: Place, name: str) -> None:
    with pytest.raises(errors.NoSuchRun, match="No run "):
        place.client.get(name)


@pytest.mark.parametrize(
    "name",
    [
        "../run.json",
        "../../../store.sqlite",
        "outputs/../../control/exit.json",
        "/etc/passwd",
        "//etc/passwd",
        "..",
        ".",
        "a\0b",
    ],
)
def test_a_file_outside_the_run_is_refused(place: Place, done: Run, name: str) -> None:
    with pytest.raises(errors.InvalidSpec, match="does not name a file of a run"):
        place.output(done, name)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("..%2F..%2Fstore.sqlite", 400),
        ("%2e%2e/%2e%2e/store.sqlite", 400),
        ("outputs%2F..%2F..%2Frun.json", 400),
        ("%2Fetc%2Fpasswd", 400),
        ("/etc/passwd", 400),
        ("outputs/..%2f../run.json", 400),
        ("..%252Frun.json", 404),
        ("%00", 400),
        ("outputs%2Fmodel", 200),
        ("outputs/model%00", 400),
        ("outputs", 404),
        ("outputs/", 404),
        ("nothing", 404),
        ("%ff", 400),
    ],
)
def test_an_encoded_path_leads_nowhere_else(
    place: Place, done: Run, path: str, status: int
) -> None:
    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    line = f"GET /v1/runs/{done.id}/files/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found, body = answer(endpoint.socket, line.encode())
    assert (found, body if found == 200 else b"") == (status, b"weights" if status == 200 else b"")
    if status >= 400:
        assert set(json.loads(body)) == {"code", "message"}


@pytest.mark.parametrize("offset", [-1, 8, 10**30])
def test_an_offset_outside_the_file_is_refused(place: Place, done: Run, offset: int) -> None:
    with pytest.raises(errors.InvalidSpec, match=r"The offset .* is outside 'outputs/model'"):
        next(place.client.read_file(done.id, "outputs/model", offset))


def test_an_offset_at_the_end_gives_nothing(place: Place, done: Run) -> None:
    assert list(place.client.read_file(done.id, "outputs/model", 7)) == []


@pytest.mark.parametrize(
    ("log", "offset"), [("../../store.sqlite", 0), ("/etc/passwd", 0), (DRIVER_LOG, -1), ("", 0)]
)
def test_following_a_log_that_cannot_be_is_refused(
    place: Place, done: Run, log: str, offset: int
) -> None:
    with pytest.raises(errors.InvalidSpec):
        list(place.client.follow(done.id, {log: offset}))


def test_following_a_log_that_never_comes_gives_the_ending(place: Place, done: Run) -> None:
    (only,) = place.client.follow(done.id, {"logs/never": 0})
    assert isinstance(only, Run)
    assert only.state is RunState.COMPLETED


# The wire itself


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The request is not understood"),
        (b"{", "The request is not understood"),
        (b"nonsense", "The request is not understood"),
        (b"\xff\xfe", "The request is not understood"),
        (b'"\xff"', "The request is not understood"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `spec`"),
        (b"[" * 100_000, "The request is not understood"),
        (b'{"spec": {"experiment": 7}}', "Expected `str`, got `int` - at `$.spec.experiment`"),
        (
            b'{"spec": {"experiment": "a", "script": "b"}, "source": {}, "sauce": 1}',
            "unknown key 'sauce'",
        ),
        (
            b'{"spec": {"experiment": "a", "script": "b", "cpu": 2}, "source": {}}',
            "unknown key 'spec.cpu'",
        ),
        (
            b'{"spec": {"experiment": "a", "script": "b", "resources": {"gpu": 1}}, "source": {}}',
            "unknown key 'spec.resources.gpu'",
        ),
    ],
)
def test_a_body_that_is_not_understood_is_refused_with_where(
    place: Place, body: bytes, words: str
) -> None:
    status, reply = raw(place, "POST /v1/runs", body)
    assert (status, reply["code"]) == (400, "invalid_spec")
    assert words in reply["message"]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /", 404),
        ("GET /v2/runs", 404),
        ("GET /v1/nothing", 404),
        ("POST /v1/nothing", 404),
        ("DELETE /v1/runs", 405),
        ("PUT /v1/status", 405),
        ("GET /v1/shutdown", 405),
        ("GET /v1/runs?limit=many", 400),
        ("GET /v1/runs?before=99999999999999999999999", 400),
        ("GET /v1/runs?state=Sleeping", 400),
        ("GET /v1/runs?limit=-5", 200),
        ("GET /v1/runs?text=%ff", 400),
        ("GET /v1/runs/1/follow?log=nonsense", 400),
        ("GET /v1/runs/1/follow?version=x", 400),
    ],
)
def test_a_wrong_route_or_query_has_its_status_and_a_sentence(
    place: Place, line: str, status: int
) -> None:
    found, reply = raw(place, line)
    assert found == status
    if status >= 400:
        assert set(reply) == {"code", "message"}
        assert "service failed" not in reply["message"]
        assert reply["message"].endswith(".")


def test_a_body_beyond_all_measure_is_refused_by_the_client_in_a_sentence(place: Place) -> None:
    with pytest.raises(errors.InvalidSpec, match=r"The request has \d+ MB"):
        place.submit("", source=_inline("train.py", "#" * 70_000_000))


def test_a_body_that_says_it_is_beyond_all_measure_is_refused_unread(place: Place) -> None:
    status, _ = raw(place, "POST /v1/runs", b"{}", "Content-Length: 99999999999\r\n")
    assert status in (400, 413)


def test_nonsense_on_the_socket_hurts_nobody(place: Place) -> None:
    import socket

    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    for data in (b"\x16\x03\x01\x02\x00" * 100, b"GET", b"A" * 200_000, b"\r\n\r\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(endpoint.socket)
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1000)
            except ConnectionError:
                continue
    assert place.client.status().running == 0


# What cannot be done any more


def test_a_wrong_clean_up_is_refused(place: Place) -> None:
    from jupyter_mltrain.wire import GcRequest

    for request in (GcRequest(dry_run=False), GcRequest(keep_bytes=-1), GcRequest(older_than_s=-1)):
        with pytest.raises(errors.InvalidSpec):
            place.client.gc(request)


def test_an_ended_run_has_no_place_in_the_queue(place: Place, done: Run) -> None:
    with pytest.raises(errors.WrongState, match=r"is Completed; only a queued run has a place"):
        place.client.reprioritize(done.id, 3)


def test_a_running_run_is_not_deleted(shared: Place) -> None:
    run = shared.submit("print('here', flush=True); import signal; signal.pause()")
    next(shared.lines(run))
    with pytest.raises(errors.WrongState, match=r"is Running\. Cancel it first"):
        shared.client.delete(run.id)
    shared.client.cancel(run.id)
    shared.ended(run)
    shared.client.delete(run.id)
