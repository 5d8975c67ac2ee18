"""The documents about custom images, run from end to end against a real engine and registry."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from registries import PASSWORD, USER, Registry, a_client, registry  # noqa: F401 - a fixture
from substitutions import IMAGE, SUBSTITUTIONS, substituted

from jupyter_mltrain import Run, Workspace
from jupyter_mltrain.spec import BUILD_LOG, DRIVER_LOG

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
DOCUMENTS = ("000", "001", "004")

WORKSPACE, ENABLED, IMAGE_BLOCK, REGISTRY, DOCKERFILE, COMPUTE, CONFIG, SUBMIT = range(8)
"""The blocks of each document; the registry and the Dockerfile are optional in all of them."""

REQUIRED = (WORKSPACE, ENABLED, IMAGE_BLOCK, COMPUTE, CONFIG, SUBMIT)


def blocks(document: str) -> list[str]:
    text = (HERE / f"{document}.md").read_text()
    found = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(found) == len(range(SUBMIT + 1))
    return found


@pytest.fixture(scope="module")
def _image(registry: Registry, base_image: str) -> Iterator[None]:  # noqa: F811
    """The image that stands for the documents', here and in the registry."""
    dockerfile = io.BytesIO(f"FROM {base_image}\nRUN touch /fastai2\n".encode())
    with a_client() as client:
        said = list(client.build(fileobj=dockerfile, tag=IMAGE, rm=True, decode=True))
        assert not [message for message in said if "error" in message], said
        registry.push(IMAGE, IMAGE)
        yield
        pulled = (
            [f"{registry.address}/{IMAGE}"] if client.images(f"{registry.address}/{IMAGE}") else []
        )
        for name in (IMAGE, *pulled):
            client.remove_image(name)


@pytest.fixture
def reader(
    _image: None,
    registry: Registry,  # noqa: F811
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Reader]:
    """Somebody who has done what the documents ask for first: a configuration and a script."""
    folder = tmp_path / "notebook"
    folder.mkdir()
    monkeypatch.chdir(folder)
    workspace.write_config(folder)
    shutil.copytree(HERE / "fastai-example", folder / "fastai-example")
    (folder / "Dockerfile").write_text(f'FROM {IMAGE}\nRUN echo "from a file" > /built\n')
    yield Reader(registry)
    made = {"label": f"mltrain.workspace={workspace.client.status().workspace_id}"}
    with a_client() as client:
        for image in client.images(filters=made):
            client.remove_image(image["Id"], force=True)


class Reader:
    """Pastes blocks of a document one after the other."""

    def __init__(self, registry: Registry) -> None:  # noqa: F811
        self._values = {
            "registry": registry.address,
            "username": USER,
            "password": PASSWORD,
        }

    def run(self, code: list[str]) -> Run:
        """The run that the code has submitted and waited for."""
        names: dict[str, Any] = {}
        for block in code:
            exec(substituted(block, **self._values), names)
        assert isinstance(names["run"], Run)
        return names["run"]


def output(run: Run, name: str = DRIVER_LOG) -> str:
    client = run.experiment.workspace.client
    return b"".join(client.read_file(run.id, name)).decode()


def check(run: Run) -> None:
    assert run.get_status() == "Completed"
    assert json.loads(output(run, "outputs/model.json"))["in_image"] is True
    assert "epoch 20  loss" in output(run)
    assert run.get_metrics()["accuracy"] > 0.9
    built = run.record.environment
    assert built is not None
    assert built.kind == "image"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_document_runs_with_its_image(document: str, reader: Reader) -> None:
    code = blocks(document)
    check(reader.run([code[each] for each in REQUIRED]))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_document_runs_with_the_image_of_a_private_registry(
    document: str, reader: Reader, workspace: Workspace
) -> None:
    code = blocks(document)
    run = reader.run([code[each] for each in sorted((*REQUIRED, REGISTRY))])
    check(run)
    image = run.record.spec.environment.image
    assert image is not None
    assert image.username == USER
    secret = PASSWORD.encode()
    kept = [path for path in workspace.directory.rglob("*") if path.is_file()]
    assert [path for path in kept if secret in path.read_bytes()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_document_runs_with_a_dockerfile_in_a_string(document: str, reader: Reader) -> None:
    code = blocks(document)
    text, _, _ = code[DOCKERFILE].partition("# Alternatively")
    run = reader.run([*code[: IMAGE_BLOCK + 1], text, *code[COMPUTE:]])
    check(run)
    assert "Hello from custom container!" in output(run, BUILD_LOG)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_document_runs_when_all_of_it_is_pasted(document: str, reader: Reader) -> None:
    run = reader.run(blocks(document))
    check(run)
    assert output(run).endswith("from a file\n")  # the Dockerfile that was set last


@pytest.mark.parametrize("each", SUBSTITUTIONS, ids=lambda each: each.old)
def test_every_substitution_is_used_in_each_document(each: Any) -> None:
    for document in DOCUMENTS:
        assert each.old in "".join(blocks(document))
    assert each.why
