"""What no compute could ever do, or nobody could mean, is refused before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest
from service_builders import a_request

from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.errors import ComputeTargetError, InvalidSpec
from jupyter_mltrain.service.validation import validate
from jupyter_mltrain.spec import Capacity, CellSpec, Device, EnvironmentSpec, RunKind, Source

LEDGERS = {
    "local": Ledger(
        Capacity(
            cpus=4,
            memory_bytes=16 * 10**9,
            gpus=(Device(index=0, name="Fake", memory_bytes=1),),
        )
    )
}


def refusal(**given: Any) -> str:
    """Why a request is refused."""
    with pytest.raises(InvalidSpec) as caught:
        validate(a_request(**given), LEDGERS)
    return caught.value.message


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"cpus": 4, "gpus": 1, "memory_bytes": 16 * 10**9},
        {"name": "Bester Lauf, 2. Versuch ✓"},
        {"script": "src/train model.py"},
        {"arguments": ("--note", "line\nline", "")},
        {"timeout_s": 0.001},
        {"timeout_s": 2_592_000},
        {"priority": -1_000_000},
        {"variables": {"A B": "", "PATH": "x=y"}},
        {"source": Source(snapshot="abc")},
        {"kind": RunKind.CELL, "cell": CellSpec(outputs=("größe",))},
        {"environment": EnvironmentSpec(interpreter="/usr/bin/python3")},
    ],
)
def test_what_can_be_meant_is_accepted(given: dict[str, Any]) -> None:
    validate(a_request(**given), LEDGERS)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x" * 256, "é", "a\n"])
def test_an_experiment_has_a_plain_name(name: str) -> None:
    assert "cannot name an experiment" in refusal(experiment=name)


@pytest.mark.parametrize("name", ["", "x" * 257, "two\nlines", "tab\t", "nul\0", "\x1b[31m"])
def test_a_runs_name_is_one_printable_line(name: str) -> None:
    assert "cannot name a run" in refusal(name=name)


def test_an_unknown_compute_is_refused_with_those_there_are() -> None:
    with pytest.raises(ComputeTargetError) as caught:
        validate(a_request(compute="gpu-cluster"), LEDGERS)
    assert caught.value.message == "No compute target 'gpu-cluster'. There is 'local'."


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cpus": 0}, "needs at least 1 CPU, not 0"),
        ({"cpus": 5}, "asks for 5 CPUs and 'local' has 4 CPUs"),
        ({"gpus": -1}, "cannot have -1 GPUs"),
        ({"gpus": 1000}, "asks for 1000 GPUs and 'local' has 1 GPU. Ask for at most 1."),
        ({"memory_bytes": 0}, "0 bytes of memory are too few"),
        ({"memory_bytes": 10**15}, "asks for 1000 TB of memory and 'local' has 16 GB"),
        ({"timeout_s": 0}, "The time limit is 0 s"),
        ({"timeout_s": -1}, "The time limit is -1 s"),
        ({"timeout_s": 2_592_001}, "at most 2592000 s (30 days)"),
        ({"timeout_s": float("nan")}, "The time limit is nan s"),
        ({"timeout_s": float("inf")}, "The time limit is inf s"),
        ({"priority": 2_000_000}, "The priority 2000000 is outside"),
        ({"node_count": 2}, "asks for 2 nodes; a run is one process on one node for now"),
        ({"processes_per_node": 4}, "asks for 1 node with 4 processes each; a run is one"),
        ({"node_count": 0}, "asks for 0 nodes"),
    ],
)
def test_what_the_compute_can_never_give_is_refused_with_what_it_can(
    given: dict[str, Any], words: str
) -> None:
    assert words in refusal(**given)


@pytest.mark.parametrize("script", ["", "/etc/passwd", "../train.py", "a/../../b.py", "a\0.py"])
def test_a_script_lies_inside_the_source(script: str) -> None:
    assert "has to be a path inside the source folder" in refusal(script=script)


def test_an_argument_has_no_nul() -> None:
    assert "has a NUL character" in refusal(arguments=("ok", "a\0b"))


@pytest.mark.parametrize(
    "variables", [{"": "x"}, {"A=B": "x"}, {"A\0": "x"}, {"A": "x\0"}], ids=["", "=", "0", "v"]
)
def test_a_variable_can_be_set(variables: dict[str, str]) -> None:
    assert "cannot be set" in refusal(variables=variables)
    assert "cannot be set" in refusal(environment=EnvironmentSpec(inherited=variables))


def test_an_interpreter_has_an_absolute_path() -> None:
    words = refusal(environment=EnvironmentSpec(interpreter="python3"))
    assert words == "The interpreter 'python3' is not an absolute path."


def test_a_run_has_a_source() -> None:
    assert refusal(source=Source()).startswith("The run has no source.")


@pytest.mark.parametrize(
    "given", [{"kind": RunKind.CELL}, {"cell": CellSpec()}], ids=["cell", "script"]
)
def test_cell_variables_belong_to_cells(given: dict[str, Any]) -> None:
    assert refusal(**given).startswith("Exactly a run of the kind 'cell'")


@pytest.mark.parametrize("name", ["", "2x", "a.b", "class", "a b", "None"])
def test_a_cell_variable_is_a_name_of_python(name: str) -> None:
    words = refusal(kind=RunKind.CELL, cell=CellSpec(outputs=(name,)))
    assert words == f"{name!r} is not the name of a Python variable."


def test_the_values_of_a_cell_are_those_of_its_inputs() -> None:
    words = refusal(
        kind=RunKind.CELL, cell=CellSpec(inputs=("a", "b")), inputs={"b": "/x", "c": "/y"}
    )
    assert words == "The values of a, c do not match the cell's inputs."


def test_a_child_cannot_be_submitted() -> None:
    assert "child" in refusal(kind=RunKind.CHILD)


@pytest.mark.parametrize("given", [{"tags": {f"t{n}": None for n in range(51)}}])
def test_a_run_has_fifty_tags_at_most(given: dict[str, Any]) -> None:
    assert "50 is the most" in refusal(**given)
