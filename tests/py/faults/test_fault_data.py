"""Data on its way while services are killed and disks fill: it arrives, or it is said why not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines import BASE, PYTHON
from fault_builders import MakePlace, Place
from msgspec.structs import replace
from web_server import Web, serving

from jupyter_mltrain.engine import Engine
from jupyter_mltrain.spec import (
    DEFAULT_DATASTORE,
    DataInput,
    DataOutput,
    DataPath,
    DatasetKind,
    DatasetSpec,
    DatastoreKind,
    EnvironmentSpec,
    ImageSpec,
    Run,
    RunState,
)
from jupyter_mltrain.wire import DatastoreRequest

pytestmark = pytest.mark.slow

KEYS = {"key": "an-access-key", "secret": "planted-secret-of-a-bucket"}

READS = """
import os, sys
print(len(open(sys.argv[1], 'rb').read()), os.environ['big'] == sys.argv[1])
"""


@pytest.fixture
def site() -> Iterator[Web]:
    with serving() as web:
        yield web


def of_url(name: str, url: str) -> DataInput:
    spec = DatasetSpec(kind=DatasetKind.FILE, paths=(DataPath(url=url),))
    return DataInput(name=name, spec=spec)


def of_path(name: str, path: str) -> DataInput:
    paths = (DataPath(datastore=DEFAULT_DATASTORE, path=path),)
    return DataInput(name=name, spec=DatasetSpec(kind=DatasetKind.FILE, paths=paths))


def submitted(place: Place, text: str, *arguments: str, given: DataInput, **more: Any) -> Run:
    """Submit a script that takes that."""
    request = place.request(text, *arguments, **more)
    return place.client.submit(replace(request, spec=replace(request.spec, inputs=(given,))))


def until(place: Place, run: Run, text: str) -> None:
    """Wait until the run's reason says so."""
    for item in place.client.follow(run.id):
        if isinstance(item, Run) and text in item.reason:
            return
        assert not (isinstance(item, Run) and item.state.final), item


def test_a_script_reads_and_writes_data_where_it_is_told(place: Place) -> None:
    folder = Path(place.client.datastore().url)
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("hello")
    given, output = of_path("mine", "in"), DataOutput(name="made", path="out")
    run = submitted(
        place,
        "import sys; from pathlib import Path\n"
        "text = (Path(sys.argv[1]) / 'a.txt').read_text()\n"
        "(Path(sys.argv[2]) / 'b.txt').write_text(text.upper())\n",
        given.argument,
        output.argument,
        given=given,
        outputs=(output,),
    )
    place.completed(run)
    assert (folder / "out" / "b.txt").read_text() == "HELLO"
    assert (folder / "in" / "a.txt").read_text() == "hello"


def test_a_service_that_is_killed_while_data_comes_is_followed_by_one_that_goes_on(
    place: Place, site: Web
) -> None:
    site.files["/big"] = os.urandom(1_000_000) * 8
    site.go_on.clear()
    given = of_url("big", f"{site.url}/big")
    run = submitted(place, READS, given.argument, given=given)
    until(place, run, "bringing the data: big, 0 of 1 file, 4")
    place.kill_service()
    site.go_on.set()
    site.sent_bytes = 0
    assert b" True" in place.output(place.completed(run))
    assert site.sent_bytes < 8_000_000
    assert list((place.directory / "cache" / "parts").iterdir()) == []


def test_a_cut_in_the_way_does_not_stop_a_run(place: Place, site: Web) -> None:
    site.files["/big"] = os.urandom(500_000)
    site.cut_after = [100_000, 50_000]
    given = of_url("big", f"{site.url}/big")
    place.completed(submitted(place, READS, given.argument, given=given))
    assert site.sent_bytes == 500_000


@pytest.mark.root
def test_data_that_does_not_fit_fails_the_run_at_once_and_leaves_nothing_half(
    disk: Path, make_place: MakePlace, site: Web
) -> None:
    place = make_place(disk / "workspace")
    site.files["/big"] = bytes(30_000_000)
    given = of_url("big", f"{site.url}/big")
    ended = place.ended(submitted(place, READS, given.argument, given=given))
    assert ended.state is RunState.FAILED
    assert "The data does not fit: 30 MB of it are not here yet, and" in ended.reason
    assert site.sent_bytes == 0
    assert list((place.directory / "cache" / "parts").iterdir()) == []
    place.close()


