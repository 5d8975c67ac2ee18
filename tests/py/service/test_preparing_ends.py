"""How the making of an environment ends, and what that means for the runs that wait."""

from __future__ import annotations

from pathlib import Path

from fake_builder import image, packages
from loops import in_loop
from preparing_builders import build_log, builds, built, prepared
from service_rig import Rig

from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import (
    BuildState,
    RunState,
)


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
async def test_what_a_failed_build_shows_below_its_sentence_is_left_to_its_log(rig: Rig) -> None:
    async with rig:
        rig.builder.error = EnvironmentFailed("Line 2 of the Dockerfile failed.\n   2  RUN x")
        ended = await rig.ended(await rig.submit(environment=image()))
        assert ended.reason == "Line 2 of the Dockerfile failed."
        assert ended.advice == "Its build log, azureml-logs/20_image_build_log.txt, says more."
        assert build_log(rig, ended).endswith("   2  RUN x\n")


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
async def test_who_comes_while_a_build_is_being_given_up_gets_one_of_its_own(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        rig.builder.may_leave.clear()
        first = await rig.submit(environment=packages("a"))
        await rig.builder.began.wait()
        await rig.verbs.cancel(first.id)
        second = await rig.submit(environment=packages("a"))
        rig.builder.may_end.set()
        await rig.exit(await rig.until(second, RunState.RUNNING))
        rig.builder.may_leave.set()
        assert len(rig.builder.sites) == 2


@in_loop
async def test_the_time_limit_of_a_run_does_not_count_while_it_is_prepared(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"), timeout_s=60)
        rig.clock.advance(3600)
        rig.builder.may_end.set()
        await rig.exit(await rig.until(run, RunState.RUNNING))
