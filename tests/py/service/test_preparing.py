"""Runs that wait for their environment: one build for all, its log, its ends, its second life."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from clock import FakeClock
from compute.fake import World
from fake_builder import image, packages
from loops import in_loop
from msgspec.structs import replace
from preparing_builders import build_log, builds, built, prepared
from service_rig import Rig

from jupyter_mltrain.environments.base import Made
from jupyter_mltrain.errors import EnvironmentFailed, EnvironmentGone
from jupyter_mltrain.spec import (
    BUILD_LOG,
    LOCK_FILE,
    BuildState,
    EnvironmentSpec,
    ImageSpec,
    RunState,
)

# A run and its environment


@in_loop
async def test_a_run_whose_environment_is_not_built_waits_for_it_and_then_runs(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"))
        assert run.state is RunState.PREPARING
        rig.builder.may_end.set()
        await rig.exit(await rig.until(run, RunState.RUNNING))
        states = [change.state.value for change in rig.verbs.history(run.id)]
        assert states == ["Preparing", "Queued", "Starting", "Running", "Completed"]


@in_loop
async def test_a_run_whose_environment_is_built_starts_at_once(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a", "b"))
        run = await rig.submit(environment=packages("b", "a"))
        assert run.state in (RunState.STARTING, RunState.RUNNING)
        assert len(rig.builder.sites) == 1
        await rig.exit(await rig.until(run, RunState.RUNNING))


@in_loop
async def test_a_run_says_what_it_was_executed_in(rig: Rig) -> None:
    async with rig:
        run = await prepared(rig, packages("a"))
        assert run.environment is not None
        assert run.environment.kind == "venv"
        assert run.environment.python == "3.11.2"
        assert run.environment.id == builds(rig)[0].id
        assert run.environment.hash == builds(rig)[0].hash
        assert (rig.run_dir(run) / "files" / LOCK_FILE).read_text() == "a==1\n"


@in_loop
async def test_a_run_in_an_environment_that_is_there_has_its_lock_too(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        run = await prepared(rig, packages("a"))
        assert (rig.run_dir(run) / "files" / LOCK_FILE).read_text() == "a==1\n"
        assert not (rig.run_dir(run) / "files" / BUILD_LOG).exists()


@in_loop
async def test_a_run_says_how_far_its_environment_is(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"))
        run = await rig.once(lambda: "step" in rig.verbs.get(run.id).reason, run)
        assert run.reason == "building environment tools:1 · step 1 of 2, install packages"
        rig.builder.may_end.set()
        await rig.exit(await rig.until(run, RunState.RUNNING))


@in_loop
async def test_the_log_of_the_build_is_that_of_the_run_while_it_waits(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"))
        await rig.builder.began.wait()
        assert build_log(rig, run) == "Step 1 of 2, install packages\ninstalling\n"
        rig.builder.may_end.set()
        await rig.exit(await rig.until(run, RunState.RUNNING))
        assert build_log(rig, run).endswith("Step 2 of 2, tidy up\n")


@in_loop
async def test_one_build_serves_all_and_who_comes_late_gets_the_log_so_far(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        first = await rig.submit(environment=packages("a"), cpus=1)
        await rig.builder.began.wait()
        late = await rig.submit(environment=packages("a", name="other"), cpus=1)
        await rig.once(lambda: (rig.run_dir(late) / "files" / BUILD_LOG).exists(), late)
        rig.builder.may_end.set()
        for run in (first, late):
            await rig.exit(await rig.until(run, RunState.RUNNING))
        assert len(rig.builder.sites) == 1
        assert build_log(rig, late) == build_log(rig, first)


@in_loop
async def test_a_registered_environment_is_used_by_its_name(rig: Rig) -> None:
    async with rig:
        await rig.catalog.register(packages("a"))
        run = await rig.running(environment="tools")
        assert run.spec.environment.packages == packages("a").packages
        assert run.spec.environment.version == "1"
        await rig.exit(run)


@in_loop
async def test_what_a_run_is_submitted_in_is_registered(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        run = await prepared(rig, packages("a", "b"))
        assert run.spec.environment.version == "2"
        assert rig.catalog.resolve("tools:1").packages == packages("a").packages


# How a build ends


@in_loop
async def test_a_build_that_fails_fails_its_runs_with_its_sentence(rig: Rig) -> None:
    async with rig:
        rig.builder.error = EnvironmentFailed("There is no package 'nope'. Correct its name.")
        ended = await rig.ended(await rig.submit(environment=packages("nope")))
        assert ended.state is RunState.FAILED
        assert ended.reason == "There is no package 'nope'. Correct its name."
        build = builds(rig)[0]
        assert (build.state, build.reason) == (BuildState.FAILED, ended.reason)
        assert build.steps[-1].problem == ended.reason
        assert build_log(rig, ended).endswith("\nThere is no package 'nope'. Correct its name.\n")


@in_loop
async def test_nothing_half_made_is_left_and_the_log_is(rig: Rig) -> None:
    async with rig:
        rig.builder.error = EnvironmentFailed("No.")
        await rig.ended(await rig.submit(environment=packages("a")))
        folder = rig.directory / "environments" / builds(rig)[0].id
        assert [path.name for path in folder.iterdir()] == ["build.log"]


@in_loop
async def test_after_a_failure_the_next_run_builds_anew(rig: Rig) -> None:
    async with rig:
        rig.builder.error = EnvironmentFailed("The network is down.")
        await rig.ended(await rig.submit(environment=packages("a")))
        rig.builder.error = None
        run = await prepared(rig, packages("a"))
        assert run.state is RunState.COMPLETED


@in_loop
async def test_an_error_nobody_thought_of_fails_the_build_with_it(rig: Rig) -> None:
    async with rig:
        rig.builder.error = ZeroDivisionError("odd")
        ended = await rig.ended(await rig.submit(environment=packages("a")))
        assert ended.reason == "The build of tools broke off: ZeroDivisionError('odd')."


@in_loop
async def test_a_full_disk_has_its_own_sentence(rig: Rig) -> None:
    async with rig:
        rig.builder.error = OSError(28, "No space left on device")
        ended = await rig.ended(await rig.submit(environment=packages("a")))
        assert ended.reason.startswith("No space left to build tools in ")


@in_loop
async def test_a_build_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    async with Rig(tmp_path, build_timeout_s=0.01) as rig:
        rig.builder.may_end.clear()
        ended = await rig.ended(await rig.submit(environment=packages("a")))
        assert ended.reason.startswith("The build of tools took longer than 0:00 and was ended.")
        assert rig.builder.given_up == 1


@in_loop
async def test_a_build_ends_with_the_last_run_that_waits_for_it(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        first = await rig.submit(environment=packages("a"))
        second = await rig.submit(environment=packages("a"))
        await rig.builder.began.wait()
        await rig.verbs.cancel(first.id)
        assert rig.verbs.get(first.id).state is RunState.CANCELED
        assert rig.builder.given_up == 0
        await rig.verbs.cancel(second.id)
        build = await built(rig, BuildState.CANCELED)
        assert rig.builder.given_up == 1
        assert build.reason == "cancelled: nothing waits for it any more"
        folder = rig.directory / "environments" / build.id
        assert [path.name for path in folder.iterdir()] == ["build.log"]


@in_loop
async def test_a_run_that_is_cancelled_while_its_environment_is_built_does_not_run(
    rig: Rig,
) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"))
        await rig.builder.began.wait()
        await rig.verbs.cancel(run.id)
        await built(rig, BuildState.CANCELED)
        assert rig.world.jobs == {}
        assert rig.preparer.busy is False


@in_loop
async def test_the_time_limit_of_a_run_does_not_count_while_it_is_prepared(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"), timeout_s=60)
        rig.clock.advance(3600)
        rig.builder.may_end.set()
        await rig.exit(await rig.until(run, RunState.RUNNING))


# What names stand for


@in_loop
async def test_a_tag_is_resolved_once(rig: Rig) -> None:
    async with rig:
        await prepared(rig, image("python:3.11"))
        rig.builder.digest = "sha256:2222"
        run = await prepared(rig, image("python:3.11", name="again"))
        assert rig.builder.identified == ["python:3.11"]
        assert run.environment is not None
        assert run.environment.base == "sha256:1111"


@in_loop
async def test_two_names_of_one_image_are_built_once(rig: Rig) -> None:
    async with rig:
        first = await prepared(rig, image("python:3.11"))
        second = await prepared(rig, image("python:3"))
        assert len(rig.builder.sites) == 1
        assert second.environment == first.environment
        alias = builds(rig)[0]
        assert (alias.state, alias.steps[-1].cached) == (BuildState.BUILT, True)


@in_loop
async def test_two_names_of_one_image_are_built_once_at_the_same_time(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        first = await rig.submit(environment=image("python:3.11"), cpus=1)
        await rig.builder.began.wait()
        second = await rig.submit(environment=image("python:3"), cpus=1)
        await rig.once(lambda: (rig.run_dir(second) / "files" / BUILD_LOG).exists(), second)
        rig.builder.may_end.set()
        for run in (first, second):
            await rig.exit(await rig.until(run, RunState.RUNNING))
        assert len(rig.builder.sites) == 1
        assert "installing\n" in build_log(rig, second)


@in_loop
async def test_the_name_of_a_default_image_is_put_in_the_place_of_what_it_stands_for(
    rig: Rig,
) -> None:
    async with rig:
        await prepared(rig, image("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"))
        described = rig.builder.definitions[0].image
        assert described is not None
        assert described.dockerfile is not None


@in_loop
async def test_a_dockerfile_copies_from_the_folder_as_it_was_when_submitted(
    rig: Rig, tmp_path: Path
) -> None:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    (folder / ".dockerignore").write_text("b.txt\n")
    spec = ImageSpec(dockerfile="FROM x\nCOPY . /here\n", context=str(folder))
    async with rig:
        run = await prepared(rig, EnvironmentSpec(name="box", image=spec))
        kept = run.spec.environment.image
        assert kept is not None
        assert kept.context is not None
        assert not kept.context.startswith("/")
        assert "a.txt" in rig.builder.contexts[0]
        assert "b.txt" not in rig.builder.contexts[0]
        assert kept.context in rig.builds.contexts()


@in_loop
async def test_a_dockerfile_that_copies_nothing_does_not_depend_on_its_folder(
    rig: Rig, tmp_path: Path
) -> None:
    spec = ImageSpec(dockerfile="FROM x\nRUN y\n", context=str(tmp_path))
    async with rig:
        run = await prepared(rig, EnvironmentSpec(name="box", image=spec))
        assert run.spec.environment.image is not None
        assert run.spec.environment.image.context is None


# Gone, and made again


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


# What it costs


@in_loop
async def test_what_is_built_is_found_without_a_look_at_the_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the store was asked")

    async with rig:
        await prepared(rig, packages("a", "b"))
        environment = packages("b", "a")
        with monkeypatch.context() as patch:
            for name in ("latest", "resolution", "list", "get", "in_state"):
                patch.setattr(rig.builds, name, refuse)
            began = time.perf_counter()
            for _ in range(1_000):
                assert rig.preparer.ready(environment, "local") is not None
            each_s = (time.perf_counter() - began) / 1_000
        assert each_s < 0.001


@in_loop
async def test_when_it_was_used_is_known(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        rig.clock.advance(3600)
        await prepared(rig, packages("a"))
        assert rig.build_verbs.get(builds(rig)[0].id).used_at == rig.clock()


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
