"""The repository that a source directory belongs to, read by the real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from loops import in_loop

from jupyter_mltrain.service import git
from jupyter_mltrain.spec import GitState


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    run(tmp_path, "init", "--quiet", "--initial-branch", "trunk")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text("print(1)\n")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    """What git prints, whatever this user has configured."""
    names = {
        f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@in_loop
async def test_a_clean_repository_gives_commit_and_branch(repository: Path) -> None:
    run(repository, "remote", "add", "origin", "https://host.example/team/digits")
    commit = run(repository, "rev-parse", "HEAD")
    for folder in (repository, repository / "sub"):
        assert await git.read(folder) == GitState(
            repository="https://host.example/team/digits", branch="trunk", commit=commit
        )


@pytest.mark.parametrize("name", ["train.py", "new.py"])
@in_loop
async def test_a_changed_or_a_new_file_makes_it_dirty(repository: Path, name: str) -> None:
    (repository / "sub" / name).write_text("print(2)\n")
    state = await git.read(repository / "sub")
    assert state is not None
    assert state.dirty


@in_loop
async def test_a_change_elsewhere_in_the_repository_does_not(repository: Path) -> None:
    (repository / "notes.txt").write_text("")
    state = await git.read(repository / "sub")
    assert state is not None
    assert not state.dirty


@in_loop
async def test_a_password_in_the_address_is_not_kept(repository: Path) -> None:
    run(repository, "remote", "add", "origin", "https://me:secret@host.example/digits")
    state = await git.read(repository)
    assert state is not None
    assert state.repository == "https://host.example/digits"


@in_loop
async def test_a_detached_head_has_no_branch(repository: Path) -> None:
    run(repository, "checkout", "--quiet", "--detach")
    state = await git.read(repository)
    assert state is not None
    assert state.branch is None
    assert state.commit is not None


@in_loop
async def test_a_repository_without_commits_has_none(tmp_path: Path) -> None:
    run(tmp_path, "init", "--quiet", "--initial-branch", "trunk")
    assert await git.read(tmp_path) == GitState(branch="trunk")


@in_loop
async def test_a_folder_outside_any_repository_has_no_state(tmp_path: Path) -> None:
    assert await git.read(tmp_path) is None


@in_loop
async def test_without_git_there_is_no_state(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert await git.read(repository) is None


def test_the_repository_is_found_upwards(repository: Path) -> None:
    assert git.find_repository(repository / "sub") == repository
