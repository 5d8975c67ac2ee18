"""What a path, a pattern or a list of them stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_builders import a_datastore, a_folder, at, find, names, on, places
from web_server import Web

from jupyter_mltrain.data.names import matcher
from jupyter_mltrain.data.progress import Stopped
from jupyter_mltrain.data.resolving import resolve
from jupyter_mltrain.errors import DataUnavailable, InvalidSpec
from jupyter_mltrain.spec import Datastore


@pytest.fixture
def raw(tmp_path: Path) -> Datastore:
    folder = a_folder(
        tmp_path / "raw",
        mnist__b="b",
        mnist__a="a",
        mnist__deep__c="c",
        other__a="x",
        **{"d.csv": "d"},
    )
    return a_datastore("raw", folder)


def test_a_folder_is_all_of_its_files_by_name(raw: Datastore) -> None:
    found = find([on("raw", "mnist")], raw)
    assert names(found) == ["a.txt", "b.txt", "deep/c.txt"]
    assert found.folder == Path(raw.url) / "mnist"
    assert not found.single


def test_looking_through_a_long_list_can_be_stopped(raw: Datastore) -> None:
    looked = []

    def check() -> None:
        looked.append(True)
        if len(looked) == 3:
            raise Stopped

    with places(raw) as opened, pytest.raises(Stopped):
        resolve([on("raw", "mnist/a.txt")] * 1000, opened, check)
    assert len(looked) == 3


def test_a_file_of_a_folder_that_is_listed_twice_comes_once(raw: Datastore) -> None:
    found = find([on("raw", "mnist/deep"), on("raw", "mnist/**")], raw)
    assert names(found) == ["deep/c.txt", "a.txt", "b.txt"]


def test_a_file_is_itself(raw: Datastore) -> None:
    found = find([on("raw", "/mnist/a.txt")], raw)
    assert (names(found), found.single, found.folder) == (["a.txt"], True, None)


def test_the_empty_path_is_the_datastore(raw: Datastore) -> None:
    found = find([on("raw")], raw)
    assert len(found.files) == 5
    assert found.folder == Path(raw.url)


def test_a_pattern_takes_what_fits_relative_to_its_folder(raw: Datastore) -> None:
    found = find([on("raw", "mnist/*.txt")], raw)
    assert (names(found), found.single, found.folder) == (["a.txt", "b.txt"], False, None)


def test_a_pattern_that_one_file_fits_is_a_folder(raw: Datastore) -> None:
    assert not find([on("raw", "*.csv")], raw).single


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("*.gz", ["a.gz"], ["a/b.gz", "a.gzip", "a.gz\n"]),
        ("**/*.gz", ["a.gz", "a/b/c.gz"], ["a/b.txt"]),
        ("**", ["a", "a/b/c"], []),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("t?st[0-9]", ["test1"], ["test", "t/st1", "testx"]),
        ("[!a]*", ["b"], ["a", "/b"]),
        ("a+(b)", ["a+(b)"], ["aab"]),
    ],
)
def test_patterns_mean_what_shells_mean(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    match = matcher(pattern).match
    assert all(match(name) for name in fits)
    assert not any(match(name) for name in fits_not)


def test_paths_of_one_datastore_are_named_from_their_common_folder(raw: Datastore) -> None:
    found = find([on("raw", "mnist/a.txt"), on("raw", "other/*.txt")], raw)
    assert names(found) == ["mnist/a.txt", "other/a.txt"]


def test_paths_of_several_places_are_named_by_them(
    raw: Datastore, tmp_path: Path, site: Web
) -> None:
    more = a_datastore("more", a_folder(tmp_path / "more", e="e"))
    site.files["/f.txt"] = b"f"
    paths = [on("raw", "d.csv"), on("more"), *at(f"{site.url}/f.txt")]
    host = site.url.removeprefix("http://")
    assert names(find(paths, raw, more)) == ["raw/d.csv", "more/e.txt", f"{host}/f.txt"]


def test_a_file_that_two_paths_name_comes_once(raw: Datastore) -> None:
    found = find([on("raw", "mnist/**"), on("raw", "mnist/a.txt")], raw)
    assert names(found).count("a.txt") == 1
    assert len(found.files) == 3


def test_urls_that_differ_behind_the_path_alone_get_names_of_their_own(site: Web) -> None:
    site.files["/f.txt"] = b"f"
    host = site.url.removeprefix("http://")
    found = find(at(f"{site.url}/f.txt?a", f"{site.url}/f.txt?b"))
    assert names(found) == [f"{host}/f.txt", f"{host}/f-2.txt"]


def test_what_is_missing_of_a_list_is_said_with_all_its_names(site: Web) -> None:
    site.files["/there"] = b"x"
    urls = [f"{site.url}/{name}" for name in ("there", "gone", "lost")]
    with pytest.raises(DataUnavailable) as caught:
        find(at(*urls))
    assert caught.value.message == (
        f"2 of 3 places of the data are not there. {urls[1]} answers 404 Not Found: there is no "
        f"such file. {urls[2]} answers 404 Not Found: there is no such file."
    )


def test_a_host_that_does_not_answer_is_said_with_the_url(site: Web) -> None:
    site.files["/a.gz"] = b"a"
    away = "http://127.0.0.1:9/b.gz?key=hidden"
    with pytest.raises(DataUnavailable, match=r"http://127\.0\.0\.1:9/b\.gz\?… cannot be reached"):
        find(at(f"{site.url}/a.gz", away))


@pytest.mark.parametrize("path", ["nowhere", "mnist/*.gz", "mnist/a.txt/x"])
def test_what_is_not_on_a_datastore_is_said_with_its_name(raw: Datastore, path: str) -> None:
    with pytest.raises(DataUnavailable, match="the datastore 'raw'"):
        find([on("raw", path)], raw)


@pytest.mark.parametrize("path", ["..", "../raw/d.csv", "mnist/../../x", "a\\..\\..\\b"])
def test_no_path_leads_out_of_a_datastore(raw: Datastore, path: str) -> None:
    with pytest.raises(InvalidSpec, match="leads out of the datastore 'raw'"):
        find([on("raw", path)], raw)


def test_no_link_leads_out_of_a_datastore(raw: Datastore, tmp_path: Path) -> None:
    secret = a_folder(tmp_path / "secret", key="k")
    (Path(raw.url) / "mnist" / "out").symlink_to(secret)
    for path in ("mnist", "mnist/out/key.txt", "mnist/out", "**/key.txt"):
        with pytest.raises(DataUnavailable, match="is a link that leads out of it"):
            find([on("raw", path)], raw)


def test_a_link_within_a_datastore_is_followed(raw: Datastore) -> None:
    (Path(raw.url) / "mnist" / "in").symlink_to("../other")
    found = find([on("raw", "mnist")], raw)
    assert "in/a.txt" in names(found)
    assert found.folder is None  # a container would not see what the link leads to


def test_a_link_to_a_folder_around_it_ends(raw: Datastore) -> None:
    (Path(raw.url) / "mnist" / "round").symlink_to(".")
    assert names(find([on("raw", "mnist")], raw)) == ["a.txt", "b.txt", "deep/c.txt"]


def test_a_folder_that_is_itself_a_link_is_a_datastore(raw: Datastore, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(raw.url)
    linked = a_datastore("raw", tmp_path / "link")
    assert len(find([on("raw", "mnist")], linked).files) == 3


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "file:///etc/passwd", "http://", "/etc/passwd", "http://h:x/y"]
)
def test_what_is_no_url_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(InvalidSpec, match="no http:// or https:// URL"):
        find(at(url))


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidSpec) as caught:
        find(at("https://me:pass-word@host/x?sig=hush"))
    assert "pass-word" not in caught.value.message
    assert "hush" not in caught.value.message


def test_a_folder_of_a_web_server_is_what_its_pages_link(site: Web) -> None:
    site.files |= {"/d/a.csv": b"a", "/d/e/b.csv": b"b", "/other": b"x"}
    store = a_datastore("web", url=f"{site.url}/d")
    assert names(find([on("web")], store)) == ["a.csv", "e/b.csv"]
    assert names(find([on("web", "e")], store)) == ["b.csv"]
    assert names(find([on("web", "**/*.csv")], store)) == ["a.csv", "e/b.csv"]
    assert find([on("web", "a.csv")], store).single
