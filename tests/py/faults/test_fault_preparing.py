"""A service that is killed while it makes an environment: nothing half made, nothing forgotten."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fault_builders import Place
from waiting import wait_until_gone

from jupyter_mltrain.spec import BuildState, EnvironmentSpec, PackagesSpec, Run, RunState

pytestmark = pytest.mark.slow


class Index:
    """A package index that takes questions and never answers."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._asked: list[socket.socket] = []

    def environment(self) -> EnvironmentSpec:
        """One whose build waits for an answer."""
        option = f"--index-url http://127.0.0.1:{self._server.getsockname()[1]}/simple"
        return EnvironmentSpec(name="waits", packages=PackagesSpec(pip=(option, "anything")))

    def asked(self) -> None:
        """Wait until a build asks."""
        self._asked.append(self._server.accept()[0])

    def close(self) -> None:
        for each in (*self._asked, self._server):
            each.close()


@pytest.fixture
def index() -> Iterator[Index]:
    with closing(Index()) as made:
        yield made


def following(place: Place, run: Run, sentence: str) -> Run:
    """The run, once its reason says so."""
    for item in place.client.follow(run.id):
        if isinstance(item, Run) and sentence in item.reason:
            return item
    raise AssertionError(f"{run.label} never said {sentence!r}")


def test_a_run_whose_service_is_killed_while_it_is_prepared_is_prepared_by_the_next(
    place: Place, index: Index
) -> None:
    run = place.submit("print(1)", environment=index.environment())
    index.asked()
    (first,) = place.client.builds()
    place.kill_service()
    assert place.client.get(run.id).state is RunState.PREPARING
    index.asked()
    second, again = place.client.builds()
    assert (again.id, again.state) == (first.id, BuildState.CANCELED)
    assert again.reason == "cancelled: the service ended while it was built"
    assert second.state is BuildState.BUILDING
    place.client.cancel(run.id)
    assert place.ended(run).state is RunState.CANCELED


def test_what_a_killed_service_had_half_made_is_deleted_and_its_log_is_kept(
    place: Place, index: Index
) -> None:
    place.submit("print(1)", environment=index.environment())
    index.asked()
    (build,) = place.client.builds()
    folder = place.directory / "environments" / build.id
    assert (folder / "made").exists()
    place.kill_service()
    log = b"".join(place.client.read_build_log(build.id))
    assert b"Step 1 of " in log
    second = place.service_pid
    place.client.shutdown()
    wait_until_gone(second)  # by then it has done what a service does when it begins
    assert not (folder / "made").exists()


def test_a_cancelled_run_leaves_no_build_and_no_process_of_it(place: Place, index: Index) -> None:
    run = place.submit("print(1)", environment=index.environment())
    index.asked()
    following(place, run, "step")
    place.client.cancel(run.id)
    assert place.ended(run).state is RunState.CANCELED
    (build,) = place.client.builds()
    for item in place.client.follow_build(build.id):
        last: Any = item
    assert last.state is BuildState.CANCELED
    left = list((place.directory / "environments" / build.id).iterdir())
    assert [path.name for path in left] == ["build.log"]
