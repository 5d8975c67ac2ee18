"""Images from a real private registry, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import BASE
from images_made import Workshop, a_dockerfile, an_image, everything_of, said_in
from loops import in_loop
from registries import PASSWORD, USER, Registry, a_client, forget

from jupyter_mltrain.engine import _THREADS, Engine
from jupyter_mltrain.engine.pulling import Progress, refusal
from jupyter_mltrain.environments.image import ImageBuilder
from jupyter_mltrain.errors import DiskFull, EnvironmentFailed
from jupyter_mltrain.spec import EnvironmentSpec


@pytest.fixture(scope="module")
def tool(registry: Registry) -> Iterator[str]:
    """Reference of an image that only the registry has."""
    reference = registry.push("team/tool:1.0")
    yield reference
    forget(reference)


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's own configuration, empty at first."""
    folder = tmp_path / "docker-config"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _not_here(tool: str) -> None:
    forget(tool)


def of_ann(registry: Registry, image: str = "team/tool:1.0") -> EnvironmentSpec:
    return an_image(image, registry=registry.address, username=USER)


async def failure(workshop: Workshop, spec: EnvironmentSpec) -> str:
    with pytest.raises(EnvironmentFailed) as caught:
        await workshop.make(spec)
    assert PASSWORD not in caught.value.message
    return caught.value.message


@in_loop
async def test_an_image_is_pulled_with_the_password_that_was_kept(
    workshop: Workshop, registry: Registry, tool: str
) -> None:
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    made = await workshop.make(of_ann(registry))
    assert made.image is not None
    assert said_in(made.image, "/bin/echo", "here") == "here"


@in_loop
async def test_a_full_name_and_an_address_are_the_same_image(
    workshop: Workshop, registry: Registry, tool: str
) -> None:
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    by_parts = await workshop.make(of_ann(registry))
    by_name = await workshop.make(an_image(tool, registry=registry.address, username=USER))
    assert by_parts.image == by_name.image


@in_loop
async def test_its_digest_in_the_registry_identifies_it(
    workshop: Workshop, registry: Registry, tool: str
) -> None:
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    made = await workshop.make(of_ann(registry))
    with a_client() as client:
        digests = client.inspect_image(tool)["RepoDigests"]
    assert f"{registry.address}/team/tool@{made.base}" in digests


@in_loop
async def test_a_local_image_is_not_pulled_again(
    workshop: Workshop, registry: Registry, tool: str
) -> None:
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    await workshop.make(of_ann(registry))
    site = workshop.site()
    await workshop.make(of_ann(registry), site)
    assert f"pull {tool}" in site.cached


@in_loop
async def test_a_fresh_look_follows_a_tag_that_moved(
    workshop: Workshop, registry: Registry
) -> None:
    moving = registry.push("team/moving:1")
    repository = moving.rpartition(":")[0]
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    first = await workshop.make(of_ann(registry, "team/moving:1"))
    other = await workshop.make(a_dockerfile("RUN echo other > /which"))
    registry.push("team/moving:1", str(other.image))
    with a_client() as client:
        # The engine has what the tag stood for before.
        login = {"username": USER, "password": PASSWORD}
        client.pull(f"{repository}@{first.base}", auth_config=login)
        client.tag(str(first.image), repository, "1")
    again = await workshop.make(of_ann(registry, "team/moving:1"))
    fresh = await workshop.make(of_ann(registry, "team/moving:1"), fresh=True)
    forget(moving)
    assert (again.image, fresh.image) == (first.image, other.image)


@in_loop
async def test_a_build_takes_the_image_that_was_identified(
    workshop: Workshop, registry: Registry
) -> None:
    moving = registry.push("team/pinned:1")
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    site = workshop.site()
    spec = of_ann(registry, "team/pinned:1")
    site.identity = await workshop.builder.identify(spec, site, fresh=False)
    other = await workshop.make(a_dockerfile("RUN echo another > /which"))
    forget(moving)
    registry.push("team/pinned:1", str(other.image))
    made = await workshop.builder.build(spec, site)
    with a_client() as client:
        assert made.image == client.inspect_image(BASE)["Id"]
    forget(moving)


@in_loop
async def test_an_image_that_no_registry_has_stays_with_a_fresh_look(workshop: Workshop) -> None:
    made = await workshop.make(an_image(), fresh=True)
    with a_client() as client:
        assert made.image == client.inspect_image(BASE)["Id"]


@in_loop
async def test_dockers_own_configuration_is_used(
    workshop: Workshop, tool: str, registry: Registry, docker_config: Path
) -> None:
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    config = {"auths": {registry.address: {"auth": login}}}
    (docker_config / "config.json").write_text(json.dumps(config))
    made = await workshop.make(an_image(tool))
    assert made.image is not None


