"""Document 002, training with an Estimator, run from end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from document_code import ESTIMATOR, code
from readers import Reader, output

from jupyter_mltrain.errors import InvalidSpec

pytestmark = pytest.mark.slow

SINGLE, SUBMIT, DISTRIBUTED, SUBMIT_DISTRIBUTED = range(4)
"""The blocks of the document."""


def test_the_estimator_trains_with_the_data_of_the_datastore(
    reader: Callable[[str], Reader], capsys: pytest.CaptureFixture[str]
) -> None:
    ann, blocks = reader(ESTIMATOR), code(ESTIMATOR)
    ann.paste(blocks[SINGLE], blocks[SUBMIT])
    assert capsys.readouterr().out.splitlines()[-1] in ("Preparing", "Starting", "Queued")
    ann.run.wait_for_completion()
    metrics = ann.run.get_metrics()
    assert metrics["regularization"] == 0.8
    assert metrics["accuracy"] > 0.9


def test_a_file_of_its_outputs_is_fetched_as_the_document_says(
    reader: Callable[[str], Reader],
) -> None:
    ann, blocks = reader(ESTIMATOR), code(ESTIMATOR)
    ann.paste(blocks[SINGLE], blocks[SUBMIT], "run.wait_for_completion()")
    ann.paste(
        "run.download_file(name='outputs/my_output_file', output_file_path='my_destination_path')"
    )
    fetched = Path("my_destination_path").read_text()
    assert fetched == output(ann.run, "outputs/my_output_file")


def test_several_nodes_stop_at_submit_with_one_sentence(reader: Callable[[str], Reader]) -> None:
    ann, blocks = reader(ESTIMATOR), code(ESTIMATOR)
    ann.paste(blocks[DISTRIBUTED])
    with pytest.raises(InvalidSpec, match="2 nodes") as caught:
        ann.paste(blocks[SUBMIT_DISTRIBUTED])
    assert len(caught.value.message.splitlines()) == 1
