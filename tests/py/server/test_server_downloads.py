"""Files of a run through the Jupyter server: the same bytes, under a safe name, as data."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from pages import WS, final, kill_service, submitted

MAKES_OUTPUT = """
import os
os.makedirs("outputs/sub", exist_ok=True)
open("outputs/data.bin", "wb").write(bytes(range(256)) * 4000)
open("outputs/sub/note.txt", "w").write("a note")
open("outputs/empty", "w").close()
"""
DATA = bytes(range(256)) * 4000


def at(run, rest):
    return f"{WS}/runs/{run['id']}/{rest}"


async def made(api, files, text=MAKES_OUTPUT, **form):
    return await final(await submitted(api, files, text, **form))


async def test_a_file_comes_with_the_same_bytes(api, files):
    run = await made(api, files)
    reply = await api(at(run, "files/outputs/data.bin"))
    assert reply.body == DATA
    assert reply.headers["Content-Length"] == str(len(DATA))


async def test_an_empty_file_is_an_empty_download(api, files):
    run = await made(api, files)
    reply = await api(at(run, "files/outputs/empty"))
    assert (reply.code, reply.body) == (200, b"")
    assert reply.headers["Content-Type"] == "application/octet-stream"


async def test_a_download_is_saved_and_never_shown(api, files):
    run = await made(api, files)
    headers = (await api(at(run, "files/outputs/data.bin"))).headers
    assert headers["Content-Disposition"].startswith('attachment; filename="data.bin"')
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Cache-Control"].startswith("private")
    assert headers["Content-Type"] == "application/octet-stream"


async def test_a_range_is_the_bytes_that_were_asked_for(api, files):
    run = await made(api, files)
    reply = await api(at(run, "files/outputs/data.bin"), headers={"Range": "bytes=1000-1999"})
    assert (reply.code, reply.body) == (206, DATA[1000:2000])
    assert reply.headers["Content-Range"] == f"bytes 1000-1999/{len(DATA)}"


async def test_a_range_beyond_the_end_is_416(api, files):
    run = await made(api, files)
    reply = await api(at(run, "files/outputs/data.bin"), headers={"Range": "bytes=99999999-"})
    assert reply.code == 416
    assert reply.headers["Content-Range"] == f"bytes */{len(DATA)}"


async def test_the_head_of_a_download_says_its_size(api, files):
    run = await made(api, files)
    reply = await api(at(run, "files/outputs/data.bin"), method="HEAD")
    assert (reply.code, reply.headers["Content-Length"]) == (200, str(len(DATA)))
    assert reply.headers["Accept-Ranges"] == "bytes"


async def test_a_file_that_never_was_is_404_and_no_download(api, files):
    run = await made(api, files)
    reply = await api(at(run, "files/outputs/none"))
    assert (reply.code, json.loads(reply.body)["code"]) == (404, "no_such_file")
    assert "Content-Disposition" not in reply.headers


@pytest.mark.parametrize("name", ["../../run.json", "../../../store.sqlite", "%2e%2e/run.json"])
async def test_no_name_leads_out_of_the_run(api, files, jp_fetch, name):
    run = await made(api, files)
    reply = await api(at(run, f"files/{name}"))
    assert 400 <= reply.code < 500


async def test_a_name_that_is_markup_is_only_a_name(api, files):
    name = '<img src=x onerror="alert(1)">\r\n é.txt'
    run = await made(api, files, f"open('outputs/' + {name!r}, 'w').write('x')")
    reply = await api(at(run, "files/outputs/" + name))
    assert reply.body == b"x"
    shown = reply.headers["Content-Disposition"]
    assert "\n" not in shown
    assert quote("é.txt") in shown


async def test_all_outputs_come_as_one_zip_named_after_the_run(api, files):
    run = await made(api, files, name="digits")
    reply = await api(at(run, "zip?prefix=outputs/"))
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert archive.read("outputs/data.bin") == DATA
    assert 'filename="digits-1-outputs.zip"' in reply.headers["Content-Disposition"]


async def test_what_was_shipped_can_be_downloaded(api, files):
    run = await made(api, files)
    reply = await api(at(run, "snapshot/train.py"))
    assert reply.body.decode() == MAKES_OUTPUT


async def test_a_download_goes_on_where_a_killed_service_left_it(
    api, files, jp_fetch, default_workspace
):
    size = 30_000_000
    run = await made(
        api, files, f"open('outputs/big', 'wb').write(bytes(range(256)) * {size // 256})"
    )
    got = bytearray()
    killed = []

    def take(piece):
        got.extend(piece)
        if len(got) > 1_000_000 and not killed:
            killed.append(kill_service(default_workspace))

    await jp_fetch("mltrain/api", at(run, "files/outputs/big"), streaming_callback=take)
    assert killed
    assert bytes(got) == bytes(range(256)) * (size // 256)


DOWNLOAD = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": sys.argv[2]})
size = 0
with urllib.request.urlopen(request) as reply:
    while piece := reply.read(1_000_000):
        size += len(piece)
print(size)
"""


async def test_the_loop_stays_free_while_a_large_file_comes_and_a_service_starts(
    api, files, jp_http_port, jp_base_url, jp_auth_header, default_workspace
):
    size = 200_000_000
    run = await made(api, files, f"open('outputs/big', 'wb').truncate({size})")
    kill_service(default_workspace)
    url = f"http://localhost:{jp_http_port}{jp_base_url}mltrain/api/{at(run, 'files/outputs/big')}"
    lags: list[float] = []
    measuring = asyncio.create_task(measure_lags(lags))
    # In another process: the page's work is not ours.
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", DOWNLOAD, url, jp_auth_header["Authorization"]],
        capture_output=True,
        check=True,
    )
    measuring.cancel()
    assert int(done.stdout) == size
    assert max(lags) < 0.02


async def measure_lags(lags: list[float]) -> None:
    """How long the event loop is busy with one thing, less what others have the processor."""
    loop = asyncio.get_running_loop()
    while True:
        before, waited = loop.time(), waited_s()
        await asyncio.sleep(0.001)
        lags.append(loop.time() - before - 0.001 - (waited_s() - waited))


def waited_s() -> float:
    """How long threads of this process were ready to run while other processes ran instead.

    All threads count: the one that waits may hold Python's lock.

    References
    ----------
    The second number of schedstat: Documentation/scheduler/sched-stats.rst of Linux.
    """
    total = 0
    for path in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            total += int(path.read_text().split()[1])
    return total / 1e9
