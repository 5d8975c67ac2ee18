"""What crosses the socket: the same object on both sides, and nothing passed over in silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_builders import a_request, a_run

from jupyter_mltrain import errors, wire
from jupyter_mltrain.spec import (
    CellSpec,
    EnvironmentSpec,
    ExitRecord,
    GitState,
    Lease,
    Node,
    Resources,
    Run,
    RunKind,
    RunSpec,
    RunState,
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.datetimes(
    datetime(1970, 1, 2),
    datetime(9000, 1, 1),
    timezones=st.just(timezone.utc),
)
counts = st.integers(0, 2**53)
resources = st.builds(
    Resources, cpus=st.none() | counts, gpus=counts, memory_bytes=st.none() | counts
)
leases = st.builds(
    Lease, cpus=counts, memory_bytes=counts, gpus=st.lists(counts, max_size=3).map(tuple)
)
specs = st.builds(
    RunSpec,
    experiment=texts,
    script=texts,
    name=st.none() | texts,
    kind=st.sampled_from(RunKind),
    arguments=st.lists(texts, max_size=3).map(tuple),
    variables=st.dictionaries(texts, texts, max_size=3),
    environment=st.builds(EnvironmentSpec, interpreter=st.none() | texts),
    resources=resources,
    timeout_s=st.floats(0, 1e9),
    priority=st.integers(-(2**40), 2**40),
    cell=st.none() | st.builds(CellSpec, inputs=st.lists(texts, max_size=2).map(tuple)),
)
runs = st.builds(
    Run,
    id=texts,
    number=counts,
    state=st.sampled_from(RunState),
    reason=texts,
    spec=specs,
    created_at=times,
    started_at=st.none() | times,
    ended_at=st.none() | times,
    version=counts,
    parent_id=st.none() | texts,
    snapshot_id=st.none() | texts,
    git=st.none() | st.builds(GitState, commit=st.none() | texts, dirty=st.booleans()),
    nodes=st.lists(
        st.builds(Node, index=counts, host=texts, lease=st.none() | leases), max_size=2
    ).map(tuple),
    exit=st.none()
    | st.builds(
        ExitRecord,
        status=st.none() | st.integers(0, 255),
        cpu_s=st.floats(0, 1e9),
        ended_at=st.none() | times,
    ),
    warnings=st.lists(texts, max_size=2).map(tuple),
    advice=st.none() | texts,
    tags=st.dictionaries(texts, st.none() | texts, max_size=3),
    properties=st.dictionaries(texts, texts, max_size=3),
)


@given(runs)
def test_a_run_comes_out_as_it_went_in(run: Run) -> None:
    assert wire.decode_reply(wire.encode(run), Run) == run


@given(specs)
def test_a_request_comes_out_as_it_went_in(spec: RunSpec) -> None:
    request = a_request(spec=spec)
    assert wire.decode_request(wire.encode(request), wire.SubmitRequest) == request


def test_keys_are_snake_case_and_instants_iso_8601_in_utc() -> None:
    body = json.loads(wire.encode(a_run(1)))
    assert body["created_at"] == "2026-03-01T12:00:00Z"
    assert body["state"] == "Queued"
    assert all(key == key.lower() for key in body)


# Requests are strict, replies are not


def a_body(*path: str, value: object = 1) -> bytes:
    """A submit's body with something else in one place."""
    body = json.loads(wire.encode(a_request()))
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "path",
    [
        ("gpu",),
        ("spec", "argument"),
        ("spec", "resources", "gpu"),
        ("spec", "environment", "python"),
        ("source", "dir"),
    ],
)
def test_an_unknown_key_of_a_request_is_refused_by_its_path(path: tuple[str, ...]) -> None:
    with pytest.raises(errors.InvalidSpec) as caught:
        wire.decode_request(a_body(*path), wire.SubmitRequest)
    assert caught.value.message == f"The request has an unknown key {'.'.join(path)!r}."


@pytest.mark.parametrize("path", [("spec", "variables", "X"), ("source", "inline", "a.py")])
def test_keys_that_are_data_may_be_any(path: tuple[str, ...]) -> None:
    wire.decode_request(a_body(*path, value="x"), wire.SubmitRequest)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("spec", "resources", "gpus"), "one", "Expected `int`, got `str` - at `$.spec.resources"),
        (("spec", "kind"), "dream", "Invalid enum value 'dream' - at `$.spec.kind`"),
        (("spec", "arguments"), [1], "Expected `str`, got `int` - at `$.spec.arguments["),
        (("spec",), None, "Expected `object`, got `null` - at `$.spec`"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_path(
    path: tuple[str, ...], value: object, words: str
) -> None:
    with pytest.raises(errors.InvalidSpec) as caught:
        wire.decode_request(a_body(*path, value=value), wire.SubmitRequest)
    assert words in caught.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"spec": {}}'])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(errors.InvalidSpec, match=r"^The request is not understood: "):
        wire.decode_request(body, wire.SubmitRequest)


def test_a_reply_of_a_newer_service_is_read_without_what_is_new() -> None:
    body = json.loads(wire.encode(a_run(1)))
    body["new"] = {"x": 1}
    body["spec"]["new"] = 2
    assert wire.decode_reply(json.dumps(body).encode(), Run).number == 1


# Errors


def every_error(base: type[errors.MltrainError]) -> Iterator[type[errors.MltrainError]]:
    yield base
    for sub in base.__subclasses__():
        yield from every_error(sub)


ERRORS = sorted(set(every_error(errors.MltrainError)), key=lambda error: error.code)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_crosses_the_socket_unchanged(kind: type[errors.MltrainError]) -> None:
    sent = kind("The thing 'é' has a problem. Do this.")
    got = wire.decode_error(wire.encode_error(sent), wire.status_of(sent))
    assert type(got) is kind
    assert got.message == sent.message == str(got)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_a_status_of_an_error(kind: type[errors.MltrainError]) -> None:
    assert 400 <= wire.status_of(kind("x")) < 600


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in ERRORS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if issubclass(kind, errors.UserError)])
def test_what_the_user_can_mend_is_no_failure_of_the_service(
    kind: type[errors.MltrainError],
) -> None:
    assert wire.status_of(kind("x")) < 500


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"{}", b'{"code": 1}', b"\xff\xfe"])
def test_a_foreign_reply_still_gives_a_sentence(body: bytes) -> None:
    error = wire.decode_error(body, 502)
    assert isinstance(error, errors.ServiceUnavailable)
    assert error.message.startswith("The service answered 502 with ")


def test_an_error_that_this_version_does_not_know_keeps_its_sentence() -> None:
    body: dict[str, Any] = {"code": "from_the_future", "message": "It is too early."}
    error = wire.decode_error(json.dumps(body).encode(), 400)
    assert type(error) is errors.MltrainError
    assert error.message == "It is too early."
