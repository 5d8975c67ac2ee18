"""Runs that wait for their environment: one build for all, its log, what names stand for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fake_builder import image, packages
from loops import in_loop
from preparing_builders import build_log, builds, prepared, until_log
from service_rig import Rig

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
async def test_how_many_steps_there_are_is_said_once_that_is_known(rig: Rig) -> None:
    async with rig:
        run = await prepared(rig, image())
        log = build_log(rig, run)
        assert log.startswith("Step 1, ask the registry\nStep 2 of 2, install packages\n")


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
        await until_log(rig, second, "installing\n")
        rig.builder.may_end.set()
        for run in (first, second):
            await rig.exit(await rig.until(run, RunState.RUNNING))
        assert len(rig.builder.sites) == 1


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
        folder = rig.directory / "environments" / builds(rig)[0].id
        assert not (folder / "context").exists()


@in_loop
async def test_a_dockerfile_that_copies_nothing_does_not_depend_on_its_folder(
    rig: Rig, tmp_path: Path
) -> None:
    spec = ImageSpec(dockerfile="FROM x\nRUN y\n", context=str(tmp_path))
    async with rig:
        run = await prepared(rig, EnvironmentSpec(name="box", image=spec))
        assert run.spec.environment.image is not None
        assert run.spec.environment.image.context is None


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
