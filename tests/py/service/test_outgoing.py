"""What a run writes for its outputs goes to their datastores when it ends, whatever the ending."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from compute.fake import World
from data_rig import a_folder_store, an_output, control_log, launched, uploaded
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain.data.local import LocalPlace
from jupyter_mltrain.errors import DataUnavailable, InvalidSpec
from jupyter_mltrain.spec import DEFAULT_DATASTORE, DataOutput, DatastoreKind, Run, RunState
from jupyter_mltrain.wire import DatastoreRequest


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "workspace")


def own(rig: Rig) -> Path:
    return rig.directory / "datastores" / DEFAULT_DATASTORE


async def wrote(rig: Rig, output: object, *names: str, **given: object) -> Run:
    """A run that has written files for its output, and goes on."""
    run, launch = await launched(
        rig, outputs=(output,), arguments=(f"DatasetOutputConfig:{output.name}",), **given
    )
    folder = Path(launch.argv[-1])
    assert launch.variables[output.name] == str(folder)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return run


@in_loop
async def test_what_was_written_is_on_the_datastore_when_the_run_has_ended(rig: Rig) -> None:
    async with rig:
        run = await wrote(rig, an_output("out"), "a.txt", "deep/b.txt")
        run = await rig.exit(run)
        folder = own(rig) / "dataset" / run.id / "out"
        assert (folder / "a.txt").read_text() == "a.txt"
        assert (folder / "deep" / "b.txt").read_text() == "deep/b.txt"
        assert run.state is RunState.COMPLETED
        assert not (rig.run_dir(run) / "written" / "out").exists()
        assert "data: output out: 2 files to dataset/" in control_log(rig, run)


@in_loop
async def test_it_is_uploaded_in_a_state_of_its_own(rig: Rig) -> None:
    async with rig:
        run = await rig.exit(await wrote(rig, an_output("out"), "a.txt"))
        states = [change.state for change in rig.verbs.history(run.id)]
        assert states[-3:] == [RunState.RUNNING, RunState.FINALIZING, RunState.COMPLETED]


@in_loop
async def test_a_run_that_writes_nothing_just_ends(rig: Rig) -> None:
    async with rig:
        run = await rig.exit(await wrote(rig, an_output("out")))
        assert RunState.FINALIZING not in [change.state for change in rig.verbs.history(run.id)]


@in_loop
@pytest.mark.parametrize("ending", ["failed", "cancelled", "lost"])
async def test_a_run_that_ends_badly_keeps_its_ending_and_is_uploaded(
    rig: Rig, ending: str
) -> None:
    async with rig:
        run = await wrote(rig, an_output("out", register_as="made"), "a.txt")
        if ending == "failed":
            run = await rig.exit(run, 3)
        elif ending == "cancelled":
            await rig.verbs.cancel(run.id)
            run = await rig.ended(run)
        else:
            rig.compute.lose(run.id)
            run = await rig.ended(run)
        assert run.state is (RunState.CANCELED if ending == "cancelled" else RunState.FAILED)
        assert (own(rig) / "dataset" / run.id / "out" / "a.txt").exists()
        assert rig.datasets.all() == ()  # what is only partly made is no dataset


@in_loop
async def test_the_path_is_the_one_asked_for(rig: Rig, tmp_path: Path) -> None:
    async with rig:
        await a_folder_store(rig, "raw", tmp_path / "raw")
        output = an_output("out", datastore="raw", path="/models/{output-name}")
        await rig.exit(await wrote(rig, output, "a.txt"))
        assert (tmp_path / "raw" / "models" / "out" / "a.txt").exists()


@in_loop
async def test_what_is_there_is_not_overwritten_and_what_was_written_is_kept(rig: Rig) -> None:
    async with rig:
        uploaded(rig, out__a="mine")
        run = await rig.exit(await wrote(rig, an_output("out", path="out"), "a.txt", "b.txt"))
        assert run.state is RunState.FAILED
        assert run.reason == (
            "The output 'out' was not uploaded: out/a.txt is on the datastore "
            "'workspaceblobstore' already, and the output 'out' does not overwrite."
        )
        assert run.advice is not None
        assert "data/" in run.advice
        assert (own(rig) / "out" / "a.txt").read_text() == "mine"
        assert {each.name for each in await rig.verbs.files(run.id)} >= {
            "data/out/a.txt",
            "data/out/b.txt",
        }


@in_loop
async def test_what_is_there_is_overwritten_when_that_is_asked_for(rig: Rig) -> None:
    async with rig:
        uploaded(rig, out__a="mine")
        output = an_output("out", path="out", overwrite=True)
        run = await rig.exit(await wrote(rig, output, "a.txt"))
        assert run.state is RunState.COMPLETED
        assert (own(rig) / "out" / "a.txt").read_text() == "a.txt"


@in_loop
async def test_a_folder_of_the_script_can_be_the_output(rig: Rig) -> None:
    async with rig:
        for source in ("made/here", "outputs/here"):
            output = an_output("out", source=source, path=source)
            run, launch = await launched(rig, outputs=(output,), arguments=(output.argument,))
            assert launch.argv[-1] == str(rig.run_dir(run) / "work" / source)
            rig.writes(run, f"{source}/a.txt", "a")
            await rig.exit(run)
            assert (own(rig) / source / "a.txt").read_text() == "a"


@in_loop
async def test_an_output_is_registered_when_the_run_completes(rig: Rig) -> None:
    async with rig:
        output = an_output("out", register_as="prepared", tags={"step": "1"}, description="it")
        run = await rig.exit(await wrote(rig, output, "a.txt"))
        (made,) = rig.datasets.all()
        assert (made.name, made.version, made.tags, made.description) == (
            "prepared",
            1,
            {"step": "1"},
            "it",
        )
        assert made.spec.paths[0].path == f"dataset/{run.id}/out"


@in_loop
async def test_links_are_not_followed_out_of_the_run(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    async with rig:
        run = await wrote(rig, an_output("out"), "a.txt")
        (rig.run_dir(run) / "written" / "out" / "link").symlink_to(tmp_path / "secret")
        run = await rig.exit(run)
        assert [p.name for p in (own(rig) / "dataset" / run.id / "out").iterdir()] == ["a.txt"]


@in_loop
async def test_an_output_that_has_become_a_link_is_not_uploaded(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "out").mkdir(parents=True)
    (tmp_path / "elsewhere" / "out" / "secret").write_text("hush")
    async with rig:
        run = await wrote(rig, an_output("out"))
        shutil.rmtree(rig.run_dir(run) / "written")
        (rig.run_dir(run) / "written").symlink_to(tmp_path / "elsewhere")
        run = await rig.exit(run)
        assert "is a link by now" in run.reason
        assert not (own(rig) / "dataset").exists()
        assert (tmp_path / "elsewhere" / "out" / "secret").exists()


@in_loop
async def test_a_service_after_a_kill_goes_on_with_the_upload(tmp_path: Path) -> None:
    first = Rig(tmp_path / "first")
    async with first:
        run = await wrote(first, an_output("out"), "a.txt", "b.txt")
        # As it is when a service is killed after one file, and half of the other.
        folder = own(first) / "dataset" / run.id / "out"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("a.txt")
        (folder / "b.txt").write_text("b")
        journal = first.run_dir(run) / "control" / "sending.jsonl"
        base = f"dataset/{run.id}/out"
        journal.write_text(f'"{base}/a.txt"\n"{base}/b.txt"\n')
        run = await first.exit(run)
        assert run.state is RunState.COMPLETED
        assert (folder / "b.txt").read_text() == "b.txt"


@in_loop
async def test_a_run_that_was_finalizing_ends_with_the_next_service(tmp_path: Path) -> None:
    world: World | None = None
    first = Rig(tmp_path / "workspace")
    async with first:
        run = await wrote(first, an_output("out"), "a.txt")
        first.supervisor.roster.move(first.verbs.get(run.id), RunState.FINALIZING, "uploading")
        world = first.world
    next_one = Rig(tmp_path / "workspace", world)
    async with next_one:
        next_one.compute.exit(run.id)
        run = await next_one.ended(run)
        assert run.state is RunState.COMPLETED
        assert (own(next_one) / "dataset" / run.id / "out" / "a.txt").exists()


@in_loop
async def test_a_datastore_that_cannot_be_written_to_is_refused_at_submit(rig: Rig) -> None:
    async with rig:
        request = DatastoreRequest(
            name="web", kind=DatastoreKind.REMOTE, url="http://127.0.0.1:9/x", check=False
        )
        await rig.datastores.register(request)
        with pytest.raises(DataUnavailable, match="can't be written to"):
            await launched(rig, outputs=(an_output("out", datastore="web"),))


@in_loop
@pytest.mark.parametrize(
    "given", [{"path": "../x"}, {"source": "/etc"}, {"source": "../x"}, {"register_as": "a/b"}]
)
async def test_paths_and_names_that_cannot_be_are_refused(rig: Rig, given: object) -> None:
    async with rig:
        with pytest.raises(InvalidSpec):
            await launched(rig, outputs=(an_output("out", **given),))


@in_loop
async def test_a_cancel_while_outputs_are_uploaded_stops_that_and_keeps_them(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    put = LocalPlace.put

    def slow(place: LocalPlace, source: int, path: str) -> None:
        begun.set()
        go_on.wait(10)
        put(place, source, path)

    monkeypatch.setattr(LocalPlace, "put", slow)
    async with rig:
        run = await wrote(rig, an_output("out"), *(f"{number}.txt" for number in range(20)))
        rig.compute.exit(run.id)
        run = await rig.once(
            lambda: "uploading output out: 0 of 20" in rig.verbs.get(run.id).reason, run
        )
        assert begun.is_set()
        await rig.verbs.cancel(run.id)
        go_on.set()
        run = await rig.ended(run)
        assert (run.state, run.reason) == (
            RunState.CANCELED,
            "cancelled by you while it uploaded outputs",
        )
        assert "data/out/19.txt" in {each.name for each in await rig.verbs.files(run.id)}


async def finalizing(first: Rig, output: DataOutput, *lines: object, **given: object) -> Run:
    """A run whose service was killed after it had written these lines of its uploads."""
    run = await wrote(first, output, **given)
    shutil.rmtree(first.run_dir(run) / "written" / "out")  # sent, or kept elsewhere
    first.supervisor.roster.move(first.verbs.get(run.id), RunState.FINALIZING, "uploading")
    journal = first.run_dir(run) / "control" / "sending.jsonl"
    journal.write_text("".join(f"\n{json.dumps(line)}\n" for line in lines) + '{"out')
    return run


@in_loop
async def test_what_was_uploaded_by_a_service_that_was_killed_is_registered_by_the_next(
    tmp_path: Path,
) -> None:
    first = Rig(tmp_path / "workspace")
    async with first:
        output = an_output("out", register_as="made")
        run = await finalizing(first, output, {"output": "out", "why": None})
        world = first.world
    next_one = Rig(tmp_path / "workspace", world)
    async with next_one:
        next_one.compute.exit(run.id)
        assert (await next_one.ended(run)).state is RunState.COMPLETED
        assert [each.name for each in next_one.datasets.all()] == ["made"]


@in_loop
async def test_an_upload_that_failed_has_failed_whatever_service_ends_the_run(
    tmp_path: Path,
) -> None:
    first = Rig(tmp_path / "workspace")
    async with first:
        output = an_output("out", register_as="made")
        run = await finalizing(first, output, {"output": "out", "why": "it is full"})
        world = first.world
    next_one = Rig(tmp_path / "workspace", world)
    async with next_one:
        next_one.compute.exit(run.id)
        run = await next_one.ended(run)
        assert run.reason == "The output 'out' was not uploaded: it is full."
        assert next_one.datasets.all() == ()


@in_loop
async def test_a_run_that_was_uploading_is_not_tried_again(tmp_path: Path) -> None:
    first = Rig(tmp_path / "workspace")
    async with first:
        run = await finalizing(first, an_output("out"), retries=3)
        world = first.world
    next_one = Rig(tmp_path / "workspace", world)
    async with next_one:
        next_one.compute.exit(run.id, 3)
        run = await next_one.ended(run)
        assert (run.state, run.reason, run.attempt) == (RunState.FAILED, "Exit status 3.", 1)


@in_loop
async def test_a_cancel_before_the_next_service_has_begun_to_upload_holds(tmp_path: Path) -> None:
    first = Rig(tmp_path / "workspace")
    async with first:
        run = await wrote(first, an_output("out"), "a.txt")
        first.supervisor.roster.move(first.verbs.get(run.id), RunState.FINALIZING, "uploading")
        world = first.world
    next_one = Rig(tmp_path / "workspace", world)
    async with next_one:
        assert (await next_one.verbs.cancel(run.id)).state is RunState.FINALIZING
        next_one.compute.exit(run.id)
        assert (await next_one.ended(run)).state is RunState.CANCELED
        assert "data/out/a.txt" in {each.name for each in await next_one.verbs.files(run.id)}


@in_loop
async def test_a_service_that_leaves_while_it_uploads_leaves_the_rest_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    put = LocalPlace.put

    def slow(place: LocalPlace, source: int, path: str) -> None:
        begun.set()
        go_on.wait(10)
        put(place, source, path)

    monkeypatch.setattr(LocalPlace, "put", slow)
    names = [f"{number}.txt" for number in range(20)]
    first = Rig(tmp_path / "workspace")
    async with first:
        run = await wrote(first, an_output("out"), *names)
        first.compute.exit(run.id)
        await first.once(begun.is_set, run)
        world = first.world
        asyncio.get_running_loop().call_later(0.1, go_on.set)
    next_one = Rig(tmp_path / "workspace", world)
    async with next_one:
        next_one.compute.exit(run.id)
        run = await next_one.ended(run)
        assert run.state is RunState.COMPLETED, run.reason
        folder = own(next_one) / "dataset" / run.id / "out"
        assert {path.name for path in folder.iterdir()} == set(names)


@in_loop
async def test_a_name_that_is_no_text_is_said_and_everything_is_kept(rig: Rig) -> None:
    async with rig:
        run = await wrote(rig, an_output("out"), "a.txt")
        folder = os.fsencode(rig.run_dir(run) / "written" / "out")
        with open(folder + b"/bad\xff", "wb"):
            pass
        run = await rig.exit(run)
        assert "is no UTF-8, as names on datastores are" in run.reason
        assert "data/out/a.txt" in {each.name for each in await rig.verbs.files(run.id)}


@in_loop
async def test_the_longest_name_that_there_is_arrives(rig: Rig) -> None:
    async with rig:
        name = "\N{GRINNING FACE}" * 63
        run = await rig.exit(await wrote(rig, an_output("out", path="out"), name))
        assert run.state is RunState.COMPLETED, run.reason
        assert (own(rig) / "out" / name).exists()
