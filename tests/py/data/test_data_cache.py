"""Remote files come once, whole, and from where they were cut."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from data_builders import a_datastore, a_folder, at, bring, on, texts
from web_server import Web

from jupyter_mltrain.data import cache as caching
from jupyter_mltrain.data.cache import Cache
from jupyter_mltrain.data.progress import Progress, Stopped
from jupyter_mltrain.errors import DataUnavailable

DATA = bytes(range(256)) * 4_000


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "workspace" / "cache")


@pytest.fixture
def big(site: Web) -> str:
    """The URL of a file of a megabyte."""
    site.files["/big"] = DATA
    return f"{site.url}/big"


def parts(cache: Cache) -> list[str]:
    return [path.name for path in (cache.folder / "parts").iterdir()]


def test_a_file_is_fetched_once(site: Web, cache: Cache, big: str) -> None:
    assert texts(bring(cache, at(big))) == [DATA]
    assert texts(bring(cache, at(big))) == [DATA]
    assert site.gets("/big") == 1


def test_what_is_here_is_given_while_somebody_else_looks_after_it(cache: Cache, big: str) -> None:
    bring(cache, at(big))
    (note,) = (cache.folder / "sources").iterdir()
    with cache._taken(note.stem):
        (cached,) = bring(cache, at(big))
    assert (Path(cached.path).read_bytes(), cached.size_bytes) == (DATA, len(DATA))


def test_what_is_fetched_can_be_read_by_all_and_written_by_nobody(cache: Cache, big: str) -> None:
    path = Path(bring(cache, at(big))[0].path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path.name == hashlib.sha256(DATA).hexdigest()
    assert parts(cache) == []


def test_files_come_in_the_order_asked_for(site: Web, cache: Cache) -> None:
    site.files |= {f"/{number}": str(number).encode() for number in range(20)}
    urls = [f"{site.url}/{number}" for number in range(20)]
    assert texts(bring(cache, at(*urls))) == [str(number).encode() for number in range(20)]


def test_two_files_with_one_content_are_kept_once(site: Web, cache: Cache, big: str) -> None:
    site.files["/same"] = DATA
    first, second = bring(cache, at(big, f"{site.url}/same"))
    assert first.path == second.path


def test_a_file_that_has_changed_is_fetched_again(site: Web, cache: Cache, big: str) -> None:
    bring(cache, at(big))
    site.files["/big"] = b"new"
    assert texts(bring(cache, at(big))) == [b"new"]


def test_a_server_that_tells_nothing_of_versions_is_asked_each_time(
    site: Web, cache: Cache, big: str
) -> None:
    site.tags = False
    bring(cache, at(big))
    site.files["/big"] = DATA[::-1]
    assert texts(bring(cache, at(big))) == [DATA[::-1]]


def test_a_cut_is_gone_on_from_where_it_was(site: Web, cache: Cache, big: str) -> None:
    site.cut_after = [300_000, 300_000]
    assert texts(bring(cache, at(big))) == [DATA]
    assert site.gets("/big") == 3
    assert site.sent_bytes == len(DATA)


def test_a_server_without_ranges_is_begun_anew(site: Web, cache: Cache, big: str) -> None:
    site.ranges = False
    site.cut_after = [300_000]
    assert texts(bring(cache, at(big))) == [DATA]
    assert site.sent_bytes == 300_000 + len(DATA)


def test_a_later_try_goes_on_as_well(
    site: Web, cache: Cache, big: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mltrain.data.fetching._PAUSE_S", 0.0)
    site.cut_after = [400_000, *[0] * 10]
    with pytest.raises(DataUnavailable, match=r"cut after 400 kB of 1 MB: .* goes on from there"):
        bring(cache, at(big))
    site.cut_after = []
    assert texts(bring(cache, at(big))) == [DATA]
    assert site.sent_bytes == len(DATA)


def test_what_was_begun_of_another_version_is_dropped(
    site: Web, cache: Cache, big: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mltrain.data.fetching._PAUSE_S", 0.0)
    site.cut_after = [400_000, *[0] * 10]
    with pytest.raises(DataUnavailable):
        bring(cache, at(big))
    site.cut_after = []
    site.files["/big"] = DATA[::-1]
    assert texts(bring(cache, at(big))) == [DATA[::-1]]


def test_a_file_that_changes_half_way_is_fetched_as_it_is_then(
    site: Web, cache: Cache, big: str
) -> None:
    site.go_on.clear()
    site.cut_after = [400_000]
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.extend(texts(bring(cache, at(big)))))
    thread.start()
    assert site.waiting.wait(10)
    site.files["/big"] = DATA[::-1]
    site.go_on.set()
    thread.join(10)
    assert got == [DATA[::-1]]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_busy_is_asked_again(
    site: Web, cache: Cache, big: str, status: int
) -> None:
    site.headers = {}
    progress = Progress()
    progress.begun = lambda name: site.status.append(status)  # type: ignore[method-assign]
    assert texts(bring(cache, at(big), progress=progress)) == [DATA]


def test_what_arrives_damaged_is_refused_and_not_kept(site: Web, cache: Cache, big: str) -> None:
    site.headers = {"Content-MD5": base64.b64encode(b"0" * 16).decode()}
    with pytest.raises(DataUnavailable, match="big of the web arrived damaged"):
        bring(cache, at(big))
    site.headers = {"Content-MD5": base64.b64encode(hashlib.md5(DATA).digest()).decode()}
    assert texts(bring(cache, at(big))) == [DATA]


@pytest.mark.parametrize("damage", [b"", b"x", DATA[::-1]])
def test_a_cached_file_that_somebody_has_changed_is_fetched_again(
    site: Web, cache: Cache, big: str, damage: bytes
) -> None:
    path = Path(bring(cache, at(big))[0].path)
    path.chmod(0o644)
    path.write_bytes(damage)
    os.utime(path, (1, 1))
    assert texts(bring(cache, at(big))) == [DATA]


def test_a_cached_file_that_was_only_touched_is_not(site: Web, cache: Cache, big: str) -> None:
    os.utime(bring(cache, at(big))[0].path, (1, 1))
    bring(cache, at(big))
    assert site.gets("/big") == 1


def test_two_that_want_the_same_at_once_fetch_it_once(site: Web, tmp_path: Path, big: str) -> None:
    site.go_on.clear()
    got: list[bytes] = []

    def work() -> None:
        got.extend(texts(bring(Cache(tmp_path / "cache"), at(big))))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert site.waiting.wait(10)
    site.go_on.set()
    for thread in threads:
        thread.join(10)
    assert got == [DATA] * 3
    assert site.gets("/big") == 1


FETCHES = """
import sys
from pathlib import Path
from jupyter_mltrain.data.cache import Cache
from jupyter_mltrain.data.resolving import Places, resolve
from jupyter_mltrain.spec import DataPath
with Places(None, "") as places:
    Cache(Path(sys.argv[1])).bring(resolve([DataPath(url=sys.argv[2])], places).files)
