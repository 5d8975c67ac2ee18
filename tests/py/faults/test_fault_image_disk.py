"""Environments on a full disk, without a network, and with an engine that stops."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest
from engines import BASE, PYTHON, own_engine
from fault_builders import MakePlace, Place
from registries import a_client
from test_fault_disk import fill, full  # noqa: F401 - a fixture
from wheels import a_wheel

from jupyter_mltrain.spec import (
    BuildState,
    EnvironmentSpec,
    ImageSpec,
    PackagesSpec,
    Run,
    RunState,
)

pytestmark = [pytest.mark.slow, pytest.mark.root]

IN_IMAGE = EnvironmentSpec(name="base", interpreter=PYTHON, image=ImageSpec(image=BASE))


def failed(place: Place, run: Run) -> str:
    ended = place.ended(run)
    assert ended.state is RunState.FAILED
    return ended.reason


def test_a_disk_that_is_full_while_packages_are_installed_is_said_and_freed(
    full: Place,  # noqa: F811
    disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheels = a_wheel(full.root / "wheels", "large", size_bytes=60_000_000).parent
    monkeypatch.setenv("UV_CACHE_DIR", str(full.root / "uv-cache"))
    packages = PackagesSpec(pip=("--no-index", f"--find-links {wheels}", "large"))
    run = full.submit("print(1)", environment=EnvironmentSpec(name="large", packages=packages))
    assert failed(full, run).startswith("No room left on the disk of ")
    (build,) = full.client.builds()
    assert build.state is BuildState.FAILED
    folder = full.directory / "environments" / build.id
    assert [path.name for path in folder.iterdir()] == ["build.log"]
    full.completed(full.submit("print('room again')"))


def test_a_build_whose_log_fills_the_disk_fails_saying_so(
    full: Place,  # noqa: F811
    base_image: str,
) -> None:
    text = f"FROM {base_image}\nRUN yes {'x' * 100} | head -c 60000000\n"
    environment = EnvironmentSpec(name="loud", image=ImageSpec(dockerfile=text))
    run = full.submit("print(1)", environment=environment)
    assert "No space left" in failed(full, run)
    full.client.delete(run.id)
    full.completed(full.submit("print('room again')"))
    identity = full.client.status().workspace_id
    with a_client() as client:
        mine = {"label": f"mltrain.workspace={identity}"}
        assert [*client.containers(all=True, filters=mine), *client.images(filters=mine)] == []


def test_a_container_that_exits_well_on_a_full_disk_is_completed(
    full: Place,  # noqa: F811
    disk: Path,
    base_image: str,
) -> None:
    script = "import os, time\nprint('one', flush=True)\nwhile not os.path.exists('go'):\n"
    run = full.submit(f"{script}    time.sleep(0.02)", environment=IN_IMAGE)
    next(full.lines(run))
    go = full.run_dir(run) / "work" / "go"
    go.with_suffix(".new").touch()
    ballast = fill(disk)
    go.with_suffix(".new").rename(go)
    assert full.ended(run).state is RunState.COMPLETED
    ballast.unlink()
    full.kill_service()
    assert full.client.get(run.id).state is RunState.COMPLETED


def test_packages_that_are_not_there_without_a_network_are_said(
    make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_OFFLINE", "1")
    place = make_place()
    monkeypatch.setenv("UV_CACHE_DIR", str(place.root / "uv-cache"))
    environment = EnvironmentSpec(name="away", packages=PackagesSpec(pip=("idna",)))
    assert failed(place, place.submit("print(1)", environment=environment)) == (
        "Package `idna` is not in uv's cache, and uv is to do without the network. Unset "
        "UV_OFFLINE, or take `offline` out of uv's configuration."
    )


def test_an_engine_that_is_stopped_in_the_middle_of_a_build_is_said(make_place: MakePlace) -> None:
    with own_engine() as engine:
        place = make_place(engine_url=engine.url)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            image = f"127.0.0.1:{silent.getsockname()[1]}/tool:1"
            environment = EnvironmentSpec(name="cut", image=ImageSpec(image=image))
            run = place.submit("print(1)", environment=environment)
            with closing(place.client.follow(run.id)) as records:
                while f"pull {image}" not in getattr(next(records), "reason", ""):
                    pass
            engine.stop()
            assert " does not run. Start it" in failed(place, run)
            engine.start()
