"""How many processes a run has, and what they are told of each other in."""

from __future__ import annotations

from typing import Any, Final

from jupyter_mltrain import units
from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.errors import InvalidSpec

FRAMEWORKS: Final = ("Python", "PyTorch", "TensorFlow")
COMMUNICATORS: Final = ("None", "IntelMpi", "Nccl", "Gloo", "ParameterServer")

_OTHERWISE: Final = {"mpi": "IntelMpi", "openmpi": "IntelMpi", "": "None"}
"""Other words for them, of several years of Azure's SDK."""


class MpiConfiguration(Strict):
    """Processes that `mpirun` starts."""

    __slots__ = ("node_count", "process_count_per_node")

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count

    def __repr__(self) -> str:
        return (
            f"MpiConfiguration(process_count_per_node={self.process_count_per_node!r}, "
            f"node_count={self.node_count!r})"
        )


class PyTorchConfiguration(Strict):
    """Processes of PyTorch's `torch.distributed`."""

    __slots__ = ("communication_backend", "node_count", "process_count")

    def __init__(
        self,
        communication_backend: str = "Nccl",
        process_count: int | None = None,
        node_count: int = 1,
    ) -> None:
        """Azure's parameters.

        Parameters
        ----------
        communication_backend
            "Nccl" or "Gloo".
        process_count
            Of all nodes together; `None` is one of each.

        Raises
        ------
        InvalidSpec
            The backend is another.
        """
        backend = str(communication_backend).lower()
        if backend not in ("nccl", "gloo"):
            raise InvalidSpec(
                f"{communication_backend!r} is no backend of PyTorch here. Use 'Nccl' or 'Gloo'."
            )
        self.communication_backend = backend
        self.process_count = process_count
        self.node_count = node_count

    def __repr__(self) -> str:
        return (
            f"PyTorchConfiguration({self.communication_backend!r}, "
            f"process_count={self.process_count!r}, node_count={self.node_count!r})"
        )


class TensorflowConfiguration(Strict):
    """Workers and parameter servers of TensorFlow, each on a node."""

    __slots__ = ("parameter_server_count", "worker_count")

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count

    def __repr__(self) -> str:
        return (
            f"TensorflowConfiguration(worker_count={self.worker_count!r}, "
            f"parameter_server_count={self.parameter_server_count!r})"
        )


class ParallelTaskConfiguration(Strict):
    """Azure's workers that take tasks of their own; kept, and not used here."""

    __slots__ = ("max_retries_per_worker", "terminal_exit_codes", "worker_count_per_node")

    def __init__(self) -> None:
        self.max_retries_per_worker = 0
        self.terminal_exit_codes: list[int] | None = None
        self.worker_count_per_node = 1


# What estimators take as `distributed_training`


class Mpi:
    """Processes that `mpirun` starts."""

    def __init__(self, process_count_per_node: int = 1) -> None:
        self.process_count_per_node = process_count_per_node

    def validate(self, estimator_name: str) -> None:
        """Every estimator takes it."""

    def job(self, nodes: int, processes: int) -> MpiConfiguration:
        """The same for a `ScriptRunConfig`."""
        return MpiConfiguration(max(processes, self.process_count_per_node), nodes)


class Nccl:
    """PyTorch's processes over NCCL."""

    def __init__(self) -> None:
        """Nothing to set."""

    def validate(self, estimator_name: str) -> None:
        """Refuse any estimator but PyTorch."""
        _only("PyTorch", estimator_name, "Nccl")

    def job(self, nodes: int, processes: int) -> PyTorchConfiguration:
        """The same for a `ScriptRunConfig`."""
        return PyTorchConfiguration("Nccl", nodes * processes, nodes)


class Gloo:
    """PyTorch's processes over Gloo."""

    def __init__(self) -> None:
        """Nothing to set."""

    def validate(self, estimator_name: str) -> None:
        """Refuse any estimator but PyTorch."""
        _only("PyTorch", estimator_name, "Gloo")

    def job(self, nodes: int, processes: int) -> PyTorchConfiguration:
        """The same for a `ScriptRunConfig`."""
        return PyTorchConfiguration("Gloo", nodes * processes, nodes)


class ParameterServer:
    """TensorFlow's workers and parameter servers, each on a node."""

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count

    def validate(self, estimator_name: str) -> None:
        """Refuse any estimator but TensorFlow."""
        _only("TensorFlow", estimator_name, "ParameterServer")

    def job(self, nodes: int, processes: int) -> TensorflowConfiguration:
        """The same for a `ScriptRunConfig`."""
        return TensorflowConfiguration(self.worker_count, self.parameter_server_count)


def _only(takes: str, estimator: str, what: str) -> None:
    if estimator != takes:
        raise InvalidSpec(
            f"distributed_training={what}() is for the {takes} estimator, not for {estimator}. "
            "Use Mpi() there."
        )


# Read for the request of a run


def framework_of(text: Any) -> str:
    """A framework as runs are told of it, whatever the case of its letters.

    Raises
    ------
    InvalidSpec
        It is none that a run here can have.
    """
    return _one_of(text or "Python", FRAMEWORKS, "framework")


def communicator_of(text: Any) -> str:
    """A communicator as runs are told of it, whatever the case of its letters.

    Raises
    ------
    InvalidSpec
        It is none that a run here can have.
    """
    word = str(text or "").lower()
    return _one_of(_OTHERWISE.get(word, text), COMMUNICATORS, "communicator")


def _one_of(text: Any, known: tuple[str, ...], what: str) -> str:
    for each in known:
        if each.lower() == str(text).lower():
            return each
    names = units.listed([repr(each) for each in known], "or")
    raise InvalidSpec(f"{text!r} is no {what} of a run here. Use {names}.")


def per_node(total: Any, nodes: int) -> int:
    """How many processes each node has, when there are so many in all.

    Raises
    ------
    InvalidSpec
        They cannot be shared out evenly.
    """
    if total is None:
        return 1
    count = int(total)
    if count < 1 or nodes < 1 or count % nodes:
        raise InvalidSpec(
            f"process_count={count} cannot be shared out evenly among "
            f"{units.plural(nodes, 'node')}. Ask for a multiple."
        )
    return count // nodes