@in_loop
async def test_a_credential_helper_is_used(
    workshop: Workshop,
    tool: str,
    registry: Registry,
    docker_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _a_helper(tmp_path, f'echo \'{{"Username": "{USER}", "Secret": "{PASSWORD}"}}\'')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    config = {"credHelpers": {registry.address: "tests"}}
    (docker_config / "config.json").write_text(json.dumps(config))
    made = await workshop.make(an_image(tool))
    assert made.image is not None


@in_loop
async def test_a_credential_helper_that_fails_is_named(
    workshop: Workshop,
    tool: str,
    registry: Registry,
    docker_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _a_helper(tmp_path, "echo locked; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    config = {"credHelpers": {registry.address: "tests"}}
    (docker_config / "config.json").write_text(json.dumps(config))
    message = await failure(workshop, an_image(tool))
    assert message.startswith(f"Docker's credential helper for {registry.address} fails")


def _a_helper(folder: Path, command: str) -> None:
    helper = folder / "docker-credential-tests"
    helper.write_text(f"#!/bin/sh\ncat > /dev/null\n{command}\n")
    helper.chmod(0o755)


@in_loop
async def test_a_wrong_password_is_said(workshop: Workshop, registry: Registry, tool: str) -> None:
    workshop.credentials.keep(registry.address, USER, "wrong-password")
    message = await failure(workshop, of_ann(registry))
    assert message == (
        f"The registry {registry.address} refuses user '{USER}' for image `{tool}`: wrong "
        "password, or no right to it. Set the password again."
    )


@in_loop
async def test_a_password_that_was_never_kept_is_said(
    workshop: Workshop, registry: Registry
) -> None:
    message = await failure(workshop, of_ann(registry))
    assert f"no password for user '{USER}' of the registry {registry.address}" in message


@in_loop
async def test_a_registry_that_wants_a_user_says_so(workshop: Workshop, tool: str) -> None:
    message = await failure(workshop, an_image(tool))
    assert "wants a user and a password" in message


@in_loop
async def test_a_wrong_tag_comes_with_near_ones_of_the_engine(
    workshop: Workshop, registry: Registry, tool: str
) -> None:
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    await workshop.make(of_ann(registry))
    message = await failure(workshop, of_ann(registry, "team/tool:1.1"))
    # Other tests may have images of such a name on the same engine: the nearest comes first.
    assert message.startswith(
        f"Image `{registry.address}/team/tool:1.1` is not on this engine and the registry "
        f"doesn't have it. Did you mean `{tool}`"
    )


@in_loop
async def test_a_registry_that_does_not_answer_is_said(workshop: Workshop) -> None:
    message = await failure(workshop, an_image("127.0.0.1:9/tool:1"))
    assert "the registry 127.0.0.1:9 cannot be reached: " in message
    assert "connection refused" in message


@in_loop
async def test_a_registry_that_there_is_not_is_said(workshop: Workshop) -> None:
    message = await failure(workshop, an_image("registry.invalid/tool:1"))
    assert "the registry registry.invalid cannot be reached" in message


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("Tool", "names of images have no capital letters. Write tool."),
        ("tool:a b", "its tag holds more than letters, digits, _ . and -."),
        ("https://registry.example/tool", "it has a scheme."),
        ("tool@sha256:12", "its digest is not sha256: and 64 hexadecimal digits."),
        ("to_ol//x", "it holds more than small letters"),
    ],
)
@in_loop
async def test_a_name_that_is_none_is_said(workshop: Workshop, image: str, why: str) -> None:
    assert why in await failure(workshop, an_image(image))


def test_a_full_disk_is_said(engine: Engine) -> None:
    problem = "failed to register layer: write /usr/lib/x: no space left on device"
    error = refusal(engine.connected(), "tool:1", problem, None)
    assert isinstance(error, DiskFull)
    assert "docker system prune" in str(error)


@in_loop
async def test_a_password_is_nowhere_but_where_it_is_kept(
    workshop: Workshop, registry: Registry, tool: str, tmp_path: Path
) -> None:
    workshop.credentials.keep(registry.address, USER, PASSWORD)
    site = workshop.site()
    spec = a_dockerfile(f"FROM {tool}", "RUN true", registry=registry.address, username=USER)
    made = await workshop.make(spec, site)
    assert made.image is not None
    assert PASSWORD.encode() not in everything_of(made.image)
    assert PASSWORD not in f"{site} {made} {workshop.credentials!r}"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    holding = [path.name for path in files if PASSWORD.encode() in path.read_bytes()]
    assert holding == ["credentials.json"]


@in_loop
async def test_a_compute_target_without_an_engine_says_so(workshop: Workshop) -> None:
    builder = ImageBuilder({}, workshop.credentials)
    with pytest.raises(Exception, match="has no Docker Engine"):
        await builder.identify(an_image(), workshop.site(), fresh=False)


def test_progress_is_said_twice_a_second_at_most() -> None:
    lines: list[str] = []
    now = [0.0]
    progress = Progress(lines.append, lambda: now[0])
    for step in range(100):
        now[0] = step / 50
        detail = {"current": step * 1_000_000, "total": 100_000_000}
        progress.heard({"status": "Downloading", "id": "a", "progressDetail": detail})
    assert lines == [
        *("25 MB of 100 MB in 1 layer\n", "50 MB of 100 MB in 1 layer\n"),
        "75 MB of 100 MB in 1 layer\n",
    ]


def test_the_end_of_a_download_is_said_once() -> None:
    lines: list[str] = []
    progress = Progress(lines.append, lambda: 0.0)
    for layer in ("a", "b"):
        detail = {"current": 1, "total": 1_000_000}
        progress.heard({"status": "Downloading", "id": layer, "progressDetail": detail})
    for layer in ("a", "b"):
        progress.heard({"status": "Download complete", "id": layer})
    assert lines == ["2 MB of 2 MB in 2 layers\n"]


@in_loop
async def test_a_cancelled_pull_waits_for_no_registry(workshop: Workshop, engine: Engine) -> None:
    asked, done, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await done.wait()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with await asyncio.start_server(answer_late, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        pulling = asyncio.ensure_future(workshop.make(an_image(f"127.0.0.1:{port}/tool:1")))
        await asked.wait()
        pulling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pulling
        server.close()
        done.set()
        await closed.wait()
    # The thread that asked is free again when the engine has given up too.
    all_free = threading.Barrier(_THREADS)
    await asyncio.gather(*(engine.in_thread(all_free.wait) for _ in range(_THREADS)))
