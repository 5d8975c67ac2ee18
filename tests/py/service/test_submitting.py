"""What a submit looks at besides the checks of the script."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest
from service_builders import a_request

from jupyter_mltrain.environments.base import InterpreterEnvironments
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.submitting import (
    Accepted,
    Acceptor,
    is_small,
    script_as_it_is,
)
from jupyter_mltrain.spec import EnvironmentSpec, Resources, Source
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.wire import SubmitRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def acceptor(tmp_path: Path) -> Acceptor:
    workspace = tmp_path / "workspace"
    for name in ("runs", "staging"):
        (workspace / name).mkdir(parents=True)
    environments = InterpreterEnvironments()
    return Acceptor(Snapshots(workspace), RunDirs(workspace), workspace / "staging", environments)


def accept(acceptor: Acceptor, script: str, gpus: int = 2, **given: object) -> Accepted:
    request: SubmitRequest = a_request(**given)
    source = Source(inline={request.spec.script: script})
    request = msgspec.structs.replace(request, source=source, force=False)
    return acceptor.accept(request, NOON, check_out=False, gpus=gpus)


SCRIPT = "try:\n    import torch\nexcept ImportError:\n    pass\n"


def test_gpus_that_are_not_asked_for_are_said_to_be_hidden(acceptor: Acceptor) -> None:
    (warning,) = accept(acceptor, SCRIPT).warnings
    assert warning.endswith(
        "imports torch, and the run asks for no GPU, so it sees none of the 2 here. "
        "Add --gpus 1 for one."
    )


@pytest.mark.parametrize(
    ("script", "given"),
    [
        ("print('torch')\n", {}),
        (SCRIPT, {"gpus": 0}),
        (SCRIPT, {"resources": Resources(gpus=1)}),
        (SCRIPT, {"variables": {"CUDA_VISIBLE_DEVICES": "1"}}),
    ],
)
def test_no_word_about_gpus_where_it_would_be_idle(
    acceptor: Acceptor, script: str, given: dict[str, object]
) -> None:
    assert accept(acceptor, script, **given).warnings == ()


def test_a_folder_of_a_few_small_files_is_small(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print(1)\n")
    assert is_small(Source(directory=str(tmp_path)))
    assert is_small(Source(inline={"cell.py": "print(1)\n"}))


def test_what_takes_longer_to_look_at_is_not_small(tmp_path: Path) -> None:
    many, large, deep = (tmp_path / name for name in ("many", "large", "deep"))
    for folder in (many, large, deep):
        folder.mkdir()
    for number in range(30):
        (many / str(number)).write_text("")
    with open(large / "data", "wb") as file:
        file.truncate(2_000_000)
    (deep / "below").mkdir()
    for folder in (many, large, deep, tmp_path / "missing"):
        assert not is_small(Source(directory=str(folder)))
    assert not is_small(Source(directory=str(deep), include=("below",)))
    assert not is_small(Source(snapshot="0" * 64))


def test_a_script_is_the_same_only_as_long_as_it_is_unchanged(tmp_path: Path) -> None:
    def look(**given: object) -> tuple[object, ...]:
        request: SubmitRequest = a_request(**given)
        return script_as_it_is(
            msgspec.structs.replace(request, source=Source(directory=str(tmp_path)))
        )

    (tmp_path / "train.py").write_text("print(1)\n")
    before = look()
    assert look() == before
    assert look(environment=EnvironmentSpec(interpreter="/other/python")) != before
    (tmp_path / "train.py").write_text("print(22)\n")
    assert look() != before


def test_a_cell_is_the_same_only_with_the_same_text() -> None:
    def look(text: str) -> tuple[object, ...]:
        request: SubmitRequest = a_request()
        source = Source(inline={request.spec.script: text})
        return script_as_it_is(msgspec.structs.replace(request, source=source))

    assert look("a") == look("a") != look("b")
