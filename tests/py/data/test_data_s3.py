"""A bucket over real HTTP: moto's S3 server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from data_builders import a_datastore, bring, find, names, on, places, texts

from jupyter_mltrain.data import opening
from jupyter_mltrain.data.cache import Cache
from jupyter_mltrain.data.places import Place
from jupyter_mltrain.data.progress import Progress
from jupyter_mltrain.data.resolving import resolve
from jupyter_mltrain.data.transfer import Existing, ToSend, download, files_below, upload
from jupyter_mltrain.errors import DataUnavailable, FileExists, InvalidSpec
from jupyter_mltrain.spec import Datastore

KEYS = {"key": "an-access-key", "secret": "planted-secret-key"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(server: str, user: Path) -> Datastore:
    """A datastore on a new bucket."""
    import s3fs

    name = f"bucket-{uuid.uuid4().hex[:8]}"
    options = {"endpoint_url": server}
    s3fs.S3FileSystem(**KEYS, **options, skip_instance_cache=True).mkdir(name)
    store = a_datastore("cloud", url=f"s3://{name}/data", options=options, credentials=tuple(KEYS))
    kept = opening.secrets_of("0123456789ab", "cloud")
    for key, value in KEYS.items():
        kept.keep(key, value)
    return store


def place_of(store: Datastore, **secrets: str) -> Place:
    return opening.opened(store, "", secrets or KEYS)


def put(tmp_path: Path, store: Datastore, **files: str) -> None:
    """Upload texts; ``__`` in a name is a slash."""
    folder = tmp_path / "to-send"
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    upload(place_of(store), files_below(folder), existing=Existing.REPLACE)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_what_is_uploaded_is_there(bucket: Datastore, tmp_path: Path, cache: Cache) -> None:
    put(tmp_path, bucket, a="1", deep__b="2")
    assert names(find([on("cloud")], bucket)) == ["a.txt", "deep/b.txt"]
    assert names(find([on("cloud", "deep")], bucket)) == ["b.txt"]
    assert names(find([on("cloud", "**/b*")], bucket)) == ["deep/b.txt"]
    assert find([on("cloud", "a.txt")], bucket).single
    assert texts(bring(cache, [on("cloud")], bucket)) == [b"1", b"2"]


def test_an_object_is_fetched_once_and_again_when_it_has_changed(
    bucket: Datastore, tmp_path: Path, cache: Cache
) -> None:
    put(tmp_path, bucket, a="1")
    bring(cache, [on("cloud")], bucket)
    progress = Progress()
    bring(cache, [on("cloud")], bucket, progress=progress)
    assert progress.fetched_bytes == 0
    put(tmp_path, bucket, a="2")
    assert texts(bring(cache, [on("cloud")], bucket)) == [b"2"]


def test_a_large_object_comes_in_parts(
    bucket: Datastore, tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mltrain.data.remote._PIECE_BYTES", 100_000)
    data = "0123456789" * 25_000
    put(tmp_path, bucket, big=data)
    assert texts(bring(cache, [on("cloud", "big.txt")], bucket)) == [data.encode()]


def test_what_is_not_there_is_said_with_the_datastore(bucket: Datastore) -> None:
    for path in ("none", "none/*.txt"):
        with pytest.raises(DataUnavailable, match="the datastore 'cloud'"):
            find([on("cloud", path)], bucket)


def test_a_datastore_is_looked_at(bucket: Datastore, server: str) -> None:
    place_of(bucket).look()
    nowhere = a_datastore("cloud", url="s3://no-such-bucket", options=bucket.options)
    with pytest.raises(DataUnavailable, match="The datastore 'cloud' is not there"):
        place_of(nowhere).look()


def test_a_server_that_is_not_there_is_said_without_the_secret() -> None:
    options: dict[str, Any] = {
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1},
    }
    store = a_datastore("cloud", url="s3://bucket", options=options)
    with pytest.raises(DataUnavailable, match="The datastore 'cloud' cannot be used") as caught:
        place_of(store).look()
    assert KEYS["secret"] not in caught.value.message


def test_uploads_skip_replace_or_refuse_what_is_there(
    bucket: Datastore, tmp_path: Path, cache: Cache
) -> None:
    put(tmp_path, bucket, a="old")
    (tmp_path / "new").write_text("new")
    files = [ToSend(source=tmp_path / "new", target="a.txt")]
    place = place_of(bucket)
    assert upload(place, files) == ["a.txt"]
    with pytest.raises(FileExists, match=r"a\.txt is on the datastore 'cloud' already"):
        upload(place, files, existing=Existing.REFUSE)
    assert texts(bring(cache, [on("cloud")], bucket)) == [b"old"]
    assert upload(place, files, existing=Existing.REPLACE) == []
    assert texts(bring(cache, [on("cloud")], bucket)) == [b"new"]


def test_downloads_go_through_the_cache(bucket: Datastore, tmp_path: Path, cache: Cache) -> None:
    put(tmp_path, bucket, a="1", deep__b="2")
    with places(bucket) as opened:
        found = resolve([on("cloud")], opened).files
        paths = download(found, cache, tmp_path / "here")
    assert [path.read_text() for path in paths] == ["1", "2"]
    assert paths[1] == tmp_path / "here" / "deep" / "b.txt"


@pytest.mark.parametrize(
    ("url", "package"), [("abfs://container/x", "adlfs"), ("gs://bucket", "gcsfs")]
)
def test_a_package_that_lacks_is_named(url: str, package: str) -> None:
    with pytest.raises(DataUnavailable, match=f"`pip install {package}` adds it"):
        place_of(a_datastore("cloud", url=url))


def test_options_that_mean_nothing_are_refused(bucket: Datastore) -> None:
    store = a_datastore("cloud", url="http://127.0.0.1:9/x", options={"colour": "red"})
    with pytest.raises(InvalidSpec, match="the option 'colour'"):
        place_of(store)
