"""Estimators, Azure ML's older way to say what `ScriptRunConfig` says."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mltrain.core import estimator_environment
from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.container_registry import ContainerRegistry
from jupyter_mltrain.core.distributed import (
    Gloo,
    Mpi,
    Nccl,
    ParameterServer,
)
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.run_configuration import RunConfiguration
from jupyter_mltrain.core.script_run_config import ScriptRunConfig
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Resources
from jupyter_mltrain.wire import SubmitRequest

_said: set[str] = set()


class MMLBaseEstimator:
    """What all estimators have: a run configuration that is made of their parameters."""

    def __init__(
        self,
        source_directory: str | Path,
        *,
        compute_target: Any,
        estimator_config: RunConfiguration | None = None,
    ) -> None:
        self._config = ScriptRunConfig(
            source_directory, run_config=estimator_config, compute_target=compute_target
        )

    @property
    def run_config(self) -> RunConfiguration:
        """Where it runs and in what; changes count."""
        return self._config.run_config

    @property
    def conda_dependencies(self) -> CondaDependencies:
        """The packages of its environment; changes count."""
        found: CondaDependencies = self.run_config.environment.python.conda_dependencies
        return found

    @property
    def source_directory(self) -> str:
        """The folder that travels with the run."""
        return str(self._config.source_directory or ".")

    @property
    def script_run_config(self) -> ScriptRunConfig:
        """The configuration that does the same."""
        return self._config

    def request(self, experiment: str) -> SubmitRequest:
        """What `Experiment.submit` sends; see `ScriptRunConfig.request`."""
        return self._config.request(experiment)

    def migration(self) -> None:
        """Print the code of a `ScriptRunConfig` that does the same."""
        from jupyter_mltrain.core.migration import to_script_run_config_code

        print(to_script_run_config_code(self))


class Estimator(MMLBaseEstimator):
    """A script with its arguments, its compute target and its environment, in one object.

    Where it runs follows from its environment, as everywhere here: an image that is named
    (`custom_docker_image`, or one of the `environment_definition`) means a container. Packages
    without an image are installed for a Python of this machine, and without packages it is the
    Python that this code runs in. Azure's default image is never meant unasked.
    """

    _NAME: ClassVar = "Estimator"
    _defaults: Sequence[str] = ()
    """Packages that it has unless told otherwise."""

    def __init__(
        self,
        source_directory: str | Path,
        *,
        compute_target: Any = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: ContainerRegistry | None = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file_path: str | Path | None = None,
        pip_requirements_file_path: str | Path | None = None,
        conda_dependencies_file: str | Path | None = None,
        pip_requirements_file: str | Path | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        source_directory_data_store: Any = None,
        shm_size: str | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: float | None = None,
    ) -> None:
        """Azure's parameters.

        Parameters
        ----------
        compute_target, vm_size
            Where it runs; a size alone, of a machine of Azure's, means this machine.
        script_params
            Arguments by name, as in ``{'--lr': 0.1}``; an empty string gives the name alone.
        distributed_backend, distributed_training
            Needed for several nodes or processes: "mpi", or `Mpi`, `Nccl`, `Gloo` or
            `ParameterServer`.
        use_gpu
            Have one GPU.
        use_docker
            False refuses an image; true alone means none.
        custom_docker_base_image
            The older spelling of `custom_docker_image`.
        user_managed
            Install nothing, whatever Python that is.
        conda_dependencies_file_path, pip_requirements_file_path
            The older spellings of `conda_dependencies_file` and `pip_requirements_file`. Paths
            count from the source directory, then from the current one.
        environment_definition
            The whole environment, in place of all that would describe one.
        inputs
            Datasets and references that the run takes besides those among its parameters.
        source_directory_data_store
            Kept for Azure's code: the source folder needs no datastore here.

        Raises
        ------
        InvalidSpec
            Parameters that exclude each other, or that need another one.
        """
        _say_once(self._NAME)
        if compute_target is None and vm_size is None:
            raise InvalidSpec(
                f"The {self._NAME} has no compute target. Pass compute_target='local', or the name "
                "of another one."
            )
        if compute_target is None:
            print(f"vm_size={vm_size!r} is a machine of Azure's; the run is for 'local', this one.")
        image = _one("custom_docker_image", custom_docker_image, custom_docker_base_image)
        conda_file = _one(
            "conda_dependencies_file", conda_dependencies_file, conda_dependencies_file_path
        )
        pip_file = _one("pip_requirements_file", pip_requirements_file, pip_requirements_file_path)
        if environment_definition is not None:
            estimator_environment.refuse_besides(
                conda_packages=conda_packages,
                pip_packages=pip_packages,
                conda_dependencies_file=conda_file,
                pip_requirements_file=pip_file,
                custom_docker_image=image,
                image_registry_details=image_registry_details,
                use_gpu=use_gpu,
                user_managed=user_managed,
                shm_size=shm_size,
                environment_variables=environment_variables,
            )
            environment = environment_definition
        else:
            environment = estimator_environment.described(
                self._NAME,
                Path(source_directory or "."),
                image=image,
                registry=image_registry_details,
                user_managed=user_managed,
                conda_packages=conda_packages,
                pip_packages=pip_packages,
                conda_file=conda_file,
                pip_file=pip_file,
                variables=environment_variables,
                shm_size=shm_size,
                defaults=self._defaults,
            )
        if environment.docker.asked and not use_docker:
            raise InvalidSpec(
                "use_docker=False and an image exclude each other: the image means a container. "
                "Leave one of them out."
            )
        config = RunConfiguration()
        config.environment = environment
        config.docker.use_docker = environment.docker.asked
        config.amlcompute.vm_size, config.amlcompute.vm_priority = vm_size, vm_priority
        config.source_directory_data_store = getattr(
            source_directory_data_store, "name", source_directory_data_store
        )
        super().__init__(
            source_directory, compute_target=compute_target or "local", estimator_config=config
        )
        config.script, config.arguments = entry_script, _arguments(script_params)
        self._config.resume_from = resume_from
        self._config.inputs = list(inputs or ())
        self._config.resources = Resources(gpus=1) if use_gpu else None
        config.max_run_duration_seconds = max_run_duration_seconds
        config.node_count = node_count
        self._distribute(
            node_count, process_count_per_node, distributed_backend, distributed_training
        )

    def _distribute(self, nodes: int, processes: int, backend: str | None, training: Any) -> None:
        """Have so many nodes and processes, in the way that is asked for."""
        if backend is not None and training is not None:
            raise InvalidSpec(
                "distributed_backend and distributed_training say the same. Leave one of them out."
            )
        if backend is not None:
            if str(backend).lower() not in ("mpi", "ps"):
                raise InvalidSpec(f"{backend!r} is no distributed_backend. Use 'mpi'.")
            is_mpi = str(backend).lower() == "mpi"
            training = Mpi(processes) if is_mpi else self._parameter_server()
        if training is None:
            if (nodes, processes) != (1, 1):
                raise InvalidSpec(
                    f"The {self._NAME} has node_count={nodes} and "
                    f"process_count_per_node={processes}, and nothing that starts them. Pass "
                    "distributed_training=Mpi()."
                )
            return
        if not isinstance(training, Mpi | Nccl | Gloo | ParameterServer):
            raise InvalidSpec(
                "distributed_training is Mpi(), Nccl(), Gloo() or ParameterServer(), not "
                f"{type(training).__name__}."
            )
        training.validate(self._NAME)
        self.run_config.distribute(training.job(nodes, processes))

    def _parameter_server(self) -> ParameterServer:
        raise InvalidSpec("distributed_backend='ps' is TensorFlow's. Use 'mpi'.")


def _say_once(name: str) -> None:
    """The notice that estimators are deprecated: once for each kind, in one line."""
    if name in _said:
        return
    _said.add(name)
    print(
        f"{name} is deprecated since Azure ML's SDK 1.19. It works here; its migration() prints "
        "the ScriptRunConfig that does the same.",
        file=sys.stderr,
    )


def _one(name: str, value: Any, older: Any) -> Any:
    """What a parameter with two spellings is given."""
    if value is not None and older is not None and value != older:
        raise InvalidSpec(f"{name} is given twice, in its older spelling too. Leave one out.")
    return older if value is None else value


def _arguments(params: Mapping[str, Any] | None) -> list[Any]:
    """The arguments that `script_params` stand for; objects with data stay what they are."""
    if params is not None and not isinstance(params, Mapping):
        raise InvalidSpec(
            f"script_params is a dict, as in {{'--lr': 0.1}}, not {type(params).__name__}."
        )
    found: list[Any] = []
    for name, value in (params or {}).items():
        found += (
            [name] if value is None or (isinstance(value, str) and not value) else [name, value]
        )
    return found


class _Framework(Estimator):
    """An estimator that has the packages of a framework, unless an image is given."""

    FRAMEWORK_NAME: ClassVar[str]
    DEFAULT_VERSION: ClassVar[str]
    """What Azure's SDK installs by default. Here it is the newest that there is."""
    _PACKAGES: ClassVar[tuple[str, ...]]
    """Of pip; the first one has the version."""
    _signature: ClassVar[inspect.Signature]

    def __init_subclass__(cls, without: Sequence[str] = (), **further: Any) -> None:
        """Give the class the signature that Azure's has."""
        super().__init_subclass__()
        cls._NAME = cls.FRAMEWORK_NAME
        own = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
            for name, default in further.items()
        ]
        found = inspect.signature(Estimator.__init__)
        names = list(found.parameters)
        at = names.index("distributed_backend")
        kept = [*found.parameters.values()]
        last = inspect.Parameter("framework_version", inspect.Parameter.KEYWORD_ONLY, default=None)
        kept = [each for each in (*kept[:at], *own, *kept[at:]) if each.name not in without]
        cls._signature = found.replace(parameters=[*kept, last])

        def init(self: _Framework, *args: Any, **given: Any) -> None:
            cls._signature.bind(self, *args, **given)
            self._begin(*args, **given)

        init.__name__, init.__qualname__ = "__init__", f"{cls.__qualname__}.__init__"
        init.__doc__ = Estimator.__init__.__doc__
        init.__signature__ = cls._signature  # type: ignore[attr-defined]
        cls.__init__ = init  # type: ignore[assignment,method-assign]

    def _begin(
        self, source_directory: str | Path, framework_version: str | None = None, **given: Any
    ) -> None:
        self._version = framework_version
        first, *others = self._PACKAGES
        pinned = first if framework_version is None else f"{first}=={framework_version}"
        self._defaults = (pinned, *others)
        Estimator.__init__(self, source_directory, **given)

    @property
    def framework_version(self) -> str | None:
        """The version that was asked for; `None` is the newest."""
        return self._version

    @classmethod
    def get_supported_versions(cls) -> list[str]:
        """Versions to ask for. Any that can be installed can; this is what Azure's SDK has."""
        return [cls.DEFAULT_VERSION]


