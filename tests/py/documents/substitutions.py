"""Everything that is changed in the documents' code before it runs here; there is no other place.

The blocks in ``000.md``, ``001.md`` and ``004.md`` are as they stand in the documents.
"""

from __future__ import annotations

from typing import Final, NamedTuple

IMAGE: Final = "mltrain-documents/fastai2:latest"
"""The tests' base image under the name that stands for the documents' one."""


class Substitution(NamedTuple):
    """A piece of the documents' code and what is put in its place."""

    old: str
    new: str
    """``{registry}``, ``{username}`` and ``{password}`` are those of the tests' registry."""
    why: str
    optional: bool = False
    """Whether there is a document without it, or a way through one that leaves it out."""


SUBSTITUTIONS: Final = (
    # Modules. The ones named azureml come with a later version.
    Substitution(
        "from azureml.core.compute_target import ComputeTargetException",
        "from jupyter_mltrain.core.compute_target import ComputeTargetException",
        "Azure's module names are not there yet",
    ),
    Substitution(
        "from azureml.core.compute import ComputeTarget, AmlCompute",
        "from jupyter_mltrain import ComputeTarget",
        "Azure's module names are not there yet, nor are clusters that can be created",
    ),
    Substitution(
        "from azureml.core import",
        "from jupyter_mltrain import",
        "Azure's module names are not there yet",
    ),
    # Images and their registry. None can be pulled from outside.
    Substitution("fastdotai/fastai2:latest", IMAGE, "stands for the image of fast.ai"),
    Substitution(
        "mcr.microsoft.com/azureml/base:intelmpi2018.3-ubuntu16.04",
        IMAGE,
        "stands for Azure's base image in a Dockerfile",
        optional=True,
    ),
    Substitution("myregistry.azurecr.io", "{registry}", "a real one on loopback", optional=True),
    Substitution('"username"', '"{username}"', "who may pull from it", optional=True),
    Substitution('"password"', '"{password}"', "the password of that user", optional=True),
    # The place. Clusters come with a later version; this machine is found as an existing target.
    Substitution('"gpu-cluster"', '"local"', "there is no cluster to be created yet"),
)
"""In order: the first that fits goes first.

The script is substituted too: ``fastai-example/train.py`` beside this file, a small training of its
own, is in the place of the one that classifies pets with fast.ai.
"""


def substituted(code: str, **values: str) -> str:
    """The documents' code as it runs here."""
    for each in SUBSTITUTIONS:
        code = code.replace(each.old, each.new.format(**values))
    return code
