"""Whoever listens to a workspace misses nothing, whatever happens to its service meanwhile."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_builders import MakePlace, Place, Watched, kill, rss_bytes

from jupyter_mltrain import workspaces
from jupyter_mltrain.client import Event
from jupyter_mltrain.spec import Resources, Run, RunState
from jupyter_mltrain.wire import AgainRequest, ChangeFrame, DeletedFrame, QueueFrame, ResetFrame

pytestmark = pytest.mark.slow

WAITS = "import sys; print('here', flush=True); open(sys.argv[1]).read()"


def until_final(events: Iterator[Event], run: Run) -> list[ChangeFrame]:
    """What comes about a run up to its ending, which is the last."""
    seen = []
    for frame in events:
        if isinstance(frame, ChangeFrame) and frame.run.id == run.id:
            seen.append(frame)
            if frame.run.state.final:
                return seen
    raise AssertionError("the events ended")


def cursor_now(place: Place) -> str:
    """The cursor of one who has just looked at everything."""
    reset = next(place.client.events())
    assert isinstance(reset, ResetFrame)
    return reset.cursor


def test_a_listener_goes_on_over_the_death_of_the_service(place: Place) -> None:
    gate = place.gate()
    run = place.running(place.submit(WAITS, gate))
    events = place.client.events()
    assert isinstance(next(events), ResetFrame)
    assert next(events) == QueueFrame(running=1, queued=0)
    place.kill_service()
    gate.open()
    seen = until_final(events, run)
    assert seen[-1].run.state is RunState.COMPLETED
    versions = [frame.run.version for frame in seen]
    assert versions == sorted(set(versions))
    events.close()  # type: ignore[attr-defined]


def test_what_ended_while_nobody_listened_and_the_service_was_dead_is_told(place: Place) -> None:
    gate = place.gate()
    old = place.completed(place.submit("print('old')"))
    run = place.running(place.submit(WAITS, gate))
    cursor = cursor_now(place)
    reaper = place.reaper_pid(run)
    place.kill_service()
    gate.open()
    Watched(reaper).ends_within(5)
    first = until_final(place.client.events(cursor), run)
    assert [frame.run.id for frame in first] == [run.id] * len(first)
    assert first[-1].run.state is RunState.COMPLETED
    # Told once: whoever has seen it is not told again.
    place.kill_service()
    after = place.client.events(first[-1].cursor)
    assert isinstance(next(after), QueueFrame)
    assert place.client.get(old.id) == old


def test_a_deletion_is_told_to_who_comes_back(place: Place) -> None:
    run = place.completed(place.submit("print('here')"))
    cursor = cursor_now(place)
    place.client.delete(run.id)
    place.kill_service()
    frame = next(place.client.events(cursor))
    assert isinstance(frame, DeletedFrame)
    assert frame.run_id == run.id


def test_a_workspace_whose_database_was_lost_tells_listeners_to_look_anew(place: Place) -> None:
    run = place.completed(place.submit("print('here')"))
    cursor = cursor_now(place)
    service = Watched(place.service_pid)
    place.client.shutdown()
    service.wait()
    for path in place.directory.glob("store.sqlite*"):
        path.unlink()
    frame = next(place.client.events(cursor))
    assert isinstance(frame, ResetFrame)
    assert place.client.get(run.id).state is RunState.COMPLETED


def test_a_listener_that_does_not_read_costs_the_service_no_memory(place: Place) -> None:
    run = place.completed(place.submit("print('here')"))
    place.client.tag(run.id, {str(number): "x" * 10_000 for number in range(40)})
    endpoint = workspaces.endpoint(place.directory)
    assert endpoint is not None
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(endpoint.socket)
        connection.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(1)
        place.client.tag(run.id, {"n": "before"})
        before = rss_bytes(place.service_pid)
        for number in range(200):  # 400 kB each
            place.client.tag(run.id, {"n": str(number)})
        assert rss_bytes(place.service_pid) - before < 20_000_000


# Again


def test_a_run_is_made_again_after_a_restart_with_the_values_of_its_cell(place: Place) -> None:
    first = place.completed(place.submit("import sys; print(sys.argv[1])", "one"))
    place.kill_service()
    second = place.client.again(first.id)
    third = place.client.again(first.id, AgainRequest(arguments=("two",), name="other"))
    assert place.output(place.completed(second)) == b"one\n"
    assert place.output(place.completed(third)) == b"two\n"
    assert second.properties == third.properties == {"again_of": first.id}


# Leaving


def test_a_service_stays_as_long_as_somebody_listens(make_place: MakePlace) -> None:
    place = make_place(idle_timeout_s=0.1)
    events = place.client.events()
    next(events)
    service = Watched(place.service_pid)
    assert not service.ends_within(1.3)  # more than one look
    events.close()  # type: ignore[attr-defined]
    service.wait()


def test_a_service_that_leaves_with_nothing_to_do_leaves_nothing_unfinished(
    make_place: MakePlace,
) -> None:
    place = make_place(idle_timeout_s=0.1)
    assert not workspaces.unfinished(place.directory)  # never served
    place.completed(place.submit("print('here')"))
    service = Watched(place.service_pid)
    place.client.close()
    service.wait()
    assert not (place.directory / "service.json").exists()
    assert not workspaces.unfinished(place.directory)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_runs_left_to_go_on_are_unfinished_business(place: Place, how: signal.Signals) -> None:
    gate = place.gate()
    run = place.running(place.submit(WAITS, gate))
    assert not workspaces.unfinished(place.directory)  # it is served
    service = Watched(place.service_pid)
    os.kill(service.pid, how)
    service.wait()
    assert workspaces.unfinished(place.directory)
    gate.open()
    place.completed(run)
    assert not workspaces.unfinished(place.directory)


def test_a_queue_that_a_power_cut_stopped_is_unfinished_business(place: Place) -> None:
    cpus = place.client.computes()[0].capacity.cpus
    place.submit(WAITS, place.gate(), resources=Resources(cpus=cpus))
    waiting = place.submit("print('my turn')", resources=Resources(cpus=cpus))
    kill(*place.everything())
    (place.directory / "service.json").write_bytes(b"")  # torn
    assert workspaces.unfinished(place.directory)
    assert place.output(place.completed(waiting)) == b"my turn\n"


def test_a_workspace_that_is_no_more_has_nothing_unfinished(tmp_path: Path) -> None:
    assert not workspaces.unfinished(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    assert not workspaces.unfinished(tmp_path / "file")
