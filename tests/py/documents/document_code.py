"""The five documents: their code block by block, and what their readers have before they begin."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final, NamedTuple

from substitutions import substituted

HERE: Final = Path(__file__).parent

CUSTOM_IMAGE: Final = ("000", "001", "004")
"""Three editions of one document."""

ESTIMATOR: Final = "002"
KERAS: Final = "003"
DOCUMENTS: Final = (*CUSTOM_IMAGE, ESTIMATOR, KERAS)

LOAD: Final = "%load_ext jupyter_mltrain.azureml"
"""The one line that a notebook written for Azure ML needs here before all others."""

GIVEN: Final = {
    ESTIMATOR: """\
from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

ws = Workspace.from_config()
experiment = Experiment(ws, "estimators")
ds = ws.get_default_datastore()
ds.upload("./data", show_progress=False)
size = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
compute_target = ComputeTarget.create(ws, "cpu-cluster", size)
""",
    KERAS: 'script_folder = "./keras-mnist"\n',
}
"""Names that a document uses and leaves undefined, as its prerequisites have them."""

DATA: Final = "petal,label\n" + "".join(f"{each / 10},{int(each > 20)}\n" for each in range(40))
"""What document 002's readers have uploaded."""


class Block(NamedTuple):
    """One piece of a document's code."""

    language: str
    code: str


def blocks(document: str) -> list[Block]:
    """All of them, in order, as they stand there."""
    text = (HERE / f"{document}.md").read_text()
    return [Block(*found) for found in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)]


def code(document: str) -> list[str]:
    """The Python of a document, in order, as it stands there."""
    return [block.code for block in blocks(document) if block.language == "python"]


def prepare(document: str, folder: Path, **values: str) -> None:
    """Put what the document asks its readers for into the folder of their notebook."""
    for project in ("fastai-example", "keras-mnist", "my-sklearn-proj", "my-cntk-proj"):
        shutil.copytree(HERE / project, folder / project)
    (folder / "Dockerfile").write_text(f'FROM {values["image"]}\nRUN echo "from a file" > /built\n')
    (folder / "data").mkdir()
    (folder / "data" / "petals.csv").write_text(DATA)
    for block in blocks(document):
        if block.language == "yaml":
            (folder / "conda_dependencies.yml").write_text(substituted(block.code, **values))


def cells(document: str, **values: str) -> list[str]:
    """The notebook that a reader of the document has at its end."""
    given = [GIVEN[document]] if document in GIVEN else []
    return [LOAD, *given, *(substituted(each, **values) for each in code(document))]
