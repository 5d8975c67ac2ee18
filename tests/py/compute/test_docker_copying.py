"""Runs on an engine that does not see our files: carried there, followed, fetched back."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from pathlib import Path

import pytest
from compute.benches import DockerBench
from compute.real_runs import executed, log_of, said, the_end
from engines import the_engine
from loops import in_loop
from msgspec.structs import replace

from jupyter_mltrain.compute import copying
from jupyter_mltrain.compute.base import Exited
from jupyter_mltrain.engine import Engine


@pytest.fixture
def bench(tmp_path: Path, engine: Engine) -> DockerBench:
    return DockerBench(tmp_path, engine, shared=False)


@in_loop
async def test_what_it_finds_was_carried_there(bench: DockerBench, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "module.py").write_text("word = 'hello'\n")
    async with bench as compute:
        launch = bench.shell(
            "cat data.txt; cat link.txt; cat $GIVEN/module.py; id -u",
            readonly=(str(given),),
            variables={"GIVEN": str(given)},
        )
        (Path(launch.cwd) / "data.txt").write_text("data\n")
        (Path(launch.cwd) / "link.txt").symlink_to("data.txt")
        await executed(compute, launch)
        assert log_of(launch).splitlines() == ["data", "data", "word = 'hello'", str(os.getuid())]


@in_loop
async def test_what_it_wrote_is_fetched(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell(
            "mkdir -p outputs/deep ../files/more; echo model > outputs/deep/model;"
            "ln -s deep/model outputs/link; echo big > elsewhere; echo up > ../files/more/up;"
            'echo \'{"k":"metric"}\' >> ../journal.jsonl'
        )
        await executed(compute, launch)
        work, run_dir = Path(launch.cwd), Path(launch.run_dir)
        assert (work / "outputs/deep/model").read_text() == "model\n"
        assert (work / "outputs/link").readlink() == Path("deep/model")
        assert (run_dir / "files/more/up").read_text() == "up\n"
        assert (run_dir / "journal.jsonl").read_text() == '{"k":"metric"}\n'
        assert not (work / "elsewhere").exists()


@in_loop
async def test_files_get_there_while_it_runs(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell(
            "while ! [ -e ../asks/1.json ]; do sleep 0.02; done; cat ../asks/1.json;"
            "rm ../asks/1.json && echo gone; cat ../data/deep/folder/file"
        )
        run_dir = Path(launch.run_dir)
        handle = await compute.start(launch)
        (run_dir / "data/deep/folder").mkdir(parents=True)
        (run_dir / "data/deep/folder/file").write_text("brought\n")
        (run_dir / "asks").mkdir()
        (run_dir / "asks/1.json").write_text("answer\n")
        (run_dir / "asks/1.json").chmod(0o600)
        await compute.bring(handle, launch.control, (run_dir / "data/deep/folder",))
        await compute.bring(handle, launch.control, (run_dir / "asks/1.json",))
        await compute.ended(handle, launch.control)
        await the_end(compute, handle, launch)
        assert log_of(launch).splitlines() == ["answer", "gone", "brought"]


@in_loop
async def test_what_it_has_written_so_far_is_taken_back(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo model > outputs/model; echo one; sleep 60")
        (Path(launch.cwd) / "outputs").mkdir(exist_ok=True)
        handle = await compute.start(launch)
        waiting = asyncio.create_task(compute.ended(handle, launch.control))
        await said(launch, "one")
        await compute.take_back(handle, launch.control)
        assert (Path(launch.cwd) / "outputs/model").read_text() == "model\n"
        assert log_of(launch) == "one\n"
        await compute.cancel(handle, launch.control)
        await waiting
        assert (await the_end(compute, handle, launch)).cause == "cancel"


@in_loop
async def test_output_and_metrics_come_while_it_runs(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo one; echo metric >> ../journal.jsonl; sleep 60")
        handle = await compute.start(launch)
        waiting = asyncio.create_task(compute.ended(handle, launch.control))
        await said(launch, "one")
        while not (Path(launch.run_dir) / "journal.jsonl").read_text():
            await asyncio.sleep(0.01)
        await compute.cancel(handle, launch.control)
        await waiting
        assert (await the_end(compute, handle, launch)).cause == "cancel"
        assert (Path(launch.run_dir) / "journal.jsonl").read_text() == "metric\n"


@in_loop
async def test_every_byte_of_its_output_comes_as_it_was(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.python(
            "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4000 + b'x' * 300_000)"
        )
        await executed(compute, launch)
        assert Path(launch.log).read_bytes() == bytes(range(256)) * 4000 + b"x" * 300_000


@in_loop
async def test_a_later_service_goes_on_where_the_first_one_was(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell(
            "for n in 1 2 3; do echo line $n; echo m$n >> ../journal.jsonl; done;"
            "until [ -s orders ]; do sleep 0.05; done; echo last"
        )
        handle = await compute.start(launch)
        waiting = asyncio.create_task(compute.ended(handle, launch.control))
        await said(launch, "line 3")
        waiting.cancel()  # as when the service is killed
        await asyncio.gather(waiting, return_exceptions=True)
        await compute.close()
        bench.tell(launch, "go")
        other = bench.other()
        await the_end(other, handle, launch)
        assert log_of(launch).splitlines() == ["line 1", "line 2", "line 3", "last"]
        assert (Path(launch.run_dir) / "journal.jsonl").read_text() == "m1\nm2\nm3\n"


@in_loop
async def test_what_ended_while_no_service_was_there_is_fetched(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell("echo out; mkdir -p outputs; echo x > outputs/x; exit 5")
        handle = await compute.start(launch)
        await compute.close()
        other = bench.other()
        while not isinstance(seen := await other.observe(handle, launch.control), Exited):
            await asyncio.sleep(0.01)
        assert seen.record.status == 5
        assert (log_of(launch), (Path(launch.cwd) / "outputs/x").read_text()) == ("out\n", "x\n")


def a_member(name: str, type_: bytes = tarfile.REGTYPE, leads_to: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = type_, leads_to
    member.size = 3 if type_ == tarfile.REGTYPE else 0
    return member


def unpacked(run_dir: Path, into: str, *members: tarfile.TarInfo) -> None:
    """Take in an archive of these members, the files among which hold ``new``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"new") if member.isfile() else None)
    packed.seek(0)
    with tarfile.open(fileobj=packed) as tar:
        copying._unpack(tar, run_dir / into, run_dir, run_dir / "log")


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    for name in ("run/work/outputs", "run/control", "outside"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "outside/file").write_text("mine")
    (tmp_path / "run/control/exit.json").touch()
    return tmp_path / "run"


