"""Engines that go away and come back, that see our files or do not, and users they serve."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compute.benches import DockerBench
from compute.real_runs import executed, log_of, said, the_end
from engines import PYTHON, own_engine, the_engine
from loops import in_loop

from jupyter_mltrain.compute import sharing
from jupyter_mltrain.compute.base import Compute, Exited, Gone, Launch, Running, Unreachable
from jupyter_mltrain.compute.container_config import Traits, compose
from jupyter_mltrain.compute.container_options import Options
from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.spec import ExitRecord, Lease


@pytest.fixture
def bench(containers_bench: DockerBench) -> DockerBench:
    return containers_bench


def traits(**changes: Any) -> Traits:
    return Traits(**{"id": "engine", "cpus": 8, **changes})


def composed(bench: DockerBench, its: Traits, **changes: Any) -> dict[str, Any]:
    launch = bench.container(("/bin/true",), **changes)
    assert launch.container is not None
    return compose(launch, launch.container, Options(), its, "workspace", shared=True)


# Reaching it


@in_loop
async def test_a_run_whose_engine_does_not_answer_is_unreachable_not_gone(
    bench: DockerBench, tmp_path: Path
) -> None:
    way = tmp_path / "way.sock"
    way.symlink_to("/var/run/docker.sock")
    with the_engine(f"unix://{way}") as engine:
        cut = DockerBench(tmp_path, engine)
        async with cut as compute:
            launch = cut.launch()
            handle = await compute.start(launch)
            way.unlink()
            engine._disconnect()
            waiting = asyncio.create_task(compute.ended(handle, launch.control))
            compute._deaths._stream.close()
            await waiting
            assert isinstance(await compute.observe(handle, launch.control), Unreachable)
            way.symlink_to("/var/run/docker.sock")
            assert isinstance(await compute.observe(handle, launch.control), Running)
            cut.exit(launch, 0)
            assert (await the_end(compute, handle, launch)).status == 0


@in_loop
async def test_a_run_of_another_engine_is_unreachable(bench: DockerBench) -> None:
    async with bench as compute:
        launch = bench.launch()
        handle = await compute.start(launch)
        seen = await compute.observe(
            handle.replace('"engine":"', '"engine":"other'), launch.control
        )
        bench.exit(launch, 0)
        await compute.ended(handle, launch.control)
        assert isinstance(seen, Unreachable)
        assert seen.reason == "'local' is another Docker Engine than the run's"


# Its clock


@in_loop
async def test_a_limit_of_time_holds_in_an_image_that_cannot_sleep(
    bench: DockerBench, engine: Engine
) -> None:
    name = f"{bench._workspace}-without-sleep"

    def make(client: Any) -> str:
        removal = ["rm", "/bin/sleep", "/usr/bin/sleep"]
        config = {"Image": bench.image(), "Cmd": removal, "NetworkDisabled": True}
        containers.create(client, name, config)
        try:
            containers.start(client, name)
            containers.ended(client, name)
            return str(client.commit(name)["Id"])
        finally:
            containers.remove(client, name)

    image = engine.do(make)
    try:
        async with bench as compute:
            launch = bench.container(
                (PYTHON, "-c", "import time; time.sleep(60)"),
                image=image,
                timeout_s=0.1,
                grace_s=0.1,
            )
            assert (await executed(compute, launch)).cause == "timeout"
            await compute.close()
    finally:
        engine.do(lambda client: client.remove_image(image, force=True))


# Its view of our files


def test_an_engine_of_this_machine_sees_our_files(bench: DockerBench, engine: Engine) -> None:
    its = Traits.of(engine.info())
    folder = bench._root
    assert sharing.is_shared(engine, its, bench.image(), folder, bench._workspace)
    assert [path.name for path in folder.iterdir()] == ["shared.json"]
    assert bench.containers() == []


def test_what_was_found_out_is_not_tried_again(bench: DockerBench, engine: Engine) -> None:
    its = Traits.of(engine.info())
    sharing.is_shared(engine, its, bench.image(), bench._root, bench._workspace)
    assert sharing.is_shared(engine, its, "no such image", bench._root, bench._workspace)


@pytest.mark.root
@pytest.mark.slow
@in_loop
async def test_a_run_of_an_engine_that_has_not_our_folders_is_carried_there_and_back(
    running_engine: None, tmp_path: Path
) -> None:
    with own_engine(hidden=tmp_path) as daemon, the_engine(daemon.url) as engine:
        async with (bench := DockerBench(tmp_path, engine)) as compute:
            launch = bench.container(
                ("/bin/sh", "-c", "echo metric >> ../journal.jsonl; echo x > outputs/x; echo out"),
                image=engine.do(shell_image),
                arguments=("--network=none",),
            )
            (Path(launch.cwd) / "outputs").mkdir()
            assert (await executed(compute, launch)).status == 0
            assert log_of(launch) == "out\n"
            assert (Path(launch.cwd) / "outputs/x").read_text() == "x\n"
            assert (Path(launch.run_dir) / "journal.jsonl").read_text() == "metric\n"
            assert not (tmp_path / "containers/shared.json").exists()


def test_another_kernels_files_are_not_ours_to_follow(tmp_path: Path) -> None:
    reply = tmp_path / "reply"
    reply.write_text("nonce another-boot\n")
    assert not sharing._is_ours(reply, "nonce")


# Users


def test_an_engine_without_root_has_the_caller_as_its_root(bench: DockerBench) -> None:
    assert composed(bench, traits(rootless=True))["User"] == "0:0"


def test_an_engine_that_remaps_users_is_asked_not_to(bench: DockerBench) -> None:
    assert composed(bench, traits(remaps_users=True))["HostConfig"]["UsernsMode"] == "host"


def test_the_run_is_not_closed_off_by_selinux(bench: DockerBench) -> None:
    assert "label=disable" in composed(bench, traits(selinux=True))["HostConfig"]["SecurityOpt"]


def test_what_an_engine_says_of_itself_is_understood() -> None:
    options = ["name=seccomp,profile=default", "name=rootless", "name=selinux"]
    its = Traits.of({"ID": "x", "NCPU": 3, "SecurityOptions": options})
    assert (its.id, its.cpus, its.rootless, its.selinux, its.remaps_users) == (
        *("x", 3, True, True, False),
    )


# GPUs


def test_leased_gpus_are_asked_for_and_counted_from_0(bench: DockerBench) -> None:
    found = composed(bench, traits(), lease=Lease(cpus=1, gpus=(2, 3)))
    (request,) = found["HostConfig"]["DeviceRequests"]
    assert (request["DeviceIDs"], request["Capabilities"]) == (["2", "3"], [["gpu"]])
    assert "CUDA_VISIBLE_DEVICES=0,1" in found["Env"]


def test_without_a_lease_an_image_gets_no_gpu_by_itself(bench: DockerBench) -> None:
    assert "NVIDIA_VISIBLE_DEVICES=void" in composed(bench, traits())["Env"]


def test_no_more_cpus_are_asked_for_than_the_engine_has(bench: DockerBench) -> None:
    found = composed(bench, traits(cpus=2), lease=Lease(cpus=16))
    assert found["HostConfig"]["NanoCpus"] == 2 * 10**9


# A user without root

_AS_USER = """
import asyncio, docker, grp, json, os, pwd, sys, tempfile
from pathlib import Path
sys.path[:0] = {paths!r}
import docker.types.daemon, docker.context
from compute.benches import DockerBench
from compute.real_runs import executed, log_of, said
from engines import PYTHON, own_engine, the_engine

