"""Submitting the same script again and again, which takes a shorter way from the second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_builders import Place

from jupyter_mltrain import errors
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.spec import DRIVER_LOG, RunSpec, Source
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
