"""Builds as people ask for them: begin, follow, cancel, delete, reclaim, compare."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from fake_builder import image, packages
from loops import in_loop
from preparing_builders import builds, built, prepared
from service_http import served
from service_rig import Rig

from jupyter_mltrain.errors import (
    ComputeTargetError,
    EnvironmentFailed,
    InvalidSpec,
    NoSuchEnvironment,
    WrongState,
)
from jupyter_mltrain.spec import BuildState, EnvironmentSpec, ImageSpec, RunState
from jupyter_mltrain.wire import BuildFrame, BuildRequest, GcRequest, LogFrame, ReclaimRequest

# Building


@in_loop
async def test_a_build_can_be_asked_for_without_a_run(rig: Rig) -> None:
    async with rig:
        build = await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        assert (build.name, build.version) == ("tools", "1")
        done = await built(rig, BuildState.BUILT)
        assert done.id == build.id
        assert [step.name for step in done.steps] == ["install packages", "tidy up"]
        assert all(step.ended_at is not None for step in done.steps)


@in_loop
async def test_what_is_built_is_not_built_again(rig: Rig) -> None:
    async with rig:
        await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        first = await built(rig, BuildState.BUILT)
        assert await rig.build_verbs.start(BuildRequest(environment="tools")) == first


@in_loop
async def test_what_was_built_and_is_gone_is_built_again_when_asked_for(rig: Rig) -> None:
    async with rig:
        await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        first = await built(rig, BuildState.BUILT)
        rig.builder.gone.add(first.id)
        await rig.build_verbs.start(BuildRequest(environment="tools"))
        second = await built(rig, BuildState.BUILT)
        assert second.id != first.id
        assert rig.builds.get(first.id).state is BuildState.STALE


@in_loop
async def test_what_is_being_built_is_joined(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        first = await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        second = await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        assert second.id == first.id


@in_loop
async def test_a_build_that_a_person_asked_for_goes_on_without_the_runs_that_joined(
    rig: Rig,
) -> None:
    async with rig:
        rig.builder.may_end.clear()
        await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        run = await rig.submit(environment=packages("a"))
        await rig.builder.began.wait()
        await rig.verbs.cancel(run.id)
        rig.builder.may_end.set()
        await built(rig, BuildState.BUILT)


@in_loop
async def test_fresh_versions_are_resolved_without_the_lock(rig: Rig) -> None:
    async with rig:
        await prepared(rig, image("python:3.11", "a"))
        rig.builder.digest = "sha256:2222"
        await rig.build_verbs.start(BuildRequest(environment="box", fresh=True))
        fresh = await built(rig, BuildState.BUILT)
        assert rig.builder.sites[1].lock is None
        assert fresh.built is not None
        assert fresh.built.base == "sha256:2222"
        run = await prepared(rig, image("python:3.11", "a"))
        assert run.environment == fresh.built


@in_loop
async def test_a_fresh_build_that_fails_leaves_what_there_was(rig: Rig) -> None:
    async with rig:
        run = await prepared(rig, packages("a"))
        rig.builder.error = EnvironmentFailed("No.")
        await rig.build_verbs.start(BuildRequest(environment="tools", fresh=True))
        await built(rig, BuildState.FAILED)
        assert (await prepared(rig, packages("a"))).environment == run.environment


@pytest.mark.parametrize(
    ("request_", "error", "sentence"),
    [
        (BuildRequest(), InvalidSpec, "Give either the name"),
        (BuildRequest(environment="nope"), NoSuchEnvironment, "There is no environment 'nope'"),
        (BuildRequest(spec=EnvironmentSpec()), InvalidSpec, "there is nothing to build"),
        (BuildRequest(spec=packages("a=1")), InvalidSpec, "Write `a==1`"),
        (
            BuildRequest(spec=packages("a"), compute="moon"),
            ComputeTargetError,
            "No compute target 'moon'. There is 'local'.",
        ),
    ],
)
@in_loop
async def test_what_cannot_be_built_is_refused(
    rig: Rig, request_: BuildRequest, error: type[Exception], sentence: str
) -> None:
    async with rig:
        with pytest.raises(error) as raised:
            await rig.build_verbs.start(request_)
        assert sentence in str(raised.value)


# Cancelling


@in_loop
async def test_a_cancelled_build_cancels_the_runs_that_wait_for_it(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        run = await rig.submit(environment=packages("a"))
        await rig.builder.began.wait()
        await rig.build_verbs.cancel(builds(rig)[0].id)
        ended = await rig.ended(run)
        assert ended.state is RunState.CANCELED
        assert ended.reason == "cancelled by you: the build of its environment"
        assert builds(rig)[0].reason == "cancelled by you"
        assert rig.builder.given_up == 1


@in_loop
async def test_cancelling_a_build_that_has_ended_changes_nothing(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        build = await rig.build_verbs.cancel(builds(rig)[0].id)
        assert build.state is BuildState.BUILT


# Deleting


@in_loop
async def test_a_deleted_build_is_gone_with_all_that_it_made(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        build = builds(rig)[0]
        await rig.build_verbs.delete(build.id)
        assert rig.builder.removed == [build.id]
        assert not (rig.directory / "environments" / build.id).exists()
        with pytest.raises(NoSuchEnvironment):
            rig.build_verbs.get(build.id)
        await prepared(rig, packages("a"))
        assert len(rig.builder.sites) == 2


@in_loop
async def test_what_cannot_be_deleted_stays_as_it_was(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise ComputeTargetError("The engine does not answer.")

    async with rig:
        await prepared(rig, packages("a"))
        build = builds(rig)[0]
        with monkeypatch.context() as patch:
            patch.setattr(rig.builder, "remove", refuse)
            with pytest.raises(ComputeTargetError, match="does not answer"):
                await rig.build_verbs.delete(build.id)
            report = await rig.build_verbs.reclaim(ReclaimRequest(dry_run=False))
        assert report.builds == ()
        assert report.problems == ("tools:1 is not deleted: The engine does not answer.",)
        assert builds(rig)[0].state is BuildState.BUILT
        await prepared(rig, packages("a"))
        assert len(rig.builder.sites) == 1


@in_loop
async def test_a_build_that_a_run_is_in_is_not_deleted(rig: Rig) -> None:
    async with rig:
        run = await rig.running(environment=packages("a"))
        with pytest.raises(WrongState, match="digits #1 uses tools:1"):
            await rig.build_verbs.delete(builds(rig)[0].id)
        await rig.exit(run)
        await rig.build_verbs.delete(builds(rig)[0].id)


@in_loop
async def test_a_build_that_goes_on_is_not_deleted(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        build = await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        with pytest.raises(WrongState, match="Cancel that first"):
            await rig.build_verbs.delete(build.id)


@in_loop
async def test_what_was_long_not_used_is_reclaimed_and_built_again_from_its_lock(
    rig: Rig,
) -> None:
    async with rig:
        await prepared(rig, packages("old"))
        rig.clock.advance(timedelta(days=9).total_seconds())
        await prepared(rig, packages("new", name="other"))
        week = ReclaimRequest(unused_for_s=7 * 86_400)
        would = await rig.build_verbs.reclaim(week)
        assert [build.name for build in would.builds] == ["tools"]
        assert rig.builder.removed == []
        await rig.build_verbs.reclaim(ReclaimRequest(unused_for_s=7 * 86_400, dry_run=False))
        assert [build.state for build in builds(rig)] == [BuildState.BUILT, BuildState.STALE]
        await prepared(rig, packages("old"))
        assert rig.builder.sites[-1].lock == "a==1\n"


@in_loop
async def test_what_a_run_is_in_is_not_reclaimed(rig: Rig) -> None:
    async with rig:
        run = await rig.running(environment=packages("a"))
        report = await rig.build_verbs.reclaim(ReclaimRequest(dry_run=False))
        assert report.builds == ()
        await rig.exit(run)


@in_loop
async def test_who_looks_is_told_that_what_was_built_is_gone(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        rig.builder.gone.add(builds(rig)[0].id)
        rig.build_verbs.list()
        stale = await built(rig, BuildState.STALE)
        assert stale.reason == "its folder is not there any more; the next run builds it again"


@in_loop
async def test_the_folder_that_an_image_is_built_from_outlives_a_clean_up(
    rig: Rig, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    spec = ImageSpec(dockerfile="FROM x\nCOPY a.txt /a\n", context=str(tmp_path))
    async with rig:
        run = await prepared(rig, EnvironmentSpec(name="box", image=spec))
        assert run.spec.environment.image is not None
        kept = run.spec.environment.image.context
        assert kept is not None
        await rig.collector.collect(GcRequest(older_than_s=0, dry_run=False))
        assert [entry.path for entry in rig.snapshots.manifest(kept).files] == ["a.txt"]


# Comparing


@in_loop
async def test_why_it_was_not_there_is_what_differs_from_the_nearest(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("torch", name="far"))
        await prepared(rig, packages("a", "b", name="near"))
        await prepared(rig, packages("a", "b", "c"))
        found = rig.build_verbs.difference(builds(rig)[0].id)
        assert found.nearest_name == "near:1"
        assert found.changes == ("It has c besides (pip).",)


@in_loop
async def test_the_nearest_is_of_the_same_kind(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a", name="near"))
        await prepared(rig, image(name="far"))
        await prepared(rig, packages("b", "c"))
        assert rig.build_verbs.difference(builds(rig)[0].id).nearest_name == "near:1"


@in_loop
async def test_another_image_under_the_same_tag_is_why(rig: Rig) -> None:
    async with rig:
        await prepared(rig, image())
        rig.builder.digest = "sha256:2222"
        await rig.build_verbs.start(BuildRequest(environment="box", fresh=True))
        fresh = await built(rig, BuildState.BUILT)
        changes = rig.build_verbs.difference(fresh.id).changes
        assert changes == ("The image is sha256:2222, there sha256:1111.",)


@in_loop
async def test_the_first_build_differs_from_nothing(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        found = rig.build_verbs.difference(builds(rig)[0].id)
        assert (found.nearest, found.changes) == (None, ())


# Following


@in_loop
async def test_a_build_is_followed_to_its_end(rig: Rig) -> None:
    async with rig:
        rig.builder.may_end.clear()
        build = await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        text, states = b"", []
        async for frame, data in rig.build_follower.follow(build.id, 0):
            text += data
            if isinstance(frame, LogFrame):
                assert frame.log == "build.log"
                rig.builder.may_end.set()
            elif isinstance(frame, BuildFrame):
                states.append(frame.build.state)
        assert states[0] is BuildState.BUILDING
        assert states[-1] is BuildState.BUILT
        assert text == b"Step 1 of 2, install packages\ninstalling\nStep 2 of 2, tidy up\n"


@in_loop
async def test_a_build_that_has_ended_is_followed_from_an_offset(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        build = builds(rig)[0]
        frames = [each async for each in rig.build_follower.follow(build.id, 30)]
        assert b"".join(data for _, data in frames) == b"installing\nStep 2 of 2, tidy up\n"
        assert frames[-1][0] == BuildFrame(build=rig.build_verbs.get(build.id))


@in_loop
async def test_who_listens_to_events_hears_of_builds(rig: Rig) -> None:
    async with rig:
        stream = rig.events.listen(None)
        await anext(stream)
        await anext(stream)
        await rig.build_verbs.start(BuildRequest(spec=packages("a")))
        frames = await asyncio.wait_for(anext(stream), 10)
        assert "EnvironmentsFrame" in {type(frame).__name__ for frame in frames}
        await stream.aclose()


# Over HTTP


@in_loop
async def test_the_routes_of_builds_answer(rig: Rig) -> None:
    async with rig, served(rig) as http:
        begun = await http.post("/v1/builds", {"spec": {"name": "t", "packages": {"pip": ["a"]}}})
        assert begun.status == 202
        build = f"/v1/builds/{begun.json['id']}"
        stream = await http.get(f"{build}/follow")
        last = json.loads(stream.body.splitlines()[-1])
        assert last["build"]["state"] == "Built"
        listed = await http.get("/v1/builds?environment=t:1")
        assert [each["id"] for each in listed.json] == [begun.json["id"]]
        part = await http.get(f"{build}/log", Range="bytes=0-5")
        assert (part.status, part.body) == (206, b"Step 1")
        assert (await http.get(f"{build}/log?offset=41")).body == b"Step 2 of 2, tidy up\n"
        assert (await http.get(f"{build}/log?offset=99")).status == 400
        assert (await http.get(f"{build}/difference")).json["changes"] == []
        assert (await http.post(f"{build}/cancel", {})).status == 202
        reclaimed = await http.post("/v1/environments/reclaim", {})
        assert reclaimed.json["dry_run"] is True
        assert (await http.ask("DELETE", build)).status == 200
        assert (await http.get(build)).status == 404
        assert (await http.get(f"{build}/follow")).status == 404
