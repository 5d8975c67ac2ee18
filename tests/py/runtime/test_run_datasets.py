"""Datasets as a script finds them inside a run: files that were delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import runtime

datasets = runtime.load("datasets")
UserErrorException = runtime.load("errors").UserErrorException


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a run got: a folder of links, as the service lays it."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "b.txt").write_text("bb")
    folder = tmp_path / "data" / "x"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").symlink_to(tmp_path / "source" / "b.txt")
    return folder


def of(path: Path, **entry: Any) -> Any:
    """The dataset of an entry in ``inputs.json``."""
    return datasets.of({"name": "x", "kind": "file", "path": str(path), **entry})


def test_it_knows_what_it_is_registered_as(folder: Path) -> None:
    dataset = of(folder, dataset="mnist", version=3, id="abc")
    assert (dataset.name, dataset.version, dataset.id) == ("mnist", 3, "abc")
    assert repr(dataset) == "FileDataset('mnist')"
    assert repr(of(folder)) == "FileDataset('x')"


def test_its_files_are_listed_by_name_links_followed(folder: Path) -> None:
    assert of(folder).to_path() == ["/a.txt", "/sub/b.txt"]
    assert of(folder / "a.txt").to_path() == ["/a.txt"]


def test_a_link_to_a_whole_folder_is_that_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert of(tmp_path / "link").to_path() == ["/a.txt", "/sub/b.txt"]


def test_files_are_chosen_from(folder: Path) -> None:
    dataset = of(folder)
    assert dataset.skip(1).to_path() == ["/sub/b.txt"]
    assert dataset.filter(dataset.file_metadata("Size") < 2).to_path() == ["/a.txt"]
    left, right = dataset.random_split(0.5, seed=1)
    assert sorted(left.to_path() + right.to_path()) == dataset.to_path()


def test_files_are_copied_so_that_the_script_may_change_them(folder: Path, tmp_path: Path) -> None:
    paths = of(folder).download(str(tmp_path / "copy"))
    assert paths == [str(tmp_path / "copy/a.txt"), str(tmp_path / "copy/sub/b.txt")]
    assert not Path(paths[1]).is_symlink()
    with pytest.raises(UserErrorException, match="is there already"):
        of(folder).download(str(tmp_path / "copy"))
    assert of(folder).download(str(tmp_path / "copy"), overwrite=True) == paths


def test_it_can_be_mounted(folder: Path) -> None:
    with of(folder).mount() as mounted:
        assert Path(mounted.mount_point, "sub/b.txt").read_text() == "bb"
    assert not Path(mounted.mount_point).exists()


def test_a_mounted_folder_leaves_what_the_script_put_there(folder: Path, tmp_path: Path) -> None:
    mounted = of(folder).mount(str(tmp_path / "point"))
    mounted.start()
    mounted.start()
    (tmp_path / "point/mine.txt").write_text("mine")
    mounted.stop()
    mounted.stop()
    assert [each.name for each in (tmp_path / "point").iterdir()] == ["mine.txt"]


def test_data_that_is_gone_is_said(folder: Path) -> None:
    with pytest.raises(UserErrorException, match="The data is not there any more"):
        of(folder / "nope").to_path()


def test_a_table_reads_all_files_of_its_folder(tmp_path: Path) -> None:
    for n in (1, 2):
        (tmp_path / f"{n}.csv").write_text(f"n\n{n}\n")
    table = of(tmp_path, kind="tabular", read={"format": "delimited"}, steps=[{"skip": 1}])
    assert table.to_pandas_dataframe()["n"].tolist() == [2]
    assert table.take(0).to_pandas_dataframe()["n"].tolist() == []
