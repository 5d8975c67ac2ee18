"""Running tools: what they say, how they end, and that nothing is left of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loops import in_loop

from jupyter_mltrain.environments import tools

PATH = {"PATH": os.environ["PATH"]}


async def said(script: str, stdin: str = "", timeout_s: float | None = None) -> list[str]:
    lines: list[str] = []
    await tools.run(
        ("/bin/sh", "-c", script),
        each_line=lines.append,
        stdin=stdin,
        variables=PATH,
        timeout_s=timeout_s,
    )
    return lines


def exists(pid: int) -> bool:
    """Whether a process executes; one that only waits for its parent does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@in_loop
async def test_output_and_errors_come_line_by_line() -> None:
    assert await said("echo one; echo two >&2; printf three") == ["one", "two", "three"]


@in_loop
async def test_a_progress_bar_is_lines() -> None:
    assert await said(r"printf '10%%\r90%%\r\nend\n'") == ["10%", "90%", "end"]


@in_loop
async def test_a_tool_reads_what_it_is_given() -> None:
    assert await said("cat", stdin="a\nb\n") == ["a", "b"]


@in_loop
async def test_passwords_in_urls_and_conda_s_tokens_are_masked() -> None:
    lines = await said(
        "echo https://me:secret@host/x file:///t/secret/conda git+ssh://git@h/x t://tok@h a://b:c@d@h"
    )
    assert lines == [
        "https://****@host/x file:///t/****/conda git+ssh://git@h/x t://****@h a://****@h"
    ]


@in_loop
async def test_a_failure_has_the_status_and_the_last_lines() -> None:
    with pytest.raises(tools.ToolFailed) as caught:
        await said("echo first; echo last; exit 3")
    assert (caught.value.status, caught.value.output) == (3, ("first", "last"))


@in_loop
async def test_a_tool_that_takes_too_long_is_ended() -> None:
    with pytest.raises(tools.ToolFailed, match="sh took too long"):
        await said("sleep 60", timeout_s=0.05)


@in_loop
async def test_a_tool_that_is_not_there_is_said() -> None:
    with pytest.raises(tools.ToolFailed) as caught:
        await tools.run(("/no/such/tool",), each_line=print, variables={})
    assert caught.value.output == (
        "error: /no/such/tool cannot be started: No such file or directory",
    )


@in_loop
async def test_a_cancel_ends_children_that_will_not_hear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_GRACE_S", 0.05)
    told: asyncio.Queue[str] = asyncio.Queue()
    stubborn = "(trap '' TERM; echo $$; while :; do sleep 0.02; done) & echo $!; wait"
    task = asyncio.ensure_future(
        tools.run(("/bin/sh", "-c", stubborn), each_line=told.put_nowait, variables=PATH)
    )
    pids = [int(await told.get()), int(await told.get())]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [pid for pid in pids if exists(pid)]


def test_tools_of_a_service_that_was_killed_are_found_and_ended() -> None:
    left = {**PATH, "MLTRAIN_BUILDS": "workspace-a 1"}
    other = {**PATH, "MLTRAIN_BUILDS": "workspace-b 1"}
    ours = {**PATH, **tools.mark("workspace-a")}
    idle = (sys.executable, "-c", "input()")
    started = [
        subprocess.Popen(idle, env=env, stdin=subprocess.PIPE) for env in (left, other, ours)
    ]
    try:
        tools.end_strays("workspace-a")
        assert started[0].wait(timeout=10) == -9
        assert [each.poll() for each in started[1:]] == [None, None]
    finally:
        for each in started:
            each.kill()
            each.communicate()
