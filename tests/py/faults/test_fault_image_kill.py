"""A service that is killed at each moment of an image environment and of the run in it."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from engines import BASE
from fault_builders import PATIENCE_S, Place
from registries import PASSWORD, USER, Registry, a_client, forget, registry  # noqa: F401
from wheels import a_wheel

from jupyter_mltrain.client import LogChunk
from jupyter_mltrain.spec import (
    BuildState,
    EnvironmentSpec,
    ImageSpec,
    PackagesSpec,
    Run,
    RunState,
)

pytestmark = pytest.mark.slow

ONCE = """\
import os, lorem
print("once", flush=True)
os.makedirs("outputs", exist_ok=True)
with open("outputs/times", "a") as file:
    file.write("once\\n")
"""

CACHE = "mltrain-packages"
"""The volume that builds on an engine share, and that stays."""

ANONYMOUS = re.compile(r"[0-9a-f]{64}")


class Traces:
    """What the engine has, and had, of one workspace."""

    def __init__(self, place: Place) -> None:
        self.label = f"mltrain.workspace={place.client.status().workspace_id}"
        self._since = time.time()

    @contextmanager
    def events(self) -> Iterator[Iterator[dict[str, Any]]]:
        """What the engine does with containers of the workspace from now on."""
        with a_client() as client:
            events = client.events(decode=True, filters={"label": self.label, "type": "container"})
            try:
                yield events
            finally:
                events.close()

    def containers(self) -> list[str]:
        with a_client() as client:
            return [
                each["Names"][0]
                for each in client.containers(all=True, filters={"label": self.label})
            ]

    def images(self) -> list[str]:
        """The names of each image."""
        with a_client() as client:
            return [
                " ".join(each["RepoTags"] or ("unnamed",))
                for each in client.images(filters={"label": self.label})
            ]

    def volumes(self) -> list[str]:
        """Those without a name that came since, and that no container has."""
        with a_client() as client:
            came = {
                event["Actor"]["ID"]
                for event in client.events(
                    since=self._since,
                    until=time.time(),
                    decode=True,
                    filters={"type": "volume", "event": "create"},
                )
            }
            found = client.volumes(filters={"dangling": True})["Volumes"] or ()
        names = {str(each["Name"]) for each in found}
        return sorted(name for name in names & came if ANONYMOUS.fullmatch(name))

    def remove(self) -> None:
        with a_client() as client:
            for each in client.images(filters={"label": self.label}):
                client.remove_image(each["Id"], force=True)


@pytest.fixture(autouse=True)
def patience(patience: None) -> None:
    """Twice as long as elsewhere: most of these build an image two times."""
    signal.setitimer(signal.ITIMER_REAL, 2 * PATIENCE_S)


@pytest.fixture
def traces(place: Place, base_image: str) -> Iterator[Traces]:
    found = Traces(place)
    yield found
    found.remove()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_wheel(tmp_path_factory.mktemp("wheels"), "lorem").parent


def packages(wheels: Path) -> PackagesSpec:
    return PackagesSpec(pip=("--no-index", f"--find-links {wheels}", "lorem"))


def layered(wheels: Path) -> EnvironmentSpec:
    return EnvironmentSpec(
        name="layered", image=ImageSpec(image=BASE), packages=packages(wheels), interpreter="python"
    )


def until_gone(what: Any) -> list[str]:
    """What is still there; containers are removed a moment after the end, when nobody waits."""
    until = time.monotonic() + 10
    while what() and time.monotonic() < until:
        time.sleep(0.05)
    found: list[str] = what()
    return found


def check_it_is_as_if_nothing_had_been(place: Place, run: Run, traces: Traces) -> None:
    """The run ended once, in what was built whole; nothing else is left, and then nothing."""
    place.completed(run)
    assert place.output(run) == b"once\n"
    assert place.output(run, "outputs/times") == b"once\n"
    assert until_gone(traces.containers) == []
    built = [each for each in place.client.builds() if each.state is BuildState.BUILT]
    assert [each.state for each in place.client.builds() if each not in built] in (
        [],
        [BuildState.CANCELED],
    )
    (build,) = built
    assert build.built is not None
    assert place.client.get(run.id).environment == build.built
    (name,) = traces.images()
    assert name.startswith("mltrain/")
    assert name.endswith(build.id.rpartition("-")[2])
    assert traces.volumes() == []
    place.client.delete_build(build.id)
    assert traces.images() == []


@dataclass(frozen=True)
class Moment:
    """When a container of the workspace has that happen to it for so many times."""

    kind: str
    """"build" or "run"."""
    action: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.kind}-{self.action}-{self.nth}"

    def wait(self, events: Iterator[dict[str, Any]]) -> None:
        seen = 0
        for event in events:
            is_it = f"mltrain.{self.kind}" in event["Actor"]["Attributes"]
            if is_it and event["Action"].partition(":")[0] == self.action:
                seen += 1
                if seen == self.nth:
                    return


MOMENTS = (
    Moment("build", "create", 1),  # the look into the image
    Moment("build", "create", 2),  # the container that packages are put into
    Moment("build", "exec_start", 3),  # resolving
    Moment("build", "exec_start", 5),  # installing
    Moment("run", "create"),
    Moment("run", "start"),
    Moment("run", "die"),
    Moment("run", "destroy"),
)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_the_next_service_carries_on_from(
    place: Place, traces: Traces, wheels: Path, moment: Moment
) -> None:
    with traces.events() as events:
        run = place.submit(ONCE, environment=layered(wheels))
        moment.wait(events)
        place.kill_service()
    check_it_is_as_if_nothing_had_been(place, run, traces)


def test_an_image_that_was_made_and_not_noted_is_made_again_and_does_not_stay(
    place: Place, traces: Traces, wheels: Path
) -> None:
    with traces.events() as events:
        run = place.submit(ONCE, environment=layered(wheels))
        Moment("build", "exec_start", 5).wait(events)
        place.kill_service()
    with a_client() as client:
        # What the engine does when it had been asked to just before the kill.
        (bench,) = client.containers(filters={"label": traces.label})
        client.commit(bench["Id"], pause=False)
    check_it_is_as_if_nothing_had_been(place, run, traces)


def test_the_next_service_carries_on_from_a_dockerfile(
    place: Place, traces: Traces, wheels: Path
) -> None:
    text = f"FROM {BASE}\nRUN echo {traces.label}\nRUN echo begun; sleep 1; touch /whole\n"
    environment = EnvironmentSpec(
        name="described", image=ImageSpec(dockerfile=text), packages=packages(wheels)
    )
    run = place.submit(ONCE + "assert os.path.exists('/whole')", environment=environment)
    (build,) = place.client.builds()
    log = b""
    for item in place.client.follow_build(build.id):
        log += item.data if isinstance(item, LogChunk) else b""
        if b"\nbegun" in log:
            break
    place.kill_service()
    check_it_is_as_if_nothing_had_been(place, run, traces)
    with a_client() as client:
        unnamed = client.images(filters={"dangling": True})
        assert not [each for each in unnamed if traces.label in str(client.history(each["Id"]))]


class Door(ThreadingTCPServer):
    """A way to a registry that is closed at first."""

    def __init__(self, address: str) -> None:
        host, port = address.split(":")
        self.there = (host, int(port))
        self.asked, self.opened = threading.Event(), threading.Event()
        self.ends: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), _Through)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def server_close(self) -> None:
        self.opened.set()
        self.shutdown()
        self._thread.join()
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Through(BaseRequestHandler):
    server: Door

    def handle(self) -> None:
        self.server.asked.set()
        self.server.opened.wait()
        with socket.create_connection(self.server.there) as there:
            self.server.ends += [self.request, there]
            back = threading.Thread(target=self._pass, args=(there, self.request))
            back.start()
            self._pass(self.request, there)
            back.join()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_the_next_service_carries_on_from_a_pull(
    place: Place,
    traces: Traces,
    wheels: Path,
    registry: Registry,  # noqa: F811
) -> None:
    name = registry.push("team/killed:1").partition("/")[2]
    with Door(registry.address) as door:
        place.client.keep_credentials(door.address, USER, PASSWORD)
        image = ImageSpec(image=name, registry=door.address, username=USER)
        environment = EnvironmentSpec(name="pulled", image=image, packages=packages(wheels))
        run = place.submit(ONCE, environment=environment)
        assert door.asked.wait(20)
        place.kill_service()
        door.opened.set()
        check_it_is_as_if_nothing_had_been(place, run, traces)
        forget(f"{door.address}/{name}")


def test_a_cancel_while_the_service_is_killed_in_a_build_leaves_nothing(
    place: Place, traces: Traces, wheels: Path
) -> None:
    with traces.events() as events:
        run = place.submit(ONCE, environment=layered(wheels))
        Moment("build", "exec_start", 3).wait(events)
        place.client.cancel(run.id)
        place.kill_service()
    assert place.ended(run).state is RunState.CANCELED
    assert until_gone(traces.containers) == []
    assert traces.images() == []
    assert traces.volumes() == []
