"""Requirements as pip reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain.core import pip_requirements
from jupyter_mltrain.errors import InvalidSpec


def read(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    return pip_requirements.read(path)


def test_comments_and_continued_lines_are_read(tmp_path: Path) -> None:
    text = (
        "# all\n\ntorch>=2  # the framework\npandas \\\n  >=2\n--extra-index-url https://a.b/c#d\n"
    )
    assert read(tmp_path, text) == ["torch>=2", "pandas   >=2", "--extra-index-url https://a.b/c#d"]


def test_files_name_others_from_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.txt").write_text("-r b.txt\nrich\n")
    (tmp_path / "more" / "b.txt").write_text("numpy\n-r a.txt\n")
    assert read(tmp_path, "-r more/a.txt\n--requirement=more/b.txt\n") == ["numpy", "rich"]


def test_urls_hashes_and_markers_are_kept(tmp_path: Path) -> None:
    lines = [
        "git+https://example.com/a.git@v1#egg=a",
        "b @ https://example.com/b.whl",
        "c==1 --hash=sha256:abc",
        "d; python_version < '3.12'",
    ]
    assert read(tmp_path, "\n".join(lines)) == lines


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a=>1", "A requirement reads name, or name>=version."),
        ("-c constraints.txt", "constraints are not read."),
        ("-e .", "a folder of this machine is not there"),
        ("./wheels/a.whl", "a folder of this machine is not there"),
        ("--index-url https://me:s3cret@a.b/c", "the URL holds a password"),
    ],
)
def test_a_line_that_cannot_be_installed_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        read(tmp_path, f"rich\n{line}\n")
    assert caught.value.message.startswith(f"{tmp_path}/requirements.txt, line 2: ")
    assert says in caught.value.message
    assert "s3cret" not in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No requirements file at .*b\.txt"):
        read(tmp_path, "-r b.txt")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("torch pandas", ["torch", "pandas"]),
        ("torch >= 2 pandas", ["torch >= 2", "pandas"]),
        ("torch >=2,<3", ["torch >=2,<3"]),
        ("a; python_version < '3.12'", ["a; python_version < '3.12'"]),
        ("--index-url https://a.b/c torch", ["--index-url https://a.b/c", "torch"]),
        ("a[x,y] b", ["a[x,y]", "b"]),
        ("'a; python_version < \"3.12\"'", ['a; python_version < "3.12"']),
    ],
)
def test_the_words_of_a_line_become_requirements(text: str, lines: list[str]) -> None:
    assert pip_requirements.from_words(text, Path.cwd()) == lines


def test_a_password_in_a_line_is_not_said_again() -> None:
    with pytest.raises(InvalidSpec) as caught:
        pip_requirements.from_words("git+https://me:s3cret@a.b/c", Path.cwd())
    assert "s3cret" not in caught.value.message
