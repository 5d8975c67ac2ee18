"""Requests that go through the Jupyter server to the service, and the errors they give."""

from __future__ import annotations

import json

import pytest
from pages import WS, final, submitted

from jupyter_mltrain import workspaces


async def test_the_default_workspace_is_listed_before_it_is_made(api, default_workspace):
    info = await api.json("workspaces")
    assert info["workspaces"] == [
        {
            "id": "default",
            "name": "ws",
            "directory": str(default_workspace),
            "default": True,
            "there": True,
        }
    ]
    assert not default_workspace.exists()


async def test_a_workspace_is_listed_under_its_id_once_it_is_made(api, default_workspace):
    status = await api.json(f"{WS}/status")
    listed = (await api.json("workspaces"))["workspaces"]
    assert [(each["id"], each["default"]) for each in listed] == [(status["workspace_id"], True)]


async def test_a_workspace_answers_to_its_id(api):
    status = await api.json(f"{WS}/status")
    again = await api.json(f"workspaces/{status['workspace_id']}/status")
    assert again["pid"] == status["pid"]


async def test_an_unknown_workspace_is_404_with_a_sentence(api):
    reply = await api("workspaces/beefbeef/status")
    assert reply.code == 404
    error = json.loads(reply.body)
    assert error["code"] == "no_such_workspace"
    assert "'beefbeef'" in error["message"]


async def test_a_workspace_that_moved_is_404_and_not_made_anew(api, tmp_path):
    old = tmp_path / "old"
    identity = workspaces.identify(old)
    workspaces.register(identity, old)
    old.rename(tmp_path / "new")
    reply = await api(f"workspaces/{identity.id}/status")
    assert (reply.code, old.exists()) == (404, False)
    listed = (await api.json("workspaces"))["workspaces"]
    assert [each["there"] for each in listed if each["id"] == identity.id] == [False]


async def test_a_script_is_submitted_and_its_record_comes_back(api, files):
    run = await submitted(api, files, experiment="digits")
    assert run["spec"]["script"] == "train.py"
    record = await final(run)
    assert (record["state"], record["spec"]["experiment"]) == ("Completed", "digits")


async def test_a_refusal_of_the_service_comes_with_its_code_and_status(api, files):
    reply = await api(f"{WS}/submit", {"path": files("bad.py", "print(")})
    assert reply.code == 400
    assert json.loads(reply.body)["code"] == "checks_failed"


async def test_a_run_that_never_was_is_404_with_the_code_of_the_service(api):
    reply = await api(f"{WS}/runs/none")
    assert (reply.code, json.loads(reply.body)["code"]) == (404, "no_such_run")


async def test_a_query_reaches_the_service_as_it_is(api, files):
    run = await submitted(api, files, experiment="one", tags={"kind": "a b"})
    await submitted(api, files, experiment="two")
    page = await api.json(f"{WS}/runs?tag=kind=a b")
    assert [each["id"] for each in page["runs"]] == [run["id"]]


async def test_a_run_is_deleted_and_answers_with_what_it_was(api, files):
    run = await submitted(api, files)
    await final(run)
    gone = await api.json(f"{WS}/runs/{run['id']}", method="DELETE")
    assert gone["id"] == run["id"]
    assert (await api(f"{WS}/runs/{run['id']}")).code == 404


async def test_cancel_answers_202(api, files):
    run = await submitted(api, files, "import time; time.sleep(60)")
    reply = await api(f"{WS}/runs/{run['id']}/cancel", method="POST")
    assert reply.code == 202
    assert (await final(run))["state"] == "Canceled"


async def test_tags_are_set_through_the_door(api, files):
    run = await submitted(api, files)
    tagged = await api.json(f"{WS}/runs/{run['id']}/tags", {"set": {"good": None}})
    assert tagged["tags"] == {"good": None}


@pytest.mark.parametrize("path", ["shutdown", "gc"])
async def test_what_is_for_the_owner_of_the_socket_is_not_forwarded(api, path):
    reply = await api(f"{WS}/{path}", {})
    assert (reply.code, json.loads(reply.body)["code"]) == (404, "not_found")


async def test_a_method_that_a_route_does_not_have_is_405_in_our_shape(api):
    reply = await api(f"{WS}/status", {})
    assert reply.code == 405
    assert json.loads(reply.body)["code"] == "method_not_allowed"


async def test_names_with_dots_do_not_lead_to_other_routes(api):
    reply = await api(f"{WS}/runs/../status")
    assert reply.code == 404


async def test_a_run_is_made_again_through_the_door(api, files):
    run = await submitted(api, files)
    await final(run)
    again = await api.json(f"{WS}/runs/{run['id']}/again", {})
    assert again["id"] != run["id"]
    assert (await final(again))["state"] == "Completed"


async def test_a_request_on_a_timer_is_no_activity(api, jp_serverapp):
    await api.json("workspaces")
    before = jp_serverapp.web_app.settings["api_last_activity"]
    await api.json("workspaces?no_track_activity=1")
    assert jp_serverapp.web_app.settings["api_last_activity"] == before