@pytest.mark.root
def test_a_disk_that_fills_while_data_comes_fails_the_run_and_keeps_nothing_half(
    disk: Path, make_place: MakePlace, site: Web
) -> None:
    place = make_place(disk / "workspace")
    site.files["/big"] = bytes(12_000_000)
    site.go_on.clear()
    given = of_url("big", f"{site.url}/big")
    run = submitted(place, READS, given.argument, given=given)
    until(place, run, "0 of 1 file, ")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(max(0, os.statvfs(disk).f_bavail * 4096 - 3_000_000)))
    site.go_on.set()
    ended = place.ended(run)
    assert ended.state is RunState.FAILED
    assert "No room for big (12 MB)" in ended.reason
    assert list((place.directory / "cache" / "parts").iterdir()) == []
    ballast.unlink()
    place.completed(submitted(place, READS, given.argument, given=given))
    place.close()


IN_IMAGE = """\
import os, sys
from pathlib import Path
one, web, out = map(Path, sys.argv[1:])
text = (one / "a.txt").read_text()
text += next(path for path in web.rglob("*") if path.is_file()).read_text()
(out / "b.txt").write_text(text)
try:
    (one / "a.txt").write_text("changed")
except OSError as error:
    print("read-only" if error.errno == 30 else error)
"""


def test_a_container_finds_its_data_read_only_and_writes_its_outputs(
    place: Place, site: Web, engine: Engine
) -> None:
    site.files["/w/x"] = b" and web"
    folder = Path(place.client.datastore().url)
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("here")
    one = of_path("one", "in")
    urls = (DataPath(url=f"{site.url}/w/x"), DataPath(url=f"{site.url}/w/x?again"))
    web = DataInput(name="web", spec=DatasetSpec(kind=DatasetKind.FILE, paths=urls))
    output = DataOutput(name="made", path="out")
    environment = EnvironmentSpec(name="base", interpreter=PYTHON, image=ImageSpec(image=BASE))
    request = place.request(
        IN_IMAGE, one.argument, web.argument, output.argument, environment=environment
    )
    spec = replace(request.spec, inputs=(one, web), outputs=(output,))
    run = place.completed(place.client.submit(replace(request, spec=spec)))
    assert (folder / "out" / "b.txt").read_text() == "here and web"
    assert (folder / "in" / "a.txt").read_text() == "here"
    assert place.output(run) == b"read-only\n"


@pytest.fixture
def bucket() -> Iterator[str]:
    """The address of an S3 server with the bucket ``lab``."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    files = s3fs.S3FileSystem(**KEYS, endpoint_url=url, skip_instance_cache=True)
    files.mkdir("lab")
    files.pipe_file("lab/in/a.txt", b"hello")
    yield url
    server.stop()


def test_a_run_reads_from_a_bucket_and_writes_to_it_and_its_secret_is_nowhere(
    place: Place, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    request = DatastoreRequest(
        name="cloud",
        kind=DatastoreKind.REMOTE,
        url="s3://lab",
        options={"endpoint_url": bucket},
        secrets=KEYS,
    )
    store = place.client.register_datastore(request)
    paths = (DataPath(datastore="cloud", path="in"),)
    given = DataInput(name="mine", spec=DatasetSpec(kind=DatasetKind.FILE, paths=paths))
    output = DataOutput(name="made", datastore="cloud", path="out", register_as="made")
    run = submitted(
        place,
        "import sys; from pathlib import Path\n"
        "text = (Path(sys.argv[1]) / 'a.txt').read_text()\n"
        "(Path(sys.argv[2]) / 'b.txt').write_text(text.upper())\n",
        given.argument,
        output.argument,
        given=given,
        outputs=(output,),
    )
    run = place.completed(run)
    made = place.client.dataset("made")
    again = submitted(
        place,
        "import sys; print(open(sys.argv[1] + '/b.txt').read())",
        "DatasetConsumptionConfig:x",
        given=DataInput(name="x", spec=made.spec),
    )
    assert place.output(place.completed(again)) == b"HELLO\n"
    assert KEYS["secret"] not in repr((run, store, place.client.datastores()))
    written = [path for path in place.directory.rglob("*") if path.is_file()]
    assert not any(KEYS["secret"].encode() in path.read_bytes() for path in written)
