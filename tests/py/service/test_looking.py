"""Looking into a run over HTTP: lists, parts of files, zips, searches."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from loops import in_loop
from service_http import served
from service_rig import Rig

from jupyter_mltrain.spec import DRIVER_LOG, Run

LOG = quote(DRIVER_LOG)


def keep(rig: Rig, run: Run, name: str, content: bytes = b"content") -> Path:
    path = rig.run_dir(run) / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@in_loop
async def test_files_come_page_by_page_with_their_totals(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        for name in ("outputs/a", "outputs/b", "outputs/c d"):
            keep(rig, run, name, b"12")
        base = f"/v1/runs/{run.id}/files?prefix=outputs/&limit=2"
        first = (await http.get(base)).json
        assert [file["name"] for file in first["files"]] == ["outputs/a", "outputs/b"]
        assert (first["total"], first["total_bytes"]) == (3, 6)
        second = (await http.get(f"{base}&after={quote(first['next_after'])}")).json
        assert [file["name"] for file in second["files"]] == ["outputs/c d"]
        assert second["next_after"] is None
        whole = (await http.get(f"/v1/runs/{run.id}/files")).json
        assert (whole["total"], len(whole["files"])) == (3, 3)
        await rig.exit(run)


@in_loop
async def test_a_folder_comes_level_by_level(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        keep(rig, run, "outputs/plots/a.png")
        rig.writes(run, "outputs/model.pt")
        found = (await http.get(f"/v1/runs/{run.id}/folder?path=outputs")).json
        assert [(entry["path"], entry["is_folder"]) for entry in found["entries"]] == [
            ("outputs/plots", True),
            ("outputs/model.pt", False),
        ]
        reply = await http.get(f"/v1/runs/{run.id}/folder?path=nothing")
        assert (reply.status, reply.json["code"]) == (404, "no_such_file")
        await rig.exit(run)


@pytest.mark.parametrize(
    ("asked", "status", "body", "said"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-100", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("bytes=4-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=x-", 200, b"0123456789", None),
    ],
)
@in_loop
async def test_a_range_of_a_file_is_what_comes(
    rig: Rig, asked: str, status: int, body: bytes | None, said: str | None
) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        keep(rig, run, "outputs/digits", b"0123456789")
        reply = await http.get(f"/v1/runs/{run.id}/files/outputs/digits", Range=asked)
        assert (reply.status, reply.headers.get("content-range")) == (status, said)
        assert body is None or reply.body == body
        await rig.exit(run)


@in_loop
async def test_a_range_of_a_file_that_has_changed_is_the_whole_file(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        path = keep(rig, run, "outputs/digits", b"0123456789")
        address = f"/v1/runs/{run.id}/files/outputs/digits"
        etag = (await http.head(address)).headers["etag"]
        part = await http.get(address, Range="bytes=5-", If_Range=etag)
        assert (part.status, part.body) == (206, b"56789")
        path.write_bytes(b"abcdefghijk")
        whole = await http.get(address, Range="bytes=5-", If_Range=etag)
        assert (whole.status, whole.body) == (200, b"abcdefghijk")
        await rig.exit(run)


@in_loop
async def test_the_head_of_a_file_says_what_there_is(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        keep(rig, run, "outputs/digits", b"0123456789")
        reply = await http.head(f"/v1/runs/{run.id}/files/outputs/digits")
        assert reply.status == 200
        assert reply.headers["content-length"] == "10"
        assert reply.headers["accept-ranges"] == "bytes"
        await rig.exit(run)


@in_loop
async def test_an_offset_gives_the_rest_of_a_file(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        keep(rig, run, "outputs/digits", b"0123456789")
        address = f"/v1/runs/{run.id}/files/outputs/digits"
        assert (await http.get(f"{address}?offset=7")).body == b"789"
        assert (await http.get(f"{address}?offset=11")).status == 400
        await rig.exit(run)


@in_loop
async def test_a_zip_of_an_ended_run_goes_on_where_it_was_cut(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        rig.writes(run, "outputs/a", "a" * 200_000)
        rig.writes(run, "outputs/b", "b" * 100)
        await rig.exit(run)
        address = f"/v1/runs/{run.id}/zip?prefix=outputs/"
        whole = await http.get(address)
        assert len(whole.body) == int(whole.headers["content-length"])
        with zipfile.ZipFile(io.BytesIO(whole.body)) as archive:
            assert archive.namelist() == ["outputs/a", "outputs/b"]
            assert archive.read("outputs/a") == b"a" * 200_000
        etag = whole.headers["etag"]
        rest = await http.get(address, Range="bytes=150000-", If_Range=etag)
        assert (rest.status, rest.body) == (206, whole.body[150_000:])
        middle = await http.get(address, Range="bytes=10-20")
        assert middle.body == whole.body[10:21]


@in_loop
async def test_a_zip_of_a_run_that_goes_on_holds_what_is_there(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        rig.writes(run, "outputs/a", "a" * 200_000)
        reply = await http.get(f"/v1/runs/{run.id}/zip?prefix=outputs/", Range="bytes=5-")
        assert (reply.status, reply.whole) == (200, True)
        assert "content-length" not in reply.headers
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            assert archive.namelist() == ["outputs/a"]
        await rig.exit(run)


@in_loop
async def test_a_zip_that_cannot_be_completed_is_cut_off(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        path = keep(rig, run, "outputs/a")
        os.truncate(path, 50_000_000)
        reader, writer = await http.open("GET", f"/v1/runs/{run.id}/zip?prefix=outputs/")
        await reader.readuntil(b"\r\n\r\n")
        os.truncate(path, 10)
        rest = await reader.read()  # to the end of the connection, which only a cut makes
        assert not rest.endswith(b"0\r\n\r\n")
        writer.close()
        await rig.exit(run)


@in_loop
async def test_who_goes_away_from_a_zip_leaves_nothing_open(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        path = keep(rig, run, "outputs/a")
        os.truncate(path, 500_000_000)
        reader, writer = await http.open("GET", f"/v1/runs/{run.id}/zip?prefix=outputs/")
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        while str(path) in _open_files():
            await asyncio.sleep(0.005)
        await rig.exit(run)


def _open_files() -> set[str]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(link.readlink()))
        except OSError:
            continue
    return found


@in_loop
async def test_a_search_says_where_the_match_and_its_line_are(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        rig.prints(run, "one two\nthree Two \nValueError: bad\n")
        address = f"/v1/runs/{run.id}/search?log={LOG}"
        found = (await http.get(f"{address}&text=TWO")).json
        assert found == {"offset": 4, "size_bytes": 3, "line_offset": 0}
        assert (await http.get(f"{address}&text=two&from=5")).json["offset"] == 14
        assert (await http.get(f"{address}&text=two%20&from=5")).json["size_bytes"] == 4
        assert (await http.get(f"{address}&text=two&backwards=1")).json["line_offset"] == 8
        assert (await http.get(f"{address}&what=error")).json["offset"] == 19
        nothing = (await http.get(f"{address}&text=four")).json
        assert nothing == {"offset": None, "size_bytes": None, "line_offset": None}
        await rig.exit(run)


@pytest.mark.parametrize("query", ["", "text=", "what=warning", "text=a&what=error"])
@in_loop
async def test_a_search_for_nothing_known_is_refused(rig: Rig, query: str) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        rig.prints(run, "said")
        reply = await http.get(f"/v1/runs/{run.id}/search?{query}")
        assert (reply.status, reply.json["code"]) == (400, "invalid_spec")
        await rig.exit(run)


@in_loop
async def test_what_was_shipped_can_be_listed_and_read(rig: Rig) -> None:
    async with rig, served(rig) as http:
        run = await rig.running()
        page = (await http.get(f"/v1/runs/{run.id}/snapshot")).json
        assert page["files"] == [{"name": "train.py", "size_bytes": 9}]
        reply = await http.get(f"/v1/runs/{run.id}/snapshot/train.py")
        assert reply.body == b"print(1)\n"
        part = await http.get(f"/v1/runs/{run.id}/snapshot/train.py", Range="bytes=0-4")
        assert (part.status, part.body) == (206, b"print")
        missing = await http.get(f"/v1/runs/{run.id}/snapshot/other.py")
        assert (missing.status, missing.json["code"]) == (404, "no_such_file")
        await rig.exit(run)


@in_loop
async def test_a_preview_names_what_would_be_shipped(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/train.py").write_text("print(1)\n")
    async with rig, served(rig) as http:
        spec = {"experiment": "digits", "script": "train.py"}
        source = {"directory": str(tmp_path / "source")}
        reply = await http.post("/v1/preview", {"spec": spec, "source": source})
        assert reply.json["files"] == [{"name": "train.py", "size_bytes": 9}]
        assert reply.json["errors"] == []


@in_loop
async def test_the_arguments_of_a_script_can_be_asked_for(rig: Rig) -> None:
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\n"
    async with rig, served(rig) as http:
        reply = await http.post("/v1/arguments", {"text": text})
        (argument,) = reply.json["arguments"]
        assert (argument["name"], argument["type"]) == ("--lr", "float")
        assert (await http.post("/v1/arguments", {})).status == 400
