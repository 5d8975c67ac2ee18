"""A run's files as one zip: what common programs read, from any byte on."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from jupyter_mltrain.service import zipping
from jupyter_mltrain.service.zipping import Changed, Zip
from jupyter_mltrain.store.files import RunFiles


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    (path / "files/outputs").mkdir(parents=True)
    return path


def write(run: Path, name: str | bytes, content: bytes = b"content") -> Path:
    path = run / "files" / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zip_of(run: Path, *, ended: bool = True) -> Zip:
    files = RunFiles(run)
    return Zip(files, files.list(), ended=ended)


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def some(run: Path) -> Zip:
    write(run, "outputs/model.bin", os.urandom(300_000))
    write(run, "outputs/empty", b"")
    write(run, "outputs/caf\u00e9/notes.txt", b"notes")
    write(run, "azureml-logs/70_driver_log.txt", b"said\n" * 1000)
    return zip_of(run)


def test_it_holds_every_file_as_it_is(run: Path) -> None:
    made = some(run)
    expected = {
        file.name: (run / "files" / file.name).read_bytes() for file in RunFiles(run).list()
    }
    assert unpacked(b"".join(made.pieces())) == expected


def test_its_size_is_known_before_anything_is_read(run: Path) -> None:
    made = some(run)
    assert made.size == len(b"".join(made.pieces()))


def test_a_run_without_files_gives_an_empty_zip(run: Path) -> None:
    made = zip_of(run)
    data = b"".join(made.pieces())
    assert (unpacked(data), made.size) == ({}, len(data))


def test_it_is_the_same_from_any_byte_on(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "_WORTH_BYTES", 0)
    write(run, "outputs/a", b"first file")
    write(run, "outputs/b", b"")
    write(run, "outputs/c", b"third")
    made = zip_of(run)
    whole = b"".join(made.pieces())
    for start in range(len(whole) + 1):
        zipping._checksums.clear()  # as after a restart of the service
        assert b"".join(made.pieces(start)) == whole[start:], start


def test_what_was_sent_before_is_not_read_again(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "_WORTH_BYTES", 0)
    write(run, "outputs/a", b"a" * 1000)
    write(run, "outputs/b", b"b" * 1000)
    made = zip_of(run)
    size = len(b"".join(made.pieces()))
    read: list[int] = []
    pread = os.pread

    def counting(descriptor: int, count: int, offset: int) -> bytes:
        data = pread(descriptor, count, offset)
        read.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counting)
    b"".join(made.pieces(size - 300))
    assert sum(read) < 500


def test_a_file_beyond_4_gib_can_be_found_again(run: Path) -> None:
    write(run, "outputs/first", b"first")
    os.truncate(write(run, "outputs/huge", b""), (1 << 32) + 5)
    write(run, "outputs/last", b"last")
    made = zip_of(run)
    huge = (run / "files/outputs/huge").stat()
    zipping._checksums[zipping._key(huge)] = 0  # 4 GiB of zeros are not worth a test's time
    tail_at = (1 << 32) + 5
    head, tail = next(made.pieces()), b"".join(made.pieces(tail_at))
    assert len(tail) == made.size - tail_at

    class Sparse(io.RawIOBase):
        """The zip, without what is in the middle."""

        at = 0

        def seekable(self) -> bool:
            return True

        def readable(self) -> bool:
            return True

        def tell(self) -> int:
            return self.at

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset + {0: 0, 1: self.at, 2: made.size}[whence]
            return self.at

        def read(self, size: int = -1) -> bytes:
            end = made.size if size < 0 else self.at + size
            data = (
                tail[self.at - tail_at : end - tail_at]
                if self.at >= tail_at
                else head[self.at : end]
            )
            self.at += len(data)
            return data

    with zipfile.ZipFile(Sparse()) as archive:  # type: ignore[arg-type]
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        assert sizes == {"outputs/first": 5, "outputs/huge": (1 << 32) + 5, "outputs/last": 4}
        assert archive.read("outputs/last") == b"last"


def test_many_files_need_the_larger_format_too(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "_MOST_ENTRIES", 2)
    write(run, "outputs/a")
    write(run, "outputs/b")
    made = zip_of(run)
    data = b"".join(made.pieces())
    assert b"PK\6\6" in data
    assert len(data) == made.size


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        (b"outputs/a\nb", "outputs/a_b"),
        (b"outputs/\x1b[2Jx", "outputs/_[2Jx"),
        (rb"outputs/..\..\evil.exe", "outputs/.._.._evil.exe"),
        (b"C:evil", "C_evil"),
        ("outputs/\u202egnp.exe".encode(), "outputs/_gnp.exe"),
        (b"outputs/caf\xe9", "outputs/caf_udce9"),
    ],
)
def test_no_name_leads_elsewhere_or_acts(run: Path, name: bytes, inside: str) -> None:
    write(run, name)
    assert list(unpacked(b"".join(zip_of(run).pieces()))) == [inside]


def test_names_that_become_equal_are_told_apart(run: Path) -> None:
    write(run, "outputs/a_b.txt", b"1")
    write(run, "outputs/a\nb.txt", b"2")
    found = unpacked(b"".join(zip_of(run).pieces()))
    assert found == {"outputs/a_b.txt": b"1", "outputs/a_b (2).txt": b"2"} or found == {
        "outputs/a_b.txt": b"2",
        "outputs/a_b (2).txt": b"1",
    }


def test_a_date_that_a_zip_cannot_hold_is_left_out(run: Path) -> None:
    os.utime(write(run, "outputs/old"), (0, 0))
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_of(run).pieces()))) as archive:
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_a_file_that_grows_meanwhile_is_cut_where_it_was(run: Path) -> None:
    path = write(run, "outputs/log", b"1" * 500_000)
    pieces = zip_of(run, ended=False).pieces()
    data = next(pieces)
    with open(path, "ab") as file:
        file.write(b"2" * 500_000)
    assert unpacked(data + b"".join(pieces)) == {"outputs/log": b"1" * 500_000}


def test_of_a_run_that_goes_on_a_file_is_taken_as_it_is_when_its_turn_comes(run: Path) -> None:
    write(run, "outputs/a", b"a")
    late = write(run, "outputs/b", b"b")
    gone = write(run, "outputs/c", b"c")
    pieces = zip_of(run, ended=False).pieces()
    data = next(pieces)
    late.write_bytes(b"longer")
    gone.unlink()
    assert unpacked(data + b"".join(pieces)) == {"outputs/a": b"a", "outputs/b": b"longer"}


@pytest.mark.parametrize("ended", [True, False])
def test_a_file_that_shrinks_meanwhile_is_an_error(run: Path, ended: bool) -> None:
    path = write(run, "outputs/log", b"1" * 500_000)
    pieces = zip_of(run, ended=ended).pieces()
    next(pieces)
    os.truncate(path, 10)
    with pytest.raises(Changed, match="has changed while it was sent"):
        list(pieces)


def test_the_etag_changes_with_the_files(run: Path) -> None:
    path = write(run, "outputs/a", b"1")
    before = zip_of(run).etag
    assert zip_of(run).etag == before
    path.write_bytes(b"22")
    assert zip_of(run).etag != before
