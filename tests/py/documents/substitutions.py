"""Everything that is changed in the documents' code before it runs here; there is no other place.

The blocks in ``000.md`` to ``004.md`` are as they stand in the documents.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Substitution(NamedTuple):
    """A piece of the documents' code and what is put in its place."""

    old: str
    new: str
    """``{image}`` is the tests' base image under a name that fits; ``{registry}``, ``{username}``
    and ``{password}`` are those of their registry, ``{site}`` is their HTTP server, ``{channel}``
    and ``{python}`` are their conda channel and the version of Python in it."""
    why: str


SUBSTITUTIONS: Final = (
    # Images and their registry. None can be pulled from outside.
    Substitution("fastdotai/fastai2:latest", "{image}", "stands for the image of fast.ai"),
    Substitution(
        "mcr.microsoft.com/azureml/base:intelmpi2018.3-ubuntu16.04",
        "{image}",
        "stands for Azure's base image in a Dockerfile",
    ),
    Substitution(
        "mcr.microsoft.com/azureml/openmpi3.1.2-cuda10.0-cudnn7-ubuntu18.04",
        "{image}",
        "stands for Azure's base image with CUDA",
    ),
    Substitution("microsoft/mmlspark:0.12", "{image}", "stands for an image that is gone"),
    Substitution("myregistry.azurecr.io", "{registry}", "a real one on loopback"),
    Substitution('"username"', '"{username}"', "who may pull from it"),
    Substitution('"password"', '"{password}"', "the password of that user"),
    # Addresses. Tests talk to loopback alone.
    Substitution(
        "http://yann.lecun.com/exdb/mnist",
        "{site}",
        "scikit-learn's digits in MNIST's format; the address itself answers no more",
    ),
    Substitution("- conda-forge", "- {channel}", "a channel in a folder"),
    # Pins that no longer exist, or need what no longer exists.
    Substitution("python=3.6.2", "python={python}", "the Python that the channel has"),
    Substitution(
        "tensorflow-gpu==2.0.0", "scikit-learn", "was made for Pythons up to 3.7 and CUDA 10"
    ),
    Substitution("keras<=2.3.1", "numpy", "needs that TensorFlow"),
    Substitution("cntk==2.5.1", "numpy", "was never published where pip looks"),
    Substitution(
        "conda_packages=['scikit-learn']",
        "pip_packages=['scikit-learn']",
        "no channel on loopback has it",
    ),
    # A slip of the document.
    Substitution("experiment.submit(cntk_est)", "experiment.submit(estimator)", "is `estimator`"),
)
"""In order: the first that fits goes first.

The scripts are substituted too: the folders beside this file have small trainings of their own, in
the places of those that the documents link to or leave to their readers.
"""


def substituted(code: str, **values: str) -> str:
    """The documents' code as it runs here."""
    for each in SUBSTITUTIONS:
        if each.old in code:
            code = code.replace(each.old, each.new.format(**values))
    return code
