"""Routes of environments, compute targets and credentials: status, shape, what is not said."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from definition_builders import a_definition
from loops import in_loop
from service_http import Http, Reply, served
from service_rig import Rig

from jupyter_mltrain import wire
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.spec import EnvironmentVersion

SECRET = "planted-pa55word"


async def registered(http: Http, name: str = "mine", pip: tuple[str, ...] = ("rich",)) -> Reply:
    body = wire.encode(wire.EnvironmentRequest(spec=a_definition(name, pip)))
    return await http.ask("POST", "/v1/environments", body)


async def kept(http: Http, **given: str) -> Reply:
    body = {"address": "registry.example.com", "username": "me", "password": SECRET, **given}
    return await http.ask("PUT", "/v1/credentials", json.dumps(body).encode())


@in_loop
async def test_registering_is_answered_with_the_version(rig: Rig) -> None:
    async with rig, served(rig) as http:
        reply = await registered(http)
        version = wire.decode_reply(reply.body, EnvironmentVersion)
        assert (reply.status, version.spec.version) == (201, "1")


@in_loop
async def test_an_environment_has_its_versions(rig: Rig) -> None:
    async with rig, served(rig) as http:
        for pip in (("rich",), ("attrs",)):
            await registered(http, pip=pip)
        reply = await http.get("/v1/environments/mine")
        assert [each["spec"]["version"] for each in reply.json["versions"]] == ["2", "1"]
        reply = await http.get("/v1/environments/mine?version=1")
        assert [each["spec"]["version"] for each in reply.json["versions"]] == ["1"]


@in_loop
async def test_environments_are_listed(rig: Rig) -> None:
    async with rig, served(rig) as http:
        await registered(http)
        reply = await http.get("/v1/environments")
        assert [each["name"] for each in reply.json][:2] == ["mine", "python"]


@in_loop
async def test_a_deleted_environment_is_answered_as_it_was(rig: Rig) -> None:
    async with rig, served(rig) as http:
        await registered(http)
        reply = await http.ask("DELETE", "/v1/environments/mine")
        assert (reply.status, len(reply.json["versions"])) == (200, 1)
        assert (await http.get("/v1/environments/mine")).status == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", ["other", "../status", "reclaim", "a b", "%"])
@in_loop
async def test_an_unknown_environment_is_404_with_its_code(
    rig: Rig, method: str, name: str
) -> None:
    async with rig, served(rig) as http:
        reply = await http.ask(method, f"/v1/environments/{quote(name, safe='')}")
        assert (reply.status, reply.json["code"]) == (404, "no_such_environment")


@in_loop
async def test_an_environment_may_be_called_as_an_action_is(rig: Rig) -> None:
    async with rig, served(rig) as http:
        await registered(http, "reclaim")
        assert (await http.get("/v1/environments/reclaim")).json["name"] == "reclaim"
        assert (await http.post("/v1/environments/reclaim", {})).json["dry_run"] is True


@in_loop
async def test_a_definition_that_contradicts_itself_is_refused(rig: Rig) -> None:
    spec = {"name": "mine", "image": {"image": "debian", "dockerfile": "FROM debian\n"}}
    async with rig, served(rig) as http:
        reply = await http.post("/v1/environments", {"spec": spec})
        assert (reply.status, reply.json["code"]) == (400, "invalid_spec")


@in_loop
async def test_a_key_that_nobody_knows_is_refused_by_its_path(rig: Rig) -> None:
    async with rig, served(rig) as http:
        reply = await http.post("/v1/environments", {"spec": {"name": "mine", "imgae": {}}})
        assert (reply.status, "imgae" in reply.json["message"]) == (400, True)


@in_loop
async def test_a_password_is_kept_and_answered_with_nothing(rig: Rig) -> None:
    async with rig, served(rig) as http:
        reply = await kept(http)
        assert (reply.status, reply.body) == (204, b"")
        assert rig.credentials.password("registry.example.com", "me") == SECRET


@in_loop
async def test_an_empty_password_forgets_the_one_that_was_kept(rig: Rig) -> None:
    async with rig, served(rig) as http:
        await kept(http)
        await kept(http, password="")
        assert rig.credentials.password("registry.example.com", "me") is None


@pytest.mark.parametrize(
    "given", [{"address": " "}, {"username": ""}, {"user": "x"}, {"username": 5}], ids=str
)
@in_loop
async def test_a_refused_password_is_not_repeated(rig: Rig, given: dict[str, str]) -> None:
    async with rig, served(rig) as http:
        reply = await kept(http, **given)
        assert (reply.status, SECRET in reply.body.decode()) == (400, False)


@in_loop
async def test_a_password_is_nowhere_in_the_workspace(rig: Rig) -> None:
    async with rig, served(rig) as http:
        await kept(http)
        await registered(http)
    files = [path for path in rig.directory.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


@in_loop
async def test_an_engine_is_attached_listed_and_removed(rig: Rig, engine: Engine) -> None:
    async with rig, served(rig) as http:
        request = {"name": "box", "url": "unix:///var/run/docker.sock", "cpus": 1}
        reply = await http.post("/v1/computes", request)
        assert (reply.status, reply.json["capacity"]["cpus"]) == (201, 1)
        assert [each["name"] for each in (await http.get("/v1/computes")).json] == ["local", "box"]
        reply = await http.ask("DELETE", "/v1/computes/box")
        assert (reply.status, reply.json["name"]) == (200, "box")
        reply = await http.ask("DELETE", "/v1/computes/box")
        assert (reply.status, reply.json["code"]) == (400, "compute_target")


@in_loop
async def test_an_engine_that_does_not_answer_is_502(rig: Rig, tmp_path: Path) -> None:
    async with rig, served(rig) as http:
        reply = await http.post("/v1/computes", {"name": "box", "url": f"unix://{tmp_path}/no"})
        assert (reply.status, reply.json["code"]) == (502, "compute_unavailable")