class PyTorch(_Framework):
    """An estimator with PyTorch."""

    FRAMEWORK_NAME = "PyTorch"
    DEFAULT_VERSION = "1.4"
    _PACKAGES = ("torch", "torchvision")


class TensorFlow(_Framework, worker_count=1, parameter_server_count=1):
    """An estimator with TensorFlow."""

    FRAMEWORK_NAME = "TensorFlow"
    DEFAULT_VERSION = "1.13"
    _PACKAGES = ("tensorflow",)

    def _begin(
        self,
        source_directory: str | Path,
        framework_version: str | None = None,
        worker_count: int = 1,
        parameter_server_count: int = 1,
        **given: Any,
    ) -> None:
        self._servers = ParameterServer(worker_count, parameter_server_count)
        super()._begin(source_directory, framework_version, **given)

    def _parameter_server(self) -> ParameterServer:
        return self._servers


class SKLearn(
    _Framework,
    without=(
        *("node_count", "process_count_per_node", "distributed_backend", "distributed_training"),
        *("use_gpu", "custom_docker_base_image", "source_directory_data_store"),
    ),
):
    """An estimator with scikit-learn."""

    FRAMEWORK_NAME = "SKLearn"
    DEFAULT_VERSION = "0.20.3"
    _PACKAGES = ("scikit-learn",)


class Chainer(_Framework):
    """An estimator with Chainer."""

    FRAMEWORK_NAME = "Chainer"
    DEFAULT_VERSION = "5.1.0"
    _PACKAGES = ("chainer",)
