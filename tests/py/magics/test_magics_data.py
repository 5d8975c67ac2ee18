"""``--input NAME=DATASET`` of ``%%train`` and ``%train``."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from magics_shells import Kernel

from jupyter_mltrain.client import Client
from jupyter_mltrain.errors import InvalidSpec, NoSuchDataset
from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.commands import TrainMagics
from jupyter_mltrain.spec import DataPath, DatasetKind, DatasetSpec, DatastoreKind
from jupyter_mltrain.wire import DatasetRequest, DatastoreRequest


@pytest.fixture
def digits(client: Client, tmp_path: Path) -> str:
    """Name of a dataset of one folder."""
    name = f"digits_{tmp_path.name}"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a")
    client.register_datastore(
        DatastoreRequest(name=name, kind=DatastoreKind.FOLDER, url=str(tmp_path / "data"))
    )
    spec = DatasetSpec(kind=DatasetKind.FILE, paths=(DataPath(datastore=name),))
    return client.register_dataset(DatasetRequest(name=name, spec=spec)).name


def test_variables_and_data_are_told_apart_by_the_equals_sign() -> None:
    given = options.parse(TrainMagics.train_cell, "-i a,b --input d=digits:2 -i e=https://h/x,y")
    assert options.flat(given.input) == ("a", "b")
    assert options.data(given.input) == (("d", "digits:2"), ("e", "https://h/x,y"))


@pytest.mark.parametrize("line", ["--input d=", "--input 1d=digits", "--input =digits"])
def test_what_is_no_input_is_refused_in_one_sentence(line: str) -> None:
    with pytest.raises(UsageError, match=r"-i: .*\."):
        options.parse(TrainMagics.train_cell, line)


@pytest.mark.slow
def test_a_cell_finds_the_path_in_a_variable(kernel: Kernel, digits: str, client: Client) -> None:
    outcome = kernel.run(
        f"%%train --quiet --input d={digits}:1\n"
        "import os\nassert os.listdir(os.environ['d']) == ['a.txt']\n"
    )
    assert outcome.status == "ok", outcome
    (given,) = client.list(limit=1).runs[0].spec.inputs
    assert (given.name, given.dataset, given.version) == ("d", digits, 1)


@pytest.mark.slow
def test_a_script_does_too(
    shell: InteractiveShell, digits: str, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text("import os\nassert os.path.isdir(os.environ['d'])\n")
    shell.run_line_magic("train", f"{tmp_path}/train.py --quiet --input d={digits}")
    assert client.list(limit=1).runs[0].data[0].files == 1


@pytest.mark.slow
def test_what_is_not_there_is_said_and_nothing_is_submitted(
    shell: InteractiveShell, digits: str, client: Client
) -> None:
    before = len(client.list().runs)
    with pytest.raises(NoSuchDataset, match="There is no dataset 'nope'"):
        shell.run_cell_magic("train", "--input d=nope", "print(1)")
    with pytest.raises(NoSuchDataset, match="has no version 7"):
        shell.run_cell_magic("train", f"--input d={digits}:7", "print(1)")
    with pytest.raises(InvalidSpec, match="Two inputs have the name 'd'"):
        shell.run_cell_magic("train", f"--input d={digits} --input d=x", "print(1)")
    assert len(client.list().runs) == before


@pytest.mark.slow
def test_names_of_datasets_are_completed_behind_the_equals_sign(
    kernel: Kernel, digits: str
) -> None:
    assert digits in kernel.complete("%%train --input d=dig")
    assert digits in kernel.complete("%train train.py --input d=")
    kernel.run("some_frame = 1")
    assert kernel.complete("%%train --input some_fr") == ["some_frame"]
