"""Outputs on their way to a bucket while services are killed, cancels come and disks fill."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_builders import MakePlace, Place, fill

from jupyter_mltrain.spec import DataOutput, DatastoreKind, Run, RunState
from jupyter_mltrain.wire import DatastoreRequest

pytestmark = pytest.mark.slow

KEYS = {"key": "an-access-key", "secret": "a-secret-of-a-bucket"}
FILES = 120

WRITES = f"""\
import sys
from pathlib import Path
for at in range({FILES}):
    (Path(sys.argv[1]) / (str(at) + ".txt")).write_text(str(at))
"""


class Bucket:
    """A bucket of a server, which has those of other tests, too."""

    def __init__(self, url: str) -> None:
        import s3fs

        self.url = url
        self.files = s3fs.S3FileSystem(**KEYS, endpoint_url=url, skip_instance_cache=True)
        self.name = f"lab-{uuid.uuid4().hex[:8]}"
        self.files.mkdir(self.name)
        self._out = f"{self.name}/out"

    def texts(self) -> dict[str, str]:
        """What was written where, below the folder of the output."""
        self.files.invalidate_cache()
        found = self.files.find(self._out)
        return {path.rpartition("/")[2]: self.files.cat_file(path).decode() for path in found}

    def count(self) -> int:
        self.files.invalidate_cache()
        return len(self.files.find(self._out))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield Bucket("http://{}:{}".format(*server.get_host_and_port()))
    server.stop()


def writes(
    place: Place, bucket: Bucket, *arguments: object, text: str = WRITES, **more: Any
) -> Run:
    """A run that writes many files for the bucket, which does not let them be overwritten."""
    request = DatastoreRequest(
        name="cloud",
        kind=DatastoreKind.REMOTE,
        url=f"s3://{bucket.name}",
        options={"endpoint_url": bucket.url},
        secrets=KEYS,
    )
    place.client.register_datastore(request)
    output = DataOutput(
        name="made", datastore="cloud", path="out", register_as="made", overwrite=False
    )
    return place.submit(text, output.argument, *arguments, outputs=(output,), **more)


def sending(place: Place, run: Run) -> Run:
    """Wait until it is being uploaded."""
    for item in place.client.follow(run.id):
        if isinstance(item, Run) and item.state is RunState.FINALIZING:
            return item
        assert not (isinstance(item, Run) and item.state.final), item
    raise AssertionError


EVERYTHING = {f"{at}.txt": str(at) for at in range(FILES)}


def test_a_service_killed_at_any_moment_of_an_upload_leaves_everything_there_and_one_dataset(
    place: Place, bucket: Bucket
) -> None:
    run = sending(place, writes(place, bucket))
    for moment in range(5):
        time.sleep(0.1 * moment)  # the moment is the point
        place.kill_service()
        place.client.status()
    place.completed(run)
    assert bucket.texts() == EVERYTHING
    assert [each.version for each in place.client.dataset_versions("made")] == [1]
    assert list((place.run_dir(run) / "written").iterdir()) == []


def test_a_cancel_of_an_upload_holds_though_the_service_is_killed(
    place: Place, bucket: Bucket
) -> None:
    run = sending(place, writes(place, bucket))
    place.client.cancel(run.id)
    place.kill_service()
    sent = bucket.count()
    assert sent < FILES
    ended = place.ended(run)
    assert (ended.state, ended.reason) == (
        RunState.CANCELED,
        "cancelled by you while it uploaded outputs",
    )
    assert bucket.count() == sent
    kept = {each.name for each in place.client.files(run.id)}
    assert {f"data/made/{name}" for name in EVERYTHING} <= kept


def test_what_a_run_that_is_cancelled_between_attempts_has_written_is_kept(
    make_place: MakePlace, bucket: Bucket
) -> None:
    place = make_place(cpus=1)
    gate = place.gate()
    text = WRITES + "open(sys.argv[2]).read()\nsys.exit(3)\n"
    run = writes(place, bucket, gate, text=text, retries=3, resources={"cpus": 1})
    place.running(run)
    other = place.submit("open(__import__('sys').argv[1]).read()", place.gate("other"))
    gate.open()
    for item in place.client.follow(run.id):
        if isinstance(item, Run) and item.attempt == 2:
            break
    place.client.cancel(run.id)
    place.kill_service()
    assert place.ended(run).state is RunState.CANCELED
    place.client.cancel(other.id)
    place.ended(other)
    place.client.shutdown()
    kept = {each.name for each in place.client.files(run.id)}
    assert {f"data/made/{name}" for name in EVERYTHING} <= kept


@pytest.mark.root
def test_a_disk_that_is_full_while_outputs_are_uploaded_keeps_none_from_arriving(
    disk: Path, make_place: MakePlace, bucket: Bucket
) -> None:
    place = make_place(disk / "workspace")
    run = sending(place, writes(place, bucket))
    ballast = fill(disk)
    time.sleep(1)  # for some of the upload, with nothing left to write with
    place.kill_service()
    ballast.unlink()
    place.completed(run)
    assert bucket.texts() == EVERYTHING
    place.close()
