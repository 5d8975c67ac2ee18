"""Environments through the Jupyter server: described, built, followed, and what is kept secret."""

from __future__ import annotations

import json

from pages import WS, final, frames, submitted
from scripted import HANG_UP, ScriptedService

from jupyter_mltrain.wire import LogFrame, encode

BUILDING = {
    "frame": "build",
    "build": {
        "id": "b1",
        "hash": "",
        "name": "fit",
        "compute": "local",
        "state": "Building",
        "created_at": "2026-01-01T00:00:00Z",
        "spec": {"name": "fit"},
    },
}
BUILT = {**BUILDING, "build": {**BUILDING["build"], "state": "Built"}}
STREAM = b"HTTP/1.1 200 x\r\nConnection: close\r\n\r\n"
EMPTY = b"HTTP/1.1 204 x\r\n\r\n"


def said(offset: int, text: bytes) -> bytes:
    """A log frame with its bytes."""
    frame = LogFrame(log="build.log", offset=offset, size_bytes=len(text))
    return encode(frame) + b"\n" + text


async def test_an_environment_is_described_built_and_used(api, files, open_socket):
    version = await api.json(f"{WS}/describe", {"name": "fit", "python": "3"})
    assert (version["spec"]["name"], version["spec"]["version"]) == ("fit", "1")
    build = await api.json(f"{WS}/builds", {"environment": "fit:1"})
    socket = await open_socket(f"{WS}/builds/{build['id']}/follow")
    heard = [frame async for frame in frames(socket)]
    assert heard[-1]["build"]["state"] == "Built"
    log = b"".join(frame for frame in heard if isinstance(frame, bytes))
    saved = await api(f"{WS}/builds/{build['id']}/log")
    assert saved.body == log
    assert f'attachment; filename="build-{build["id"]}.log"' in saved.headers["Content-Disposition"]
    run = await final(await submitted(api, files, environment="fit"))
    assert run["state"] == "Completed"
    (listed, *_) = await api.json(f"{WS}/environments")
    assert (listed["name"], listed["state"], listed["build"]) == ("fit", "Built", build["id"])


async def test_a_run_in_packages_of_its_own_has_them_registered(api, files):
    run = await submitted(api, files, packages=["no-such-package-of-anybody"])
    assert run["spec"]["environment"]["name"] == "no-such-package-of-anybody"
    assert (await final(run))["state"] == "Failed"
    versions = await api.json(f"{WS}/environments/no-such-package-of-anybody")
    assert len(versions["versions"]) == 1


async def test_a_form_that_cannot_be_saved_is_refused_with_its_line(api):
    answer = await api(f"{WS}/describe", {"name": "fit", "pip": "torch\npandas 2"})
    assert answer.code == 400
    assert json.loads(answer.body)["message"].startswith("Line 2: ")


async def test_a_password_goes_through_and_is_answered_with_nothing(api, default_workspace):
    given = {"address": "r.example", "username": "ada", "password": "pl4nted"}
    bodies = []

    def answer(method, target, body):
        bodies.append((method, target, json.loads(body)))
        return EMPTY

    async with ScriptedService(default_workspace, answer):
        response = await api(f"{WS}/credentials", given, method="PUT")
    assert (response.code, response.body) == (204, b"")
    assert bodies == [("PUT", "/v1/credentials", given)]


async def test_a_password_that_is_refused_is_not_repeated(api):
    given = {"address": "", "username": "ada", "password": "pl4nted"}
    response = await api(f"{WS}/credentials", given, method="PUT")
    assert response.code == 400
    assert b"pl4nted" not in response.body


async def test_a_build_is_followed_from_where_it_was_cut(default_workspace, open_socket):
    first = STREAM + encode(BUILDING) + b"\n" + said(0, b"one\n") + said(4, b"tw") + HANG_UP
    rest = STREAM + said(6, b"o\n") + encode(BUILT) + b"\n" + HANG_UP
    answers = iter([first, rest])
    async with ScriptedService(default_workspace, lambda *asked: next(answers)) as service:
        socket = await open_socket(f"{WS}/builds/b1/follow", offset="0")
        heard = [frame async for frame in frames(socket)]
    assert b"".join(frame for frame in heard if isinstance(frame, bytes)) == b"one\ntwo\n"
    assert [
        each["build"]["state"] for each in heard if isinstance(each, dict) and "build" in each
    ] == ["Building", "Built"]
    assert [target for _, target in service.asked] == [
        "/v1/builds/b1/follow?offset=0",
        "/v1/builds/b1/follow?offset=6",
    ]
    assert socket.close_code == 1000


async def test_a_build_that_is_not_there_ends_the_socket_with_the_reason(open_socket):
    socket = await open_socket(f"{WS}/builds/beef/follow")
    (error,) = [frame async for frame in frames(socket)]
    assert (error["frame"], error["code"]) == ("error", "no_such_environment")
    assert socket.close_code == 4404


async def test_this_machine_cannot_be_detached(api):
    answer = await api(f"{WS}/computes/local", method="DELETE")
    assert answer.code == 400
    assert "local" in json.loads(answer.body)["message"]
