"""Submitting the same script again and again, which takes a shorter way from the second time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fault_builders import Place

from jupyter_mltrain import errors
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.spec import DRIVER_LOG, Resources, Run, RunSpec, RunState, Source
from jupyter_mltrain.wire import SubmitRequest

pytestmark = pytest.mark.slow


def submit(place: Place, source: Path) -> str:
    """What the folder's script prints, submitted as it is now."""
    spec = RunSpec(experiment="again", script="train.py", environment=Environment.current().spec())
    run = place.client.submit(SubmitRequest(spec=spec, source=Source(directory=str(source))))
    run = place.completed(run)
    return b"".join(place.client.read_file(run.id, DRIVER_LOG)).decode()


def test_each_submit_takes_the_folder_as_it_is_then(place: Place, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / "train.py").write_text(f"print({number})\n")
        assert submit(place, tmp_path) == f"{number}\n"
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "words.py").write_text("WORD = 'below'\n")
    (tmp_path / "train.py").write_text("from more.words import WORD\nprint(WORD)\n")
    assert submit(place, tmp_path) == "below\n"


def test_a_script_that_was_fine_is_checked_again(place: Place, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print(1)\n")
    for _ in range(3):
        submit(place, tmp_path)
    (tmp_path / "train.py").write_text("print(\n")
    with pytest.raises(errors.InvalidSpec, match=r"train\.py line 1"):
        submit(place, tmp_path)
    (tmp_path / "train.py").unlink()
    with pytest.raises(errors.InvalidSpec, match=r"train\.py"):
        submit(place, tmp_path)


def test_a_run_from_a_repository_that_has_to_wait_starts_and_knows_its_commit(
    place: Place, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "train.py").write_text("print(1)\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    cpus = place.client.computes()[0].capacity.cpus
    holder = place.submit("import time\ntime.sleep(60)\n", resources=Resources(cpus=cpus))
    spec = RunSpec(experiment="again", script="train.py", environment=Environment.current().spec())
    waiting = place.client.submit(SubmitRequest(spec=spec, source=Source(directory=str(tmp_path))))
    for run in place.client.follow(waiting.id):
        if isinstance(run, Run) and run.git is not None:
            assert run.state is RunState.QUEUED
            break
    place.client.cancel(holder.id)
    done = place.completed(waiting)
    assert done.git is not None
    assert done.git.commit == git(tmp_path, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    variables = {"GIT_CONFIG_GLOBAL": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{who}_NAME": "a", f"GIT_{who}_EMAIL": "a@b"}
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, check=True)
    return done.stdout.decode().strip()