async def main():
    user = pwd.getpwnam({user!r})
    with the_engine() as engine:
        engine.info()
        os.setgroups([os.stat("/var/run/docker.sock").st_gid])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.environ["LOGNAME"] = {user!r}
        bench = DockerBench(Path({root!r}), engine)
        async with bench as compute:
            code = "id -u; id -g; echo $USER; mkdir -p outputs; echo x | tee outputs/x > $HOME/x"
            owners = []
            for arguments in ((), ("--user", "root")):
                launch = bench.container(("/bin/sh", "-c", code), arguments=arguments)
                record = await executed(compute, launch)
                assert record.status == 0, (record, log_of(launch))
                owners.append((Path(launch.cwd) / "outputs/x").stat().st_uid)
                print(*log_of(launch).split())
            stubborn = bench.container(
                ("/bin/sh", "-c", code + "; echo ready; sleep 60"), arguments=("--user", "root")
            )
            handle = await compute.start(stubborn)
            await said(stubborn, "ready")
            engine.do(lambda client: client.kill(bench.name(stubborn), "SIGKILL"))
            await compute.ended(handle, stubborn.control)
            await compute.observe(handle, stubborn.control)
            owners.append((Path(stubborn.cwd) / "outputs/x").stat().st_uid)
            print(*owners)

