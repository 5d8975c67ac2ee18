"""`RunConfiguration`: where a script runs, in what, with what data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.core import distributed
from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.distributed import (
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from jupyter_mltrain.core.docker_section import DockerConfiguration
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.run_sections import (
    AmlComputeConfiguration,
    ApplicationEndpointConfiguration,
    HdiConfiguration,
    HistoryConfiguration,
    KubernetesComputeConfiguration,
    SparkConfiguration,
)
from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.errors import InvalidSpec

if TYPE_CHECKING:
    from jupyter_mltrain.core.data_reference import Data, DataReferenceConfiguration, OutputData

__all__ = [
    *("AmlComputeConfiguration", "ApplicationEndpointConfiguration", "HdiConfiguration"),
    *("HistoryConfiguration", "KubernetesComputeConfiguration", "LOCAL_RUNCONFIG_NAME"),
    *("RunConfiguration", "SparkConfiguration"),
]

LOCAL_RUNCONFIG_NAME: Final = "local"

_DEFAULT_ENVIRONMENT: Final = "default-environment"


class RunConfiguration(Strict):
    """The part of a `ScriptRunConfig` that is about where, in what and with what data.

    An unknown attribute is refused, so that a typo does not pass for a setting.
    """

    __slots__ = (
        *("_environment", "_is_own", "_target"),
        "amlcompute",
        "arguments",
        "auto_cluster_compute_specification",
        "auto_prepare_environment",
        "command",
        "communicator",
        "credential_passthrough",
        "data",
        "data_references",
        "datacaches",
        "docker",
        "environment_variables",
        "framework",
        "hdi",
        "history",
        "kubernetescompute",
        "max_run_duration_seconds",
        "mpi",
        "node_count",
        "output_data",
        "paralleltask",
        "priority",
        "pytorch",
        "retries",
        "script",
        "services",
        "source_directory_data_store",
        "spark",
        "tensorflow",
    )

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: CondaDependencies | None = None,
        command: str | Sequence[Any] | None = None,
    ) -> None:
        """Azure's parameters.

        Parameters
        ----------
        framework
            "Python", "PyTorch" or "TensorFlow".
        communicator
            "None", "IntelMpi", "Nccl", "Gloo" or "ParameterServer": how several processes find
            each other.
        conda_dependencies
            Packages of the environment.
        """
        self.script = script
        self.arguments: list[Any] = list(arguments or ())
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self._target = LOCAL_RUNCONFIG_NAME
        self._environment: Environment | str | None = None
        self._is_own = False
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.docker = DockerConfiguration()
        self.environment_variables: dict[str, str] = {}
        self.node_count = 1
        self.priority: int | None = None
        """Higher starts first; `None` is 0."""
        self.max_run_duration_seconds: float | None = None
        self.retries = 0
        """How often a run that fails is started again. Ours; Azure's has none."""
        self.data_references: dict[str, DataReferenceConfiguration] = {}
        self.data: dict[str, Data] = {}
        self.output_data: dict[str, OutputData] = {}
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.paralleltask = ParallelTaskConfiguration()
        # What Azure's code may set, and runs here have no use for.
        self.history = HistoryConfiguration()
        self.amlcompute = AmlComputeConfiguration()
        self.hdi = HdiConfiguration()
        self.kubernetescompute = KubernetesComputeConfiguration()
        self.spark = SparkConfiguration()
        self.services: dict[str, ApplicationEndpointConfiguration] = {}
        self.datacaches: list[Any] = []
        self.auto_prepare_environment = True
        self.auto_cluster_compute_specification: Any = None
        self.credential_passthrough = False
        self.source_directory_data_store: str | None = None

    @property
    def target(self) -> str:
        """Name of the compute target. Takes the target itself as well; `None` is ``local``."""
        return self._target

    @target.setter
    def target(self, target: Any) -> None:
        self._target = getattr(target, "name", None) or target or LOCAL_RUNCONFIG_NAME

    @property
    def environment(self) -> Any:
        """What the script runs in: an `Environment`, or the ``NAME`` or ``NAME:VERSION`` of a
        registered one.

        While nothing was set, there is one to be changed in place; as long as it names no image
        and no packages, it stands for the Python that this code runs in.
        """
        if self._environment is None:
            self._environment, self._is_own = Environment(_DEFAULT_ENVIRONMENT), True
        return self._environment

    @environment.setter
    def environment(self, environment: Environment | str | None) -> None:
        self._environment, self._is_own = environment, False

    def resolved_environment(self) -> Environment | str:
        """What is meant by `environment` when the run is submitted.

        Raises
        ------
        InvalidSpec
            It is set to something else.
        """
        environment = self.environment
        if not isinstance(environment, Environment | str):
            raise InvalidSpec(
                "The environment of a run is an Environment, or the name of a registered one, not "
                f"{type(environment).__name__}."
            )
        if not isinstance(self.docker, DockerConfiguration):
            raise InvalidSpec(
                f"docker_runtime_config is a DockerConfiguration, not {type(self.docker).__name__}."
            )
        if isinstance(environment, str) or not self._is_own or not _says_nothing(environment):
            return environment
        variables = environment.environment_variables
        found = environment.clone(environment.name) if self.docker.use_docker else None
        found = found or Environment.current()
        found.python.user_managed_dependencies = True
        found.environment_variables = variables
        return found

    @property
    def processes_per_node(self) -> int:
        """How many processes each node has, by what the communicator's section says.

        Raises
        ------
        InvalidSpec
            They cannot be shared out evenly among the nodes.
        """
        communicator = distributed.communicator_of(self.communicator)
        if communicator == "IntelMpi":
            return int(self.mpi.process_count_per_node)
        if communicator in ("Nccl", "Gloo"):
            return distributed.per_node(self.pytorch.process_count, int(self.node_count))
        return 1

    def distribute(self, job: Any) -> None:
        """Have the nodes and processes of a `distributed_job_config`.

        Raises
        ------
        InvalidSpec
            It is none.
        """
        if isinstance(job, MpiConfiguration):
            self.framework, self.communicator = "Python", "IntelMpi"
            self.mpi, self.node_count = job, job.node_count
        elif isinstance(job, PyTorchConfiguration):
            self.framework, self.communicator = "PyTorch", job.communication_backend
            self.pytorch, self.node_count = job, job.node_count
        elif isinstance(job, TensorflowConfiguration):
            self.framework, self.communicator = "TensorFlow", "ParameterServer"
            self.tensorflow = job
            self.node_count = job.worker_count + job.parameter_server_count
        elif isinstance(job, ParallelTaskConfiguration):
            raise InvalidSpec(
                "ParallelTaskConfiguration is not offered here. Use MpiConfiguration, or submit a "
                "run for each task."
            )
        else:
            raise InvalidSpec(
                "distributed_job_config is a MpiConfiguration, PyTorchConfiguration or "
                f"TensorflowConfiguration, not {type(job).__name__}."
            )

    # Saved

    def save(
        self,
        path: str | Path | None = None,
        name: str | None = None,
        separate_environment_yaml: bool = False,
    ) -> None:
        """Write it as YAML, without passwords: below a folder as ``.azureml/<name>.runconfig``.

        Parameters
        ----------
        path
            The folder, by default the current one; or, without a name, the file.
        separate_environment_yaml
            Write the environment to a file of its own beside it.

        Raises
        ------
        UserError
            There is no name, or no such folder.
        """
        from jupyter_mltrain.core import run_configuration_files as files

        files.save(self, path, name, separately=separate_environment_yaml)

    @staticmethod
    def load(path: str | Path, name: str | None = None) -> RunConfiguration:
        """What `save`, or Azure's SDK, wrote: below a folder, or at that very path.

        Raises
        ------
        UserError
            There is no such file; the sentence names those there are.
        InvalidSpec
            It cannot be read.
        """
        from jupyter_mltrain.core import run_configuration_files as files

        return files.load(path, name, RunConfiguration)

    @staticmethod
    def delete(path: str | Path, name: str) -> None:
        """Delete the file that `save` wrote; raises `UserError` where there is none."""
        from jupyter_mltrain.core import run_configuration_files as files

        files.find(path, name).unlink()

    def __repr__(self) -> str:
        environment = self._environment
        what = environment if isinstance(environment, str) else getattr(environment, "name", None)
        return (
            f"RunConfiguration(target={self.target!r}, environment={what!r}, "
            f"framework={self.framework!r}, node_count={self.node_count!r})"
        )


def _says_nothing(environment: Environment) -> bool:
    """Whether it names neither an image, nor packages, nor a Python."""
    python = environment.python
    return (
        not environment.docker.asked
        and python.interpreter_path == "python"
        and python.conda_dependencies == CondaDependencies()
    )
