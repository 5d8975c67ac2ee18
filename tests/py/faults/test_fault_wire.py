"""What comes over the socket that no client of ours would send: refused, and nothing is changed."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from fault_builders import Place, answer

from jupyter_mltrain import errors, workspaces
from jupyter_mltrain.spec import DRIVER_LOG, Run, RunState

pytestmark = pytest.mark.slow


def raw(place: Place, line: str, body: bytes = b"", headers: str = "") -> tuple[int, Any]:
    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    head = f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}"
    if body and "Content-Length" not in headers:
        head += f"Content-Length: {len(body)}\r\n"
    status, reply = answer(endpoint.socket, f"{head}\r\n".encode("latin-1") + body)
    return status, json.loads(reply) if reply else None


# Which run, which file


@pytest.mark.parametrize(
    "name", ["nothing", "99", "#99", "faults_", "..", "%2e%2e", "a/b", "x" * 5000]
)
def test_an_unknown_run_is_refused_by_name(unchanged: Place, name: str) -> None:
    if name == "faults_":
        assert unchanged.client.get(name).id.startswith(name)
        return
    for ask in (
        unchanged.client.get,
        unchanged.client.cancel,
        unchanged.client.files,
        unchanged.client.delete,
    ):
        with pytest.raises(errors.NoSuchRun, match="No run "):
            ask(name)
    with pytest.raises(errors.NoSuchRun):
        next(iter(unchanged.client.follow(name)))


@pytest.mark.parametrize("name", ["", "\udcff", "."])
def test_what_cannot_name_a_run_is_refused_in_a_sentence(unchanged: Place, name: str) -> None:
    with pytest.raises(errors.NoSuchRun, match="No run "):
        unchanged.client.get(name)


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
def test_a_file_outside_the_run_is_refused(unchanged: Place, done: Run, name: str) -> None:
    with pytest.raises(errors.InvalidSpec, match="does not name a file of a run"):
        unchanged.output(done, name)


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
    unchanged: Place, done: Run, path: str, status: int
) -> None:
    endpoint = workspaces.endpoint(unchanged.directory)
    assert endpoint is not None
    line = f"GET /v1/runs/{done.id}/files/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found, body = answer(endpoint.socket, line.encode())
    assert (found, body if found == 200 else b"") == (status, b"weights" if status == 200 else b"")
    if status >= 400:
        assert set(json.loads(body)) == {"code", "message"}


def test_an_offset_beyond_all_measure_is_refused(unchanged: Place, done: Run) -> None:
    with pytest.raises(errors.InvalidSpec, match="is too large"):
        next(unchanged.client.read_file(done.id, "outputs/model", 10**30))


@pytest.mark.parametrize("offset", [-1, 8])
def test_an_offset_outside_the_file_is_refused(unchanged: Place, done: Run, offset: int) -> None:
    with pytest.raises(errors.InvalidSpec, match=r"The offset .* is outside 'outputs/model'"):
        next(unchanged.client.read_file(done.id, "outputs/model", offset))


def test_an_offset_at_the_end_gives_nothing(unchanged: Place, done: Run) -> None:
    assert list(unchanged.client.read_file(done.id, "outputs/model", 7)) == []


@pytest.mark.parametrize(
    ("log", "offset"), [("../../store.sqlite", 0), ("/etc/passwd", 0), (DRIVER_LOG, -1)]
)
def test_following_a_log_that_cannot_be_is_refused(
    unchanged: Place, done: Run, log: str, offset: int
) -> None:
    with pytest.raises(errors.InvalidSpec):
        list(unchanged.client.follow(done.id, {log: offset}))


def test_following_a_log_that_never_comes_gives_the_ending(unchanged: Place, done: Run) -> None:
    (only,) = unchanged.client.follow(done.id, {"logs/never": 0})
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
    unchanged: Place, body: bytes, words: str
) -> None:
    status, reply = raw(unchanged, "POST /v1/runs", body)
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
    unchanged: Place, line: str, status: int
) -> None:
    found, reply = raw(unchanged, line)
    assert found == status
    if status >= 400:
        assert set(reply) == {"code", "message"}
        assert "service failed" not in reply["message"]
        assert reply["message"].endswith(".")


def test_a_body_that_says_it_is_beyond_all_measure_is_refused_unread(unchanged: Place) -> None:
    status, _ = raw(unchanged, "POST /v1/runs", b"{}", "Content-Length: 99999999999\r\n")
    assert status in (400, 413)


def test_nonsense_on_the_socket_hurts_nobody(unchanged: Place) -> None:
    endpoint = workspaces.endpoint(unchanged.directory)
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
    assert unchanged.client.status().running == 0
