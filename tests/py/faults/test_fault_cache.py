"""One cache that kernels and the service fill at the same time, and some of them are killed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time

import pytest
from fault_builders import Place
from msgspec.structs import replace
from web_server import serving

from jupyter_mltrain.spec import DataInput, DataPath, DatasetKind, DatasetSpec

pytestmark = pytest.mark.slow

KERNEL = """\
import sys
from jupyter_mltrain import Dataset, Workspace
directory, target, *urls = sys.argv[1:]
Workspace.at(directory)
Dataset.File.from_files(urls, validate=False).download(target)
"""

READS = """\
import hashlib, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_two_kernels_and_a_run_fetch_each_file_once_though_one_is_killed(place: Place) -> None:
    place.client.status()
    with serving() as site:
        names = [f"{at}.bin" for at in range(6)]
        for name in names:
            site.files[f"/w/{name}"] = os.urandom(400_000)
        urls = [f"{site.url}/w/{name}" for name in names]
        site.go_on.clear()
        command = [sys.executable, "-c", KERNEL, str(place.directory)]
        targets = [place.root / f"kernel-{at}" for at in range(3)]
        kernels = [subprocess.Popen([*command, str(targets[0]), *urls])]
        assert site.waiting.wait(20)
        kernels += [subprocess.Popen([*command, str(target), *urls]) for target in targets[1:]]
        given = DataInput(
            name="web",
            spec=DatasetSpec(kind=DatasetKind.FILE, paths=tuple(DataPath(url=url) for url in urls)),
        )
        request = place.request(READS, given.argument)
        run = place.client.submit(replace(request, spec=replace(request.spec, inputs=(given,))))
        while min(site.asked["HEAD", f"/w/{name}"] for name in names[:4]) < 4:
            time.sleep(0.02)
        kernels[0].kill()
        kernels[0].wait()
        site.go_on.set()
        assert [kernel.wait() for kernel in kernels[1:]] == [0, 0]
        place.completed(run)
        digests = {name: hashlib.sha256(site.files[f"/w/{name}"]).hexdigest() for name in names}
        printed = place.output(run).decode().split()
        assert dict(zip(printed[::2], printed[1::2], strict=True)) == digests
        for target in targets[1:]:
            found = {path.name: path for path in target.rglob("*") if path.is_file()}
            assert {
                name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()
            } == digests
        assert {site.gets(f"/w/{name}") for name in names} <= {1, 2}  # once more for the killed
    assert list((place.directory / "cache" / "parts").iterdir()) == []