asyncio.run(main())
"""


@pytest.fixture
def user() -> Iterator[str]:
    """A user of this machine who is nobody else."""
    name = f"mltrain{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", name], check=True)
    yield name
    subprocess.run(["userdel", name], check=True)


@pytest.mark.root
def test_what_runs_write_belongs_to_a_user_without_root(
    bench: DockerBench, user: str, tmp_path: Path
) -> None:
    uid, gid = (int(subprocess.check_output(["id", option, user])) for option in ("-u", "-g"))
    root = Path("/tmp") / f"mltrain-user-{os.getpid()}"
    root.mkdir()
    os.chown(root, uid, gid)
    try:
        code = _AS_USER.format(paths=sys.path, user=user, root=str(root))
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
        )
        assert done.returncode == 0, done.stderr
        caller, as_root, owners = done.stdout.splitlines()
        assert caller == f"{uid} {gid} {user}"
        assert as_root == f"0 0 {user}"
        assert owners == f"{uid} {uid} {uid}"
    finally:
        shutil.rmtree(root)


# An engine that is restarted


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("live", [True, False])
@in_loop
async def test_a_run_outlives_its_engine_or_says_what_ended_it(
    running_engine: None, tmp_path: Path, live: bool
) -> None:
    options = ["--live-restore"] if live else []
    with own_engine(*options) as daemon, the_engine(daemon.url) as engine:
        async with (bench := DockerBench(tmp_path, engine)) as compute:
            launch = bench.container(
                ("/bin/sh", "-c", "echo ready; until [ -s orders ]; do sleep 0.1; done; exit 7"),
                image=engine.do(shell_image),
                arguments=("--network=none",),
            )
            handle = await compute.start(launch)
            await said(launch, "ready")
            await asyncio.to_thread(daemon.restart)
            bench.tell(launch, "go")
            record = await eventually(compute, handle, launch)
            # Without live-restore the engine ends what it has, and starts nothing again.
            assert (record.status, record.signal) == ((7, None) if live else (None, 15))


async def eventually(compute: Compute, handle: str, launch: Launch) -> ExitRecord:
    """How it ended, although the engine cannot be asked for a while."""
    while not isinstance(seen := await compute.observe(handle, launch.control), Exited):
        assert not isinstance(seen, Gone), seen
        await compute.ended(handle, launch.control)
        await asyncio.sleep(0.1)
    return seen.record


def shell_image(client: Any) -> str:
    """Nothing but a shell and sleep, taken from this machine."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        found = {"/bin/sh", "/bin/sleep"}
        for program in tuple(found):
            needs = subprocess.check_output(["ldd", os.path.realpath(program)], text=True)
            found |= {word for word in needs.split() if word.startswith("/")}
        for path in sorted(found):
            tar.add(os.path.realpath(path), arcname=path.lstrip("/"))
    return str(json.loads(client.import_image_from_data(packed.getvalue()))["status"])