"""


def test_what_a_killed_process_has_fetched_is_gone_on_with(
    site: Web, cache: Cache, big: str
) -> None:
    site.files["/big"] = DATA * 8
    site.go_on.clear()
    process = subprocess.Popen([sys.executable, "-c", FETCHES, str(cache.folder), big])
    assert site.waiting.wait(20)
    deadline = time.monotonic() + 10
    while not any(p.stat().st_size > 2_000_000 for p in (cache.folder / "parts").glob("*")):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    site.go_on.set()
    site.sent_bytes = 0
    assert texts(bring(cache, at(big))) == [DATA * 8]
    assert site.sent_bytes < len(DATA) * 8
    assert parts(cache) == []


def test_one_that_fails_stops_the_others(site: Web, cache: Cache, big: str) -> None:
    site.files["/gone"] = b"x"
    site.go_on.clear()
    progress = Progress()
    seen: list[BaseException] = []

    def work() -> None:
        try:
            bring(cache, at(big), progress=progress)
        except Stopped as error:
            seen.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert site.waiting.wait(10)
    progress.stop()
    site.go_on.set()
    thread.join(10)
    assert len(seen) == 1


def test_progress_counts_files_and_bytes(site: Web, cache: Cache, big: str, tmp_path: Path) -> None:
    here = a_datastore("here", a_folder(tmp_path / "here", a="abc"))
    progress = Progress()
    bring(cache, [*at(big), on("here")], here, progress=progress)
    assert (progress.files, progress.of_files) == (2, 2)
    assert (progress.bytes, progress.of_bytes) == (len(DATA) + 3, len(DATA) + 3)
    assert progress.fetched_bytes == len(DATA)
    assert str(progress) == "2 of 2 files, 1 MB of 1 MB"


def test_files_of_this_machine_stay_where_they_are(cache: Cache, tmp_path: Path) -> None:
    here = a_datastore("here", a_folder(tmp_path / "here", a="abc"))
    assert [each.path for each in bring(cache, [on("here")], here)] == [
        str(tmp_path / "here" / "a.txt")
    ]
    assert not cache.folder.exists()


def test_the_cache_is_cleaned_up_by_last_use(
    site: Web, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("old", "new", "used"):
        site.files[f"/{name}"] = name.encode()
        bring(cache, at(f"{site.url}/{name}"))
    for note in (cache.folder / "sources").iterdir():
        if hashlib.sha256(b"old").hexdigest() in note.read_text():
            os.utime(note, (5, 5))
    assert cache.unused() != []  # all that was used longer ago than a moment
    monkeypatch.setattr(caching, "JUST_USED_S", -1.0)
    keep = {hashlib.sha256(b"used").hexdigest()}
    found = cache.unused(keep)
    assert [each.sha256 for each in found] == [
        hashlib.sha256(text).hexdigest() for text in (b"old", b"new")
    ]
    cache.remove(found[:1])
    bring(cache, at(f"{site.url}/old", f"{site.url}/new"))
    assert (site.gets("/old"), site.gets("/new")) == (2, 1)
