"""Runs in containers, and services that are killed while they run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from engines import BASE, PYTHON
from fault_builders import Place

from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, Run, RunState

IN_IMAGE = EnvironmentSpec(name="base", interpreter=PYTHON, image=ImageSpec(image=BASE))

WAITS = """\
import os, time
print("one", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
print("two", flush=True)
os.makedirs("outputs", exist_ok=True)
with open("outputs/times", "a") as file:
    file.write("once\\n")
"""


@pytest.fixture
def left(place: Place, engine: Engine) -> Callable[[], list[str]]:
    """Names of the containers that there are of the workspace."""

    def names() -> list[str]:
        identity = json.loads((place.directory / "workspace.json").read_bytes())["id"]
        labels = {"mltrain.workspace": identity}
        return engine.do(lambda client: containers.names(client, labels))

    return names


def let_go(place: Place, run: Run) -> None:
    (place.run_dir(run) / "work" / "go").touch()


def none_is_left(left: Callable[[], list[str]]) -> bool:
    """Whether all are gone; they are removed a moment after the end, when nobody waits."""
    until = time.monotonic() + 10
    while left() and time.monotonic() < until:
        time.sleep(0.05)
    return not left()


@pytest.mark.slow
def test_a_container_outlives_the_service_and_nothing_of_it_is_lost(
    place: Place, left: Callable[[], list[str]]
) -> None:
    run = place.submit(WAITS, environment=IN_IMAGE)
    lines = place.lines(run)
    assert next(lines) == b"one\n"
    place.kill_service()
    let_go(place, run)
    assert list(lines) == [b"two\n"]
    place.completed(run)
    assert place.output(run) == b"one\ntwo\n"
    assert place.output(run, "outputs/times") == b"once\n"
    assert none_is_left(left)


@pytest.mark.slow
def test_a_container_that_ends_while_no_service_is_there_has_its_ending(
    place: Place, left: Callable[[], list[str]]
) -> None:
    run = place.submit(WAITS + "raise SystemExit(7)", environment=IN_IMAGE)
    next(place.lines(run))
    place.kill_service()
    let_go(place, run)
    record = place.run_dir(run) / "control" / "exit.json"
    while not record.read_text().strip():
        time.sleep(0.02)
    ended = place.ended(run)
    assert ended.exit is not None
    assert (ended.state, ended.exit.status) == (RunState.FAILED, 7)
    assert none_is_left(left)


@pytest.mark.slow
def test_a_service_killed_at_any_moment_loses_no_container_and_starts_none_twice(
    place: Place, left: Callable[[], list[str]]
) -> None:
    place.completed(place.submit("", environment=IN_IMAGE))  # the image is looked at once
    runs = []
    for moment in range(8):
        runs.append(place.submit(WAITS, environment=IN_IMAGE))
        time.sleep(0.05 * moment)  # the moment is the point: from accepting to running
        place.kill_service()
        place.client.status()
    for run in runs:
        place.running(run)
        let_go(place, run)
        place.completed(run)
        assert place.output(run, "outputs/times") == b"once\n"
    assert none_is_left(left)


@pytest.mark.slow
def test_a_cancel_survives_the_service_and_leaves_no_container(
    place: Place, left: Callable[[], list[str]]
) -> None:
    text = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
    run = place.submit(text, environment=IN_IMAGE)
    next(place.lines(run))
    place.client.cancel(run.id)
    place.kill_service()
    ended = place.ended(run)
    assert ended.state is RunState.CANCELED
    assert none_is_left(left)


@pytest.mark.slow
def test_a_cut_off_service_leaves_no_container_behind_its_runs(
    place: Place, left: Callable[[], list[str]]
) -> None:
    run = place.submit("print(1)", environment=IN_IMAGE)
    place.completed(run)
    place.kill_service()  # before it has removed the container, or just after
    place.client.status()
    assert none_is_left(left)
