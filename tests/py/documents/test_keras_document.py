"""Document 003, training a Keras model, run from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from document_code import KERAS, code
from readers import Reader, output

from jupyter_mltrain import Workspace

pytestmark = pytest.mark.slow


def test_the_document_trains_registers_and_downloads_a_model(
    reader: Callable[[str], Reader],
    workspace: Workspace,
    values: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ann = reader(KERAS)
    ann.paste(*code(KERAS))
    printed = capsys.readouterr().out

    run = ann.run
    assert run.get_status() == "Completed"
    assert "training on 1500 digits" in output(run)
    metrics = run.get_metrics()
    assert len(metrics["Loss"]) == 8
    assert metrics["Final test accuracy"] > 0.9
    assert "Loss v.s. Accuracy" in metrics

    assert "Streaming azureml-logs/70_driver_log.txt" in printed
    assert "training on 1500 digits" in printed
    assert "Execution Summary" in printed

    model = ann.names["model"]
    assert (model.name, model.version, model.run_id) == ("keras-mnist", 1, run.id)
    assert [file.name for file in workspace.client.model("keras-mnist").files] == [
        "model/model.json",
        "model/weights.npz",
    ]
    assert json.loads(Path("model/model.json").read_text())["layers"] == [
        [64, 300],
        [300, 100],
        [100, 10],
    ]

    (got,) = run.record.data
    assert (got.files, got.dataset, got.version) == (4, "mnist-dataset", 1)
    image = run.record.environment
    assert image is not None
    assert image.kind == "image"
