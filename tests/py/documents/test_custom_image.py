"""The documents about custom images, run from end to end against a real engine and registry."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from document_code import CUSTOM_IMAGE, code
from readers import Reader, output
from registries import PASSWORD, USER

from jupyter_mltrain import Run, Workspace
from jupyter_mltrain.spec import BUILD_LOG

pytestmark = pytest.mark.slow

WORKSPACE, ENABLED, IMAGE_BLOCK, REGISTRY, DOCKERFILE, COMPUTE, CONFIG, SUBMIT = range(8)
"""The blocks of each document; the registry and the Dockerfile are optional in all of them."""

REQUIRED = (WORKSPACE, ENABLED, IMAGE_BLOCK, COMPUTE, CONFIG, SUBMIT)


def check(run: Run) -> None:
    assert run.get_status() == "Completed"
    assert json.loads(output(run, "outputs/model.json"))["in_image"] is True
    assert "epoch 20  loss" in output(run)
    assert run.get_metrics()["accuracy"] > 0.9
    built = run.record.environment
    assert built is not None
    assert built.kind == "image"


@pytest.mark.parametrize("document", CUSTOM_IMAGE)
def test_the_document_runs_with_its_image(
    document: str, reader: Callable[[str], Reader], capsys: pytest.CaptureFixture[str]
) -> None:
    ann, blocks = reader(document), code(document)
    ann.paste(*(blocks[each] for each in REQUIRED))
    check(ann.run)
    printed = capsys.readouterr().out
    assert "'vmSize': 'STANDARD_NC6'" in printed
    assert f"RunId: {ann.run.id}" in printed


@pytest.mark.parametrize("document", CUSTOM_IMAGE)
def test_a_cluster_that_is_there_is_found_again(
    document: str, reader: Callable[[str], Reader], capsys: pytest.CaptureFixture[str]
) -> None:
    ann, blocks = reader(document), code(document)
    ann.paste(blocks[WORKSPACE], blocks[COMPUTE])
    first = capsys.readouterr().out
    ann.paste(blocks[COMPUTE])
    again = capsys.readouterr().out
    assert "Creating a new compute target..." in first
    assert again.startswith("Found existing compute target.\n")


@pytest.mark.parametrize("document", CUSTOM_IMAGE)
def test_the_document_runs_with_the_image_of_a_private_registry(
    document: str, reader: Callable[[str], Reader], workspace: Workspace
) -> None:
    ann, blocks = reader(document), code(document)
    ann.paste(*(blocks[each] for each in sorted((*REQUIRED, REGISTRY))))
    check(ann.run)
    image = ann.run.record.spec.environment.image
    assert image is not None
    assert image.username == USER
    secret = PASSWORD.encode()
    kept = [path for path in workspace.directory.rglob("*") if path.is_file()]
    assert [path for path in kept if secret in path.read_bytes()] == []


@pytest.mark.parametrize("document", CUSTOM_IMAGE)
def test_the_document_runs_with_a_dockerfile_in_a_string(
    document: str, reader: Callable[[str], Reader]
) -> None:
    ann, blocks = reader(document), code(document)
    text, _, _ = blocks[DOCKERFILE].partition("# Alternatively")
    ann.paste(*blocks[: IMAGE_BLOCK + 1], text, *blocks[COMPUTE:])
    check(ann.run)
    assert "Hello from custom container!" in output(ann.run, BUILD_LOG)


@pytest.mark.parametrize("document", CUSTOM_IMAGE)
def test_the_document_runs_when_all_of_it_is_pasted(
    document: str, reader: Callable[[str], Reader]
) -> None:
    ann = reader(document)
    ann.paste(*code(document))
    check(ann.run)
    assert output(ann.run).endswith("from a file\n")  # the Dockerfile that was set last
