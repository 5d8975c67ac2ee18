"""The WebSockets: nothing lost and nothing twice, whatever happens to the service."""

from __future__ import annotations

import asyncio
import json

from pages import WS, final, frames, kill_service, submitted

from jupyter_mltrain import wire, workspaces
from jupyter_mltrain.spec import DRIVER_LOG

PRINTS_FOR_A_WHILE = """
import time
for number in range(60):
    print("line", number, flush=True)
    time.sleep(0.05)
"""


async def until(socket, wanted):
    """The first frame for which `wanted` is true, and those before it."""
    seen = []
    async for frame in frames(socket):
        seen.append(frame)
        if wanted(frame):
            return frame, seen
    raise AssertionError(f"the socket was closed ({socket.close_code}) after {seen}")


def is_frame(kind, **values):
    def wanted(frame):
        return (
            isinstance(frame, dict) and frame["frame"] == kind and values.items() <= frame.items()
        )

    return wanted


def ends(run):
    def wanted(frame):
        return (
            isinstance(frame, dict)
            and frame["frame"] == "change"
            and frame["run"]["id"] == run["id"]
            and frame["run"]["state"] == "Completed"
        )

    return wanted


async def test_the_events_begin_with_the_service_and_a_cursor(open_socket):
    socket = await open_socket(f"{WS}/events")
    first, second = await anext(frames(socket)), await anext(frames(socket))
    assert first == {"frame": "service", "state": "up", "message": ""}
    assert (second["frame"], bool(second["cursor"])) == ("reset", True)


async def test_a_change_of_a_run_is_an_event(api, files, open_socket):
    socket = await open_socket(f"{WS}/events")
    await until(socket, is_frame("reset"))
    run = await submitted(api, files)
    await until(socket, ends(run))


async def test_the_events_go_on_from_their_cursor_over_a_kill_of_the_service(
    api, files, open_socket, default_workspace
):
    socket = await open_socket(f"{WS}/events")
    await until(socket, is_frame("reset"))
    run = await submitted(api, files, PRINTS_FOR_A_WHILE)
    await until(socket, lambda frame: frame.get("run", {}).get("state") == "Running")
    kill_service(default_workspace)
    _, seen = await until(socket, is_frame("service", state="up"))
    assert is_frame("service", state="restarting")(seen[-2])
    _, seen = await until(socket, ends(run))
    assert not [frame for frame in seen if frame["frame"] == "reset"]


async def test_a_page_that_comes_back_with_its_cursor_hears_what_ended_meanwhile(
    api, files, open_socket
):
    socket = await open_socket(f"{WS}/events")
    reset, _ = await until(socket, is_frame("reset"))
    socket.close()
    run = await final(await submitted(api, files))
    socket = await open_socket(f"{WS}/events", since=reset["cursor"])
    await until(socket, ends(run))


async def test_a_service_that_cannot_start_is_told_and_tried_again_when_the_page_asks(
    open_socket, default_workspace
):
    socket = await open_socket(f"{WS}/events")
    await until(socket, is_frame("reset"))
    settings = default_workspace / "settings.json"
    settings.write_text("{ this is no JSON")
    kill_service(default_workspace)
    failed, _ = await until(socket, is_frame("service", state="failed"))
    assert str(settings) in failed["message"]
    settings.unlink()
    await socket.write_message("retry")
    await until(socket, is_frame("service", state="up"))


async def test_the_events_of_an_unknown_workspace_end_with_the_reason(open_socket):
    socket = await open_socket("workspaces/beef/events")
    error, _ = await until(socket, is_frame("error"))
    assert error["code"] == "no_such_workspace"
    assert await socket.read_message() is None
    assert (socket.close_code, socket.close_reason) == (4404, "no_such_workspace")


async def followed(socket):
    """What a run printed, and the frames besides; checks that offsets fit."""
    output, others, expected = b"", [], None
    async for frame in frames(socket):
        if isinstance(frame, bytes):
            assert len(frame) == expected["size_bytes"]
            output, expected = output + frame, None
            continue
        assert expected is None
        if frame["frame"] == "log":
            assert frame["offset"] == len(output)
            expected = frame
        else:
            others.append(frame)
    return output, others


async def test_a_followed_run_comes_byte_for_byte_and_ends(api, files, open_socket):
    run = await submitted(api, files, "print('hello')\nprint('wörld')")
    socket = await open_socket(f"{WS}/runs/{run['id']}/follow", log=f"{DRIVER_LOG}:0")
    output, others = await followed(socket)
    assert output.decode() == "hello\nwörld\n"
    assert others[-1]["run"]["state"] == "Completed"
    assert socket.close_code == 1000


