"""What a run finds in its container, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from compute.benches import DockerBench
from compute.fake import CAPACITY
from compute.real_runs import executed, log_of, said, the_end
from engines import the_engine
from loops import in_loop
from msgspec.structs import replace

from jupyter_mltrain.compute.base import Compute, Exited, Gone, Launch
from jupyter_mltrain.compute.docker import DockerCompute
from jupyter_mltrain.compute.watch import Watcher
from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.errors import ComputeTargetError, EnvironmentGone
from jupyter_mltrain.spec import Lease


@pytest.fixture
def bench(containers_bench: DockerBench) -> DockerBench:
    return containers_bench


def inspected(engine: Engine, bench: DockerBench, launch: Launch) -> dict[str, Any]:
    found: dict[str, Any] = engine.do(lambda client: client.inspect_container(bench.name(launch)))
    return found


async def is_refused(bench: DockerBench, compute: Compute, launch: Launch) -> str:
    """Why it cannot be started; nothing of it is left."""
    with pytest.raises(ComputeTargetError) as caught:
        await compute.start(launch)
    assert bench.containers() == []
    assert not (launch.control / "reaper.json").exists()
    assert not (Path(launch.run_dir) / "home").exists()
    return caught.value.message


# What it finds


@in_loop
async def test_it_is_the_caller_with_a_home_of_its_own(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell('id -u; id -g; echo "$HOME"; touch "$HOME/x" && echo "$USER $LOGNAME"')
        await executed(compute, launch)
        uid, gid, home, names = log_of(launch).splitlines()
        assert (int(uid), int(gid)) == (os.getuid(), os.getgid())
        assert home == f"{launch.run_dir}/home"
        assert len(set(names.split())) == 1


@in_loop
async def test_variables_reach_it_and_stand_in_no_command(
    bench: DockerBench, engine: Engine
) -> None:
    async with bench as compute:
        launch = bench.shell('echo "$WORD"; read x < orders', variables={"WORD": "a b"})
        os.mkfifo(Path(launch.cwd) / "orders")
        handle = await compute.start(launch)
        await said(launch, "a b")
        found = inspected(engine, bench, launch)
        assert "a b" not in json.dumps([found["Path"], found["Args"]])
        await compute.cancel(handle, launch.control)
        await the_end(compute, handle, launch)


@in_loop
async def test_it_can_gain_no_rights(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell("grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status")
        await executed(compute, launch)
        assert log_of(launch).split() == [
            *("CapEff:", "0" * 16, "CapBnd:", "0" * 16),
            *("NoNewPrivs:", "1"),
        ]


@in_loop
async def test_its_lease_is_its_limit(bench: DockerBench, engine: Engine) -> None:
    async with bench as compute:
        launch = bench.launch()
        lease = Lease(cpus=1, memory_bytes=300_003_328)
        launch = bench.container(launch.argv, lease=lease, shm_bytes=10_000_000)
        handle = await compute.start(launch)
        host = inspected(engine, bench, launch)["HostConfig"]
        assert (host["NanoCpus"], host["Memory"], host["ShmSize"]) == (
            *(1_000_000_000, 300_003_328, 10_000_000),
        )
        bench.exit(launch, 0)
        await the_end(compute, handle, launch)


@in_loop
async def test_what_is_for_reading_cannot_be_changed(bench: DockerBench, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "text").write_text("read me\n")
    async with bench as compute:
        launch = bench.shell(
            f"cat {folder}/text; echo x > {folder}/text || echo refused", readonly=(str(folder),)
        )
        await executed(compute, launch)
        assert log_of(launch).splitlines()[0] == "read me"
        assert log_of(launch).splitlines()[-1] == "refused"


@in_loop
async def test_arguments_of_the_user_take_effect(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell(
            "hostname; cat /proc/net/dev | wc -l; ulimit -n",
            arguments=("--hostname", "trainer", "--network=none", "--ulimit", "nofile=64:64"),
        )
        await executed(compute, launch)
        assert log_of(launch).split() == ["trainer", "3", "64"]


@in_loop
async def test_root_is_root_within_the_container_alone(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell("id -u; touch /etc/x; chown 5:5 /etc/x; ls -n /etc/x | cut -d' ' -f3")
        await executed(compute, bench.container(launch.argv, arguments=("--user", "root")))
        launch = bench.container(launch.argv, arguments=("--user", "root"))
        await executed(compute, launch)
        assert log_of(launch).split() == ["0", "5"]


# How it ends


@in_loop
async def test_what_it_used_is_recorded(bench: DockerBench) -> None:
    async with bench as compute:
        record = await executed(compute, bench.python("sum(range(10**6))"))
        assert record.cpu_s > 0
        assert record.ended_at is not None


@in_loop
async def test_processes_that_it_left_are_ended_and_counted(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell("(trap '' TERM; sleep 60) & sleep 60 & sleep 0.1; exit 3")
        record = await executed(compute, launch)
        assert record.status == 3
        assert record.leftovers == 2


@in_loop
async def test_out_of_memory_is_its_cause_although_a_child_was_killed(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.python(
            "import subprocess, sys\n"
            "sys.exit(subprocess.call([sys.executable, '-Sc', 'x = b\"x\" * 10**9']) and 1)",
            memory_bytes=50_000_000,
        )
        record = await executed(compute, launch)
        assert (record.status, record.cause) == (1, "memory")


@in_loop
async def test_one_that_is_killed_from_outside_ended_by_that_signal(
    bench: DockerBench, engine: Engine
) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        engine.do(lambda client: containers.send(client, bench.name(launch), "SIGKILL"))
        record = await the_end(compute, handle, launch)
        assert (record.status, record.signal, record.cause) == (None, signal.SIGKILL, None)


@in_loop
async def test_one_that_is_stopped_from_outside_is_not_cancelled(
    bench: DockerBench, engine: Engine
) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        engine.do(lambda client: client.stop(bench.name(launch)))
        record = await the_end(compute, handle, launch)
        assert (record.signal, record.cause) == (signal.SIGTERM, None)


@in_loop
async def test_a_program_that_the_image_lacks_is_said(bench: DockerBench) -> None:
    async with bench as compute:
        record = await executed(compute, bench.container(("/opt/python", "train.py")))
        assert (record.status, record.cause) == (None, "start")


@in_loop
async def test_its_end_is_known_when_it_has_deleted_its_own_directory(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.shell('rm -rf "$PWD" ../control; exit 3')
        handle = await compute.start(launch)
        await compute.ended(handle, launch.control)
        launch.control.mkdir()  # by then the service has written there
        seen = await compute.observe(handle, launch.control)
        assert isinstance(seen, Exited)
        assert seen.record.status == 3


@in_loop
async def test_the_engine_keeps_no_second_copy_of_its_output(
    bench: DockerBench, engine: Engine
) -> None:
    async with bench as compute:
        launch = bench.shell("echo hello; read x < orders")
        os.mkfifo(Path(launch.cwd) / "orders")
        handle = await compute.start(launch)
        await said(launch, "hello")
        assert inspected(engine, bench, launch)["HostConfig"]["LogConfig"]["Type"] == "none"
        await compute.cancel(handle, launch.control)
        await the_end(compute, handle, launch)


# What cannot start


@in_loop
async def test_an_image_that_has_gone_is_to_be_made_again(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.container(("/bin/true",), image="sha256:" + "0" * 64)
        with pytest.raises(EnvironmentGone):
            await compute.start(launch)
        assert bench.containers() == []
        assert not (launch.control / "reaper.json").exists()


@in_loop
async def test_gpus_that_the_engine_cannot_give_are_a_sentence(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.container(("/bin/true",), lease=Lease(cpus=1, gpus=(0,)))
        assert "NVIDIA Container Toolkit" in await is_refused(bench, compute, launch)


@in_loop
async def test_an_image_without_a_shell_is_said(bench: DockerBench, engine: Engine) -> None:
    def make(client: Any) -> str:
        empty = bytes(10_240)
        return str(json.loads(client.import_image_from_data(empty))["status"])

    image = engine.do(make)
    try:
        async with bench as compute:
            launch = bench.container(("/train",), image=image)
            said = await is_refused(bench, compute, launch)
            assert said.startswith("The image has no shell: runs need /bin/sh in it.")
    finally:
        engine.do(lambda client: client.remove_image(image))


@in_loop
async def test_a_network_that_is_not_there_is_named(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.container(("/bin/true",), arguments=("--network=nowhere",))
        assert "nowhere" in await is_refused(bench, compute, launch)


@in_loop
async def test_a_process_on_an_engine_is_refused(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.launch()
        with pytest.raises(ComputeTargetError, match="runs containers"):
            await compute.start(replace(launch, container=None))


# What is left


@in_loop
async def test_nothing_is_left_once_its_end_is_known(
    bench: DockerBench, engine: Engine, tmp_path: Path
) -> None:
    before = engine.do(lambda client: client.volumes()["Volumes"]) or []
    async with bench as compute:
        launch = bench.shell("echo x > /scratch/x; exit 0", arguments=("--volume", "/scratch"))
        await executed(compute, launch)
        assert len(bench.containers()) == 1, "not before its end is written down"
        await compute.close()
        assert bench.containers() == []
        assert not (Path(launch.run_dir) / "home").exists()
        assert [path.name for path in (tmp_path / "containers").glob("mltrain-*")] == []
    after = engine.do(lambda client: client.volumes()["Volumes"]) or []
    assert {each["Name"] for each in after} <= {each["Name"] for each in before}


@in_loop
async def test_a_cancelled_run_leaves_none(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        await compute.cancel(handle, launch.control)
        await the_end(compute, handle, launch)
        await compute.close()
        assert bench.containers() == []


@in_loop
async def test_a_later_service_deletes_what_a_killed_one_left(bench: DockerBench) -> None:
    async with bench as compute:
        ended, running = bench.launch(), bench.launch()
        for launch in (ended, running):
            await compute.start(launch)
        other = bench.other()
        await other.sweep({running.run_id})
        assert bench.containers() == [bench.name(running)]
        bench.exit(running, 0)
        await the_end(other, await other.start(running), running)


@in_loop
async def test_a_run_whose_service_was_killed_just_before_its_start_is_started(
    bench: DockerBench, engine: Engine
) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        config = inspected(engine, bench, launch)["Config"]
        host = inspected(engine, bench, launch)["HostConfig"]
        engine.do(lambda client: containers.remove(client, bench.name(launch)))
        made = {**config, "HostConfig": host}
        engine.do(lambda client: containers.create(client, bench.name(launch), made))
        other = bench.other()
        bench.exit(launch, 9)
        await other.ended(handle, launch.control)
        while not isinstance(seen := await other.observe(handle, launch.control), Exited):
            assert not isinstance(seen, Gone)
            await other.ended(handle, launch.control)
        assert seen.record.status == 9


@in_loop
async def test_no_engine_is_asked_where_there_never_was_a_container(tmp_path: Path) -> None:
    watcher = Watcher()
    with the_engine(f"unix://{tmp_path}/none.sock") as nowhere:
        compute = DockerCompute(
            "local", nowhere, CAPACITY, watcher, workspace_id="w", folder=tmp_path / "containers"
        )
        await compute.sweep(())
        await compute.close()
    watcher.close()


@pytest.mark.parametrize(
    "forged", [{"container": "somebody-else"}, {"log": "/etc/motd"}, {"log": "RUN/files/link"}]
)
@in_loop
async def test_a_handle_that_a_script_has_changed_leads_nowhere_else(
    bench: DockerBench, forged: dict[str, str]
) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = json.loads(await compute.start(launch))
        files = Path(launch.run_dir) / "files"
        files.mkdir(exist_ok=True)
        (files / "link").symlink_to("/etc/motd")
        changed = {key: text.replace("RUN", launch.run_dir) for key, text in forged.items()}
        seen = await compute.observe(json.dumps(handle | changed), launch.control)
        bench.exit(launch, 0)
        await compute.ended(json.dumps(handle), launch.control)
        assert isinstance(seen, Gone)
