"""Environments that have gone, and services that have: what was made is made, or found, again."""

from __future__ import annotations

import sys
from pathlib import Path

from clock import FakeClock
from compute.fake import World
from fake_builder import image, packages
from loops import in_loop
from msgspec.structs import replace
from preparing_builders import builds, prepared
from service_rig import Rig

from jupyter_mltrain.environments.base import Made
from jupyter_mltrain.errors import EnvironmentGone
from jupyter_mltrain.spec import (
    BuildState,
    RunState,
)


@in_loop
async def test_what_is_gone_when_a_run_starts_is_made_again_from_its_lock(rig: Rig) -> None:
    async with rig:
        await prepared(rig, image())
        rig.compute.gone_once = EnvironmentGone("The image is not there.")
        rig.builder.gone.add(builds(rig)[0].id)
        run = await rig.exit(await rig.running(environment=image()))
        states = [change.state.value for change in rig.verbs.history(run.id)]
        assert states == [
            *("Starting", "Queued", "Preparing"),
            *("Queued", "Starting", "Running", "Completed"),
        ]
        assert rig.builder.sites[1].lock == "a==1\n"
        assert [build.state for build in builds(rig)] == [BuildState.BUILT, BuildState.STALE]
        assert rig.supervisor.queue.ledgers["local"].leases == {}


@in_loop
async def test_what_is_gone_twice_fails_the_run(rig: Rig) -> None:
    async with rig:
        await prepared(rig, image())
        rig.compute.gone = EnvironmentGone("The image is not there.")
        ended = await rig.ended(await rig.submit(environment=image()))
        assert (ended.state, ended.reason) == (RunState.FAILED, "The image is not there.")
        assert len(rig.builder.sites) == 2


@in_loop
async def test_a_process_environment_whose_folder_is_gone_is_made_again(
    rig: Rig, tmp_path: Path
) -> None:
    async with rig:
        there = tmp_path / "bin" / "python"
        there.parent.mkdir()
        there.symlink_to(sys.executable)
        rig.builder.made = Made(interpreter=str(there))
        await prepared(rig, packages("a"))
        there.unlink()
        rig.builder.gone.add(builds(rig)[0].id)
        rig.builder.during = lambda site: there.symlink_to(sys.executable)
        run = await rig.submit(environment=packages("a"), force=False)
        run = await rig.exit(await rig.until(run, RunState.RUNNING))
        assert run.state is RunState.COMPLETED
        assert len(rig.builder.sites) == 2


@in_loop
async def test_what_was_built_is_there_for_the_next_service(tmp_path: Path) -> None:
    world = World(FakeClock())
    async with Rig(tmp_path, world) as first:
        run = await prepared(first, packages("a"))
    async with Rig(tmp_path, world) as second:
        again = await prepared(second, packages("a"))
        assert again.environment == run.environment
        assert second.builder.sites == []


@in_loop
async def test_a_run_that_was_being_prepared_is_prepared_by_the_next_service(
    tmp_path: Path,
) -> None:
    world = World(FakeClock())
    async with Rig(tmp_path, world) as first:
        first.builder.may_end.clear()
        run = await first.submit(environment=packages("a"))
        await first.builder.began.wait()
    assert first.builder.given_up == 1
    async with Rig(tmp_path, world) as second:
        await second.exit(await second.until(run, RunState.RUNNING))
        assert [build.state for build in builds(second)] == [
            BuildState.BUILT,
            BuildState.CANCELED,
        ]


@in_loop
async def test_what_a_killed_service_left_half_made_is_deleted(tmp_path: Path) -> None:
    world = World(FakeClock())
    async with Rig(tmp_path, world) as first:
        await prepared(first, packages("a"))
        killed = replace(
            builds(first)[0], id="tools-killed", state=BuildState.BUILDING, ended_at=None
        )
        first.builds.insert(killed, "key")
        for name in ("tools-killed/made", "tools-killed/context", "stray/made"):
            (tmp_path / "environments" / name).mkdir(parents=True)
    async with Rig(tmp_path, world) as second:
        second.preparer.clear()
        assert second.builds.get("tools-killed").state is BuildState.CANCELED
        folder = tmp_path / "environments"
        assert not (folder / "stray").exists()
        assert list((folder / "tools-killed").iterdir()) == []
        assert (folder / builds(second)[-1].id / "made" / "whole").exists()


@in_loop
async def test_a_builder_cleans_up_once_before_it_first_builds(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        await prepared(rig, packages("b"))
        assert rig.builder.cleaned == [("0123456789ab", "local")]


@in_loop
async def test_what_was_built_is_found_again_when_the_database_is_lost(tmp_path: Path) -> None:
    async with Rig(tmp_path) as first:
        run = await prepared(first, packages("a"))
    for path in tmp_path.glob("store.sqlite*"):
        path.unlink()
    async with Rig(tmp_path) as second:
        second.preparer.clear()
        again = await prepared(second, packages("a"))
        assert again.environment == run.environment
        assert run.environment is not None
        assert second.builds.lock_of(run.environment.hash, "local") == "a==1\n"


@in_loop
async def test_a_builder_cleans_up_where_a_killed_service_was_building(tmp_path: Path) -> None:
    async with Rig(tmp_path) as first:
        await prepared(first, image())
        killed = replace(builds(first)[0], id="box-killed", state=BuildState.BUILDING)
        first.builds.insert(killed, "key")
    async with Rig(tmp_path) as second:
        await second.preparer.clean()
        assert second.builder.cleaned == [("0123456789ab", "local")]