def test_nothing_that_is_fetched_lands_outside_of_the_run(tmp_path: Path, run_dir: Path) -> None:
    outside = tmp_path / "outside"
    link = tarfile.SYMTYPE
    unpacked(
        run_dir,
        "work",
        *(a_member("../../outside/up"), a_member(str(outside / "absolute"))),
        *(a_member("outputs/door", link, str(outside)), a_member("outputs/door/through")),
        a_member("outputs/door/folder", tarfile.DIRTYPE),
        *(a_member("outputs/one", link, str(outside / "file")), a_member("outputs/one")),
        a_member("outputs/hard", tarfile.LNKTYPE, str(outside / "file")),
        *(a_member("outputs/device", tarfile.BLKTYPE), a_member("outputs/pipe", tarfile.FIFOTYPE)),
    )
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("file", "mine")]
    assert (run_dir / "work/outputs/one").read_text() == "new"
    left = {path.name for path in (run_dir / "work/outputs").iterdir()}
    assert left == {"door", "one"}


@pytest.mark.parametrize("name", ["control/exit.json", "children", "variables", "journal.jsonl"])
def test_what_is_written_to_afterwards_is_never_a_link(
    tmp_path: Path, run_dir: Path, name: str
) -> None:
    into, _, last = name.rpartition("/")
    unpacked(run_dir, into, a_member(last, tarfile.SYMTYPE, str(tmp_path / "outside/file")))
    assert not (run_dir / name).is_symlink()


def test_a_folder_in_the_place_of_a_link_that_leads_nowhere_is_left_out(run_dir: Path) -> None:
    dangling = a_member("outputs/x", tarfile.SYMTYPE, "/nowhere")
    unpacked(run_dir, "work", dangling, a_member("outputs/x", tarfile.DIRTYPE))
    assert (run_dir / "work/outputs/x").is_symlink()


def test_a_file_of_two_names_is_fetched_with_both(run_dir: Path) -> None:
    other = a_member("outputs/b", tarfile.LNKTYPE, "outputs/a")
    unpacked(run_dir, "work", a_member("outputs/a"), other)
    assert (run_dir / "work/outputs/b").read_text() == "new"


@in_loop
async def test_a_run_on_an_engine_over_ssh(engine: Engine, ssh_engine: str, tmp_path: Path) -> None:
    with the_engine(ssh_engine) as there:
        async with (bench := DockerBench(tmp_path, there, shared=False)) as compute:
            launch = bench.shell("echo far away; mkdir outputs; echo x > outputs/x")
            assert (await executed(compute, launch)).status == 0
            assert log_of(launch) == "far away\n"
            assert (Path(launch.cwd) / "outputs/x").read_text() == "x\n"


@in_loop
async def test_links_to_data_are_carried_as_what_they_lead_to(
    bench: DockerBench, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    (store / "deep").mkdir(parents=True)
    (store / "deep" / "a").write_text("a\n")
    (store / "other").write_text("not asked for\n")
    async with bench as compute:
        code = "cd ../data; cat folder/a files/b; test -e $STORE/other || echo none"
        launch = bench.shell(code, variables={"STORE": str(store)})
        folder, files = (Path(launch.run_dir, "data", name) for name in ("folder", "files"))
        files.mkdir(parents=True)
        folder.symlink_to(store / "deep")
        (files / "b").symlink_to(store / "deep" / "a")
        container = replace(launch.container, data=(str(store),), links=(str(folder), str(files)))
        launch = replace(launch, container=container)
        await executed(compute, launch)
        assert log_of(launch).splitlines() == ["a", "a", "none"]
