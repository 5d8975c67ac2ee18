"""Models through the Jupyter server: registered from a run, changed, saved under safe names."""

from __future__ import annotations

import io
import json
import zipfile

from pages import WS, final, submitted

WRITES = """
import os
os.makedirs("outputs/net")
open("outputs/net/a", "w").write("A" * 100)
open("outputs/net/b", "w").write("B" * 100)
open("outputs/one.pt", "w").write("one")
"""


async def registered(api, files, path="outputs/one.pt", **given):
    run = await final(await submitted(api, files, WRITES))
    return await api.json(f"{WS}/models", {"name": "net", "run": run["id"], "path": path, **given})


async def test_a_model_is_registered_listed_changed_and_deleted(api, files):
    model = await registered(api, files, tags={"a": "1"})
    assert (model["name"], model["version"]) == ("net", 1)
    assert await api.json(f"{WS}/models?latest=1") == [model]
    changed = await api.json(f"{WS}/models/net/1", {"description": "good"})
    assert changed["description"] == "good"
    gone = await api(f"{WS}/models/net/1", method="DELETE")
    assert json.loads(gone.body)["description"] == "good"
    assert await api.json(f"{WS}/models") == []


async def test_a_path_that_is_not_there_is_refused_with_what_there_is(api, files):
    run = await final(await submitted(api, files, WRITES))
    asked = {"name": "net", "run": run["id"], "path": "nope"}
    refused = await api(f"{WS}/models", asked)
    assert refused.code == 404
    assert "It has outputs/net/a" in json.loads(refused.body)["message"]


async def test_a_model_of_one_file_is_saved_under_its_name_and_never_shown(api, files):
    await registered(api, files)
    for path in ("download", "files/one.pt"):
        reply = await api(f"{WS}/models/net/latest/{path}")
        assert reply.body == b"one"
        assert reply.headers["Content-Disposition"].startswith('attachment; filename="one.pt"')
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


async def test_a_model_of_several_files_is_saved_as_a_zip_named_after_it(api, files):
    await registered(api, files, "outputs/net")
    reply = await api(f"{WS}/models/net/1/download")
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="net-1.zip"')
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert archive.read("net/b") == b"B" * 100


async def test_a_part_of_a_model_can_be_asked_for(api, files):
    await registered(api, files)
    reply = await api(f"{WS}/models/net/1/download", headers={"Range": "bytes=1-"})
    assert (reply.code, reply.body) == (206, b"ne")
