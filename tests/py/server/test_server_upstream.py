"""Talking to a service that dies in between: requests come twice, what they do does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from loops import in_loop
from pages import WS
from scripted import HANG_UP, ScriptedService, reply

from jupyter_mltrain import wire
from jupyter_mltrain.errors import NoSuchRun, ServiceUnavailable
from jupyter_mltrain.server.upstream import TRIES, Upstream

RUN = {
    "id": "digits_1",
    "number": 1,
    "state": "Completed",
    "reason": "done",
    "spec": {"experiment": "digits", "script": "train.py"},
    "created_at": "2026-01-01T00:00:00Z",
}
GONE = reply(wire.ErrorReply(code="no_such_run", message="No such run."), 404)
TAKEN = reply(wire.ErrorReply(code="wrong_state", message="It is there already."), 409)


def in_turn(*answers: bytes):
    """Answers one after the other, whatever is asked."""
    left: Iterator[bytes] = iter(answers)
    return lambda method, target, body: next(left)


@in_loop
async def test_a_request_that_was_cut_is_sent_again(default_workspace):
    async with ScriptedService(default_workspace, in_turn(HANG_UP, reply({"a": 1}))):
        upstream = Upstream(default_workspace)
        answer = await upstream.ask("GET", "/v1/experiments")
        assert (answer.decoded(dict[str, int]), answer.repeated) == ({"a": 1}, True)
        await upstream.close()


@in_loop
async def test_a_reply_that_was_cut_in_its_middle_is_asked_for_again(default_workspace):
    half = reply({"a": 1})[:-3] + HANG_UP
    async with ScriptedService(default_workspace, in_turn(half, reply({"a": 1}))):
        upstream = Upstream(default_workspace)
        answer = await upstream.ask("GET", "/v1/experiments")
        assert answer.decoded(dict[str, int]) == {"a": 1}
        await upstream.close()


@in_loop
async def test_a_service_that_keeps_hanging_up_is_said_to_fail(default_workspace):
    async with ScriptedService(default_workspace, lambda *asked: HANG_UP) as service:
        upstream = Upstream(default_workspace)
        with pytest.raises(ServiceUnavailable, match=r"service\.log"):
            await upstream.ask("GET", "/v1/experiments")
        assert len(service.asked) == TRIES
        await upstream.close()


@in_loop
async def test_a_target_travels_as_it_is(default_workspace):
    target = "/v1/runs/%2e%2e/files/a%2Fb/../c%ff?x=%20+&y"
    async with ScriptedService(default_workspace, lambda *asked: reply({})) as service:
        upstream = Upstream(default_workspace)
        await upstream.ask("GET", target)
        assert service.asked == [("GET", target)]
        await upstream.close()


@in_loop
async def test_a_refusal_becomes_its_error(default_workspace):
    async with ScriptedService(default_workspace, lambda *asked: GONE):
        upstream = Upstream(default_workspace)
        with pytest.raises(NoSuchRun):
            (await upstream.ask("GET", "/v1/runs/1")).decoded(dict[str, int])
        await upstream.close()


@in_loop
async def test_many_who_ask_at_once_start_one_service(default_workspace):
    upstream = Upstream(default_workspace)
    answers = await asyncio.gather(*(upstream.ask("GET", "/v1/status") for _ in range(20)))
    assert len({answer.decoded(wire.ServiceStatus).pid for answer in answers}) == 1
    await upstream.close()


@in_loop
async def test_what_is_closed_starts_no_service(default_workspace):
    upstream = Upstream(default_workspace)
    await upstream.close()
    with pytest.raises(ServiceUnavailable, match="shutting down"):
        await upstream.ask("GET", "/v1/status")
    assert not default_workspace.exists()


async def test_a_delete_that_was_heard_but_not_answered_is_done(api, default_workspace):
    async with ScriptedService(default_workspace, in_turn(reply(RUN), HANG_UP, GONE)):
        answer = await api(f"{WS}/runs/1", method="DELETE")
        assert (answer.code, json.loads(answer.body)["id"]) == (200, "digits_1")


async def test_a_delete_of_what_never_was_is_refused(api, default_workspace):
    async with ScriptedService(default_workspace, in_turn(GONE)):
        assert (await api(f"{WS}/runs/1", method="DELETE")).code == 404


async def test_properties_that_were_added_but_not_answered_are_there(api, default_workspace):
    added = reply({**RUN, "properties": {"a": "1"}})
    async with ScriptedService(default_workspace, in_turn(HANG_UP, TAKEN, added)) as service:
        answer = await api(f"{WS}/runs/1/properties", {"add": {"a": "1"}})
        assert (answer.code, json.loads(answer.body)["properties"]) == (200, {"a": "1"})
        assert service.asked[-1] == ("GET", "/v1/runs/1")


async def test_properties_of_somebody_else_stay_refused(api, default_workspace):
    others = reply({**RUN, "properties": {"a": "2"}})
    async with ScriptedService(default_workspace, in_turn(HANG_UP, TAKEN, others)):
        assert (await api(f"{WS}/runs/1/properties", {"add": {"a": "1"}})).code == 409


async def test_run_again_carries_a_number_so_that_it_may_come_twice(api, default_workspace):
    bodies = []

    def answer(method, target, body):
        bodies.append(json.loads(body)["request_id"])
        return HANG_UP if len(bodies) == 1 else reply(RUN, 201)

    async with ScriptedService(default_workspace, answer):
        assert (await api(f"{WS}/runs/1/again", {})).code == 201
    assert bodies[0]
    assert bodies[0] == bodies[1]


async def test_the_token_of_the_page_does_not_reach_the_service(
    api, default_workspace, jp_serverapp
):
    token = jp_serverapp.identity_provider.token
    async with ScriptedService(default_workspace, lambda *asked: reply({})) as service:
        await api.json(f"{WS}/experiments?token={token}&a=1")
        assert service.asked == [("GET", "/v1/experiments?a=1")]
