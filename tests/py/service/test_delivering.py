"""A run finds its data where its arguments and variables say."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from data_rig import (
    a_folder_store,
    an_input,
    an_output,
    control_log,
    failed,
    launched,
    submitted,
    uploaded,
)
from loops import in_loop
from service_rig import Rig
from web_server import Web, serving

from jupyter_mltrain.errors import DataUnavailable, InvalidSpec, NoSuchDatastore
from jupyter_mltrain.service import delivering
from jupyter_mltrain.spec import DataMode, DataPath, Resources, RunState
from jupyter_mltrain.wire import AgainRequest, GcRequest


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "workspace")


@pytest.fixture
def site() -> Iterator[Web]:
    with serving() as web:
        yield web


def files_below(path: str) -> dict[str, str]:
    """Name -> text of all files there."""
    return {
        Path(where, name).relative_to(path).as_posix(): Path(where, name).read_text()
        for where, _, names in os.walk(path, followlinks=True)
        for name in names
    }


# What the run finds


@in_loop
async def test_a_folder_of_this_machine_is_linked_and_not_copied(rig: Rig) -> None:
    async with rig:
        folder = uploaded(rig, mnist__a="1", mnist__b="2")
        given = an_input("mnist", "mnist")
        run, launch = await launched(rig, given, arguments=("--data", given.argument))
        path = str(rig.run_dir(run) / "data" / "mnist")
        assert launch.argv[-2:] == ("--data", path)
        assert Path(path).readlink() == folder / "mnist"
        assert files_below(path) == {"a.txt": "1", "b.txt": "2"}


@in_loop
async def test_one_file_is_its_own_path(rig: Rig) -> None:
    async with rig:
        uploaded(rig, mnist__a="1")
        given = an_input("digits", "mnist/a.txt")
        run, launch = await launched(rig, given, arguments=(given.argument,))
        assert launch.argv[-1] == str(rig.run_dir(run) / "data" / "digits" / "a.txt")
        assert Path(launch.argv[-1]).read_text() == "1"


@in_loop
async def test_files_of_the_web_lie_in_folders_of_their_host(rig: Rig, site: Web) -> None:
    site.files |= {"/mnist/a.gz": b"1", "/mnist/b.gz": b"2"}
    async with rig:
        given = an_input("mnist", f"{site.url}/mnist/a.gz", f"{site.url}/mnist/b.gz")
        run, launch = await launched(rig, given, arguments=(given.argument,))
        host = site.url.removeprefix("http://")
        assert files_below(launch.argv[-1]) == {
            f"{host}/mnist/a.gz": "1",
            f"{host}/mnist/b.gz": "2",
        }
        assert "data: input mnist: 2 files, 2 bytes" in control_log(rig, run)


@in_loop
async def test_a_download_is_a_copy_that_the_run_may_change(rig: Rig) -> None:
    async with rig:
        folder = uploaded(rig, mnist__a="1")
        given = an_input("mnist", "mnist", mode=DataMode.DOWNLOAD)
        _, launch = await launched(rig, given, arguments=(given.argument,))
        copy = Path(launch.argv[-1]) / "a.txt"
        assert not copy.is_symlink()
        copy.write_text("changed")
        assert (folder / "mnist" / "a.txt").read_text() == "1"


@in_loop
async def test_the_steps_of_a_file_dataset_choose_what_comes(rig: Rig, site: Web) -> None:
    site.files |= {f"/{name}": name.encode() for name in "abc"}
    async with rig:
        urls = [f"{site.url}/{name}" for name in "abc"]
        given = an_input("some", *urls, steps=({"skip": 1}, {"take": 1}))
        _, launch = await launched(rig, given, arguments=(given.argument,))
        assert list(files_below(launch.argv[-1]).values()) == ["b"]
        assert site.gets("/a") == 0


@in_loop
async def test_variables_have_the_paths(rig: Rig) -> None:
    async with rig:
        uploaded(rig, a="1", b="2")
        one, other = an_input("one", "a.txt"), an_input("other", "b.txt", reference=True)
        run, launch = await launched(rig, one, other)
        folder = rig.run_dir(run) / "data"
        variables = launch.variables
        assert variables["one"] == str(folder / "one" / "a.txt")
        assert variables["AZUREML_DATAREFERENCE_other"] == str(folder / "other" / "b.txt")
        assert variables["AZUREML_DATASET_ENVIRONMENT_VARS"] == "one"


@in_loop
async def test_a_reference_is_replaced_within_an_argument(rig: Rig) -> None:
    async with rig:
        folder = uploaded(rig, mnist__a="1")
        given = an_input("ref", "mnist", reference=True)
        arguments = (given.argument, f"{given.argument}/a.txt", f"{given.argument}x", "$HOME")
        run, launch = await launched(rig, given, arguments=arguments)
        path = str(rig.run_dir(run) / "data" / "ref")
        assert launch.argv[-4:] == (path, f"{path}/a.txt", arguments[2], "$HOME")
        assert os.path.realpath(path) == str(folder / "mnist")


@in_loop
async def test_the_whole_datastore_can_be_empty(rig: Rig) -> None:
    async with rig:
        given = an_input("all", "", reference=True)
        _, launch = await launched(rig, given, arguments=(given.argument,))
        assert files_below(launch.argv[-1]) == {}


@in_loop
async def test_a_dataset_that_is_read_as_an_object_is_its_id_among_the_arguments(
    rig: Rig,
) -> None:
    async with rig:
        uploaded(rig, a="1")
        given = an_input("table", "a.txt", mode=DataMode.DIRECT, dataset_id="the-id")
        run, launch = await launched(rig, given, arguments=(given.argument,))
        assert launch.argv[-1] == "the-id"
        (entry,) = json.loads((rig.run_dir(run) / "data" / "inputs.json").read_bytes())
        assert (entry["id"], entry["mode"]) == ("the-id", "direct")
        assert Path(entry["path"]).read_text() == "1"


@in_loop
async def test_a_path_on_compute_is_below_the_working_folder(rig: Rig) -> None:
    async with rig:
        uploaded(rig, mnist__a="1")
        given = an_input("mnist", "mnist", path_on_compute="data/in")
        run, launch = await launched(rig, given, arguments=(given.argument,))
        assert launch.argv[-1] == str(rig.run_dir(run) / "work" / "data" / "in")
        assert files_below(launch.argv[-1]) == {"a.txt": "1"}


@in_loop
async def test_an_absolute_path_on_compute_is_a_caution(rig: Rig) -> None:
    async with rig:
        uploaded(rig, mnist__a="1")
        given = an_input("mnist", "mnist", path_on_compute="/mnt/mnist")
        run, launch = await launched(rig, given, arguments=(given.argument,))
        assert launch.argv[-1] == str(rig.run_dir(run) / "data" / "mnist")
        assert run.warnings[0].startswith("The input 'mnist' is not at /mnt/mnist: ")


@in_loop
async def test_a_path_on_compute_where_the_script_has_a_file_fails_the_run(rig: Rig) -> None:
    async with rig:
        uploaded(rig, mnist__a="1")
        given = an_input("mnist", "mnist", path_on_compute="train.py")
        run = await submitted(rig, given)
        assert "can't be put at 'train.py'" in await failed(rig, run)


# What is known of it


@in_loop
async def test_the_record_says_what_came(rig: Rig) -> None:
    async with rig:
        uploaded(rig, mnist__a="1", mnist__b="22")
        run, _ = await launched(rig, an_input("mnist", "mnist", dataset="digits", version=3))
        (got,) = run.data
        assert (got.files, got.size_bytes, got.dataset, got.version) == (2, 3, "digits", 3)
        assert len(got.fingerprint) == 64


@in_loop
async def test_the_same_data_has_the_same_fingerprint_and_other_data_another(
    rig: Rig, site: Web
) -> None:
    site.files["/a"] = b"1"
    async with rig:
        given = an_input("a", f"{site.url}/a")
        prints = []
        for content in (b"1", b"2", b"1"):
            site.files["/a"] = content
            run, _ = await launched(rig, given)
            prints.append(run.data[0].fingerprint)
            await rig.exit(run)
        assert prints[0] == prints[2] != prints[1]


@in_loop
async def test_a_repeated_run_has_the_same_definition_and_says_that_its_data_has_changed(
    rig: Rig,
) -> None:
    async with rig:
        folder = uploaded(rig, mnist__a="1")
        first, _ = await launched(rig, an_input("mnist", "mnist"))
        await rig.exit(first)
        again = await rig.verbs.again(first.id, AgainRequest())
        same = await rig.until(again, RunState.RUNNING)
        assert same.spec.inputs == first.spec.inputs
        assert same.warnings == ()
        await rig.exit(same)
        (folder / "mnist" / "a.txt").write_text("other")
        again = await rig.verbs.again(first.id, AgainRequest())
        changed = await rig.until(again, RunState.RUNNING)
        assert changed.warnings == (
            f"The data of the input 'mnist' is not what {first.label} had: it has changed since.",
        )


# What goes wrong


@in_loop
@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (an_input("x", DataPath(datastore="nowhere")), NoSuchDatastore, "no datastore 'nowhere'"),
        (an_input("x", "no/such"), DataUnavailable, "There is no 'no/such' on the datastore"),
        (an_input("x", "../../etc"), InvalidSpec, "leads out of the datastore"),
        (an_input("1x", ""), InvalidSpec, "cannot name an input"),
        (an_input("PATH", ""), InvalidSpec, "means something else"),
        (an_input("x", "", path_on_compute="../x"), InvalidSpec, "is none"),
        (an_input("x"), InvalidSpec, "A dataset of 0 places"),
    ],
)
async def test_what_can_be_known_before_is_refused_at_submit(
    rig: Rig, given: object, error: type[Exception], words: str
) -> None:
    async with rig:
        with pytest.raises(error, match=words):
            await submitted(rig, given)
        assert rig.verbs.list().runs == ()


@in_loop
async def test_two_inputs_of_one_name_are_refused(rig: Rig) -> None:
    async with rig:
        with pytest.raises(InvalidSpec, match="Two inputs or outputs are named 'x'"):
            await submitted(rig, an_input("x", ""), outputs=(an_output("x"),))


@in_loop
async def test_a_url_that_is_not_there_fails_the_run_before_it_starts(rig: Rig, site: Web) -> None:
    site.files["/a"] = b"1"
    async with rig:
        given = an_input("mnist", f"{site.url}/a", f"{site.url}/gone")
        reason = await failed(rig, await submitted(rig, given))
        assert reason == (
            "The input 'mnist': 1 of 2 places of the data is not there. "
            f"{site.url}/gone answers 404 Not Found: there is no such file."
        )
        assert rig.compute.started == []


@in_loop
async def test_a_run_whose_environment_is_there_waits_for_its_data_alone(
    rig: Rig, site: Web
) -> None:
    site.files["/big"] = bytes(3_000_000)
    site.go_on.clear()
    async with rig:
        run = await submitted(rig, an_input("big", f"{site.url}/big"))
        run = await rig.once(lambda: "0 of 1 file, " in rig.verbs.get(run.id).reason, run)
        assert rig.verbs.get(run.id).reason.startswith("bringing the data: big, 0 of 1 file")
        site.go_on.set()
        await rig.until(run, RunState.RUNNING)


@in_loop
async def test_a_cancel_while_data_comes_ends_the_run_and_the_fetching(rig: Rig, site: Web) -> None:
    site.files["/big"] = bytes(3_000_000)
    site.go_on.clear()
    async with rig:
        run = await submitted(rig, an_input("big", f"{site.url}/big"))
        run = await rig.once(
            lambda: "bringing the data: big, 0 of 1 file, " in rig.verbs.get(run.id).reason, run
        )
        ended = await rig.verbs.cancel(run.id)
        assert (ended.state, ended.reason) == (
            RunState.CANCELED,
            "cancelled by you while it was prepared",
        )
        site.go_on.set()
        await rig.supervisor.tidied(run.id)
        assert not (rig.run_dir(run) / "data" / "big").exists()
        await rig.verbs.delete(run.id)
        assert not rig.run_dir(run).exists()


@in_loop
async def test_a_service_after_a_kill_brings_what_was_not_here_yet(
    rig: Rig, site: Web, tmp_path: Path
) -> None:
    site.files["/big"] = bytes(3_000_000)
    site.go_on.clear()
    async with rig:
        run = await submitted(rig, an_input("big", f"{site.url}/big"))
        await rig.once(lambda: "of 1 file" in rig.verbs.get(run.id).reason, run)
        shutil.copytree(rig.directory, tmp_path / "killed", symlinks=True)
        site.go_on.set()
    next_one = Rig(tmp_path / "killed")
    async with next_one:
        run = await next_one.until(run, RunState.RUNNING)
        assert run.data[0].size_bytes == 3_000_000


@in_loop
async def test_two_runs_that_take_the_same_fetch_it_once(rig: Rig, site: Web) -> None:
    site.files["/big"] = bytes(1_000_000)
    site.go_on.clear()
    async with rig:
        runs = [
            await submitted(rig, an_input("big", f"{site.url}/big"), resources=Resources(cpus=1))
            for _ in range(2)
        ]
        for run in runs:
            await rig.once(lambda run=run: "of 1 file" in rig.verbs.get(run.id).reason, run)
        site.go_on.set()
        for run in runs:
            await rig.until(run, RunState.RUNNING)
        assert site.gets("/big") == 1


# What is left


@in_loop
async def test_an_ended_run_leaves_no_links_and_deleting_it_leaves_the_data(rig: Rig) -> None:
    async with rig:
        folder = uploaded(rig, mnist__a="1")
        run, _ = await launched(
            rig, an_input("mnist", "mnist"), an_input("copy", "mnist", mode=DataMode.DOWNLOAD)
        )
        run = await rig.exit(run)
        left = [each.name for each in (rig.run_dir(run) / "data").iterdir()]
        assert left == ["inputs.json"]
        await rig.verbs.delete(run.id)
        assert (folder / "mnist" / "a.txt").read_text() == "1"


@in_loop
async def test_a_clean_up_takes_cached_files_that_no_run_uses(
    rig: Rig, site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mltrain.data.cache.JUST_USED_S", -1.0)
    site.files |= {"/a": b"a" * 1000, "/b": b"b" * 2000}
    async with rig:
        done, _ = await launched(rig, an_input("a", f"{site.url}/a"))
        await rig.exit(done)
        going, launch = await launched(
            rig, an_input("b", f"{site.url}/b"), arguments=("DatasetConsumptionConfig:b",)
        )
        report = await rig.collector.collect(GcRequest(keep_bytes=0, dry_run=False))
        assert report.cached == 1
        assert Path(launch.argv[-1]).read_bytes() == b"b" * 2000
        assert going.state is RunState.RUNNING


@in_loop
async def test_a_container_sees_what_its_links_lead_to_and_nothing_more(
    rig: Rig, site: Web, tmp_path: Path
) -> None:
    site.files["/a"] = b"1"
    async with rig:
        await a_folder_store(rig, "raw", tmp_path / "raw")
        (tmp_path / "raw" / "one").mkdir()
        (tmp_path / "raw" / "one" / "x.txt").write_text("x")
        folder = uploaded(rig, mnist__a="1", other="2")
        inputs = (
            an_input("mnist", "mnist"),
            an_input("file", DataPath(datastore="raw", path="one/x.txt")),
            an_input("web", f"{site.url}/a"),
        )
        run, _ = await launched(rig, *inputs)
        targets = await rig.deliverer.targets(run, rig.run_dir(run))
        blob = os.path.realpath(rig.run_dir(run) / "data" / "web" / site.url[7:] / "a")
        mine = {str(folder / "mnist"), str(tmp_path / "raw" / "one" / "x.txt")}
        assert set(targets) == {*mine, blob}
        rig.deliverer.forget(run.id)  # as after a restart of the service
        blobs = str(rig.directory / "cache" / "blobs")
        assert set(await rig.deliverer.targets(run, rig.run_dir(run))) == {*mine, blobs}


@in_loop
async def test_a_delivery_that_is_stopped_while_it_looks_says_nothing_in_the_log(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = threading.Event()
    said: list[object] = []

    def look(paths: object, places: object, check: Callable[[], None]) -> NoReturn:
        looks.set()
        while True:
            check()

    async with rig:
        uploaded(rig, mnist__a="1")
        run, _ = await launched(rig, an_input("mnist", "mnist"))
        asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(what))
        monkeypatch.setattr(delivering, "resolve", look)
        work = asyncio.ensure_future(rig.deliverer.deliver(run, rig.run_dir(run), said.append))
        await asyncio.to_thread(looks.wait)
        work.cancel()
        await asyncio.wait([work])
        del work
        gc.collect()
        assert said == []


@in_loop
async def test_links_lie_in_the_folders_of_their_files(rig: Rig) -> None:
    async with rig:
        folder = uploaded(rig, a="1", one__b="2", one__two__c="3", one__x="4")
        (folder / "none.csv").touch()
        run, _ = await launched(rig, an_input("all", "**/*.txt"))
        path = rig.run_dir(run) / "data" / "all"
        found = {"a.txt": "1", "one/b.txt": "2", "one/two/c.txt": "3", "one/x.txt": "4"}
        assert files_below(str(path)) == found
        assert all((path / name).readlink() == folder / name for name in found)


@in_loop
async def test_a_container_that_takes_many_remote_files_sees_the_folder_of_all(
    rig: Rig, site: Web
) -> None:
    site.files |= {f"/{number}": str(number).encode() for number in range(65)}
    async with rig:
        given = an_input("web", *(f"{site.url}/{number}" for number in range(65)))
        run, _ = await launched(rig, given)
        targets = await rig.deliverer.targets(run, rig.run_dir(run))
        assert targets == (str(rig.directory / "cache" / "blobs"),)


@in_loop
async def test_a_link_that_a_script_puts_in_the_place_of_its_data_leads_nobody_elsewhere(
    rig: Rig, tmp_path: Path
) -> None:
    (tmp_path / "home" / "mnist").mkdir(parents=True)
    (tmp_path / "home" / "mnist" / "thesis").write_text("mine")
    async with rig:
        uploaded(rig, mnist__a="1")
        run, _ = await launched(rig, an_input("mnist", "mnist"))
        shutil.rmtree(rig.run_dir(run) / "data")
        (rig.run_dir(run) / "data").symlink_to(tmp_path / "home")
        await rig.exit(run)
        assert (tmp_path / "home" / "mnist" / "thesis").exists()
