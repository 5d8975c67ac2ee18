"""Who is woken by what."""

from __future__ import annotations

import asyncio

from loops import in_loop

from jupyter_mltrain.service.gate import Gate
from jupyter_mltrain.service.hub import Hub


def woken(listening: tuple[str, ...], topic: str) -> bool:
    """Whether a change of a topic wakes one who listens to others."""
    hub, event = Hub(), asyncio.Event()
    with hub.listen(event, *listening):
        hub.changed(topic)
    return event.is_set()


def test_a_change_wakes_who_listens_to_it_and_nobody_else() -> None:
    assert woken(("run-1",), "run-1")
    assert not woken(("run-1",), "run-2")
    assert woken(("run-1", "run-2"), "run-2")


def test_whoever_listens_to_any_run_is_woken_by_every_run_but_not_by_the_queue() -> None:
    assert woken((Hub.ANY,), "run-1")
    assert not woken((Hub.ANY,), Hub.QUEUE)
    assert woken((Hub.QUEUE,), Hub.QUEUE)
    assert not woken((Hub.QUEUE,), "run-1")


def test_who_listens_no_more_is_forgotten() -> None:
    hub, event = Hub(), asyncio.Event()
    with hub.listen(event, "run-1", Hub.QUEUE):
        assert len(hub) == 2
    assert len(hub) == 0
    hub.changed("run-1")
    assert not event.is_set()


def test_one_who_leaves_does_not_take_the_others_along() -> None:
    hub, first, second = Hub(), asyncio.Event(), asyncio.Event()
    with hub.listen(first, "run-1"):
        with hub.listen(second, "run-1"):
            pass
        hub.changed("run-1")
    assert first.is_set()
    assert not second.is_set()


# The gate between submits and the one who cleans up


@in_loop
async def test_many_pass_an_open_gate_at_once() -> None:
    gate = Gate()
    async with gate.passing(), gate.passing():
        pass


@in_loop
async def test_a_gate_closes_when_the_last_has_left_and_lets_nobody_in() -> None:
    gate, log, leave = Gate(), [], asyncio.Event()

    async def pass_through(name: str, until: asyncio.Event | None = None) -> None:
        async with gate.passing():
            log.append(f"{name} in")
            if until is not None:
                await until.wait()
            log.append(f"{name} out")

    async def close() -> None:
        async with gate.closed():
            log.append("closed")
            await asyncio.sleep(0)
            log.append("open")

    first = asyncio.create_task(pass_through("first", leave))
    await asyncio.sleep(0)
    closing = asyncio.create_task(close())
    await asyncio.sleep(0)
    second = asyncio.create_task(pass_through("second"))
    await asyncio.sleep(0)
    leave.set()
    await asyncio.gather(first, closing, second)
    assert log == ["first in", "first out", "closed", "open", "second in", "second out"]


@in_loop
async def test_a_gate_that_closes_again_at_once_lets_nobody_slip_through() -> None:
    gate, inside = Gate(), []

    async def pass_through() -> None:
        async with gate.passing():
            inside.append("passing")

    async with gate.closed():
        waiting = asyncio.create_task(pass_through())
        await asyncio.sleep(0)
    async with gate.closed():
        await asyncio.sleep(0)
        assert inside == []
    await waiting
    assert inside == ["passing"]
