"""Docker Engines as compute targets: attached, found again, unreachable, removed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from definition_builders import a_definition, an_image
from loops import in_loop
from msgspec.structs import replace
from service_builders import NOON
from service_rig import Rig

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.environments import definition
from jupyter_mltrain.errors import ComputeTargetError, ComputeUnavailable, InvalidSpec, WrongState
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.spec import Build, BuildState, ComputeStatus, RunState
from jupyter_mltrain.store.computes import ComputeStore
from jupyter_mltrain.wire import AttachRequest

SOCKET = Path("/var/run/docker.sock")
URL = f"unix://{SOCKET}"


@pytest.fixture
def door(engine: Engine, tmp_path: Path) -> Path:
    """A way to the engine that a test can close, by taking the link away."""
    link = tmp_path / "door.sock"
    link.symlink_to(SOCKET)
    return link


def a_request(door: Path, **given: object) -> AttachRequest:
    return AttachRequest(name="box", url=f"unix://{door}", **given)  # type: ignore[arg-type]


def listed(rig: Rig) -> dict[str, ComputeStatus]:
    return {each.name: each for each in rig.attached.all(rig.verbs.computes())}


@in_loop
async def test_an_attached_engine_has_what_its_machine_has(rig: Rig, door: Path) -> None:
    async with rig:
        box = await rig.attached.attach(a_request(door))
        info = await rig.engines["box"].call(lambda client: client.info())
        assert (box.capacity.cpus, box.capacity.memory_bytes) == (info["NCPU"], info["MemTotal"])
        assert (box.name, box.url, box.unreachable) == ("box", f"unix://{door}", None)


@in_loop
async def test_an_engine_is_attached_over_ssh(rig: Rig, ssh_engine: str) -> None:
    async with rig:
        box = await rig.attached.attach(AttachRequest(name="box", url=ssh_engine))
        assert (box.url, box.capacity.cpus > 0) == ("ssh://localhost", True)


@in_loop
async def test_a_machine_that_ssh_does_not_reach_is_refused_in_a_sentence(
    rig: Rig, ssh_engine: str
) -> None:
    async with rig:
        with pytest.raises(ComputeUnavailable, match=r"nobody\.invalid cannot be reached"):
            await rig.attached.attach(AttachRequest(name="box", url="ssh://nobody.invalid"))


@in_loop
async def test_runs_hold_together_what_was_said(rig: Rig, door: Path) -> None:
    async with rig:
        request = a_request(door, cpus=1, memory_bytes=1_000_000_000, gpus=2)
        box = await rig.attached.attach(request)
        assert (box.capacity.cpus, box.capacity.memory_bytes) == (1, 1_000_000_000)
        assert [each.index for each in box.capacity.gpus] == [0, 1]
        assert rig.supervisor.queue.ledgers["box"].capacity == box.capacity


@in_loop
async def test_attaching_the_same_again_changes_nothing(rig: Rig, door: Path) -> None:
    async with rig:
        first = await rig.attached.attach(a_request(door))
        engine = rig.engines["box"]
        assert await rig.attached.attach(a_request(door)) == first
        assert rig.engines["box"] is engine


@in_loop
async def test_two_that_attach_one_name_at_once_get_one(rig: Rig, door: Path) -> None:
    async with rig:
        both = await asyncio.gather(*2 * [rig.attached.attach(a_request(door))])
        assert both[0] == both[1]


@in_loop
async def test_a_name_that_is_taken_is_refused(rig: Rig, door: Path) -> None:
    async with rig:
        await rig.attached.attach(a_request(door))
        with pytest.raises(WrongState, match="There is a compute target 'box' already"):
            await rig.attached.attach(a_request(door, cpus=1))


@in_loop
async def test_this_machine_is_no_engine_to_attach(rig: Rig) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match="'local' is the compute target of this machine"):
            await rig.attached.attach(AttachRequest(name="local", url=URL))


@pytest.mark.parametrize("name", ["", "a b", "../x", "-a", "x" * 101])
@in_loop
async def test_what_cannot_be_a_name_is_refused(rig: Rig, name: str) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match="cannot name a compute target"):
            await rig.attached.attach(AttachRequest(name=name, url=URL))


@pytest.mark.parametrize(
    "url",
    [
        *("", "box", "unix://", "unix://relative", "ssh://", "tcp://", "tcp://box:port"),
        *("http://box", "file:///var/run/docker.sock", "ssh://[", "tcp://box:99999"),
    ],
)
@in_loop
async def test_what_is_no_url_of_an_engine_is_refused_with_examples(rig: Rig, url: str) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match=r"is not the URL of an engine\. It looks like unix:"):
            await rig.attached.attach(AttachRequest(name="box", url=url))


@pytest.mark.parametrize(
    "url", ["ssh://me:planted@box", "tcp://me:planted@box:x", "http://me:planted@box"]
)
@in_loop
async def test_a_password_in_a_url_is_refused_and_not_repeated(rig: Rig, url: str) -> None:
    async with rig:
        with pytest.raises(InvalidSpec) as refused:
            await rig.attached.attach(AttachRequest(name="box", url=url))
        assert "planted" not in refused.value.message


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"cpus": 0}, "cannot share 0 CPUs"),
        ({"memory_bytes": -1}, "cannot share -1 bytes"),
        ({"gpus": -1}, "cannot have -1 GPUs"),
        ({"cpus": 100_000}, "CPUs. Give at most that"),
        ({"memory_bytes": 10**18}, "of memory. Give at most that"),
    ],
    ids=str,
)
@in_loop
async def test_what_an_engine_cannot_give_is_refused(
    rig: Rig, door: Path, limits: dict[str, int], said: str
) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match=said):
            await rig.attached.attach(a_request(door, **limits))
        assert set(listed(rig)) == {"local"}


@in_loop
async def test_an_engine_that_does_not_run_is_not_attached(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        with pytest.raises(ComputeUnavailable, match="does not run"):
            await rig.attached.attach(a_request(tmp_path / "nobody.sock"))
        assert (set(listed(rig)), rig.engines) == ({"local"}, {})


@in_loop
async def test_what_was_attached_is_there_for_the_next_service(rig: Rig, door: Path) -> None:
    async with rig:
        box = await rig.attached.attach(a_request(door, cpus=1))
    async with rig:
        assert listed(rig)["box"] == box


@in_loop
async def test_an_engine_that_is_gone_is_listed_with_the_capacity_it_had_and_why(
    rig: Rig, door: Path
) -> None:
    async with rig:
        before = await rig.attached.attach(a_request(door))
    door.unlink()
    async with rig:
        assert listed(rig)["box"].capacity == before.capacity
        await rig.attached.looked()
        box = listed(rig)["box"]
        assert box.capacity == before.capacity
        assert "does not run" in (box.unreachable or "")


@in_loop
async def test_an_engine_that_comes_back_is_told_to_who_listens(rig: Rig, door: Path) -> None:
    async with rig:
        await rig.attached.attach(a_request(door))
    door.unlink()
    async with rig:
        listed(rig)
        await rig.attached.looked()
        door.symlink_to(SOCKET)
        changed = asyncio.Event()
        with rig.hub.listen(changed, Hub.ENVIRONMENTS):
            rig.clock.advance(11)
            listed(rig)
            await rig.attached.looked()
            assert changed.is_set()
        assert listed(rig)["box"].unreachable is None


@in_loop
async def test_engines_are_not_asked_at_every_look(rig: Rig, door: Path) -> None:
    async with rig:
        await rig.attached.attach(a_request(door))
        listed(rig)
        await rig.attached.looked()
        door.unlink()
        listed(rig)
        await rig.attached.looked()
        assert listed(rig)["box"].unreachable is None


@in_loop
async def test_a_machine_that_has_grown_gives_more(rig: Rig, door: Path) -> None:
    async with rig:
        box = await rig.attached.attach(a_request(door))
        (kept,) = ComputeStore(rig.database).all()
        smaller = replace(kept.capacity, memory_bytes=1_000_000)
        ComputeStore(rig.database).keep(replace(kept, capacity=smaller))
    async with rig:
        assert listed(rig)["box"].capacity == smaller
        await rig.attached.looked()
        assert listed(rig)["box"].capacity == box.capacity
    async with rig:
        assert listed(rig)["box"].capacity == box.capacity


@in_loop
async def test_a_removed_engine_is_forgotten(rig: Rig, door: Path) -> None:
    async with rig:
        await rig.attached.attach(a_request(door))
        assert (await rig.attached.detach("box")).url == f"unix://{door}"
        assert set(listed(rig)) == {"local"}
        with pytest.raises(ComputeTargetError, match="No compute target 'box'"):
            await rig.submit(compute="box")
    async with rig:
        assert set(listed(rig)) == {"local"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("local", "is this machine"), ("other", "No compute target 'other'. There is 'local'.")],
)
@in_loop
async def test_only_what_was_attached_can_be_removed(rig: Rig, name: str, said: str) -> None:
    async with rig:
        with pytest.raises(ComputeTargetError, match=said):
            await rig.attached.detach(name)


@in_loop
async def test_an_engine_is_not_removed_under_its_runs(rig: Rig, door: Path) -> None:
    async with rig:
        await rig.attached.attach(a_request(door))
        run = await rig.submit(compute="box", environment=an_image())
        with pytest.raises(WrongState, match=f"1 run on 'box' has not ended: {run.label}"):
            await rig.attached.detach("box")
        await rig.exit(await rig.until(run, RunState.RUNNING))
        await rig.attached.detach("box")


@in_loop
async def test_an_engine_is_not_removed_under_its_builds(rig: Rig, door: Path) -> None:
    spec = a_definition()
    build = Build(
        id="b1",
        hash="",
        name="mine",
        compute="box",
        state=BuildState.BUILDING,
        created_at=NOON,
        spec=spec,
    )
    async with rig:
        await rig.attached.attach(a_request(door))
        rig.builds.insert(build, definition.key(spec))
        with pytest.raises(WrongState, match="'mine' is being built on 'box'"):
            await rig.attached.detach("box")