async def test_a_followed_run_loses_nothing_when_the_service_is_killed(
    api, files, open_socket, default_workspace
):
    run = await submitted(api, files, PRINTS_FOR_A_WHILE)
    socket = await open_socket(f"{WS}/runs/{run['id']}/follow", log=f"{DRIVER_LOG}:0")
    following = asyncio.create_task(followed(socket))
    other = await open_socket(f"{WS}/runs/{run['id']}/follow", log=f"{DRIVER_LOG}:0")
    seen = b""
    while b"line 5\n" not in seen:
        message = await other.read_message()
        seen += message if isinstance(message, bytes) else b""
    other.close()
    kill_service(default_workspace)
    output, others = await following
    assert output.decode() == "".join(f"line {number}\n" for number in range(60))
    assert others[-1]["run"]["state"] == "Completed"


async def test_a_log_is_followed_from_the_byte_that_is_asked_for(api, files, open_socket):
    run = await final(await submitted(api, files, "print('hello world')"))
    socket = await open_socket(f"{WS}/runs/{run['id']}/follow", log=f"{DRIVER_LOG}:6")
    seen = [frame async for frame in frames(socket)]
    assert b"".join(each for each in seen if isinstance(each, bytes)) == b"world\n"


async def test_following_a_run_that_is_gone_ends_with_the_reason(open_socket):
    socket = await open_socket(f"{WS}/runs/none/follow")
    error, _ = await until(socket, is_frame("error"))
    assert error["code"] == "no_such_run"
    assert await socket.read_message() is None
    assert socket.close_code == 4404


async def test_a_wrong_offset_ends_with_the_reason(open_socket):
    socket = await open_socket(f"{WS}/runs/none/follow", log="x:y")
    error, _ = await until(socket, is_frame("error"))
    assert error["code"] == "invalid_spec"
    assert await socket.read_message() is None
    assert socket.close_code == 4400


async def test_the_stream_of_the_service_ends_when_the_page_goes(
    api, files, open_socket, default_workspace
):
    run = await submitted(api, files, "import time; time.sleep(60)")
    socket = await open_socket(f"{WS}/runs/{run['id']}/follow", log=f"{DRIVER_LOG}:0")
    await anext(frames(socket))
    before = connections(default_workspace)
    socket.close()
    while connections(default_workspace) >= before:
        await asyncio.sleep(0.01)


def connections(directory) -> int:
    """How many connections the workspace's service has."""
    endpoint = workspaces.endpoint(directory)
    with open("/proc/net/unix") as table:
        return sum(line.rstrip().endswith(endpoint.socket) for line in table)


def test_every_frame_of_the_extension_itself_has_a_type():
    assert json.loads(wire.encode(wire.ErrorFrame(code="a", message="b")))["frame"] == "error"
    assert json.loads(wire.encode(wire.ServiceFrame(state="up")))["frame"] == "service"


async def test_a_server_that_stops_ends_its_sockets_and_starts_nothing(
    open_socket, jp_serverapp, default_workspace
):
    socket = await open_socket(f"{WS}/events")
    await until(socket, is_frame("reset"))
    before = workspaces.endpoint(default_workspace)
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_mltrain"]
    await app.stop_extension()
    assert [frame async for frame in frames(socket)] == []
    assert socket.close_code == 1001
    assert workspaces.endpoint(default_workspace) == before


LOGS_METRICS = """
from jupyter_mltrain import Run
run = Run.get_context()
for step in range(20):
    run.log("loss", 1 / (step + 1))
"""


async def test_metrics_of_a_followed_run_come_as_frames(api, files, open_socket):
    run = await final(await submitted(api, files, LOGS_METRICS))
    socket = await open_socket(f"{WS}/runs/{run['id']}/follow", metrics="0")
    _, others = await followed(socket)
    points = [point for frame in others if frame["frame"] == "metrics" for point in frame["points"]]
    assert [point["value"] for point in points] == [1 / (step + 1) for step in range(20)]


async def test_a_page_with_a_backlog_gets_the_end_of_a_long_log(api, files, open_socket):
    run = await final(await submitted(api, files, "print('x' * 1_000_000)\nprint('end')"))
    params = {"log": f"{DRIVER_LOG}:0", "backlog": "1000"}
    socket = await open_socket(f"{WS}/runs/{run['id']}/follow", **params)
    seen = [frame async for frame in frames(socket)]
    data = b"".join(each for each in seen if isinstance(each, bytes))
    assert data.endswith(b"end\n")
    assert len(data) <= 1000
