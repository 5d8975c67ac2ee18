"""The launcher and the reapers that it keeps ready."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from compute.benches import ProcessBench, reaper_of
from compute.launchers import fork_launcher
from loops import in_loop
from waiting import wait_until_gone

from jupyter_mltrain.compute import process, processes
from jupyter_mltrain.compute.base import Exited
from jupyter_mltrain.errors import ComputeTargetError

_LIMIT_S = 10


def spares_of(pid: int, but: tuple[int, ...] = ()) -> list[int]:
    """The two reapers that wait, once they are there."""
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        found = [spare for spare in processes.descendants(pid) if spare not in but]
        if len(found) == 2:
            return found
        time.sleep(0.005)
    raise AssertionError(f"the launcher has {len(found)} reapers ready, not 2")


def test_the_launcher_and_its_spares_leave_when_the_service_does() -> None:
    ours, pid = fork_launcher()
    everyone = [pid, *spares_of(pid)]
    ours.close()
    for each in everyone:
        wait_until_gone(each)


def test_a_spare_that_is_killed_is_replaced() -> None:
    ours, pid = fork_launcher()
    with ours:
        first = spares_of(pid)
        os.kill(first[0], signal.SIGKILL)
        assert first[1] in spares_of(pid, but=(first[0],))
    wait_until_gone(pid)


@in_loop
async def test_a_run_outlives_the_launcher(tmp_path: Path) -> None:
    ours, pid = fork_launcher()
    with ours:
        async with (bench := ProcessBench(tmp_path, ours)) as compute:
            launch = bench.launch()
            handle = await compute.start(launch)
            os.kill(pid, signal.SIGKILL)
            wait_until_gone(pid)
            bench.exit(launch, 9)
            await compute.ended(handle, launch.control)
            seen = await compute.observe(handle, launch.control)
            assert isinstance(seen, Exited)
            assert seen.record.status == 9


@in_loop
async def test_without_launcher_and_spares_a_start_says_what_to_do(tmp_path: Path) -> None:
    ours, pid = fork_launcher()
    with ours:
        everyone = [*spares_of(pid), pid]
        os.kill(pid, signal.SIGSTOP)  # or it would make new ones
        processes.send(everyone, signal.SIGKILL)
        for process in everyone:
            wait_until_gone(process)
        async with (bench := ProcessBench(tmp_path, ours)) as compute:
            message = ""
            try:
                await compute.start(bench.launch())
            except ComputeTargetError as error:
                message = error.message
            assert message.startswith("No process can be started here: the service's launcher")


@in_loop
async def test_a_start_survives_the_spares_that_are_killed_at_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever is killed while the message comes may take it with him.
    monkeypatch.setattr(process, "_ASK_AGAIN_S", 0.05)
    ours, pid = fork_launcher()
    with ours:
        async with (bench := ProcessBench(tmp_path, ours)) as compute:
            for _ in range(5):
                spares = spares_of(pid)
                processes.send(spares, signal.SIGSTOP)
                launch = bench.launch()
                starting = asyncio.create_task(compute.start(launch))
                await asyncio.sleep(0)
                processes.send(spares, signal.SIGKILL)
                handle = await starting
                bench.exit(launch, 2)
                await compute.ended(handle, launch.control)
                seen = await compute.observe(handle, launch.control)
                assert isinstance(seen, Exited)
                assert seen.record.status == 2
    wait_until_gone(pid)


@in_loop
async def test_a_reaper_whose_run_has_ended_takes_the_next_one(tmp_path: Path) -> None:
    ours, pid = fork_launcher()
    with ours:
        async with (bench := ProcessBench(tmp_path, ours)) as compute:
            reapers = set()
            for _ in range(6):
                launch = bench.launch()
                handle = await compute.start(launch)
                bench.exit(launch, 0)
                await compute.ended(handle, launch.control)
                reapers.add(reaper_of(handle))
            assert len(reapers) <= 3
    wait_until_gone(pid)


@in_loop
async def test_a_late_cancel_of_an_ended_run_leaves_the_next_one_alone(tmp_path: Path) -> None:
    ours, pid = fork_launcher()
    with ours:
        async with (bench := ProcessBench(tmp_path, ours)) as compute:
            first = bench.launch()
            handle = await compute.start(first)
            bench.exit(first, 0)
            await compute.ended(handle, first.control)
            reaper = reaper_of(handle)
            second = bench.launch()
            other = await compute.start(second)
            while reaper_of(other) != reaper:  # the same reaper has the second run
                bench.exit(second, 0)
                await compute.ended(other, second.control)
                second = bench.launch()
                other = await compute.start(second)
            # What a cancel of the first does when it looked just before the exit record came.
            os.kill(reaper, signal.SIGTERM)
            bench.exit(second, 4)
            await compute.ended(other, second.control)
            seen = await compute.observe(other, second.control)
            assert isinstance(seen, Exited)
            assert (seen.record.status, seen.record.cause) == (4, None)
    wait_until_gone(pid)
