"""Azure's parameters: their names, their order and their defaults are the same here.

What is different on purpose is in `DIFFERENT`, with the reason.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from azureml_surface import ATTRIBUTES, CALLS, CLASSES, CONSTANTS, FUNCTIONS

from jupyter_mltrain.core.keyvault import KeyVaultContentType

_SENTENCE = "Errors here are raised with their sentence alone, which goes by position."

DIFFERENT: dict[str, str] = {
    "core.Workspace.list": "There is no subscription to name, so none has to be.",
    "core.compute_target.ComputeTargetException.__init__": _SENTENCE,
    "exceptions.UserErrorException.__init__": _SENTENCE,
    "core.conda_dependencies.CondaDependencies.create": (
        "Without a version this Python is meant, or the one of the image, not one of Azure's."
    ),
}

ABSENT: dict[str, str] = {
    "core.Workspace.service_context": "It is the client of Azure's service.",
    "core.Workspace.DEFAULT_CPU_CLUSTER_CONFIGURATION": "What Azure puts there is not known.",
    "core.Workspace.DEFAULT_GPU_CLUSTER_CONFIGURATION": "What Azure puts there is not known.",
}


def calls(table: str = CALLS) -> Iterator[tuple[str, str]]:
    """Path and parameters of every call of a table."""
    for line in table.strip().replace("\n    ", " ").splitlines():
        path, _, parameters = line.partition("(")
        yield path, f"({parameters}"


def named(path: str) -> Any:
    """What is imported by this path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"jupyter_mltrain.azureml.{module}"), name)


def owner(path: str) -> Any:
    """The class whose member it is."""
    return named(path.rpartition(".")[0])


def signature_of(path: str) -> list[inspect.Parameter]:
    kind, name = owner(path), path.rpartition(".")[2]
    found = list(inspect.signature(getattr(kind, name)).parameters.values())
    bound = isinstance(inspect.getattr_static(kind, name), staticmethod | classmethod)
    return found if bound else found[1:]


def written(parameters: str) -> list[inspect.Parameter]:
    scope: dict[str, object] = {"KeyVaultContentType": KeyVaultContentType}
    exec(f"def written{parameters}: ...", scope)
    return list(inspect.signature(scope["written"]).parameters.values())  # type: ignore[arg-type]


def differences(theirs: list[inspect.Parameter], ours: list[inspect.Parameter]) -> Iterator[str]:
    by_name = {each.name: each for each in ours}
    positional = [each for each in theirs if each.kind is each.POSITIONAL_OR_KEYWORD]
    for index, each in enumerate(theirs):
        mine = by_name.get(each.name)
        if each.kind is each.VAR_KEYWORD:
            continue  # private parameters of Azure's
        if mine is None:
            yield f"{each.name} is missing"
        elif each.kind is each.POSITIONAL_OR_KEYWORD and ours[index].name != each.name:
            yield f"{each.name} is not number {index}"
        elif mine.default != each.default:
            yield f"{each.name} is {mine.default!r}, not {each.default!r}"
    for mine in ours[len(positional) :]:
        known = mine.name in {each.name for each in theirs}
        if not known and mine.default is mine.empty and mine.kind is mine.POSITIONAL_OR_KEYWORD:
            yield f"{mine.name} is required"


@pytest.mark.parametrize(("path", "parameters"), list(calls()), ids=lambda each: each[:60])
def test_a_call_takes_what_azures_takes(path: str, parameters: str) -> None:
    found = list(differences(written(parameters), signature_of(path)))
    if path in DIFFERENT:
        assert found, f"{path} is no longer different"
    else:
        assert found == []


@pytest.mark.parametrize(("path", "parameters"), list(calls(FUNCTIONS)))
def test_a_function_takes_what_azures_takes(path: str, parameters: str) -> None:
    ours = list(inspect.signature(named(path)).parameters.values())
    assert list(differences(written(parameters), ours)) == []


@pytest.mark.parametrize(("path", "value"), CONSTANTS.items())
def test_a_constant_has_azures_value(path: str, value: object) -> None:
    assert named(path) == value


@pytest.mark.parametrize("path", CLASSES.split())
def test_every_class_of_azures_is_under_every_path_of_it(path: str) -> None:
    assert isinstance(named(path), type)


@pytest.mark.parametrize("path", ATTRIBUTES.split())
def test_what_azures_objects_have_is_there(path: str) -> None:
    kind, name = owner(path), path.rpartition(".")[2]
    found = hasattr(kind, name) or any(
        re.search(rf"\bself\.{name}\b[^=\n]*=", inspect.getsource(base))
        for base in kind.__mro__
        if base is not object
    )
    assert found == (path not in ABSENT)


def test_every_difference_is_about_something_in_the_table() -> None:
    assert set(DIFFERENT) <= {path for path, _ in calls()}
    assert set(ABSENT) <= set(ATTRIBUTES.split())
